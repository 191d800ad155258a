//! Every interval, limit and window of the engine, with its documented default.
//!
//! Durations are whole milliseconds or seconds, named so. Combinations that
//! could send twice are refused at start (see [`Settings::check`]).

use std::path::PathBuf;

use domain::RecipientKind;
use domain::calendar::HalfDays;
use domain::ids::BrandId;
use domain::time::HOUR_US;
use intake::Action;
use serde::{Deserialize, Serialize};

/// The engine's settings: sections of the configuration file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Files that come in.
    pub uploads: Uploads,
    /// İYS.
    pub registry: Registry,
    /// Messages that go out.
    pub dispatch: Dispatch,
    /// Receipts that come back.
    pub receipts: Receipts,
    /// What the law gives three business days for.
    pub deadlines: Deadlines,
    /// What is forgotten when.
    pub housekeeping: Housekeeping,
    /// Firms that practise.
    pub practice: Practice,
}

/// Firms that practise (*deneme ortamı*), and what they may work with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Practice {
    /// Base URLs of simulators, such as `http://127.0.0.1:4020`: the only
    /// accounts, and the only registry, of a firm that practises. A live firm
    /// may use none of them.
    pub simulators: Vec<String>,
}

/// What the law gives three business days for, and when somebody is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deadlines {
    /// Whether half days (*arife*, 28 October) are business days in the date
    /// that people are shown: `count` or `skip`. Nothing is refused by it.
    pub half_days: HalfDays,
    /// A holiday table in place of the built-in one, in the form of
    /// `crates/domain/data/holidays.tsv`.
    pub holidays_file: Option<PathBuf>,
    /// Pause between looks for what to raise an alarm about.
    pub check_seconds: u64,
    /// Days in which nobody is asked anew for a consent that became void.
    pub ask_again_days: i64,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            half_days: HalfDays::Count,
            holidays_file: None,
            check_seconds: 300,
            ask_again_days: 30,
        }
    }
}

/// What is forgotten when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Housekeeping {
    /// Pause between two rounds.
    pub every_minutes: u64,
    /// How long the answer of a creating call is kept for its repeats
    /// (`Idempotency-Key`).
    pub keep_answers_hours: i64,
    /// Days between two times that the program recomputes each brand's ledger
    /// by itself; 0 = never.
    pub verify_ledger_days: i64,
    /// How many days events of people are kept after they happened.
    pub keep_events_days: i64,
}

impl Default for Housekeeping {
    fn default() -> Self {
        Self {
            every_minutes: 60,
            keep_answers_hours: 72,
            verify_ledger_days: 7,
            keep_events_days: 730,
        }
    }
}

/// Files that come in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uploads {
    /// Where files and their judged records lie; shared by all workers.
    pub folder: PathBuf,
    /// Largest file, bytes (F102).
    pub file_bytes_max: u64,
    /// Records applied in one transaction; more where nearly all of them only repeat what is on record.
    pub slice_records: usize,
    /// How long a worker may be silent before another takes the file over.
    pub lease_seconds: i64,
    /// An upload that wrote this many records makes PostgreSQL count its tables anew.
    pub refresh_figures_from: i64,
    /// Pause between looks for work.
    pub poll_ms: u64,
    /// Folders whose files are taken in by themselves; none unless configured.
    pub drops: Vec<Drop>,
    /// Pause between two looks into those folders. A file is taken when it did
    /// not grow from one look to the next.
    pub drop_poll_ms: u64,
}

/// A folder whose files are taken in by themselves: `[[uploads.drops]]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// The folder. Taken files go to `alinan` in it, done ones to `biten`.
    pub folder: PathBuf,
    /// The brand (`brd_…`) that the people spoke to.
    pub brand: BrandId,
    /// What becomes of consents.
    #[serde(default = "local")]
    pub action: Action,
    /// The capacity of rows that do not state one.
    #[serde(default)]
    pub default_recipient_kind: Option<RecipientKind>,
    /// A tag for everyone.
    #[serde(default)]
    pub tag: Option<String>,
    /// Whether a file that nothing holds is applied without a person.
    #[serde(default)]
    pub applies: bool,
}

