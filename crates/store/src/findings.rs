//! Searching the ledger for consents that look made up, some blocks at a
//! time, and the findings.
//!
//! Each search is one statement over the events of a range of blocks; what
//! comes back are groups, never rows, so its cost is that of reading the range.

use domain::Timestamp;
use domain::consent::Origin;
use domain::ids::{BrandId, EventId, FindingId, FirmId};
use domain::time::{DAY_US, HOUR_US, SECOND_US};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{instant, known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What looks made up.
    Pattern {
        /// Many consents dated to one second.
        SameSecond = 1, "SAME_SECOND";
        /// Consents shortly after the citizen's own refusal.
        AfterRefusal = 2, "AFTER_CITIZEN_REFUSAL";
        /// Many consents, all of them in office hours of working days.
        OfficeHours = 3, "OFFICE_HOURS_ONLY";
        /// A whole file with one source, one day and no evidence.
        OneSource = 4, "ONE_SOURCE_ONE_DAY";
    }
}

vocabulary! {
    /// What somebody made of a finding.
    FindingState {
        /// Nobody has looked.
        Open = 1, "open";
        /// There is a good explanation.
        Dismissed = 2, "dismissed";
        /// They are made up.
        Confirmed = 3, "confirmed";
    }
}

/// Most groups that one search of one range brings.
const GROUPS_MAX: i64 = 200;

/// Consents dated to one second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondGroup {
    /// The second.
    pub second: Timestamp,
    /// How many.
    pub count: i64,
    /// First and last event.
    pub events: (EventId, EventId),
}

/// Consents shortly after refusals, by who brought them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalGroup {
    /// Who brought them.
    pub actor: String,
    /// How many.
    pub count: i64,
    /// First and last event.
    pub events: (EventId, EventId),
}

/// Consents of one upload or one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BroughtGroup {
    /// By which door.
    pub origin: Origin,
    /// Number of the upload; none for single entries.
    pub origin_id: Option<i64>,
    /// Who.
    pub actor: String,
    /// How many.
    pub count: i64,
    /// Those with a time of day.
    pub timed: i64,
    /// Of them, in office hours of a working day.
    pub in_office_hours: i64,
    /// Those with evidence.
    pub with_evidence: i64,
    /// The alphabetically first and last source: equal when there is one.
    pub sources: (String, String),
    /// First and last day, counted from 1970 in Turkish time.
    pub days: (i64, i64),
    /// First and last event.
    pub events: (EventId, EventId),
}

/// What is to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFinding {
    /// The pattern.
    pub pattern: Pattern,
    /// The second, the upload or the person.
    pub subject: String,
    /// How many events.
    pub count: i64,
    /// First and last event.
    pub events: (EventId, EventId),
}

/// Something that looks made up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its number.
    pub id: FindingId,
    /// The brand.
    pub brand: BrandId,
    /// The pattern.
    pub pattern: Pattern,
    /// The second, the upload or the person.
    pub subject: String,
    /// How many events.
    pub count: i64,
    /// First and last event.
    pub events: (EventId, EventId),
    /// When it was found.
    pub found_at: Timestamp,
    /// What somebody made of it.
    pub state: FindingState,
    /// Who.
    pub reviewed_by: Option<String>,
    /// When.
    pub reviewed_at: Option<Timestamp>,
    /// In their words.
    pub note: Option<String>,
}

/// The consents of a firm's own making in a range of blocks.
macro_rules! consents_of_range {
    () => {
        "FROM ledger_block b CROSS JOIN consent_event e \
         WHERE b.brand_id = $1 AND b.number BETWEEN $2 AND $3 \
           AND e.id BETWEEN b.first_event_id AND b.last_event_id AND e.brand_id = $1 \
           AND e.status = 1 AND e.origin <> 4 "
    };
}

/// Midnight means that only the day is known.
const SECONDS: &str = concat!(
    "SELECT e.consent_us / 1000000 AS second, count(*) AS people, min(e.id) AS first_id, \
        max(e.id) AS last_id ",
    consents_of_range!(),
    "AND (e.consent_us + 10800000000) % 86400000000 <> 0 \
     GROUP BY e.consent_us / 1000000 HAVING count(*) >= $4 ORDER BY people DESC, second LIMIT $5"
);

