//! How fast an account may be sent to, over all processes.
//!
//! Requests of an account stand on one line of time ([`store::account_paces`]),
//! each as long as the account's own limit says. A process takes a piece of the
//! line at a time and claims only what leaves within a moment ([`HORIZON_US`]):
//! whatever is more urgent is claimed next, and no request of a slow account
//! holds the place of another account's. An account without a limit is not
//! looked at here at all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connectors::{Capabilities, Outcome};
use domain::Timestamp;
use domain::ids::ConnectorId;
use domain::time::{MINUTE_US, SECOND_US};
use store::account_paces::{AccountPace, FULL_PERMILLE};

use crate::Engine;
use crate::error::EngineError;

/// How long before its turn a request may be claimed.
pub(super) const HORIZON_US: i64 = SECOND_US / 2;
/// Longest piece of the line that a process takes at a time, unless one request
/// is longer.
const PIECE_US: i64 = SECOND_US / 2;
/// The slowest that an account gets, in thousandths of its limit.
const SLOWEST_PERMILLE: i64 = 20;
/// Refusals that come within this time are one: their requests were under way
/// together.
const SLOWED_ONCE_US: i64 = SECOND_US;
/// A thousandth of its speed comes back in this time: all of it in two minutes.
const RISE_US: i64 = 2 * MINUTE_US / FULL_PERMILLE;
/// Longest wait that a provider's word is taken for.
const REST_US_MAX: i64 = 5 * MINUTE_US;

/// What an account may be burdened with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limit {
    /// 0 = no limit.
    requests_per_second: u32,
    /// 0 = no limit.
    recipients_per_second: u32,
}

impl Limit {
    pub(super) const fn of(capabilities: &Capabilities, recipients_per_second: u32) -> Self {
        Self {
            requests_per_second: capabilities.requests_per_second,
            recipients_per_second,
        }
    }

    pub(super) const fn is_none(self) -> bool {
        self.requests_per_second == 0 && self.recipients_per_second == 0
    }

    /// Where people count, a request may be as long as hundreds: one at a time is
    /// claimed, and its length is known before the next.
    const fn bounded(self, room: Room) -> Room {
        match room {
            Room::Turns(_) if self.recipients_per_second > 0 => Room::Turns(1),
            room => room,
        }
    }

    /// How long a request to so many people is on the line at full speed; 0
    /// without a limit.
    fn length_us(self, people: usize) -> i64 {
        let people = i64::try_from(people).unwrap_or(i64::MAX);
        let of = |many: i64, rate: u32| match rate {
            0 => 0,
            rate => many.saturating_mul(SECOND_US) / i64::from(rate),
        };
        of(1, self.requests_per_second).max(of(people, self.recipients_per_second))
    }
}

/// How many requests of an account may be claimed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// As many as there are.
    Free,
    /// So many, each with its turn.
    Turns(usize),
    /// None before this instant.
    From(Timestamp),
}

/// Our piece of an account's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// The next request's turn.
    turn_us: i64,
    /// Where it ends; a long request may reach beyond, which is paid for after it.
    end_us: i64,
    /// Requests that the next piece is for: doubled when this one is used up,
    /// one again when turns went by unused.
    next_requests: i64,
    permille: i64,
}

impl Default for Piece {
    fn default() -> Self {
        Self {
            turn_us: 0,
            end_us: 0,
            next_requests: 1,
            permille: FULL_PERMILLE,
        }
    }
}

impl Piece {
    fn slowed(&self, length_us: i64) -> i64 {
        length_us.saturating_mul(FULL_PERMILLE) / self.permille.max(1)
    }

