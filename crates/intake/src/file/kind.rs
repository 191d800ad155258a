//! Files that are no text at all, told by their first bytes (F107).

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
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        KindName {
            tr: "eski biçimli ya da parolalı Office belgesi",
            en: "old or password-protected Office document",
        },
    ),
    (
        b"\x1f\x8b",
        KindName {
            tr: "GZIP arşivi",
            en: "GZIP archive",
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

const WORKBOOK: KindName = KindName {
    tr: "Excel çalışma kitabı (xlsx); şimdilik CSV olarak kaydedin",
    en: "Excel workbook (xlsx); for now save it as CSV",
};

const ARCHIVE: KindName = KindName {
    tr: "ZIP arşivi",
    en: "ZIP archive",
};

const WEB_PAGE: KindName = KindName {
    tr: "HTML sayfası",
    en: "HTML page",
};

/// The kind of a file that is surely no delimited text, from its first bytes.
pub(crate) fn not_a_table(head: &[u8]) -> Option<KindName> {
    if head.starts_with(b"PK\x03\x04") {
        let is_workbook = [&b"[Content_Types].xml"[..], b"xl/", b"_rels/"]
            .iter()
            .any(|part| head.windows(part.len()).any(|window| window == *part));
        return Some(if is_workbook { WORKBOOK } else { ARCHIVE });
    }
    if let Some((_, name)) = SIGNATURES.iter().find(|(sign, _)| head.starts_with(sign)) {
        return Some(*name);
    }
    is_web_page(head).then_some(WEB_PAGE)
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
            (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", WORKBOOK.en),
            (b"PK\x03\x04\x14\0\x06\0readme.txt", ARCHIVE.en),
            (b"\n <HTML><body>", WEB_PAGE.en),
        ] {
            assert_eq!(not_a_table(head).map(|kind| kind.en), Some(expected));
        }
        for head in [&b""[..], b"Telefon;Ad\n", b"<5321234567>", b"PK;1\n"] {
            assert_eq!(not_a_table(head), None);
        }
    }
}
