//! What the repository promises about itself, one file for each subject.

pub mod arrows;
pub mod documents;
pub mod migrations;
pub mod registries;
pub mod source;

mod finding;

pub use finding::{Finding, assert_none};
