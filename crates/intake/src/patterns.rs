//! What a file as a whole shows about how its consents came about: hundreds of
//! people do not consent in the same second, nor only while one office is open.
//!
//! A pattern refuses nobody. The strong ones keep the file waiting for a
//! person, with the pattern named; the weak ones are told and no more, because
//! a reception desk looks the same.

use std::collections::HashMap;

use domain::time::SECOND_US;
use domain::{Source, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::consent::Declared;
use crate::pair::mix;

/// A sign that consents may have been made up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "pattern", rename_all = "snake_case")]
pub enum Pattern {
    /// Many consents of one and the same moment.
    SameMoment {
        /// The moment, `2025-06-20 14:05:33`, Turkish time.
        at: String,
        /// At least this many consents.
        rows: u64,
    },
    /// Consents given after the same people refused at İYS (R807).
    AfterCitizenRefusal {
        /// How many.
        rows: u64,
    },
    /// Every consent lies within office hours of working days.
    OfficeHoursOnly {
        /// How many.
        rows: u64,
    },
    /// Every consent names the same source.
    OneSource {
        /// The source.
        source: Source,
        /// How many.
        rows: u64,
    },
}

impl Pattern {
    /// Whether a person must look before the file is applied.
    pub const fn holds(&self) -> bool {
        matches!(
            self,
            Self::SameMoment { .. } | Self::AfterCitizenRefusal { .. }
        )
    }

    /// What was noticed, Turkish.
    pub fn text_tr(&self) -> String {
        match self {
            Self::SameMoment { at, rows } => {
                format!(
                    "En az {rows} onay aynı anda ({at}) verilmiş görünüyor; bu tarih gerçek mi?"
                )
            }
            Self::AfterCitizenRefusal { rows } => format!(
                "{rows} kişi İYS'de ret verdikten sonra yeniden onay vermiş görünüyor; kanıtlarına bakın."
            ),
            Self::OfficeHoursOnly { rows } => {
                format!("{rows} onayın hepsi hafta içi mesai saatlerinde verilmiş.")
            }
            Self::OneSource { source, rows } => {
                format!("{rows} onayın hepsinde aynı izin kaynağı var: {source}.")
            }
        }
    }

    /// What was noticed, English.
    pub fn text_en(&self) -> String {
        match self {
            Self::SameMoment { at, rows } => format!(
                "At least {rows} consents carry the very same moment ({at}); is that date real?"
            ),
            Self::AfterCitizenRefusal { rows } => format!(
                "{rows} people seem to have consented after they refused at İYS; look at the evidence."
            ),
            Self::OfficeHoursOnly { rows } => {
                format!("All {rows} consents were given on weekdays in office hours.")
            }
            Self::OneSource { source, rows } => {
                format!("All {rows} consents name the same source: {source}.")
            }
        }
    }
}

/// Consents of one second, with the second written out, that are too many.
const SAME_SECOND: u64 = 200;
/// Consents of one minute without seconds that are too many, and their share
/// of all consents in percent: a large shop has busy minutes.
const SAME_MINUTE: u64 = 400;
const SAME_MINUTE_PERCENT: u64 = 15;
/// Fewer consents show nothing about hours and sources.
const WEAK_SIGNS_FROM: u64 = 500;
/// Consents after a citizen's refusal that are no coincidence any more.
const AFTER_REFUSAL: u64 = 3;
/// First and last hour of an office.
const OFFICE_HOURS: std::ops::Range<i64> = 8..19;

/// Counts what patterns are recognised by, a few nanoseconds a consent.
#[derive(Debug, Default)]
pub(crate) struct PatternWatch {
    consents: u64,
    with_time: u64,
    in_office_hours: u64,
    source: Option<Source>,
    has_several_sources: bool,
    seconds: CrowdedSeconds,
    minutes: FrequentMinutes,
}

impl PatternWatch {
    /// Takes note of what a row declares.
    pub(crate) fn note(&mut self, said: &Declared) {
        if said.status != Status::Onay || !said.date_is_stated {
            return;
        }
        self.consents += 1;
        match &self.source {
            None => self.source = Some(said.source.clone()),
            Some(first) if self.has_several_sources || *first == said.source => {}
            Some(_) => self.has_several_sources = true,
        }
        // Turkish time since 2016; older consents show no pattern worth the table of zones.
        let second = said.date_us.div_euclid(SECOND_US) + ZONE_SECONDS;
        let in_day = second.rem_euclid(DAY_SECONDS);
        if in_day == 0 {
            return; // a date without a time
        }
        self.with_time += 1;
        // 1 January 1970 was a Thursday.
        let is_weekday = (second.div_euclid(DAY_SECONDS) + 3).rem_euclid(7) < 5;
        let is_office = is_weekday && OFFICE_HOURS.contains(&(in_day / 3_600));
        self.in_office_hours += u64::from(is_office);
        if second % 60 == 0 {
            self.minutes.note(second);
        } else {
            self.seconds.note(second);
        }
    }

    /// What was noticed, strongest first.
    pub(crate) fn patterns(&self, after_citizen_refusal: u64) -> Vec<Pattern> {
        let mut found = Vec::new();
        if let Some((second, rows)) = self.crowded_moment() {
            let at = Timestamp::from_micros((second - ZONE_SECONDS) * SECOND_US);
            let at = at.to_registry_text();
            found.push(Pattern::SameMoment { at, rows });
        }
        if after_citizen_refusal >= AFTER_REFUSAL {
            let rows = after_citizen_refusal;
            found.push(Pattern::AfterCitizenRefusal { rows });
        }
        if self.consents < WEAK_SIGNS_FROM {
            return found;
        }
        if self.with_time == self.consents && self.in_office_hours == self.with_time {
            let rows = self.consents;
            found.push(Pattern::OfficeHoursOnly { rows });
        }
        if let Some(source) = self.source.clone().filter(|_| !self.has_several_sources) {
            let rows = self.consents;
            found.push(Pattern::OneSource { source, rows });
        }
        found
    }

    /// The moment that far too many consents carry.
    fn crowded_moment(&self) -> Option<(i64, u64)> {
        let of_second = self.seconds.most();
        let of_minute = self.minutes.most().filter(|(_, rows)| {
            *rows >= SAME_MINUTE && *rows * 100 >= self.consents * SAME_MINUTE_PERCENT
        });
        let found = of_second.into_iter().chain(of_minute);
        found.max_by_key(|(_, rows)| *rows)
    }
}

/// Since 2016, all year.
const ZONE_SECONDS: i64 = 3 * 3_600;
const DAY_SECONDS: i64 = 86_400;

/// Finds seconds that hundreds of consents carry, among millions of others.
/// Several seconds share a slot; a full slot only makes the seconds that come
/// to it afterwards suspects, which are then counted one by one.
#[derive(Debug)]
struct CrowdedSeconds {
    slots: Vec<u8>,
    suspects: HashMap<i64, u64>,
}

/// Slots; a power of two.
const SLOTS: usize = 1 << 16;
/// Occurrences in a slot before seconds in it are counted.
const SLOT_IS_FULL: u8 = 100;
/// Seconds counted one by one.
const SUSPECTS_MAX: usize = 1_000;

impl Default for CrowdedSeconds {
    fn default() -> Self {
        Self {
            slots: vec![0; SLOTS],
            suspects: HashMap::new(),
        }
    }
}

impl CrowdedSeconds {
    fn note(&mut self, second: i64) {
        let spread = mix(second.unsigned_abs()) & (SLOTS as u64 - 1);
        let slot = &mut self.slots[usize::try_from(spread).unwrap_or(0)];
        if *slot < SLOT_IS_FULL {
            *slot += 1;
        } else if let Some(count) = self.suspects.get_mut(&second) {
            *count += 1;
        } else if self.suspects.len() < SUSPECTS_MAX {
            self.suspects.insert(second, 1);
        }
    }

    fn most(&self) -> Option<(i64, u64)> {
        let before = u64::from(SLOT_IS_FULL);
        let crowded = self.suspects.iter().map(|(second, rows)| (*second, *rows));
        crowded
            .filter(|(_, rows)| *rows + before >= SAME_SECOND)
            .max_by_key(|(second, rows)| (*rows, *second))
    }
}

/// Finds minutes that a large share of all consents carries (Misra and Gries):
/// what is more than one in [`COUNTERS`] is always found, and never counted
/// higher than it is.
#[derive(Debug, Default)]
struct FrequentMinutes {
    minutes: [i64; COUNTERS],
    counts: [u64; COUNTERS],
}

const COUNTERS: usize = 8;

impl FrequentMinutes {
    fn note(&mut self, minute: i64) {
        // Searched to the end without a branch: most minutes of a file are not among them.
        let (mut known, mut free) = (COUNTERS, COUNTERS);
        for at in 0..COUNTERS {
            if self.counts[at] == 0 {
                free = at;
            } else if self.minutes[at] == minute {
                known = at;
            }
        }
        let at = if known < COUNTERS { known } else { free };
        if at < COUNTERS {
            self.minutes[at] = minute;
            self.counts[at] += 1;
        } else {
            for count in &mut self.counts {
                *count -= 1;
            }
        }
    }

    fn most(&self) -> Option<(i64, u64)> {
        let pairs = self.minutes.iter().copied().zip(self.counts);
        pairs
            .max_by_key(|(_, rows)| *rows)
            .filter(|(_, rows)| *rows > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(at: &str, source: Source) -> Declared {
        Declared {
            status: Status::Onay,
            date_us: Timestamp::from_registry_text(at).unwrap().as_micros(),
            date_is_stated: true,
            source,
            source_is_stated: true,
        }
    }

    fn names(watch: &PatternWatch) -> Vec<String> {
        let named = watch.patterns(0);
        let name = |pattern: &Pattern| match pattern {
            Pattern::SameMoment { at, rows } => format!("same {at} {}", *rows >= 100),
            other => format!("{other:?}"),
        };
        named.iter().map(name).collect()
    }

    /// A busy shop: consents spread over two days and nights, some by the second.
    fn busy(watch: &mut PatternWatch, consents: u32) {
        for i in 0..consents {
            let minute = (i * 7_919) % 2_880;
            let (day, hour, minute) = (19 + minute / 1_440, minute / 60 % 24, minute % 60);
            let second = if i % 4 == 0 { i % 60 } else { 0 };
            let at = format!("2025-06-{day} {hour:02}:{minute:02}:{second:02}");
            let source = if i % 3 == 0 {
                Source::HS_MOBIL
            } else {
                Source::HS_WEB
            };
            watch.note(&said(&at, source));
        }
    }

    #[test]
    fn hundreds_of_consents_of_one_moment_are_noticed_among_many_others() {
        for at in ["2025-06-20 14:05:33", "2025-06-20 14:05:00"] {
            let mut watch = PatternWatch::default();
            busy(&mut watch, 2_000);
            assert!(names(&watch).is_empty(), "{:?}", names(&watch));
            for _ in 0..500 {
                watch.note(&said(at, Source::HS_WEB));
            }
            busy(&mut watch, 200);
            assert_eq!(names(&watch), [format!("same {at} true")]);
        }
        let mut watch = PatternWatch::default();
        busy(&mut watch, 200_000);
        (0..300).for_each(|_| watch.note(&said("2025-06-20 14:05:33", Source::HS_WEB)));
        assert_eq!(names(&watch), ["same 2025-06-20 14:05:33 true"]);
    }

    #[test]
    fn a_day_without_a_time_and_refusals_show_no_moment() {
        let mut watch = PatternWatch::default();
        for _ in 0..1_000 {
            watch.note(&said("2025-06-20 00:00:00", Source::HS_WEB));
            watch.note(&Declared {
                status: Status::Ret,
                ..said("2025-06-20 14:05:33", Source::HS_WEB)
            });
        }
        let one_source = Pattern::OneSource {
            source: Source::HS_WEB,
            rows: 1_000,
        };
        assert_eq!(watch.patterns(0), [one_source]);
    }

    #[test]
    fn office_hours_and_one_source_are_told_and_hold_nothing() {
        let mut watch = PatternWatch::default();
        for i in 0..600_u32 {
            let at = format!("2025-06-20 {:02}:{:02}:00", 8 + i % 11, i % 60);
            watch.note(&said(&at, Source::HS_FIZIKSEL_ORTAM));
        }
        let found = watch.patterns(0);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(!found.iter().any(Pattern::holds));
        watch.note(&said("2025-06-21 12:00:00", Source::HS_WEB)); // a Saturday
        assert!(watch.patterns(0).is_empty());
    }

    #[test]
    fn consents_after_citizens_refusals_hold_the_file() {
        let watch = PatternWatch::default();
        assert!(watch.patterns(AFTER_REFUSAL - 1).is_empty());
        assert!(watch.patterns(AFTER_REFUSAL).iter().all(Pattern::holds));
        for pattern in watch.patterns(AFTER_REFUSAL) {
            assert!(!pattern.text_tr().is_empty() && !pattern.text_en().is_empty());
        }
    }
}
