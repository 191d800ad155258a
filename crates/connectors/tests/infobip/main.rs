//! The Infobip connector: what it writes, what it makes of every answer, and
//! how it resolves doubt, over real HTTP against a stand-in.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod encode;
mod lookup;
mod receipts;
mod send;
mod stub;
mod support;
