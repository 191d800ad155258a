//! What one row says about consent: its status, source and date, judged by the
//! rules that need nothing but the row and the clock.

mod age;
mod date_rules;

pub(crate) use date_rules::{DateRules, FIRST_DAY};

use domain::{ReasonCode, RecipientKind, Source, Status};

use crate::cell::Fault;
use crate::cell::word::{SourceMeaning, StatusMeaning};
use crate::field::Field;
use crate::options::{Action, Polarity};

/// A consent that passed, before it meets an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) status: Status,
    pub(crate) date_us: i64,
    pub(crate) date_is_stated: bool,
    pub(crate) source: Source,
    pub(crate) source_is_stated: bool,
}

/// A status word under the header it stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Consent or refusal.
    Said(Status),
    /// Yes or no, and nobody has said what yes means here (F114).
    PolarityUnknown,
}

/// Reads a status word with the polarity of its column.
///
/// # Errors
/// R104, R501, R502.
pub(crate) fn answer(
    meaning: StatusMeaning,
    polarity: Option<Polarity>,
    shown: impl FnOnce() -> String,
) -> Result<Answer, Fault> {
    let fault = |code| Err(Fault::of_cell(Field::Status, code, &shown()));
    match (meaning, polarity) {
        (StatusMeaning::Said(status), _) => Ok(Answer::Said(status)),
        (StatusMeaning::Answer { .. }, None) => Ok(Answer::PolarityUnknown),
        (StatusMeaning::Answer { is_yes }, Some(polarity)) => {
            let is_consent = is_yes == (polarity == Polarity::YesIsConsent);
            Ok(Answer::Said(if is_consent {
                Status::Onay
            } else {
                Status::Ret
            }))
        }
        (StatusMeaning::Empty, _) => Err(Fault::new(Field::Status, ReasonCode::R501)),
        (StatusMeaning::Error, _) => fault(ReasonCode::R104),
        (StatusMeaning::Unknown, _) => fault(ReasonCode::R502),
    }
}

/// Whether a row must state date and source. A consumer's consent must; a
/// merchant's first record need not (İYS API, `consentDate` and `source`); a
/// refusal that stays with us is never lost for want of paperwork.
pub(crate) fn needs_paperwork(action: Action, kind: RecipientKind, status: Status) -> bool {
    kind == RecipientKind::Bireysel && !(action == Action::Local && status == Status::Ret)
}

/// A source that a row states; `None` where it may leave it out and does.
///
/// # Errors
/// R104, R701 to R704.
pub(crate) fn source(
    meaning: SourceMeaning,
    action: Action,
    status: Status,
    is_needed: bool,
    shown: impl Fn() -> String,
) -> Result<Option<(Source, Option<ReasonCode>)>, Fault> {
    let fault = |code| Err(Fault::of_cell(Field::Source, code, &shown()));
    let (source, remark) = match meaning {
        SourceMeaning::Known(source) => (source, None),
        SourceMeaning::Mapped(source) => (source, Some(ReasonCode::W701)),
        SourceMeaning::Empty if is_needed => {
            return Err(Fault::new(Field::Source, ReasonCode::R701));
        }
        SourceMeaning::Empty => return Ok(None),
        SourceMeaning::Error => return fault(ReasonCode::R104),
        SourceMeaning::Unknown(suggestion) => {
            let mut fault = Fault::of_cell(Field::Source, ReasonCode::R702, &shown());
            if let Some(suggestion) = suggestion {
                fault = fault
                    .with(
                        "hint",
                        format!("{suggestion} olabilir; eşlemede onaylayın."),
                    )
                    .with(
                        "hint_en",
                        format!("Probably {suggestion}; confirm it in the mapping."),
                    );
            }
            return Err(fault);
        }
    };
    if source.is_registry() && action == Action::Push {
        return fault(ReasonCode::R703);
    }
    if source == Source::HS_KARAR && status == Status::Onay {
        return fault(ReasonCode::R704);
    }
    Ok(Some((source, remark)))
}

/// The source recorded where none is stated: the list reached us electronically.
pub(crate) const UNSTATED_SOURCE: Source = Source::HS_EORTAM;
