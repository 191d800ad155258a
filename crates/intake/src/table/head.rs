//! The first lines of a file: its separator, its header and a few rows.

use std::io::{self, Read};

use csv::ByteRecord;
use domain::fold_text::cell::clean_cell;

use super::delimiter::{Separation, separation};
use super::header::recognise;
use super::list::{self, Headless};
use crate::file::encoding::{Decoder, Encoding, Repair};
use crate::file::rows::{Place, Rows};
use crate::file::text::TextFile;
use crate::options::Mapping;
use crate::verdict::Refusal;

/// Bytes of the file that decide about its separator and header.
const HEAD_BYTES: u64 = 256 << 10;

/// Records that may be the header.
const HEADER_RECORDS: usize = 10;

/// The beginning of a text, cut at the end of a line.
pub(crate) fn read_head(file: &TextFile) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.open()?.take(HEAD_BYTES).read_to_end(&mut head)?;
    if head.len() as u64 == HEAD_BYTES
        && let Some(line_end) = head.iter().rposition(|b| matches!(b, b'\n' | b'\r'))
    {
        head.truncate(line_end + 1);
    }
    Ok(head)
}

/// The separator of a head, before its encoding is known for certain.
///
/// # Errors
/// F106 when nothing separates anything, F112 when it separates some lines only.
pub(crate) fn find_separation(
    head: &[u8],
    stated: Option<Encoding>,
    mapping: &Mapping,
) -> Result<Separation, Refusal> {
    let is_utf8 = stated.is_some() || std::str::from_utf8(head).is_ok();
    let chosen = mapping
        .encoding
        .filter(|encoding| encoding.is_of_single_bytes());
    let provisional = Decoder {
        encoding: match chosen {
            Some(encoding) => encoding,
            None if is_utf8 => Encoding::Utf8,
            None => Encoding::Windows1254,
        },
        repair: Repair::None,
    };
    let found = separation(head, provisional);
    match mapping.delimiter.and_then(|c| u8::try_from(c).ok()) {
        Some(delimiter) => Ok(Separation {
            delimiter: Some(delimiter),
            is_stated: found.is_ok_and(|found| found.is_stated),
        }),
        None => found,
    }
}

/// The first records of a file: enough to find the header and look at columns.
pub(crate) fn first_records(mut rows: Rows) -> io::Result<Vec<(Place, ByteRecord)>> {
    const SAMPLE_ROWS: usize = 200;
    let mut records = Vec::new();
    while records.len() < HEADER_RECORDS + SAMPLE_ROWS
        && let Some((place, record)) = rows.read()?
    {
        records.push((place, record.clone()));
    }
    Ok(records)
}

/// Where the header stands, and some rows below it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) headers: Vec<String>,
    /// Line of the header; of the first record where there is none.
    pub(crate) line: u64,
    /// What stands in place of a header that is missing.
    pub(crate) headless: Option<Headless>,
    /// Records before the first data row, the header included.
    pub(crate) records_above_data: usize,
    /// Rows above the header that are no table (W107).
    pub(crate) title_rows: usize,
    /// Headers whose garbled letters were repaired (W104).
    pub(crate) repaired_headers: usize,
    /// Some rows, to look at columns before judging.
    pub(crate) rows: Vec<(Place, ByteRecord)>,
}

impl Head {
    /// Finds the header: the first record that holds two headers we know (one
    /// in a file of one column). Without such a record the first one counts.
    /// `None` when there is no record at all.
    ///
    /// `is_assigned` tells whether a person said what a header means.
    pub(crate) fn find(
        mut records: Vec<(Place, ByteRecord)>,
        separation: Separation,
        decoder: Decoder,
        is_assigned: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let stated = usize::from(separation.is_stated);
        records.drain(..stated.min(records.len()));
        let known = |record: &ByteRecord| {
            let texts = record.iter().map(|cell| decoder.text(cell));
            texts
                .filter(|text| is_assigned(text) || recognise(text).is_some())
                .count()
        };
        let is_header =
            |record: &ByteRecord| known(record) >= record.len().min(2) && !looks_like_data(record);
        let found = records
            .iter()
            .take(HEADER_RECORDS)
            .position(|(_, record)| is_header(record))
            .filter(|&at| {
                stands_out(&records[..at], &records[at].1) || parts_titles_from_data(&records, at)
            });
        if found.is_none()
            && let Some(headless) =
                list::recognise(&records, separation.delimiter, decoder, &is_assigned)
        {
            return Some(Self {
                headers: headless.headers(),
                line: records.first()?.0.line,
                headless: Some(headless),
                records_above_data: stated,
                title_rows: 0,
                repaired_headers: 0,
                rows: records,
            });
        }
        let at = found.unwrap_or(0);
        let (place, header) = records.get(at)?;
        let mut headers: Vec<String> = header
            .iter()
            .map(|cell| clean_cell(&decoder.text(cell)).text.to_owned())
            .collect();
        let mut scratch = String::new();
        let repaired_headers = header
            .iter()
            .filter(|cell| decoder.decode(cell, &mut scratch).1)
            .count();
        let line = place.line;
        let rows = records.split_off(at + 1);
        if rows_end_in_separator(&rows, headers.len()) {
            headers.push(String::new());
        }
        Some(Self {
            headers,
            line,
            headless: None,
            records_above_data: stated + at + 1,
            title_rows: at,
            repaired_headers,
            rows,
        })
    }
}

