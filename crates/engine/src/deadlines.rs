//! What the firm still owes by when, what will be due on the coming business
//! days, and the alarms that are raised before it is too late.

use domain::Timestamp;
use domain::alarm::AlarmCode;
use domain::calendar::Calendar;
use domain::deadline::{Counting, DueDates, Duty, PAGE_AFTER_US, Urgency};
use domain::ids::{BrandId, FirmId};
use domain::time::HOUR_US;
use store::Writer;
use store::alarms::{AlarmDetail, AlarmKey};
use store::brands::Brand;
use store::deadlines::{COUNT_MAX, DutyCursor, DutyRange, OpenDuty};

use crate::error::EngineError;
use crate::settings;
use crate::{Engine, Step};

/// Brands and firms looked at for alarms in one round.
const LOOKED_AT_MAX: usize = 1_000;
/// Our own limit for telling İYS, microseconds.
const SLA_US: i64 = 72 * HOUR_US;

/// The calendar that the settings name.
///
/// # Errors
/// [`EngineError::Internal`] when the table cannot be read, with its line.
pub(crate) fn calendar(settings: &settings::Deadlines) -> Result<Calendar, EngineError> {
    let Some(file) = &settings.holidays_file else {
        return Ok(Calendar::builtin().clone());
    };
    let refused = |problem: String| {
        EngineError::Internal(format!(
            "deadlines.holidays_file {}: {problem}",
            file.display()
        ))
    };
    let text = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    text.parse()
        .map_err(|error: domain::calendar::CalendarError| refused(error.to_string()))
}

/// One thing that is owed, with its dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// What.
    pub duty: OpenDuty,
    /// By when.
    pub dates: DueDates,
    /// How near the end is.
    pub urgency: Urgency,
    /// Business days left until the legal date.
    pub business_days_left: usize,
}

/// Which duties are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwedQuestion {
    /// Only this duty; all of them when absent.
    pub only: Option<Duty>,
    /// Consents that no reading of the rule takes any more, instead of those
    /// that can still be told.
    pub expired: bool,
    /// Where the page goes on.
    pub after: Option<DutyCursor>,
}

/// What is due on one business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForecastDay {
    /// The day, in Turkish time.
    pub day: domain::calendar::Date,
    /// Consents that are void after it unless İYS is told; counts to 10,000.
    pub consents: i64,
    /// Refusals that must have reached İYS by then; counts to 10,000.
    pub refusals: i64,
}

/// What is due on the coming business days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// Today, if it is one, and the next business days.
    pub days: Vec<ForecastDay>,
    /// Consents whose legal date is past but which İYS may still take.
    pub consents_overdue: i64,
    /// Consents that no reading of the rule takes any more.
    pub consents_expired: i64,
    /// Refusals whose legal date is past.
    pub refusals_overdue: i64,
}

