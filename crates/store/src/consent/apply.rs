//! Applying a slice of records: contacts, addresses, events and states of up
//! to some thousands of records in one transaction and about ten statements.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::consent::{Admission, Claim, ConsentEvent, ConsentKey, Origin, admit};
use domain::ids::{BrandId, EventId, RecipientId};
use domain::{Channel, LocalState, ReasonCode, Status, Timestamp};

use super::people::{People, Placed};
use super::records::{Applied, ApplyContext, IncomingRecord, Refusal, Remark, Said, Touched};
use super::state::{BrandKey, KeyState};
use crate::db::{Reader, Writer};
use crate::error::StoreError;
use crate::given::{asked_by_both, halves};

/// Most records of one slice: three ids a record must fit a transaction, and a
/// dispatcher that waits for the slice should wait about a tenth of a second.
pub const SLICE_RECORDS_MAX: usize = domain::ledger::BLOCK_EVENTS_MAX;

/// Smaller slices are looked up by their own connection alone.
const LOOKED_UP_BESIDE_FROM: usize = 1_000;

/// How people of a slice are looked for.
pub(super) enum LookUp {
    /// By their addresses and ids, half of them by a second connection if there
    /// is one.
    With(Option<Reader>),
    /// Not at all: they are taken for new.
    Nobody,
}

impl LookUp {
    pub(super) const fn beside(&mut self) -> Option<&mut Reader> {
        match self {
            Self::With(beside) => beside.as_mut(),
            Self::Nobody => None,
        }
    }
}

/// Whom the records of a slice are about.
#[derive(Debug)]
pub(super) struct PlacedPeople {
    /// Of all that were placed together.
    addresses: Arc<[RecipientId]>,
    /// Of each record.
    people: Vec<Placed>,
    knew_nobody: bool,
    /// İYS had told about some of them, and that was taken over just now.
    is_told: bool,
    /// New addresses, too, may have states.
    may_have_states: bool,
}

/// Records under decision: states as the slice has left them so far.
struct Slice {
    brand: BrandId,
    now: Timestamp,
    states: HashMap<BrandKey, KeyState>,
    changed: BTreeMap<BrandKey, Changed>,
    events: Vec<ConsentEvent>,
    next_event: i64,
    applied: Applied,
}

/// A local state to be written.
struct Changed {
    local: LocalState,
    /// The key had no row before the slice.
    is_new: bool,
}

impl Writer {
    /// Applies a slice of records: makes missing contacts and addresses, lets
    /// in what the rules of `domain::consent::admit` let in, appends it to the
    /// ledger as one block and folds it into the states.
    ///
    /// At most [`SLICE_RECORDS_MAX`] records that do not stand on record already;
    /// those cost no ids and no locks. A large slice is looked up on a
    /// second connection as well, so the transaction must not have changed
    /// people or states before, unless it was by this call. On PostgreSQL the firm's claims
    /// wait from the end of this call until the commit when a refusal is among
    /// the records, so commit soon after.
    ///
    /// # Errors
    /// [`StoreError::OutOfIds`] when the slice is too large.
    pub async fn apply_records(
        &mut self,
        context: &ApplyContext,
        records: &[IncomingRecord],
    ) -> Result<Applied, StoreError> {
        let moving = records.iter().filter(|record| record.standing.is_none());
        let beside = self.look_beside(moving.count()).await;
        self.apply(context, records, LookUp::With(beside), false)
            .await
    }

    /// [`Writer::apply_records`] for people who are probably all new: nobody is
    /// looked up by address or external id, because their unique indexes tell
    /// who was on record already. A first file is written so in half the time.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when somebody was on record: drop the transaction
    /// and apply the records with a look-up.
    pub async fn apply_strangers(
        &mut self,
        context: &ApplyContext,
        records: &[IncomingRecord],
    ) -> Result<Applied, StoreError> {
        self.note_applied();
        self.apply(context, records, LookUp::Nobody, false).await
    }

