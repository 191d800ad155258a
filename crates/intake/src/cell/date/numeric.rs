//! Dates written as one number: spreadsheet serials, epochs, compact dates.

use domain::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};

use super::{Moment, Reading};

/// Reads digits with at most one decimal comma or point.
pub(super) fn read(text: &str) -> Reading {
    let (whole, fraction) = text.split_once([',', '.']).unwrap_or((text, ""));
    let Ok(number) = whole.parse::<i64>() else {
        return Reading::Unreadable;
    };
    let moment = match (whole.len(), fraction) {
        // Serials 0 to 2 are 30 December 1899 to 1 January 1900.
        (1, "") if number <= 2 => return Reading::Artefact,
        (5, _) => serial(number, fraction),
        (8, "") => compact(whole),
        (10, "") => epoch(number.checked_mul(1_000_000)),
        (13, "") => epoch(number.checked_mul(1_000)),
        _ => None,
    };
    moment.map_or(Reading::Unreadable, Reading::Moment)
}

/// Days since 30 December 1899 and a fraction of a day, as spreadsheets count;
/// between the years 2000 and 2100, so that no house number becomes a date.
fn serial(days: i64, fraction: &str) -> Option<Moment> {
    if !(36_526..73_051).contains(&days) || fraction.len() > 15 {
        return None;
    }
    let midnight = date(1899, 12, 30)
        .checked_add(days.days())
        .ok()?
        .to_datetime(jiff::civil::Time::midnight());
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let part = if fraction.is_empty() {
        0
    } else {
        fraction.parse::<i128>().ok()?
    };
    let seconds = i64::try_from((part * 86_400 * 2 + scale) / (scale * 2)).ok()?;
    Some(Moment {
        was_number: true,
        ..of(
            midnight.checked_add(seconds.seconds()).ok()?,
            fraction.is_empty(),
        )
    })
}

/// Seconds or milliseconds since 1970 in UTC.
fn epoch(micros: Option<i64>) -> Option<Moment> {
    let local = Timestamp::from_micros(micros?).to_turkish();
    let whole = local.with().subsec_nanosecond(0).build().ok()?;
    Some(Moment {
        was_number: true,
        ..of(whole, false)
    })
}

/// Eight digits: year first or day first, where only one of them is a date of
/// our times.
fn compact(digits: &str) -> Option<Moment> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let real = |year: i16, month: i16, day: i16| {
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        (1900..2100).contains(&year).then_some(date)
    };
    let year_first = real(number(0..4)?, number(4..6)?, number(6..8)?);
    let day_first = real(number(4..8)?, number(2..4)?, number(0..2)?);
    match (year_first, day_first) {
        (Some(date), None) | (None, Some(date)) => Some(Moment::written(date, None)),
        _ => None,
    }
}

const fn of(at: DateTime, lacks_time: bool) -> Moment {
    Moment {
        at,
        lacks_time,
        was_number: false,
        had_short_year: false,
    }
}
