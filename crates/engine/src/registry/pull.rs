//! What changed at İYS comes in, from both feeds: whose turn it is, and from
//! where a feed is read on. [`super::pages`] applies it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use domain::ids::{BrandId, RegistryBatchId};
use domain::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use registry::Class;
use registry::plan::after_change;
use registry::wire::{Change, HeldRecord, RegisteredChannel};
use store::brands::Brand;
use store::registry_accounts::{FeedPosition, RegistryFeed};
use store::registry_feed::Movement;

use super::pages::{Applied, Place, fetch_page};
use crate::error::EngineError;
use crate::{Engine, Step};

/// Stands for the change feed where a verdict names the call it rests on.
const FEED: RegistryBatchId = RegistryBatchId::from_db(0);
/// Brands looked at in one step.
pub(super) const BRANDS_MAX: usize = 1_000;
/// A place in the feed that is older is not gone on from: İYS shows seven days.
const CURSOR_US_MAX: i64 = 6 * DAY_US;
/// How long a brand's feed rests after a pull that failed.
const REST_SECONDS: i64 = 60;

/// Feeds that rest after a failure, in this process.
#[derive(Debug, Default)]
pub(crate) struct PullRests(Mutex<HashMap<(BrandId, RegistryFeed), Timestamp>>);

impl PullRests {
    fn is_over(&self, brand: BrandId, feed: RegistryFeed, now: Timestamp) -> bool {
        let rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.get(&(brand, feed)).is_none_or(|until| *until <= now)
    }

    fn begin(&self, brand: BrandId, feed: RegistryFeed, now: Timestamp) {
        let until = now.plus_micros(REST_SECONDS * SECOND_US);
        let mut rests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rests.insert((brand, feed), until);
    }
}

/// What became of a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pulled {
    /// The feed was read to its end.
    Complete,
    /// There is more.
    More,
    /// İYS did not answer, or the brand's account is not filled in.
    Failed,
}

impl Engine {
    /// Pulls the feeds of brands whose turn it is.
    pub(super) async fn pull_due(&self) -> Result<Step, EngineError> {
        let brands = self
            .store
            .read()
            .await?
            .connected_brands(None, BRANDS_MAX)
            .await?;
        let mut step = Step::Idle;
        for brand in brands {
            for feed in [RegistryFeed::Citizen, RegistryFeed::Firm] {
                if self.is_stopping() {
                    return Ok(step);
                }
                let now = self.now();
                let position = self.feed_position(brand.id, feed).await?;
                if !self.is_due(feed, position.as_ref(), now)
                    || !self.pull_rests.is_over(brand.id, feed, now)
                {
                    continue;
                }
                match self.pull_feed(&brand, feed).await? {
                    Pulled::Failed => self.pull_rests.begin(brand.id, feed, self.now()),
                    Pulled::Complete if feed == RegistryFeed::Citizen => {
                        self.recount(&brand).await?;
                        step = Step::Did;
                    }
                    Pulled::Complete | Pulled::More => step = Step::Did,
                }
            }
        }
        Ok(step)
    }

    /// Right behind the feed our count of refusals is at its best.
    async fn recount(&self, brand: &Brand) -> Result<(), EngineError> {
        if brand.mode == domain::RegistryMode::Integrator
            && let Some(line) = self.line(brand.id).await?
            && let Some(count) = self.count_refusals(brand, &line).await?
        {
            self.search_refusals(brand, &count).await?;
        }
        Ok(())
    }

    /// A feed that was not read to its end goes on at once.
    fn is_due(&self, feed: RegistryFeed, position: Option<&FeedPosition>, now: Timestamp) -> bool {
        let settings = &self.settings.registry;
        let every_minutes = match feed {
            RegistryFeed::Citizen => settings.pull_minutes,
            RegistryFeed::Firm => settings.firm_pull_minutes,
        };
        let Some(position) = position else {
            return true;
        };
        let is_complete = position
            .complete_at
            .is_some_and(|at| at >= position.pulled_at);
        !is_complete || now.since(position.pulled_at) >= every_minutes * MINUTE_US
    }

