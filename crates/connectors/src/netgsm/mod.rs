//! Netgsm, REST version 2.
//!
//! It knows no id of ours: a request becomes a job, and a report names the job
//! and the number. So a number stands once in a request, receipts are pulled
//! job by job, and a request whose answer never came is looked for among the
//! jobs of that time by its numbers.

mod account;
mod config;
mod encode;
mod lookup;
mod receipts;
mod send;

pub(crate) use account::Netgsm;
pub(crate) use config::KIND;
