//! The ledger of requests: claim, hand over, settle. The unit is a batch; no
//! person is written on the way out, only exceptions are.
//!
//! A batch moves `pending → in flight → accepted | failed | in doubt`, and from
//! in doubt on to one of the others. Every move states the state it comes from
//! and the attempt it belongs to, so a worker that comes back after its lease
//! settles nothing.

mod parting;
mod settle;

pub use parting::PARTED;
pub use settle::Acceptance;

use domain::ReasonCode;
use domain::Timestamp;
use domain::ids::{BatchKey, BrandId, CampaignId, ConnectorId, RecipientId};

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::{known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How far a batch has come.
    BatchState {
        /// Waits for a worker.
        Pending = 1, "pending";
        /// Handed to a worker, whose request may have left.
        InFlight = 2, "in_flight";
        /// The provider took it.
        Accepted = 3, "accepted";
        /// The provider refused it as a whole.
        Failed = 4, "failed";
        /// The request may or may not have arrived.
        InDoubt = 5, "in_doubt";
        /// Nobody can tell any more; a person decides.
        Unresolved = 6, "unresolved";
        /// Never left and never will.
        Cancelled = 7, "cancelled";
        /// Pending in a campaign that is paused.
        Paused = 8, "paused";
    }
}

vocabulary! {
    /// Why a batch failed as a whole.
    FailedAs {
        /// The provider refused it for good.
        Refused = 0, "refused";
        /// The provider refused it for now, until the tries were spent.
        KeptRefusing = 1, "kept_refusing";
        /// The provider refused it with a code that nobody knows.
        UnknownCode = 2, "unknown_code";
        /// The provider refused the one person in it.
        Recipient = 3, "recipient";
    }
}

vocabulary! {
    /// Who keeps a person of a batch from getting the message.
    ExceptionClass {
        /// Our own last gate.
        Gate = 0, "gate";
        /// The provider, for now.
        Transient = 1, "transient";
        /// The provider, for this person or text.
        Permanent = 2, "permanent";
        /// The provider, for our account.
        Account = 3, "account";
        /// The provider, for the content or sender.
        Content = 4, "content";
    }
}

/// A batch in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickedBatch {
    /// Campaign and number.
    pub key: BatchKey,
    /// In whose name.
    pub brand: BrandId,
    /// Through which account.
    pub connector: ConnectorId,
    /// People planned.
    pub size: i64,
    /// Which attempt this is, from 1; the token of this claim.
    pub attempt: i64,
    /// Our name for the request, once there was one.
    pub request_key: Option<String>,
    /// First and last of its people.
    pub people: (RecipientId, RecipientId),
    /// When it was last claimed for sending.
    pub claimed_at: Option<Timestamp>,
    /// How often the provider has refused it for now, over this route.
    pub refusals: i64,
    /// How often its people have been parted from others.
    pub splits: i64,
}

/// What is about to be sent to a batch.
#[derive(Debug, Clone, Copy)]
pub struct Handover<'a> {
    /// The claim.
    pub batch: &'a PickedBatch,
    /// Our name for the request.
    pub request_key: &'a str,
    /// The exact request, LZ4.
    pub content: &'a [u8],
    /// Parts of all its texts together.
    pub parts: i64,
    /// Whom the last gate took out.
    pub exceptions: &'a [SendException],
}

/// Someone of a batch who does not get the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendException {
    /// Who.
    pub recipient: RecipientId,
    /// The last gate's reason; none when the provider refused.
    pub code: Option<ReasonCode>,
    /// Who keeps it back.
    pub class: ExceptionClass,
    /// The provider's own code.
    pub provider_code: Option<String>,
    /// The provider's own words.
    pub provider_text: Option<String>,
}

type PickedRow = (
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<String>,
    i64,
    i64,
    Option<i64>,
    i64,
    i64,
);

fn picked(row: PickedRow) -> PickedBatch {
    PickedBatch {
        key: BatchKey {
            campaign: CampaignId::from_db(row.0),
            number: row.1,
        },
        brand: BrandId::from_db(row.2),
        connector: ConnectorId::from_db(row.3),
        size: row.4,
        attempt: row.5,
        request_key: row.6,
        people: (RecipientId::from_db(row.7), RecipientId::from_db(row.8)),
        claimed_at: row.9.map(Timestamp::from_micros),
        refusals: row.10,
        splits: row.11,
    }
}

