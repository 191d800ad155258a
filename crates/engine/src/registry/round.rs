//! A round of calls: as many under way at a time as the settings say, each
//! followed at once by the next list that is due.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use domain::Timestamp;
use domain::ids::BrandId;
use store::brands::Brand;
use store::registry_work::ClaimedList;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::Line;
use crate::error::EngineError;
use crate::{Engine, Step};

/// Lists called in one round; then pulls, pushes and the rest have their turn.
pub(super) const LISTS_MAX: usize = 64;
/// No list is begun in a round that is older.
const ROUND_US: i64 = 5 * domain::time::SECOND_US;

/// A list with what its call needs.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) list: ClaimedList,
    pub(super) brand: Arc<Brand>,
    /// None while the brand's account is not filled in.
    pub(super) line: Option<Line>,
    /// Afterwards another may take the list over.
    pub(super) lease_until: Timestamp,
}

#[derive(Debug)]
struct Round {
    /// Only its lists, or those of all.
    brand: Option<BrandId>,
    began: Timestamp,
    supply: Mutex<Supply>,
}

#[derive(Debug)]
struct Supply {
    claimed: VecDeque<Claim>,
    /// Lists that may still be claimed in this round.
    left: usize,
    taken: usize,
}

impl Engine {
    /// Makes the calls that are due, of one brand or of all, up to `lists_max`.
    pub(super) async fn call_due(
        self: &Arc<Self>,
        brand: Option<BrandId>,
        lists_max: usize,
    ) -> Result<Step, EngineError> {
        let round = Arc::new(Round {
            brand,
            began: self.now(),
            supply: Mutex::new(Supply {
                claimed: VecDeque::new(),
                left: lists_max,
                taken: 0,
            }),
        });
        // Nobody is sent for when there is nothing to do.
        let Some(first) = self.next_claim(&round).await? else {
            return Ok(Step::Idle);
        };
        let mut callers = JoinSet::new();
        let mut first = Some(first);
        for _ in 0..self.settings.registry.concurrency.max(1) {
            let (engine, round, mine) = (Arc::clone(self), Arc::clone(&round), first.take());
            callers.spawn(async move { engine.call_one_after_another(&round, mine).await });
        }
        while let Some(ended) = callers.join_next().await {
            ended
                .map_err(|error| EngineError::Internal(format!("a call ended badly: {error}")))??;
        }
        let taken = round.supply.lock().await.taken;
        Ok(Step::of(taken))
    }

    async fn call_one_after_another(
        &self,
        round: &Round,
        mut next: Option<Claim>,
    ) -> Result<(), EngineError> {
        loop {
            let claim = match next.take() {
                Some(claim) => claim,
                None => match self.next_claim(round).await? {
                    Some(claim) => claim,
                    None => return Ok(()),
                },
            };
            match self.work_list(claim).await {
                Ok(()) => {}
                // Taken over while we were busy: whoever has it settles it.
                Err(EngineError::Conflict { problem, .. }) => {
                    tracing::info!("registry work was taken over: {problem}");
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next list of the round; none when it is over.
    async fn next_claim(&self, round: &Round) -> Result<Option<Claim>, EngineError> {
        let mut supply = round.supply.lock().await;
        if supply.claimed.is_empty() {
            let wanted = supply.left.min(self.settings.registry.concurrency.max(1));
            let is_over = self.now().since(round.began) > ROUND_US;
            if wanted == 0 || is_over || self.is_stopping() {
                supply.left = 0;
                return Ok(None);
            }
            if round.brand.is_none() {
                // A walk over everybody keeps a few lists ahead of us.
                self.sweep_due().await?;
            }
            supply.claimed = self.claims(round.brand, wanted).await?;
            supply.left = match supply.claimed.len() {
                0 => 0,
                count => supply.left.saturating_sub(count),
            };
            supply.taken += supply.claimed.len();
        }
        Ok(supply.claimed.pop_front())
    }

    async fn claims(
        &self,
        brand: Option<BrandId>,
        wanted: usize,
    ) -> Result<VecDeque<Claim>, EngineError> {
        let lease_us = self.settings.registry.lease_seconds * domain::time::SECOND_US;
        let lease_until = self.now().plus_micros(lease_us);
        let mut writer = self.store.write().await?;
        let lists = writer
            .claim_lists(self.worker(), lease_until, brand, wanted)
            .await?;
        writer.commit().await?;
        let mut known: BTreeMap<BrandId, (Arc<Brand>, Option<Line>)> = BTreeMap::new();
        let mut claims = VecDeque::with_capacity(lists.len());
        for list in lists {
            if !known.contains_key(&list.brand) {
                let brand = self.store.read().await?.brand_at_work(list.brand).await?;
                let line = if brand.mode.is_connected() {
                    self.line(list.brand).await?
                } else {
                    None
                };
                known.insert(list.brand, (Arc::new(brand), line));
            }
            if let Some((brand, line)) = known.get(&list.brand) {
                claims.push_back(Claim {
                    list,
                    brand: Arc::clone(brand),
                    line: line.clone(),
                    lease_until,
                });
            }
        }
        Ok(claims)
    }
}
