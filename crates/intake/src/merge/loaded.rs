//! A partition as it is loaded and sorted before it is merged.

use std::io;
use std::ops::Range;

use crate::frame::{self, Frame};
use crate::spill::Spill;

/// The pairs of a partition.
#[derive(Debug)]
pub(crate) enum Loaded {
    /// All of them.
    Whole(Sorted),
    /// More than may be held at once: to be read in pieces.
    TooLarge,
}

impl Loaded {
    /// Loads a partition, as a whole when it is within `bytes_max`.
    pub(crate) fn of(pairs: &Spill, partition: usize, bytes_max: usize) -> io::Result<Self> {
        if pairs.bytes(partition) <= bytes_max {
            let bytes = pairs.read_whole(partition)?;
            Sorted::new(bytes).map(Self::Whole)
        } else {
            Ok(Self::TooLarge)
        }
    }
}

/// Framed pairs, and where they stand in order of their keys.
#[derive(Debug)]
pub(crate) struct Sorted {
    bytes: Vec<u8>,
    places: Vec<(u64, Range<usize>)>,
}

impl Sorted {
    /// Sorts framed pairs.
    pub(super) fn new(bytes: Vec<u8>) -> io::Result<Self> {
        let mut places = frame::places(&bytes)?;
        places.sort_unstable_by_key(|(key, _)| *key);
        Ok(Self { bytes, places })
    }

    /// The frames, by key.
    pub(super) fn frames(&self) -> Vec<Frame<'_>> {
        let frame = |(key, place): &(u64, Range<usize>)| Frame {
            key: *key,
            bytes: &self.bytes[place.clone()],
        };
        self.places.iter().map(frame).collect()
    }
}
