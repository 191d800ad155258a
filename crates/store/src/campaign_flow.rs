//! What moves a running campaign on besides its claims: parts that are let go,
//! portions that are put off, routes that step in, and what a part has come to.

use domain::Timestamp;
use domain::ids::{BrandId, CampaignId, ConnectorId, FirmId};
use domain::plan::{Part, Plan};
use serde::{Deserialize, Serialize};

use crate::campaigns::{Campaign, CampaignState};
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{page_rows, to_json};
use crate::vocabulary::vocabulary;

/// Batches that wait for a decision are due at no instant that comes.
pub const NEVER: Timestamp = Timestamp::from_micros(i64::MAX / 2);

/// What is written of a batch that was in doubt and surely never arrived. It
/// stays with its account, which knows its messages.
pub const NEVER_ARRIVED: &str = "the request never arrived";
/// What is written of a batch that waits for an hour.
pub const WAITS_FOR_WINDOW: &str = "waits for the sending window";
/// What is written of a batch that waits for İYS.
pub const WAITS_FOR_REGISTRY: &str = "waits for İYS's answers about old ones";
/// Attempts in vain after which a route counts as gone.
pub const ATTEMPTS_IN_VAIN: i64 = 3;

/// How far the parts of a campaign have come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// When the rest was let go, or the brake was pulled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryEnd>,
    /// Which text the rest gets, and who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<Winner>,
    /// What was chosen at launch, where the credit did not reach everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditChoice>,
    /// To what its approver agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// An approval (*onay*), bound to what was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Hash of what it said then, as the GO page shows it.
    pub content_hash: String,
    /// The same with the audience and the route.
    pub hash: String,
}

vocabulary! {
    /// What becomes of those whom the credit at the provider does not reach.
    WhenShort {
        /// They wait for it like everybody else: it leaves until the provider
        /// takes no more, and goes on after a top-up.
        Wait = 1, "wait";
        /// They are left out (S502); who they are is drawn.
        Cut = 2, "cut";
    }
}

/// A person's choice at a launch for which the credit did not suffice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditChoice {
    /// The choice.
    pub choice: WhenShort,
    /// People whom the credit reached then.
    pub reached: i64,
    /// People whom it did not.
    pub short: i64,
    /// Who chose.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

vocabulary! {
    /// What stops a campaign behind its canary.
    Brake {
        /// Too many did not get the message.
        Failures = 1, "failures";
        /// Not one receipt came.
        Silence = 2, "silence";
        /// Too many refused after it.
        Refusals = 3, "refusals";
        /// Too many complained.
        Complaints = 4, "complaints";
    }
}

/// How a canary ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryEnd {
    /// Whether the rest was let go.
    pub passed: bool,
    /// Of the canary's people, so many did not get it.
    pub failed: i64,
    /// Of them, so many have a final receipt.
    pub known: i64,
    /// So many refused after its message.
    #[serde(default)]
    pub refused: i64,
    /// So many complained.
    #[serde(default)]
    pub complained: i64,
    /// What pulled the brake; none where it passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brake: Option<Brake>,
    /// When.
    pub at: Timestamp,
}

/// A person's choice between two texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Winner {
    /// [`Part::First`] or [`Part::Second`].
    pub part: Part,
    /// Who chose.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What a part has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartCount {
    /// People planned in it.
    pub planned: i64,
    /// Requests that have no outcome yet.
    pub unsettled: i64,
    /// People whose request was accepted.
    pub accepted: i64,
    /// Of them, reached.
    pub delivered: i64,
    /// Refused, undelivered, expired or rejected.
    pub failed: i64,
    /// When its last request was settled.
    pub settled_at: Option<Timestamp>,
}

impl PartCount {
    /// People with a final outcome.
    pub const fn known(&self) -> i64 {
        self.delivered + self.failed
    }
}

/// How many of a stopped campaign had left, were under way and stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Handed to the provider.
    pub handed_over: i64,
    /// In a request whose outcome is not known yet.
    pub under_way: i64,
    /// Not handed over.
    pub waiting: i64,
}

