//! Receipts that are asked for: which accepted batches are due, and who in them
//! is still without an end. An accepted batch is not sent any more, so its
//! `next_us` says when it is asked about next.

use domain::ids::{BatchKey, CampaignId, ConnectorId, FirmId, MessageRef, RecipientId};
use domain::{Recipient, Timestamp};

use crate::db::{Engine, Reader, Writer};
use crate::dispatch::{BatchState, PickedBatch};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{known, page_rows};

/// People of one batch that are asked about; no batch holds more.
const OPEN_MAX: usize = 100_000;

/// An accepted batch whose receipts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullBatch {
    /// Campaign and number.
    pub key: BatchKey,
    /// Our name for the request.
    pub request_key: String,
    /// The provider's name for it.
    pub reference: String,
    /// When it was accepted.
    pub settled_at: Timestamp,
    /// First and last of its people.
    pub people: (RecipientId, RecipientId),
}

/// Those who were in a batch's request, as far as the condition lets them.
macro_rules! people_of_request {
    ($condition:literal) => {
        concat!(
            "SELECT p.recipient_id, r.address \
             FROM campaign_recipient p JOIN recipient r ON r.id = p.recipient_id \
             WHERE p.campaign_id = $1 AND p.code = 0 AND p.batch_no = $2 \
               AND p.recipient_id BETWEEN $3 AND $4 \
               AND NOT EXISTS (SELECT 1 FROM send_exception e WHERE e.campaign_id = p.campaign_id \
                    AND e.batch_no = $2 AND e.recipient_id = p.recipient_id) ",
            $condition,
            "ORDER BY p.recipient_id LIMIT $5"
        )
    };
}

type BatchRow = (i64, i64, String, String, i64, i64, i64);

impl Reader {
    /// Accounts with accepted batches that are due to be asked about.
    pub async fn connectors_to_pull(
        &mut self,
        now: Timestamp,
    ) -> Result<Vec<ConnectorId>, StoreError> {
        let sql = "SELECT c.id FROM connector c WHERE EXISTS (SELECT 1 FROM send_batch b \
                WHERE b.connector_id = c.id AND b.state = 3 AND b.next_us <= $1) \
             ORDER BY c.id LIMIT 1000";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(now.as_micros())
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for batches to ask about")?;
        Ok(ids.into_iter().map(ConnectorId::from_db).collect())
    }

    /// Everyone of a batch whom the provider took and of whom no end is known.
    pub async fn open_messages(
        &mut self,
        batch: &PullBatch,
    ) -> Result<Vec<(MessageRef, Recipient)>, StoreError> {
        let sql = people_of_request!(
            "AND NOT EXISTS (SELECT 1 FROM receipt t WHERE t.campaign_id = p.campaign_id \
                AND t.batch_no = $2 AND t.recipient_id = p.recipient_id AND t.state >= 3) "
        );
        self.people_of(batch.key, batch.people, sql).await
    }

    /// Everyone who was in a batch's request, with their addresses: the planned,
    /// less those the last gate took out.
    pub async fn messages_in_doubt(
        &mut self,
        batch: &PickedBatch,
    ) -> Result<Vec<(MessageRef, Recipient)>, StoreError> {
        self.people_of(batch.key, batch.people, people_of_request!(""))
            .await
    }

