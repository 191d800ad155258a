//! How errors from below become problems.

use engine::EngineError;
use engine::error::Fault;
use engine::practice::PracticeRefusal;
use store::StoreError;

use super::{Problem, ProblemKind, Where};

/// How long to wait when something passing is in the way, seconds.
const RETRY_SECONDS: u32 = 2;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy { .. } => passing(ProblemKind::Busy, &error),
            StoreError::Unavailable { .. } => passing(ProblemKind::Unavailable, &error),
            StoreError::Exists { what } => {
                Self::new(ProblemKind::Exists).with_detail(format!("{what} exists already"))
            }
            StoreError::Lost { what } => Self::new(ProblemKind::Conflict)
                .with_detail(format!("{what} is not there or has moved on")),
            StoreError::Refused(code) => Self::refused(code, &[]),
            StoreError::Configuration(problem) => {
                Self::new(ProblemKind::Invalid).with_detail(problem)
            }
            StoreError::Corrupt { .. }
            | StoreError::Sealed { .. }
            | StoreError::OutOfIds
            | StoreError::Migration(_) => Self::internal(&error),
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound { what } => {
                Self::new(ProblemKind::NotFound).with_detail(format!("{what} is not there"))
            }
            EngineError::Conflict { what, problem } => {
                Self::new(ProblemKind::Conflict).with_detail(format!("{what}: {problem}"))
            }
            EngineError::Invalid { field, problem } => Self::invalid(vec![Where::told(
                field,
                "invalid",
                "Bu alan kabul edilemedi.",
                problem,
            )]),
            EngineError::Settings(engine::ConfigError::Invalid { problems }) => {
                let told = problems.into_iter().map(|problem| {
                    let field = format!("config.{}", problem.field);
                    Where::told(field, "invalid", problem.text_tr, problem.text_en)
                });
                Self::invalid(told.collect())
            }
            EngineError::Settings(error) => {
                Self::new(ProblemKind::Invalid).with_detail(error.to_string())
            }
            EngineError::Unanswered { questions } => {
                let open = questions.into_iter().map(|question| {
                    let field = format!("mapping.{}", question.answer_field);
                    Where::told(field, question.code, question.text_tr, question.text_en)
                });
                Self::new(ProblemKind::QuestionsOpen).with_fields(open.collect())
            }
            EngineError::Faults(faults) => Self::invalid(told(faults)),
            EngineError::Unfinished(faults) => {
                Self::new(ProblemKind::Unfinished).with_fields(told(faults))
            }
            EngineError::Practice(refusal) => Self::invalid(vec![practice(&refusal)]),
            EngineError::OtherPerson { .. } => Self::new(ProblemKind::OtherPerson),
            EngineError::Refused { code, args } => Self::refused(code, &args),
            EngineError::CreditShort(short) => Self::refused(short.code, &[])
                .with_fields(vec![Where::told(
                    "when_credit_short",
                    "required",
                    format!(
                        "Kredi {} kişiye yetmiyor ({} parça). Bekleyecekler mi (wait), dışarıda mı kalacaklar (cut)?",
                        short.people, short.parts
                    ),
                    format!(
                        "The credit does not reach {} people ({} parts). Do they wait (wait), or are they left out (cut)?",
                        short.people, short.parts
                    ),
                )]),
            EngineError::Store(error) => error.into(),
            EngineError::Shared(error) => match &*error {
                StoreError::Busy { .. } => passing(ProblemKind::Busy, &error),
                StoreError::Unavailable { .. } => passing(ProblemKind::Unavailable, &error),
                other => Self::internal(other),
            },
            EngineError::File { .. } | EngineError::Internal(_) => Self::internal(&error),
        }
    }
}

fn told(faults: Vec<Fault>) -> Vec<Where> {
    faults
        .into_iter()
        .map(|fault| Where::told(fault.field, fault.code, fault.text_tr, fault.text_en))
        .collect()
}

