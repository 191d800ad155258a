//! What İYS's answers change: the mirror of each key, and the ledger where İYS
//! knows more than we did.

use std::collections::BTreeMap;

use domain::consent::{ConsentEvent, ConsentKey, Origin};
use domain::ids::{BrandId, EventId, FirmId, RecipientId};
use domain::{Channel, LocalState, RecipientKind, RegistryView, Status, Timestamp, Verdict};

use super::RegistryFact;
use crate::consent::state::{BrandKey, KeyState};
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};

impl Reader {
    /// What is on record for addresses on one channel and in one capacity, in
    /// the order given.
    pub async fn states_in_order(
        &mut self,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        recipients: &[RecipientId],
    ) -> Result<Vec<KeyState>, StoreError> {
        let keys: Vec<BrandKey> = recipients
            .iter()
            .map(|recipient| BrandKey {
                recipient: *recipient,
                channel,
                kind,
            })
            .collect();
        let held: std::collections::HashMap<BrandKey, KeyState> =
            self.states_of(brand, &keys).await?.into_iter().collect();
        Ok(keys
            .iter()
            .map(|key| held.get(key).cloned().unwrap_or_default())
            .collect())
    }
}

impl Writer {
    /// Lets `decide` say what the mirror holds of each address from now on,
    /// given what is held. `None` leaves it. Returns the states as they are
    /// afterwards, in the order of the addresses.
    ///
    /// Nobody else changes a state of the brand meanwhile; when somebody
    /// becomes unsendable, claims of the firm that have read wait out.
    pub async fn update_mirror(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        recipients: &[RecipientId],
        mut decide: impl FnMut(usize, &KeyState) -> Option<RegistryView> + Send,
    ) -> Result<Vec<KeyState>, StoreError> {
        self.lock_ledger(brand).await?;
        let mut states = self
            .states_in_order(brand, channel, kind, recipients)
            .await?;
        let mut changed = Vec::new();
        let mut refuses = false;
        for (place, (recipient, state)) in recipients.iter().zip(&mut states).enumerate() {
            let view = decide(place, state);
            // What stands there already needs no writing.
            let Some(view) = view.filter(|view| *view != state.registry) else {
                continue;
            };
            refuses |= state.registry.verdict == Verdict::Onay && view.verdict != Verdict::Onay;
            state.registry = view.clone();
            changed.push((
                BrandKey {
                    recipient: *recipient,
                    channel,
                    kind,
                },
                view,
            ));
        }
        changed.sort_by_key(|(key, _)| *key);
        self.save_registry(brand, &changed).await?;
        if refuses {
            self.close_gate(firm).await?;
        }
        Ok(states)
    }

    /// Writes what İYS holds into the ledger, where it says more than we knew:
    /// refusals and newer consents. Returns how many events that made.
    pub async fn record_registry_facts(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        facts: &[RegistryFact],
    ) -> Result<usize, StoreError> {
        let head = self.lock_ledger(brand).await?;
        let recipients: Vec<RecipientId> = facts.iter().map(|fact| fact.id).collect();
        let mut states = self
            .states_in_order(brand, channel, kind, &recipients)
            .await?;
        let now = self.now();
        let mut events = Vec::new();
        let mut changed = BTreeMap::new();
        // Ids of a block are consecutive, so they are taken at once; what is not used is lost.
        let mut next = self.next_ids(facts.len().max(1))?;
        for (fact, state) in facts.iter().zip(&mut states) {
            // The fold's order: later date, then refusal. Equal is nothing new.
            let is_known = state
                .local
                .is_some_and(|held| (held.consent_date, held.status) >= (fact.date, fact.status));
            if is_known {
                continue;
            }
            let event = event_of(brand, channel, kind, fact, EventId::from_db(next), now);
            next += 1;
            let told = LocalState::of(&event);
            state.local = Some(told);
            changed.insert(
                BrandKey {
                    recipient: fact.id,
                    channel,
                    kind,
                },
                told,
            );
            events.push(event);
        }
        let count = events.len();
        let refuses = events.iter().any(|event| event.status == Status::Ret);
        self.append_block(brand, now, head, events).await?;
        self.upsert_local(brand, &changed).await?;
        if refuses {
            self.close_gate(firm).await?;
        }
        Ok(count)
    }

    async fn upsert_local(
        &mut self,
        brand: BrandId,
        changed: &BTreeMap<BrandKey, LocalState>,
    ) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        self.changes_brand(brand);
        let given = Given::new()
            .ints(
                "recipient_id",
                changed.keys().map(|key| key.recipient.as_db()),
            )
            .ints("channel", changed.keys().map(|key| key.channel.as_db()))
            .ints("kind", changed.keys().map(|key| key.kind.as_db()))
            .ints("status", changed.values().map(|s| s.status.as_db()))
            .ints(
                "said_us",
                changed.values().map(|s| s.consent_date.as_micros()),
            )
            .ints(
                "recorded_us",
                changed.values().map(|s| s.recorded_at.as_micros()),
            )
            .ints("event_id", changed.values().map(|s| s.event.as_db()))
            .ints("citizen", changed.values().map(|s| i64::from(s.citizen)));
        let sql = given.sql(
            self.engine(),
            2,
            "INSERT INTO consent_state (brand_id, recipient_id, channel, kind, local_status, \
                    local_us, local_recorded_us, local_event_id, local_citizen, verdict, verdict_citizen) \
             SELECT CAST($1 AS BIGINT), recipient_id, channel, kind, status, said_us, recorded_us, \
                    event_id, citizen, 0, 0 \
             FROM given WHERE true \
             ON CONFLICT (brand_id, recipient_id, channel, kind) DO UPDATE SET \
                    local_status = excluded.local_status, local_us = excluded.local_us, \
                    local_recorded_us = excluded.local_recorded_us, \
                    local_event_id = excluded.local_event_id, local_citizen = excluded.local_citizen",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("writing consent states")?;
        exactly(rows, changed.len() as u64, "a consent state")
    }
}

pub(crate) fn event_of(
    brand: BrandId,
    channel: Channel,
    kind: RecipientKind,
    fact: &RegistryFact,
    id: EventId,
    now: Timestamp,
) -> ConsentEvent {
    ConsentEvent {
        id,
        key: ConsentKey {
            brand,
            recipient: fact.id,
            channel,
            kind,
        },
        recipient: fact.recipient.clone(),
        status: fact.status,
        consent_date: fact.date,
        recorded_at: now,
        source: fact.source.clone(),
        origin: Origin::Registry,
        origin_id: None,
        origin_line: None,
        evidence: fact.evidence.clone(),
        actor: "iys".to_owned(),
    }
}
