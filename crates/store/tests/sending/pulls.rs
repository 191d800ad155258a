//! Receipts that are asked for: an accepted batch is asked about until everyone
//! in it has an end, never by two workers at a time, and never again after that.

use domain::ids::BatchKey;
use domain::time::{MINUTE_US, SECOND_US};
use store::receipt_pulls::PullBatch;
use store::receipts::ReceiptRow;
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

const DELIVERED: i64 = 6;

/// Six people in batches of three, both accepted; the provider refused the
/// first of them.
async fn accepted(db: &TestDatabase) -> (Scene, Vec<BatchKey>) {
    let scene = Scene::on(db).await;
    scene
        .add_people(db, (1..=6).map(|n| (n, Known::Confirmed)))
        .await;
    scene.running(db, 3).await;
    let picked = scene.claim(db, "w1", 8).await;
    for batch in &picked {
        let key = format!("izn-{}", batch.key);
        let refused = [turned_down(scene.recipient(1))];
        let refused = if batch.key.number == 1 {
            &refused[..]
        } else {
            &[]
        };
        let reference = format!("is-{}", batch.key.number);
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .hand_over(batch, &key, b"request", &[])
            .await
            .expect("handed over");
        writer
            .settle_accepted(batch, &reference, 3, refused)
            .await
            .expect("accepted");
        writer.commit().await.expect("commits");
    }
    (scene, picked.into_iter().map(|batch| batch.key).collect())
}

async fn pick(db: &TestDatabase, scene: Scene) -> Vec<PullBatch> {
    let until = db.store.clock().now().plus_micros(5 * MINUTE_US);
    let mut writer = db.store.write().await.expect("a transaction");
    let mut picked = writer
        .pick_to_pull(scene.connector, until, 8)
        .await
        .expect("picks");
    writer.commit().await.expect("commits");
    picked.sort_by_key(|batch| batch.key);
    picked
}

async fn deliver(db: &TestDatabase, scene: Scene, batch: BatchKey, people: &[u32]) {
    let rows: Vec<ReceiptRow> = people
        .iter()
        .map(|n| ReceiptRow {
            message: scene.message(batch, *n),
            state: DELIVERED,
            provider_code: "1".into(),
            provider_text: None,
            operator_code: None,
            happened_at: db.store.clock().now(),
        })
        .collect();
    let mut writer = db.store.write().await.expect("a transaction");
    writer
        .apply_receipts(scene.connector, 0, &rows)
        .await
        .expect("applies");
    writer.commit().await.expect("commits");
}

#[tokio::test]
async fn a_batch_is_asked_about_until_everyone_in_it_has_an_end() {
    for db in store::testing::each().await {
        let (scene, keys) = accepted(&db).await;
        db.clock.advance(SECOND_US);
        let now = db.store.clock().now();
        let mut reader = db.store.read().await.expect("a reader");
        let due = reader.connectors_to_pull(now).await.expect("accounts");
        assert_eq!(due, [scene.connector], "{}", db.name);
        drop(reader);

        let picked = pick(&db, scene).await;
        assert_eq!(picked.len(), 2, "{}", db.name);
        assert_eq!(picked[0].reference, "is-1");
        assert_eq!(picked[0].request_key, format!("izn-{}", keys[0]));
        let mut reader = db.store.read().await.expect("a reader");
        let open = reader.open_messages(&picked[0]).await.expect("people");
        // The first was refused by the provider: there is no end to wait for.
        let expected: Vec<_> = [2, 3].map(|n| (scene.message(keys[0], n), phone(n))).into();
        assert_eq!(open, expected, "{}", db.name);
        drop(reader);

        // Whoever holds them keeps others from asking, until the hold is over.
        assert!(pick(&db, scene).await.is_empty(), "{}", db.name);
        db.clock.advance(5 * MINUTE_US);
        assert_eq!(pick(&db, scene).await.len(), 2, "{}", db.name);

        deliver(&db, scene, keys[0], &[2, 3]).await;
        let mut reader = db.store.read().await.expect("a reader");
        assert!(
            reader
                .open_messages(&picked[0])
                .await
                .expect("people")
                .is_empty()
        );
        assert_eq!(
            reader
                .open_messages(&picked[1])
                .await
                .expect("people")
                .len(),
            3
        );
        drop(reader);

        let next = db.store.clock().now().plus_micros(MINUTE_US);
        let mut writer = db.store.write().await.expect("a transaction");
        writer.pull_again(keys[0], None).await.expect("never again");
        writer.pull_again(keys[1], Some(next)).await.expect("later");
        writer.commit().await.expect("commits");
        assert!(pick(&db, scene).await.is_empty(), "{}", db.name);
        db.clock.advance(MINUTE_US);
        let again = pick(&db, scene).await;
        assert_eq!(again.len(), 1, "{}", db.name);
        assert_eq!(again[0].key, keys[1], "{}", db.name);
    }
}

#[tokio::test]
async fn a_receipt_that_names_request_and_number_finds_its_message_and_no_other() {
    for db in store::testing::each().await {
        let (scene, keys) = accepted(&db).await;
        let other = scene.another_connector(&db, "Başka hesap").await;
        let mut reader = db.store.read().await.expect("a reader");
        let found = reader.batch_by_reference(scene.connector, "is-2").await;
        assert_eq!(found.expect("a batch"), Some(keys[1]), "{}", db.name);
        for (account, reference) in [(scene.connector, "is-3"), (other, "is-2")] {
            let found = reader.batch_by_reference(account, reference).await;
            assert_eq!(found.expect("none"), None, "{}: {reference}", db.name);
        }
        let of = reader.message_to(scene.firm, keys[1], &phone(5)).await;
        assert_eq!(of.expect("a message"), Some(scene.message(keys[1], 5)));
        // In the firm, but in the other batch; and a number of nobody.
        for n in [2, 99] {
            let of = reader.message_to(scene.firm, keys[1], &phone(n)).await;
            assert_eq!(of.expect("none"), None, "{}: {n}", db.name);
        }
    }
}

#[tokio::test]
async fn a_request_in_doubt_is_asked_about_with_everyone_who_was_in_it() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=6).map(|n| (n, Known::Confirmed)))
            .await;
        scene.running(&db, 3).await;
        let batch = scene.claim(&db, "w1", 1).await.remove(0);
        let out = [taken_out(scene.recipient(1), domain::ReasonCode::S201)];
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .hand_over(&batch, "izn-1", b"request", &out)
            .await
            .expect("handed over");
        writer.commit().await.expect("commits");
        // A receipt that came before the answer takes nobody away.
        deliver(&db, scene, batch.key, &[2]).await;
        let mut reader = db.store.read().await.expect("a reader");
        let people = reader.messages_in_doubt(&batch).await.expect("people");
        let expected: Vec<_> = [2, 3]
            .map(|n| (scene.message(batch.key, n), phone(n)))
            .into();
        assert_eq!(people, expected, "{}", db.name);
    }
}
