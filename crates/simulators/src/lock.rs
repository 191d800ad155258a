//! Locking that survives a panic in another request.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The guarded value. A request that panicked while holding the lock has lost
/// its own answer; it must not take the whole simulator with it.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
