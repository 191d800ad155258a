//! From a file to a table: everything that is decided before the first row.

use std::io;

use csv::ByteRecord;
use domain::ReasonCode;
use domain::fold_text::fold_header;

use super::{End, JudgeError, Progress, Way};
use crate::answers::header_fingerprint;
use crate::cell::holds_national_id;
use crate::cell::identity::is_national_id;
use crate::field::Field;
use crate::file::encoding::{Decoder, Encoding};
use crate::file::kind;
use crate::file::packing::{Unpacked, is_locked_document, unpack};
use crate::file::rows::{Place, Rows};
use crate::file::scan::{ScanEnd, Scanned, scan};
use crate::file::text::{LineEnds, TextFile};
use crate::file::workbook::{self, NoSheet, SheetText};
use crate::rejections::NationalIds;
use crate::summary::{ColumnReport, FileFormat, Question, SampleRow, UnreadValues};
use crate::table::delimiter::Separation;
use crate::table::head::{Head, UNUSED, find_separation, first_records, read_head};
use crate::table::header::recognise;
use crate::table::layout::{Layout, is_code_header, separation_of_codes, understand_codes};
use crate::table::list::{Guess, column_name};
use crate::tally::Tally;
use crate::verdict::Refusal;

/// A file whose columns are known.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) file: TextFile,
    pub(super) scanned: Scanned,
    pub(super) delimiter: u8,
    pub(super) head: Head,
    pub(super) layout: Layout,
    /// The sheet that the text was made from.
    sheet: Option<SheetText>,
    /// The unpacked file that the text lies in; it goes when this goes.
    _unpacked: Unpacked,
}

impl Table {
    /// The rows below the header, from the first.
    pub(super) fn rows(&self) -> io::Result<Rows> {
        let text = self.file.open()?;
        let text = text.with_line_ends(self.scanned.line_ends);
        let mut rows = Rows::new(text, self.delimiter);
        for _ in 0..self.head.records_above_data {
            rows.read()?;
        }
        Ok(rows)
    }

    pub(super) fn national_ids(&self) -> NationalIds<'_> {
        NationalIds {
            layout: &self.layout,
            decoder: self.scanned.decoder,
            delimiter: self.delimiter,
        }
    }
}

impl From<ScanEnd> for End {
    fn from(end: ScanEnd) -> Self {
        match end {
            ScanEnd::Refused(refusal) => Self::Refused(refusal),
            ScanEnd::Cancelled => Self::Failed(JudgeError::Cancelled),
            ScanEnd::Io(error) => Self::Failed(error.into()),
        }
    }
}