/// Whether nearly all rows have one cell more than the header, and it is empty:
/// some programs end every row, but not the header, with a separator. Then that
/// cell is a column without a name. One row alone with a cell too many is never
/// taken this way, whatever the cell holds: an unquoted separator in front of
/// it would have shifted every column (R102).
fn rows_end_in_separator(rows: &[(Place, ByteRecord)], headers: usize) -> bool {
    const AGREEMENT_PERCENT: usize = 95;
    const ENOUGH: usize = 2;
    let ending = rows
        .iter()
        .filter(|(_, record)| record.len() == headers + 1 && record[headers].is_empty())
        .count();
    ending >= ENOUGH && ending * 100 >= rows.len() * AGREEMENT_PERCENT
}

/// A separator that no text holds, for files of one column.
pub(crate) const UNUSED: u8 = 0x1f;

/// Whether a record is filled better than every record above it.
fn stands_out(above: &[(Place, ByteRecord)], record: &ByteRecord) -> bool {
    let filled = |record: &ByteRecord| {
        record
            .iter()
            .filter(|cell| !cell.trim_ascii().is_empty())
            .count()
    };
    above
        .iter()
        .all(|(_, title)| filled(title) < filled(record))
}

/// Whether no record above this one looks like data and the one below it does:
/// a title may fill as many cells as the header. What stands below once more, in
/// its own column, is a value.
fn parts_titles_from_data(records: &[(Place, ByteRecord)], at: usize) -> bool {
    let has_data_above = records[..at]
        .iter()
        .any(|(_, record)| looks_like_data(record));
    let (header, below) = (&records[at].1, &records[at + 1..]);
    let is_value = |column: usize, cell: &[u8]| {
        let same = |(_, record): &(Place, ByteRecord)| record.get(column) == Some(cell);
        !cell.is_empty() && below.iter().any(same)
    };
    !has_data_above
        && below
            .first()
            .is_some_and(|(_, record)| looks_like_data(record))
        && !header
            .iter()
            .enumerate()
            .any(|(column, cell)| is_value(column, cell))
}

/// Whether a cell holds an address or a number: no header does.
fn looks_like_data(record: &ByteRecord) -> bool {
    record.iter().any(|cell| {
        cell.contains(&b'@') || cell.iter().filter(|byte| byte.is_ascii_digit()).count() >= 5
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::scan::Scanned;

    fn find(text: &str) -> Option<Head> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.csv");
        std::fs::write(&path, text).unwrap();
        let file = TextFile::inspect(&path, text.len() as u64, None).unwrap();
        let records = first_records(Rows::new(file.open().unwrap(), b';')).unwrap();
        let separation = Separation {
            delimiter: Some(b';'),
            is_stated: false,
        };
        Head::find(records, separation, Scanned::ASSUMED.decoder, |_| false)
    }

    #[test]
    fn titles_above_the_header_are_skipped_and_counted() {
        let head = find("Müşteri listesi;;\n;;\nTelefon;Ad;İzin\n0532;a;ONAY\n").unwrap();
        assert_eq!(head.headers, ["Telefon", "Ad", "İzin"]);
        assert_eq!(
            (head.title_rows, head.records_above_data, head.line),
            (2, 3, 3)
        );
        assert_eq!(head.rows.len(), 1);
    }

    #[test]
    fn a_title_may_fill_as_many_cells_as_the_header() {
        let head = find("Rapor;Haziran\nTelefon;İzin\n05321234567;ONAY\n").unwrap();
        assert_eq!(head.headers, ["Telefon", "İzin"]);
        assert_eq!((head.title_rows, head.rows.len()), (1, 1));
    }

    #[test]
    fn values_that_are_header_words_too_are_not_taken_for_the_header() {
        for text in [
            "Numara;Durum;Tür\nA-1;ONAY;EPOSTA\nA-2;RET;EPOSTA\n",
            "Numara;Durum;Tür\nA-1;ONAY;EPOSTA\n05321234567;ONAY;MESAJ\n",
            "Numara;Durum;Tür\n05321234567;ONAY;MESAJ\nA-1;RET;EPOSTA\n05331234567;ONAY;MESAJ\n",
        ] {
            assert_eq!(find(text).unwrap().headers, ["Numara", "Durum", "Tür"]);
        }
    }

    #[test]
    fn a_row_of_data_is_never_taken_for_the_header() {
        let head =
            find("Numara;Durum;Tür\n05321234567;ONAY;EPOSTA\n05331234567;ONAY;EPOSTA\n").unwrap();
        assert_eq!(head.headers, ["Numara", "Durum", "Tür"]);
        assert_eq!(find("").map(|head| head.headers), None);
    }
}
