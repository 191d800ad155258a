//! Texts as octets: the GSM alphabet with the Turkish tables of 3GPP TS 23.038,
//! one octet a septet, or UTF-16; cut into parts as `domain::segments` counts them.

use domain::segments::{self, Encoding, Profile, Reference};
use unicode_normalization::UnicodeNormalization;

/// The default alphabet by position; 0x1B is the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// What stands elsewhere in the Turkish locking shift table.
const LOCKING: [(u8, char); 8] = [
    (0x04, '€'),
    (0x07, 'ı'),
    (0x0B, 'Ğ'),
    (0x0C, 'ğ'),
    (0x1C, 'Ş'),
    (0x1D, 'ş'),
    (0x40, 'İ'),
    (0x60, 'ç'),
];
/// The extension table, behind an escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
/// What the Turkish single shift table adds to the extension table.
const SINGLE: [(u8, char); 7] = [
    (0x47, 'Ğ'),
    (0x49, 'İ'),
    (0x53, 'Ş'),
    (0x63, 'ç'),
    (0x67, 'ğ'),
    (0x69, 'ı'),
    (0x73, 'ş'),
];
const ESCAPE: u8 = 0x1B;
/// Elements of a user data header: Turkish, as locking and as single shift.
const SHIFT_LOCKING: [u8; 3] = [0x25, 0x01, 0x01];
const SHIFT_SINGLE: [u8; 3] = [0x24, 0x01, 0x01];

/// A text, ready to be put into messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// `data_coding`: 0 or 8.
    pub(super) coding: u8,
    /// The header element that names the Turkish table.
    pub(super) shift: Option<[u8; 3]>,
    /// The text in parts.
    pub(super) parts: Vec<Vec<u8>>,
}

/// Which tables a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shifts {
    pub(super) locking: bool,
    pub(super) single: bool,
}

pub(super) fn written(text: &str, profile: Profile, reference: Reference) -> Written {
    let text: String = text.nfc().collect();
    let encoding = segments::count(&text, profile, 0).encoding;
    // The last: octets a unit.
    let (coding, shift, width) = match encoding {
        Encoding::Gsm7 | Encoding::Latin5 => (0, None, 1),
        Encoding::Turkish if profile == Profile::TrSingle => (0, Some(SHIFT_SINGLE), 1),
        Encoding::Turkish => (0, Some(SHIFT_LOCKING), 1),
        Encoding::Ucs2 => (8, None, 2),
    };
    let room = encoding.capacity(reference);
    let octets_of = |units: u32| usize::try_from(units * width).unwrap_or(usize::MAX);
    let (single, per_part) = (octets_of(room.single), octets_of(room.per_part));
    let pieces: Vec<Vec<u8>> = text.chars().map(|c| octets(c, encoding, shift)).collect();
    let whole: usize = pieces.iter().map(Vec::len).sum();
    let capacity = if whole <= single { single } else { per_part };
    let mut parts = vec![Vec::new()];
    for piece in pieces {
        // An escape and its letter, or two halves of a character, stay together.
        let is_full = parts
            .last()
            .is_some_and(|part: &Vec<u8>| part.len() + piece.len() > capacity);
        if is_full {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(piece);
        }
    }
    Written {
        coding,
        shift,
        parts,
    }
}

fn octets(c: char, encoding: Encoding, shift: Option<[u8; 3]>) -> Vec<u8> {
    if encoding == Encoding::Ucs2 {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        return units.flat_map(|unit| unit.to_be_bytes()).collect();
    }
    let in_table = |table: &[(u8, char)]| {
        let found = table.iter().find(|(_, held)| *held == c);
        found.map(|(code, _)| *code)
    };
    if shift == Some(SHIFT_LOCKING)
        && let Some(code) = in_table(&LOCKING)
    {
        return vec![code];
    }
    if let Some(code) = BASIC.chars().position(|held| held == c) {
        return vec![u8::try_from(code).unwrap_or(b'?')];
    }
    let mut escaped = in_table(&EXTENSION);
    if shift == Some(SHIFT_SINGLE) {
        escaped = escaped.or_else(|| in_table(&SINGLE));
    }
    // The alphabet was chosen because it holds every character.
    escaped.map_or_else(|| vec![0x3F], |code| vec![ESCAPE, code])
}

