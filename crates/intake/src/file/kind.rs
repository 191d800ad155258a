//! Files that are no text at all, told by their first bytes (F107).

use crate::summary::Packing;

/// The name of a kind of file, as it is told to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KindName {
    pub(crate) tr: &'static str,
    pub(crate) en: &'static str,
}

/// A file that holds bytes no text has.
pub(crate) const BINARY: KindName = KindName {
    tr: "metin olmayan (ikili) dosya",
    en: "binary file",
};

/// A text without the line ends of a table.
pub(crate) const ENDLESS_LINE: KindName = KindName {
    tr: "satırları olmayan metin",
    en: "text without lines",
};

/// More columns than any list of people has.
pub(crate) const TOO_WIDE: KindName = KindName {
    tr: "çok fazla sütunlu tablo",
    en: "table with too many columns",
};

const SIGNATURES: &[(&[u8], KindName)] = &[
    (
        b"\x89PNG\r\n\x1a\n",
        KindName {
            tr: "PNG resmi",
            en: "PNG image",
        },
    ),
    (
        b"\xff\xd8\xff",
        KindName {
            tr: "JPEG resmi",
            en: "JPEG image",
        },
    ),
    (
        b"GIF8",
        KindName {
            tr: "GIF resmi",
            en: "GIF image",
        },
    ),
    (
        b"%PDF",
        KindName {
            tr: "PDF belgesi",
            en: "PDF document",
        },
    ),
    (
        b"7z\xbc\xaf\x27\x1c",
        KindName {
            tr: "7z arşivi",
            en: "7z archive",
        },
    ),
    (
        b"Rar!\x1a\x07",
        KindName {
            tr: "RAR arşivi",
            en: "RAR archive",
        },
    ),
    (
        b"{\\rtf",
        KindName {
            tr: "RTF belgesi",
            en: "RTF document",
        },
    ),
    (
        b"SQLite format 3\0",
        KindName {
            tr: "SQLite veri tabanı",
            en: "SQLite database",
        },
    ),
];

/// An `.xls` workbook, or another document of old Office.
pub(crate) const OLD_OFFICE: KindName = KindName {
    tr: "eski biçimli Office belgesi (.xls)",
    en: "document of old Office (.xls)",
};

/// An `.xlsb` workbook.
pub(crate) const BINARY_WORKBOOK: KindName = KindName {
    tr: "ikili Excel çalışma kitabı (.xlsb)",
    en: "binary Excel workbook (.xlsb)",
};

/// An `.ods` workbook, or another document of its family.
pub(crate) const OPEN_DOCUMENT: KindName = KindName {
    tr: "OpenDocument belgesi (.ods)",
    en: "OpenDocument file (.ods)",
};

/// A `.docx`.
pub(crate) const WORD_DOCUMENT: KindName = KindName {
    tr: "Word belgesi (.docx)",
    en: "Word document (.docx)",
};

/// A `.pptx`.
pub(crate) const PRESENTATION: KindName = KindName {
    tr: "PowerPoint sunusu (.pptx)",
    en: "PowerPoint presentation (.pptx)",
};

/// A `.numbers`.
pub(crate) const APPLE_DOCUMENT: KindName = KindName {
    tr: "Apple Numbers belgesi",
    en: "Apple Numbers document",
};

/// A workbook whose parts cannot be read.
pub(crate) const BROKEN_WORKBOOK: KindName = KindName {
    tr: "hasarlı Excel çalışma kitabı",
    en: "damaged Excel workbook",
};

/// A zip that cannot be read.
pub(crate) const BROKEN_ARCHIVE: KindName = KindName {
    tr: "hasarlı ya da desteklenmeyen biçimde sıkıştırılmış ZIP arşivi",
    en: "ZIP archive that is damaged or compressed in an unsupported way",
};

const BROKEN_GZIP: KindName = KindName {
    tr: "hasarlı GZIP arşivi",
    en: "damaged GZIP archive",
};

/// A zip with a password.
pub(crate) const LOCKED_ARCHIVE: KindName = KindName {
    tr: "parolalı ZIP arşivi",
    en: "ZIP archive with a password",
};

/// A zip of more than one file.
pub(crate) const ARCHIVE_OF_SEVERAL: KindName = KindName {
    tr: "birden çok dosya içeren ZIP arşivi; dosyaları ayrı ayrı yükleyin",
    en: "ZIP archive of several files; upload them one by one",
};

/// An archive that holds an archive.
pub(crate) const ARCHIVE_IN_ARCHIVE: KindName = KindName {
    tr: "arşiv içinde arşiv",
    en: "archive inside an archive",
};

/// An archive that cannot be unpacked.
pub(crate) const fn broken(packing: Packing) -> KindName {
    match packing {
        Packing::Gzip => BROKEN_GZIP,
        Packing::Zip => BROKEN_ARCHIVE,
    }
}

/// What documents of old Office begin with, and locked ones of new Office too.
pub(crate) const OLD_OFFICE_SIGN: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

const WEB_PAGE: KindName = KindName {
    tr: "HTML sayfası",
    en: "HTML page",
};

/// The kind of a file that is surely no delimited text, from its first bytes.
pub(crate) fn not_a_table(head: &[u8]) -> Option<KindName> {
    if let Some((_, name)) = SIGNATURES.iter().find(|(sign, _)| head.starts_with(sign)) {
        return Some(*name);
    }
    is_web_page(head).then_some(WEB_PAGE)
}

/// Whether a zip that begins so is a document of new Office.
pub(crate) fn is_office_archive(head: &[u8]) -> bool {
    [&b"[Content_Types].xml"[..], b"xl/", b"_rels/"]
        .iter()
        .any(|part| head.windows(part.len()).any(|window| window == *part))
}

/// Reporting tools like to name a web page `.xls`.
fn is_web_page(head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    [&b"<!doctype"[..], b"<html", b"<table", b"<?xml"]
        .iter()
        .any(|tag| start.len() >= tag.len() && start[..tag.len()].eq_ignore_ascii_case(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_only_carry_the_name_of_a_table_are_told_apart() {
        for (head, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "PNG image"),
            (b"%PDF-1.7\n", "PDF document"),
            (b"\n <HTML><body>", WEB_PAGE.en),
        ] {
            assert_eq!(not_a_table(head).map(|kind| kind.en), Some(expected));
        }
        for head in [&b""[..], b"Telefon;Ad\n", b"<5321234567>", b"PK;1\n"] {
            assert_eq!(not_a_table(head), None);
        }
    }
}
