//! Replies (*gelen yanıt*): what people wrote back. Pushes are kept as they
//! came and read afterwards; a reply that comes twice is kept once; its text is
//! sealed.

use domain::ids::{BrandId, ConnectorId, FirmId, RecipientId, ReplyId};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Timestamp};
use secrecy::SecretString;

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{instant, known, open_text, page_rows};
use crate::vocabulary::vocabulary;

const TEXT: &str = "reply.body";

vocabulary! {
    /// What was made of a reply.
    ReplyState {
        /// It stands in the ledger as a refusal.
        Refused = 1, "refused";
        /// It speaks of refusing; a person decides.
        Doubtful = 2, "doubtful";
        /// Anything else, for a person to read.
        Open = 3, "open";
        /// A person has read it, and it was no refusal.
        Handled = 4, "handled";
    }
}

/// Something that a person wrote back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its number.
    pub id: ReplyId,
    /// Whose.
    pub firm: FirmId,
    /// Over which account.
    pub connector: ConnectorId,
    /// By which means.
    pub channel: Channel,
    /// Who wrote.
    pub address: Recipient,
    /// To which of our numbers or senders.
    pub written_to: String,
    /// What.
    pub text: SecretString,
    /// Which brand is meant, where that is known.
    pub brand: Option<BrandId>,
    /// What was made of it.
    pub state: ReplyState,
    /// The rule that kept a refusal out of the ledger.
    pub code: Option<ReasonCode>,
    /// When the provider took it.
    pub received_at: Timestamp,
    /// When we wrote it down.
    pub recorded_at: Timestamp,
    /// Who decided what it is.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// In their words.
    pub note: Option<String>,
}

/// A reply to be kept.
#[derive(Debug, Clone)]
pub struct NewReply<'a> {
    /// Its number, from [`Writer::reply_id`].
    pub id: ReplyId,
    /// Whose.
    pub firm: FirmId,
    /// Over which account.
    pub connector: ConnectorId,
    /// Over everything the provider said of it.
    pub digest: &'a [u8],
    /// By which means.
    pub channel: Channel,
    /// Who wrote.
    pub address: &'a Recipient,
    /// To which of our numbers or senders.
    pub written_to: &'a str,
    /// What.
    pub text: &'a str,
    /// Which brand is meant, where that is known.
    pub brand: Option<BrandId>,
    /// What was made of it.
    pub state: ReplyState,
    /// The rule that kept a refusal out of the ledger.
    pub code: Option<ReasonCode>,
    /// When the provider took it.
    pub received_at: Timestamp,
}

/// A push of replies that waits to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingReplies {
    /// Its number.
    pub id: i64,
    /// The account it came for.
    pub connector: ConnectorId,
    /// The body, LZ4.
    pub body: Vec<u8>,
}

/// The last message that went to an address over an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastMessage {
    /// In whose name.
    pub brand: BrandId,
    /// Whether it was commercial.
    pub is_commercial: bool,
}

/// Which replies a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReplyFilter {
    /// Of one brand, and those of which nobody can tell.
    pub brand: Option<BrandId>,
    /// In one state.
    pub state: Option<ReplyState>,
}

/// The last reply of a page: when it was recorded, and its number.
pub type ReplyCursor = (i64, i64);

impl Reply {
    /// Where the page after this row begins.
    pub fn cursor(&self) -> ReplyCursor {
        (self.recorded_at.as_micros(), self.id.as_db())
    }
}

macro_rules! reply_sql {
    ($rest:literal) => {
        concat!(
            "SELECT id, firm_id, connector_id, channel, address, written_to, body, brand_id, state, \
                code, received_us, recorded_us, decided_by, decided_us, note FROM reply ",
            $rest
        )
    };
}

const PAGE: &str = reply_sql!(
    "WHERE firm_id = $1 AND (recorded_us, id) < ($2, $3) \
     AND ($4 = 0 OR brand_id = $4 OR brand_id IS NULL) ORDER BY recorded_us DESC, id DESC LIMIT $5"
);
const PAGE_OF_STATE: &str = reply_sql!(
    "WHERE firm_id = $1 AND state = $6 AND (recorded_us, id) < ($2, $3) \
     AND ($4 = 0 OR brand_id = $4 OR brand_id IS NULL) ORDER BY recorded_us DESC, id DESC LIMIT $5"
);

#[derive(sqlx::FromRow)]
struct ReplyRow {
    id: i64,
    firm_id: i64,
    connector_id: i64,
    channel: i64,
    address: String,
    written_to: String,
    body: Vec<u8>,
    brand_id: Option<i64>,
    state: i64,
    code: Option<i64>,
    received_us: i64,
    recorded_us: i64,
    decided_by: Option<String>,
    decided_us: Option<i64>,
    note: Option<String>,
}