    pub(super) async fn apply(
        &mut self,
        context: &ApplyContext,
        records: &[IncomingRecord],
        look_up: LookUp,
        placed_before: bool,
    ) -> Result<Applied, StoreError> {
        let moving = moving(records)?;
        let applied = if moving.is_empty() {
            Applied::default()
        } else {
            self.apply_moving(context, &moving, look_up, placed_before)
                .await?
        };
        Ok(applied.with_standing(records))
    }

    /// Applies records that may say something new.
    async fn apply_moving(
        &mut self,
        context: &ApplyContext,
        records: &[&IncomingRecord],
        mut look_up: LookUp,
        placed_before: bool,
    ) -> Result<Applied, StoreError> {
        let mut placed = self.place(&mut look_up, context, records).await?;
        if placed_before {
            // Their states are looked up all the same: somebody may have spoken since.
            placed.may_have_states = true;
            placed
                .people
                .iter_mut()
                .for_each(|one| one.is_created = true);
        }
        let (applied, refuses) = self.decide_slice(context, records, placed, look_up).await?;
        if refuses {
            self.close_gate(context.firm).await?;
        }
        Ok(applied)
    }

    /// Finds or makes everybody whom the records name.
    pub(super) async fn place(
        &mut self,
        look_up: &mut LookUp,
        context: &ApplyContext,
        records: &[&IncomingRecord],
    ) -> Result<PlacedPeople, StoreError> {
        let people = self
            .place_people(look_up, context.firm, context.now, records)
            .await?;
        let arrived: Vec<_> = people
            .addresses
            .iter()
            .filter(|address| address.is_new)
            .map(|address| (address.id, address.recipient))
            .collect();
        // A citizen may have refused before we knew the address.
        let is_told = self.adopt_strangers(context.firm, &arrived).await?;
        Ok(PlacedPeople::of(people, is_told))
    }

    /// Decides about records whose people are on record, and writes what
    /// follows; the flag tells whether somebody refuses, and the gate must be
    /// closed before the transaction ends.
    pub(super) async fn decide_slice(
        &mut self,
        context: &ApplyContext,
        records: &[&IncomingRecord],
        placed: PlacedPeople,
        mut look_up: LookUp,
    ) -> Result<(Applied, bool), StoreError> {
        let head = self.lock_ledger(context.brand).await?;
        let order = placed.in_key_order();
        // What was just adopted is not committed: only this connection sees it.
        let seer = if placed.is_told {
            None
        } else {
            look_up.beside()
        };
        let states = self
            .held_states(seer, context.brand, &placed, records)
            .await?;
        drop(look_up);
        let mut slice = Slice {
            brand: context.brand,
            now: context.now,
            states,
            changed: BTreeMap::new(),
            events: Vec::with_capacity(records.len()),
            next_event: self.next_ids(records.len())?,
            applied: Applied {
                knew_nobody: placed.knew_nobody,
                touched: Vec::with_capacity(records.len()),
                ..Applied::default()
            },
        };
        for &place in &order {
            let (recipient, person) = placed.of_record(place);
            slice.decide(context, records[place], recipient, person);
        }
        let refuses = slice.events.iter().any(|event| event.status == Status::Ret);
        self.append_block(context.brand, context.now, head, slice.events)
            .await?;
        self.save_local(context.brand, slice.changed).await?;
        slice.applied.refused.sort_by_key(|refusal| refusal.line);
        Ok((slice.applied, refuses))
    }

    /// A second connection for the look-ups of a large slice that is the first
    /// of its transaction: those of a later one must see what was written.
    async fn look_beside(&mut self, records: usize) -> Option<Reader> {
        let is_first = !self.note_applied();
        if is_first && records >= LOOKED_UP_BESIDE_FROM {
            self.store().read_beside().await
        } else {
            None
        }
    }

    async fn save_local(
        &mut self,
        brand: BrandId,
        states: BTreeMap<BrandKey, Changed>,
    ) -> Result<(), StoreError> {
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for (key, state) in states {
            let list = if state.is_new {
                &mut added
            } else {
                &mut changed
            };
            list.push((key, state.local));
        }
        self.add_local(brand, &added).await?;
        self.change_local(brand, &changed).await
    }