/// What a refusal of practice, or of its end, says to people.
pub(crate) fn practice(refusal: &PracticeRefusal) -> Where {
    let (field, code, tr, en) = match refusal {
        PracticeRefusal::SimulatedRegistry { url } => {
            return Where::told(
                "registry.base_url",
                "simulator",
                format!(
                    "Bu kurulumda registry.base_url bir İYS benzetimine bakıyor ({url}). Kurulumu yapan kişi bu adresi registry.practice_url ayarına taşımalı, registry.base_url ayarına gerçek İYS'nin adresini (https://api.iys.org.tr) yazmalı ve programı yeniden başlatmalı. Sonrasında canlıya geçmek yeniden başlatma istemez."
                ),
                format!(
                    "In this installation registry.base_url names a simulator of İYS ({url}). Whoever installed it moves that address to registry.practice_url, writes the real İYS (https://api.iys.org.tr) into registry.base_url and restarts the program. After that, going live needs no restart."
                ),
            );
        }
        PracticeRefusal::CampaignsUnderWay { campaigns } => {
            return Where::told(
                "campaigns",
                "campaigns_under_way",
                format!(
                    "Benzetimle süren {campaigns} kampanya var. Bitmelerini bekleyin ya da iptal edin, sonra canlıya geçin."
                ),
                format!(
                    "Campaigns still under way over simulators: {campaigns}. Wait for them to end or cancel them, then go live."
                ),
            );
        }
        PracticeRefusal::RealProvider { simulators } => {
            let known = simulators.join(", ");
            return Where::told(
                "config.base_url",
                "practice",
                format!(
                    "Deneme ortamında yalnız benzetim hesabı eklenebilir. API adresine kurulumun benzetimini yazın ({known}) ya da önce canlıya geçin."
                ),
                format!(
                    "In practice only a simulator can be added. As API address, write one of the installation's simulators ({known}), or go live first."
                ),
            );
        }
        PracticeRefusal::SimulatedProvider => (
            "config.base_url",
            "simulator",
            "Bu adres bir benzetimdir; canlı firmada kullanılamaz. Sağlayıcının gerçek hesabını ekleyin.",
            "This address is a simulator; a live firm cannot use it. Add the provider's real account.",
        ),
        PracticeRefusal::RealRegistry => (
            "mode",
            "practice",
            "Deneme ortamındaki firma gerçek İYS'ye bağlanamaz. Kurulumu yapan kişi registry.practice_url ayarına bir İYS benzetimi yazmalı; ya da önce canlıya geçin.",
            "A firm that practises cannot be connected to the real İYS. Whoever installed this names a simulator of İYS in registry.practice_url, or you go live first.",
        ),
        PracticeRefusal::Live => (
            "practice",
            "live",
            "Firma zaten canlıda.",
            "The firm is live already.",
        ),
    };
    Where::told(field, code, tr, en)
}

fn passing(kind: ProblemKind, error: &StoreError) -> Problem {
    // The text of a driver error may name hosts and files: it stays in the log.
    drop(Problem::internal(error));
    Problem::new(kind).retry_after(RETRY_SECONDS)
}

/// Absence as a problem: whatever is not the caller's is not there.
pub(crate) trait OrNotFound<T> {
    /// The value, or [`ProblemKind::NotFound`].
    fn or_not_found(self) -> Result<T, Problem>;
}

impl<T> OrNotFound<T> for Option<T> {
    fn or_not_found(self) -> Result<T, Problem> {
        self.ok_or_else(|| Problem::new(ProblemKind::NotFound))
    }
}

/// For changes that name one row: a row that is not there is a plain absence.
impl<T> OrNotFound<T> for Result<T, StoreError> {
    fn or_not_found(self) -> Result<T, Problem> {
        self.map_err(|error| match error {
            StoreError::Lost { .. } => Problem::new(ProblemKind::NotFound),
            error => error.into(),
        })
    }
}
