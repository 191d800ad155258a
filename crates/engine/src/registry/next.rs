//! What follows from an answer: for each key the next step, queued in the
//! transaction that wrote the answer.

use domain::ids::EventId;
use domain::{RegistryMode, Status};
use registry::plan::{self, Fact, KeyState, Step, Trigger, next_step};
use registry::wire::RegisteredChannel;
use store::Writer;
use store::brands::Brand;
use store::consent::KeyState as StoredState;
use store::registry_work::{ClaimedList, ItemSaid, NewList, Operation, RegistryItem};

use super::{asked, rules, source_of};
use crate::Engine;
use crate::error::EngineError;

impl Engine {
    /// Decides what each key needs next and queues it.
    pub(super) async fn plan_next(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        brand: &Brand,
        items: &[RegistryItem],
        states: &[StoredState],
    ) -> Result<(), EngineError> {
        let (confirmed, refused) = outcomes(states);
        writer.count_outcomes(list, confirmed, refused).await?;
        let now = self.now();
        let rules = rules(brand);
        // A pull reads İYS and writes nothing there, whatever else is known here.
        let only_asks = match list.upload {
            Some(upload) => writer.upload_only_asks(upload).await?,
            None => false,
        };
        let mut look_ups = Vec::new();
        let mut adds: Vec<(RegistryItem, domain::LocalState, domain::Timestamp)> = Vec::new();
        let mut asks = Vec::new();
        let (mut later, mut later_at) = (Vec::new(), None);
        let mut maybe = Vec::new();
        for (item, state) in items.iter().zip(states) {
            let fact = state.local.map(|held| Fact {
                status: held.status,
                consent_date: held.consent_date,
                source: source_of(held.citizen, held.status),
            });
            let key = KeyState {
                recipient: &item.recipient,
                channel: list.channel,
                kind: list.kind,
                local: fact.as_ref(),
                mirror: &state.registry,
            };
            let question = || asked(item.id, item.recipient.clone());
            match (next_step(&rules, &key, Trigger::Answer, now), state.local) {
                (Step::LookUp, Some(held)) if brand.mode == RegistryMode::Sync => {
                    maybe.push((question(), held.event));
                }
                (Step::LookUp, _) => look_ups.push(question()),
                (Step::Add | Step::WaitUntil(_), _) if only_asks => {}
                (Step::Add, Some(held)) => adds.push((item.clone(), held, now)),
                // Sent without that look, a consent could write over a refusal
                // that nobody here has seen.
                (Step::AskAt(at), _) => {
                    later_at = later_at.max(Some(at));
                    later.push(question());
                }
                (Step::WaitUntil(at), Some(held)) => adds.push((item.clone(), held, at)),
                (Step::Ask, _) if list.operation != Operation::Ask => asks.push(question()),
                _ => {}
            }
        }
        look_ups.extend(self.said_singly(writer, list, maybe).await?);
        let mut lists = self.look_up_lists(list, &look_ups);
        lists.extend(self.add_lists(writer, list, adds).await?);
        if !asks.is_empty() {
            lists.push(self.other_kind(list, Operation::Ask, asks));
        }
        if let Some(due) = later_at {
            lists.push(NewList {
                due,
                ..self.other_kind(list, Operation::Ask, later)
            });
        }
        writer.enqueue_registry(&lists).await?;
        Ok(())
    }

    /// In mode sync İYS leads, look-ups are few, and what a file or a walk over
    /// everybody brings is not sent for whatever reason. A consent that somebody
    /// gave to a program or in the panel is looked up all the same: İYS may hold
    /// an older refusal of the firm's own, which it replaces.
    async fn said_singly(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        maybe: Vec<(RegistryItem, EventId)>,
    ) -> Result<Vec<RegistryItem>, EngineError> {
        if list.upload.is_some() || maybe.is_empty() {
            return Ok(Vec::new());
        }
        let events: Vec<EventId> = maybe.iter().map(|(_, event)| *event).collect();
        let singly = writer.said_singly_among(&events).await?;
        let said = maybe
            .into_iter()
            .filter(|(_, event)| singly.contains(event));
        Ok(said.map(|(item, _)| item).collect())
    }

