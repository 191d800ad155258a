//! A desk to judge files on: bytes in, everything that came of them out.

use std::collections::HashMap;
use std::ops::ControlFlow;

use domain::{Channel, ReasonCode, Recipient, RecipientKind, Status, Timestamp};
use intake::{
    Action, Directory, DirectoryError, FileVerdict, Identifier, NoDirectory, Options, Record,
    RecordReader, Rejection, RejectionReader, Stored, Summary, judge,
};

/// Monday 23 June 2025, 10:00 in Turkey: the "now" of the format's test vectors.
pub(crate) const NOW: &str = "2025-06-23T10:00:00+03:00";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A push for consumers in Turkey.
pub(crate) fn push() -> Options {
    Options {
        default_kind: Some(RecipientKind::Bireysel),
        ..Options::new(now(), Action::Push)
    }
}

/// Everything that came of a file.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: FileVerdict,
    pub(crate) summary: Summary,
    pub(crate) records: Vec<Record>,
    pub(crate) rejections: Vec<Rejection>,
}

pub(crate) fn judged(file: impl AsRef<[u8]>, options: &Options) -> Outcome {
    judged_with(file, options, &mut NoDirectory)
}

pub(crate) fn judged_with(
    file: impl AsRef<[u8]>,
    options: &Options,
    directory: &mut dyn Directory,
) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upload.csv");
    std::fs::write(&path, file).unwrap();
    let mut watch = |_| ControlFlow::Continue(());
    let judged = judge(&path, options, directory, dir.path(), &mut watch).unwrap();
    let records = RecordReader::open(&judged.records, 0).unwrap();
    let rejections = RejectionReader::open(&judged.rejections).unwrap();
    let outcome = Outcome {
        verdict: judged.verdict,
        summary: judged.summary,
        records: records.map(|item| item.unwrap().0).collect(),
        rejections: rejections.map(Result::unwrap).collect(),
    };
    outcome.check();
    outcome
}

impl Outcome {
    /// What holds for every file that was ever judged.
    fn check(&self) {
        let summary = &self.summary;
        if self.verdict.code().is_some() {
            assert!(self.records.is_empty() && self.rejections.is_empty());
            return;
        }
        assert_eq!(summary.discrepancy, 0, "{summary:#?}");
        assert_eq!(
            summary.judged,
            summary.accepted + summary.rejected + summary.merged
        );
        assert_eq!(summary.accepted, self.records.len() as u64);
        assert_eq!(summary.rejected, self.rejections.len() as u64);
        assert!(self.rejections.is_sorted_by_key(|rejection| rejection.line));
        let mut counted: HashMap<ReasonCode, u64> = HashMap::new();
        for rejection in &self.rejections {
            *counted.entry(rejection.code).or_default() += 1;
            assert!(
                !rejection.text_tr().contains('…')
                    || rejection.args.iter().any(|(_, value)| value.contains('…')),
                "{rejection:?}: {}",
                rejection.text_tr()
            );
            assert!(!rejection.next_tr().is_empty() && !rejection.next_en().is_empty());
        }
        for (code, count) in counted {
            assert_eq!(summary.count(code), count, "{code}");
        }
        let mut seen = std::collections::HashSet::new();
        for group in self.records.chunk_by(|a, b| a.recipient == b.recipient) {
            assert!(
                seen.insert(&group[0].recipient),
                "records of one recipient are apart"
            );
        }
    }

    /// The code of a refused file, `accepted` otherwise.
    pub(crate) fn file(&self) -> String {
        self.verdict
            .code()
            .map_or("accepted".to_owned(), |code| code.to_string())
    }

    /// `line code` of every rejection.
    pub(crate) fn rejected(&self) -> Vec<String> {
        let told = self.rejections.iter();
        told.map(|rejection| format!("{} {}", rejection.line, rejection.code))
            .collect()
    }

    /// `line address channel status date source` of every record, by line.
    pub(crate) fn accepted(&self) -> Vec<String> {
        let mut told: Vec<(u64, String)> = self
            .records
            .iter()
            .map(|record| (record.line, told(record)))
            .collect();
        told.sort();
        told.into_iter()
            .map(|(line, text)| format!("{line} {text}"))
            .collect()
    }

    /// Remarks that were counted, with how often.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let remarks = self.summary.codes.iter();
        remarks
            .filter(|counted| counted.code.class() == domain::reason::ReasonClass::Remark)
            .map(|counted| format!("{}×{}", counted.code, counted.count))
            .collect()
    }

    pub(crate) fn count(&self, code: ReasonCode) -> u64 {
        self.summary.count(code)
    }

    /// The only record of a file that has one.
    pub(crate) fn record(&self) -> &Record {
        assert_eq!(
            self.records.len(),
            1,
            "{:?} {:?}",
            self.rejected(),
            self.verdict
        );
        &self.records[0]
    }
}

fn told(record: &Record) -> String {
    match (&record.consent, record.ask) {
        (Some(consent), _) => format!(
            "{} {} {} {} {}",
            record.recipient,
            consent.channel,
            consent.status,
            consent.date.to_registry_text(),
            consent.source
        ),
        (None, Some(channel)) => format!("{} ask {channel}", record.recipient),
        (None, None) => record.recipient.to_string(),
    }
}

/// A directory for tests: people and states as given.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) people: HashMap<Identifier, Vec<Recipient>>,
    pub(crate) states: HashMap<(Recipient, Channel, RecipientKind), Stored>,
    /// How many keys were asked in each call.
    pub(crate) asked: Vec<usize>,
}

impl Book {
    pub(crate) fn knows(mut self, id: Identifier, addresses: &[&str]) -> Self {
        let addresses = addresses
            .iter()
            .map(|text| Recipient::from_normalised(text).unwrap());
        self.people.insert(id, addresses.collect());
        self
    }

    pub(crate) fn holds(mut self, address: &str, channel: Channel, stored: Stored) -> Self {
        let recipient = Recipient::from_normalised(address).unwrap();
        self.states
            .insert((recipient, channel, RecipientKind::Bireysel), stored);
        self
    }
}

impl Directory for Book {
    fn addresses(&mut self, ids: &[Identifier]) -> Result<Vec<Vec<Recipient>>, DirectoryError> {
        self.asked.push(ids.len());
        Ok(ids
            .iter()
            .map(|id| self.people.get(id).cloned().unwrap_or_default())
            .collect())
    }

    fn states(
        &mut self,
        keys: &[(Recipient, Channel, RecipientKind)],
    ) -> Result<Vec<Stored>, DirectoryError> {
        self.asked.push(keys.len());
        Ok(keys
            .iter()
            .map(|key| self.states.get(key).cloned().unwrap_or_default())
            .collect())
    }
}

/// A state of our own.
pub(crate) fn local(status: Status, date: &str, is_citizens: bool) -> domain::LocalState {
    let at = Timestamp::from_registry_text(date).unwrap();
    domain::LocalState {
        status,
        consent_date: at,
        recorded_at: at,
        event: domain::ids::EventId::from_db(1),
        citizen: is_citizens,
    }
}
