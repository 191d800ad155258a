//! Consents given after a citizen's own refusal wait for a second person who
//! looks at the evidence (R807). Only the approval puts them into the ledger.

use std::collections::HashSet;

use domain::consent::{Admission, Claim, ConsentEvent, ConsentKey, Origin, admit};
use domain::ids::{BrandId, EventId, FirmId, HoldId, RecipientId};
use domain::{
    Channel, LocalState, ReasonCode, Recipient, RecipientKind, Source, Status, Timestamp,
};

use super::state::BrandKey;
use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given, seek};
use crate::row::{instant, known, page_rows};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How far a held consent has come.
    HoldState {
        /// Nobody has decided.
        Waiting = 1, "waiting";
        /// It stands in the ledger.
        Approved = 2, "approved";
        /// It does not.
        Declined = 3, "declined";
    }
}

/// A consent that waits, or waited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its number.
    pub id: HoldId,
    /// Whose.
    pub firm: FirmId,
    /// About what.
    pub key: ConsentKey,
    /// The address.
    pub address: Recipient,
    /// When it was said.
    pub consent_date: Timestamp,
    /// Where it was taken.
    pub source: Source,
    /// By which door it came in.
    pub origin: Origin,
    /// Pointer to the proof.
    pub evidence: String,
    /// The retailer (*bayi*) that took it: its number at İYS.
    pub retailer: Option<u32>,
    /// Who brought it.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// How far it has come.
    pub state: HoldState,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// In their words.
    pub note: Option<String>,
    /// The event that it became.
    pub event: Option<EventId>,
}

/// A consent to be held.
#[derive(Debug, Clone)]
pub struct NewHold {
    /// About what.
    pub key: ConsentKey,
    /// When it was said.
    pub consent_date: Timestamp,
    /// Where it was taken.
    pub source: Source,
    /// By which door it came in.
    pub origin: Origin,
    /// Pointer to the proof.
    pub evidence: String,
    /// The retailer (*bayi*) that took it: its number at İYS.
    pub retailer: Option<u32>,
    /// Who brings it.
    pub asked_by: String,
}

macro_rules! hold_sql {
    ($rest:literal) => {
        concat!(
            "SELECT h.id, h.firm_id, h.brand_id, h.recipient_id, r.address, h.channel, h.kind, \
                h.consent_us, h.source, h.origin, h.evidence, h.asked_by, h.asked_us, h.state, \
                h.decided_by, h.decided_us, h.note, h.event_id, h.retailer_code \
             FROM consent_hold h JOIN recipient r ON r.id = h.recipient_id ",
            $rest
        )
    };
}

const PAGE: &str = hold_sql!(
    "WHERE h.brand_id = $1 AND h.state = $2 AND (h.asked_us, h.id) > ($3, $4) \
     ORDER BY h.asked_us, h.id LIMIT $5"
);

#[derive(sqlx::FromRow)]
struct HoldRow {
    id: i64,
    firm_id: i64,
    brand_id: i64,
    recipient_id: i64,
    address: String,
    channel: i64,
    kind: i64,
    consent_us: i64,
    source: String,
    origin: i64,
    evidence: String,
    asked_by: String,
    asked_us: i64,
    state: i64,
    decided_by: Option<String>,
    decided_us: Option<i64>,
    note: Option<String>,
    event_id: Option<i64>,
    retailer_code: Option<i64>,
}

impl TryFrom<HoldRow> for Hold {
    type Error = StoreError;

