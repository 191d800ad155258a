//! The audit trail (*denetim kaydı*): who did what, appended and chained per
//! firm, so that a changed or missing entry shows.
//!
//! Appending locks the end of the firm's chain until the transaction ends:
//! make it the last thing of a transaction.

use domain::Timestamp;
use domain::ids::{AuditId, FirmId};
use domain::ledger::trail::TrailEntry;
use domain::ledger::{GENESIS, Hash};
use serde_json::Value;

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, from_json, known, page_rows, to_json};

/// Entries that verifying reads at a time.
const VERIFY_ROWS: i64 = 1_000;

/// One thing that somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its number in the installation.
    pub id: AuditId,
    /// Where it stands in the firm's chain, from 1.
    pub number: i64,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it: the printed number of a user or key, or `system`.
    pub actor: String,
    /// What was done, such as `campaign.launch`.
    pub action: String,
    /// To what: a printed number.
    pub subject: String,
    /// What else matters; no personal data.
    pub detail: Value,
}

/// What verifying a firm's chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCheck {
    /// Entries that were recomputed and fit.
    pub entries: i64,
    /// The first one that does not fit, and in what way.
    pub broken: Option<(i64, AuditBreak)>,
    /// When that one was written, as it says now.
    pub broken_at: Option<Timestamp>,
}

/// In what way a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditBreak {
    /// The entry of this number is not there.
    Missing,
    /// The entry does not follow from the one before.
    Order,
    /// The entry's own fields were changed.
    Content,
    /// The end of the chain is not what was noted there: the last entries were
    /// removed or replaced.
    End,
}

/// Which entries a list shows; all of them by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter<'a> {
    /// Of one user, key or worker.
    pub actor: Option<&'a str>,
    /// Of one kind of deed.
    pub action: Option<&'a str>,
    /// Done to one thing.
    pub subject: Option<&'a str>,
    /// Done at this instant or after.
    pub from: Option<Timestamp>,
    /// Done before this instant.
    pub to: Option<Timestamp>,
}

macro_rules! newest {
    ($hint:literal, $condition:literal) => {
        concat!(
            "SELECT id, number, at_us, actor, action, subject, detail, previous, hash FROM audit",
            $hint,
            " WHERE firm_id = $1 AND number < $2 AND number >= $3",
            $condition,
            " ORDER BY number DESC LIMIT $4"
        )
    };
}

/// One text for each set of columns asked for, and the index that answers it
/// in order. SQLite is told which: without figures it takes the chain's for the
/// better one, and would walk all entries for the few of one person.
macro_rules! questions {
    ($($hint:literal, $condition:literal;)+) => {
        const SQLITE: [&str; 8] = [$(newest!($hint, $condition)),+];
        const POSTGRES: [&str; 8] = [$(newest!("", $condition)),+];
    };
}

questions! {
    "", "";
    " INDEXED BY audit_actor", " AND actor = $5";
    " INDEXED BY audit_action", " AND action = $5";
    " INDEXED BY audit_actor", " AND actor = $5 AND action = $6";
    " INDEXED BY audit_subject", " AND subject = $5";
    " INDEXED BY audit_subject", " AND actor = $5 AND subject = $6";
    " INDEXED BY audit_subject", " AND action = $5 AND subject = $6";
    " INDEXED BY audit_subject", " AND actor = $5 AND action = $6 AND subject = $7";
}

const fn newest(engine: Engine) -> &'static [&'static str; 8] {
    match engine {
        Engine::Sqlite => &SQLITE,
        Engine::Postgres => &POSTGRES,
    }
}

const FIRST_FROM: &str = "SELECT number FROM audit WHERE firm_id = $1 AND at_us >= $2 \
     ORDER BY at_us, number LIMIT 1";

const ONWARD: &str = "SELECT id, number, at_us, actor, action, subject, detail, previous, hash \
     FROM audit WHERE firm_id = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4";

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: i64,
    number: i64,
    at_us: i64,
    actor: String,
    action: String,
    subject: String,
    detail: String,
    previous: Vec<u8>,
    hash: Vec<u8>,
}