const fn local() -> Action {
    Action::Local
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("izinli-data/uploads"),
            file_bytes_max: 2 * 1024 * 1024 * 1024,
            slice_records: 5_000,
            lease_seconds: 60,
            refresh_figures_from: 20_000,
            poll_ms: 500,
            drops: Vec::new(),
            drop_poll_ms: 5_000,
        }
    }
}

/// İYS: where it is and how often it may be called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Registry {
    /// `https://api.iys.org.tr` for the real one.
    pub base_url: String,
    /// The simulator that firms which practise speak to in its place, so that
    /// one of them goes live while the program runs. Without it they speak to
    /// `base_url`, and only if that is a simulator.
    pub practice_url: Option<String>,
    /// Name of the address that İYS sees us at. Processes on one database with
    /// the same name share İYS's limits; İYS counts per source address.
    pub egress: String,
    /// Calls per second from that address; İYS allows 10. 0 = no limit.
    pub calls_per_second: u32,
    /// Single look-ups per hour; İYS allows 1,000. 0 = no limit.
    pub single_per_hour: u32,
    /// History queries per hour; İYS allows 100. 0 = no limit.
    pub history_per_hour: u32,
    /// Token calls per hour, of all accounts; İYS allows 10 in one of its
    /// papers and 100 in another. 0 = no limit.
    pub tokens_per_hour: u32,
    /// Longest wait for one answer.
    pub timeout_seconds: u64,
    /// How long a call may be under way before another worker takes it over.
    pub lease_seconds: i64,
    /// Calls under way at a time.
    pub concurrency: usize,
    /// When to ask for the result of an add, seconds after it; the last repeats.
    pub poll_after_seconds: Vec<i64>,
    /// Pause between looks for work.
    pub poll_ms: u64,
    /// Pause between pulls of citizen-made changes.
    pub pull_minutes: i64,
    /// Pause between pulls of changes that the firm or its partners made.
    pub firm_pull_minutes: i64,
    /// Hours without a complete pull that raise an alarm; after 167 İYS has
    /// forgotten changes.
    pub gap_alarm_hours: i64,
    /// First minute of the day, Turkish time, at which yesterday is held
    /// against İYS's daily file.
    pub agreement_from_minute: i64,
    /// Whether days that match are confirmed without a person.
    pub agreement_auto_confirm: bool,
    /// Where daily files, their time stamps and reports are archived.
    pub archive_folder: PathBuf,
    /// Whether İYS may be asked to push to an address without TLS: simulators
    /// take it, İYS does not.
    pub push_without_tls: bool,
    /// Lists of questions that a walk over everybody queues ahead of the calls.
    pub sweep_lists_ahead: i64,
    /// Days after which everybody of a brand is asked about again, outside
    /// business hours; 0 = never.
    pub full_check_days: i64,
    /// First minute of the business day, Turkish time, that a first load may
    /// let pass.
    pub business_from_minute: i64,
    /// First minute after it.
    pub business_to_minute: i64,
    /// Longest wait of a launch for İYS's answers about people whose answer is old.
    pub launch_wait_seconds: i64,
    /// At a launch, people whose answer is older than this are asked about
    /// again: the change feed is an hour behind.
    pub launch_answer_seconds: i64,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            base_url: "https://api.iys.org.tr".into(),
            practice_url: None,
            egress: "default".into(),
            calls_per_second: 8,
            single_per_hour: 1_000,
            history_per_hour: 100,
            tokens_per_hour: 10,
            timeout_seconds: 30,
            lease_seconds: 120,
            concurrency: 4,
            poll_after_seconds: vec![300, 600, 1_200, 2_400, 3_600],
            poll_ms: 500,
            pull_minutes: 30,
            firm_pull_minutes: 60,
            gap_alarm_hours: 144,
            agreement_from_minute: 360,
            agreement_auto_confirm: false,
            archive_folder: PathBuf::from("izinli-data/mutabakat"),
            push_without_tls: false,
            sweep_lists_ahead: 8,
            full_check_days: 7,
            business_from_minute: 540,
            business_to_minute: 1_080,
            launch_wait_seconds: 600,
            launch_answer_seconds: 300,
        }
    }
}

