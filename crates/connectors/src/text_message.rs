//! What holds for text messages at every provider: numbers, senders, alphabets.

use std::collections::HashSet;

use domain::gate::{Basis, Cleared};
use domain::segments::{self, Encoding, Profile};
use domain::{Msisdn, Recipient, RecipientKind};

use crate::capabilities::{Alphabet, Capabilities};
use crate::message::{EncodeError, Envelope, Outgoing};

const SENDER_CHARS_MIN: usize = 3;
const SENDER_CHARS_MAX: usize = 11;

/// Letters that only the Turkish national tables hold.
pub(crate) const TURKISH_ONLY: [char; 7] = ['Ş', 'ş', 'Ğ', 'ğ', 'ç', 'ı', 'İ'];

/// A sender as registered in Turkey (*başlık*): 3–11 ASCII letters, digits and
/// signs; the spelling is the registered one.
pub(crate) fn turkish_sender(envelope: &Envelope) -> Result<&str, EncodeError> {
    let sender = envelope.sender.as_str();
    let is_sound = (SENDER_CHARS_MIN..=SENDER_CHARS_MAX).contains(&sender.len())
        && !sender.trim().is_empty()
        && sender
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" *-.".contains(&byte));
    if is_sound {
        Ok(sender)
    } else {
        Err(EncodeError::Envelope {
            field: "sender",
            problem: "must be 3 to 11 ASCII letters, digits, spaces, `*`, `-`, `.`".to_owned(),
        })
    }
}

/// Refuses a validity where the provider takes none.
pub(crate) fn no_validity(envelope: &Envelope) -> Result<(), EncodeError> {
    match envelope.validity_minutes {
        None => Ok(()),
        Some(_) => Err(EncodeError::Envelope {
            field: "validity",
            problem: "cannot be chosen at this provider".to_owned(),
        }),
    }
}

/// Legal ground and capacity, which such providers take once for a request.
pub(crate) fn one_ground(
    messages: &[Cleared<Outgoing>],
) -> Result<(Basis, RecipientKind), EncodeError> {
    let mut grounds = messages
        .iter()
        .map(|cleared| (cleared.message().basis, cleared.message().kind));
    let first = grounds.next().ok_or(EncodeError::Empty)?;
    if grounds.all(|ground| ground == first) {
        Ok(first)
    } else {
        Err(EncodeError::Envelope {
            field: "basis",
            problem: "and the recipient kind must be the same for all messages of a request"
                .to_owned(),
        })
    }
}

/// The phone number of a message.
pub(crate) fn phone(message: &Outgoing) -> Result<Msisdn, EncodeError> {
    match message.recipient {
        Recipient::Phone(phone) => Ok(phone),
        Recipient::Email(_) => Err(EncodeError::Unreachable {
            message: message.message,
        }),
    }
}

/// A Turkish mobile number as `5321234567`.
pub(crate) fn ten_digits(message: &Outgoing) -> Result<String, EncodeError> {
    let phone = phone(message)?;
    if !phone.is_turkish_mobile() {
        return Err(EncodeError::Unreachable {
            message: message.message,
        });
    }
    Ok(phone.as_digits().to_string().split_off(2))
}

/// Refuses a number that stands twice: where receipts name numbers, they could
/// not be told apart.
pub(crate) fn distinct_numbers(messages: &[Cleared<Outgoing>]) -> Result<(), EncodeError> {
    let mut seen = HashSet::with_capacity(messages.len());
    for message in messages.iter().map(Cleared::message) {
        if !seen.insert(&message.recipient) {
            return Err(EncodeError::Repeated {
                message: message.message,
            });
        }
    }
    Ok(())
}

/// Whether any of the texts needs the Turkish table.
pub(crate) fn speaks_turkish(messages: &[Cleared<Outgoing>]) -> bool {
    messages
        .iter()
        .any(|cleared| cleared.message().text.contains(TURKISH_ONLY))
}

/// The alphabet that holds every one of the texts, for providers that take one
/// for a request.
pub(crate) fn widest(messages: &[Cleared<Outgoing>], profile: Profile) -> Encoding {
    segments::encoding_for_all(texts(messages), profile)
}

fn texts(messages: &[Cleared<Outgoing>]) -> impl Iterator<Item = &str> {
    messages
        .iter()
        .map(|cleared| cleared.message().text.as_str())
}

/// Parts that a provider bills for the texts of one request, where their
/// alphabet depends on each other; `None` where each is counted by itself.
pub fn parts_together(messages: &[Cleared<Outgoing>], capabilities: &Capabilities) -> Option<u32> {
    let profile = capabilities.segments;
    let counted = |text: &str, encoding| {
        segments::count_in(text, encoding, profile, capabilities.suffix_units).parts
    };
    match capabilities.alphabet {
        Alphabet::OfRequest => {
            let shared = widest(messages, profile);
            Some(texts(messages).map(|text| counted(text, shared)).sum())
        }
        Alphabet::TurkishOfRequest if speaks_turkish(messages) => Some(
            texts(messages)
                .map(|text| {
                    // With a letter of the table beside it.
                    let beside = segments::encoding_for_all([text, "ş"].into_iter(), profile);
                    counted(text, beside)
                })
                .sum(),
        ),
        Alphabet::OfText | Alphabet::TurkishOfRequest => None,
    }
}

/// A phone number as providers write it in receipts and replies: with or
/// without a plus, zeros or the country code of Turkey before it.
pub(crate) fn written_phone(text: &str) -> Option<Recipient> {
    let digits: String = text.trim().trim_start_matches('+').to_owned();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let national = digits.strip_prefix('0').unwrap_or(digits);
    let international = if national.len() == 10 && national.starts_with('5') {
        format!("90{national}")
    } else {
        digits.to_owned()
    };
    Msisdn::from_digits(international.parse().ok()?).map(Recipient::Phone)
}

/// A time that a Turkish provider writes in local time without an offset.
pub(crate) fn local_time(text: &str) -> Option<domain::Timestamp> {
    const FORMATS: [&str; 4] = [
        "%Y-%m-%d %H:%M:%S",
        "%d.%m.%Y %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d%m%Y%H%M%S",
    ];
    let text = text.trim();
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(domain::Timestamp::from_micros(instant.as_microsecond()));
    }
    FORMATS
        .iter()
        .find_map(|format| jiff::civil::DateTime::strptime(format, text).ok())
        .map(domain::Timestamp::from_turkish)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_a_provider_writes_it() {
        let expected = Recipient::from_normalised("+905321234567").unwrap();
        for text in [
            "905321234567",
            "+905321234567",
            "5321234567",
            "05321234567",
            "00905321234567",
        ] {
            assert_eq!(written_phone(text), Some(expected.clone()), "{text}");
        }
        for text in ["", "abc", "12", "+90532123456x"] {
            assert_eq!(written_phone(text), None, "{text}");
        }
    }

    #[test]
    fn local_time_is_turkish_time() {
        let expected: domain::Timestamp = "2026-09-01T06:00:03Z".parse().unwrap();
        for text in [
            "2026-09-01 09:00:03",
            "01.09.2026 09:00:03",
            "01092026090003",
            "2026-09-01T09:00:03+03:00",
        ] {
            assert_eq!(local_time(text), Some(expected), "{text}");
        }
        assert_eq!(local_time("yarın"), None);
    }
}
