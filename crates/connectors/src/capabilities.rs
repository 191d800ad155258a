//! What a connector can do, so that the engine need not know which it is.

use std::time::Duration;

use domain::Channel;
use domain::segments::Profile;

/// Declared by each connector, partly from its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Channels it serves.
    pub channels: &'static [Channel],
    /// People in one request.
    pub batch_recipients_max: usize,
    /// Bytes of one request.
    pub request_bytes_max: usize,
    /// Whether each person of a request may get a text of their own.
    pub is_personalised: bool,
    /// How a request in doubt is resolved.
    pub resolve: Resolve,
    /// How it counts the length of a text.
    pub segments: Profile,
    /// Units that operators append to texts to +90 numbers.
    pub suffix_units: u32,
    /// Whether it takes İYS flags and checks consent once more itself.
    pub has_iys_flags: bool,
    /// How receipts come.
    pub receipts: Receiving,
    /// Whether it tells the balance of the account.
    pub has_balance: bool,
    /// Longest time it may try to deliver, in minutes.
    pub validity_minutes_max: u32,
    /// Requests per second to begin with; the engine adapts on 429.
    pub requests_per_second: u32,
    /// ISO code of the country its messages are sent from: texts with a link
    /// are not delivered from abroad (BTK, since 1 April 2026).
    pub route_country: String,
    /// Longest wait for the answer to one request. A lease must be longer.
    pub timeout: Duration,
}

/// What can be found out about a request whose answer never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolve {
    /// The same key and bytes may be sent again; the provider answers as the first time.
    IdempotencyKey {
        /// For how long it remembers.
        window: Duration,
    },
    /// The provider can be asked what it took under a key.
    LookupByKey {
        /// How long to wait first, so that "not found" means not taken.
        quiet_period: Duration,
        /// For how long it can be asked.
        window: Duration,
        /// Whether it also refuses a second message under the same id.
        dedupes_message_id: bool,
    },
    /// Neither: an operator decides.
    Neither,
}

/// The ways receipts come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiving {
    /// The provider pushes them to an address given with each request.
    pub by_push: bool,
    /// They can be read again by look-up.
    pub by_look_up: bool,
}
