//! A normalised address of either form.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, vocabulary};
use crate::email::EmailAddress;
use crate::phone::Msisdn;

vocabulary! {
    /// The two forms of address.
    AddressForm {
        /// A phone number in E.164.
        Phone = 1, "PHONE";
        /// An e-mail address in lower-case ASCII.
        Email = 2, "EMAIL";
    }
}

/// A normalised address (*alıcı*): once parsed, it is never checked again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    /// A phone number.
    Phone(Msisdn),
    /// An e-mail address.
    Email(EmailAddress),
}

/// Text that is no normalised address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a phone number in the form +905… nor an e-mail address")]
pub struct InvalidRecipient(pub String);

impl Recipient {
    /// The form of this address.
    pub const fn form(&self) -> AddressForm {
        match self {
            Self::Phone(_) => AddressForm::Phone,
            Self::Email(_) => AddressForm::Email,
        }
    }

    /// Whether a message of this channel can reach this address form (H464, R706).
    pub const fn fits(&self, channel: Channel) -> bool {
        matches!(
            (self, channel.is_phone()),
            (Self::Phone(_), true) | (Self::Email(_), false)
        )
    }

    /// Reads the stored or wire form: `+905321234567` or `ali@ornek.com.tr`.
    ///
    /// # Errors
    /// [`InvalidRecipient`] when the text is not already normalised.
    pub fn from_normalised(text: &str) -> Result<Self, InvalidRecipient> {
        let parsed = if text.starts_with('+') {
            Msisdn::from_normalised(text).map(Self::Phone)
        } else {
            EmailAddress::from_normalised(text).map(Self::Email)
        };
        parsed.ok_or_else(|| InvalidRecipient(text.to_owned()))
    }

    /// The address for people who may not read personal data, enough to
    /// recognise somebody you know and too little to reach anybody:
    /// `+90532*****67`, `a***@ornek.com.tr`.
    pub fn masked(&self) -> String {
        match self {
            Self::Phone(phone) => masked_phone(&phone.to_text()),
            Self::Email(email) => {
                let first: String = email.local_part().chars().take(1).collect();
                format!("{first}***@{}", email.domain())
            }
        }
    }
}

/// Hides the five digits before the last two.
fn masked_phone(text: &str) -> String {
    let hidden = text.len().saturating_sub(7)..text.len().saturating_sub(2);
    let shown = |(at, c): (usize, char)| if hidden.contains(&at) { '*' } else { c };
    text.char_indices().map(shown).collect()
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => phone.fmt(f),
            Self::Email(email) => email.fmt(f),
        }
    }
}

impl From<Msisdn> for Recipient {
    fn from(phone: Msisdn) -> Self {
        Self::Phone(phone)
    }
}

impl From<EmailAddress> for Recipient {
    fn from(email: EmailAddress) -> Self {
        Self::Email(email)
    }
}

impl Serialize for Recipient {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::from_normalised(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_address_names_operator_and_last_digits_only() {
        for (plain, masked) in [
            ("+905321234567", "+90532*****67"),
            ("+994501234567", "+99450*****67"),
            ("ali.yilmaz@ornek.com.tr", "a***@ornek.com.tr"),
        ] {
            let recipient = Recipient::from_normalised(plain).expect("a normalised address");
            assert_eq!(recipient.masked(), masked);
        }
    }
}
