//! What is told to İYS, what is not, and what becomes of it.

use domain::alarm::AlarmCode;
use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use domain::{ReasonCode, RegistryMode, Status, Verdict};

use crate::house::House;

/// Adds of any kind that İYS was sent.
async fn adds(house: &House) -> u64 {
    house.calls("POST /v2").await
}

async fn single_looks(house: &House) -> u64 {
    house.calls("consents/status").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_refusal_does_not_wait_behind_a_record_that_iys_does_not_decide() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        let said = house.now().plus_micros(-2 * HOUR_US);
        house.adds_get(1, "enqueue").await;
        house.said(1, Status::Onay, said).await;
        house.work().await;
        assert_eq!(house.state(1).await.registry.verdict, Verdict::Pending);
        house.pass(HOUR_US);
        let refused = house.now().plus_micros(-2 * MINUTE_US);
        house.said(1, Status::Ret, refused).await;
        house.work().await;
        let before = adds(&house).await;

        // İYS recorded the consent after all, and never says so in its result.
        house.pass(DAY_US);
        house.at_iys(1, "ONAY", "HS_WEB", said).await;
        house.adds_get(1, "judge").await;
        house.work_on().await;
        let alarms = house.alarms().await;
        let codes: Vec<AlarmCode> = alarms.iter().map(|alarm| alarm.code).collect();
        assert_eq!(codes, [AlarmCode::ResultsMissing], "{name}");
        assert_eq!(adds(&house).await - before, 1, "{name}: the refusal");
        house.pass(10 * MINUTE_US);
        house.work().await;
        assert_eq!(
            house.state(1).await.registry.verdict,
            Verdict::Ret,
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_past_every_reading_of_three_business_days_is_not_handed_in() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        let said = house.now().plus_micros(-10 * DAY_US);
        house.said(1, Status::Onay, said).await;
        house.work().await;
        let registry = house.state(1).await.registry;
        assert_eq!(registry.verdict, Verdict::Refused, "{name}");
        assert_eq!(registry.code, Some(ReasonCode::I606), "{name}");
        assert_eq!(adds(&house).await, 0, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_activation_date_a_consent_of_any_age_is_handed_in() {
    for house in House::each(RegistryMode::Integrator).await {
        let mut brand = house.brand.clone();
        brand.activation = Some(house.now().plus_micros(DAY_US));
        let mut writer = house.db.store.write().await.expect("a transaction");
        writer.save_brand(&brand).await.expect("saved");
        writer.commit().await.expect("commits");
        let said = house.now().plus_micros(-10 * DAY_US);
        house.said(1, Status::Onay, said).await;
        house.work().await;
        assert_eq!(adds(&house).await, 1, "{}", house.db.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_of_this_minute_does_not_write_over_a_refusal_that_nobody_here_has_seen() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        let years_ago = house.now().plus_micros(-700 * DAY_US);
        house.at_iys(1, "ONAY", "HS_WEB", years_ago).await;
        let refused = years_ago.plus_micros(DAY_US);
        house.at_iys(1, "RET", "IYS_WEB", refused).await;
        house.work().await;
        house.said(1, Status::Onay, house.now()).await;
        house.work().await;
        house.pass(2 * MINUTE_US);
        house.work().await;
        assert_eq!(adds(&house).await, 0, "{name}");
        let registry = house.state(1).await.registry;
        assert_eq!((registry.verdict, registry.citizen), (Verdict::Ret, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sync_a_consent_given_here_replaces_an_older_refusal_of_the_firm_and_makes_no_record() {
    for house in House::each(RegistryMode::Sync).await {
        let name = house.db.name;
        let years_ago = house.now().plus_micros(-700 * DAY_US);
        house.at_iys(1, "ONAY", "HS_WEB", years_ago).await;
        let refused = years_ago.plus_micros(DAY_US);
        house.at_iys(1, "RET", "HS_WEB", refused).await;
        house.work().await;
        let said = house.now().plus_micros(-2 * HOUR_US);
        house.said(1, Status::Onay, said).await;
        house.said(2, Status::Onay, said).await;
        house.work_on().await;
        assert_eq!(single_looks(&house).await, 2, "{name}");
        assert_eq!(adds(&house).await, 1, "{name}: only the one on record");
        house.pass(10 * MINUTE_US);
        house.work().await;
        assert_eq!(house.state(1).await.registry.verdict, Verdict::Onay);
        let unknown = house.state(2).await.registry;
        assert_eq!(unknown.verdict, Verdict::NoRecord, "{name}");
        assert_eq!(unknown.code, Some(ReasonCode::I200), "{name}");
    }
}
