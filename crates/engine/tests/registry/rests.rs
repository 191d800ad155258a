//! One broken account does not cost the whole address its place at İYS.

use domain::time::{HOUR_US, MINUTE_US};
use domain::{Channel, RegistryMode, Status, Verdict};
use serde_json::json;

use crate::house::{CODE, House, phone};

/// Questions about people, one list each, for they were said one by one.
async fn people_said(house: &House, people: std::ops::RangeInclusive<u32>) {
    for n in people {
        let date = house.now().plus_micros(-HOUR_US);
        house.said(n, Status::Onay, date).await;
    }
}

async fn asked(house: &House) -> u64 {
    house.calls("/status/").await
}

async fn confirmed(house: &House, n: u32) -> bool {
    house.state(n).await.registry.verdict != Verdict::Unasked
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refused_call_stops_the_others_of_the_brand_until_the_package_runs_again() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        house.work().await;
        house.account(&json!({ "subscription": "PAUSED" })).await;
        people_said(&house, 1..=20).await;
        let before = asked(&house).await;
        house.work().await;
        assert_eq!(asked(&house).await - before, 1, "{name}: one was refused");
        // Behind each rest one question about the package; the rests grow.
        let packages = house.calls("/subscription").await;
        let pulls = house.calls("/changes").await;
        for _ in 0..24 {
            house.pass(10 * MINUTE_US);
            house.work().await;
        }
        let told = house.calls("/subscription").await - packages;
        assert!((3..=5).contains(&told), "{name}: {told} in four hours");
        assert_eq!(asked(&house).await - before, 1, "{name}");
        assert_eq!(house.calls("/changes").await, pulls, "{name}: nor pulled");
        assert_eq!(house.alarms().await.len(), 1, "{name}");

        house.account(&json!({})).await;
        house.pass(6 * HOUR_US);
        house.work().await;
        for n in 1..=20 {
            assert!(confirmed(&house, n).await, "{name}: {n} was asked about");
        }
        assert!(house.alarms().await.is_empty(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_the_account_that_broke_off_is_put_again_soon() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        house.work().await;
        house.account(&json!({ "subscription": "PAUSED" })).await;
        people_said(&house, 1..=1).await;
        house.work().await;
        house.account(&json!({})).await;
        let path = format!("/sps/{CODE}/subscription");
        let broken = json!({ "kind": "status", "status": 500, "path_prefix": path, "count": 1 });
        house.tell("faults", &broken).await;
        house.pass(10 * MINUTE_US);
        house.work().await;
        assert!(!confirmed(&house, 1).await, "{name}: nobody knows yet");
        house.pass(2 * MINUTE_US);
        house.work().await;
        assert!(confirmed(&house, 1).await, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_says_that_the_account_works_ends_the_rest_at_once() {
    for house in House::each(RegistryMode::Integrator).await {
        house.work().await;
        house.account(&json!({ "subscription": "CLOSED" })).await;
        people_said(&house, 1..=2).await;
        house.work().await;
        house.account(&json!({})).await;
        house.work().await;
        assert!(!confirmed(&house, 1).await, "{}", house.db.name);
        let resumed = house.engine.resume_registry(house.firm, house.brand.id);
        assert!(resumed.await.expect("resumes"), "{}", house.db.name);
        house.work().await;
        assert!(confirmed(&house, 1).await && confirmed(&house, 2).await);
        let resumed = house.engine.resume_registry(house.firm, house.brand.id);
        assert!(!resumed.await.expect("nothing rests"), "{}", house.db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_refused_because_of_the_account_lets_the_brand_rest() {
    for house in House::each(RegistryMode::Integrator).await {
        house.account(&json!({ "subscription": "NONE" })).await;
        house.work().await;
        let pulls = house.calls("/changes").await;
        assert_eq!(pulls, 1, "{}", house.db.name);
        people_said(&house, 1..=2).await;
        house.pass(5 * MINUTE_US);
        house.work().await;
        assert_eq!(house.calls("/changes").await, 1, "{}", house.db.name);
        assert_eq!(asked(&house).await, 0, "{}", house.db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_on_one_channel_leaves_the_others_at_work() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        house.work().await;
        let rights = json!({ "MESAJ": "write", "agreementControl": true });
        house.account(&json!({ "permissions": rights })).await;
        let date = house.now().plus_micros(-HOUR_US);
        for n in 1..=5 {
            let (person, calls) = (phone(n), Channel::Arama);
            house.said_on(person, calls, Status::Onay, date).await;
        }
        people_said(&house, 6..=7).await;
        house.work().await;
        assert_eq!(asked(&house).await, 1 + 2, "{name}: one of the calls");
        assert!(confirmed(&house, 6).await && confirmed(&house, 7).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_package_is_full_refusals_go_out_and_new_consents_rest() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        let date = house.now().plus_micros(-2 * HOUR_US);
        house.said(1, Status::Onay, date).await;
        house.work().await;
        house.pass(10 * MINUTE_US);
        house.work().await;
        assert_eq!(house.state(1).await.registry.verdict, Verdict::Onay);
        house.account(&json!({ "consentLimit": 1 })).await;
        for n in 2..=6 {
            house.said(n, Status::Onay, date).await;
        }
        let before = house.calls("POST /v2").await;
        house.work().await;
        let adds = house.calls("POST /v2").await - before;
        assert_eq!(adds, 1, "{name}: the others wait");
        let now = house.now().plus_micros(-2 * MINUTE_US);
        house.said(1, Status::Ret, now).await;
        house.work_on().await;
        house.pass(10 * MINUTE_US);
        house.work().await;
        assert_eq!(house.state(1).await.registry.verdict, Verdict::Ret);
    }
}
