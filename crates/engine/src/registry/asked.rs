//! Answers to questions, written: lists whose answers come back while others
//! are being written are written together in the next transaction.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::ids::{BrandId, RecipientId};
use domain::{ReasonCode, Recipient, RegistryMode, Status, Verdict};
use registry::plan::{Answered, after_status};
use registry::wire::Confirmed;
use store::Writer;
use store::brands::Brand;
use store::registry_rests::RestScope;
use store::registry_work::{ClaimedList, ConfirmedList, RegistryItem};

use super::alarms;
use super::refusals::{KnownUpTo, no_record};
use super::settle::ids;
use crate::Engine;
use crate::error::EngineError;
use crate::group::Group;

/// Lists whose answers are written in one transaction.
const WRITTEN_TOGETHER_MAX: usize = 8;

/// İYS's answer to a list of questions.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) list: ClaimedList,
    pub(super) brand: Arc<Brand>,
    pub(super) confirmed: Confirmed,
    pub(super) answered: Answered,
    pub(super) up_to: KnownUpTo,
}

/// Answers that wait to be written.
#[derive(Debug)]
pub(crate) struct Answers(Group<Arc<Asked>, Result<(), EngineError>>);

impl Default for Answers {
    fn default() -> Self {
        Self(Group::of(WRITTEN_TOGETHER_MAX))
    }
}

impl Engine {
    /// Has an answer written, together with others that came meanwhile.
    pub(super) async fn write_answer(&self, asked: Asked) -> Result<(), EngineError> {
        let count = asked.list.items.len() as u64;
        self.answers
            .0
            .join(Arc::new(asked), |asked| self.write_answers(asked))
            .await?;
        metrics::counter!("izinli_registry_addresses_asked_total").increment(count);
        Ok(())
    }

    /// Writes the answers of each brand in one transaction; what does not go
    /// together goes one by one, so that a list that was taken over harms no other.
    async fn write_answers(&self, asked: Vec<Arc<Asked>>) -> Vec<Result<(), EngineError>> {
        let mut by_brand: BTreeMap<BrandId, Vec<usize>> = BTreeMap::new();
        for (place, answer) in asked.iter().enumerate() {
            by_brand.entry(answer.brand.id).or_default().push(place);
        }
        let mut written: BTreeMap<usize, Result<(), EngineError>> = BTreeMap::new();
        for places in by_brand.into_values() {
            let together: Vec<&Asked> = places
                .iter()
                .filter_map(|place| asked.get(*place).map(AsRef::as_ref))
                .collect();
            match self.settle_asks(&together).await {
                Ok(()) => written.extend(places.into_iter().map(|place| (place, Ok(())))),
                Err(error) if together.len() == 1 => {
                    written.extend(places.into_iter().zip([Err(error)]));
                }
                Err(_) => {
                    for (place, one) in places.into_iter().zip(together) {
                        written.insert(place, self.settle_asks(&[one]).await);
                    }
                }
            }
        }
        written.into_values().collect()
    }
    /// Writes İYS's answers to lists of questions of one brand, and queues what
    /// follows, in one transaction.
    pub(super) async fn settle_asks(&self, asked: &[&Asked]) -> Result<(), EngineError> {
        let Some(last) = asked.last() else {
            return Ok(());
        };
        let mut writer = self.store.write().await?;
        for one in asked {
            self.settle_ask(&mut writer, one).await?;
        }
        let mut works: Vec<RestScope> = asked
            .iter()
            .map(|one| RestScope::of(one.list.channel))
            .chain([RestScope::Account])
            .collect();
        works.sort_unstable();
        works.dedup();
        alarms::account_works(&mut writer, &last.brand, &works).await?;
        let lists: Vec<&ClaimedList> = asked.iter().map(|one| &one.list).collect();
        writer.finish_lists(&lists).await?;
        writer.commit().await?;
        Ok(())
    }

    /// Most are confirmed, and nothing follows from it: those are written
    /// without a look at what is held. The others are decided about one by one.
    async fn settle_ask(&self, writer: &mut Writer, asked: &Asked) -> Result<(), EngineError> {
        let (list, brand) = (&asked.list, &asked.brand);
        let listed: HashSet<&Recipient> = asked.confirmed.recipients.iter().collect();
        let (confirmed, missing): (Vec<&RegistryItem>, Vec<&RegistryItem>) = list
            .items
            .iter()
            .partition(|item| listed.contains(&item.recipient));
        let confirmed: Vec<RecipientId> = confirmed.into_iter().map(|item| item.id).collect();
        let plainly = ConfirmedList {
            brand: brand.id,
            channel: list.channel,
            kind: list.kind,
            recipients: &confirmed,
            asked_at: asked.answered.asked_at,
            batch: asked.answered.batch,
            renews: brand.sends_renewals,
        };
        let written = writer.confirm_plainly(&plainly).await?;
        // Who of the list needs a look is not said, so all of it gets one; it
        // leaves as it is what has just been written.
        let open: Vec<RegistryItem> = if written >= confirmed.len() as u64 {
            writer.count_outcomes(list, written, 0).await?;
            missing.into_iter().cloned().collect()
        } else {
            list.items.clone()
        };
        if open.is_empty() {
            return Ok(());
        }
        self.decide_singly(writer, asked, &listed, &open).await
    }

    async fn decide_singly(
        &self,
        writer: &mut Writer,
        asked: &Asked,
        listed: &HashSet<&Recipient>,
        items: &[RegistryItem],
    ) -> Result<(), EngineError> {
        let (list, brand) = (&asked.list, &asked.brand);
        let mode = brand.mode;
        let states = writer
            .update_mirror(
                brand.firm,
                brand.id,
                list.channel,
                list.kind,
                &ids(items),
                |place, state| {
                    let is_listed = items
                        .get(place)
                        .is_some_and(|item| listed.contains(&item.recipient));
                    let local = state.local.map(|held| held.status);
                    let mut view = after_status(&state.registry, local, is_listed, asked.answered)?;
                    if mode == RegistryMode::Sync
                        && view.verdict == Verdict::NotConfirmed
                        && local == Some(Status::Onay)
                    {
                        // No record that we could confirm, and none may be made in this mode.
                        view.code = Some(ReasonCode::I200);
                    }
                    if asked.up_to.has_no_record(&view, state.local.as_ref()) {
                        view = no_record(&view);
                    }
                    Some(view)
                },
            )
            .await?;
        self.plan_next(writer, list, brand, items, &states).await
    }
}