/// Messages that go out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dispatch {
    /// Recipients of one provider request, unless the provider allows fewer.
    pub batch_recipients: i64,
    /// Requests under way at a time in this process. More than 64 only adds latency.
    pub concurrency: usize,
    /// Longest wait for a provider's answer.
    pub timeout_seconds: u64,
    /// How long a batch may be in flight before it counts as in doubt. An account
    /// whose own wait for an answer is longer than this allows is refused.
    pub lease_seconds: i64,
    /// Recipients per second and provider account, over all processes; the
    /// account's own requests per second count besides. 0 = no limit.
    pub recipients_per_second: u32,
    /// Wait before a batch in doubt is looked up at the provider. 0 = as long as
    /// the provider's connector asks for.
    pub quiet_seconds: i64,
    /// Wait before a batch that surely never left is tried again.
    pub retry_seconds: i64,
    /// Look-ups of one batch in doubt before a person decides.
    pub look_ups_max: i64,
    /// Longest text message, in parts as the provider bills them (S402).
    pub parts_max: u32,
    /// Pause between looks for work.
    pub poll_ms: u64,
}

impl Default for Dispatch {
    fn default() -> Self {
        Self {
            batch_recipients: 500,
            concurrency: 16,
            timeout_seconds: 30,
            lease_seconds: 90,
            recipients_per_second: 0,
            quiet_seconds: 0,
            retry_seconds: 5,
            look_ups_max: 30,
            // The most that Turkish providers publish a price for.
            parts_max: 7,
            poll_ms: 200,
        }
    }
}

/// Receipts that come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Receipts {
    /// Pushes mapped in one transaction.
    pub pushes_per_transaction: i64,
    /// Largest body of one push, bytes.
    pub body_bytes_max: usize,
    /// Pause between looks for work.
    pub poll_ms: u64,
    /// Seconds between two questions for receipts to one account, instead of the
    /// pace that its provider allows: for simulators and tests.
    pub pull_seconds: Option<i64>,
    /// Seconds between two questions for replies to one account, where they are
    /// not only pushed; 0 asks for none.
    pub replies_pull_seconds: i64,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            pushes_per_transaction: 500,
            body_bytes_max: 4 * 1024 * 1024,
            poll_ms: 200,
            pull_seconds: None,
            replies_pull_seconds: 60,
        }
    }
}

/// A setting that could lose or double messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct UnsafeSetting {
    /// The setting's name in the file.
    pub key: &'static str,
    /// Why it is refused and what would do.
    pub problem: String,
}

/// Minutes of a day.
const DAY_MINUTES: i64 = 24 * 60;
/// What a lease must outlast the longest answer by, seconds.
pub(crate) const LEASE_MARGIN_SECONDS: i64 = 15;

impl Settings {
    /// Refuses settings that cannot be right together.
    ///
    /// # Errors
    /// [`UnsafeSetting`] names the key, the reason and a value that would do.
    pub fn check(&self) -> Result<(), UnsafeSetting> {
        lease(
            "dispatch.lease_seconds",
            self.dispatch.lease_seconds,
            self.dispatch.timeout_seconds,
        )?;
        lease(
            "registry.lease_seconds",
            self.registry.lease_seconds,
            self.registry.timeout_seconds,
        )?;
        positive("dispatch.batch_recipients", self.dispatch.batch_recipients)?;
        positive(
            "dispatch.concurrency",
            i64::try_from(self.dispatch.concurrency).unwrap_or(0),
        )?;
        positive(
            "registry.concurrency",
            i64::try_from(self.registry.concurrency).unwrap_or(0),
        )?;
        positive("uploads.lease_seconds", self.uploads.lease_seconds)?;
        self.registry.check()?;
        within(
            "housekeeping.verify_ledger_days",
            self.housekeeping.verify_ledger_days,
            0..=365,
        )?;
        within(
            "housekeeping.keep_events_days",
            self.housekeeping.keep_events_days,
            1..=3_650,
        )?;
        let slice_max = store::consent::SLICE_RECORDS_MAX;
        if !(1..=slice_max).contains(&self.uploads.slice_records) {
            return Err(UnsafeSetting {
                key: "uploads.slice_records",
                problem: format!(
                    "must be 1 to {slice_max}: a slice is one block of the ledger, and keeps \
                     other writers waiting about 100 ms"
                ),
            });
        }
        Ok(())
    }
}

