//! Alarms: raised once however often they are seen, acknowledged by somebody,
//! cleared when the cause is gone.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::alarm::{AlarmCode, Severity};
use domain::ids::{AlarmId, BrandId, FirmId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{from_json, instant, known, page_rows, to_json};

/// Values of an alarm's text.
pub type AlarmDetail = BTreeMap<String, String>;

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its number.
    pub id: AlarmId,
    /// The brand; none for the whole firm.
    pub brand: Option<BrandId>,
    /// What it is about.
    pub code: AlarmCode,
    /// How bad it is.
    pub severity: Severity,
    /// Which of several of one code and brand.
    pub subject: String,
    /// Values of its text.
    pub detail: AlarmDetail,
    /// When it was first seen.
    pub raised_at: Timestamp,
    /// When it was last seen.
    pub last_at: Timestamp,
    /// How often it was seen.
    pub seen: i64,
    /// When somebody took it on.
    pub acknowledged_at: Option<Timestamp>,
    /// Who.
    pub acknowledged_by: Option<String>,
    /// In their words.
    pub note: Option<String>,
    /// When its cause was gone.
    pub cleared_at: Option<Timestamp>,
}

/// What an alarm is told apart by.
#[derive(Debug, Clone, Copy)]
pub struct AlarmKey<'a> {
    /// Whose.
    pub firm: FirmId,
    /// The brand; none for the whole firm.
    pub brand: Option<BrandId>,
    /// What it is about.
    pub code: AlarmCode,
    /// Which of several; empty when there is but one.
    pub subject: &'a str,
}

/// Open alarms by severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlarmFigures {
    /// Good to know.
    pub info: i64,
    /// To be seen to today.
    pub warning: i64,
    /// Now.
    pub critical: i64,
}

/// Where a page goes on: when the last alarm was raised, and its number.
pub type AlarmCursor = (i64, i64);

const COLUMNS: &str = "id, brand_id, code, severity, subject, detail, raised_us, last_us, seen_count, \
     acknowledged_us, acknowledged_by, note, cleared_us";

const OPEN: &str = "SELECT id, brand_id, code, severity, subject, detail, raised_us, last_us, seen_count, \
     acknowledged_us, acknowledged_by, note, cleared_us FROM alarm \
     WHERE firm_id = $1 AND cleared_us IS NULL AND (raised_us, id) < ($2, $3) \
     ORDER BY raised_us DESC, id DESC LIMIT $4";

const EVERY: &str = "SELECT id, brand_id, code, severity, subject, detail, raised_us, last_us, seen_count, \
     acknowledged_us, acknowledged_by, note, cleared_us FROM alarm \
     WHERE firm_id = $1 AND (raised_us, id) < ($2, $3) \
     ORDER BY raised_us DESC, id DESC LIMIT $4";

#[derive(sqlx::FromRow)]
struct AlarmRow {
    id: i64,
    brand_id: i64,
    code: i64,
    severity: i64,
    subject: String,
    detail: String,
    raised_us: i64,
    last_us: i64,
    seen_count: i64,
    acknowledged_us: Option<i64>,
    acknowledged_by: Option<String>,
    note: Option<String>,
    cleared_us: Option<i64>,
}

impl TryFrom<AlarmRow> for Alarm {
    type Error = StoreError;

    fn try_from(row: AlarmRow) -> Result<Self, StoreError> {
        let id = AlarmId::from_db(row.id);
        Ok(Self {
            id,
            brand: (row.brand_id != 0).then(|| BrandId::from_db(row.brand_id)),
            code: known(AlarmCode::from_db(row.code), "alarm", "code", id)?,
            severity: known(Severity::from_db(row.severity), "alarm", "severity", id)?,
            subject: row.subject,
            detail: from_json(&row.detail, "alarm", "detail", id)?,
            raised_at: Timestamp::from_micros(row.raised_us),
            last_at: Timestamp::from_micros(row.last_us),
            seen: row.seen_count,
            acknowledged_at: instant(row.acknowledged_us),
            acknowledged_by: row.acknowledged_by,
            note: row.note,
            cleared_at: instant(row.cleared_us),
        })
    }
}

