//! What the firm still owes: consents and refusals that İYS must be told of,
//! and complaints that are open. Read along indexes in the order of the
//! events' dates, which is the order of their 72-hour limits.

use domain::deadline::Duty;
use domain::ids::{BrandId, FirmId, RecipientId};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Timestamp, Verdict};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{known, page_rows};

/// Most that a count looks at: "10,000 and more" is as good as the number.
pub const COUNT_MAX: i64 = 10_000;

/// One thing that is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDuty {
    /// What is owed.
    pub duty: Duty,
    /// Number of the address.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// For which channel; none for a complaint about all of them.
    pub channel: Option<Channel>,
    /// In which capacity; none for a complaint.
    pub kind: Option<RecipientKind>,
    /// When it happened: the clock runs from here.
    pub event_at: Timestamp,
    /// What İYS let us know last.
    pub verdict: Option<Verdict>,
    /// Why İYS refused our record.
    pub code: Option<ReasonCode>,
}

/// The place of a duty in the list: date, duty, address, channel, capacity.
pub type DutyCursor = (i64, i64, i64, i64, i64);

impl OpenDuty {
    /// Where the page after this row begins.
    pub fn cursor(&self) -> DutyCursor {
        (
            self.event_at.as_micros(),
            self.duty.as_db(),
            self.recipient.as_db(),
            self.channel.map_or(0, Channel::as_db),
            self.kind.map_or(0, RecipientKind::as_db),
        )
    }
}

/// The condition of the index `consent_state_due`, word for word: SQLite uses
/// a partial index only for a question that repeats it.
macro_rules! open_duty {
    () => {
        "local_citizen = 0 AND channel <> 4 AND \
         ((local_status = 1 AND (verdict IN (0, 3, 4, 5) OR (verdict = 2 AND verdict_us < local_us) \
           OR (verdict = 6 AND verdict_code NOT IN (4606, 4174, 4178)))) \
          OR (local_status = 2 AND (verdict IN (0, 3) \
           OR (verdict = 1 AND (verdict_us IS NULL OR verdict_us < local_us)) \
           OR (verdict = 6 AND verdict_code NOT IN (4174, 4175, 4178)))))"
    };
}

/// What a person must look at first is not owed yet (R802).
macro_rules! not_withheld {
    () => {
        " AND NOT EXISTS (SELECT 1 FROM withheld_event w WHERE w.brand_id = $1 \
          AND w.event_id = consent_state.local_event_id)"
    };
}

/// Parameters: brand, status, date, address, channel, capacity, from, to, rows.
const OWED: &str = concat!(
    "SELECT d.recipient_id, r.address, d.channel, d.kind, d.local_us AS event_us, d.verdict, \
        d.verdict_code FROM (SELECT recipient_id, channel, kind, local_us, verdict, verdict_code \
        FROM consent_state WHERE brand_id = $1 AND local_status = $2 \
          AND (local_us, recipient_id, channel, kind) > ($3, $4, $5, $6) \
          AND local_us >= $7 AND local_us < $8 AND ",
    open_duty!(),
    not_withheld!(),
    " ORDER BY local_us, recipient_id, channel, kind LIMIT $9) d \
     JOIN recipient r ON r.id = d.recipient_id \
     ORDER BY d.local_us, d.recipient_id, d.channel, d.kind"
);

const OWED_COUNT: &str = concat!(
    "SELECT count(*) FROM (SELECT local_us FROM consent_state \
     WHERE brand_id = $1 AND local_status = $2 AND local_us >= $3 AND local_us < $4 AND ",
    open_duty!(),
    not_withheld!(),
    " ORDER BY local_us LIMIT $5) d"
);

const OWED_FIRST: &str = concat!(
    "SELECT local_us FROM consent_state \
     WHERE brand_id = $1 AND local_status = $2 AND local_us >= $3 AND local_us < $4 AND ",
    open_duty!(),
    not_withheld!(),
    " ORDER BY local_us LIMIT 1"
);

