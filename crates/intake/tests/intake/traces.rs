//! The outcome of every single pair, as a dry run prints it.

use std::ops::ControlFlow;

use domain::{Channel, LocalState, Status};
use intake::{Fate, Limits, Options, Outcome, OutcomeReader, Stored, judge};
use proptest::prelude::*;

use crate::desk::{Book, judged, local, push};

fn traced(file: impl AsRef<[u8]>, options: &Options, book: &mut Book) -> Vec<Outcome> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upload.csv");
    std::fs::write(&path, file).unwrap();
    let options = Options {
        trace: true,
        ..options.clone()
    };
    let mut watch = |_| ControlFlow::Continue(());
    let judged = judge(&path, &options, book, dir.path(), &mut watch).unwrap();
    let reader = OutcomeReader::open(&judged.outcomes.unwrap(), &judged.rejections).unwrap();
    let outcomes: Vec<Outcome> = reader.map(Result::unwrap).collect();
    let count = |fate| outcomes.iter().filter(|one| one.fate == fate).count() as u64;
    let summary = &judged.summary;
    assert_eq!(count(Fate::Accepted), summary.accepted);
    assert_eq!(count(Fate::Rejected), summary.rejected);
    assert_eq!(count(Fate::Merged), summary.merged);
    assert!(outcomes.is_sorted_by_key(|one| one.line));
    outcomes
}

/// `2 MESAJ accepted +905… W201`.
fn told(outcomes: &[Outcome]) -> Vec<String> {
    let one = |outcome: &Outcome| {
        let channel = outcome.channel.map_or("–".to_owned(), |c| c.to_string());
        let mut words = vec![outcome.line.to_string(), channel];
        words.push(format!("{:?}", outcome.fate).to_lowercase());
        words.extend(outcome.recipient.clone());
        words.extend(outcome.codes.iter().map(ToString::to_string));
        words.join(" ")
    };
    outcomes.iter().map(one).collect()
}

const HEADER: &str = "Müşteri No;Telefon;E-posta;İzin Türü;İzin Durumu;İzin Tarihi;İzin Kaynağı";

#[test]
fn every_pair_is_told_with_its_line_its_value_and_all_of_its_codes() {
    let file = format!(
        "{HEADER}\n\
         1;0532 123 45 67;Ali@Gmial.com;hepsi;ONAY;20.06.2025;HS_WEB\n\
         2;O533 123 45 67;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB\n\
         3;+905341234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB\n\
         3;+905341234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB\n\
         4;0535 123 45 67;;MESAJ;RET;20.06.2025 10:00;HS_WEB\n\
         4;0535 123 45 67;;MESAJ;ONAY;20.06.2025 11:00;HS_WEB\n\
         007;05361234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB\n\
         7;05371234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB\n"
    );
    let outcomes = traced(&file, &push(), &mut Book::default());
    let mut told = told(&outcomes);
    told[..3].sort();
    assert_eq!(
        told,
        [
            "2 ARAMA accepted +905321234567 W201 W602 W702",
            "2 EPOSTA accepted ali@gmial.com W301 W302 W602 W702",
            "2 MESAJ accepted +905321234567 W201 W602 W702",
            "3 MESAJ rejected R202",
            "4 MESAJ accepted +905341234567",
            "5 MESAJ merged +905341234567 W801",
            "6 MESAJ accepted +905351234567 W201",
            "7 MESAJ rejected R802",
            "8 – remarked W402",
            "8 MESAJ accepted +905361234567 W201",
            "9 – remarked W402",
            "9 MESAJ accepted +905371234567 W201",
        ]
    );
    let refused = outcomes.iter().find(|one| one.line == 3).unwrap();
    assert_eq!(refused.value.as_deref(), Some("O533 123 45 67"));
    assert_eq!(refused.suggestion.as_deref(), Some("+905331234567"));
    let kept = outcomes.iter().find(|one| one.line == 6).unwrap();
    assert!(kept.local_only && kept.status == Some(Status::Ret));
    assert_eq!(kept.date.as_deref(), Some("2025-06-20 10:00:00"));
    let text = serde_json::to_string(kept).unwrap();
    assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), *kept);
}

#[test]
fn what_is_on_record_is_told_too() {
    let held = |local: LocalState| Stored {
        local: Some(local),
        ..Stored::default()
    };
    let onay = held(local(Status::Onay, "2025-06-19 10:00:00", false));
    let ret = held(local(Status::Ret, "2025-06-21 10:00:00", false));
    let black = Stored {
        blacklisted: true,
        ..Stored::default()
    };
    let mut book = Book::default()
        .holds("+905321234567", Channel::Mesaj, onay)
        .holds("+905331234567", Channel::Mesaj, ret)
        .holds("+905341234567", Channel::Mesaj, black);
    let rows: String = ["0532", "0533", "0534"]
        .map(|prefix| format!(";{prefix}1234567;;MESAJ;ONAY;20.06.2025 10:00;HS_WEB\n"))
        .concat();
    let outcomes = traced(format!("{HEADER}\n{rows}"), &push(), &mut book);
    assert_eq!(
        told(&outcomes),
        [
            "2 MESAJ accepted +905321234567 W201 W804",
            "3 MESAJ rejected R805",
            "4 MESAJ accepted +905341234567 W201 W805",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tracing_changes_nothing_and_needs_no_more_memory_than_it_may(
        rows in proptest::collection::vec(0_u32..40, 1..120),
        buffer in 400_usize..3_000,
    ) {
        let lines: String = rows
            .iter()
            .map(|n| format!("{n};05321234{:03};;MESAJ;ONAY;20.06.2025 10:{:02};HS_WEB\n", n % 7, n % 50))
            .collect();
        let file = format!("{HEADER}\n{lines}");
        let tight = Options {
            limits: Limits { rejections_buffer_bytes: buffer, ..Limits::default() },
            ..push()
        };
        let outcomes = traced(&file, &tight, &mut Book::default());
        let plain = judged(&file, &push());
        let kept: Vec<u64> = outcomes.iter().filter(|one| one.fate == Fate::Accepted).map(|one| one.line).collect();
        let mut lines: Vec<u64> = plain.records.iter().map(|record| record.line).collect();
        lines.sort_unstable();
        prop_assert_eq!(kept, lines);
    }
}
