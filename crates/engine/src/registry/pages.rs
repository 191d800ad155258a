//! Pages of a change feed: read ahead while those before are applied, and
//! applied several at a time, each transaction together with the place it came to.

use std::time::Duration;

use domain::Timestamp;
use domain::ledger::BLOCK_EVENTS_MAX;
use registry::wire::{ChangesPage, Feed};
use registry::{CallError, LIST_MAX};
use store::Writer;
use store::brands::Brand;
use store::registry_accounts::RegistryFeed;
use store::registry_feed::{Movement, Told};
use store::registry_rests::RestScope;
use tokio::sync::mpsc;

use super::pull::{after_movement, movement};
use super::{Line, alarms};
use crate::Engine;
use crate::error::EngineError;

/// Pages of one feed before others have their turn.
const PAGES_MAX: usize = 50;
/// Pages that are applied together: as many rows as one block of the ledger holds.
const GROUP_PAGES_MAX: usize = BLOCK_EVENTS_MAX / LIST_MAX;
/// Pages of one transaction, where the database lets bulk work go on
/// ([`store::Store::may_go_on`]).
const TRANSACTION_PAGES_MAX: usize = 4 * GROUP_PAGES_MAX;
/// Pages that were read and wait to be applied.
const AHEAD_PAGES_MAX: usize = 2 * GROUP_PAGES_MAX;
/// Longest wait for more pages, to be applied with the one at hand.
const GROUP_WAIT: Duration = Duration::from_millis(250);

/// What became of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    /// The feed was read to its end.
    Complete,
    /// There is more.
    More,
}

/// Where a feed is read on from.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// As it is stored.
    pub(super) stored: Option<String>,
    /// What is left of it when a page brings no other.
    pub(super) kept: Option<String>,
}

/// How far a transaction has come.
#[derive(Debug)]
struct Reached {
    place: Option<String>,
    /// When the row was made that the next page begins behind.
    made: Option<Timestamp>,
    unreadable: usize,
    movements: usize,
    is_end: bool,
}

/// Asks for the page behind a cursor; a line in the log when İYS does not give it.
pub(super) async fn fetch_page(
    brand: &Brand,
    feed: RegistryFeed,
    line: &Line,
    after: Option<&str>,
) -> Result<ChangesPage, CallError> {
    let asked = line
        .client
        .changes(line.address, wire_feed(feed), after, LIST_MAX);
    asked.await.inspect_err(|error| {
        tracing::warn!(
            brand.id = %brand.id, feed = feed.as_str(),
            "the changes could not be pulled: {error}"
        );
    })
}

const fn wire_feed(feed: RegistryFeed) -> Feed {
    match feed {
        RegistryFeed::Citizen => Feed::Citizen,
        RegistryFeed::Firm => Feed::Firm,
    }
}

/// A full page without a position to go on from would be read for ever.
const fn is_last(page: &ChangesPage) -> bool {
    page.changes.len() + page.unreadable.len() < LIST_MAX || page.after.is_none()
}

/// Hands on this page and those behind it: to the end of the feed, of the turn,
/// or until nobody takes them any more.
async fn read_on(
    brand: &Brand,
    feed: RegistryFeed,
    line: &Line,
    mut page: ChangesPage,
    pages: mpsc::Sender<ChangesPage>,
) -> Result<(), CallError> {
    for pages_left in (0..PAGES_MAX).rev() {
        let goes_on = pages_left > 0 && !is_last(&page);
        let next = page.after.clone().filter(|_| goes_on);
        if pages.send(page).await.is_err() {
            break;
        }
        let Some(after) = next else { break };
        page = fetch_page(brand, feed, line, Some(&after)).await?;
    }
    Ok(())
}

/// The pages to be applied next: those that are there, and those that come at once.
async fn next_group(pages: &mut mpsc::Receiver<ChangesPage>) -> Vec<ChangesPage> {
    let mut group: Vec<ChangesPage> = pages.recv().await.into_iter().collect();
    let until = tokio::time::Instant::now() + GROUP_WAIT;
    while !group.is_empty() && group.len() < GROUP_PAGES_MAX {
        match tokio::time::timeout_at(until, pages.recv()).await {
            Ok(Some(page)) => group.push(page),
            Ok(None) | Err(_) => break,
        }
    }
    group
}

/// The pages that are there already.
fn group_at_hand(pages: &mut mpsc::Receiver<ChangesPage>) -> Vec<ChangesPage> {
    std::iter::from_fn(|| pages.try_recv().ok())
        .take(GROUP_PAGES_MAX)
        .collect()
}

