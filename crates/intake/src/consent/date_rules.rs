//! Which consent dates may stand.

use domain::calendar::Calendar;
use domain::{ReasonCode, Source, Timestamp};
use jiff::civil::DateTime;

use super::age::{Age, AgeRule};
use crate::cell::Fault;
use crate::cell::date::Moment;
use crate::field::Field;
use crate::remarked::Remarked;

/// The first moment of the law's registry: consents before it go by HS_2015
/// with exactly this date (H155).
pub(crate) const FIRST_DAY: DateTime = DateTime::constant(2015, 5, 1, 0, 0, 0, 0);

/// The rules of dates for one upload.
#[derive(Debug)]
pub(crate) struct DateRules<'c> {
    now: DateTime,
    /// `None` while old consents are still taken.
    age: Option<AgeRule<'c>>,
}

impl<'c> DateRules<'c> {
    pub(crate) fn new(calendar: &'c Calendar, now: Timestamp, refuses_old: bool) -> Self {
        let now = now.to_turkish();
        Self {
            now,
            age: refuses_old.then(|| AgeRule::new(calendar, now)),
        }
    }

    /// The deadline of a consent as people read it; none while old ones are taken.
    pub(crate) fn deadline(&mut self, at: Timestamp) -> Option<String> {
        let age = self.age.as_mut()?;
        Some(turkish_text(age.deadline(at.to_turkish())))
    }

    /// Judges a date that could be read; adds what is to be remarked.
    ///
    /// # Errors
    /// R603 to R606.
    pub(crate) fn judge(
        &mut self,
        moment: Moment,
        source: Option<&Source>,
        shown: impl Fn() -> String,
        remarked: &mut Remarked,
    ) -> Result<Timestamp, Fault> {
        let fault = |code| Fault::of_cell(Field::Date, code, &shown());
        let is_2015 = source == Some(&Source::HS_2015);
        if moment.at < FIRST_DAY {
            return Err(fault(ReasonCode::R603));
        }
        if moment.at > self.now {
            return Err(fault(ReasonCode::R604));
        }
        if is_2015 && moment.at != FIRST_DAY {
            return Err(fault(ReasonCode::R605));
        }
        if let Some(age) = self.age.as_mut().filter(|_| !is_2015) {
            match age.age(moment.at) {
                Age::Fresh => {}
                Age::NearLimit => remarked.add(ReasonCode::W606),
                Age::TooOld {
                    deadline,
                    hangs_on_time,
                } => {
                    let fault = fault(ReasonCode::R606).with("date", turkish_text(deadline));
                    let lacks_only_time = hangs_on_time && moment.lacks_time;
                    return Err(if lacks_only_time {
                        with_time_hint(fault)
                    } else {
                        fault
                    });
                }
            }
        }
        if !is_2015 && moment.at == FIRST_DAY {
            remarked.add(ReasonCode::W605);
        }
        for (is_set, code) in [
            (moment.lacks_time, ReasonCode::W602),
            (moment.was_number, ReasonCode::W603),
            (moment.had_short_year, ReasonCode::W604),
        ] {
            if is_set {
                remarked.add(code);
            }
        }
        Ok(Timestamp::from_turkish(moment.at))
    }
}

fn with_time_hint(fault: Fault) -> Fault {
    fault
        .with(
            "hint",
            "Saat ekleyin: aynı günün ilerleyen bir saati süre içinde kalabilir.",
        )
        .with(
            "hint_en",
            "Add the time: a later hour of that day may still be within the limit.",
        )
}

fn turkish_text(at: DateTime) -> String {
    Timestamp::from_turkish(at).to_turkish_text()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::cell::date::Reading;

    /// Monday 2025-06-23 10:00, as in the vectors of the format description.
    fn judge(text: &str, source: &Source, refuses_old: bool) -> String {
        let now = Timestamp::from_turkish(date(2025, 6, 23).at(10, 0, 0, 0));
        let Reading::Moment(moment) = Reading::of(text) else {
            panic!("{text} is no date")
        };
        let mut remarked = Remarked::NONE;
        let mut rules = DateRules::new(Calendar::builtin(), now, refuses_old);
        match rules.judge(moment, Some(source), || text.to_owned(), &mut remarked) {
            Ok(at) => {
                let codes: Vec<String> = remarked.iter().map(|code| format!(" {code}")).collect();
                format!("{}{}", at.to_turkish_text(), codes.concat())
            }
            Err(fault) => {
                let hint = if fault.args.iter().any(|(name, _)| name == "hint") {
                    " +hint"
                } else {
                    ""
                };
                format!("{}{hint}", fault.code)
            }
        }
    }

    #[test]
    fn dates_outside_the_law_or_the_calendar_are_refused() {
        for (text, source, expected) in [
            ("20.06.2025 14:05", Source::HS_WEB, "20.06.2025 14:05"),
            ("20.06.2025", Source::HS_WEB, "20.06.2025 00:00 W602"),
            ("17.06.2025 09:00", Source::HS_WEB, "R606"),
            ("18.06.2025", Source::HS_WEB, "R606 +hint"),
            ("18.06.2025 11:00", Source::HS_WEB, "18.06.2025 11:00"),
            ("24.06.2025 09:00", Source::HS_WEB, "R604"),
            ("30.04.2015", Source::HS_WEB, "R603"),
            ("02.05.2015", Source::HS_2015, "R605"),
            ("01.05.2015 00:00:00", Source::HS_2015, "01.05.2015 00:00"),
        ] {
            assert_eq!(judge(text, &source, true), expected, "{text} {source}");
        }
    }

    #[test]
    fn old_consents_pass_until_the_account_is_active() {
        assert_eq!(
            judge("17.06.2020 09:00", &Source::HS_WEB, false),
            "17.06.2020 09:00"
        );
        assert_eq!(
            judge("01.05.2015 00:00", &Source::HS_WEB, false),
            "01.05.2015 00:00 W605"
        );
    }
}
