//! What an answer changes: the mirror, the ledger where İYS knows more than
//! we did, and the next step for each key; all in one transaction with the
//! list it settles.

use std::collections::HashSet;

use domain::ids::RecipientId;
use domain::{ReasonCode, RegistryMode, RegistryView, Status};
use registry::plan::{
    self, AddList, Answered, Fact, KeyState, Settled, Step, Trigger, Verdicts, after_add,
    after_look_up, after_refused_address, after_sending, next_step,
};
use registry::wire::{Accepted, AddAnswer, RegisteredChannel, ResultRow};
use store::Writer;
use store::brands::Brand;
use store::consent::KeyState as StoredState;
use store::registry_rejections::NewAnswer;
use store::registry_work::{ClaimedList, ItemSaid, NewList, Operation, RegistryFact, RegistryItem};

use super::calls::{LOOK_UPS_PER_LIST, LookedUp};
use super::{add_item, alarms, asked, rules, source_of};
use crate::Engine;
use crate::error::EngineError;

impl Engine {
    pub(super) async fn settle_look_ups(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        looked: LookedUp,
        answered: Answered,
    ) -> Result<(), EngineError> {
        let done: Vec<RegistryItem> = list.items.iter().take(looked.held.len()).cloned().collect();
        let rest: Vec<RegistryItem> = list.items.iter().skip(looked.held.len()).cloned().collect();
        let facts: Vec<RegistryFact> = done
            .iter()
            .zip(&looked.held)
            .filter_map(|(item, (_, held))| {
                let held = held.as_ref()?;
                Some(RegistryFact {
                    id: item.id,
                    recipient: item.recipient.clone(),
                    status: held.status,
                    date: held.consent_date?,
                    source: held.source.clone()?,
                })
            })
            .collect();
        let mut writer = self.store.write().await?;
        let states = writer
            .update_mirror(
                brand.firm,
                brand.id,
                list.channel,
                list.kind,
                &ids(&done),
                |place, state| {
                    let held = looked.held.get(place).and_then(|(_, held)| held.as_ref());
                    after_look_up(&state.registry, held, answered)
                },
            )
            .await?;
        writer
            .record_registry_facts(brand.firm, brand.id, list.channel, list.kind, &facts)
            .await?;
        self.plan_next(&mut writer, list, brand, &done, &states)
            .await?;
        if rest.is_empty() {
            writer.finish_list(list).await?;
            writer.commit().await?;
            return Ok(());
        }
        let Some(error) = looked.stopped_by else {
            let now = self.now();
            writer.postpone_list(list, &rest, now, false, None).await?;
            writer.commit().await?;
            return Ok(());
        };
        // What was answered stays; the others go on in a list of their own, and
        // this one ends as the call that failed says.
        writer
            .postpone_list(list, &rest, self.now(), false, Some(&error.to_string()))
            .await?;
        writer.commit().await?;
        self.rest_of_look_ups(list, brand, rest, &error, answered)
            .await
    }

    async fn rest_of_look_ups(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        rest: Vec<RegistryItem>,
        error: &registry::CallError,
        answered: Answered,
    ) -> Result<(), EngineError> {
        // Claimed again at once, so that the failure is handled under our own claim.
        let lease_until = self
            .now()
            .plus_micros(self.settings.registry.lease_seconds * domain::time::SECOND_US);
        let mut writer = self.store.write().await?;
        let again = writer
            .reclaim_list(list, self.worker(), lease_until)
            .await?;
        writer.commit().await?;
        let Some(mut again) = again else {
            return Ok(());
        };
        // The failing address is first; only it may be refused.
        again.items = rest;
        self.failed(&again, brand, error, answered).await
    }

    pub(super) async fn settle_accepted_list(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        records: &AddList,
        accepted: &Accepted,
    ) -> Result<(), EngineError> {
        let subs = plan::sub_requests_by_item(records, accepted);
        let mut items: Vec<RegistryItem> = list
            .items
            .iter()
            .filter(|item| item.said.is_some())
            .cloned()
            .collect();
        for (item, sub) in items.iter_mut().zip(subs) {
            item.sub_request = sub;
        }
        let now = self.now();
        let next = self.poll_schedule().next(now, now).unwrap_or(now);
        let mut writer = self.store.write().await?;
        writer
            .update_mirror(
                brand.firm,
                brand.id,
                list.channel,
                list.kind,
                &ids(&items),
                |place, state| {
                    let sent = items.get(place)?.said.as_ref()?.status;
                    Some(after_sending(&state.registry, sent))
                },
            )
            .await?;
        let takes_consents = items.iter().any(|item| {
            let said = item.said.as_ref();
            said.is_some_and(|said| said.status == Status::Onay)
        });
        alarms::account_works(&mut writer, brand, takes_consents).await?;
        writer
            .await_results(list, &accepted.request_id, &items, next)
            .await?;
        writer.commit().await?;
        Ok(())
    }

