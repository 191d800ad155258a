//! Turkcell Mesajüssü, REST.
//!
//! A session is opened with user name and password; its token dies after ten
//! idle minutes and is renewed once for a request. Answers carry HTTP statuses of
//! Turkcell's own (8xx, 9xx). What became of a message, the balance, the senders,
//! MMS and sending by national id are told behind the customer portal only: they
//! are declared as not offered, and the account never stands in for another.

mod account;
mod config;
mod encode;
mod send;

pub(crate) use account::Turkcell;
pub(crate) use config::KIND;
