//! What separates the cells of a file.

use csv::ByteRecord;

use domain::ReasonCode;

use super::header::recognise;
use super::list::{SAMPLE_LINES, is_list};
use crate::file::encoding::Decoder;
use crate::verdict::Refusal;

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
/// outside quotes.
///
/// # Errors
/// F112 when some lines hold one value and some two, F106 when nothing separates
/// anything and the lines are neither identifiers nor below a known header.
pub(crate) fn separation(head: &[u8], decoder: Decoder) -> Result<Separation, Refusal> {
    if let Some(delimiter) = stated_in_first_line(head) {
        return Ok(Separation {
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
        check_one_column(head, decoder)?;
    }
    Ok(Separation {
        delimiter,
        is_stated: false,
    })
}

/// Whether a text in which nothing separates anything can be read line by line.
fn check_one_column(head: &[u8], decoder: Decoder) -> Result<(), Refusal> {
    let lines: Vec<String> = head
        .split(|b| matches!(b, b'\n' | b'\r'))
        .filter(|line| !line.trim_ascii().is_empty())
        .take(SAMPLE_LINES)
        .map(|line| decoder.text(line))
        .collect();
    if lines.first().is_some_and(|line| recognise(line).is_some()) {
        return Ok(());
    }
    let share = |count: usize| count * 100 >= lines.len() * AGREEMENT_PERCENT;
    let is_alone = |line: &&String| !CANDIDATES.iter().any(|&d| line.contains(char::from(d)));
    let alone = lines.iter().filter(is_alone).count();
    if share(alone) {
        return if is_list(lines.iter().map(String::as_str)) {
            Ok(())
        } else {
            Err(Refusal::new(ReasonCode::F106))
        };
    }
    let is_pair = |line: &str, delimiter: char| {
        let parts: Vec<&str> = line.split(delimiter).map(str::trim).collect();
        matches!(parts.as_slice(), [a, b] if !a.is_empty() && !b.is_empty())
    };
    let is_mixed = CANDIDATES.iter().any(|&delimiter| {
        let delimiter = char::from(delimiter);
        let pairs = lines.iter().filter(|line| is_pair(line, delimiter)).count();
        pairs > 0 && alone > 0 && share(pairs + alone)
    });
    Err(Refusal::new(if is_mixed {
        ReasonCode::F112
    } else {
        ReasonCode::F106
    }))
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

/// The cells of a row as it stands in the file; none of an empty one.
pub(crate) fn record_of(row: &[u8], delimiter: u8) -> Option<ByteRecord> {
    first_records(row, delimiter, 1).pop()
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
            Ok(found) => found
                .delimiter
                .map_or("one column".to_owned(), |d| char::from(d).to_string()),
            Err(refusal) => refusal.code.to_string(),
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
        assert_eq!(delimiter("merhaba\ndünya\n"), "F106");
        assert_eq!(delimiter(""), "F106");
    }

    #[test]
    fn lines_of_one_identifier_or_of_two_are_told_from_lines_of_either() {
        assert_eq!(delimiter("user17\nuser18\n"), "one column");
        assert_eq!(delimiter("a17, b1\na18, b2\n"), ",");
        assert_eq!(delimiter("a17, b1\na18\na19, b3\na20\n"), "F112");
        let nearly = format!("{}a99\n", "a17, b1\n".repeat(40));
        assert_eq!(delimiter(&nearly), ",", "a single line is refused alone");
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