/// Reads what came in: the alphabet by `data_coding`, the tables by the header.
pub(super) fn read(data: &[u8], coding: u8, shifts: Shifts) -> String {
    match coding {
        8 => {
            let units: Vec<u16> = data
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        // Latin-1, and ASCII within it.
        1 | 3 => data.iter().map(|octet| char::from(*octet)).collect(),
        _ => read_gsm(data, shifts),
    }
}

fn read_gsm(data: &[u8], shifts: Shifts) -> String {
    let basic: Vec<char> = BASIC.chars().collect();
    let in_table = |table: &[(u8, char)], code: u8| {
        let found = table.iter().find(|(held, _)| *held == code);
        found.map(|(_, c)| *c)
    };
    let mut text = String::with_capacity(data.len());
    let mut is_escaped = false;
    for code in data.iter().map(|octet| octet & 0x7F) {
        if code == ESCAPE && !is_escaped {
            is_escaped = true;
            continue;
        }
        let turkish = if is_escaped {
            in_table(&SINGLE, code).filter(|_| shifts.single)
        } else {
            in_table(&LOCKING, code).filter(|_| shifts.locking)
        };
        let extended = in_table(&EXTENSION, code).filter(|_| is_escaped);
        let plain = basic.get(usize::from(code)).copied();
        text.extend(turkish.or(extended).or(plain));
        is_escaped = false;
    }
    text
}

/// The tables that a user data header names.
pub(super) fn shifts(header: &[u8]) -> Shifts {
    let mut shifts = Shifts::default();
    let mut rest = header;
    while let [element, length, tail @ ..] = rest {
        let length = usize::from(*length).min(tail.len());
        let (value, tail) = tail.split_at(length);
        match (element, value) {
            (0x25, [1]) => shifts.locking = true,
            (0x24, [1]) => shifts.single = true,
            _ => {}
        }
        rest = tail;
    }
    shifts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str, profile: Profile, reference: Reference) -> (String, usize) {
        let written = written(text, profile, reference);
        let shifts = written
            .shift
            .map(|shift| shifts(&shift))
            .unwrap_or_default();
        let parts = written.parts.iter();
        let text = parts
            .map(|part| read(part, written.coding, shifts))
            .collect();
        (text, written.parts.len())
    }

    #[test]
    fn every_text_reads_back_and_has_the_parts_that_are_counted() {
        let texts = [
            "Merhaba".to_owned(),
            "a".repeat(160),
            "a".repeat(161),
            "a".repeat(305),
            "ş".repeat(297),
            "€".repeat(80),
            "a".repeat(152) + "€" + &"a".repeat(152),
            "Sayın müşterimiz, ÇĞİÖŞÜ çğıöşü [€]".to_owned(),
            "ş".repeat(155),
            "ş".repeat(156),
            "a".repeat(298) + "İ",
            "Kampanya: 100 ₺ indirim!".to_owned(),
            "😀".repeat(36),
            "ñ à è @ £ ¿ ^{}\\[~]|".to_owned(),
        ];
        for profile in [Profile::Plain, Profile::TrLock, Profile::TrSingle] {
            for (text, reference) in texts.iter().flat_map(|text| {
                [Reference::Eight, Reference::Sixteen].map(|reference| (text, reference))
            }) {
                let parts = segments::count_joined(text, profile, 0, reference).parts;
                let (read, count) = again(text, profile, reference);
                assert_eq!(&read, text, "{profile:?}");
                let told = u32::try_from(count);
                assert_eq!(told, Ok(parts), "{profile:?} {reference:?} {text}");
            }
        }
    }

    #[test]
    fn the_tables_are_those_of_the_standard() {
        assert_eq!(BASIC.chars().count(), 128);
        assert_eq!(BASIC.chars().nth(0x1B), Some('\u{1b}'));
        assert_eq!(BASIC.chars().nth(0x41), Some('A'));
        assert_eq!(BASIC.chars().nth(0x7F), Some('à'));
        let turkish = written("şĞ", Profile::TrLock, Reference::Eight);
        assert_eq!(turkish.parts, [vec![0x1D, 0x0B]]);
        assert_eq!(turkish.shift, Some([0x25, 1, 1]));
        let single = written("şĞ", Profile::TrSingle, Reference::Eight);
        assert_eq!(single.parts, [vec![0x1B, 0x73, 0x1B, 0x47]]);
        assert_eq!(single.shift, Some([0x24, 1, 1]));
    }
}
