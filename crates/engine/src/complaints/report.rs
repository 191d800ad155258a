//! The month of a compliance officer: counts and times, nobody's name.

use domain::Timestamp;
use domain::complaint::CaseState;
use domain::ids::FirmId;
use domain::time::DAY_US;
use store::complaint_cases::CaseFigures;

use crate::Engine;
use crate::error::EngineError;

/// Most brands and days that are gone through.
const BRANDS_MAX: usize = 1_000;
/// Days of the agreement that are gone through.
const DAYS_MAX: usize = 1_000;

/// A month in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonthReport {
    /// Year and month, `2026-11`.
    pub month: String,
    /// Complaints written down in it.
    pub complaints: usize,
    /// Those of them that are closed.
    pub solved: usize,
    /// Those of them that are not.
    pub open: usize,
    /// From a complaint to the stop, microseconds: the middle one.
    pub stop_median_us: Option<i64>,
    /// The longest.
    pub stop_worst_us: Option<i64>,
    /// From a complaint to the first answer, microseconds: the middle one.
    pub answer_median_us: Option<i64>,
    /// The longest.
    pub answer_worst_us: Option<i64>,
    /// In how many people the daily agreement with İYS differed.
    pub registry_differences: i64,
    /// Days of the agreement that were held against each other.
    pub registry_days: usize,
    /// Not answered by the legal date.
    pub overdue: usize,
}

impl Engine {
    /// The numbers of a month, in Turkish time.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the text is no month.
    pub async fn complaint_month(
        &self,
        firm: FirmId,
        month: &str,
    ) -> Result<MonthReport, EngineError> {
        let (from, to) = bounds(month)
            .ok_or_else(|| EngineError::invalid("month", "must be a month such as 2026-11"))?;
        let mut reader = self.store.read().await?;
        let cases = reader.case_figures(firm, from, to).await?;
        let brands = reader.brands(firm, None, BRANDS_MAX).await?;
        let (first, last) = (day_number(from), day_number(to));
        let (mut differences, mut days) = (0, 0);
        for brand in brands {
            for day in reader.registry_days(brand.id, DAYS_MAX).await? {
                if (first..last).contains(&day.day)
                    && let Some(found) = day.differences
                {
                    differences += found;
                    days += 1;
                }
            }
        }
        Ok(MonthReport {
            month: month.to_owned(),
            registry_differences: differences,
            registry_days: days,
            overdue: cases.iter().filter(|case| self.is_overdue(case)).count(),
            ..figures(&cases)
        })
    }

    fn is_overdue(&self, case: &CaseFigures) -> bool {
        let due = self.counting().due_dates(case.received_at).legal;
        case.answered_at.unwrap_or_else(|| self.now()) > due
    }
}

fn figures(cases: &[CaseFigures]) -> MonthReport {
    let stops = times(
        cases
            .iter()
            .map(|case| case.stopped_at.since(case.received_at)),
    );
    let answers = times(
        cases
            .iter()
            .filter_map(|case| Some(case.answered_at?.since(case.received_at))),
    );
    let solved = cases
        .iter()
        .filter(|case| case.state == CaseState::Solved)
        .count();
    MonthReport {
        complaints: cases.len(),
        solved,
        open: cases.len() - solved,
        stop_median_us: median(&stops),
        stop_worst_us: stops.last().copied(),
        answer_median_us: median(&answers),
        answer_worst_us: answers.last().copied(),
        ..MonthReport::default()
    }
}

fn times(of: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut times: Vec<i64> = of.map(|us| us.max(0)).collect();
    times.sort_unstable();
    times
}

/// Of an even number, the later of the two in the middle: never better than it was.
fn median(sorted: &[i64]) -> Option<i64> {
    sorted.get(sorted.len() / 2).copied()
}

/// The first instant of a month and of the next, in Turkish time.
fn bounds(month: &str) -> Option<(Timestamp, Timestamp)> {
    let (year, number) = month.split_once('-')?;
    let (year, number): (i16, i8) = (year.parse().ok()?, number.parse().ok()?);
    let first = jiff::civil::Date::new(year, number, 1).ok()?;
    let next = first.last_of_month().tomorrow().ok()?;
    Some((
        Timestamp::midnight_of_date(first),
        Timestamp::midnight_of_date(next),
    ))
}

/// The number of the Turkish day at whose midnight an instant stands.
const fn day_number(midnight: Timestamp) -> i64 {
    (midnight.as_micros() + 3 * domain::time::HOUR_US).div_euclid(DAY_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_counted_without_naming_anybody() {
        let at = |us| Timestamp::from_micros(us);
        let case = |received, stopped, answered: Option<i64>, state| CaseFigures {
            state,
            received_at: at(received),
            stopped_at: at(stopped),
            answered_at: answered.map(at),
            solved_at: None,
        };
        let report = figures(&[
            case(0, 0, Some(50), CaseState::Solved),
            case(0, 7, None, CaseState::Waiting),
            case(10, 10, Some(20), CaseState::Replied),
        ]);
        assert_eq!((report.complaints, report.solved, report.open), (3, 1, 2));
        assert_eq!(
            (report.stop_median_us, report.stop_worst_us),
            (Some(0), Some(7))
        );
        assert_eq!(
            (report.answer_median_us, report.answer_worst_us),
            (Some(50), Some(50))
        );
        assert_eq!(figures(&[]).stop_median_us, None);
    }

    #[test]
    fn a_month_begins_at_midnight_of_turkey() {
        let (from, to) = bounds("2026-12").expect("a month");
        assert_eq!(from.to_turkish_text(), "01.12.2026 00:00");
        assert_eq!(to.to_turkish_text(), "01.01.2027 00:00");
        for text in ["2026", "2026-13", "a-b", ""] {
            assert_eq!(bounds(text), None, "{text}");
        }
    }
}
