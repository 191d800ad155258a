//! What can go wrong at the store, in terms a caller can branch on.

use domain::ReasonCode;

/// A store operation that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or refuses to work; nothing was changed.
    #[error("database unavailable while {doing}")]
    Unavailable {
        /// The operation.
        doing: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// Another transaction is in the way; the same call may succeed at once.
    #[error("database busy while {doing}")]
    Busy {
        /// The operation.
        doing: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// Something with this name or number exists already.
    #[error("{what} exists already")]
    Exists {
        /// The thing.
        what: &'static str,
    },
    /// The row is not there, or not in the state the change needs.
    #[error("{what} is not there or has moved on")]
    Lost {
        /// The thing.
        what: &'static str,
    },
    /// A rule of the domain forbids the change.
    #[error("refused with {0}")]
    Refused(ReasonCode),
    /// A row breaks an invariant: it was changed from outside or by a bug.
    #[error("{table}.{column} of row {row} holds a value that cannot be")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// An encrypted value cannot be opened with the key at hand.
    #[error("{what} cannot be opened with the present key")]
    Sealed {
        /// The value.
        what: &'static str,
    },
    /// More ids were asked for than a transaction may use.
    #[error("the id block is used up; ask for ids before the transaction")]
    OutOfIds,
    /// The schema could not be brought up to date.
    #[error("database migration failed")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A setting that cannot work.
    #[error("{0}")]
    Configuration(String),
}

impl StoreError {
    /// Sorts a driver error by what a caller can do about it.
    pub(crate) fn of(doing: &'static str, source: sqlx::Error) -> Self {
        if let sqlx::Error::Database(error) = &source {
            // SQLite: 5 busy, 6 locked. PostgreSQL: 40001 serialization, 40P01 deadlock, 55P03 lock.
            let busy = matches!(
                error.code().as_deref(),
                Some("5" | "6" | "517" | "261" | "40001" | "40P01" | "55P03")
            );
            if busy {
                return Self::Busy { doing, source };
            }
            if error.is_unique_violation() {
                return Self::Exists { what: doing };
            }
        }
        Self::Unavailable { doing, source }
    }

    /// Whether trying the same again may help.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Unavailable { .. })
    }
}

/// Names the operation that a driver error interrupted.
pub(crate) trait Doing<T> {
    /// Turns a driver error into a store error about `doing`.
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::of(doing, source))
    }
}

/// Checks that a change touched exactly the rows it was for.
pub(crate) fn exactly(rows: u64, expected: u64, what: &'static str) -> Result<(), StoreError> {
    if rows == expected {
        Ok(())
    } else {
        Err(StoreError::Lost { what })
    }
}
