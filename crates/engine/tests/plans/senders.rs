//! A campaign leaves only under a sender that its provider lists, over each of
//! its routes under that route's own.

use domain::ReasonCode;
use domain::plan::Plan;
use engine::EngineError;
use engine::campaigns::Obstacle;
use store::testing::TestDatabase;

use crate::house::{House, WHO};

/// What the providers of both accounts listed when they were tried.
async fn listed(db: &TestDatabase, house: &House, senders: [&str; 2]) {
    for (account, sender) in house.accounts.into_iter().zip(senders) {
        let mut writer = db.store.write().await.expect("a transaction");
        let held = writer.connector_at_work(account).await.expect("an account");
        writer
            .note_connector_test(account, held.0.version, Some(&[sender.to_owned()]))
            .await
            .expect("noted");
        writer.commit().await.expect("commits");
    }
}

#[tokio::test]
async fn a_sender_that_the_provider_does_not_list_keeps_everybody_out() {
    for db in store::testing::each().await {
        let house = House::with(&db, 3).await;
        listed(&db, &house, ["BASKA", "BASKA"]).await;
        let id = house.draft(Plan::default()).await;
        let run = house.engine.dry_run(house.firm, id).await;
        let run = run.expect("a dry run");
        assert_eq!(run.excluded.get(&ReasonCode::S503), Some(&3), "{}", db.name);
        let obstacle = run.routes.first().and_then(|route| route.obstacle);
        assert_eq!(obstacle, Some(Obstacle::SenderNotApproved));

        // Taken from the list after the launch: the last gate says so as well.
        listed(&db, &house, ["ORNEK", "ORNEK"]).await;
        let id = house.campaign(Plan::default()).await;
        listed(&db, &house, ["BASKA", "BASKA"]).await;
        house.dispatch().await;
        let report = house.engine.report(house.firm, id).await.expect("a report");
        assert_eq!(
            report.excluded.get(&ReasonCode::S503),
            Some(&3),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn a_fall_back_route_may_have_a_sender_of_its_own_and_is_dropped_without() {
    for db in store::testing::each().await {
        let house = House::with(&db, 3).await;
        listed(&db, &house, ["ORNEK", "ORNEK2"]).await;
        let second = house.accounts[1];
        let obstacles = async |plan: Plan| {
            let id = house.draft(plan).await;
            let run = house.engine.dry_run(house.firm, id).await;
            let run = run.expect("a dry run");
            assert_eq!(run.sendable + run.held, 3, "{}", db.name);
            run.routes
                .iter()
                .map(|route| route.obstacle)
                .collect::<Vec<_>>()
        };
        let mut plan = Plan {
            fallbacks: vec![second],
            ..Plan::default()
        };
        let dropped = [None, Some(Obstacle::SenderNotApproved)];
        assert_eq!(obstacles(plan.clone()).await, dropped, "{}", db.name);
        plan.fallback_senders.insert(second, "ORNEK2".to_owned());
        assert_eq!(obstacles(plan).await, [None, None], "{}", db.name);
    }
}

#[tokio::test]
async fn a_header_with_turkish_letters_is_refused_when_the_draft_is_written() {
    for db in store::testing::each().await {
        let house = House::with(&db, 1).await;
        let mut text = house.text(Plan::default());
        text.sender = "ÇİÇEK".into();
        let refused = house.engine.create_campaign(house.firm, text, WHO).await;
        assert!(
            matches!(&refused, Err(EngineError::Invalid { field, .. }) if *field == "sender"),
            "{}: {refused:?}",
            db.name
        );
    }
}
