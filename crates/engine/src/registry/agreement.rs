//! The daily agreement with İYS (*mutabakat*): yesterday's file is fetched,
//! archived with its hash and time stamp, held against what we hold, and
//! confirmed only when both sides tell the same.

mod archive;
mod compare;
mod stamp;

use domain::ids::{BrandId, FirmId};
use domain::time::{DAY_US, HOUR_US, MINUTE_US, SECOND_US};
use domain::{RecipientKind, Timestamp};
use jiff::civil::Date;
use registry::CallError;
use registry::agreement::{DayHash, HashProgress};
use serde_json::{Value, json};
use store::brands::Brand;
use store::registry_days::{DayFile, DayOutcome, DayState, DriftRow, RegistryDay};
use store::registry_feed::{DayPlace, day_begins, day_of};

use super::Line;
use super::pull::BRANDS_MAX;
use crate::error::EngineError;
use crate::{Engine, Step};

/// How far back İYS tells (H502).
const DAYS_BACK: i64 = 7;
/// How long a day may be in one worker's hands: a large file takes a while.
const LEASE_US: i64 = HOUR_US;
/// Days of movements that are kept.
const KEEP_DAYS: i64 = 60;
/// Longest pause between two tries.
const PAUSE_US_MAX: i64 = 6 * HOUR_US;

/// What was found of a day.
struct Found {
    file: DayFile,
    hash: Option<DayHash>,
    comparison: Value,
    differences: i64,
    drift: Vec<DriftRow>,
    /// Both sides tell the same once what was missing here is taken over.
    tells_the_same: bool,
}

/// The date of a Turkish day.
pub fn date_of(day: i64) -> Date {
    day_begins(day).to_turkish().date()
}

/// The Turkish day of a date, written `2026-03-02`.
pub fn day_of_date(text: &str) -> Option<i64> {
    let date: Date = text.parse().ok()?;
    Some(day_of(Timestamp::from_turkish(
        date.to_datetime(jiff::civil::Time::midnight()),
    )))
}

impl Engine {
    /// Plans yesterday, and works days that are due.
    pub async fn step_agreements(&self) -> Result<Step, EngineError> {
        self.plan_days().await?;
        let worked = self.work_due_day().await?;
        Ok(worked.or(self.fetch_stamp().await?))
    }

    /// From six in the morning, yesterday; and the days before it that were
    /// missed, as long as İYS tells about them.
    async fn plan_days(&self) -> Result<(), EngineError> {
        let now = self.now();
        let today = day_of(now);
        let minute = now.since(day_begins(today)) / MINUTE_US;
        if minute < self.settings.registry.agreement_from_minute {
            return Ok(());
        }
        let brands = self
            .store
            .read()
            .await?
            .connected_brands(None, BRANDS_MAX)
            .await?;
        for brand in brands {
            if self.planned.is_done(brand.id, today) {
                continue;
            }
            // What the feeds can tell is no difference.
            self.pull(&brand).await?;
            let first = day_of(brand.created_at).max(today - DAYS_BACK + 1);
            let days: Vec<i64> = (first..today).collect();
            let mut writer = self.store.write().await?;
            writer.plan_days(brand.id, &days).await?;
            writer
                .forget_movements_before(brand.id, today - KEEP_DAYS)
                .await?;
            writer
                .forget_pushes_before(day_begins(today - KEEP_DAYS))
                .await?;
            writer.commit().await?;
            self.planned.done(brand.id, today);
        }
        Ok(())
    }

    async fn work_due_day(&self) -> Result<Step, EngineError> {
        if self.is_stopping() {
            return Ok(Step::Idle);
        }
        let lease_until = self.now().plus_micros(LEASE_US);
        let mut writer = self.store.write().await?;
        let claimed = writer.claim_day(lease_until).await?;
        let Some(day) = claimed else {
            return Ok(Step::Idle);
        };
        writer.commit().await?;
        match self.work_day(&day).await {
            // Somebody asked for it anew meanwhile, and what they find counts.
            Err(EngineError::Conflict { what, problem }) => {
                tracing::info!(brand.id = %day.brand, day = %date_of(day.day), "{what}: {problem}");
                Ok(Step::Did)
            }
            worked => worked.map(|()| Step::Did),
        }
    }

