//! Whatever arrives, in whatever order and however many at a time: the stored
//! state is the fold of the stored events.

mod support;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::OnceLock;

use domain::{Channel, ConsentKey, LocalState, RecipientKind, Source, Status};
use proptest::prelude::*;
use store::consent::{IncomingRecord, Said};
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
    (1_u32..6, channel, any::<bool>(), any::<bool>(), 1_u8..9, external).prop_map(
        |(person, channel, tacir, ret, day, external)| Word {
            person,
            channel,
            kind: if tacir { RecipientKind::Tacir } else { RecipientKind::Bireysel },
            status: if ret { Status::Ret } else { Status::Onay },
            day,
            external,
        },
    )
}

fn record(line: i64, word: &Word) -> IncomingRecord {
    let date = june(word.day);
    let consent = Said { channel: word.channel, status: word.status, date, source: Source::HS_WEB };
    IncomingRecord {
        kind: word.kind,
        external_id: word.external.map(|n| format!("M{n}")),
        consent: Some(consent),
        ..person(line, phone(word.person))
    }
}

async fn check(db: &TestDatabase, words: &[Word], slice: usize) {
    let records: Vec<IncomingRecord> = (1..).zip(words).map(|(line, w)| record(line, w)).collect();
    let mut refused = 0;
    let mut appended = 0;
    for slice in records.chunks(slice) {
        let applied = apply(db, slice).await;
        refused += applied.refused.len();
        appended += applied.touched.iter().filter(|touched| touched.event.is_some()).count();
    }
    assert!(refused + appended <= records.len());
    let mut window = Window::on(db).await;
    assert_eq!(window.count("consent_event").await, i64::try_from(appended).expect("small"));

    let mut reader = db.store.read().await.expect("a reader");
    let people = (1..6).map(phone).collect::<Vec<_>>();
    let ids = reader.recipient_ids(FIRM, &people).await.expect("numbers");
    let mut folded: BTreeMap<ConsentKey, LocalState> = BTreeMap::new();
    for id in ids.into_iter().flatten() {
        for event in reader.consent_history(BRAND, id, None).await.expect("a history") {
            let state = LocalState::of(&event);
            folded
                .entry(event.key)
                .and_modify(|held| *held = held.fold(state))
                .or_insert(state);
        }
    }
    let states = i64::try_from(folded.len()).expect("small");
    assert_eq!(window.count("consent_state").await, states);
    for (key, expected) in folded {
        let held = reader.consent_state(key).await.expect("a state");
        assert_eq!(held.local, Some(expected), "{}: {key:?}", db.name);
    }
    let found = db.store.verify_ledger(BRAND, |_| ControlFlow::Continue(())).await;
    assert_eq!(found.expect("verifies").fault, None);
}

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().expect("a runtime"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_stored_state_is_the_fold_of_the_stored_events(
        words in proptest::collection::vec(word(), 1..40),
        slice in 1_usize..12,
    ) {
        runtime().block_on(async {
            for db in store::testing::each().await {
                check(&db, &words, slice).await;
                db.store.close().await;
            }
        });
    }
}
