//! Receipts arrive late, twice and in any order; a message's state only moves
//! forward, and nobody's receipt lands on somebody else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::ids::{BatchKey, CampaignId, ConnectorId, MessageRef};
use domain::time::SECOND_US;
use store::StoreError;
use store::receipts::ReceiptRow;
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

const SENT: i64 = 1;
const EXPIRED: i64 = 3;
const UNDELIVERED: i64 = 4;
const DELIVERED: i64 = 6;

/// Sent < unknown < {expired, undelivered, rejected} < delivered.
fn rank(state: i64) -> i64 {
    [0, 1, 2, 3, 3, 3, 4][usize::try_from(state).expect("a state")]
}

fn receipt(message: MessageRef, state: i64, happened: i64) -> ReceiptRow {
    ReceiptRow {
        message,
        state,
        provider_code: format!("D{state}"),
        provider_text: (state > 2).then(|| format!("durum {state}")),
        operator_code: None,
        happened_at: june(23).plus_micros(happened * SECOND_US),
    }
}

/// Applies one push in a transaction of its own; how many states changed.
async fn push(db: &TestDatabase, connector: ConnectorId, number: i64, rows: &[ReceiptRow]) -> u64 {
    let mut writer = db.store.write().await.expect("a transaction");
    let changed = writer
        .apply_receipts(connector, number, rows)
        .await
        .expect("applies");
    writer.commit().await.expect("commits");
    changed
}

/// A stored receipt: state, code, text, when, by which push.
type Stored = (i64, String, Option<String>, i64, i64);

/// The receipts of a campaign by batch and person.
async fn stored(db: &TestDatabase, campaign: CampaignId) -> BTreeMap<(i64, i64), Stored> {
    type Row = (i64, i64, i64, String, Option<String>, i64, i64);
    let rows: Vec<Row> = Window::on(db)
        .await
        .rows(&format!(
            "SELECT batch_no, recipient_id, state, provider_code, provider_text, happened_us, push_id \
             FROM receipt WHERE campaign_id = {}",
            campaign.as_db()
        ))
        .await;
    rows.into_iter()
        .map(|row| ((row.0, row.1), (row.2, row.3, row.4, row.5, row.6)))
        .collect()
}

/// The message of `phone(n)` in a campaign of confirmed people, `size` a batch.
fn message(scene: Scene, campaign: CampaignId, size: u32, n: u32) -> MessageRef {
    let number = i64::from((n - 1) / size + 1);
    scene.message(BatchKey { campaign, number }, n)
}

async fn sent(db: &TestDatabase, scene: Scene, people: u32, batch_size: i64) -> CampaignId {
    scene
        .add_people(db, (1..=people).map(|n| (n, Known::Confirmed)))
        .await;
    scene.running(db, batch_size).await.id
}

/// The slow twin: receipts one after the other, each push's strongest and then
/// earliest first.
fn expected(pushes: &[Vec<ReceiptRow>]) -> (BTreeMap<(i64, i64), Stored>, Vec<u64>) {
    let mut held: BTreeMap<(i64, i64), Stored> = BTreeMap::new();
    let mut changes = Vec::new();
    for (number, push) in (1..).zip(pushes) {
        let mut rows: Vec<&ReceiptRow> = push.iter().collect();
        rows.sort_by_key(|row| (-rank(row.state), row.happened_at));
        let mut changed = 0;
        for row in rows {
            let key = (row.message.batch_no, row.message.recipient.as_db());
            if held
                .get(&key)
                .is_none_or(|held| rank(row.state) > rank(held.0))
            {
                let (code, text) = (row.provider_code.clone(), row.provider_text.clone());
                held.insert(
                    key,
                    (row.state, code, text, row.happened_at.as_micros(), number),
                );
                changed += 1;
            }
        }
        changes.push(changed);
    }
    (held, changes)
}