impl Reader {
    /// Replies of a firm before a cursor, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn replies(
        &mut self,
        firm: FirmId,
        filter: ReplyFilter,
        before: Option<ReplyCursor>,
        limit: usize,
    ) -> Result<Vec<Reply>, StoreError> {
        let (recorded, id) = before.unwrap_or((i64::MAX, i64::MAX));
        let sql = if filter.state.is_some() {
            PAGE_OF_STATE
        } else {
            PAGE
        };
        let state = filter.state.map_or(0, ReplyState::as_db);
        let rows: Vec<ReplyRow> = on!(self, conn => {
            let asked = sqlx::query_as(sql)
                .bind(firm.as_db())
                .bind(recorded)
                .bind(id)
                .bind(filter.brand.map_or(0, BrandId::as_db))
                .bind(page_rows(limit));
            let asked = if filter.state.is_some() { asked.bind(state) } else { asked };
            asked.fetch_all(&mut *conn).await
        })
        .doing("listing replies")?;
        rows.into_iter().map(|row| self.reply_of(row)).collect()
    }

    /// One reply of a firm.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn reply(&mut self, firm: FirmId, id: ReplyId) -> Result<Option<Reply>, StoreError> {
        let sql = reply_sql!("WHERE id = $1 AND firm_id = $2");
        let row: Option<ReplyRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a reply")?;
        row.map(|row| self.reply_of(row)).transpose()
    }

    fn reply_of(&self, row: ReplyRow) -> Result<Reply, StoreError> {
        let (table, id) = ("reply", ReplyId::from_db(row.id));
        let address = Recipient::from_normalised(&row.address).ok();
        let code = row
            .code
            .map(|code| known(ReasonCode::from_db(code), table, "code", id));
        Ok(Reply {
            id,
            firm: FirmId::from_db(row.firm_id),
            connector: ConnectorId::from_db(row.connector_id),
            channel: known(Channel::from_db(row.channel), table, "channel", id)?,
            address: known(address, table, "address", id)?,
            written_to: row.written_to,
            text: open_text(self.store().keys(), TEXT, &row.body)?,
            brand: row.brand_id.map(BrandId::from_db),
            state: known(ReplyState::from_db(row.state), table, "state", id)?,
            code: code.transpose()?,
            received_at: Timestamp::from_micros(row.received_us),
            recorded_at: Timestamp::from_micros(row.recorded_us),
            decided_by: row.decided_by,
            decided_at: instant(row.decided_us),
            note: row.note,
        })
    }

    /// Whether a reply was kept before.
    pub async fn has_reply(
        &mut self,
        connector: ConnectorId,
        digest: &[u8],
    ) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM reply WHERE connector_id = $1 AND digest = $2";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(connector.as_db())
            .bind(digest)
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for a reply")?;
        Ok(found > 0)
    }

    /// The last campaign over an account that handed something over to an
    /// address.
    pub async fn last_message(
        &mut self,
        firm: FirmId,
        connector: ConnectorId,
        recipient: RecipientId,
    ) -> Result<Option<LastMessage>, StoreError> {
        let sql = "SELECT c.brand_id, c.basis FROM campaign c \
             JOIN campaign_recipient p ON p.campaign_id = c.id AND p.code = 0 AND p.recipient_id = $3 \
             JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no \
             WHERE c.firm_id = $1 AND b.connector_id = $2 AND b.claimed_us IS NOT NULL \
             ORDER BY c.created_us DESC, c.id DESC LIMIT 1";
        let row: Option<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(connector.as_db())
            .bind(recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the last message")?;
        Ok(row.map(|(brand, basis)| LastMessage {
            brand: BrandId::from_db(brand),
            is_commercial: basis == 1,
        }))
    }

    /// The brands of a firm that have a consent or a refusal of an address on
    /// record for a channel, and in which capacity.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn kinds_on_record(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
        channel: Channel,
    ) -> Result<Vec<(BrandId, RecipientKind)>, StoreError> {
        let sql = "SELECT s.brand_id, s.kind FROM brand b JOIN consent_state s \
             ON s.brand_id = b.id AND s.recipient_id = $2 AND s.channel = $3 \
             WHERE b.firm_id = $1 ORDER BY s.brand_id, s.kind";
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .bind(channel.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for what an address said")?;
        rows.into_iter()
            .map(|(brand, kind)| {
                let kind = known(
                    RecipientKind::from_db(kind),
                    "consent_state",
                    "kind",
                    recipient,
                )?;
                Ok((BrandId::from_db(brand), kind))
            })
            .collect()
    }

    /// Whether any push of replies waits to be read.
    pub async fn has_reply_pushes(&mut self) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM reply_push WHERE state = 1) \
             THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql).fetch_one(&mut *conn).await)
            .doing("looking for pushes of replies")?;
        Ok(found == 1)
    }

    /// Accounts that work, of every firm.
    pub async fn connectors_at_work(&mut self) -> Result<Vec<ConnectorId>, StoreError> {
        let sql = "SELECT id FROM connector WHERE state = 3 ORDER BY id LIMIT $1";
        let rows: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(page_rows(crate::PAGE_ROWS_MAX))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing connectors")?;
        Ok(rows.into_iter().map(ConnectorId::from_db).collect())
    }
}

