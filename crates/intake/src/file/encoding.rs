//! How the letters of a file are coded, and cells as text.

pub(crate) mod code_pages;

use std::sync::LazyLock;

use encoding_rs::{WINDOWS_1252, WINDOWS_1254};
use serde::{Deserialize, Serialize};

/// The coding of a file's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, which plain ASCII is too.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1254, what Turkish Windows calls ANSI; ISO-8859-9 reads the same.
    #[serde(rename = "windows-1254")]
    Windows1254,
    /// UTF-16 with the low byte first: Excel's "Unicode text".
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16 with the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Code page 857, DOS in Turkish: old accounting and clinic programs.
    #[serde(rename = "cp857")]
    Cp857,
    /// Mac OS Turkish: spreadsheets of old Macs.
    #[serde(rename = "mac-turkish")]
    MacTurkish,
}

impl Encoding {
    /// The name in options and answers, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Windows1254 => "windows-1254",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Cp857 => "cp857",
            Self::MacTurkish => "mac-turkish",
        }
    }

    /// Whether each letter is one byte.
    pub(crate) const fn is_of_single_bytes(self) -> bool {
        matches!(self, Self::Windows1254 | Self::Cp857 | Self::MacTurkish)
    }

    /// What an unclear text may be coded in; a person chooses by how it looks.
    pub(crate) const CHOICES: [Self; 3] = [Self::Windows1254, Self::Cp857, Self::MacTurkish];

    /// The letters of the upper half, in a coding of one byte a letter.
    fn upper_half(self) -> Option<&'static [char; 128]> {
        match self {
            Self::Windows1254 => Some(&UPPER_1254),
            Self::Cp857 => Some(&code_pages::UPPER_CP857),
            Self::MacTurkish => Some(&code_pages::UPPER_MAC),
            Self::Utf8 | Self::Utf16Le | Self::Utf16Be => None,
        }
    }
}

/// Damage that was done to the letters before the file reached us, undone
/// while reading (W104).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The letters are as they were written.
    None,
    /// Windows-1254 was once read as Windows-1252: `Ýzin` for `İzin`.
    IcelandicLetters,
    /// UTF-8 was once read as Windows-1252: `Ä°zin` for `İzin`.
    TwiceEncoded,
}

/// Reads the cells of one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decoder {
    pub(crate) encoding: Encoding,
    pub(crate) repair: Repair,
}

impl Decoder {
    /// A cell as text, and whether garbled letters in it were repaired.
    ///
    /// Borrowed wherever the bytes already are the text; `scratch` holds the
    /// text otherwise.
    pub(crate) fn decode<'a>(self, cell: &'a [u8], scratch: &'a mut String) -> (&'a str, bool) {
        let table = self.encoding.upper_half();
        let is_plain = self.repair == Repair::None && table.is_none();
        if (is_plain || cell.is_ascii())
            && let Ok(text) = str::from_utf8(cell)
        {
            return (text, false);
        }
        scratch.clear();
        if let Some(table) = table {
            scratch.extend(cell.iter().map(|&byte| letter(table, byte)));
            return (scratch, false);
        }
        let text = String::from_utf8_lossy(cell);
        match self.repair {
            Repair::None => scratch.push_str(&text),
            Repair::IcelandicLetters => scratch.extend(text.chars().map(turkish_for_icelandic)),
            Repair::TwiceEncoded => match re_encode(&text) {
                Some(repaired) => scratch.push_str(&repaired),
                None => scratch.push_str(&text),
            },
        }
        let repaired = *scratch != *text;
        (scratch, repaired)
    }

    /// A cell as owned text.
    pub(crate) fn text(self, cell: &[u8]) -> String {
        let mut scratch = String::new();
        self.decode(cell, &mut scratch).0.to_owned()
    }
}

/// Windows-1254 above ASCII, and the same for Windows-1252.
static UPPER_1254: LazyLock<[char; 128]> = LazyLock::new(|| upper_half(WINDOWS_1254));
static UPPER_1252: LazyLock<[char; 128]> = LazyLock::new(|| upper_half(WINDOWS_1252));

fn upper_half(encoding: &'static encoding_rs::Encoding) -> [char; 128] {
    std::array::from_fn(|i| {
        let bytes = [0x80 | u8::try_from(i).unwrap_or(0)];
        let (text, _) = encoding.decode_without_bom_handling(&bytes);
        text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER)
    })
}

