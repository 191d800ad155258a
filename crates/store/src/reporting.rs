//! What became of a campaign: counts that add up, and the people behind them.
//!
//! target = excluded + held + sent, and sent = delivered + failed + open. Every
//! number is a sum over batches, exceptions and receipts; nothing is counted
//! up while sending, so nothing can be counted twice.

mod cost;
mod failure;

use domain::ids::{CampaignId, ContactId, RecipientId};
use domain::{ReasonCode, Timestamp};
use serde::{Deserialize, Serialize};

use crate::campaign_flow::NEVER;
use crate::campaigns::{Campaign, Exclusions};
use crate::db::Reader;
use crate::dispatch::BatchState;
use crate::error::{Doing, StoreError};
use crate::row::{instant, known, page_rows};

pub use cost::Parts;
pub use failure::Failure;
pub(crate) use failure::fate_sql;

/// People who are planned and were not handed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Their batch waits, or is being handed over.
    pub waiting: i64,
    /// Their batch may or may not have arrived.
    pub uncertain: i64,
    /// The campaign was stopped before their batch left.
    pub cancelled: i64,
}

/// People whose message did not get through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The provider refused them.
    pub refused: i64,
    /// The operator tried, or refused.
    pub undelivered: i64,
    /// The time for delivery ran out.
    pub expired: i64,
    /// The provider took the message and then refused it.
    pub rejected: i64,
}

/// People by the state of their batch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batches {
    /// Batches by state word.
    pub by_state: std::collections::BTreeMap<String, i64>,
    /// The last thing that went wrong with one.
    pub last_error: Option<String>,
    /// When the first was handed over.
    pub first_sent_at: Option<Timestamp>,
    /// When the next one may leave, while some wait for an hour or a fault to pass.
    pub next_at: Option<Timestamp>,
}

/// The reconciled numbers of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The campaign.
    pub campaign: Campaign,
    /// People in the frozen audience.
    pub target: i64,
    /// Excluded when it was frozen or by the last gate, by reason.
    pub excluded: Exclusions,
    /// Not handed over.
    pub held: Held,
    /// Handed to the provider.
    pub sent: i64,
    /// Confirmed by the handset.
    pub delivered: i64,
    /// Did not get through.
    pub failed: Failed,
    /// Handed over, and nothing final is known yet.
    pub open: i64,
    /// The requests behind it.
    pub batches: Batches,
    /// When the last receipt came in.
    pub last_receipt_at: Option<Timestamp>,
}

impl Held {
    /// All of them.
    pub const fn total(&self) -> i64 {
        self.waiting + self.uncertain + self.cancelled
    }
}

impl Failed {
    /// All of them.
    pub const fn total(&self) -> i64 {
        self.refused + self.undelivered + self.expired + self.rejected
    }
}

impl Report {
    fn of(campaign: Campaign) -> Self {
        Self {
            target: campaign.target,
            excluded: campaign.exclusions.clone(),
            held: Held::default(),
            sent: 0,
            delivered: 0,
            failed: Failed::default(),
            open: 0,
            batches: Batches::default(),
            last_receipt_at: None,
            campaign,
        }
    }

    fn add_batches(&mut self, row: Counted) -> Result<(), StoreError> {
        let state = known(
            BatchState::from_db(row.state),
            "send_batch",
            "state",
            self.campaign.id,
        )?;
        self.batches
            .by_state
            .insert(state.as_str().to_owned(), row.count);
        match state {
            BatchState::Pending => {
                self.held.waiting += row.people;
                // What waits for a decision has no hour.
                self.batches.next_at = instant(row.next_us).filter(|at| *at < NEVER);
                self.batches.last_error = row.last_error;
            }
            BatchState::Paused | BatchState::InFlight => self.held.waiting += row.people,
            BatchState::InDoubt | BatchState::Unresolved => {
                self.held.uncertain += row.people;
                self.batches.last_error = row.last_error;
            }
            BatchState::Cancelled => self.held.cancelled += row.people,
            BatchState::Accepted => self.sent += row.people,
            BatchState::Failed => {
                self.sent += row.people;
                self.failed.refused += row.people;
                self.batches.last_error = row.last_error;
            }
        }
        let first = self.batches.first_sent_at.map(Timestamp::as_micros);
        self.batches.first_sent_at = instant([first, row.first_us].into_iter().flatten().min());
        Ok(())
    }

