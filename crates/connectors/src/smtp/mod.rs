//! E-mail by SMTP: one message an envelope, one envelope a request.
//!
//! The request holds exactly what goes over the wire, signed. The sessions are
//! our own, because only then is it known at each break whether the content had
//! left; see [`session`]. Bounces come back as messages to an address that
//! names the message and cannot be made up; see [`bounce`]. Complaints and mails
//! to the way out come to the same mailbox and are refusals; see [`complaint`].

mod account;
mod bounce;
mod complaint;
mod config;
mod dkim;
mod encode;
mod letter;
mod policy;
mod pool;
mod records;
mod reply;
mod session;

pub(crate) use account::Smtp;
pub(crate) use config::{KIND, der};
pub(crate) use letter::{Mailbox, list_id};
pub(crate) use session::tls;
