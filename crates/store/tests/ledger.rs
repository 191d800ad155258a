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

/// When `fill` wrote everything.
fn written() -> domain::Timestamp {
    at("2025-06-23T10:00:00+03:00")
}

/// A change, how to undo it, and what a verifier must say of it.
type Case = (String, String, Fault);

async fn each_is_named_and_undone(db: &TestDatabase, window: &mut Window, cases: Vec<Case>) {
    for (damage, repair, fault) in cases {
        assert!(window.run(&damage).await >= 1, "{damage}");
        assert_eq!(verify(db).await.fault, Some(fault), "{}: {damage}", db.name);
        assert!(window.run(&repair).await >= 1, "{repair}");
        assert_eq!(verify(db).await.fault, None, "{}: {repair}", db.name);
    }
}

#[tokio::test]
async fn a_change_in_any_column_of_an_event_is_named_with_the_event_and_its_time() {
    for db in store::testing::each().await {
        fill(&db).await;
        let mut window = Window::on(&db).await;
        let ids = window
            .numbers("SELECT id FROM consent_event ORDER BY id")
            .await;
        let tenth = ids[9];
        let number =
            |column: &str| format!("SELECT {column} FROM consent_event WHERE id = {tenth}");
        let recipient = window.number(&number("recipient_id")).await;
        let line = window.number(&number("origin_line")).await;
        let other = window
            .number(&format!(
                "SELECT min(id) FROM recipient WHERE id <> {recipient}"
            ))
            .await;
        let changes = [
            ("recipient_id", other.to_string(), recipient.to_string()),
            ("channel", "2".into(), "1".into()),
            ("kind", "2".into(), "1".into()),
            ("status", "2".into(), "1".into()),
            (
                "consent_us",
                "consent_us + 1".into(),
                "consent_us - 1".into(),
            ),
            (
                "recorded_us",
                "recorded_us + 1".into(),
                "recorded_us - 1".into(),
            ),
            ("source", "'HS_WEC'".into(), "'HS_WEB'".into()),
            ("origin", "2".into(), "1".into()),
            ("origin_id", "NULL".into(), "77".into()),
            ("origin_id", "78".into(), "77".into()),
            ("origin_line", "NULL".into(), line.to_string()),
            (
                "origin_line",
                "origin_line + 1".into(),
                "origin_line - 1".into(),
            ),
            ("evidence", "''".into(), "NULL".into()),
            ("evidence", "'form 1'".into(), "NULL".into()),
            (
                "actor",
                "'ayse@ornek.com.ts'".into(),
                "'ayse@ornek.com.tr'".into(),
            ),
        ];
        let set = |column: &str, value: &str| {
            format!("UPDATE consent_event SET {column} = {value} WHERE id = {tenth}")
        };
        let fault = Fault::EventChanged {
            block: 1,
            first: EventId::from_db(ids[0]),
            last: EventId::from_db(ids[399]),
            event: Some(EventId::from_db(tenth)),
            at: written(),
        };
        let cases = changes
            .iter()
            .map(|(column, to, back)| (set(column, to), set(column, back), fault.clone()))
            .collect();
        each_is_named_and_undone(&db, &mut window, cases).await;

        let address = "SELECT min(e.id) FROM consent_event e JOIN recipient r \
                       ON r.id = e.recipient_id WHERE r.address = '+905320000002'";
        let second = window.number(address).await;
        let renamed = Fault::EventChanged {
            block: 1,
            first: EventId::from_db(ids[0]),
            last: EventId::from_db(ids[399]),
            event: Some(EventId::from_db(second)),
            at: written(),
        };
        let rename = |from: &str, to: &str| {
            format!("UPDATE recipient SET address = '{to}' WHERE address = '{from}'")
        };
        let cases = vec![(
            rename("+905320000002", "+905329999999"),
            rename("+905329999999", "+905320000002"),
            renamed,
        )];
        each_is_named_and_undone(&db, &mut window, cases).await;
    }
}

