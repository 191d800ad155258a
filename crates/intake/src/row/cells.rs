//! The cells of one record as text.
//!
//! Most cells of a file are plain letters and digits, so a record is looked at
//! once as a whole: what stands before its first and behind its last foreign
//! letter is text already, and only the cells between are decoded one by one.

use csv::ByteRecord;

use crate::file::encoding::{Decoder, Encoding, Repair};

/// One record, cell by cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'r> {
    record: &'r ByteRecord,
    decoder: Decoder,
    /// Text from the beginning of the record.
    head: &'r str,
    /// Text up to its end, and where it begins.
    tail: &'r str,
    tail_start: usize,
}

impl<'r> Cells<'r> {
    pub(super) fn of(record: &'r ByteRecord, decoder: Decoder) -> Self {
        let bytes = record.as_slice();
        let is_plain = decoder.repair == Repair::None && decoder.encoding != Encoding::Windows1254;
        let mut cells = Self {
            record,
            decoder,
            head: "",
            tail: "",
            tail_start: usize::MAX,
        };
        let valid_up_to = match str::from_utf8(bytes) {
            Ok(text) if is_plain || text.is_ascii() => {
                cells.head = text;
                return cells;
            }
            Ok(_) => 0,
            Err(error) => error.valid_up_to(),
        };
        if let Ok(head) = str::from_utf8(&bytes[..valid_up_to])
            && head.is_ascii()
        {
            cells.head = head;
        }
        let tail_start = ascii_tail(bytes);
        if let Ok(tail) = str::from_utf8(&bytes[tail_start..]) {
            cells.tail = tail;
            cells.tail_start = tail_start;
        }
        cells
    }

    /// The bytes of a cell; none where the column does not exist.
    pub(super) fn raw(self, column: Option<usize>) -> &'r [u8] {
        column
            .and_then(|column| self.record.get(column))
            .unwrap_or_default()
    }

    /// A cell as text, and whether garbled letters in it were repaired.
    pub(super) fn text<'a>(self, column: Option<usize>, scratch: &'a mut String) -> (&'a str, bool)
    where
        'r: 'a,
    {
        let Some(range) = column.and_then(|column| self.record.range(column)) else {
            return ("", false);
        };
        if let Some(text) = self.head.get(range.clone()) {
            return (text, false);
        }
        if range.start >= self.tail_start
            && let Some(text) = self
                .tail
                .get(range.start - self.tail_start..range.end - self.tail_start)
        {
            return (text, false);
        }
        self.decoder.decode(&self.record.as_slice()[range], scratch)
    }
}

/// Where the plain letters at the end of these bytes begin.
fn ascii_tail(bytes: &[u8]) -> usize {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let words = bytes.rchunks_exact(8);
    let plain = words
        .take_while(|word| {
            let word = <[u8; 8]>::try_from(*word).map_or(HIGH_BITS, u64::from_le_bytes);
            word & HIGH_BITS == 0
        })
        .count();
    let rest = &bytes[..bytes.len() - 8 * plain];
    rest.iter()
        .rposition(|byte| !byte.is_ascii())
        .map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_cell_reads_as_it_does_alone(
            cells in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![3 => 0x20_u8..0x7f, 1 => any::<u8>()], 0..12),
                0..8,
            ),
            words in proptest::collection::vec("[a-zçğıöşüÇĞİÖŞÜ“Ýþ 0-9]{0,12}", 0..6),
        ) {
            let texts = words.iter().map(|word| word.as_bytes().to_vec());
            let record: ByteRecord = cells.iter().cloned().chain(texts).collect();
            for encoding in [Encoding::Utf8, Encoding::Windows1254] {
                for repair in [Repair::None, Repair::IcelandicLetters, Repair::TwiceEncoded] {
                    let decoder = Decoder { encoding, repair };
                    let read = Cells::of(&record, decoder);
                    for (column, cell) in record.iter().enumerate() {
                        let (mut a, mut b) = (String::new(), String::new());
                        let alone = decoder.decode(cell, &mut a);
                        prop_assert_eq!(read.text(Some(column), &mut b), alone);
                        prop_assert_eq!(read.raw(Some(column)), cell);
                    }
                    let mut none = String::new();
                    prop_assert_eq!(read.text(Some(record.len()), &mut none), ("", false));
                    prop_assert_eq!(read.text(None, &mut none), ("", false));
                }
            }
        }
    }
}
