//! Providers: what each can do, how a request to it is written, what became
//! of it, and how its receipts read.
//!
//! **Never here:** SQL, the registry, a clock, retries. A connector does one
//! exchange and says what is certain about it; the engine decides what follows.
//! Bytes for a provider come only from messages that the gate cleared: see
//! [`ClearedRequest`].
//!
//! **Start reading** at [`Connector`], then [`Outcome`], which is the heart of
//! "nothing lost, nothing twice". [`infobip`](catalogue) is the model for the
//! others: `config`, `encode`, `send`, `lookup`, `receipts`.
//!
//! **To add a provider:** 1. a folder with those five parts and its status
//! table in `data/`; 2. its [`KindInfo`] in `catalogue`, from which forms are
//! made, and its line in [`build`]; 3. the tests of `tests/infobip.rs` against
//! a stand-in of its own; 4. its simulator in `simulators`.

mod capabilities;
mod catalogue;
mod connector;
mod form;
mod infobip;
mod message;
mod outcome;
mod receipt;
mod transport;

pub use capabilities::{Capabilities, Receiving, Resolve};
pub use catalogue::{ConfigError, Field, FieldForm, FieldProblem, KindInfo, build, catalogue};
pub use connector::Connector;
pub use message::{ClearedRequest, EncodeError, Envelope, Outgoing};
pub use outcome::{
    Balance, CallFailure, Check, Class, Found, FoundMessage, LookUp, Outcome, Refusal, TestReport,
};
pub use receipt::{Push, Receipt, ReceiptState, Receipts, UnreadablePush};
pub use transport::{HttpSettings, http_client};
