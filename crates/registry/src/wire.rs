//! The bodies that travel to and from İYS.
//!
//! What we send is closed: the types below are the only bodies there are, an
//! optional value is left out rather than sent empty (H118, H267). What we
//! read is tolerant: unknown keys are passed over, numbers may be texts, and
//! only what a decision rests on must be there.

use std::fmt;

use domain::{Channel, Recipient, RecipientKind, Source, Status, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A channel that İYS keeps consents for (*izin türü*): everything but WhatsApp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegisteredChannel(Channel);

impl RegisteredChannel {
    /// SMS and MMS.
    pub const MESAJ: Self = Self(Channel::Mesaj);
    /// Voice call.
    pub const ARAMA: Self = Self(Channel::Arama);
    /// E-mail.
    pub const EPOSTA: Self = Self(Channel::Eposta);

    /// `None` for a channel that İYS does not know.
    pub const fn of(channel: Channel) -> Option<Self> {
        if channel.is_registered() {
            Some(Self(channel))
        } else {
            None
        }
    }

    /// The channel.
    pub const fn channel(self) -> Channel {
        self.0
    }
}

impl fmt::Display for RegisteredChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for RegisteredChannel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RegisteredChannel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let channel = Channel::deserialize(deserializer)?;
        Self::of(channel).ok_or_else(|| {
            serde::de::Error::custom(format_args!("İYS keeps no {channel} consents"))
        })
    }
}

/// The brand a call is about, in İYS's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BrandAddress {
    /// Number of the firm at İYS (*İYS kodu*).
    pub iys_code: i64,
    /// Number of the brand (*marka kodu*); the master brand's equals the firm's.
    pub brand_code: i64,
}

/// One consent as it is sent to be recorded.
///
/// Source and date always go along, although a first TACIR record could do
/// without (H462, H463).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsentRecord {
    /// The address.
    pub recipient: Recipient,
    /// The channel.
    #[serde(rename = "type")]
    pub channel: RegisteredChannel,
    /// In which capacity.
    pub recipient_type: RecipientKind,
    /// Where the declaration was taken.
    pub source: Source,
    /// What was said.
    pub status: Status,
    /// When, to the second, in Turkish time on the wire.
    #[serde(serialize_with = "registry_date")]
    pub consent_date: Timestamp,
    /// The retailer (*bayi*) that took it, 8 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retailer_code: Option<u32>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature that serde calls"
)]
fn registry_date<S: Serializer>(date: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&date.to_registry_text())
}

#[derive(Debug, Serialize)]
pub(crate) struct StatusQuery<'a> {
    pub(crate) recipients: &'a [Recipient],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SingleQuery<'a> {
    pub(crate) recipient: &'a Recipient,
    pub(crate) recipient_type: RecipientKind,
    #[serde(rename = "type")]
    pub(crate) channel: RegisteredChannel,
}

/// The addresses of one status query that İYS confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// İYS's number of the query.
    pub request_id: Option<String>,
    /// Addresses with ONAY. Whoever was asked about and is missing here is
    /// refused or unknown: İYS does not say which.
    pub recipients: Vec<Recipient>,
}

/// İYS took a list in; nothing of it is recorded yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Under which the results are asked for, for 60 days.
    pub request_id: String,
    /// One per record, in no promised order.
    pub sub_requests: Vec<SubRequest>,
}

/// İYS's name for one record of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubRequest {
    /// Under which its result is found.
    pub id: String,
    /// The address, when İYS repeated it.
    pub recipient: Option<Recipient>,
    /// The channel, when İYS repeated it.
    pub channel: Option<RegisteredChannel>,
    /// The capacity, when İYS repeated it.
    pub kind: Option<RecipientKind>,
}

/// The result of one record of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRow {
    /// Which record; `None` in a row that names none.
    pub sub_request: Option<String>,
    /// What became of it.
    pub answer: AddAnswer,
}

/// What became of a record we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddAnswer {
    /// İYS recorded it, now or when the same record was sent before.
    Recorded(Recorded),
    /// İYS would not record it.
    Failed {
        /// The code, when one could be read.
        code: Option<String>,
        /// İYS's own words.
        message: String,
    },
    /// Not decided yet (`enqueue`).
    Enqueued,
}