    /// Exceptions of a batch move people out of where its state put them.
    fn add_exceptions(&mut self, row: &Counted) -> Result<(), StoreError> {
        let state = known(
            BatchState::from_db(row.state),
            "send_batch",
            "state",
            self.campaign.id,
        )?;
        if row.code == 0 {
            // The provider refused these; only an accepted batch has such.
            self.failed.refused += row.people;
            return Ok(());
        }
        let code = known(
            ReasonCode::from_db(row.code),
            "send_exception",
            "code",
            self.campaign.id,
        )?;
        *self.excluded.entry(code).or_default() += row.people;
        match state {
            BatchState::Pending | BatchState::Paused | BatchState::InFlight => {
                self.held.waiting -= row.people;
            }
            BatchState::InDoubt | BatchState::Unresolved => self.held.uncertain -= row.people,
            BatchState::Cancelled => self.held.cancelled -= row.people,
            BatchState::Accepted => self.sent -= row.people,
            BatchState::Failed => {
                self.sent -= row.people;
                self.failed.refused -= row.people;
            }
        }
        Ok(())
    }

    fn add_receipts(&mut self, row: &Counted) {
        match row.state {
            6 => self.delivered += row.people,
            5 => self.failed.rejected += row.people,
            4 => self.failed.undelivered += row.people,
            3 => self.failed.expired += row.people,
            _ => {}
        }
        self.last_receipt_at = self.last_receipt_at.max(instant(row.last_us));
    }

    /// Everyone excluded.
    pub fn excluded_total(&self) -> i64 {
        self.excluded.values().sum()
    }

    /// People by which the numbers fail to add up; zero when all is well.
    pub fn discrepancy(&self) -> i64 {
        let people = self.target - self.excluded_total() - self.held.total() - self.sent;
        let outcomes = self.sent - self.delivered - self.failed.total() - self.open;
        let below_zero: i64 = [
            self.held.waiting,
            self.held.uncertain,
            self.held.cancelled,
            self.sent,
            self.open,
        ]
        .into_iter()
        .filter(|count| *count < 0)
        .sum();
        people.abs() + outcomes.abs() + below_zero.abs()
    }

    /// Whether everyone is accounted for.
    pub fn reconciles(&self) -> bool {
        self.discrepancy() == 0
    }
}

/// What became of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonState {
    /// Kept out by the gate.
    Excluded,
    /// Not handed over yet, or never.
    Waiting,
    /// Handed over.
    Sent,
    /// Confirmed.
    Delivered,
    /// Did not get through.
    Failed,
    /// May or may not have been handed over.
    Uncertain,
}

impl PersonState {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
        }
    }

    /// The word's value; `None` for any other text.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Excluded,
            Self::Waiting,
            Self::Sent,
            Self::Delivered,
            Self::Failed,
            Self::Uncertain,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }

    pub(crate) const fn from_db(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Excluded,
            2 => Self::Waiting,
            3 => Self::Sent,
            4 => Self::Delivered,
            5 => Self::Failed,
            6 => Self::Uncertain,
            _ => return None,
        })
    }

    pub(crate) const fn as_db(self) -> i64 {
        match self {
            Self::Excluded => 1,
            Self::Waiting => 2,
            Self::Sent => 3,
            Self::Delivered => 4,
            Self::Failed => 5,
            Self::Uncertain => 6,
        }
    }
}

/// One person of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignPerson {
    /// The address's number.
    pub recipient: RecipientId,
    /// The address.
    pub address: String,
    /// Whose it is.
    pub contact: ContactId,
    /// The person's number in the firm's own system.
    pub external_id: Option<String>,
    /// The request it was in; 0 for whoever was excluded when it was frozen.
    pub batch_no: i64,
    /// What became of the message.
    pub state: PersonState,
    /// Why not: what kept them out, or why it failed.
    pub code: Option<ReasonCode>,
    /// Why it did not get through, when it failed.
    pub failure: Option<Failure>,
    /// The provider's own code.
    pub provider_code: Option<String>,
    /// The provider's own words.
    pub provider_text: Option<String>,
    /// When it last changed.
    pub at: Option<Timestamp>,
}

/// Where a page of people goes on: the code they were frozen with, and the number.
pub type PersonCursor = (i64, i64);

/// Which people a page is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct PersonFilter {
    /// Only those with this reason.
    pub code: Option<ReasonCode>,
    /// Only those in this state.
    pub state: Option<PersonState>,
}

/// What is counted together, by which part of the question it answers.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
struct Counted {
    part: i64,
    state: i64,
    code: i64,
    count: i64,
    people: i64,
    first_us: Option<i64>,
    next_us: Option<i64>,
    last_us: Option<i64>,
    last_error: Option<String>,
}

