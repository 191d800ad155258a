//! The daily agreement with İYS (*mutabakat*): which days were fetched, held
//! against ours and confirmed, and in whom both sides differed.

use domain::Timestamp;
use domain::ids::BrandId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::{from_json, instant, known, page_rows, to_json};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How far a day has come.
    DayState {
        /// To be fetched.
        Open = 1, "open";
        /// Nothing moved that day.
        Empty = 2, "empty";
        /// The file is what İYS signed, and both sides tell the same.
        Matches = 3, "matches";
        /// Something differs: a person must look.
        Differs = 4, "differs";
        /// Confirmed to İYS.
        Confirmed = 5, "confirmed";
        /// İYS no longer tells about it.
        GivenUp = 6, "given_up";
    }
}

vocabulary! {
    /// Why somebody counts as a difference.
    DriftCause {
        /// In İYS's file, never told to us.
        NotHere = 1, "not_here";
        /// Told to us, not in İYS's file.
        NotThere = 2, "not_there";
        /// The same number, another content.
        ToldOtherwise = 3, "told_otherwise";
        /// İYS's last movement of the day says more than our state.
        StateBehind = 4, "state_behind";
    }
}

/// One day of a brand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryDay {
    /// The brand.
    pub brand: BrandId,
    /// Days since 1970-01-01, in Turkey.
    pub day: i64,
    /// How far.
    pub state: DayState,
    /// Times it was fetched.
    pub attempt: i64,
    /// When it is fetched again.
    pub next_at: Timestamp,
    /// What the file came to; none before it was fetched.
    pub file: Option<DayFile>,
    /// İYS's own hash.
    pub hash_theirs: Option<String>,
    /// Totals and counts of differences.
    pub comparison: Option<Value>,
    /// Differences of all causes.
    pub differences: Option<i64>,
    /// What went wrong last.
    pub problem: Option<String>,
    /// When it was held against ours.
    pub compared_at: Option<Timestamp>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// By whom.
    pub confirmed_by: Option<String>,
}

/// A day's file in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayFile {
    /// Movements.
    pub rows: i64,
    /// Bytes.
    pub bytes: i64,
    /// SHA-384 over the whole file, hexadecimal.
    pub hash_whole: String,
    /// The same without the header line.
    pub hash_bare: String,
    /// Where it lies.
    pub path: String,
    /// Where İYS's time stamp of it lies.
    pub stamp_path: Option<String>,
}

/// A difference as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftRow {
    /// Why.
    pub cause: DriftCause,
    /// The address.
    pub address: String,
    /// The channel's word.
    pub channel: String,
    /// The capacity's word.
    pub kind: String,
    /// İYS's number of the movement.
    pub transaction: Option<String>,
    /// What İYS's file says.
    pub theirs: Option<String>,
    /// What we hold.
    pub ours: Option<String>,
}

/// What became of fetching a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOutcome {
    /// How far it is now.
    pub state: DayState,
    /// When to fetch it again, while it is open.
    pub next: Timestamp,
    /// The file.
    pub file: Option<DayFile>,
    /// İYS's own hash.
    pub hash_theirs: Option<String>,
    /// Totals and counts of differences.
    pub comparison: Option<Value>,
    /// Differences of all causes.
    pub differences: Option<i64>,
    /// What went wrong.
    pub problem: Option<String>,
    /// In whom both sides differ; none when they were not held against each
    /// other.
    pub drift: Option<Vec<DriftRow>>,
}

const TABLE: &str = "registry_day";

