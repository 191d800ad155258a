//! Failed deliveries (*geri dönen ileti*): a dead address is stopped at once
//! (S204), one that fails again and again after a while.

use domain::Timestamp;
use domain::ids::{FirmId, MessageRef, RecipientId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};

/// One failed delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// Of which message.
    pub message: MessageRef,
    /// Whether the address is dead.
    pub is_hard: bool,
    /// The server's code.
    pub code: String,
    /// Its words.
    pub words: String,
    /// When.
    pub at: Timestamp,
}

/// Soft failures that stop an address, on at least [`SOFT_DAYS`] days.
pub const SOFT_MAX: i64 = 5;
/// See [`SOFT_MAX`].
pub const SOFT_DAYS: i64 = 3;
/// Within which time they count, microseconds.
pub const SOFT_WITHIN_US: i64 = 30 * domain::time::DAY_US;

impl Reader {
    /// Why an address is undeliverable: its failures, the newest first.
    pub async fn bounces_of(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<Vec<(bool, String, String, Timestamp)>, StoreError> {
        let sql = "SELECT is_hard, code, words, bounced_us FROM bounce \
             WHERE recipient_id = $2 AND firm_id = $1 ORDER BY bounced_us DESC LIMIT 20";
        let rows: Vec<(i64, String, String, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading failed deliveries")?;
        Ok(rows
            .into_iter()
            .map(|(hard, code, words, at)| (hard == 1, code, words, Timestamp::from_micros(at)))
            .collect())
    }
}

impl Writer {
    /// Notes failed deliveries and stops the addresses that they say are dead.
    /// Messages that were not planned for anybody of the firm are passed over;
    /// each message counts once. Returns how many addresses were stopped.
    pub async fn note_bounces(
        &mut self,
        firm: FirmId,
        bounces: &[Bounce],
    ) -> Result<u64, StoreError> {
        let mut stopped = 0;
        for bounce in bounces {
            let (campaign, recipient) = (bounce.message.campaign, bounce.message.recipient);
            let sql = "INSERT INTO bounce (recipient_id, campaign_id, firm_id, is_hard, code, words, bounced_us) \
                 SELECT p.recipient_id, p.campaign_id, c.firm_id, CAST($4 AS BIGINT), \
                    CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT) \
                 FROM campaign c JOIN campaign_recipient p ON p.campaign_id = c.id AND p.code = 0 \
                 WHERE c.id = $2 AND c.firm_id = $1 AND p.recipient_id = $3 AND p.batch_no = $8 \
                 ON CONFLICT (recipient_id, campaign_id) DO UPDATE SET is_hard = excluded.is_hard, \
                    code = excluded.code, words = excluded.words \
                 WHERE bounce.is_hard = 0 AND excluded.is_hard = 1";
            let noted = on!(self, conn => sqlx::query(sql)
                .bind(firm.as_db())
                .bind(campaign.as_db())
                .bind(recipient.as_db())
                .bind(i64::from(bounce.is_hard))
                .bind(bounce.code.as_str())
                .bind(bounce.words.as_str())
                .bind(bounce.at.as_micros())
                .bind(bounce.message.batch_no)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("noting a failed delivery")?;
            if noted == 0 {
                continue;
            }
            // Days are those of Turkish time; it has had one offset since 2016.
            let sql = "UPDATE recipient SET undeliverable = 1 \
                 WHERE id = $1 AND firm_id = $2 AND undeliverable = 0 AND ($3 = 1 OR \
                    (SELECT count(*) FROM bounce WHERE recipient_id = $1 AND bounced_us >= $4) >= $5 \
                    AND (SELECT count(DISTINCT (bounced_us + 10800000000) / 86400000000) FROM bounce \
                         WHERE recipient_id = $1 AND bounced_us >= $4) >= $6)";
            stopped += on!(self, conn => sqlx::query(sql)
                .bind(recipient.as_db())
                .bind(firm.as_db())
                .bind(i64::from(bounce.is_hard))
                .bind(bounce.at.plus_micros(-SOFT_WITHIN_US).as_micros())
                .bind(SOFT_MAX)
                .bind(SOFT_DAYS)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("stopping a dead address")?;
        }
        if stopped > 0 {
            self.close_gate(firm).await?;
        }
        Ok(stopped)
    }

    /// Lets an address be tried again: somebody has seen that it works.
    pub async fn revive_address(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE recipient SET undeliverable = 0 \
             WHERE id = $1 AND firm_id = $2 AND undeliverable = 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(recipient.as_db())
            .bind(firm.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("letting an address be tried again")?;
        let sql = "DELETE FROM bounce WHERE recipient_id = $1 AND firm_id = $2";
        on!(self, conn => sqlx::query(sql)
            .bind(recipient.as_db())
            .bind(firm.as_db())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("forgetting failed deliveries")?;
        Ok(rows == 1)
    }
}
