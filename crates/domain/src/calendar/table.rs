//! The holiday table: reading its lines and expanding them into days.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::Span;
use jiff::civil::Date;

use super::Calendar;

/// A public holiday on one date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// The whole day, or the afternoon.
    pub part: HolidayPart,
    /// Turkish name, such as `Kurban Bayramı 1. gün`.
    pub name_tr: String,
    /// English name, such as `Feast of the Sacrifice, day 1`.
    pub name_en: String,
}

/// How much of a day is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HolidayPart {
    /// The whole day.
    Full,
    /// From 13:00 on.
    HalfFrom13,
}

/// Why a holiday table could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A line does not have the five columns of its kind.
    #[error("line {line} of the holiday table is not understood: `{text}`")]
    Line {
        /// Counted from 1.
        line: usize,
        /// The line as it stands.
        text: String,
    },
    /// No year has all of its feasts.
    #[error("the holiday table covers no year")]
    NoYear,
}

/// One line: a day of every year, a feast with its eve, or a single day.
enum Entry {
    Yearly {
        month: i8,
        day: i8,
        part: HolidayPart,
    },
    Feast {
        first: Date,
        days: i32,
    },
    Single {
        date: Date,
        part: HolidayPart,
    },
}

impl FromStr for Calendar {
    type Err = CalendarError;

    /// Reads a table in the form of `data/holidays.tsv`, which describes itself.
    ///
    /// # Errors
    /// [`CalendarError::Line`] for the first line that is not understood,
    /// [`CalendarError::NoYear`] when no year has every feast.
    fn from_str(table: &str) -> Result<Self, CalendarError> {
        let mut entries = Vec::new();
        for (index, text) in table.lines().enumerate() {
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            let entry = read_line(text).ok_or_else(|| CalendarError::Line {
                line: index + 1,
                text: text.to_owned(),
            })?;
            entries.push(entry);
        }
        let years = covered_years(&entries);
        if years.is_empty() {
            return Err(CalendarError::NoYear);
        }
        let mut holidays = Vec::new();
        for (entry, names) in &entries {
            expand(entry, *names, &years, &mut holidays);
        }
        holidays.sort();
        Ok(Self { holidays, years })
    }
}

/// Turkish and English name.
type Names<'a> = (&'a str, &'a str);

fn read_line(text: &str) -> Option<(Entry, Names<'_>)> {
    let mut cells = text.split('\t').map(str::trim);
    let (kind, when, length) = (cells.next()?, cells.next()?, cells.next()?);
    let names = (cells.next()?, cells.next()?);
    if cells.next().is_some() || names.0.is_empty() || names.1.is_empty() {
        return None;
    }
    let entry = match kind {
        "yearly" => {
            let (month, day) = when.split_once('-')?;
            let (month, day) = (month.parse().ok()?, day.parse().ok()?);
            Date::new(2024, month, day).ok()?; // a leap year: 29 February is a day of some years
            let part = read_part(length)?;
            Entry::Yearly { month, day, part }
        }
        "feast" => Entry::Feast {
            first: when.parse().ok()?,
            days: length.parse().ok().filter(|days| (1..=30).contains(days))?,
        },
        "single" => Entry::Single {
            date: when.parse().ok()?,
            part: read_part(length)?,
        },
        _ => return None,
    };
    Some((entry, names))
}

fn read_part(word: &str) -> Option<HolidayPart> {
    match word {
        "full" => Some(HolidayPart::Full),
        "half" => Some(HolidayPart::HalfFrom13),
        _ => None,
    }
}

/// The years in which every feast of the table has its first day.
fn covered_years(entries: &[(Entry, Names<'_>)]) -> Vec<i16> {
    let mut years_of: BTreeMap<&str, BTreeSet<i16>> = BTreeMap::new();
    for (entry, names) in entries {
        if let Entry::Feast { first, .. } = entry {
            years_of.entry(names.0).or_default().insert(first.year());
        }
    }
    let common = years_of.into_values().reduce(|a, b| &a & &b);
    common.unwrap_or_default().into_iter().collect()
}

/// Appends the days of one line.
fn expand(entry: &Entry, (tr, en): Names<'_>, years: &[i16], holidays: &mut Vec<Holiday>) {
    let mut add = |date, part, name_tr: String, name_en: String| {
        holidays.push(Holiday {
            date,
            part,
            name_tr,
            name_en,
        });
    };
    match *entry {
        Entry::Yearly { month, day, part } => {
            for date in years
                .iter()
                .filter_map(|&year| Date::new(year, month, day).ok())
            {
                add(date, part, tr.to_owned(), en.to_owned());
            }
        }
        Entry::Single { date, part } => add(date, part, tr.to_owned(), en.to_owned()),
        Entry::Feast { first, days } => {
            if let Ok(eve) = first.yesterday() {
                let part = HolidayPart::HalfFrom13;
                add(eve, part, format!("{tr} arifesi"), format!("{en}, eve"));
            }
            for n in 0..days {
                let date = first.saturating_add(Span::new().days(n));
                let (tr, en) = (
                    format!("{tr} {}. gün", n + 1),
                    format!("{en}, day {}", n + 1),
                );
                add(date, HolidayPart::Full, tr, en);
            }
        }
    }
}
