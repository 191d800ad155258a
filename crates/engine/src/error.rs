//! What the engine could not do, in terms that HTTP and commands can show.

use domain::ReasonCode;
use store::StoreError;

/// An operation that was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The thing is not there, or belongs to another firm.
    #[error("{what} is not there")]
    NotFound {
        /// The thing.
        what: &'static str,
    },
    /// It is not in a state that allows this.
    #[error("{what}: {problem}")]
    Conflict {
        /// The thing.
        what: &'static str,
        /// Why not, and the way out.
        problem: String,
    },
    /// A field holds something that cannot be.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field's name.
        field: &'static str,
        /// What is wrong and what would do.
        problem: String,
    },
    /// Fields of a provider account are wrong.
    #[error("{}", told(.0))]
    Settings(connectors::ConfigError),
    /// A rule refuses it.
    #[error("refused with {code}")]
    Refused {
        /// The rule's code.
        code: ReasonCode,
        /// Values of the text's placeholders.
        args: Vec<(String, String)>,
    },
    /// Only a person can answer these questions about a file, and nobody has.
    #[error("{} questions about the file are unanswered", .questions.len())]
    Unanswered {
        /// The questions.
        questions: Vec<OpenQuestion>,
    },
    /// Practice, or its end, does not allow it.
    #[error("practice does not allow it: {0:?}")]
    Practice(crate::practice::PracticeRefusal),
    /// Whoever brought it in may not let it in.
    #[error("somebody else than {uploader} must approve it")]
    OtherPerson {
        /// Who brought it in.
        uploader: String,
    },
    /// Fields that a gate refuses, each in words of its own.
    #[error("{}", fields(.0))]
    Faults(Vec<Fault>),
    /// What must be done before this is missing.
    #[error("{}", fields(.0))]
    Unfinished(Vec<Fault>),
    /// The credit at the provider does not reach everybody, and nobody has said
    /// what becomes of the others.
    #[error("the credit does not reach {} of the people", .0.people)]
    CreditShort(crate::campaigns::CreditShort),
    /// The store could not.
    #[error(transparent)]
    Store(StoreError),
    /// The store could not, for several callers at once.
    #[error(transparent)]
    Shared(std::sync::Arc<StoreError>),
    /// A file of ours could not be read or written.
    #[error("{doing} failed")]
    File {
        /// The operation.
        doing: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Something that should always hold does not.
    #[error("{0}")]
    Internal(String),
}

/// Every wrong field with what is wrong.
fn told(error: &connectors::ConfigError) -> String {
    match error {
        connectors::ConfigError::Invalid { problems } => {
            let told = problems
                .iter()
                .map(|problem| format!("{}: {}", problem.field, problem.text_en));
            told.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Every refused field with what is wrong.
fn fields(faults: &[Fault]) -> String {
    let told = faults
        .iter()
        .map(|fault| format!("{}: {}", fault.field, fault.text_en));
    told.collect::<Vec<_>>().join(" ")
}

/// A field that a gate refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub field: &'static str,
    /// Which gate, or what kind of fault.
    pub code: &'static str,
    /// Why, in Turkish.
    pub text_tr: String,
    /// The same in English.
    pub text_en: String,
}

/// A question about a file that is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenQuestion {
    /// Which, such as `date_order`.
    pub code: String,
    /// The field of the mapping that its answer goes into.
    pub answer_field: &'static str,
    /// In Turkish.
    pub text_tr: String,
    /// In English.
    pub text_en: String,
}

impl EngineError {
    /// Names the file operation that failed.
    pub(crate) fn file(doing: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::File { doing, source }
    }

    /// A state that does not allow the operation.
    pub fn conflict(what: &'static str, problem: impl Into<String>) -> Self {
        Self::Conflict {
            what,
            problem: problem.into(),
        }
    }

    /// A field that cannot be accepted.
    pub fn invalid(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            problem: problem.into(),
        }
    }

    /// Whether the same again may succeed without anybody's doing.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.is_passing(),
            Self::Shared(error) => error.is_passing(),
            _ => false,
        }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(code) => Self::Refused {
                code,
                args: Vec::new(),
            },
            StoreError::Exists { what } => Self::conflict(what, "exists already"),
            StoreError::Lost { what } => {
                Self::conflict(what, "is not there or has moved on meanwhile")
            }
            other => Self::Store(other),
        }
    }
}
