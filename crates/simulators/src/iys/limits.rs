//! Call limits of İYS, counted per source address.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::codes::{self, Code};

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;

/// How many calls a source address may make. Absent: no limit of that kind.
///
/// Windows slide: the calls of the last second or hour count, refused ones not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// All calls; H124.
    pub calls_per_second: Option<usize>,
    /// Token calls; H084. A call while the limit holds starts its hour anew.
    /// The document names both 10 and 100; the smaller one is the default.
    pub tokens_per_hour: Option<usize>,
    /// Single status queries; H086.
    pub status_per_hour: Option<usize>,
    /// History queries; H089.
    pub history_per_hour: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_per_second: Some(10),
            tokens_per_hour: Some(10),
            status_per_hour: Some(1_000),
            history_per_hour: Some(100),
        }
    }
}

/// A kind of call with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    Status,
    History,
}

/// What one source address has called lately.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    calls: VecDeque<i64>,
    tokens: VecDeque<i64>,
    tokens_shut_until: Option<i64>,
    status: VecDeque<i64>,
    history: VecDeque<i64>,
}

impl Windows {
    /// # Errors
    /// H124 when the call is one too many in this second.
    pub(crate) fn call(&mut self, limits: &Limits, now_ms: i64) -> Result<(), Code> {
        admit(&mut self.calls, limits.calls_per_second, SECOND_MS, now_ms).ok_or(codes::H124)
    }

    /// # Errors
    /// H084; the hour starts anew with each refused call.
    pub(crate) fn token(&mut self, limits: &Limits, now_ms: i64) -> Result<(), Code> {
        let is_shut = self.tokens_shut_until.is_some_and(|until| now_ms < until);
        if !is_shut && admit(&mut self.tokens, limits.tokens_per_hour, HOUR_MS, now_ms).is_some() {
            return Ok(());
        }
        self.tokens_shut_until = Some(now_ms + HOUR_MS);
        Err(codes::H084)
    }

    /// # Errors
    /// H086 or H089.
    pub(crate) fn hourly(
        &mut self,
        what: Limited,
        limits: &Limits,
        now_ms: i64,
    ) -> Result<(), Code> {
        let (window, max, code) = match what {
            Limited::Status => (&mut self.status, limits.status_per_hour, codes::H086),
            Limited::History => (&mut self.history, limits.history_per_hour, codes::H089),
        };
        admit(window, max, HOUR_MS, now_ms).ok_or(code)
    }
}

fn admit(window: &mut VecDeque<i64>, max: Option<usize>, span_ms: i64, now_ms: i64) -> Option<()> {
    let Some(max) = max else {
        return Some(());
    };
    // The clock can be moved back by hand; calls of the future do not count.
    while window.back().is_some_and(|at| *at > now_ms) {
        window.pop_back();
    }
    while window.front().is_some_and(|at| *at <= now_ms - span_ms) {
        window.pop_front();
    }
    if window.len() >= max {
        return None;
    }
    window.push_back(now_ms);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_calls_fit_into_any_second_and_the_eleventh_waits_for_the_first_to_age() {
        let limits = Limits::default();
        let mut windows = Windows::default();
        for at in 0..10 {
            assert_eq!(windows.call(&limits, at * 50), Ok(()));
        }
        assert_eq!(windows.call(&limits, 999), Err(codes::H124));
        assert_eq!(windows.call(&limits, 1_000), Ok(()));
        assert_eq!(windows.call(&limits, 1_001), Err(codes::H124));
    }

    #[test]
    fn asking_for_a_token_too_early_starts_the_hour_again() {
        let limits = Limits::default();
        let mut windows = Windows::default();
        for at in 0..10 {
            assert_eq!(windows.token(&limits, at), Ok(()));
        }
        assert_eq!(windows.token(&limits, HOUR_MS / 2), Err(codes::H084));
        // The first hour is over, but the refused call began another one.
        assert_eq!(windows.token(&limits, HOUR_MS + 20), Err(codes::H084));
        assert_eq!(windows.token(&limits, 2 * HOUR_MS + 20), Ok(()));
    }

    #[test]
    fn a_limit_that_is_absent_admits_everything() {
        let limits = Limits {
            calls_per_second: None,
            ..Limits::default()
        };
        let mut windows = Windows::default();
        assert!((0..100).all(|_| windows.call(&limits, 0).is_ok()));
    }
}
