//! Whatever a provider refuses, only whoever is at fault waits or fails, nobody
//! is reached twice, and people are told what to do.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::alarm::AlarmCode;
use domain::ids::CampaignId;
use domain::plan::Plan;
use domain::time::{HOUR_US, MINUTE_US};
use engine::Step;
use http::HeaderMap;
use serde_json::json;
use store::campaigns::{CampaignState, NewCampaign};
use store::connectors::ConnectorState;
use store::reporting::{PersonFilter, PersonState};
use store::testing::TestDatabase;

use crate::house::{House, WHO};
use crate::provider::{Provider, Request, Says};

const BAD: &str = "905320000007";

/// A campaign whose people leave in one request, unless the plan says otherwise.
async fn campaign(house: &House, sender: &str) -> CampaignId {
    let new = NewCampaign {
        batch_size: 20,
        sender: sender.into(),
        ..house.text(Plan::default())
    };
    let engine = &house.engine;
    let made = engine.create_campaign(house.firm, new, WHO).await;
    let id = made.expect("a draft").id;
    engine.launch(house.firm, id, WHO).await.expect("launched");
    while engine.step_launch().await.expect("a step") == Step::Did {}
    id
}

async fn state(house: &House, id: CampaignId) -> CampaignState {
    let held = house.engine.campaign(house.firm, id).await;
    held.expect("the campaign").state
}

/// The open alarms of the firm, by their codes.
async fn alarms(db: &TestDatabase, house: &House) -> Vec<AlarmCode> {
    let mut reader = db.store.read().await.expect("a reader");
    let alarms = reader.alarms(house.firm, false, None, 10).await;
    let mut codes: Vec<AlarmCode> = alarms
        .expect("alarms")
        .iter()
        .map(|alarm| alarm.code)
        .collect();
    codes.sort_by_key(|code| code.as_db());
    codes
}

/// The numbers and reasons of those who failed.
async fn failed(db: &TestDatabase, id: CampaignId) -> Vec<(String, String)> {
    let mut reader = db.store.read().await.expect("a reader");
    let filter = PersonFilter {
        state: Some(PersonState::Failed),
        code: None,
    };
    let (people, _) = reader
        .campaign_people(id, filter, None, 100)
        .await
        .expect("people");
    people
        .iter()
        .map(|person| {
            let code = person.code.map(|code| code.to_string());
            (person.address.clone(), code.unwrap_or_default())
        })
        .collect()
}

#[tokio::test]
async fn one_whom_the_whole_request_is_refused_for_keeps_nobody_else_from_the_message() {
    for db in store::testing::each().await {
        let provider = Provider::that(|request: &Request| {
            if request.has(BAD) {
                Says::Refuses(400)
            } else {
                Says::Takes(Vec::new())
            }
        })
        .await;
        let house = House::at(&db, 20, &provider.url).await;
        let id = campaign(&house, "ORNEK").await;
        house.dispatch().await;
        assert_eq!(provider.reached(), 19, "{}", db.name);
        let failed = failed(&db, id).await;
        let numbers: Vec<&str> = failed.iter().map(|(number, _)| number.as_str()).collect();
        assert_eq!(numbers, [format!("+{BAD}")], "{}", db.name);
        assert!(failed.iter().all(|(_, code)| code == "S508"), "{failed:?}");
        assert!(
            provider.requests().len() <= 2 * 5 + 1,
            "{}: {} requests",
            db.name,
            provider.requests().len()
        );
        house.engine.step_finish().await.expect("a step");
        let report = house.engine.report(house.firm, id).await.expect("a report");
        assert!(report.reconciles(), "{}: {report:?}", db.name);
        assert_eq!(
            report.campaign.state,
            CampaignState::Finished,
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn a_message_that_nobody_is_taken_for_pauses_its_campaign_after_a_few_requests() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_: &Request| Says::Refuses(400)).await;
        let house = House::at(&db, 100, &provider.url).await;
        let id = campaign(&house, "ORNEK").await;
        house.dispatch().await;
        assert_eq!(
            state(&house, id).await,
            CampaignState::Paused,
            "{}",
            db.name
        );
        let requests = provider.requests().len();
        // Five requests, their halves and their quarters, all under way at once.
        assert!(requests <= 5 * (1 + 2 + 4), "{}: {requests}", db.name);
        assert_eq!(failed(&db, id).await, [], "{}", db.name);
        assert_eq!(alarms(&db, &house).await, [AlarmCode::MessageRefused]);
        let report = house.engine.report(house.firm, id).await.expect("a report");
        assert_eq!(
            (report.held.waiting, report.reconciles()),
            (100, true),
            "{}: {report:?}",
            db.name
        );
        let engine = &house.engine;
        engine.resume(house.firm, id, WHO).await.expect("resumed");
        assert_eq!(alarms(&db, &house).await, [], "{}", db.name);
    }
}