    fn try_from(row: HoldRow) -> Result<Self, StoreError> {
        let (table, id) = ("consent_hold", HoldId::from_db(row.id));
        let address = Recipient::from_normalised(&row.address).ok();
        Ok(Self {
            id,
            firm: FirmId::from_db(row.firm_id),
            key: ConsentKey {
                brand: BrandId::from_db(row.brand_id),
                recipient: RecipientId::from_db(row.recipient_id),
                channel: known(Channel::from_db(row.channel), table, "channel", id)?,
                kind: known(RecipientKind::from_db(row.kind), table, "kind", id)?,
            },
            address: known(address, "recipient", "address", row.recipient_id)?,
            consent_date: Timestamp::from_micros(row.consent_us),
            source: known(Source::from_registry(&row.source), table, "source", id)?,
            origin: known(Origin::from_db(row.origin), table, "origin", id)?,
            evidence: row.evidence,
            retailer: row
                .retailer_code
                .map(|code| known(u32::try_from(code).ok(), table, "retailer_code", id))
                .transpose()?,
            asked_by: row.asked_by,
            asked_at: Timestamp::from_micros(row.asked_us),
            state: known(HoldState::from_db(row.state), table, "state", id)?,
            decided_by: row.decided_by,
            decided_at: instant(row.decided_us),
            note: row.note,
            event: row.event_id.map(EventId::from_db),
        })
    }
}

impl Reader {
    /// Held consents of a brand in one state, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn holds(
        &mut self,
        brand: BrandId,
        state: HoldState,
        after: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<Vec<Hold>, StoreError> {
        let (asked, id) = after.unwrap_or((i64::MIN, 0));
        let rows: Vec<HoldRow> = on!(self, conn => sqlx::query_as(PAGE)
            .bind(brand.as_db())
            .bind(state.as_db())
            .bind(asked)
            .bind(id)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing held consents")?;
        rows.into_iter().map(Hold::try_from).collect()
    }

    /// One held consent of a firm.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn hold(&mut self, firm: FirmId, id: HoldId) -> Result<Option<Hold>, StoreError> {
        let sql = hold_sql!("WHERE h.id = $1 AND h.firm_id = $2");
        let row: Option<HoldRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a held consent")?;
        row.map(Hold::try_from).transpose()
    }
}

