//! The table as Parquet: every column optional, pages compressed with gzip (the
//! one codec that every reader has), one group of rows for a chunk.
//!
//! Written here in full: the writer of the frame library comes only together
//! with its streaming engine, planner and SQL, a dozen crates more, which would
//! take a first build past the quarter of an hour it may take. What is needed
//! of the format are its pages and its footer. The footer is Thrift's compact
//! protocol; names in comments are those of the format's definition.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{CHUNK_ROWS_MAX, Cell, Heading, Kind, ReportError};

const MAGIC: &[u8] = b"PAR1";
const CREATED_BY: &str = "izinli";
const INT64: i64 = 2;
const BYTE_ARRAY: i64 = 6;
const OPTIONAL: i64 = 1;
const UTF8: i64 = 0;
const TIMESTAMP_MICROS: i64 = 10;
const PLAIN: i64 = 0;
const RLE: i64 = 3;
const GZIP: i64 = 2;
const DATA_PAGE: i64 = 0;

/// A file under way.
pub(super) struct ParquetTable<W: Write> {
    to: W,
    written: i64,
    headings: Vec<Heading>,
    notes: Vec<(String, String)>,
    waiting: Vec<Vec<Cell>>,
    groups: Vec<Group>,
    rows: i64,
}

/// A group of rows, as the footer tells of it.
struct Group {
    rows: i64,
    columns: Vec<Chunk>,
}

/// Where a column of a group stands.
struct Chunk {
    at: i64,
    /// With its header, before compression.
    plain_bytes: i64,
    /// With its header, as it stands in the file.
    bytes: i64,
}