fn letter(upper: &[char; 128], byte: u8) -> char {
    match byte.checked_sub(0x80) {
        Some(i) => upper[usize::from(i)],
        None => char::from(byte),
    }
}

/// Whether Windows-1254 leaves this byte without a letter; DOS code pages use them.
pub(crate) const fn is_undefined_in_1254(byte: u8) -> bool {
    matches!(byte, 0x81 | 0x8d..=0x90 | 0x9d | 0x9e)
}

/// The Turkish letter that stands in Windows-1254 where Windows-1252 has an
/// Icelandic one.
pub(crate) const fn turkish_for_icelandic(c: char) -> char {
    match c {
        'Ð' => 'Ğ',
        'Ý' => 'İ',
        'Þ' => 'Ş',
        'ð' => 'ğ',
        'ý' => 'ı',
        'þ' => 'ş',
        other => other,
    }
}

/// The byte that Windows-1252 (or 1254) has for a character above ASCII.
pub(crate) fn legacy_byte(c: char) -> Option<u8> {
    let code = u32::from(c);
    if (0x80..0xa0).contains(&code) || ((0xa0..0x100).contains(&code)) {
        return u8::try_from(code).ok();
    }
    let position = |table: &[char; 128]| table.iter().position(|&letter| letter == c);
    let i = position(&UPPER_1252).or_else(|| position(&UPPER_1254))?;
    u8::try_from(i).ok().map(|i| 0x80 | i)
}

/// The text that was coded twice, coded once; `None` when it does not come out as UTF-8.
fn re_encode(text: &str) -> Option<String> {
    let bytes = text
        .chars()
        .map(|c| {
            if c.is_ascii() {
                u8::try_from(c).ok()
            } else {
                legacy_byte(c)
            }
        })
        .collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, repair: Repair, bytes: &[u8]) -> (String, bool) {
        let mut scratch = String::new();
        let decoder = Decoder { encoding, repair };
        let (text, repaired) = decoder.decode(bytes, &mut scratch);
        (text.to_owned(), repaired)
    }

    #[test]
    fn bytes_of_turkish_windows_become_turkish_letters() {
        let bytes = b"\xddzin \xd0\xf0\xdd\xfd\xde\xfe\xdc\xfc\xd6\xf6\xc7\xe7";
        let expected = ("İzin ĞğİıŞşÜüÖöÇç".to_owned(), false);
        assert_eq!(
            decoded(Encoding::Windows1254, Repair::None, bytes),
            expected
        );
    }

    #[test]
    fn bytes_of_dos_and_of_old_macs_become_turkish_letters() {
        let dos = b"\x98zin \xa6\xa7\x98\x8d\x9e\x9f\x9a\x81\x99\x94\x80\x87";
        let mac = b"\xdczin \xda\xdb\xdc\xdd\xde\xdf\x86\x9f\x85\x9a\x82\x8d";
        let expected = ("İzin ĞğİıŞşÜüÖöÇç".to_owned(), false);
        assert_eq!(decoded(Encoding::Cp857, Repair::None, dos), expected);
        assert_eq!(decoded(Encoding::MacTurkish, Repair::None, mac), expected);
    }

    #[test]
    fn garbled_letters_are_put_right_and_reported() {
        let icelandic = decoded(
            Encoding::Utf8,
            Repair::IcelandicLetters,
            "Ýzin bakým".as_bytes(),
        );
        assert_eq!(icelandic, ("İzin bakım".to_owned(), true));
        let twice = decoded(
            Encoding::Utf8,
            Repair::TwiceEncoded,
            "Ä°zin ÅŸÃ¼phe ÄŸ".as_bytes(),
        );
        assert_eq!(twice, ("İzin şüphe ğ".to_owned(), true));
        let untouched = decoded(Encoding::Utf8, Repair::IcelandicLetters, "Çağrı".as_bytes());
        assert_eq!(untouched, ("Çağrı".to_owned(), false));
    }

    #[test]
    fn ascii_is_borrowed_whatever_the_encoding() {
        for encoding in [Encoding::Utf8, Encoding::Windows1254] {
            let mut scratch = String::from("unused");
            let decoder = Decoder {
                encoding,
                repair: Repair::None,
            };
            assert_eq!(
                decoder.decode(b"05321234567", &mut scratch).0,
                "05321234567"
            );
            assert_eq!(scratch, "unused");
        }
    }
}