    /// The room in it; none when another piece must be taken.
    fn room(&mut self, one_us: i64, now_us: i64) -> Option<Room> {
        let one_us = self.slowed(one_us).max(1);
        // A look that comes late may use the turn it missed, so that at most one
        // more than the rate leaves in any second.
        let missed = now_us - one_us;
        if self.turn_us < missed && self.turn_us < self.end_us {
            self.turn_us = missed.min(self.end_us);
            self.next_requests = 1;
        }
        let horizon = now_us + HORIZON_US;
        if self.turn_us > horizon {
            return Some(Room::From(Timestamp::from_micros(
                self.turn_us - HORIZON_US,
            )));
        }
        let open_us = self.end_us.min(horizon) - self.turn_us;
        if self.turn_us >= self.end_us {
            return None;
        }
        let turns = open_us / one_us + i64::from(open_us % one_us > 0);
        Some(Room::Turns(usize::try_from(turns.max(1)).unwrap_or(1)))
    }

    /// Takes the next piece of the line, behind what this one overran.
    fn follow(&mut self, line: &mut AccountPace, one_us: i64, now: Timestamp) {
        self.permille = risen(line, now);
        let one_us = self.slowed(one_us).max(1);
        let overrun = (self.turn_us - self.end_us).max(0);
        let most = (PIECE_US / one_us).max(1);
        let requests = self.next_requests.clamp(1, most);
        self.next_requests = (requests * 2).min(most);
        let first = line.next.max(now).plus_micros(overrun);
        line.next = first.plus_micros(one_us.saturating_mul(requests));
        self.turn_us = first.as_micros();
        self.end_us = line.next.as_micros();
    }
}

/// The speed of a line by now, in thousandths.
fn risen(line: &AccountPace, now: Timestamp) -> i64 {
    let back = now.since(line.slowed_at).max(0) / RISE_US;
    line.permille
        .saturating_add(back)
        .clamp(SLOWEST_PERMILLE, FULL_PERMILLE)
}

/// Halves the speed of a line, once for requests that were under way together,
/// and lets nothing begin before the provider wants to hear of us again.
fn slow_down(line: &mut AccountPace, rest_us: i64, now: Timestamp) {
    if now.since(line.slowed_at) >= SLOWED_ONCE_US {
        line.permille = (risen(line, now) / 2).max(SLOWEST_PERMILLE);
        line.slowed_at = now;
    }
    let rest = now.plus_micros(rest_us.clamp(0, REST_US_MAX));
    line.next = line.next.max(rest);
}

/// The pieces that this process holds.
#[derive(Debug, Default)]
pub(crate) struct Paces {
    pieces: Mutex<HashMap<ConnectorId, Piece>>,
    /// Turns that were waited for have come, even where the clock stands still.
    waited_us: AtomicI64,
}

impl Paces {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectorId, Piece>> {
        // Every update leaves a piece whole.
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, account: ConnectorId, one_us: i64, now: Timestamp) -> Option<Room> {
        let mut pieces = self.lock();
        let piece = pieces.entry(account).or_default();
        piece.room(one_us, now.as_micros())
    }

    fn held(&self, account: ConnectorId) -> Piece {
        self.lock().get(&account).copied().unwrap_or_default()
    }

    fn hold(&self, account: ConnectorId, piece: Piece) {
        self.lock().insert(account, piece);
    }

    /// The turn of a request that was claimed.
    pub(super) fn spend(&self, account: ConnectorId, limit: Limit, people: usize) -> Timestamp {
        let mut pieces = self.lock();
        let piece = pieces.entry(account).or_default();
        let turn = Timestamp::from_micros(piece.turn_us);
        piece.turn_us = piece
            .turn_us
            .saturating_add(piece.slowed(limit.length_us(people)));
        turn
    }

    /// The instant as far as turns are concerned.
    pub(super) fn now(&self, clock: Timestamp) -> Timestamp {
        clock.max(Timestamp::from_micros(
            self.waited_us.load(Ordering::Relaxed),
        ))
    }

