//! Why a call to İYS did not do what it was meant to.

use std::fmt;

use domain::{ReasonCode, Timestamp};

use crate::codes::{self, Class};
use crate::wire::AddAnswer;

/// A call that failed, with all that a caller must know to go on.
///
/// The code decides, not the HTTP status: İYS sends the same code with
/// different statuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CallError {
    /// What to do about it.
    pub class: Class,
    /// The code İYS gave, such as `H124`; `None` when none could be read.
    pub code: Option<String>,
    /// İYS's own words, or ours for a failure on the way.
    pub message: String,
    /// The HTTP status; `None` when no answer arrived.
    pub http: Option<u16>,
    /// Whether İYS may have received the request. `false` only when no
    /// connection was opened or we held the call back ourselves.
    pub may_have_arrived: bool,
    /// Not before this instant, when a window is closed.
    pub not_before: Option<Timestamp>,
    /// The rows of a list that İYS named.
    pub rows: Vec<RowError>,
}

/// One row that İYS named in a refused list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Position in the list we sent, from 0.
    pub index: usize,
    /// The code, when one could be read.
    pub code: Option<String>,
    /// İYS's own words.
    pub message: String,
}

impl CallError {
    /// Our reason code for everything this call was about.
    pub fn reason(&self) -> ReasonCode {
        match &self.code {
            Some(code) => codes::reason_of(Some(code), &self.message),
            None => match self.class {
                Class::Transient | Class::Window { .. } | Class::Auth => ReasonCode::I500,
                Class::Configuration => ReasonCode::I300,
                Class::Data | Class::Business => ReasonCode::I900,
            },
        }
    }

    /// What people are shown as İYS's own: its code and its words, without ours around them.
    pub fn said(&self) -> String {
        match &self.code {
            Some(code) => format!("{code}: {}", self.message),
            None => self.to_string(),
        }
    }

    /// The refusal of a call that carried one record, as an answer about it.
    pub fn as_answer(&self) -> AddAnswer {
        AddAnswer::Failed {
            code: self.code.clone(),
            message: self.message.clone(),
        }
    }

    /// Whether İYS answered and refused, so that surely nothing was recorded.
    pub fn is_refusal(&self) -> bool {
        self.http
            .is_some_and(|status| (400..500).contains(&status) && status != 408)
    }

    /// A call we did not make, because its window is closed.
    pub(crate) fn held_back(not_before: Timestamp, now: Timestamp, message: String) -> Self {
        let seconds = not_before.since(now).max(0) / domain::time::SECOND_US + 1;
        Self {
            class: Class::Window {
                seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            },
            code: None,
            message,
            http: None,
            may_have_arrived: false,
            not_before: Some(not_before),
            rows: Vec::new(),
        }
    }

    /// A failure of ours or of the way, without an answer.
    pub(crate) fn on_the_way(message: String, may_have_arrived: bool) -> Self {
        Self {
            class: Class::Transient,
            code: None,
            message,
            http: None,
            may_have_arrived,
            not_before: None,
            rows: Vec::new(),
        }
    }

    /// An answer that could not be read although İYS says it went well.
    pub(crate) fn unreadable(status: u16, problem: &str) -> Self {
        Self {
            http: Some(status),
            ..Self::on_the_way(format!("the answer could not be read: {problem}"), true)
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, self.http) {
            (Some(code), Some(status)) => {
                write!(f, "İYS answered {code} ({status}): {}", self.message)
            }
            (Some(code), None) => write!(f, "İYS answered {code}: {}", self.message),
            (None, Some(status)) => write!(f, "İYS answered {status}: {}", self.message),
            (None, None) => write!(f, "İYS was not reached: {}", self.message),
        }
    }
}
