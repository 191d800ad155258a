//! Instants, Turkish wall-clock time and the clock that is passed in.
//!
//! Everything is stored as microseconds since 1970 in UTC. The registry and
//! the law speak Turkish wall-clock time: UTC+3 all year since September 2016,
//! with summer time before that, so conversion goes through a time-zone table.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

/// An instant in microseconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// Microseconds of one second, minute, hour and day.
pub const SECOND_US: i64 = 1_000_000;
/// Microseconds of one minute.
pub const MINUTE_US: i64 = 60 * SECOND_US;
/// Microseconds of one hour.
pub const HOUR_US: i64 = 60 * MINUTE_US;
/// Microseconds of one day.
pub const DAY_US: i64 = 24 * HOUR_US;

/// Europe/Istanbul from the bundled table: the machine's own zone never counts.
static TURKEY: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZone::get("Europe/Istanbul").expect("the bundled time-zone table holds Europe/Istanbul")
});

/// Since this instant (27 March 2016 01:00 UTC) Turkey has been at UTC+3 without a break.
const FIXED_SINCE_US: i64 = 1_459_040_400 * SECOND_US;
const FIXED_OFFSET_US: i64 = 3 * HOUR_US;

impl Timestamp {
    /// Wraps microseconds since 1970 UTC.
    pub const fn from_micros(us: i64) -> Self {
        Self(us)
    }

    /// Microseconds since 1970 UTC, as stored in every `…_us` column.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant `us` microseconds later (earlier when negative), saturating.
    #[must_use]
    pub const fn plus_micros(self, us: i64) -> Self {
        Self(self.0.saturating_add(us))
    }

    /// Microseconds from `earlier` to this instant; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The instant at which a Turkish day begins.
    pub fn midnight_of_date(day: civil::Date) -> Self {
        Self::from_turkish(day.to_datetime(civil::Time::midnight()))
    }

    /// The first instant after a Turkish day such as `2026-12-31`; `None` when
    /// the text is no day.
    pub fn end_of_turkish_day(text: &str) -> Option<Self> {
        let day: civil::Date = (text.len() == 10).then(|| text.parse().ok()).flatten()?;
        Some(Self::midnight_of_date(day.tomorrow().ok()?))
    }

    /// The last Turkish day before this instant, such as `2026-12-31`.
    pub fn last_turkish_day(self) -> String {
        let day = self.plus_micros(-1).to_turkish().date();
        format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
    }

    /// The instant at which Turkish clocks show `local`.
    ///
    /// A wall-clock time that occurred twice (end of a summer time before
    /// 2016) is read as its first occurrence; one that never occurred is
    /// shifted forward by the gap.
    pub fn from_turkish(local: civil::DateTime) -> Self {
        let as_utc = local
            .to_zoned(TimeZone::UTC)
            .map_or(0, |zoned| zoned.timestamp().as_microsecond());
        let fixed = as_utc.saturating_sub(FIXED_OFFSET_US);
        if fixed >= FIXED_SINCE_US {
            return Self(fixed);
        }
        let offset = match TURKEY.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
        };
        Self(as_utc.saturating_sub(i64::from(offset.seconds()) * SECOND_US))
    }

    /// What Turkish clocks show at this instant.
    pub fn to_turkish(self) -> civil::DateTime {
        let shown = if self.0 >= FIXED_SINCE_US {
            jiff::Timestamp::from_microsecond(self.0.saturating_add(FIXED_OFFSET_US))
                .map(|t| TimeZone::UTC.to_datetime(t))
        } else {
            jiff::Timestamp::from_microsecond(self.0).map(|t| TURKEY.to_datetime(t))
        };
        shown.unwrap_or(civil::DateTime::MIN)
    }

    /// `YYYY-MM-DD HH:mm:ss` in Turkish time: the registry's only date form
    /// (İYS API, consentDate; H158 otherwise).
    pub fn to_registry_text(self) -> String {
        let t = self.to_turkish();
        format!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second()
        )
    }

    /// Reads the registry's date form. `None` when it is not a real date.
    pub fn from_registry_text(text: &str) -> Option<Self> {
        civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text)
            .ok()
            .map(Self::from_turkish)
    }

    /// `20.06.2025 14:05` in Turkish time, as people here write it.
    pub fn to_turkish_text(self) -> String {
        let t = self.to_turkish();
        format!(
            "{:02}.{:02}.{:04} {:02}:{:02}",
            t.day(),
            t.month(),
            t.year(),
            t.hour(),
            t.minute()
        )
    }
}

/// RFC 3339 with the offset that Turkish clocks had then.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.to_turkish();
        let instant = jiff::Timestamp::from_microsecond(self.0).map_err(|_| fmt::Error)?;
        let offset = TURKEY.to_offset(instant).seconds() / 3600;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second()
        )?;
        let micros = self.0.rem_euclid(SECOND_US);
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        write!(f, "+{offset:02}:00")
    }
}

/// Text that is not an RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant such as 2025-06-23T10:00:00+03:00")]
pub struct InvalidTimestamp(pub String);

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        text.parse::<jiff::Timestamp>()
            .map(|t| Self(t.as_microsecond()))
            .map_err(|_| InvalidTimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where "now" comes from. Passed to whatever needs it; nothing else reads time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// A clock that stands until it is moved: for tests and for replays.
#[derive(Debug)]
pub struct ManualClock(std::sync::atomic::AtomicI64);

impl ManualClock {
    /// A clock standing at `start`.
    pub const fn new(start: Timestamp) -> Self {
        Self(std::sync::atomic::AtomicI64::new(start.0))
    }

    /// Moves the clock by `us` microseconds.
    pub fn advance(&self, us: i64) {
        self.0.fetch_add(us, std::sync::atomic::Ordering::SeqCst);
    }

    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a valid instant")
    }

    #[test]
    fn winter_before_2016_was_an_hour_nearer_to_greenwich() {
        let winter = Timestamp::from_registry_text("2016-01-15 12:00:00").expect("a date");
        assert_eq!(winter, at("2016-01-15T10:00:00Z"));
        let later = Timestamp::from_registry_text("2017-01-15 12:00:00").expect("a date");
        assert_eq!(later, at("2017-01-15T09:00:00Z"));
        assert_eq!(winter.to_registry_text(), "2016-01-15 12:00:00");
        assert_eq!(winter.to_string(), "2016-01-15T12:00:00+02:00");
    }

    #[test]
    fn text_forms_read_back_as_the_same_instant() {
        for text in [
            "2015-05-01T00:00:00+03:00",
            "2025-06-23T10:00:00+03:00",
            "2025-06-23T10:00:00.123456+03:00",
        ] {
            assert_eq!(at(text).to_string(), text);
        }
        assert_eq!(
            at("2025-06-23T07:00:00Z").to_turkish_text(),
            "23.06.2025 10:00"
        );
        assert_eq!(Timestamp::from_registry_text("2025-02-30 00:00:00"), None);
    }
}
