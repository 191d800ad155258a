//! Numbers that WhatsApp does not reach: no account there, an old program, terms
//! that were not accepted, a block. It does not say which, so one failure says
//! little; the same for weeks says that WhatsApp is no way to this person. Only
//! WhatsApp passes the number over then (S204).

use domain::ids::{FirmId, RecipientId};
use domain::time::DAY_US;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::row::page_rows;

/// In so many different weeks a number must have failed.
pub const WEEKS_MAX: i64 = 3;
/// From the first of these failures to the last, at least, microseconds.
pub const APART_US: i64 = 14 * DAY_US;
/// Within which time they count, microseconds.
pub const WITHIN_US: i64 = 180 * DAY_US;
/// How long after the last of them the number is tried again, microseconds.
pub const REST_US: i64 = 180 * DAY_US;

/// Numbers that failed for weeks, and not since the time given. The number stands
/// in the text, so that the index of those few is used.
pub(super) const RESTED: &str = "SELECT r.id, r.firm_id FROM recipient r WHERE r.off_whatsapp = 1 \
     AND NOT EXISTS (SELECT 1 FROM bounce b WHERE b.recipient_id = r.id AND b.bounced_us >= $1) \
     ORDER BY r.id LIMIT $2";

impl Reader {
    /// Whether WhatsApp passes a number over.
    pub async fn is_off_whatsapp(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT off_whatsapp FROM recipient WHERE id = $2 AND firm_id = $1";
        let held: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading whether WhatsApp reaches a number")?;
        Ok(held == Some(1))
    }
}

impl Writer {
    /// Has WhatsApp pass a number over if its failures are as the module says.
    /// Returns how many numbers that was: one or none.
    pub(super) async fn pass_over_on_whatsapp(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
        at: domain::Timestamp,
    ) -> Result<u64, StoreError> {
        // Weeks begin on Monday, in Turkish time; it has had one offset since 2016.
        let sql = "UPDATE recipient SET off_whatsapp = 1 \
             WHERE id = $1 AND firm_id = $2 AND off_whatsapp = 0 \
                AND (SELECT count(DISTINCT (bounced_us + 270000000000) / 604800000000) FROM bounce \
                     WHERE recipient_id = $1 AND is_hard = 0 AND bounced_us >= $3) >= $4 \
                AND (SELECT max(bounced_us) - min(bounced_us) FROM bounce \
                     WHERE recipient_id = $1 AND is_hard = 0 AND bounced_us >= $3) >= $5";
        on!(self, conn => sqlx::query(sql)
            .bind(recipient.as_db())
            .bind(firm.as_db())
            .bind(at.plus_micros(-WITHIN_US).as_micros())
            .bind(WEEKS_MAX)
            .bind(APART_US)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("passing a number over on WhatsApp")
    }

    /// WhatsApp reached these numbers: what failed before counts no more.
    pub async fn reached_on_whatsapp(
        &mut self,
        firm: FirmId,
        people: &[RecipientId],
    ) -> Result<(), StoreError> {
        let given = Given::new().ints("id", people.iter().map(|id| id.as_db()));
        if given.is_empty() {
            return Ok(());
        }
        let sql = given.sql(
            self.engine(),
            2,
            "DELETE FROM bounce WHERE firm_id = $1 AND is_hard = 0 \
             AND recipient_id IN (SELECT id FROM given)",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("forgetting failures on WhatsApp")?;
        let sql = given.sql(
            self.engine(),
            2,
            "UPDATE recipient SET off_whatsapp = 0 WHERE firm_id = $1 AND off_whatsapp = 1 \
             AND id IN (SELECT id FROM given)",
        );
        let back = on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("trying numbers on WhatsApp again")?;
        if back > 0 {
            self.changes_firm(firm);
        }
        Ok(())
    }

    /// Lets WhatsApp try numbers again that have rested long enough. Returns how
    /// many.
    pub(super) async fn try_whatsapp_again(&mut self, limit: usize) -> Result<u64, StoreError> {
        let before = self.now().plus_micros(-REST_US);
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(RESTED)
            .bind(before.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for numbers that WhatsApp may try again")?;
        for (id, firm) in &rows {
            self.changes_firm(FirmId::from_db(*firm));
            let sql = "UPDATE recipient SET off_whatsapp = 0 WHERE id = $1 AND off_whatsapp = 1";
            on!(self, conn => sqlx::query(sql)
                .bind(id)
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("trying a number on WhatsApp again")?;
        }
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}
