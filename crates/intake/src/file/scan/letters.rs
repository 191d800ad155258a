//! Evidence for how the letters of a file are coded.

use super::find_byte;
use crate::file::encoding::code_pages::{
    is_turkish_in_1254, is_turkish_in_cp857, is_turkish_in_mac,
};
use crate::file::encoding::{Decoder, Encoding, Repair, is_undefined_in_1254, legacy_byte};

/// What was seen above ASCII.
#[derive(Debug)]
pub(crate) struct Letters {
    /// Bytes fed so far.
    offset: u64,
    /// The beginning of a character cut by the edge of a piece.
    cut: Vec<u8>,
    /// Where a Turkish letter in UTF-8 first stood.
    first_turkish: Option<u64>,
    /// Where a byte that is not UTF-8 first stood.
    first_foreign: Option<u64>,
    has_undefined: bool,
    foreign: ForeignBytes,
    has_icelandic: bool,
    /// Letters that Turkish garbled by Windows-1252 cannot produce.
    has_western: bool,
    twice: TwiceEncoded,
}

/// Why no encoding fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecided {
    /// Bytes that neither UTF-8 nor Windows-1254 has (F104).
    Unknown,
    /// Two encodings; the second begins at this offset (F103).
    MixedFrom(u64),
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            offset: 0,
            cut: Vec::with_capacity(4),
            first_turkish: None,
            first_foreign: None,
            has_undefined: false,
            foreign: ForeignBytes::default(),
            has_icelandic: false,
            has_western: false,
            twice: TwiceEncoded::Open {
                run: Vec::new(),
                run_end: 0,
                seen: false,
            },
        }
    }
}

impl Letters {
    /// Takes in the next piece of the text.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        let mut i = self.finish_cut_character(piece);
        while let Some(ahead) = find_byte(&piece[i..], |byte| byte >= 0x80) {
            i += ahead;
            match first_character(&piece[i..]) {
                First::Character(c) => {
                    self.note_character(c, self.offset + i as u64);
                    i += c.len_utf8();
                }
                First::Foreign => {
                    self.note_foreign(piece[i], self.offset + i as u64);
                    i += 1;
                }
                First::Cut => {
                    self.cut.extend_from_slice(&piece[i..]);
                    break;
                }
            }
        }
        self.offset += piece.len() as u64;
    }

    /// Completes a character whose beginning lay in the piece before; how many
    /// bytes of this piece it took.
    fn finish_cut_character(&mut self, piece: &[u8]) -> usize {
        let mut taken = 0;
        while !self.cut.is_empty() {
            let start = self.offset - (self.cut.len() - taken) as u64;
            match first_character(&self.cut) {
                First::Character(c) => {
                    self.note_character(c, start);
                    self.cut.clear();
                }
                First::Foreign => {
                    // Its other bytes are continuation bytes: foreign each for itself.
                    for (i, byte) in std::mem::take(&mut self.cut).into_iter().enumerate() {
                        if byte.is_ascii() {
                            continue;
                        }
                        self.note_foreign(byte, start + i as u64);
                    }
                }
                First::Cut => match piece.get(taken) {
                    Some(&byte) => {
                        self.cut.push(byte);
                        taken += 1;
                    }
                    None => return taken,
                },
            }
        }
        taken
    }

    fn note_character(&mut self, c: char, offset: u64) {
        match c {
            'ğ' | 'Ğ' | 'ı' | 'İ' | 'ş' | 'Ş' | 'ü' | 'Ü' | 'ö' | 'Ö' | 'ç' | 'Ç' => {
                self.first_turkish.get_or_insert(offset);
            }
            'ð' | 'Ð' | 'ý' | 'Ý' | 'þ' | 'Þ' => self.has_icelandic = true,
            'á' | 'Á' | 'é' | 'É' | 'í' | 'Í' | 'ó' | 'Ó' | 'ú' | 'Ú' | 'æ' | 'Æ' => {
                self.has_western = true;
            }
            _ => {}
        }
        self.twice.note(c, offset);
    }

    fn note_foreign(&mut self, byte: u8, offset: u64) {
        self.first_foreign.get_or_insert(offset);
        self.has_undefined |= is_undefined_in_1254(byte);
        self.foreign.note(byte);
    }

    /// The encoding of the whole text.
    ///
    /// # Errors
    /// [`Undecided`] when none fits, or two do.
    pub(crate) fn finish(
        &mut self,
        stated: Option<Encoding>,
        forced: Option<Encoding>,
    ) -> Result<Decoder, Undecided> {
        for byte in std::mem::take(&mut self.cut) {
            self.note_foreign(byte, self.offset);
        }
        if let Some(wide @ (Encoding::Utf16Le | Encoding::Utf16Be)) = stated {
            return Ok(Decoder {
                encoding: wide,
                repair: self.repair(),
            });
        }
        let plain = |encoding| Decoder {
            encoding,
            repair: Repair::None,
        };
        if let Some(chosen) = forced
            && chosen.is_of_single_bytes()
        {
            return Ok(plain(chosen));
        }
        let is_utf8_by_word = stated == Some(Encoding::Utf8) || forced == Some(Encoding::Utf8);
        match (self.first_foreign, self.first_turkish) {
            (None, _) => Ok(Decoder {
                encoding: Encoding::Utf8,
                repair: self.repair(),
            }),
            (Some(foreign), _) if is_utf8_by_word => Err(Undecided::MixedFrom(foreign)),
            (Some(foreign), Some(turkish)) => Err(Undecided::MixedFrom(foreign.max(turkish))),
            (Some(_), None) => match self.foreign.clearly(self.has_undefined) {
                Some(encoding) => Ok(plain(encoding)),
                None if self.has_undefined => Err(Undecided::Unknown),
                None => Ok(plain(Encoding::Windows1254)),
            },
        }
    }

    /// Whether the bytes would read better in another coding than Windows-1254,
    /// though not clearly enough to choose it: a person should look.
    pub(crate) const fn is_doubtful(&self) -> bool {
        self.foreign.as_cp857 > self.foreign.as_1254
    }

    fn repair(&mut self) -> Repair {
        if self.twice.is_certain() {
            Repair::TwiceEncoded
        } else if self.has_icelandic && !self.has_western {
            Repair::IcelandicLetters
        } else {
            Repair::None
        }
    }
}

