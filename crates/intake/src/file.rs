//! From bytes to records: what kind of file it is, how its letters are coded,
//! and its records with the line numbers an editor shows.

pub(crate) mod ahead;
pub(crate) mod encoding;
pub(crate) mod kind;
pub(crate) mod packing;
pub(crate) mod raw_lines;
pub(crate) mod rows;
pub(crate) mod scan;
pub(crate) mod text;
pub(crate) mod workbook;

pub use encoding::{Encoding, Repair};

/// Bytes read from disk at once.
pub(crate) const CHUNK_BYTES: usize = 128 << 10;
