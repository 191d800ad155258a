//! Consent dates (*izin tarihi*) in the forms people and programs write them.
//!
//! A value without an offset is Turkish wall-clock time; one with an offset is
//! converted to it. Which part of `05/06/2025` is the day is a property of the
//! column, never of the cell, so such values are returned unresolved.

mod numeric;
mod written;

use jiff::civil::{Date, DateTime, Time};

use crate::options::DateOrder;

/// What a cell of a date column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Nothing.
    Empty,
    /// A moment in Turkish wall-clock time.
    Moment(Moment),
    /// A date with `/` or `-` and the year last: the column decides its order.
    Slashed(Slashed),
    /// An empty cell that a program turned into a date (R608).
    Artefact,
    /// No date we can read (R602).
    Unreadable,
}

/// A moment and how it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Turkish wall-clock time, whole seconds.
    pub(crate) at: DateTime,
    /// No time of day was written: 00:00:00 was taken (W602).
    pub(crate) lacks_time: bool,
    /// It was written as a number (W603).
    pub(crate) was_number: bool,
    /// The year had two digits (W604).
    pub(crate) had_short_year: bool,
}

/// Two numbers of which one is the day, a year and a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slashed {
    pub(crate) first: i8,
    pub(crate) second: i8,
    year: i16,
    had_short_year: bool,
    time: Option<Time>,
}

impl Slashed {
    /// The moment in this order; `None` when that is no date.
    pub(crate) fn in_order(self, order: DateOrder) -> Option<Moment> {
        let (day, month) = match order {
            DateOrder::DayFirst => (self.first, self.second),
            DateOrder::MonthFirst => (self.second, self.first),
        };
        let date = Date::new(self.year, month, day).ok()?;
        Some(Moment {
            had_short_year: self.had_short_year,
            ..Moment::written(date, self.time)
        })
    }

    /// The only order that makes it a date; `None` when both or neither do.
    pub(crate) fn only_order(self) -> Option<DateOrder> {
        let works = |order| self.in_order(order).is_some();
        match (works(DateOrder::DayFirst), works(DateOrder::MonthFirst)) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }
}

impl Moment {
    /// A moment that nobody wrote in a cell.
    pub(crate) const fn known(at: DateTime) -> Self {
        Self {
            at,
            lacks_time: false,
            was_number: false,
            had_short_year: false,
        }
    }

    fn written(date: Date, time: Option<Time>) -> Self {
        Self {
            at: date.to_datetime(time.unwrap_or(Time::midnight())),
            lacks_time: time.is_none(),
            was_number: false,
            had_short_year: false,
        }
    }
}

impl Reading {
    /// Reads a cleaned cell.
    pub(crate) fn of(text: &str) -> Self {
        let reading = usual(text.as_bytes()).unwrap_or_else(|| {
            if text.is_empty() {
                Self::Empty
            } else if text
                .bytes()
                .all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.'))
                && text.bytes().filter(|b| !b.is_ascii_digit()).count() <= 1
            {
                numeric::read(text)
            } else {
                written::read(text)
            }
        });
        match reading {
            Self::Moment(moment) if is_artefact(moment.at.date()) => Self::Artefact,
            other => other,
        }
    }
}

/// Dates that programs make out of empty cells and zeros.
fn is_artefact(date: Date) -> bool {
    const EMPTY_CELLS: [(i16, i8, i8); 4] =
        [(1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1)];
    date.year() <= 1970 && EMPTY_CELLS.contains(&(date.year(), date.month(), date.day()))
}

/// The forms nearly every file uses, read by position:
/// `20.06.2025 14:05[:33]`, `2025-06-20 14:05:00`.
fn usual(text: &[u8]) -> Option<Reading> {
    let (date, time) = text.split_at_checked(10)?;
    let date = match date {
        [_, _, b'.', _, _, b'.', _, _, _, _] => Date::new(
            i16::from(pair(date, 6)?) * 100 + i16::from(pair(date, 8)?),
            pair(date, 3)?,
            pair(date, 0)?,
        ),
        [_, _, _, _, b'-', _, _, b'-', _, _] => Date::new(
            i16::from(pair(date, 0)?) * 100 + i16::from(pair(date, 2)?),
            pair(date, 5)?,
            pair(date, 8)?,
        ),
        _ => return None,
    };
    let time = match time {
        [] => None,
        [b' ', _, _, b':', _, _] => Some(Time::new(pair(time, 1)?, pair(time, 4)?, 0, 0)),
        [b' ' | b'T', _, _, b':', _, _, b':', _, _] => {
            Some(Time::new(pair(time, 1)?, pair(time, 4)?, pair(time, 7)?, 0))
        }
        _ => return None,
    };
    let time = time.transpose().ok()?;
    Some(Reading::Moment(Moment::written(date.ok()?, time)))
}

