//! Brevo, transactional e-mail over its HTTP interface, version 3.
//!
//! One request holds a version of the message for each person. Our message
//! reference goes along as `X-Mailin-custom` and comes back with every event; our
//! key goes along as `idempotencyKey`, so that a request in doubt may be sent again
//! while Brevo remembers it. Spam reports and unsubscriptions are read as refusals.

mod account;
mod config;
mod encode;
mod events;
mod listed;
mod send;

pub(crate) use account::Brevo;
pub(crate) use config::KIND;