impl Way<'_> {
    /// Everything that is decided before the first row.
    pub(super) fn open_table(&mut self) -> Result<Table, End> {
        let limits = &self.options.limits;
        let bytes_max = limits.file_bytes_max;
        if self.file_bytes > bytes_max {
            let megabytes = format!("{} MB", bytes_max >> 20);
            return Err(Refusal::new(ReasonCode::F102)
                .with("limit", megabytes)
                .into());
        }
        if self.file_bytes == 0 {
            return Err(Refusal::new(ReasonCode::F101).into());
        }
        let (path, file_bytes, work_dir) = (self.path, self.file_bytes, self.work_dir);
        let unpacked = unpack(path, file_bytes, work_dir, limits, &mut self.go_on())?;
        self.summary.format = unpacked.format;
        self.summary.packing = unpacked.packing;
        match unpacked.format {
            FileFormat::Text => self.open_text(unpacked),
            FileFormat::Workbook => self.open_workbook(unpacked),
        }
    }

    fn open_text(&mut self, unpacked: Unpacked) -> Result<Table, End> {
        let mapping = &self.options.mapping;
        self.content_bytes = unpacked.bytes;
        let file = TextFile::inspect(&unpacked.path, unpacked.bytes, mapping.encoding)?;
        let head = read_head(&file)?;
        if head.iter().all(u8::is_ascii_whitespace) {
            return Err(Refusal::new(ReasonCode::F101).into());
        }
        if head.starts_with(kind::OLD_OFFICE_SIGN) {
            return Err(if is_locked_document(&unpacked.path)? {
                Refusal::new(ReasonCode::F108).into()
            } else {
                Refusal::unsupported(kind::OLD_OFFICE).into()
            });
        }
        if let Some(kind) = kind::not_a_table(&head) {
            return Err(Refusal::unsupported(kind).into());
        }
        if head.contains(&0) {
            return Err(Refusal::unsupported(kind::BINARY).into());
        }
        let mut separation = find_separation(&head, file.stated, mapping);
        if self.options.reads_codes
            && matches!(&separation, Err(refusal) if refusal.code == ReasonCode::F106)
        {
            separation = Ok(separation_of_codes(&head));
        }
        let delimiter = separation.as_ref().ok().and_then(|found| found.delimiter);
        let scanned = self.scan(&file, delimiter.unwrap_or(UNUSED));
        let is_unknown =
            matches!(&scanned, Err(End::Refused(refusal)) if refusal.code == ReasonCode::F104);
        if is_unknown || scanned.as_ref().is_ok_and(|scanned| scanned.is_doubtful) {
            self.summary.questions.extend(encoding_question(&head));
        }
        let scanned = scanned?;
        let separation = separation?;
        self.understand(file, scanned, separation, None, unpacked)
    }

    fn open_workbook(&mut self, unpacked: Unpacked) -> Result<Table, End> {
        let chosen = self.options.mapping.sheet.as_deref();
        let (work_dir, limits) = (self.work_dir, &self.options.limits);
        let (path, bytes) = (&unpacked.path, unpacked.bytes);
        let sheet = workbook::read(path, bytes, chosen, work_dir, limits, &mut self.go_on());
        let sheet = match sheet {
            Ok(sheet) => sheet,
            Err(NoSheet::Ended(end)) => return Err(end.into()),
            Err(NoSheet::Unchosen(sheets)) => {
                let named = sheets.join(", ");
                self.summary.questions.push(Question::Sheet { sheets });
                return Err(Refusal::new(ReasonCode::F119).with("sheets", named).into());
            }
        };
        self.summary.sheet = Some(sheet.name.clone());
        self.content_bytes = sheet.bytes;
        let file = TextFile::inspect(&sheet.path, sheet.bytes, Some(Encoding::Utf8))?;
        let separation = Separation {
            delimiter: Some(workbook::DELIMITER),
            is_stated: false,
        };
        let mut scanned = self.scan(&file, workbook::DELIMITER)?;
        // Carriage returns stand inside cells only.
        scanned.line_ends = LineEnds::AsTheyAre;
        self.understand(file, scanned, separation, Some(sheet), unpacked)
    }

    /// The watcher, asked whether to go on before there are rows to report.
    fn go_on(&mut self) -> impl FnMut() -> bool {
        let start = Progress {
            read_bytes: 0,
            total_bytes: self.file_bytes,
            rows: 0,
        };
        let watch = &mut *self.watch;
        move || watch(start).is_continue()
    }

    fn scan(&mut self, file: &TextFile, delimiter: u8) -> Result<Scanned, End> {
        let record_bytes_max = self.options.limits.record_bytes_max;
        let forced = match self.summary.format {
            FileFormat::Text => self.options.mapping.encoding,
            FileFormat::Workbook => Some(Encoding::Utf8),
        };
        let scanned = scan(file, delimiter, record_bytes_max, forced, &mut self.go_on())?;
        self.summary.encoding = Some(scanned.decoder.encoding);
        self.summary.repair = scanned.decoder.repair;
        Ok(scanned)
    }

    fn understand(
        &mut self,
        file: TextFile,
        scanned: Scanned,
        separation: Separation,
        sheet: Option<SheetText>,
        unpacked: Unpacked,
    ) -> Result<Table, End> {
        self.summary.delimiter = separation.delimiter.map(char::from);
        let delimiter = separation.delimiter.unwrap_or(UNUSED);
        let text = file.open()?.with_line_ends(scanned.line_ends);
        let records = first_records(Rows::new(text, delimiter))?;
        let width = sheet.as_ref().map_or(0, |sheet| sheet.width);
        let (head, layout) = self.read_header(records, separation, scanned, width)?;
        Ok(Table {
            file,
            scanned,
            delimiter,
            head,
            layout,
            sheet,
            _unpacked: unpacked,
        })
    }

    /// `width_min` is how many columns there are even where the header is shorter.
    fn read_header(
        &mut self,
        records: Vec<(Place, ByteRecord)>,
        separation: Separation,
        scanned: Scanned,
        width_min: usize,
    ) -> Result<(Head, Layout), End> {
        let decoder = scanned.decoder;
        let mapping = &self.options.mapping;
        let attributes = &self.options.attributes;
        let head = Head::find(records, separation, decoder, |header| {
            let folded = fold_header(header);
            mapping.assigns(header)
                || attributes.iter().any(|one| one.is_headed(&folded))
                || (self.options.reads_codes && is_code_header(header))
        });
        let mut head = head.ok_or_else(|| Refusal::new(ReasonCode::F101))?;
        let width = width_min.min(self.options.limits.columns_max);
        if head.headers.len() < width {
            head.headers.resize(width, String::new());
        }
        if self.options.reads_codes {
            understand_codes(&mut head, mapping, decoder);
        }
        self.ask_about_unnamed(&head, decoder);
        // Shown even if the columns make no table: then a person maps them.
        self.summary.columns = unread_columns(&head.headers);
        self.show_sample(&head, decoder);
        let mut layout = if self.options.reads_codes {
            Layout::of_codes(head.headers.clone(), self.options)?
        } else {
            Layout::new(head.headers.clone(), self.options)?
        };
        if let Some(kind) = head.headless.as_ref().and_then(|headless| headless.kind) {
            layout.kind = kind;
        }
        let had_ids = layout.external_id.is_some();
        withhold_national_ids(&mut layout, &head);
        if self.options.reads_codes {
            layout.check_codes(had_ids)?;
        }
        self.summary.header_line = if head.headless.is_some() {
            0
        } else {
            head.line
        };
        self.summary.title_rows = head.title_rows as u64;
        self.summary.layout = Some(layout.kind);
        let headers = layout.headers.iter().map(String::as_str);
        self.summary.header_fingerprint = Some(header_fingerprint(headers));
        self.summary.columns = layout.report(&self.options.attributes);
        self.summary.questions.extend(layout.questions());
        self.show_sample(&head, decoder);
        Ok((head, layout))
    }

    fn show_sample(&mut self, head: &Head, decoder: Decoder) {
        let columns = &self.summary.columns;
        let attributes = &self.options.attributes;
        let is_health = |code: &str| {
            let known = attributes.iter().find(|attribute| attribute.code == code);
            known.is_some_and(|attribute| attribute.is_health)
        };
        let shown = |column: usize, cell: &[u8]| match columns.get(column) {
            Some(column)
                if matches!(column.field, Field::Sensitive | Field::NationalId)
                    || column.attribute.as_deref().is_some_and(is_health) =>
            {
                String::new()
            }
            _ => {
                let text = decoder.text(cell);
                if holds_national_id(&text) {
                    String::new()
                } else {
                    text
                }
            }
        };
        let sample = head.rows.iter().take(self.options.limits.sample_rows);
        self.summary.sample = sample
            .map(|(place, record)| SampleRow {
                line: place.line,
                cells: record
                    .iter()
                    .enumerate()
                    .map(|(column, cell)| shown(column, cell))
                    .collect(),
            })
            .collect();
    }

    /// One question for each column without a header that nobody has answered.
    fn ask_about_unnamed(&mut self, head: &Head, decoder: Decoder) {
        let Some(headless) = &head.headless else {
            return;
        };
        for (column, guess) in headless.columns.iter().enumerate() {
            let header = column_name(column);
            if *guess != Guess::Asked || self.options.mapping.assigns(&header) {
                continue;
            }
            let cells = head
                .rows
                .iter()
                .filter_map(|(_, record)| record.get(column));
            let example = cells
                .filter(|cell| !cell.trim_ascii().is_empty() && !is_national_id(cell.trim_ascii()))
                .map(|cell| decoder.text(cell))
                .next();
            self.summary.questions.push(Question::UnnamedColumn {
                header,
                example: example.unwrap_or_default(),
            });
        }
    }
}