/// Requests up to this many bytes are small.
const SMALL_CONTENT_BYTES: usize = 2_048;
/// Requests stored by one statement.
const CONTENTS_TOGETHER_MAX: usize = 256;

fn keys_of<'a>(batches: impl Iterator<Item = &'a PickedBatch> + Clone) -> Given<'a> {
    Given::new()
        .ints(
            "campaign",
            batches.clone().map(|batch| batch.key.campaign.as_db()),
        )
        .ints("number", batches.map(|batch| batch.key.number))
}

/// Workers on PostgreSQL never wait for each other's picks; SQLite has one writer.
const fn skip_locked(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "",
        Engine::Postgres => "FOR UPDATE SKIP LOCKED",
    }
}

impl Reader {
    /// Accounts that have batches waiting.
    pub async fn connectors_with_work(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<ConnectorId>, StoreError> {
        // A skip scan in disguise: one probe of the index per account, however
        // many batches wait.
        let sql = "SELECT c.id FROM connector c WHERE EXISTS (SELECT 1 FROM send_batch b \
                WHERE b.connector_id = c.id AND b.state = 1 AND b.next_us <= $1) \
               AND NOT EXISTS (SELECT 1 FROM sending_halt h WHERE h.scope = 2 AND h.subject_id = c.id) \
             ORDER BY c.id LIMIT 1000";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(now.as_micros())
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for batches")?;
        Ok(ids.into_iter().map(ConnectorId::from_db).collect())
    }

    /// Workers that hold batches in flight or in doubt.
    pub async fn workers_with_batches(&mut self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT worker FROM send_batch \
             WHERE lease_until_us IS NOT NULL AND worker IS NOT NULL LIMIT 1000";
        on!(self, conn => sqlx::query_scalar(sql).fetch_all(&mut *conn).await)
            .doing("looking for workers")
    }

    /// Everyone planned in a batch, in order of number.
    pub async fn batch_recipients(
        &mut self,
        batch: &PickedBatch,
    ) -> Result<Vec<RecipientId>, StoreError> {
        let sql = "SELECT recipient_id FROM campaign_recipient \
             WHERE campaign_id = $1 AND code = 0 AND recipient_id BETWEEN $2 AND $3 AND batch_no = $4 \
             ORDER BY recipient_id";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(batch.key.campaign.as_db())
            .bind(batch.people.0.as_db())
            .bind(batch.people.1.as_db())
            .bind(batch.key.number)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the people of a batch")?;
        Ok(ids.into_iter().map(RecipientId::from_db).collect())
    }

    /// When a batch was last claimed for sending: the moment of its last gate.
    pub async fn batch_claimed_at(
        &mut self,
        key: BatchKey,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT claimed_us FROM send_batch WHERE campaign_id = $1 AND batch_no = $2";
        let at: Option<Option<i64>> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(key.campaign.as_db())
            .bind(key.number)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a claim")?;
        Ok(at.flatten().map(Timestamp::from_micros))
    }

    /// The stored request of a batch, LZ4.
    pub async fn batch_content(&mut self, key: BatchKey) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT content FROM send_content WHERE campaign_id = $1 AND batch_no = $2";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(key.campaign.as_db())
            .bind(key.number)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a request")
    }

    /// Whom the last gate took out of a batch, and whom the provider refused.
    pub async fn batch_exceptions(
        &mut self,
        key: BatchKey,
    ) -> Result<Vec<SendException>, StoreError> {
        let sql = "SELECT recipient_id, code, class, provider_code, provider_text FROM send_exception \
             WHERE campaign_id = $1 AND batch_no = $2 ORDER BY recipient_id LIMIT 100000";
        type Row = (i64, i64, i64, Option<String>, Option<String>);
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
                .bind(key.campaign.as_db())
                .bind(key.number)
                .fetch_all(&mut *conn)
                .await)
        .doing("reading exceptions")?;
        rows.into_iter()
            .map(|(recipient, code, class, provider_code, provider_text)| {
                let table = "send_exception";
                Ok(SendException {
                    recipient: RecipientId::from_db(recipient),
                    code: match code {
                        0 => None,
                        _ => Some(known(ReasonCode::from_db(code), table, "code", key)?),
                    },
                    class: known(ExceptionClass::from_db(class), table, "class", key)?,
                    provider_code,
                    provider_text,
                })
            })
            .collect()
    }
}

