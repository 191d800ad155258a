//! Twilio, API of 2010-04-01.
//!
//! One message a request. It carries no id of ours, but the address that it
//! calls back does: our message reference stands in its query, under the
//! signature. A request whose answer never came cannot be asked about by a key.

mod account;
mod config;
mod encode;
mod lookup;
mod receipts;
mod send;
mod signature;

pub(crate) use account::Twilio;
pub(crate) use config::KIND;
