//! What counts as a difference, and that a large day stays in bounded memory.

use super::*;

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("izinli_drift_{}_{name}", std::process::id()))
}

fn row<'a>(transaction: &'a str, recipient: &'a str, status: &'a str) -> MovementRow<'a> {
    MovementRow {
        transaction,
        recipient,
        kind: "BIREYSEL",
        channel: "MESAJ",
        status,
        created: "",
        consent_date: "2026-03-02 14:05:33",
        source: "HS_WEB",
    }
}

fn state<'a>(recipient: &'a str, verdict: &'a str, consent_date: &'a str) -> StateRow<'a> {
    StateRow {
        recipient,
        kind: "BIREYSEL",
        channel: "MESAJ",
        verdict,
        consent_date,
    }
}

fn compared(parts: Parts) -> (Drift, Vec<Difference>) {
    let mut all = Vec::new();
    let drift = parts
        .compare(|found| all.extend(found))
        .expect("comparable");
    all.sort_by(|a, b| (a.cause, &a.recipient).cmp(&(b.cause, &b.recipient)));
    (drift, all)
}

#[test]
fn a_day_that_both_sides_tell_alike_has_no_difference() {
    let mut parts = Parts::begin(&folder("alike")).expect("a folder");
    for n in 0..1_000 {
        let (transaction, phone) = (format!("t{n}"), format!("+90532{n:07}"));
        parts
            .theirs(&row(&transaction, &phone, "ONAY"))
            .expect("written");
        parts
            .ours(&row(&transaction, &phone, "ONAY"))
            .expect("written");
        parts
            .state(&state(&phone, "ONAY", "2026-03-02 14:05:33"))
            .expect("written");
    }
    let kept = parts.folder.clone();
    let (drift, all) = compared(parts);
    assert_eq!(all, []);
    assert_eq!(drift.theirs, drift.ours);
    let place = ("HS".to_owned(), "MESAJ".to_owned());
    assert_eq!(drift.theirs[&place].approvals, 1_000);
    assert!(!kept.exists(), "the parts hold addresses and are removed");
}

#[test]
fn whoever_makes_the_totals_differ_by_one_is_named() {
    let mut parts = Parts::begin(&folder("one")).expect("a folder");
    for n in 0..50 {
        let (transaction, phone) = (format!("t{n}"), format!("+90532{n:07}"));
        parts
            .theirs(&row(&transaction, &phone, "ONAY"))
            .expect("written");
        parts
            .state(&state(&phone, "ONAY", "2026-03-02 14:05:33"))
            .expect("written");
        if n != 17 {
            parts
                .ours(&row(&transaction, &phone, "ONAY"))
                .expect("written");
        }
    }
    let (drift, all) = compared(parts);
    let place = ("HS".to_owned(), "MESAJ".to_owned());
    assert_eq!(
        drift.theirs[&place].approvals - drift.ours[&place].approvals,
        1
    );
    assert_eq!(all.len(), 1);
    assert_eq!(
        (
            all[0].cause,
            all[0].recipient.as_str(),
            all[0].transaction.as_str()
        ),
        (Cause::NotHere, "+905320000017", "t17")
    );
}

#[test]
fn each_cause_is_told_apart() {
    let mut parts = Parts::begin(&folder("causes")).expect("a folder");
    let told = |parts: &mut Parts, theirs: Option<&str>, ours: Option<&str>, n: u32| {
        let (transaction, phone) = (format!("t{n}"), format!("+90532{n:07}"));
        if let Some(status) = theirs {
            parts
                .theirs(&row(&transaction, &phone, status))
                .expect("written");
        }
        if let Some(status) = ours {
            parts
                .ours(&row(&transaction, &phone, status))
                .expect("written");
        }
        phone
    };
    let first = told(&mut parts, Some("ONAY"), None, 1);
    parts
        .state(&state(&first, "ONAY", "2026-03-02 14:05:33"))
        .expect("written");
    told(&mut parts, None, Some("RET"), 2);
    let third = told(&mut parts, Some("RET"), Some("ONAY"), 3);
    parts
        .state(&state(&third, "RET", "2026-03-02 14:05:33"))
        .expect("written");
    let fourth = told(&mut parts, Some("RET"), Some("RET"), 4);
    parts
        .state(&state(&fourth, "ONAY", "2026-02-01 10:00:00"))
        .expect("written");
    // Known to us already by what came a day later: no difference.
    let fifth = told(&mut parts, Some("ONAY"), Some("ONAY"), 5);
    parts
        .state(&state(&fifth, "RET", "2026-03-03 09:00:00"))
        .expect("written");
    let (drift, all) = compared(parts);
    let causes: Vec<(Cause, &str)> = all
        .iter()
        .map(|one| (one.cause, one.recipient.as_str()))
        .collect();
    assert_eq!(
        causes,
        [
            (Cause::NotHere, "+905320000001"),
            (Cause::NotThere, "+905320000002"),
            (Cause::ToldOtherwise, "+905320000003"),
            (Cause::StateBehind, "+905320000004"),
        ]
    );
    assert_eq!(drift.count(), 4);
    assert_eq!(all[3].ours.as_deref(), Some("ONAY 2026-02-01 10:00:00"));
    assert_eq!(
        all[2].theirs.as_deref(),
        Some("RET 2026-03-02 14:05:33 HS_WEB")
    );
}

#[test]
fn the_columns_of_a_file_are_found_by_name() {
    let header =
        "creationDate,transactionId,recipient,recipientType,type,status,consentDate,source\n";
    let shape = FileShape::of_header(header).expect("all columns");
    let line = "2026-03-02 14:06:00,t1,ali@ornek.com.tr,TACIR,EPOSTA,RET,,IYS_AHS_HAT_KAPATMA\n";
    let found = shape.row(line, 2).expect("readable");
    assert_eq!(
        found,
        MovementRow {
            transaction: "t1",
            recipient: "ali@ornek.com.tr",
            kind: "TACIR",
            channel: "EPOSTA",
            status: "RET",
            created: "2026-03-02 14:06:00",
            consent_date: "",
            source: "IYS_AHS_HAT_KAPATMA",
        }
    );
    assert!(matches!(
        FileShape::of_header("creationDate,transactionId,recipient,recipientType,type"),
        Err(DriftError::NoColumn("status"))
    ));
    assert!(matches!(
        shape.row("2026-03-02 14:06:00,t1", 3),
        Err(DriftError::ShortLine { line: 3, fields: 2 })
    ));
}

#[test]
fn a_movement_that_was_told_twice_counts_once() {
    let mut parts = Parts::begin(&folder("twice")).expect("begins");
    parts
        .theirs(&row("a", "+905321234501", "RET"))
        .expect("taken");
    parts
        .state(&state("+905321234501", "RET", "2026-03-02 14:05:33"))
        .expect("taken");
    for _ in 0..2 {
        parts
            .ours(&row("a", "+905321234501", "RET"))
            .expect("taken");
        parts
            .ours(&row("b", "+905321234502", "RET"))
            .expect("taken");
    }
    let (drift, differences) = compared(parts);
    let told: u64 = drift.ours.values().map(|totals| totals.rejections).sum();
    assert_eq!(told, 2);
    let causes: Vec<Cause> = differences.iter().map(|found| found.cause).collect();
    assert_eq!(causes, [Cause::NotThere]);
}