/// Remarks on the file and its columns: W104, W106, W107, W108, W405.
pub(super) fn note_columns(table: &Table, tally: &mut Tally) {
    let line = table.head.line;
    for _ in 0..table.head.repaired_headers {
        tally.note(ReasonCode::W104, line);
    }
    for _ in 0..table.head.title_rows {
        tally.note(ReasonCode::W107, line);
    }
    for (meaning, header) in table.layout.meanings.iter().zip(&table.layout.headers) {
        let told = || vec![("header".to_owned(), header.clone())];
        match meaning.field {
            Field::Ignored => tally.note_with(ReasonCode::W108, line, told),
            Field::Sensitive => tally.note_with(ReasonCode::W405, line, told),
            _ => {}
        }
    }
    if let Some(sheet) = &table.sheet {
        let hidden = &sheet.hidden;
        let rest = hidden.first_rows.last().copied().unwrap_or(line);
        for number in 0..usize::try_from(hidden.rows).unwrap_or(usize::MAX) {
            let row = hidden.first_rows.get(number).copied().unwrap_or(rest);
            tally.note(ReasonCode::W106, row);
        }
        for _ in 0..hidden.columns {
            tally.note(ReasonCode::W106, line);
        }
    }
}

/// Columns of which nothing is known but their headers.
fn unread_columns(headers: &[String]) -> Vec<ColumnReport> {
    let told = headers.iter().map(|header| {
        let meaning = recognise(header);
        ColumnReport {
            header: header.clone(),
            field: meaning
                .as_ref()
                .map_or(Field::Ignored, |meaning| meaning.field),
            channel: meaning.and_then(|meaning| meaning.channel),
            imported: false,
            attribute: None,
            unread: UnreadValues::default(),
            date_order: None,
            polarity: None,
        }
    });
    told.collect()
}

