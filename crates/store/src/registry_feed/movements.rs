//! Movements applied: one read of the states they touch, one block of the
//! ledger, one write of the states, whatever their number.

use std::collections::{BTreeMap, HashSet};

use domain::ids::{BrandId, EventId, FirmId, RecipientId};
use domain::ledger::BLOCK_EVENTS_MAX;
use domain::{Channel, LocalState, Recipient, RecipientKind, RegistryView, Status, Verdict};

use super::found::Found;
use super::{Behind, Movement, Told};
use crate::consent::state::{BrandKey, KeyState};
use crate::db::{Reader, Writer};
use crate::error::StoreError;
use crate::ledger::Head;
use crate::registry_work::RegistryFact;
use crate::registry_work::mirror::event_of;

/// A state under work.
#[derive(Default)]
struct Held {
    state: KeyState,
    is_on_record: bool,
    is_changed: bool,
}

impl Held {
    fn of(state: Option<KeyState>) -> Self {
        Self {
            is_on_record: state.is_some(),
            state: state.unwrap_or_default(),
            is_changed: false,
        }
    }
}

impl Writer {
    /// Applies movements of a brand: `decide` says what the mirror holds of a
    /// key from now on, given what it holds; `None` leaves it. The ledger gets
    /// what says more than it knew, strangers are kept, and every movement is
    /// noted under its day.
    ///
    /// When somebody becomes unsendable, claims of the firm that have read
    /// wait out: the refusal stops sending with this very commit.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot; nothing is changed then.
    pub async fn apply_movements(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        movements: &[Movement],
        mut decide: impl FnMut(&RegistryView, &Movement) -> Option<RegistryView> + Send,
    ) -> Result<Told, StoreError> {
        let mut told = Told::default();
        for part in movements.chunks(BLOCK_EVENTS_MAX) {
            self.apply_part(firm, brand, part, &mut told, &mut decide)
                .await?;
        }
        Ok(told)
    }

    async fn apply_part(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        movements: &[Movement],
        told: &mut Told,
        decide: &mut (impl FnMut(&RegistryView, &Movement) -> Option<RegistryView> + Send),
    ) -> Result<(), StoreError> {
        // An address that arrives between the look-up and the commit would
        // miss what was put down for it among the strangers.
        self.lock_directory(firm).await?;
        let head = self.lock_ledger(brand).await?;
        let found = self.found(firm, brand, movements).await?;
        let mut known = Vec::with_capacity(movements.len());
        let mut strangers = Vec::new();
        let mut held = BTreeMap::new();
        for (movement, found) in movements.iter().zip(found) {
            let Some(Found { id, state }) = found else {
                strangers.push(movement);
                continue;
            };
            known.push((id, movement));
            held.entry(key_of(id, movement))
                .or_insert_with(|| Held::of(state));
        }
        // Events and states are written along their keys; movements of one key keep their order.
        known.sort_by_key(|(id, movement)| key_of(*id, movement));
        let (events, behind) = self
            .apply_held(firm, brand, head, &known, held, decide)
            .await?;
        self.keep_strangers(firm, brand, &strangers).await?;
        self.note_movements(brand, movements).await?;
        told.known += known.len();
        told.strangers += strangers.len();
        told.events += events;
        told.behind.extend(behind);
        Ok(())
    }

    /// Movements of addresses that the firm knows; returns how many events
    /// the ledger got, and the keys of which İYS holds something older than we.
    /// At most as many as a block holds.
    pub(super) async fn apply_known(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        movements: &[(RecipientId, &Movement)],
        mut decide: impl FnMut(&RegistryView, &Movement) -> Option<RegistryView> + Send,
    ) -> Result<(usize, Vec<Behind>), StoreError> {
        if movements.is_empty() {
            return Ok((0, Vec::new()));
        }
        let head = self.lock_ledger(brand).await?;
        let held = self.held_by_key(brand, movements).await?;
        self.apply_held(firm, brand, head, movements, held, &mut decide)
            .await
    }

