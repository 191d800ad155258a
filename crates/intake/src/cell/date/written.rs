//! Dates written with separators or month names, with or without a time.

use domain::Timestamp;
use domain::fold_text::fold_header;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use super::{Moment, Reading, Slashed};

/// Reads any form but a bare number.
pub(super) fn read(text: &str) -> Reading {
    let Some((date, clock)) = split_clock(text) else {
        return Reading::Unreadable;
    };
    if is_all_zeros(date) {
        return Reading::Artefact;
    }
    match (read_date(date), clock.offset) {
        (Some(Day::Known(date, had_short_year)), None) => Reading::Moment(Moment {
            had_short_year,
            ..Moment::written(date, clock.time)
        }),
        (Some(Day::Known(date, had_short_year)), Some(offset)) => {
            match clock.time.and_then(|time| to_turkish(date, time, offset)) {
                Some(moment) => Reading::Moment(Moment {
                    had_short_year,
                    ..moment
                }),
                None => Reading::Unreadable,
            }
        }
        (Some(Day::Slashed(slashed)), None) => Reading::Slashed(Slashed {
            time: clock.time,
            ..slashed
        }),
        _ => Reading::Unreadable,
    }
}

/// A time of day and its offset from UTC.
#[derive(Default)]
struct Clock {
    time: Option<Time>,
    offset: Option<Offset>,
}

#[derive(Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}

/// Cuts the time off behind the date. `None` when what follows the date is no time.
fn split_clock(text: &str) -> Option<(&str, Clock)> {
    let Some(colon) = text.find(':') else {
        return Some((text.trim(), Clock::default()));
    };
    let hour = text[..colon].rfind(|c: char| !c.is_ascii_digit())?;
    let (before, clock) = text.split_at(hour);
    let clock = clock.trim_start_matches([' ', 'T', 't', ',']);
    let before = before.trim_end_matches([' ', ',']);
    let (date, half_before) = match before.rsplit_once(' ') {
        Some((date, word)) if half(word).is_some() => (date, half(word)),
        _ => (before, None),
    };
    let clock_end = clock
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ',')))
        .unwrap_or(clock.len());
    let (time, rest) = clock.split_at(clock_end);
    let rest = rest.trim();
    let (half, offset) = match (half_before, half(rest)) {
        (Some(half), None) if rest.is_empty() => (Some(half), None),
        (None, Some(half)) => (Some(half), None),
        (None, None) if rest.is_empty() => (None, None),
        (None, None) => (None, Some(read_offset(rest)?)),
        _ => return None,
    };
    let time = Some(read_time(time, half)?);
    Some((date.trim(), Clock { time, offset }))
}

/// `ÖÖ`, `ÖS` (*öğleden önce*, *öğleden sonra*), `AM`, `PM`.
fn half(word: &str) -> Option<Half> {
    if word.is_empty() || word.len() > 6 {
        return None;
    }
    match fold_header(word).as_str() {
        "oo" | "am" => Some(Half::Morning),
        "os" | "pm" => Some(Half::Afternoon),
        _ => None,
    }
}

/// `9:05`, `14:05:33`, `14:05:33.250`; fractions of a second are dropped.
fn read_time(text: &str, half: Option<Half>) -> Option<Time> {
    let (text, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut parts = text.split(':');
    let hour = small_number(parts.next()?)?;
    let minute = small_number(parts.next()?)?;
    let second = parts.next().map_or(Some(0), small_number)?;
    if parts.next().is_some() {
        return None;
    }
    let hour = match (half, hour) {
        (None, hour) => hour,
        (Some(Half::Morning), 12) => 0,
        (Some(Half::Afternoon), 12) => 12,
        (Some(Half::Morning), 1..=11) => hour,
        (Some(Half::Afternoon), 1..=11) => hour + 12,
        _ => return None,
    };
    Time::new(hour, minute, second, 0).ok()
}

/// `Z`, `+03:00`, `+0300`, `+03`.
fn read_offset(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
        return Some(Offset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), 5) => (hours, minutes),
        (None, 4) => digits.split_at(2),
        (None, 2) => (digits, "0"),
        _ => return None,
    };
    let seconds = i32::from(small_number(hours)?) * 3_600 + i32::from(small_number(minutes)?) * 60;
    Offset::from_seconds(sign * seconds).ok()
}

