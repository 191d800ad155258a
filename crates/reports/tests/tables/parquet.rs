//! The file is read back by a reader of its own, which knows the format's
//! definition and nothing of the writer.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;

use reports::{CHUNK_ROWS_MAX, Cell, Form};

use crate::{rows, written};

/// The format's number of 64-bit integers.
const INT64: i64 = 2;

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).expect("a length")
}

/// What Thrift's compact protocol can hold, as far as it is used here.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Yes(bool),
    Number(i64),
    Text(String),
    List(Vec<Value>),
    Struct(BTreeMap<i16, Value>),
}

impl Value {
    fn at(&self, path: &[i16]) -> &Self {
        path.iter().fold(self, |value, step| match value {
            Self::Struct(fields) => &fields[step],
            Self::List(items) => &items[usize::try_from(*step).expect("an index")],
            other => panic!("{other:?} has no parts"),
        })
    }

    fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }

    fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            other => panic!("{other:?} is no list"),
        }
    }
}

struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().expect("a byte");
        self.0 = rest;
        *first
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let (now, rest) = self.0.split_at(count);
        self.0 = rest;
        now.to_vec()
    }

    fn varint(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return number;
            }
        }
        unreachable!("the range has no end")
    }

    fn size(&mut self) -> usize {
        usize::try_from(self.varint()).expect("a size")
    }

    fn zigzag(&mut self) -> i64 {
        let number = self.varint();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    fn value(&mut self, kind: u8) -> Value {
        match kind {
            1 | 2 => Value::Yes(kind == 1),
            4..=6 => Value::Number(self.zigzag()),
            8 => {
                let size = self.size();
                Value::Text(String::from_utf8(self.take(size)).expect("UTF-8"))
            }
            9 => {
                let head = self.byte();
                let count = match head >> 4 {
                    15 => self.size(),
                    few => usize::from(few),
                };
                Value::List((0..count).map(|_| self.value(head & 15)).collect())
            }
            12 => self.fields(),
            other => panic!("type {other}"),
        }
    }

    fn fields(&mut self) -> Value {
        let mut fields = BTreeMap::new();
        let mut number = 0;
        loop {
            let head = self.byte();
            if head == 0 {
                return Value::Struct(fields);
            }
            number = match head >> 4 {
                0 => i16::try_from(self.zigzag()).expect("a field"),
                step => number + i16::from(step),
            };
            let value = self.value(head & 15);
            fields.insert(number, value);
        }
    }
}

fn footer(file: &[u8]) -> Value {
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let end = file.len() - 8;
    let size = u32::from_le_bytes(file[end..end + 4].try_into().expect("four bytes"));
    let from = end - usize::try_from(size).expect("a size");
    let mut bytes = Bytes(&file[from..end]);
    let footer = bytes.fields();
    assert!(bytes.0.is_empty(), "the footer ends where it should");
    footer
}

/// The values of one column, over all groups.
fn column(file: &[u8], number: i16) -> Vec<Cell> {
    let footer = footer(file);
    let mut cells = Vec::new();
    for group in footer.at(&[4]).items() {
        let meta = group.at(&[1, number, 3]);
        let at = usize::try_from(meta.at(&[9]).number()).expect("a place");
        let mut bytes = Bytes(&file[at..]);
        let before = bytes.0.len();
        let header = bytes.fields();
        let head = before - bytes.0.len();
        let packed = usize::try_from(header.at(&[3]).number()).expect("a size");
        assert_eq!(
            meta.at(&[7]).number(),
            i64::try_from(head + packed).expect("a size")
        );
        let mut page = Vec::new();
        GzDecoder::new(&bytes.0[..packed])
            .read_to_end(&mut page)
            .expect("gzip");
        assert_eq!(header.at(&[2]).number(), length(&page));
        assert_eq!(header.at(&[5, 1]).number(), group.at(&[3]).number());
        cells.append(&mut values(
            &page,
            meta.at(&[1]).number(),
            group.at(&[3]).number(),
        ));
    }
    cells
}

fn values(page: &[u8], kind: i64, rows: i64) -> Vec<Cell> {
    let size = u32::from_le_bytes(page[..4].try_into().expect("four bytes"));
    let (levels, data) = page[4..].split_at(usize::try_from(size).expect("a size"));
    let (mut levels, mut data) = (Bytes(levels), Bytes(data));
    let mut cells = Vec::new();
    while !levels.0.is_empty() {
        let run = levels.varint();
        assert_eq!(run & 1, 0, "runs only");
        let is_there = levels.byte() == 1;
        for _ in 0..run >> 1 {
            cells.push(if !is_there {
                Cell::Empty
            } else if kind == INT64 {
                let bytes = data.take(8);
                Cell::Number(i64::from_le_bytes(bytes.try_into().expect("eight bytes")))
            } else {
                let size = data.take(4);
                let size = u32::from_le_bytes(size.try_into().expect("four bytes"));
                let text = data.take(usize::try_from(size).expect("a size"));
                Cell::Text(String::from_utf8(text).expect("UTF-8"))
            });
        }
    }
    assert!(data.0.is_empty(), "no value too many");
    assert_eq!(i64::try_from(cells.len()), Ok(rows));
    cells
}

#[test]
fn what_is_written_reads_back_with_its_types_its_gaps_and_its_notes() {
    let file = written(Form::Parquet, &[&rows()]);
    let footer = footer(&file);
    assert_eq!(footer.at(&[3]).number(), 3);
    let names: Vec<&Value> = footer.at(&[2]).items()[1..]
        .iter()
        .map(|element| element.at(&[4]))
        .collect();
    let expected = ["alici", "adet", "zaman"].map(|name| Value::Text(name.into()));
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
    assert_eq!(
        footer.at(&[2, 3, 10, 8, 1]),
        &Value::Yes(true),
        "instants are UTC"
    );
    assert_eq!(footer.at(&[5, 0, 2]), &Value::Text("Yaz".into()));
    let texts: Vec<Cell> = rows().iter().map(|row| row[0].clone()).collect();
    assert_eq!(column(&file, 0), texts, "no apostrophe: nothing runs here");
    assert_eq!(
        column(&file, 1),
        [Cell::Number(-3), Cell::Empty, Cell::Number(7)]
    );
    let at = match &rows()[0][2] {
        Cell::Time(at) => at.as_micros(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        column(&file, 2),
        [Cell::Number(at), Cell::Empty, Cell::Empty]
    );
}

#[test]
fn rows_leave_in_groups_and_none_is_lost_between_them() {
    let count = CHUNK_ROWS_MAX * 2 + 5;
    let all: Vec<Vec<Cell>> = (0..count)
        .map(|n| {
            let number = i64::try_from(n).expect("small");
            let text = if n % 3 == 0 {
                Cell::Empty
            } else {
                Cell::Text(format!("kişi {n}"))
            };
            vec![text, Cell::Number(number), Cell::Empty]
        })
        .collect();
    let chunks: Vec<&[Vec<Cell>]> = all.chunks(997).collect();
    let file = written(Form::Parquet, &chunks);
    let groups: Vec<i64> = footer(&file)
        .at(&[4])
        .items()
        .iter()
        .map(|group| group.at(&[3]).number())
        .collect();
    assert_eq!(groups, [20_000, 20_000, 5]);
    let expected = |at: usize| all.iter().map(|row| row[at].clone()).collect::<Vec<_>>();
    assert_eq!(column(&file, 0), expected(0));
    assert_eq!(column(&file, 1), expected(1));
    assert_eq!(column(&file, 2), expected(2));
}
