//! Files of promotion codes (*promosyon kodu*): each row a code, and perhaps the
//! person it is meant for. Repeats are found on disk, partition by partition:
//! once by the code and once by the person; what is left is held against the
//! list that the codes are for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::Path;

use csv::ByteRecord;
use domain::ReasonCode;
use domain::fold_text::cell::is_spreadsheet_error;
use serde::{Deserialize, Serialize};

use super::opening::{Table, note_columns};
use super::{End, JudgeError, Judged, Progress, ROWS_PER_REPORT, Way};
use crate::cell::identity::{Identity, read_external_id};
use crate::cell::{Fault, clean};
use crate::directory::{DirectoryError, NoDirectory};
use crate::field::Field;
use crate::file::rows::Place;
use crate::frame::{self, Encoder};
use crate::options::Options;
use crate::outlets::Account;
use crate::pair::{PlaceOnDisk, fingerprint};
use crate::rejections::{self, Draft, Sorter, read_frame, write_frame};
use crate::spill::{Spill, damaged};
use crate::summary::FileFormat;
use crate::tally::Tally;

/// Longest code, characters.
pub const CODE_CHARS_MAX: usize = 64;

/// What may stand in a code besides letters and digits: each is one character
/// of a text message in every alphabet, so that the longest code tells how long
/// a text becomes.
const SIGNS: &str = "-_.:/+#*=&%!?@";

/// A code that may be added to its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRecord {
    /// Line of the row, from 1, as an editor shows it.
    pub line: u64,
    /// The code.
    pub code: String,
    /// The firm's own number of the person it is meant for; `None` for the pool.
    pub external_id: Option<String>,
}

/// What a code is to the list it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeVerdict {
    /// It may be added, or is there just so.
    Fits,
    /// It may not, for this reason (R406, R809, R810).
    Refused(ReasonCode),
}

/// The list that codes are for, asked in batches.
pub trait CodeList {
    /// What each code is to the list, in the order asked.
    ///
    /// # Errors
    /// [`DirectoryError`] when the list cannot be read; judging stops.
    fn look_at(&mut self, codes: &[CodeRecord]) -> Result<Vec<CodeVerdict>, DirectoryError>;
}

/// A code on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    place: PlaceOnDisk,
    code: String,
    external_id: Option<String>,
}

/// Judges a file of promotion codes, as [`judge`](super::judge) does one of
/// people; its accepted rows are read by [`CodeReader`].
///
/// # Errors
/// As [`judge`](super::judge).
pub fn judge_codes(
    file: &Path,
    options: &Options,
    list: &mut dyn CodeList,
    work_dir: &Path,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Judged, JudgeError> {
    let mut nobody = NoDirectory;
    let mut way = Way::to(file, options, &mut nobody, work_dir, watch)?;
    let walked = way.walk_codes(list);
    way.judged(walked, |records| File::create(records).map(drop))
}

/// The rows of a file while they are judged.
struct Codes {
    account: Account,
    encoder: Encoder,
    by_code: Spill,
    by_person: Spill,
    /// Rows that wait to be held against the list.
    waiting: Vec<Row>,
    out: BufWriter<File>,
}

impl Way<'_> {
    fn walk_codes(&mut self, list: &mut dyn CodeList) -> Result<(), End> {
        let table = self.open_table()?;
        let limits = &self.options.limits;
        let partitions = limits.partitions_for(self.content_bytes);
        let spill = |name: &str| {
            let buffer = limits.buffer_for(partitions);
            Spill::create(self.work_dir.join(name), partitions, buffer)
        };
        // Complete under its name only when it is: a later attempt looks for it.
        let unfinished = self.work_dir.join("records.work");
        let mut codes = Codes {
            account: Account {
                tally: Tally::default(),
                rejections: Sorter::create(
                    self.work_dir.join("refusals.work"),
                    limits.rejections_buffer_bytes,
                )?,
                traced: None,
            },
            encoder: Encoder::new(),
            by_code: spill("codes.work")?,
            by_person: spill("persons.work")?,
            waiting: Vec::new(),
            out: BufWriter::new(File::create(&unfinished)?),
        };
        note_columns(&table, &mut codes.account.tally);
        let read = self.read_codes(&table, &mut codes);
        self.summary.close(&codes.account.tally);
        read?;
        if codes.account.tally.rows == 0 {
            return Err(crate::verdict::Refusal::new(ReasonCode::F101).into());
        }
        self.sort_out_codes(list, &mut codes)?;
        self.summary.close(&codes.account.tally);
        codes.out.flush()?;
        codes.out.get_ref().sync_data()?;
        fs::rename(&unfinished, &self.records)?;
        rejections::write_all(
            codes.account.rejections,
            &table.file,
            table.national_ids(),
            &self.rejections,
        )?;
        Ok(())
    }

    /// The pass over the rows: each by itself.
    fn read_codes(&mut self, table: &Table, codes: &mut Codes) -> Result<(), End> {
        let mut rows = table.rows()?;
        let cells_stay = self.summary.format == FileFormat::Workbook;
        loop {
            let offset = rows.offset();
            let Some((place, record)) = rows.read()? else {
                return Ok(());
            };
            codes.account.tally.rows += 1;
            codes.account.tally.judged += 1;
            match read_row(table, place, record, cells_stay) {
                Ok(row) => codes.keep(Key::Code, &row)?,
                Err(fault) => codes.refuse(place, fault)?,
            }
            if codes.account.tally.rows.is_multiple_of(ROWS_PER_REPORT) {
                self.report(offset, codes.account.tally.rows)?;
            }
        }
    }

    /// The rows against each other, and against the list.
    fn sort_out_codes(&mut self, list: &mut dyn CodeList, codes: &mut Codes) -> Result<(), End> {
        let batch = self.options.limits.directory_batch.max(1);
        for key in [Key::Code, Key::Person] {
            for partition in 0..codes.by_code.len() {
                codes.without_repeats(key, partition, batch, list)?;
                let rows = codes.account.tally.rows;
                self.report(self.content_bytes, rows)?;
            }
        }
        codes.hold_against(list)
    }
}

