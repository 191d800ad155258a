//! One (row, channel) pair on its way to becoming a record.

use std::fmt;

use domain::{Channel, EmailAddress, Msisdn, Recipient, RecipientKind, Status};
use serde::{Deserialize, Serialize};

use crate::file::rows::Place;
use crate::remarked::Remarked;
use crate::standing::StandingOnDisk;

/// A normalised address without an allocation of its own. Phones come before
/// e-mails; within a form the order is that of numbers and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Address<'a> {
    /// Digits of an E.164 number.
    Phone(u64),
    /// An e-mail address.
    #[serde(borrow)]
    Email(&'a str),
}

impl<'a> Address<'a> {
    pub(crate) fn of(recipient: &'a Recipient) -> Self {
        match recipient {
            Recipient::Phone(phone) => Self::Phone(phone.as_digits()),
            Recipient::Email(email) => Self::Email(email.as_str()),
        }
    }

    /// The address as the domain knows it; `None` only when the bytes on disk
    /// are not what was written.
    pub(crate) fn recipient(self) -> Option<Recipient> {
        match self {
            Self::Phone(digits) => Msisdn::from_digits(digits).map(Recipient::Phone),
            Self::Email(text) => EmailAddress::from_normalised(text).map(Recipient::Email),
        }
    }

    /// What addresses are sorted by: phones by their digits, e-mail addresses
    /// behind them by their first letters. Equal addresses have equal keys;
    /// seldom have others.
    pub(crate) fn key(self) -> u64 {
        match self {
            Self::Phone(digits) => digits,
            Self::Email(text) => {
                let mut letters = [0; EMAIL_LETTERS];
                let known = text.len().min(EMAIL_LETTERS);
                letters[..known].copy_from_slice(&text.as_bytes()[..known]);
                let hash = fingerprint(text.as_bytes());
                BEHIND_PHONES | u64::from(u32::from_be_bytes(letters)) << 31 | (hash >> 33)
            }
        }
    }

    /// A number that spreads addresses evenly, the same on every run.
    pub(crate) fn fingerprint(self) -> u64 {
        mix(self.key())
    }
}

/// Letters of an e-mail address that its key begins with.
const EMAIL_LETTERS: usize = 4;
/// No phone has so many digits.
const BEHIND_PHONES: u64 = 1 << 63;

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(digits) => write!(f, "+{digits}"),
            Self::Email(text) => f.write_str(text),
        }
    }
}

/// What the row says the person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim<'a> {
    /// Consent or refusal.
    pub(crate) status: Status,
    /// Microseconds since 1970 UTC.
    pub(crate) date_us: i64,
    /// Whether the file stated the date; if not it is the time of judging.
    pub(crate) date_is_stated: bool,
    pub(crate) source: &'a str,
    /// Whether the file stated the source.
    pub(crate) source_is_stated: bool,
}

/// One address, one channel, one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pair<'a> {
    pub(crate) place: PlaceOnDisk,
    #[serde(borrow)]
    pub(crate) address: Address<'a>,
    pub(crate) kind: RecipientKind,
    /// The channel of the claim, or the one to ask İYS about.
    pub(crate) channel: Option<Channel>,
    #[serde(borrow)]
    pub(crate) claim: Option<Claim<'a>>,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) token: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    /// As written in the file.
    pub(crate) tags: Option<&'a str>,
    /// Values of attributes, see [`crate::row::split_attributes`].
    pub(crate) attributes: Option<&'a str>,
    /// The branch or dealer that the row names.
    pub(crate) branch: Option<&'a str>,
    /// The number at İYS of the retailer that took the consent.
    pub(crate) retailer: Option<u32>,
    /// The other address of the row, where nothing else ties the two together.
    #[serde(borrow)]
    pub(crate) beside: Option<Address<'a>>,
    /// What was repaired or noticed in its row.
    pub(crate) remarks: Remarked,
    /// Kept here, never told to İYS: the file contradicts itself about this key.
    pub(crate) is_local_only: bool,
    /// Found to be on record just so.
    pub(crate) standing: Option<StandingOnDisk>,
}