/// The bytes that are no UTF-8, by the codings in which they are Turkish letters.
#[derive(Debug, Default)]
struct ForeignBytes {
    all: u64,
    as_1254: u64,
    as_cp857: u64,
    as_mac: u64,
    /// One bit for each byte that is a Turkish letter in code page 857.
    seen_in_cp857: u128,
}

impl ForeignBytes {
    /// Bytes that must be letters of a coding, in percent.
    const AGREEMENT_PERCENT: u64 = 95;
    /// Different letters that are no chance.
    const DIFFERENT_LETTERS: u32 = 3;

    fn note(&mut self, byte: u8) {
        self.all += 1;
        self.as_1254 += u64::from(is_turkish_in_1254(byte));
        self.as_mac += u64::from(is_turkish_in_mac(byte));
        if is_turkish_in_cp857(byte) {
            self.as_cp857 += 1;
            self.seen_in_cp857 |= 1 << (byte & 0x7f);
        }
    }

    /// The old coding that the bytes clearly are in: nearly all of them are its
    /// Turkish letters, hardly any is one of Windows-1254, and what they would
    /// be there (`€ ” ™`) is not how people write.
    fn clearly(&self, has_undefined: bool) -> Option<Encoding> {
        let nearly_all = |count: u64| count * 100 >= self.all * Self::AGREEMENT_PERCENT;
        let is_telling =
            has_undefined || self.seen_in_cp857.count_ones() >= Self::DIFFERENT_LETTERS;
        if nearly_all(self.as_cp857) && self.as_1254 == 0 && is_telling {
            return Some(Encoding::Cp857);
        }
        (has_undefined && nearly_all(self.as_mac)).then_some(Encoding::MacTurkish)
    }
}

/// Whether every run of characters above ASCII, coded back to single bytes,
/// comes out as UTF-8 again.
#[derive(Debug)]
enum TwiceEncoded {
    /// So far it does.
    Open {
        run: Vec<u8>,
        run_end: u64,
        seen: bool,
    },
    /// One run did not: nothing is repaired.
    RuledOut,
}

impl TwiceEncoded {
    /// A run longer than this is no word that was coded twice.
    const RUN_BYTES_MAX: usize = 4_096;

    fn note(&mut self, c: char, offset: u64) {
        let Self::Open { run, run_end, seen } = self else {
            return;
        };
        let is_whole = offset == *run_end || str::from_utf8(run).is_ok();
        if offset != *run_end {
            run.clear();
        }
        match legacy_byte(c) {
            Some(byte) if is_whole && run.len() < Self::RUN_BYTES_MAX => {
                run.push(byte);
                *run_end = offset + c.len_utf8() as u64;
                *seen = true;
            }
            _ => *self = Self::RuledOut,
        }
    }

    fn is_certain(&self) -> bool {
        match self {
            Self::Open { run, seen, .. } => *seen && str::from_utf8(run).is_ok(),
            Self::RuledOut => false,
        }
    }
}

enum First {
    Character(char),
    /// The first byte begins no character.
    Foreign,
    /// The bytes end inside a character.
    Cut,
}

/// What the first bytes, of which the first is above ASCII, are in UTF-8.
fn first_character(bytes: &[u8]) -> First {
    let length = match bytes.first() {
        Some(0xc2..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(0xf0..=0xf4) => 4,
        _ => return First::Foreign,
    };
    let available = &bytes[..length.min(bytes.len())];
    match str::from_utf8(available) {
        Ok(text) => text.chars().next().map_or(First::Foreign, First::Character),
        Err(error) if error.error_len().is_none() => First::Cut,
        Err(_) => First::Foreign,
    }
}