const COMPLAINTS: &str = "SELECT b.recipient_id, r.address, b.channel, CAST(0 AS BIGINT) AS kind, \
        b.complaint_us AS event_us, CAST(NULL AS BIGINT) AS verdict, CAST(NULL AS BIGINT) AS verdict_code \
     FROM (SELECT recipient_id, channel, complaint_us FROM blacklist \
        WHERE firm_id = $1 AND (complaint_us, recipient_id, channel) > ($2, $3, $4) \
          AND complaint_us IS NOT NULL AND handled_us IS NULL \
        ORDER BY complaint_us, recipient_id, channel LIMIT $5) b \
     JOIN recipient r ON r.id = b.recipient_id \
     ORDER BY b.complaint_us, b.recipient_id, b.channel";

const COMPLAINT_COUNT: &str = "SELECT count(*) FROM (SELECT complaint_us FROM blacklist \
     WHERE firm_id = $1 AND complaint_us < $2 AND complaint_us IS NOT NULL AND handled_us IS NULL \
     ORDER BY complaint_us LIMIT $3) c";

const COMPLAINT_FIRST: &str = "SELECT complaint_us FROM blacklist \
     WHERE firm_id = $1 AND complaint_us IS NOT NULL AND handled_us IS NULL \
     ORDER BY complaint_us LIMIT 1";

#[derive(sqlx::FromRow)]
struct DutyRow {
    recipient_id: i64,
    address: String,
    channel: i64,
    kind: i64,
    event_us: i64,
    verdict: Option<i64>,
    verdict_code: Option<i64>,
}

impl DutyRow {
    fn owed(self, duty: Duty) -> Result<OpenDuty, StoreError> {
        let (table, row) = ("consent_state", self.recipient_id);
        let channel = match self.channel {
            0 => None,
            number => Some(known(Channel::from_db(number), table, "channel", row)?),
        };
        let kind = match self.kind {
            0 => None,
            number => Some(known(RecipientKind::from_db(number), table, "kind", row)?),
        };
        let verdict = |number| known(Verdict::from_db(number), table, "verdict", row);
        let code = |number| known(ReasonCode::from_db(number), table, "verdict_code", row);
        let address = Recipient::from_normalised(&self.address).ok();
        Ok(OpenDuty {
            duty,
            recipient: RecipientId::from_db(row),
            address: known(address, "recipient", "address", row)?,
            channel,
            kind,
            event_at: Timestamp::from_micros(self.event_us),
            verdict: self.verdict.map(verdict).transpose()?,
            code: self.verdict_code.map(code).transpose()?,
        })
    }
}

/// Which events a list is about.
#[derive(Debug, Clone, Copy)]
pub struct DutyRange {
    /// Only this duty; all of them when absent.
    pub only: Option<Duty>,
    /// Consents from this instant on.
    pub consents_from: Timestamp,
    /// Consents before this instant.
    pub consents_to: Timestamp,
}

