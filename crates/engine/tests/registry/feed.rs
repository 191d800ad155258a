//! What changes at İYS comes in although a place in the feed is lost, and what
//! no feed told is found by a walk over everybody and by the daily file.

use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use domain::{RegistryMode, Status, Verdict};
use engine::Step;
use serde_json::json;
use store::registry_days::DayState;
use store::registry_feed::day_of;
use store::registry_sweep::{Sweep, SweepPurpose, SweepState};

use crate::house::House;

async fn last_sweep(house: &House) -> Option<Sweep> {
    let mut reader = house.db.store.read().await.expect("a reader");
    reader.last_sweep(house.brand.id).await.expect("reads")
}

async fn feed_was_read(house: &House) -> bool {
    let mut reader = house.db.store.read().await.expect("a reader");
    let brand = reader.brand_at_work(house.brand.id).await.expect("reads");
    brand.feed.complete_at == Some(house.now())
}

/// Somebody whose refusal the feed has told, so that it has a place to go on from.
async fn one_movement(house: &House) {
    let said = house.now().plus_micros(-3 * HOUR_US);
    house.at_iys(1, "ONAY", "HS_WEB", said).await;
    house.said(1, Status::Onay, said).await;
    let refused = house.now().plus_micros(-2 * HOUR_US);
    house.at_iys(1, "RET", "IYS_WEB", refused).await;
    house.work().await;
    assert_eq!(house.state(1).await.registry.verdict, Verdict::Ret);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_read_on_although_its_place_has_left_the_window() {
    for house in House::each_with(RegistryMode::Integrator, |settings| {
        settings.registry.full_check_days = 0;
    })
    .await
    {
        house
            .tell("options", &json!({ "refuses_old_cursors": true }))
            .await;
        one_movement(&house).await;
        house.days_pass(9).await;
        assert!(feed_was_read(&house).await, "{}", house.db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_iys_does_not_know_is_given_up_at_once() {
    for house in House::each(RegistryMode::Integrator).await {
        one_movement(&house).await;
        house.tell("reset", &json!({})).await;
        house.account(&json!({})).await;
        house.pass(HOUR_US);
        house.work().await;
        assert!(feed_was_read(&house).await, "{}", house.db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_week_everybody_is_asked_about_outside_business_hours() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        house
            .said(1, Status::Onay, house.now().plus_micros(-HOUR_US))
            .await;
        house.work().await;
        house.days_pass(6).await;
        assert_eq!(last_sweep(&house).await, None, "{name}");
        house.days_pass(1).await;
        let sweep = last_sweep(&house).await.expect("it began");
        assert_eq!(sweep.purpose, SweepPurpose::Weekly, "{name}");
        assert_eq!(
            sweep.state,
            SweepState::Running,
            "{name}: it is ten o'clock"
        );
        house.pass(9 * HOUR_US);
        house.work().await;
        let sweep = last_sweep(&house).await.expect("the same");
        assert_eq!(sweep.state, SweepState::Done, "{name}");
        house.days_pass(1).await;
        let later = last_sweep(&house).await.expect("the same");
        assert_eq!(later.id, sweep.id, "{name}: not before a week has passed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_whose_hash_iys_could_not_make_or_has_not_made_yet_is_tried_again_and_then_matches() {
    for state in ["error", "queued", "inprogress"] {
        for house in House::each(RegistryMode::Integrator).await {
            let name = format!("{}, {state}", house.db.name);
            house
                .said(1, Status::Onay, house.now().plus_micros(-2 * HOUR_US))
                .await;
            house.work().await;
            house.pass(10 * MINUTE_US);
            house.work().await;
            let day = day_of(house.now());
            house.pass(DAY_US);
            house.work().await;
            house.tell("options", &json!({ "hash_state": state })).await;
            assert_eq!(worked(&house, day).await, DayState::Open, "{name}");
            house
                .tell("options", &json!({ "hash_state": "completed" }))
                .await;
            house.pass(6 * HOUR_US);
            assert_eq!(worked(&house, day).await, DayState::Matches, "{name}");
        }
    }
}

async fn worked(house: &House, day: i64) -> DayState {
    while house.engine.step_agreements().await.expect("a step") == Step::Did {}
    let mut reader = house.db.store.read().await.expect("a reader");
    let held = reader.registry_day(house.brand.id, day).await;
    held.expect("reads").expect("the day").state
}
