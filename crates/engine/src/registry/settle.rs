//! What an answer changes: the mirror, the ledger where İYS knows more than
//! we did, and the next step for each key; all in one transaction with the
//! list it settles.

use std::collections::HashSet;

use domain::ids::RecipientId;
use domain::{LocalState, ReasonCode, RegistryMode, RegistryView, Status, Verdict};
use registry::plan::{
    self, AddList, Answered, Settled, Verdicts, after_add, after_look_up, after_refused_address,
    after_sending,
};
use registry::wire::{Accepted, AddAnswer, ResultRow};
use store::Writer;
use store::brands::Brand;
use store::consent::KeyState as StoredState;
use store::registry_rejections::NewAnswer;
use store::registry_rests::RestScope;
use store::registry_work::{ClaimedList, NewList, Operation, RegistryFact, RegistryItem};

use super::calls::{LOOK_UPS_PER_LIST, LookedUp};
use super::overdue::Undecided;
use super::via::via_evidence;
use super::{add_item, alarms, asked};
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
        let mut facts: Vec<RegistryFact> = done
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
                    evidence: None,
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
                    let view = after_look_up(&state.registry, held, answered)?;
                    Some(in_mode(brand.mode, view, state.local.as_ref()))
                },
            )
            .await?;
        for fact in &mut facts {
            fact.evidence = via_evidence(&mut writer, list, fact).await?;
        }
        writer
            .record_registry_facts(brand.firm, brand.id, list.channel, list.kind, &facts)
            .await?;
        self.plan_next(&mut writer, list, brand, &done, &states)
            .await?;
        if !done.is_empty() {
            let works = [RestScope::Account, RestScope::of(list.channel)];
            alarms::account_works(&mut writer, brand, &works).await?;
        }
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
        let mut works = vec![RestScope::Account, RestScope::of(list.channel)];
        if takes_consents {
            works.push(RestScope::Consents);
        }
        alarms::account_works(&mut writer, brand, &works).await?;
        alarms::list_was_taken(&mut writer, brand).await?;
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
        if list.request_id.is_none() {
            self.note_single_works(&mut writer, list, brand, &answers)
                .await?;
        }
        let told = list.items.iter().zip(&answers);
        let refusals = told.filter_map(|(item, answer)| words_of(item, answer.as_ref()?));
        let refusals: Vec<NewAnswer> = refusals.collect();
        writer
            .note_answers(brand.id, list.channel, list.kind, &refusals)
            .await?;
        let named = refusals.iter().map(|told| (&*told.code, &*told.text));
        alarms::records_were_named(&mut writer, brand, named).await?;
        let mut open = Undecided::default();
        for ((item, state), after) in list.items.iter().zip(&states).zip(&after) {
            if *after == After::Waits {
                open.add(item, state);
            }
        }
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
        self.go_on_polling(&mut writer, list, brand, open, &mut lists)
            .await?;
        writer.enqueue_registry(&lists).await?;
        writer.commit().await?;
        Ok(())
    }

    /// İYS recorded what went out alone: what rested of its kind rests no more.
    async fn note_single_works(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        brand: &Brand,
        answers: &[Option<AddAnswer>],
    ) -> Result<(), EngineError> {
        let is_recorded = matches!(answers, [Some(AddAnswer::Recorded(_))]);
        let said = list.items.first().and_then(|item| item.said.as_ref());
        let Some(said) = said.filter(|_| is_recorded) else {
            return Ok(());
        };
        let mut works = vec![RestScope::Account, RestScope::of(list.channel)];
        if said.status == Status::Onay {
            works.push(RestScope::Consents);
        }
        alarms::account_works(writer, brand, &works).await
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
        let named = refusals.iter().map(|told| (&*told.code, &*told.text));
        alarms::records_were_named(&mut writer, brand, named).await?;
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

    pub(super) fn look_up_lists(&self, list: &ClaimedList, items: &[RegistryItem]) -> Vec<NewList> {
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
}

pub(super) fn ids(items: &[RegistryItem]) -> Vec<RecipientId> {
    items.iter().map(|item| item.id).collect()
}

/// Where no record may be made, a consent without one is void for that reason.
fn in_mode(mode: RegistryMode, view: RegistryView, local: Option<&LocalState>) -> RegistryView {
    let is_consent = local.is_some_and(|said| said.status == Status::Onay);
    if mode == RegistryMode::Sync && view.verdict == Verdict::NoRecord && is_consent {
        RegistryView {
            code: Some(ReasonCode::I200),
            ..view
        }
    } else {
        view
    }
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
