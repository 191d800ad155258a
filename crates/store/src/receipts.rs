//! Receipts (*iletim raporu*): pushes are stored as they came, then mapped. A
//! message's state only moves forward, so repeats and late arrivals are
//! harmless.

use domain::Timestamp;
use domain::ids::{ConnectorId, MessageRef};

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

impl Reader {
    /// Pushes that wait, and pushes that could not be read.
    pub async fn push_figures(&mut self) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT CAST(COALESCE(sum(CASE WHEN state = 1 THEN 1 ELSE 0 END), 0) AS BIGINT), \
                CAST(COALESCE(sum(CASE WHEN state = 3 THEN 1 ELSE 0 END), 0) AS BIGINT) \
             FROM receipt_push WHERE state IN (1, 3)";
        on!(self, conn => sqlx::query_as(sql).fetch_one(&mut *conn).await).doing("counting pushes")
    }
}

impl Writer {
    /// Keeps a push as it came; `body` is LZ4.
    pub async fn store_push(
        &mut self,
        connector: ConnectorId,
        body: &[u8],
    ) -> Result<i64, StoreError> {
        let id = self.next_id()?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO receipt_push (id, connector_id, received_us, body, state) \
             VALUES ($1, $2, $3, $4, 1)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(connector.as_db())
            .bind(now)
            .bind(body)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a push")?;
        exactly(rows, 1, "the push")?;
        Ok(id)
    }

    /// Takes waiting pushes, oldest first, for this transaction: they are
    /// mapped and marked before it commits.
    pub async fn take_pushes(&mut self, limit: i64) -> Result<Vec<WaitingPush>, StoreError> {
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT id, connector_id, body FROM receipt_push WHERE state = 1 ORDER BY id LIMIT $1"
            }
            // Other workers take the ones after these.
            Engine::Postgres => {
                "SELECT id, connector_id, body FROM receipt_push WHERE state = 1 ORDER BY id LIMIT $1 \
                 FOR UPDATE SKIP LOCKED"
            }
        };
        let limit = page_rows(usize::try_from(limit).unwrap_or(1));
        let rows: Vec<(i64, i64, Vec<u8>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(limit)
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
        let sql = "UPDATE receipt_push SET state = $2, problem = $3 WHERE id = $1 AND state = 1";
        let state: i64 = if problem.is_some() { 3 } else { 2 };
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(state)
            .bind(problem)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("settling a push")?;
        exactly(rows, 1, "the push")
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
        let strongest = strongest(receipts);
        if strongest.is_empty() {
            return Ok(0);
        }
        let given = Given::new()
            .ints(
                "campaign_id",
                strongest.iter().map(|r| r.message.campaign.as_db()),
            )
            .ints("batch_no", strongest.iter().map(|r| r.message.batch_no))
            .ints(
                "recipient_id",
                strongest.iter().map(|r| r.message.recipient.as_db()),
            )
            .ints("state", strongest.iter().map(|r| r.state))
            .texts(
                "provider_code",
                strongest.iter().map(|r| r.provider_code.as_str()),
            )
            .maybe_texts(
                "provider_text",
                strongest.iter().map(|r| r.provider_text.as_deref()),
            )
            .ints(
                "happened_us",
                strongest.iter().map(|r| r.happened_at.as_micros()),
            );
        let engine = self.engine();
        let carried = "b.campaign_id = g.campaign_id AND b.batch_no = g.batch_no";
        let planned =
            "p.campaign_id = g.campaign_id AND p.code = 0 AND p.recipient_id = g.recipient_id";
        let body = format!(
            "INSERT INTO receipt (campaign_id, batch_no, recipient_id, state, provider_code, \
                    provider_text, happened_us, push_id) \
             SELECT g.campaign_id, g.batch_no, g.recipient_id, g.state, g.provider_code, \
                    g.provider_text, g.happened_us, CAST($2 AS BIGINT) \
             FROM given g{}{} \
             WHERE b.connector_id = $1 AND p.batch_no = g.batch_no \
             ORDER BY g.campaign_id, g.batch_no, g.recipient_id \
             ON CONFLICT (campaign_id, batch_no, recipient_id) DO UPDATE SET state = excluded.state, \
                    provider_code = excluded.provider_code, provider_text = excluded.provider_text, \
                    happened_us = excluded.happened_us, push_id = excluded.push_id \
             WHERE CASE excluded.state WHEN 6 THEN 4 WHEN 2 THEN 2 WHEN 1 THEN 1 ELSE 3 END \
                 > CASE receipt.state WHEN 6 THEN 4 WHEN 2 THEN 2 WHEN 1 THEN 1 ELSE 3 END",
            seek(engine, "send_batch", "b", carried),
            seek(engine, "campaign_recipient", "p", planned),
        );
        let sql = given.sql(engine, 3, &body);
        on!(self, conn => sqlx::query(sql)
            .bind(connector.as_db())
            .bind(push)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("applying receipts")
    }
}

/// One receipt per message, the strongest; on a tie the earliest in time. In
/// the order of the key, so that two workers lock rows in the same order.
fn strongest(receipts: &[ReceiptRow]) -> Vec<&ReceiptRow> {
    let mut sorted: Vec<&ReceiptRow> = receipts.iter().collect();
    sorted.sort_by_key(|r| (r.message, -rank(r.state), r.happened_at));
    sorted.dedup_by_key(|r| r.message);
    sorted
}
