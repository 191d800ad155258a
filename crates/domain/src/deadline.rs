//! What the firm owes by when (*süre*): a consent taken elsewhere must be in
//! İYS within three business days or it is void, a refusal must be there within
//! the same time and stop the sending, and so must a complaint
//! (Regulation on commercial communication; Law 6563 art. 8/3).
//!
//! Nobody says which calendar İYS counts in, so each event has four dates
//! ([`crate::calendar::Deadlines`]); people are shown the legal one.

use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, HalfDays};
use crate::channel::vocabulary;
use crate::time::{HOUR_US, Timestamp};

vocabulary! {
    /// What is owed.
    Duty {
        /// A consent that İYS must be told of, or it is void.
        Consent = 1, "CONSENT";
        /// A refusal that İYS must be told of.
        Refusal = 2, "REFUSAL";
        /// A complaint: sending stopped, the person answered.
        Complaint = 3, "COMPLAINT";
    }
}

vocabulary! {
    /// How near the end is.
    Urgency {
        /// Less than a day old.
        OnTime = 1, "ON_TIME";
        /// A day old: somebody should look.
        Soon = 2, "SOON";
        /// Past our own limit of 72 hours.
        Late = 3, "LATE";
        /// Past three weekdays: a consent goes out at once, singly.
        AtRisk = 4, "AT_RISK";
        /// Past the legal date.
        Overdue = 5, "OVERDUE";
        /// Past every reading of the rule: a consent is void (R606).
        Expired = 6, "EXPIRED";
    }
}

/// The age at which somebody is called.
pub const PAGE_AFTER_US: i64 = 24 * HOUR_US;

/// The four dates of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDates {
    /// When it happened.
    pub event: Timestamp,
    /// 72 hours later: our own limit.
    pub sla: Timestamp,
    /// Three weekdays later.
    pub strict: Timestamp,
    /// Three business days later, as people here count: the date that is shown.
    pub legal: Timestamp,
    /// Three business days later by the most generous reading.
    pub grace: Timestamp,
    /// A year whose holidays are not known although the count reached it.
    pub missing_year: Option<i16>,
}

/// How the days are counted.
#[derive(Debug, Clone, Copy)]
pub struct Counting<'a> {
    /// The holidays.
    pub calendar: &'a Calendar,
    /// Whether half days are business days in the date that is shown.
    pub half_days: HalfDays,
}

impl Counting<'_> {
    /// The dates of an event.
    pub fn due_dates(&self, event: Timestamp) -> DueDates {
        let found = self.calendar.deadlines(event.to_turkish());
        let legal = match self.half_days {
            HalfDays::Count => found.legal,
            HalfDays::Skip => found.grace,
        };
        DueDates {
            event,
            sla: event.plus_micros(72 * HOUR_US),
            strict: Timestamp::from_turkish(found.strict),
            legal: Timestamp::from_turkish(legal),
            grace: Timestamp::from_turkish(found.grace),
            missing_year: found.missing_year,
        }
    }

    /// Business days that are left until an instant, today not counted; 0 when it is past.
    pub fn business_days_left(&self, now: Timestamp, until: Timestamp) -> usize {
        let (today, last) = (now.to_turkish().date(), until.to_turkish().date());
        self.calendar
            .business_days_between(today, last, self.half_days)
    }

    /// Business days from `now` on, each with the events that are due on it:
    /// from the first instant to before the second.
    pub fn coming_days(&self, now: Timestamp, count: usize) -> Vec<DueDay> {
        let mut days = Vec::with_capacity(count);
        let mut date = now.to_turkish().date();
        while days.len() < count {
            if let Some((from, to)) = self.calendar.events_due_on(date, self.half_days) {
                let midnight = |day: jiff::civil::Date| Timestamp::from_turkish(day.at(0, 0, 0, 0));
                days.push(DueDay {
                    day: date,
                    events: (midnight(from), midnight(to)),
                });
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        days
    }

    /// Consents before this instant are past every reading of the rule, or
    /// will be before the day is over: İYS would not take them any more.
    pub fn oldest_alive(&self, now: Timestamp) -> Timestamp {
        let generous = Self {
            half_days: HalfDays::Skip,
            ..*self
        };
        let next = generous.coming_days(now, 1);
        next.first().map_or(now, |day| day.events.0)
    }
}

/// A business day and the events that are due on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueDay {
    /// The day, in Turkish time.
    pub day: jiff::civil::Date,
    /// From the first instant to before the second.
    pub events: (Timestamp, Timestamp),
}

impl DueDates {
    /// How near the end is now.
    pub fn urgency(&self, now: Timestamp) -> Urgency {
        if now > self.grace {
            Urgency::Expired
        } else if now > self.legal {
            Urgency::Overdue
        } else if now > self.strict {
            Urgency::AtRisk
        } else if now > self.sla {
            Urgency::Late
        } else if now.since(self.event) >= PAGE_AFTER_US {
            Urgency::Soon
        } else {
            Urgency::OnTime
        }
    }

    /// `son tarih 25.06.2025 14:05`.
    pub fn text_tr(&self) -> String {
        format!("son tarih {}", self.legal.to_turkish_text())
    }

