//! Records that waited for their call, and what was said meanwhile: a consent
//! that a refusal overtook is not handed in any more (iys.md 5.3), and what
//! İYS's feeds show of an older state is asked about once more.

use std::collections::HashSet;

use domain::ids::EventId;
use domain::time::SECOND_US;
use domain::{Status, Verdict};
use registry::plan::{AddItem, Answered, Settled, after_add};
use registry::wire::AddAnswer;
use store::Writer;
use store::brands::Brand;
use store::consent::KeyState;
use store::registry_feed::Behind;
use store::registry_work::{ClaimedList, ItemSaid, NewList, Operation, RegistryItem};

use super::settle::ids;
use super::{add_item, asked};
use crate::Engine;
use crate::error::EngineError;

/// What İYS says to a consent past its three business days.
const TOO_OLD: &str = "H467";

/// What else must be known of the events of a list that is about to be added.
struct Marks {
    /// Kept from İYS until a person has looked (R802).
    withheld: HashSet<EventId>,
    /// Let in by a second person after the citizen's own refusal (R807).
    approved: HashSet<EventId>,
}

impl Engine {
    /// The list with only those records that are still the last word on their
    /// key; none when nothing is left of it. What was said later has a question
    /// of its own in the queue, which was put there with it.
    pub(super) async fn still_to_be_told(
        &self,
        list: &ClaimedList,
        brand: &Brand,
    ) -> Result<Option<ClaimedList>, EngineError> {
        let events: Vec<EventId> = list
            .items
            .iter()
            .filter_map(|item| Some(item.said.as_ref()?.event))
            .collect();
        let ids: Vec<_> = list.items.iter().map(|item| item.id).collect();
        let mut reader = self.store.read().await?;
        let states = reader
            .states_in_order(list.brand, list.channel, list.kind, &ids)
            .await?;
        let marks = Marks {
            withheld: reader.withheld_among(list.brand, &events).await?,
            approved: if states.iter().any(is_refused_by_citizen) {
                reader.approved_among(list.brand, &events).await?
            } else {
                HashSet::new()
            },
        };
        drop(reader);
        let (still, overtaken): (Vec<_>, Vec<_>) = list
            .items
            .iter()
            .cloned()
            .zip(states)
            .partition(|(item, state)| is_still_said(item, state, &marks));
        let (dead, still): (Vec<_>, Vec<_>) = still
            .into_iter()
            .partition(|(item, _)| self.is_dead(item, brand));
        if overtaken.is_empty() && dead.is_empty() {
            return Ok(Some(list.clone()));
        }
        tracing::info!(
            registry.batch = %list.id, brand.id = %list.brand, items = overtaken.len(),
            too_old = dead.len(),
            "records were overtaken by a later word or by their deadline before they were handed in"
        );
        metrics::counter!("izinli_registry_overtaken_total").increment(overtaken.len() as u64);
        let mut overtaken: Vec<RegistryItem> =
            overtaken.into_iter().map(|(item, _)| item).collect();
        let dead: Vec<RegistryItem> = dead.into_iter().map(|(item, _)| item).collect();
        let items: Vec<RegistryItem> = still.into_iter().map(|(item, _)| item).collect();
        let mut writer = self.store.write().await?;
        self.settle_dead(&mut writer, list, brand, &dead).await?;
        overtaken.extend(dead);
        if list.attempt > 1 {
            // An earlier try may have arrived although no answer came: what İYS
            // made of it is looked at when it has had the time to decide.
            let questions = self.questions_after_results(list, &overtaken);
            writer.enqueue_registry(&[questions]).await?;
        }
        if items.is_empty() {
            writer.finish_list(list).await?;
            writer.commit().await?;
            return Ok(None);
        }
        writer.commit().await?;
        Ok(Some(ClaimedList {
            items,
            ..list.clone()
        }))
    }

    /// Whether no reading of the three business days takes a record any more:
    /// İYS would refuse it (H467), so it is not called for that. Up to then İYS
    /// decides.
    fn is_dead(&self, item: &RegistryItem, brand: &Brand) -> bool {
        let now = self.now();
        // Before its activation date İYS takes consents of any age.
        let takes_any_age = brand.activation.is_some_and(|at| at > now);
        let said = item.said.as_ref().filter(|said| {
            said.status == Status::Onay && said.source != domain::Source::HS_2015 && !takes_any_age
        });
        said.is_some_and(|said| {
            let dates = self.counting().due_dates(said.date);
            dates.missing_year.is_none() && dates.grace < now
        })
    }