    async fn add_lists(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        adds: Vec<(RegistryItem, domain::LocalState, domain::Timestamp)>,
    ) -> Result<Vec<NewList>, EngineError> {
        let Some(channel) = RegisteredChannel::of(list.channel) else {
            return Ok(Vec::new());
        };
        let events: Vec<_> = adds.iter().map(|(_, held, _)| held.event).collect();
        // What its own file contradicts stays here until a person has looked (R802).
        let withheld = writer.withheld_among(list.brand, &events).await?;
        let sources = writer.event_sources(&events).await?;
        let retailers = writer.event_retailers(&events).await?;
        let due = adds.iter().map(|(_, _, at)| *at).max().unwrap_or_default();
        let records: Vec<plan::AddItem> = adds
            .into_iter()
            .zip(sources)
            .filter(|((_, held, _), _)| !withheld.contains(&held.event))
            .filter_map(|((item, held, _), source)| {
                Some(plan::AddItem {
                    id: item.id,
                    recipient: item.recipient,
                    status: held.status,
                    consent_date: held.consent_date,
                    source: source?,
                    event: held.event,
                    retailer: retailers.get(&held.event).copied(),
                })
            })
            .collect();
        Ok(apart(channel, list.kind, records, |item| {
            self.is_at_its_limit(item)
        })
        .into_iter()
        .map(|items| NewList {
            due,
            ..self.other_kind(list, Operation::Add, items.into_iter().map(said).collect())
        })
        .collect())
    }
}

/// Records of a date at its limit that go out one by one; more of them share
/// lists, or they would take hours.
const SINGLES_MAX: usize = 200;

/// Lists in which no record harms another: refusals are not held up by a full
/// package (H525), and a date at its limit (W606) refuses nobody else (H467).
fn apart(
    channel: RegisteredChannel,
    kind: domain::RecipientKind,
    records: Vec<plan::AddItem>,
    is_at_its_limit: impl Fn(&plan::AddItem) -> bool,
) -> Vec<Vec<plan::AddItem>> {
    let (late, inside): (Vec<_>, Vec<_>) = records.into_iter().partition(is_at_its_limit);
    let (refusals, consents): (Vec<_>, Vec<_>) = inside
        .into_iter()
        .partition(|item| item.status == Status::Ret);
    let pack = |items| {
        plan::pack_adds(channel, kind, items)
            .into_iter()
            .map(|list| list.items)
    };
    let mut lists: Vec<_> = if late.len() <= SINGLES_MAX {
        late.into_iter().map(|item| vec![item]).collect()
    } else {
        let (refusals, consents): (Vec<_>, Vec<_>) = late
            .into_iter()
            .partition(|item| item.status == Status::Ret);
        pack(refusals).chain(pack(consents)).collect()
    };
    lists.extend(pack(refusals));
    lists.extend(pack(consents));
    lists
}

fn said(item: plan::AddItem) -> RegistryItem {
    RegistryItem {
        id: item.id,
        recipient: item.recipient,
        said: Some(ItemSaid {
            status: item.status,
            date: item.consent_date,
            source: item.source,
            event: item.event,
            retailer: item.retailer,
        }),
        sub_request: None,
    }
}

/// How many of the states İYS has confirmed, and how many it holds as refused
/// or would not take.
fn outcomes(states: &[StoredState]) -> (u64, u64) {
    let mut counts = (0, 0);
    for state in states {
        match state.registry.verdict {
            domain::Verdict::Onay => counts.0 += 1,
            domain::Verdict::Ret | domain::Verdict::Refused => counts.1 += 1,
            _ => {}
        }
    }
    counts
}
