//! What citizens changed at İYS comes in: page by page, each with its cursor
//! in the transaction that applies it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use domain::ids::{BrandId, RecipientId, RegistryBatchId};
use domain::{Channel, RecipientKind, Timestamp};
use registry::LIST_MAX;
use registry::plan::after_change;
use registry::wire::{Change, ChangesPage, Feed};
use store::brands::Brand;
use store::registry_accounts::RegistryFeed;
use store::registry_work::RegistryFact;

use crate::error::EngineError;
use crate::{Engine, Step};

/// Stands for the change feed where a verdict names the call it rests on.
const FEED: RegistryBatchId = RegistryBatchId::from_db(0);
/// Brands looked at in one step.
const BRANDS_MAX: usize = 1_000;
/// Pages of one brand before others have their turn.
const PAGES_MAX: usize = 20;

/// How long a brand's feed rests after a pull that failed.
const REST_SECONDS: i64 = 60;

/// Feeds that rest after a failure, in this process.
#[derive(Debug, Default)]
pub(crate) struct PullRests(Mutex<HashMap<BrandId, Timestamp>>);

impl PullRests {
    fn is_over(&self, brand: BrandId, now: Timestamp) -> bool {
        let rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.get(&brand).is_none_or(|until| *until <= now)
    }

    fn begin(&self, brand: BrandId, now: Timestamp) {
        let until = now.plus_micros(REST_SECONDS * domain::time::SECOND_US);
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.insert(brand, until);
    }
}

type Groups = BTreeMap<(Channel, RecipientKind), Vec<(RecipientId, Change)>>;

impl Engine {
    /// Pulls the feeds of brands whose turn it is.
    pub(super) async fn pull_due(&self) -> Result<Step, EngineError> {
        let brands = self
            .store
            .read()
            .await?
            .connected_brands(None, BRANDS_MAX)
            .await?;
        let every_us = self.settings.registry.pull_minutes * domain::time::MINUTE_US;
        let mut step = Step::Idle;
        for brand in brands {
            let position = self
                .store
                .read()
                .await?
                .feed_position(brand.id, RegistryFeed::Citizen)
                .await?;
            let is_due = position
                .as_ref()
                .is_none_or(|held| self.now().since(held.pulled_at) >= every_us);
            if is_due && self.pull_rests.is_over(brand.id, self.now()) {
                let pulled = self.pull(&brand).await?;
                if pulled == Step::Idle {
                    self.pull_rests.begin(brand.id, self.now());
                }
                step = step.or(pulled);
            }
        }
        Ok(step)
    }

    /// Pulls what citizens changed for a brand; returns whether İYS answered.
    ///
    /// # Errors
    /// [`EngineError`] when the store cannot; a failed call is logged and
    /// comes again with the next turn.
    pub async fn pull(&self, brand: &Brand) -> Result<Step, EngineError> {
        let Some(line) = self.line(brand.id).await? else {
            return Ok(Step::Idle);
        };
        for _ in 0..PAGES_MAX {
            let position = self
                .store
                .read()
                .await?
                .feed_position(brand.id, RegistryFeed::Citizen)
                .await?;
            let cursor = position.and_then(|held| held.cursor);
            let page = line
                .client
                .changes(line.address, Feed::Citizen, cursor.as_deref(), LIST_MAX)
                .await;
            match page {
                Ok(page) => {
                    let is_full = page.changes.len() >= LIST_MAX;
                    self.apply_page(brand, cursor.as_deref(), page).await?;
                    if !is_full {
                        return Ok(Step::Did);
                    }
                }
                Err(error) => {
                    tracing::warn!(brand.id = %brand.id, "the changes could not be pulled: {error}");
                    return Ok(Step::Idle);
                }
            }
        }
        Ok(Step::Did)
    }

    async fn apply_page(
        &self,
        brand: &Brand,
        from: Option<&str>,
        page: ChangesPage,
    ) -> Result<(), EngineError> {
        let pulled_at = self.now();
        let after = page.after.clone().or_else(|| from.map(str::to_owned));
        let groups = self.known_people(brand, page.changes).await?;
        let mut writer = self.store.write().await?;
        for ((channel, kind), changes) in groups {
            let ids: Vec<RecipientId> = changes.iter().map(|(id, _)| *id).collect();
            writer
                .update_mirror(brand.firm, brand.id, channel, kind, &ids, |place, state| {
                    let (_, change) = changes.get(place)?;
                    after_change(&state.registry, change, pulled_at, FEED)
                })
                .await?;
            let facts: Vec<RegistryFact> = changes.into_iter().filter_map(fact).collect();
            writer
                .record_registry_facts(brand.firm, brand.id, channel, kind, &facts)
                .await?;
        }
        writer
            .advance_feed(brand.id, RegistryFeed::Citizen, from, after.as_deref())
            .await?;
        writer.commit().await?;
        Ok(())
    }

    /// Changes of addresses that the firm knows, the last of each key.
    async fn known_people(
        &self,
        brand: &Brand,
        changes: Vec<Change>,
    ) -> Result<Groups, EngineError> {
        let recipients: Vec<_> = changes
            .iter()
            .map(|change| change.recipient.clone())
            .collect();
        let ids = self
            .store
            .read()
            .await?
            .recipient_ids(brand.firm, &recipients)
            .await?;
        let mut groups: BTreeMap<(Channel, RecipientKind), BTreeMap<RecipientId, Change>> =
            BTreeMap::new();
        for (change, id) in changes.into_iter().zip(ids) {
            let Some(id) = id else { continue };
            let key = (change.channel.channel(), change.kind);
            // The feed is sorted by time, so a later row replaces an earlier one.
            groups.entry(key).or_default().insert(id, change);
        }
        Ok(groups
            .into_iter()
            .map(|(key, people)| (key, people.into_iter().collect()))
            .collect())
    }
}

fn fact((id, change): (RecipientId, Change)) -> Option<RegistryFact> {
    Some(RegistryFact {
        id,
        recipient: change.recipient,
        status: change.held.status,
        date: change.held.consent_date?,
        source: change.held.source?,
    })
}
