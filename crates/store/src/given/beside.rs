//! One look-up by two connections: each asks about half of the keys.
//!
//! A slice of thousands of keys is looked up while its transaction holds the
//! locks under which alone the answers change, and before it has written
//! anything. So another connection sees the same rows, and the second core
//! works as well.

use std::future::Future;

use crate::error::StoreError;

/// Fewer keys are not worth a second question.
const HALVED_FROM: usize = 1_000;

/// The keys of either connection; all of them for the first when there is no
/// second, or when they are few.
pub(crate) fn halves<T>(keys: &[T], has_second: bool) -> (&[T], &[T]) {
    let first = if has_second && keys.len() >= HALVED_FROM {
        keys.len() / 2
    } else {
        keys.len()
    };
    keys.split_at(first)
}

/// The answers to both halves, those of the first before those of the second.
pub(crate) async fn asked_by_both<T>(
    mine: impl Future<Output = Result<Vec<T>, StoreError>>,
    theirs: Option<impl Future<Output = Result<Vec<T>, StoreError>>>,
) -> Result<Vec<T>, StoreError> {
    let Some(theirs) = theirs else {
        return mine.await;
    };
    let (mine, theirs) = tokio::join!(mine, theirs);
    let mut rows = mine?;
    rows.extend(theirs?);
    Ok(rows)
}
