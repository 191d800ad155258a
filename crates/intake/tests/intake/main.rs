//! Intake from outside: files in, verdicts, records and rejections out.

mod desk;
mod files;
mod generated;
mod layouts;
mod lines;
mod memory;
mod merging;
mod properties;
mod record;
mod report;
mod vectors;