/// Batches, exceptions and receipts in one statement: both databases then
/// count the same moment, and the numbers add up while batches are settled.
const COUNTS: &str = "SELECT CAST(1 AS BIGINT) AS part, state, CAST(0 AS BIGINT) AS code, count(*) AS count, \
        CAST(sum(size) AS BIGINT) AS people, min(claimed_us) AS first_us, min(next_us) AS next_us, \
        CAST(NULL AS BIGINT) AS last_us, max(last_error) AS last_error \
     FROM send_batch WHERE campaign_id = $1 GROUP BY state \
     UNION ALL \
     SELECT 2, b.state, e.code, count(*), count(*), NULL, NULL, NULL, NULL \
     FROM send_exception e \
     JOIN send_batch b ON b.campaign_id = e.campaign_id AND b.batch_no = e.batch_no \
     WHERE e.campaign_id = $1 GROUP BY b.state, e.code \
     UNION ALL \
     SELECT 3, r.state, 0, count(*), count(*), NULL, NULL, max(r.happened_us), NULL \
     FROM receipt r \
     JOIN send_batch b ON b.campaign_id = r.campaign_id AND b.batch_no = r.batch_no AND b.state = 3 \
     LEFT JOIN send_exception e ON e.campaign_id = r.campaign_id AND e.batch_no = r.batch_no \
          AND e.recipient_id = r.recipient_id \
     WHERE r.campaign_id = $1 AND e.recipient_id IS NULL GROUP BY r.state";