    /// [`Writer::apply_known`] with what is held of each key; the ledger is locked.
    async fn apply_held(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        head: Head,
        movements: &[(RecipientId, &Movement)],
        mut held: BTreeMap<BrandKey, Held>,
        decide: &mut (impl FnMut(&RegistryView, &Movement) -> Option<RegistryView> + Send),
    ) -> Result<(usize, Vec<Behind>), StoreError> {
        if movements.is_empty() {
            return Ok((0, Vec::new()));
        }
        let now = self.now();
        let mut next = self.next_ids(movements.len())?;
        let mut events = Vec::new();
        let mut refuses = false;
        for (id, movement) in movements {
            let held = held.entry(key_of(*id, movement)).or_default();
            if let Some(view) = decide(&held.state.registry, movement) {
                refuses |=
                    held.state.registry.verdict == Verdict::Onay && view.verdict != Verdict::Onay;
                held.state.registry = view;
                held.is_changed = true;
            }
            let Some(fact) = fact_of(*id, movement) else {
                continue;
            };
            // The fold's order: later date, then refusal. Equal is nothing new.
            let is_known = held
                .state
                .local
                .is_some_and(|said| (said.consent_date, said.status) >= (fact.date, fact.status));
            if is_known {
                continue;
            }
            let (channel, kind) = (movement.channel, movement.kind);
            let event = event_of(brand, channel, kind, &fact, EventId::from_db(next), now);
            next += 1;
            refuses |= event.status == Status::Ret;
            held.state.local = Some(LocalState::of(&event));
            held.is_changed = true;
            events.push(event);
        }
        let count = events.len();
        let behind = behind(movements, &held);
        self.append_block(brand, now, head, events).await?;
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for (key, held) in held.into_iter().filter(|(_, held)| held.is_changed) {
            let list = if held.is_on_record {
                &mut changed
            } else {
                &mut added
            };
            list.push((key, held.state));
        }
        self.add_states(brand, &added).await?;
        self.change_states(brand, &changed).await?;
        if refuses {
            self.close_gate(firm).await?;
        }
        Ok((count, behind))
    }

    async fn held_by_key(
        &mut self,
        brand: BrandId,
        movements: &[(RecipientId, &Movement)],
    ) -> Result<BTreeMap<BrandKey, Held>, StoreError> {
        let mut keys: Vec<BrandKey> = movements
            .iter()
            .map(|(id, movement)| key_of(*id, movement))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let states = self.states_of(brand, &keys).await?;
        Ok(states
            .into_iter()
            .map(|(key, state)| (key, Held::of(Some(state))))
            .collect())
    }
}

impl Reader {
    /// What the mirror holds of addresses on a channel and in a capacity, in
    /// the order given; [`RegistryView::UNASKED`] for one that is not known.
    pub async fn mirror_of(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        keys: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<RegistryView>, StoreError> {
        let recipients: Vec<Recipient> = keys.iter().map(|(r, _, _)| r.clone()).collect();
        let ids = self.recipient_ids(firm, &recipients).await?;
        let brand_keys: Vec<Option<BrandKey>> = ids
            .iter()
            .zip(keys)
            .map(|(id, (_, channel, kind))| {
                Some(BrandKey {
                    recipient: (*id)?,
                    channel: *channel,
                    kind: *kind,
                })
            })
            .collect();
        let mut asked: Vec<BrandKey> = brand_keys.iter().flatten().copied().collect();
        asked.sort_unstable();
        asked.dedup();
        let states: BTreeMap<BrandKey, KeyState> =
            self.states_of(brand, &asked).await?.into_iter().collect();
        let strangers = self.strangers_of(firm, brand, keys).await?;
        Ok(brand_keys
            .iter()
            .zip(keys)
            .map(|(key, asked)| match key {
                Some(key) => states
                    .get(key)
                    .map_or(RegistryView::UNASKED, |state| state.registry.clone()),
                None => strangers.get(asked).cloned().unwrap_or_default(),
            })
            .collect())
    }
}

/// Keys of movements after which İYS still holds something else than the later
/// word that was said to us; each once. What a citizen refused there stands.
fn behind(movements: &[(RecipientId, &Movement)], held: &BTreeMap<BrandKey, Held>) -> Vec<Behind> {
    let mut seen = HashSet::new();
    movements
        .iter()
        .filter(|(id, movement)| {
            let key = key_of(*id, movement);
            held.get(&key).is_some_and(|held| is_behind(&held.state)) && seen.insert(key)
        })
        .map(|(id, movement)| Behind {
            id: *id,
            recipient: movement.recipient.clone(),
            channel: movement.channel,
            kind: movement.kind,
        })
        .collect()
}

fn is_behind(state: &KeyState) -> bool {
    let Some(said) = state.local.filter(|said| !said.citizen) else {
        return false;
    };
    let is_newer = state
        .registry
        .consent_date
        .is_none_or(|held| said.consent_date > held);
    is_newer
        && match (state.registry.verdict, said.status) {
            (Verdict::Onay, Status::Ret) => true,
            (Verdict::Ret, Status::Onay) => !state.registry.citizen,
            _ => false,
        }
}

const fn key_of(recipient: RecipientId, movement: &Movement) -> BrandKey {
    BrandKey {
        recipient,
        channel: movement.channel,
        kind: movement.kind,
    }
}

/// What the ledger is told: a refusal without a date counts from its record.
fn fact_of(id: RecipientId, movement: &Movement) -> Option<RegistryFact> {
    let of_record = (movement.status == Status::Ret).then_some(movement.created);
    Some(RegistryFact {
        id,
        recipient: movement.recipient.clone(),
        status: movement.status,
        date: movement.date.or(of_record)?,
        source: movement.source.clone()?,
        evidence: None,
    })
}