impl Engine {
    /// How days are counted here.
    pub const fn counting(&self) -> Counting<'_> {
        Counting {
            calendar: &self.calendar,
            half_days: self.settings.deadlines.half_days,
        }
    }

    /// What a brand owes, the oldest event first: that is the order of the
    /// 72-hour limits, which bind us.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn owed(
        &self,
        firm: FirmId,
        brand: BrandId,
        question: OwedQuestion,
        limit: usize,
    ) -> Result<Vec<Owed>, EngineError> {
        let now = self.now();
        let mut reader = self.store.read().await?;
        let held = reader
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let oldest = self.counting().oldest_alive(now);
        let (from, to) = if question.expired {
            (Timestamp::from_micros(i64::MIN), oldest)
        } else {
            (oldest, Timestamp::from_micros(i64::MAX))
        };
        let only = if question.expired {
            Some(Duty::Consent)
        } else if held.mode.is_connected() {
            question.only
        } else {
            // Without a connection nobody waits for our word at İYS.
            Some(Duty::Complaint)
        };
        if !held.mode.is_connected()
            && (question.expired || question.only.is_some_and(|duty| duty != Duty::Complaint))
        {
            return Ok(Vec::new());
        }
        let range = DutyRange {
            only,
            consents_from: from,
            consents_to: to,
        };
        let duties = reader
            .open_duties(firm, brand, range, question.after, limit)
            .await?;
        Ok(duties
            .into_iter()
            .map(|duty| self.owed_by_when(duty, now))
            .collect())
    }

    fn owed_by_when(&self, duty: OpenDuty, now: Timestamp) -> Owed {
        let counting = self.counting();
        let dates = counting.due_dates(duty.event_at);
        Owed {
            duty,
            dates,
            urgency: dates.urgency(now),
            business_days_left: counting.business_days_left(now, dates.legal),
        }
    }

    /// What is due on the coming business days.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn forecast(
        &self,
        firm: FirmId,
        brand: BrandId,
        days: usize,
    ) -> Result<Forecast, EngineError> {
        let now = self.now();
        let counting = self.counting();
        let mut reader = self.store.read().await?;
        let held = reader
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let mut forecast = Forecast {
            days: Vec::with_capacity(days),
            consents_overdue: 0,
            consents_expired: 0,
            refusals_overdue: 0,
        };
        let coming = counting.coming_days(now, days);
        let (Some(first), true) = (coming.first(), held.mode.is_connected()) else {
            return Ok(forecast);
        };
        let (oldest, begin) = (counting.oldest_alive(now), first.events.0);
        let ever = Timestamp::from_micros(i64::MIN);
        forecast.consents_overdue = reader
            .count_owed(brand, Duty::Consent, oldest.min(begin), begin)
            .await?;
        forecast.consents_expired = reader
            .count_owed(brand, Duty::Consent, ever, oldest.min(begin))
            .await?;
        forecast.refusals_overdue = reader.count_owed(brand, Duty::Refusal, ever, begin).await?;
        for due in coming {
            let (from, to) = due.events;
            forecast.days.push(ForecastDay {
                day: due.day,
                consents: reader.count_owed(brand, Duty::Consent, from, to).await?,
                refusals: reader.count_owed(brand, Duty::Refusal, from, to).await?,
            });
        }
        Ok(forecast)
    }

    /// Looks for what somebody must be told of, and clears what is over.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn step_alarms(&self) -> Result<Step, EngineError> {
        let firms = self.store.read().await?.firms(None, LOOKED_AT_MAX).await?;
        for firm in firms {
            self.look_at_firm(firm.id).await?;
        }
        let brands = self
            .store
            .read()
            .await?
            .connected_brands(None, LOOKED_AT_MAX)
            .await?;
        for brand in &brands {
            self.look_at_brand(brand).await?;
        }
        self.watch_share(&brands).await?;
        let figures = self.store.read().await?.alarm_figures().await?;
        for (severity, count) in [
            ("info", figures.info),
            ("warning", figures.warning),
            ("critical", figures.critical),
        ] {
            let count = u32::try_from(count).map_or(f64::MAX, f64::from);
            metrics::gauge!("izinli_alarms_open", "severity" => severity).set(count);
        }
        Ok(Step::Idle)
    }

    async fn look_at_firm(&self, firm: FirmId) -> Result<(), EngineError> {
        let now = self.now();
        let mut reader = self.store.read().await?;
        let (late, oldest) = reader
            .count_complaints(firm, now.plus_micros(-SLA_US))
            .await?;
        let (aged, _) = reader
            .count_complaints(firm, now.plus_micros(-PAGE_AFTER_US))
            .await?;
        drop(reader);
        let key = |code| AlarmKey {
            firm,
            brand: None,
            code,
            subject: "",
        };
        let missing = self.calendar.year_to_load(now.to_turkish().date());
        let mut writer = self.store.write().await?;
        let (waiting, overdue) = (AlarmCode::ComplaintsWaiting, AlarmCode::ComplaintsLate);
        self.tell(&mut writer, key(waiting), aged - late, oldest)
            .await?;
        self.tell(&mut writer, key(overdue), late, oldest).await?;
        match missing {
            Some(year) => {
                let detail = AlarmDetail::from([("detail".to_owned(), year.to_string())]);
                writer
                    .raise_alarm(key(AlarmCode::HolidaysMissing), &detail)
                    .await?;
            }
            None => {
                writer.clear_alarm(key(AlarmCode::HolidaysMissing)).await?;
            }
        }
        writer.commit().await?;
        Ok(())
    }

    async fn look_at_brand(&self, brand: &Brand) -> Result<(), EngineError> {
        let now = self.now();
        let (aged, late) = (now.plus_micros(-PAGE_AFTER_US), now.plus_micros(-SLA_US));
        let duties = [
            (
                Duty::Consent,
                // What is void already is no alarm: nobody can help it any more.
                self.counting().oldest_alive(now),
                AlarmCode::ConsentsWaiting,
                AlarmCode::ConsentsLate,
            ),
            (
                Duty::Refusal,
                Timestamp::from_micros(i64::MIN),
                AlarmCode::RefusalsWaiting,
                AlarmCode::RefusalsLate,
            ),
        ];
        for (duty, from, waiting, overdue) in duties {
            let mut reader = self.store.read().await?;
            let late_count = reader
                .count_owed(brand.id, duty, from, late.max(from))
                .await?;
            let aged_count = reader
                .count_owed(brand.id, duty, late.max(from), aged.max(from))
                .await?;
            let oldest = reader
                .first_owed(brand.id, duty, from, aged.max(from))
                .await?;
            drop(reader);
            let key = |code| AlarmKey {
                firm: brand.firm,
                brand: Some(brand.id),
                code,
                subject: "",
            };
            let mut writer = self.store.write().await?;
            self.tell(&mut writer, key(waiting), aged_count, oldest)
                .await?;
            self.tell(&mut writer, key(overdue), late_count, oldest)
                .await?;
            writer.commit().await?;
        }
        Ok(())
    }

    /// Raises an alarm about so many things, or clears it when there are none.
    async fn tell(
        &self,
        writer: &mut Writer,
        key: AlarmKey<'_>,
        count: i64,
        oldest: Option<Timestamp>,
    ) -> Result<(), EngineError> {
        if count <= 0 {
            writer.clear_alarm(key).await?;
            return Ok(());
        }
        let shown = if count >= COUNT_MAX {
            format!("{COUNT_MAX}+")
        } else {
            count.to_string()
        };
        let mut detail = AlarmDetail::from([("count".to_owned(), shown)]);
        if let Some(oldest) = oldest {
            let due = self.counting().due_dates(oldest).legal;
            detail.insert("date".to_owned(), due.to_turkish_text());
        }
        writer.raise_alarm(key, &detail).await?;
        Ok(())
    }
}