const AFTER_REFUSALS: &str = concat!(
    "SELECT e.actor, count(*) AS people, min(e.id) AS first_id, max(e.id) AS last_id ",
    consents_of_range!(),
    "AND EXISTS (SELECT 1 FROM consent_event x WHERE x.recipient_id = e.recipient_id \
        AND x.brand_id = e.brand_id AND x.channel = e.channel AND x.kind = e.kind AND x.status = 2 \
        AND substr(x.source, 1, 4) = 'IYS_' AND x.consent_us < e.consent_us \
        AND e.consent_us - x.consent_us <= $4) \
     GROUP BY e.actor ORDER BY people DESC, e.actor LIMIT $5"
);

/// The same, found from refusals that came in later than the consents.
const BEFORE_REFUSALS: &str = "SELECT e.actor, count(*) AS people, min(e.id) AS first_id, max(e.id) AS last_id \
     FROM ledger_block b CROSS JOIN consent_event x CROSS JOIN consent_event e \
     WHERE b.brand_id = $1 AND b.number BETWEEN $2 AND $3 \
       AND x.id BETWEEN b.first_event_id AND b.last_event_id AND x.brand_id = $1 \
       AND x.status = 2 AND substr(x.source, 1, 4) = 'IYS_' \
       AND e.recipient_id = x.recipient_id AND e.brand_id = $1 AND e.channel = x.channel \
       AND e.kind = x.kind AND e.status = 1 AND e.origin <> 4 AND e.recorded_us < x.recorded_us \
       AND x.consent_us < e.consent_us AND e.consent_us - x.consent_us <= $4 \
     GROUP BY e.actor ORDER BY people DESC, e.actor LIMIT $5";

/// Day 0 was a Thursday; office hours are 09:00 to 18:00 in Turkish time.
const BROUGHT: &str = concat!(
    "SELECT e.origin, e.origin_id, e.actor, count(*) AS people, \
        CAST(sum(CASE WHEN (e.consent_us + 10800000000) % 86400000000 <> 0 THEN 1 ELSE 0 END) AS BIGINT) AS timed, \
        CAST(sum(CASE WHEN (e.consent_us + 10800000000) % 86400000000 BETWEEN 32400000000 AND 64799999999 \
            AND ((e.consent_us + 10800000000) / 86400000000 + 3) % 7 < 5 THEN 1 ELSE 0 END) AS BIGINT) AS in_office_hours, \
        CAST(sum(CASE WHEN e.evidence IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS with_evidence, \
        min(e.source) AS first_source, max(e.source) AS last_source, \
        min((e.consent_us + 10800000000) / 86400000000) AS first_day, \
        max((e.consent_us + 10800000000) / 86400000000) AS last_day, \
        min(e.id) AS first_id, max(e.id) AS last_id ",
    consents_of_range!(),
    "GROUP BY e.origin, e.origin_id, e.actor ORDER BY people DESC, e.actor LIMIT $4"
);

const PAGE: &str = "SELECT id, brand_id, pattern, subject, event_count, first_event_id, last_event_id, \
        found_us, state, reviewed_by, reviewed_us, note FROM consent_finding \
     WHERE brand_id = $1 AND (found_us, id) < ($2, $3) ORDER BY found_us DESC, id DESC LIMIT $4";

#[derive(sqlx::FromRow)]
struct BroughtRow {
    origin: i64,
    origin_id: Option<i64>,
    actor: String,
    people: i64,
    timed: i64,
    in_office_hours: i64,
    with_evidence: i64,
    first_source: String,
    last_source: String,
    first_day: i64,
    last_day: i64,
    first_id: i64,
    last_id: i64,
}

#[derive(sqlx::FromRow)]
struct FindingRow {
    id: i64,
    brand_id: i64,
    pattern: i64,
    subject: String,
    event_count: i64,
    first_event_id: i64,
    last_event_id: i64,
    found_us: i64,
    state: i64,
    reviewed_by: Option<String>,
    reviewed_us: Option<i64>,
    note: Option<String>,
}

