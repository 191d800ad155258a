//! The ledger agrees with itself, and names what was changed behind its back.

mod support;

use std::ops::ControlFlow;

use domain::ids::{BrandId, EventId};
use domain::{Channel, Status};
use store::consent::{IncomingRecord, Said};
use store::ledger::{Fault, Verification};
use store::testing::TestDatabase;
use support::*;

async fn verify(db: &TestDatabase) -> Verification {
    db.store
        .verify_ledger(BRAND, |_| ControlFlow::Continue(()))
        .await
        .expect("verifies")
}

/// Four blocks: one large enough to be hashed on its own thread, three small.
async fn fill(db: &TestDatabase) {
    let many: Vec<IncomingRecord> = (1..=400)
        .map(|n| declared(i64::from(n), phone(n), Status::Onay, june(20)))
        .collect();
    apply(db, &many).await;
    for n in 1..=3 {
        apply(db, &[declared(2, phone(n), Status::Ret, june(21))]).await;
    }
}

#[tokio::test]
async fn an_untouched_ledger_verifies_block_by_block() {
    for db in store::testing::each().await {
        assert_eq!(
            verify(&db).await,
            Verification {
                blocks: 0,
                events: 0,
                fault: None
            }
        );
        fill(&db).await;
        let mut heard = Vec::new();
        let found = db
            .store
            .verify_ledger(BRAND, |events| {
                heard.push(events);
                ControlFlow::Continue(())
            })
            .await
            .expect("verifies");
        assert_eq!(
            found,
            Verification {
                blocks: 4,
                events: 403,
                fault: None
            },
            "{}",
            db.name
        );
        assert_eq!(heard.last(), Some(&403));
        let stopped = db
            .store
            .verify_ledger(BRAND, |_| ControlFlow::Break(()))
            .await;
        assert_eq!(stopped.expect("stops").blocks, 0);
    }
}

#[tokio::test]
async fn chains_of_brands_are_apart_though_their_numbers_interleave() {
    for db in store::testing::each().await {
        let other = store::consent::ApplyContext {
            brand: BrandId::from_db(13),
            ..context(&db)
        };
        for n in 1..=3 {
            apply(&db, &[declared(2, phone(n), Status::Onay, june(20))]).await;
            let mut writer = db.store.write().await.expect("a transaction");
            let record = declared(2, phone(n), Status::Ret, june(20));
            writer
                .apply_records(&other, &[record])
                .await
                .expect("applies");
            writer.commit().await.expect("commits");
        }
        assert_eq!(
            verify(&db).await,
            Verification {
                blocks: 3,
                events: 3,
                fault: None
            }
        );
        let found = db
            .store
            .verify_ledger(other.brand, |_| ControlFlow::Continue(()))
            .await;
        let expected = Verification {
            blocks: 3,
            events: 3,
            fault: None,
        };
        assert_eq!(found.expect("verifies"), expected, "{}", db.name);
    }
}

