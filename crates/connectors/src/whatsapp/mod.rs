//! WhatsApp, through the Cloud API of Meta.
//!
//! Whoever is written to first may only be sent a template that Meta approved.
//! The account holds its templates word for word; a message is sent as the
//! template that it reads as, and one that reads as none is refused before
//! anything leaves. One message a request, with our reference in it, which comes
//! back in every status. A request whose answer never came cannot be asked about.

mod account;
mod config;
mod encode;
mod events;
mod inbound;
mod receipts;
mod send;
mod template;

pub(crate) use account::Whatsapp;
pub(crate) use config::KIND;
