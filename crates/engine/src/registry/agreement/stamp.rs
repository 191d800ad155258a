//! The time stamp of a confirmed day: İYS may publish it later than it takes
//! the confirmation, so it is asked for again until the day leaves its window.

use domain::time::HOUR_US;
use serde_json::json;
use store::registry_feed::day_of;

use super::{DAYS_BACK, date_of};
use crate::error::EngineError;
use crate::{Engine, Step};

/// Pause between two looks on the first two days.
const SOON_US: i64 = HOUR_US;
/// Pause between two looks after that.
const LATER_US: i64 = 6 * HOUR_US;

impl Engine {
    /// Fetches the time stamp of one confirmed day that still lacks it.
    pub(super) async fn fetch_stamp(&self) -> Result<Step, EngineError> {
        if self.is_stopping() {
            return Ok(Step::Idle);
        }
        let now = self.now();
        let mut writer = self.store.write().await?;
        let Some(day) = writer.claim_stamp(now.plus_micros(SOON_US)).await? else {
            return Ok(Step::Idle);
        };
        let age = day_of(now) - day.day;
        if age > DAYS_BACK {
            let problem = "İYS gave no time stamp within its seven days";
            writer
                .settle_stamp(day.brand, day.day, None, Some(problem))
                .await?;
            writer.commit().await?;
            tracing::warn!(brand.id = %day.brand, day = %date_of(day.day), "{problem}");
            return Ok(Step::Did);
        }
        if age > 2 {
            // Looked at rarely once it is late: the answer is a matter of days.
            writer
                .postpone_stamp(day.brand, day.day, now.plus_micros(LATER_US))
                .await?;
        }
        writer.commit().await?;
        let brand = self.store.read().await?.brand_at_work(day.brand).await?;
        let Some(line) = self.line(day.brand).await? else {
            return Ok(Step::Did);
        };
        let Some(stamp) = self.archive_stamp(&brand, &line, &day).await? else {
            return Ok(Step::Did);
        };
        let mut writer = self.store.write().await?;
        writer
            .settle_stamp(day.brand, day.day, Some(&stamp), None)
            .await?;
        let detail = json!({ "day": date_of(day.day).to_string(), "stamp": stamp });
        writer
            .append_audit(
                brand.firm,
                self.worker(),
                "registry.day_stamp",
                &brand.id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(Step::Did)
    }
}
