//! Providers: what each can do, how a request to it is written, what became
//! of it, and how its receipts read.
//!
//! **Never here:** SQL, the registry, a clock, retries. A connector does one
//! exchange and says what is certain about it; the engine decides what follows.
//! Bytes for a provider come only from messages that the gate cleared: see
//! [`ClearedRequest`].
//!
//! **Start reading** at [`Connector`], then [`Outcome`], which is the heart of
//! "nothing lost, nothing twice". [`infobip`](catalogue) is the largest module;
//! `netgsm` shows how small one is that stands on what all share: `fields` (the
//! form), `text_message` (numbers, senders, alphabets), `transport` (one exchange
//! and what is certain after it), `codes` (status tables), `checks` (self-test).
//!
//! `generic` serves the providers that a data file describes. `smpp` keeps sessions
//! open, over which receipts and replies come: see [`Connector::hear`].
//!
//! **To add a provider** follow the numbered steps of `docs/connectors.md`.

mod brevo;
mod capabilities;
mod catalogue;
mod checks;
mod codes;
mod connector;
mod fields;
mod form;
mod generic;
mod iletimerkezi;
mod infobip;
mod jetsms;
mod message;
mod netgsm;
mod outcome;
mod receipt;
mod smpp;
mod smtp;
mod text_message;
mod transport;
mod turkcell;
mod twilio;
mod verimor;
mod whatsapp;

pub use capabilities::{Alphabet, Capabilities, Inbounding, Pulling, Receiving, Resolve};
pub use catalogue::{ConfigError, Field, FieldForm, FieldProblem, KindInfo, build, catalogue};
pub use connector::{Connector, Doubt, Heard};
pub use message::{ClearedRequest, EncodeError, Envelope, Mail, Outgoing};
pub use outcome::{
    Balance, CallFailure, Check, Class, Found, FoundMessage, LookUp, Outcome, Refusal, TestReport,
};
pub use receipt::{
    AddressedReceipt, Inbound, Inbox, Push, Receipt, ReceiptState, Receipts, SentRequest, Stop,
    UnreadablePush,
};
pub use text_message::parts_together;
pub use transport::{HttpSettings, http_client};