    /// States of the keys of addresses that existed before the slice, or that
    /// İYS has told about.
    async fn held_states(
        &mut self,
        beside: Option<&mut Reader>,
        brand: BrandId,
        placed: &PlacedPeople,
        records: &[&IncomingRecord],
    ) -> Result<HashMap<BrandKey, KeyState>, StoreError> {
        let mut keys: Vec<BrandKey> = records
            .iter()
            .zip(&placed.people)
            .filter(|(_, person)| placed.may_have_states || !person.is_created)
            .filter_map(|(record, person)| {
                let channel = record.consent.as_ref()?.channel;
                Some(BrandKey {
                    recipient: placed.addresses[person.address],
                    channel,
                    kind: record.kind,
                })
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let (mine, theirs) = halves(&keys, beside.is_some());
        let states = asked_by_both(
            self.states_of(brand, mine),
            beside.map(|reader| reader.states_of(brand, theirs)),
        )
        .await?;
        Ok(states.into_iter().collect())
    }
}

impl PlacedPeople {
    pub(super) fn of(people: People<'_>, is_told: bool) -> Self {
        Self {
            addresses: people.addresses.iter().map(|address| address.id).collect(),
            knew_nobody: people.knew_nobody(),
            people: people.placed,
            is_told,
            may_have_states: is_told,
        }
    }

    /// The people of slices that were placed together, slice by slice; `lengths`
    /// are the numbers of their records.
    pub(super) fn of_each(&self, lengths: &[usize]) -> Vec<Self> {
        let mut rest = self.people.as_slice();
        let slices = lengths.iter().map(|&length| {
            let (mine, others) = rest.split_at(length.min(rest.len()));
            rest = others;
            Self {
                addresses: Arc::clone(&self.addresses),
                people: mine.to_vec(),
                ..*self
            }
        });
        slices.collect()
    }

    /// Positions of the records sorted by recipient; records of one recipient
    /// keep their order, because a later one is judged against the earlier.
    fn in_key_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.people.len()).collect();
        order.sort_by_key(|&place| self.of_record(place).0);
        order
    }

    fn of_record(&self, place: usize) -> (RecipientId, Placed) {
        let person = self.people[place];
        (self.addresses[person.address], person)
    }
}

impl Slice {
    fn decide(
        &mut self,
        context: &ApplyContext,
        record: &IncomingRecord,
        recipient: RecipientId,
        placed: Placed,
    ) {
        if placed.is_shared {
            let code = ReasonCode::W803;
            self.applied.remarks.push(Remark {
                line: record.line,
                channel: None,
                code,
            });
        }
        let Some(said) = &record.consent else {
            self.count(placed, false);
            self.touch(record, recipient, KeyState::default(), None, false);
            return;
        };
        let key = BrandKey {
            recipient,
            channel: said.channel,
            kind: record.kind,
        };
        let was = self.states.get(&key).cloned().unwrap_or_default();
        let claim = Claim {
            status: said.status,
            consent_date: said.date,
        };
        let admission = if record.recipient.fits(said.channel) {
            admit(claim, was.local.as_ref(), &was.registry)
        } else {
            Admission::Refused(ReasonCode::R706)
        };
        if admission.code() == Some(ReasonCode::W804) {
            let channel = Some(said.channel);
            let code = ReasonCode::W804;
            self.applied.remarks.push(Remark {
                line: record.line,
                channel,
                code,
            });
        }
        match admission {
            Admission::Refused(code) => {
                let args = refusal_args(code, said.channel, &was);
                let (line, channel) = (record.line, said.channel);
                self.applied.refused.push(Refusal {
                    line,
                    channel,
                    code,
                    args,
                });
            }
            Admission::Unchanged => {
                self.count(placed, false);
                self.touch(record, recipient, was, None, false);
            }
            Admission::Append | Admission::Renewal => {
                let event = self.append(context, record, said, key);
                self.count(placed, true);
                let is_renewal = admission == Admission::Renewal;
                self.touch(record, recipient, was, Some(event), is_renewal);
            }
        }
    }

