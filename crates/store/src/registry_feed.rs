//! What İYS tells by itself: movements of its change feeds, of its pushes and
//! of its daily file, and how far the feeds were read.
//!
//! A movement is applied by key, never by arrival: any order and any repeat
//! ends in the same state. One of an address that the firm does not know is
//! kept with the strangers until the address arrives.

mod days;
mod found;
mod movements;
mod strangers;
mod watch;

use domain::ids::RecipientId;
use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};

pub use days::DayPlace;
pub use watch::Gap;

/// A movement (*hareket*) that İYS told about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Whose.
    pub recipient: Recipient,
    /// On which channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What holds since then.
    pub status: Status,
    /// When it was said; İYS leaves it out where a line was closed.
    pub date: Option<Timestamp>,
    /// Where it was said.
    pub source: Option<Source>,
    /// When İYS wrote it, or the latest instant at which it can have.
    pub created: Timestamp,
    /// İYS's number of the movement.
    pub transaction: Option<String>,
}

/// A key of which İYS holds something else than was said to us later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Number of the address.
    pub id: RecipientId,
    /// The address.
    pub recipient: Recipient,
    /// On which channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
}

/// What applying movements changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// Movements of addresses that the firm knows.
    pub known: usize,
    /// Movements of addresses that it does not know.
    pub strangers: usize,
    /// Events that the ledger did not have.
    pub events: usize,
    /// Keys of these movements that İYS must be told about once more: it holds
    /// something else than the newer word that was said to us.
    pub behind: Vec<Behind>,
}

/// The Turkish day of an instant, in days since 1970-01-01.
pub fn day_of(at: Timestamp) -> i64 {
    // Turkey has been at UTC+3 since 2016, and İYS is younger.
    (at.as_micros() + 3 * domain::time::HOUR_US).div_euclid(domain::time::DAY_US)
}

/// The first instant of a Turkish day.
pub const fn day_begins(day: i64) -> Timestamp {
    Timestamp::from_micros(day * domain::time::DAY_US - 3 * domain::time::HOUR_US)
}
