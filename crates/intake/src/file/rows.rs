//! Records with the line numbers an editor shows.

use std::io;
use std::ops::Range;

use csv::ByteRecord;

use super::CHUNK_BYTES;
use super::text::{Run, TextReader};

/// Where a record stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Line of its first character, from 1, as an editor shows it.
    pub(crate) line: u64,
    /// Offset of its first byte in the text.
    pub(crate) start: u64,
    /// Its bytes, line end included or not.
    pub(crate) bytes: u64,
}

impl Place {
    /// Stands where no record was read yet.
    pub(super) const NONE: Self = Self {
        line: 0,
        start: 0,
        bytes: 0,
    };

    pub(crate) fn range(self) -> Range<u64> {
        self.start..self.start + self.bytes
    }
}

/// The records of a text, one after the other, in one reused buffer.
///
/// Blank lines are skipped and counted. A record may have any number of
/// fields; whether that is right is judged later.
#[derive(Debug)]
pub(crate) struct Rows {
    reader: csv::Reader<TextReader>,
    record: ByteRecord,
    /// Line ends seen before the next record.
    before_next: Run,
}

impl Rows {
    pub(crate) fn new(text: TextReader, delimiter: u8) -> Self {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(CHUNK_BYTES)
            .from_reader(text);
        Self {
            reader,
            record: ByteRecord::new(),
            before_next: Run::default(),
        }
    }

    /// Reads the next record; `None` at the end.
    pub(crate) fn read(&mut self) -> io::Result<Option<(Place, &ByteRecord)>> {
        let mut record = std::mem::take(&mut self.record);
        let read = self.read_into(&mut record);
        self.record = record;
        Ok(read?.map(|place| (place, &self.record)))
    }

    /// Reads the next record into `record`; `None` at the end.
    pub(super) fn read_into(&mut self, record: &mut ByteRecord) -> io::Result<Option<Place>> {
        if !self.reader.read_byte_record(record)? {
            return Ok(None);
        }
        let (from_byte, from_line) = record
            .position()
            .map_or((0, 1), |position| (position.byte(), position.line()));
        let before = self.before_next;
        let rest = self.reader.get_mut().rest_of_run();
        let end = self.reader.position().byte();
        let start = from_byte + before.bytes + rest.bytes;
        let place = Place {
            line: from_line + before.lines + rest.lines,
            start,
            bytes: end.saturating_sub(start),
        };
        self.before_next = self.reader.get_mut().run_at(end);
        Ok(Some(place))
    }

    /// Bytes of the text consumed so far.
    pub(crate) fn offset(&self) -> u64 {
        self.reader.position().byte()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::text::{LineEnds, TextFile};

    /// `line:first field` of every record, and the text each place cuts out.
    fn records(text: &str, line_ends: LineEnds) -> Vec<(u64, String, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file.csv");
        std::fs::write(&path, text).unwrap();
        let file = TextFile::inspect(&path, text.len() as u64, None).unwrap();
        let mut rows = Rows::new(file.open().unwrap().with_line_ends(line_ends), b';');
        let mut all = Vec::new();
        while let Some((place, record)) = rows.read().unwrap() {
            let range = place.range();
            let cut =
                &text[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
            let first = String::from_utf8(record[0].to_vec()).unwrap();
            all.push((place.line, first, cut.trim_end().to_owned()));
        }
        all
    }

    fn lines(text: &str) -> Vec<(u64, String)> {
        records(text, LineEnds::AsTheyAre)
            .into_iter()
            .map(|(line, first, _)| (line, first))
            .collect()
    }

    fn expected(rows: &[(u64, &str)]) -> Vec<(u64, String)> {
        rows.iter()
            .map(|(line, first)| (*line, (*first).to_owned()))
            .collect()
    }

    #[test]
    fn lines_are_those_of_an_editor_for_every_kind_of_line_end() {
        let want = expected(&[(1, "a"), (2, "b"), (3, "c"), (4, "d")]);
        assert_eq!(lines("a;1\nb;2\nc;3\nd;4\n"), want);
        assert_eq!(lines("a;1\r\nb;2\r\nc;3\r\nd;4\r\n"), want);
        assert_eq!(lines("a;1\r\nb;2\nc;3\r\nd;4"), want);
        let mac: Vec<_> = records("a;1\rb;2\rc;3\rd;4", LineEnds::LoneCr)
            .into_iter()
            .map(|(line, first, _)| (line, first))
            .collect();
        assert_eq!(mac, want);
    }

    #[test]
    fn blank_lines_and_quoted_line_breaks_move_the_numbers_that_follow() {
        let want = expected(&[(1, "a"), (4, "b\nb"), (6, "c"), (7, "d")]);
        assert_eq!(lines("a;1\n\n\n\"b\nb\";2\nc;3\nd;4\n"), want);
        let crlf = expected(&[(1, "a"), (4, "b\r\nb"), (6, "c"), (7, "d")]);
        assert_eq!(lines("a;1\r\n\r\n\r\n\"b\r\nb\";2\r\nc;3\r\nd;4\r\n"), crlf);
        assert_eq!(lines("\r\n\r\na;1\r\n"), expected(&[(3, "a")]));
    }

    #[test]
    fn line_numbers_hold_across_the_pieces_a_file_is_read_in() {
        for line_end in ["\n", "\r\n"] {
            for length in [61, 62, 63, 64, 65] {
                let row = format!("{}{line_end}", "x".repeat(length));
                let count = 3 * CHUNK_BYTES / row.len();
                let blank_then_row = format!("{line_end}{row}");
                let text = blank_then_row.repeat(count);
                for (i, (line, _, cut)) in records(&text, LineEnds::AsTheyAre).iter().enumerate() {
                    assert_eq!(*line, 2 * (i as u64 + 1));
                    assert_eq!(cut.len(), length);
                }
            }
        }
    }

    #[test]
    fn a_place_cuts_out_the_record_as_it_was_written() {
        let text = "a;1\r\n\r\n\"b\r\n;b\";2\r\n c ;3";
        let cuts: Vec<String> = records(text, LineEnds::AsTheyAre)
            .into_iter()
            .map(|(_, _, cut)| cut)
            .collect();
        assert_eq!(cuts, ["a;1", "\"b\r\n;b\";2", " c ;3"]);
    }
}
