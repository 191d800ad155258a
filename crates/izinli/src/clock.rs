//! The process clock: the machine's, or one that starts at a stated instant.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use domain::{Clock, Timestamp};

/// Environment variable that starts the clock elsewhere (tests and training).
pub(crate) const CLOCK_START: &str = "IZINLI_CLOCK_START";

/// The machine's clock, shifted to a start instant when one was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessClock {
    simulated: Option<(Timestamp, Instant)>,
}

impl ProcessClock {
    /// Reads [`CLOCK_START`].
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        match std::env::var(CLOCK_START) {
            Err(_) => Ok(Self { simulated: None }),
            Ok(text) => {
                let start = text
                    .parse()
                    .with_context(|| format!("{CLOCK_START} cannot be read"))?;
                Ok(Self::starting_at(start))
            }
        }
    }

    /// A clock that shows `start` now and goes on from there.
    pub(crate) fn starting_at(start: Timestamp) -> Self {
        Self {
            simulated: Some((start, Instant::now())),
        }
    }

    /// Whether this is not the real time; the panel then shows a banner.
    pub(crate) const fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        match self.simulated {
            Some((start, began)) => start.plus_micros(micros(began.elapsed())),
            None => machine_now(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn machine_now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_micros(micros(since))
}