/// By what rows are put together to find repeats.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Code,
    Person,
}

impl Codes {
    fn keep(&mut self, key: Key, row: &Row) -> io::Result<()> {
        let (spill, text) = match key {
            Key::Code => (&mut self.by_code, row.code.as_str()),
            Key::Person => (
                &mut self.by_person,
                row.external_id.as_deref().unwrap_or_default(),
            ),
        };
        let print = fingerprint(text.as_bytes());
        let partition = spill.partition_of(print);
        let bytes = self.encoder.encode(row)?;
        spill.append(partition, |buffer| frame::append(buffer, print, bytes))
    }

    fn refuse(&mut self, place: impl Into<PlaceOnDisk>, fault: Fault) -> io::Result<()> {
        self.account.refuse(Draft::new(place, None, fault))
    }

    /// The rows of a partition of which the first of its kind counts.
    fn without_repeats(
        &mut self,
        key: Key,
        partition: usize,
        batch: usize,
        list: &mut dyn CodeList,
    ) -> Result<(), End> {
        let spill = match key {
            Key::Code => &mut self.by_code,
            Key::Person => &mut self.by_person,
        };
        let bytes = spill.read_whole(partition)?;
        let mut rows = Vec::new();
        for frame in frame::frames(&bytes)? {
            let row: Row = postcard::from_bytes(frame.bytes).map_err(damaged)?;
            rows.push(row);
        }
        drop(bytes);
        rows.sort_by_key(|row| row.place.line);
        let mut first: HashMap<String, Option<String>> = HashMap::with_capacity(rows.len());
        for row in rows {
            let (text, other) = match key {
                Key::Code => (row.code.clone(), row.external_id.clone()),
                Key::Person => (row.external_id.clone().unwrap_or_default(), None),
            };
            match first.entry(text) {
                Entry::Vacant(free) => {
                    free.insert(other);
                    if key == Key::Code && row.external_id.is_some() {
                        self.keep(Key::Person, &row)?;
                        continue;
                    }
                    self.waiting.push(row);
                    if self.waiting.len() >= batch {
                        self.hold_against(list)?;
                    }
                }
                Entry::Occupied(held) if key == Key::Code && *held.get() == other => {
                    self.account.tally.merged += 1;
                    self.account.tally.note(ReasonCode::W801, row.place.line);
                }
                Entry::Occupied(_) => {
                    let code = match key {
                        Key::Code => ReasonCode::R809,
                        Key::Person => ReasonCode::R810,
                    };
                    let fault = refusal(code, &row);
                    self.refuse(row.place, fault)?;
                }
            }
        }
        Ok(())
    }

    /// Holds the waiting rows against the list; what fits is written down.
    fn hold_against(&mut self, list: &mut dyn CodeList) -> Result<(), End> {
        let rows = std::mem::take(&mut self.waiting);
        if rows.is_empty() {
            return Ok(());
        }
        let records: Vec<CodeRecord> = rows
            .iter()
            .map(|row| CodeRecord {
                line: row.place.line,
                code: row.code.clone(),
                external_id: row.external_id.clone(),
            })
            .collect();
        let verdicts = list.look_at(&records).map_err(JudgeError::Directory)?;
        if verdicts.len() != rows.len() {
            let answer = format!("{} codes asked, {} answered", rows.len(), verdicts.len());
            return Err(JudgeError::Directory(DirectoryError::new(answer)).into());
        }
        for ((row, record), verdict) in rows.iter().zip(&records).zip(verdicts) {
            match verdict {
                CodeVerdict::Fits => {
                    self.account.tally.accepted += 1;
                    write_frame(&mut self.out, record)?;
                }
                CodeVerdict::Refused(code) => self.refuse(row.place, refusal(code, row))?,
            }
        }
        Ok(())
    }
}

