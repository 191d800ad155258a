//! Recipient addresses as İYS judges them.

use std::fmt;
use std::sync::Arc;

use super::codes::{self, Code};

/// Longest phone, counted with its plus.
const PHONE_CHARS_MAX: usize = 15;
/// Shortest and longest e-mail address.
const EMAIL_CHARS: std::ops::RangeInclusive<usize> = 6..=265;

/// Two-digit openings of Turkish mobile numbers in use, with the third digits
/// that go with them. From the numbering plan of the telecom regulator (BTK).
const MOBILE_BLOCKS: [(&str, &str); 8] = [
    ("50", "1567"),
    ("51", "026"),
    ("52", "24"),
    ("53", "0123456789"),
    ("54", "0123456789"),
    ("55", "123459"),
    ("56", "1"),
    ("59", "246"),
];

/// An address in the form İYS stores it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Address {
    /// The digits after the plus; no country code begins with 0, so nothing is lost.
    Phone(u64),
    /// Lower case.
    Email(Arc<str>),
}

impl Address {
    /// # Errors
    /// The code İYS names: H120, H121, H122 or H160.
    pub(crate) fn parse(text: &str) -> Result<Self, Code> {
        if text.contains('@') {
            if is_email(text) {
                return Ok(Self::Email(text.to_ascii_lowercase().into()));
            }
            return Err(codes::H120);
        }
        let digits = text.strip_prefix('+').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(codes::H122);
        }
        if text.len() > PHONE_CHARS_MAX {
            return Err(codes::H160);
        }
        if digits.len() == text.len() || !is_phone(digits) {
            return Err(codes::H121);
        }
        digits.parse().map(Self::Phone).map_err(|_| codes::H121)
    }

    pub(crate) fn is_phone(&self) -> bool {
        matches!(self, Self::Phone(_))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(digits) => write!(f, "+{digits}"),
            Self::Email(text) => f.write_str(text),
        }
    }
}

/// `digits` as written after the plus.
fn is_phone(digits: &str) -> bool {
    let Some(national) = digits.strip_prefix("90") else {
        return digits.len() >= 8 && !digits.starts_with('0');
    };
    // İYS takes a trunk zero after the country code, although operators and
    // citizens then cannot find the record. A client must not send it.
    let national = match national.strip_prefix('0') {
        Some(rest) if rest.starts_with('5') => rest,
        _ => national,
    };
    if national.len() != 10 {
        return false;
    }
    match national.as_bytes()[0] {
        b'2'..=b'4' => true,
        b'8' => national.starts_with("80") || national.starts_with("85"),
        b'5' => MOBILE_BLOCKS
            .iter()
            .any(|(block, thirds)| national.starts_with(block) && thirds.contains(&national[2..3])),
        _ => false,
    }
}

fn is_email(text: &str) -> bool {
    if !EMAIL_CHARS.contains(&text.chars().count()) {
        return false;
    }
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let allowed = |extra: &'static str| {
        move |byte: u8| byte.is_ascii_alphanumeric() || extra.as_bytes().contains(&byte)
    };
    let Some((host, top)) = domain.rsplit_once('.') else {
        return false;
    };
    !local.is_empty()
        && local.bytes().all(allowed("+-_."))
        && domain.bytes().all(allowed("-."))
        && host.split('.').all(|label| !label.is_empty())
        && top.len() >= 2
        && domain.len() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_or_refused_with_their_code() {
        for (text, expected) in [
            ("+905321234567", Ok(())),
            ("+9005321234567", Ok(())),
            ("+902121230000", Ok(())),
            ("+908501234567", Ok(())),
            ("+994501234567", Ok(())),
            ("+905", Err("H121")),
            ("+90532123456", Err("H121")),
            ("+905001234567", Err("H121")),
            ("+905581234567", Err("H121")),
            ("+904441234", Err("H121")),
            ("905321234567", Err("H121")),
            ("05321234567", Err("H121")),
            ("+012345678", Err("H121")),
            ("+90532123456789", Err("H121")),
            ("+905321234567890", Err("H160")),
            ("+90 532 123 45 67", Err("H122")),
            ("ayse", Err("H122")),
            ("", Err("H122")),
            ("a@b.co", Ok(())),
            ("Ayse.Yilmaz+kampanya@Ornek.com.tr", Ok(())),
            ("-a..b_@ornek.com", Ok(())),
            ("ayşe@ornek.com", Err("H120")),
            ("a b@ornek.com", Err("H120")),
            ("a@b.c", Err("H120")),
            ("@ornek.com", Err("H120")),
            ("a@ornek", Err("H120")),
            ("a@@ornek.com", Err("H120")),
            ("a{b@ornek.com", Err("H120")),
        ] {
            let judged = Address::parse(text).map(drop).map_err(|code| code.id);
            assert_eq!(judged, expected, "{text}");
        }
    }

    #[test]
    fn an_email_is_stored_in_lower_case_and_a_dotless_i_never_appears() {
        let address = Address::parse("BILGI@ORNEK.COM").expect("an address");
        assert_eq!(address.to_string(), "bilgi@ornek.com");
    }
}
