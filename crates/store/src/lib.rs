//! All SQL, for both databases: one text wherever one text works.
//!
//! **Never here:** a provider, the registry's protocol, HTTP, a decision. The
//! store speaks in operations of the domain, many rows at a time, and returns
//! what it wrote.
//!
//! **Start reading** at [`db`]: [`Store::read`] gives a [`Reader`] (queries),
//! [`Store::write`] a [`Writer`] (one transaction; also a reader). Each noun
//! has a file that adds methods to the two.
//!
//! **To add an operation:** 1. put it in the noun's file, as a method of
//! [`Reader`] when it only reads, of [`Writer`] when it changes something;
//! 2. write one SQL text with `$1` placeholders inside `on!`, and branch on
//! the database only with the reason beside it; 3. check the number of rows a
//! change touched; 4. give it a case in the conformance suite
//! (`tests/conformance/` and its neighbours), which runs on both databases.

#[macro_use]
pub mod db;
pub mod access;
pub mod account_paces;
pub mod alarms;
pub mod api_messages;
pub mod attributes;
pub mod audience;
mod audience_counts;
mod audience_due;
mod audience_memory;
pub mod audience_people;
pub mod audience_shape;
pub mod audit;
pub mod blacklist;
pub mod bounces;
pub mod branch_watches;
pub mod brand_changes;
pub mod brands;
pub mod campaign_flow;
pub mod campaigns;
pub mod complaint_cases;
pub mod complaints;
pub mod connectors;
pub mod consent;
pub mod consent_figures;
pub mod contacts;
pub mod conversions;
pub mod deadlines;
pub mod dispatch;
pub mod dropped_files;
mod durability;
pub mod error;
pub mod event_types;
pub mod events;
pub mod evidence_key;
pub mod findings;
pub mod firms;
mod given;
pub mod idempotency;
pub mod ids;
pub mod ledger;
mod locks;
pub mod mail_content;
pub mod messages;
pub mod optouts;
pub mod partner_account;
pub mod person;
#[cfg(test)]
mod plan;
pub mod practice_end;
pub mod promotions;
pub mod purposes;
pub mod receipt_pulls;
pub mod receipts;
pub mod registry_accounts;
pub mod registry_counts;
pub mod registry_days;
pub mod registry_feed;
pub mod registry_histories;
pub mod registry_limits;
pub mod registry_modes;
pub mod registry_pushes;
pub mod registry_rejections;
pub mod registry_rests;
pub mod registry_sweep;
pub mod registry_via;
pub mod registry_work;
pub mod rejections;
pub mod repermission;
pub mod replies;
pub mod reply_origins;
pub mod reporting;
mod row;
pub mod seals;
pub mod secret;
mod segment_events;
pub mod segment_sql;
pub mod segments;
pub mod sending_rules;
pub mod source_scores;
pub mod tags;
pub mod templates;
pub mod testers;
pub mod testing;
pub mod token;
pub mod upload_answers;
pub mod upload_decisions;
pub mod upload_scores;
pub mod upload_work;
pub mod uploads;
mod vocabulary;
pub mod workers;

pub use db::{Reader, Store, StoreOptions, Writer};
pub use error::StoreError;
pub use row::PAGE_ROWS_MAX;
pub use secret::Keys;
