//! What held at a past instant: by what had been written down then, and by
//! what is known today.
//!
//! Each answer is one row of the index, the greatest in the order of
//! [`LocalState::fold`]; nothing is folded in memory, however many events an
//! address has.

use domain::ids::{BrandId, EventId, RecipientId};
use domain::{Channel, ConsentKey, LocalState, RecipientKind, Source, Status, Timestamp};

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::known;

/// What held for a key at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeldThen {
    /// By what had been written down by then: what we could act on.
    pub known_then: Option<LocalState>,
    /// By what is known today of declarations made by then: what was true.
    pub known_now: Option<LocalState>,
}

/// The same for one of an address's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyThen {
    /// The channel.
    pub channel: Channel,
    /// The capacity.
    pub kind: RecipientKind,
    /// What held.
    pub held: HeldThen,
}

/// The order is that of the fold: later date, then refusal, then later record,
/// then the greater number.
const KNOWN_THEN: &str = "SELECT id, status, consent_us, recorded_us, source FROM consent_event \
     WHERE recipient_id = $1 AND brand_id = $2 AND channel = $3 AND kind = $4 AND recorded_us <= $5 \
     ORDER BY consent_us DESC, status DESC, recorded_us DESC, id DESC LIMIT 1";

const KNOWN_NOW: &str = "SELECT id, status, consent_us, recorded_us, source FROM consent_event \
     WHERE recipient_id = $1 AND brand_id = $2 AND channel = $3 AND kind = $4 AND consent_us <= $5 \
     ORDER BY consent_us DESC, status DESC, recorded_us DESC, id DESC LIMIT 1";

const KEYS: &str = "SELECT DISTINCT channel, kind FROM consent_event \
     WHERE recipient_id = $1 AND brand_id = $2 ORDER BY channel, kind";

#[derive(sqlx::FromRow)]
struct HeldRow {
    id: i64,
    status: i64,
    consent_us: i64,
    recorded_us: i64,
    source: String,
}

impl HeldRow {
    fn state(self) -> Result<LocalState, StoreError> {
        let (table, id) = ("consent_event", self.id);
        let source = known(Source::from_registry(&self.source), table, "source", id)?;
        Ok(LocalState {
            status: known(Status::from_db(self.status), table, "status", id)?,
            consent_date: Timestamp::from_micros(self.consent_us),
            recorded_at: Timestamp::from_micros(self.recorded_us),
            event: EventId::from_db(id),
            citizen: source.is_registry(),
        })
    }
}

impl Reader {
    /// What held for a key at an instant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn consent_as_of(
        &mut self,
        key: ConsentKey,
        at: Timestamp,
    ) -> Result<HeldThen, StoreError> {
        Ok(HeldThen {
            known_then: self.held_at(KNOWN_THEN, key, at).await?,
            known_now: self.held_at(KNOWN_NOW, key, at).await?,
        })
    }

    /// What held for every key of an address at an instant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn consents_as_of(
        &mut self,
        brand: BrandId,
        recipient: RecipientId,
        at: Timestamp,
    ) -> Result<Vec<KeyThen>, StoreError> {
        let keys: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(KEYS)
            .bind(recipient.as_db())
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for the consents of an address")?;
        let mut all = Vec::with_capacity(keys.len());
        for (channel, kind) in keys {
            let table = "consent_event";
            let channel = known(Channel::from_db(channel), table, "channel", recipient)?;
            let kind = known(RecipientKind::from_db(kind), table, "kind", recipient)?;
            let key = ConsentKey {
                brand,
                recipient,
                channel,
                kind,
            };
            let held = self.consent_as_of(key, at).await?;
            all.push(KeyThen {
                channel,
                kind,
                held,
            });
        }
        Ok(all)
    }

    async fn held_at(
        &mut self,
        sql: &'static str,
        key: ConsentKey,
        at: Timestamp,
    ) -> Result<Option<LocalState>, StoreError> {
        let row: Option<HeldRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(key.recipient.as_db())
            .bind(key.brand.as_db())
            .bind(key.channel.as_db())
            .bind(key.kind.as_db())
            .bind(at.as_micros())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading what held at an instant")?;
        row.map(HeldRow::state).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS, KNOWN_NOW, KNOWN_THEN};
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn the_past_of_an_address_is_read_by_its_number() {
        for sql in [KNOWN_THEN, KNOWN_NOW, KEYS] {
            assert!(sql.contains("recipient_id = $1"));
        }
        walks(|_| KNOWN_THEN, Index::named("consent_event_recipient")).await;
        walks(|_| KNOWN_NOW, Index::named("consent_event_recipient")).await;
        walks(|_| KEYS, Index::named("consent_event_recipient")).await;
    }
}
