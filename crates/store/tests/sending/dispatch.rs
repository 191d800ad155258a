//! The ledger of requests: a batch is settled by its claim only, and nothing
//! is lost when a worker is.

use domain::ReasonCode;
use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use store::campaigns::CampaignState;
use store::dispatch::{BatchState, FailedAs, PickedBatch};
use store::testing::TestDatabase;

use crate::rows::*;

use crate::support::sending::*;
use crate::support::*;

#[tokio::test]
async fn a_claim_takes_what_is_due_in_order_and_only_of_its_account() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 12, 2).await;
        let other = scene.another_connector(&db, "Yedek").await;
        let later = db.store.clock().now().plus_micros(MINUTE_US);
        let mut window = Window::on(&db).await;
        for change in [
            "priority = 50 WHERE batch_no = 4".to_owned(),
            format!("next_us = {} WHERE batch_no = 1", later.as_micros()),
            format!("connector_id = {} WHERE batch_no = 2", other.as_db()),
            "state = 8 WHERE batch_no = 5".to_owned(),
        ] {
            assert_eq!(
                window.run(&format!("UPDATE send_batch SET {change}")).await,
                1
            );
        }
        let numbers =
            |picked: &[PickedBatch]| picked.iter().map(|b| b.key.number).collect::<Vec<_>>();
        assert_eq!(
            numbers(&scene.claim(&db, "w1", 1).await),
            [4],
            "{}: urgent first",
            db.name
        );
        assert_eq!(
            numbers(&scene.claim(&db, "w1", 1).await),
            [3],
            "{}",
            db.name
        );
        assert_eq!(
            numbers(&scene.claim(&db, "w1", 9).await),
            [6],
            "{}",
            db.name
        );
        assert!(scene.claim(&db, "w1", 9).await.is_empty(), "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let busy = reader
            .connectors_with_work(db.store.clock().now())
            .await
            .expect("accounts");
        assert_eq!(busy, [other], "{}", db.name);
        let busy = reader.connectors_with_work(later).await.expect("accounts");
        assert_eq!(busy, [scene.connector, other], "{}", db.name);
        db.clock.set(later);
        let picked = scene.claim(&db, "w1", 9).await;
        assert_eq!(numbers(&picked), [1], "{}", db.name);
        let (batch, row) = (&picked[0], &left(&db, campaign).await.batches[0]);
        assert_eq!(
            (batch.brand, batch.connector, batch.size),
            (scene.brand, scene.connector, 2)
        );
        assert_eq!(
            (batch.attempt, batch.claimed_at, &batch.request_key),
            (1, Some(later), &None)
        );
        assert_eq!(batch.people, (scene.recipient(1), scene.recipient(2)));
        assert_eq!(row.worker.as_deref(), Some("w1"));
        assert_eq!(
            row.lease_until_us,
            Some(later.plus_micros(HOUR_US).as_micros()),
            "{}",
            db.name
        );
        assert_eq!(
            reader.workers_with_batches().await.expect("workers"),
            ["w1"],
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn what_is_handed_over_and_accepted_stands_in_the_ledger() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 4, 4).await;
        let batch = in_flight(&scene, &db, "w1").await;
        let (first, last) = batch.people;
        let before = left(&db, campaign).await;
        assert_eq!(before.contents, [(1, b"request".to_vec())], "{}", db.name);
        assert_eq!(
            before.batches[0].request_key,
            Some(format!("{}-1", batch.key))
        );
        assert!(before.batches[0].settled_us.is_none());

        // One person twice, and one whom the gate had taken out before.
        let refused = [turned_down(last), turned_down(first), turned_down(last)];
        db.clock.advance(SECOND_US);
        commit!(db, w => w.settle_accepted(&batch, "PRV-1", 2, &refused)).expect("settles");
        let after = left(&db, campaign).await;
        let row = &after.batches[0];
        assert_eq!(
            (row.state(), row.accepted_count),
            (BatchState::Accepted, 2),
            "{}",
            db.name
        );
        assert_eq!(row.provider_reference.as_deref(), Some("PRV-1"));
        assert_eq!(row.settled_us, Some(db.store.clock().now().as_micros()));
        assert_eq!(
            (&row.worker, row.lease_until_us),
            (&None, None),
            "{}",
            db.name
        );
        assert_eq!(after.contents, before.contents, "the request is evidence");
        let gate = (1, first.as_db(), ReasonCode::S103.as_db(), 0, None, None);
        let provider = (
            1,
            last.as_db(),
            0,
            2,
            Some("EC_INVALID".to_owned()),
            Some("Geçersiz numara".to_owned()),
        );
        assert_eq!(after.exceptions, [gate, provider], "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let read = reader
            .batch_exceptions(batch.key)
            .await
            .expect("exceptions");
        assert_eq!(
            read,
            [taken_out(first, ReasonCode::S103), turned_down(last)],
            "{}",
            db.name
        );
        let content = reader.batch_content(batch.key).await.expect("a request");
        assert_eq!(content.as_deref(), Some(b"request".as_slice()));
    }
}

