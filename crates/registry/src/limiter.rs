//! Keeps our calls inside İYS's limits, which count per source address and so
//! across all accounts and processes behind it (İYS API, limits: 10 calls a
//! second, hourly windows per kind of call).
//!
//! One [`Limiter`] is shared by every [`crate::Client`] of the process; through
//! its [`LimitBook`] it shares with the other processes. Turns stand on one
//! line of time: a block of them belongs to one process, so together they
//! cannot pass the rate, and a process that needs more takes larger blocks.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use domain::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::call_error::CallError;
use crate::codes::Class;
use crate::gauge::{Share, Signal};
use crate::limit_book::{Granted, HOURLY_LIFE_US, HourlyAsk, LimitBook, MemoryBook, Told};

/// Answers after which a process without a rate tells what became of its calls.
const TELL_AFTER: u64 = 256;
/// A brake is looked at again after this time: other processes' calls count.
const BRAKE_LOOK_US: i64 = MINUTE_US;
/// Largest block of turns, in seconds of the rate.
const BLOCK_SECONDS: u32 = 2;

/// The kinds of call that are counted and closed separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Movements of one address.
    History,
    /// Mutabakat: summary, hash, file.
    Agreement,
    /// Brands, partners, subscription, push connections.
    Account,
    /// Retailers and the codes of provinces and districts.
    Retailer,
    /// ViA: consent taken by İYS itself.
    Via,
}

impl CallKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Token,
        Self::StatusQuery,
        Self::SingleStatus,
        Self::AddList,
        Self::AddOne,
        Self::AddResults,
        Self::Changes,
        Self::History,
        Self::Agreement,
        Self::Account,
        Self::Retailer,
        Self::Via,
    ];

    /// Its name where it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::StatusQuery => "status_query",
            Self::SingleStatus => "single_status",
            Self::AddList => "add_list",
            Self::AddOne => "add_one",
            Self::AddResults => "add_results",
            Self::Changes => "changes",
            Self::History => "history",
            Self::Agreement => "agreement",
            Self::Account => "account",
            Self::Retailer => "retailer",
            Self::Via => "via",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Calls that İYS may refuse for what they carry. The others succeed by
    /// themselves and lift the share again.
    const fn is_braked(self) -> bool {
        matches!(
            self,
            Self::SingleStatus
                | Self::AddList
                | Self::AddOne
                | Self::History
                | Self::Retailer
                | Self::Via
        )
    }
}

/// Our own limits, below İYS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Calls of all kinds per second; 0 switches this limit off.
    pub calls_per_second: u32,
    /// Single status queries in any hour; 0 switches this limit off.
    pub single_status_per_hour: u32,
    /// History queries in any hour; 0 switches this limit off.
    pub history_per_hour: u32,
    /// Token calls of all accounts in any hour; 0 switches this limit off.
    pub tokens_per_hour: u32,
    /// Longest time a call waits for its turn, in seconds; beyond it the call
    /// is given back with the instant at which it may be tried.
    pub patience_s: u32,
    /// Requests within 24 hours below which the success share is not judged;
    /// İYS itself judges from 20,000. The largest number switches the brake off.
    pub share_requests_min: u64,
}

impl Default for Limits {
    /// 8 a second; 1,000 single queries, 100 histories and 10 tokens an hour;
    /// 30 s of patience; 10,000 requests.
    fn default() -> Self {
        Self {
            calls_per_second: 8,
            single_status_per_hour: 1_000,
            history_per_hour: 100,
            tokens_per_hour: 10,
            patience_s: 30,
            share_requests_min: 10_000,
        }
    }
}

impl Limits {
    /// The limit of an hour for a kind of call, if it has one.
    const fn hourly(&self, kind: CallKind) -> Option<u32> {
        let limit = match kind {
            CallKind::SingleStatus => self.single_status_per_hour,
            CallKind::History => self.history_per_hour,
            CallKind::Token => self.tokens_per_hour,
            _ => 0,
        };
        if limit == 0 { None } else { Some(limit) }
    }

    /// Distance between two turns; `None` without a rate.
    fn distance_us(&self) -> Option<i64> {
        (self.calls_per_second > 0).then(|| SECOND_US / i64::from(self.calls_per_second))
    }
}

