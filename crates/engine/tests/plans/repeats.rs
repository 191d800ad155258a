//! Where the brand says so, nobody gets the same text twice on one Turkish day.

use domain::ReasonCode;
use domain::hours::SendingRules;
use domain::ids::CampaignId;
use domain::plan::Plan;
use domain::time::DAY_US;

use crate::house::{House, TEXT, WHO};
use crate::optouts::sent;

async fn set(house: &House, same_text_once_a_day: bool) {
    let rules = SendingRules {
        same_text_once_a_day,
        ..SendingRules::default()
    };
    let set = house
        .engine
        .set_sending_rules(house.firm, house.brand, &rules, WHO);
    set.await.expect("set");
}

/// How many a dry run leaves out because they had the text today.
async fn repeated(house: &House, id: CampaignId) -> Option<i64> {
    let run = house.engine.dry_run(house.firm, id).await;
    let run = run.expect("a dry run");
    run.excluded.get(&ReasonCode::S302).copied()
}

#[tokio::test]
async fn the_same_text_leaves_once_a_day_and_another_or_on_another_day_again() {
    for db in store::testing::each().await {
        let house = House::with(&db, 5).await;
        set(&house, true).await;
        house.campaign(Plan::default()).await;
        sent(&db, &house).await;
        let again = house.draft(Plan::default()).await;
        assert_eq!(repeated(&house, again).await, Some(5), "{}", db.name);

        let mut other = house.text(Plan::default());
        other.body = format!("{TEXT} Bekleriz.");
        let other = house.engine.create_campaign(house.firm, other, WHO).await;
        let other = other.expect("a draft").id;
        assert_eq!(repeated(&house, other).await, None, "{}", db.name);

        set(&house, false).await;
        assert_eq!(repeated(&house, again).await, None, "nobody asked for it");
        set(&house, true).await;
        db.clock.advance(DAY_US);
        assert_eq!(repeated(&house, again).await, None, "{}", db.name);
    }
}

#[tokio::test]
async fn whoever_got_the_text_after_the_launch_is_left_out_by_the_last_gate() {
    for db in store::testing::each().await {
        let house = House::with(&db, 5).await;
        // Two campaigns with one text are frozen while nobody minds.
        let late = house.campaign(Plan::default()).await;
        let mut writer = db.store.write().await.expect("a transaction");
        writer.pause_batches(late, true).await.expect("paused");
        writer.commit().await.expect("commits");
        house.campaign(Plan::default()).await;
        sent(&db, &house).await;
        let mut writer = db.store.write().await.expect("a transaction");
        writer.pause_batches(late, false).await.expect("resumed");
        writer.commit().await.expect("commits");
        set(&house, true).await;
        house.dispatch().await;
        let report = house.engine.report(house.firm, late).await;
        let report = report.expect("a report");
        assert_eq!(
            report.excluded.get(&ReasonCode::S302),
            Some(&5),
            "{}: {report:?}",
            db.name
        );
        assert!(report.reconciles(), "{}", db.name);
    }
}