/// Everything a worker may try with a batch that is no longer its own.
async fn try_everything(db: &TestDatabase, stale: &PickedBatch) {
    let now = db.store.clock().now();
    let taken = [taken_out(stale.people.1, ReasonCode::S201)];
    let refused = [turned_down(stale.people.1)];
    for answer in [
        commit!(db, w => w.hand_over(stale, "stale", b"stale", &taken)),
        commit!(db, w => w.settle_accepted(stale, "stale", 9, &refused)),
        commit!(db, w => w.settle_failed(stale, FailedAs::Refused, "stale")),
        commit!(db, w => w.settle_unresolved(stale, "stale")),
        commit!(db, w => w.mark_in_doubt(stale, now, "stale")),
        commit!(db, w => w.return_to_pending(stale, now, "stale")),
        commit!(db, w => w.delay_batch(stale, now)),
        commit!(db, w => w.send_again(stale)),
    ] {
        assert!(is_lost(&answer), "{}: {answer:?}", db.name);
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_worker_that_lost_its_claim_even_if_its_transaction_commits() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 4, 4).await;
        let stale = in_flight(&scene, &db, "w1").await;
        db.clock.advance(2 * HOUR_US);
        let now = db.store.clock().now();
        let lease = now.plus_micros(HOUR_US);

        // In doubt, and nobody asks yet.
        commit!(db, w => w.doubt_batches_of(None, now)).expect("taken over");
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);

        // Another worker asks.
        let asker = commit!(db, w => w.pick_in_doubt("w2", lease, 9))
            .expect("picks")
            .remove(0);
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);

        // It surely never left, and another worker has it in flight.
        commit!(db, w => w.return_to_pending(&asker, now, "unknown there")).expect("returns");
        let anew = in_flight(&scene, &db, "w3").await;
        assert_eq!(anew.attempt, 4, "{}", db.name);
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        try_everything(&db, &asker).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);

        // It was accepted: nor does its own worker settle it twice.
        commit!(db, w => w.settle_accepted(&anew, "PRV-3", 3, &[])).expect("settles");
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        try_everything(&db, &anew).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);
    }
}

