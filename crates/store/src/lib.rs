//! All SQL, for both databases: one text wherever one text works.
//!
//! **Never here:** a provider, the registry's protocol, HTTP, a decision. The
//! store speaks in operations of the domain, many rows at a time, and returns
//! what it wrote.
//!
//! **Start reading** at [`db`]: [`Store::read`] gives a [`Reader`] (queries),
//! [`Store::write`] a [`Writer`] (one transaction; also a reader). Each noun
//! has a file that adds methods to the two.
//!
//! **To add an operation:** 1. put it in the noun's file, as a method of
//! [`Reader`] when it only reads, of [`Writer`] when it changes something;
//! 2. write one SQL text with `$1` placeholders inside `on!`, and branch on
//! the database only with the reason beside it; 3. check the number of rows a
//! change touched; 4. give it a case in the conformance suite
//! (`tests/conformance.rs`), which runs on both databases.

#[macro_use]
pub mod db;
pub mod error;
pub mod ids;
pub mod secret;
pub mod testing;
pub mod workers;

pub use db::{Reader, Store, StoreOptions, Writer};
pub use error::StoreError;
pub use secret::Keys;
