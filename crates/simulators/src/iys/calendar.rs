//! Turkish business days (*iş günü*) and the three-day limit of a consent date.
//!
//! Neither law 6563 nor İYS defines the day; this is the legal reading: Monday to
//! Friday without full-day holidays, half days count, the day of the event does not.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jiff::civil::{Date, Weekday};

use super::moment::Local;

/// A consent must reach İYS within this many business days (regulation of
/// commercial electronic messages, RG 29417 as changed by RG 30998).
const DAYS_TO_REGISTER: u32 = 3;

/// The full-day holidays. Half days are business days, so they are not kept.
#[derive(Debug)]
pub(crate) struct Calendar {
    full: BTreeSet<Date>,
}

impl Calendar {
    /// The table that comes with the simulator, 2024–2030.
    pub(crate) fn turkish() -> &'static Self {
        static TABLE: OnceLock<Calendar> = OnceLock::new();
        TABLE.get_or_init(|| Self::read(include_str!("../../data/holidays.txt")))
    }

    fn read(table: &str) -> Self {
        let full = table
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .filter_map(|line| {
                let (date, rest) = line.split_once(' ')?;
                rest.starts_with("full ").then(|| date.parse().ok())?
            })
            .collect();
        Self { full }
    }

    fn is_business_day(&self, date: Date) -> bool {
        !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.full.contains(&date)
    }

    /// The last moment a declaration made at `event` may be registered: the
    /// third business day after it, at the same clock time.
    pub(crate) fn registration_deadline(&self, event: Local) -> Local {
        let civil = event.civil();
        let mut date = civil.date();
        let mut left = DAYS_TO_REGISTER;
        while left > 0 {
            let Ok(next) = date.tomorrow() else {
                break;
            };
            date = next;
            if self.is_business_day(date) {
                left -= 1;
            }
        }
        Local::from_civil(date.to_datetime(civil.time()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_examples_of_the_legal_reading_hold() {
        // Event, then the date of its deadline; the clock time stays.
        for (event, deadline) in [
            ("2024-04-05 16:30", "2024-04-15"),
            ("2024-04-09 11:00", "2024-04-17"),
            ("2024-06-14 10:00", "2024-06-24"),
            ("2025-03-28 17:45", "2025-04-04"),
            ("2025-06-04 09:00", "2025-06-11"),
            ("2025-10-27 12:00", "2025-10-31"),
            ("2026-03-19 10:00", "2026-03-25"),
            ("2026-05-26 12:00", "2026-06-03"),
            ("2026-05-22 18:00", "2026-06-01"),
            ("2026-10-27 09:15", "2026-11-02"),
            ("2026-12-31 23:50", "2027-01-06"),
            ("2027-03-05 15:00", "2027-03-15"),
            ("2027-05-14 20:00", "2027-05-24"),
            ("2028-02-24 08:00", "2028-03-01"),
            ("2028-05-03 14:00", "2028-05-10"),
            ("2029-04-20 13:30", "2029-05-03"),
            ("2030-04-12 09:00", "2030-04-19"),
            ("2030-02-01 22:00", "2030-02-11"),
        ] {
            let at = Local::parse(&format!("{event}:00")).expect("a date");
            let expected = format!("{deadline} {}:00", &event[11..]);
            assert_eq!(
                Calendar::turkish().registration_deadline(at).text(),
                expected,
                "{event}"
            );
        }
    }

    #[test]
    fn the_table_has_as_many_business_days_as_the_law_gives() {
        for (year, expected) in [
            (2024, 250),
            (2025, 251),
            (2026, 251),
            (2027, 250),
            (2028, 254),
            (2029, 249),
            (2030, 250),
        ] {
            let first = Date::new(year, 1, 1).expect("a date");
            let days = first
                .series(jiff::ToSpan::days(1))
                .take_while(|day| day.year() == year)
                .filter(|day| Calendar::turkish().is_business_day(*day))
                .count();
            assert_eq!(days, expected, "{year}");
        }
    }
}
