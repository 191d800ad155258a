//! Files of promotion codes: what is taken, for whom, and what is refused.

use std::collections::HashMap;
use std::ops::ControlFlow;

use domain::ReasonCode;
use intake::{
    Action, Assignment, CodeList, CodeReader, CodeRecord, CodeVerdict, DirectoryError, Field,
    FileVerdict, LayoutKind, Limits, Options, Rejection, RejectionReader, Summary, judge_codes,
    write_report_csv,
};

use crate::desk::now;

/// A list that knows customers M1 to M9, and what it holds: code to customer,
/// empty for the pool.
#[derive(Debug, Default)]
struct List(HashMap<&'static str, &'static str>);

impl CodeList for List {
    fn look_at(&mut self, codes: &[CodeRecord]) -> Result<Vec<CodeVerdict>, DirectoryError> {
        let verdict = |record: &CodeRecord| {
            let id = record.external_id.as_deref().unwrap_or_default();
            let is_known = id.len() == 2 && id.starts_with('M');
            if !(id.is_empty() || is_known) {
                return CodeVerdict::Refused(ReasonCode::R406);
            }
            match self.0.get(record.code.as_str()) {
                Some(&held) if held == id => CodeVerdict::Fits,
                Some(_) => CodeVerdict::Refused(ReasonCode::R809),
                None if !id.is_empty() && self.0.values().any(|held| *held == id) => {
                    CodeVerdict::Refused(ReasonCode::R810)
                }
                None => CodeVerdict::Fits,
            }
        };
        Ok(codes.iter().map(verdict).collect())
    }
}

struct Outcome {
    verdict: FileVerdict,
    summary: Summary,
    records: Vec<CodeRecord>,
    rejections: Vec<Rejection>,
}

fn options() -> Options {
    Options {
        reads_codes: true,
        ..Options::new(now(), Action::Local)
    }
}

fn judged_by(file: impl AsRef<[u8]>, options: &Options, list: &mut List) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kodlar.csv");
    std::fs::write(&path, file).unwrap();
    let mut watch = |_| ControlFlow::Continue(());
    let judged = judge_codes(&path, options, list, dir.path(), &mut watch).unwrap();
    let records = CodeReader::open(&judged.records, 0).unwrap();
    let rejections = RejectionReader::open(&judged.rejections).unwrap();
    let mut records: Vec<CodeRecord> = records.map(|read| read.unwrap().0).collect();
    records.sort_by_key(|record| record.line);
    let outcome = Outcome {
        verdict: judged.verdict,
        summary: judged.summary,
        records,
        rejections: rejections.map(Result::unwrap).collect(),
    };
    let summary = &outcome.summary;
    assert_eq!(summary.discrepancy, 0);
    if outcome.verdict.code().is_none() {
        assert_eq!(
            summary.judged,
            summary.accepted + summary.rejected + summary.merged
        );
        assert_eq!(summary.accepted, outcome.records.len() as u64);
        assert_eq!(summary.rejected, outcome.rejections.len() as u64);
    }
    outcome
}

fn judged(file: impl AsRef<[u8]>) -> Outcome {
    judged_by(file, &options(), &mut List::default())
}

impl Outcome {
    /// `line code person` of everything taken.
    fn taken(&self) -> Vec<String> {
        let told = self.records.iter().map(|record| {
            let person = record.external_id.as_deref().unwrap_or("-");
            format!("{} {} {person}", record.line, record.code)
        });
        told.collect()
    }

    fn refused(&self) -> Vec<String> {
        let told = self.rejections.iter();
        told.map(|one| format!("{} {} {}", one.line, one.code, one.field))
            .collect()
    }

    fn file(&self) -> String {
        self.verdict
            .code()
            .map_or("accepted".to_owned(), |code| code.to_string())
    }
}

#[test]
fn the_column_of_the_codes_is_known_under_the_names_that_people_give_it() {
    for header in [
        "externalid;promotionvalue",
        "Müşteri No;Promosyon Kodu",
        "müşteri kodu;KUPON KODU",
        "cari kodu;kupon",
        "Üye No;promosyon",
        "External Id;coupon code",
    ] {
        let outcome = judged(format!("{header}\nM1;YAZ-1\nM2;YAZ-2\n"));
        assert_eq!(outcome.taken(), ["2 YAZ-1 M1", "3 YAZ-2 M2"], "{header}");
        assert_eq!(outcome.summary.layout, Some(LayoutKind::Codes));
    }
    let outcome = judged("Promosyon Kodu,Müşteri No,Not\nYAZ-1,M1,iyi müşteri\n");
    assert_eq!(outcome.taken(), ["2 YAZ-1 M1"]);
    assert_eq!(outcome.summary.count(ReasonCode::W108), 1);
}

