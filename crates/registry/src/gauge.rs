//! The share of calls that İYS did not refuse, over the last 24 hours.
//!
//! İYS warns a caller with at least 20,000 requests in 24 hours of which fewer
//! than 70 % succeed, and takes its address off the list 96 hours later (İYS
//! API, success rate). We raise an alarm at 85 % and brake at 75 %.

use std::collections::VecDeque;

use domain::Timestamp;
use domain::time::HOUR_US;
use serde::Serialize;

const HOURS: i64 = 24;
const ALARM_PERCENT: u64 = 85;
const BRAKE_PERCENT: u64 = 75;

/// Counts per hour, oldest first; at most 24 of them.
#[derive(Debug, Default)]
pub(crate) struct Gauge(VecDeque<Hour>);

#[derive(Debug)]
struct Hour {
    number: i64,
    requests: u64,
    successes: u64,
}

/// Calls of the last 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Share {
    /// Answered calls.
    pub requests: u64,
    /// Of them, those not answered with 400, 401, 403, 404 or 422.
    pub successes: u64,
}

/// What the share asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Nothing.
    Fine,
    /// People must look.
    Alarm,
    /// Calls that may be refused are held back.
    Brake,
}

impl Gauge {
    pub(crate) fn add(&mut self, now: Timestamp, answered: Share) {
        if answered.requests == 0 {
            return;
        }
        let number = now.as_micros().div_euclid(HOUR_US);
        self.forget(number);
        if self.0.back().is_none_or(|hour| hour.number != number) {
            self.0.push_back(Hour {
                number,
                requests: 0,
                successes: 0,
            });
        }
        if let Some(hour) = self.0.back_mut() {
            hour.requests += answered.requests;
            hour.successes += answered.successes;
        }
    }

    pub(crate) fn share(&self, now: Timestamp) -> Share {
        let number = now.as_micros().div_euclid(HOUR_US);
        let recent = self.0.iter().filter(|hour| hour.number > number - HOURS);
        recent.fold(Share::default(), |sum, hour| Share {
            requests: sum.requests + hour.requests,
            successes: sum.successes + hour.successes,
        })
    }

    fn forget(&mut self, number: i64) {
        while self
            .0
            .front()
            .is_some_and(|hour| hour.number <= number - HOURS)
        {
            self.0.pop_front();
        }
    }
}

impl Share {
    /// One answered call.
    pub(crate) const fn of(is_success: bool) -> Self {
        Self {
            requests: 1,
            successes: if is_success { 1 } else { 0 },
        }
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            successes: self.successes + other.successes,
        }
    }

    pub(crate) const fn minus(self, told: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(told.requests),
            successes: self.successes.saturating_sub(told.successes),
        }
    }

    /// Successes in percent, rounded down; 100 before the first call.
    pub const fn percent(self) -> u64 {
        match (self.successes * 100).checked_div(self.requests) {
            Some(percent) => percent,
            None => 100,
        }
    }

    /// What it asks for, once there were at least `requests_min` calls.
    pub const fn signal(self, requests_min: u64) -> Signal {
        if self.requests < requests_min || self.percent() >= ALARM_PERCENT {
            Signal::Fine
        } else if self.percent() >= BRAKE_PERCENT {
            Signal::Alarm
        } else {
            Signal::Brake
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_comes_before_the_brake_and_neither_before_enough_calls() {
        let share = |successes| Share {
            requests: 1_000,
            successes,
        };
        let expected = [
            (1_000, Signal::Fine),
            (850, Signal::Fine),
            (849, Signal::Alarm),
            (750, Signal::Alarm),
            (749, Signal::Brake),
        ];
        for (successes, signal) in expected {
            assert_eq!(share(successes).signal(1_000), signal, "{successes}");
            assert_eq!(share(successes).signal(1_001), Signal::Fine);
        }
        assert_eq!(Share::default().percent(), 100);
    }

    #[test]
    fn calls_older_than_a_day_no_longer_count() {
        let mut gauge = Gauge::default();
        let start = Timestamp::from_micros(0);
        for hour in 0..40 {
            gauge.add(start.plus_micros(hour * HOUR_US), Share::of(hour >= 20));
        }
        let share = gauge.share(start.plus_micros(39 * HOUR_US));
        assert_eq!(
            share,
            Share {
                requests: 24,
                successes: 20
            }
        );
        assert_eq!(gauge.0.len(), 24);
        assert_eq!(
            gauge.share(start.plus_micros(100 * HOUR_US)),
            Share::default()
        );
    }
}