/// A row that other rows, the list or the record speak against.
fn refusal(code: ReasonCode, row: &Row) -> Fault {
    let person = matches!(code, ReasonCode::R406 | ReasonCode::R810);
    match &row.external_id {
        Some(id) if person => Fault::of_cell(Field::ExternalId, code, id),
        _ => Fault::of_cell(Field::PromotionCode, code, &row.code),
    }
}

fn read_row(
    table: &Table,
    place: Place,
    record: &ByteRecord,
    cells_stay: bool,
) -> Result<Row, Fault> {
    if record.as_slice().iter().all(u8::is_ascii_whitespace) {
        return Err(Fault::new(Field::Row, ReasonCode::R101));
    }
    let expected = table.layout.headers.len();
    // The cells of a sheet do not shift: empty ones at its end are not kept.
    if record.len() > expected || (record.len() < expected && !cells_stay) {
        return Err(Fault::new(Field::Row, ReasonCode::R102)
            .with("expected", expected.to_string())
            .with("found", record.len().to_string()));
    }
    let decoder = table.scanned.decoder;
    let cell = |column: Option<usize>| {
        let bytes = column.and_then(|column| record.get(column));
        decoder.text(bytes.unwrap_or_default())
    };
    let (code, person) = (cell(table.layout.code), cell(table.layout.external_id));
    let external_id = match read_external_id(clean(&person).text) {
        Identity::Absent {
            is_spelled_out: false,
        } => None,
        Identity::Known(id, _) => Some(id.to_owned()),
        Identity::Absent { .. } => {
            return Err(Fault::of_cell(Field::ExternalId, ReasonCode::R401, &person));
        }
        Identity::Faulty(code) => return Err(Fault::of_cell(Field::ExternalId, code, &person)),
    };
    Ok(Row {
        place: place.into(),
        code: read_code(clean(&code).text)?.to_owned(),
        external_id,
    })
}

fn read_code(text: &str) -> Result<&str, Fault> {
    let fault = |code| Err(Fault::of_cell(Field::PromotionCode, code, text));
    if is_spreadsheet_error(text) {
        return fault(ReasonCode::R104);
    }
    // A long number that a spreadsheet has cut is nobody's code any more.
    if matches!(read_external_id(text), Identity::Faulty(ReasonCode::R402)) {
        return fault(ReasonCode::R402);
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || SIGNS.contains(c);
    if !(1..=CODE_CHARS_MAX).contains(&text.len()) || !text.chars().all(fits) {
        return fault(ReasonCode::R808);
    }
    Ok(text)
}

/// The accepted rows of a judged file of codes, from an offset on; each with
/// the offset behind it.
#[derive(Debug)]
pub struct CodeReader {
    input: BufReader<File>,
    frame: Vec<u8>,
    offset: u64,
}

impl CodeReader {
    /// Opens [`Judged::records`] at an offset that [`CodeReader`] told, or 0.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, offset: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self {
            input: BufReader::new(file),
            frame: Vec::new(),
            offset,
        })
    }
}

impl Iterator for CodeReader {
    type Item = io::Result<(CodeRecord, u64)>;

    fn next(&mut self) -> Option<Self::Item> {
        match read_frame(&mut self.input, &mut self.frame) {
            Ok(false) => None,
            Ok(true) => {
                self.offset += (size_of::<u32>() + self.frame.len()) as u64;
                let record = postcard::from_bytes(&self.frame).map_err(damaged);
                Some(record.map(|record| (record, self.offset)))
            }
            Err(error) => Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_word_of_signs_that_every_text_message_has() {
        for good in ["YAZ-2025", "a", "1/2#3", &"9".repeat(CODE_CHARS_MAX)] {
            assert_eq!(read_code(good).as_deref(), Ok(good));
        }
        let refused = |text: &str| read_code(text).expect_err(text).code.to_string();
        for bad in ["", "İNDİRİM", "iki kelime", "a{b", &"9".repeat(65)] {
            assert_eq!(refused(bad), "R808", "{bad}");
        }
        assert_eq!(refused("1,23457E+15"), "R402");
        assert_eq!(refused("#YOK"), "R104");
    }
}
