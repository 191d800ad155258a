//! An audience is frozen whole or not at all, and once.

use domain::ReasonCode;
use domain::ids::CampaignId;
use store::StoreError;
use store::audience::Judged;
use store::campaigns::{Audience, CampaignState, Exclusions};

use crate::support::sending::*;
use crate::support::*;

/// One row of the frozen decisions.
type FrozenRow = (i64, i64, i64, Option<i64>, Option<i64>, Option<i64>);

async fn frozen(window: &mut Window, campaign: CampaignId) -> Vec<FrozenRow> {
    window
        .rows(&format!(
            "SELECT code, recipient_id, batch_no, event_id, registry_batch_id, checked_us \
             FROM campaign_recipient WHERE campaign_id = {} ORDER BY code, recipient_id",
            campaign.as_db()
        ))
        .await
}

#[tokio::test]
async fn a_frozen_audience_holds_everyone_once_and_every_sendable_person_in_one_batch() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let known = |n: u32| match n % 4 {
            0 => Known::Refused,
            1 => Known::LocalOnly,
            _ => Known::Confirmed,
        };
        scene.add_people(&db, (1..=45).map(|n| (n, known(n)))).await;
        scene.add_people(&db, [(46, Known::Nothing)]).await;
        let sendable: Vec<u32> = (1..=45).filter(|n| known(*n) == Known::Confirmed).collect();
        assert_eq!(sendable.len(), 22);
        let campaign = scene.launching(&db, 5).await;
        db.clock.advance(domain::time::SECOND_US);
        let snapshot = scene.freeze(&db, &campaign, Audience::All).await;

        let excluded = Exclusions::from([
            (ReasonCode::S101, 1),
            (ReasonCode::S102, 12),
            (ReasonCode::S103, 11),
        ]);
        assert_eq!(
            snapshot.judged,
            Judged {
                target: 46,
                sendable: 22,
                excluded: excluded.clone()
            }
        );
        assert_eq!(snapshot.batches, 5, "{}", db.name);

        let mut reader = db.store.read().await.expect("a reader");
        let held = reader
            .campaign_at_work(campaign.id)
            .await
            .expect("the campaign");
        assert_eq!(held.state, CampaignState::Running);
        assert_eq!(
            (held.target, held.planned, held.excluded, held.batches),
            (46, 22, 24, 5)
        );
        assert_eq!(held.exclusions, excluded);
        assert_eq!(held.content_hash.as_deref(), Some(b"hash".as_slice()));
        assert_eq!(held.snapshot_at, Some(db.store.clock().now()));
        assert!(held.finished_at.is_none() && held.launched_at < held.snapshot_at);

        let mut window = Window::on(&db).await;
        let rows = frozen(&mut window, campaign.id).await;
        assert_eq!(rows.len(), 46);
        let (planned, kept_out) = rows.split_at(22);
        for (place, (row, n)) in planned.iter().zip(&sendable).enumerate() {
            let id = scene.recipient(*n).as_db();
            let batch = i64::try_from(place / 5 + 1).expect("a small number");
            assert_eq!((row.0, row.1, row.2), (0, id, batch), "{}", db.name);
            let checked = db
                .store
                .clock()
                .now()
                .plus_micros(-domain::time::HOUR_US - domain::time::SECOND_US);
            assert_eq!(
                (row.3, row.4, row.5),
                (Some(id), Some(77), Some(checked.as_micros()))
            );
        }
        let codes: Vec<i64> = kept_out.iter().map(|row| row.0).collect();
        let expected = [vec![5_101; 1], vec![5_102; 12], vec![5_103; 11]].concat();
        assert_eq!(codes, expected, "the excluded stand side by side, by code");
        assert!(kept_out.iter().all(|row| row.2 == 0));

        let batches: Vec<(i64, i64, i64, i64, i64, i64, i64)> = window
            .rows(&format!(
                "SELECT batch_no, first_recipient_id, last_recipient_id, size, state, attempt, next_us \
                 FROM send_batch WHERE campaign_id = {} ORDER BY batch_no",
                campaign.id.as_db()
            ))
            .await;
        let now = db.store.clock().now().as_micros();
        let expected: Vec<_> = (1..)
            .zip(sendable.chunks(5))
            .map(|(batch, people)| {
                let (first, last) = (people[0], people[people.len() - 1]);
                let size = i64::try_from(people.len()).expect("a small batch");
                (
                    batch,
                    scene.recipient(first).as_db(),
                    scene.recipient(last).as_db(),
                    size,
                    1,
                    0,
                    now,
                )
            })
            .collect();
        assert_eq!(batches, expected, "{}", db.name);
    }
}

