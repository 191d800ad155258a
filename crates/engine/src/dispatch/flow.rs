//! The flow of batches through one step: claimed a few ahead, sent as many at
//! a time as the settings say, settled together.
//!
//! A claim and a settlement cost a durable commit each, whatever they carry.
//! So a claim takes some batches more than can leave at once, and whatever has
//! come back during a commit is settled by the next one: no request waits for
//! the commit of another. What is claimed ahead leaves within a moment
//! ([`AHEAD_US`]), because its people passed the gate when it was claimed.

use std::sync::Arc;

use domain::Timestamp;
use domain::time::SECOND_US;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

use super::claim::Prepared;
use super::pace::Room;
use super::send::Sent;
use crate::error::EngineError;
use crate::{Engine, Step};

/// Batches claimed in one transaction, however small.
const CLAIM_BATCHES_MAX: usize = 256;
/// People claimed in one transaction: few enough that a claim stays short.
const CLAIM_PEOPLE: usize = 4_000;
/// Batches of a claim before their size is known.
const CLAIM_FIRST: usize = 8;
/// Batches that wait for their turn to leave, however small.
const AHEAD_BATCHES_MAX: usize = 512;
/// The fewest of them.
const AHEAD_BATCHES_MIN: usize = 2;
/// People in them.
const AHEAD_PEOPLE: usize = 4_000;
/// How long what is claimed ahead may take to leave, by the pace so far.
const AHEAD_US: i64 = 200_000;
/// How long a step that has nothing under way waits for an account that rests.
const REST_US_MAX: i64 = SECOND_US;
/// How long it rests without looking for other work.
const LOOK_US: i64 = 200_000;

/// How much to claim, by what came before in this step.
#[derive(Debug, Default)]
struct Appetite {
    batches: usize,
    people: usize,
    settled: usize,
    elapsed_us: i64,
}

impl Appetite {
    /// Batches of the next claim.
    fn claim(&self) -> usize {
        if self.batches == 0 {
            return CLAIM_FIRST;
        }
        self.batches_of(CLAIM_PEOPLE).clamp(1, CLAIM_BATCHES_MAX)
    }

    /// Batches that may wait for their turn.
    fn ahead(&self) -> usize {
        let settled = i64::try_from(self.settled).unwrap_or(i64::MAX);
        let leaving = settled
            .saturating_mul(AHEAD_US)
            .checked_div(self.elapsed_us)
            .and_then(|batches| usize::try_from(batches).ok())
            .unwrap_or(CLAIM_FIRST);
        leaving
            .min(self.batches_of(AHEAD_PEOPLE))
            .clamp(AHEAD_BATCHES_MIN, AHEAD_BATCHES_MAX)
    }

    /// Batches that hold so many people.
    fn batches_of(&self, people: usize) -> usize {
        people.saturating_mul(self.batches) / self.people.max(1)
    }
}

impl Engine {
    /// Claims and sends until nothing more is due; at most
    /// `dispatch.concurrency` requests are under way at a time.
    pub async fn step_dispatch(self: &Arc<Self>) -> Result<Step, EngineError> {
        let settings = &self.settings.dispatch;
        let turns = Arc::new(Semaphore::new(settings.concurrency));
        let mut flying: JoinSet<Sent> = JoinSet::new();
        let mut appetite = Appetite::default();
        let began = self.now();
        let mut step = Step::Idle;
        let mut may_claim = true;
        // When the first of the accounts that rest may be claimed for again.
        let mut rest = None;
        loop {
            let most = settings.concurrency + appetite.ahead();
            let room = most.saturating_sub(flying.len());
            // Half a claim at least, so that the commits of claims stay few.
            if may_claim && room >= appetite.claim().min(most).div_ceil(2) && !self.is_stopping() {
                let claimed;
                (claimed, rest) = self
                    .start_some(&mut flying, &turns, &mut appetite, room)
                    .await?;
                may_claim = claimed > 0;
                if claimed > 0 {
                    step = Step::Did;
                    continue;
                }
            }
            let first = tokio::select! {
                first = flying.join_next(), if !flying.is_empty() => first,
                () = self.rest_until(rest), if self.is_worth_a_rest(rest, &flying) => {
                    rest = None;
                    may_claim = true;
                    continue;
                }
                else => None,
            };
            let Some(first) = first else {
                if may_claim && !self.is_stopping() {
                    continue;
                }
                return Ok(step);
            };
            let mut back = vec![ended(first)?];
            while let Some(more) = flying.try_join_next() {
                back.push(ended(more)?);
            }
            appetite.settled += back.len();
            self.settle_all(back).await?;
            appetite.elapsed_us = self.now().since(began);
            may_claim = true;
        }
    }

