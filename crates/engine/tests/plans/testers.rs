//! A campaign's text is tried on people who said that they want that, and on
//! nobody else; nothing of it is counted.

use domain::plan::Plan;
use domain::{ReasonCode, Recipient};
use engine::Step;
use engine::campaigns::{LeftOut, NewTester, TesterAt};
use store::campaigns::{Aside, Campaign, CampaignState};
use store::testers::{Tester, TesterState};
use store::testing::TestDatabase;

use crate::house::{House, WHO, at};

async fn invited(house: &House, address: &str) -> Tester {
    let new = NewTester {
        brand: house.brand,
        at: TesterAt::Address(Recipient::from_normalised(address).expect("an address")),
        name: "Ayşe".into(),
        connector: house.accounts[0],
        sender: "ORNEK".into(),
    };
    house
        .engine
        .invite_tester(house.firm, &new, WHO)
        .await
        .expect("invited")
}

/// Launches what waits and gives the newest campaign aside.
async fn newest_aside(db: &TestDatabase, house: &House) -> Campaign {
    while house.engine.step_launch().await.expect("a step") == Step::Did {}
    let mut writer = db.store.write().await.expect("a transaction");
    let lease = writer.now().plus_micros(domain::time::HOUR_US);
    let picked = writer
        .pick_batches(house.accounts[0], "test", lease, 10)
        .await
        .expect("picked");
    let last = picked.last().expect("something is due").key.campaign;
    for batch in &picked {
        writer
            .hand_over(batch, "izn-1", b"metin", &[])
            .await
            .expect("stored");
        writer
            .settle_accepted(batch, "ref", batch.size, &[])
            .await
            .expect("settled");
    }
    let campaign = writer.campaign_at_work(last).await.expect("the campaign");
    writer.commit().await.expect("commits");
    campaign
}

#[tokio::test]
async fn whoever_was_asked_gets_no_test_before_they_accepted_at_their_own_address() {
    for db in store::testing::each().await {
        let house = House::with(&db, 5).await;
        let draft = house.draft(Plan::default()).await;
        let tester = invited(&house, "+905559990001").await;
        assert_eq!(tester.state, TesterState::Invited, "{}", db.name);
        let none = house
            .engine
            .test_campaign(house.firm, draft, &[], false, WHO)
            .await;
        assert!(none.is_err(), "{}: nobody has accepted", db.name);

        let question = newest_aside(&db, &house).await;
        assert_eq!(question.aside, Aside::Invitation, "{}", db.name);
        let token = house.engine.links().token(question.id, tester.recipient);
        let looked = house.engine.invited(&token).await.expect("a look");
        assert_eq!(
            looked.map(|(tester, _)| tester.state),
            Some(TesterState::Invited),
            "looking accepts nothing"
        );
        let (tester, _) = house
            .engine
            .answer_invitation(&token, true)
            .await
            .expect("an answer");
        assert_eq!(tester.state, TesterState::Accepted);

        let late = invited(&house, "+905559990002").await;
        let sent = house
            .engine
            .test_campaign(house.firm, draft, &[], false, WHO)
            .await
            .expect("a test");
        assert_eq!(sent.to.len(), 1, "{}", db.name);
        assert_eq!(
            sent.left_out
                .iter()
                .map(|(tester, why)| (tester.id, *why))
                .collect::<Vec<_>>(),
            [(late.id, LeftOut::NotAccepted)]
        );
    }
}

#[tokio::test]
async fn a_test_is_counted_nowhere_and_stops_with_the_launch() {
    for db in store::testing::each().await {
        let house = House::with(&db, 5).await;
        let draft = house.draft(Plan::default()).await;
        let tester = invited(&house, "+905559990001").await;
        let question = newest_aside(&db, &house).await;
        let token = house.engine.links().token(question.id, tester.recipient);
        let accepted = house.engine.answer_invitation(&token, true).await;
        accepted.expect("an answer");
        let sent = house
            .engine
            .test_campaign(house.firm, draft, &[tester.id], false, WHO)
            .await
            .expect("a test");
        let carrier = newest_aside(&db, &house).await;
        assert_eq!(
            (carrier.id, carrier.aside, carrier.aside_of),
            (sent.carrier.id, Aside::Test, Some(draft)),
            "{}",
            db.name
        );
        let engine = &house.engine;
        let of_test = engine
            .report(house.firm, carrier.id)
            .await
            .expect("a report");
        assert_eq!((of_test.target, of_test.sent), (1, 1));
        let of_draft = engine.report(house.firm, draft).await.expect("a report");
        assert_eq!((of_draft.target, of_draft.sent), (0, 0));
        let mut reader = db.store.read().await.expect("a reader");
        let listed = reader.campaigns(house.firm, None, 50).await;
        drop(reader);
        let listed: Vec<_> = listed.expect("a list").iter().map(|one| one.id).collect();
        assert_eq!(listed, [draft], "{}: tests stand in no list", db.name);

        engine
            .launch(house.firm, draft, WHO)
            .await
            .expect("launched");
        let again = engine
            .test_campaign(house.firm, draft, &[], false, WHO)
            .await;
        assert!(again.is_err(), "{}", db.name);
        while engine.step_launch().await.expect("a step") == Step::Did {}
        let report = engine.report(house.firm, draft).await.expect("a report");
        assert_eq!(
            report.target, 6,
            "{}: the test recipient is a person too",
            db.name
        );
        assert_eq!(report.excluded.get(&ReasonCode::S101), Some(&1));
        assert_eq!(report.campaign.state, CampaignState::Running);
    }
}

#[tokio::test]
async fn whoever_refused_the_brand_or_left_gets_no_test_and_nobody_is_asked_twice_a_day() {
    for db in store::testing::each().await {
        let house = House::with(&db, 5).await;
        let draft = house.draft(Plan::default()).await;
        let tester = invited(&house, "+905320000001").await;
        let question = newest_aside(&db, &house).await;
        let token = house.engine.links().token(question.id, tester.recipient);
        let new = NewTester {
            brand: house.brand,
            at: TesterAt::Address(tester.address.clone()),
            name: "Ayşe".into(),
            connector: house.accounts[0],
            sender: "ORNEK".into(),
        };
        let twice = house.engine.invite_tester(house.firm, &new, WHO).await;
        assert!(twice.is_err(), "{}: asked within a day", db.name);
        let answered = house.engine.answer_invitation(&token, true).await;
        answered.expect("an answer");
        house.refuses(&db, 1, at("2026-07-14T12:30:00+03:00")).await;
        let sent = house
            .engine
            .test_campaign(house.firm, draft, &[], false, WHO)
            .await;
        assert!(sent.is_err(), "{}: the only one refused", db.name);
        house
            .engine
            .answer_invitation(&token, false)
            .await
            .expect("left");
        let back = house.engine.answer_invitation(&token, true).await;
        assert!(
            back.is_err(),
            "{}: whoever left must be asked again",
            db.name
        );
    }
}