/// Two ASCII digits as a number.
fn pair(text: &[u8], at: usize) -> Option<i8> {
    let digit = |i: usize| {
        let byte = *text.get(i)?;
        byte.is_ascii_digit().then(|| byte - b'0')
    };
    i8::try_from(digit(at)? * 10 + digit(at + 1)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moment(text: &str) -> String {
        match Reading::of(text) {
            Reading::Moment(moment) => {
                let mut told = moment.at.to_string();
                for (is_set, mark) in [
                    (moment.lacks_time, " no time"),
                    (moment.was_number, " number"),
                    (moment.had_short_year, " short year"),
                ] {
                    if is_set {
                        told += mark;
                    }
                }
                told
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_form_of_one_moment_reads_as_that_moment() {
        for text in [
            "2025-06-20 14:05:00",
            "20.06.2025 14:05",
            "20.06.2025 14:05:00",
            "20.6.2025 14:05",
            "20.06.2025  14:05",
            "2025-06-20T14:05:00",
            "2025-06-20T14:05:00+03:00",
            "2025-06-20T11:05:00Z",
            "2025-06-20T11:05:00.000Z",
            "2025-06-20 13:05:00+0200",
            "2025/06/20 14:05",
            "2025.06.20 14:05",
            "20 Haziran 2025 14:05",
            "20 Haz 2025 14:05",
            "20-Haz-2025 14:05",
            "20 HAZİRAN 2025, 14:05",
            "Jun 20 2025 14:05",
            "June 20, 2025 2:05 PM",
            "20.06.2025 02:05 ÖS",
            "20.06.2025 ÖS 02:05",
            "20.06.2025 2:05:00 ös",
        ] {
            assert_eq!(moment(text), "2025-06-20T14:05:00", "{text}");
        }
    }

    #[test]
    fn what_was_added_while_reading_is_told() {
        for (text, expected) in [
            ("20.06.2025", "2025-06-20T00:00:00 no time"),
            ("20 Haz 2025", "2025-06-20T00:00:00 no time"),
            ("20.06.25", "2025-06-20T00:00:00 no time short year"),
            ("20.06.25 14:05", "2025-06-20T14:05:00 short year"),
            ("45828,586805555", "2025-06-20T14:05:00 number"),
            ("45828.5868", "2025-06-20T14:05:00 number"),
            ("42125", "2015-05-01T00:00:00 no time number"),
            ("1750417500", "2025-06-20T14:05:00 number"),
            ("1750417500000", "2025-06-20T14:05:00 number"),
            ("20250620", "2025-06-20T00:00:00 no time"),
            ("20062025", "2025-06-20T00:00:00 no time"),
            ("20.06.2025 12:05 ÖÖ", "2025-06-20T00:05:00"),
            ("20.06.2025 12:05 PM", "2025-06-20T12:05:00"),
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_not_bent_into_one() {
        for text in [
            "dün",
            "20.06",
            "31.02.2025",
            "06.20.2025",
            "20.06.2025 25:00",
            "20.06.2025 14:05 XX",
            "20.06.2025 13:05 ÖS",
            "12",
            "99999",
            "73051",
            "175041750",
            "11111111",
            "01012001x",
            "20.06.20256",
            "2025-06-20T14:05:00+3",
            "20 Foo 2025",
            "20.06/2025",
            "1,5,5",
            "-1",
            "20.06.2025 14:05 16:05",
            "20102011x",
        ] {
            assert_eq!(Reading::of(text), Reading::Unreadable, "{text}");
        }
        assert_eq!(Reading::of(""), Reading::Empty);
    }

    #[test]
    fn empty_cells_that_became_dates_are_recognised() {
        for text in [
            "30.12.1899",
            "31.12.1899 00:00:00",
            "1900-01-01",
            "01.01.1970",
            "1970-01-01T00:00:00Z",
            "0",
            "1",
            "0000-00-00",
            "0000-00-00 00:00:00",
            "00.00.0000",
        ] {
            assert_eq!(Reading::of(text), Reading::Artefact, "{text}");
        }
    }

    #[test]
    fn the_order_of_a_slashed_date_is_left_to_its_column() {
        let Reading::Slashed(both) = Reading::of("05/06/2025 14:05") else {
            panic!()
        };
        assert_eq!(both.only_order(), None);
        let day_first = both.in_order(DateOrder::DayFirst).unwrap();
        assert_eq!(day_first.at.to_string(), "2025-06-05T14:05:00");
        let month_first = both.in_order(DateOrder::MonthFirst).unwrap();
        assert_eq!(month_first.at.to_string(), "2025-05-06T14:05:00");
        let Reading::Slashed(one) = Reading::of("20-06-2025") else {
            panic!()
        };
        assert_eq!(one.only_order(), Some(DateOrder::DayFirst));
        assert_eq!(one.in_order(DateOrder::MonthFirst), None);
        let Reading::Slashed(american) = Reading::of("6/20/25 2:05 PM") else {
            panic!()
        };
        assert_eq!(american.only_order(), Some(DateOrder::MonthFirst));
        assert!(
            american
                .in_order(DateOrder::MonthFirst)
                .unwrap()
                .had_short_year
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_fail(text in ".{0,30}") {
            let _ = Reading::of(&text);
        }

        #[test]
        fn the_quick_way_and_the_general_way_agree(
            year in 1990_i16..2100, month in 0_i8..14, day in 0_i8..33,
            hour in 0_i8..26, minute in 0_i8..62,
        ) {
            for text in [
                format!("{day:02}.{month:02}.{year} {hour:02}:{minute:02}"),
                format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:09"),
                format!("{day:02}.{month:02}.{year}"),
            ] {
                let general = written::read(&text);
                let quick = usual(text.as_bytes()).unwrap_or(Reading::Unreadable);
                prop_assert_eq!(quick, general, "{}", text);
            }
        }
    }
}
