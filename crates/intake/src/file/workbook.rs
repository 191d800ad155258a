//! Workbooks (`.xlsx`, `.xlsm`): the chosen sheet is turned into a text of
//! semicolons in a work file, a line for each of its rows, and goes the way of
//! every text from there. So line numbers are the row numbers that the
//! spreadsheet shows, and memory holds one row at a time.
//!
//! Values are read as they are stored, never as they are shown: a phone that
//! appears as `9,05321E+11` is whole. Nothing is calculated.

mod number;
mod outline;
mod sheet;
mod strings;
mod styles;
mod xml;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use domain::ReasonCode;
use domain::fold_text::fold_header;
use zip::ZipArchive;

use self::outline::{Outline, Relation, Sheet, of_kind, part_of, read_relations};
use self::sheet::{Legend, SheetReader, SheetRow};
use self::strings::SharedStrings;
use self::styles::read_styles;
use self::xml::Xml;
use super::kind;
use super::packing::{Budget, broken, open_archive};
use super::scan::ScanEnd;
use crate::options::Limits;
use crate::spill::TempFile;
use crate::table::header::COUNT_COLUMNS;
use crate::verdict::Refusal;

/// Bytes of a cell that are kept; a sheet's cell holds 32,767 characters.
const CELL_BYTES_MAX: usize = 128 << 10;

/// Columns of a sheet.
const COLUMNS_MAX: usize = 16_384;

/// Rows of a sheet.
const ROWS_MAX: u64 = 1_048_576;

/// Rows or texts between two looks at whether to go on.
const ROWS_PER_LOOK: usize = 4_096;

/// Separates the cells of the text that a sheet is turned into.
pub(crate) const DELIMITER: u8 = b';';

/// A sheet as a text of semicolons.
#[derive(Debug)]
pub(crate) struct SheetText {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) name: String,
    /// The most cells of a row.
    pub(crate) width: usize,
    pub(crate) hidden: Hidden,
    _work: TempFile,
}

/// Rows and columns that are not seen and are read all the same (W106).
#[derive(Debug, Default)]
pub(crate) struct Hidden {
    pub(crate) rows: u64,
    /// The first of those rows.
    pub(crate) first_rows: Vec<u64>,
    pub(crate) columns: u64,
}

/// Why no sheet was read.
#[derive(Debug)]
pub(crate) enum NoSheet {
    /// Several sheets hold something, and nobody chose (F119).
    Unchosen(Vec<String>),
    Ended(ScanEnd),
}

impl<E: Into<ScanEnd>> From<E> for NoSheet {
    fn from(end: E) -> Self {
        Self::Ended(end.into())
    }
}

/// Reads the sheet called `chosen`, or the only one that holds anything.
pub(crate) fn read(
    path: &Path,
    file_bytes: u64,
    chosen: Option<&str>,
    work_dir: &Path,
    limits: &Limits,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<SheetText, NoSheet> {
    let budget = Budget::new(file_bytes, limits);
    let mut book = Book::open(path, &budget, limits)?;
    let mut legend = book.legend(work_dir.join("strings.work"), limits, go_on)?;
    let (sheet, part) = book.choose(chosen, &mut legend)?;
    let work_path = work_dir.join("sheet.work");
    let work = TempFile::create(work_path.clone())?;
    let mut writer = SheetWriter::new(work.handle.try_clone()?);
    let xml = book.xml(&part)?;
    let mut rows = SheetReader::new(xml, &mut legend);
    let mut seen = 0_usize;
    while let Some(row) = rows.read()? {
        writer.write(&row)?;
        seen += 1;
        if seen.is_multiple_of(ROWS_PER_LOOK) && !go_on() {
            return Err(ScanEnd::Cancelled.into());
        }
    }
    let ranges = std::mem::take(&mut rows.hidden_columns);
    let width = writer.width;
    let is_hidden = |column: &usize| ranges.iter().any(|(a, b)| (a..=b).contains(&column));
    writer.hidden.columns = (0..width).filter(is_hidden).count() as u64;
    writer.out.flush()?;
    Ok(SheetText {
        path: work_path,
        bytes: work.handle.metadata()?.len(),
        name: sheet.name,
        width,
        hidden: writer.hidden,
        _work: work,
    })
}

/// An open workbook.
struct Book<'b> {
    archive: ZipArchive<BufReader<File>>,
    budget: &'b Budget,
    outline: Outline,
    relations: Vec<Relation>,
}

impl<'b> Book<'b> {
    fn open(path: &Path, budget: &'b Budget, limits: &Limits) -> Result<Self, ScanEnd> {
        let mut archive = open_archive(path, limits)?;
        let relations = read_relations(part(&mut archive, "_rels/.rels", budget)?, "")?;
        let main = of_kind(&relations, "officeDocument")
            .unwrap_or("xl/workbook.xml")
            .to_owned();
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
        let outline = Outline::read(part(&mut archive, &main, budget)?)?;
        let of_main = format!("{folder}/_rels/{name}.rels");
        let relations = read_relations(
            part(&mut archive, of_main.trim_start_matches('/'), budget)?,
            folder,
        )?;
        Ok(Self {
            archive,
            budget,
            outline,
            relations,
        })
    }

