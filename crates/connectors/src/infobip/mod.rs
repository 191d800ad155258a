//! Infobip, `POST /sms/3/messages` (API version 3).
//!
//! Our message reference is its `messageId`, our key its `bulkId`. Both are
//! remembered for 48 hours and can be looked up in the logs, so a request in
//! doubt is resolved by asking. A repeated `messageId` is refused by Infobip,
//! which is the second line of defence.

mod account;
mod config;
mod encode;
mod lookup;
mod receipts;
mod send;
mod status;
mod time;

pub(crate) use account::Infobip;
pub(crate) use config::{Config, KIND};