#[tokio::test]
async fn a_person_listed_twice_is_frozen_once() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=3).map(|n| (n, Known::Confirmed)))
            .await;
        let campaign = scene.launching(&db, 10).await;
        let listed = Audience::Addresses {
            addresses: addresses([3, 1, 3, 1, 8]),
        };
        let snapshot = scene.freeze(&db, &campaign, listed).await;
        assert_eq!(
            (snapshot.judged.target, snapshot.batches),
            (2, 1),
            "{}",
            db.name
        );
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("campaign_recipient").await, 2);
    }
}

#[tokio::test]
async fn an_audience_without_a_sendable_person_leaves_no_batch_and_ends_at_once() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, [(1, Known::Refused)]).await;
        let refused = scene.running(&db, 10).await;
        assert_eq!(
            (refused.target, refused.batches, refused.state),
            (1, 0, CampaignState::Running)
        );
        let nobody = scene.launching(&db, 10).await;
        let snapshot = scene
            .freeze(&db, &nobody, Audience::Tag { tag: "yok".into() })
            .await;
        assert_eq!(
            (snapshot.judged.target, snapshot.batches),
            (0, 0),
            "{}",
            db.name
        );
        let mut writer = db.store.write().await.expect("a transaction");
        assert_eq!(
            writer.finish_campaigns().await.expect("ends"),
            2,
            "{}",
            db.name
        );
        writer.commit().await.expect("commits");
    }
}

#[tokio::test]
async fn a_campaign_that_is_not_launching_is_not_frozen_and_nothing_is_written() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=3).map(|n| (n, Known::Confirmed)))
            .await;
        let campaign = scene.launching(&db, 2).await;
        let question = scene.question(&db, Audience::All);
        let mut window = Window::on(&db).await;
        for state in CampaignState::ALL
            .iter()
            .filter(|state| **state != CampaignState::Launching)
        {
            window
                .run(&format!("UPDATE campaign SET state = {}", state.as_db()))
                .await;
            let mut writer = db.store.write().await.expect("a transaction");
            let answer = writer
                .freeze_audience(campaign.id, scene.connector, &question, 2, b"other")
                .await;
            assert!(
                matches!(answer, Err(StoreError::Lost { .. })),
                "{} {state}",
                db.name
            );
            // Even where the transaction goes on to commit something else.
            writer.commit().await.expect("commits");
            assert_eq!(
                window.count("campaign_recipient").await,
                0,
                "{} {state}",
                db.name
            );
            assert_eq!(window.count("send_batch").await, 0, "{} {state}", db.name);
            let touched =
                "SELECT count(*) FROM campaign WHERE snapshot_us IS NOT NULL OR target_count > 0";
            assert_eq!(window.number(touched).await, 0, "{} {state}", db.name);
        }
        let nobody = CampaignId::from_db(4_711);
        let mut writer = db.store.write().await.expect("a transaction");
        let answer = writer
            .freeze_audience(nobody, scene.connector, &question, 2, b"other")
            .await;
        assert!(
            matches!(answer, Err(StoreError::Lost { .. })),
            "{}",
            db.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_workers_that_freeze_a_campaign_one_does() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=7).map(|n| (n, Known::Confirmed)))
            .await;
        let campaign = scene.launching(&db, 2).await;
        let question = scene.question(&db, Audience::All);
        let mut first = db.store.write().await.expect("a transaction");
        first
            .freeze_audience(campaign.id, scene.connector, &question, 2, b"hash")
            .await
            .expect("the first freezes");
        let (store, again) = (db.store.clone(), question.clone());
        let second = start_and_wait(&db, async move {
            let mut writer = store.write().await.expect("a transaction");
            writer
                .freeze_audience(campaign.id, scene.connector, &again, 2, b"hash")
                .await
        })
        .await;
        first.commit().await.expect("commits");
        let answer = in_time(second).await.expect("no panic");
        assert!(
            matches!(answer, Err(StoreError::Lost { .. })),
            "{}: {answer:?}",
            db.name
        );
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("campaign_recipient").await, 7, "{}", db.name);
        assert_eq!(window.count("send_batch").await, 4, "{}", db.name);
    }
}
