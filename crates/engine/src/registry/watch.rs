//! The feeds are watched: İYS shows seven days, so what nobody read in that
//! time is lost. Six days raise an alarm; when changes were lost, no older
//! answer counts until everybody has been asked again.

use domain::Timestamp;
use domain::gate::FEED_WINDOW_US;
use domain::time::HOUR_US;
use serde_json::json;
use store::brands::Brand;
use store::registry_sweep::SweepPurpose;

use super::alarms;
use super::pull::BRANDS_MAX;
use crate::error::EngineError;
use crate::{Engine, Step};

impl Engine {
    /// Looks how long the feeds of connected brands went unread.
    pub(super) async fn watch_feeds(&self) -> Result<Step, EngineError> {
        let brands = self
            .store
            .read()
            .await?
            .connected_brands(None, BRANDS_MAX)
            .await?;
        let mut step = Step::Idle;
        for brand in brands {
            step = step.or(self.watch_feed(&brand).await?);
        }
        Ok(step)
    }

    pub(super) async fn watch_feed(&self, brand: &Brand) -> Result<Step, EngineError> {
        let now = self.now();
        let Some(complete_at) = brand.feed.complete_at else {
            let mut writer = self.store.write().await?;
            writer.begin_watch(brand.id).await?;
            writer.commit().await?;
            return Ok(Step::Idle);
        };
        let alarm_us = self.settings.registry.gap_alarm_hours * HOUR_US;
        if now.since(complete_at) <= alarm_us {
            return Ok(Step::Idle);
        }
        let last = self.store.read().await?.gaps(brand.id, 1).await?;
        let is_told = last.first().is_some_and(|gap| {
            let is_handled = gap
                .missed_at
                .is_some_and(|at| now.since(at) <= FEED_WINDOW_US);
            gap.began_at == complete_at && (is_handled || !brand.feed.is_lost(now))
        });
        if is_told {
            return Ok(Step::Idle);
        }
        self.alarm(brand, complete_at, now).await
    }

    async fn alarm(
        &self,
        brand: &Brand,
        complete_at: Timestamp,
        now: Timestamp,
    ) -> Result<Step, EngineError> {
        let is_lost = brand.feed.is_lost(now);
        let mut writer = self.store.write().await?;
        let is_new = writer.alarm_gap(brand.id, complete_at).await?;
        let detail = json!({ "last_complete_pull": complete_at, "is_lost": is_lost });
        let actor = self.worker().to_owned();
        let subject = brand.id.to_string();
        if is_new {
            writer
                .append_audit(brand.firm, &actor, "registry.gap_alarm", &subject, &detail)
                .await?;
            tracing::error!(
                brand.id = %brand.id,
                "the changes at İYS have not been read to their end since {}; after seven days \
                 refusals are lost and nobody of the brand can be sent to",
                complete_at.to_turkish_text()
            );
        }
        // Once per window: while the feed stays silent the comparison goes stale.
        let not_since = now.plus_micros(-FEED_WINDOW_US);
        let is_missed = is_lost && writer.miss_gap(brand.id, complete_at, not_since).await?;
        if is_missed {
            writer
                .begin_sweep(brand.firm, brand.id, SweepPurpose::Gap, false, &actor)
                .await?;
            writer
                .append_audit(brand.firm, &actor, "registry.gap_missed", &subject, &detail)
                .await?;
            tracing::error!(
                brand.id = %brand.id,
                "changes at İYS were lost: everybody of the brand is asked again, and nobody is \
                 sent to on an older answer"
            );
        }
        if is_new || is_missed {
            alarms::feed_is_silent(&mut writer, brand, complete_at).await?;
            writer.commit().await?;
            return Ok(Step::Did);
        }
        Ok(Step::Idle)
    }
}