    /// Appends an event and folds it into the key's state.
    fn append(
        &mut self,
        context: &ApplyContext,
        record: &IncomingRecord,
        said: &Said,
        key: BrandKey,
    ) -> EventId {
        let id = EventId::from_db(self.next_event);
        self.next_event += 1;
        let said_now = LocalState {
            status: said.status,
            consent_date: said.date,
            recorded_at: self.now,
            event: id,
            citizen: said.source.is_registry(),
        };
        let is_new = !self.states.contains_key(&key);
        let state = self.states.entry(key).or_default();
        let local = state.local.map_or(said_now, |held| held.fold(said_now));
        state.local = Some(local);
        self.changed
            .entry(key)
            .and_modify(|changed| changed.local = local)
            .or_insert(Changed { local, is_new });
        self.events.push(ConsentEvent {
            id,
            key: ConsentKey {
                brand: self.brand,
                recipient: key.recipient,
                channel: key.channel,
                kind: key.kind,
            },
            recipient: record.recipient.clone(),
            status: said.status,
            consent_date: said.date,
            recorded_at: self.now,
            source: said.source.clone(),
            origin: context.origin,
            origin_id: context.origin_id,
            origin_line: (context.origin == Origin::Upload).then_some(record.line),
            evidence: record.evidence.clone(),
            actor: context.actor.clone(),
        });
        id
    }

    const fn count(&mut self, placed: Placed, is_appended: bool) {
        if placed.is_created {
            self.applied.created += 1;
        } else if placed.is_updated || is_appended {
            self.applied.updated += 1;
        } else {
            self.applied.unchanged += 1;
        }
    }

    fn touch(
        &mut self,
        record: &IncomingRecord,
        recipient: RecipientId,
        was: KeyState,
        event: Option<EventId>,
        is_renewal: bool,
    ) {
        self.applied.touched.push(Touched {
            line: record.line,
            recipient,
            address: record.recipient.clone(),
            kind: record.kind,
            said: record.consent.clone(),
            event,
            is_renewal,
            was,
        });
    }
}

/// The records that do not stand on record already.
pub(super) fn moving(records: &[IncomingRecord]) -> Result<Vec<&IncomingRecord>, StoreError> {
    let moving = records.iter().filter(|record| record.standing.is_none());
    let moving: Vec<&IncomingRecord> = moving.collect();
    if moving.len() > SLICE_RECORDS_MAX {
        return Err(StoreError::OutOfIds);
    }
    Ok(moving)
}

impl Applied {
    /// Adds the records that stand on record already.
    pub(super) fn with_standing(mut self, records: &[IncomingRecord]) -> Self {
        for record in records {
            self.stand(record);
        }
        self.touched.sort_by_key(|touched| touched.recipient);
        self.remarks.sort_by_key(|remark| remark.line);
        self
    }

    /// Counts a record that repeats what is on record.
    fn stand(&mut self, record: &IncomingRecord) {
        let Some(standing) = record.standing else {
            return;
        };
        self.unchanged += 1;
        self.knew_nobody = false;
        self.remarks.push(Remark {
            line: record.line,
            channel: record.consent.as_ref().map(|said| said.channel),
            code: ReasonCode::W804,
        });
        self.touched.push(Touched {
            line: record.line,
            recipient: standing.recipient,
            address: record.recipient.clone(),
            kind: record.kind,
            said: record.consent.clone(),
            event: None,
            is_renewal: false,
            was: KeyState {
                local: Some(standing.local),
                ..KeyState::default()
            },
        });
    }
}

fn refusal_args(
    code: ReasonCode,
    channel: Channel,
    held: &KeyState,
) -> Vec<(&'static str, String)> {
    if code == ReasonCode::R706 {
        return vec![("channel", channel.to_string())];
    }
    let told = held.local.map(|local| local.consent_date);
    let date = if code == ReasonCode::R806 || code == ReasonCode::R807 {
        held.registry.consent_date.or(told)
    } else {
        told
    };
    date.map(|date| vec![("date", date.to_turkish_text())])
        .unwrap_or_default()
}