impl Writer {
    /// Takes up to `limit` batches of an account that are due: from now on
    /// they are in flight. The caller runs the gate, stores the requests with
    /// [`Writer::hand_over`] and commits before a byte leaves.
    pub async fn pick_batches(
        &mut self,
        connector: ConnectorId,
        worker: &str,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<PickedBatch>, StoreError> {
        let skip = skip_locked(self.engine());
        // MATERIALIZED: the choice is made once. As a plain subquery a plan may
        // run it again for each row, and each run locks and returns others.
        let sql = format!(
            "WITH due AS MATERIALIZED (SELECT campaign_id, batch_no FROM send_batch \
                WHERE connector_id = $1 AND state = 1 AND next_us <= $4 \
                ORDER BY priority, next_us, campaign_id, batch_no LIMIT $5 {skip}) \
             UPDATE send_batch SET state = 2, attempt = attempt + 1, lease_until_us = $3, worker = $2, \
                claimed_us = $4 \
             WHERE (campaign_id, batch_no) IN (SELECT campaign_id, batch_no FROM due) \
             RETURNING campaign_id, batch_no, brand_id, connector_id, size, attempt, request_key, \
                first_recipient_id, last_recipient_id, claimed_us, refusals, splits"
        );
        let now = self.now();
        let rows: Vec<PickedRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(connector.as_db())
            .bind(worker)
            .bind(lease_until.as_micros())
            .bind(now.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("claiming batches")?;
        Ok(rows.into_iter().map(picked).collect())
    }

    /// Takes batches in doubt whose quiet period is over, to find out.
    pub async fn pick_in_doubt(
        &mut self,
        worker: &str,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<PickedBatch>, StoreError> {
        let skip = skip_locked(self.engine());
        let sql = format!(
            "WITH due AS MATERIALIZED (SELECT campaign_id, batch_no FROM send_batch \
                WHERE state = 5 AND next_us <= $3 \
                  AND (lease_until_us IS NULL OR lease_until_us < $3) \
                ORDER BY next_us, campaign_id, batch_no LIMIT $4 {skip}) \
             UPDATE send_batch SET attempt = attempt + 1, lease_until_us = $2, worker = $1 \
             WHERE (campaign_id, batch_no) IN (SELECT campaign_id, batch_no FROM due) \
             RETURNING campaign_id, batch_no, brand_id, connector_id, size, attempt, request_key, \
                first_recipient_id, last_recipient_id, claimed_us, refusals, splits"
        );
        let now = self.now();
        let rows: Vec<PickedRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(worker)
            .bind(lease_until.as_micros())
            .bind(now.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("claiming batches in doubt")?;
        Ok(rows.into_iter().map(picked).collect())
    }

    /// Stores what is about to be sent, one part to a person, and whom the last
    /// gate took out.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn hand_over(
        &mut self,
        batch: &PickedBatch,
        request_key: &str,
        content: &[u8],
        exceptions: &[SendException],
    ) -> Result<(), StoreError> {
        self.hand_over_all(&[Handover {
            batch,
            request_key,
            content,
            parts: batch.size - i64::try_from(exceptions.len()).unwrap_or(0),
            exceptions,
        }])
        .await
    }

    /// [`Writer::hand_over`] for all batches of a claim: with one message a
    /// batch, two statements for each were most of the claim.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when one of them is not this claim's any more.
    pub async fn hand_over_all(&mut self, requests: &[Handover<'_>]) -> Result<(), StoreError> {
        if requests.is_empty() {
            return Ok(());
        }
        // The claim first: after `Lost` nothing of a stale worker is left behind,
        // even if its transaction goes on and commits other batches.
        let given = keys_of(requests.iter().map(|request| request.batch))
            .ints(
                "claim",
                requests.iter().map(|request| request.batch.attempt),
            )
            .ints("parts", requests.iter().map(|request| request.parts))
            .texts("name", requests.iter().map(|request| request.request_key));
        let sql = given.sql(
            self.engine(),
            1,
            "UPDATE send_batch SET request_key = g.name, parts = g.parts FROM given g \
             WHERE campaign_id = g.campaign AND batch_no = g.number AND attempt = g.claim AND state = 2",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("storing a request")?;
        exactly(rows, requests.len() as u64, "the claimed batch")?;
        for request in requests {
            self.add_exceptions(request.batch.key, request.exceptions)
                .await?;
        }
        self.store_contents(requests).await
    }

    async fn store_contents(&mut self, requests: &[Handover<'_>]) -> Result<(), StoreError> {
        // SQLite gets a list of bytes as hexadecimal text: that is worth it for
        // small requests only, large ones go one by one.
        let bytes: usize = requests.iter().map(|request| request.content.len()).sum();
        let together = match self.engine() {
            Engine::Sqlite if bytes > requests.len() * SMALL_CONTENT_BYTES => 1,
            Engine::Sqlite | Engine::Postgres => CONTENTS_TOGETHER_MAX,
        };
        for requests in requests.chunks(together) {
            let given = keys_of(requests.iter().map(|request| request.batch))
                .bytes("content", requests.iter().map(|request| request.content));
            let sql = "INSERT INTO send_content (campaign_id, batch_no, content) ";
            let replace =
                "ON CONFLICT (campaign_id, batch_no) DO UPDATE SET content = excluded.content";
            let rows = match requests {
                [one] => {
                    let sql = format!("{sql} VALUES ($1, $2, $3) {replace}");
                    on!(self, conn => sqlx::query(sqlx::AssertSqlSafe(sql))
                        .bind(one.batch.key.campaign.as_db())
                        .bind(one.batch.key.number)
                        .bind(one.content)
                        .execute(&mut *conn)
                        .await
                        .map(|done| done.rows_affected()))
                }
                _ => {
                    let body = format!(
                        "{sql} SELECT campaign, number, content FROM given WHERE true {replace}"
                    );
                    let sql = given.sql(self.engine(), 1, &body);
                    on!(self, conn => sqlx::query(sql)
                        .bind_given(&given)
                        .execute(&mut *conn)
                        .await
                        .map(|done| done.rows_affected()))
                }
            }
            .doing("storing a request")?;
            exactly(rows, requests.len() as u64, "the request")?;
        }
        Ok(())
    }

    pub(crate) async fn add_exceptions(
        &mut self,
        key: BatchKey,
        exceptions: &[SendException],
    ) -> Result<(), StoreError> {
        if exceptions.is_empty() {
            return Ok(());
        }
        let mut sorted: Vec<&SendException> = exceptions.iter().collect();
        sorted.sort_by_key(|exception| exception.recipient);
        sorted.dedup_by_key(|exception| exception.recipient);
        let given = Given::new()
            .ints("recipient_id", sorted.iter().map(|e| e.recipient.as_db()))
            .ints(
                "code",
                sorted.iter().map(|e| e.code.map_or(0, ReasonCode::as_db)),
            )
            .ints("class", sorted.iter().map(|e| e.class.as_db()))
            .maybe_texts(
                "provider_code",
                sorted.iter().map(|e| e.provider_code.as_deref()),
            )
            .maybe_texts(
                "provider_text",
                sorted.iter().map(|e| e.provider_text.as_deref()),
            );
        let sql = given.sql(
            self.engine(),
            4,
            "INSERT INTO send_exception (campaign_id, batch_no, recipient_id, code, class, \
                    provider_code, provider_text, created_us) \
             SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), recipient_id, code, class, provider_code, \
                    provider_text, CAST($3 AS BIGINT) \
             FROM given WHERE true \
             ON CONFLICT (campaign_id, batch_no, recipient_id) DO NOTHING",
        );
        let now = self.now().as_micros();
        on!(self, conn => sqlx::query(sql)
            .bind(key.campaign.as_db())
            .bind(key.number)
            .bind(now)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("writing exceptions")
    }
}