impl Reader {
    /// What one part of a campaign has come to. The whole campaign is the sum
    /// of its parts.
    pub async fn part_count(
        &mut self,
        campaign: CampaignId,
        part: Part,
    ) -> Result<PartCount, StoreError> {
        let (first, last) = part.batches();
        // Exceptions of the provider are failures; those of our own gate were
        // never sent.
        let sql = "SELECT CAST(COALESCE(sum(b.size), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN b.settled_us IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(b.accepted_count), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN b.state = 4 THEN b.size ELSE 0 END), 0) AS BIGINT), \
                max(b.settled_us), \
                (SELECT count(*) FROM receipt r WHERE r.campaign_id = $1 AND r.batch_no BETWEEN $2 AND $3 AND r.state = 6), \
                (SELECT count(*) FROM receipt r WHERE r.campaign_id = $1 AND r.batch_no BETWEEN $2 AND $3 AND r.state IN (3, 4, 5)), \
                (SELECT count(*) FROM send_exception e WHERE e.campaign_id = $1 AND e.batch_no BETWEEN $2 AND $3 AND e.code = 0) \
             FROM send_batch b WHERE b.campaign_id = $1 AND b.batch_no BETWEEN $2 AND $3";
        type Row = (i64, i64, i64, i64, Option<i64>, i64, i64, i64);
        let row: Row = on!(self, conn => sqlx::query_as(sql)
            .bind(campaign.as_db())
            .bind(first)
            .bind(last)
            .fetch_one(&mut *conn)
            .await)
        .doing("counting a part of a campaign")?;
        Ok(PartCount {
            planned: row.0,
            unsettled: row.1,
            accepted: row.2,
            delivered: row.5,
            failed: row.3 + row.6 + row.7,
            settled_at: row.4.map(Timestamp::from_micros),
        })
    }

