//! Partitions loaded and sorted by a thread of their own, one ahead of whoever
//! merges them.

use std::io;
use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

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

/// Loads every partition in its order, those within `bytes_max` as a whole. The
/// thread ends with them, at a fault, or when the receiver is dropped.
pub(crate) fn load_ahead<'scope>(
    scope: &'scope Scope<'scope, '_>,
    pairs: &'scope Spill,
    bytes_max: usize,
) -> Receiver<io::Result<Loaded>> {
    // Handed over, not queued: one is merged while the next is loaded.
    let (into_loaded, loaded) = sync_channel(0);
    scope.spawn(move || {
        for partition in 0..pairs.len() {
            let load = if pairs.bytes(partition) <= bytes_max {
                pairs
                    .read_whole(partition)
                    .and_then(Sorted::new)
                    .map(Loaded::Whole)
            } else {
                Ok(Loaded::TooLarge)
            };
            let has_failed = load.is_err();
            if into_loaded.send(load).is_err() || has_failed {
                return;
            }
        }
    });
    loaded
}