/// A word with letters beyond ASCII, as it reads in each coding that may be meant.
fn encoding_question(head: &[u8]) -> Option<Question> {
    const WORD_BYTES_MAX: usize = 40;
    let word = head
        .split(|byte| {
            matches!(
                byte,
                b';' | b',' | b'\t' | b'|' | b'~' | b'\n' | b'\r' | b'"'
            )
        })
        .find(|word| !word.is_ascii())?;
    let word = &word[..word.len().min(WORD_BYTES_MAX)];
    let reading = |&encoding: &Encoding| {
        Decoder {
            encoding,
            repair: crate::file::Repair::None,
        }
        .text(word)
    };
    Some(Question::Encoding {
        examples: Encoding::CHOICES.iter().map(reading).collect(),
        choices: Encoding::CHOICES.to_vec(),
    })
}

/// A column of national ids is not imported (W405), whatever its header says: the
/// numbers of a firm do not pass the check digits by chance.
fn withhold_national_ids(layout: &mut Layout, head: &Head) {
    for column in 0..layout.headers.len() {
        if layout.can_withhold(column) && holds_national_ids(column, head) {
            layout.withhold(column);
        }
    }
}

fn holds_national_ids(column: usize, head: &Head) -> bool {
    const ENOUGH: usize = 5;
    let filled = head
        .rows
        .iter()
        .filter_map(|(_, record)| record.get(column));
    let filled: Vec<&[u8]> = filled
        .map(<[u8]>::trim_ascii)
        .filter(|cell| !cell.is_empty())
        .collect();
    let national = filled.iter().filter(|cell| is_national_id(cell)).count();
    filled.len() >= ENOUGH && national * 100 >= filled.len() * 95
}
