//! Identifiers: 64-bit numbers that carry a shard in their upper bits and are
//! printed with a prefix, so that a log line says what it is about and a wrong
//! id cannot be passed.
//!
//! Numbers are handed out by the store in blocks (see `store::ids`), never by
//! a shared sequence: nothing here depends on which shard a row lives in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id that begins with `{prefix}_`")]
pub struct InvalidId {
    /// What was given.
    pub text: String,
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

/// Lower-case Crockford base 32: no letter that reads like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn encode(value: i64, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut digits = [0_u8; 13];
    let mut rest = value.unsigned_abs();
    for slot in digits.iter_mut().rev() {
        // The mask keeps the index inside the alphabet.
        *slot = ALPHABET[usize::try_from(rest & 31).unwrap_or(0)];
        rest >>= 5;
    }
    let start = digits.iter().position(|d| *d != b'0').unwrap_or(12);
    let text = std::str::from_utf8(&digits[start..]).map_err(|_| fmt::Error)?;
    out.write_str(text)
}

fn decode(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 13 {
        return None;
    }
    let mut value: i64 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|a| *a == byte)?;
        value = value
            .checked_mul(32)?
            .checked_add(i64::try_from(digit).ok()?)?;
    }
    Some(value)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The prefix that every printed id of this kind carries.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a number that the store handed out.
            pub const fn from_db(value: i64) -> Self {
                Self(value)
            }

            /// The number as the databases hold it.
            pub const fn as_db(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str("_")?;
                encode(self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix($prefix)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .and_then(decode)
                    .map(Self)
                    .ok_or_else(|| InvalidId { text: text.to_owned(), prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(/// A tenant (*firma*).
    FirmId, "frm");
id!(/// A sender identity of a firm (*marka*).
    BrandId, "brd");
id!(/// A person who works in the panel (*kullanıcı*).
    UserId, "usr");
id!(/// A key of the programming interface.
    ApiKeyId, "key");
id!(/// A configured provider account (*bağlayıcı*).
    ConnectorId, "con");
id!(/// A person or company of a firm (*kişi*).
    ContactId, "cnt");
id!(/// A normalised address of a firm (*alıcı*).
    RecipientId, "rcp");
id!(/// A file and everything judged from it (*dosya aktarımı*).
    UploadId, "upl");
id!(/// One appended consent fact (*izin kaydı*).
    EventId, "evt");
id!(/// What a firm keeps of people beyond name and address (*özel alan*).
    AttributeId, "atr");
id!(/// Rules that say whom a campaign is for (*dinamik segment*).
    SegmentId, "seg");
id!(/// A kind of event of people (*olay türü*).
    EventTypeId, "ety");
id!(/// What somebody did at the firm (*olay*).
    PersonEventId, "pev");
id!(/// A list of codes that people get with a campaign (*promosyon*).
    PromotionId, "prm");
id!(/// A text that campaigns use (*şablon*).
    TemplateId, "tpl");
id!(/// Somebody who gets a campaign's text before it is launched (*deneme alıcısı*).
    TesterId, "tst");
id!(/// A campaign (*kampanya*).
    CampaignId, "cmp");
id!(/// Up to 1,000 records that İYS is asked about or sent in one call.
    RegistryBatchId, "rgb");
id!(/// Something that somebody must look at (*uyarı*).
    AlarmId, "alm");
id!(/// Consents that look made up (*bulgu*).
    FindingId, "fnd");
id!(/// A consent that waits for a second person (*bekletilen izin*).
    HoldId, "hld");
id!(/// A request to İYS to ask a person for their consent (*ViA*).
    ViaId, "via");
id!(/// A walk over everybody of a brand that asks İYS about them.
    SweepId, "swp");
id!(/// A change of a brand's İYS mode that was looked at.
    ModeChangeId, "rmc");
id!(/// Something that a person wrote back (*gelen yanıt*).
    ReplyId, "inb");
id!(/// A citizen's complaint and what is done about it (*şikâyet dosyası*).
    CaseId, "sik");
id!(/// One entry of the audit trail (*denetim kaydı*).
    AuditId, "aud");

/// One batch (*paket*): the recipients of one provider request. Batches are
/// numbered from 1 inside their campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchKey {
    /// The campaign.
    pub campaign: CampaignId,
    /// Number inside the campaign, from 1; 0 stands for people who were excluded.
    pub number: i64,
}

impl fmt::Display for BatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}",
            Base32(self.campaign.as_db()),
            Base32(self.number)
        )
    }
}

/// Our name for one message at a provider: campaign, batch and recipient, so
/// that a receipt finds its row without a lookup table. Printed as three
/// base-32 numbers, at most 41 characters, letters, digits and dashes only.
///
/// It never changes between attempts: a provider that refuses repeated ids
/// refuses a second copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageRef {
    /// The campaign.
    pub campaign: CampaignId,
    /// Number of the batch inside the campaign, from 1.
    pub batch_no: i64,
    /// The recipient.
    pub recipient: RecipientId,
}

struct Base32(i64);

impl fmt::Display for Base32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        encode(self.0, f)
    }
}

impl fmt::Display for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}-{}",
            Base32(self.campaign.as_db()),
            Base32(self.batch_no),
            Base32(self.recipient.as_db())
        )
    }
}

impl FromStr for MessageRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut parts = text.split('-').map(decode);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Some(campaign)), Some(Some(batch_no)), Some(Some(recipient)), None) => Ok(Self {
                campaign: CampaignId::from_db(campaign),
                batch_no,
                recipient: RecipientId::from_db(recipient),
            }),
            _ => Err(InvalidId {
                text: text.to_owned(),
                prefix: "message",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reference_survives_the_way_to_the_provider_and_back() {
        let message = MessageRef {
            campaign: CampaignId::from_db(1 << 50),
            batch_no: 2_000,
            recipient: RecipientId::from_db(i64::MAX),
        };
        assert_eq!(message.to_string().parse(), Ok(message));
        assert!("1-2".parse::<MessageRef>().is_err());
        assert!("1-2-3-4".parse::<MessageRef>().is_err());
    }

    #[test]
    fn a_printed_id_reads_back_as_itself_and_as_nothing_else() {
        for value in [0, 1, 31, 32, 1 << 40, i64::MAX] {
            let id = CampaignId::from_db(value);
            assert_eq!(id.to_string().parse::<CampaignId>(), Ok(id));
            assert!(id.to_string().parse::<BrandId>().is_err());
        }
        for bad in [
            "",
            "cmp_",
            "cmp",
            "cmp_l",
            "cmp_zzzzzzzzzzzzz",
            "cmp_00000000000000",
        ] {
            assert!(bad.parse::<CampaignId>().is_err(), "{bad}");
        }
    }
}
