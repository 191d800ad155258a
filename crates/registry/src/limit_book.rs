//! What all processes behind one source address know together: who may call
//! when, how many of an hour's calls are used, which windows İYS closed, and
//! how many calls it refused.
//!
//! A process does not write for each call. It takes turns in blocks and tells
//! what became of its calls when it takes the next block; a kill loses a block.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use domain::Timestamp;
use domain::time::{HOUR_US, MINUTE_US};

use crate::gauge::{Gauge, Share};
use crate::limiter::CallKind;
use crate::vault::VaultError;

/// Calls of an hourly limit are counted in pieces of this length.
pub const BUCKET_US: i64 = 5 * MINUTE_US;
/// A call that was taken out of an hour's limit is made within this time or not at all.
pub const HOURLY_LIFE_US: i64 = 5 * MINUTE_US;
/// How long a piece counts: whatever was taken in it is then at least an hour old.
pub const COUNTED_US: i64 = HOUR_US + BUCKET_US + HOURLY_LIFE_US;

/// What a process tells and asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The present instant.
    pub now: Timestamp,
    /// Turns asked for; 0 when only telling.
    pub turns: u32,
    /// Distance between two turns.
    pub distance_us: i64,
    /// Calls asked for out of an hour's limit.
    pub hourly: Option<HourlyAsk>,
    /// Calls answered since the last time.
    pub answered: Share,
    /// Windows that İYS has closed since the last time.
    pub closed: Vec<(CallKind, Timestamp)>,
}

/// Calls asked for out of an hour's limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourlyAsk {
    /// The kind that is limited.
    pub kind: CallKind,
    /// How many at most.
    pub wanted: u32,
    /// The limit of an hour.
    pub limit: u32,
}

/// What it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// When the first of the turns is; the others follow at their distance.
    pub first_turn: Timestamp,
    /// Calls granted out of the hour's limit.
    pub hourly: u32,
    /// When more may be asked for, where none was granted.
    pub hourly_opens: Option<Timestamp>,
    /// Calls of the last 24 hours, of all processes.
    pub share: Share,
    /// Closed windows, of all processes.
    pub closed: Vec<(CallKind, Timestamp)>,
}

/// Keeps what processes share. Implemented by whoever owns storage.
#[async_trait]
pub trait LimitBook: Send + Sync + std::fmt::Debug {
    /// Tells and asks, in one step that no other process can come between.
    ///
    /// # Errors
    /// When storage is not available; nothing was told then.
    async fn exchange(&self, told: &Told) -> Result<Granted, VaultError>;
}

/// A book for one process that forgets with it: for tests and single commands.
#[derive(Debug, Default)]
pub struct MemoryBook(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    next_turn: Timestamp,
    taken: HashMap<CallKind, Vec<(Timestamp, u32)>>,
    closed: HashMap<CallKind, Timestamp>,
    gauge: Gauge,
}

#[async_trait]
impl LimitBook for MemoryBook {
    async fn exchange(&self, told: &Told) -> Result<Granted, VaultError> {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first_turn = memory.next_turn.max(told.now);
        if told.turns > 0 {
            let taken_us = told.distance_us.saturating_mul(i64::from(told.turns));
            memory.next_turn = first_turn.plus_micros(taken_us);
        }
        memory.gauge.add(told.now, told.answered);
        for (kind, until) in &told.closed {
            let held = memory.closed.entry(*kind).or_default();
            *held = (*held).max(*until);
        }
        memory.closed.retain(|_, until| *until > told.now);
        let (hourly, hourly_opens) = memory.take_hourly(told);
        Ok(Granted {
            first_turn,
            hourly,
            hourly_opens,
            share: memory.gauge.share(told.now),
            closed: memory
                .closed
                .iter()
                .map(|(kind, at)| (*kind, *at))
                .collect(),
        })
    }
}

impl Memory {
    fn take_hourly(&mut self, told: &Told) -> (u32, Option<Timestamp>) {
        let Some(ask) = told.hourly else {
            return (0, None);
        };
        let buckets = self.taken.entry(ask.kind).or_default();
        buckets.retain(|(start, _)| told.now.since(*start) < COUNTED_US);
        let taken: u32 = buckets.iter().map(|(_, count)| count).sum();
        let granted = ask.wanted.min(ask.limit.saturating_sub(taken));
        if granted == 0 {
            let opens = buckets.first().map(|(start, _)| *start);
            return (0, opens.map(|start| start.plus_micros(COUNTED_US)));
        }
        let bucket = bucket_of(told.now);
        match buckets.last_mut() {
            Some((start, count)) if *start == bucket => *count += granted,
            _ => buckets.push((bucket, granted)),
        }
        (granted, None)
    }
}

/// The beginning of the piece that an instant lies in.
pub fn bucket_of(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.as_micros() - now.as_micros().rem_euclid(BUCKET_US))
}