    async fn work_day(&self, day: &RegistryDay) -> Result<(), EngineError> {
        let brand = self.store.read().await?.brand_at_work(day.brand).await?;
        let outcome = match self.fetch_day(&brand, day).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(brand.id = %brand.id, day = %date_of(day.day), "a day could not be compared: {error}");
                self.try_again(day, error.to_string())
            }
        };
        let mut writer = self.store.write().await?;
        writer.settle_day(day, &outcome).await?;
        let detail = json!({
            "day": date_of(day.day).to_string(), "state": outcome.state, "differences": outcome.differences,
            "problem": outcome.problem,
        });
        if outcome.state != DayState::Open {
            writer
                .append_audit(
                    brand.firm,
                    self.worker(),
                    "registry.day",
                    &brand.id.to_string(),
                    &detail,
                )
                .await?;
        }
        writer.commit().await?;
        if outcome.state == DayState::Matches && self.settings.registry.agreement_auto_confirm {
            self.confirm_day(brand.firm, brand.id, day.day, self.worker())
                .await?;
        }
        Ok(())
    }

    async fn fetch_day(&self, brand: &Brand, day: &RegistryDay) -> Result<DayOutcome, EngineError> {
        if day_of(self.now()) - day.day > DAYS_BACK {
            return Ok(DayOutcome {
                state: DayState::GivenUp,
                problem: Some("İYS tells about seven days only".to_owned()),
                ..self.open(day)
            });
        }
        let Some(line) = self.line(brand.id).await? else {
            return Ok(self.try_again(day, "the brand has no İYS account".to_owned()));
        };
        let date = date_of(day.day);
        let hash = match line.client.day_hash(line.address, date).await {
            Ok(hash) => hash,
            Err(error) => return Ok(self.refused(day, &error)),
        };
        if let Some(hash) = &hash
            && matches!(
                hash.progress,
                HashProgress::Queued | HashProgress::InProgress
            )
        {
            return Ok(self.try_again(day, "İYS is still making the hash".to_owned()));
        }
        let downloaded = match self.download_day(brand, &line, day).await? {
            Ok(Some(file)) => file,
            Ok(None) => return self.empty_day(brand, &line, day).await,
            Err(error) => return Ok(self.refused(day, &error)),
        };
        let found = self
            .compare_day(brand, &line, day, downloaded, hash)
            .await?;
        // What was missing here has been taken over; the day itself stays open
        // until İYS signs its file, as long as it tells about it.
        let open = match unsigned(found.hash.as_ref()) {
            Some(problem) => self.try_again(day, problem.to_owned()),
            None => self.open(day),
        };
        Ok(judged(open, found))
    }

    /// No file: nothing moved, unless the figures say otherwise.
    async fn empty_day(
        &self,
        brand: &Brand,
        line: &Line,
        day: &RegistryDay,
    ) -> Result<DayOutcome, EngineError> {
        let told = match self.day_totals(line, day).await {
            Ok(told) => told,
            Err(error) => return Ok(self.refused(day, &error)),
        };
        let moved: i64 = told.iter().map(|count| count.total - count.pending).sum();
        if moved > 0 {
            return Ok(self.try_again(
                day,
                format!("İYS counts {moved} movements and gives no file yet"),
            ));
        }
        let ours = self
            .store
            .read()
            .await?
            .movements_of_day(brand.id, day.day, &DayPlace::default())
            .await?;
        if ours.is_some() {
            return Ok(DayOutcome {
                state: DayState::Differs,
                problem: Some("we were told movements, and İYS gives no file".to_owned()),
                ..self.open(day)
            });
        }
        Ok(DayOutcome {
            state: DayState::Empty,
            ..self.open(day)
        })
    }

    async fn day_totals(
        &self,
        line: &Line,
        day: &RegistryDay,
    ) -> Result<Vec<registry::agreement::DayCount>, CallError> {
        let mut told = Vec::new();
        for kind in [RecipientKind::Bireysel, RecipientKind::Tacir] {
            let counts = line
                .client
                .day_counts(line.address, date_of(day.day), kind)
                .await?;
            told.extend(counts);
        }
        Ok(told)
    }

    fn open(&self, day: &RegistryDay) -> DayOutcome {
        DayOutcome {
            state: DayState::Open,
            next: day.next_at,
            file: None,
            hash_theirs: None,
            comparison: None,
            differences: None,
            problem: None,
            drift: None,
        }
    }

    fn refused(&self, day: &RegistryDay, error: &CallError) -> DayOutcome {
        self.try_again(day, error.to_string())
    }

    /// Later, ever later.
    fn try_again(&self, day: &RegistryDay, problem: String) -> DayOutcome {
        let tries = u32::try_from(day.attempt.clamp(0, 16)).unwrap_or(16);
        let pause = (30 * SECOND_US)
            .saturating_mul(1 << tries)
            .min(PAUSE_US_MAX);
        DayOutcome {
            next: self.now().plus_micros(pause),
            problem: Some(problem),
            ..self.open(day)
        }
    }

    /// Fetches a day again and holds it against ours, now.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it was confirmed, or İYS no longer tells.
    pub async fn compare_day_now(
        &self,
        firm: FirmId,
        brand: BrandId,
        day: i64,
        actor: &str,
    ) -> Result<RegistryDay, EngineError> {
        let held = self.store.read().await?.brand(firm, brand).await?;
        let held = held.ok_or(EngineError::NotFound { what: "the brand" })?;
        if !held.mode.is_connected() {
            return Err(EngineError::conflict(
                "the brand",
                "is not connected to İYS",
            ));
        }
        let today = day_of(self.now());
        if !(today - DAYS_BACK..=today).contains(&day) {
            return Err(EngineError::invalid(
                "day",
                format!(
                    "must be between {} and {}",
                    date_of(today - DAYS_BACK),
                    date_of(today)
                ),
            ));
        }
        let mut writer = self.store.write().await?;
        let lease_until = self.now().plus_micros(LEASE_US);
        let taken = writer.take_day(brand, day, lease_until).await?;
        let detail = json!({ "day": date_of(day).to_string() });
        writer
            .append_audit(
                firm,
                actor,
                "registry.day_compare",
                &brand.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        self.work_day(&taken).await?;
        let seen = self.store.read().await?.registry_day(brand, day).await?;
        seen.ok_or(EngineError::NotFound { what: "the day" })
    }

    /// Confirms a day to İYS. Only one whose file has İYS's hash and whose
    /// movements both sides tell alike.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it does not match or İYS refuses.
    pub async fn confirm_day(
        &self,
        firm: FirmId,
        brand: BrandId,
        day: i64,
        actor: &str,
    ) -> Result<RegistryDay, EngineError> {
        let mut reader = self.store.read().await?;
        let whose = reader
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let held = reader
            .registry_day(brand, day)
            .await?
            .ok_or(EngineError::NotFound { what: "the day" })?;
        drop(reader);
        if held.state != DayState::Matches {
            return Err(EngineError::conflict(
                "the day",
                format!("it is {}; only a day that matches is confirmed", held.state),
            ));
        }
        let Some(line) = self.line(brand).await? else {
            return Err(EngineError::conflict("the brand", "has no İYS account"));
        };
        let date = date_of(day);
        let taken = line.client.agree(line.address, date).await;
        let is_taken = taken.map_err(|error| EngineError::conflict("İYS", error.to_string()))?;
        if !is_taken {
            return Err(EngineError::conflict(
                "İYS",
                "did not take the confirmation; compare the day again",
            ));
        }
        // There is a time stamp only of a confirmed day.
        let stamp = self.archive_stamp(&whose, &line, &held).await?;
        let mut writer = self.store.write().await?;
        writer
            .confirm_day(brand, day, actor, stamp.as_deref())
            .await?;
        let file = held.file.as_ref();
        let detail = json!({
            "day": date.to_string(), "hash": held.hash_theirs, "file": file.map(|file| &file.path),
            "rows": file.map(|file| file.rows), "stamp": stamp,
        });
        writer
            .append_audit(
                firm,
                actor,
                "registry.day_confirm",
                &brand.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        let seen = self.store.read().await?.registry_day(brand, day).await?;
        seen.ok_or(EngineError::NotFound { what: "the day" })
    }
}

/// Whether İYS's hash is that of the file, by either reading.
fn is_signed(file: &DayFile, hash: Option<&DayHash>) -> bool {
    let theirs = hash.and_then(|hash| hash.value.as_deref());
    theirs.is_some_and(|theirs| {
        theirs.eq_ignore_ascii_case(&file.hash_whole)
            || theirs.eq_ignore_ascii_case(&file.hash_bare)
    })
}

/// Why İYS's word on the file is still to come; none when it gave one.
fn unsigned(hash: Option<&DayHash>) -> Option<&'static str> {
    let Some(hash) = hash else {
        return Some("İYS gives no hash of the file yet");
    };
    let is_told =
        hash.is_agreed || hash.value.is_some() && !matches!(hash.progress, HashProgress::Error);
    (!is_told).then_some("İYS could not make the hash of the file yet")
}