    pub(super) async fn settle_results(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        rows: &[ResultRow],
        answered: Answered,
    ) -> Result<(), EngineError> {
        let subs: Vec<Option<String>> = list
            .items
            .iter()
            .map(|item| item.sub_request.clone())
            .collect();
        let answers: Vec<Option<AddAnswer>> = plan::results_by_item(&subs, rows)
            .into_iter()
            .map(Option::<&AddAnswer>::cloned)
            .collect();
        let mut after = Vec::with_capacity(list.items.len());
        let mut writer = self.store.write().await?;
        let states = writer
            .update_mirror(
                brand.firm,
                brand.id,
                list.channel,
                list.kind,
                &ids(&list.items),
                |place, state| {
                    let (view, next) = settled(list, &answers, place, state, answered);
                    after.push(next);
                    view
                },
            )
            .await?;
        let told = list.items.iter().zip(&answers);
        let refusals = told.filter_map(|(item, answer)| words_of(item, answer.as_ref()?));
        let refusals: Vec<NewAnswer> = refusals.collect();
        writer
            .note_answers(brand.id, list.channel, list.kind, &refusals)
            .await?;
        let open = pick(&list.items, &after, After::Waits);
        let again = pick(&list.items, &after, After::SendAgain);
        let looked = pick(&list.items, &after, After::LookUp);
        let known: Vec<usize> = (0..after.len())
            .filter(|place| after.get(*place) == Some(&After::Known))
            .collect();
        let (items, held): (Vec<_>, Vec<_>) = known
            .iter()
            .filter_map(|place| {
                Some((list.items.get(*place)?.clone(), states.get(*place)?.clone()))
            })
            .unzip();
        self.plan_next(&mut writer, list, brand, &items, &held)
            .await?;
        let mut lists = self.look_up_lists(list, &looked);
        if !again.is_empty() {
            let again = again
                .into_iter()
                .map(|item| RegistryItem {
                    sub_request: None,
                    ..item
                })
                .collect();
            lists.push(NewList {
                due: self.now().plus_micros(60 * domain::time::SECOND_US),
                ..self.other_kind(list, Operation::Add, again)
            });
        }
        self.go_on_polling(&mut writer, list, open, &mut lists)
            .await?;
        writer.enqueue_registry(&lists).await?;
        writer.commit().await?;
        Ok(())
    }

    /// Undecided records are asked about again, until İYS would have forgotten
    /// the call; then they are looked up.
    async fn go_on_polling(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        open: Vec<RegistryItem>,
        lists: &mut Vec<NewList>,
    ) -> Result<(), EngineError> {
        if open.is_empty() {
            writer.finish_list(list).await?;
            return Ok(());
        }
        let now = self.now();
        let schedule = self.poll_schedule();
        let handed_over = list.accepted_at.unwrap_or(now);
        if let Some(next) = schedule.next(handed_over, now) {
            let overdue = schedule
                .is_overdue(handed_over, now)
                .then_some("İYS has not decided within a day");
            writer
                .postpone_list(list, &open, next, false, overdue)
                .await?;
        } else {
            lists.extend(self.look_up_lists(list, &open));
            writer.finish_list(list).await?;
        }
        Ok(())
    }

    /// İYS named items of a list: those are settled, the others go on.
    pub(super) async fn settle_named(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        named: &Verdicts,
        answered: Answered,
    ) -> Result<(), EngineError> {
        let places: HashSet<usize> = named.iter().map(|(place, _)| *place).collect();
        let items: Vec<RegistryItem> = named
            .iter()
            .filter_map(|(place, _)| list.items.get(*place).cloned())
            .collect();
        let rest: Vec<RegistryItem> = list
            .items
            .iter()
            .enumerate()
            .filter(|(place, _)| !places.contains(place))
            .map(|(_, item)| item.clone())
            .collect();
        let mut looked = Vec::new();
        let mut writer = self.store.write().await?;
        writer
            .update_mirror(
                brand.firm,
                brand.id,
                list.channel,
                list.kind,
                &ids(&items),
                |place, state| {
                    let item = items.get(place)?;
                    let (_, answer) = named.get(place)?;
                    match add_item(item) {
                        Some(record) => match after_add(&state.registry, &record, answer, answered)
                        {
                            Settled::Known(view) => Some(about_now(view, &record, state)),
                            Settled::LookUp(view) => {
                                looked.push(item.clone());
                                Some(about_now(view, &record, state))
                            }
                            Settled::Waiting | Settled::SendAgain => None,
                        },
                        None => after_refused_address(&state.registry, code_of(answer), answered),
                    }
                },
            )
            .await?;
        let told = items.iter().zip(named.iter());
        let refusals = told.filter_map(|(item, (_, answer))| words_of(item, answer));
        let refusals: Vec<NewAnswer> = refusals.collect();
        writer
            .note_answers(brand.id, list.channel, list.kind, &refusals)
            .await?;
        let refused = items.len().saturating_sub(looked.len()) as u64;
        writer.count_outcomes(list, 0, refused).await?;
        let lists = self.look_up_lists(list, &looked);
        writer.enqueue_registry(&lists).await?;
        if rest.is_empty() {
            writer.finish_list(list).await?;
        } else {
            writer
                .postpone_list(list, &rest, self.now(), false, None)
                .await?;
        }
        writer.commit().await?;
        Ok(())
    }

