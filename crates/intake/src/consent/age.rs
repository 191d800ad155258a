//! How old a consent is, counted in business days.

use std::collections::HashMap;

use domain::calendar::Calendar;
use jiff::civil::{Date, DateTime, Time};

/// Where a consent stands against the three business days of İYS (H467).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// Inside by every reading.
    Fresh,
    /// Past the strictest reading but not the most generous: İYS decides.
    NearLimit,
    /// Past every reading.
    TooOld {
        /// The deadline shown to people.
        deadline: DateTime,
        /// Whether a later time on the same day would have been inside: a date
        /// without a time may be refused only for that.
        hangs_on_time: bool,
    },
}

/// Tells the age of moments against one present; remembers days it has counted.
#[derive(Debug)]
pub(crate) struct AgeRule<'c> {
    calendar: &'c Calendar,
    now: DateTime,
    counted: HashMap<Date, Limits>,
    /// Days asked about before, each in the place that its number gives it:
    /// files speak about a handful of days.
    recent: [Option<(Date, Limits)>; RECENT],
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    strict: Date,
    legal: Date,
    grace: Date,
}

/// Days found without a look into the table.
const RECENT: usize = 8;

/// Distinct days remembered; a file of honest dates has a few hundred.
const DAYS_MAX: usize = 20_000;

impl<'c> AgeRule<'c> {
    pub(crate) fn new(calendar: &'c Calendar, now: DateTime) -> Self {
        Self {
            calendar,
            now,
            counted: HashMap::new(),
            recent: [None; RECENT],
        }
    }

    pub(crate) fn age(&mut self, event: DateTime) -> Age {
        let limits = self.limits(event.date());
        let at = |date: Date| date.to_datetime(event.time());
        let first = limits.strict.min(limits.grace);
        if self.now.date() < first || self.now <= at(first) {
            return Age::Fresh;
        }
        if self.now <= at(limits.grace) {
            return Age::NearLimit;
        }
        let deadline = at(limits.legal);
        let end_of_day = Time::constant(23, 59, 59, 0);
        Age::TooOld {
            deadline,
            hangs_on_time: self.now <= limits.grace.to_datetime(end_of_day),
        }
    }

    /// The deadline shown to people.
    pub(crate) fn deadline(&mut self, event: DateTime) -> DateTime {
        self.limits(event.date()).legal.to_datetime(event.time())
    }

    fn limits(&mut self, day: Date) -> Limits {
        let place = usize::from(day.day().unsigned_abs()) % RECENT;
        if let Some((_, limits)) = self.recent[place].filter(|(recent, _)| *recent == day) {
            return limits;
        }
        let limits = self
            .counted
            .get(&day)
            .copied()
            .unwrap_or_else(|| self.count(day));
        self.recent[place] = Some((day, limits));
        limits
    }

    fn count(&mut self, day: Date) -> Limits {
        let counted = self.calendar.deadlines(day.to_datetime(Time::midnight()));
        let limits = Limits {
            strict: counted.strict.date(),
            legal: counted.legal.date(),
            grace: counted.grace.date(),
        };
        if self.counted.len() < DAYS_MAX {
            self.counted.insert(day, limits);
        }
        limits
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn age(now: DateTime, event: DateTime) -> Age {
        AgeRule::new(Calendar::builtin(), now).age(event)
    }

    #[test]
    fn nothing_is_too_old_before_the_most_generous_deadline() {
        // 4 June 2025: Kurban between; strict 9 June, legal 11 June, grace 12 June, all 09:00.
        let event = date(2025, 6, 4).at(9, 0, 0, 0);
        let deadline = date(2025, 6, 11).at(9, 0, 0, 0);
        assert_eq!(age(date(2025, 6, 9).at(9, 0, 0, 0), event), Age::Fresh);
        assert_eq!(
            age(date(2025, 6, 10).at(10, 0, 0, 0), event),
            Age::NearLimit
        );
        assert_eq!(age(date(2025, 6, 12).at(9, 0, 0, 0), event), Age::NearLimit);
        let late = age(date(2025, 6, 12).at(9, 0, 1, 0), event);
        assert_eq!(
            late,
            Age::TooOld {
                deadline,
                hangs_on_time: true
            }
        );
        let later = age(date(2025, 6, 13).at(0, 0, 0, 0), event);
        assert_eq!(
            later,
            Age::TooOld {
                deadline,
                hangs_on_time: false
            }
        );
    }
}