impl TryFrom<FindingRow> for Finding {
    type Error = StoreError;

    fn try_from(row: FindingRow) -> Result<Self, StoreError> {
        let (table, id) = ("consent_finding", FindingId::from_db(row.id));
        Ok(Self {
            id,
            brand: BrandId::from_db(row.brand_id),
            pattern: known(Pattern::from_db(row.pattern), table, "pattern", id)?,
            subject: row.subject,
            count: row.event_count,
            events: events(row.first_event_id, row.last_event_id),
            found_at: Timestamp::from_micros(row.found_us),
            state: known(FindingState::from_db(row.state), table, "state", id)?,
            reviewed_by: row.reviewed_by,
            reviewed_at: instant(row.reviewed_us),
            note: row.note,
        })
    }
}

const fn events(first: i64, last: i64) -> (EventId, EventId) {
    (EventId::from_db(first), EventId::from_db(last))
}

impl Reader {
    /// Seconds to which at least `least` consents of the blocks are dated.
    pub async fn crowded_seconds(
        &mut self,
        brand: BrandId,
        blocks: (i64, i64),
        least: i64,
    ) -> Result<Vec<SecondGroup>, StoreError> {
        let rows: Vec<(i64, i64, i64, i64)> = on!(self, conn => sqlx::query_as(SECONDS)
            .bind(brand.as_db())
            .bind(blocks.0)
            .bind(blocks.1)
            .bind(least)
            .bind(GROUPS_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for crowded seconds")?;
        let group = |(second, count, first, last): (i64, i64, i64, i64)| SecondGroup {
            second: Timestamp::from_micros(second.saturating_mul(SECOND_US)),
            count,
            events: events(first, last),
        };
        Ok(rows.into_iter().map(group).collect())
    }

    /// Consents within `days` days after the citizen's own refusal, where
    /// either of the two is in the blocks.
    pub async fn consents_after_refusals(
        &mut self,
        brand: BrandId,
        blocks: (i64, i64),
        days: i64,
    ) -> Result<Vec<RefusalGroup>, StoreError> {
        let mut all = Vec::new();
        for sql in [AFTER_REFUSALS, BEFORE_REFUSALS] {
            let rows: Vec<(String, i64, i64, i64)> = on!(self, conn => sqlx::query_as(sql)
                .bind(brand.as_db())
                .bind(blocks.0)
                .bind(blocks.1)
                .bind(days.saturating_mul(DAY_US))
                .bind(GROUPS_MAX)
                .fetch_all(&mut *conn)
                .await)
            .doing("looking for consents after refusals")?;
            all.extend(
                rows.into_iter()
                    .map(|(actor, count, first, last)| RefusalGroup {
                        actor,
                        count,
                        events: events(first, last),
                    }),
            );
        }
        Ok(all)
    }

    /// Consents of the blocks by who or what brought them.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when an origin is none.
    pub async fn brought_together(
        &mut self,
        brand: BrandId,
        blocks: (i64, i64),
    ) -> Result<Vec<BroughtGroup>, StoreError> {
        let rows: Vec<BroughtRow> = on!(self, conn => sqlx::query_as(BROUGHT)
            .bind(brand.as_db())
            .bind(blocks.0)
            .bind(blocks.1)
            .bind(GROUPS_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("grouping consents by who brought them")?;
        rows.into_iter()
            .map(|row| {
                let origin = Origin::from_db(row.origin);
                Ok(BroughtGroup {
                    origin: known(origin, "consent_event", "origin", row.first_id)?,
                    origin_id: row.origin_id,
                    actor: row.actor,
                    count: row.people,
                    timed: row.timed,
                    in_office_hours: row.in_office_hours,
                    with_evidence: row.with_evidence,
                    sources: (row.first_source, row.last_source),
                    days: (row.first_day, row.last_day),
                    events: events(row.first_id, row.last_id),
                })
            })
            .collect()
    }

    /// The last block of a brand that was searched; 0 before the first.
    pub async fn finding_cursor(&mut self, brand: BrandId) -> Result<i64, StoreError> {
        let sql = "SELECT block FROM finding_cursor WHERE brand_id = $1";
        let block: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading how far the ledger was searched")?;
        Ok(block.unwrap_or(0))
    }

    /// How many findings of a brand nobody has looked at.
    pub async fn open_findings(&mut self, brand: BrandId) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM consent_finding WHERE brand_id = $1 AND state = 1";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting findings")
    }

    /// A brand's findings, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn findings(
        &mut self,
        brand: BrandId,
        before: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<Vec<Finding>, StoreError> {
        let (found, id) = before.unwrap_or((i64::MAX, i64::MAX));
        let rows: Vec<FindingRow> = on!(self, conn => sqlx::query_as(PAGE)
            .bind(brand.as_db())
            .bind(found)
            .bind(id)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing findings")?;
        rows.into_iter().map(Finding::try_from).collect()
    }
}

impl Writer {
    /// Writes findings down and how far the ledger was searched. A finding of
    /// the same subject grows; one that grew is open again.
    pub async fn save_findings(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        findings: &[NewFinding],
        searched: i64,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "INSERT INTO consent_finding (id, firm_id, brand_id, pattern, subject, event_count, \
                first_event_id, last_event_id, found_us, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1) \
             ON CONFLICT (brand_id, pattern, subject) DO UPDATE SET \
                event_count = consent_finding.event_count + excluded.event_count, \
                last_event_id = excluded.last_event_id, found_us = excluded.found_us, state = 1";
        for new in findings {
            let id = self.next_id()?;
            let rows = on!(self, conn => sqlx::query(sql)
                .bind(id)
                .bind(firm.as_db())
                .bind(brand.as_db())
                .bind(new.pattern.as_db())
                .bind(new.subject.as_str())
                .bind(new.count)
                .bind(new.events.0.as_db())
                .bind(new.events.1.as_db())
                .bind(now)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("writing a finding down")?;
            exactly(rows, 1, "the finding")?;
        }
        let sql = "INSERT INTO finding_cursor (brand_id, block) VALUES ($1, $2) \
             ON CONFLICT (brand_id) DO UPDATE SET block = excluded.block";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(searched)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("noting how far the ledger was searched")
    }

    /// Somebody says what a finding is; the brand it is about.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such finding.
    pub async fn review_finding(
        &mut self,
        firm: FirmId,
        id: FindingId,
        state: FindingState,
        actor: &str,
        note: &str,
    ) -> Result<BrandId, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE consent_finding SET state = $3, reviewed_by = $4, reviewed_us = $5, note = $6 \
             WHERE id = $1 AND firm_id = $2 RETURNING brand_id";
        let brand: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(state.as_db())
            .bind(actor)
            .bind(now)
            .bind(note)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reviewing a finding")?;
        brand.map(BrandId::from_db).ok_or(StoreError::Lost {
            what: "the finding",
        })
    }
}

/// The numbers in the SQL above are those of `domain::time`.
const _: () = assert!(
    3 * HOUR_US == 10_800_000_000
        && DAY_US == 86_400_000_000
        && 9 * HOUR_US == 32_400_000_000
        && 18 * HOUR_US - 1 == 64_799_999_999
        && SECOND_US == 1_000_000
);

#[cfg(test)]
mod tests {
    use super::{AFTER_REFUSALS, BEFORE_REFUSALS, BROUGHT, PAGE, SECONDS};
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn a_search_reads_the_events_of_its_blocks_and_no_others() {
        let event = || Index::of_key("USING INTEGER PRIMARY KEY", "consent_event_pkey");
        walks(|_| SECONDS, event()).await;
        walks(|_| AFTER_REFUSALS, event()).await;
        walks(|_| BROUGHT, event()).await;
        walks(|_| BEFORE_REFUSALS, Index::named("consent_event_recipient")).await;
        walks_in_order(|_| PAGE, Index::named("consent_finding_list")).await;
    }
}
