//! Campaigns from launch to report, driven step by step over a store where no
//! provider listens.

mod accounts;
mod approval;
mod canary;
mod exports;
mod house;
mod leaving;
mod optouts;
mod refusals;
mod repeats;
mod senders;
mod testers;
