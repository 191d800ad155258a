//! Reading records: the runs merged, so that addresses ascend through the file.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::{FOOT_NUMBER, MARK, Record};
use crate::frame::HEAD_BYTES;
use crate::pair::Pair;
use crate::spill::damaged;

/// Buffers of all runs together.
const BUFFERS_BYTES: usize = 4 << 20;
/// The buffer of one run is never smaller, and never larger than this times 64.
const BUFFER_MIN: usize = 4 << 10;

/// The records of a judged file, ascending by address: phones by their digits,
/// then e-mail addresses. All records of one recipient are adjacent.
///
/// Each item comes with the number of records up to it: whoever commits that
/// number together with what was made of the record can go on there after a
/// crash.
#[derive(Debug)]
pub struct RecordReader {
    file: File,
    runs: Vec<Run>,
    /// The next record of each run that has one. Equal addresses stand in one run.
    heads: BinaryHeap<Reverse<(u64, usize)>>,
    done: u64,
}

/// What is left of a run: a part in memory, the rest on disk.
#[derive(Debug)]
struct Run {
    /// Where the rest begins and ends.
    next: u64,
    end: u64,
    part: Vec<u8>,
    /// How much of the part was taken.
    taken: usize,
    part_bytes: usize,
}

impl RecordReader {
    /// Opens [`Judged::records`](crate::Judged::records) behind as many records
    /// as an item said, or at 0.
    ///
    /// # Errors
    /// When the file cannot be read or is no records file.
    pub fn open(path: &Path, done: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let runs = runs_of(&mut file)?;
        let mut reader = Self {
            file,
            heads: BinaryHeap::with_capacity(runs.len()),
            runs,
            done: 0,
        };
        for run in 0..reader.runs.len() {
            reader.show(run)?;
        }
        while reader.done < done {
            let Some(Reverse((_, run))) = reader.heads.pop() else {
                return Err(damaged("fewer records than were read before"));
            };
            reader.runs[run].take()?;
            reader.done += 1;
            reader.show(run)?;
        }
        Ok(reader)
    }

    /// Puts the next record of a run among the heads.
    fn show(&mut self, run: usize) -> io::Result<()> {
        if let Some(key) = self.runs[run].show(&mut self.file)? {
            self.heads.push(Reverse((key, run)));
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<Option<(Record, u64)>> {
        let Some(Reverse((_, run))) = self.heads.pop() else {
            return Ok(None);
        };
        let pair: Pair<'_> = postcard::from_bytes(self.runs[run].take()?).map_err(damaged)?;
        let record = Record::of(&pair)?;
        self.done += 1;
        self.show(run)?;
        Ok(Some((record, self.done)))
    }
}

impl Iterator for RecordReader {
    type Item = io::Result<(Record, u64)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// The runs of a records file, by what stands at its end.
fn runs_of(file: &mut File) -> io::Result<Vec<Run>> {
    let mut mark = [0; MARK.len()];
    file.read_exact(&mut mark)?;
    if mark != *MARK {
        return Err(damaged("no records file of this version"));
    }
    let size = file.metadata()?.len();
    let short = || damaged("a records file that is cut short");
    let foot = size.checked_sub(2 * FOOT_NUMBER as u64).ok_or_else(short)?;
    file.seek(SeekFrom::Start(foot))?;
    let (count, end) = (number(file)?, number(file)?);
    let starts = count
        .checked_mul(FOOT_NUMBER as u64)
        .and_then(|bytes| foot.checked_sub(bytes))
        .filter(|at| *at == end)
        .ok_or_else(short)?;
    file.seek(SeekFrom::Start(starts))?;
    let starts = (0..count)
        .map(|_| number(file))
        .collect::<io::Result<Vec<u64>>>()?;
    let part_bytes = (BUFFERS_BYTES / starts.len().max(1)).clamp(BUFFER_MIN, 64 * BUFFER_MIN);
    let ends = starts.iter().skip(1).copied().chain([end]);
    let run = |(next, end)| Run {
        next,
        end,
        part: Vec::new(),
        taken: 0,
        part_bytes,
    };
    Ok(starts.iter().copied().zip(ends).map(run).collect())
}

fn number(file: &mut File) -> io::Result<u64> {
    let mut bytes = [0; FOOT_NUMBER];
    file.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

impl Run {
    /// Brings the next record into memory and tells the key of its address;
    /// nothing at the end.
    fn show(&mut self, file: &mut File) -> io::Result<Option<u64>> {
        if self.taken == self.part.len() && self.next == self.end {
            return Ok(None);
        }
        self.hold(file, HEAD_BYTES)?;
        let (length, key) = self.head()?;
        self.hold(file, HEAD_BYTES + length)?;
        Ok(Some(key))
    }

    /// The record that was shown.
    fn take(&mut self) -> io::Result<&[u8]> {
        let (length, _) = self.head()?;
        let start = self.taken + HEAD_BYTES;
        self.taken = start + length;
        self.part
            .get(start..self.taken)
            .ok_or_else(|| damaged("a record"))
    }

    /// The length of the next record and the key of its address.
    fn head(&self) -> io::Result<(usize, u64)> {
        let rest = &self.part[self.taken..];
        let head = rest
            .split_first_chunk::<4>()
            .and_then(|(length, rest)| Some((length, rest.first_chunk::<8>()?)));
        let (length, key) = head.ok_or_else(|| damaged("the head of a record"))?;
        Ok((
            u32::from_le_bytes(*length) as usize,
            u64::from_le_bytes(*key),
        ))
    }

    /// Sees to it that so many bytes are in memory.
    fn hold(&mut self, file: &mut File, bytes: usize) -> io::Result<()> {
        let held = self.part.len() - self.taken;
        if held >= bytes {
            return Ok(());
        }
        self.part.drain(..self.taken);
        self.taken = 0;
        let left = self.end.saturating_sub(self.next);
        let more = ((bytes - held).max(self.part_bytes) as u64).min(left);
        file.seek(SeekFrom::Start(self.next))?;
        let read = file.take(more).read_to_end(&mut self.part)?;
        self.next += read as u64;
        if held + read < bytes {
            return Err(damaged("a record that is cut short"));
        }
        Ok(())
    }
}