#[test]
fn a_message_ends_with_its_strongest_receipt_in_whatever_order_they_arrive() {
    static PLACE: AtomicI64 = AtomicI64::new(0);
    let arrival = (1_u32..=5, 1_i64..=6, 0_i64..4);
    let pushes = proptest::collection::vec(proptest::collection::vec(arrival, 1..8), 1..8);
    holds_on_each(20, &pushes, async |db, pushes| {
        let scene = Scene::numbered(db, PLACE.fetch_add(1, Ordering::Relaxed)).await;
        let forward = sent(db, scene, 5, 2).await;
        let backward = scene.running(db, 2).await.id;
        let rows = |campaign: CampaignId| -> Vec<Vec<ReceiptRow>> {
            let row = |(n, state, happened): &(u32, i64, i64)| {
                receipt(message(scene, campaign, 2, *n), *state, *happened)
            };
            pushes
                .iter()
                .map(|push| push.iter().map(row).collect())
                .collect()
        };
        let there = rows(forward);
        let (held, changes) = expected(&there);
        for (number, (rows, changed)) in (1..).zip(there.iter().zip(changes)) {
            // A push that brings a message forward twice writes it once.
            assert!(
                push(db, scene.connector, number, rows).await <= changed,
                "{}",
                db.name
            );
        }
        assert_eq!(stored(db, forward).await, held, "{}", db.name);
        // The same again changes nothing.
        for rows in &there {
            assert_eq!(push(db, scene.connector, 99, rows).await, 0, "{}", db.name);
        }
        assert_eq!(stored(db, forward).await, held, "{}", db.name);
        // The other way round, one by one.
        for row in rows(backward).iter().flatten().rev() {
            push(db, scene.connector, 1, std::slice::from_ref(row)).await;
        }
        let ranks = |held: &BTreeMap<(i64, i64), Stored>| -> Vec<((i64, i64), i64)> {
            held.iter()
                .map(|(key, held)| (*key, rank(held.0)))
                .collect()
        };
        assert_eq!(
            ranks(&stored(db, backward).await),
            ranks(&held),
            "{}",
            db.name
        );
    });
}

#[tokio::test]
async fn a_delivery_counts_even_after_the_time_for_it_ran_out() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let campaign = sent(&db, scene, 1, 1).await;
        let one = message(scene, campaign, 1, 1);
        for (number, state, changed) in [
            (1, SENT, 1),
            (2, EXPIRED, 1),
            (3, UNDELIVERED, 0),
            (4, DELIVERED, 1),
            (5, EXPIRED, 0),
            (6, SENT, 0),
        ] {
            let rows = [receipt(one, state, number)];
            assert_eq!(
                push(&db, scene.connector, number, &rows).await,
                changed,
                "{} {state}",
                db.name
            );
        }
        let held = stored(&db, campaign).await;
        let key = (1, scene.recipient(1).as_db());
        let at = june(23).plus_micros(4 * SECOND_US).as_micros();
        let last = (
            DELIVERED,
            "D6".to_owned(),
            Some("durum 6".to_owned()),
            at,
            4,
        );
        assert_eq!(held, BTreeMap::from([(key, last)]), "{}", db.name);
    }
}

#[tokio::test]
async fn receipts_for_messages_that_the_account_never_carried_are_passed_over() {
    for db in store::testing::each().await {
        let ours = Scene::numbered(&db, 0).await;
        let theirs = Scene::numbered(&db, 1).await;
        // Number 2 is excluded and lies between the people of the first batch.
        ours.add_people(&db, [(2, Known::Refused)]).await;
        ours.add_people(&db, [1, 3, 4, 5].map(|n| (n, Known::Confirmed)))
            .await;
        theirs.add_people(&db, [(1, Known::Confirmed)]).await;
        let campaign = ours.running(&db, 3).await.id;
        let foreign = theirs.running(&db, 3).await.id;
        let key = |number| BatchKey { campaign, number };
        let strays = [
            ("another batch", ours.message(key(2), 1)),
            ("no such batch", ours.message(key(3), 1)),
            ("the batch of the excluded", ours.message(key(0), 2)),
            ("an excluded person", ours.message(key(1), 2)),
            ("a person of another firm", theirs.message(key(1), 1)),
            ("nobody", ours.message(key(1), 999)),
            (
                "another account",
                theirs.message(
                    BatchKey {
                        campaign: foreign,
                        number: 1,
                    },
                    1,
                ),
            ),
            (
                "no such campaign",
                ours.message(
                    BatchKey {
                        campaign: CampaignId::from_db(5),
                        number: 1,
                    },
                    1,
                ),
            ),
        ];
        for (what, stray) in strays {
            let rows = [receipt(stray, DELIVERED, 0)];
            assert_eq!(
                push(&db, ours.connector, 1, &rows).await,
                0,
                "{}: {what}",
                db.name
            );
        }
        let mine = ours.message(key(1), 1);
        let rows = [receipt(mine, DELIVERED, 0)];
        assert_eq!(
            push(&db, theirs.connector, 1, &rows).await,
            0,
            "{}",
            db.name
        );
        assert_eq!(
            Window::on(&db).await.count("receipt").await,
            0,
            "{}",
            db.name
        );
        // Strays do not keep back what stands beside them.
        let mut rows: Vec<ReceiptRow> = strays
            .iter()
            .map(|(_, stray)| receipt(*stray, DELIVERED, 0))
            .collect();
        rows.push(receipt(mine, DELIVERED, 0));
        assert_eq!(push(&db, ours.connector, 1, &rows).await, 1, "{}", db.name);
        assert_eq!(stored(&db, campaign).await.len(), 1, "{}", db.name);
        assert_eq!(push(&db, ours.connector, 1, &[]).await, 0, "{}", db.name);
    }
}