impl Writer {
    /// Holds a consent; the number of the one that waits for the same key
    /// already, if there is one.
    pub async fn hold_consent(
        &mut self,
        firm: FirmId,
        new: &NewHold,
    ) -> Result<HoldId, StoreError> {
        let id = self.next_id()?;
        let now = self.now().as_micros();
        // The newest claim with its evidence is the one that is looked at.
        let sql = "INSERT INTO consent_hold (id, firm_id, brand_id, recipient_id, channel, kind, \
                consent_us, source, origin, evidence, asked_by, asked_us, state, retailer_code) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13) \
             ON CONFLICT (brand_id, recipient_id, channel, kind) WHERE state = 1 DO UPDATE SET \
                consent_us = excluded.consent_us, source = excluded.source, origin = excluded.origin, \
                evidence = excluded.evidence, asked_by = excluded.asked_by, asked_us = excluded.asked_us, \
                retailer_code = excluded.retailer_code \
             RETURNING id";
        let held: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(id)
            .bind(firm.as_db())
            .bind(new.key.brand.as_db())
            .bind(new.key.recipient.as_db())
            .bind(new.key.channel.as_db())
            .bind(new.key.kind.as_db())
            .bind(new.consent_date.as_micros())
            .bind(new.source.as_str())
            .bind(new.origin.as_db())
            .bind(new.evidence.as_str())
            .bind(new.asked_by.as_str())
            .bind(now)
            .bind(new.retailer.map(i64::from))
            .fetch_one(&mut *conn)
            .await)
        .doing("holding a consent")?;
        Ok(HoldId::from_db(held))
    }

    /// Declines a held consent; the ledger stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when somebody has decided meanwhile.
    pub async fn decline_hold(
        &mut self,
        hold: &Hold,
        actor: &str,
        note: &str,
    ) -> Result<(), StoreError> {
        self.decide(hold, HoldState::Declined, actor, note, None)
            .await
    }

    /// Puts a held consent into the ledger: the one way in which an ONAY
    /// follows a citizen's own refusal. The rules are asked again, so a newer
    /// refusal that came in meanwhile stops it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with R806 when a newer refusal is on record,
    /// [`StoreError::Lost`] when somebody has decided meanwhile.
    pub async fn approve_hold(
        &mut self,
        hold: &Hold,
        actor: &str,
        note: &str,
    ) -> Result<EventId, StoreError> {
        let brand = hold.key.brand;
        let head = self.lock_ledger(brand).await?;
        let key = BrandKey {
            recipient: hold.key.recipient,
            channel: hold.key.channel,
            kind: hold.key.kind,
        };
        let held = self.states_of(brand, &[key]).await?.into_iter().next();
        let is_new = held.is_none();
        let state = held.map(|(_, state)| state).unwrap_or_default();
        let claim = Claim {
            status: Status::Onay,
            consent_date: hold.consent_date,
        };
        match admit(claim, state.local.as_ref(), &state.registry) {
            Admission::Append | Admission::Renewal | Admission::Refused(ReasonCode::R807) => {}
            Admission::Unchanged => return Err(StoreError::Refused(ReasonCode::W804)),
            Admission::Refused(code) => return Err(StoreError::Refused(code)),
        }
        let now = self.now();
        let id = EventId::from_db(self.next_id()?);
        let event = ConsentEvent {
            id,
            key: hold.key,
            recipient: hold.address.clone(),
            status: Status::Onay,
            consent_date: hold.consent_date,
            recorded_at: now,
            source: hold.source.clone(),
            origin: hold.origin,
            origin_id: Some(hold.id.as_db()),
            origin_line: None,
            evidence: Some(hold.evidence.clone()),
            actor: format!("{}, {actor}", hold.asked_by),
        };
        let said = LocalState::of(&event);
        let local = state.local.map_or(said, |local| local.fold(said));
        self.append_block(brand, now, head, vec![event]).await?;
        if is_new {
            self.add_local(brand, &[(key, local)]).await?;
        } else {
            self.change_local(brand, &[(key, local)]).await?;
        }
        let taken = hold.retailer.map(|code| (id, code));
        self.note_retailers(taken.as_slice()).await?;
        self.decide(hold, HoldState::Approved, actor, note, Some(id))
            .await?;
        Ok(id)
    }

    async fn decide(
        &mut self,
        hold: &Hold,
        state: HoldState,
        actor: &str,
        note: &str,
        event: Option<EventId>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE consent_hold SET state = $2, decided_by = $3, decided_us = $4, note = $5, \
                event_id = $6 WHERE id = $1 AND state = 1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(hold.id.as_db())
            .bind(state.as_db())
            .bind(actor)
            .bind(now)
            .bind(note)
            .bind(event.map(EventId::as_db))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("deciding on a held consent")?;
        exactly(rows, 1, "the held consent")
    }
}

fn approved_sql(given: &Given<'_>, engine: Engine) -> sqlx::AssertSqlSafe<String> {
    let event = seek(engine, "consent_event", "e", "e.id = g.event_id");
    let hold = seek(engine, "consent_hold", "h", "h.id = e.origin_id");
    let body = format!(
        "SELECT e.id FROM given g{event}{hold} WHERE h.brand_id = $1 AND h.event_id = e.id"
    );
    given.sql(engine, 2, &body)
}

impl Reader {
    /// Those of the events that a second person let in after the citizen's own
    /// refusal.
    pub async fn approved_among(
        &mut self,
        brand: BrandId,
        events: &[EventId],
    ) -> Result<HashSet<EventId>, StoreError> {
        if events.is_empty() {
            return Ok(HashSet::new());
        }
        let given = Given::new().ints("event_id", events.iter().map(|event| event.as_db()));
        let sql = approved_sql(&given, self.engine());
        let rows: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading which consents a second person let in")?;
        Ok(rows.into_iter().map(EventId::from_db).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::PAGE;
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn held_consents_are_paged_along_their_index() {
        walks_in_order(|_| PAGE, Index::named("consent_hold_list")).await;
    }
}
