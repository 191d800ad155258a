//! What İYS lets the account do, and where it pushes to.

use domain::time::HOUR_US;
use domain::{Channel, RegistryMode};
use engine::registry::Subscription;
use engine::registry::lights::Allowed;
use secrecy::SecretString;
use serde_json::json;

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_may_only_read_a_channel_shows_no_right_on_it() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        let password = SecretString::from("deneme-parolasi");
        let mut writer = house.db.store.write().await.expect("a transaction");
        writer
            .set_partner_account("deneme", &password, 900_001, "cli")
            .await
            .expect("kept");
        writer
            .use_partner_account(house.firm, house.brand.id, true)
            .await
            .expect("linked");
        let brand = writer.brand(house.firm, house.brand.id).await;
        writer.commit().await.expect("commits");
        let brand = brand.expect("reads").expect("the brand");
        let rights = json!({ "MESAJ": "write", "EPOSTA": "read" });
        house
            .account(&json!({ "integratorCode": 900_001, "permissions": rights }))
            .await;
        let seen = house.engine.check_lights(&brand).await.expect("looks");
        assert_eq!(seen.on(Channel::Mesaj), Allowed::Yes, "{name}");
        assert_eq!(seen.on(Channel::Eposta), Allowed::No, "{name}");
        assert_eq!(seen.on(Channel::Arama), Allowed::No, "{name}");
        assert_eq!(seen.agreement, Allowed::No, "{name}");
        assert_eq!(seen.integrator, Allowed::Yes, "{name}");
        assert_eq!(seen.subscription, Some(Subscription::Active), "{name}");
    }
}

/// Longer than a token lives, shorter than what renews it.
const TOKEN_LIFE_US: i64 = 3 * HOUR_US;

#[tokio::test(flavor = "multi_thread")]
async fn brands_with_one_login_ask_for_one_token_between_them() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        let second = house.brand_with_code(650_002).await;
        let third = house.brand_with_code(650_003).await;
        for _ in 0..5 {
            let before = house.calls("/oauth2/token").await;
            let (first, second, third) = tokio::join!(
                house.engine.check_lights(&house.brand),
                house.engine.check_lights(&second),
                house.engine.check_lights(&third),
            );
            for seen in [first, second, third] {
                let seen = seen.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(seen.brand, Allowed::Yes, "{name}");
            }
            assert_eq!(house.calls("/oauth2/token").await - before, 1, "{name}");
            house.pass(TOKEN_LIFE_US);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_does_not_run_is_found_by_one_call_and_puts_out_every_light() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        house.account(&json!({ "subscription": "EXPIRED" })).await;
        let seen = house
            .engine
            .check_lights(&house.brand)
            .await
            .expect("looks");
        assert_eq!(seen.subscription, Some(Subscription::Expired), "{name}");
        assert_eq!(seen.brand, Allowed::No, "{name}");
        assert_eq!(seen.on(Channel::Mesaj), Allowed::No, "{name}");
        assert_eq!(house.calls("/subscription").await, 1, "{name}");
        assert_eq!(house.calls("brands").await, 0, "{name}");
        house.account(&json!({})).await;
        let seen = house
            .engine
            .check_lights(&house.brand)
            .await
            .expect("looks");
        assert_eq!((seen.brand, seen.agreement), (Allowed::Yes, Allowed::Yes));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_address_is_taken_back_before_another_is_asked_for_and_can_be_ended() {
    for house in House::each(RegistryMode::Integrator).await {
        let (engine, firm, brand) = (&house.engine, house.firm, house.brand.id);
        let name = house.db.name;
        for _ in 0..3 {
            let told = engine.register_registry_push(firm, brand, "usr_1").await;
            told.unwrap_or_else(|error| panic!("{name}: {error}"));
            let listed = engine.registry_push_connections(firm, brand).await;
            let listed = listed.expect("listed");
            assert_eq!(listed.len(), 3, "{name}: one a channel");
            assert!(listed.iter().all(|one| one.is_open), "{name}");
        }
        let ended = engine.unregister_registry_push(firm, brand, "usr_1").await;
        ended.expect("ended");
        let listed = engine.registry_push_connections(firm, brand).await;
        assert!(listed.expect("listed").is_empty(), "{name}");
        let state = engine.registry_push_state(firm, brand).await;
        assert!(state.expect("reads").account.is_none(), "{name}");
        let again = engine.unregister_registry_push(firm, brand, "usr_1").await;
        again.expect("nothing is left to end");
    }
}
