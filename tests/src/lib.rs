//! Tests of the whole: of the repository itself and of the program it builds.
//!
//! **What it is for.** What no single crate can promise: that the arrows between
//! crates point one way, that both databases have the same migrations, that
//! documents speak of files that exist, that fixtures still have the bytes they
//! are there for. The rules stand in [`rules`], each with tests that plant a
//! breach and find it; `tests/tidy.rs`, `tests/arrows.rs` and
//! `tests/fixtures.rs` hold them against the real tree.
//!
//! **What it must never do.** Nothing in the product depends on this crate, and
//! a rule here never repairs what it finds.
//!
//! **Where to start reading.** [`repository`] is the tree as the rules see it.
//!
//! [`system`] runs the real program between simulators; `tests/main_job.rs`,
//! `tests/kill.rs`, `tests/faults.rs` and `tests/files.rs` look at what comes of it.
//!
//! `tests/providers.rs` kills it while campaigns leave over a provider of every kind.
//!
//! `tests/workers.rs` has three workers on a PostgreSQL of its own, kills one and
//! restarts the database.
//!
//! [`house`] is the engine without its process, its loops driven step by step:
//! `tests/registry_storm.rs` and `tests/campaign_storm.rs` draw thousands of
//! schedules over it from a printed seed.
//!
//! **To add a rule:** 1. write a function from [`Repository`] to findings in
//! `rules/`; 2. test it there on a tree with one breach; 3. add a test to
//! `tests/tidy.rs` whose name is the rule as a sentence.

pub mod fixtures;
pub mod house;
pub mod repository;
pub mod rules;
pub mod system;

pub use repository::Repository;
pub use rules::{Finding, assert_none};
