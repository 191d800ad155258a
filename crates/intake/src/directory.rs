//! What intake asks about people who are already known.

use domain::{Channel, LocalState, Recipient, RecipientKind, RegistryView};

/// How a row without an address names a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// The firm's own number of the person, byte for byte.
    External(String),
    /// A device or profile token, byte for byte.
    Token(String),
}

/// What is on record for one address, channel and kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// Our own folded state.
    pub local: Option<LocalState>,
    /// What İYS told us.
    pub registry: RegistryView,
    /// Whether the address is on the brand's blacklist (W805).
    pub blacklisted: bool,
}

/// The people and consents on record, asked in batches. The engine implements
/// it over the store; [`NoDirectory`] knows nobody.
pub trait Directory {
    /// The known addresses of each identifier, in the order asked; an empty
    /// list for an unknown one.
    ///
    /// # Errors
    /// [`DirectoryError`] when the directory cannot be asked; judging stops.
    fn addresses(&mut self, ids: &[Identifier]) -> Result<Vec<Vec<Recipient>>, DirectoryError>;

    /// What is on record for each key, in the order asked.
    ///
    /// # Errors
    /// [`DirectoryError`] when the directory cannot be asked; judging stops.
    fn states(
        &mut self,
        keys: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<Stored>, DirectoryError>;

    /// Whether [`Directory::states`] can be left unasked because nothing is on
    /// record. An empty directory answers `true` and saves the look-ups; one
    /// that cannot tell answers `false`.
    fn holds_no_states(&self) -> bool {
        false
    }
}

/// Why the directory gave no answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct DirectoryError(#[from] Box<dyn std::error::Error + Send + Sync>);

impl DirectoryError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// A directory that knows nobody: for a dry run without a database.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDirectory;

impl Directory for NoDirectory {
    fn addresses(&mut self, ids: &[Identifier]) -> Result<Vec<Vec<Recipient>>, DirectoryError> {
        Ok(vec![Vec::new(); ids.len()])
    }

    fn states(
        &mut self,
        keys: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<Stored>, DirectoryError> {
        Ok(vec![Stored::default(); keys.len()])
    }

    fn holds_no_states(&self) -> bool {
        true
    }
}
