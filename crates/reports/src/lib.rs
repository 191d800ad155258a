//! Columnar questions over finished extracts, and exports: the only place for
//! data frames.
//!
//! **Never here:** SQL, an import (a data frame cannot report bad rows by
//! line), a decision. Rows come in chunks of at most [`CHUNK_ROWS_MAX`] and
//! leave as bytes or as small tables, so memory does not grow with a campaign.
//!
//! **Start reading** at [`people`]; [`drift`] holds İYS's daily file against
//! what we hold, in parts on disk.
//!
//! **To add an export:** 1. give it a file and a row struct; 2. turn one chunk
//! into one frame; 3. write it through [`people::Export`]'s pattern; 4. test
//! that a spreadsheet opens it as it is.

pub mod drift;
pub mod people;

pub use people::{CHUNK_ROWS_MAX, Export, PersonRow, ReportError, Tally};
