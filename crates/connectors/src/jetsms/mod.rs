//! JetSMS (Biotekno), REST surface.
//!
//! Our message reference is its `messageid`: people who are refused are named
//! one by one, and a request in doubt is resolved by asking for its messages.
//! It pushes no receipts; they are pulled. The credentials stand in the body:
//! they are put before the stored rest when it leaves.

mod account;
mod config;
mod encode;
mod receipts;
mod send;

pub(crate) use account::Jetsms;
pub(crate) use config::KIND;
