//! Questions about consent: what is stored for keys, what was said over time,
//! and what held at an instant.

use domain::consent::{AddressOwner, ConsentEvent};
use domain::ids::{BrandId, FirmId, RecipientId};
use domain::{Channel, ConsentKey, LocalState, Recipient, RecipientKind, RegistryView};
use sqlx::AssertSqlSafe;

use super::state::{BrandKey, KeyState, StateColumns, state_columns};
use super::walk::reached_here;
use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, maybe, seek};
use crate::ledger::EventRow;

/// What is stored for an address that a file names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredKey {
    /// To whom the address belongs; `None` when it is new.
    pub owner: Option<AddressOwner>,
    /// What the person told us.
    pub local: Option<LocalState>,
    /// What İYS told us.
    pub registry: RegistryView,
    /// Stands on the blacklist or under a complaint stop, for the channel or all.
    pub is_blacklisted: bool,
}

#[derive(sqlx::FromRow)]
struct StoredRow {
    place: i64,
    recipient_id: i64,
    external_id: Option<String>,
    full_name: Option<String>,
    reached: i64,
    blacklisted: i64,
    #[sqlx(flatten)]
    state: StateColumns,
}

impl Reader {
    /// What is stored for keys that are named by address, in the order given:
    /// what an importer needs to foresee W804, R607 and R805–R807.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn stored_keys(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        keys: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<StoredKey>, StoreError> {
        let mut answers = vec![StoredKey::default(); keys.len()];
        if keys.is_empty() {
            return Ok(answers);
        }
        let addresses: Vec<String> = keys
            .iter()
            .map(|(address, ..)| address.to_string())
            .collect();
        let given = Given::new()
            .ints("place", 0..i64::try_from(keys.len()).unwrap_or(i64::MAX))
            .texts("address", addresses.iter().map(String::as_str))
            .ints(
                "channel",
                keys.iter().map(|(_, channel, _)| channel.as_db()),
            )
            .ints("kind", keys.iter().map(|(.., kind)| kind.as_db()));
        let sql = stored_sql(&given, self.engine());
        let rows: Vec<StoredRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading what is stored for a file")?;
        for row in rows {
            let Some(answer) = usize::try_from(row.place)
                .ok()
                .and_then(|place| answers.get_mut(place))
            else {
                continue;
            };
            let KeyState { local, registry } = row.state.state(row.recipient_id)?;
            *answer = StoredKey {
                owner: Some(AddressOwner {
                    recipient: RecipientId::from_db(row.recipient_id),
                    external_id: row.external_id,
                    name: row.full_name,
                    is_reached_here: row.reached == 1,
                }),
                is_blacklisted: row.blacklisted > 0,
                local,
                registry,
            };
        }
        Ok(answers)
    }

    /// The state of one key; empty when nothing is on record.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn consent_state(&mut self, key: ConsentKey) -> Result<KeyState, StoreError> {
        let ConsentKey {
            brand,
            recipient,
            channel,
            kind,
        } = key;
        let found = self
            .states_of(
                brand,
                &[BrandKey {
                    recipient,
                    channel,
                    kind,
                }],
            )
            .await?;
        Ok(found
            .into_iter()
            .next()
            .map(|(_, state)| state)
            .unwrap_or_default())
    }

    /// Every event of an address for a brand, newest record first; all
    /// channels and kinds together, or those of one key.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn consent_history(
        &mut self,
        brand: BrandId,
        recipient: RecipientId,
        only: Option<(Channel, RecipientKind)>,
    ) -> Result<Vec<ConsentEvent>, StoreError> {
        let events = self.events_of(brand, recipient).await?;
        Ok(events
            .into_iter()
            .filter(|event| only.is_none_or(|key| key == (event.key.channel, event.key.kind)))
            .collect())
    }

    async fn events_of(
        &mut self,
        brand: BrandId,
        recipient: RecipientId,
    ) -> Result<Vec<ConsentEvent>, StoreError> {
        let rows: Vec<EventRow> = on!(self, conn => sqlx::query_as(HISTORY)
            .bind(recipient.as_db())
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading a consent history")?;
        rows.into_iter().map(|row| row.into_event(brand)).collect()
    }
}

/// One address has a handful of events; the limit is against a flood.
const HISTORY: &str = "SELECT e.id, e.recipient_id, e.channel, e.kind, e.status, e.consent_us, \
        e.recorded_us, e.source, e.origin, e.origin_id, e.origin_line, e.evidence, e.actor, \
        r.address \
     FROM consent_event e CROSS JOIN recipient r \
     WHERE e.recipient_id = $1 AND e.brand_id = $2 AND r.id = e.recipient_id \
     ORDER BY e.recorded_us DESC, e.id DESC LIMIT 1000";

fn stored_sql(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let address = seek(
        engine,
        "recipient",
        "r",
        "r.firm_id = $1 AND r.address = g.address",
    );
    let body = concat!(
        "SELECT g.place, r.id AS recipient_id, c.external_id, c.full_name, ",
        reached_here!(),
        " AS reached, \
            (SELECT count(*) FROM blacklist b WHERE b.firm_id = $1 \
                AND b.recipient_id = r.id AND b.channel IN (0, g.channel)) AS blacklisted, ",
        state_columns!(),
        " FROM given g"
    );
    let owner = seek(engine, "contact", "c", "c.id = r.contact_id");
    let key = "s.brand_id = $2 AND s.recipient_id = r.id AND s.channel = g.channel \
               AND s.kind = g.kind";
    let state = maybe(engine, "consent_state", "s", key);
    given.sql(engine, 3, &format!("{body}{address}{owner}{state}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn a_files_forecast_and_a_history_are_read_by_keys() {
        let stored: fn(Engine) -> &'static str = |engine| {
            let given = Given::new()
                .ints("place", [])
                .texts("address", [])
                .ints("channel", [])
                .ints("kind", []);
            stored_sql(&given, engine).0.leak()
        };
        walks(stored, Index::named("recipient_address")).await;
        walks(
            stored,
            Index::of_key("USING PRIMARY KEY", "consent_state_pkey"),
        )
        .await;
        walks(|_| HISTORY, Index::named("consent_event_recipient")).await;
    }
}
