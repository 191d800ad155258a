//! The simulator's clock: a start instant plus real elapsed time, or moved by hand.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::lock::locked;

/// What time it is inside a simulator. Clones share one clock.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    setting: Mutex<Setting>,
    moved: Notify,
}

#[derive(Debug)]
struct Setting {
    base: Timestamp,
    since: Instant,
    frozen: bool,
}

impl Clock {
    /// A clock that shows the machine's time.
    #[expect(
        clippy::disallowed_methods,
        reason = "a simulator is a process of its own; this is where its time comes from"
    )]
    pub fn real() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// A clock that shows `start` now and then runs at the usual speed.
    pub fn starting_at(start: Timestamp) -> Self {
        Self::set(start, false)
    }

    /// A clock that stands at `at` until it is moved.
    pub fn frozen_at(at: Timestamp) -> Self {
        Self::set(at, true)
    }

    /// Puts the hands on `to`; a frozen clock stays there.
    pub fn move_to(&self, to: Timestamp, frozen: bool) {
        *locked(&self.0.setting) = Setting {
            base: to,
            since: Instant::now(),
            frozen,
        };
        self.0.moved.notify_waiters();
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        let setting = locked(&self.0.setting);
        if setting.frozen {
            return setting.base;
        }
        setting
            .base
            .checked_add(setting.since.elapsed())
            .unwrap_or(Timestamp::MAX)
    }

    /// The time it shows, in milliseconds since 1970 UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }

    /// Resolves the next time somebody moves the hands, counted from this call.
    pub(crate) fn moved(&self) -> Notified<'_> {
        self.0.moved.notified()
    }

    fn set(base: Timestamp, frozen: bool) -> Self {
        Self(Arc::new(Shared {
            setting: Mutex::new(Setting {
                base,
                since: Instant::now(),
                frozen,
            }),
            moved: Notify::new(),
        }))
    }
}
