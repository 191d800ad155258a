//! Addresses as people and programs write them.

use domain::email::parse_email;
use domain::phone::{Country, CountrySet, PhoneRules, parse_phone};
use domain::{Channel, EmailAddress, Recipient};

use crate::reason::Reason;

/// The address that a search or a look-up names: normalised, or a Turkish
/// phone number as people write it. None when it is neither.
pub(crate) fn address_of(text: &str) -> Option<Recipient> {
    let text = text.trim();
    if text.contains('@') {
        return EmailAddress::from_normalised(&text.to_lowercase()).map(Recipient::Email);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let normalised = || Recipient::from_normalised(text).ok();
    let written = || {
        parse_phone(text, &PhoneRules::turkey(false))
            .result
            .ok()
            .map(Recipient::Phone)
    };
    // Fewer digits are a customer number or a part of a phone.
    (digits >= 10)
        .then(|| normalised().or_else(written))
        .flatten()
}

/// Reads the address of a declaration by the rules that files are judged by.
///
/// # Errors
/// The reason code (R2…, R3…) with its texts.
pub(crate) fn read_address(
    text: &str,
    channel: Channel,
    countries: &[String],
) -> Result<Recipient, Reason> {
    if !channel.is_phone() {
        return parse_email(text)
            .result
            .map(Recipient::Email)
            .map_err(|code| Reason::with(code, &[("value".to_owned(), text.to_owned())]));
    }
    let open = countries.iter().filter_map(|iso| Country::parse(iso));
    let rules = PhoneRules {
        allowed_countries: open.fold(CountrySet::NONE, CountrySet::with),
        channel_needs_mobile: channel == Channel::Mesaj,
        default_country: Country::TR,
    };
    parse_phone(text, &rules)
        .result
        .map(Recipient::Phone)
        .map_err(|refusal| Reason {
            text_tr: refusal.explain_tr(text),
            text_en: refusal.explain_en(text),
            ..Reason::of(refusal.code)
        })
}

#[cfg(test)]
mod tests {
    use domain::ReasonCode;

    use super::*;

    #[test]
    fn an_address_is_found_however_people_write_it_and_never_guessed() {
        for text in [
            "0532 123 45 67",
            "+905321234567",
            "532 123 45 67",
            " (0532) 123-45-67 ",
        ] {
            assert_eq!(
                address_of(text).map(|a| a.to_string()).as_deref(),
                Some("+905321234567"),
                "{text}"
            );
        }
        assert_eq!(
            address_of("Ali@Ornek.com")
                .map(|a| a.to_string())
                .as_deref(),
            Some("ali@ornek.com")
        );
        for text in ["", "12345", "Ayşe", "0532"] {
            assert_eq!(address_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_declaration_is_read_by_the_rules_of_files() {
        let open = ["TR".to_owned()];
        assert!(read_address("0532 123 45 67", Channel::Mesaj, &open).is_ok());
        let landline = read_address("0212 123 45 67", Channel::Mesaj, &open).unwrap_err();
        assert_eq!(landline.code, ReasonCode::R206);
        assert!(read_address("0212 123 45 67", Channel::Arama, &open).is_ok());
        assert!(read_address("ali@ornek", Channel::Eposta, &open).is_err());
    }
}
