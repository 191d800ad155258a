//! People are parted from a batch whose request was refused: at every instant
//! each is in one batch, and a batch has one claim.

use std::collections::BTreeSet;

use domain::ids::{CampaignId, RecipientId};
use domain::time::MINUTE_US;
use store::campaigns::CampaignState;
use store::dispatch::{BatchState, PickedBatch};
use store::testing::TestDatabase;

use crate::rows::*;
use crate::support::sending::*;
use crate::support::*;

/// Number, size, first and last person, how often parted, how often refused.
type Shape = (i64, i64, i64, i64, i64, i64);

async fn shapes(db: &TestDatabase, campaign: CampaignId) -> Vec<Shape> {
    let mut window = Window::on(db).await;
    let id = campaign.as_db();
    window
        .rows(&format!(
            "SELECT batch_no, size, first_recipient_id, last_recipient_id, splits, refusals \
             FROM send_batch WHERE campaign_id = {id} ORDER BY batch_no"
        ))
        .await
}

async fn people(db: &TestDatabase, batch: &PickedBatch) -> Vec<RecipientId> {
    let mut reader = db.store.read().await.expect("a reader");
    reader.batch_recipients(batch).await.expect("people")
}

/// Claims everything that is due and gives who is in it; fails when somebody is
/// in two batches.
async fn claimed_people(
    db: &TestDatabase,
    scene: &Scene,
) -> (Vec<PickedBatch>, BTreeSet<RecipientId>) {
    let picked = scene.claim(db, "w2", 100).await;
    let mut all = BTreeSet::new();
    for batch in &picked {
        let people = people(db, batch).await;
        assert_eq!(people.len() as i64, batch.size, "{}: {batch:?}", db.name);
        for person in people {
            assert!(
                all.insert(person),
                "{}: {person} is in two batches",
                db.name
            );
        }
    }
    (picked, all)
}

#[tokio::test]
async fn people_who_are_parted_wait_in_a_batch_of_their_own_and_the_others_are_settled() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 6, 6).await;
        let batch = scene.claim(&db, "w1", 1).await.remove(0);
        let all = people(&db, &batch).await;
        let apart = [all[1], all[4]];
        let later = db.store.clock().now().plus_micros(MINUTE_US);
        let made = commit!(db, w => w.part_from_batch(&batch, &apart, later, 1));
        let made = made.expect("parted").expect("a number is left");
        commit!(db, w => w.settle_accepted(&batch, "PRV", 4, &[])).expect("settles");
        assert_eq!(
            shapes(&db, campaign).await,
            [
                (1, 4, all[0].as_db(), all[5].as_db(), 0, 0),
                (2, 2, all[1].as_db(), all[4].as_db(), 1, 1),
            ],
            "{}",
            db.name
        );

        let expected = [BatchState::Accepted, BatchState::Pending];
        assert_eq!(states(&db, campaign).await, expected, "{}", db.name);
        assert_eq!(people(&db, &batch).await, [all[0], all[2], all[3], all[5]]);
        assert!(scene.claim(&db, "w1", 9).await.is_empty(), "{}", db.name);
        db.clock.advance(MINUTE_US);
        let (again, who) = claimed_people(&db, &scene).await;
        assert_eq!(who, BTreeSet::from(apart), "{}", db.name);
        let again = &again[0];
        assert_eq!(
            (again.key, again.attempt, again.refusals, again.splits),
            (made, 1, 1, 1),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn a_halved_batch_comes_back_as_two_that_hold_everybody_once() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 7, 7).await;
        let everybody: BTreeSet<RecipientId> = {
            let batch = in_flight(&scene, &db, "w1").await;
            let all = people(&db, &batch).await;
            let now = db.store.clock().now();
            let made = commit!(db, w => w.halve_batch(&batch, now)).expect("halved");
            assert!(made.is_some(), "{}", db.name);
            assert!(
                is_lost(&commit!(db, w => w.settle_accepted(&batch, "late", 7, &[]))),
                "{}: its claim has ended",
                db.name
            );
            all.into_iter().collect()
        };
        let left = left(&db, campaign).await;
        assert_eq!(
            (left.contents, left.exceptions),
            (Vec::new(), Vec::new()),
            "{}: everybody passes the gate anew",
            db.name
        );
        let (picked, who) = claimed_people(&db, &scene).await;
        assert_eq!(who, everybody, "{}", db.name);
        let sizes: Vec<(i64, i64)> = picked.iter().map(|b| (b.size, b.splits)).collect();
        assert_eq!(sizes, [(4, 1), (3, 1)], "{}", db.name);
        // On and on, down to one each, under ever new names.
        for batch in &picked {
            let now = db.store.clock().now();
            commit!(db, w => w.halve_batch(batch, now)).expect("halved");
        }
        let (picked, who) = claimed_people(&db, &scene).await;
        assert_eq!((who, picked.len()), (everybody, 4), "{}", db.name);
        let names: BTreeSet<String> = picked
            .iter()
            .map(|batch| format!("{}-{}", batch.key, batch.attempt))
            .collect();
        assert_eq!(names.len(), 4, "{}", db.name);
    }
}

