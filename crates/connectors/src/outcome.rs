//! What is certain after an exchange with a provider.
//!
//! The one distinction that everything rests on: a request that *surely* did
//! not arrive may be sent again; one that *may* have arrived may not, until
//! the provider was asked.

use std::time::Duration;

use domain::ids::MessageRef;
use serde::{Deserialize, Serialize};

use crate::receipt::Receipt;

/// What a refusal asks of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Passes by itself: the same person may be tried again.
    Transient,
    /// This person or text will not go; the others do.
    Permanent,
    /// The sender, the brand or its consent set-up: pause the sender here.
    Sender,
    /// The account: pause the connector (credentials, address list, credit).
    Account,
    /// Our request was malformed: our developers look.
    Request,
    /// The provider has it already: accepted earlier, never sent again.
    Duplicate,
    /// A code we do not know: tried twice, then people look.
    Undocumented,
}

impl Class {
    /// The letter in status tables.
    pub(crate) fn from_letter(letter: &str) -> Option<Self> {
        Some(match letter {
            "T" => Self::Transient,
            "P" => Self::Permanent,
            "S" => Self::Sender,
            "A" => Self::Account,
            "R" => Self::Request,
            "D" => Self::Duplicate,
            "U" => Self::Undocumented,
            _ => return None,
        })
    }
}

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it, except those it refused one by one.
    Accepted {
        /// The provider's name for the request.
        reference: String,
        /// Refused inside the accepted request.
        refused: Vec<Refusal>,
    },
    /// The provider refused the whole request: surely nothing was sent.
    Refused {
        /// What it asks of us.
        class: Class,
        /// The provider's code, or the HTTP status.
        code: String,
        /// The provider's words.
        text: String,
    },
    /// It surely did not arrive: no connection was opened, or the provider
    /// turned it away because of its limits.
    NotSent {
        /// What happened.
        text: String,
        /// How long the provider asks us to wait. It stands wherever the request
        /// was turned away because of the provider's limits: the account is then
        /// slowed down.
        retry_after: Option<Duration>,
    },
    /// It may have arrived: a timeout, a connection that broke, a server error
    /// after the body went, an answer that cannot be read.
    Unknown {
        /// What happened.
        text: String,
    },
}

/// A person whom the provider refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which message.
    pub message: MessageRef,
    /// What it asks of us.
    pub class: Class,
    /// The provider's code.
    pub code: String,
    /// The provider's words.
    pub text: String,
}

/// What the provider knows about a request in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// It took the request: one entry per message asked about, in that order.
    Found(Vec<FoundMessage>),
    /// It took a request that fits by its time, its people and its text.
    FoundAs {
        /// The provider's name for it. If it stands for another request of ours,
        /// this one was not found.
        reference: String,
        /// One entry per message asked about, in that order.
        messages: Vec<FoundMessage>,
    },
    /// It knows nothing of it. Means "not taken" only after the quiet period.
    NotFound,
    /// It could not be asked, or its answer could not be read whole.
    Unavailable {
        /// What happened.
        text: String,
        /// How long the provider asks us to wait.
        retry_after: Option<Duration>,
    },
}

impl LookUp {
    /// It could not be asked.
    pub(crate) fn unavailable(text: impl Into<String>) -> Self {
        Self::Unavailable {
            text: text.into(),
            retry_after: None,
        }
    }

    /// The provider knows no name of ours for a request.
    pub(crate) fn cannot_be_asked() -> Self {
        Self::Unavailable {
            text: "this provider cannot be asked by our key".to_owned(),
            retry_after: None,
        }
    }
}

/// What the provider knows about one message of a request in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMessage {
    /// Which.
    pub message: MessageRef,
    /// What became of it.
    pub found: Found,
}

/// The provider's knowledge of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Taken; the receipt is what is known by now.
    Accepted(Receipt),
    /// Refused one by one.
    Refused(Refusal),
    /// Not listed although others of the request are: ask again, do not send.
    Missing,
}

/// What is left on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// In millionths of the currency.
    pub amount_micros: i64,
    /// ISO code, or the provider's own unit.
    pub currency: String,
}

/// A call that is not about messages failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CallFailure {
    /// What it asks of us.
    pub class: Class,
    /// What happened, in the provider's words where it spoke.
    pub text: String,
}

impl CallFailure {
    /// The provider has no such call.
    pub(crate) fn not_offered(what: &str) -> Self {
        Self {
            class: Class::Request,
            text: format!("{what} is not offered by this provider"),
        }
    }

    /// The provider answered with something that cannot be read.
    pub(crate) fn unreadable(why: impl std::fmt::Display) -> Self {
        Self {
            class: Class::Transient,
            text: format!("the answer could not be read: {why}"),
        }
    }
}

/// Result of trying an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// What was tried, in order.
    pub checks: Vec<Check>,
    /// The senders (*başlık*) that the provider listed; none where it lists
    /// none, or did not answer.
    pub senders: Option<Vec<String>>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Whether it works.
    pub passed: bool,
    /// Whether sending needs it.
    pub is_required: bool,
    /// What was found, in Turkish.
    pub text_tr: String,
    /// What was found, in English.
    pub text_en: String,
}

impl TestReport {
    /// With what a query of the registered senders brought.
    pub(crate) fn listing(mut self, senders: Result<Vec<String>, CallFailure>) -> Self {
        self.senders = senders.ok();
        self
    }

    /// Whether everything that sending needs works.
    pub fn passed(&self) -> bool {
        self.checks
            .iter()
            .all(|check| check.passed || !check.is_required)
    }
}
