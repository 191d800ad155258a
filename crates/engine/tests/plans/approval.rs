//! The second person: whom a brand asks for, what a program's launch does
//! then, and that an approval covers what its giver saw and nothing else.

use domain::hours::SendingRules;
use domain::plan::Plan;
use engine::EngineError;
use engine::campaigns::LaunchObstacle;
use store::campaigns::{Audience, CampaignState};

use crate::house::{House, WHO};

const OTHER: &str = "user:usr_2";
const PROGRAM: &str = "key:key_1";

async fn set(house: &House, rules: SendingRules) {
    let set = house
        .engine
        .set_sending_rules(house.firm, house.brand, &rules, WHO);
    set.await.expect("set");
}

#[tokio::test]
async fn a_brand_can_have_every_campaign_approved() {
    for db in store::testing::each().await {
        let house = House::with(&db, 2).await;
        let engine = &house.engine;
        let rules = SendingRules {
            needs_approval: true,
            ..SendingRules::default()
        };
        set(&house, rules).await;
        let id = house.draft(Plan::default()).await;
        let run = engine.dry_run(house.firm, id).await.expect("a dry run");
        assert!(
            matches!(run.launch_obstacle, Some(LaunchObstacle::Approval(_))),
            "{}",
            db.name
        );
        assert!(engine.launch(house.firm, id, WHO).await.is_err());
        engine.submit(house.firm, id, WHO).await.expect("submitted");
        let approved = engine.approve(house.firm, id, None, OTHER).await;
        assert_eq!(approved.expect("approved").state, CampaignState::Approved);
        let launched = engine.launch(house.firm, id, WHO).await;
        assert_eq!(launched.expect("launched").state, CampaignState::Launching);
    }
}

#[tokio::test]
async fn a_programs_launch_waits_for_its_approver_where_the_brand_wants_one() {
    for db in store::testing::each().await {
        let house = House::with(&db, 2).await;
        let engine = &house.engine;
        let rules = SendingRules {
            api_needs_approval: true,
            ..SendingRules::default()
        };
        set(&house, rules).await;
        let id = house.draft(Plan::default()).await;
        for _ in 0..2 {
            let launched = engine.launch(house.firm, id, PROGRAM).await;
            let state = launched.expect("begun").state;
            assert_eq!(state, CampaignState::Submitted, "{}", db.name);
        }
        let approved = engine.approve(house.firm, id, None, OTHER).await;
        approved.expect("approved");
        let launched = engine.launch(house.firm, id, PROGRAM).await;
        assert_eq!(launched.expect("launched").state, CampaignState::Launching);
        // People need nobody.
        let id = house.draft(Plan::default()).await;
        let launched = engine.launch(house.firm, id, WHO).await;
        assert_eq!(launched.expect("launched").state, CampaignState::Launching);
    }
}

#[tokio::test]
async fn one_changed_letter_voids_an_approval_until_it_is_given_anew() {
    for db in store::testing::each().await {
        let house = House::with(&db, 2).await;
        let engine = &house.engine;
        let rule = |word: &str| -> domain::segment::Rule {
            let rule = serde_json::json!({ "type": "group", "name": word });
            serde_json::from_value(rule).expect("a rule")
        };
        let mut writer = db.store.write().await.expect("a transaction");
        let segment = writer
            .create_segment(house.firm, "Bahar", rule("bahar"))
            .await
            .expect("a segment");
        writer.commit().await.expect("commits");
        let change = async |word: &str| {
            let mut changed = segment.clone();
            changed.rule = rule(word);
            let mut writer = db.store.write().await.expect("a transaction");
            let saved = writer.save_segment(house.firm, &changed).await;
            saved.expect("saved");
            writer.commit().await.expect("commits");
        };
        let mut text = house.text(Plan::default());
        text.audience = Audience::Segment {
            segment_id: segment.id,
        };
        let made = engine.create_campaign(house.firm, text, WHO).await;
        let id = made.expect("a draft").id;
        engine.submit(house.firm, id, WHO).await.expect("submitted");
        let other = "0".repeat(64);
        let stale = engine.approve(house.firm, id, Some(&other), OTHER).await;
        assert!(
            matches!(stale, Err(EngineError::Conflict { .. })),
            "{}: that is not what it says",
            db.name
        );
        let approved = engine.approve(house.firm, id, None, OTHER).await;
        approved.expect("approved");
        change("baharı").await;
        let run = engine.dry_run(house.firm, id).await.expect("a dry run");
        assert_eq!(run.launch_obstacle, Some(LaunchObstacle::ApprovalVoid));
        assert!(engine.launch(house.firm, id, WHO).await.is_err());
        let again = engine.approve(house.firm, id, None, OTHER).await;
        again.expect("approved anew");
        let launched = engine.launch(house.firm, id, WHO).await;
        assert_eq!(launched.expect("launched").state, CampaignState::Launching);

        // Changed while it waits for its freezing: back to the approver.
        change("yaz").await;
        engine.step_launch().await.expect("a step");
        let held = engine.campaign(house.firm, id).await.expect("read");
        assert_eq!(held.state, CampaignState::Submitted, "{}", db.name);
    }
}
