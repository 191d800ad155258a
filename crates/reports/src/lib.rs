//! Columnar questions over finished extracts, and exports: the only place for
//! data frames.
//!
//! **Never here:** SQL, an import (a data frame cannot report bad rows by
//! line), a decision. Rows come in chunks of at most [`CHUNK_ROWS_MAX`] and
//! leave as bytes or as small tables, so memory does not grow with a campaign.
//!
//! **Start reading** at [`table`]; [`drift`] holds İYS's daily file against
//! what we hold, in parts on disk.
//!
//! **To add an export:** 1. name its columns as [`Heading`]s; 2. turn each row
//! into [`Cell`]s, already masked where the reader may not see everything;
//! 3. write chunks through a [`TableWriter`], which knows the forms; 4. test
//! what stands in it, not how it is written.

pub mod drift;
pub mod table;

pub use table::{CHUNK_ROWS_MAX, Cell, Form, Heading, Kind, ReportError, TableWriter};
