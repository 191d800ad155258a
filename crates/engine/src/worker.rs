//! The loops that do the work, each one a step that is repeated: take what is
//! due, do it, and rest only when nothing was.
//!
//! Every loop has an owner, ends on the token, and finishes the step it is in.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error::EngineError;

/// How much a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Something: there may be more at once.
    Did,
    /// Nothing was due.
    Idle,
}

impl Step {
    /// [`Step::Did`] when `count` is not zero.
    pub const fn of(count: usize) -> Self {
        if count == 0 { Self::Idle } else { Self::Did }
    }

    /// Did either do something?
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Idle, Self::Idle) => Self::Idle,
            _ => Self::Did,
        }
    }
}

/// Rest after a step that failed, so that a fault is not hammered.
const REST_AFTER_FAULT: Duration = Duration::from_secs(1);

/// Repeats `step` until the token ends it. A rest ends early when somebody of
/// this process says that there is work; what other processes bring is found
/// when the rest is over.
pub(crate) fn spawn_loop<F, Fut>(
    tasks: &mut JoinSet<()>,
    name: &'static str,
    rest: Duration,
    bell: Option<Arc<Notify>>,
    cancel: CancellationToken,
    mut step: F,
) where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<Step, EngineError>> + Send,
{
    let bell = bell.unwrap_or_default();
    tasks.spawn(async move {
        while !cancel.is_cancelled() {
            // Made before the step, so that a ring while it looks is not missed.
            let rung = bell.notified();
            match step().await {
                Ok(Step::Did) => {}
                Ok(Step::Idle) => tokio::select! {
                    () = cancel.cancelled() => {}
                    () = rung => {}
                    () = tokio::time::sleep(rest) => {}
                },
                Err(error) => {
                    log_fault(name, &error);
                    tokio::select! {
                        () = cancel.cancelled() => {}
                        () = tokio::time::sleep(REST_AFTER_FAULT) => {}
                    }
                }
            }
        }
    });
}

fn log_fault(name: &'static str, error: &EngineError) {
    let error: &dyn std::error::Error = error;
    if let Some(cause) = error.source() {
        tracing::error!(worker.loop = name, error = %error, cause = %cause, "a step failed: {error}: {cause}");
    } else {
        tracing::error!(worker.loop = name, error = %error, "a step failed: {error}");
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_resting_loop_looks_again_when_it_is_told_even_while_it_looked() {
        let (mut tasks, cancel) = (JoinSet::new(), CancellationToken::new());
        let bell = Arc::new(Notify::new());
        let (looked, mut looks) = mpsc::channel(8);
        let ringer = Arc::clone(&bell);
        let mut looks_made = 0;
        spawn_loop(
            &mut tasks,
            "test",
            Duration::from_secs(3_600),
            Some(Arc::clone(&bell)),
            cancel.clone(),
            move || {
                looks_made += 1;
                if looks_made == 1 {
                    ringer.notify_waiters();
                }
                let looked = looked.clone();
                async move {
                    looked.send(()).await.expect("somebody counts");
                    Ok(Step::Idle)
                }
            },
        );
        for _ in 0..2 {
            looks.recv().await.expect("a look");
        }
        cancel.cancel();
        while let Some(ended) = tasks.join_next().await {
            ended.expect("a loop that ends");
        }
    }
}