    /// `due 25.06.2025 14:05`.
    pub fn text_en(&self) -> String {
        format!("due {}", self.legal.to_turkish_text())
    }
}

/// What to do about a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DutyStep {
    /// In Turkish.
    pub next_tr: &'static str,
    /// In English.
    pub next_en: &'static str,
}

impl Duty {
    /// What to do about it.
    pub const fn step(self, urgency: Urgency) -> DutyStep {
        match (self, urgency) {
            (Self::Consent, Urgency::Expired) => DutyStep {
                next_tr: "Bu izin artık İYS'ye kaydedilemez. Kişiden yeniden izin alın: İYS doğrulaması, mağaza, web formu ya da kişinin kendi araması.",
                next_en: "This consent can no longer be registered at İYS. Ask the person anew: İYS's own verification, at the counter, on the web, or when they call.",
            },
            (Self::Consent, _) => DutyStep {
                next_tr: "İYS'ye iletin; iletilmiyorsa İYS bağlantısına ve reddedilen kayıtlara bakın.",
                next_en: "Tell İYS; if it does not leave, look at the connection and at the refused records.",
            },
            (Self::Refusal, _) => DutyStep {
                next_tr: "Gönderim durduruldu. Reddi İYS'ye iletin; iletilmiyorsa İYS bağlantısına bakın.",
                next_en: "Sending has stopped. Tell İYS of the refusal; if it does not leave, look at the connection.",
            },
            (Self::Complaint, _) => DutyStep {
                next_tr: "Gönderim durduruldu. Şikâyeti yanıtlayın, gerekiyorsa ret kaydedin ve işi kapatın.",
                next_en: "Sending has stopped. Answer the complaint, record a refusal if there is one, and close it.",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTING: fn(HalfDays) -> Counting<'static> = |half_days| Counting {
        calendar: Calendar::builtin(),
        half_days,
    };

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_consent_of_friday_before_a_weekend_is_due_on_wednesday_at_its_own_hour() {
        let dates = COUNTING(HalfDays::Count).due_dates(at("2025-06-20T14:05:00+03:00"));
        assert_eq!(dates.text_tr(), "son tarih 25.06.2025 14:05");
        assert_eq!(dates.sla, at("2025-06-23T14:05:00+03:00"));
    }

    #[test]
    fn a_refusal_on_the_eve_of_a_feast_has_its_deadline_after_the_feast() {
        let event = at("2026-05-25T12:00:00+03:00");
        let counted = COUNTING(HalfDays::Count).due_dates(event);
        let skipped = COUNTING(HalfDays::Skip).due_dates(event);
        assert_eq!(counted.text_tr(), "son tarih 02.06.2026 12:00");
        assert_eq!(skipped.text_tr(), "son tarih 03.06.2026 12:00");
        assert_eq!(counted.grace, skipped.legal);
    }

    #[test]
    fn the_urgency_rises_with_each_of_the_four_dates() {
        // The eve of a feast in between: all four dates differ.
        let event = at("2025-06-04T09:00:00+03:00");
        let dates = COUNTING(HalfDays::Count).due_dates(event);
        let asked = [
            ("2025-06-04T10:00:00+03:00", Urgency::OnTime),
            ("2025-06-05T09:00:00+03:00", Urgency::Soon),
            ("2025-06-08T09:00:00+03:00", Urgency::Late),
            ("2025-06-10T09:00:00+03:00", Urgency::AtRisk),
            ("2025-06-11T09:00:01+03:00", Urgency::Overdue),
            ("2025-06-12T09:00:01+03:00", Urgency::Expired),
        ];
        for (now, urgency) in asked {
            assert_eq!(dates.urgency(at(now)), urgency, "{now}");
        }
    }

    #[test]
    fn the_coming_business_days_take_every_event_once() {
        let now = at("2025-06-23T10:00:00+03:00");
        let days = COUNTING(HalfDays::Count).coming_days(now, 5);
        let texts: Vec<String> = days.iter().map(|day| day.day.to_string()).collect();
        assert_eq!(
            texts,
            [
                "2025-06-23",
                "2025-06-24",
                "2025-06-25",
                "2025-06-26",
                "2025-06-27"
            ]
        );
        for pair in days.windows(2) {
            assert_eq!(pair[0].events.1, pair[1].events.0, "no gap and no overlap");
        }
        let friday = at("2025-06-20T14:05:00+03:00");
        assert!(days[2].events.0 <= friday && friday < days[2].events.1);
        assert_eq!(
            COUNTING(HalfDays::Count).business_days_left(now, at("2025-06-25T14:05:00+03:00")),
            2
        );
    }

    #[test]
    fn a_consent_is_alive_as_long_as_one_reading_of_the_rule_still_takes_it() {
        let now = at("2025-06-12T08:00:00+03:00");
        let counting = COUNTING(HalfDays::Count);
        let oldest = counting.oldest_alive(now);
        assert!(oldest <= at("2025-06-04T09:00:00+03:00"));
        assert!(counting.due_dates(oldest.plus_micros(-1)).grace < now);
    }
}
