//! What became of a message after the provider took it.

use domain::ids::MessageRef;
use domain::{Recipient, Timestamp};
use http::HeaderMap;
use serde::{Deserialize, Serialize};

/// The state of a message at the provider.
///
/// States move forward only, by rank: sent, then unknown, then the three
/// failures, then delivered. Receipts come late, twice and out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// Taken by the provider or an operator; no word from the handset.
    Sent = 1,
    /// The provider stopped reporting.
    Unknown = 2,
    /// Its validity ran out.
    Expired = 3,
    /// The operator tried or refused.
    Undelivered = 4,
    /// It never left the provider.
    Rejected = 5,
    /// The handset has it.
    Delivered = 6,
}

impl ReceiptState {
    /// Every state, in the order of the numbers.
    pub const ALL: &'static [Self] = &[
        Self::Sent,
        Self::Unknown,
        Self::Expired,
        Self::Undelivered,
        Self::Rejected,
        Self::Delivered,
    ];

    /// The small number in the databases.
    pub const fn as_db(self) -> i64 {
        self as i64
    }

    /// Reads the small number of the databases.
    pub fn from_db(number: i64) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_db() == number)
    }

    /// The word in status tables and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Undelivered => "undelivered",
            Self::Rejected => "rejected",
            Self::Delivered => "delivered",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == word)
    }

    /// How far along it is; the three failures are equally far.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Sent => 0,
            Self::Unknown => 1,
            Self::Expired | Self::Undelivered | Self::Rejected => 2,
            Self::Delivered => 3,
        }
    }

    /// Whether this state replaces `held`.
    pub const fn supersedes(self, held: Self) -> bool {
        self.rank() > held.rank()
    }

    /// Whether the message has come to its end, as far as anybody reports.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Sent)
    }
}

/// One receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// For which message.
    pub message: MessageRef,
    /// Its state.
    pub state: ReceiptState,
    /// The provider's code, verbatim.
    pub provider_code: String,
    /// The provider's words, verbatim.
    pub provider_text: String,
    /// The operator's code, verbatim, where the provider passes it on.
    pub operator_code: Option<String>,
    /// When it happened.
    pub happened_at: Option<Timestamp>,
    /// Whether the number itself is dead, so that trying it again is pointless.
    pub hard_bounce: bool,
}

/// A receipt from a provider that does not carry our name for the message: it
/// names the request and the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressedReceipt {
    /// The provider's name for the request, as it was answered with.
    pub reference: String,
    /// The person.
    pub recipient: Recipient,
    /// Its state.
    pub state: ReceiptState,
    /// The provider's code, verbatim.
    pub provider_code: String,
    /// The provider's words, verbatim.
    pub provider_text: String,
}

/// The receipts of one push or of one pull.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipts {
    /// Those that are ours, in the order they came.
    pub receipts: Vec<Receipt>,
    /// Those that name a request and a person instead.
    pub addressed: Vec<AddressedReceipt>,
    /// Entries under ids that are not of our making.
    pub foreign: usize,
    /// Entries that could not be read.
    pub unreadable: usize,
    /// What contradicts the provider's own documents: people should look.
    pub alerts: Vec<String>,
}

/// A push that could not be read at all. It must be kept and shown, and the
/// provider asked to send it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the push could not be read: {0}")]
pub struct UnreadablePush(pub String);

/// An accepted request whose receipts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// Our name for it.
    pub key: String,
    /// The provider's name for it.
    pub reference: String,
    /// Everyone in it of whom the end is not known yet.
    pub messages: Vec<(MessageRef, Recipient)>,
}

/// Somebody wrote back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The provider's id of it, where it has one: the same reply may come twice.
    pub provider_id: Option<String>,
    /// Who wrote.
    pub from: Recipient,
    /// To which of our numbers or senders.
    pub to: String,
    /// What was written.
    pub text: String,
    /// When the provider took it.
    pub received_at: Option<Timestamp>,
}

/// Somebody refused without writing to us: a complaint that their mailbox
/// provider passes on, a mail to the address behind a message, a provider that
/// hands them our messages no more. It names the message; who that went to is
/// never believed from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The message, of our own making.
    pub message: MessageRef,
    /// By which means, as people see it.
    pub by: String,
    /// When the provider says it was.
    pub at: Option<Timestamp>,
}

/// The replies of one push or of one pull.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inbox {
    /// Those that could be read, in the order they came.
    pub replies: Vec<Inbound>,
    /// Refusals that name a message instead of a person.
    pub stops: Vec<Stop>,
    /// Entries without an address or a text.
    pub unreadable: usize,
}

/// A request that came to one of our addresses.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    /// The public address it came to, without the query.
    pub url: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its query, without the question mark.
    pub query: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_moves_forward_only_and_delivery_is_the_last_word() {
        use ReceiptState::{Delivered, Expired, Rejected, Sent, Undelivered, Unknown};
        let order: [&[ReceiptState]; 4] = [
            &[Sent],
            &[Unknown],
            &[Expired, Undelivered, Rejected],
            &[Delivered],
        ];
        for (rank, states) in order.iter().enumerate() {
            for (other_rank, others) in order.iter().enumerate() {
                for (state, other) in states
                    .iter()
                    .flat_map(|s| others.iter().map(move |o| (s, o)))
                {
                    assert_eq!(
                        state.supersedes(*other),
                        rank > other_rank,
                        "{state:?} over {other:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_state_survives_the_database_and_its_word() {
        for (number, state) in (1..).zip(ReceiptState::ALL) {
            assert_eq!(state.as_db(), number);
            assert_eq!(ReceiptState::from_db(number), Some(*state));
            assert_eq!(ReceiptState::parse(state.as_str()), Some(*state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(ReceiptState::from_db(0), None);
        assert_eq!(ReceiptState::from_db(7), None);
    }
}