    async fn people_of(
        &mut self,
        key: BatchKey,
        (first, last): (RecipientId, RecipientId),
        sql: &'static str,
    ) -> Result<Vec<(MessageRef, Recipient)>, StoreError> {
        let rows: Vec<(i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind(key.campaign.as_db())
            .bind(key.number)
            .bind(first.as_db())
            .bind(last.as_db())
            .bind(page_rows(OPEN_MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the people of a request")?;
        messages(key, rows)
    }

    /// The batch that an account's provider knows under this name.
    pub async fn batch_by_reference(
        &mut self,
        connector: ConnectorId,
        reference: &str,
    ) -> Result<Option<BatchKey>, StoreError> {
        let sql = "SELECT campaign_id, batch_no FROM send_batch \
             WHERE connector_id = $1 AND state = 3 AND provider_reference = $2 \
             ORDER BY campaign_id DESC, batch_no LIMIT 1";
        let row: Option<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(connector.as_db())
            .bind(reference)
            .fetch_optional(&mut *conn)
            .await)
        .doing("finding a batch by the provider's name")?;
        Ok(row.map(|(campaign, number)| BatchKey {
            campaign: CampaignId::from_db(campaign),
            number,
        }))
    }

    /// The message of a batch to an address of the firm.
    pub async fn message_to(
        &mut self,
        firm: FirmId,
        batch: BatchKey,
        recipient: &Recipient,
    ) -> Result<Option<MessageRef>, StoreError> {
        let sql = "SELECT p.recipient_id FROM recipient r \
             JOIN campaign_recipient p ON p.recipient_id = r.id \
             WHERE r.firm_id = $1 AND r.address = $2 AND p.campaign_id = $3 AND p.code = 0 \
               AND p.batch_no = $4";
        let id: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(recipient.to_string())
            .bind(batch.campaign.as_db())
            .bind(batch.number)
            .fetch_optional(&mut *conn)
            .await)
        .doing("finding a message by its address")?;
        Ok(id.map(|id| MessageRef {
            campaign: batch.campaign,
            batch_no: batch.number,
            recipient: RecipientId::from_db(id),
        }))
    }
}

fn messages(
    batch: BatchKey,
    rows: Vec<(i64, String)>,
) -> Result<Vec<(MessageRef, Recipient)>, StoreError> {
    rows.into_iter()
        .map(|(id, address)| {
            let id = RecipientId::from_db(id);
            let address = Recipient::from_normalised(&address).ok();
            let address = known(address, "recipient", "address", id)?;
            let message = MessageRef {
                campaign: batch.campaign,
                batch_no: batch.number,
                recipient: id,
            };
            Ok((message, address))
        })
        .collect()
}

impl Writer {
    /// Takes accepted batches that are due to be asked about, the longest due
    /// first. Nobody else takes them before `until`.
    pub async fn pick_to_pull(
        &mut self,
        connector: ConnectorId,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<PullBatch>, StoreError> {
        let skip = match self.engine() {
            Engine::Sqlite => "",
            // Other workers take the ones after these.
            Engine::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let sql = format!(
            "WITH due AS MATERIALIZED (SELECT campaign_id, batch_no FROM send_batch \
                WHERE connector_id = $1 AND state = 3 AND next_us <= $2 \
                ORDER BY priority, next_us, campaign_id, batch_no LIMIT $4 {skip}) \
             UPDATE send_batch SET next_us = $3 \
             WHERE (campaign_id, batch_no) IN (SELECT campaign_id, batch_no FROM due) \
             RETURNING campaign_id, batch_no, COALESCE(request_key, ''), COALESCE(provider_reference, ''), \
                COALESCE(settled_us, 0), first_recipient_id, last_recipient_id"
        );
        let now = self.now();
        let rows: Vec<BatchRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(connector.as_db())
            .bind(now.as_micros())
            .bind(until.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("taking batches to ask about")?;
        Ok(rows
            .into_iter()
            .map(|row| PullBatch {
                key: BatchKey {
                    campaign: CampaignId::from_db(row.0),
                    number: row.1,
                },
                request_key: row.2,
                reference: row.3,
                settled_at: Timestamp::from_micros(row.4),
                people: (RecipientId::from_db(row.5), RecipientId::from_db(row.6)),
            })
            .collect())
    }

    /// Says when an accepted batch is asked about again; never, when there is
    /// nothing more to hear.
    pub async fn pull_again(
        &mut self,
        key: BatchKey,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE send_batch SET next_us = $3 \
             WHERE campaign_id = $1 AND batch_no = $2 AND state = $4";
        let next = next.map_or(i64::MAX, Timestamp::as_micros);
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(key.campaign.as_db())
            .bind(key.number)
            .bind(next)
            .bind(BatchState::Accepted.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("planning the next question about a batch")?;
        exactly(rows, 1, "the accepted batch")
    }
}
