//! The client over real HTTP, against a stand-in that answers as each test says.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod stub;
mod tokens;
