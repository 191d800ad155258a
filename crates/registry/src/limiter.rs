//! Keeps our calls inside İYS's limits, which count per source address and so
//! across all accounts behind it (İYS API, limits: 10 calls a second, hourly
//! windows per kind of call).
//!
//! One [`Limiter`] is shared by every [`crate::Client`] of the process. Where
//! several processes call from one address, each is given its part of the rate.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::time::{HOUR_US, SECOND_US};
use domain::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call_error::CallError;
use crate::codes::Class;
use crate::gauge::{Gauge, Share, Signal};

/// The kinds of call that are counted and closed separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// A token.
    Token,
    /// Which of many addresses are confirmed.
    StatusQuery,
    /// The record of one address.
    SingleStatus,
    /// A list of records.
    AddList,
    /// One record.
    AddOne,
    /// Results of a list.
    AddResults,
    /// The change feed.
    Changes,
    /// Brands and subscription.
    Account,
}

/// Kinds of call; the size of the table of closed windows.
const KINDS: usize = 8;

/// Our own limits, below İYS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Calls of all kinds per second; 0 switches this limit off.
    pub calls_per_second: u32,
    /// Single status queries in any hour; 0 switches this limit off.
    pub single_status_per_hour: usize,
    /// Longest time a call waits for its turn, in seconds; beyond it the call
    /// is given back with the instant at which it may be tried.
    pub patience_s: u32,
    /// Requests within 24 hours below which the success share is not judged;
    /// İYS itself judges from 20,000. The largest number switches the brake off.
    pub share_requests_min: u64,
}

impl Default for Limits {
    /// 8 a second, 1,000 single queries an hour, 30 s of patience, 10,000 requests.
    fn default() -> Self {
        Self {
            calls_per_second: 8,
            single_status_per_hour: 1_000,
            patience_s: 30,
            share_requests_min: 10_000,
        }
    }
}

/// The turnstile before every call.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the next call may leave, if calls keep their distance.
    next_turn: Timestamp,
    /// When each single query of the last hour left.
    single_queries: VecDeque<Timestamp>,
    closed_until: [Timestamp; KINDS],
    gauge: Gauge,
}

/// What a call is told when it asks for its turn.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Now,
    At(Timestamp),
    Closed { until: Timestamp, why: &'static str },
}

