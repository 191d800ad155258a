//! What İYS confirms by the thousand is written without reading anybody, and
//! ends as if each had been decided about singly.

mod support;

use domain::ids::{RecipientId, RegistryBatchId};
use domain::{Channel, ReasonCode, RecipientKind, RegistryView, Status, Timestamp, Verdict};
use store::consent::KeyState;
use store::registry_work::{ConfirmedList, NewList, Operation, RegistryItem};
use store::testing::TestDatabase;
use support::*;

const BATCH: RegistryBatchId = RegistryBatchId::from_db(4_711);

async fn ids(db: &TestDatabase, count: u32) -> Vec<RecipientId> {
    let people: Vec<_> = (1..=count).map(phone).collect();
    let mut reader = db.store.read().await.expect("a reader");
    let found = reader.recipient_ids(FIRM, &people).await.expect("reads");
    found.into_iter().map(|id| id.expect("on record")).collect()
}

async fn told(db: &TestDatabase, id: RecipientId, view: RegistryView) {
    let mut writer = db.store.write().await.expect("a transaction");
    writer
        .update_mirror(
            FIRM,
            BRAND,
            Channel::Mesaj,
            RecipientKind::Bireysel,
            &[id],
            |_, _| Some(view.clone()),
        )
        .await
        .expect("written");
    writer.commit().await.expect("commits");
}

fn seen(verdict: Verdict, at: Timestamp) -> RegistryView {
    RegistryView {
        verdict,
        citizen: true,
        consent_date: Some(at),
        checked_at: Some(at),
        batch: Some(RegistryBatchId::from_db(1)),
        transaction: Some("9f2c".into()),
        code: Some(ReasonCode::I178),
    }
}

async fn confirm(db: &TestDatabase, recipients: &[RecipientId], renews: bool) -> u64 {
    let list = ConfirmedList {
        brand: BRAND,
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
        recipients,
        asked_at: june(20),
        batch: BATCH,
        renews,
    };
    let mut writer = db.store.write().await.expect("a transaction");
    let written = writer.confirm_plainly(&list).await.expect("written");
    writer.commit().await.expect("commits");
    written
}

async fn states(db: &TestDatabase, recipients: &[RecipientId]) -> Vec<KeyState> {
    let mut reader = db.store.read().await.expect("a reader");
    reader
        .states_in_order(BRAND, Channel::Mesaj, RecipientKind::Bireysel, recipients)
        .await
        .expect("reads")
}

#[tokio::test]
async fn a_confirmed_list_is_written_at_once_and_leaves_those_who_need_a_look() {
    for db in store::testing::each().await {
        apply(
            &db,
            &[
                declared(1, phone(1), Status::Onay, june(10)),
                declared(2, phone(2), Status::Onay, june(10)),
                declared(3, phone(3), Status::Ret, june(10)),
                declared(4, phone(4), Status::Onay, june(10)),
                person(5, phone(5)),
                declared(6, phone(6), Status::Onay, june(10)),
            ],
        )
        .await;
        let people = ids(&db, 6).await;
        told(&db, people[1], seen(Verdict::Onay, june(12))).await;
        told(&db, people[3], seen(Verdict::Onay, june(21))).await;
        told(&db, people[5], seen(Verdict::Ret, june(12))).await;
        let before = states(&db, &people).await;

        // The refusal said to us must be told to İYS, and an answer that was
        // asked for later stands.
        assert_eq!(confirm(&db, &people, false).await, 4, "{}", db.name);
        let after = states(&db, &people).await;
        let newly = RegistryView {
            verdict: Verdict::Onay,
            checked_at: Some(june(20)),
            batch: Some(BATCH),
            ..RegistryView::UNASKED
        };
        for place in [0, 4, 5] {
            assert_eq!(after[place].registry, newly, "{} {place}", db.name);
        }
        let again = RegistryView {
            checked_at: Some(june(20)),
            batch: Some(BATCH),
            ..before[1].registry.clone()
        };
        assert_eq!(
            after[1].registry, again,
            "{}: the record stays known",
            db.name
        );
        for place in [2, 3] {
            assert_eq!(after[place], before[place], "{} {place}", db.name);
        }
        for (was, is) in before.iter().zip(&after) {
            assert_eq!(was.local, is.local, "{}: nothing was said", db.name);
        }
        // Twice is once.
        assert_eq!(confirm(&db, &people, false).await, 4, "{}", db.name);
        assert_eq!(states(&db, &people).await, after, "{}", db.name);
    }
}

