//! İletimerkezi, version 1.
//!
//! A request becomes an order; receipts name the order and the number. The
//! credentials stand in the body: they are put around the stored order when it
//! leaves, so that they are never stored with what was said.

mod account;
mod config;
mod encode;
mod receipts;
mod send;

pub(crate) use account::Iletimerkezi;
pub(crate) use config::KIND;