    fn xml(&mut self, name: &str) -> Result<Xml<'b, impl Read + use<'_, 'b>>, ScanEnd> {
        part(&mut self.archive, name, self.budget)
    }

    /// Shared texts and styles; a workbook may have neither.
    fn legend(
        &mut self,
        strings_path: PathBuf,
        limits: &Limits,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Legend, ScanEnd> {
        let strings = of_kind(&self.relations, "sharedStrings").map(str::to_owned);
        let styles = of_kind(&self.relations, "styles").map(str::to_owned);
        Ok(Legend {
            strings: match strings {
                Some(name) => SharedStrings::read(self.xml(&name)?, strings_path, limits, go_on)?,
                None => SharedStrings::none(strings_path)?,
            },
            styles: match styles {
                Some(name) => read_styles(self.xml(&name)?)?,
                None => Vec::new(),
            },
            counts_from_1904: self.outline.counts_from_1904,
        })
    }

    /// The sheet to read and its part.
    fn choose(
        &mut self,
        chosen: Option<&str>,
        legend: &mut Legend,
    ) -> Result<(Sheet, String), NoSheet> {
        let sheets = std::mem::take(&mut self.outline.sheets);
        if let Some(name) = chosen {
            let wanted = fold_header(name);
            let found = sheets
                .iter()
                .find(|sheet| fold_header(&sheet.name) == wanted);
            if let Some(sheet) = found
                && let Some(part) = part_of(sheet, &self.relations)
            {
                return Ok((sheet.clone(), part.to_owned()));
            }
        }
        let mut filled = Vec::new();
        for sheet in sheets.into_iter().filter(|sheet| !sheet.is_hidden) {
            let Some(part) = part_of(&sheet, &self.relations).map(str::to_owned) else {
                continue;
            };
            let mut rows = SheetReader::new(self.xml(&part)?, legend);
            let first = rows.read()?;
            if first.is_some_and(|row| !is_count_of_reasons(row.cells)) {
                filled.push((sheet, part));
            }
        }
        if filled.len() > 1 || (chosen.is_some() && !filled.is_empty()) {
            let names = filled.into_iter().map(|(sheet, _)| sheet.name);
            return Err(NoSheet::Unchosen(names.collect()));
        }
        filled
            .pop()
            .ok_or_else(|| Refusal::new(ReasonCode::F101).into())
    }
}

/// The sheet of our own rejection report that counts the reasons.
fn is_count_of_reasons(cells: &[String]) -> bool {
    let theirs = cells.iter().map(|cell| fold_header(cell));
    theirs.eq(COUNT_COLUMNS.iter().map(|name| fold_header(name)))
}

/// A part by its name; writers do not agree on upper and lower case.
fn part<'a, 'b>(
    archive: &'a mut ZipArchive<BufReader<File>>,
    name: &str,
    budget: &'b Budget,
) -> Result<Xml<'b, impl Read + use<'a>>, ScanEnd> {
    let lost = || Refusal::unsupported(kind::BROKEN_WORKBOOK);
    let index = if let Some(index) = archive.index_for_name(name) {
        index
    } else {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        let found = (0..archive.len()).find(|&index| {
            let known = archive.by_index_raw(index).ok();
            known.is_some_and(|part| part.name().is_ok_and(|known| same(&known)))
        });
        found.ok_or_else(lost)?
    };
    Ok(Xml::new(archive.by_index(index).map_err(broken)?, budget))
}

/// Writes rows as lines.
struct SheetWriter {
    out: BufWriter<File>,
    /// Lines written so far.
    lines: u64,
    width: usize,
    hidden: Hidden,
}

impl SheetWriter {
    /// Hidden rows that are named.
    const FIRST_ROWS: usize = 5;

    fn new(file: File) -> Self {
        Self {
            out: BufWriter::with_capacity(256 << 10, file),
            lines: 0,
            width: 0,
            hidden: Hidden::default(),
        }
    }

    fn write(&mut self, row: &SheetRow<'_>) -> std::io::Result<()> {
        // Empty rows are empty lines: the numbers of those below stay right.
        while self.lines + 1 < row.number {
            self.out.write_all(b"\n")?;
            self.lines += 1;
        }
        for (column, cell) in row.cells.iter().enumerate() {
            if column > 0 {
                self.out.write_all(&[DELIMITER])?;
            }
            self.write_cell(cell)?;
        }
        self.out.write_all(b"\n")?;
        self.lines += 1;
        self.width = self.width.max(row.cells.len());
        if row.is_hidden {
            self.hidden.rows += 1;
            if self.hidden.first_rows.len() < Self::FIRST_ROWS {
                self.hidden.first_rows.push(row.number);
            }
        }
        Ok(())
    }

    /// A line break inside a cell becomes a carriage return: it stays one, and
    /// the text still has a line for each row.
    fn write_cell(&mut self, cell: &str) -> std::io::Result<()> {
        let is_plain = |byte: u8| !matches!(byte, b';' | b'"' | b'\n' | b'\r');
        if cell.bytes().all(is_plain) {
            return self.out.write_all(cell.as_bytes());
        }
        let inside = cell
            .replace("\r\n", "\r")
            .replace('\n', "\r")
            .replace('"', "\"\"");
        write!(self.out, "\"{inside}\"")
    }
}
