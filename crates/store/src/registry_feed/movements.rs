//! Movements applied: one read of the states they touch, one block of the
//! ledger, one write of the states, whatever their number.

use std::collections::{BTreeMap, HashSet};

use domain::ids::{BrandId, EventId, FirmId, RecipientId};
use domain::{Channel, LocalState, Recipient, RecipientKind, RegistryView, Status, Verdict};

use super::{Behind, Movement, Told, day_of};
use crate::consent::state::{BrandKey, KeyState};
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::registry_work::RegistryFact;
use crate::registry_work::mirror::event_of;
use crate::row::{instant, known, page_rows};

/// A state under work.
#[derive(Default)]
struct Held {
    state: KeyState,
    is_changed: bool,
}

/// A movement of one day, as the feeds told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayMovement {
    /// İYS's number of it; the page goes on behind the last.
    pub transaction: String,
    /// The movement.
    pub movement: Movement,
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
        decide: impl FnMut(&RegistryView, &Movement) -> Option<RegistryView> + Send,
    ) -> Result<Told, StoreError> {
        if movements.is_empty() {
            return Ok(Told::default());
        }
        // An address that arrives between the look-up and the commit would
        // miss what was put down for it among the strangers.
        self.lock_directory(firm).await?;
        let recipients: Vec<Recipient> = movements.iter().map(|m| m.recipient.clone()).collect();
        let ids = self.recipient_ids(firm, &recipients).await?;
        let mut known = Vec::with_capacity(movements.len());
        let mut strangers = Vec::new();
        for (movement, id) in movements.iter().zip(ids) {
            match id {
                Some(id) => known.push((id, movement)),
                None => strangers.push(movement),
            }
        }
        let (events, behind) = self.apply_known(firm, brand, &known, decide).await?;
        self.keep_strangers(firm, brand, &strangers).await?;
        self.note_movements(brand, movements).await?;
        Ok(Told {
            known: known.len(),
            strangers: strangers.len(),
            events,
            behind,
        })
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
        let mut held = self.held_by_key(brand, movements).await?;
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
        let changed: Vec<(BrandKey, KeyState)> = held
            .into_iter()
            .filter(|(_, held)| held.is_changed)
            .map(|(key, held)| (key, held.state))
            .collect();
        self.save_states(brand, &changed).await?;
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
            .map(|(key, state)| {
                let is_changed = false;
                (key, Held { state, is_changed })
            })
            .collect())
    }

    /// Notes movements under the Turkish day of their creation, each once.
    pub async fn note_movements(
        &mut self,
        brand: BrandId,
        movements: &[Movement],
    ) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        let mut noted: Vec<(&str, &str, &Movement)> = movements
            .iter()
            .filter_map(|movement| {
                let transaction = movement.transaction.as_deref()?;
                let source = movement
                    .source
                    .as_ref()
                    .map_or("", |source| source.as_str());
                seen.insert(transaction)
                    .then_some((transaction, source, movement))
            })
            .collect();
        if noted.is_empty() {
            return Ok(());
        }
        noted.sort_unstable_by_key(|(transaction, _, movement)| {
            (day_of(movement.created), *transaction)
        });
        let addresses: Vec<String> = noted
            .iter()
            .map(|(_, _, movement)| movement.recipient.to_string())
            .collect();
        let given = Given::new()
            .ints("day", noted.iter().map(|(_, _, m)| day_of(m.created)))
            .texts("transaction_id", noted.iter().map(|(id, _, _)| *id))
            .texts("address", addresses.iter().map(String::as_str))
            .ints("channel", noted.iter().map(|(_, _, m)| m.channel.as_db()))
            .ints("kind", noted.iter().map(|(_, _, m)| m.kind.as_db()))
            .ints("status", noted.iter().map(|(_, _, m)| m.status.as_db()))
            .texts("source", noted.iter().map(|(_, source, _)| *source))
            .maybe_ints(
                "consent_us",
                noted
                    .iter()
                    .map(|(_, _, m)| m.date.map(domain::Timestamp::as_micros)),
            )
            .ints(
                "created_us",
                noted.iter().map(|(_, _, m)| m.created.as_micros()),
            );
        let sql = given.sql(
            self.engine(),
            2,
            "INSERT INTO registry_movement (brand_id, day, transaction_id, address, channel, kind, \
                    status, source, consent_us, created_us) \
             SELECT CAST($1 AS BIGINT), day, transaction_id, address, channel, kind, status, \
                    source, consent_us, created_us FROM given WHERE true \
             ON CONFLICT (brand_id, day, transaction_id) DO NOTHING",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("noting movements")
    }

    /// Forgets movements of days before `day`; those of a brand with a
    /// complaint under a legal hold stay.
    pub async fn forget_movements_before(
        &mut self,
        brand: BrandId,
        day: i64,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM registry_movement WHERE brand_id = $1 AND day < $2 \
             AND NOT EXISTS (SELECT 1 FROM complaint_case k \
                 WHERE k.brand_id = $1 AND k.legal_hold = 1)";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(day)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("forgetting old movements")
    }
}

impl Reader {
    /// The movements of a day behind `after`, in the order of their numbers.
    pub async fn movements_of_day(
        &mut self,
        brand: BrandId,
        day: i64,
        after: &str,
        limit: usize,
    ) -> Result<Vec<DayMovement>, StoreError> {
        let sql = "SELECT transaction_id, address, channel, kind, status, source, consent_us, created_us \
             FROM registry_movement WHERE brand_id = $1 AND day = $2 AND transaction_id > $3 \
             ORDER BY transaction_id LIMIT $4";
        type Row = (String, String, i64, i64, i64, String, Option<i64>, i64);
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(day)
            .bind(after)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the movements of a day")?;
        rows.into_iter()
            .map(
                |(transaction, address, channel, kind, status, source, date, created)| {
                    let table = "registry_movement";
                    let recipient = Recipient::from_normalised(&address).ok();
                    Ok(DayMovement {
                        movement: Movement {
                            recipient: known(recipient, table, "address", &transaction)?,
                            channel: known(
                                Channel::from_db(channel),
                                table,
                                "channel",
                                &transaction,
                            )?,
                            kind: known(RecipientKind::from_db(kind), table, "kind", &transaction)?,
                            status: known(Status::from_db(status), table, "status", &transaction)?,
                            date: instant(date),
                            source: domain::Source::from_registry(&source),
                            created: domain::Timestamp::from_micros(created),
                            transaction: Some(transaction.clone()),
                        },
                        transaction,
                    })
                },
            )
            .collect()
    }

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
