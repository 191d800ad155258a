//! The fixtures still have the bytes they are there for, and their page still
//! tells the truth about them.

use std::collections::BTreeSet;

use anyhow::Result;
use system_tests::fixtures::{Expected, stated, tallies};
use system_tests::{Finding, Repository, assert_none};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Ascii,
    Utf8,
    Utf8WithMark,
    Windows1254,
    Utf16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    Lf,
    CrLf,
    /// CRLF, but for one line break inside a quoted cell.
    CrLfAndOneQuotedLf,
}

const FORMS: [(&str, Encoding, LineEnds); 9] = [
    ("magaza-haziran.csv", Encoding::Windows1254, LineEnds::CrLf),
    (
        "perakende-musteri.csv",
        Encoding::Windows1254,
        LineEnds::CrLfAndOneQuotedLf,
    ),
    ("klinik-hasta.csv", Encoding::Utf8WithMark, LineEnds::Lf),
    ("token-listesi.csv", Encoding::Windows1254, LineEnds::CrLf),
    ("iys-yukleme-araci.csv", Encoding::Ascii, LineEnds::CrLf),
    ("unicode-metin.csv", Encoding::Utf16, LineEnds::CrLf),
    ("bozuk-harfli.csv", Encoding::Utf8, LineEnds::CrLf),
    ("sifirli-telefon.csv", Encoding::Windows1254, LineEnds::CrLf),
    ("kanalsiz-izin.csv", Encoding::Windows1254, LineEnds::CrLf),
];

const UTF8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF16_MARK: &[u8] = &[0xFF, 0xFE];
/// `İ` and `ı` in Windows-1254; in UTF-8 neither byte ever occurs alone.
const DOTTED_AND_DOTLESS: [u8; 2] = [0xDD, 0xFD];

#[test]
fn every_fixture_has_the_encoding_and_line_ends_it_is_there_for() -> Result<()> {
    let repository = Repository::here()?;
    let mut findings = Vec::new();
    for (name, encoding, line_ends) in FORMS {
        let bytes = repository.bytes(&format!("fixtures/{name}"))?;
        let found = encoding_of(&bytes);
        if found != Some(encoding) {
            findings.push(Finding::about(
                name,
                format!("{found:?} instead of {encoding:?}"),
            ));
        }
        let found = line_ends_of(&bytes, encoding);
        if found != Some(line_ends) {
            findings.push(Finding::about(
                name,
                format!("{found:?} instead of {line_ends:?}"),
            ));
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn the_files_that_are_stopped_are_broken_as_they_should_be() -> Result<()> {
    let repository = Repository::here()?;
    let broken = |name: &str| repository.bytes(&format!("fixtures/bozuk/{name}"));
    assert!(broken("bos.csv")?.is_empty());
    assert!(broken("resim.csv")?.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(broken("calisma-kitabi.csv")?.starts_with(b"PK\x03\x04"));
    assert_eq!(occurrences(&broken("kapanmayan-tirnak.csv")?, b"\""), 1);

    let mixed = broken("karisik-kodlama.csv")?;
    let lines: Vec<&[u8]> = mixed.split(|byte| *byte == b'\n').collect();
    let (before, after) = lines.split_at(6);
    assert!(std::str::from_utf8(&before.concat()).is_ok_and(|text| !text.is_ascii()));
    assert!(std::str::from_utf8(&after.concat()).is_err());
    Ok(())
}

#[test]
fn every_fixture_has_an_expectation_and_every_expectation_a_line() -> Result<()> {
    let repository = Repository::here()?;
    let expected = Expected::read(&repository)?;
    let mut findings = Vec::new();
    let mut told = BTreeSet::new();
    for one in &expected {
        let lines = repository
            .bytes(&format!("fixtures/{}", one.file))
            .map(|bytes| occurrences(&bytes, b"\n").max(occurrences(&bytes, b"\r")))?;
        // A packed file and a workbook have no lines of their own.
        let has_lines = [".csv", ".txt"].iter().any(|end| one.file.ends_with(end));
        if has_lines && one.line.is_some_and(|line| line < 1 || line > lines) {
            findings.push(Finding::about(
                &one.file,
                format!("has no line {:?}", one.line),
            ));
        }
        if one.line.is_some() && !told.insert((&one.file, one.line, &one.channel)) {
            findings.push(Finding::about(
                &one.file,
                format!("line {:?} twice", one.line),
            ));
        }
    }
    let named: BTreeSet<&str> = expected.iter().map(|one| one.file.as_str()).collect();
    for file in repository.of_kind("csv") {
        let Some(name) = file.strip_prefix("fixtures/") else {
            continue;
        };
        if !named.contains(name) {
            findings.push(Finding::about(name, "has no expectation"));
        }
    }
    assert_none(&findings);
    Ok(())
}

#[test]
fn the_page_counts_what_the_expectations_count() -> Result<()> {
    let repository = Repository::here()?;
    let page = repository.text("fixtures/README.md").unwrap_or_default();
    assert_eq!(stated(&page), tallies(&Expected::read(&repository)?));
    Ok(())
}

fn encoding_of(bytes: &[u8]) -> Option<Encoding> {
    if bytes.starts_with(UTF8_MARK) {
        return std::str::from_utf8(bytes)
            .is_ok()
            .then_some(Encoding::Utf8WithMark);
    }
    if bytes.starts_with(UTF16_MARK) {
        return Some(Encoding::Utf16);
    }
    if bytes.is_ascii() {
        return Some(Encoding::Ascii);
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Some(Encoding::Utf8);
    }
    let turkish = DOTTED_AND_DOTLESS
        .iter()
        .any(|letter| bytes.contains(letter));
    turkish.then_some(Encoding::Windows1254)
}

fn line_ends_of(bytes: &[u8], encoding: Encoding) -> Option<LineEnds> {
    let (carriage, feed): (&[u8], &[u8]) = match encoding {
        Encoding::Utf16 => (b"\r\0", b"\n\0"),
        _ => (b"\r", b"\n"),
    };
    let feeds = occurrences(bytes, feed);
    let carriages = occurrences(bytes, carriage);
    let together = occurrences(bytes, &[carriage, feed].concat());
    match (feeds - together, carriages) {
        (0, paired) if paired == together && paired > 0 => Some(LineEnds::CrLf),
        (1, paired) if paired == together && paired > 0 => Some(LineEnds::CrLfAndOneQuotedLf),
        (_, 0) => Some(LineEnds::Lf),
        _ => None,
    }
}

fn occurrences(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .filter(|window| *window == part)
        .count()
}