impl AuditRow {
    /// The row as it is hashed and exported.
    fn entry(self, firm: FirmId) -> Result<TrailEntry, StoreError> {
        let number = self.number;
        let digest = |column, bytes: Vec<u8>| known(bytes.try_into().ok(), "audit", column, number);
        Ok(TrailEntry {
            id: AuditId::from_db(self.id),
            firm,
            number,
            at: Timestamp::from_micros(self.at_us),
            actor: self.actor,
            action: self.action,
            subject: self.subject,
            detail: self.detail,
            previous: digest("previous", self.previous)?,
            hash: digest("hash", self.hash)?,
        })
    }
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        let id = AuditId::from_db(row.id);
        Ok(Self {
            id,
            number: row.number,
            at: Timestamp::from_micros(row.at_us),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            detail: from_json(&row.detail, "audit", "detail", id)?,
        })
    }
}

impl Reader {
    /// A firm's entries, newest first, those before the number `before` only.
    pub async fn audit_trail(
        &mut self,
        firm: FirmId,
        filter: AuditFilter<'_>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let first = match filter.from {
            Some(from) => self.first_audit_from(firm, from).await?,
            None => Some(i64::MIN),
        };
        let Some(first) = first else {
            return Ok(Vec::new());
        };
        let end = match filter.to {
            Some(to) => self.first_audit_from(firm, to).await?,
            None => None,
        };
        let end = end.unwrap_or(i64::MAX).min(before.unwrap_or(i64::MAX));
        let asked = [filter.actor, filter.action, filter.subject];
        let columns = [1, 2, 4].into_iter().zip(asked);
        let which: usize = columns.filter_map(|(bit, text)| text.map(|_| bit)).sum();
        let sql: &'static str = known(
            newest(self.engine()).get(which).copied(),
            "audit",
            "filter",
            which,
        )?;
        let rows = on!(self, conn => {
            let mut query = sqlx::query_as::<_, AuditRow>(sql)
                .bind(firm.as_db())
                .bind(end)
                .bind(first)
                .bind(page_rows(limit));
            for text in asked.into_iter().flatten() {
                query = query.bind(text);
            }
            query.fetch_all(&mut *conn).await
        })
        .doing("reading the audit trail")?;
        rows.into_iter().map(AuditEntry::try_from).collect()
    }

    /// Number of the first entry of an instant or after; times rise with the
    /// numbers.
    async fn first_audit_from(
        &mut self,
        firm: FirmId,
        from: Timestamp,
    ) -> Result<Option<i64>, StoreError> {
        on!(self, conn => sqlx::query_scalar(FIRST_FROM)
            .bind(firm.as_db())
            .bind(from.as_micros())
            .fetch_optional(&mut *conn)
            .await)
        .doing("finding a day in the audit trail")
    }

    /// Recomputes a firm's chain up to its present end, some entries at a time.
    pub async fn verify_audit(&mut self, firm: FirmId) -> Result<AuditCheck, StoreError> {
        // Read first: what is appended meanwhile is not looked at.
        let (end, end_hash) = self.audit_head(firm).await?.unwrap_or((0, GENESIS));
        let mut check = AuditCheck {
            entries: 0,
            broken: None,
            broken_at: None,
        };
        let mut previous = GENESIS;
        while check.entries < end {
            let rows = self.audit_after(firm, check.entries, end).await?;
            if rows.is_empty() {
                check.broken = Some((check.entries + 1, AuditBreak::Missing));
                return Ok(check);
            }
            for entry in rows {
                let number = check.entries + 1;
                let digest = entry.digest();
                let broken = if entry.number != number {
                    Some(AuditBreak::Missing)
                } else if entry.previous != previous {
                    Some(AuditBreak::Order)
                } else if entry.hash != digest {
                    Some(AuditBreak::Content)
                } else {
                    None
                };
                if let Some(way) = broken {
                    check.broken = Some((number, way));
                    check.broken_at = Some(entry.at);
                    return Ok(check);
                }
                previous = digest;
                check.entries = number;
            }
        }
        // Entries behind the end are new ones, or the end was set back.
        let goes_on = !self.audit_after(firm, end, i64::MAX).await?.is_empty();
        let moved_on = self
            .audit_head(firm)
            .await?
            .is_some_and(|(number, _)| number > end);
        if previous != end_hash || (goes_on && !moved_on) {
            check.broken = Some((end, AuditBreak::End));
        }
        Ok(check)
    }

    /// Up to a thousand entries after number `after`, up to `up_to`, as they
    /// are hashed: for exports and verifiers.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a hash is none.
    pub async fn audit_after(
        &mut self,
        firm: FirmId,
        after: i64,
        up_to: i64,
    ) -> Result<Vec<TrailEntry>, StoreError> {
        let rows = on!(self, conn => sqlx::query_as::<_, AuditRow>(ONWARD)
            .bind(firm.as_db())
            .bind(after)
            .bind(up_to)
            .bind(VERIFY_ROWS)
            .fetch_all(&mut *conn)
            .await)
        .doing("verifying the audit trail")?;
        rows.into_iter().map(|row| row.entry(firm)).collect()
    }

    /// The number and hash of a firm's last entry; none before the first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the hash is none.
    pub async fn audit_head(&mut self, firm: FirmId) -> Result<Option<(i64, Hash)>, StoreError> {
        let sql = "SELECT number, hash FROM audit_head WHERE firm_id = $1";
        let row = on!(self, conn => sqlx::query_as::<_, (i64, Vec<u8>)>(sql)
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the end of the audit trail")?;
        row.map(|(number, hash)| {
            Ok((
                number,
                known(hash.try_into().ok(), "audit_head", "hash", firm)?,
            ))
        })
        .transpose()
    }
}

