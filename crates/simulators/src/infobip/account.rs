//! The account's balance.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// Balance and price, in hundredths of the currency so that sums are exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What is left.
    pub balance_hundredths: u64,
    /// Price of one message part.
    #[serde(default)]
    pub price_hundredths: u64,
    /// ISO 4217.
    #[serde(default = "lira")]
    pub currency: String,
}

fn lira() -> String {
    "TRY".to_owned()
}

impl Default for Account {
    fn default() -> Self {
        Self {
            balance_hundredths: 100_000_000,
            price_hundredths: 0,
            currency: lira(),
        }
    }
}

impl Account {
    /// Takes the price of a message off the balance, if it is there.
    pub(crate) fn charge(&mut self, parts: u8) -> bool {
        let price = self.price_hundredths.saturating_mul(u64::from(parts));
        match self.balance_hundredths.checked_sub(price) {
            Some(left) => {
                self.balance_hundredths = left;
                true
            }
            None => false,
        }
    }
}

/// Hundredths as a JSON number with two decimals.
pub(crate) fn money(hundredths: u64) -> Value {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}
