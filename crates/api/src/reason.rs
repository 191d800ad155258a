//! Reason codes as the API shows them: the code, both texts and the next step.

use domain::ReasonCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a row or a person was refused, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
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
pub struct CountedReason {
    /// The reason.
    #[serde(flatten)]
    pub reason: Reason,
    /// How many.
    pub count: i64,
}

impl Reason {
    /// A code without particulars.
    pub fn of(code: ReasonCode) -> Self {
        Self::with(code, &[])
    }

    /// A code whose text is filled with the particulars of one case.
    pub fn with(code: ReasonCode, args: &[(String, String)]) -> Self {
        let values: Vec<(&str, &str)> =
            args.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let info = code.info();
        Self {
            code,
            text_tr: code.render_tr(&values),
            text_en: code.render_en(&values),
            next_tr: info.next_tr.to_owned(),
            next_en: info.next_en.to_owned(),
        }
    }
}

impl CountedReason {
    /// A code and how many it concerns.
    pub fn of(code: ReasonCode, count: i64) -> Self {
        Self { reason: Reason::of(code), count }
    }
}
