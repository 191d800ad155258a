//! İYS time: Turkish local seconds, without an offset and without daylight saving.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

/// Turkey is at UTC+3 all year; İYS writes every date so.
const TURKEY_AHEAD_S: i64 = 3 * 3_600;

/// A Turkish wall-clock time in whole seconds, counted from 1970-01-01 00:00:00 local.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Local(pub(crate) i64);

/// Why a text is no İYS date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadDate {
    /// Not `YYYY-MM-DD HH:mm:ss`.
    Format,
    /// No such day or time.
    Calendar,
}

impl Local {
    pub(crate) fn of(at: Timestamp) -> Self {
        Self(at.as_second() + TURKEY_AHEAD_S)
    }

    /// Seconds since 1970 UTC.
    pub(crate) fn unix(self) -> i64 {
        self.0 - TURKEY_AHEAD_S
    }

    pub(crate) fn parse(text: &str) -> Result<Self, BadDate> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 19
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                10 => *byte == b' ',
                13 | 16 => *byte == b':',
                _ => byte.is_ascii_digit(),
            });
        if !shaped {
            return Err(BadDate::Format);
        }
        let number = |from: usize, to: usize| {
            bytes[from..to]
                .iter()
                .fold(0_i16, |n, digit| n * 10 + i16::from(*digit - b'0'))
        };
        let small =
            |from: usize| i8::try_from(number(from, from + 2)).map_err(|_| BadDate::Calendar);
        let date = Date::new(number(0, 4), small(5)?, small(8)?).map_err(|_| BadDate::Calendar)?;
        let (hour, minute, second) = (small(11)?, small(14)?, small(17)?);
        if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
            return Err(BadDate::Calendar);
        }
        Ok(Self::from_civil(date.at(hour, minute, second, 0)))
    }

    /// The first and the last second of a day.
    pub(crate) fn day(date: Date) -> (Self, Self) {
        let first = Self::from_civil(date.at(0, 0, 0, 0));
        (first, Self(first.0 + 24 * 3_600 - 1))
    }

    pub(crate) fn from_civil(civil: DateTime) -> Self {
        let epoch = Date::constant(1970, 1, 1).at(0, 0, 0, 0);
        Self(civil.duration_since(epoch).as_secs())
    }

    pub(crate) fn civil(self) -> DateTime {
        let epoch = Date::constant(1970, 1, 1).at(0, 0, 0, 0);
        epoch
            .checked_add(SignedDuration::from_secs(self.0))
            .unwrap_or(DateTime::MAX)
    }

    /// The wire form, `YYYY-MM-DD HH:mm:ss`.
    pub(crate) fn text(self) -> String {
        let at = self.civil();
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_comes_back_as_it_was_written() {
        for text in [
            "2015-05-01 00:00:00",
            "2026-03-02 14:05:33",
            "2028-02-29 23:59:59",
        ] {
            assert_eq!(Local::parse(text).map(Local::text), Ok(text.to_owned()));
        }
    }

    #[test]
    fn local_time_is_three_hours_ahead_of_utc_in_winter_and_in_summer() {
        for (utc, local) in [
            ("2026-01-10T12:00:00Z", "2026-01-10 15:00:00"),
            ("2026-07-10T21:30:00Z", "2026-07-11 00:30:00"),
        ] {
            let at: Timestamp = utc.parse().expect("a timestamp");
            assert_eq!(Local::of(at).text(), local);
            assert_eq!(Local::of(at).unix(), at.as_second());
        }
    }

    #[test]
    fn format_and_calendar_are_told_apart() {
        for text in [
            "2026-3-02 14:05:33",
            "2026-03-02T14:05:33",
            "02.03.2026 14:05:33",
            "",
        ] {
            assert_eq!(Local::parse(text), Err(BadDate::Format), "{text}");
        }
        for text in [
            "2026-02-29 10:00:00",
            "2026-13-01 10:00:00",
            "2026-01-01 24:00:00",
        ] {
            assert_eq!(Local::parse(text), Err(BadDate::Calendar), "{text}");
        }
    }
}