impl Engine {
    /// Applies a page and at most [`PAGES_MAX`] in all: while some are applied, the
    /// next are read. The first failure of a call ends it, when what came before is applied.
    pub(super) async fn read_and_apply(
        &self,
        brand: &Brand,
        feed: RegistryFeed,
        line: &Line,
        place: Place,
        first: ChangesPage,
    ) -> Result<Result<Applied, CallError>, EngineError> {
        let (sender, receiver) = mpsc::channel(AHEAD_PAGES_MAX);
        let (read, applied) = tokio::join!(
            read_on(brand, feed, line, first, sender),
            self.apply_pages(brand, feed, place, receiver)
        );
        let applied = applied?;
        Ok(read.map(|()| applied))
    }

    async fn apply_pages(
        &self,
        brand: &Brand,
        feed: RegistryFeed,
        mut place: Place,
        mut pages: mpsc::Receiver<ChangesPage>,
    ) -> Result<Applied, EngineError> {
        let mut waiting = Vec::new();
        loop {
            if waiting.is_empty() {
                waiting = next_group(&mut pages).await;
            }
            if waiting.is_empty() {
                return Ok(Applied::More);
            }
            let reached = self
                .apply_together(brand, feed, &place, &mut waiting, &mut pages)
                .await?;
            if reached.is_end {
                return Ok(Applied::Complete);
            }
            place = Place {
                stored: reached.place.clone(),
                kept: reached.place,
            };
        }
    }

    /// One transaction: the waiting pages, and those behind them where the
    /// database lets us go on. What is left waiting has a transaction of its own.
    async fn apply_together(
        &self,
        brand: &Brand,
        feed: RegistryFeed,
        place: &Place,
        waiting: &mut Vec<ChangesPage>,
        pages: &mut mpsc::Receiver<ChangesPage>,
    ) -> Result<Reached, EngineError> {
        let mut reached = Reached {
            place: place.kept.clone(),
            made: None,
            unreadable: 0,
            movements: 0,
            is_end: waiting.last().is_some_and(is_last),
        };
        // The place in the feed is written with the rows: pages that a power
        // cut takes back are pulled again.
        let mut writer = if reached.is_end {
            self.store.write().await?
        } else {
            self.store.write_behind().await?
        };
        let mut count = 0;
        while !waiting.is_empty() {
            count += waiting.len();
            let group = std::mem::take(waiting);
            self.apply_group(&mut writer, brand, group, &mut reached)
                .await?;
            if reached.is_end || count >= TRANSACTION_PAGES_MAX || !self.store.may_go_on() {
                break;
            }
            *waiting = group_at_hand(pages);
            // The end is told by a commit that waits for the disk.
            if waiting.last().is_some_and(is_last) {
                break;
            }
        }
        let (from, to) = (place.stored.as_deref(), reached.place.as_deref());
        writer
            .advance_feed(brand.id, feed, from, to, reached.made)
            .await?;
        if reached.unreadable > 0 {
            writer
                .note_unreadable(brand.id, feed, reached.unreadable)
                .await?;
            alarms::rows_are_unreadable(&mut writer, brand, reached.unreadable).await?;
        }
        if reached.is_end {
            writer.complete_feed(brand.id, feed).await?;
            alarms::account_works(&mut writer, brand, &[RestScope::Account]).await?;
            if feed == RegistryFeed::Citizen {
                alarms::feed_is_whole(&mut writer, brand).await?;
            }
        }
        writer.commit().await?;
        tell(brand, feed, &reached);
        Ok(reached)
    }

    async fn apply_group(
        &self,
        writer: &mut Writer,
        brand: &Brand,
        group: Vec<ChangesPage>,
        reached: &mut Reached,
    ) -> Result<(), EngineError> {
        let pulled_at = self.now();
        let mut movements: Vec<Movement> = Vec::with_capacity(group.len() * LIST_MAX);
        for page in group {
            if let Some(after) = page.after {
                let last = page.changes.last();
                let made = last.map(|change| change.held.created.unwrap_or(pulled_at));
                reached.place = Some(after);
                reached.made = made.or(reached.made);
            }
            reached.unreadable += page.unreadable.len();
            let told = page.changes.into_iter();
            movements.extend(told.map(|change| movement(change, pulled_at)));
        }
        let told: Told = writer
            .apply_movements(brand.firm, brand.id, &movements, |mirror, movement| {
                after_movement(mirror, movement, pulled_at)
            })
            .await?;
        reached.movements += told.known + told.strangers;
        self.ask_behind(writer, brand, told.behind).await
    }
}

fn tell(brand: &Brand, feed: RegistryFeed, reached: &Reached) {
    metrics::counter!("izinli_registry_movements_total").increment(reached.movements as u64);
    if reached.unreadable > 0 {
        // Without the rows: they hold addresses.
        tracing::error!(
            brand.id = %brand.id, feed = feed.as_str(), rows = reached.unreadable,
            "{} rows of the change feed could not be read; one of them may be a refusal, \
             so compare the brand with İYS", reached.unreadable
        );
    }
}
