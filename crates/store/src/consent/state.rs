//! The state of consent keys: rows read many at a time, written many at a
//! time, and never computed in SQL.

use domain::gate::PersonFacts;
use domain::ids::{BrandId, EventId, RecipientId, RegistryBatchId};
use domain::{
    Channel, LocalState, ReasonCode, RecipientKind, RegistryView, Status, Timestamp, Verdict,
};
use sqlx::AssertSqlSafe;

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, seek};
use crate::row::{instant, known};

/// Everything on record for one consent key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyState {
    /// What the person told us.
    pub local: Option<LocalState>,
    /// What İYS told us.
    pub registry: RegistryView,
}

impl KeyState {
    /// Whether the person consents in this capacity, as far as we know: the
    /// gate's question about the *other* kind of the same address (S105).
    pub fn consents(&self) -> bool {
        let local = self.local.map(|held| held.status);
        let confirmed = self.registry.verdict == Verdict::Onay;
        local != Some(Status::Ret)
            && self.registry.verdict != Verdict::Ret
            && (local == Some(Status::Onay) || confirmed)
    }

    /// Hands the state to the gate.
    pub(crate) fn fill(&self, facts: &mut PersonFacts) {
        facts.local = self.local;
        facts.registry = self.registry.clone();
    }
}

/// A consent key inside one brand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BrandKey {
    pub recipient: RecipientId,
    pub channel: Channel,
    pub kind: RecipientKind,
}

impl BrandKey {
    pub(crate) fn from_db(recipient: i64, channel: i64, kind: i64) -> Result<Self, StoreError> {
        let table = "consent_state";
        Ok(Self {
            recipient: RecipientId::from_db(recipient),
            channel: known(Channel::from_db(channel), table, "channel", recipient)?,
            kind: known(RecipientKind::from_db(kind), table, "kind", recipient)?,
        })
    }
}

/// `status, date, recorded, event, citizen` as the columns hold them.
pub(crate) type LocalColumns = (i64, Option<i64>, Option<i64>, Option<i64>, i64);

/// `verdict, citizen, date, checked, batch, transaction, code` as the columns hold them.
pub(crate) type RegistryColumns = (
    i64,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
);

/// The state of a key as its columns hold it; read by [`state_columns`].
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct StateColumns {
    local_status: i64,
    local_us: Option<i64>,
    local_recorded_us: Option<i64>,
    local_event_id: Option<i64>,
    local_citizen: i64,
    verdict: i64,
    verdict_citizen: i64,
    verdict_us: Option<i64>,
    checked_us: Option<i64>,
    registry_batch_id: Option<i64>,
    registry_transaction: Option<String>,
    verdict_code: Option<i64>,
}

/// The columns of [`StateColumns`] from a `consent_state` named `s`, where
/// there may be none.
macro_rules! state_columns {
    () => {
        "coalesce(s.local_status, 0) AS local_status, s.local_us, s.local_recorded_us, \
         s.local_event_id, coalesce(s.local_citizen, 0) AS local_citizen, \
         coalesce(s.verdict, 0) AS verdict, coalesce(s.verdict_citizen, 0) AS verdict_citizen, \
         s.verdict_us, s.checked_us, s.registry_batch_id, s.registry_transaction, s.verdict_code"
    };
}
pub(crate) use state_columns;