impl Reader {
    /// A firm's alarms, the newest first; only those whose cause goes on
    /// unless `with_cleared`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn alarms(
        &mut self,
        firm: FirmId,
        with_cleared: bool,
        before: Option<AlarmCursor>,
        limit: usize,
    ) -> Result<Vec<Alarm>, StoreError> {
        let (raised, id) = before.unwrap_or((i64::MAX, i64::MAX));
        let sql = if with_cleared { EVERY } else { OPEN };
        let rows: Vec<AlarmRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(raised)
            .bind(id)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing alarms")?;
        rows.into_iter().map(Alarm::try_from).collect()
    }

    /// One alarm of a firm.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn alarm(&mut self, firm: FirmId, id: AlarmId) -> Result<Option<Alarm>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM alarm WHERE id = $1 AND firm_id = $2");
        let row: Option<AlarmRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an alarm")?;
        row.map(Alarm::try_from).transpose()
    }

    /// Open alarms of all firms by severity, for the gauge.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn alarm_figures(&mut self) -> Result<AlarmFigures, StoreError> {
        let sql = "SELECT severity, count(*) FROM alarm WHERE cleared_us IS NULL GROUP BY severity";
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .fetch_all(&mut *conn)
            .await)
        .doing("counting alarms")?;
        let mut figures = AlarmFigures::default();
        for (severity, count) in rows {
            match known(Severity::from_db(severity), "alarm", "severity", severity)? {
                Severity::Info => figures.info = count,
                Severity::Warning => figures.warning = count,
                Severity::Critical => figures.critical = count,
            }
        }
        Ok(figures)
    }
}

impl Writer {
    /// Raises an alarm, or notes that it goes on.
    pub async fn raise_alarm(
        &mut self,
        key: AlarmKey<'_>,
        detail: &AlarmDetail,
    ) -> Result<(), StoreError> {
        let id = self.next_id()?;
        let now = self.now().as_micros();
        let detail = to_json(detail)?;
        let sql = "INSERT INTO alarm (id, firm_id, brand_id, code, severity, subject, detail, \
                raised_us, last_us, seen_count) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1) \
             ON CONFLICT (firm_id, code, brand_id, subject) WHERE cleared_us IS NULL DO UPDATE SET \
                detail = excluded.detail, last_us = excluded.last_us, severity = excluded.severity, \
                seen_count = alarm.seen_count + 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(key.firm.as_db())
            .bind(key.brand.map_or(0, BrandId::as_db))
            .bind(key.code.as_db())
            .bind(key.code.info().severity.as_db())
            .bind(key.subject)
            .bind(&detail)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("raising an alarm")?;
        exactly(rows, 1, "the alarm")
    }

    /// Notes that the cause of an alarm is gone; whether there was one.
    pub async fn clear_alarm(&mut self, key: AlarmKey<'_>) -> Result<bool, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE alarm SET cleared_us = $5 WHERE firm_id = $1 AND code = $2 \
             AND brand_id = $3 AND subject = $4 AND cleared_us IS NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(key.firm.as_db())
            .bind(key.code.as_db())
            .bind(key.brand.map_or(0, BrandId::as_db))
            .bind(key.subject)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("clearing an alarm")?;
        Ok(rows > 0)
    }

    /// Somebody takes an alarm on.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it is not there or somebody did before.
    pub async fn acknowledge_alarm(
        &mut self,
        firm: FirmId,
        id: AlarmId,
        actor: &str,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE alarm SET acknowledged_us = $3, acknowledged_by = $4, note = $5 \
             WHERE id = $1 AND firm_id = $2 AND acknowledged_us IS NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(now)
            .bind(actor)
            .bind(note)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("acknowledging an alarm")?;
        exactly(rows, 1, "the open alarm")
    }
}

#[cfg(test)]
mod tests {
    use super::{EVERY, OPEN};
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn alarms_are_paged_along_their_indexes() {
        walks_in_order(|_| OPEN, Index::named("alarm_firm_open")).await;
        walks_in_order(|_| EVERY, Index::named("alarm_firm")).await;
    }
}
