//! Hundredths as the numbers and texts of answers.

use serde_json::{Number, Value};

/// `1234.50`.
pub(crate) fn decimal(hundredths: i64) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let amount = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", amount / 100, amount % 100)
}

/// The same as a JSON number.
pub(crate) fn money(hundredths: i64) -> Value {
    decimal(hundredths)
        .parse::<Number>()
        .map_or(Value::Null, Value::Number)
}