#[tokio::test]
async fn what_cannot_be_parted_is_left_as_it_was() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 4, 2).await;
        let now = db.store.clock().now();
        let picked = scene.claim(&db, "w1", 2).await;
        let first = people(&db, &picked[0]).await;
        let before = shapes(&db, campaign).await;
        let stale = PickedBatch {
            attempt: picked[0].attempt + 1,
            ..picked[0].clone()
        };
        let parted = commit!(db, w => w.part_from_batch(&stale, &first[..1], now, 0));
        assert!(is_lost(&parted), "{}: another claim", db.name);
        assert_eq!(shapes(&db, campaign).await, before, "{}", db.name);
        let nobody = commit!(db, w => w.part_from_batch(&picked[0], &[], now, 0));
        assert_eq!(nobody.expect("nothing to do"), None, "{}", db.name);
        // Somebody of another batch: the whole change is taken back by its caller.
        let mut writer = db.store.write().await.expect("a transaction");
        let stranger = people(&db, &picked[1]).await;
        let parted = writer
            .part_from_batch(&picked[0], &stranger[..1], now, 0)
            .await;
        assert!(is_lost(&parted), "{}", db.name);
        drop(writer);
        assert_eq!(shapes(&db, campaign).await, before, "{}", db.name);
    }
}

#[tokio::test]
async fn parted_people_follow_a_campaign_that_was_paused_or_stopped_meanwhile() {
    for (to, expected) in [
        (CampaignState::Paused, BatchState::Paused),
        (CampaignState::Stopped, BatchState::Cancelled),
    ] {
        for db in store::testing::each().await {
            let (scene, campaign) = sending(&db, 2, 2).await;
            let batch = scene.claim(&db, "w1", 1).await.remove(0);
            scene.move_to(&db, campaign, to).await;
            let now = db.store.clock().now();
            commit!(db, w => w.halve_batch(&batch, now)).expect("halved");
            assert_eq!(
                states(&db, campaign).await,
                [expected, expected],
                "{}",
                db.name
            );
        }
    }
}

#[tokio::test]
async fn batches_of_a_campaign_that_are_halved_at_once_get_numbers_of_their_own() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 16, 4).await;
        let picked = scene.claim(&db, "w1", 4).await;
        let now = db.store.clock().now();
        let mut halving = tokio::task::JoinSet::new();
        for batch in picked {
            let store = db.store.clone();
            halving.spawn(async move {
                let mut writer = store.write().await.expect("a transaction");
                writer.halve_batch(&batch, now).await.expect("halved");
                writer.commit().await.expect("commits");
            });
        }
        halving.join_all().await;
        let (picked, who) = claimed_people(&db, &scene).await;
        assert_eq!((picked.len(), who.len()), (8, 16), "{}", db.name);
        assert_eq!(shapes(&db, campaign).await.len(), 8, "{}", db.name);
    }
}