#[tokio::test]
async fn whatever_is_changed_in_blocks_and_heads_or_taken_away_is_named() {
    for db in store::testing::each().await {
        fill(&db).await;
        let mut window = Window::on(&db).await;
        let ids = window
            .numbers("SELECT id FROM consent_event ORDER BY id")
            .await;
        let (tenth, at) = (ids[9], written());
        let block = |set: &str| format!("UPDATE ledger_block SET {set} WHERE number = 2");
        let changed = || Fault::BlockChanged { block: 2, at };
        let moved = |from: i64, to: i64| {
            format!(
                "UPDATE consent_event SET brand_id = {to} WHERE id = {tenth} AND brand_id = {from}"
            )
        };
        let keep = "CREATE TABLE kept AS SELECT * FROM ledger_block";
        window.run(keep).await;
        let restore = |column: &str| {
            block(&format!(
                "{column} = (SELECT k.{column} FROM kept k WHERE k.number = 2)"
            ))
        };
        let cases = vec![
            (
                moved(12, 99),
                moved(99, 12),
                Fault::EventMissing {
                    block: 1,
                    event: EventId::from_db(tenth),
                    at,
                },
            ),
            (
                block("created_us = created_us + 1"),
                block("created_us = created_us - 1"),
                Fault::BlockChanged {
                    block: 2,
                    at: at.plus_micros(1),
                },
            ),
            (
                block("first_event_id = first_event_id - 1"),
                restore("first_event_id"),
                changed(),
            ),
            (
                block("last_event_id = last_event_id - 1"),
                restore("last_event_id"),
                changed(),
            ),
            (
                block("event_count = event_count + 1"),
                restore("event_count"),
                changed(),
            ),
            (block("root = hash"), restore("root"), changed()),
            (block("hash = root"), restore("hash"), changed()),
            (
                block("previous = hash"),
                restore("previous"),
                Fault::ChainBroken { block: 2, at },
            ),
            (
                block("number = 9"),
                "UPDATE ledger_block SET number = 2 WHERE number = 9".into(),
                Fault::BlockMissing { block: 2 },
            ),
            (
                "UPDATE ledger_block SET brand_id = 99 WHERE number = 4".into(),
                "UPDATE ledger_block SET brand_id = 12 WHERE number = 4".into(),
                Fault::HeadDiffers { head: 4 },
            ),
            (
                "UPDATE ledger_head SET number = 3".into(),
                "UPDATE ledger_head SET number = 4".into(),
                Fault::HeadDiffers { head: 3 },
            ),
            (
                "UPDATE ledger_head SET hash = (SELECT k.hash FROM kept k WHERE k.number = 1)"
                    .into(),
                "UPDATE ledger_head SET hash = (SELECT k.hash FROM kept k WHERE k.number = 4)"
                    .into(),
                Fault::HeadDiffers { head: 4 },
            ),
        ];
        each_is_named_and_undone(&db, &mut window, cases).await;
    }
}

#[tokio::test]
async fn without_its_prints_a_changed_event_is_still_found_within_its_block() {
    for db in store::testing::each().await {
        fill(&db).await;
        let mut window = Window::on(&db).await;
        window.run("DELETE FROM ledger_print").await;
        let ids = window
            .numbers("SELECT id FROM consent_event ORDER BY id")
            .await;
        let damage = format!("UPDATE consent_event SET status = 2 WHERE id = {}", ids[9]);
        assert_eq!(window.run(&damage).await, 1);
        let fault = Fault::EventChanged {
            block: 1,
            first: EventId::from_db(ids[0]),
            last: EventId::from_db(ids[399]),
            event: None,
            at: written(),
        };
        assert_eq!(verify(&db).await.fault, Some(fault), "{}", db.name);
    }
}

#[tokio::test]
async fn a_verification_goes_on_from_where_the_last_one_found_all_right() {
    for db in store::testing::each().await {
        let since = async || {
            db.store
                .verify_ledger_since(BRAND, |_| ControlFlow::Continue(()))
                .await
                .expect("verifies")
        };
        fill(&db).await;
        let whole = since().await;
        assert_eq!((whole.blocks, whole.events), (4, 403), "{}", db.name);
        let nothing_new = since().await;
        assert_eq!((nothing_new.blocks, nothing_new.events), (4, 0));
        apply(&db, &[declared(2, phone(7), Status::Ret, june(22))]).await;
        let one_more = since().await;
        assert_eq!((one_more.blocks, one_more.events), (5, 1));
        assert_eq!(one_more.fault, None);

        let mut window = Window::on(&db).await;
        apply(&db, &[declared(2, phone(8), Status::Ret, june(22))]).await;
        let damage = "UPDATE ledger_block SET created_us = created_us + 1 WHERE number = 5";
        assert_eq!(window.run(damage).await, 1);
        let at = written().plus_micros(1);
        assert_eq!(
            since().await.fault,
            Some(Fault::BlockChanged { block: 5, at })
        );
    }
}

#[tokio::test]
async fn the_block_of_an_event_is_found_with_all_its_events() {
    for db in store::testing::each().await {
        fill(&db).await;
        let mut window = Window::on(&db).await;
        let ids = window
            .numbers("SELECT id FROM consent_event ORDER BY id")
            .await;
        let mut reader = db.store.read().await.expect("a reader");
        for (place, block, events) in [(0, 1, 400), (399, 1, 400), (400, 2, 1), (402, 4, 1)] {
            let found = reader
                .ledger_block_of(BRAND, EventId::from_db(ids[place]))
                .await
                .expect("a block")
                .expect("it stands in one");
            assert_eq!((found.block.number, found.events.len()), (block, events));
        }
        let beyond = EventId::from_db(ids[402] + 1);
        let none = reader
            .ledger_block_of(BRAND, beyond)
            .await
            .expect("an answer");
        assert_eq!(none, None, "{}", db.name);
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
