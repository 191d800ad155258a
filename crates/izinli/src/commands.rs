//! The commands, one file each.

pub mod apikey;
pub mod bench;
pub mod brand;
pub mod campaign;
pub mod connector;
pub mod contact;
pub mod demo;
pub mod firm;
pub mod generate;
pub mod import;
pub mod ledger;
pub mod migrate;
pub mod openapi;
pub mod registry;
pub mod serve;
pub mod simulate;
pub mod user;