macro_rules! columns {
    () => {
        "brand_id, day, state, attempt, next_us, file_rows, file_bytes, hash_whole, hash_bare, \
         hash_theirs, file_path, stamp_path, comparison, differences, problem, compared_us, \
         confirmed_us, confirmed_by"
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    brand_id: i64,
    day: i64,
    state: i64,
    attempt: i64,
    next_us: i64,
    file_rows: Option<i64>,
    file_bytes: Option<i64>,
    hash_whole: Option<String>,
    hash_bare: Option<String>,
    hash_theirs: Option<String>,
    file_path: Option<String>,
    stamp_path: Option<String>,
    comparison: Option<String>,
    differences: Option<i64>,
    problem: Option<String>,
    compared_us: Option<i64>,
    confirmed_us: Option<i64>,
    confirmed_by: Option<String>,
}

impl TryFrom<Row> for RegistryDay {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let file = row.file_path.map(|path| DayFile {
            rows: row.file_rows.unwrap_or(0),
            bytes: row.file_bytes.unwrap_or(0),
            hash_whole: row.hash_whole.unwrap_or_default(),
            hash_bare: row.hash_bare.unwrap_or_default(),
            path,
            stamp_path: row.stamp_path,
        });
        let comparison = row
            .comparison
            .map(|text| from_json(&text, TABLE, "comparison", row.day))
            .transpose()?;
        Ok(Self {
            brand: BrandId::from_db(row.brand_id),
            day: row.day,
            state: known(DayState::from_db(row.state), TABLE, "state", row.day)?,
            attempt: row.attempt,
            next_at: Timestamp::from_micros(row.next_us),
            file,
            hash_theirs: row.hash_theirs,
            comparison,
            differences: row.differences,
            problem: row.problem,
            compared_at: instant(row.compared_us),
            confirmed_at: instant(row.confirmed_us),
            confirmed_by: row.confirmed_by,
        })
    }
}

impl Reader {
    /// The days of a brand, newest first.
    pub async fn registry_days(
        &mut self,
        brand: BrandId,
        limit: usize,
    ) -> Result<Vec<RegistryDay>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM registry_day WHERE brand_id = $1 ORDER BY day DESC LIMIT $2"
        );
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing days")?;
        rows.into_iter().map(RegistryDay::try_from).collect()
    }

    /// One day of a brand.
    pub async fn registry_day(
        &mut self,
        brand: BrandId,
        day: i64,
    ) -> Result<Option<RegistryDay>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM registry_day WHERE brand_id = $1 AND day = $2"
        );
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(day)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a day")?;
        row.map(RegistryDay::try_from).transpose()
    }

    /// In whom both sides differed on a day, behind `after`.
    pub async fn drift_rows(
        &mut self,
        brand: BrandId,
        day: i64,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, DriftRow)>, StoreError> {
        let sql = "SELECT number, cause, address, channel, kind, transaction_id, theirs, ours \
             FROM registry_drift WHERE brand_id = $1 AND day = $2 AND number > $3 \
             ORDER BY number LIMIT $4";
        type Found = (
            i64,
            i64,
            String,
            String,
            String,
            Option<String>,
            Option<String>,
            Option<String>,
        );
        let rows: Vec<Found> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(after)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing differences")?;
        rows.into_iter()
            .map(
                |(number, cause, address, channel, kind, transaction, theirs, ours)| {
                    let cause = known(
                        DriftCause::from_db(cause),
                        "registry_drift",
                        "cause",
                        number,
                    )?;
                    let row = DriftRow {
                        cause,
                        address,
                        channel,
                        kind,
                        transaction,
                        theirs,
                        ours,
                    };
                    Ok((number, row))
                },
            )
            .collect()
    }
}

