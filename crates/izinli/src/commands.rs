//! The commands, one file each.

pub(crate) mod apikey;
pub(crate) mod attribute;
pub(crate) mod bench;
pub(crate) mod brand;
pub(crate) mod campaign;
pub(crate) mod connector;
pub(crate) mod contact;
pub(crate) mod demo;
mod dry_run;
pub(crate) mod evidence;
pub(crate) mod firm;
pub(crate) mod generate;
pub(crate) mod import;
pub(crate) mod ledger;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod proof;
pub(crate) mod registry;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod upload;
pub(crate) mod user;
