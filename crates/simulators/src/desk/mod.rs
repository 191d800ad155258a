//! What the simulators of message providers share: the messages they were
//! given, what becomes of each, receipts that are pushed, replies of people,
//! and the control calls. A provider's module adds only its wire.
//!
//! | Control call, every provider but Infobip | What it does |
//! | --- | --- |
//! | `POST /_sim/script` | one script or a list: `{"to", "outcome", "code"?, "after_ms"?, "copies"?, "times"?}` |
//! | `DELETE /_sim/script` | removes all of them |
//! | `POST /_sim/population` | shares of people who are refused, not reached, … |
//! | `POST /_sim/options` | the [`Options`] to change |
//! | `POST /_sim/refuse` | `{"code", "times"?}`: the next requests are refused whole with this code of the service |
//! | `POST /_sim/inbound` | `{"from", "to", "text"}`: somebody writes back |
//! | `GET /_sim/received?after=&limit=` | accepted messages, oldest first |
//! | `GET /_sim/destinations?min=2` | destinations that accepted at least `min` messages |

mod book;
mod control;
mod money;
mod options;
mod pusher;
mod script;
mod state;
mod wire;
mod xml;

pub(crate) use book::{Item, Message, Order};
pub(crate) use money::{decimal, money};
pub use options::{Login, Options, Template};
pub(crate) use pusher::Pushed;
pub use script::Script;
pub use state::Config;
pub(crate) use state::{Desk, Reply, Service, json, open, start};
pub(crate) use wire::{
    basic, dated, http_date, is_turkish_mobile, is_turkish_sender, media_type, turkish_ms,
    turkish_time, utc_time,
};
pub(crate) use xml::{Elements, elements, only};