#[tokio::test]
async fn a_request_that_never_left_is_forgotten_and_its_batch_follows_the_campaign() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 12, 4).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(in_flight(&scene, &db, "w1").await);
        }
        let next = db.store.clock().now().plus_micros(MINUTE_US);
        let back = async |batch: &PickedBatch| {
            commit!(db, w => w.return_to_pending(batch, next, "connection refused"))
                .expect("returns");
            let left = left(&db, campaign).await;
            let number = batch.key.number;
            assert!(
                left.contents.iter().all(|(batch, _)| *batch != number),
                "{}",
                db.name
            );
            assert!(
                left.exceptions.iter().all(|row| row.0 != number),
                "{}",
                db.name
            );
            left.batches
                .into_iter()
                .find(|row| row.batch_no == number)
                .expect("the batch")
        };
        let row = back(&held[0]).await;
        assert_eq!(
            (row.state(), row.attempt, row.next_us),
            (BatchState::Pending, 1, next.as_micros())
        );
        assert_eq!(row.last_error.as_deref(), Some("connection refused"));
        assert_eq!(
            (&row.worker, row.lease_until_us),
            (&None, None),
            "{}",
            db.name
        );
        assert_eq!(
            (&row.request_key, row.claimed_us, row.settled_us),
            (&None, None, None)
        );
        assert!(
            scene.claim(&db, "w2", 9).await.is_empty(),
            "{}: it waits",
            db.name
        );

        scene.move_to(&db, campaign, CampaignState::Paused).await;
        assert_eq!(
            back(&held[1]).await.state(),
            BatchState::Paused,
            "{}",
            db.name
        );
        db.clock.set(next);
        assert!(
            scene.claim(&db, "w2", 9).await.is_empty(),
            "{}: paused",
            db.name
        );
        scene.move_to(&db, campaign, CampaignState::Running).await;
        let again = scene.claim(&db, "w2", 9).await;
        assert_eq!(
            again.iter().map(|batch| batch.attempt).collect::<Vec<_>>(),
            [2, 2],
            "{}",
            db.name
        );

        scene.move_to(&db, campaign, CampaignState::Stopped).await;
        let row = back(&held[2]).await;
        assert_eq!(row.state(), BatchState::Cancelled, "{}", db.name);
        assert_eq!(
            row.settled_us,
            Some(db.store.clock().now().as_micros()),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn a_delayed_batch_waits_for_the_hour_and_is_claimed_as_if_for_the_first_time() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 2, 4).await;
        let opens = db.store.clock().now().plus_micros(HOUR_US);
        let mut writer = db.store.write().await.expect("a transaction");
        let lease = opens.plus_micros(HOUR_US);
        let picked = writer
            .pick_batches(scene.connector, "w1", lease, 9)
            .await
            .expect("picks");
        writer
            .delay_batch(&picked[0], opens)
            .await
            .expect("delayed");
        writer.commit().await.expect("commits");
        let row = left(&db, campaign).await.batches.remove(0);
        assert_eq!(
            (row.state(), row.next_us),
            (BatchState::Pending, opens.as_micros()),
            "{}",
            db.name
        );
        assert_eq!(
            (row.claimed_us, row.lease_until_us),
            (None, None),
            "{}",
            db.name
        );
        assert!(scene.claim(&db, "w1", 9).await.is_empty(), "{}", db.name);
        db.clock.set(opens);
        assert_eq!(scene.claim(&db, "w1", 9).await.len(), 1, "{}", db.name);
    }
}