impl Writer {
    /// Plans days to be fetched at once; those planned before stay.
    pub async fn plan_days(&mut self, brand: BrandId, days: &[i64]) -> Result<u64, StoreError> {
        if days.is_empty() {
            return Ok(0);
        }
        let now = self.now().as_micros();
        let given = Given::new().ints("day", days.iter().copied());
        let sql = given.sql(
            self.engine(),
            3,
            "INSERT INTO registry_day (brand_id, day, state, attempt, next_us) \
             SELECT CAST($1 AS BIGINT), day, 1, 0, CAST($2 AS BIGINT) FROM given WHERE true \
             ON CONFLICT (brand_id, day) DO NOTHING",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("planning days")
    }

    /// Takes one named day to fetch it anew, whoever holds it, until the lease
    /// ends. Whoever held it can no longer settle it.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it was confirmed.
    pub async fn take_day(
        &mut self,
        brand: BrandId,
        day: i64,
        lease_until: Timestamp,
    ) -> Result<RegistryDay, StoreError> {
        let now = self.now().as_micros();
        let sql = concat!(
            "INSERT INTO registry_day (brand_id, day, state, attempt, next_us, lease_until_us) \
             VALUES ($1, $2, 1, 1, $3, $4) ON CONFLICT (brand_id, day) DO UPDATE SET state = 1, \
                attempt = registry_day.attempt + 1, next_us = excluded.next_us, \
                lease_until_us = excluded.lease_until_us \
             WHERE registry_day.state <> 5 RETURNING ",
            columns!()
        );
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(now)
            .bind(lease_until.as_micros())
            .fetch_optional(&mut *conn)
            .await)
        .doing("taking a day")?;
        let row = row.ok_or(StoreError::Lost {
            what: "the unconfirmed day",
        })?;
        row.try_into()
    }

