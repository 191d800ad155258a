//! Numbers and dates of a sheet, as texts that lose nothing.

use jiff::ToSpan;
use jiff::civil::{Date, Time, date};

use super::styles::Style;

/// Digits that a spreadsheet keeps of a number.
const DIGITS_KEPT: usize = 15;

/// Days between the two systems in which workbooks count.
const DAYS_TO_1904: f64 = 1_462.0;

/// The last day a spreadsheet knows, 31 December 9999.
const LAST_DAY: f64 = 2_958_465.0;

/// The text of a number: its exact value, never its look. A whole number of
/// more digits than a spreadsheet keeps stays in scientific form, so that the
/// lost digits are noticed (R209, R402).
pub(super) fn number_text(raw: &str) -> String {
    let Some(number) = parse(raw) else {
        return raw.trim().to_owned();
    };
    if number.fract() == 0.0 {
        if number.abs() < 1e15 {
            return format!("{:.0}", number + 0.0);
        }
        let scientific = format!("{number:.*E}", DIGITS_KEPT - 1);
        return match scientific.split_once('E') {
            Some((mantissa, exponent)) => {
                let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
                format!("{mantissa}E+{exponent}")
            }
            None => scientific,
        };
    }
    let whole_digits = format!("{:.0}", number.trunc().abs()).len();
    let decimals = DIGITS_KEPT.saturating_sub(whole_digits);
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// The text of a date, `2025-06-20 14:05:00`; `None` for a number that is no
/// day of the calendar, whatever its style says.
pub(super) fn date_text(raw: &str, style: Style, counts_from_1904: bool) -> Option<String> {
    let number = parse(raw)?;
    let days = if counts_from_1904 {
        number + DAYS_TO_1904
    } else {
        number
    };
    if !(0.0..=LAST_DAY + 1.0).contains(&days) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a count of seconds below 3e11, checked above"
    )]
    let seconds = (days * 86_400.0).round() as i64;
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let has_time = second != 0 || style == Style::DateTime;
    let time = Time::midnight().checked_add(second.seconds()).ok()?;
    let day_text = match day {
        60 if !counts_from_1904 => "1900-02-29".to_owned(), // a day that never was
        _ => day_of(day)?.to_string(),
    };
    Some(if has_time {
        format!("{day_text} {}", time.strftime("%H:%M:%S"))
    } else {
        day_text
    })
}

/// Spreadsheets believe that 1900 had a 29 February: before it one day more.
fn day_of(day: i64) -> Option<Date> {
    let start = if (1..60).contains(&day) {
        date(1899, 12, 31)
    } else {
        date(1899, 12, 30)
    };
    start.checked_add(day.days()).ok()
}

fn parse(raw: &str) -> Option<f64> {
    let number: f64 = raw.trim().parse().ok()?;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_out_exactly_or_show_that_digits_are_lost() {
        for (raw, text) in [
            ("905321234567", "905321234567"),
            ("9.0532123456700001E+11", "905321234567"),
            ("5.321234567E9", "5321234567"),
            ("5321234567.0", "5321234567"),
            ("-0", "0"),
            ("45828.586805555555", "45828.5868055556"),
            ("0.5", "0.5"),
            ("999999999999999", "999999999999999"),
            ("1234567890123450", "1.23456789012345E+15"),
            ("1E+20", "1E+20"),
            ("abc", "abc"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(number_text(raw), text, "{raw}");
        }
    }

    #[test]
    fn days_are_counted_as_each_system_counts_them() {
        let day = |raw: &str| date_text(raw, Style::Date, false);
        for (raw, text) in [
            ("45828.586805555555", "2025-06-20 14:05:00"), // vector 39
            ("42125", "2015-05-01"),
            ("61", "1900-03-01"),
            ("60", "1900-02-29"),
            ("59", "1900-02-28"),
            ("1", "1900-01-01"),
            ("0", "1899-12-30"),
            ("45828.999999", "2025-06-21 00:00:00"),
        ] {
            let shown = day(raw);
            let is_midnight = text.ends_with("00:00:00");
            let expected = if is_midnight { &text[..10] } else { text };
            assert_eq!(shown.as_deref(), Some(expected), "{raw}");
        }
        assert_eq!(
            date_text("45828", Style::DateTime, false).as_deref(),
            Some("2025-06-20 00:00:00")
        );
        assert_eq!(
            date_text("44366", Style::Date, true).as_deref(),
            Some("2025-06-20")
        );
        assert_eq!(day("5321234567"), None);
        assert_eq!(day("-1"), None);
        assert_eq!(day("x"), None);
    }
}
