//! The name that a message comes from (*gönderici adı, başlık*): what a sender
//! can look like on a channel, and whether an account's provider listed it.

use crate::channel::Channel;
use crate::email::EmailAddress;

/// Shortest and longest sender of text messages registered in Turkey.
const REGISTERED_CHARS: std::ops::RangeInclusive<usize> = 3..=11;
/// Digits of a number that messages are sent from.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
/// Longest id of a number at Meta.
const ID_CHARS_MAX: usize = 32;

/// A sender that no provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSender {
    /// Nothing is given.
    #[error("must name an approved sender")]
    Missing,
    /// No header of text messages.
    #[error(
        "must be 3 to 11 letters and digits without Turkish letters (spaces, `*`, `-` and `.` may \
         stand in it), or a number"
    )]
    NoHeader,
    /// No mailbox.
    #[error("must be an e-mail address, such as `Örnek <bilgi@ornek.com>`")]
    NoMailbox,
    /// No id of a number.
    #[error("must be the id of a phone number at Meta")]
    NoNumberId,
}

/// Refuses a sender that every provider of the channel would refuse.
///
/// # Errors
/// [`InvalidSender`] says what would do.
pub fn check(channel: Channel, sender: &str) -> Result<(), InvalidSender> {
    if sender.trim().is_empty() {
        return Err(InvalidSender::Missing);
    }
    let (fits, problem) = match channel {
        Channel::Mesaj => (
            is_header(sender) || is_number(sender),
            InvalidSender::NoHeader,
        ),
        Channel::Eposta => (
            EmailAddress::from_normalised(&address_of(sender)).is_some(),
            InvalidSender::NoMailbox,
        ),
        Channel::Whatsapp => (
            sender.len() <= ID_CHARS_MAX && sender.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            InvalidSender::NoNumberId,
        ),
        Channel::Arama => (true, InvalidSender::Missing),
    };
    if fits { Ok(()) } else { Err(problem) }
}

/// Whether a sender may stand on messages over an account whose provider
/// listed these.
///
/// An empty list says nothing: some providers list no sender and take several.
/// Nor does a list of numbers say anything about names, which such a provider
/// registers elsewhere. Of a mail provider, an address of a listed domain will
/// do: the domain is what it verifies.
pub fn is_listed(channel: Channel, sender: &str, listed: &[String]) -> bool {
    if listed.is_empty() {
        return true;
    }
    if channel == Channel::Eposta {
        let domain = domain_of(&address_of(sender)).map(str::to_owned);
        return listed
            .iter()
            .any(|one| domain_of(&address_of(one)).map(str::to_owned) == domain);
    }
    let are_numbers = listed.iter().all(|one| one.starts_with('+'));
    if are_numbers && !is_number(sender) {
        return true;
    }
    let plain = |text: &str| text.trim().trim_start_matches('+').to_ascii_uppercase();
    let wanted = plain(sender);
    listed.iter().any(|one| plain(one) == wanted)
}

/// As registered in Turkey: ASCII letters, digits and a few signs.
fn is_header(sender: &str) -> bool {
    REGISTERED_CHARS.contains(&sender.len())
        && sender
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" *-.".contains(&byte))
}

fn is_number(sender: &str) -> bool {
    let digits = sender.strip_prefix('+').unwrap_or(sender);
    NUMBER_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The address of `Örnek <bilgi@ornek.com>` or `bilgi@ornek.com`.
fn address_of(sender: &str) -> String {
    let text = sender.trim();
    let address = text
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
        .map_or(text, |(_, address)| address);
    address.trim().to_ascii_lowercase()
}

fn domain_of(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_no_provider_takes_is_refused_when_it_is_written() {
        for sender in ["ORNEK", "ORNEK A.S.", "8501234567", "+14155550100", "4609"] {
            assert_eq!(check(Channel::Mesaj, sender), Ok(()), "{sender}");
        }
        for sender in ["ÇİÇEK", "AB", "ORNEKTEKSTIL", "ORNEK!", "+90850ABC"] {
            let refused = check(Channel::Mesaj, sender);
            assert_eq!(refused, Err(InvalidSender::NoHeader), "{sender}");
        }
        assert_eq!(check(Channel::Mesaj, "  "), Err(InvalidSender::Missing));
    }

    #[test]
    fn a_mail_comes_from_a_mailbox_and_whatsapp_from_an_id() {
        for sender in ["Örnek <Bilgi@Ornek.com>", "bilgi@ornek.com"] {
            assert_eq!(check(Channel::Eposta, sender), Ok(()), "{sender}");
        }
        let refused = check(Channel::Eposta, "ORNEK");
        assert_eq!(refused, Err(InvalidSender::NoMailbox));
        assert_eq!(check(Channel::Whatsapp, "106540352242922"), Ok(()));
        let refused = check(Channel::Whatsapp, "+90 532");
        assert_eq!(refused, Err(InvalidSender::NoNumberId));
    }

    #[test]
    fn a_sender_that_the_provider_did_not_list_is_not_approved() {
        let listed = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let ours = listed(&["ORNEK", "ORNEK 2"]);
        assert!(is_listed(Channel::Mesaj, "Ornek", &ours));
        assert!(!is_listed(Channel::Mesaj, "BASKA", &ours));
        assert!(is_listed(Channel::Mesaj, "BASKA", &[]));
        let numbers = listed(&["+14155550100"]);
        assert!(is_listed(Channel::Mesaj, "14155550100", &numbers));
        assert!(!is_listed(Channel::Mesaj, "+14155550199", &numbers));
        assert!(is_listed(Channel::Mesaj, "ORNEK", &numbers));
        let mails = listed(&["bilgi@ornek.com"]);
        let other = "Örnek <kampanya@ornek.com>";
        assert!(is_listed(Channel::Eposta, other, &mails));
        assert!(!is_listed(Channel::Eposta, "bilgi@baska.com", &mails));
    }
}
