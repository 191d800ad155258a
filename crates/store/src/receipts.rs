//! Receipts (*iletim raporu*): pushes are stored as they came, then mapped. A
//! message's state only moves forward, so repeats and late arrivals are
//! harmless.

use domain::Timestamp;
use domain::ids::{BatchKey, ConnectorId, MessageRef};

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given, seek};
use crate::row::page_rows;

/// A push that waits to be mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingPush {
    /// Its number.
    pub id: i64,
    /// The account it came for.
    pub connector: ConnectorId,
    /// The body, LZ4.
    pub body: Vec<u8>,
}

/// What one receipt says of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The message.
    pub message: MessageRef,
    /// 1 sent, 2 unknown, 3 expired, 4 undelivered, 5 rejected, 6 delivered.
    pub state: i64,
    /// The provider's own code.
    pub provider_code: String,
    /// The provider's own words.
    pub provider_text: Option<String>,
    /// The operator's own code, where the provider passes it on.
    pub operator_code: Option<String>,
    /// When it happened, by the provider.
    pub happened_at: Timestamp,
}

/// Sent < unknown < {expired, undelivered, rejected} < delivered.
const fn rank(state: i64) -> i64 {
    match state {
        6 => 4,
        3..=5 => 3,
        2 => 2,
        _ => 1,
    }
}

/// Packed bytes of pushes taken at a time; some 30,000 receipts.
pub const TAKEN_BYTES_MAX: i64 = 1024 * 1024;

/// Receipts of one statement.
const STATEMENT_ROWS: usize = 5_000;

impl Reader {
    /// Pushes that wait, and pushes that could not be read.
    pub async fn push_figures(&mut self) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT CAST(COALESCE(sum(CASE WHEN state = 1 THEN 1 ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN state = 3 THEN 1 ELSE 0 END), 0) AS BIGINT) \
             FROM receipt_push WHERE state IN (1, 3)";
        on!(self, conn => sqlx::query_as(sql).fetch_one(&mut *conn).await).doing("counting pushes")
    }

    /// When an accepted batch left over this account; none when it did not.
    pub async fn sent_over(
        &mut self,
        connector: ConnectorId,
        batch: BatchKey,
    ) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT claimed_us FROM send_batch \
             WHERE campaign_id = $1 AND batch_no = $2 AND connector_id = $3 AND state = 3";
        let at: Option<Option<i64>> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(batch.campaign.as_db())
            .bind(batch.number)
            .bind(connector.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading when a batch left")?;
        Ok(at.flatten().map(Timestamp::from_micros))
    }
}

impl Writer {
    /// Keeps a push as it came; `body` is LZ4.
    pub async fn store_push(
        &mut self,
        connector: ConnectorId,
        body: &[u8],
    ) -> Result<i64, StoreError> {
        self.store_pushes(&[(connector, body)]).await
    }