/// İYS's receipt for a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// İYS's 64-digit number of the movement; missing only where İYS points
    /// to an earlier identical record.
    pub transaction: Option<String>,
    /// When İYS wrote it.
    pub created: Option<Timestamp>,
}

/// A record as İYS holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRecord {
    /// What holds.
    pub status: Status,
    /// When it was said.
    pub consent_date: Option<Timestamp>,
    /// Where it was said.
    pub source: Option<Source>,
    /// When İYS wrote it.
    pub created: Option<Timestamp>,
    /// İYS's number of the movement.
    pub transaction: Option<String>,
}

/// Which movements a pull asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Feed {
    /// Made by citizens at İYS.
    #[serde(rename = "IYS")]
    Citizen,
    /// Made by the firm or its partners.
    #[serde(rename = "HS")]
    Firm,
}

impl Feed {
    /// The word on the wire and in the cursor table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Citizen => "IYS",
            Self::Firm => "HS",
        }
    }
}

/// One movement of the change feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Whose.
    pub recipient: Recipient,
    /// On which channel.
    pub channel: RegisteredChannel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What holds since then, and since when.
    pub held: HeldRecord,
}

/// One page of the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangesPage {
    /// The cursor for the next page, opaque. `None` when nothing was in the
    /// window: keep the one you have.
    pub after: Option<String>,
    /// The movements, oldest first.
    pub changes: Vec<Change>,
    /// Rows that could not be read, as they came: they must raise an alarm,
    /// since one of them may be a refusal.
    pub unreadable: Vec<String>,
}

/// A brand as İYS lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrandInfo {
    /// Its number.
    pub brand_code: i64,
    /// Its name.
    pub name: String,
    /// Whether it is the firm's master brand.
    pub is_master: bool,
    /// Records with ONAY, RET and in all; the only totals İYS gives.
    pub totals: Option<ConsentTotals>,
}

/// Records of a brand at İYS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentTotals {
    /// With ONAY.
    pub approval: i64,
    /// With RET.
    pub rejection: i64,
    /// Both.
    pub total: i64,
}

/// Movements of one address, newest consent date first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryPage {
    /// The movements.
    pub movements: Vec<Change>,
    /// Rows that could not be read, as they came.
    pub unreadable: Vec<String>,
    /// How many there are in all, when İYS said so.
    pub total: Option<i64>,
}

/// The firm's package at İYS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// What works.
    pub status: Subscription,
    /// Addresses it allows; partners are not told.
    pub consent_limit: Option<i64>,
    /// Addresses in use; partners are not told.
    pub consents_used: Option<i64>,
    /// Whether more are in use than allowed; partners are not told.
    pub is_exceeded: Option<bool>,
}

/// State of the firm's package at İYS (*abonelik*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subscription {
    /// Everything works.
    Active,
    /// Only this query works (H520).
    Paused,
    /// Only this query works (H520).
    Expired,
    /// Nothing works (H521).
    Closed,
    /// A word this version does not know.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_sent_with_exactly_the_keys_that_iys_knows() {
        let mut record = ConsentRecord {
            recipient: Recipient::from_normalised("+905321234567").unwrap(),
            channel: RegisteredChannel::MESAJ,
            recipient_type: RecipientKind::Bireysel,
            source: Source::HS_WEB,
            status: Status::Onay,
            consent_date: "2026-03-02T14:05:33.250+03:00".parse().unwrap(),
            retailer_code: None,
        };
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            r#"{"recipient":"+905321234567","type":"MESAJ","recipientType":"BIREYSEL","source":"HS_WEB","status":"ONAY","consentDate":"2026-03-02 14:05:33"}"#
        );
        record.retailer_code = Some(10_000_001);
        assert!(
            serde_json::to_string(&record)
                .unwrap()
                .ends_with(r#","retailerCode":10000001}"#)
        );
    }

    #[test]
    fn whatsapp_has_no_place_at_iys() {
        assert_eq!(RegisteredChannel::of(Channel::Whatsapp), None);
        assert!(serde_json::from_str::<RegisteredChannel>("\"WHATSAPP\"").is_err());
        assert_eq!(
            serde_json::from_str::<RegisteredChannel>("\"EPOSTA\"").unwrap(),
            RegisteredChannel::EPOSTA
        );
    }
}
