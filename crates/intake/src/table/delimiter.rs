//! What separates the cells of a file.

use csv::ByteRecord;

use super::header::recognise;
use crate::file::encoding::Decoder;

/// What the first lines tell about the separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Separation {
    /// The separator; `None` in a file of one column.
    pub(crate) delimiter: Option<u8>,
    /// Whether the first line only states the separator (`sep=;`).
    pub(crate) is_stated: bool,
}

/// In order of preference: with Turkish regional settings Excel writes `;`.
pub(crate) const CANDIDATES: [u8; 5] = [b';', b',', b'\t', b'|', b'~'];

/// Records that are looked at.
const SAMPLE_RECORDS: usize = 200;

/// Records that must have the usual number of fields, in percent.
const AGREEMENT_PERCENT: usize = 95;

/// Records that may be the header.
const HEADER_RECORDS: usize = 10;

/// Finds the separator of a text from its first lines. Fields are counted
/// outside quotes. `None` when nothing separates anything and the first line
/// is no header either (F106).
pub(crate) fn separation(head: &[u8], decoder: Decoder) -> Option<Separation> {
    if let Some(delimiter) = stated_in_first_line(head) {
        return Some(Separation {
            delimiter: Some(delimiter),
            is_stated: true,
        });
    }
    let tried: Vec<Trial> = CANDIDATES
        .iter()
        .map(|&d| Trial::of(head, d, decoder))
        .collect();
    let agreeing = tried.iter().filter(|trial| trial.agrees);
    // `max_by_key` takes the last of equals; the order of preference is first to last.
    let best = agreeing
        .rev()
        .max_by_key(|trial| trial.headers_known)
        .or_else(|| {
            let telling = tried.iter().filter(|trial| trial.headers_known >= 2);
            telling.rev().max_by_key(|trial| trial.headers_known)
        });
    let delimiter = best.map(|trial| trial.delimiter);
    if delimiter.is_none() {
        let first_line = head
            .split(|b| matches!(b, b'\n' | b'\r'))
            .find(|line| !line.is_empty())?;
        recognise(&decoder.text(first_line))?;
    }
    Some(Separation {
        delimiter,
        is_stated: false,
    })
}

/// Reads the first line `sep=;` that Excel understands.
fn stated_in_first_line(head: &[u8]) -> Option<u8> {
    let line = head.split(|&b| b == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line
        .strip_prefix(b"\"")
        .and_then(|l| l.strip_suffix(b"\""))
        .unwrap_or(line);
    match line {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") => {
            CANDIDATES.contains(delimiter).then_some(*delimiter)
        }
        _ => None,
    }
}

/// How the head looks with one separator.
#[derive(Debug)]
struct Trial {
    delimiter: u8,
    /// Nearly all records have the same number of fields, two at least.
    agrees: bool,
    /// The most headers understood in one of the first records.
    headers_known: usize,
}

impl Trial {
    fn of(head: &[u8], delimiter: u8, decoder: Decoder) -> Self {
        let records = first_records(head, delimiter, SAMPLE_RECORDS);
        let counts: Vec<usize> = records.iter().map(ByteRecord::len).collect();
        let usual = usual_count(&counts);
        let agreeing = counts.iter().filter(|&&count| count == usual).count();
        let headers_known = records
            .iter()
            .take(HEADER_RECORDS)
            .filter(|record| record.len() >= 2)
            .map(|record| {
                let cells = record.iter();
                cells
                    .filter(|cell| recognise(&decoder.text(cell)).is_some())
                    .count()
            })
            .max()
            .unwrap_or(0);
        Self {
            delimiter,
            agrees: usual >= 2 && agreeing * 100 >= counts.len() * AGREEMENT_PERCENT,
            headers_known,
        }
    }
}

fn usual_count(counts: &[usize]) -> usize {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    sorted
        .chunk_by(|a, b| a == b)
        .max_by_key(|run| run.len())
        .and_then(|run| run.first().copied())
        .unwrap_or(0)
}

/// The first records of a head.
fn first_records(head: &[u8], delimiter: u8, most: usize) -> Vec<ByteRecord> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(head)
        .into_byte_records()
        .take(most)
        .map_while(Result::ok)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::scan::Scanned;

    /// The separator, `one column` or `unknown`.
    fn delimiter(head: &str) -> String {
        match separation(head.as_bytes(), Scanned::ASSUMED.decoder) {
            Some(found) => found
                .delimiter
                .map_or("one column".to_owned(), |d| char::from(d).to_string()),
            None => "unknown".to_owned(),
        }
    }

    #[test]
    fn the_separator_is_what_all_records_agree_on() {
        assert_eq!(delimiter("Telefon;Ad\n1;a, b\n2;c\n"), ";");
        assert_eq!(delimiter("Telefon,Ad\n1,a\n2,\"b;c\"\n"), ",");
        assert_eq!(delimiter("Telefon\tAd\n1\ta\n"), "\t");
        assert_eq!(delimiter("Telefon|Ad\n1|a\n"), "|");
        assert_eq!(delimiter("extID~email\n1~a@b.co\n"), "~");
        assert_eq!(
            delimiter("Telefon;Ad,Soyad\n1;a,b\n"),
            ";",
            "a tie goes to ;"
        );
    }

    #[test]
    fn known_headers_decide_where_the_rows_are_too_damaged_to_agree() {
        let damaged = "Telefon,İzin Durumu,Ad\n9,05321E+11,ONAY,a\n9,05331E+11,ONAY,b\n";
        assert_eq!(delimiter(damaged), ",");
    }

    #[test]
    fn a_column_alone_needs_a_header_that_is_known() {
        assert_eq!(delimiter("Telefon\n0532 123 45 67\n"), "one column");
        assert_eq!(delimiter("merhaba\ndünya\n"), "unknown");
        assert_eq!(delimiter(""), "unknown");
    }

    #[test]
    fn a_first_line_that_states_the_separator_is_believed() {
        let found = separation(b"sep=;\r\na,b;c\r\n", Scanned::ASSUMED.decoder).unwrap();
        assert_eq!(
            found,
            Separation {
                delimiter: Some(b';'),
                is_stated: true
            }
        );
        assert_eq!(stated_in_first_line(b"sep=x\n"), None);
    }
}