    /// Keeps pushes as they came, in their order; bodies are LZ4. Returns the
    /// number of the first, those of the others follow it.
    pub async fn store_pushes(
        &mut self,
        pushes: &[(ConnectorId, &[u8])],
    ) -> Result<i64, StoreError> {
        let first = self.next_ids(pushes.len())?;
        let given = Given::new()
            .ints("id", (first..).take(pushes.len()))
            .ints("connector_id", pushes.iter().map(|(id, _)| id.as_db()))
            .bytes("body", pushes.iter().map(|(_, body)| *body))
            .same("received_us", self.now().as_micros());
        let sql = given.sql(
            self.engine(),
            1,
            "INSERT INTO receipt_push (id, connector_id, received_us, body, state) \
             SELECT id, connector_id, received_us, body, 1 FROM given",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a push")?;
        exactly(rows, pushes.len() as u64, "the push")?;
        Ok(first)
    }

    /// Takes waiting pushes, oldest first, for this transaction: they are
    /// mapped and marked before it commits. At most `limit`, and fewer where
    /// their bodies are large (see [`TAKEN_BYTES_MAX`]).
    pub async fn take_pushes(&mut self, limit: i64) -> Result<Vec<WaitingPush>, StoreError> {
        // Sizes first: the bodies of as many pushes as a provider likes to
        // send would not fit into memory.
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT id, length(body) FROM receipt_push WHERE state = 1 ORDER BY id LIMIT $1"
            }
            // Other workers take the ones after these.
            Engine::Postgres => {
                "SELECT id, CAST(length(body) AS BIGINT) FROM receipt_push WHERE state = 1 ORDER BY id LIMIT $1 \
                 FOR UPDATE SKIP LOCKED"
            }
        };
        let limit = page_rows(usize::try_from(limit).unwrap_or(1));
        let waiting: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(limit)
            .fetch_all(&mut *conn)
            .await)
        .doing("taking pushes")?;
        let mut bytes = 0;
        let taken = waiting.iter().enumerate().take_while(|(place, (_, size))| {
            bytes += size;
            *place == 0 || bytes <= TAKEN_BYTES_MAX
        });
        let given = Given::new().ints("push_id", taken.map(|(_, (id, _))| *id));
        if given.is_empty() {
            return Ok(Vec::new());
        }
        let named = seek(self.engine(), "receipt_push", "p", "p.id = g.push_id");
        let sql = given.sql(
            self.engine(),
            1,
            &format!("SELECT p.id, p.connector_id, p.body FROM given g{named} ORDER BY p.id"),
        );
        let rows: Vec<(i64, i64, Vec<u8>)> = on!(self, conn => sqlx::query_as(sql)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("taking pushes")?;
        Ok(rows
            .into_iter()
            .map(|(id, connector, body)| WaitingPush {
                id,
                connector: ConnectorId::from_db(connector),
                body,
            })
            .collect())
    }

    /// Marks a push as mapped, or as unreadable with the problem.
    pub async fn settle_push(&mut self, id: i64, problem: Option<&str>) -> Result<(), StoreError> {
        self.settle_pushes(&[(id, problem)]).await
    }

    /// Marks pushes as mapped, or as unreadable with the problem.
    pub async fn settle_pushes(
        &mut self,
        pushes: &[(i64, Option<&str>)],
    ) -> Result<(), StoreError> {
        let given = Given::new()
            .ints("push_id", pushes.iter().map(|(id, _)| *id))
            .maybe_texts("told", pushes.iter().map(|(_, problem)| *problem));
        // By the key, row by row: the planner must not weigh anything here.
        let sql = given.sql(
            self.engine(),
            1,
            "UPDATE receipt_push SET problem = told, state = CASE WHEN told IS NULL THEN 2 ELSE 3 END \
             FROM given WHERE receipt_push.id = given.push_id AND receipt_push.state = 1",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("settling a push")?;
        exactly(rows, pushes.len() as u64, "the push")
    }

    /// Applies receipts of one account. Those for messages that the account
    /// never carried, or that nobody was planned to get, are passed over.
    /// Returns how many states changed.
    pub async fn apply_receipts(
        &mut self,
        connector: ConnectorId,
        push: i64,
        receipts: &[ReceiptRow],
    ) -> Result<u64, StoreError> {
        let told: Vec<(i64, &ReceiptRow)> = receipts.iter().map(|row| (push, row)).collect();
        self.apply_pushes(connector, &told).await
    }

    /// [`Writer::apply_receipts`] for receipts of several pushes, each with
    /// the number of its push: as if they were applied one push after another,
    /// in a few statements (one push each: 740 receipts/s on SQLite).
    pub async fn apply_pushes(
        &mut self,
        connector: ConnectorId,
        receipts: &[(i64, &ReceiptRow)],
    ) -> Result<u64, StoreError> {
        let mut changed = 0;
        for rows in strongest(receipts).chunks(STATEMENT_ROWS) {
            changed += self.apply_strongest(connector, rows).await?;
        }
        Ok(changed)
    }

    async fn apply_strongest(
        &mut self,
        connector: ConnectorId,
        strongest: &[(i64, &ReceiptRow)],
    ) -> Result<u64, StoreError> {
        let given = Given::new()
            .ints(
                "campaign_id",
                strongest.iter().map(|(_, r)| r.message.campaign.as_db()),
            )
            .ints(
                "batch_no",
                strongest.iter().map(|(_, r)| r.message.batch_no),
            )
            .ints(
                "recipient_id",
                strongest.iter().map(|(_, r)| r.message.recipient.as_db()),
            )
            .ints("state", strongest.iter().map(|(_, r)| r.state))
            .texts(
                "provider_code",
                strongest.iter().map(|(_, r)| r.provider_code.as_str()),
            )
            .maybe_texts(
                "provider_text",
                strongest.iter().map(|(_, r)| r.provider_text.as_deref()),
            )
            .maybe_texts(
                "operator_code",
                strongest.iter().map(|(_, r)| r.operator_code.as_deref()),
            )
            .ints(
                "happened_us",
                strongest.iter().map(|(_, r)| r.happened_at.as_micros()),
            )
            .ints("push", strongest.iter().map(|(push, _)| *push));
        let engine = self.engine();
        let carried = "b.campaign_id = g.campaign_id AND b.batch_no = g.batch_no";
        let planned =
            "p.campaign_id = g.campaign_id AND p.code = 0 AND p.recipient_id = g.recipient_id";
        let body = format!(
            "INSERT INTO receipt (campaign_id, batch_no, recipient_id, state, provider_code, \
                    provider_text, operator_code, happened_us, push_id) \
             SELECT g.campaign_id, g.batch_no, g.recipient_id, g.state, g.provider_code, \
                    g.provider_text, g.operator_code, g.happened_us, g.push \
             FROM given g{}{} \
             WHERE b.connector_id = $1 AND p.batch_no = g.batch_no \
             ORDER BY g.campaign_id, g.batch_no, g.recipient_id \
             ON CONFLICT (campaign_id, batch_no, recipient_id) DO UPDATE SET state = excluded.state, \
                    provider_code = excluded.provider_code, provider_text = excluded.provider_text, \
                    operator_code = excluded.operator_code, happened_us = excluded.happened_us, push_id = excluded.push_id \
             WHERE CASE excluded.state WHEN 6 THEN 4 WHEN 2 THEN 2 WHEN 1 THEN 1 ELSE 3 END \
                 > CASE receipt.state WHEN 6 THEN 4 WHEN 2 THEN 2 WHEN 1 THEN 1 ELSE 3 END",
            seek(engine, "send_batch", "b", carried),
            seek(engine, "campaign_recipient", "p", planned),
        );
        let sql = given.sql(engine, 2, &body);
        on!(self, conn => sqlx::query(sql)
            .bind(connector.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("applying receipts")
    }
}

/// One receipt per message, the strongest; on a tie that of the earliest push,
/// and within a push the earliest in time. In the order of the key, so that
/// two workers lock rows in the same order.
fn strongest<'r>(receipts: &[(i64, &'r ReceiptRow)]) -> Vec<(i64, &'r ReceiptRow)> {
    let mut sorted = receipts.to_vec();
    sorted.sort_by_key(|(push, r)| (r.message, -rank(r.state), *push, r.happened_at));
    sorted.dedup_by_key(|(_, r)| r.message);
    sorted
}