impl StateColumns {
    /// The state of the key of this address.
    pub(crate) fn state(self, recipient: i64) -> Result<KeyState, StoreError> {
        let local = (
            self.local_status,
            self.local_us,
            self.local_recorded_us,
            self.local_event_id,
            self.local_citizen,
        );
        let registry = (
            self.verdict,
            self.verdict_citizen,
            self.verdict_us,
            self.checked_us,
            self.registry_batch_id,
            self.registry_transaction,
            self.verdict_code,
        );
        Ok(KeyState {
            local: local_state(recipient, local)?,
            registry: registry_view(recipient, registry)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct StateRow {
    recipient_id: i64,
    channel: i64,
    kind: i64,
    #[sqlx(flatten)]
    state: StateColumns,
}

/// Reads the local half of a row.
pub(crate) fn local_state(
    recipient: i64,
    (status, date, recorded, event, citizen): LocalColumns,
) -> Result<Option<LocalState>, StoreError> {
    let Some(status) = Status::from_db(status) else {
        return Ok(None);
    };
    let at = |column, value: Option<i64>| known(value, "consent_state", column, recipient);
    Ok(Some(LocalState {
        status,
        consent_date: Timestamp::from_micros(at("local_us", date)?),
        recorded_at: Timestamp::from_micros(at("local_recorded_us", recorded)?),
        event: EventId::from_db(at("local_event_id", event)?),
        citizen: citizen == 1,
    }))
}

/// Reads the registry half of a row.
pub(crate) fn registry_view(
    recipient: i64,
    (verdict, citizen, date, checked, batch, transaction, code): RegistryColumns,
) -> Result<RegistryView, StoreError> {
    Ok(RegistryView {
        verdict: known(
            Verdict::from_db(verdict),
            "consent_state",
            "verdict",
            recipient,
        )?,
        citizen: citizen == 1,
        consent_date: instant(date),
        checked_at: instant(checked),
        batch: batch.map(RegistryBatchId::from_db),
        transaction,
        code: code
            .map(|number| {
                known(
                    ReasonCode::from_db(number),
                    "consent_state",
                    "verdict_code",
                    recipient,
                )
            })
            .transpose()?,
    })
}

impl Reader {
    /// The states of the given keys; a key without a row is not in the answer.
    pub(crate) async fn states_of(
        &mut self,
        brand: BrandId,
        keys: &[BrandKey],
    ) -> Result<Vec<(BrandKey, KeyState)>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let given = Given::new()
            .ints("recipient_id", keys.iter().map(|key| key.recipient.as_db()))
            .ints("channel", keys.iter().map(|key| key.channel.as_db()))
            .ints("kind", keys.iter().map(|key| key.kind.as_db()));
        let sql = states_sql(&given, self.engine());
        let rows: Vec<StateRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading consent states")?;
        rows.into_iter()
            .map(|row| {
                let key = BrandKey::from_db(row.recipient_id, row.channel, row.kind)?;
                Ok((key, row.state.state(row.recipient_id)?))
            })
            .collect()
    }
}

/// How an upsert goes on for a key that has a state: behind it stands what is set.
macro_rules! on_known_key {
    () => {
        "ON CONFLICT (brand_id, recipient_id, channel, kind) DO UPDATE SET "
    };
}

/// Sets what the person told us.
macro_rules! local_half {
    () => {
        "local_status = excluded.local_status, local_us = excluded.local_us, \
         local_recorded_us = excluded.local_recorded_us, \
         local_event_id = excluded.local_event_id, local_citizen = excluded.local_citizen"
    };
}

/// Sets what İYS told us.
macro_rules! registry_half {
    () => {
        "verdict = excluded.verdict, verdict_citizen = excluded.verdict_citizen, \
         verdict_us = excluded.verdict_us, checked_us = excluded.checked_us, \
         registry_batch_id = excluded.registry_batch_id, \
         registry_transaction = excluded.registry_transaction, \
         verdict_code = excluded.verdict_code"
    };
}

impl Writer {
    /// Adds states of keys that had none; the brand's ledger is locked, so
    /// nobody else adds them. Rows sorted by key.
    pub(crate) async fn add_local(
        &mut self,
        brand: BrandId,
        states: &[(BrandKey, LocalState)],
    ) -> Result<(), StoreError> {
        self.changes_brand(brand);
        let given = local_rows(states)
            .same("brand_id", brand.as_db())
            .same("verdict", Verdict::Unasked.as_db())
            .same("verdict_citizen", 0);
        self.load("consent_state", &given, "adding consent states")
            .await
    }

    /// Changes the local half of states that exist; rows sorted by key.
    pub(crate) async fn change_local(
        &mut self,
        brand: BrandId,
        states: &[(BrandKey, LocalState)],
    ) -> Result<(), StoreError> {
        if states.is_empty() {
            return Ok(());
        }
        self.changes_brand(brand);
        // Every row exists, so nothing is inserted; but an upsert always goes
        // by the key, where PostgreSQL plans an UPDATE with a join by figures.
        // That İYS held the same (I174) or something newer (I178) was said of
        // the fact before: the new one is told as if nothing had been said.
        let given = local_rows(states)
            .same("brand_id", brand.as_db())
            .same("verdict", Verdict::Unasked.as_db())
            .same("verdict_citizen", 0);
        self.upsert(
            "consent_state",
            &given,
            concat!(
                on_known_key!(),
                local_half!(),
                ", verdict_code = CASE WHEN consent_state.verdict_code IN (4174, 4178) \
                    AND consent_state.local_event_id IS DISTINCT FROM excluded.local_event_id \
                    THEN NULL ELSE consent_state.verdict_code END"
            ),
            "writing consent states",
        )
        .await
    }

    /// Adds both halves of states of keys that had none; the brand's ledger is
    /// locked, so nobody else adds them. Rows sorted by key, no key twice.
    pub(crate) async fn add_states(
        &mut self,
        brand: BrandId,
        states: &[(BrandKey, KeyState)],
    ) -> Result<(), StoreError> {
        if states.is_empty() {
            return Ok(());
        }
        self.changes_brand(brand);
        self.load(
            "consent_state",
            &whole_rows(brand, states),
            "adding consent states",
        )
        .await
    }

    /// Writes both halves of states that exist; rows sorted by key, no key twice.
    pub(crate) async fn change_states(
        &mut self,
        brand: BrandId,
        states: &[(BrandKey, KeyState)],
    ) -> Result<(), StoreError> {
        if states.is_empty() {
            return Ok(());
        }
        self.changes_brand(brand);
        self.upsert(
            "consent_state",
            &whole_rows(brand, states),
            concat!(on_known_key!(), local_half!(), ", ", registry_half!()),
            "writing consent states",
        )
        .await
    }

    /// Writes the registry half of states; rows sorted by key, no key twice.
    pub(crate) async fn save_registry(
        &mut self,
        brand: BrandId,
        states: &[(BrandKey, RegistryView)],
    ) -> Result<(), StoreError> {
        if states.is_empty() {
            return Ok(());
        }
        self.changes_brand(brand);
        let told = || states.iter().map(|(_, view)| view);
        let given = registry_columns(keys_of(states.iter().map(|(key, _)| key)), told)
            .same("brand_id", brand.as_db())
            .same("local_status", 0)
            .same("local_citizen", 0);
        self.upsert(
            "consent_state",
            &given,
            concat!(on_known_key!(), registry_half!()),
            "writing what the registry holds",
        )
        .await
    }
}

/// Both halves of states under the names of the table.
fn whole_rows(brand: BrandId, states: &[(BrandKey, KeyState)]) -> Given<'_> {
    let said = || states.iter().map(|(_, state)| state.local);
    let given = keys_of(states.iter().map(|(key, _)| key))
        .ints(
            "local_status",
            said().map(|said| said.map_or(0, |said| said.status.as_db())),
        )
        .maybe_ints(
            "local_us",
            said().map(|said| said.map(|said| said.consent_date.as_micros())),
        )
        .maybe_ints(
            "local_recorded_us",
            said().map(|said| said.map(|said| said.recorded_at.as_micros())),
        )
        .maybe_ints(
            "local_event_id",
            said().map(|said| said.map(|said| said.event.as_db())),
        )
        .ints(
            "local_citizen",
            said().map(|said| i64::from(said.is_some_and(|said| said.citizen))),
        );
    registry_columns(given, || states.iter().map(|(_, state)| &state.registry))
        .same("brand_id", brand.as_db())
}

fn registry_columns<'a, I: Iterator<Item = &'a RegistryView>>(
    given: Given<'a>,
    told: impl Fn() -> I,
) -> Given<'a> {
    given
        .ints("verdict", told().map(|view| view.verdict.as_db()))
        .ints(
            "verdict_citizen",
            told().map(|view| i64::from(view.citizen)),
        )
        .maybe_ints(
            "verdict_us",
            told().map(|view| view.consent_date.map(Timestamp::as_micros)),
        )
        .maybe_ints(
            "checked_us",
            told().map(|view| view.checked_at.map(Timestamp::as_micros)),
        )
        .maybe_ints(
            "registry_batch_id",
            told().map(|view| view.batch.map(RegistryBatchId::as_db)),
        )
        .maybe_texts(
            "registry_transaction",
            told().map(|view| view.transaction.as_deref()),
        )
        .maybe_ints(
            "verdict_code",
            told().map(|view| view.code.map(ReasonCode::as_db)),
        )
}

fn local_rows<'a>(states: &[(BrandKey, LocalState)]) -> Given<'a> {
    keys_of(states.iter().map(|(key, _)| key))
        .ints("local_status", states.iter().map(|(_, s)| s.status.as_db()))
        .ints(
            "local_us",
            states.iter().map(|(_, s)| s.consent_date.as_micros()),
        )
        .ints(
            "local_recorded_us",
            states.iter().map(|(_, s)| s.recorded_at.as_micros()),
        )
        .ints(
            "local_event_id",
            states.iter().map(|(_, s)| s.event.as_db()),
        )
        .ints(
            "local_citizen",
            states.iter().map(|(_, s)| i64::from(s.citizen)),
        )
}

fn keys_of<'k, 'a>(keys: impl Iterator<Item = &'k BrandKey> + Clone) -> Given<'a> {
    Given::new()
        .ints(
            "recipient_id",
            keys.clone().map(|key| key.recipient.as_db()),
        )
        .ints("channel", keys.clone().map(|key| key.channel.as_db()))
        .ints("kind", keys.map(|key| key.kind.as_db()))
}

fn states_sql(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let key = "s.brand_id = $1 AND s.recipient_id = g.recipient_id \
               AND s.channel = g.channel AND s.kind = g.kind";
    let key = seek(engine, "consent_state", "s", key);
    let body = concat!(
        "SELECT s.recipient_id, s.channel, s.kind, ",
        state_columns!(),
        " FROM given g"
    );
    given.sql(engine, 2, &format!("{body}{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn states_are_read_by_their_whole_key() {
        let sql: fn(Engine) -> &'static str =
            |engine| states_sql(&keys_of([].iter()), engine).0.leak();
        walks(
            sql,
            Index::of_key("USING PRIMARY KEY", "consent_state_pkey"),
        )
        .await;
    }
}