    /// Waits until a turn has come.
    pub(super) async fn wait(&self, clock: Timestamp, turn: Timestamp) {
        let us = turn.since(self.now(clock));
        if let Some(us) = u64::try_from(us).ok().filter(|us| *us > 0) {
            tokio::time::sleep(Duration::from_micros(us)).await;
            self.waited_us
                .fetch_max(turn.as_micros(), Ordering::Relaxed);
        }
    }
}

impl Engine {
    pub(super) fn limit_of(&self, connector: &dyn connectors::Connector) -> Limit {
        Limit::of(
            connector.capabilities(),
            self.settings.dispatch.recipients_per_second,
        )
    }

    /// How many requests of an account may be claimed now. Costs nothing where
    /// it has no limit, and a transaction for each piece of its line otherwise.
    pub(super) async fn room(
        &self,
        account: ConnectorId,
        limit: Limit,
    ) -> Result<Room, EngineError> {
        if limit.is_none() {
            return Ok(Room::Free);
        }
        let now = self.paces.now(self.now());
        let one_us = limit.length_us(1);
        if let Some(room) = self.paces.look(account, one_us, now) {
            return Ok(limit.bounded(room));
        }
        let mut piece = self.paces.held(account);
        let mut writer = self.store.write().await?;
        let mut line = writer.lock_account_pace(account).await?;
        piece.follow(&mut line, one_us, now);
        writer.save_account_pace(account, &line).await?;
        writer.commit().await?;
        self.paces.hold(account, piece);
        let room = self.paces.look(account, one_us, now);
        let room = room.unwrap_or_else(|| Room::From(now.plus_micros(HORIZON_US)));
        Ok(limit.bounded(room))
    }

    /// Puts on the line at once what a large request reaches beyond our piece, so
    /// that other processes leave it alone.
    pub(super) async fn pay(&self, account: ConnectorId) -> Result<(), EngineError> {
        let mut piece = self.paces.held(account);
        let overrun = piece.turn_us - piece.end_us;
        if overrun <= PIECE_US {
            return Ok(());
        }
        let mut writer = self.store.write().await?;
        let mut line = writer.lock_account_pace(account).await?;
        line.next = line.next.plus_micros(overrun);
        writer.save_account_pace(account, &line).await?;
        writer.commit().await?;
        piece.end_us = piece.turn_us;
        self.paces.hold(account, piece);
        Ok(())
    }

