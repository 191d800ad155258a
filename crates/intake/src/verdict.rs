//! The verdict on a whole file.

use domain::ReasonCode;
use serde::{Deserialize, Serialize};

use crate::file::kind::KindName;

/// Values for the placeholders of a code's text.
///
/// A name that ends in `_en` speaks in English texts in place of the name
/// without the ending: `kind` is "sabit hat", `kind_en` is "landline".
pub type Args = Vec<(String, String)>;

/// Whether the file may be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum FileVerdict {
    /// Its accepted rows may be applied.
    Accepted,
    /// Nothing of it may be applied.
    Refused(Refusal),
}

impl FileVerdict {
    /// The code of a refusal.
    pub const fn code(&self) -> Option<ReasonCode> {
        match self {
            Self::Accepted => None,
            Self::Refused(refusal) => Some(refusal.code),
        }
    }
}

/// Why a whole file was stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The code (F…).
    pub code: ReasonCode,
    /// What fills the placeholders of its text.
    pub args: Args,
    /// The line it was noticed on, where there is one.
    pub line: Option<u64>,
}

impl Refusal {
    pub(crate) const fn new(code: ReasonCode) -> Self {
        Self {
            code,
            args: Vec::new(),
            line: None,
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.args.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self.with("line", line.to_string())
    }

    pub(crate) fn unsupported(kind: KindName) -> Self {
        Self::new(ReasonCode::F107)
            .with("type", kind.tr)
            .with("type_en", kind.en)
    }

    /// The Turkish text.
    pub fn text_tr(&self) -> String {
        explain_tr(self.code, &self.args)
    }

    /// The English text.
    pub fn text_en(&self) -> String {
        explain_en(self.code, &self.args)
    }
}

/// The Turkish text of a code with its values.
pub fn explain_tr(code: ReasonCode, args: &[(String, String)]) -> String {
    let values: Vec<(&str, &str)> = args
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    code.render_tr(&values)
}

/// The English text of a code with its values; see [`Args`] for names in `_en`.
pub fn explain_en(code: ReasonCode, args: &[(String, String)]) -> String {
    let english = args
        .iter()
        .filter_map(|(name, value)| Some((name.strip_suffix("_en")?, value.as_str())));
    let shared = args
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let values: Vec<(&str, &str)> = english.chain(shared).collect();
    code.render_en(&values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_gets_its_own_value_where_there_are_two() {
        let refusal = Refusal::unsupported(crate::file::kind::BINARY);
        assert!(refusal.text_tr().contains("ikili"), "{}", refusal.text_tr());
        assert!(
            refusal.text_en().contains("binary"),
            "{}",
            refusal.text_en()
        );
        assert!(!refusal.text_en().contains("ikili"));
    }
}
