//! Business days (*iş günü*) and the deadlines that are counted in them.
//!
//! Neither Law 6563 nor İYS defines the business day behind the three-day rule
//! (H467), so the calendar answers with four dates and the rules say which one
//! binds whom: nothing is refused locally before the most generous of them.
//!
//! Holidays are data (`data/holidays.tsv`) and an installation may load its
//! own. All times are Turkish wall-clock time.

mod table;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

pub use jiff::civil::Date;
use jiff::civil::{DateTime, Weekday};
use jiff::{SignedDuration, Span};
use serde::{Deserialize, Serialize};

pub use table::{CalendarError, Holiday, HolidayPart};

/// The public holidays of the years it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Ascending by date; a day may have two.
    holidays: Vec<Holiday>,
    /// Years in which every feast is known, ascending.
    years: Vec<i16>,
}

/// Whether a half day (*arife*, 28 October) is a business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HalfDays {
    /// Offices are open until 13:00, so it counts.
    #[default]
    Count,
    /// It is treated like a full holiday.
    Skip,
}

/// Three days after an event, by each reading of "three business days".
///
/// The day of the event is not counted and the clock time stays that of the
/// event. A missing year makes `legal` and `grace` equal to `strict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// 72 clock hours: our own limit for telling İYS or stopping to send.
    pub sla: DateTime,
    /// Three weekdays, public holidays ignored: later than this is at risk.
    pub strict: DateTime,
    /// Three business days, half days counted: the date shown to people.
    pub legal: DateTime,
    /// Three business days, half days not counted: later than this İYS is not
    /// even asked (R606).
    pub grace: DateTime,
    /// A year that the calendar does not know although the count reached it.
    pub missing_year: Option<i16>,
}

/// The number of business days of the rule (H467; Regulation on commercial
/// communication, articles on notification within three business days).
const DAYS: u32 = 3;

static BUILTIN: LazyLock<Calendar> = LazyLock::new(|| {
    include_str!("../data/holidays.tsv")
        .parse()
        .expect("the built-in holidays are read by their tests")
});

impl Calendar {
    /// The calendar that comes with the program.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// The four readings of three business days after an event in Turkish time.
    pub fn deadlines(&self, event: DateTime) -> Deadlines {
        let strict = count_days(event, is_weekday);
        let legal = count_days(event, |date| self.is_business_day(date, HalfDays::Count));
        let grace = count_days(event, |date| self.is_business_day(date, HalfDays::Skip));
        let missing_year = (event.year()..=grace.year()).find(|&year| !self.covers(year));
        let known = |deadline| {
            if missing_year.is_some() {
                strict
            } else {
                deadline
            }
        };
        Deadlines {
            sla: event.saturating_add(SignedDuration::from_hours(72)),
            strict,
            legal: known(legal),
            grace: known(grace),
            missing_year,
        }
    }

    /// Whether the date is Monday to Friday and no full holiday; half days as told.
    pub fn is_business_day(&self, date: Date, half_days: HalfDays) -> bool {
        is_weekday(date)
            && !self
                .holidays_on(date)
                .iter()
                .any(|holiday| match holiday.part {
                    HolidayPart::Full => true,
                    HolidayPart::HalfFrom13 => half_days == HalfDays::Skip,
                })
    }

    /// The holidays of a date; two where they fall together.
    pub fn holidays_on(&self, date: Date) -> &[Holiday] {
        let start = self.holidays.partition_point(|holiday| holiday.date < date);
        let end = start + self.holidays[start..].partition_point(|holiday| holiday.date == date);
        &self.holidays[start..end]
    }

    /// The days of events whose third business day is `due`: from the first
    /// to the day before the second; `None` when `due` is no business day.
    ///
    /// A later event is never due on an earlier day, so these days are one piece.
    pub fn events_due_on(&self, due: Date, half_days: HalfDays) -> Option<(Date, Date)> {
        if !self.counts(due, half_days) {
            return None;
        }
        let mut first_counted = due;
        for _ in 1..DAYS {
            first_counted = self.business_day_before(first_counted, half_days)?;
        }
        Some((
            self.business_day_before(first_counted, half_days)?,
            first_counted,
        ))
    }

    /// The business days after `from` up to and with `to`.
    pub fn business_days_between(&self, from: Date, to: Date, half_days: HalfDays) -> usize {
        from.series(Span::new().days(1))
            .skip(1)
            .take_while(|date| *date <= to)
            .filter(|date| self.counts(*date, half_days))
            .count()
    }

    /// As for deadlines: where a year's holidays are not known, every weekday counts.
    fn counts(&self, date: Date, half_days: HalfDays) -> bool {
        if self.covers(date.year()) {
            self.is_business_day(date, half_days)
        } else {
            is_weekday(date)
        }
    }

    fn business_day_before(&self, date: Date, half_days: HalfDays) -> Option<Date> {
        let mut day = date.yesterday().ok()?;
        while !self.counts(day, half_days) {
            day = day.yesterday().ok()?;
        }
        Some(day)
    }

    /// Every holiday of a year, ascending.
    pub fn holidays_in(&self, year: i16) -> impl Iterator<Item = &Holiday> {
        self.holidays
            .iter()
            .filter(move |holiday| holiday.date.year() == year)
    }

    /// How many business days a year has.
    pub fn business_days_in(&self, year: i16, half_days: HalfDays) -> usize {
        jiff::civil::date(year, 1, 1)
            .series(Span::new().days(1))
            .take_while(|date| date.year() == year)
            .filter(|&date| self.is_business_day(date, half_days))
            .count()
    }

    /// Whether all holidays of this year are known.
    pub fn covers(&self, year: i16) -> bool {
        self.years.binary_search(&year).is_ok()
    }

    /// The year whose holidays must be loaded now: this year, or from
    /// 1 November on the next. `None` when nothing is missing.
    pub fn year_to_load(&self, today: Date) -> Option<i16> {
        let horizon = today.year() + i16::from(today.month() >= 11);
        (today.year()..=horizon).find(|&year| !self.covers(year))
    }
}

fn is_weekday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The third counting day after the event, at the event's time of day. At the
/// end of the representable calendar it stops there.
fn count_days(event: DateTime, counts: impl Fn(Date) -> bool) -> DateTime {
    let mut date = event.date();
    let mut counted = 0;
    while counted < DAYS {
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => break,
        }
        counted += u32::from(counts(date));
    }
    date.to_datetime(event.time())
}
