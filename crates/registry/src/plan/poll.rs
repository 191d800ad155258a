//! When to ask again: results of lists, and the change feed.

use domain::Timestamp;
use domain::time::{DAY_US, SECOND_US};
use serde::{Deserialize, Serialize};

/// When the results of a list are asked for, counted from its hand-over
/// (İYS API: not before 300 s, kept for 60 days). All numbers are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PollSchedule {
    /// The first looks, ascending.
    pub first_s: Vec<u32>,
    /// Then at this distance …
    pub near_every_s: u32,
    /// … until this age, from which on a list is overdue.
    pub overdue_s: u32,
    /// Then at this distance …
    pub far_every_s: u32,
    /// … until this age, at which it is given up and its addresses are looked up.
    pub give_up_s: u32,
}

impl Default for PollSchedule {
    /// 5, 10, 20, 40 and 60 minutes, hourly to a day, daily to day 55.
    fn default() -> Self {
        Self {
            first_s: vec![300, 600, 1_200, 2_400, 3_600],
            near_every_s: 3_600,
            overdue_s: 86_400,
            far_every_s: 86_400,
            give_up_s: 55 * 86_400,
        }
    }
}

impl PollSchedule {
    /// The next look after `now`; `None` when the list is given up. Stateless,
    /// so a restart changes nothing.
    pub fn next(&self, handed_over: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let age_s = now.since(handed_over).max(0) / SECOND_US;
        let first = self
            .first_s
            .iter()
            .map(|at| i64::from(*at))
            .find(|at| *at > age_s);
        let at_s = first.unwrap_or_else(|| {
            let every = if age_s < i64::from(self.overdue_s) {
                self.near_every_s
            } else {
                self.far_every_s
            };
            let every = i64::from(every.max(1));
            (age_s / every + 1) * every
        });
        (at_s <= i64::from(self.give_up_s)).then(|| handed_over.plus_micros(at_s * SECOND_US))
    }

    /// Whether people must be told that results are missing.
    pub fn is_overdue(&self, handed_over: Timestamp, now: Timestamp) -> bool {
        now.since(handed_over) >= i64::from(self.overdue_s) * SECOND_US
    }
}

/// Whether the change feed can still be trusted to have told everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedHealth {
    /// Pulled within the window.
    Whole,
    /// Six days without a pull: people must look before rows are lost.
    Alarm,
    /// Rows are lost: start without a cursor and ask about every address.
    Torn,
}

/// Judges the feed by its last pull. İYS keeps seven days less the last hour.
pub fn feed_health(pulled_at: Option<Timestamp>, now: Timestamp) -> FeedHealth {
    match pulled_at.map(|at| now.since(at)) {
        Some(gap) if gap <= 6 * DAY_US => FeedHealth::Whole,
        Some(gap) if gap < 7 * DAY_US - DAY_US / 24 => FeedHealth::Alarm,
        _ => FeedHealth::Torn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(schedule: &PollSchedule) -> Vec<i64> {
        let start = Timestamp::from_micros(0);
        let mut now = start;
        std::iter::from_fn(|| {
            now = schedule.next(start, now)?;
            Some(now.as_micros() / SECOND_US)
        })
        .collect()
    }

    #[test]
    fn results_are_asked_for_often_at_first_then_hourly_then_daily_to_day_55() {
        let looks = looks(&PollSchedule::default());
        assert_eq!(looks[..7], [300, 600, 1_200, 2_400, 3_600, 7_200, 10_800]);
        assert_eq!(looks[4 + 23], 86_400);
        assert_eq!(looks[4 + 24], 2 * 86_400);
        assert_eq!(looks.last(), Some(&(55 * 86_400)));
        assert!(looks.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_look_that_was_missed_is_not_made_up_for() {
        let schedule = PollSchedule::default();
        let start = Timestamp::from_micros(0);
        let late = Timestamp::from_micros(650 * SECOND_US);
        assert_eq!(
            schedule.next(start, late),
            Some(Timestamp::from_micros(1_200 * SECOND_US))
        );
        assert_eq!(
            schedule.next(late, start),
            Some(late.plus_micros(300 * SECOND_US)),
            "a clock set back"
        );
        assert!(!schedule.is_overdue(start, late));
        assert!(schedule.is_overdue(start, Timestamp::from_micros(DAY_US)));
    }

    #[test]
    fn a_quick_schedule_for_tests_is_only_other_numbers() {
        let quick = PollSchedule {
            first_s: vec![1, 2],
            near_every_s: 5,
            overdue_s: 20,
            far_every_s: 30,
            give_up_s: 60,
        };
        assert_eq!(looks(&quick), [1, 2, 5, 10, 15, 20, 30, 60]);
    }

    #[test]
    fn a_feed_not_pulled_for_a_week_has_lost_rows() {
        let now = Timestamp::from_micros(100 * DAY_US);
        let ago = |us: i64| feed_health(Some(now.plus_micros(-us)), now);
        assert_eq!(ago(6 * DAY_US), FeedHealth::Whole);
        assert_eq!(ago(6 * DAY_US + 1), FeedHealth::Alarm);
        assert_eq!(ago(7 * DAY_US), FeedHealth::Torn);
        assert_eq!(feed_health(None, now), FeedHealth::Torn);
    }
}