fn to_turkish(date: Date, time: Time, offset: Offset) -> Option<Moment> {
    let instant = offset.to_timestamp(date.to_datetime(time)).ok()?;
    let local = Timestamp::from_micros(instant.as_microsecond()).to_turkish();
    Some(Moment::written(local.date(), Some(local.time())))
}

enum Day {
    /// A date, and whether its year had two digits.
    Known(Date, bool),
    Slashed(Slashed),
}

fn read_date(text: &str) -> Option<Day> {
    if text
        .bytes()
        .any(|b| !b.is_ascii_digit() && !matches!(b, b'.' | b'/' | b'-'))
    {
        return read_month_name(text);
    }
    let separator = text.find(['.', '/', '-']).map(|at| &text[at..=at])?;
    let mut parts = text.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    if first.len() == 4 {
        let date = Date::new(
            first.parse().ok()?,
            small_number(second)?,
            small_number(third)?,
        )
        .ok()?;
        return Some(Day::Known(date, false));
    }
    let (year, had_short_year) = read_year(third)?;
    let (first, second) = (small_number(first)?, small_number(second)?);
    if separator == "." {
        return Some(Day::Known(
            Date::new(year, second, first).ok()?,
            had_short_year,
        ));
    }
    let slashed = Slashed {
        first,
        second,
        year,
        had_short_year,
        time: None,
    };
    let is_date = Date::new(year, second, first).is_ok() || Date::new(year, first, second).is_ok();
    is_date.then_some(Day::Slashed(slashed))
}

/// `20 Haziran 2025`, `20-Haz-25`, `Jun 20, 2025`.
fn read_month_name(text: &str) -> Option<Day> {
    let mut parts = text
        .split(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | '-' | '/'))
        .filter(|part| !part.is_empty());
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (day, month, year) = match (month(first), month(second)) {
        (None, Some(month)) if first.len() == 4 => (third, month, first),
        (None, Some(month)) => (first, month, third),
        (Some(month), None) => (second, month, third),
        _ => return None,
    };
    let (year, had_short_year) = read_year(year)?;
    Some(Day::Known(
        Date::new(year, month, small_number(day)?).ok()?,
        had_short_year,
    ))
}

/// Full and short names, Turkish and English, folded.
const MONTHS: [[&str; 4]; 12] = [
    ["ocak", "oca", "january", "jan"],
    ["subat", "sub", "february", "feb"],
    ["mart", "mar", "march", "mar"],
    ["nisan", "nis", "april", "apr"],
    ["mayis", "may", "may", "may"],
    ["haziran", "haz", "june", "jun"],
    ["temmuz", "tem", "july", "jul"],
    ["agustos", "agu", "august", "aug"],
    ["eylul", "eyl", "september", "sep"],
    ["ekim", "eki", "october", "oct"],
    ["kasim", "kas", "november", "nov"],
    ["aralik", "ara", "december", "dec"],
];

fn month(word: &str) -> Option<i8> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let folded = fold_header(word);
    let position = MONTHS
        .iter()
        .position(|names| names.contains(&folded.as_str()))?;
    i8::try_from(position + 1).ok()
}

/// Four digits, or two that mean 20xx; years before 1800 are slips.
fn read_year(text: &str) -> Option<(i16, bool)> {
    match text.len() {
        4 => {
            let year = text
                .bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| text.parse().ok())??;
            (year >= 1800).then_some((year, false))
        }
        2 => Some((2000 + i16::from(small_number(text)?), true)),
        _ => None,
    }
}

/// One or two ASCII digits.
fn small_number(text: &str) -> Option<i8> {
    let is_small = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
    is_small.then(|| text.parse().ok())?
}

/// `0000-00-00` and `00.00.0000`: what databases write for no date.
fn is_all_zeros(date: &str) -> bool {
    date.len() >= 8 && date.bytes().all(|b| matches!(b, b'0' | b'.' | b'-' | b'/'))
}
