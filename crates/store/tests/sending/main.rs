//! Everything from a launched campaign to its report, on both databases: who
//! is meant, what is claimed, what comes back, and that it all adds up. Each
//! test looks at what is left in the tables, not only at what a call returned.

#[path = "../support/mod.rs"]
mod support;

mod audience;
mod bounces;
mod campaigns;
mod conversions;
mod dispatch;
mod ending;
mod freeze;
mod history;
mod memory;
mod parting;
mod person;
mod plan;
mod promotions;
mod pulls;
mod races;
mod receipts;
mod reporting;
mod rows;
mod segments;
