//! Behaviour that can be changed while a simulator runs.

use serde::{Deserialize, Serialize};

/// See `POST /_sim/options`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Who is let in; none: everybody who names somebody.
    pub login: Option<Login>,
    /// Senders that are registered; empty: every well-formed one.
    pub senders: Vec<String>,
    /// What is left on the account, in hundredths.
    pub balance_hundredths: i64,
    /// Price of one part.
    pub price_hundredths: i64,
    /// Milliseconds on the simulator's clock from acceptance to the last receipt.
    pub report_delay_ms: u64,
    /// Where receipts are pushed to when the request names no address, as set
    /// in the provider's panel.
    pub push_url: Option<String>,
    /// Where replies of people are pushed to.
    pub inbound_url: Option<String>,
    /// Milliseconds until a push that was not taken is repeated.
    pub push_retry_ms: u64,
    /// How long a receiver may take to answer a push, real milliseconds.
    pub push_timeout_ms: u64,
    /// Send requests a minute; none: no limit.
    pub sends_per_minute: Option<usize>,
    /// Report queries a minute; none: no limit.
    pub pulls_per_minute: Option<usize>,
    /// What pushes are signed with, where that is not the password.
    pub push_secret: Option<String>,
    /// Approved templates, where only those may be sent.
    pub templates: Vec<Template>,
}

/// A template as it was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub category: String,
    /// Its text, with variables such as `{{1}}` or `{{ad}}`.
    pub body: String,
    /// Quick-reply buttons, which take a payload each.
    #[serde(default)]
    pub quick_replies: usize,
}

/// Who may use the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// User name, key or account number.
    pub user: String,
    /// Password, hash or token.
    pub password: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            login: None,
            senders: Vec::new(),
            balance_hundredths: 100_000_000,
            price_hundredths: 0,
            report_delay_ms: 200,
            push_url: None,
            inbound_url: None,
            push_retry_ms: 100,
            push_timeout_ms: 5_000,
            sends_per_minute: None,
            pulls_per_minute: None,
            push_secret: None,
            templates: Vec::new(),
        }
    }
}

impl Options {
    /// Whether somebody with this name and password is let in.
    pub(crate) fn lets_in(&self, user: &str, password: &str) -> bool {
        match &self.login {
            Some(login) => login.user == user && login.password == password,
            None => !user.is_empty() && !password.is_empty(),
        }
    }

    /// Whether a sender is registered.
    pub(crate) fn knows_sender(&self, sender: &str) -> bool {
        self.senders.is_empty() || self.senders.iter().any(|known| known == sender)
    }
}