#[tokio::test]
async fn the_batches_of_a_lost_worker_are_in_doubt_and_left_alone_for_the_quiet_time() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 4, 1).await;
        let start = db.store.clock().now();
        let lease = start.plus_micros(HOUR_US);
        for (worker, lease) in [
            ("gone", lease),
            ("hung", start.plus_micros(MINUTE_US)),
            ("alive", lease),
        ] {
            commit!(db, w => w.pick_batches(scene.connector, worker, lease, 1)).expect("picks");
        }
        let before = left(&db, campaign).await.batches;
        db.clock.advance(2 * MINUTE_US);
        let quiet_until = db.store.clock().now().plus_micros(MINUTE_US);
        let lost =
            commit!(db, w => w.doubt_batches_of(Some("gone"), quiet_until)).expect("taken over");
        assert_eq!(lost, 2, "{}", db.name);
        let after = left(&db, campaign).await.batches;
        for place in [0, 1] {
            let row = &after[place];
            assert_eq!(
                (row.state(), row.attempt),
                (BatchState::InDoubt, 2),
                "{}",
                db.name
            );
            assert_eq!(
                (row.next_us, row.settled_us),
                (quiet_until.as_micros(), None)
            );
            assert_eq!(
                (&row.worker, row.lease_until_us),
                (&None, None),
                "{}",
                db.name
            );
            assert_eq!(row.claimed_us, before[place].claimed_us);
            assert!(row.last_error.is_some());
        }
        assert_eq!(
            after[2..],
            before[2..],
            "{}: the living and the waiting",
            db.name
        );

        let ask = async |worker: &str, limit: usize| {
            let lease = db.store.clock().now().plus_micros(MINUTE_US);
            let mut picked =
                commit!(db, w => w.pick_in_doubt(worker, lease, limit)).expect("picks");
            picked.sort_by_key(|batch| batch.key);
            picked
        };
        let numbers =
            |picked: &[PickedBatch]| picked.iter().map(|b| b.key.number).collect::<Vec<_>>();
        assert!(ask("w1", 9).await.is_empty(), "{}: too early", db.name);
        db.clock.set(quiet_until);
        let first = ask("w1", 1).await;
        assert_eq!(numbers(&first), [1], "{}", db.name);
        let second = ask("w2", 9).await;
        assert_eq!(
            (numbers(&second), second[0].attempt),
            (vec![2], 3),
            "{}",
            db.name
        );
        assert!(
            ask("w3", 9).await.is_empty(),
            "{}: both are being asked about",
            db.name
        );
        let mut reader = db.store.read().await.expect("a reader");
        let mut workers = reader.workers_with_batches().await.expect("workers");
        workers.sort();
        assert_eq!(workers, ["alive", "w1", "w2"], "{}", db.name);

        // The provider knows nothing yet: ask again later.
        let later = quiet_until.plus_micros(2 * MINUTE_US);
        commit!(db, w => w.mark_in_doubt(&first[0], later, "not found yet")).expect("in doubt");
        // The second asker dies; its batch is free at once, and no quieter than before.
        let free = commit!(db, w => w.doubt_batches_of(Some("w2"), later)).expect("taken over");
        assert_eq!(free, 1, "{}", db.name);
        let third = ask("w3", 9).await;
        assert_eq!(
            (numbers(&third), third[0].attempt),
            (vec![2], 5),
            "{}",
            db.name
        );
        // An asker whose lease ran out is overtaken.
        db.clock.set(later.plus_micros(1));
        assert_eq!(numbers(&ask("w4", 9).await), [1, 2], "{}", db.name);
    }
}

#[tokio::test]
async fn a_batch_in_doubt_goes_out_again_with_the_key_and_bytes_it_had() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 2, 2).await;
        let batch = in_flight(&scene, &db, "w1").await;
        let now = db.store.clock().now();
        assert!(
            is_lost(&commit!(db, w => w.send_again(&batch))),
            "{}: it is in flight",
            db.name
        );
        commit!(db, w => w.mark_in_doubt(&batch, now, "timeout")).expect("in doubt");
        let before = left(&db, campaign).await;
        assert_eq!(before.batches[0].last_error.as_deref(), Some("timeout"));
        let lease = now.plus_micros(HOUR_US);
        let again = commit!(db, w => w.pick_in_doubt("w2", lease, 9))
            .expect("picks")
            .remove(0);
        assert_eq!(
            again.request_key,
            Some(format!("{}-1", batch.key)),
            "{}",
            db.name
        );
        assert_eq!(
            again.claimed_at, batch.claimed_at,
            "{}: for the key's window",
            db.name
        );
        commit!(db, w => w.send_again(&again)).expect("goes out");
        let after = left(&db, campaign).await;
        assert_eq!(
            after.batches[0].state(),
            BatchState::InFlight,
            "{}",
            db.name
        );
        assert_eq!(after.batches[0].request_key, before.batches[0].request_key);
        assert_eq!(
            (after.contents, after.exceptions),
            (before.contents, before.exceptions)
        );
        commit!(db, w => w.settle_accepted(&again, "PRV", 1, &[])).expect("settles");
        assert_eq!(
            states(&db, campaign).await,
            [BatchState::Accepted],
            "{}",
            db.name
        );
    }
}