#[tokio::test]
async fn where_renewals_are_told_whoever_consented_here_needs_a_look() {
    for db in store::testing::each().await {
        apply(
            &db,
            &[
                declared(1, phone(1), Status::Onay, june(10)),
                person(2, phone(2)),
            ],
        )
        .await;
        let people = ids(&db, 2).await;
        assert_eq!(confirm(&db, &people, true).await, 1, "{}", db.name);
        let after = states(&db, &people).await;
        assert_eq!(after[0].registry, RegistryView::UNASKED, "{}", db.name);
        assert_eq!(after[1].registry.verdict, Verdict::Onay, "{}", db.name);
        assert_eq!(confirm(&db, &[], true).await, 0, "{}", db.name);
    }
}

#[tokio::test]
async fn what_stands_in_the_mirror_already_is_not_written_again() {
    for db in store::testing::each().await {
        apply(&db, &[declared(1, phone(1), Status::Onay, june(10))]).await;
        let people = ids(&db, 1).await;
        let view = seen(Verdict::Ret, june(12));
        told(&db, people[0], view.clone()).await;
        let mut writer = db.store.write().await.expect("a transaction");
        let states = writer
            .update_mirror(
                FIRM,
                BRAND,
                Channel::Mesaj,
                RecipientKind::Bireysel,
                &people,
                |_, _| Some(view.clone()),
            )
            .await
            .expect("nothing to do");
        assert_eq!(states[0].registry, view, "{}", db.name);
    }
}

#[tokio::test]
async fn lists_are_finished_together_or_not_at_all() {
    for db in store::testing::each().await {
        let list = |n| NewList {
            brand: BRAND,
            operation: Operation::Ask,
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            upload: None,
            items: vec![RegistryItem {
                id: RecipientId::from_db(i64::from(n)),
                recipient: phone(n),
                said: None,
                sub_request: None,
            }],
            due: Timestamp::default(),
        };
        let lease = db.store.clock().now().plus_micros(60_000_000);
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .enqueue_registry(&[list(1), list(2), list(3)])
            .await
            .expect("queued");
        let mine = writer
            .claim_lists("w1", lease, None, 3)
            .await
            .expect("claimed");
        writer.commit().await.expect("commits");
        let [first, second, third] = mine.as_slice() else {
            panic!("{}: three lists", db.name);
        };

        let mut writer = db.store.write().await.expect("a transaction");
        writer.finish_lists(&[first]).await.expect("finished");
        writer.commit().await.expect("commits");
        let mut writer = db.store.write().await.expect("a transaction");
        let outcome = writer.finish_lists(&[first, second]).await;
        assert!(outcome.is_err(), "{}: one was finished already", db.name);
        drop(writer);
        let mut reader = db.store.read().await.expect("a reader");
        let open = reader.queue_figures(BRAND, None).await.expect("figures");
        assert_eq!((open.in_flight, open.done), (2, 1), "{}", db.name);
        drop(reader);
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .finish_lists(&[second, third])
            .await
            .expect("finished");
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let open = reader.queue_figures(BRAND, None).await.expect("figures");
        assert_eq!((open.open(), open.done), (0, 3), "{}", db.name);
    }
}

