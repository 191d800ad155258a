//! What became of a campaign: counts that add up, and the people behind them.
//!
//! target = excluded + held + sent, and sent = delivered + failed + open. Every
//! number is a sum over batches, exceptions and receipts; nothing is counted
//! up while sending, so nothing can be counted twice.

use domain::ids::{CampaignId, ContactId, RecipientId};
use domain::{ReasonCode, Timestamp};
use serde::{Deserialize, Serialize};

use crate::campaigns::{Campaign, Exclusions};
use crate::db::Reader;
use crate::dispatch::BatchState;
use crate::error::{Doing, StoreError};
use crate::row::{instant, known, page_rows};

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
    /// Everyone excluded.
    pub fn excluded_total(&self) -> i64 {
        self.excluded.values().sum()
    }

    /// People by which the numbers fail to add up; zero when all is well.
    pub fn discrepancy(&self) -> i64 {
        let people = self.target - self.excluded_total() - self.held.total() - self.sent;
        let outcomes = self.sent - self.delivered - self.failed.total() - self.open;
        let below_zero: i64 = [self.held.waiting, self.held.uncertain, self.held.cancelled, self.sent, self.open]
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
        [Self::Excluded, Self::Waiting, Self::Sent, Self::Delivered, Self::Failed, Self::Uncertain]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    const fn from_db(number: i64) -> Option<Self> {
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

    const fn as_db(self) -> i64 {
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
    /// What became of the message.
    pub state: PersonState,
    /// Why not, when the gate kept them out.
    pub code: Option<ReasonCode>,
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

impl Reader {
    /// The reconciled numbers of a campaign.
    pub async fn report(&mut self, campaign: Campaign) -> Result<Report, StoreError> {
        let id = campaign.id;
        let mut report = Report {
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
        };
        self.count_batches(id, &mut report).await?;
        self.count_exceptions(id, &mut report).await?;
        self.count_receipts(id, &mut report).await?;
        report.open = report.sent - report.delivered - report.failed.total();
        Ok(report)
    }

    async fn count_batches(&mut self, id: CampaignId, report: &mut Report) -> Result<(), StoreError> {
        let sql = "SELECT state, count(*), CAST(sum(size) AS BIGINT), min(claimed_us), min(next_us), \
                max(last_error) \
             FROM send_batch WHERE campaign_id = $1 GROUP BY state";
        type Row = (i64, i64, i64, Option<i64>, Option<i64>, Option<String>);
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting batches")?;
        for (state, batches, people, claimed, next, error) in rows {
            let state = known(BatchState::from_db(state), "send_batch", "state", id)?;
            report.batches.by_state.insert(state.as_str().to_owned(), batches);
            match state {
                BatchState::Pending => {
                    report.held.waiting += people;
                    report.batches.next_at = instant(next);
                    report.batches.last_error = error;
                }
                BatchState::Paused | BatchState::InFlight => report.held.waiting += people,
                BatchState::InDoubt | BatchState::Unresolved => {
                    report.held.uncertain += people;
                    report.batches.last_error = error;
                }
                BatchState::Cancelled => report.held.cancelled += people,
                BatchState::Accepted => report.sent += people,
                BatchState::Failed => {
                    report.sent += people;
                    report.failed.refused += people;
                    report.batches.last_error = error;
                }
            }
            let first = report.batches.first_sent_at.map(Timestamp::as_micros);
            report.batches.first_sent_at = instant([first, claimed].into_iter().flatten().min());
        }
        Ok(())
    }

    /// Exceptions of a batch move people out of where its state put them.
    async fn count_exceptions(&mut self, id: CampaignId, report: &mut Report) -> Result<(), StoreError> {
        let sql = "SELECT b.state, e.code, count(*) FROM send_exception e \
             JOIN send_batch b ON b.campaign_id = e.campaign_id AND b.batch_no = e.batch_no \
             WHERE e.campaign_id = $1 GROUP BY b.state, e.code";
        let rows: Vec<(i64, i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting exceptions")?;
        for (state, code, people) in rows {
            let state = known(BatchState::from_db(state), "send_batch", "state", id)?;
            if code == 0 {
                // The provider refused these; only an accepted batch has such.
                report.failed.refused += people;
                continue;
            }
            let code = known(ReasonCode::from_db(code), "send_exception", "code", id)?;
            *report.excluded.entry(code).or_default() += people;
            match state {
                BatchState::Pending | BatchState::Paused | BatchState::InFlight => {
                    report.held.waiting -= people;
                }
                BatchState::InDoubt | BatchState::Unresolved => report.held.uncertain -= people,
                BatchState::Cancelled => report.held.cancelled -= people,
                BatchState::Accepted => report.sent -= people,
                BatchState::Failed => {
                    report.sent -= people;
                    report.failed.refused -= people;
                }
            }
        }
        Ok(())
    }

    async fn count_receipts(&mut self, id: CampaignId, report: &mut Report) -> Result<(), StoreError> {
        let sql = "SELECT r.state, count(*), max(r.happened_us) FROM receipt r \
             JOIN send_batch b ON b.campaign_id = r.campaign_id AND b.batch_no = r.batch_no AND b.state = 3 \
             LEFT JOIN send_exception e ON e.campaign_id = r.campaign_id AND e.batch_no = r.batch_no \
                  AND e.recipient_id = r.recipient_id \
             WHERE r.campaign_id = $1 AND e.recipient_id IS NULL GROUP BY r.state";
        let rows: Vec<(i64, i64, Option<i64>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting receipts")?;
        for (state, people, last) in rows {
            match state {
                6 => report.delivered += people,
                5 => report.failed.rejected += people,
                4 => report.failed.undelivered += people,
                3 => report.failed.expired += people,
                _ => {}
            }
            report.last_receipt_at = report.last_receipt_at.max(instant(last));
        }
        Ok(())
    }

    /// The people of a campaign after `after`, with what became of each.
    pub async fn campaign_people(
        &mut self,
        id: CampaignId,
        filter: PersonFilter,
        after: Option<PersonCursor>,
        limit: usize,
    ) -> Result<(Vec<CampaignPerson>, Option<PersonCursor>), StoreError> {
        // State: 1 excluded, 2 waiting, 3 sent, 4 delivered, 5 failed, 6 uncertain.
        let sql = "SELECT * FROM (SELECT p.code AS frozen, p.recipient_id AS recipient_id, r.address, r.contact_id, \
                    c.external_id, \
                    CASE WHEN p.code > 0 OR COALESCE(e.code, 0) > 0 THEN 1 \
                         WHEN b.state IN (5, 6) THEN 6 \
                         WHEN b.state NOT IN (3, 4) THEN 2 \
                         WHEN b.state = 4 OR e.recipient_id IS NOT NULL THEN 5 \
                         WHEN t.state = 6 THEN 4 WHEN t.state IN (3, 4, 5) THEN 5 ELSE 3 END AS outcome, \
                    CASE WHEN p.code > 0 THEN p.code ELSE COALESCE(e.code, 0) END AS reason, \
                    COALESCE(e.provider_code, t.provider_code) AS provider_code, \
                    COALESCE(e.provider_text, t.provider_text, \
                        CASE WHEN b.state = 4 THEN b.last_error END) AS provider_text, \
                    COALESCE(t.happened_us, e.created_us, b.settled_us) AS at_us \
                FROM campaign_recipient p \
                JOIN recipient r ON r.id = p.recipient_id \
                LEFT JOIN contact c ON c.id = r.contact_id \
                LEFT JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no \
                LEFT JOIN send_exception e ON e.campaign_id = p.campaign_id AND e.batch_no = p.batch_no \
                     AND e.recipient_id = p.recipient_id \
                LEFT JOIN receipt t ON t.campaign_id = p.campaign_id AND t.batch_no = p.batch_no \
                     AND t.recipient_id = p.recipient_id \
                WHERE p.campaign_id = $1 AND (p.code, p.recipient_id) > ($2, $3)) people \
             WHERE ($4 = 0 OR reason = $4) AND ($5 = 0 OR outcome = $5) \
             ORDER BY frozen, recipient_id LIMIT $6";
        type Row = (
            i64, i64, String, i64, Option<String>, i64, i64, Option<String>, Option<String>, Option<i64>,
        );
        let (frozen, recipient) = after.unwrap_or((-1, 0));
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(frozen)
            .bind(recipient)
            .bind(filter.code.map_or(0, ReasonCode::as_db))
            .bind(filter.state.map_or(0, PersonState::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing people of a campaign")?;
        let full = i64::try_from(rows.len()) == Ok(page_rows(limit));
        let next = rows.last().filter(|_| full).map(|row| (row.0, row.1));
        let people = rows.into_iter().map(|row| person(id, row)).collect::<Result<_, _>>()?;
        return Ok((people, next));

        fn person(id: CampaignId, row: Row) -> Result<CampaignPerson, StoreError> {
            Ok(CampaignPerson {
                recipient: RecipientId::from_db(row.1),
                address: row.2,
                contact: ContactId::from_db(row.3),
                external_id: row.4,
                state: known(PersonState::from_db(row.5), "campaign_recipient", "outcome", id)?,
                code: match row.6 {
                    0 => None,
                    code => Some(known(ReasonCode::from_db(code), "campaign_recipient", "code", id)?),
                },
                provider_code: row.7,
                provider_text: row.8,
                at: instant(row.9),
            })
        }
    }
}
