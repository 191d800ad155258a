//! The time machine against its slow twin: every event kept in a list and
//! folded by hand.

mod support;

use domain::time::HOUR_US;
use domain::{Channel, ConsentKey, LocalState, RecipientKind, Status, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::consent::ApplyContext;
use store::testing::TestDatabase;
use support::*;

/// Who says what, dated how many hours before or after the last thing, and how
/// many hours it takes until it is written down.
#[derive(Debug, Clone, Copy)]
struct Saying {
    person: u32,
    refuses: bool,
    hours: i64,
    delay: i64,
}

fn saying() -> impl Strategy<Value = Saying> {
    (1_u32..4, any::<bool>(), -30_i64..30, 0_i64..20).prop_map(|(person, refuses, hours, delay)| {
        Saying {
            person,
            refuses,
            hours,
            delay,
        }
    })
}

/// What the list says of an instant.
fn slowly(events: &[LocalState], counts: impl Fn(&LocalState) -> bool) -> Option<LocalState> {
    events
        .iter()
        .copied()
        .filter(|event| counts(event))
        .reduce(LocalState::fold)
}

async fn check(db: &TestDatabase, sayings: &[Saying], questions: &[i64], case: i64) {
    let brand = domain::ids::BrandId::from_db(1_000 + case);
    let firm = domain::ids::FirmId::from_db(1_000 + case);
    let start = db.store.clock().now();
    for saying in sayings {
        db.clock.advance(saying.delay * HOUR_US);
        let context = ApplyContext {
            firm,
            brand,
            now: db.store.clock().now(),
            ..context(db)
        };
        let status = if saying.refuses {
            Status::Ret
        } else {
            Status::Onay
        };
        let date = start.plus_micros(saying.hours * HOUR_US);
        let mut writer = db.store.write().await.expect("a transaction");
        let record = declared(2, phone(saying.person), status, date);
        writer
            .apply_records(&context, &[record])
            .await
            .expect("applies");
        writer.commit().await.expect("commits");
    }
    let mut reader = db.store.read().await.expect("a reader");
    let people: Vec<_> = (1..4).map(phone).collect();
    let ids = reader.recipient_ids(firm, &people).await.expect("numbers");
    for id in ids.into_iter().flatten() {
        let key = ConsentKey {
            brand,
            recipient: id,
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
        };
        let history = reader
            .consent_history(brand, id, None)
            .await
            .expect("a history");
        let events: Vec<LocalState> = history.iter().map(LocalState::of).collect();
        for hours in questions {
            let at: Timestamp = start.plus_micros(hours * HOUR_US);
            let held = reader.consent_as_of(key, at).await.expect("a state");
            let then = slowly(&events, |event| event.recorded_at <= at);
            let today = slowly(&events, |event| event.consent_date <= at);
            assert_eq!(held.known_then, then, "{}: then, {hours} h", db.name);
            assert_eq!(held.known_now, today, "{}: now, {hours} h", db.name);
            let all = reader
                .consents_as_of(brand, id, at)
                .await
                .expect("all keys");
            assert_eq!(all.len(), 1);
            assert_eq!(all[0].held, held);
        }
    }
}

#[test]
fn what_held_at_any_instant_is_what_a_list_of_all_events_says() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let databases = runtime.block_on(store::testing::each());
    let config = ProptestConfig {
        cases: 12,
        ..ProptestConfig::default()
    };
    let case = std::cell::Cell::new(0);
    let sayings = proptest::collection::vec(saying(), 1..16);
    let questions = proptest::collection::vec(-40_i64..320, 8);
    TestRunner::new(config)
        .run(&(sayings, questions), |(sayings, questions)| {
            case.set(case.get() + 1);
            for db in &databases {
                runtime.block_on(check(db, &sayings, &questions, case.get()));
            }
            Ok(())
        })
        .unwrap_or_else(|failed| panic!("{failed}"));
    runtime.block_on(async { drop(databases) });
}
