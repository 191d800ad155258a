//! Reason codes as the API shows them: the code, both texts and the next step.

use domain::ReasonCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a row or a person was refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Reason {
    /// Such as `S101`; stable for ever.
    #[schema(value_type = String, example = "S101")]
    pub code: ReasonCode,
    /// Why, in Turkish.
    pub text_tr: String,
    /// Why, in English.
    pub text_en: String,
    /// What to do next, in Turkish; empty only for remarks that need nothing.
    pub next_tr: String,
    /// What to do next, in English.
    pub next_en: String,
}

/// A reason and how many people or rows it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CountedReason {
    /// The reason.
    #[serde(flatten)]
    pub reason: Reason,
    /// How many.
    pub count: i64,
}

impl Reason {
    /// A code without particulars.
    pub(crate) fn of(code: ReasonCode) -> Self {
        Self::with(code, &[])
    }

    /// A code whose text is filled with the particulars of one case.
    ///
    /// A name that ends in `_en` speaks in English in place of the name without
    /// the ending; `hint` goes before the next step.
    pub(crate) fn with(code: ReasonCode, args: &[(String, String)]) -> Self {
        let plain = args
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let shared: Vec<(&str, &str)> = plain.clone().collect();
        let english: Vec<(&str, &str)> = plain
            .clone()
            .filter_map(|(name, value)| Some((name.strip_suffix("_en")?, value)))
            .chain(plain)
            .collect();
        let info = code.info();
        Self {
            code,
            text_tr: code.render_tr(&shared),
            text_en: code.render_en(&english),
            next_tr: next(value_of(&shared, "hint"), info.next_tr),
            next_en: next(value_of(&shared, "hint_en"), info.next_en),
        }
    }
}

fn value_of<'a>(values: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    values
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| *value)
}

fn next(hint: Option<&str>, step: &str) -> String {
    hint.map_or_else(
        || step.to_owned(),
        |hint| format!("{hint} {step}").trim_end().to_owned(),
    )
}

impl CountedReason {
    /// A code and how many it concerns.
    pub(crate) fn of(code: ReasonCode, count: i64) -> Self {
        Self {
            reason: Reason::of(code),
            count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_gets_its_own_value_where_there_are_two() {
        let args = [
            ("kind", "sabit hat"),
            ("kind_en", "landline"),
            ("hint", "Önce bakın."),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let reason = Reason::with(ReasonCode::R206, &args);
        assert!(reason.text_tr.contains("sabit hat"), "{}", reason.text_tr);
        assert!(reason.text_en.contains("landline"), "{}", reason.text_en);
        assert!(!reason.text_en.contains("sabit"), "{}", reason.text_en);
        assert!(
            reason.next_tr.starts_with("Önce bakın. "),
            "{}",
            reason.next_tr
        );
    }
}
