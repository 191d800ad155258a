//! The first lines of a file: its separator, its header and a few rows.

use std::io::{self, Read};

use csv::ByteRecord;
use domain::ReasonCode;

use super::delimiter::{Separation, first_records, separation};
use super::header::recognise;
use crate::file::encoding::{Decoder, Encoding, Repair};
use crate::file::text::TextFile;
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
/// F106 when nothing separates anything.
pub(crate) fn find_separation(
    head: &[u8],
    stated: Option<Encoding>,
    chosen: Option<char>,
) -> Result<Separation, Refusal> {
    let is_utf8 = stated.is_some() || std::str::from_utf8(head).is_ok();
    let provisional = Decoder {
        encoding: if is_utf8 { Encoding::Utf8 } else { Encoding::Windows1254 },
        repair: Repair::None,
    };
    let found = separation(head, &provisional);
    match chosen.and_then(|c| u8::try_from(c).ok()) {
        Some(delimiter) => Ok(Separation {
            delimiter: Some(delimiter),
            is_stated: found.is_some_and(|found| found.is_stated),
        }),
        None => found.ok_or(Refusal::new(ReasonCode::F106)),
    }
}

/// Where the header stands, and some rows below it.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) headers: Vec<String>,
    /// Records before the first data row, the header included.
    pub(crate) records_above_data: usize,
    /// Rows above the header that are no table (W107).
    pub(crate) title_rows: usize,
    /// Some rows, to look at columns before judging.
    pub(crate) rows: Vec<ByteRecord>,
}

impl Head {
    /// Finds the header: the first record that holds two headers we know (one
    /// in a file of one column). Without such a record the first one counts.
    ///
    /// `is_assigned` tells whether a person said what a header means.
    pub(crate) fn find(
        head: &[u8],
        separation: Separation,
        decoder: &Decoder,
        is_assigned: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        const SAMPLE_ROWS: usize = 200;
        let delimiter = separation.delimiter.unwrap_or(UNUSED);
        let mut records = first_records(head, delimiter, SAMPLE_ROWS + HEADER_RECORDS);
        let stated = usize::from(separation.is_stated);
        if records.len() <= stated {
            return None;
        }
        records.drain(..stated);
        let known = |record: &ByteRecord| {
            let texts = record.iter().map(|cell| decoder.text(cell));
            texts.filter(|text| is_assigned(text) || recognise(text).is_some()).count()
        };
        let at = records
            .iter()
            .take(HEADER_RECORDS)
            .position(|record| known(record) >= record.len().min(2) && !looks_like_data(record))
            .filter(|&at| stands_out(&records[..at], &records[at]))
            .unwrap_or(0);
        let headers = records[at]
            .iter()
            .map(|cell| domain::fold_text::cell::clean_cell(&decoder.text(cell)).text.to_owned())
            .collect();
        Some(Self {
            headers,
            records_above_data: stated + at + 1,
            title_rows: at,
            rows: records.split_off(at + 1),
        })
    }
}

/// A separator that no text holds, for files of one column.
pub(crate) const UNUSED: u8 = 0x1f;

/// Whether a record is filled better than every record above it.
fn stands_out(above: &[ByteRecord], record: &ByteRecord) -> bool {
    let filled = |record: &ByteRecord| record.iter().filter(|cell| !cell.trim_ascii().is_empty()).count();
    above.iter().all(|title| filled(title) < filled(record))
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
        let separation = Separation { delimiter: Some(b';'), is_stated: false };
        Head::find(text.as_bytes(), separation, &Scanned::ASSUMED.decoder, |_| false)
    }

    #[test]
    fn titles_above_the_header_are_skipped_and_counted() {
        let head = find("Müşteri listesi;;\n;;\nTelefon;Ad;İzin\n0532;a;ONAY\n").unwrap();
        assert_eq!(head.headers, ["Telefon", "Ad", "İzin"]);
        assert_eq!((head.title_rows, head.records_above_data), (2, 3));
        assert_eq!(head.rows.len(), 1);
    }

    #[test]
    fn a_row_of_data_is_never_taken_for_the_header() {
        let head = find("Numara;Durum;Tür\n05321234567;ONAY;EPOSTA\n05331234567;ONAY;EPOSTA\n").unwrap();
        assert_eq!(head.headers, ["Numara", "Durum", "Tür"]);
        assert_eq!(find("").map(|head| head.headers), None);
    }
}
