//! Bytes that no program ever wrote, given to every reader of uploaded files.
//!
//! A target is a reader, the committed inputs of `fuzz/corpus/<target>`, and
//! what must hold of whatever it reads: a verdict and never a panic, a hang or a
//! pair without an account. Each run reads the corpus as it is and then changes
//! of it, for as long as `IZINLI_FUZZ_SECONDS` says; see `fuzz/README.md`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that does not find what it put there stops where it stands"
)]

mod changes;
mod desk;
mod runner;
mod targets;
mod workbook;
