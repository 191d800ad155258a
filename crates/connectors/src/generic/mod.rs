//! Providers that a data file describes: request, credentials, numbers, answer,
//! codes, receipts and balance. `mobildev`, `figensoft` and `turatel` are such
//! files of ours; the kind `http` takes one from its user.
//!
//! **Start reading** at `description`, the language; `template` writes, `tree`
//! reads JSON and XML alike.

mod account;
mod config;
mod description;
mod encode;
mod receipts;
mod send;
mod template;
mod tree;

pub(crate) use account::Generic;
pub(crate) use config::kinds;