impl<W: Write> ParquetTable<W> {
    pub(super) fn begin(
        to: W,
        headings: &[Heading],
        notes: &[(String, String)],
    ) -> Result<Self, ReportError> {
        let mut table = Self {
            to,
            written: 0,
            headings: headings.to_vec(),
            notes: notes.to_vec(),
            waiting: Vec::new(),
            groups: Vec::new(),
            rows: 0,
        };
        table.put(MAGIC)?;
        Ok(table)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)?;
        self.written += length(bytes);
        Ok(())
    }

    pub(super) fn write(&mut self, rows: &[Vec<Cell>]) -> Result<(), ReportError> {
        let mut rest = rows;
        while !rest.is_empty() {
            let room = CHUNK_ROWS_MAX - self.waiting.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.waiting.extend_from_slice(now);
            rest = later;
            if self.waiting.len() == CHUNK_ROWS_MAX {
                self.write_group()?;
            }
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ReportError> {
        let rows = std::mem::take(&mut self.waiting);
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let mut columns = Vec::new();
        for (at, heading) in self.headings.clone().into_iter().enumerate() {
            let page = page(heading.kind, rows.iter().map(|row| row.get(at)));
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&page)?;
            let packed = packed.finish()?;
            let header = page_header(count, length(&page), length(&packed));
            columns.push(Chunk {
                at: self.written,
                plain_bytes: length(&header) + length(&page),
                bytes: length(&header) + length(&packed),
            });
            self.put(&header)?;
            self.put(&packed)?;
        }
        self.rows += count;
        self.groups.push(Group {
            rows: count,
            columns,
        });
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ReportError> {
        if !self.waiting.is_empty() {
            self.write_group()?;
        }
        let footer = self.footer();
        let size = u32::try_from(footer.len()).map_err(io::Error::other)?;
        self.put(&footer)?;
        self.put(&size.to_le_bytes())?;
        self.put(MAGIC)?;
        Ok(self.to.flush()?)
    }

    /// FileMetaData.
    fn footer(&self) -> Vec<u8> {
        let mut file = Fields::default();
        file.number(1, INT, 1); // version
        let mut schema = List::of(STRUCT, self.headings.len() + 1);
        let mut root = Fields::default();
        root.text(4, "tablo");
        root.number(5, INT, i64::try_from(self.headings.len()).unwrap_or(0)); // num_children
        schema.push(root);
        for heading in &self.headings {
            schema.push(schema_element(heading));
        }
        file.list(2, schema);
        file.number(3, LONG, self.rows); // num_rows
        let mut groups = List::of(STRUCT, self.groups.len());
        for group in &self.groups {
            groups.push(self.row_group(group));
        }
        file.list(4, groups);
        if !self.notes.is_empty() {
            let mut notes = List::of(STRUCT, self.notes.len());
            for (name, value) in &self.notes {
                let mut note = Fields::default();
                note.text(1, name);
                note.text(2, value);
                notes.push(note);
            }
            file.list(5, notes); // key_value_metadata
        }
        file.text(6, CREATED_BY);
        file.end()
    }

    /// RowGroup.
    fn row_group(&self, group: &Group) -> Fields {
        let mut columns = List::of(STRUCT, group.columns.len());
        for (chunk, heading) in group.columns.iter().zip(&self.headings) {
            let mut encodings = List::of(INT, 2);
            encodings.number(PLAIN);
            encodings.number(RLE);
            let mut path = List::of(BINARY, 1);
            path.text(heading.name);
            let mut meta = Fields::default(); // ColumnMetaData
            meta.number(1, INT, physical(heading.kind));
            meta.list(2, encodings);
            meta.list(3, path);
            meta.number(4, INT, GZIP);
            meta.number(5, LONG, group.rows); // num_values
            meta.number(6, LONG, chunk.plain_bytes);
            meta.number(7, LONG, chunk.bytes);
            meta.number(9, LONG, chunk.at); // data_page_offset
            let mut column = Fields::default(); // ColumnChunk
            column.number(2, LONG, chunk.at); // file_offset
            column.nested(3, meta);
            columns.push(column);
        }
        let mut row_group = Fields::default();
        row_group.list(1, columns);
        let bytes = group.columns.iter().map(|chunk| chunk.plain_bytes).sum();
        row_group.number(2, LONG, bytes); // total_byte_size
        row_group.number(3, LONG, group.rows);
        row_group
    }
}

const fn physical(kind: Kind) -> i64 {
    match kind {
        Kind::Text => BYTE_ARRAY,
        Kind::Number | Kind::Time => INT64,
    }
}

/// SchemaElement of a column.
fn schema_element(heading: &Heading) -> Fields {
    let mut element = Fields::default();
    element.number(1, INT, physical(heading.kind));
    element.number(3, INT, OPTIONAL); // repetition_type
    element.text(4, heading.name);
    let mut logical = Fields::default();
    match heading.kind {
        Kind::Number => return element,
        Kind::Text => {
            element.number(6, INT, UTF8); // converted_type
            logical.nested(1, Fields::default()); // STRING
        }
        Kind::Time => {
            element.number(6, INT, TIMESTAMP_MICROS);
            let mut unit = Fields::default();
            unit.nested(2, Fields::default()); // MICROS
            let mut instant = Fields::default();
            instant.yes(1); // isAdjustedToUTC
            instant.nested(2, unit);
            logical.nested(8, instant); // TIMESTAMP
        }
    }
    element.nested(10, logical); // logicalType
    element
}

/// PageHeader with its DataPageHeader.
fn page_header(values: i64, plain_bytes: i64, packed_bytes: i64) -> Vec<u8> {
    let mut data = Fields::default();
    data.number(1, INT, values);
    data.number(2, INT, PLAIN);
    data.number(3, INT, RLE); // definition levels
    data.number(4, INT, RLE); // repetition levels, of which there are none
    let mut page = Fields::default();
    page.number(1, INT, DATA_PAGE);
    page.number(2, INT, plain_bytes);
    page.number(3, INT, packed_bytes);
    page.nested(5, data);
    page.end()
}

/// A page: which rows have a value, in runs, then the values.
fn page<'c>(kind: Kind, cells: impl Iterator<Item = Option<&'c Cell>>) -> Vec<u8> {
    let mut levels = Vec::new();
    let mut values = Vec::new();
    let mut run = (false, 0_u64);
    for cell in cells {
        let is_there = match (kind, cell) {
            (Kind::Text, Some(Cell::Text(text))) if !text.is_empty() => {
                let size = u32::try_from(text.len()).unwrap_or(u32::MAX);
                values.extend_from_slice(&size.to_le_bytes());
                values.extend_from_slice(text.as_bytes());
                true
            }
            (Kind::Number, Some(Cell::Number(number))) => {
                values.extend_from_slice(&number.to_le_bytes());
                true
            }
            (Kind::Time, Some(Cell::Time(at))) => {
                values.extend_from_slice(&at.as_micros().to_le_bytes());
                true
            }
            _ => false,
        };
        if run.0 != is_there && run.1 > 0 {
            end_run(&mut levels, run);
            run.1 = 0;
        }
        run = (is_there, run.1 + 1);
    }
    end_run(&mut levels, run);
    let size = u32::try_from(levels.len()).unwrap_or(u32::MAX);
    let mut page = size.to_le_bytes().to_vec();
    page.append(&mut levels);
    page.append(&mut values);
    page
}

