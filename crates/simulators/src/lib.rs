//! Stand-ins for the services İzinli talks to, as separate strict HTTP servers.
//!
//! **What it is for.** The demo, the tests, the benches and the training of
//! operators run without internet, money or real people. Each simulator keeps
//! the documented rules of the real service (acceptance rules, codes, limits,
//! late answers, repeated receipts) and refuses what the real one refuses.
//!
//! **What it must never do.** It never depends on another crate of İzinli: it
//! reads and writes the wire by itself, so that a mistake in a client type is
//! caught here instead of being shared. It never forgives: an unknown field, a
//! wrong type or a missing header is refused with the service's own code.
//!
//! **Where to start reading.** [`run()`] starts one from the command line. The
//! front of each simulator is its `routes` module: [`iys`] is the national
//! consent registry (İleti Yönetim Sistemi), [`infobip`] is an SMS provider with
//! a book of its own, and the other providers stand on [`desk`]. `control` holds
//! what all have under `/_sim/`: faults, clock, options, call counts.
//!
//! | Control call, every simulator | What it does |
//! | --- | --- |
//! | `GET /healthz` | 200 when it serves |
//! | `POST /_sim/faults` | adds one [`Fault`] or a list of them |
//! | `GET`, `DELETE /_sim/faults` | shows, removes all faults |
//! | `POST /_sim/clock` | `{"now": RFC 3339, "frozen"?: bool}` moves the clock |
//! | `GET /_sim/calls` | the last calls, newest last: when, what, answered how |
//! | `GET /_sim/stats` | counters |
//! | `GET /_sim/received?after=&limit=` | what was accepted, oldest first |
//! | `POST /_sim/script` | answers for single recipients |
//! | `POST /_sim/population` | answers for everybody else, by rule |
//! | `POST /_sim/options` | behaviour, partly: only the keys given change |
//! | `POST /_sim/reset` | back to the state it started with (the clock stays) |
//!
//! **How to add a provider.**
//! 1. Make a module with `mod` (its [`desk`] `Service`: routes, error body, how
//!    it pushes), `reading` (what it is sent, strictly) and `routes`.
//! 2. Hand sound requests to `Desk::take`; answer with the service's own codes.
//! 3. Add a [`Kind`] and its arm in [`start()`], with the documented limits.
//! 4. Add a case to the contract suite of `connectors`, which runs the
//!    connector against it, and a test in `tests/http` for each documented refusal.

pub mod brevo;
mod calls;
mod clock;
mod control;
pub mod desk;
mod dice;
mod faults;
pub mod figensoft;
pub mod iletimerkezi;
pub mod infobip;
pub mod iys;
pub mod jetsms;
mod lock;
pub mod mobildev;
pub mod netgsm;
mod run;
mod segments;
mod server;
pub mod smpp;
pub mod smtp;
mod tls;
pub mod turatel;
pub mod turkcell;
pub mod twilio;
pub mod verimor;
pub mod whatsapp;
mod wire;

pub use clock::Clock;
pub use faults::{Fault, FaultKind};
pub use run::{Kind, Options, run, start};
pub use server::Running;
pub use tls::CA_PEM;
