//! The loops that do the work, each one a step that is repeated: take what is
//! due, do it, and rest only when nothing was.
//!
//! Every loop has an owner, ends on the token, and finishes the step it is in.

use std::future::Future;
use std::time::Duration;

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

/// Repeats `step` until the token ends it.
pub(crate) fn spawn_loop<F, Fut>(
    tasks: &mut JoinSet<()>,
    name: &'static str,
    rest: Duration,
    cancel: CancellationToken,
    mut step: F,
) where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<Step, EngineError>> + Send,
{
    tasks.spawn(async move {
        while !cancel.is_cancelled() {
            let pause = match step().await {
                Ok(Step::Did) => continue,
                Ok(Step::Idle) => rest,
                Err(error) => {
                    log_fault(name, &error);
                    REST_AFTER_FAULT
                }
            };
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
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
