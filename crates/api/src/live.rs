//! Server-sent events: a thing is looked at twice a second and sent when it
//! has changed, until it is final or the reader leaves.
//!
//! Each stream is driven by its own response: when the reader is gone, so is
//! the stream. There are no tasks behind it.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::problem::{Problem, ProblemKind};

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// After this long the stream ends without an `end`: the browser comes back by
/// itself, and whether it may is asked anew.
const LONGEST: Duration = Duration::from_mins(15);

/// The thing as it is now.
#[derive(Debug)]
pub(crate) struct Seen<T> {
    pub(crate) now: T,
    /// Nothing more will become of it.
    pub(crate) is_final: bool,
}

struct Watch<F> {
    app: App,
    look: F,
    /// What was sent last.
    sent: String,
    phase: Phase,
    ends_at: Instant,
    next_look: Instant,
    /// Keeps the number of open streams bounded.
    _permit: OwnedSemaphorePermit,
}

enum Phase {
    /// The first state is at hand.
    First {
        text: String,
        is_final: bool,
    },
    Watching,
    /// The last state was sent; `end` follows.
    Final,
    Over,
}

/// Streams what `look` sees. The first look happens before the answer begins,
/// so that absence and lack of permission are plain problems.
///
/// # Errors
/// The first look's problem; [`ProblemKind::Busy`] when too many streams are
/// open: the reader polls instead.
pub(crate) async fn follow<T, F, Fut>(
    app: App,
    mut look: F,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem>
where
    T: Serialize + 'static,
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Result<Seen<T>, Problem>> + Send + 'static,
{
    let seen = look().await?;
    let permit = app
        .streams
        .clone()
        .try_acquire_owned()
        .map_err(|_| Problem::new(ProblemKind::Busy).retry_after(5))?;
    let now = Instant::now();
    let watch = Watch {
        look,
        sent: String::new(),
        phase: Phase::First {
            text: text(&seen.now)?,
            is_final: seen.is_final,
        },
        ends_at: now + LONGEST,
        next_look: now + LOOK_EVERY,
        app,
        _permit: permit,
    };
    Ok(Sse::new(unfold(watch, step)).keep_alive(KeepAlive::default()))
}

async fn step<T, F, Fut>(mut watch: Watch<F>) -> Option<(Result<Event, Infallible>, Watch<F>)>
where
    T: Serialize,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Seen<T>, Problem>>,
{
    loop {
        let (text, is_final) = match std::mem::replace(&mut watch.phase, Phase::Watching) {
            Phase::Over => return None,
            Phase::Final => {
                watch.phase = Phase::Over;
                return Some((Ok(Event::default().event("end").data("{}")), watch));
            }
            Phase::First { text, is_final } => (text, is_final),
            Phase::Watching => {
                let stopping = watch.app.stopping.clone();
                tokio::select! {
                    () = stopping.cancelled() => return None,
                    () = sleep_until(watch.next_look) => {}
                }
                if Instant::now() >= watch.ends_at {
                    return None;
                }
                watch.next_look = Instant::now() + LOOK_EVERY;
                // A problem is in the log; the browser comes back and hears it there.
                let seen = (watch.look)().await.ok()?;
                (text(&seen.now).ok()?, seen.is_final)
            }
        };
        if is_final {
            watch.phase = Phase::Final;
        }
        if text != watch.sent {
            watch.sent.clone_from(&text);
            return Some((Ok(Event::default().event("progress").data(text)), watch));
        }
    }
}

fn text<T: Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::internal(&error))
}