fn lease(key: &'static str, lease: i64, timeout: u64) -> Result<(), UnsafeSetting> {
    let least = i64::try_from(timeout)
        .unwrap_or(i64::MAX)
        .saturating_add(LEASE_MARGIN_SECONDS);
    if lease >= least {
        return Ok(());
    }
    let problem = format!(
        "{lease} s would end while an answer may still come (timeout {timeout} s); at least {least}"
    );
    Err(UnsafeSetting { key, problem })
}

impl Registry {
    /// Bounds within which İYS's own windows are kept.
    fn check(&self) -> Result<(), UnsafeSetting> {
        within("registry.pull_minutes", self.pull_minutes, 1..=24 * 60)?;
        within(
            "registry.firm_pull_minutes",
            self.firm_pull_minutes,
            1..=24 * 60,
        )?;
        // After 167 hours changes are lost: an alarm later than that is none.
        within(
            "registry.gap_alarm_hours",
            self.gap_alarm_hours,
            1..=domain::gate::FEED_WINDOW_US / HOUR_US - 1,
        )?;
        within(
            "registry.agreement_from_minute",
            self.agreement_from_minute,
            0..=DAY_MINUTES - 1,
        )?;
        within(
            "registry.sweep_lists_ahead",
            self.sweep_lists_ahead,
            1..=1_000,
        )?;
        within("registry.full_check_days", self.full_check_days, 0..=365)?;
        within(
            "registry.business_from_minute",
            self.business_from_minute,
            0..=DAY_MINUTES - 1,
        )?;
        within(
            "registry.business_to_minute",
            self.business_to_minute,
            self.business_from_minute + 1..=DAY_MINUTES,
        )?;
        within(
            "registry.launch_wait_seconds",
            self.launch_wait_seconds,
            0..=24 * 3_600,
        )?;
        within(
            "registry.launch_answer_seconds",
            self.launch_answer_seconds,
            0..=24 * 3_600,
        )?;
        let looks = &self.poll_after_seconds;
        let is_ascending = looks.is_sorted_by(|a, b| a < b);
        let is_inside = looks.iter().all(|at| (1..=24 * 3_600).contains(at));
        if looks.is_empty() || looks.len() > 50 || !is_ascending || !is_inside {
            return Err(UnsafeSetting {
                key: "registry.poll_after_seconds",
                problem: "must hold 1 to 50 ascending numbers of seconds, each 1 to 86400".into(),
            });
        }
        Ok(())
    }
}

fn within(
    key: &'static str,
    value: i64,
    allowed: std::ops::RangeInclusive<i64>,
) -> Result<(), UnsafeSetting> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let problem = format!(
        "{value} is not from {} to {}",
        allowed.start(),
        allowed.end()
    );
    Err(UnsafeSetting { key, problem })
}

fn positive(key: &'static str, value: i64) -> Result<(), UnsafeSetting> {
    if value > 0 {
        return Ok(());
    }
    Err(UnsafeSetting {
        key,
        problem: "must be greater than 0".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_that_ends_before_the_answer_could_come_is_refused_at_start() {
        assert_eq!(Settings::default().check(), Ok(()));
        let mut settings = Settings::default();
        settings.dispatch.timeout_seconds = 80;
        let refused = settings.check().expect_err("80 s and a lease of 90 s");
        assert_eq!(refused.key, "dispatch.lease_seconds");
        assert!(refused.problem.contains("at least 95"));
    }

    #[test]
    fn a_rhythm_that_would_let_changes_be_lost_is_refused_at_start() {
        for (key, change) in [
            (
                "registry.gap_alarm_hours",
                (|settings| settings.gap_alarm_hours = 167) as fn(&mut Registry),
            ),
            ("registry.pull_minutes", |settings| {
                settings.pull_minutes = 0;
            }),
            ("registry.business_to_minute", |settings| {
                settings.business_to_minute = settings.business_from_minute;
            }),
            ("registry.poll_after_seconds", |settings| {
                settings.poll_after_seconds = vec![300, 300];
            }),
        ] {
            let mut settings = Settings::default();
            change(&mut settings.registry);
            let refused = settings.check().expect_err("out of bounds");
            assert_eq!(refused.key, key);
        }
    }
}
