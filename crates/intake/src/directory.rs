//! What intake asks about people who are already known.

use domain::consent::AddressOwner;
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
    /// What İYS told us; intake reads the verdict, its date and whether it is a
    /// citizen's.
    pub registry: RegistryView,
    /// Whether the address is on the brand's blacklist (W805).
    pub blacklisted: bool,
    /// To whom the address belongs; `None` for an address that is new.
    pub owner: Option<AddressOwner>,
}

/// One thing on record, as [`Holdings`] tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The address it is about.
    pub recipient: Recipient,
    /// What it is.
    pub fact: HeldFact,
}

/// What is held about an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldFact {
    /// The state of one of its keys; `blacklisted` is told by a stop.
    State(Channel, RecipientKind, Box<Stored>),
    /// It is on the blacklist, for a channel or for all of them.
    Stop(Option<Channel>),
}

/// Everything on record, read page by page by a thread that may block.
pub trait Holdings: Send {
    /// The next page; an empty one is the end.
    ///
    /// # Errors
    /// [`DirectoryError`] when the directory cannot be read; judging stops.
    fn next_page(&mut self) -> Result<Vec<Held>, DirectoryError>;
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

    /// Everything on record, where reading it as a whole costs less than asking
    /// about `keys` of its keys. A file is often of the same people as the
    /// record, and a walk reads five times as many states a second as look-ups.
    ///
    /// # Errors
    /// [`DirectoryError`] when the directory cannot be asked; judging stops.
    fn holdings(&mut self, keys: u64) -> Result<Option<Box<dyn Holdings>>, DirectoryError> {
        let _ = keys;
        Ok(None)
    }

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