impl Reader {
    /// The reconciled numbers of a campaign.
    pub async fn report(&mut self, campaign: Campaign) -> Result<Report, StoreError> {
        let id = campaign.id;
        let is_frozen = campaign.snapshot_at.is_some();
        let mut report = Report::of(campaign);
        if !is_frozen {
            // Whatever was frozen since it was read belongs to another target.
            return Ok(report);
        }
        let rows: Vec<Counted> = on!(self, conn => sqlx::query_as(COUNTS)
            .bind(id.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting a campaign")?;
        for row in rows {
            match row.part {
                1 => report.add_batches(row)?,
                2 => report.add_exceptions(&row)?,
                _ => report.add_receipts(&row),
            }
        }
        report.open = report.sent - report.delivered - report.failed.total();
        Ok(report)
    }

    /// The people of a campaign after `after`, with what became of each: the
    /// planned in the order of their numbers, then the excluded by code.
    pub async fn campaign_people(
        &mut self,
        id: CampaignId,
        filter: PersonFilter,
        after: Option<PersonCursor>,
        limit: usize,
    ) -> Result<(Vec<CampaignPerson>, Option<PersonCursor>), StoreError> {
        let failure = filter.code.and_then(Failure::of_code);
        let (sql, lowest, highest) = match (filter.code, filter.state) {
            (Some(_), None | Some(PersonState::Failed)) if failure.is_some() => (PLANNED, 0, 0),
            (None, None) => (EVERYONE, 0, i64::MAX),
            (None, Some(PersonState::Excluded)) => (EXCLUDED, 1, i64::MAX),
            (Some(code), None | Some(PersonState::Excluded)) => {
                (EXCLUDED, code.as_db(), code.as_db())
            }
            (None, Some(_)) => (PLANNED, 0, 0),
            (Some(_), Some(_)) => return Ok((Vec::new(), None)),
        };
        let frozen_after = after.max(Some((lowest, i64::MIN))).unwrap_or_default();
        let planned_after = match after {
            None => i64::MIN,
            Some((0, recipient)) => recipient,
            Some(_) => i64::MAX,
        };
        let rows: Vec<PersonRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(frozen_after.0)
            .bind(frozen_after.1)
            .bind(lowest)
            .bind(highest)
            .bind(planned_after)
            .bind(filter.state.map_or(0, PersonState::as_db))
            .bind(page_rows(limit))
            .bind(failure.map_or(0, Failure::as_db))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing people of a campaign")?;
        let full = i64::try_from(rows.len()) == Ok(page_rows(limit));
        let next = rows
            .last()
            .filter(|_| full)
            .map(|row| (row.frozen, row.recipient_id));
        let people = rows
            .into_iter()
            .map(|row| row.person(id))
            .collect::<Result<_, _>>()?;
        Ok((people, next))
    }
}

#[derive(Debug, sqlx::FromRow)]
struct PersonRow {
    frozen: i64,
    recipient_id: i64,
    address: String,
    contact_id: i64,
    external_id: Option<String>,
    batch_no: i64,
    outcome: i64,
    reason: i64,
    fate: i64,
    provider_code: Option<String>,
    provider_text: Option<String>,
    at_us: Option<i64>,
}

impl PersonRow {
    fn person(self, id: CampaignId) -> Result<CampaignPerson, StoreError> {
        let state = known(
            PersonState::from_db(self.outcome),
            "campaign_recipient",
            "outcome",
            id,
        )?;
        let failure = match state {
            PersonState::Failed => Failure::from_db(self.fate),
            _ => None,
        };
        Ok(CampaignPerson {
            recipient: RecipientId::from_db(self.recipient_id),
            address: self.address,
            contact: ContactId::from_db(self.contact_id),
            external_id: self.external_id,
            batch_no: self.batch_no,
            state,
            failure,
            code: match self.reason {
                0 => failure.map(Failure::code),
                code => Some(known(
                    ReasonCode::from_db(code),
                    "campaign_recipient",
                    "code",
                    id,
                )?),
            },
            provider_code: self.provider_code,
            provider_text: self.provider_text,
            at: instant(self.at_us),
        })
    }
}

/// What became of a person `p` with batch `b`, exception `e` and receipt `t`:
/// 1 excluded, 2 waiting, 3 sent, 4 delivered, 5 failed, 6 uncertain.
macro_rules! outcome_sql {
    () => {
        "CASE WHEN p.code > 0 OR COALESCE(e.code, 0) > 0 THEN CAST(1 AS BIGINT) \
              WHEN b.state IN (5, 6) THEN 6 \
              WHEN b.state NOT IN (3, 4) THEN 2 \
              WHEN b.state = 4 OR e.recipient_id IS NOT NULL THEN 5 \
              WHEN t.state = 6 THEN 4 WHEN t.state IN (3, 4, 5) THEN 5 ELSE 3 END"
    };
}
pub(crate) use outcome_sql;

/// What became of the people that `$from` names as `p`, with their batch `b`,
/// exception `e` and receipt `t`.
///
/// Parameters: 1 campaign, 2 and 3 the cursor (code, number), 4 and 5 lowest
/// and highest code, 6 cursor among the planned, 7 outcome (0 any), 8 limit, 9 how
/// it failed (0 any).
macro_rules! people_sql {
    ($from:expr) => {
        concat!(
            "SELECT * FROM (SELECT p.code AS frozen, p.recipient_id AS recipient_id, r.address, r.contact_id, \
                c.external_id, p.batch_no AS batch_no, \
                ",
            outcome_sql!(),
            " AS outcome, \
                CASE WHEN p.code > 0 THEN p.code ELSE COALESCE(e.code, 0) END AS reason, \
                ",
            fate_sql!(),
            " AS fate, \
                COALESCE(e.provider_code, t.provider_code) AS provider_code, \
                COALESCE(e.provider_text, t.provider_text, \
                    CASE WHEN b.state = 4 THEN b.last_error END) AS provider_text, \
                COALESCE(t.happened_us, e.created_us, b.settled_us) AS at_us \
             FROM ",
            $from,
            " JOIN recipient r ON r.id = p.recipient_id \
             LEFT JOIN contact c ON c.id = r.contact_id \
             LEFT JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no \
             LEFT JOIN send_exception e ON e.campaign_id = p.campaign_id AND e.batch_no = p.batch_no \
                  AND e.recipient_id = p.recipient_id \
             LEFT JOIN receipt t ON t.campaign_id = p.campaign_id AND t.batch_no = p.batch_no \
                  AND t.recipient_id = p.recipient_id) people \
             WHERE ($7 = 0 OR outcome = $7) AND ($9 = 0 OR outcome = 5 AND fate = $9) \
             ORDER BY frozen, recipient_id LIMIT $8"
        )
    };
}

/// Walks the frozen decisions from the first to the last.
const EVERYONE: &str = people_sql!(
    "(SELECT * FROM campaign_recipient WHERE campaign_id = $1 AND (code, recipient_id) > ($2, $3)) p"
);

/// Only the planned: whoever was excluded when it was frozen has no other outcome.
const PLANNED: &str = people_sql!(
    "(SELECT * FROM campaign_recipient WHERE campaign_id = $1 AND code = 0 AND recipient_id > $6) p"
);

/// Only the excluded: the few whom a last gate took out, then those who were
/// frozen with a code. Walking all the planned for the few would read millions
/// of rows for the first page.
const EXCLUDED: &str = people_sql!(
    "(SELECT * FROM (SELECT campaign_id, CAST(0 AS BIGINT) AS code, recipient_id, batch_no \
         FROM send_exception \
         WHERE campaign_id = $1 AND code BETWEEN $4 AND $5 AND recipient_id > $6 \
         ORDER BY recipient_id LIMIT $8) taken_out \
      UNION ALL \
      SELECT * FROM (SELECT campaign_id, code, recipient_id, batch_no FROM campaign_recipient \
         WHERE campaign_id = $1 AND (code, recipient_id) > ($2, $3) AND code <= $5 \
         ORDER BY code, recipient_id LIMIT $8) frozen) p"
);
