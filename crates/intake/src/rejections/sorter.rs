//! Sorting more than fits in memory by line: sorted runs on disk, then one merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::write_frame;
use crate::spill::{TempFile, damaged};

/// What can be sorted.
pub(crate) trait Sorted: Serialize + DeserializeOwned {
    /// The line it belongs to.
    fn line(&self) -> u64;
    /// About the memory it takes.
    fn weight(&self) -> usize;
}

/// Collects items and gives them back ascending by line; those of one line
/// keep the order in which they came.
#[derive(Debug)]
pub(crate) struct Sorter<T> {
    file: TempFile,
    file_bytes: u64,
    runs: Vec<Run>,
    held: Vec<T>,
    held_bytes: usize,
    held_bytes_max: usize,
}

/// A sorted piece of the file.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: u64,
    bytes: u64,
}

/// Read buffer of one run during the merge.
const RUN_BUFFER_BYTES: u64 = 8 << 10;

impl<T: Sorted> Sorter<T> {
    pub(crate) fn create(path: PathBuf, held_bytes_max: usize) -> io::Result<Self> {
        Ok(Self {
            file: TempFile::create(path)?,
            file_bytes: 0,
            runs: Vec::new(),
            held: Vec::new(),
            held_bytes: 0,
            held_bytes_max,
        })
    }

    pub(crate) fn push(&mut self, item: T) -> io::Result<()> {
        self.held_bytes += item.weight();
        self.held.push(item);
        if self.held_bytes >= self.held_bytes_max {
            self.write_run()?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.held.sort_by_key(Sorted::line);
        let mut run = Vec::with_capacity(self.held_bytes);
        for item in self.held.drain(..) {
            write_frame(&mut run, &item)?;
        }
        self.file.handle.write_all(&run)?;
        self.runs.push(Run {
            start: self.file_bytes,
            bytes: run.len() as u64,
        });
        self.file_bytes += run.len() as u64;
        self.held_bytes = 0;
        Ok(())
    }

    /// Gives every item to `take`, ascending by line.
    pub(crate) fn drain_sorted(
        mut self,
        mut take: impl FnMut(T) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.runs.is_empty() {
            self.held.sort_by_key(Sorted::line);
            return self.held.into_iter().try_for_each(take);
        }
        self.write_run()?;
        let file = &mut self.file.handle;
        let mut sources: Vec<RunReader> =
            self.runs.iter().map(|run| RunReader::new(*run)).collect();
        let mut heads: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let mut next: Vec<Option<T>> = Vec::with_capacity(sources.len());
        for (number, source) in sources.iter_mut().enumerate() {
            let first: Option<T> = source.read(file)?;
            heads.extend(first.iter().map(|item| Reverse((item.line(), number))));
            next.push(first);
        }
        while let Some(Reverse((_, number))) = heads.pop() {
            let following: Option<T> = sources[number].read(file)?;
            heads.extend(following.iter().map(|item| Reverse((item.line(), number))));
            if let Some(item) = std::mem::replace(&mut next[number], following) {
                take(item)?;
            }
        }
        Ok(())
    }
}

/// Reads one run; all of them share the file's one handle.
#[derive(Debug)]
struct RunReader {
    left: Run,
    /// Bytes read and not yet taken.
    buffer: Vec<u8>,
    taken: usize,
}

impl RunReader {
    const fn new(run: Run) -> Self {
        Self {
            left: run,
            buffer: Vec::new(),
            taken: 0,
        }
    }

    fn read<T: Sorted>(&mut self, file: &mut File) -> io::Result<Option<T>> {
        if self.taken == self.buffer.len() && self.left.bytes == 0 {
            return Ok(None);
        }
        let length: [u8; 4] = self.take(file, 4)?.try_into().map_err(damaged)?;
        let frame = self.take(file, u32::from_le_bytes(length) as usize)?;
        postcard::from_bytes(frame).map(Some).map_err(damaged)
    }

    /// The next `count` bytes of the run.
    fn take(&mut self, file: &mut File, count: usize) -> io::Result<&[u8]> {
        let held = self.buffer.len() - self.taken;
        if held < count {
            self.buffer.drain(..self.taken);
            self.taken = 0;
            let missing = (count - held) as u64;
            let wanted = missing.max(RUN_BUFFER_BYTES).min(self.left.bytes);
            file.seek(SeekFrom::Start(self.left.start))?;
            let read = file.take(wanted).read_to_end(&mut self.buffer)? as u64;
            self.left.start += read;
            self.left.bytes -= read;
            if read < missing {
                return Err(damaged("a run of rejections is cut short"));
            }
        }
        let start = self.taken;
        self.taken += count;
        Ok(&self.buffer[start..self.taken])
    }
}

#[cfg(test)]
mod tests {
    use domain::ReasonCode;
    use proptest::prelude::*;

    use super::super::Draft;
    use super::*;
    use crate::field::Field;
    use crate::pair::PlaceOnDisk;

    fn draft(line: u64, start: u64) -> Draft {
        Draft {
            place: PlaceOnDisk {
                line,
                start,
                bytes: 1,
            },
            channel: None,
            field: Field::Phone,
            code: ReasonCode::R202,
            args: vec![("value".to_owned(), "x".to_owned())],
            value: "x".to_owned(),
        }
    }

    proptest! {
        #[test]
        fn drafts_come_out_by_line_and_within_a_line_as_they_came(
            lines in proptest::collection::vec(0_u64..50, 0..200),
            held_bytes_max in 200_usize..5_000,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut sorter = Sorter::create(dir.path().join("r"), held_bytes_max).unwrap();
            let mut expected = Vec::new();
            for (number, line) in lines.iter().enumerate() {
                expected.push((*line, number as u64));
                sorter.push(draft(*line, number as u64)).unwrap();
            }
            expected.sort_unstable();
            let mut sorted = Vec::new();
            sorter.drain_sorted(|draft| {
                sorted.push((draft.place.line, draft.place.start));
                Ok(())
            }).unwrap();
            prop_assert_eq!(sorted, expected);
        }
    }
}
