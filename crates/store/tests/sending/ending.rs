//! How a campaign ends: stopped by a person, or when every batch has an outcome.

use domain::ReasonCode;
use domain::ids::CampaignId;
use domain::time::HOUR_US;
use store::campaigns::CampaignState;
use store::dispatch::{BatchState, FailedAs};
use store::reporting::{Failure, PersonFilter, PersonState};
use store::testing::TestDatabase;

use crate::rows::*;

use crate::support::sending::*;

/// A campaign with a batch in each state but cancelled and paused, in this order.
async fn of_every_state(db: &TestDatabase) -> (Scene, CampaignId) {
    let (scene, campaign) = sending(db, 6, 1).await;
    let now = db.store.clock().now();
    let picked = scene.claim(db, "w1", 5).await;
    commit!(db, w => w.settle_accepted(&picked[1], "PRV", 1, &[])).expect("settles");
    commit!(db, w => w.settle_failed(&picked[2], FailedAs::Refused, "bad sender"))
        .expect("settles");
    commit!(db, w => w.mark_in_doubt(&picked[3], now, "timeout")).expect("settles");
    commit!(db, w => w.settle_unresolved(&picked[4], "nobody knows")).expect("settles");
    (scene, campaign)
}

#[tokio::test]
async fn a_stop_cancels_what_waits_and_nothing_else() {
    use BatchState::{Accepted, Cancelled, Failed, InDoubt, InFlight, Paused, Pending, Unresolved};
    for db in store::testing::each().await {
        let (scene, campaign) = of_every_state(&db).await;
        let left_alone = [InFlight, Accepted, Failed, InDoubt, Unresolved];
        let with = |last| [left_alone.as_slice(), &[last]].concat();
        assert_eq!(states(&db, campaign).await, with(Pending), "{}", db.name);
        scene.move_to(&db, campaign, CampaignState::Paused).await;
        assert_eq!(states(&db, campaign).await, with(Paused), "{}", db.name);
        scene.move_to(&db, campaign, CampaignState::Running).await;
        assert_eq!(states(&db, campaign).await, with(Pending), "{}", db.name);
        scene.move_to(&db, campaign, CampaignState::Paused).await;
        scene.move_to(&db, campaign, CampaignState::Stopped).await;
        assert_eq!(states(&db, campaign).await, with(Cancelled), "{}", db.name);
        let settled: Vec<bool> = left(&db, campaign)
            .await
            .batches
            .iter()
            .map(|row| row.settled_us.is_some())
            .collect();
        assert_eq!(
            settled,
            [false, true, true, false, true, true],
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn a_campaign_ends_when_every_batch_has_an_outcome_and_not_before() {
    for db in store::testing::each().await {
        let (scene, campaign) = of_every_state(&db).await;
        let now = db.store.clock().now();
        let state = async || {
            commit!(db, w => w.finish_campaigns()).expect("looks");
            let mut reader = db.store.read().await.expect("a reader");
            let campaign = reader
                .campaign_at_work(campaign)
                .await
                .expect("the campaign");
            (campaign.state, campaign.finished_at)
        };
        let running = (CampaignState::Running, None);
        assert_eq!(
            state().await,
            running,
            "{}: in flight, in doubt, pending",
            db.name
        );
        let mut last = scene.claim(&db, "w1", 9).await;
        let last = last.pop().expect("the last batch");
        commit!(db, w => w.settle_accepted(&last, "PRV", 1, &[])).expect("settles");
        db.clock.advance(2 * HOUR_US);
        commit!(db, w => w.doubt_batches_of(None, now)).expect("taken over");
        assert_eq!(state().await, running, "{}: two in doubt", db.name);
        let lease = db.store.clock().now().plus_micros(HOUR_US);
        let asked = commit!(db, w => w.pick_in_doubt("w2", lease, 9)).expect("picks");
        assert_eq!(asked.len(), 2, "{}", db.name);
        commit!(db, w => w.settle_failed(&asked[0], FailedAs::Refused, "never arrived"))
            .expect("settles");
        assert_eq!(state().await, running, "{}: one in doubt", db.name);
        scene.move_to(&db, campaign, CampaignState::Paused).await;
        commit!(db, w => w.settle_accepted(&asked[1], "PRV", 1, &[])).expect("settles");
        assert_eq!(
            state().await.0,
            CampaignState::Paused,
            "{}: a person decides",
            db.name
        );
        scene.move_to(&db, campaign, CampaignState::Running).await;
        let ended = (CampaignState::Finished, Some(db.store.clock().now()));
        assert_eq!(state().await, ended, "{}", db.name);
    }
}

#[tokio::test]
async fn a_paused_batch_keeps_a_running_campaign_from_ending() {
    for db in store::testing::each().await {
        let (_, campaign) = sending(&db, 1, 1).await;
        commit!(db, w => w.pause_batches(campaign, true)).expect("paused");
        assert_eq!(
            commit!(db, w => w.finish_campaigns()).expect("looks"),
            0,
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn refusals_are_counted_in_the_row_and_another_route_begins_anew() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 1, 1).await;
        let other = scene.another_connector(&db, "Yedek").await;
        for refusals in 0..3 {
            let batch = scene.claim(&db, "w1", 1).await.remove(0);
            assert_eq!(batch.refusals, refusals, "{}", db.name);
            let now = db.store.clock().now();
            commit!(db, w => w.return_refused(&batch, now, "100: later")).expect("returns");
            assert!(
                is_lost(&commit!(db, w => w.return_refused(&batch, now, "again"))),
                "{}: it counts once",
                db.name
            );
        }
        commit!(db, w => w.move_batches(campaign, scene.connector, other)).expect("moves");
        let lease = db.store.clock().now().plus_micros(HOUR_US);
        let batch = commit!(db, w => w.pick_batches(other, "w1", lease, 1))
            .expect("picks")
            .remove(0);
        assert_eq!(batch.refusals, 0, "{}", db.name);
        commit!(db, w => w.settle_failed(&batch, FailedAs::KeptRefusing, "100: later"))
            .expect("settles");
        let filter = PersonFilter {
            code: Some(ReasonCode::S505),
            state: Some(PersonState::Failed),
        };
        let mut reader = db.store.read().await.expect("a reader");
        let (people, _) = reader
            .campaign_people(campaign, filter, None, 10)
            .await
            .expect("people");
        let told: Vec<_> = people.iter().map(|p| (p.code, p.failure)).collect();
        let kept = (Some(ReasonCode::S505), Some(Failure::KeptRefusing));
        assert_eq!(told, [kept], "{}", db.name);
    }
}