    /// Whether the step waits for accounts that rest: a short while only, and
    /// longer while it must stay anyway.
    fn is_worth_a_rest(&self, rest: Option<Timestamp>, flying: &JoinSet<Sent>) -> bool {
        let now = self.paces.now(self.now());
        rest.is_some_and(|rest| !flying.is_empty() || rest.since(now) <= REST_US_MAX)
            && !self.is_stopping()
    }

    /// Waits for the instant, but no longer than until somebody should look for
    /// other work.
    async fn rest_until(&self, rest: Option<Timestamp>) {
        let now = self.paces.now(self.now());
        let look = now.plus_micros(LOOK_US);
        let until = rest.map_or(look, |rest| rest.min(look));
        tokio::select! {
            () = self.paces.wait(self.now(), until) => {}
            () = self.wake.dispatch.notified() => {}
        }
    }

    /// Claims for every account that has work and room, and sends. Returns how
    /// many batches were taken, and when the first of the accounts that rest
    /// has room.
    async fn start_some(
        self: &Arc<Self>,
        flying: &mut JoinSet<Sent>,
        turns: &Arc<Semaphore>,
        appetite: &mut Appetite,
        room: usize,
    ) -> Result<(usize, Option<Timestamp>), EngineError> {
        let most = room.min(appetite.claim());
        let now = self.now();
        let waiting = self.store.read().await?.connectors_with_work(now).await?;
        let mut started = 0;
        let mut rest: Option<Timestamp> = None;
        for id in waiting {
            if started >= most {
                break;
            }
            let Some((account, connector)) = self.active(id).await? else {
                continue;
            };
            let limit = self.limit_of(connector.as_ref());
            let most = match self.room(id, limit).await? {
                Room::Free => most - started,
                Room::Turns(turns) => turns.min(most - started),
                Room::From(at) => {
                    rest = Some(rest.map_or(at, |rest| rest.min(at)));
                    continue;
                }
            };
            let claimed = self.claim(&account, &connector, most).await?;
            started += claimed.picked;
            appetite.batches += claimed.picked;
            appetite.people += claimed.people;
            for prepared in claimed.ready {
                let turn =
                    (!limit.is_none()).then(|| self.paces.spend(id, limit, prepared.people()));
                let (engine, turns) = (Arc::clone(self), Arc::clone(turns));
                flying.spawn(async move { engine.send_in_turn(&turns, turn, prepared).await });
            }
            if !limit.is_none() {
                self.pay(id).await?;
            }
        }
        Ok((started, rest))
    }

    async fn send_in_turn(
        &self,
        turns: &Semaphore,
        turn: Option<Timestamp>,
        prepared: Prepared,
    ) -> Sent {
        if let Some(turn) = turn {
            // Before it takes a place from the requests of other accounts.
            self.paces.wait(self.now(), turn).await;
        }
        // The semaphore is never closed; a permit is had in the order of asking.
        let _turn = turns.acquire().await;
        self.send(prepared).await
    }
}

fn ended(outcome: Result<Sent, JoinError>) -> Result<Sent, EngineError> {
    outcome.map_err(|error| EngineError::Internal(format!("a request ended badly: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_batches_are_claimed_by_the_hundred_and_large_ones_by_the_handful() {
        let claims = |people: usize| {
            let appetite = Appetite {
                batches: 10,
                people,
                ..Appetite::default()
            };
            appetite.claim()
        };
        assert_eq!(Appetite::default().claim(), CLAIM_FIRST);
        assert_eq!(
            [10, 50, 5_000, 100_000].map(claims),
            [CLAIM_BATCHES_MAX, CLAIM_BATCHES_MAX, 8, 1]
        );
    }

    #[test]
    fn what_waits_for_its_turn_leaves_within_a_moment() {
        let ahead = |settled: usize, seconds: i64, people: usize| {
            let appetite = Appetite {
                batches: 100,
                people: 100 * people,
                settled,
                elapsed_us: seconds * 1_000_000,
            };
            appetite.ahead()
        };
        // 16 a second leave: three in line are a fifth of a second.
        assert_eq!(ahead(160, 10, 1), 3);
        assert_eq!(ahead(8_000, 10, 5), 160);
        assert_eq!(ahead(100_000, 10, 1), AHEAD_BATCHES_MAX);
        assert_eq!(ahead(100_000, 10, 500), 8);
        assert_eq!(ahead(0, 10, 1), AHEAD_BATCHES_MIN);
    }
}