impl Writer {
    /// Appends what somebody did; returns its number in the firm's chain.
    pub async fn append_audit(
        &mut self,
        firm: FirmId,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &Value,
    ) -> Result<i64, StoreError> {
        let (last, previous) = self.lock_audit_head(firm).await?;
        let mut entry = TrailEntry {
            id: AuditId::from_db(self.next_id()?),
            firm,
            number: last + 1,
            at: self.now(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail: to_json(detail)?,
            previous: known(previous.try_into().ok(), "audit_head", "hash", firm)?,
            hash: GENESIS,
        };
        entry.hash = entry.digest();
        let number = entry.number;
        let sql = "UPDATE audit_head SET number = $2, hash = $3 WHERE firm_id = $1";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind(number)
            .bind(entry.hash.as_slice())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("moving the end of the audit trail")?;
        exactly(done, 1, "the end of the audit trail")?;
        self.insert_audit(&entry).await?;
        Ok(number)
    }

    async fn insert_audit(&mut self, entry: &TrailEntry) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit \
             (id, firm_id, number, at_us, actor, action, subject, detail, previous, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(entry.id.as_db())
            .bind(entry.firm.as_db())
            .bind(entry.number)
            .bind(entry.at.as_micros())
            .bind(entry.actor.as_str())
            .bind(entry.action.as_str())
            .bind(entry.subject.as_str())
            .bind(entry.detail.as_str())
            .bind(entry.previous.as_slice())
            .bind(entry.hash.as_slice())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("appending to the audit trail")?;
        exactly(done, 1, "the audit entry")
    }

    /// The end of a firm's chain, made on first use and locked.
    async fn lock_audit_head(&mut self, firm: FirmId) -> Result<(i64, Vec<u8>), StoreError> {
        let first = "INSERT INTO audit_head (firm_id, number, hash) VALUES ($1, 0, $2) \
             ON CONFLICT (firm_id) DO NOTHING";
        let head = for_update!(
            self,
            "SELECT number, hash FROM audit_head WHERE firm_id = $1"
        );
        on!(self, conn => sqlx::query(first)
            .bind(firm.as_db())
            .bind(GENESIS.as_slice())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("beginning an audit trail")?;
        on!(self, conn => sqlx::query_as::<_, (i64, Vec<u8>)>(head)
            .bind(firm.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("reading the end of the audit trail")
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_FROM, ONWARD, newest};
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn the_trail_is_read_in_order_along_its_chain_and_by_each_question() {
        walks_in_order(|engine| newest(engine)[0], Index::named("audit_chain")).await;
        walks_in_order(|_| ONWARD, Index::named("audit_chain")).await;
        walks_in_order(|engine| newest(engine)[1], Index::named("audit_actor")).await;
        walks_in_order(|engine| newest(engine)[2], Index::named("audit_action")).await;
        walks_in_order(|engine| newest(engine)[4], Index::named("audit_subject")).await;
        walks_in_order(|_| FIRST_FROM, Index::named("audit_time")).await;
    }
}