impl Writer {
    /// Keeps a push of replies as it came; `body` is LZ4.
    pub async fn store_reply_push(
        &mut self,
        connector: ConnectorId,
        body: &[u8],
    ) -> Result<i64, StoreError> {
        let id = self.next_id()?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO reply_push (id, connector_id, received_us, body, state) \
             VALUES ($1, $2, $3, $4, 1)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(connector.as_db())
            .bind(now)
            .bind(body)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a push of replies")?;
        exactly(rows, 1, "the push")?;
        Ok(id)
    }

    /// Takes waiting pushes, oldest first, for this transaction.
    pub async fn take_reply_pushes(
        &mut self,
        limit: usize,
    ) -> Result<Vec<WaitingReplies>, StoreError> {
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT id, connector_id, body FROM reply_push WHERE state = 1 ORDER BY id LIMIT $1"
            }
            // Other workers take the ones after these.
            Engine::Postgres => {
                "SELECT id, connector_id, body FROM reply_push WHERE state = 1 ORDER BY id LIMIT $1 \
                 FOR UPDATE SKIP LOCKED"
            }
        };
        let rows: Vec<(i64, i64, Vec<u8>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("taking pushes of replies")?;
        Ok(rows
            .into_iter()
            .map(|(id, connector, body)| WaitingReplies {
                id,
                connector: ConnectorId::from_db(connector),
                body,
            })
            .collect())
    }

    /// Marks a push as read, or as unreadable with the problem.
    pub async fn settle_reply_push(
        &mut self,
        id: i64,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE reply_push SET state = $2, problem = $3 WHERE id = $1 AND state = 1";
        self.close_push(sql, id, problem).await
    }

    /// The number of a reply that is about to be kept, so that the ledger can
    /// name it.
    ///
    /// # Errors
    /// [`StoreError::OutOfIds`] when the transaction has used up its numbers.
    pub fn reply_id(&self) -> Result<ReplyId, StoreError> {
        self.next_id().map(ReplyId::from_db)
    }

    /// Keeps a reply; `false` when it was kept before.
    pub async fn keep_reply(&mut self, new: &NewReply<'_>) -> Result<bool, StoreError> {
        let sealed = self.store().keys().seal(TEXT, new.text.as_bytes())?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO reply (id, firm_id, connector_id, digest, channel, address, \
                written_to, body, brand_id, state, code, received_us, recorded_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             ON CONFLICT (connector_id, digest) DO NOTHING";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(new.id.as_db())
            .bind(new.firm.as_db())
            .bind(new.connector.as_db())
            .bind(new.digest)
            .bind(new.channel.as_db())
            .bind(new.address.to_string())
            .bind(new.written_to)
            .bind(sealed)
            .bind(new.brand.map(BrandId::as_db))
            .bind(new.state.as_db())
            .bind(new.code.map(ReasonCode::as_db))
            .bind(new.received_at.as_micros())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a reply")?;
        Ok(rows == 1)
    }

    /// Notes what a person made of a reply that waited for them.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when it does not wait.
    pub async fn decide_reply(
        &mut self,
        id: ReplyId,
        state: ReplyState,
        brand: Option<BrandId>,
        actor: &str,
        note: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE reply SET state = $2, brand_id = COALESCE($3, brand_id), decided_by = $4, \
                decided_us = $5, note = $6 WHERE id = $1 AND state IN (2, 3)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(state.as_db())
            .bind(brand.map(BrandId::as_db))
            .bind(actor)
            .bind(now)
            .bind(note)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("deciding on a reply")?;
        exactly(rows, 1, "the reply")
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE, PAGE_OF_STATE};
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn replies_are_paged_along_their_indexes() {
        walks_in_order(|_| PAGE, Index::named("reply_list")).await;
        walks_in_order(|_| PAGE_OF_STATE, Index::named("reply_state")).await;
    }
}