impl Reader {
    /// What a brand owes, the oldest event first; complaints are the firm's.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn open_duties(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        range: DutyRange,
        after: Option<DutyCursor>,
        limit: usize,
    ) -> Result<Vec<OpenDuty>, StoreError> {
        let mut all = Vec::new();
        for duty in Duty::ALL.iter().copied() {
            if range.only.is_some_and(|only| only != duty) {
                continue;
            }
            let from = begin_of(duty, after);
            let found = match duty {
                Duty::Consent | Duty::Refusal => {
                    self.owed_to_registry(brand, duty, range, from, limit).await
                }
                Duty::Complaint => self.open_complaints(firm, from, limit).await,
            };
            all.extend(found?);
        }
        all.sort_by_key(OpenDuty::cursor);
        all.truncate(limit);
        Ok(all)
    }

    async fn owed_to_registry(
        &mut self,
        brand: BrandId,
        duty: Duty,
        range: DutyRange,
        from: (i64, i64, i64, i64),
        limit: usize,
    ) -> Result<Vec<OpenDuty>, StoreError> {
        // A refusal is owed for ever; a consent only within the range.
        let (lowest, highest) = match duty {
            Duty::Consent => (
                range.consents_from.as_micros(),
                range.consents_to.as_micros(),
            ),
            Duty::Refusal | Duty::Complaint => (i64::MIN, i64::MAX),
        };
        let rows: Vec<DutyRow> = on!(self, conn => sqlx::query_as(OWED)
            .bind(brand.as_db())
            .bind(duty.as_db())
            .bind(from.0)
            .bind(from.1)
            .bind(from.2)
            .bind(from.3)
            .bind(lowest)
            .bind(highest)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing what İYS must be told")?;
        rows.into_iter().map(|row| row.owed(duty)).collect()
    }

    async fn open_complaints(
        &mut self,
        firm: FirmId,
        from: (i64, i64, i64, i64),
        limit: usize,
    ) -> Result<Vec<OpenDuty>, StoreError> {
        let rows: Vec<DutyRow> = on!(self, conn => sqlx::query_as(COMPLAINTS)
            .bind(firm.as_db())
            .bind(from.0)
            .bind(from.1)
            .bind(from.2)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing open complaints")?;
        rows.into_iter()
            .map(|row| row.owed(Duty::Complaint))
            .collect()
    }

    /// How many consents (or refusals) dated from `from` to before `to` İYS
    /// must still be told of; counts to [`COUNT_MAX`].
    pub async fn count_owed(
        &mut self,
        brand: BrandId,
        duty: Duty,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<i64, StoreError> {
        on!(self, conn => sqlx::query_scalar(OWED_COUNT)
            .bind(brand.as_db())
            .bind(duty.as_db())
            .bind(from.as_micros())
            .bind(to.as_micros())
            .bind(COUNT_MAX)
            .fetch_one(&mut *conn)
            .await)
        .doing("counting what İYS must be told")
    }

    /// The date of the oldest of them.
    pub async fn first_owed(
        &mut self,
        brand: BrandId,
        duty: Duty,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let found: Option<i64> = on!(self, conn => sqlx::query_scalar(OWED_FIRST)
            .bind(brand.as_db())
            .bind(duty.as_db())
            .bind(from.as_micros())
            .bind(to.as_micros())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the oldest of what İYS must be told")?;
        Ok(found.map(Timestamp::from_micros))
    }

    /// How many open complaints came in before an instant, and when the oldest
    /// did; counts to [`COUNT_MAX`].
    pub async fn count_complaints(
        &mut self,
        firm: FirmId,
        before: Timestamp,
    ) -> Result<(i64, Option<Timestamp>), StoreError> {
        let count: i64 = on!(self, conn => sqlx::query_scalar(COMPLAINT_COUNT)
            .bind(firm.as_db())
            .bind(before.as_micros())
            .bind(COUNT_MAX)
            .fetch_one(&mut *conn)
            .await)
        .doing("counting complaints")?;
        let first: Option<i64> = on!(self, conn => sqlx::query_scalar(COMPLAINT_FIRST)
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the oldest complaint")?;
        Ok((count, first.map(Timestamp::from_micros)))
    }
}

/// The greatest place of a duty's own list that is not shown any more.
fn begin_of(duty: Duty, after: Option<DutyCursor>) -> (i64, i64, i64, i64) {
    let Some((event, last, recipient, channel, kind)) = after else {
        return (i64::MIN, 0, 0, 0);
    };
    match duty.as_db().cmp(&last) {
        std::cmp::Ordering::Equal => (event, recipient, channel, kind),
        // Of the same instant, duties come in their order.
        std::cmp::Ordering::Less => (event, i64::MAX, i64::MAX, i64::MAX),
        std::cmp::Ordering::Greater => (event, i64::MIN, i64::MIN, i64::MIN),
    }
}

impl Writer {
    /// Closes the complaint of an address; the stop itself stays.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no open one.
    pub async fn handle_complaint(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
        channel: Option<Channel>,
        actor: &str,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE blacklist SET handled_us = $4, handled_by = $5 WHERE firm_id = $1 \
             AND recipient_id = $2 AND channel = $3 AND complaint_us IS NOT NULL AND handled_us IS NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .bind(channel.map_or(0, Channel::as_db))
            .bind(now)
            .bind(actor)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("closing a complaint")?;
        exactly(rows, 1, "the open complaint")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn what_is_owed_is_read_along_its_index_and_counted_there() {
        let due = Index::named("consent_state_due");
        walks(|_| OWED, due).await;
        walks_in_order(|_| OWED_COUNT, due).await;
        walks_in_order(|_| OWED_FIRST, due).await;
        let complaint = Index::named("blacklist_complaint");
        walks(|_| COMPLAINTS, complaint).await;
        walks_in_order(|_| COMPLAINT_COUNT, complaint).await;
        walks_in_order(|_| COMPLAINT_FIRST, complaint).await;
    }
}
