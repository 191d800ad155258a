//! Messages across campaigns: the log of one person, one message, and what
//! its proof is made of.

use domain::ids::{BrandId, CampaignId, EventId, FirmId, MessageRef, RecipientId, RegistryBatchId};
use domain::reason::ReasonClass;
use domain::{ReasonCode, Recipient, Timestamp};

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::reporting::{Failure, PersonState, fate_sql, outcome_sql};
use crate::row::{instant, known, page_rows};

/// One message of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedMessage {
    /// Its name; batch 0 when the person was excluded.
    pub message: MessageRef,
    /// In whose name.
    pub brand: BrandId,
    /// The campaign's name.
    pub campaign_name: String,
    /// The address.
    pub address: Recipient,
    /// What became of it.
    pub state: PersonState,
    /// Why not: what kept the person out, or why it failed.
    pub code: Option<ReasonCode>,
    /// When it last changed, or the decision was frozen.
    pub at: Option<Timestamp>,
    /// Where the page after this row begins.
    pub cursor: MessageCursor,
}

/// A place in one person's log: when the campaign was made, and its number.
pub type MessageCursor = (i64, i64);

/// The frozen decision about a message, and what came after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFacts {
    /// The message.
    pub message: MessageRef,
    /// The address.
    pub address: Recipient,
    /// What became of it.
    pub state: PersonState,
    /// Why the gate kept the person out.
    pub code: Option<ReasonCode>,
    /// The consent that the decision rests on.
    pub event: Option<EventId>,
    /// The call to İYS that it rests on.
    pub registry_batch: Option<RegistryBatchId>,
    /// When İYS had answered.
    pub checked_at: Option<Timestamp>,
    /// The last receipt: state, code, words, time.
    pub receipt: Option<(i64, String, Option<String>, Timestamp)>,
}

/// What the decision to plan somebody rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrozenDecision {
    /// The consent.
    pub event: Option<EventId>,
    /// When İYS had answered.
    pub checked_at: Option<Timestamp>,
}

macro_rules! message_sql {
    ($from:literal, $where:literal) => {
        concat!(
            "SELECT c.id AS campaign_id, c.brand_id, c.name, c.created_us, c.snapshot_us, p.batch_no, \
                p.recipient_id, r.address, p.event_id, p.registry_batch_id, p.checked_us, ",
            outcome_sql!(),
            " AS outcome, \
                CASE WHEN p.code > 0 THEN p.code ELSE COALESCE(e.code, 0) END AS reason, \
                ",
            fate_sql!(),
            " AS fate, \
                COALESCE(t.happened_us, e.created_us, b.settled_us, c.snapshot_us) AS at_us, \
                t.state AS receipt_state, t.provider_code, t.provider_text, t.happened_us \
             FROM ",
            $from,
            " JOIN recipient r ON r.id = p.recipient_id \
             LEFT JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no \
             LEFT JOIN send_exception e ON e.campaign_id = p.campaign_id AND e.batch_no = p.batch_no \
                  AND e.recipient_id = p.recipient_id \
             LEFT JOIN receipt t ON t.campaign_id = p.campaign_id AND t.batch_no = p.batch_no \
                  AND t.recipient_id = p.recipient_id ",
            $where
        )
    };
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    campaign_id: i64,
    brand_id: i64,
    name: String,
    created_us: i64,
    batch_no: i64,
    recipient_id: i64,
    address: String,
    event_id: Option<i64>,
    registry_batch_id: Option<i64>,
    checked_us: Option<i64>,
    outcome: i64,
    reason: i64,
    fate: i64,
    at_us: Option<i64>,
    receipt_state: Option<i64>,
    provider_code: Option<String>,
    provider_text: Option<String>,
    happened_us: Option<i64>,
}

impl MessageRow {
    fn facts(&self) -> Result<MessageFacts, StoreError> {
        let table = "campaign_recipient";
        let row = self.recipient_id;
        let address = Recipient::from_normalised(&self.address).ok();
        let code = match self.reason {
            0 => None,
            code => Some(known(ReasonCode::from_db(code), table, "code", row)?),
        };
        let receipt = match (self.receipt_state, self.happened_us) {
            (Some(state), Some(at)) => Some((
                state,
                self.provider_code.clone().unwrap_or_default(),
                self.provider_text.clone(),
                Timestamp::from_micros(at),
            )),
            _ => None,
        };
        Ok(MessageFacts {
            message: MessageRef {
                campaign: CampaignId::from_db(self.campaign_id),
                batch_no: self.batch_no,
                recipient: RecipientId::from_db(row),
            },
            address: known(address, "recipient", "address", row)?,
            state: known(PersonState::from_db(self.outcome), table, "outcome", row)?,
            code,
            event: self.event_id.map(EventId::from_db),
            registry_batch: self.registry_batch_id.map(RegistryBatchId::from_db),
            checked_at: instant(self.checked_us),
            receipt,
        })
    }