#[tokio::test]
async fn whatever_is_changed_in_the_tables_is_named() {
    for db in store::testing::each().await {
        fill(&db).await;
        let mut window = Window::on(&db).await;
        let ids = window
            .numbers("SELECT id FROM consent_event ORDER BY id")
            .await;
        let event = |place: usize| EventId::from_db(ids[place]);
        let changed = |block, from, to| Fault::EventChanged {
            block,
            first: event(from),
            last: event(to),
        };
        let tenth = ids[9];
        let cases: Vec<(String, String, Fault)> = vec![
            (
                format!("UPDATE consent_event SET consent_us = consent_us + 1 WHERE id = {tenth}"),
                format!("UPDATE consent_event SET consent_us = consent_us - 1 WHERE id = {tenth}"),
                changed(1, 0, 399),
            ),
            (
                format!(
                    "UPDATE consent_event SET status = 1 WHERE id = {}",
                    ids[401]
                ),
                format!(
                    "UPDATE consent_event SET status = 2 WHERE id = {}",
                    ids[401]
                ),
                changed(3, 401, 401),
            ),
            (
                "UPDATE recipient SET address = '+905329999999' WHERE address = '+905320000002'"
                    .into(),
                "UPDATE recipient SET address = '+905320000002' WHERE address = '+905329999999'"
                    .into(),
                changed(1, 0, 399),
            ),
            (
                format!("UPDATE consent_event SET brand_id = 99 WHERE id = {tenth}"),
                format!("UPDATE consent_event SET brand_id = 12 WHERE id = {tenth}"),
                Fault::EventMissing {
                    block: 1,
                    event: event(9),
                },
            ),
            (
                "UPDATE ledger_block SET created_us = created_us + 1 WHERE number = 2".into(),
                "UPDATE ledger_block SET created_us = created_us - 1 WHERE number = 2".into(),
                Fault::BlockChanged { block: 2 },
            ),
            (
                "UPDATE ledger_block SET number = 9 WHERE number = 2".into(),
                "UPDATE ledger_block SET number = 2 WHERE number = 9".into(),
                Fault::BlockMissing { block: 2 },
            ),
            (
                "UPDATE ledger_block SET brand_id = 99 WHERE number = 4".into(),
                "UPDATE ledger_block SET brand_id = 12 WHERE number = 4".into(),
                Fault::HeadDiffers { head: 4 },
            ),
            (
                "UPDATE ledger_block SET hash = root WHERE number = 2".into(),
                String::new(),
                Fault::BlockChanged { block: 2 },
            ),
        ];
        for (damage, repair, fault) in cases {
            assert_eq!(window.run(&damage).await, 1, "{damage}");
            assert_eq!(
                verify(&db).await.fault,
                Some(fault),
                "{}: {damage}",
                db.name
            );
            if !repair.is_empty() {
                assert_eq!(window.run(&repair).await, 1, "{repair}");
                assert_eq!(verify(&db).await.fault, None, "{}: {repair}", db.name);
            }
        }
    }
}

#[tokio::test]
async fn an_event_slipped_in_outside_every_block_is_noticed() {
    for db in store::testing::each().await {
        fill(&db).await;
        let mut window = Window::on(&db).await;
        let copy = "INSERT INTO consent_event SELECT 1, brand_id, recipient_id, channel, kind, status, \
                    consent_us, recorded_us, source, origin, origin_id, origin_line, evidence, actor \
                    FROM consent_event ORDER BY id LIMIT 1";
        assert_eq!(window.run(copy).await, 1);
        assert_eq!(
            verify(&db).await.fault,
            Some(Fault::EventsOutside { count: 1 }),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn the_ledger_is_exported_in_portions_that_hold_every_event_once() {
    for db in store::testing::each().await {
        let many: Vec<IncomingRecord> = (1..=3_000)
            .map(|n| declared(i64::from(n), phone(n), Status::Onay, june(20)))
            .collect();
        apply(&db, &many).await;
        apply(
            &db,
            &many
                .iter()
                .map(|r| {
                    let call = Said {
                        channel: Channel::Arama,
                        ..said(Status::Ret, june(20))
                    };
                    IncomingRecord {
                        consent: Some(call),
                        ..r.clone()
                    }
                })
                .collect::<Vec<_>>(),
        )
        .await;
        let mut reader = db.store.read().await.expect("a reader");
        let (mut after, mut portions, mut seen) = (0, 0, Vec::new());
        loop {
            let blocks = reader.ledger_blocks(BRAND, after).await.expect("a portion");
            let Some(last) = blocks.last() else { break };
            after = last.block.number;
            portions += 1;
            seen.extend(
                blocks
                    .iter()
                    .flat_map(|block| block.events.iter().map(|e| e.id)),
            );
        }
        assert_eq!(
            portions, 2,
            "{}: two blocks of 3,000 are not read at once",
            db.name
        );
        assert_eq!(seen.len(), 6_000);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 6_000);
    }
}
