//! What is true without a machine: addresses, consent and its fold, the gate,
//! the calendar, message length and the registry of reason codes.
//!
//! **Never here:** input or output, async, SQL, a clock that ticks, random
//! numbers. Everything is a value or a function of values, so every rule of
//! the law can be tested in microseconds.
//!
//! **Start reading** at [`gate`]: it decides who may receive a message and
//! names everything else in this crate. Then [`consent`] (what was said) and
//! [`registry`] (what İYS holds).
//!
//! **To add a reason code:** 1. add its line to `data/reasons.tsv` with
//! Turkish and English text and the next step; 2. add the constant in
//! [`reason`]; 3. return it where the rule lives; 4. give it a test whose name
//! states the rule.

pub mod alarm;
pub mod api_message;
pub mod attribute;
pub mod calendar;
pub mod channel;
pub mod complaint;
pub mod consent;
pub mod deadline;
pub mod device;
pub mod email;
pub mod event;
pub mod fold_text;
pub mod gate;
pub mod hours;
pub mod ids;
pub mod ledger;
pub mod lettering;
pub mod lint;
pub mod phone;
pub mod plan;
pub mod reason;
pub mod recipient;
pub mod registry;
pub mod reply;
pub mod segment;
pub mod segments;
pub mod sender;
pub mod source;
pub mod template;
pub mod time;

pub use channel::{Channel, RecipientKind, Status};
pub use consent::{ConsentEvent, ConsentKey, LocalState, Origin};
pub use email::EmailAddress;
pub use phone::Msisdn;
pub use reason::ReasonCode;
pub use recipient::Recipient;
pub use registry::{RegistryMode, RegistryView, Verdict};
pub use source::Source;
pub use time::{Clock, Timestamp};