#[tokio::test]
async fn what_became_of_the_records_of_an_upload_and_when_a_fault_is_tried_again_is_told() {
    for db in store::testing::each().await {
        let upload = domain::ids::UploadId::from_db(77);
        let list = |upload| NewList {
            brand: BRAND,
            operation: Operation::Ask,
            channel: Channel::Mesaj,
            kind: RecipientKind::Bireysel,
            upload,
            items: vec![RegistryItem {
                id: RecipientId::from_db(1),
                recipient: phone(1),
                said: None,
                sub_request: None,
            }],
            due: Timestamp::default(),
        };
        let now = db.store.clock().now();
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .enqueue_registry(&[list(Some(upload)), list(None)])
            .await
            .expect("queued");
        let mine = writer
            .claim_lists("w1", now.plus_micros(60_000_000), None, 2)
            .await
            .expect("claimed");
        let of_upload = mine.iter().find(|list| list.upload.is_some());
        let of_nobody = mine.iter().find(|list| list.upload.is_none());
        let (of_upload, of_nobody) = of_upload.zip(of_nobody).expect("one of each");
        for list in [of_upload, of_nobody] {
            writer.count_outcomes(list, 3, 1).await.expect("counted");
        }
        let again = now.plus_micros(90_000_000);
        writer
            .postpone_list(of_upload, &of_upload.items, again, false, Some("503"))
            .await
            .expect("postponed");
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let told = reader.queue_figures(BRAND, Some(upload)).await;
        let told = told.expect("figures");
        assert_eq!((told.confirmed, told.refused), (3, 1), "{}", db.name);
        assert_eq!(
            (told.last_error.as_deref(), told.tries, told.next_try_at),
            (Some("503"), 1, Some(again)),
            "{}",
            db.name
        );
        let all = reader.queue_figures(BRAND, None).await.expect("figures");
        assert_eq!((all.confirmed, all.refused), (3, 1), "{}", db.name);
    }
}

#[tokio::test]
async fn what_was_held_against_a_fact_is_not_held_against_the_next_one() {
    for db in store::testing::each().await {
        apply(&db, &[declared(1, phone(1), Status::Onay, june(10))]).await;
        let people = ids(&db, 1).await;
        told(&db, people[0], seen(Verdict::Onay, june(12))).await;
        let code = async || states(&db, &people).await[0].registry.code;

        // The same again: nothing new was said.
        apply(&db, &[declared(2, phone(1), Status::Onay, june(10))]).await;
        assert_eq!(code().await, Some(ReasonCode::I178), "{}", db.name);
        apply(&db, &[declared(3, phone(1), Status::Ret, june(20))]).await;
        assert_eq!(code().await, None, "{}", db.name);
        let after = states(&db, &people).await;
        assert_eq!(after[0].registry.verdict, Verdict::Onay, "{}", db.name);
    }
}

#[tokio::test]
async fn what_a_simulator_told_is_forgotten_at_the_end_of_practice_and_refusals_stay() {
    for db in store::testing::each().await {
        let records: Vec<_> = (1..=4)
            .map(|n| declared(i64::from(n), phone(n), Status::Onay, june(20)))
            .collect();
        apply(&db, &records).await;
        let ids = ids(&db, 4).await;
        let now = db.store.clock().now();
        told(&db, ids[0], seen(Verdict::Onay, now)).await;
        told(&db, ids[1], seen(Verdict::Ret, now)).await;
        let refusal = declared(9, phone(3), Status::Ret, june(21));
        apply(&db, &[refusal]).await;
        let mut writer = db.store.write().await.expect("a transaction");
        let people = writer.forget_practice(BRAND).await.expect("forgets");
        writer.commit().await.expect("commits");
        assert_eq!(people, 4, "{}", db.name);
        let after = states(&db, &ids).await;
        for held in &after {
            assert_eq!(held.registry, RegistryView::UNASKED, "{}", db.name);
        }
        let said: Vec<_> = after
            .iter()
            .map(|held| held.local.map(|local| local.status))
            .collect();
        let (onay, ret) = (Some(Status::Onay), Some(Status::Ret));
        assert_eq!(said, [onay, onay, ret, onay], "{}", db.name);
    }
}
