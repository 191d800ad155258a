//! Pairs as bytes: each behind its length and the key of its address, so that they can be sorted
//! and copied without being read.

use std::io;
use std::ops::Range;

use serde::Serialize;

use crate::pair::{Pair, states_refusal};
use crate::spill::damaged;

/// Bytes in front of a pair: its length and its key.
pub(crate) const HEAD_BYTES: usize = 12;

/// Turns pairs into bytes, in one reused buffer.
#[derive(Debug)]
pub(crate) struct Encoder {
    scratch: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self {
            scratch: vec![0; 4 << 10],
        }
    }

    /// The bytes of a pair, or of what is held against it.
    pub(crate) fn encode(&mut self, item: &impl Serialize) -> io::Result<&[u8]> {
        loop {
            match postcard::to_slice(item, &mut self.scratch).map(|used| used.len()) {
                Ok(used) => return Ok(&self.scratch[..used]),
                // A name or tags of a whole cell: rare, so the size is found by trying.
                Err(postcard::Error::SerializeBufferFull) => {
                    let larger = 2 * self.scratch.len();
                    self.scratch.resize(larger, 0);
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

/// Appends a framed pair.
pub(crate) fn append(buffer: &mut Vec<u8>, key: u64, pair: &[u8]) -> io::Result<()> {
    let length = u32::try_from(pair.len()).map_err(io::Error::other)?;
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&key.to_le_bytes());
    buffer.extend_from_slice(pair);
    Ok(())
}

/// A framed pair, not yet read, with the key of its address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) key: u64,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    pub(crate) fn pair(self) -> io::Result<Pair<'a>> {
        postcard::from_bytes(self.bytes).map_err(damaged)
    }

    /// Whether the pair is a refusal, told from its beginning alone.
    pub(crate) fn is_refusal(self) -> io::Result<bool> {
        states_refusal(self.bytes).map_err(damaged)
    }
}

/// The frames of a piece of a partition, in the order they were appended.
pub(crate) fn frames(bytes: &[u8]) -> io::Result<Vec<Frame<'_>>> {
    let frame = |(key, place): (u64, Range<usize>)| Frame {
        key,
        bytes: &bytes[place],
    };
    Ok(places(bytes)?.into_iter().map(frame).collect())
}

/// The key of each framed pair and where its bytes stand, in the order they were
/// appended.
pub(crate) fn places(bytes: &[u8]) -> io::Result<Vec<(u64, Range<usize>)>> {
    let mut places = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at + HEAD_BYTES;
        let head = bytes.get(at..start).ok_or_else(|| damaged("a frame"))?;
        let (length, key) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().map_err(damaged)?) as usize;
        let key = u64::from_le_bytes(key.try_into().map_err(damaged)?);
        at = start + length;
        if at > bytes.len() {
            return Err(damaged("a frame"));
        }
        places.push((key, start..at));
    }
    Ok(places)
}
