//! A stand-in for the SMS provider Infobip, version 3 of its SMS API.
//!
//! It takes messages strictly, tells each message's fate by script, by rule or
//! by default, pushes delivery reports and repeats what was not acknowledged.
//! It remembers how many messages every destination **accepted**, which is how
//! a test proves that nobody was messaged twice.
//!
//! Offered: `POST /sms/3/messages`, `GET /sms/3/logs`, `GET /sms/3/reports`,
//! `POST /sms/1/preview`, `GET /account/1/balance`. Checked but without effect:
//! sending speed, delivery time windows, tracking. Not offered: XML reports,
//! version 2, inbound messages, changing a scheduled bulk.
//!
//! Read `request`, `schema` and `rules` for what is taken, `world` for what happens to a
//! message, `pusher` for the reports.
//!
//! | Control call | Body or answer |
//! | --- | --- |
//! | `POST /_sim/script` | one [`Script`], a list, or `{"scripts": […]}` |
//! | `POST /_sim/population` | a [`Population`]: the fates of everybody else |
//! | `POST /_sim/balance` | `{"balance_hundredths", "price_hundredths", "currency"}` |
//! | `POST /_sim/keys` | `{"keys": […]}`; an empty list lets every key in |
//! | `POST /_sim/inbound` | `{"from", "to", "text"}`: somebody writes back |
//! | `POST /_sim/options` | the [`Options`] to change |
//! | `GET /_sim/destinations?min=2` | destinations that accepted at least `min` messages |
//! | `GET /_sim/received?after=&limit=` | accepted messages |

mod account;
mod book;
mod chunked;
mod config;
mod control;
mod index;
mod plan;
mod problem;
mod pusher;
mod report;
mod request;
mod routes;
mod rules;
mod schema;
mod status;
mod text;
mod timeline;
mod world;

pub use account::Account;
pub use config::{Config, Limits, Options};
pub use plan::{Outcome, Population, ReportStep, Script};
pub use world::InfobipSim;