impl Pair<'_> {
    /// Whether the person refused.
    pub(crate) fn is_refusal(&self) -> bool {
        self.claim.is_some_and(|claim| claim.status == Status::Ret)
    }
}

/// How the bytes of a [`Pair`] begin: its fields up to the status of its claim,
/// in their order. A claim is written behind its status.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "read over on the way to the status")]
struct Beginning<'a> {
    place: PlaceOnDisk,
    #[serde(borrow)]
    address: Address<'a>,
    kind: RecipientKind,
    channel: Option<Channel>,
    status: Option<Status>,
}

/// Whether these bytes of a pair state a refusal, without reading the rest of them.
pub(crate) fn states_refusal(pair: &[u8]) -> Result<bool, postcard::Error> {
    let (beginning, _) = postcard::take_from_bytes::<Beginning<'_>>(pair)?;
    Ok(beginning.status == Some(Status::Ret))
}

/// [`Place`] in the shape it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlaceOnDisk {
    pub(crate) line: u64,
    pub(crate) start: u64,
    pub(crate) bytes: u64,
}

impl From<Place> for PlaceOnDisk {
    fn from(place: Place) -> Self {
        Self {
            line: place.line,
            start: place.start,
            bytes: place.bytes,
        }
    }
}

impl From<PlaceOnDisk> for Place {
    fn from(place: PlaceOnDisk) -> Self {
        Self {
            line: place.line,
            start: place.start,
            bytes: place.bytes,
        }
    }
}

/// Spreads the bits of a number over all of its places (the finaliser of SplitMix64).
pub(crate) const fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number that spreads texts evenly, the same on every run and machine.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    let mut state = mix(bytes.len() as u64);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = mix(state ^ u64::from_le_bytes(word));
    }
    state
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_comes_back_as_the_recipient_it_was() {
        for text in ["+905321234567", "ali.veli@firma.com.tr"] {
            let recipient = Recipient::from_normalised(text).unwrap();
            let address = Address::of(&recipient);
            assert_eq!(address.to_string(), text);
            assert_eq!(address.recipient(), Some(recipient.clone()));
        }
        assert_eq!(Address::Phone(12).recipient(), None);
        assert_eq!(Address::Email("A@B").recipient(), None);
    }

    proptest! {
        #[test]
        fn a_refusal_is_told_from_the_beginning_of_its_bytes(
            line in any::<u64>(), digits in proptest::option::of(0..1_000_000_000_000_000_u64),
            channel in proptest::option::of(proptest::sample::select(Channel::ALL.to_vec())),
            status in proptest::option::of(proptest::sample::select(Status::ALL.to_vec())),
        ) {
            let claim = status.map(|status| Claim {
                status,
                date_us: 1_750_417_500_000_000,
                date_is_stated: true,
                source: "HS_WEB",
                source_is_stated: true,
            });
            let pair = Pair {
                place: PlaceOnDisk { line, start: line / 2, bytes: 60 },
                address: digits.map_or(Address::Email("ali@firma.com.tr"), Address::Phone),
                kind: RecipientKind::Tacir,
                channel,
                claim,
                external_id: Some("17"),
                token: None,
                name: Some("Ali Veli"),
                tags: None,
                attributes: None,
                branch: None,
                retailer: Some(66_438_915),
                beside: None,
                remarks: Remarked::NONE,
                is_local_only: false,
                standing: None,
            };
            let bytes = postcard::to_stdvec(&pair).unwrap();
            prop_assert_eq!(states_refusal(&bytes).unwrap(), pair.is_refusal());
        }

        #[test]
        fn different_texts_spread_over_the_partitions(seed in any::<u64>()) {
            let mut hits = [0_u32; 16];
            for i in 0..1_600_u64 {
                let text = format!("kisi{}@firma.com.tr", seed.wrapping_add(i));
                hits[usize::try_from(fingerprint(text.as_bytes()) % 16).unwrap()] += 1;
            }
            prop_assert!(hits.iter().all(|&n| (40..200).contains(&n)), "{:?}", hits);
        }
    }
}
