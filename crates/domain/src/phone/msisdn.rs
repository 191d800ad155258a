//! A phone number that needs no further checking.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::country::Country;
use super::digits::Digits;
use super::numbering::{self, NumberKind};

/// A phone number in E.164: `+` and 8 to 15 digits that begin with a calling code.
///
/// Eight bytes, copied freely; `Display` writes `+905321234567`.
/// [`parse_phone`](super::parse_phone) makes one from what people write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn(u64);

/// Text that is not a phone number in E.164.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in E.164, such as +905321234567")]
pub struct InvalidMsisdn;

/// The text of a number without an allocation: `+` and its digits.
#[derive(Clone, Copy)]
pub struct MsisdnText {
    bytes: [u8; MsisdnText::MOST],
    start: u8,
}

impl Msisdn {
    /// Reads the stored or wire form, `+905321234567`; `None` for anything else.
    pub fn from_normalised(text: &str) -> Option<Self> {
        let digits = Digits::plain(text.strip_prefix('+')?)?;
        (digits.head(1)? != 0).then(|| Self::from_digits(digits.value()))?
    }

    /// Reads the digits without the plus, as a compact key: `905321234567`.
    ///
    /// `None` outside 8 to 15 digits, and for a number of Turkey or Azerbaijan
    /// whose national part is not whole. So `+9005321234567` is refused: İYS
    /// accepts that form, but neither citizens nor operators ever find it.
    pub fn from_digits(digits: u64) -> Option<Self> {
        let number = Digits::of(digits);
        let is_whole = if number.head(2) == Some(90) {
            (901_000_000_000..=909_999_999_999).contains(&digits)
        } else if number.head(3) == Some(994) {
            (994_100_000_000..=994_999_999_999).contains(&digits)
        } else {
            (Digits::E164_MIN..=Digits::E164_MAX).contains(&number.len())
        };
        is_whole.then_some(Self(digits))
    }

    /// The digits without the plus, as a number.
    pub const fn as_digits(self) -> u64 {
        self.0
    }

    /// The text `+905321234567`, on the stack.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a decimal digit and an index below sixteen fit a byte"
    )]
    pub fn to_text(self) -> MsisdnText {
        let mut bytes = [0; MsisdnText::MOST];
        let mut start = bytes.len();
        let mut rest = self.0;
        while rest > 0 {
            start -= 1;
            bytes[start] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        start -= 1;
        bytes[start] = b'+';
        MsisdnText {
            bytes,
            start: start as u8,
        }
    }

    /// The country of the calling code; +90 is Türkiye also for KKTC numbers.
    pub fn country(self) -> Option<Country> {
        numbering::country_of(Digits::of(self.0))
    }

    /// What stands behind the number, for countries whose plan we know (TR, AZ).
    pub fn kind(self) -> Option<NumberKind> {
        let (plan, calling_code_digits) = match self.country()? {
            Country::TR => (numbering::turkey(), 2),
            Country::AZ => (numbering::azerbaijan(), 3),
            _ => return None,
        };
        Some(plan.kind(Digits::of(self.0).behind(calling_code_digits)))
    }

    /// Whether it is a Turkish number that can be expected to receive SMS.
    ///
    /// İYS takes MESAJ consents for such numbers only.
    pub fn is_turkish_mobile(self) -> bool {
        (905_000_000_000..906_000_000_000).contains(&self.0)
            && self.kind().is_some_and(NumberKind::is_mobile)
    }

    /// The operator or area code, for the text of W204: `577` of +90 577….
    pub fn operator_code(self) -> Option<u64> {
        let digits = Digits::of(self.0);
        match self.country()? {
            Country::TR => digits.behind(2).head(3),
            Country::AZ => digits.behind(3).head(2),
            _ => None,
        }
    }
}

impl MsisdnText {
    /// A plus and fifteen digits.
    const MOST: usize = 16;

    /// The text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[usize::from(self.start)..])
            .expect("a plus and ASCII digits are UTF-8")
    }
}

impl std::ops::Deref for MsisdnText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for MsisdnText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.to_text().as_str())
    }
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text().as_str())
    }
}

impl FromStr for Msisdn {
    type Err = InvalidMsisdn;

    fn from_str(text: &str) -> Result<Self, InvalidMsisdn> {
        Self::from_normalised(text).ok_or(InvalidMsisdn)
    }
}

impl Serialize for Msisdn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.to_text().as_str())
    }
}

impl<'de> Deserialize<'de> for Msisdn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_read_back_and_nothing_else_is() {
        for text in [
            "+905321234567",
            "+12125551234",
            "+999999999999999",
            "+35799123",
        ] {
            let phone = Msisdn::from_normalised(text).unwrap();
            assert_eq!(phone.to_string(), text);
            assert_eq!(phone.to_text().as_str(), text);
            assert_eq!(Msisdn::from_digits(phone.as_digits()), Some(phone));
            let json = serde_json::to_string(&phone).unwrap();
            assert_eq!(json, format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Msisdn>(&json).unwrap(), phone);
        }
        for text in [
            "",
            "+",
            "905321234567",
            "+0905321234567",
            "+90 532",
            "+1234567",
            "+9053212345678901",
        ] {
            assert_eq!(Msisdn::from_normalised(text), None, "{text}");
            assert!(text.parse::<Msisdn>().is_err());
        }
    }

    #[test]
    fn a_number_knows_its_country_its_kind_and_whether_sms_reaches_it() {
        for (text, country, is_turkish_mobile, code) in [
            ("+905321234567", Country::TR, true, Some(532)),
            ("+905338612345", Country::TR, true, Some(533)),
            ("+905771234567", Country::TR, true, Some(577)),
            ("+905121234567", Country::TR, false, Some(512)),
            ("+902121234567", Country::TR, false, Some(212)),
            ("+994501234567", Country::AZ, false, Some(50)),
            ("+4915112345678", Country::parse("DE").unwrap(), false, None),
        ] {
            let phone = Msisdn::from_normalised(text).unwrap();
            assert_eq!(phone.country(), Some(country), "{text}");
            assert_eq!(phone.is_turkish_mobile(), is_turkish_mobile, "{text}");
            assert_eq!(phone.operator_code(), code, "{text}");
        }
    }

    #[test]
    fn a_number_is_eight_bytes() {
        assert_eq!(size_of::<Msisdn>(), 8);
    }
}
