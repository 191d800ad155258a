//! An account is sent to as fast as its limit allows, by all processes together,
//! and slower once its provider asks for it.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::plan::Plan;
use domain::time::SECOND_US;
use engine::{Engine, EngineError, Identity, Settings};
use serde_json::json;
use store::testing::TestDatabase;

use crate::house::{House, WHO};
use crate::provider::{Provider, Request, Says};

/// Another process with a limit of so many people a second and account.
fn process(db: &TestDatabase, name: &str, recipients_per_second: u32) -> std::sync::Arc<Engine> {
    let mut settings = Settings::default();
    settings.dispatch.recipients_per_second = recipients_per_second;
    let identity = Identity {
        worker: name.into(),
        public_url: "https://izinli.ornek".into(),
    };
    Engine::new(db.store.clone(), settings, identity).expect("an engine")
}

#[tokio::test]
async fn processes_share_the_limit_of_an_account() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_: &Request| Says::Takes(Vec::new())).await;
        let house = House::at(&db, 40, &provider.url).await;
        house.campaign(Plan::default()).await;
        // Ten people a request: each is ten seconds on the account's line.
        let processes = [process(&db, "bir", 1), process(&db, "iki", 1)];
        for looks in 1..=6 {
            for process in &processes {
                process.step_dispatch().await.expect("a step");
            }
            // How long a request of another process is shows only once it is claimed.
            let requests = provider.requests().len();
            assert!(requests <= looks + 1, "{}: {requests}, {looks}", db.name);
            assert!(requests < 4 || looks >= 4, "{}: {looks}", db.name);
            db.clock.advance(10 * SECOND_US);
        }
        assert_eq!(provider.reached(), 40, "{}", db.name);
    }
}

#[tokio::test]
async fn after_too_many_requests_the_whole_account_rests_and_everybody_is_reached_once() {
    for db in store::testing::each().await {
        let is_first = AtomicBool::new(true);
        let provider = Provider::that(move |_: &Request| {
            if is_first.swap(false, Ordering::SeqCst) {
                Says::TooMany
            } else {
                Says::Takes(Vec::new())
            }
        })
        .await;
        let house = House::at(&db, 100, &provider.url).await;
        house.campaign(Plan::default()).await;
        house.dispatch().await;
        let before = provider.requests().len();
        // The provider asked for half a minute: nothing of any batch leaves.
        db.clock.advance(20 * SECOND_US);
        house.dispatch().await;
        assert_eq!(provider.requests().len(), before, "{}", db.name);
        for _ in 0..20 {
            db.clock.advance(10 * SECOND_US);
            house.dispatch().await;
        }
        assert_eq!(provider.reached(), 100, "{}", db.name);
    }
}

#[tokio::test]
async fn an_account_that_waits_longer_than_a_lease_is_not_taken() {
    for db in store::testing::each().await {
        let house = House::with(&db, 1).await;
        let config = |seconds: i64| json!({ "base_url": "http://127.0.0.1:9", "api_key": "gizli", "timeout_seconds": seconds });
        let make = async |seconds: i64| {
            let config = config(seconds);
            let engine = &house.engine;
            engine
                .create_connector(house.firm, "infobip", "Sabırlı", &config, WHO)
                .await
        };
        let refused = make(120).await.expect_err("longer than the lease");
        let EngineError::Settings(connectors) = refused else {
            panic!("{refused}");
        };
        assert!(
            format!("{connectors:?}").contains("timeout_seconds"),
            "{connectors:?}"
        );
        make(75).await.expect("it fits");
    }
}
