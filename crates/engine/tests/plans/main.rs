//! Campaigns from launch to report, driven step by step over a store where no
//! provider listens, or one of the test's own.

mod accounts;
mod answers;
mod approval;
mod by_key;
mod canary;
mod credit;
mod exports;
mod house;
mod leaving;
mod letters;
mod optouts;
mod pace;
mod provider;
mod refusals;
mod repeats;
mod senders;
mod testers;
