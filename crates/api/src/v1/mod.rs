//! `/api/v1`: one file a group of endpoints, named as in the address.

pub(crate) mod alarms;
pub(crate) mod api_keys;
pub(crate) mod attributes;
pub(crate) mod audit;
pub(crate) mod blacklist;
pub(crate) mod bounces;
pub(crate) mod brands;
pub(crate) mod campaigns;
pub(crate) mod complaints;
pub(crate) mod connectors;
pub(crate) mod consents;
pub(crate) mod contacts;
pub(crate) mod coverage;
pub(crate) mod firms;
pub(crate) mod groups;
pub(crate) mod inbound;
pub(crate) mod mail;
pub(crate) mod messages;
mod proof_page;
pub(crate) mod reasons;
pub(crate) mod registry;
pub(crate) mod segments;
pub(crate) mod sending;
pub(crate) mod session;
pub(crate) mod templates;
pub(crate) mod uploads;
pub(crate) mod users;
