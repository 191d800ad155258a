//! How errors from below become problems.

use engine::EngineError;
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
            EngineError::OtherPerson { .. } => Self::new(ProblemKind::OtherPerson),
            EngineError::Refused { code, args } => Self::refused(code, &args),
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
