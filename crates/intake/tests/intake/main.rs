//! Intake from outside: files in, verdicts, records and rejections out.

#![expect(
    clippy::unwrap_used,
    reason = "a test that does not find what it put there stops where it stands"
)]
#![expect(
    clippy::format_collect,
    reason = "files are put together from lines; nobody waits for it"
)]

mod all_vectors;
mod attributes;
mod codes;
mod desk;
mod examples;
mod files;
mod fixtures;
mod generated;
mod layouts;
mod lines;
mod memory;
mod merging;
mod promotions;
mod properties;
mod questions;
mod record;
mod report;
mod standing;
mod traces;
mod vectors;
mod workbooks;
