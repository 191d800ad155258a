//! Whatever arrives, in whatever order and however many at a time: the stored
//! state is the fold of the stored events.

mod support;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::ids::{BrandId, FirmId};
use domain::{Channel, ConsentKey, LocalState, ReasonCode, RecipientKind, Source, Status};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::consent::{ApplyContext, IncomingRecord, Said};
use store::testing::TestDatabase;
use support::*;

#[derive(Debug, Clone)]
struct Word {
    person: u32,
    channel: Channel,
    kind: RecipientKind,
    status: Status,
    day: u8,
    external: Option<u8>,
}

fn word() -> impl Strategy<Value = Word> {
    let channel = proptest::sample::select(&[Channel::Mesaj, Channel::Arama][..]);
    let external = proptest::option::weighted(0.3, 0_u8..4);
    (
        1_u32..6,
        channel,
        any::<bool>(),
        any::<bool>(),
        1_u8..9,
        external,
    )
        .prop_map(|(person, channel, tacir, ret, day, external)| Word {
            person,
            channel,
            kind: if tacir {
                RecipientKind::Tacir
            } else {
                RecipientKind::Bireysel
            },
            status: if ret { Status::Ret } else { Status::Onay },
            day,
            external,
        })
}

fn record(line: i64, word: &Word) -> IncomingRecord {
    let date = june(word.day);
    let consent = Said {
        channel: word.channel,
        status: word.status,
        date,
        source: Source::HS_WEB,
    };
    IncomingRecord {
        kind: word.kind,
        external_id: word.external.map(|n| format!("M{n}")),
        consent: Some(consent),
        ..person(line, phone(word.person))
    }
}

/// A firm and a brand of its own for each case, so that one database serves all.
fn fresh(db: &TestDatabase) -> ApplyContext {
    static NEXT: AtomicI64 = AtomicI64::new(100);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    ApplyContext {
        firm: FirmId::from_db(number),
        brand: BrandId::from_db(number),
        ..context(db)
    }
}

async fn check(db: &TestDatabase, words: &[Word], slice: usize) {
    let context = fresh(db);
    let records: Vec<IncomingRecord> = (1..).zip(words).map(|(line, w)| record(line, w)).collect();
    let mut refused = 0;
    let mut appended = 0;
    for slice in records.chunks(slice) {
        let mut writer = db.store.write().await.expect("a transaction");
        let applied = writer
            .apply_records(&context, slice)
            .await
            .expect("applies");
        writer.commit().await.expect("commits");
        let counted = applied.created + applied.updated + applied.unchanged + applied.refused.len();
        assert_eq!(
            counted,
            slice.len(),
            "{}: each record is counted once",
            db.name
        );
        refused += applied.refused.len();
        appended += applied
            .touched
            .iter()
            .filter(|touched| touched.event.is_some())
            .count();
    }
    assert!(refused + appended <= records.len());
    let brand = context.brand.as_db();
    let mut window = Window::on(db).await;
    let events = format!("consent_event WHERE brand_id = {brand}");
    assert_eq!(
        window.count(&events).await,
        i64::try_from(appended).expect("small")
    );

    let mut reader = db.store.read().await.expect("a reader");
    let people = (1..6).map(phone).collect::<Vec<_>>();
    let ids = reader
        .recipient_ids(context.firm, &people)
        .await
        .expect("numbers");
    let mut folded: BTreeMap<ConsentKey, LocalState> = BTreeMap::new();
    for id in ids.into_iter().flatten() {
        for event in reader
            .consent_history(context.brand, id, None)
            .await
            .expect("a history")
        {
            let state = LocalState::of(&event);
            folded
                .entry(event.key)
                .and_modify(|held| *held = held.fold(state))
                .or_insert(state);
        }
    }
    let states = i64::try_from(folded.len()).expect("small");
    let rows = format!("consent_state WHERE brand_id = {brand}");
    assert_eq!(window.count(&rows).await, states);
    for (key, expected) in folded {
        let held = reader.consent_state(key).await.expect("a state");
        assert_eq!(held.local, Some(expected), "{}: {key:?}", db.name);
    }
    let found = db
        .store
        .verify_ledger(context.brand, |_| ControlFlow::Continue(()))
        .await;
    assert_eq!(found.expect("verifies").fault, None);
}

#[test]
fn the_stored_state_is_the_fold_of_the_stored_events() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let databases = runtime.block_on(store::testing::each());
    let config = ProptestConfig {
        cases: 16,
        ..ProptestConfig::default()
    };
    let words = proptest::collection::vec(word(), 1..40);
    TestRunner::new(config)
        .run(&(words, 3_usize..15), |(words, slice)| {
            for db in &databases {
                runtime.block_on(check(db, &words, slice));
            }
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    // What a test database leaves behind is removed inside a runtime.
    runtime.block_on(async { drop(databases) });
}

#[tokio::test]
async fn a_refusal_that_is_said_again_stands_against_a_consent_of_the_days_between() {
    for db in store::testing::each().await {
        for day in [10, 20, 20] {
            apply(&db, &[declared(2, phone(1), Status::Ret, june(day))]).await;
        }
        let late = apply(&db, &[declared(2, phone(1), Status::Onay, june(15))]).await;
        let refused: Vec<_> = late.refused.iter().map(|r| r.code).collect();
        assert_eq!(refused, [ReasonCode::R805], "{}", db.name);
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("consent_event").await, 2, "{}", db.name);
    }
}
