//! The HTTP side: routes, sessions and keys, problem documents, the API
//! document, server-sent events, pushes from providers, the pages that people
//! see behind their own link, and the panel.
//!
//! **Never here:** SQL, a decision about consent, a provider's protocol, work
//! that goes on after its answer. A handler checks who asks, checks what was
//! asked, calls the engine or the store, and shows the outcome.
//!
//! **Start reading** at [`router`](crate::serve) (`router.rs` lists every
//! route), then `caller.rs` (who calls), `problem` (how a call fails) and one
//! group of endpoints in `v1`, for instance `v1/templates.rs`.
//!
//! **To add an endpoint:** 1. put the handler into the file of its group under
//! `v1`, with its `utoipa::path`; 2. begin with `caller.needs(…)`; 3. take the
//! body as `Checked<T>`, or `Creation<T>` when the call creates something;
//! 4. ask the store with the caller's firm, so that what belongs to others is
//! not found; 5. add it to `router.rs`; 6. run `cargo xtask openapi`; 7. give
//! it a test in `tests/http`, and its resource a line in
//! `tests/http/tenants.rs`.

mod app;
mod body;
mod caller;
mod change;
mod checks;
mod creation;
mod download;
mod guard;
mod health;
mod inbound;
mod live;
mod masking;
mod observe;
mod openapi;
mod options;
mod page;
mod panel;
mod problem;
mod public;
mod reason;
mod router;
mod serve;
mod throttle;
mod v1;
mod words;
mod written;

pub use openapi::openapi;
pub use options::{ApiOptions, BodyLimits};
pub use serve::{ApiError, app, serve};