    fn logged(self) -> Result<LoggedMessage, StoreError> {
        let facts = self.facts()?;
        Ok(LoggedMessage {
            message: facts.message,
            brand: BrandId::from_db(self.brand_id),
            campaign_name: self.name,
            address: facts.address,
            state: facts.state,
            code: facts.code.or_else(|| {
                let failed = facts.state == PersonState::Failed;
                failed.then(|| Failure::from_db(self.fate).map(Failure::code))?
            }),
            at: instant(self.at_us),
            cursor: (self.created_us, self.campaign_id),
        })
    }
}

/// The codes a decision may be frozen with: 0 planned, else why not. The key
/// of a decision holds its code, so a person is looked for under each.
fn codes() -> String {
    let excluded = ReasonCode::all()
        .iter()
        .filter(|code| code.class() == ReasonClass::SendExclusion)
        .filter(|code| Failure::of_code(**code).is_none());
    let mut list = String::from("0");
    for code in excluded {
        list.push_str(", ");
        list.push_str(&code.as_db().to_string());
    }
    list
}

impl Reader {
    /// What a person was and was not sent, the newest campaign first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn messages_of(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
        state: Option<PersonState>,
        before: Option<MessageCursor>,
        limit: usize,
    ) -> Result<Vec<LoggedMessage>, StoreError> {
        let (created, campaign) = before.unwrap_or((i64::MAX, i64::MAX));
        let sql = format!(
            "SELECT * FROM ({}) log WHERE $5 = 0 OR outcome = $5 \
             ORDER BY created_us DESC, campaign_id DESC LIMIT $6",
            message_sql!(
                "campaign c JOIN campaign_recipient p ON p.campaign_id = c.id",
                "WHERE c.firm_id = $1 AND (c.created_us, c.id) < ($2, $3) AND p.recipient_id = $4 \
                 AND p.code IN (/*codes*/)"
            )
            .replace("/*codes*/", &codes())
        );
        let rows: Vec<MessageRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(firm.as_db())
            .bind(created)
            .bind(campaign)
            .bind(recipient.as_db())
            .bind(state.map_or(0, PersonState::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing a person's messages")?;
        rows.into_iter().map(MessageRow::logged).collect()
    }

    /// The frozen decision about a message of a firm, and what came after it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn message(
        &mut self,
        firm: FirmId,
        message: MessageRef,
    ) -> Result<Option<MessageFacts>, StoreError> {
        let sql = message_sql!(
            "campaign c JOIN campaign_recipient p ON p.campaign_id = c.id",
            "WHERE c.firm_id = $1 AND c.id = $2 AND p.batch_no = $3 AND p.recipient_id = $4 \
             AND p.code IN (/*codes*/) LIMIT 1"
        )
        .replace("/*codes*/", &codes());
        let row: Option<MessageRow> = on!(self, conn => sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(firm.as_db())
            .bind(message.campaign.as_db())
            .bind(message.batch_no)
            .bind(message.recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a message")?;
        row.map(|row| row.facts()).transpose()
    }

    /// What was frozen about a person of a campaign who was planned.
    pub async fn frozen_decision(
        &mut self,
        campaign: CampaignId,
        recipient: RecipientId,
    ) -> Result<Option<FrozenDecision>, StoreError> {
        let sql = "SELECT event_id, checked_us FROM campaign_recipient \
             WHERE campaign_id = $1 AND code = 0 AND recipient_id = $2";
        let row: Option<(Option<i64>, Option<i64>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(campaign.as_db())
            .bind(recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a frozen decision")?;
        Ok(row.map(|(event, checked)| FrozenDecision {
            event: event.map(EventId::from_db),
            checked_at: instant(checked),
        }))
    }

    /// İYS's name for a call that a decision rests on; none where it gave none.
    pub async fn registry_request_id(
        &mut self,
        batch: RegistryBatchId,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT request_id FROM registry_batch WHERE id = $1";
        let found: Option<Option<String>> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(batch.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a call to İYS")?;
        Ok(found.flatten())
    }

    /// The entry of a firm's trail that seals a campaign, the last if there
    /// are several.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a hash is none.
    pub async fn seal_entry(
        &mut self,
        firm: FirmId,
        campaign: CampaignId,
    ) -> Result<Option<domain::ledger::trail::TrailEntry>, StoreError> {
        let sql = "SELECT seal_entry FROM campaign WHERE id = $1 AND firm_id = $2";
        let number: Option<Option<i64>> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(campaign.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for a seal")?;
        let Some(number) = number.flatten() else {
            return Ok(None);
        };
        let entries = self.audit_after(firm, number - 1, number).await?;
        Ok(entries.into_iter().next())
    }
}