    async fn feed_position(
        &self,
        brand: BrandId,
        feed: RegistryFeed,
    ) -> Result<Option<FeedPosition>, EngineError> {
        let mut reader = self.store.read().await?;
        Ok(reader.feed_position(brand, feed).await?)
    }

    /// Pulls both feeds of a brand; returns whether İYS answered.
    ///
    /// # Errors
    /// [`EngineError`] when the store cannot; a failed call is logged and
    /// comes again with the next turn.
    pub async fn pull(&self, brand: &Brand) -> Result<Step, EngineError> {
        self.watch_feed(brand).await?;
        let mut step = Step::Did;
        for feed in [RegistryFeed::Citizen, RegistryFeed::Firm] {
            if self.pull_feed(brand, feed).await? == Pulled::Failed {
                step = Step::Idle;
            }
        }
        Ok(step)
    }

    /// Reads on from where the feed was read to, for one turn.
    async fn pull_feed(&self, brand: &Brand, feed: RegistryFeed) -> Result<Pulled, EngineError> {
        if self
            .store
            .read()
            .await?
            .is_account_resting(brand.id)
            .await?
        {
            return Ok(Pulled::Failed);
        }
        let Some(line) = self.line(brand.id).await? else {
            return Ok(Pulled::Failed);
        };
        let position = self.feed_position(brand.id, feed).await?;
        let stored = position.as_ref().and_then(|held| held.cursor.clone());
        let is_usable = position.is_some_and(|held| is_usable(&held, self.now()));
        let mut kept = stored.clone().filter(|_| is_usable);
        let mut fetched = fetch_page(brand, feed, &line, kept.as_deref()).await;
        if kept.is_some()
            && fetched
                .as_ref()
                .is_err_and(|error| error.class == Class::Data)
        {
            // İYS does not know the place any more: the window is read anew.
            kept = None;
            fetched = fetch_page(brand, feed, &line, None).await;
        }
        let applied = match fetched {
            Ok(first) => {
                let place = Place { stored, kept };
                self.read_and_apply(brand, feed, &line, place, first).await
            }
            Err(error) => Ok(Err(error)),
        };
        match applied {
            Ok(Ok(Applied::Complete)) => Ok(Pulled::Complete),
            Ok(Ok(Applied::More)) => Ok(Pulled::More),
            Ok(Err(error)) => {
                self.rest_account(brand, &error).await?;
                Ok(Pulled::Failed)
            }
            // Another worker was faster and reads on.
            Err(EngineError::Conflict { problem, .. }) => {
                tracing::info!(brand.id = %brand.id, "the feed is being read elsewhere: {problem}");
                Ok(Pulled::Complete)
            }
            Err(error) => Err(error),
        }
    }
}

/// A cursor that has left İYS's window, or may have by now, says nothing any
/// more; without one the window is read from its beginning.
fn is_usable(held: &FeedPosition, now: Timestamp) -> bool {
    let made = held.cursor_at.unwrap_or(held.pulled_at);
    now.since(made) <= CURSOR_US_MAX && now.since(held.pulled_at) <= domain::gate::FEED_WINDOW_US
}

/// A row of the feed in the store's words. What it does not say it happened
/// when, the feed shows an hour later at the earliest.
pub(super) fn movement(change: Change, told_at: Timestamp) -> Movement {
    Movement {
        recipient: change.recipient,
        channel: change.channel.channel(),
        kind: change.kind,
        status: change.held.status,
        date: change.held.consent_date,
        source: change.held.source,
        created: change
            .held
            .created
            .unwrap_or_else(|| told_at.plus_micros(-HOUR_US)),
        transaction: change.held.transaction,
    }
}

/// What the mirror holds after a movement; `None` when it knows better.
pub(super) fn after_movement(
    mirror: &domain::RegistryView,
    movement: &Movement,
    told_at: Timestamp,
) -> Option<domain::RegistryView> {
    let change = Change {
        recipient: movement.recipient.clone(),
        channel: RegisteredChannel::of(movement.channel)?,
        kind: movement.kind,
        held: HeldRecord {
            status: movement.status,
            consent_date: movement.date,
            source: movement.source.clone(),
            created: Some(movement.created),
            transaction: movement.transaction.clone(),
        },
    };
    after_change(mirror, &change, told_at, FEED)
}