    /// Consents that are too old get the answer that İYS would give.
    async fn settle_dead(
        &self,
        writer: &mut Writer,
        list: &ClaimedList,
        brand: &Brand,
        dead: &[RegistryItem],
    ) -> Result<(), EngineError> {
        if dead.is_empty() {
            return Ok(());
        }
        let answered = Answered {
            asked_at: self.now(),
            batch: list.id,
        };
        let too_old = AddAnswer::Failed {
            code: Some(TOO_OLD.to_owned()),
            message: String::new(),
        };
        writer
            .update_mirror(
                brand.firm,
                brand.id,
                list.channel,
                list.kind,
                &ids(dead),
                |place, state| {
                    let record = dead.get(place).and_then(add_item)?;
                    match after_add(&state.registry, &record, &too_old, answered) {
                        Settled::Known(view) => Some(view),
                        Settled::LookUp(_) | Settled::Waiting | Settled::SendAgain => None,
                    }
                },
            )
            .await?;
        writer.count_outcomes(list, 0, dead.len() as u64).await?;
        Ok(())
    }

    fn questions_after_results(&self, list: &ClaimedList, items: &[RegistryItem]) -> NewList {
        let now = self.now();
        let seconds = self.settings.registry.poll_after_seconds.first();
        let due = now.plus_micros(2 * seconds.copied().unwrap_or(300) * SECOND_US);
        let items = items
            .iter()
            .map(|item| asked(item.id, item.recipient.clone()))
            .collect();
        NewList {
            due,
            ..self.other_kind(list, Operation::Ask, items)
        }
    }

    /// Questions about keys of which İYS's feeds show an older state than was
    /// said to us: the answer plans what must be told.
    pub(super) async fn ask_behind(
        &self,
        writer: &mut Writer,
        brand: &Brand,
        behind: Vec<Behind>,
    ) -> Result<(), EngineError> {
        let mut groups = std::collections::BTreeMap::<_, Vec<_>>::new();
        for key in behind {
            groups
                .entry((key.channel, key.kind))
                .or_default()
                .push((key.id, key.recipient));
        }
        let now = self.now();
        let lists: Vec<NewList> = groups
            .into_iter()
            .map(|((channel, kind), people)| {
                super::asks::recheck(brand.id, channel, kind, people, now)
            })
            .collect();
        writer.enqueue_registry(&lists).await?;
        Ok(())
    }

    /// Whether the stricter reading of the calendar has passed for a record, so
    /// that İYS decides about its date (W606).
    pub(super) fn is_at_its_limit(&self, item: &AddItem) -> bool {
        let limits = self.calendar.deadlines(item.consent_date.to_turkish());
        item.source != domain::Source::HS_2015
            && self.now().to_turkish() > limits.strict.min(limits.grace)
    }
}

fn is_refused_by_citizen(state: &KeyState) -> bool {
    state.registry.verdict == Verdict::Ret && state.registry.citizen
}

/// Whether a record of the key is under way, whose result plans what follows, or
/// İYS holds this very word: a look-up and a feed that both found the key behind
/// queued it twice.
fn is_told(item: &RegistryItem, state: &KeyState) -> bool {
    let Some(said) = &item.said else {
        return false;
    };
    let held = &state.registry;
    match held.verdict {
        Verdict::Pending => true,
        Verdict::Ret => said.status == Status::Ret,
        Verdict::Onay => said.status == Status::Onay && held.consent_date == Some(said.date),
        _ => false,
    }
}

fn is_still_said(item: &RegistryItem, state: &KeyState, marks: &Marks) -> bool {
    let Some(ItemSaid { status, event, .. }) = &item.said else {
        return false;
    };
    let is_last_word = state.local.is_some_and(|held| held.event == *event);
    // The citizen's refusal may have become known while the consent waited.
    let is_over_refusal = *status == Status::Onay && is_refused_by_citizen(state);
    is_last_word
        && !is_told(item, state)
        && !marks.withheld.contains(event)
        && (!is_over_refusal || marks.approved.contains(event))
}
