//! Sorting more drafts than fit in memory: sorted runs on disk, then one merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::{Draft, write_frame};
use crate::spill::{TempFile, damaged};

/// Collects drafts and gives them back ascending by line; drafts of one line
/// keep the order in which they came.
#[derive(Debug)]
pub(crate) struct Sorter {
    file: TempFile,
    file_bytes: u64,
    runs: Vec<Run>,
    held: Vec<Draft>,
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

impl Sorter {
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

    pub(crate) fn push(&mut self, draft: Draft) -> io::Result<()> {
        self.held_bytes += weight(&draft);
        self.held.push(draft);
        if self.held_bytes >= self.held_bytes_max {
            self.write_run()?;
        }
        Ok(())
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.held.sort_by_key(|draft| draft.place.line);
        let mut run = Vec::with_capacity(self.held_bytes);
        for draft in self.held.drain(..) {
            write_frame(&mut run, &draft)?;
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

    /// Gives every draft to `take`, ascending by line.
    pub(crate) fn drain_sorted(
        mut self,
        mut take: impl FnMut(Draft) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.runs.is_empty() {
            self.held.sort_by_key(|draft| draft.place.line);
            return self.held.into_iter().try_for_each(take);
        }
        self.write_run()?;
        let file = &mut self.file.handle;
        let mut sources: Vec<RunReader> =
            self.runs.iter().map(|run| RunReader::new(*run)).collect();
        let mut heads: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let mut next: Vec<Option<Draft>> = Vec::with_capacity(sources.len());
        for (number, source) in sources.iter_mut().enumerate() {
            let draft = source.read(file)?;
            heads.extend(
                draft
                    .iter()
                    .map(|draft| Reverse((draft.place.line, number))),
            );
            next.push(draft);
        }
        while let Some(Reverse((_, number))) = heads.pop() {
            let following = sources[number].read(file)?;
            heads.extend(
                following
                    .iter()
                    .map(|draft| Reverse((draft.place.line, number))),
            );
            if let Some(draft) = std::mem::replace(&mut next[number], following) {
                take(draft)?;
            }
        }
        Ok(())
    }
}

/// About the memory a draft takes.
fn weight(draft: &Draft) -> usize {
    let args: usize = draft
        .args
        .iter()
        .map(|(name, value)| name.len() + value.len() + 48)
        .sum();
    size_of::<Draft>() + draft.value.len() + args
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

    fn read(&mut self, file: &mut File) -> io::Result<Option<Draft>> {
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
