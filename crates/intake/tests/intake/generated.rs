//! Generated files: what they promise is what judging finds.

use domain::ReasonCode;
use intake::Encoding;
use intake::generate::{Form, Generate, GenerateReport, contacts};

use crate::desk::{judged, now, push};

fn generated(spec: &Generate) -> (Vec<u8>, GenerateReport) {
    let mut bytes = Vec::new();
    let report = contacts(&mut bytes, spec).unwrap();
    assert_eq!(report.bytes, bytes.len() as u64);
    (bytes, report)
}

#[test]
fn the_same_seed_writes_the_same_file_and_another_seed_another() {
    let spec = Generate::new(500, 20, 7, now());
    assert_eq!(generated(&spec), generated(&spec));
    assert_ne!(
        generated(&spec).0,
        generated(&Generate { seed: 8, ..spec }).0
    );
}

#[test]
fn a_clean_file_is_accepted_row_by_row() {
    let (bytes, report) = generated(&Generate::new(2_000, 0, 1, now()));
    let outcome = judged(bytes, &push());
    assert_eq!((report.clean_rows, report.accepted), (2_000, 2_000));
    assert_eq!(
        (outcome.records.len(), outcome.rejections.len()),
        (2_000, 0)
    );
    assert_eq!(outcome.summary.encoding, Some(Encoding::Windows1254));
    let remarks: Vec<ReasonCode> = outcome
        .summary
        .codes
        .iter()
        .map(|counted| counted.code)
        .collect();
    assert_eq!(
        remarks,
        [ReasonCode::W201],
        "a clean file needs no other remark"
    );
}

#[test]
fn every_kind_of_dirt_is_found_exactly_as_often_as_it_was_made() {
    for (encoding, seed) in [
        (Encoding::Windows1254, 1),
        (Encoding::Utf8, 2),
        (Encoding::Utf8, 3),
    ] {
        let spec = Generate {
            encoding,
            ..Generate::new(6_000, 40, seed, now())
        };
        let kinds = kept_promises(&spec);
        assert!(kinds > 50, "only {kinds} kinds");
    }
}

#[test]
fn other_columns_and_garbled_letters_carry_dirt_of_their_own() {
    for (form, is_garbled) in [
        (Form::OneAddress, false),
        (Form::OneAddress, true),
        (Form::Shop, true),
    ] {
        let spec = Generate {
            form,
            is_garbled,
            ..Generate::new(2_000, 30, 4, now())
        };
        kept_promises(&spec);
        let (_, report) = generated(&spec);
        let own = match form {
            Form::Shop => vec![ReasonCode::W104],
            Form::OneAddress => vec![ReasonCode::R706, ReasonCode::R709, ReasonCode::W405],
        };
        assert!(own.into_iter().all(|code| report.expected(code) > 0));
        assert_eq!(report.expected(ReasonCode::W104) > 0, is_garbled);
    }
}

/// Judges a generated file and holds it against its report; how many kinds of dirt
/// there were.
fn kept_promises(spec: &Generate) -> usize {
    let (bytes, report) = generated(spec);
    let outcome = judged(bytes, &push());
    assert_eq!(outcome.file(), "accepted");
    for dirt in &report.dirt {
        assert_eq!(outcome.count(dirt.code), dirt.expected, "{}", dirt.code);
    }
    let made: u64 = report.dirt.iter().map(|dirt| dirt.rows).sum();
    assert_eq!(made + report.clean_rows, report.rows);
    let summary = &outcome.summary;
    assert_eq!(
        (summary.accepted, summary.rejected, summary.merged),
        (report.accepted, report.rejected, report.merged)
    );
    for counted in &summary.codes {
        let is_refusal = counted.code.class() == domain::reason::ReasonClass::RowRejected;
        assert!(
            !is_refusal || report.expected(counted.code) > 0,
            "{} was never made",
            counted.code
        );
    }
    report.dirt.len()
}

#[test]
fn a_file_may_be_dirty_through_and_through() {
    let (bytes, report) = generated(&Generate::new(3_000, 100, 5, now()));
    assert_eq!(report.clean_rows, 0);
    let outcome = judged(bytes, &push());
    assert_eq!(
        (outcome.summary.accepted, outcome.summary.rejected),
        (report.accepted, report.rejected)
    );
}
