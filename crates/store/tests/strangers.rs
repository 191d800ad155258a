//! Slices of people who are taken for new: they come out as with a look-up, and
//! somebody who was on record after all is noticed.

mod support;

use domain::Status;
use store::StoreError;
use store::consent::{Ahead, Applied, IncomingRecord};
use store::testing::TestDatabase;
use support::*;

fn customer(line: i64, n: u32, id: &str) -> IncomingRecord {
    IncomingRecord {
        external_id: Some(id.to_owned()),
        name: Some(format!("Kişi {n}")),
        ..declared(line, phone(n), Status::Onay, june(20))
    }
}

/// More than one statement's worth, with two people named twice.
fn slice() -> Vec<IncomingRecord> {
    let mut records: Vec<IncomingRecord> = (1..=250)
        .map(|n| customer(i64::from(n) + 1, n, &format!("M{n}")))
        .collect();
    records.push(customer(252, 3, "M3"));
    records.push(IncomingRecord {
        recipient: email("m4"),
        consent: None,
        ..customer(253, 4, "M4")
    });
    records
}

async fn as_strangers(
    db: &TestDatabase,
    records: &[IncomingRecord],
) -> Result<Applied, StoreError> {
    let context = context(db);
    let mut writer = db.store.write().await.expect("a transaction");
    let applied = writer.apply_strangers(&context, records).await?;
    writer.commit().await.expect("commits");
    Ok(applied)
}

async fn counts(db: &TestDatabase) -> [i64; 4] {
    let mut window = Window::on(db).await;
    let mut counts = [0; 4];
    let tables = ["contact", "recipient", "consent_event", "consent_state"];
    for (count, table) in counts.iter_mut().zip(tables) {
        *count = window.count(table).await;
    }
    counts
}

#[tokio::test]
async fn new_people_enter_without_a_look_up_as_they_do_with_one() {
    for (one, other) in store::testing::each()
        .await
        .into_iter()
        .zip(store::testing::each().await)
    {
        let looked_up = apply(&one, &slice()).await;
        let taken_for_new = as_strangers(&other, &slice()).await.expect("all new");
        assert!(looked_up.knew_nobody && taken_for_new.knew_nobody);
        assert_eq!(
            (
                looked_up.created,
                looked_up.unchanged,
                looked_up.remarks.len()
            ),
            (
                taken_for_new.created,
                taken_for_new.unchanged,
                taken_for_new.remarks.len()
            ),
            "{}",
            one.name
        );
        assert_eq!(counts(&one).await, counts(&other).await);
        assert_eq!(counts(&other).await, [250, 251, 250, 250]);
    }
}

#[tokio::test]
async fn somebody_on_record_is_never_made_a_second_time() {
    // Known by the address, and by the firm's own number with another address.
    for known in [customer(260, 900, "other"), customer(260, 901, "M900")] {
        for db in store::testing::each().await {
            apply(&db, &[customer(2, 900, "M900")]).await;
            let before = counts(&db).await;
            let mut records = slice();
            records.push(known.clone());
            let outcome = as_strangers(&db, &records).await;
            assert!(
                matches!(outcome, Err(StoreError::Exists { .. })),
                "{}: {outcome:?}",
                db.name
            );
            assert_eq!(counts(&db).await, before, "nothing of it stays");
            let applied = apply(&db, &records).await;
            assert!(!applied.knew_nobody, "{}", db.name);
            let mut window = Window::on(&db).await;
            let named = "SELECT count(*) FROM contact WHERE external_id = 'M900'";
            assert_eq!(window.number(named).await, 1);
        }
    }
}

async fn made_ahead(db: &TestDatabase, slices: &[&[IncomingRecord]]) -> Vec<Ahead> {
    let context = context(db);
    let mut writer = db.store.write().await.expect("a transaction");
    let ahead = writer.place_ahead(&context, slices).await.expect("all new");
    writer.commit().await.expect("commits");
    ahead.expect("nobody told of strangers")
}

#[tokio::test]
async fn people_made_ahead_of_what_they_say_come_out_as_those_made_together() {
    for (one, other) in store::testing::each()
        .await
        .into_iter()
        .zip(store::testing::each().await)
    {
        let together = as_strangers(&one, &slice()).await.expect("all new");
        // Two slices, each with all that is said about its people.
        let mut first = slice();
        let second = first.split_off(100);
        let (second, named_again) = second.split_at(150);
        first.extend_from_slice(named_again);
        let ahead = made_ahead(&other, &[&first, second]).await;
        assert_eq!(counts(&other).await, [250, 251, 0, 0], "{}", other.name);
        let context = context(&other);
        let mut writer = other.store.write().await.expect("a transaction");
        let slices = [first.as_slice(), second].into_iter().zip(ahead).collect();
        let apart = writer.apply_ahead(&context, slices).await;
        let apart = apart.expect("nobody spoke for them");
        writer.commit().await.expect("commits");
        assert!(apart.iter().all(|slice| slice.knew_nobody));
        let sum = |of: fn(&Applied) -> usize| apart.iter().map(of).sum::<usize>();
        assert_eq!(
            (
                sum(|slice| slice.created),
                sum(|slice| slice.updated),
                sum(|slice| slice.unchanged)
            ),
            (together.created, together.updated, together.unchanged),
            "{}",
            one.name
        );
        assert_eq!(sum(|slice| slice.touched.len()), together.touched.len());
        let mut window = Window::on(&other).await;
        assert_eq!(window.count("ledger_block").await, 2, "a block each");
        assert_eq!(counts(&one).await, counts(&other).await);
    }
}

#[tokio::test]
async fn people_made_ahead_for_whom_somebody_else_spoke_are_looked_up_and_still_counted_as_made() {
    for db in store::testing::each().await {
        let ahead = made_ahead(&db, &[&slice()]).await;
        let earlier = declared(9, phone(7), Status::Ret, june(21));
        apply(&db, &[earlier]).await;
        let context = context(&db);
        let mut writer = db.store.write().await.expect("a transaction");
        let records = slice();
        let slices = [records.as_slice()].into_iter().zip(ahead).collect();
        let outcome = writer.apply_ahead(&context, slices).await;
        assert!(
            matches!(outcome, Err(StoreError::Exists { .. })),
            "{}: {outcome:?}",
            db.name
        );
        drop(writer);
        assert_eq!(counts(&db).await, [250, 251, 1, 1], "nothing of it stays");
        let mut writer = db.store.write().await.expect("a transaction");
        let applied = writer.apply_placed(&context, &slice()).await;
        let applied = applied.expect("looked up");
        writer.commit().await.expect("commits");
        let counted = applied.created + applied.updated + applied.unchanged;
        assert_eq!(counted + applied.refused.len(), slice().len());
        assert_eq!((applied.updated, applied.unchanged), (0, 0), "{}", db.name);
        // The refusal is newer and holds; the older consent beside it is history.
        assert_eq!(counts(&db).await[3], 250, "{}", db.name);
    }
}