/// The turnstile before every call.
#[derive(Debug)]
pub struct Limiter {
    limits: Limits,
    clock: Arc<dyn Clock>,
    book: Arc<dyn LimitBook>,
    /// Held by whoever speaks with the book.
    asking: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

/// What this process has of what it shares.
#[derive(Debug)]
struct State {
    /// Turns that are ours, earliest first.
    turns: VecDeque<Timestamp>,
    /// Turns to ask for next: doubled when a block was used up, halved when
    /// turns went by unused.
    block: u32,
    /// Turns that went by since the last block.
    missed: u32,
    /// Calls left of what was taken out of hourly limits.
    hourly: HashMap<CallKind, Hourly>,
    closed_until: HashMap<CallKind, Timestamp>,
    /// Not told yet.
    answered: Share,
    to_close: Vec<(CallKind, Timestamp)>,
    /// The share of all processes when the book was last read.
    share: Share,
    told_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Hourly {
    left: u32,
    /// Those left may be used until then.
    until: Timestamp,
    /// None is to be had before.
    opens: Option<Timestamp>,
}

/// What a call is told when it asks for its turn.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    Now,
    At(Timestamp),
    /// The book must be asked first.
    Ask,
    Closed {
        until: Timestamp,
        why: &'static str,
    },
}

impl Limiter {
    /// A limiter of this process alone, with all windows open.
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        Self::shared(limits, clock, Arc::new(MemoryBook::default()))
    }

    /// A limiter that shares its address with all who use the same book.
    pub fn shared(limits: Limits, clock: Arc<dyn Clock>, book: Arc<dyn LimitBook>) -> Self {
        let state = State {
            turns: VecDeque::new(),
            block: 1,
            missed: 0,
            hourly: HashMap::new(),
            closed_until: HashMap::new(),
            answered: Share::default(),
            to_close: Vec::new(),
            share: Share::default(),
            told_at: None,
        };
        Self {
            limits,
            clock,
            book,
            asking: tokio::sync::Mutex::new(()),
            state: Mutex::new(state),
        }
    }

    /// The success share of the last 24 hours, and what it asks for. Calls of
    /// other processes are as of the last time this one took turns.
    pub fn share(&self) -> (Share, Signal) {
        let state = self.lock();
        let share = state.share.plus(state.answered);
        (share, share.signal(self.limits.share_requests_min))
    }

    /// Windows that İYS has closed, and until when.
    pub fn closed_windows(&self) -> Vec<(CallKind, Timestamp)> {
        let now = self.clock.now();
        let state = self.lock();
        let mut closed: Vec<_> = state
            .closed_until
            .iter()
            .filter(|(_, until)| **until > now)
            .map(|(kind, until)| (*kind, *until))
            .collect();
        closed.sort_unstable();
        closed
    }

    /// Waits for this call's turn. Dropping the future gives the turn up.
    ///
    /// # Errors
    /// A held-back [`CallError`] when the wait would exceed the patience, a
    /// passing one when the book is not available.
    pub(crate) async fn pass(&self, kind: CallKind) -> Result<(), CallError> {
        loop {
            let now = self.clock.now();
            match self.take_turn(kind, now) {
                Turn::Now => return Ok(()),
                Turn::At(at) => {
                    // Whoever waits fetches the next block meanwhile.
                    tokio::join!(tokio::time::sleep(span(at.since(now))), self.ask_ahead());
                    // A window may have closed meanwhile; the turn is then lost.
                    if !self.is_closed(kind) {
                        return Ok(());
                    }
                }
                Turn::Ask => self.ask(kind).await?,
                Turn::Closed { until, why } => {
                    if until.since(now) > self.patience_us() {
                        return Err(CallError::held_back(until, now, why.to_owned()));
                    }
                    tokio::time::sleep(span(until.since(now))).await;
                }
            }
        }
    }

    fn patience_us(&self) -> i64 {
        i64::from(self.limits.patience_s) * SECOND_US
    }

    fn is_closed(&self, kind: CallKind) -> bool {
        let now = self.clock.now();
        let state = self.lock();
        state
            .closed_until
            .get(&kind)
            .is_some_and(|until| *until > now)
    }