/// A run of the hybrid encoding: how many, and the level.
fn end_run(levels: &mut Vec<u8>, (is_there, rows): (bool, u64)) {
    varint(levels, rows << 1);
    levels.push(u8::from(is_there));
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

// Types of Thrift's compact protocol.
const TRUE: u8 = 1;
const INT: u8 = 5;
const LONG: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

fn varint(into: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = (number & 0x7f).to_le_bytes();
        number >>= 7;
        if number == 0 {
            into.push(low);
            return;
        }
        into.push(low | 0x80);
    }
}

fn zigzag(into: &mut Vec<u8>, number: i64) {
    varint(into, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn binary(into: &mut Vec<u8>, text: &str) {
    varint(into, u64::try_from(text.len()).unwrap_or(u64::MAX));
    into.extend_from_slice(text.as_bytes());
}

/// The fields of a structure, in the order of their numbers.
#[derive(Default)]
struct Fields {
    bytes: Vec<u8>,
    last: u8,
}

impl Fields {
    /// A field's number is told as the step from the one before; ours are small.
    fn begin(&mut self, number: u8, kind: u8) {
        debug_assert!(number > self.last && number - self.last < 16);
        self.bytes.push((number - self.last) << 4 | kind);
        self.last = number;
    }

    fn number(&mut self, number: u8, kind: u8, value: i64) {
        self.begin(number, kind);
        zigzag(&mut self.bytes, value);
    }

    fn text(&mut self, number: u8, text: &str) {
        self.begin(number, BINARY);
        binary(&mut self.bytes, text);
    }

    fn yes(&mut self, number: u8) {
        self.begin(number, TRUE);
    }

    fn nested(&mut self, number: u8, fields: Self) {
        self.begin(number, STRUCT);
        self.bytes.append(&mut fields.end());
    }

    fn list(&mut self, number: u8, mut list: List) {
        self.begin(number, LIST);
        self.bytes.append(&mut list.bytes);
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

/// A list of so many things of one type.
struct List {
    bytes: Vec<u8>,
}

impl List {
    fn of(kind: u8, count: usize) -> Self {
        let mut bytes = Vec::new();
        match u8::try_from(count) {
            Ok(few @ 0..15) => bytes.push(few << 4 | kind),
            _ => {
                bytes.push(0xf0 | kind);
                varint(&mut bytes, u64::try_from(count).unwrap_or(u64::MAX));
            }
        }
        Self { bytes }
    }

    fn push(&mut self, fields: Fields) {
        self.bytes.append(&mut fields.end());
    }

    fn number(&mut self, number: i64) {
        zigzag(&mut self.bytes, number);
    }

    fn text(&mut self, text: &str) {
        binary(&mut self.bytes, text);
    }
}
