//! SMPP 3.4, for an operator's or an aggregator's own gateway (SMSC).
//!
//! One request is one message to one person, written as one `submit_sm` for each
//! of its parts; the parts go out one after the other, so that a refusal of the
//! first means that nothing was sent. Sessions are our own instead of a library's
//! for the reason that those of `smtp` are: only so is it known at each break
//! whether a message had left.
//!
//! Receipts and replies come over the session. They are confirmed to the gateway
//! only after the engine has kept them: see [`Connector::hear`](crate::Connector::hear).

mod account;
mod alphabet;
mod config;
mod ear;
mod encode;
mod link;
mod parts;
mod pdu;
mod read;
mod session;
mod statuses;
mod tlv;

pub(crate) use account::Smpp;
pub(crate) use config::KIND;
