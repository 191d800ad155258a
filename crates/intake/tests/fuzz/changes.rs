//! Inputs made from others: bytes changed, cut out, doubled, put together from
//! two, and pieces put in that mean something to one of the readers.

/// Longest input; what a reader does with more of the same is measured elsewhere.
pub(crate) const INPUT_BYTES_MAX: usize = 24 << 10;

/// Most changes made to one input at once.
const CHANGES_MAX: usize = 6;

/// Longest run of bytes that is cut out or doubled.
const RUN_BYTES_MAX: usize = 48;

/// SplitMix64: the same changes for the same seed on every machine.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`; 0 where there are none.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((x ^ (x >> 31)) % sides.max(1) as u64).unwrap()
    }
}

/// Signs and words that some reader takes for more than letters.
const TELLING: [&[u8]; 64] = [
    b"\"",
    b"\"\"",
    b";",
    b",",
    b"\t",
    b"|",
    b"~",
    b"\r",
    b"\n",
    b"\r\n",
    b"\0",
    b"\x1a",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"sep=;\n",
    b"'",
    b"=\"0532",
    b"@",
    b"+90",
    b"0090",
    b"994",
    b"9,05321E+11",
    b"9,05321234567E+11",
    b"E+09",
    b"#YOK",
    b"#N/A",
    b"[sil]",
    b"ONAY",
    b"RET",
    b"ONAY(1)-RET(0)",
    b"hepsi",
    b"MESAJ",
    b"EPOSTA",
    b"HS_WEB",
    b"HS_2015",
    b"HS_KARAR",
    b"IYS_WEB",
    b"esnaf",
    b"20/06/2025",
    b"06/20/25 2:05 PM",
    b"45828,586805",
    b"1750417500",
    b"20 Haziran 2025",
    b"2025-06-20T11:05:00Z",
    b"10000000146",
    b":APA91b",
    b"veya",
    b"mailto:<",
    b"\xe2\x80\xaa",
    b"\xc2\xa0",
    b"\xef\xbc\x95",
    b"\xc3\x9d",
    b"\xc4\xb0",
    b"\xdd\xfd\xfe",
    b"<c r=\"XFD1048576\" t=\"s\"><v>",
    b"</row>",
    b"&#x0;",
    b"<![CDATA[",
    b"satir_no;kanal;alan;deger",
    b"99999999999999999999",
];

/// An input made from one of the pool.
pub(crate) fn changed(pool: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = pool[dice.roll(pool.len())].clone();
    for _ in 0..=dice.roll(CHANGES_MAX) {
        change(&mut bytes, pool, dice);
    }
    bytes.truncate(INPUT_BYTES_MAX);
    bytes
}

fn change(bytes: &mut Vec<u8>, pool: &[Vec<u8>], dice: &mut Dice) {
    let at = dice.roll(bytes.len() + 1);
    let end = (at + dice.roll(RUN_BYTES_MAX)).min(bytes.len());
    match dice.roll(9) {
        0 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap(),
        1 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let doubled = bytes[at..end].to_vec();
            bytes.splice(at..at, doubled);
        }
        4 => bytes.truncate(at),
        5 => {
            // Digits become other digits: the form stays what it was.
            for byte in &mut bytes[at..end] {
                if byte.is_ascii_digit() {
                    *byte = b'0' + u8::try_from(dice.roll(10)).unwrap();
                }
            }
        }
        6 => {
            let other = &pool[dice.roll(pool.len())];
            let from = dice.roll(other.len() + 1);
            let to = (from + dice.roll(4 * RUN_BYTES_MAX)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        7 => repeat_line(bytes, at, dice.roll(40)),
        _ => {
            let piece = TELLING[dice.roll(TELLING.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
    }
}

/// Writes the line around `at` so many times more: what a column shows takes
/// more than one row.
fn repeat_line(bytes: &mut Vec<u8>, at: usize, times: usize) {
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n');
    let start = start.map_or(0, |before| before + 1);
    let end = bytes[at..].iter().position(|byte| *byte == b'\n');
    let end = end.map_or(bytes.len(), |behind| at + behind + 1);
    let line = bytes[start..end].to_vec();
    if line.len() * times <= INPUT_BYTES_MAX {
        bytes.splice(end..end, line.repeat(times));
    }
}
