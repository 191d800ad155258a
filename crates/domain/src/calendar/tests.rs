//! The worked examples of the deadline rule and the shape of each year.

use std::str::FromStr;

use jiff::civil::{date, datetime};
use proptest::prelude::*;

use super::*;

#[test]
fn every_worked_example_has_its_four_deadlines() {
    // event, sla, strict, legal, grace; the last three at the event's time of day
    let table = "
        2024-04-05T16:30 2024-04-08T16:30 2024-04-10 2024-04-15 2024-04-16
        2024-04-09T11:00 2024-04-12T11:00 2024-04-12 2024-04-17 2024-04-17
        2024-06-14T10:00 2024-06-17T10:00 2024-06-19 2024-06-24 2024-06-24
        2025-03-28T17:45 2025-03-31T17:45 2025-04-02 2025-04-04 2025-04-04
        2025-06-04T09:00 2025-06-07T09:00 2025-06-09 2025-06-11 2025-06-12
        2025-10-27T12:00 2025-10-30T12:00 2025-10-30 2025-10-31 2025-11-03
        2026-03-19T10:00 2026-03-22T10:00 2026-03-24 2026-03-25 2026-03-25
        2026-05-26T12:00 2026-05-29T12:00 2026-05-29 2026-06-03 2026-06-03
        2026-05-22T18:00 2026-05-25T18:00 2026-05-27 2026-06-01 2026-06-02
        2026-10-27T09:15 2026-10-30T09:15 2026-10-30 2026-11-02 2026-11-03
        2026-12-31T23:50 2027-01-03T23:50 2027-01-05 2027-01-06 2027-01-06
        2027-03-05T15:00 2027-03-08T15:00 2027-03-10 2027-03-15 2027-03-16
        2027-05-14T20:00 2027-05-17T20:00 2027-05-19 2027-05-24 2027-05-24
        2028-02-24T08:00 2028-02-27T08:00 2028-02-29 2028-03-01 2028-03-02
        2028-05-03T14:00 2028-05-06T14:00 2028-05-08 2028-05-10 2028-05-11
        2029-04-20T13:30 2029-04-23T13:30 2029-04-25 2029-05-03 2029-05-03
        2030-04-12T09:00 2030-04-15T09:00 2030-04-17 2030-04-19 2030-04-19
        2030-02-01T22:00 2030-02-04T22:00 2030-02-06 2030-02-11 2030-02-11";
    let mut examples = 0;
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let event: DateTime = cells[0].parse().unwrap();
        let at_its_time = |day: &str| day.parse::<Date>().unwrap().to_datetime(event.time());
        let expected = Deadlines {
            sla: cells[1].parse().unwrap(),
            strict: at_its_time(cells[2]),
            legal: at_its_time(cells[3]),
            grace: at_its_time(cells[4]),
            missing_year: None,
        };
        assert_eq!(Calendar::builtin().deadlines(event), expected, "{event}");
        examples += 1;
    }
    assert_eq!(examples, 18);
}

#[test]
fn each_year_has_its_number_of_business_days_and_of_half_days_among_them() {
    for (year, business_days, half_days) in [
        (2024, 250, 2),
        (2025, 251, 2),
        (2026, 251, 3),
        (2027, 250, 2),
        (2028, 254, 2),
        (2029, 249, 1),
        (2030, 250, 2),
    ] {
        let calendar = Calendar::builtin();
        let counted = calendar.business_days_in(year, HalfDays::Count);
        let skipped = calendar.business_days_in(year, HalfDays::Skip);
        assert_eq!(
            (counted, counted - skipped),
            (business_days, half_days),
            "{year}"
        );
    }
}