/// `open` tells when the day is tried again, if İYS has not signed its file.
fn judged(open: DayOutcome, found: Found) -> DayOutcome {
    let is_signed = is_signed(&found.file, found.hash.as_ref());
    let still_open = unsigned(found.hash.as_ref());
    let (state, problem) = match (&found.hash, is_signed, found.tells_the_same) {
        (Some(hash), _, _) if hash.is_agreed => (DayState::Confirmed, None),
        _ if still_open.is_some() => (DayState::Open, still_open),
        (_, true, true) => (DayState::Matches, None),
        (_, false, _) => (
            DayState::Differs,
            Some("the file does not have the hash that İYS gives"),
        ),
        (_, true, false) => (
            DayState::Differs,
            Some("both sides tell different movements"),
        ),
    };
    DayOutcome {
        state,
        hash_theirs: found.hash.and_then(|hash| hash.value),
        file: Some(found.file),
        comparison: Some(found.comparison),
        differences: Some(found.differences),
        drift: Some(found.drift),
        problem: problem.map(str::to_owned),
        ..open
    }
}

/// Days that were planned, in this process: one look a day and brand.
#[derive(Debug, Default)]
pub(crate) struct Planned(std::sync::Mutex<std::collections::HashMap<BrandId, i64>>);

impl Planned {
    fn is_done(&self, brand: BrandId, today: i64) -> bool {
        let planned = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        planned.get(&brand) == Some(&today)
    }

