//! The end of practice (*deneme ortamı*): what a simulator in place of İYS told
//! about a brand's people is forgotten, for none of it is so.

use domain::ids::{BrandId, FirmId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};

/// What was only ever true of a simulator, by brand: its queue, its feeds, its
/// answers, the days held against it, and the figures made of them.
const TOLD: [&str; 18] = [
    "DELETE FROM registry_batch WHERE brand_id = $1",
    "DELETE FROM registry_cursor WHERE brand_id = $1",
    "DELETE FROM registry_stranger WHERE brand_id = $1",
    "DELETE FROM registry_movement WHERE brand_id = $1",
    "DELETE FROM registry_told WHERE brand_id = $1",
    "DELETE FROM registry_gap WHERE brand_id = $1",
    "DELETE FROM registry_sweep WHERE brand_id = $1",
    "DELETE FROM registry_push WHERE brand_id = $1",
    "DELETE FROM registry_push_account WHERE brand_id = $1",
    "DELETE FROM registry_drift WHERE brand_id = $1",
    "DELETE FROM registry_day WHERE brand_id = $1",
    "DELETE FROM registry_light WHERE brand_id = $1",
    "DELETE FROM registry_rest WHERE brand_id = $1",
    "DELETE FROM registry_answer WHERE brand_id = $1",
    "DELETE FROM registry_history WHERE brand_id = $1",
    "DELETE FROM registry_count WHERE brand_id = $1",
    "DELETE FROM via_request WHERE brand_id = $1",
    "DELETE FROM consent_figure WHERE brand_id = $1",
];

impl Reader {
    /// How many campaigns of a firm are on their way: launching, running or paused.
    pub async fn campaigns_under_way(&mut self, firm: FirmId) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM campaign WHERE firm_id = $1 AND state IN (4, 5, 6)";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting campaigns under way")
    }
}

impl Writer {
    /// Forgets what a simulator told about a brand's people; how many there
    /// were. What people said stays, except an ONAY that came from it.
    pub async fn forget_practice(&mut self, brand: BrandId) -> Result<u64, StoreError> {
        let citizen = "UPDATE consent_state SET local_status = 0, local_us = NULL, \
                local_recorded_us = NULL, local_event_id = NULL, local_citizen = 0 \
             WHERE brand_id = $1 AND local_citizen = 1 AND local_status = 1";
        self.of_brand(citizen, brand).await?;
        let mirror = "UPDATE consent_state SET verdict = 0, verdict_citizen = 0, verdict_us = NULL, \
                checked_us = NULL, registry_batch_id = NULL, registry_transaction = NULL, \
                verdict_code = NULL WHERE brand_id = $1";
        let people = self.of_brand(mirror, brand).await?;
        for sql in TOLD {
            self.of_brand(sql, brand).await?;
        }
        Ok(people)
    }

    async fn of_brand(&mut self, sql: &'static str, brand: BrandId) -> Result<u64, StoreError> {
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("forgetting what a simulator told")
    }
}