impl Limiter {
    /// A limiter with all windows open.
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let long_ago = Timestamp::from_micros(i64::MIN);
        let state = State {
            next_turn: long_ago,
            single_queries: VecDeque::new(),
            closed_until: [long_ago; KINDS],
            gauge: Gauge::default(),
        };
        Self {
            limits,
            clock,
            state: Mutex::new(state),
        }
    }

    /// The success share of the last 24 hours, and what it asks for.
    pub fn share(&self) -> (Share, Signal) {
        let now = self.clock.now();
        let share = self.lock().gauge.share(now);
        (share, share.signal(self.limits.share_requests_min))
    }

    /// Waits for this call's turn. Dropping the future gives the turn up.
    ///
    /// # Errors
    /// A held-back [`CallError`] when the wait would exceed the patience.
    pub(crate) async fn pass(&self, kind: CallKind) -> Result<(), CallError> {
        loop {
            let now = self.clock.now();
            let (at, is_reserved) = match self.take_turn(kind, now) {
                Turn::Now => return Ok(()),
                Turn::At(at) => (at, true),
                Turn::Closed { until, why } => {
                    if until.since(now) > i64::from(self.limits.patience_s) * SECOND_US {
                        return Err(CallError::held_back(until, now, why.to_owned()));
                    }
                    (until, false)
                }
            };
            tokio::time::sleep(span(at.since(now))).await;
            // A window may have closed meanwhile; the reserved turn stays ours.
            if is_reserved && self.lock().closed_until[kind as usize] <= self.clock.now() {
                return Ok(());
            }
        }
    }

    fn take_turn(&self, kind: CallKind, now: Timestamp) -> Turn {
        let mut state = self.lock();
        let closed_until = state.closed_until[kind as usize];
        if closed_until > now {
            return Turn::Closed {
                until: closed_until,
                why: "İYS closed this window",
            };
        }
        if kind.is_braked()
            && state
                .gauge
                .share(now)
                .signal(self.limits.share_requests_min)
                == Signal::Brake
        {
            let until = now.plus_micros(HOUR_US - now.as_micros().rem_euclid(HOUR_US));
            return Turn::Closed {
                until,
                why: "too many refused calls; İYS would block this address",
            };
        }
        if kind == CallKind::SingleStatus
            && let Some(until) = state.full_hour_ends(self.limits.single_status_per_hour, now)
        {
            return Turn::Closed {
                until,
                why: "the hour's single queries are used up",
            };
        }
        let turn = state.next_turn(self.limits, now);
        if kind == CallKind::SingleStatus && !matches!(turn, Turn::Closed { .. }) {
            state.single_queries.push_back(now);
        }
        turn
    }

    /// Takes note of what became of a call.
    pub(crate) fn observe(&self, kind: CallKind, outcome: Result<(), &CallError>) {
        let now = self.clock.now();
        let mut state = self.lock();
        match outcome {
            Ok(()) => state.gauge.add(now, true),
            Err(error) => {
                if let Some(status) = error.http {
                    state
                        .gauge
                        .add(now, !matches!(status, 400 | 401 | 403 | 404 | 422));
                }
                if let (Class::Window { .. }, Some(until)) = (error.class, error.not_before) {
                    state.close(kind, error.code.as_deref(), until);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every update leaves the state whole, so a panic elsewhere cannot have torn it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallKind {
    /// Calls that İYS may refuse for what they carry. The others succeed by
    /// themselves and lift the share again.
    const fn is_braked(self) -> bool {
        matches!(self, Self::SingleStatus | Self::AddList | Self::AddOne)
    }
}

impl State {
    /// When the oldest of a full hour's queries leaves the window.
    fn full_hour_ends(&mut self, limit: usize, now: Timestamp) -> Option<Timestamp> {
        let hour_ago = now.plus_micros(-HOUR_US);
        while self
            .single_queries
            .front()
            .is_some_and(|at| *at <= hour_ago)
        {
            self.single_queries.pop_front();
        }
        if limit == 0 || self.single_queries.len() < limit {
            return None;
        }
        self.single_queries
            .front()
            .map(|oldest| oldest.plus_micros(HOUR_US))
    }

    /// Calls leave at even distances; one that comes late may use the turn it
    /// missed, so at most one more than the rate leaves in any second.
    fn next_turn(&mut self, limits: Limits, now: Timestamp) -> Turn {
        if limits.calls_per_second == 0 {
            return Turn::Now;
        }
        let distance = SECOND_US / i64::from(limits.calls_per_second);
        let turn = self.next_turn.max(now.plus_micros(-distance));
        if turn.since(now) > i64::from(limits.patience_s) * SECOND_US {
            return Turn::Closed {
                until: turn,
                why: "too many calls are waiting",
            };
        }
        self.next_turn = turn.plus_micros(distance);
        if turn <= now {
            Turn::Now
        } else {
            Turn::At(turn)
        }
    }

    /// A limit per second holds for every call, an hourly one for its kind.
    /// Windows about one recipient (H453, H465) close nothing for the others.
    fn close(&mut self, kind: CallKind, code: Option<&str>, until: Timestamp) {
        match code {
            None | Some("H083" | "H124") => {
                for closed in &mut self.closed_until {
                    *closed = (*closed).max(until);
                }
            }
            Some("H084" | "H086" | "H089") => {
                let closed = &mut self.closed_until[kind as usize];
                *closed = (*closed).max(until);
            }
            Some(_) => {}
        }
    }
}

fn span(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use domain::time::ManualClock;

    use super::*;

    fn limiter(limits: Limits) -> (Limiter, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(
            "2026-03-04T12:00:00+03:00".parse().unwrap(),
        ));
        (Limiter::new(limits, clock.clone()), clock)
    }

    fn windowed(code: &str, seconds: u32, now: Timestamp) -> CallError {
        CallError {
            class: Class::Window { seconds },
            code: Some(code.to_owned()),
            message: String::new(),
            http: Some(429),
            may_have_arrived: true,
            not_before: Some(now.plus_micros(i64::from(seconds) * SECOND_US)),
            rows: Vec::new(),
        }
    }

    #[test]
    fn no_second_sees_more_than_the_rate_and_one() {
        let (limiter, clock) = limiter(Limits::default());
        let start = clock.now();
        let mut turns: Vec<i64> = Vec::new();
        for _ in 0..100 {
            match limiter.take_turn(CallKind::StatusQuery, clock.now()) {
                Turn::Now => turns.push(clock.now().since(start)),
                Turn::At(at) => turns.push(at.since(start)),
                Turn::Closed { .. } => panic!("the patience is not used up"),
            }
            clock.advance(13_000); // the callers come faster than the rate
        }
        let busiest = turns.iter().map(|from| {
            turns
                .iter()
                .filter(|at| (*from..from + SECOND_US).contains(at))
                .count()
        });
        assert_eq!(busiest.max(), Some(9));
        // 100 calls at 8 a second: the rate is also used.
        assert!(
            turns
                .last()
                .is_some_and(|last| (12_000_000..12_400_000).contains(last)),
            "{turns:?}"
        );
    }

    #[test]
    fn a_queue_longer_than_the_patience_is_given_back() {
        let (limiter, clock) = limiter(Limits {
            patience_s: 1,
            ..Limits::default()
        });
        let now = clock.now();
        let turns: Vec<Turn> = (0..20)
            .map(|_| limiter.take_turn(CallKind::AddOne, now))
            .collect();
        let given_back = turns
            .iter()
            .filter(|turn| matches!(turn, Turn::Closed { .. }))
            .count();
        assert_eq!(given_back, 10, "{turns:?}");
    }

    #[test]
    fn single_queries_stop_at_the_hours_number_and_go_on_when_the_oldest_leaves() {
        let (limiter, clock) = limiter(Limits {
            single_status_per_hour: 3,
            calls_per_second: 0,
            ..Limits::default()
        });
        let start = clock.now();
        for _ in 0..3 {
            assert_eq!(
                limiter.take_turn(CallKind::SingleStatus, clock.now()),
                Turn::Now
            );
            clock.advance(SECOND_US);
        }
        let until = start.plus_micros(HOUR_US);
        assert!(
            matches!(limiter.take_turn(CallKind::SingleStatus, clock.now()), Turn::Closed { until: u, .. } if u == until)
        );
        assert_eq!(
            limiter.take_turn(CallKind::StatusQuery, clock.now()),
            Turn::Now,
            "other calls go on"
        );
        clock.set(until);
        assert_eq!(
            limiter.take_turn(CallKind::SingleStatus, clock.now()),
            Turn::Now
        );
        assert!(matches!(
            limiter.take_turn(CallKind::SingleStatus, clock.now()),
            Turn::Closed { .. }
        ));
    }

    #[test]
    fn a_limit_per_second_closes_everything_and_an_hourly_one_only_its_kind() {
        let (limiter, clock) = limiter(Limits {
            calls_per_second: 0,
            ..Limits::default()
        });
        limiter.observe(CallKind::AddOne, Err(&windowed("H124", 1, clock.now())));
        assert!(matches!(
            limiter.take_turn(CallKind::Changes, clock.now()),
            Turn::Closed { .. }
        ));
        clock.advance(SECOND_US);
        assert_eq!(limiter.take_turn(CallKind::Changes, clock.now()), Turn::Now);
        limiter.observe(
            CallKind::SingleStatus,
            Err(&windowed("H086", 3_600, clock.now())),
        );
        assert!(matches!(
            limiter.take_turn(CallKind::SingleStatus, clock.now()),
            Turn::Closed { .. }
        ));
        assert_eq!(limiter.take_turn(CallKind::Changes, clock.now()), Turn::Now);
    }

    #[tokio::test]
    async fn calls_beyond_the_rate_wait_for_their_turn() {
        let (limiter, _clock) = limiter(Limits {
            calls_per_second: 50,
            ..Limits::default()
        });
        let started = std::time::Instant::now();
        for _ in 0..6 {
            limiter.pass(CallKind::StatusQuery).await.unwrap();
        }
        // The clock stands, so the sixth turn is four distances of 20 ms away;
        // waits add up because nobody takes turns meanwhile.
        assert!(started.elapsed() >= Duration::from_millis(4 * 20));
    }

    #[tokio::test]
    async fn a_call_is_told_when_to_come_back_instead_of_waiting_for_an_hour() {
        let (limiter, clock) = limiter(Limits::default());
        limiter.observe(
            CallKind::SingleStatus,
            Err(&windowed("H086", 3_600, clock.now())),
        );
        let error = limiter.pass(CallKind::SingleStatus).await.unwrap_err();
        assert_eq!(error.not_before, Some(clock.now().plus_micros(HOUR_US)));
        assert!(!error.may_have_arrived && error.http.is_none());
        assert!(limiter.pass(CallKind::Changes).await.is_ok());
    }

    #[test]
    fn too_many_refused_calls_stop_what_may_be_refused_and_nothing_else() {
        let (limiter, clock) = limiter(Limits {
            calls_per_second: 0,
            share_requests_min: 100,
            ..Limits::default()
        });
        let refused = CallError {
            class: Class::Data,
            http: Some(422),
            not_before: None,
            ..windowed("H121", 0, clock.now())
        };
        for n in 0..100 {
            limiter.observe(
                CallKind::AddOne,
                if n < 60 { Ok(()) } else { Err(&refused) },
            );
        }
        assert_eq!(limiter.share().1, Signal::Brake);
        assert!(matches!(
            limiter.take_turn(CallKind::AddOne, clock.now()),
            Turn::Closed { .. }
        ));
        assert_eq!(
            limiter.take_turn(CallKind::StatusQuery, clock.now()),
            Turn::Now
        );
        clock.advance(25 * HOUR_US);
        assert_eq!(limiter.take_turn(CallKind::AddOne, clock.now()), Turn::Now);
    }
}