#[tokio::test]
async fn a_push_is_kept_as_it_came_and_mapped_once() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let mut writer = db.store.write().await.expect("a transaction");
        let mut numbers = Vec::new();
        for body in [b"one".as_slice(), b"two", b"three"] {
            numbers.push(
                writer
                    .store_push(scene.connector, body)
                    .await
                    .expect("kept"),
            );
        }
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        assert_eq!(
            reader.push_figures().await.expect("figures"),
            (3, 0),
            "{}",
            db.name
        );

        let mut writer = db.store.write().await.expect("a transaction");
        let taken = writer.take_pushes(2).await.expect("taken");
        let bodies: Vec<&[u8]> = taken.iter().map(|push| push.body.as_slice()).collect();
        assert_eq!(
            bodies,
            [b"one".as_slice(), b"two"],
            "{}: oldest first",
            db.name
        );
        assert!(taken.iter().all(|push| push.connector == scene.connector));
        writer.settle_push(taken[0].id, None).await.expect("mapped");
        writer
            .settle_push(taken[1].id, Some("no JSON"))
            .await
            .expect("unreadable");
        for push in &taken {
            let again = writer.settle_push(push.id, None).await;
            assert!(matches!(again, Err(StoreError::Lost { .. })), "{}", db.name);
        }
        writer.commit().await.expect("commits");
        assert_eq!(
            reader.push_figures().await.expect("figures"),
            (1, 1),
            "{}",
            db.name
        );
        let rows: Vec<(i64, i64, Option<String>)> = Window::on(&db)
            .await
            .rows("SELECT id, state, problem FROM receipt_push ORDER BY id")
            .await;
        let expected = [
            (numbers[0], 2, None),
            (numbers[1], 3, Some("no JSON".to_owned())),
            (numbers[2], 1, None),
        ];
        assert_eq!(rows, expected, "{}", db.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_never_map_the_same_push() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let mut writer = db.store.write().await.expect("a transaction");
        for _ in 0..4 {
            writer
                .store_push(scene.connector, b"body")
                .await
                .expect("kept");
        }
        writer.commit().await.expect("commits");
        let mut first = db.store.write().await.expect("a transaction");
        let mine = first.take_pushes(2).await.expect("taken");
        for push in &mine {
            first.settle_push(push.id, None).await.expect("mapped");
        }
        let store = db.store.clone();
        let second = tokio::spawn(async move {
            let mut second = store.write().await.expect("a transaction");
            let theirs = second.take_pushes(9).await.expect("taken");
            second.commit().await.expect("commits");
            theirs
        });
        // On PostgreSQL the second does not wait; SQLite has one writer.
        let theirs = if db.name == "postgres" {
            let theirs = in_time(second).await.expect("no panic");
            first.commit().await.expect("commits");
            theirs
        } else {
            first.commit().await.expect("commits");
            in_time(second).await.expect("no panic")
        };
        assert_eq!((mine.len(), theirs.len()), (2, 2), "{}", db.name);
        assert!(
            theirs.iter().all(|push| !mine.contains(push)),
            "{}",
            db.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_bring_the_same_receipts_in_other_orders_do_not_block_each_other() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let campaign = sent(&db, scene, 60, 7).await;
        let mut workers = Vec::new();
        for worker in 0..4_u32 {
            let store = db.store.clone();
            workers.push(tokio::spawn(async move {
                for state in [SENT, EXPIRED, DELIVERED] {
                    let order = (1..=60).map(|n| if worker % 2 == 0 { n } else { 61 - n });
                    let rows: Vec<ReceiptRow> = order
                        .map(|n| receipt(message(scene, campaign, 7, n), state, i64::from(worker)))
                        .collect();
                    let mut writer = store.write().await.expect("a transaction");
                    writer
                        .apply_receipts(scene.connector, 1, &rows)
                        .await
                        .expect("applies");
                    writer.commit().await.expect("commits");
                }
            }));
        }
        for worker in workers {
            in_time(worker).await.expect("no worker was turned away");
        }
        let held = stored(&db, campaign).await;
        assert_eq!(held.len(), 60, "{}", db.name);
        assert!(held.values().all(|row| row.0 == DELIVERED), "{}", db.name);
    }
}
