//! A desk that judges bytes and checks the account of whatever came of them.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use domain::attribute::{Attribute, AttributeKind};
use domain::{Channel, RecipientKind, Timestamp};
use intake::{
    Action, CodeList, CodeReader, CodeRecord, CodeVerdict, DirectoryError, FileVerdict, Limits,
    NoDirectory, Options, Privacy, Question, Record, RecordReader, Rejection, RejectionReader,
    Summary, judge, judge_codes, write_report_csv, write_report_xlsx,
};
use tempfile::TempDir;

use crate::runner::answer;

/// Monday 23 June 2025, 10:00 in Turkey.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_750_662_000_000_000);

/// Options chosen by one byte: the action, and answers that open further ways.
pub(crate) fn options(choice: u8) -> Options {
    let action = match choice & 3 {
        0 => Action::Push,
        1 => Action::Pull,
        _ => Action::Local,
    };
    let mut options = Options::new(NOW, action);
    options.default_kind = (choice & 4 == 0).then_some(RecipientKind::Bireysel);
    options.trace = choice & 8 != 0;
    options.mapping.update_people = choice & 16 != 0;
    if choice & 32 != 0 {
        options.mapping.status_channels = vec![Channel::Mesaj, Channel::Arama];
    }
    options.attributes = attributes(choice & 64 != 0);
    // Small bounds, so that they are met.
    options.limits = Limits {
        unpacked_bytes_max: 8 << 20,
        partition_bytes_max: 4 << 10,
        rejections_buffer_bytes: 4 << 10,
        directory_batch: 3,
        ..Limits::default()
    };
    options
}

/// One attribute of each kind.
fn attributes(is_array: bool) -> Vec<Attribute> {
    let codes = ["semt", "puan", "son", "kart", "seviye"];
    let kinds = AttributeKind::ALL.iter().zip(codes);
    kinds
        .map(|(&kind, code)| Attribute {
            code: code.to_owned(),
            label_tr: code.to_owned(),
            label_en: code.to_owned(),
            kind,
            is_array,
            is_personal: false,
            is_health: false,
            choices: match kind {
                AttributeKind::Choice => vec!["Altın".to_owned(), "Gümüş".to_owned()],
                _ => Vec::new(),
            },
            position: 0,
        })
        .collect()
}

/// The code of the attribute that holds dates.
pub(crate) fn attribute_of_dates() -> String {
    let found = attributes(false).into_iter();
    let mut found = found.filter(|one| one.kind == AttributeKind::Date);
    found.next().unwrap().code
}

/// A folder for the files of one input; in memory where the system has such
/// folders, because every judged file is written down durably.
fn room() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.unwrap()
}

/// What came of a file.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: FileVerdict,
    pub(crate) summary: Summary,
    pub(crate) records: Vec<Record>,
    pub(crate) rejections: Vec<Rejection>,
}

/// Judges a file; whatever it is, its account must add up.
pub(crate) fn judged(file: &[u8], options: &Options) -> Outcome {
    let folder = room();
    let path = folder.path().join("upload");
    std::fs::write(&path, file).unwrap();
    let mut watch = |_| ControlFlow::Continue(());
    let judged = judge(&path, options, &mut NoDirectory, folder.path(), &mut watch)
        .expect("a verdict, whatever the bytes");
    let records = RecordReader::open(&judged.records, 0).unwrap();
    let records = records.map(|item| item.expect("a whole record").0);
    let outcome = Outcome {
        records: records.collect(),
        rejections: rejections_of(&judged.rejections),
        verdict: judged.verdict,
        summary: judged.summary,
    };
    outcome.check(outcome.records.len());
    outcome
}

/// Judges a file of promotion codes, all of which fit.
pub(crate) fn judged_codes(file: &[u8]) -> u64 {
    struct TakesAll;
    impl CodeList for TakesAll {
        fn look_at(&mut self, codes: &[CodeRecord]) -> Result<Vec<CodeVerdict>, DirectoryError> {
            Ok(vec![CodeVerdict::Fits; codes.len()])
        }
    }
    let options = Options {
        reads_codes: true,
        ..options(2)
    };
    let folder = room();
    let path = folder.path().join("upload");
    std::fs::write(&path, file).unwrap();
    let mut watch = |_| ControlFlow::Continue(());
    let judged = judge_codes(&path, &options, &mut TakesAll, folder.path(), &mut watch)
        .expect("a verdict, whatever the bytes");
    let codes = CodeReader::open(&judged.records, 0).unwrap();
    let codes: Vec<CodeRecord> = codes.map(|item| item.expect("a whole code").0).collect();
    let outcome = Outcome {
        records: Vec::new(),
        rejections: rejections_of(&judged.rejections),
        verdict: judged.verdict,
        summary: judged.summary,
    };
    outcome.check(codes.len());
    outcome.answer()
}

fn rejections_of(path: &Path) -> Vec<Rejection> {
    let read = RejectionReader::open(path).unwrap();
    read.map(|item| item.expect("a whole rejection")).collect()
}

impl Outcome {
    /// What holds for every file that was ever judged.
    fn check(&self, accepted: usize) {
        let rejected = self.rejections.len();
        if self.verdict.code().is_some() {
            assert_eq!((accepted, rejected), (0, 0), "nothing is left of it");
            return;
        }
        let summary = &self.summary;
        let (accepted, rejected) = (accepted as u64, rejected as u64);
        assert_eq!(summary.discrepancy, 0, "every pair has an account");
        assert_eq!((summary.accepted, summary.rejected), (accepted, rejected));
        assert_eq!(summary.judged, accepted + rejected + summary.merged);
        for rejection in &self.rejections {
            assert!(!rejection.text_tr().is_empty() && !rejection.text_en().is_empty());
        }
    }

    /// A number that stands for how the file was read and what was found in it.
    pub(crate) fn answer(&self) -> u64 {
        let summary = &self.summary;
        let codes: Vec<String> = summary.codes.iter().map(|c| c.code.to_string()).collect();
        let questions = summary.questions.iter().map(Question::answer_field);
        answer((
            self.verdict.code().map(|code| code.to_string()),
            format!(
                "{:?} {:?} {:?} {:?} {:?}",
                summary.layout, summary.encoding, summary.repair, summary.packing, summary.format
            ),
            summary.delimiter,
            codes,
            questions.collect::<Vec<_>>(),
        ))
    }

    /// The report as text.
    pub(crate) fn report(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let rejections = self.rejections.iter().cloned().map(Ok);
        let told = write_report_csv(&mut bytes, &self.summary, rejections, Privacy::Open).unwrap();
        assert_eq!(told, self.rejections.len() as u64);
        bytes
    }

    /// The report as a workbook.
    pub(crate) fn report_book(&self) -> Vec<u8> {
        let folder = room();
        let path = folder.path().join("report.xlsx");
        let rejections = self.rejections.iter().cloned().map(Ok);
        let out = File::create(&path).unwrap();
        let (summary, privacy) = (&self.summary, Privacy::Masked);
        let told = write_report_xlsx(out, folder.path(), summary, rejections, privacy).unwrap();
        assert_eq!(told, self.rejections.len() as u64);
        std::fs::read(&path).unwrap()
    }
}
