//! Work on a thread of its own, one piece ahead of whoever takes the pieces.

use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

/// Makes the pieces `0..count` in their order. The thread ends with them, behind
/// one that failed, or when the receiver is dropped.
pub(crate) fn one_ahead<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    count: usize,
    make: impl Fn(usize) -> io::Result<T> + Send + 'scope,
) -> Receiver<io::Result<T>> {
    // Handed over, not queued: one is taken while the next is made.
    let (into_made, made) = sync_channel(0);
    scope.spawn(move || {
        for piece in 0..count {
            let result = make(piece);
            let has_failed = result.is_err();
            if into_made.send(result).is_err() || has_failed {
                return;
            }
        }
    });
    made
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn pieces_come_in_their_order_until_one_fails() {
        let make = |piece| match piece {
            3 => Err(io::Error::other("the fourth")),
            _ => Ok(piece),
        };
        let taken: Vec<_> = thread::scope(|scope| one_ahead(scope, 9, make).into_iter().collect());
        let told: Vec<_> = taken.into_iter().map(Result::ok).collect();
        assert_eq!(told, [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn whoever_takes_no_more_ends_the_thread() {
        thread::scope(|scope| {
            let made = one_ahead(scope, usize::MAX, Ok);
            assert_eq!(made.recv().unwrap().unwrap(), 0);
        });
    }
}