#[test]
fn a_code_without_a_person_goes_into_the_pool() {
    let one_a_line = ["1 AB12 -", "2 CD34 -", "3 EF56 -"];
    assert_eq!(judged("AB12\nCD34\nEF56\n").taken(), one_a_line);
    assert_eq!(judged("AB12\r\nCD34\r\nEF56").taken(), one_a_line);
    // Words and bare numbers are codes too.
    assert_eq!(judged("ELMA\nARMUT\n").taken(), ["1 ELMA -", "2 ARMUT -"]);
    let bare = judged("5321234567\n5331234567\n");
    assert_eq!(bare.taken(), ["1 5321234567 -", "2 5331234567 -"]);
    assert!(bare.summary.questions.is_empty(), "nothing is asked");
    assert_eq!(judged("Kupon\nAB12\n").taken(), ["2 AB12 -"]);
    let mixed = judged("musteri no;kupon\nM1;A1\n;A2\n");
    assert_eq!(mixed.taken(), ["2 A1 M1", "3 A2 -"]);
}

#[test]
fn what_cannot_be_a_code_or_a_person_is_refused_with_its_line() {
    let file = "müşteri no;promosyon kodu\n\
                M1;\nM2;iki kelime\nM3;İNDİRİM\nM4;1,23457E+15\nM5;#YOK\nyok;A6\n\
                1,23457E+15;A7\nM8;A8;A9\n;;\nB1;A10\n";
    let outcome = judged(file);
    assert_eq!(
        outcome.refused(),
        [
            "2 R808 promotion_code",
            "3 R808 promotion_code",
            "4 R808 promotion_code",
            "5 R402 promotion_code",
            "6 R104 promotion_code",
            "7 R401 external_id",
            "8 R402 external_id",
            "9 R102 row",
            "10 R101 row",
            "11 R406 external_id",
        ]
    );
    assert!(outcome.records.is_empty());
    assert!(
        outcome.rejections[0]
            .text_tr()
            .contains("Promosyon kodu boş")
    );
    let long = judged(format!("kupon\n{}\n", "9".repeat(65)));
    assert_eq!(long.refused(), ["2 R808 promotion_code"]);
}

#[test]
fn a_code_counts_once_and_a_person_gets_one() {
    let file = "müşteri no;kupon\nM1;A\nM1;A\nM2;A\n;A\nM3;B\nM3;C\n;D\n;D\n";
    let outcome = judged(file);
    assert_eq!(outcome.taken(), ["2 A M1", "6 B M3", "8 D -"]);
    assert_eq!(
        outcome.refused(),
        [
            "4 R809 promotion_code",
            "5 R809 promotion_code",
            "7 R810 external_id"
        ]
    );
    assert_eq!(outcome.summary.merged, 2, "repeats of the same row");
    assert_eq!(outcome.summary.count(ReasonCode::W801), 2);
}

#[test]
fn the_list_is_asked_about_what_the_file_alone_does_not_show() {
    let held = || List(HashMap::from([("A", "M1"), ("P", "")]));
    let file = "müşteri no;kupon\nM1;A\nM2;A\nM1;X\n;P\nM3;P\nM4;Y\n";
    let outcome = judged_by(file, &options(), &mut held());
    // M1;A and P are there just so; M2;A gives way to M1;A within the file.
    assert_eq!(outcome.taken(), ["2 A M1", "5 P -", "7 Y M4"]);
    assert_eq!(
        outcome.refused(),
        [
            "3 R809 promotion_code",
            "4 R810 external_id",
            "6 R809 promotion_code"
        ]
    );
    let alone = judged_by("müşteri no;kupon\nM1;X\nM2;P\n", &options(), &mut held());
    assert_eq!(
        alone.refused(),
        ["2 R810 external_id", "3 R809 promotion_code"]
    );
}

#[test]
fn codes_meant_for_people_never_fall_into_the_pool_because_nobody_can_read_whose_they_are() {
    for file in [
        "Telefon;Kupon\n05321234567;A1\n",
        "TC Kimlik No;Kupon\n10000000146;A1\n",
        "E-posta;Kupon\nali@firma.com;A1\n",
        &format!(
            "Müşteri No;Kupon\n{}",
            "10000000146;A1\n10000000214;A2\n10000000382;A3\n10000000450;A4\n10000000528;A5\n"
        ),
    ] {
        assert_eq!(judged(file).file(), "F110", "{file}");
    }
    assert_eq!(judged("Müşteri No;Ad\nM1;Ali\n").file(), "F120");
    assert_eq!(judged("").file(), "F101");
    assert_eq!(judged("kupon\n").file(), "F101");
}

