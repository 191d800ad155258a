//! Netgsm, REST version 2.
//!
//! It knows no id of ours: a request becomes a job, and a report names the job
//! and the number. So a number stands once in a request, receipts are pulled
//! job by job, and a request whose answer never came cannot be asked about.

mod account;
mod config;
mod encode;
mod receipts;
mod send;

pub(crate) use account::Netgsm;
pub(crate) use config::KIND;
