//! Reading rows: a value outside its domain is corruption and is named with
//! its table, column and row; lists have a bound; rows that are about to be
//! changed are locked where that means something.

use std::fmt::Display;

use domain::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::secret::Keys;

/// Most rows that one page of a list holds.
pub const PAGE_ROWS_MAX: usize = 1_000;

/// The row limit of a page, at most [`PAGE_ROWS_MAX`].
pub(crate) fn page_rows(wanted: usize) -> i64 {
    bounded(wanted, PAGE_ROWS_MAX)
}

/// A row limit of at least 1 and at most `max`.
pub(crate) fn bounded(wanted: usize, max: usize) -> i64 {
    i64::try_from(wanted.clamp(1, max)).unwrap_or(i64::MAX)
}

/// A column's value as the domain knows it.
///
/// # Errors
/// [`StoreError::Corrupt`] when the domain does not know it.
pub(crate) fn known<T>(
    value: Option<T>,
    table: &'static str,
    column: &'static str,
    row: impl Display,
) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::Corrupt {
        table,
        column,
        row: row.to_string(),
    })
}

/// A JSON column as its typed value.
///
/// # Errors
/// [`StoreError::Corrupt`] when the text is not of that shape.
pub(crate) fn from_json<T: DeserializeOwned>(
    text: &str,
    table: &'static str,
    column: &'static str,
    row: impl Display,
) -> Result<T, StoreError> {
    known(serde_json::from_str(text).ok(), table, column, row)
}

/// A typed value as the text of a JSON column.
///
/// # Errors
/// [`StoreError::Configuration`] when the value has no JSON form.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Configuration(format!("no JSON form: {error}")))
}

/// A sealed text in the clear.
///
/// # Errors
/// [`StoreError::Sealed`] when the key differs or the bytes are no text.
pub(crate) fn open_text(
    keys: &Keys,
    what: &'static str,
    sealed: &[u8],
) -> Result<SecretString, StoreError> {
    String::from_utf8(keys.open(what, sealed)?)
        .map(SecretString::from)
        .map_err(|_| StoreError::Sealed { what })
}

/// A nullable `…_us` column.
pub(crate) fn instant(us: Option<i64>) -> Option<Timestamp> {
    us.map(Timestamp::from_micros)
}

/// A query whose rows are about to be changed in the same transaction.
///
/// PostgreSQL locks them; SQLite has one writer, and its transaction began
/// IMMEDIATE, so nobody can come between.
macro_rules! for_update {
    ($session:expr, $($text:tt)+) => {
        match $session.engine() {
            $crate::db::Engine::Sqlite => concat!($($text)+),
            $crate::db::Engine::Postgres => concat!($($text)+, " FOR UPDATE"),
        }
    };
}
pub(crate) use for_update;