    fn look_up_lists(&self, list: &ClaimedList, items: &[RegistryItem]) -> Vec<NewList> {
        items
            .chunks(LOOK_UPS_PER_LIST)
            .map(|items| {
                let items = items
                    .iter()
                    .map(|item| asked(item.id, item.recipient.clone()))
                    .collect();
                self.other_kind(list, Operation::LookUp, items)
            })
            .collect()
    }

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
            match (next_step(&rules, &key, Trigger::Answer, now), state.local) {
                // İYS leads in this mode: what it does not confirm is not sent,
                // whatever the reason, and look-ups are few.
                (Step::LookUp, _) if brand.mode == RegistryMode::Sync => {}
                (Step::LookUp, _) => look_ups.push(asked(item.id, item.recipient.clone())),
                (Step::Add | Step::WaitUntil(_), _) if only_asks => {}
                (Step::Add, Some(held)) => adds.push((item.clone(), held, now)),
                (Step::WaitUntil(at), Some(held)) => adds.push((item.clone(), held, at)),
                (Step::Ask, _) if list.operation != Operation::Ask => {
                    asks.push(asked(item.id, item.recipient.clone()));
                }
                _ => {}
            }
        }
        let mut lists = self.look_up_lists(list, &look_ups);
        lists.extend(self.add_lists(writer, list, adds).await?);
        if !asks.is_empty() {
            lists.push(self.other_kind(list, Operation::Ask, asks));
        }
        writer.enqueue_registry(&lists).await?;
        Ok(())
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
        pack(late).collect()
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

pub(super) fn ids(items: &[RegistryItem]) -> Vec<RecipientId> {
    items.iter().map(|item| item.id).collect()
}

/// What follows for one record after its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Known,
    LookUp,
    Waits,
    SendAgain,
}

fn settled(
    list: &ClaimedList,
    answers: &[Option<AddAnswer>],
    place: usize,
    state: &StoredState,
    answered: Answered,
) -> (Option<RegistryView>, After) {
    let record = list.items.get(place).and_then(add_item);
    let (Some(record), Some(Some(answer))) = (record, answers.get(place)) else {
        return (None, After::Waits);
    };
    match after_add(&state.registry, &record, answer, answered) {
        Settled::Known(view) => (Some(about_now(view, &record, state)), After::Known),
        Settled::LookUp(view) => (Some(about_now(view, &record, state)), After::LookUp),
        Settled::Waiting => (None, After::Waits),
        Settled::SendAgain => (None, After::SendAgain),
    }
}

/// That İYS holds the same or something newer is an argument against the record
/// that was sent, not against what was said to us while it was under way.
fn about_now(view: RegistryView, sent: &plan::AddItem, state: &StoredState) -> RegistryView {
    let is_argument = matches!(view.code, Some(ReasonCode::I174 | ReasonCode::I178));
    let is_overtaken = state.local.is_some_and(|held| held.event != sent.event);
    if is_argument && is_overtaken {
        RegistryView { code: None, ..view }
    } else {
        view
    }
}

fn pick(items: &[RegistryItem], after: &[After], wanted: After) -> Vec<RegistryItem> {
    items
        .iter()
        .zip(after)
        .filter(|(_, after)| **after == wanted)
        .map(|(item, _)| item.clone())
        .collect()
}

/// İYS's own words about a record that it would not take.
fn words_of(item: &RegistryItem, answer: &AddAnswer) -> Option<NewAnswer> {
    match answer {
        AddAnswer::Failed { code, message } => Some(NewAnswer {
            recipient: item.id,
            code: code.clone().unwrap_or_default(),
            text: message.clone(),
        }),
        AddAnswer::Recorded(_) | AddAnswer::Enqueued => None,
    }
}

fn code_of(answer: &AddAnswer) -> Option<&str> {
    match answer {
        AddAnswer::Failed { code, .. } => code.as_deref(),
        AddAnswer::Recorded(_) | AddAnswer::Enqueued => None,
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