    fn done(&self, brand: BrandId, today: i64) {
        let mut planned = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        planned.insert(brand, today);
    }
}

/// How long a file may be under way before it is given up.
pub(super) const DOWNLOAD_US_MAX: i64 = LEASE_US - 10 * MINUTE_US;

const _: () = assert!(DAY_US > LEASE_US, "a day is worked within the day");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_counts_by_either_reading_and_in_any_case() {
        let file = DayFile {
            rows: 1,
            bytes: 10,
            hash_whole: "aa".to_owned(),
            hash_bare: "bb".to_owned(),
            path: String::new(),
            stamp_path: None,
        };
        let told = |value: &str| DayHash {
            progress: HashProgress::Completed,
            value: Some(value.to_owned()),
            method: None,
            is_agreed: false,
        };
        assert!(is_signed(&file, Some(&told("AA"))));
        assert!(is_signed(&file, Some(&told("bb"))));
        assert!(!is_signed(&file, Some(&told("cc"))));
        assert!(!is_signed(&file, None));
    }

    #[test]
    fn a_day_whose_hash_is_missing_or_failed_is_still_open() {
        let hash = |progress, value: Option<&str>, is_agreed| DayHash {
            progress,
            value: value.map(str::to_owned),
            method: None,
            is_agreed,
        };
        assert!(unsigned(None).is_some());
        assert!(unsigned(Some(&hash(HashProgress::Error, None, false))).is_some());
        assert!(unsigned(Some(&hash(HashProgress::Unknown, None, false))).is_some());
        assert!(unsigned(Some(&hash(HashProgress::Completed, Some("aa"), false))).is_none());
        assert!(unsigned(Some(&hash(HashProgress::Error, None, true))).is_none());
    }

    #[test]
    fn a_date_and_its_day_are_one() {
        let day = day_of_date("2025-06-23").expect("a date");
        assert_eq!(date_of(day).to_string(), "2025-06-23");
        assert_eq!(day_of_date("23.06.2025"), None);
    }
}
