//! Verimor, version 2.
//!
//! Our key is its `custom_id`, our message reference the `id` of each number:
//! receipts find their message, and a request in doubt is asked for by its key.
//! The credentials stand in the body: they are put before the stored rest when
//! it leaves.

mod account;
mod config;
mod encode;
mod receipts;
mod send;

pub(crate) use account::Verimor;
pub(crate) use config::KIND;