    /// How much of a campaign has left.
    pub async fn left_of(&mut self, campaign: CampaignId) -> Result<Left, StoreError> {
        let sql = "SELECT CAST(COALESCE(sum(CASE WHEN state IN (3, 4) THEN size ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN state IN (2, 5, 6) THEN size ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN state IN (1, 7, 8) THEN size ELSE 0 END), 0) AS BIGINT) \
             FROM send_batch WHERE campaign_id = $1";
        let row: (i64, i64, i64) = on!(self, conn => sqlx::query_as(sql)
            .bind(campaign.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting what is left of a campaign")?;
        Ok(Left {
            handed_over: row.0,
            under_way: row.1,
            waiting: row.2,
        })
    }

    /// Running campaigns whose plan wants watching, oldest first.
    pub async fn campaigns_to_watch(
        &mut self,
        after: CampaignId,
        limit: usize,
    ) -> Result<Vec<CampaignId>, StoreError> {
        let sql = "SELECT id FROM campaign WHERE state = 5 AND plan <> '{}' AND id > $1 ORDER BY id LIMIT $2";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(after.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for campaigns to watch")?;
        Ok(ids.into_iter().map(CampaignId::from_db).collect())
    }

    /// Accounts over which batches of a campaign wait to leave.
    pub async fn waiting_routes(
        &mut self,
        campaign: CampaignId,
    ) -> Result<Vec<ConnectorId>, StoreError> {
        let sql = "SELECT DISTINCT connector_id FROM send_batch \
             WHERE campaign_id = $1 AND settled_us IS NULL AND state IN (1, 8) LIMIT 100";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(campaign.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for routes")?;
        Ok(ids.into_iter().map(ConnectorId::from_db).collect())
    }

    /// Whether requests of a campaign keep failing to leave over an account:
    /// one of its batches was tried [`ATTEMPTS_IN_VAIN`] times. With
    /// `but_refused` those do not count that the provider itself refused: a mail
    /// server's "later" is about one mailbox.
    pub async fn fails_over(
        &mut self,
        campaign: CampaignId,
        connector: ConnectorId,
        but_refused: bool,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM send_batch \
             WHERE campaign_id = $1 AND connector_id = $2 AND settled_us IS NULL AND state = 1 \
               AND attempt >= $3 AND claimed_us IS NULL AND last_error IS NOT NULL \
               AND last_error NOT IN ($4, $5, $6, $8) AND ($7 = 0 OR refusals = 0)) THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(campaign.as_db())
            .bind(connector.as_db())
            .bind(ATTEMPTS_IN_VAIN)
            .bind(NEVER_ARRIVED)
            .bind(WAITS_FOR_WINDOW)
            .bind(WAITS_FOR_REGISTRY)
            .bind(i64::from(but_refused))
            .bind(crate::dispatch::PARTED)
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for failing routes")?;
        Ok(found == 1)
    }

    /// Running and launching campaigns of a brand, or over an account.
    pub async fn campaigns_at_work(
        &mut self,
        firm: FirmId,
        brand: Option<BrandId>,
    ) -> Result<Vec<CampaignId>, StoreError> {
        let sql = "SELECT id FROM campaign WHERE state IN (4, 5) AND firm_id = $1 \
             AND ($2 = 0 OR brand_id = $2) ORDER BY id LIMIT 1000";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(brand.map_or(0, BrandId::as_db))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for running campaigns")?;
        Ok(ids.into_iter().map(CampaignId::from_db).collect())
    }

    /// What the approver saw.
    pub async fn go_snapshot(
        &mut self,
        firm: FirmId,
        id: CampaignId,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT go_snapshot FROM campaign WHERE id = $1 AND firm_id = $2";
        let text: Option<Option<String>> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a campaign's snapshot")?;
        Ok(text.flatten())
    }

    /// Who signed a campaign, and what.
    pub async fn signature(&mut self, id: CampaignId) -> Result<Option<Signature>, StoreError> {
        let sql = "SELECT signer, method, content_hash, evidence, signed_us, recorded_by \
             FROM campaign_signature WHERE campaign_id = $1";
        type Row = (String, String, Vec<u8>, String, i64, String);
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a signature")?;
        Ok(row.map(|row| Signature {
            signer: row.0,
            method: row.1,
            content_hash: row.2,
            evidence: row.3,
            signed_at: Timestamp::from_micros(row.4),
            recorded_by: row.5,
        }))
    }
}

/// An electronic signature over a campaign's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Who signed.
    pub signer: String,
    /// Such as `e-imza`.
    pub method: String,
    /// What was signed.
    pub content_hash: Vec<u8>,
    /// The signature, or where it is kept.
    pub evidence: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Who recorded it here.
    pub recorded_by: String,
}

impl Writer {
    /// Lets the waiting batches of a part go, in the portions of the plan.
    pub async fn release_part(
        &mut self,
        campaign: CampaignId,
        part: Part,
        plan: &Plan,
        batch_size: i64,
        from: Timestamp,
    ) -> Result<u64, StoreError> {
        let (first, last) = part.batches();
        let due = due_sql(plan, batch_size, from, &format!("(batch_no - {first} - 1)"));
        let sql = format!(
            "UPDATE send_batch SET next_us = {due} \
             WHERE campaign_id = $1 AND batch_no BETWEEN $2 AND $3 AND state IN (1, 8) AND next_us >= $4"
        );
        on!(self, conn => sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(campaign.as_db())
            .bind(first)
            .bind(last)
            .bind(NEVER.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("letting a part of a campaign go")
    }

    /// Makes everything that waits due at once: it has expired, and the gate
    /// will say so for each person.
    pub async fn hasten_batches(&mut self, campaign: CampaignId) -> Result<u64, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE send_batch SET next_us = $2 \
             WHERE campaign_id = $1 AND settled_us IS NULL AND state = 1 AND next_us > $2";
        on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("ending a campaign's time")
    }

    /// Puts the waiting batches of a campaign off, all by the same time, so
    /// that its portions stay as far apart as they were.
    pub async fn shift_batches(
        &mut self,
        campaign: CampaignId,
        by_us: i64,
        if_due_before: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE send_batch SET next_us = next_us + $2 \
             WHERE campaign_id = $1 AND settled_us IS NULL AND state IN (1, 8) AND next_us < $3 \
               AND (SELECT min(d.next_us) FROM send_batch d \
                    WHERE d.campaign_id = $1 AND d.settled_us IS NULL AND d.state IN (1, 8)) < $4";
        on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(by_us)
            .bind(NEVER.as_micros())
            .bind(if_due_before.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("putting a campaign's portions off")
    }

    /// Hands the batches of a campaign that wait on one account to another.
    /// Only those that surely never left: in flight, accepted and doubtful ones
    /// stay where they are.
    pub async fn move_batches(
        &mut self,
        campaign: CampaignId,
        from: ConnectorId,
        to: ConnectorId,
    ) -> Result<u64, StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE send_batch SET connector_id = $3, \
                next_us = CASE WHEN last_error IS NOT NULL AND next_us < $5 THEN $4 ELSE next_us END, \
                last_error = NULL, refusals = 0 \
             WHERE campaign_id = $1 AND connector_id = $2 AND settled_us IS NULL AND state IN (1, 8) \
               AND claimed_us IS NULL AND request_key IS NULL \
               AND (last_error IS NULL OR last_error <> $6)";
        on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(from.as_db())
            .bind(to.as_db())
            .bind(now)
            .bind(NEVER.as_micros())
            .bind(NEVER_ARRIVED)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("handing batches to another route")
    }

    /// Writes down how far the parts of a campaign have come.
    pub async fn set_progress(
        &mut self,
        campaign: CampaignId,
        progress: &Progress,
    ) -> Result<(), StoreError> {
        let text = to_json(progress)?;
        let now = self.now().as_micros();
        let sql = "UPDATE campaign SET progress = $2, updated_us = $3 WHERE id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(&text)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("writing a campaign's progress")?;
        exactly(rows, 1, "the campaign")
    }

    /// Keeps what the approver is going to see, while it is not launched.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it has moved on meanwhile.
    pub async fn keep_go_snapshot(
        &mut self,
        campaign: &Campaign,
        text: &str,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql =
            "UPDATE campaign SET go_snapshot = $2, updated_us = $3 WHERE id = $1 AND state = $4";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.id.as_db())
            .bind(text)
            .bind(now)
            .bind(campaign.state.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a campaign's snapshot")?;
        exactly(rows, 1, "the campaign")
    }

    /// The instant from which a launched campaign may be frozen.
    pub async fn start_campaign_at(
        &mut self,
        campaign: CampaignId,
        at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE campaign SET start_us = $2 WHERE id = $1 AND state = $3";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(at.map(Timestamp::as_micros))
            .bind(CampaignState::Launching.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("scheduling a campaign")?;
        exactly(rows, 1, "the launching campaign")
    }

    /// Records who signed a campaign; a later signature takes its place.
    pub async fn record_signature(
        &mut self,
        campaign: CampaignId,
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "INSERT INTO campaign_signature (campaign_id, signer, method, content_hash, evidence, \
                signed_us, recorded_by, recorded_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
             ON CONFLICT (campaign_id) DO UPDATE SET signer = excluded.signer, method = excluded.method, \
                content_hash = excluded.content_hash, evidence = excluded.evidence, \
                signed_us = excluded.signed_us, recorded_by = excluded.recorded_by, \
                recorded_us = excluded.recorded_us";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(&signature.signer)
            .bind(&signature.method)
            .bind(&signature.content_hash)
            .bind(&signature.evidence)
            .bind(signature.signed_at.as_micros())
            .bind(&signature.recorded_by)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("recording a signature")?;
        exactly(rows, 1, "the signature")
    }
}

/// When a batch is due, in SQL: `index` is its place in its part, from 0.
pub(crate) fn due_sql(plan: &Plan, batch_size: i64, from: Timestamp, index: &str) -> String {
    let from = from.as_micros();
    match plan.packages {
        None => from.to_string(),
        Some(packages) => {
            let every = packages.every_minutes * domain::time::MINUTE_US;
            let size = packages.size.max(1);
            // Whole numbers: the portion that the batch's first person is in.
            format!("{from} + ({index} * {batch_size}) / {size} * {every}")
        }
    }
}