#[tokio::test]
async fn a_refused_sender_waits_and_the_other_sender_of_the_account_goes_on() {
    for db in store::testing::each().await {
        let provider = Provider::that(|request: &Request| {
            if request.sender() == "ORNEK" {
                Says::Takes(vec![("905320000001", 11), ("905320000002", 11)])
            } else {
                Says::Takes(Vec::new())
            }
        })
        .await;
        let house = House::at(&db, 2, &provider.url).await;
        let refused = campaign(&house, "ORNEK").await;
        let same = campaign(&house, "ORNEK").await;
        let other = campaign(&house, "DIGER").await;
        house.dispatch().await;
        house.engine.step_finish().await.expect("a step");
        let states = [
            state(&house, refused).await,
            state(&house, same).await,
            state(&house, other).await,
        ];

        let expected = [
            CampaignState::Paused,
            CampaignState::Paused,
            CampaignState::Finished,
        ];
        assert_eq!(states, expected, "{}", db.name);
        assert_eq!(provider.reached(), 2, "{}", db.name);
        assert_eq!(failed(&db, refused).await, [], "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let account = reader.connector(house.firm, house.accounts[0]).await;
        let account = account.expect("a look").expect("the account");
        assert_eq!(account.state, ConnectorState::Active, "{}", db.name);
        drop(reader);
        assert_eq!(alarms(&db, &house).await, [AlarmCode::SenderRefused]);
    }
}

#[tokio::test]
async fn whom_a_provider_does_not_take_for_now_is_tried_again_alone_until_the_tries_are_spent() {
    for (taken_at, reached) in [(3, 20), (u32::MAX, 19)] {
        for db in store::testing::each().await {
            let tries = AtomicU32::new(0);
            let provider = Provider::that(move |request: &Request| {
                let is_early =
                    request.has(BAD) && tries.fetch_add(1, Ordering::SeqCst) + 1 < taken_at;
                Says::Takes(if is_early {
                    vec![(BAD, 21)]
                } else {
                    Vec::new()
                })
            })
            .await;
            let house = House::at(&db, 20, &provider.url).await;
            let id = campaign(&house, "ORNEK").await;
            for _ in 0..40 {
                house.dispatch().await;
                db.clock.advance(MINUTE_US);
            }
            assert_eq!(provider.reached(), reached, "{}", db.name);
            let with_them: Vec<Request> = provider
                .requests()
                .into_iter()
                .filter(|request| request.has(BAD))
                .collect();
            assert_eq!(with_them.len(), taken_at.min(6) as usize, "{}", db.name);
            assert!(with_them[1..].iter().all(|again| again.people.len() == 1));
            let mut names: Vec<&String> = with_them
                .iter()
                .flat_map(|request| &request.people)
                .filter(|(to, _)| to == BAD)
                .map(|(_, name)| name)
                .collect();
            names.dedup();
            assert_eq!(
                names.len(),
                with_them.len(),
                "{}: a provider may refuse a name it has seen",
                db.name
            );
            let last = failed(&db, id).await;
            let codes: Vec<&str> = last.iter().map(|(_, code)| code.as_str()).collect();
            let expected: &[&str] = if reached == 20 { &[] } else { &["S507"] };
            assert_eq!(codes, expected, "{}", db.name);
            house.engine.step_finish().await.expect("a step");
            let report = house.engine.report(house.firm, id).await.expect("a report");
            assert!(report.reconciles(), "{}: {report:?}", db.name);
            assert_eq!(
                report.campaign.state,
                CampaignState::Finished,
                "{}",
                db.name
            );
        }
    }
}

#[tokio::test]
async fn an_account_without_credit_is_stopped_even_if_only_its_receipts_say_so() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_: &Request| Says::Takes(Vec::new())).await;
        let house = House::at(&db, 2, &provider.url).await;
        campaign(&house, "ORNEK").await;
        house.dispatch().await;
        let (_, name) = provider.requests()[0].people[0].clone();
        let push = json!({ "results": [{ "messageId": name, "to": "905320000001",
            "status": { "groupId": 5, "id": 12, "name": "REJECTED_NOT_ENOUGH_CREDITS" },
            "error": { "groupId": 0, "id": 0 } }] })
        .to_string();
        let mut reader = db.store.read().await.expect("a reader");
        let account = reader.connector(house.firm, house.accounts[0]).await;
        let account = account.expect("a look").expect("the account");
        drop(reader);
        let engine = &house.engine;
        let headers = HeaderMap::new();
        engine
            .receive_push(&account.path_key, &headers, None, push.as_bytes())
            .await
            .expect("kept");
        engine.step_receipts().await.expect("a step");
        let mut reader = db.store.read().await.expect("a reader");
        let account = reader.connector(house.firm, house.accounts[0]).await;
        let account = account.expect("a look").expect("the account");
        drop(reader);
        assert_eq!(account.state, ConnectorState::Broken, "{}", db.name);
        assert_eq!(alarms(&db, &house).await, [AlarmCode::ProviderAccount]);

        // Once somebody has put it right, the same news is old.
        db.clock.advance(HOUR_US);
        let mut writer = db.store.write().await.expect("a transaction");
        let (id, version) = (account.id, account.version);
        writer
            .set_connector_state(id, version, ConnectorState::Active, None)
            .await
            .expect("active");
        writer
            .note_connector_test(id, version, None)
            .await
            .expect("tested");
        writer.commit().await.expect("commits");
        engine
            .receive_push(&account.path_key, &headers, None, push.as_bytes())
            .await
            .expect("kept");
        engine.step_receipts().await.expect("a step");
        let mut reader = db.store.read().await.expect("a reader");
        let account = reader.connector(house.firm, house.accounts[0]).await;
        let account = account.expect("a look").expect("the account");
        assert_eq!(account.state, ConnectorState::Active, "{}", db.name);
    }
}

#[tokio::test]
async fn a_provider_tries_no_longer_than_the_campaign_lasts() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_: &Request| Says::Takes(Vec::new())).await;
        let house = House::at(&db, 2, &provider.url).await;
        let ends = db.store.clock().now().plus_micros(3 * HOUR_US);
        house
            .campaign(Plan {
                expires_at: Some(ends),
                ..Plan::default()
            })
            .await;
        house.dispatch().await;
        let requests = provider.requests();
        let options = &requests[0].body["messages"][0]["options"];
        assert_eq!(
            options["validityPeriod"],
            json!({ "amount": 180, "timeUnit": "MINUTES" }),
            "{}",
            db.name
        );
    }
}