#[test]
fn a_date_that_is_full_by_one_rule_and_half_by_another_is_full() {
    let calendar = Calendar::builtin();
    let names = |day| {
        let holidays = calendar.holidays_on(day).iter();
        holidays.map(|h| h.name_tr.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        names(date(2029, 4, 23)),
        [
            "Ulusal Egemenlik ve Çocuk Bayramı",
            "Kurban Bayramı arifesi"
        ]
    );
    assert!(!calendar.is_business_day(date(2029, 4, 23), HalfDays::Count));
    assert_eq!(
        names(date(2027, 5, 19)),
        [
            "Atatürk'ü Anma, Gençlik ve Spor Bayramı",
            "Kurban Bayramı 4. gün"
        ]
    );
    assert_eq!(names(date(2026, 5, 25)), Vec::<&str>::new());
    assert_eq!(
        calendar.holidays_on(date(2026, 5, 26))[0].name_en,
        "Feast of the Sacrifice, eve"
    );
    assert_eq!(calendar.holidays_in(2026).count(), 17);
}

#[test]
fn an_unknown_year_falls_back_to_the_strict_reading_and_says_so() {
    let deadlines = Calendar::builtin().deadlines(datetime(2031, 4, 22, 9, 0, 0, 0));
    assert_eq!(deadlines.missing_year, Some(2031));
    assert_eq!(deadlines.legal, deadlines.strict);
    assert_eq!(deadlines.grace, deadlines.strict);

    let across = Calendar::builtin().deadlines(datetime(2030, 12, 30, 9, 0, 0, 0));
    assert_eq!(across.missing_year, Some(2031));
    assert_eq!(across.grace, datetime(2031, 1, 2, 9, 0, 0, 0));
}

#[test]
fn the_next_year_is_asked_for_from_november_on() {
    let calendar = Calendar::builtin();
    assert_eq!(calendar.year_to_load(date(2030, 10, 31)), None);
    assert_eq!(calendar.year_to_load(date(2030, 11, 1)), Some(2031));
    assert_eq!(calendar.year_to_load(date(2031, 1, 1)), Some(2031));
    assert_eq!(calendar.year_to_load(date(2029, 12, 31)), None);
}

#[test]
fn an_installation_may_load_its_own_table() {
    let table = "# ours\n\
        yearly\t10-28\thalf\tYarım\tHalf\n\
        feast\t2031-01-24\t3\tRamazan Bayramı\tRamadan Feast\n\
        feast\t2031-04-02\t4\tKurban Bayramı\tFeast of the Sacrifice\n\
        feast\t2032-01-14\t3\tRamazan Bayramı\tRamadan Feast\n\
        single\t2031-02-03\tfull\tEk tatil\tExtra holiday\n";
    let calendar = Calendar::from_str(table).unwrap();
    assert!(calendar.covers(2031) && !calendar.covers(2032));
    assert!(!calendar.is_business_day(date(2031, 2, 3), HalfDays::Count));
    assert!(calendar.is_business_day(date(2031, 10, 28), HalfDays::Count));
    assert!(!calendar.is_business_day(date(2031, 10, 28), HalfDays::Skip));
}

#[test]
fn a_broken_table_is_refused_with_its_line() {
    for line in [
        "yearly\t13-01\tfull\tAd\tName",
        "yearly\t01-01\twhole\tAd\tName",
        "feast\t2031-02-30\t3\tAd\tName",
        "feast\t2031-02-20\t0\tAd\tName",
        "single\t2031-02-20\tfull\tAd",
        "weekly\t2031-02-20\tfull\tAd\tName",
    ] {
        let error = Calendar::from_str(&format!("# head\n{line}\n")).unwrap_err();
        assert_eq!(
            error,
            CalendarError::Line {
                line: 2,
                text: line.to_owned()
            }
        );
    }
    assert_eq!(Calendar::from_str(""), Err(CalendarError::NoYear));
}

#[test]
fn an_event_at_the_end_of_the_calendar_does_not_overflow() {
    let deadlines = Calendar::builtin().deadlines(DateTime::MAX);
    assert_eq!(deadlines.strict, DateTime::MAX);
    assert!(deadlines.missing_year.is_some());
}

#[test]
fn the_events_due_on_a_day_are_found_from_the_day() {
    let calendar = Calendar::builtin();
    let due = |y, m, d| calendar.events_due_on(date(y, m, d), HalfDays::Count);
    // Friday 20 June 2025 and the weekend after it are due on Wednesday.
    assert_eq!(
        due(2025, 6, 25),
        Some((date(2025, 6, 20), date(2025, 6, 23)))
    );
    assert_eq!(due(2025, 6, 28), None);
    // Before the Feast of the Sacrifice: the eve counts, the four days do not.
    assert_eq!(due(2026, 6, 3), Some((date(2026, 5, 26), date(2026, 6, 1))));
    let skipped = calendar.events_due_on(date(2026, 6, 3), HalfDays::Skip);
    assert_eq!(skipped, Some((date(2026, 5, 25), date(2026, 6, 1))));
    let between = |half| calendar.business_days_between(date(2026, 5, 25), date(2026, 6, 3), half);
    assert_eq!((between(HalfDays::Count), between(HalfDays::Skip)), (4, 3));
}

proptest! {
    #[test]
    fn every_event_lies_among_those_due_on_its_own_deadline(days in 0_i32..2_500, skip in any::<bool>()) {
        let calendar = Calendar::builtin();
        let event = date(2024, 1, 10).saturating_add(Span::new().days(days)).at(9, 0, 0, 0);
        let deadlines = calendar.deadlines(event);
        prop_assume!(deadlines.missing_year.is_none());
        let (due, half) = if skip { (deadlines.grace, HalfDays::Skip) } else { (deadlines.legal, HalfDays::Count) };
        let (from, to) = calendar.events_due_on(due.date(), half).unwrap();
        prop_assert!(from <= event.date() && event.date() < to, "{} not in {}..{}", event, from, to);
    }

    #[test]
    fn the_readings_never_change_their_order(days in 0_i32..2_550, minutes in 0_i32..1_440) {
        let event = date(2024, 1, 1)
            .saturating_add(Span::new().days(days))
            .at(0, 0, 0, 0)
            .saturating_add(Span::new().minutes(minutes));
        let d = Calendar::builtin().deadlines(event);
        prop_assert!(d.sla <= d.strict && d.strict <= d.legal && d.legal <= d.grace, "{:?}", d);
        prop_assert!(d.missing_year.is_some() || Calendar::builtin().is_business_day(d.grace.date(), HalfDays::Skip));
        prop_assert_eq!(d.grace.time(), event.time());
    }
}
