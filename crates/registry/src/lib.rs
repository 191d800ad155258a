//! İYS, the national consent registry: its calls, its limits, its tokens, and
//! what to ask and tell it next.
//!
//! **Never here:** SQL, files, providers, a clock of its own. The engine keeps
//! the state; this crate turns it into calls and answers into state. No body
//! leaves that is not one of the closed types of [`wire`], and no consent is
//! planned over a refusal that İYS may hold (see [`plan::next_step`]).
//!
//! **Start reading** at [`plan`]: it is the conversation with İYS as pure
//! functions. [`Client`] carries it out; `answer` and `read` understand what
//! comes back; [`Limiter`] and [`TokenVault`] keep us welcome there.
//!
//! **To add a code of İYS:** 1. add its line to `data/iys_codes.tsv`, in order;
//! 2. if rows that get it need a new reason, add that to `domain::reason`;
//! 3. where it settles a record in a way of its own, say so in
//! [`plan::after_add`] and give it a line in that function's test.
//!
//! **To add a call:** 1. its bodies in [`wire`], its answer in `read`; 2. a
//! method of [`Client`] and, if İYS counts it separately, a kind in the
//! limiter; 3. a contract test in `tests/`.

pub mod agreement;
mod answer;
mod call_error;
mod client;
pub mod codes;
mod gauge;
pub mod limit_book;
mod limiter;
pub mod partner;
pub mod plan;
pub mod push;
mod read;
pub mod retailer;
mod token;
mod transport;
mod vault;
pub mod via;
pub mod wire;

pub use call_error::{CallError, RowError};
pub use client::{Account, Client, HISTORY_MAX, LIST_MAX};
pub use codes::Class;
pub use gauge::{Share, Signal};
pub use limit_book::{LimitBook, MemoryBook};
pub use limiter::{CallKind, Limiter, Limits};
pub use token::{Credentials, TokenRules};
pub use transport::{Download, HttpSettings, http_client};
pub use vault::{MemoryVault, TokenRecord, TokenVault, Tokens, VaultError};
