//! The bytes of rejected rows, fetched in one pass over the file.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use super::text::{TextFile, TextReader};

/// Cuts ranges out of a text, in ascending order.
#[derive(Debug)]
pub(crate) struct RawLines {
    reader: io::BufReader<TextReader>,
    at: u64,
    last: Range<u64>,
    bytes: Vec<u8>,
}

impl RawLines {
    pub(crate) fn open(file: &TextFile) -> io::Result<Self> {
        Ok(Self {
            reader: io::BufReader::with_capacity(super::CHUNK_BYTES, file.open()?),
            at: 0,
            last: 0..0,
            bytes: Vec::new(),
        })
    }

    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let available = self.reader.fill_buf()?.len();
            if available == 0 {
                break;
            }
            let step = usize::try_from(count).unwrap_or(available).min(available);
            self.reader.consume(step);
            count -= step as u64;
        }
        Ok(())
    }

    /// The bytes of this range without their line end. Asking for the range of
    /// the call before again is allowed; going back further is not.
    pub(crate) fn fetch(&mut self, range: &Range<u64>) -> io::Result<&[u8]> {
        if *range != self.last {
            self.skip(range.start.saturating_sub(self.at))?;
            self.bytes.clear();
            let wanted = range.end.saturating_sub(range.start);
            (&mut self.reader)
                .take(wanted)
                .read_to_end(&mut self.bytes)?;
            self.at = range.end;
            self.last = range.clone();
            let kept = self.bytes.trim_ascii_end().len();
            let line_end = self.bytes[kept..]
                .iter()
                .position(|b| matches!(b, b'\r' | b'\n'));
            if let Some(line_end) = line_end {
                self.bytes.truncate(kept + line_end);
            }
        }
        Ok(&self.bytes)
    }
}
