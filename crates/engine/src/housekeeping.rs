//! Forgetting what nobody needs any more: ended sessions, answers kept for the
//! repeats of creating calls, failures of addresses that have rested since, and
//! old events.

use domain::time::HOUR_US;

use crate::error::EngineError;
use crate::{Engine, Step};

/// Rows forgotten in one transaction.
const ROWS_MAX: usize = 5_000;

impl Engine {
    /// One round; it goes on at once while there is much to forget.
    pub async fn step_housekeeping(&self) -> Result<Step, EngineError> {
        let kept_us = self.settings.housekeeping.keep_answers_hours.max(1) * HOUR_US;
        let before = self.now().plus_micros(-kept_us);
        let mut writer = self.store.write().await?;
        let sessions = writer.purge_sessions().await?;
        let calls = writer.purge_calls(before, ROWS_MAX).await?;
        let rested = writer.forgive_failing(ROWS_MAX).await?;
        writer.commit().await?;
        let has_more_events = self.tidy_events(ROWS_MAX).await?;
        if rested > 0 {
            tracing::info!(
                addresses = rested,
                "addresses that kept failing are tried again"
            );
        }
        if sessions + calls > 0 {
            tracing::debug!(
                sessions,
                calls,
                "ended sessions and old answers were forgotten"
            );
        }
        Ok(if has_more_events || calls.max(rested) >= ROWS_MAX as u64 {
            Step::Did
        } else {
            Step::Idle
        })
    }
}
