//! A stand-in for İYS (İleti Yönetim Sistemi), the national consent registry.
//!
//! It keeps consents per brand, recipient, recipient type and channel with the
//! acceptance rules and codes of the İYS API document 3.2.0: tokens with
//! rotation and an hourly limit, single and asynchronous adds in both versions,
//! single and multiple status queries, history, the change feed, brands,
//! partners and subscriptions, mutabakat, push, retailers and ViA. Access lists of
//! retailers, ViA PASS and ViA FRAME are not offered; those paths answer 404.
//!
//! Where the document is silent the choice is an [`Options`] field. Choices that
//! have no field: the three-day limit follows the legal reading of a business
//! day, and a list with one bad row is refused as a whole.
//!
//! Read `routes` for the outside, `rules` and `consent` for what is accepted,
//! `book` for what is kept.
//!
//! | Control call | Body |
//! | --- | --- |
//! | `POST /_sim/brands` | one [`BrandSetup`], a list, or `{"brands": […]}` |
//! | `POST /_sim/state` | `{"records": [{iysCode, brandCode, recipient, recipientType?, type, status, source?, consentDate?, creationDate?}]}`; status `NONE` makes sure there is no record |
//! | `POST /_sim/population` | a [`Population`], or `null` for none |
//! | `POST /_sim/script` | `{"scripts": […]}`, see [`Script`] |
//! | `POST /_sim/options` | the [`Options`] to change |
//! | `GET /_sim/via` | open ViA requests with the codes that people would read out |
//! | `POST /_sim/via` | `{"requestId"}`: the person agrees |
//! | `GET /_sim/received?after=&limit=` | recorded adds |

mod accounts;
mod address;
mod book;
mod calendar;
mod call;
mod codes;
mod config;
mod consent;
mod control;
mod limits;
mod moment;
mod mutabakat;
mod population;
mod problem;
mod push;
mod requests;
mod retailers;
mod routes;
mod rules;
mod script;
mod tokens;
mod transaction;
mod via;
mod words;
mod world;

pub use accounts::{BrandSetup, Permissions, Right, Subscription};
pub use config::{Config, HashState, Options, UnknownStatus};
pub use limits::Limits;
pub use population::Population;
pub use script::{AddAnswer, AddScript, Script, StatusScript};
pub use world::IysSim;