    /// Slows an account down whose provider turned a request away because of
    /// its limits, for all processes.
    pub(super) async fn heed(
        &self,
        account: ConnectorId,
        limit: Limit,
        outcome: &Outcome,
    ) -> Result<(), EngineError> {
        let Outcome::NotSent {
            retry_after: Some(rest),
            text,
        } = outcome
        else {
            return Ok(());
        };
        if limit.is_none() {
            return Ok(());
        }
        let rest_us = i64::try_from(rest.as_micros()).unwrap_or(i64::MAX);
        let now = self.paces.now(self.now());
        let mut writer = self.store.write().await?;
        let mut line = writer.lock_account_pace(account).await?;
        slow_down(&mut line, rest_us, now);
        writer.save_account_pace(account, &line).await?;
        writer.commit().await?;
        // The rest of our piece is given up: the line begins behind the pause.
        self.paces.hold(account, Piece::default());
        metrics::counter!("izinli_accounts_slowed_total").increment(1);
        tracing::info!(
            connector.id = %account, permille = line.permille,
            "an account is slowed down, as its provider asked: {text}"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(us: i64) -> Timestamp {
        Timestamp::from_micros(us)
    }

    fn line() -> AccountPace {
        AccountPace {
            next: at(0),
            permille: FULL_PERMILLE,
            slowed_at: at(0),
        }
    }

    const START: i64 = 1_000 * SECOND_US;

    /// Requests that processes with these pieces send in ten seconds, looking at
    /// the line in turn every so often.
    fn sent(pieces: &mut [Piece], line: &mut AccountPace, limit: Limit, every_us: i64) -> i64 {
        let mut sent = 0;
        let looks = 10 * SECOND_US / every_us;
        let one_us = limit.length_us(1);
        for look in 0..looks {
            let now = START + look * every_us;
            for piece in pieces.iter_mut() {
                let room = match piece.room(one_us, now) {
                    Some(room) => room,
                    None => {
                        piece.follow(line, one_us, at(now));
                        piece.room(one_us, now).expect("a piece was taken")
                    }
                };
                if let Room::Turns(turns) = room {
                    sent += i64::try_from(turns).expect("few");
                    piece.turn_us += i64::try_from(turns).expect("few") * piece.slowed(one_us);
                }
            }
        }
        sent
    }

    #[test]
    fn processes_together_keep_to_the_limit_and_one_alone_uses_all_of_it() {
        let limit = Limit {
            requests_per_second: 20,
            recipients_per_second: 0,
        };
        for processes in [1, 3] {
            let mut pieces = vec![Piece::default(); processes];
            let sent = sent(&mut pieces, &mut line(), limit, 200_000);
            // What is claimed ahead at the end belongs to the time after it.
            let ahead = HORIZON_US / 50_000 + 10 * i64::try_from(processes).expect("few");
            assert!((190..=200 + ahead).contains(&sent), "{processes}: {sent}");
        }
    }

    #[test]
    fn a_large_request_is_paid_for_by_those_behind_it() {
        let limit = Limit {
            requests_per_second: 20,
            recipients_per_second: 100,
        };
        let paces = Paces::default();
        let account = ConnectorId::from_db(1);
        let mut piece = Piece::default();
        let mut line = line();
        piece.follow(&mut line, limit.length_us(1), at(START));
        paces.hold(account, piece);
        assert_eq!(paces.spend(account, limit, 500), at(START));
        let one_us = limit.length_us(1);
        assert_eq!(
            paces.look(account, one_us, at(START)),
            Some(Room::From(at(START + 5 * SECOND_US - HORIZON_US)))
        );
    }

    #[test]
    fn a_refusal_halves_the_speed_once_for_what_was_under_way_and_it_comes_back_slowly() {
        let mut line = line();
        let now = at(START);
        slow_down(&mut line, 3 * SECOND_US, now);
        slow_down(&mut line, 7 * SECOND_US, now.plus_micros(1_000));
        assert_eq!((line.permille, risen(&line, now)), (500, 500));
        assert_eq!(line.next, now.plus_micros(7 * SECOND_US + 1_000));
        slow_down(&mut line, 0, now.plus_micros(SLOWED_ONCE_US));
        assert!((250..260).contains(&line.permille));
        let minute = now.plus_micros(MINUTE_US);
        assert!((700..800).contains(&risen(&line, minute)));
        assert_eq!(risen(&line, now.plus_micros(3 * MINUTE_US)), FULL_PERMILLE);
        for second in 0..100 {
            slow_down(&mut line, 0, now.plus_micros(second * SECOND_US));
        }
        assert!(line.permille >= SLOWEST_PERMILLE, "it never stands still");
    }

    #[test]
    fn a_provider_that_asks_for_hours_is_asked_again_after_minutes() {
        let mut line = line();
        slow_down(&mut line, i64::MAX, at(START));
        assert_eq!(line.next, at(START + REST_US_MAX));
    }

    #[test]
    fn turns_that_went_by_are_lost_but_for_one() {
        let limit = Limit {
            requests_per_second: 10,
            recipients_per_second: 0,
        };
        let one_us = limit.length_us(1);
        let mut piece = Piece {
            next_requests: 5,
            ..Piece::default()
        };
        let mut line = line();
        piece.follow(&mut line, one_us, at(START));
        let late = START + 3 * one_us + one_us / 2;
        assert_eq!(piece.room(one_us, late), Some(Room::Turns(3)));
        assert_eq!(piece.next_requests, 1);
    }
}
