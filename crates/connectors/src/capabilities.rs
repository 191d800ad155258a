//! What a connector can do, so that the engine need not know which it is.

use std::time::Duration;

use domain::Channel;
use domain::lettering::Lettering;
use domain::segments::{Profile, Reference};

use crate::fields::AccountSettings;

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
    /// Whether a request names one alphabet for all its texts.
    pub alphabet: Alphabet,
    /// Units that operators append to texts to +90 numbers.
    pub suffix_units: u32,
    /// How the parts of a longer text are joined.
    pub reference: Reference,
    /// What is done to the characters of a text, where nobody says otherwise.
    pub lettering: Lettering,
    /// Whether it takes İYS flags and checks consent once more itself.
    pub has_iys_flags: bool,
    /// How receipts come.
    pub receipts: Receiving,
    /// How replies of people come.
    pub inbound: Inbounding,
    /// Whether it lists the senders of the account.
    pub has_senders: bool,
    /// Whether commercial texts to Turkey may go over it at all.
    pub commercial_to_turkey: bool,
    /// Whether pictures can be sent.
    pub has_mms: bool,
    /// Whether people can be addressed by their national id number (TCKN).
    pub has_tckn: bool,
    /// Whether it may stand in for another account.
    pub in_fail_over: bool,
    /// Whether it tells the balance of the account.
    pub has_balance: bool,
    /// Longest time it may try to deliver, in minutes; 0 when it cannot be chosen.
    pub validity_minutes_max: u32,
    /// Most requests per second, over all processes; 0 when there is no limit.
    /// The engine goes slower where the provider turns requests away.
    pub requests_per_second: u32,
    /// ISO code of the country its messages are sent from: texts with a link
    /// are not delivered from abroad (BTK, since 1 April 2026).
    pub route_country: String,
    /// Longest wait for the answer to one request. A lease must be longer.
    pub timeout: Duration,
}

/// How the texts of a request come to their alphabet, and with it to their price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Each has the cheapest that holds it.
    OfText,
    /// All have the widest that one of them needs.
    OfRequest,
    /// As soon as one of them has Turkish letters, all go out by the Turkish
    /// table; what that does not hold is UCS-2 by itself.
    TurkishOfRequest,
}

/// What can be found out about a request whose answer never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolve {
    /// The same key and bytes may be sent again; the provider answers as the first time.
    IdempotencyKey {
        /// For how long it remembers.
        window: Duration,
    },
    /// The provider can be asked what it took under a key, or at that time for those people.
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
    /// The provider pushes them, to an address given with each request or set
    /// once in its panel.
    pub by_push: bool,
    /// They are asked for, request by request.
    pub by_pull: Option<Pulling>,
}

/// How much one pull may ask for, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulling {
    /// Requests in one pull.
    pub requests_max: usize,
    /// People in one pull, over all its requests.
    pub recipients_max: usize,
    /// From one pull to the next.
    pub every: Duration,
    /// After this nothing more is heard of a request.
    pub window: Duration,
}

/// The ways replies come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inbounding {
    /// The provider pushes them to an address set in its panel.
    pub by_push: bool,
    /// They are asked for.
    pub by_pull: bool,
}

impl Capabilities {
    /// What most Turkish SMS providers have in common; a module says what differs.
    pub(crate) fn turkish_sms(account: &AccountSettings) -> Self {
        Self {
            channels: &[Channel::Mesaj],
            batch_recipients_max: account.recipients_max,
            request_bytes_max: 4 * 1024 * 1024,
            is_personalised: true,
            resolve: Resolve::Neither,
            segments: Profile::TrBill,
            alphabet: Alphabet::OfText,
            suffix_units: account.operator_suffix_units,
            reference: Reference::Eight,
            lettering: account.lettering,
            has_iys_flags: true,
            receipts: Receiving {
                by_push: false,
                by_pull: None,
            },
            inbound: Inbounding::default(),
            has_senders: true,
            commercial_to_turkey: true,
            has_mms: false,
            has_tckn: false,
            in_fail_over: true,
            has_balance: true,
            validity_minutes_max: 0,
            requests_per_second: account.requests_per_second,
            route_country: account.route_country.clone(),
            timeout: account.timeout,
        }
    }
}
