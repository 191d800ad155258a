//! What changed at İYS comes in, from both feeds: page by page, each with its
//! cursor in the transaction that applies it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use domain::ids::{BrandId, RegistryBatchId};
use domain::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use registry::plan::after_change;
use registry::wire::{Change, ChangesPage, Feed, HeldRecord, RegisteredChannel};
use registry::{CallError, Class, LIST_MAX};
use store::brands::Brand;
use store::registry_accounts::{FeedPosition, RegistryFeed};
use store::registry_feed::{Movement, Told};
use store::registry_rests::RestScope;

use super::{Line, alarms};
use crate::error::EngineError;
use crate::{Engine, Step};

/// Stands for the change feed where a verdict names the call it rests on.
const FEED: RegistryBatchId = RegistryBatchId::from_db(0);
/// Brands looked at in one step.
pub(super) const BRANDS_MAX: usize = 1_000;
/// Pages of one feed before others have their turn.
const PAGES_MAX: usize = 20;

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

const fn wire_feed(feed: RegistryFeed) -> Feed {
    match feed {
        RegistryFeed::Citizen => Feed::Citizen,
        RegistryFeed::Firm => Feed::Firm,
    }
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

    /// Reads on for at most [`PAGES_MAX`] pages: while one is applied, the next
    /// is asked for.
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
        // As it is stored, and what is left of it when a page brings no other.
        let mut cursor = position.as_ref().and_then(|held| held.cursor.clone());
        let is_usable = position.is_some_and(|held| is_usable(&held, self.now()));
        let mut kept = cursor.clone().filter(|_| is_usable);
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
        for pages_left in (0..PAGES_MAX).rev() {
            let page = match fetched {
                Ok(Some(page)) => page,
                // Not asked for: the page before was the last of this turn.
                Ok(None) => return Ok(Pulled::More),
                Err(error) => {
                    self.rest_account(brand, &error).await?;
                    return Ok(Pulled::Failed);
                }
            };
            let after = page.after.clone();
            let goes_on = !is_last(&page) && pages_left > 0;
            let ahead = async {
                match after.as_deref() {
                    Some(after) if goes_on => fetch_page(brand, feed, &line, Some(after)).await,
                    _ => Ok(None),
                }
            };
            let (applied, next) = tokio::join!(
                self.apply_page(brand, feed, (cursor.as_deref(), kept.as_deref()), page),
                ahead
            );
            match applied {
                Ok(Pulled::More) => {}
                // Another worker was faster and reads on.
                Err(EngineError::Conflict { problem, .. }) => {
                    tracing::info!(brand.id = %brand.id, "the feed is being read elsewhere: {problem}");
                    return Ok(Pulled::Complete);
                }
                ended => return ended,
            }
            kept = after.or(kept);
            cursor.clone_from(&kept);
            fetched = next;
        }
        Ok(Pulled::More)
    }

    async fn apply_page(
        &self,
        brand: &Brand,
        feed: RegistryFeed,
        (from, kept): (Option<&str>, Option<&str>),
        page: ChangesPage,
    ) -> Result<Pulled, EngineError> {
        let pulled_at = self.now();
        let is_last = is_last(&page);
        let to = page.after.as_deref().or(kept);
        let last = page.changes.last().filter(|_| page.after.is_some());
        let made = last.map(|change| change.held.created.unwrap_or(pulled_at));
        let movements: Vec<Movement> = page
            .changes
            .into_iter()
            .map(|change| movement(change, pulled_at))
            .collect();
        // The place in the feed is written with the rows: pages that a power
        // cut takes back are pulled again.
        let mut writer = if is_last {
            self.store.write().await?
        } else {
            self.store.write_behind().await?
        };
        let mut told = writer
            .apply_movements(brand.firm, brand.id, &movements, |mirror, movement| {
                after_movement(mirror, movement, pulled_at)
            })
            .await?;
        let behind = std::mem::take(&mut told.behind);
        self.ask_behind(&mut writer, brand, behind).await?;
        writer.advance_feed(brand.id, feed, from, to, made).await?;
        if !page.unreadable.is_empty() {
            writer
                .note_unreadable(brand.id, feed, page.unreadable.len())
                .await?;
            alarms::rows_are_unreadable(&mut writer, brand, page.unreadable.len()).await?;
        }
        if is_last {
            writer.complete_feed(brand.id, feed).await?;
            alarms::account_works(&mut writer, brand, &[RestScope::Account]).await?;
            if feed == RegistryFeed::Citizen {
                alarms::feed_is_whole(&mut writer, brand).await?;
            }
        }
        writer.commit().await?;
        self.tell_of_page(brand, feed, &page.unreadable, &told);
        Ok(if is_last {
            Pulled::Complete
        } else {
            Pulled::More
        })
    }

    fn tell_of_page(&self, brand: &Brand, feed: RegistryFeed, unreadable: &[String], told: &Told) {
        metrics::counter!("izinli_registry_movements_total")
            .increment((told.known + told.strangers) as u64);
        if !unreadable.is_empty() {
            // Without the row: it holds an address.
            tracing::error!(
                brand.id = %brand.id, feed = feed.as_str(), rows = unreadable.len(),
                "{} rows of the change feed could not be read; one of them may be a refusal, \
                 so compare the brand with İYS", unreadable.len()
            );
        }
    }
}

/// Asks for the page behind a cursor; a line in the log when İYS does not give it.
async fn fetch_page(
    brand: &Brand,
    feed: RegistryFeed,
    line: &Line,
    after: Option<&str>,
) -> Result<Option<ChangesPage>, CallError> {
    let asked = line
        .client
        .changes(line.address, wire_feed(feed), after, LIST_MAX);
    asked.await.map(Some).inspect_err(|error| {
        tracing::warn!(
            brand.id = %brand.id, feed = feed.as_str(),
            "the changes could not be pulled: {error}"
        );
    })
}

/// A cursor that has left İYS's window, or may have by now, says nothing any
/// more; without one the window is read from its beginning.
fn is_usable(held: &FeedPosition, now: Timestamp) -> bool {
    let made = held.cursor_at.unwrap_or(held.pulled_at);
    now.since(made) <= CURSOR_US_MAX && now.since(held.pulled_at) <= domain::gate::FEED_WINDOW_US
}

/// A full page without a position to go on from would be read for ever.
const fn is_last(page: &ChangesPage) -> bool {
    page.changes.len() + page.unreadable.len() < LIST_MAX || page.after.is_none()
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
