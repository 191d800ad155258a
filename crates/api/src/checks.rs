//! Checks of single fields that several bodies share. The code of each error
//! finds its texts in [`crate::problem::Where`].

use std::borrow::Cow;

use domain::phone::Country;
use domain::{EmailAddress, Recipient};
use validator::ValidationError;

/// Not only white space.
pub(crate) fn not_blank(text: &str) -> Result<(), ValidationError> {
    holds(!text.trim().is_empty(), "blank")
}

/// Sixteen digits.
pub(crate) fn mersis(text: &str) -> Result<(), ValidationError> {
    holds(
        text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit()),
        "mersis",
    )
}

/// A normalised e-mail address.
pub(crate) fn email(text: &str) -> Result<(), ValidationError> {
    holds(EmailAddress::from_normalised(text).is_some(), "email")
}

/// A normalised phone number or e-mail address.
pub(crate) fn address(text: &str) -> Result<(), ValidationError> {
    holds(Recipient::from_normalised(text).is_ok(), "address")
}

/// ISO codes of countries.
pub(crate) fn countries(codes: &[String]) -> Result<(), ValidationError> {
    holds(
        !codes.is_empty() && codes.iter().all(|code| Country::parse(code).is_some()),
        "country",
    )
}

fn holds(condition: bool, code: &'static str) -> Result<(), ValidationError> {
    if condition {
        Ok(())
    } else {
        Err(ValidationError::new(code))
    }
}

/// Minutes since midnight of `09:00`; `24:00` is the end of the day.
pub(crate) fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<i64>().ok())
            .flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 1_440).then_some(total)
}

/// `09:00` of minutes since midnight.
pub(crate) fn time_of_day(minutes: i64) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A validation error that stands for a whole object.
pub(crate) fn fault(code: &'static str) -> ValidationError {
    ValidationError {
        code: Cow::Borrowed(code),
        message: None,
        params: std::collections::HashMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_two_digits_colon_two_digits_within_one_day() {
        for (text, expected) in [
            ("00:00", Some(0)),
            ("09:05", Some(545)),
            ("24:00", Some(1_440)),
            ("24:01", None),
            ("9:00", None),
            ("09:60", None),
            ("+9:00", None),
            ("", None),
        ] {
            assert_eq!(minutes(text), expected, "{text}");
        }
        assert_eq!(time_of_day(545), "09:05");
    }
}
