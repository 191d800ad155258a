//! Group commit: what arrives while a transaction is being committed goes into
//! the next one together. A commit costs the disk's time whatever it carries.
//!
//! There is no task behind it. Whoever comes first has the *turn* and writes
//! for everybody who waits; when it is done it hands the turn on. A caller that
//! goes away (a client that hung up) hands on the turn that it has or is being
//! given, and whoever waited for its writing asks again.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Callers that write together.
#[derive(Debug)]
pub(crate) struct Group<T, A>(Arc<Held<T, A>>);

#[derive(Debug)]
struct Held<T, A> {
    queue: Mutex<Queue<T, A>>,
    most: usize,
}

#[derive(Debug)]
struct Queue<T, A> {
    has_writer: bool,
    waiting: VecDeque<Waiting<T, A>>,
}

#[derive(Debug)]
struct Waiting<T, A> {
    item: T,
    word: oneshot::Sender<Word<T, A>>,
}

#[derive(Debug)]
enum Word<T, A> {
    Answer(A),
    YourTurn(Turn<T, A>),
}

/// The right to write; hands itself on when it is dropped.
#[derive(Debug)]
struct Turn<T, A>(Option<Arc<Held<T, A>>>);

impl<T: Clone, A> Group<T, A> {
    /// Callers that write at most `most` items together.
    pub(crate) fn of(most: usize) -> Self {
        Self(Arc::new(Held {
            queue: Mutex::new(Queue {
                has_writer: false,
                waiting: VecDeque::new(),
            }),
            most,
        }))
    }

    /// Has `item` written, alone or with others, by this caller or another,
    /// and returns the answer to it.
    ///
    /// `write` answers its items in their order. An item may be written twice
    /// when a caller goes away in the middle, so writing it must bear that.
    pub(crate) async fn join<W, F>(&self, item: T, write: W) -> A
    where
        W: Fn(Vec<T>) -> F,
        F: Future<Output = Vec<A>>,
    {
        loop {
            let turn = match self.0.enter(&item) {
                Ok(turn) => turn,
                Err(heard) => match heard.await {
                    Ok(Word::Answer(answer)) => return answer,
                    Ok(Word::YourTurn(turn)) => turn,
                    // The writer went away; nobody knows how far it came.
                    Err(_) => continue,
                },
            };
            let others = self.0.take_waiting();
            let mut items = Vec::with_capacity(1 + others.len());
            items.push(item.clone());
            items.extend(others.iter().map(|other| other.item.clone()));
            let mut answers = write(items).await.into_iter();
            let mine = answers.next();
            drop(turn);
            for (other, answer) in others.into_iter().zip(answers) {
                // One that has gone away needs no answer.
                drop(other.word.send(Word::Answer(answer)));
            }
            if let Some(answer) = mine {
                return answer;
            }
        }
    }
}

impl<T: Clone, A> Held<T, A> {
    fn enter(self: &Arc<Self>, item: &T) -> Result<Turn<T, A>, oneshot::Receiver<Word<T, A>>> {
        let mut queue = self.queue();
        if !queue.has_writer {
            queue.has_writer = true;
            return Ok(Turn(Some(Arc::clone(self))));
        }
        let (word, heard) = oneshot::channel();
        queue.waiting.push_back(Waiting {
            item: item.clone(),
            word,
        });
        Err(heard)
    }

    fn take_waiting(&self) -> Vec<Waiting<T, A>> {
        let mut queue = self.queue();
        let count = queue.waiting.len().min(self.most.saturating_sub(1));
        queue.waiting.drain(..count).collect()
    }
}

impl<T, A> Held<T, A> {
    fn queue(&self) -> MutexGuard<'_, Queue<T, A>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Waiting<T, A>> {
        let mut queue = self.queue();
        let next = queue.waiting.pop_front();
        queue.has_writer = next.is_some();
        next
    }
}

impl<T, A> Drop for Turn<T, A> {
    fn drop(&mut self) {
        let Some(held) = self.0.take() else { return };
        while let Some(next) = held.next() {
            match next
                .word
                .send(Word::YourTurn(Self(Some(Arc::clone(&held)))))
            {
                Ok(()) => return,
                // It went away; this turn must not hand itself on as well.
                Err(Word::YourTurn(mut turn)) => drop(turn.0.take()),
                Err(Word::Answer(_)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn what_comes_during_a_commit_is_written_together_in_the_next() {
        let group: Arc<Group<usize, usize>> = Arc::new(Group::of(3));
        let (commits, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let callers: Vec<_> = (0..7)
            .map(|number| {
                let (group, commits) = (Arc::clone(&group), Arc::clone(&commits));
                let gate = Arc::clone(&gate);
                tokio::spawn(async move {
                    let write = |items: Vec<usize>| {
                        let (commits, gate) = (Arc::clone(&commits), Arc::clone(&gate));
                        async move {
                            gate.acquire().await.expect("open").forget();
                            commits.fetch_add(1, Ordering::SeqCst);
                            items.iter().map(|item| item * 10).collect()
                        }
                    };
                    assert_eq!(group.join(number, write).await, number * 10);
                })
            })
            .collect();
        // Everybody has come before the first commit ends.
        for _ in 0..callers.len() * 2 {
            tokio::task::yield_now().await;
        }
        gate.add_permits(7);
        for caller in callers {
            caller.await.expect("an answer");
        }
        // The first alone, then three and three.
        assert_eq!(commits.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_writer_that_goes_away_leaves_its_turn_and_its_work_to_the_others() {
        let group: Arc<Group<usize, usize>> = Arc::new(Group::of(8));
        let never = |_: Vec<usize>| std::future::pending::<Vec<usize>>();
        let first = {
            let group = Arc::clone(&group);
            tokio::spawn(async move { group.join(1, never).await })
        };
        tokio::task::yield_now().await;
        let others: Vec<_> = (2..5)
            .map(|number| {
                let group = Arc::clone(&group);
                let write = |items: Vec<usize>| std::future::ready(items);
                tokio::spawn(async move { group.join(number, write).await })
            })
            .collect();
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        // One of those that wait goes away too, before the turn comes to it.
        others[0].abort();
        first.abort();
        for (number, other) in (2..5).zip(others).skip(1) {
            assert_eq!(other.await.expect("an answer"), number);
        }
        let alone = group.join(9, |items| std::future::ready(items)).await;
        assert_eq!(alone, 9);
    }
}