    fn take_turn(&self, kind: CallKind, now: Timestamp) -> Turn {
        let mut state = self.lock();
        let turn = self.look(&mut state, kind, now);
        if matches!(turn, Turn::Now | Turn::At(_)) {
            state.turns.pop_front();
            if let Some(hourly) = state.hourly.get_mut(&kind) {
                hourly.left = hourly.left.saturating_sub(1);
            }
        }
        turn
    }

    /// What [`Limiter::take_turn`] would say; takes nothing.
    fn look(&self, state: &mut State, kind: CallKind, now: Timestamp) -> Turn {
        let closed = state.closed_until.get(&kind).copied();
        if let Some(until) = closed.filter(|until| *until > now) {
            return Turn::Closed {
                until,
                why: "İYS closed this window",
            };
        }
        let Some(told_at) = state.told_at else {
            // Windows may have been closed before this process began.
            return Turn::Ask;
        };
        let share = state.share.plus(state.answered);
        if kind.is_braked() && share.signal(self.limits.share_requests_min) == Signal::Brake {
            if now.since(told_at) > BRAKE_LOOK_US {
                return Turn::Ask;
            }
            let until = now.plus_micros(HOUR_US - now.as_micros().rem_euclid(HOUR_US));
            return Turn::Closed {
                until,
                why: "too many refused calls; İYS would block this address",
            };
        }
        if self.limits.hourly(kind).is_some() {
            match state.hourly.get(&kind) {
                Some(hourly) if hourly.left > 0 && hourly.until > now => {}
                Some(Hourly {
                    opens: Some(opens), ..
                }) if *opens > now => {
                    return Turn::Closed {
                        until: *opens,
                        why: "the hour's calls of this kind are used up",
                    };
                }
                _ => return Turn::Ask,
            }
        }
        let Some(distance) = self.limits.distance_us() else {
            return if state.answered.requests >= TELL_AFTER {
                Turn::Ask
            } else {
                Turn::Now
            };
        };
        // A call that comes late may use the turn it missed, so at most one
        // more than the rate leaves in any second.
        let missed = now.plus_micros(-distance);
        while state.turns.front().is_some_and(|turn| *turn < missed) {
            state.turns.pop_front();
            state.missed = state.missed.saturating_add(1);
        }
        match state.turns.front() {
            None => Turn::Ask,
            Some(turn) if *turn <= now => Turn::Now,
            Some(turn) if turn.since(now) > self.patience_us() => Turn::Closed {
                until: *turn,
                why: "too many calls are waiting",
            },
            Some(turn) => Turn::At(*turn),
        }
    }

    /// Asks the book for what this call needs, unless another has just done so.
    async fn ask(&self, kind: CallKind) -> Result<(), CallError> {
        let _one_at_a_time = self.asking.lock().await;
        let now = self.clock.now();
        let told = {
            let mut state = self.lock();
            if self.look(&mut state, kind, now) != Turn::Ask {
                return Ok(());
            }
            self.tell(&mut state, Some(kind), now)
        };
        self.exchange(&told).await
    }

    /// Fetches the next block before the last turns of this one are used.
    async fn ask_ahead(&self) {
        let Ok(_one_at_a_time) = self.asking.try_lock() else {
            return;
        };
        let told = {
            let mut state = self.lock();
            let low = usize::try_from(state.block / 4).unwrap_or(0);
            if state.block == 1 || state.turns.len() > low {
                return;
            }
            self.tell(&mut state, None, self.clock.now())
        };
        if let Err(error) = self.exchange(&told).await {
            tracing::debug!(%error, "the next turns could not be fetched ahead");
        }
    }

    /// Takes note of what became of a call. A closed window is told at once,
    /// so that it holds after a restart and for others too.
    pub(crate) async fn observe(&self, kind: CallKind, outcome: Result<(), &CallError>) {
        let is_news = self.lock().note(kind, outcome);
        if !is_news {
            return;
        }
        let _one_at_a_time = self.asking.lock().await;
        let told = {
            let state = self.lock();
            Told {
                turns: 0,
                hourly: None,
                ..state.told(self.clock.now())
            }
        };
        if let Err(error) = self.exchange(&told).await {
            tracing::warn!(%error, "a window that İYS closed could not be kept for other processes");
        }
    }

