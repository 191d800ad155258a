//! Writing records: a run for each partition, sorted by address.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread::{self, JoinHandle};

use super::MARK;
use crate::frame::{Encoder, Frame, HEAD_BYTES};
use crate::pair::Pair;

/// Writes records run by run. A run is held in memory until it ends: it is a
/// partition, which is in memory as well.
#[derive(Debug)]
pub(crate) struct RecordWriter {
    out: BufWriter<File>,
    encoder: Encoder,
    run: Run,
    /// Where each run begins, and where the next one would.
    starts: Vec<u64>,
    end: u64,
}

#[derive(Debug, Default)]
struct Run {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// One record of a run.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Of its address.
    key: u64,
    start: usize,
    length: u32,
}

impl Run {
    fn push(&mut self, key: u64, bytes: &[u8]) -> io::Result<()> {
        self.places.push(Place {
            key,
            start: self.bytes.len(),
            length: u32::try_from(bytes.len()).map_err(io::Error::other)?,
        });
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

impl RecordWriter {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(256 << 10, File::create(path)?);
        out.write_all(MARK)?;
        Ok(Self {
            out,
            encoder: Encoder::new(),
            run: Run::default(),
            starts: Vec::new(),
            end: MARK.len() as u64,
        })
    }

    pub(crate) fn write(&mut self, pair: &Pair<'_>) -> io::Result<()> {
        let bytes = self.encoder.encode(pair)?;
        self.run.push(pair.address.key(), bytes)
    }

    /// Writes a pair that is as it was when it was framed.
    pub(crate) fn copy(&mut self, frame: Frame<'_>) -> io::Result<()> {
        self.run.push(frame.key, frame.bytes)
    }

    /// Ends a run. Records of one address keep the order in which they came.
    pub(crate) fn end_run(&mut self) -> io::Result<()> {
        let Run { bytes, places } = &mut self.run;
        if places.is_empty() {
            return Ok(());
        }
        places.sort_by_key(|place| place.key);
        self.starts.push(self.end);
        for place in places.iter() {
            let record = &bytes[place.start..place.start + place.length as usize];
            self.out.write_all(&place.length.to_le_bytes())?;
            self.out.write_all(&place.key.to_le_bytes())?;
            self.out.write_all(record)?;
            self.end += (HEAD_BYTES + record.len()) as u64;
        }
        bytes.clear();
        places.clear();
        Ok(())
    }

    /// Ends the file. It is on its way to the disk then: whoever counts on it
    /// waits until it is there, and has something to do meanwhile.
    pub(crate) fn finish(mut self) -> io::Result<Syncing> {
        self.end_run()?;
        for start in &self.starts {
            self.out.write_all(&start.to_le_bytes())?;
        }
        let runs = self.starts.len() as u64;
        self.out.write_all(&runs.to_le_bytes())?;
        self.out.write_all(&self.end.to_le_bytes())?;
        let file = self.out.into_inner()?;
        Ok(Syncing(thread::spawn(move || file.sync_data())))
    }
}

/// A file on its way to the disk.
#[derive(Debug)]
#[must_use = "the file may not be on the disk yet"]
pub(crate) struct Syncing(JoinHandle<io::Result<()>>);

impl Syncing {
    /// Waits until the file is on the disk.
    pub(crate) fn wait(self) -> io::Result<()> {
        self.0
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
