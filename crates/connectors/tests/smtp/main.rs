//! The SMTP connector against its simulator, over real connections: the
//! promises of the contract suite in the words of e-mail. (The suite itself
//! speaks of phone numbers, parts and HTTP.)

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bench;
mod bounces;
mod letters;
mod sessions;