    /// Takes one day that is due, until the lease ends.
    pub async fn claim_day(
        &mut self,
        lease_until: Timestamp,
    ) -> Result<Option<RegistryDay>, StoreError> {
        let skip = match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let sql = format!(
            "UPDATE registry_day SET attempt = attempt + 1, lease_until_us = $1 \
             WHERE (brand_id, day) IN (SELECT brand_id, day FROM registry_day \
                WHERE state = 1 AND next_us <= $2 \
                  AND (lease_until_us IS NULL OR lease_until_us <= $2) \
                ORDER BY next_us, day LIMIT 1 {skip}) \
             RETURNING {}",
            columns!()
        );
        let now = self.now().as_micros();
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(lease_until.as_micros())
            .bind(now)
            .fetch_optional(&mut *conn)
            .await)
        .doing("claiming a day")?;
        row.map(RegistryDay::try_from).transpose()
    }

    /// Takes one confirmed day whose time stamp has not come, and puts its next
    /// look off until `next`.
    pub async fn claim_stamp(
        &mut self,
        next: Timestamp,
    ) -> Result<Option<RegistryDay>, StoreError> {
        let skip = match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let sql = format!(
            "UPDATE registry_day SET next_us = $1 \
             WHERE (brand_id, day) IN (SELECT brand_id, day FROM registry_day \
                WHERE state = 5 AND stamp_path IS NULL AND next_us <= $2 \
                ORDER BY next_us LIMIT 1 {skip}) \
             RETURNING {}",
            columns!()
        );
        let now = self.now().as_micros();
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(next.as_micros())
            .bind(now)
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for a day without a time stamp")?;
        row.map(RegistryDay::try_from).transpose()
    }

    /// Puts the next look for the time stamp of a confirmed day off.
    pub async fn postpone_stamp(
        &mut self,
        brand: BrandId,
        day: i64,
        next: Timestamp,
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE registry_day SET next_us = $3 WHERE brand_id = $1 AND day = $2 AND state = 5";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(next.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("putting off the look for a time stamp")?;
        exactly(rows, 1, "the confirmed day")
    }

    /// The time stamp of a confirmed day has come, or will not any more.
    pub async fn settle_stamp(
        &mut self,
        brand: BrandId,
        day: i64,
        stamp: Option<&str>,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        // Without a stamp and with a problem it is not looked for again.
        let sql = "UPDATE registry_day SET stamp_path = $3, problem = COALESCE($4, problem), \
                next_us = CASE WHEN $3 IS NULL THEN $5 ELSE next_us END \
             WHERE brand_id = $1 AND day = $2 AND state = 5 AND stamp_path IS NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(stamp)
            .bind(problem)
            .bind(i64::MAX)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("archiving a time stamp")?;
        exactly(rows, 1, "the confirmed day")
    }

    /// Writes what became of fetching a day.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when another worker has fetched it since.
    pub async fn settle_day(
        &mut self,
        day: &RegistryDay,
        outcome: &DayOutcome,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let file = outcome.file.as_ref();
        let comparison = outcome.comparison.as_ref().map(to_json).transpose()?;
        let compared = outcome.comparison.as_ref().map(|_| now);
        let sql = "UPDATE registry_day SET state = $4, next_us = $5, lease_until_us = NULL, \
                file_rows = COALESCE($6, file_rows), file_bytes = COALESCE($7, file_bytes), \
                hash_whole = COALESCE($8, hash_whole), hash_bare = COALESCE($9, hash_bare), \
                hash_theirs = COALESCE($10, hash_theirs), file_path = COALESCE($11, file_path), \
                stamp_path = COALESCE($12, stamp_path), comparison = COALESCE($13, comparison), \
                differences = COALESCE($14, differences), problem = $15, \
                compared_us = COALESCE($16, compared_us) \
             WHERE brand_id = $1 AND day = $2 AND attempt = $3 AND state = 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(day.brand.as_db())
            .bind(day.day)
            .bind(day.attempt)
            .bind(outcome.state.as_db())
            .bind(outcome.next.as_micros())
            .bind(file.map(|file| file.rows))
            .bind(file.map(|file| file.bytes))
            .bind(file.map(|file| file.hash_whole.as_str()))
            .bind(file.map(|file| file.hash_bare.as_str()))
            .bind(outcome.hash_theirs.as_deref())
            .bind(file.map(|file| file.path.as_str()))
            .bind(file.and_then(|file| file.stamp_path.as_deref()))
            .bind(comparison.as_deref())
            .bind(outcome.differences)
            .bind(outcome.problem.as_deref())
            .bind(compared)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("settling a day")?;
        exactly(rows, 1, "the day")?;
        if let Some(drift) = &outcome.drift {
            self.save_drift(day.brand, day.day, drift).await?;
        }
        Ok(())
    }

    /// Puts these differences in the place of those that a day had.
    async fn save_drift(
        &mut self,
        brand: BrandId,
        day: i64,
        rows: &[DriftRow],
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM registry_drift WHERE brand_id = $1 AND day = $2";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(day)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("clearing differences")?;
        let given = Given::new()
            .ints("number", 1..=i64::try_from(rows.len()).unwrap_or(i64::MAX))
            .ints("cause", rows.iter().map(|row| row.cause.as_db()))
            .texts("address", rows.iter().map(|row| row.address.as_str()))
            .texts("channel", rows.iter().map(|row| row.channel.as_str()))
            .texts("kind", rows.iter().map(|row| row.kind.as_str()))
            .maybe_texts(
                "transaction_id",
                rows.iter().map(|row| row.transaction.as_deref()),
            )
            .maybe_texts("theirs", rows.iter().map(|row| row.theirs.as_deref()))
            .maybe_texts("ours", rows.iter().map(|row| row.ours.as_deref()))
            .same("brand_id", brand.as_db())
            .same("day", day);
        self.load("registry_drift", &given, "keeping differences")
            .await
    }

    /// Notes that a day was confirmed.
    ///
    /// `stamp` is where İYS's time stamp lies, if it has come.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it does not match.
    pub async fn confirm_day(
        &mut self,
        brand: BrandId,
        day: i64,
        actor: &str,
        stamp: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE registry_day SET state = 5, confirmed_us = $3, confirmed_by = $4, \
                stamp_path = COALESCE($5, stamp_path), next_us = $3 \
             WHERE brand_id = $1 AND day = $2 AND state = 3";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(now)
            .bind(actor)
            .bind(stamp)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("confirming a day")?;
        exactly(rows, 1, "the matching day")
    }
}