#[test]
fn columns_without_names_are_asked_about_and_the_answer_is_taken() {
    let file = "M1;A-1\nM2;A-2\nM3;A-3\n";
    let asked = judged(file);
    assert_eq!(asked.file(), "F120");
    assert_eq!(asked.summary.questions.len(), 2);
    let mut answered = options();
    for (header, field) in [
        ("Sütun 1", Field::ExternalId),
        ("Sütun 2", Field::PromotionCode),
    ] {
        let assignment = Assignment {
            field,
            channel: None,
        };
        let columns = &mut answered.mapping.columns;
        columns.insert(header.to_owned(), assignment);
    }
    let outcome = judged_by(file, &answered, &mut List::default());
    assert_eq!(outcome.taken(), ["1 A-1 M1", "2 A-2 M2", "3 A-3 M3"]);
    // A heading that nobody has taught us is no code.
    let mut named = options();
    assert_eq!(judged("Çekiliş\nA1\nA2\n").file(), "F120");
    let assignment = Assignment {
        field: Field::PromotionCode,
        channel: None,
    };
    named
        .mapping
        .columns
        .insert("Çekiliş".to_owned(), assignment);
    let outcome = judged_by("Çekiliş\nA1\nA2\n", &named, &mut List::default());
    assert_eq!(outcome.taken(), ["2 A1 -", "3 A2 -"]);
}

#[test]
fn a_file_of_many_parts_comes_to_the_same_as_one_of_one() {
    let mut file = String::from("müşteri no;kupon\n");
    for n in 0..3_000 {
        // Every tenth code and every seventh person comes again.
        let (code, person) = (n - n % 10 / 9 * 9, n - n % 7 / 6 * 6);
        file.push_str(&format!("P{person};K{code}\n"));
    }
    struct All;
    impl CodeList for All {
        fn look_at(&mut self, codes: &[CodeRecord]) -> Result<Vec<CodeVerdict>, DirectoryError> {
            Ok(vec![CodeVerdict::Fits; codes.len()])
        }
    }
    let run = |options: &Options| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kodlar.csv");
        std::fs::write(&path, &file).unwrap();
        let mut watch = |_| ControlFlow::Continue(());
        let judged = judge_codes(&path, options, &mut All, dir.path(), &mut watch).unwrap();
        let mut records: Vec<CodeRecord> = CodeReader::open(&judged.records, 0)
            .unwrap()
            .map(|read| read.unwrap().0)
            .collect();
        // From any offset it told, the reader goes on with the next one.
        let offsets: Vec<u64> = CodeReader::open(&judged.records, 0)
            .unwrap()
            .map(|read| read.unwrap().1)
            .collect();
        let rest = CodeReader::open(&judged.records, offsets[99]).unwrap();
        assert_eq!(rest.count(), records.len() - 100);
        records.sort_by_key(|record| record.line);
        (records, judged.summary.codes)
    };
    let whole = run(&options());
    let mut small = options();
    small.limits = Limits {
        partition_file_bytes: 1_000,
        directory_batch: 7,
        ..Limits::default()
    };
    assert_eq!(whole, run(&small));
}

#[test]
fn a_corrected_rejection_report_is_taken_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kodlar.csv");
    std::fs::write(&path, "müşteri no;kupon\nM1;A 1\nM2;A2\n").unwrap();
    let mut watch = |_| ControlFlow::Continue(());
    let mut list = List::default();
    let judged = judge_codes(&path, &options(), &mut list, dir.path(), &mut watch).unwrap();
    let rejections = RejectionReader::open(&judged.rejections).unwrap();
    let mut report = Vec::new();
    let open = intake::Privacy::Open;
    write_report_csv(&mut report, &judged.summary, rejections, open).unwrap();
    let report = String::from_utf8(report).unwrap();
    assert!(report.contains("R808"), "{report}");
    let outcome = judged_by(
        report.replace("A 1", "A1"),
        &options(),
        &mut List::default(),
    );
    let taken = outcome
        .records
        .iter()
        .map(|r| (r.code.as_str(), r.external_id.as_deref()));
    assert_eq!(taken.collect::<Vec<_>>(), [("A1", Some("M1"))]);
}