    fn tell(&self, state: &mut State, kind: Option<CallKind>, now: Timestamp) -> Told {
        let distance_us = self.limits.distance_us().unwrap_or(0);
        let mut turns = 0;
        let is_wanted = kind.is_none() || state.turns.is_empty();
        if distance_us > 0 && is_wanted {
            let most = self.limits.calls_per_second.saturating_mul(BLOCK_SECONDS);
            state.block = if state.missed > 0 {
                state.block / 2
            } else if state.told_at.is_some() {
                state.block.saturating_mul(2)
            } else {
                state.block
            }
            .clamp(1, most);
            state.missed = 0;
            turns = state.block;
        }
        let hourly = kind.and_then(|kind| {
            let limit = self.limits.hourly(kind)?;
            let held = state.hourly.get(&kind);
            let is_wanted = held.is_none_or(|held| held.left == 0 || held.until <= now);
            is_wanted.then_some(HourlyAsk {
                kind,
                wanted: (limit / 40).clamp(1, 25),
                limit,
            })
        });
        Told {
            turns,
            distance_us,
            hourly,
            ..state.told(now)
        }
    }

    async fn exchange(&self, told: &Told) -> Result<(), CallError> {
        let granted = self.book.exchange(told).await.map_err(|error| {
            let cause = std::error::Error::source(&error)
                .map(ToString::to_string)
                .unwrap_or_default();
            CallError::on_the_way(format!("{error}: {cause}"), false)
        })?;
        self.lock().take_over(told, granted);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every update leaves the state whole, so a panic elsewhere cannot have torn it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn told(&self, now: Timestamp) -> Told {
        Told {
            now,
            turns: 0,
            distance_us: 0,
            hourly: None,
            answered: self.answered,
            closed: self.to_close.clone(),
        }
    }

    /// Whatever was told is the book's from now on. Only what was told is
    /// taken off, since calls went on meanwhile.
    fn take_over(&mut self, told: &Told, granted: Granted) {
        self.answered = self.answered.minus(told.answered);
        self.to_close.retain(|closed| !told.closed.contains(closed));
        self.share = granted.share;
        self.told_at = Some(told.now);
        for (kind, until) in granted.closed {
            let held = self.closed_until.entry(kind).or_insert(until);
            *held = (*held).max(until);
        }
        if let Some(ask) = told.hourly {
            let hourly = Hourly {
                left: granted.hourly,
                until: told.now.plus_micros(HOURLY_LIFE_US),
                opens: granted.hourly_opens,
            };
            self.hourly.insert(ask.kind, hourly);
        }
        let turns = (0..i64::from(told.turns))
            .map(|turn| granted.first_turn.plus_micros(told.distance_us * turn));
        self.turns.extend(turns);
    }

    /// Whether a window was closed.
    fn note(&mut self, kind: CallKind, outcome: Result<(), &CallError>) -> bool {
        let error = match outcome {
            Ok(()) => {
                self.answered = self.answered.plus(Share::of(true));
                return false;
            }
            Err(error) => error,
        };
        if let Some(status) = error.http {
            let is_success = !matches!(status, 400 | 401 | 403 | 404 | 422);
            self.answered = self.answered.plus(Share::of(is_success));
        }
        match (error.class, error.not_before) {
            (Class::Window { .. }, Some(until)) if error.http.is_some() => {
                self.close(kind, error.code.as_deref(), until)
            }
            _ => false,
        }
    }

    /// A limit per second holds for every call, an hourly one for its kind.
    /// Windows about one recipient (H453, H465) close nothing for the others.
    fn close(&mut self, kind: CallKind, code: Option<&str>, until: Timestamp) -> bool {
        let kinds: &[CallKind] = match code {
            None | Some("H083" | "H124") => &CallKind::ALL,
            Some("H084" | "H086" | "H089") => &[kind],
            Some(_) => &[],
        };
        for kind in kinds {
            let held = self.closed_until.entry(*kind).or_insert(until);
            *held = (*held).max(until);
            self.to_close.push((*kind, until));
        }
        !kinds.is_empty()
    }
}

fn span(us: i64) -> Duration {
    Duration::from_micros(u64::try_from(us).unwrap_or(0))
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
