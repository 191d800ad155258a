//! A record walked along as a whole, and records that repeat what is on it.

mod support;

use domain::consent::Standing;
use domain::{Channel, ReasonCode, RecipientKind, Status};
use store::blacklist::{NewStop, StopCause};
use store::consent::{IncomingRecord, WalkPlace, WalkedState};
use store::testing::TestDatabase;
use support::*;
use tokio::sync::mpsc;

fn customer(n: u32) -> IncomingRecord {
    IncomingRecord {
        external_id: Some(format!("M{n}")),
        name: Some(format!("Kişi {n}")),
        ..declared(i64::from(n) + 1, phone(n), Status::Onay, june(20))
    }
}

async fn walked(db: &TestDatabase) -> Vec<WalkedState> {
    let (taker, mut pages) = mpsc::channel(1);
    let walk = async move {
        let walked = db.store.walk_states(BRAND, |state| state, &taker).await;
        walked.expect("a walk");
        drop(taker);
    };
    let mut states = Vec::new();
    let take = async {
        while let Some(page) = pages.recv().await {
            states.extend(page.expect("a page"));
        }
    };
    tokio::join!(walk, take);
    states
}

#[tokio::test]
async fn a_walk_tells_every_key_once_with_what_a_look_up_tells() {
    for db in store::testing::each().await {
        // More than a page, so that the walk goes on behind one.
        for from in [1, 4_001, 8_001] {
            let records: Vec<IncomingRecord> = (from..from + 4_000).map(customer).collect();
            apply(&db, &records).await;
        }
        let states = walked(&db).await;
        assert_eq!(states.len(), 12_000, "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        for some in states.chunks(4_000) {
            let keys: Vec<_> = some
                .iter()
                .map(|state| (state.address.clone(), state.channel, state.kind))
                .collect();
            let looked_up = reader.stored_keys(FIRM, BRAND, &keys).await.expect("keys");
            for (state, stored) in some.iter().zip(looked_up) {
                assert_eq!(state.local, stored.local, "{}", db.name);
                assert_eq!(state.registry, stored.registry, "{}", db.name);
                assert_eq!(Some(&state.owner), stored.owner.as_ref(), "{}", db.name);
            }
        }
        assert!(
            reader
                .has_states_up_to(BRAND, 12_000)
                .await
                .expect("a count")
        );
        assert!(
            !reader
                .has_states_up_to(BRAND, 11_999)
                .await
                .expect("a count")
        );
    }
}

#[tokio::test]
async fn a_walk_along_the_stops_tells_address_and_channel() {
    for db in store::testing::each().await {
        let applied = apply(&db, &[customer(1), customer(2)]).await;
        let people: Vec<_> = applied.touched.iter().map(|one| one.recipient).collect();
        let mut writer = db.store.write().await.expect("a transaction");
        for (person, channel) in [(people[0], Some(Channel::Mesaj)), (people[1], None)] {
            let stop = NewStop {
                channel,
                cause: StopCause::Blacklist,
                spares_mandatory: false,
                note: None,
                actor: "ayse@ornek.com.tr",
            };
            writer
                .add_stops(FIRM, &[person], stop)
                .await
                .expect("a stop");
        }
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let (stops, next) = reader
            .walk_stops(FIRM, WalkPlace::START)
            .await
            .expect("a page");
        assert_eq!(
            stops,
            [(phone(1), Some(Channel::Mesaj)), (phone(2), None)],
            "{}",
            db.name
        );
        assert!(next.is_none());
    }
}

#[tokio::test]
async fn records_that_stand_already_are_counted_beside_those_that_are_applied() {
    for db in store::testing::each().await {
        apply(&db, &[customer(1), customer(2)]).await;
        let mut records: Vec<IncomingRecord> = walked(&db)
            .await
            .into_iter()
            .map(|state| IncomingRecord {
                standing: state.local.map(|local| Standing {
                    recipient: state.owner.recipient,
                    local,
                }),
                ..declared(2, state.address, Status::Onay, june(20))
            })
            .collect();
        assert_eq!(records.len(), 2, "{}", db.name);
        let all_stand = apply(&db, &records).await;
        assert_eq!(
            (all_stand.unchanged, all_stand.created, all_stand.updated),
            (2, 0, 0)
        );
        assert!(all_stand.touched.iter().all(|one| one.event.is_none()));
        records.push(customer(3));
        let mixed = apply(&db, &records).await;
        assert_eq!((mixed.unchanged, mixed.created), (2, 1), "{}", db.name);
        assert!(!mixed.knew_nobody);
        assert!(mixed.touched.is_sorted_by_key(|one| one.recipient));
        assert_eq!(mixed.touched.len(), 3);
        let repeats = mixed.remarks.iter().map(|remark| remark.code);
        assert_eq!(repeats.collect::<Vec<_>>(), [ReasonCode::W804; 2]);
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("consent_event").await, 3, "{}", db.name);
        let kinds = walked(&db).await;
        assert!(kinds.iter().all(|one| one.kind == RecipientKind::Bireysel));
    }
}
