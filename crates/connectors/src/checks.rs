//! The self-test of an account: calls that cost nothing, told in both languages.

use crate::outcome::{Balance, CallFailure, Check, TestReport};

/// Tells a balance query.
pub(crate) fn balance(outcome: &Result<Balance, CallFailure>, is_required: bool) -> Check {
    let (text_tr, text_en) = match outcome {
        Ok(balance) => {
            // Whole units are enough for a glance.
            let units = balance.amount_micros / 1_000_000;
            (
                format!(
                    "Hesap bilgileri doğru. Bakiye: {units} {}.",
                    balance.currency
                ),
                format!(
                    "The credentials are right. Balance: {units} {}.",
                    balance.currency
                ),
            )
        }
        Err(failure) => (
            format!("Bakiye okunamadı; adresi ve hesap bilgilerini denetleyin: {failure}"),
            format!("The balance could not be read; check address and credentials: {failure}"),
        ),
    };
    Check {
        passed: outcome.is_ok(),
        is_required,
        text_tr,
        text_en,
    }
}

/// Tells a query of the registered senders.
pub(crate) fn senders(outcome: &Result<Vec<String>, CallFailure>, is_required: bool) -> Check {
    let (text_tr, text_en) = match outcome {
        Ok(senders) => (
            format!("Tanımlı başlıklar: {}.", listed(senders, "yok")),
            format!("Registered senders: {}.", listed(senders, "none")),
        ),
        Err(failure) => (
            format!("Başlıklar okunamadı; adresi ve hesap bilgilerini denetleyin: {failure}"),
            format!("The senders could not be read; check address and credentials: {failure}"),
        ),
    };
    Check {
        passed: outcome.is_ok(),
        is_required,
        text_tr,
        text_en,
    }
}

fn listed(senders: &[String], none: &str) -> String {
    if senders.is_empty() {
        none.to_owned()
    } else {
        senders.join(", ")
    }
}

/// Tells whether a field without which the provider takes no commercial
/// message is filled in: `field` is its label in both languages.
pub(crate) fn for_commercial(is_given: bool, (tr, en): (&str, &str)) -> Check {
    let (text_tr, text_en) = if is_given {
        (
            format!("{tr} girilmiş: ticari gönderim yapılabilir."),
            format!("{en} is given: commercial messages can be sent."),
        )
    } else {
        (
            format!(
                "{tr} girilmemiş: sağlayıcı onsuz ticari ileti almaz. Bilgileri değiştirip yazın; yalnız bilgilendirme iletileri gönderilebilir."
            ),
            format!(
                "{en} is missing: without it the provider takes no commercial message. Change the settings and enter it; only informational messages can be sent."
            ),
        )
    };
    Check {
        passed: is_given,
        is_required: false,
        text_tr,
        text_en,
    }
}

/// The checks of an account, in order.
pub(crate) fn report(checks: impl IntoIterator<Item = Check>) -> TestReport {
    TestReport {
        checks: checks.into_iter().collect(),
        senders: None,
    }
}

/// Millionths from a decimal text with a point or a Turkish comma.
pub(crate) fn micros(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = match (text.rfind(','), text.rfind('.')) {
        // `1.234,56` and `12,50`
        (Some(comma), point) if point.is_none_or(|point| point < comma) => {
            text.replace('.', "").replace(',', ".")
        }
        _ => text.replace(',', ""),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let is_negative = whole.starts_with('-');
    let whole: i64 = whole.parse().ok()?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction: i64 = six.parse().ok()?;
    let fraction = if is_negative { -fraction } else { fraction };
    whole.checked_mul(1_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_with_a_point_or_a_comma() {
        for (text, expected) in [
            ("1234.50", 1_234_500_000),
            ("1234,50", 1_234_500_000),
            ("1.234,5", 1_234_500_000),
            ("1,234.5", 1_234_500_000),
            ("7", 7_000_000),
            ("-0.25", -250_000),
        ] {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
        for nonsense in ["", "çok", "1.2.3", "99999999999999999"] {
            assert_eq!(micros(nonsense), None, "{nonsense}");
        }
    }
}
