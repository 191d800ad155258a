//! Practice: simulators only until the owner goes live, which happens while the
//! program runs and forgets what a simulator told in place of İYS.

use domain::RegistryMode;
use http::StatusCode;
use serde_json::{Value, json};
use store::access::Role;

use crate::connectors::new_connector;
use crate::support::{Answer, Server, Tenant};

const SIMULATOR: &str = "http://127.0.0.1:9";

fn refused_for(answer: &Answer, code: &str) -> bool {
    answer.faults().iter().any(|(_, found)| found == code)
}

async fn practising(server: &mut Server) -> Tenant {
    let tenant = server.tenant("Firma").await;
    let mut writer = server.db.store.write().await.unwrap();
    writer.begin_practice(tenant.firm).await.unwrap();
    writer.commit().await.unwrap();
    tenant
}

#[tokio::test]
async fn a_firm_that_practises_works_with_simulators_only() {
    let mut server = Server::with_settings(|settings| {
        settings.practice.simulators = vec![format!("{SIMULATOR}/")];
    })
    .await;
    let tenant = practising(&mut server).await;
    let firm = server.get("/api/v1/firms", &tenant.owner).await.json();
    assert_eq!(firm["items"][0]["practice"], true);
    let mut real = new_connector();
    real["config"]["base_url"] = json!("https://api.infobip.com");
    let refused = server.post("/api/v1/connectors", &tenant.owner, real).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused_for(&refused, "practice"), "{}", refused.text());
    let mut simulated = new_connector();
    simulated["config"]["base_url"] = json!(SIMULATOR);
    let made = server
        .post("/api/v1/connectors", &tenant.owner, simulated)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
}

#[tokio::test]
async fn going_live_is_the_owners_deed_and_puts_simulated_accounts_aside() {
    let mut server = Server::with_settings(|settings| {
        settings.practice.simulators = vec![SIMULATOR.to_owned()];
    })
    .await;
    let tenant = practising(&mut server).await;
    let mut simulated = new_connector();
    simulated["config"]["base_url"] = json!(SIMULATOR);
    let made = server
        .post("/api/v1/connectors", &tenant.owner, simulated.clone())
        .await
        .json();
    let path = format!("/api/v1/firms/{}/live", tenant.firm);
    let admin = server.key(tenant.firm, Role::Admin).await;
    let forbidden = server.post(&path, &admin, json!({})).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    let live = server.post(&path, &tenant.owner, json!({})).await;
    assert_eq!(live.status, StatusCode::OK, "{}", live.text());
    assert_eq!(live.json()["practice"], false);
    let account = format!("/api/v1/connectors/{}", made["id"].as_str().unwrap());
    let aside = server.get(&account, &tenant.owner).await.json();
    assert_eq!(aside["state"], "broken");
    let tried = server
        .post(&format!("{account}/test"), &tenant.owner, Value::Null)
        .await;
    assert!(refused_for(&tried, "simulator"), "{}", tried.text());
    let another = server
        .post("/api/v1/connectors", &tenant.owner, simulated)
        .await;
    assert!(refused_for(&another, "simulator"), "{}", another.text());
    let again = server.post(&path, &tenant.owner, json!({})).await;
    assert!(refused_for(&again, "live"), "{}", again.text());
    let trail = server
        .get("/api/v1/audit?action=firm.go_live", &tenant.owner)
        .await
        .json();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_goes_live_while_the_installation_asks_a_simulator_in_place_of_iys() {
    let mut server = Server::with_settings(|settings| {
        settings.practice.simulators = vec![SIMULATOR.to_owned()];
        settings.registry.base_url = SIMULATOR.to_owned();
    })
    .await;
    let tenant = practising(&mut server).await;
    let path = format!("/api/v1/firms/{}/live", tenant.firm);
    let refused = server.post(&path, &tenant.owner, json!({})).await;
    assert!(refused_for(&refused, "simulator"), "{}", refused.text());
    let firm = server.get("/api/v1/firms", &tenant.owner).await.json();
    assert_eq!(firm["items"][0]["practice"], true);
}

/// Makes the tenant's brand work in step with İYS, on an owner's word from earlier.
async fn connect(server: &Server, tenant: &Tenant) {
    let mut writer = server.db.store.write().await.unwrap();
    let (firm, brand) = (tenant.firm, tenant.brand);
    let mut brand = writer.brand_to_change(firm, brand).await.unwrap();
    brand.mode = RegistryMode::Sync;
    (brand.iys_code, brand.brand_code) = (Some(100_000), Some(200_000));
    brand.off_reason = Some("Deneme sırasında kapalıydı.".to_owned());
    writer.save_brand(&brand).await.unwrap();
    writer.commit().await.unwrap();
}

#[tokio::test]
async fn a_firm_goes_live_while_the_program_runs_and_chooses_anew_how_it_works_with_iys() {
    let mut server = Server::with_settings(|settings| {
        settings.registry.practice_url = Some(SIMULATOR.to_owned());
    })
    .await;
    let tenant = practising(&mut server).await;
    connect(&server, &tenant).await;
    let path = format!("/api/v1/firms/{}/live", tenant.firm);
    let admin = server.key(tenant.firm, Role::Admin).await;
    let forbidden = server.get(&path, &admin).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    let seen = server.get(&path, &tenant.owner).await.json();
    assert_eq!(seen["practice"], true, "{seen}");
    assert_eq!(seen["registry_url"], "https://api.iys.org.tr");
    assert_eq!(seen["brands"], json!(["Örnek"]));
    assert_eq!(seen["confirmation"], "password");
    assert!(seen["obstacle"].is_null(), "{seen}");
    let live = server.post(&path, &tenant.owner, json!({})).await;
    assert_eq!(live.status, StatusCode::OK, "{}", live.text());
    let brand = server
        .get(&format!("/api/v1/brands/{}", tenant.brand), &tenant.owner)
        .await
        .json();
    assert_eq!(brand["registry_mode"], "off", "{brand}");
    assert!(
        brand["off_reason"].is_null(),
        "local consents do not do: {brand}"
    );
    let after = server.get(&path, &tenant.owner).await.json();
    assert_eq!(after["obstacle"]["code"], "live", "{after}");
}

#[tokio::test]
async fn whoever_installed_it_is_told_exactly_what_to_change_where_iys_is_a_simulator() {
    let mut server = Server::with_settings(|settings| {
        settings.practice.simulators = vec![SIMULATOR.to_owned()];
        settings.registry.base_url = SIMULATOR.to_owned();
    })
    .await;
    let tenant = practising(&mut server).await;
    let path = format!("/api/v1/firms/{}/live", tenant.firm);
    let seen = server.get(&path, &tenant.owner).await.json();
    assert_eq!(seen["obstacle"]["code"], "simulator", "{seen}");
    for words in [SIMULATOR, "registry.practice_url", "yeniden başlatmalı"] {
        let told = seen["obstacle"]["text_tr"].as_str().unwrap();
        assert!(told.contains(words), "{told}");
    }
}

#[tokio::test]
async fn an_account_is_not_turned_into_a_real_one_in_practice_nor_back_after_it() {
    let mut server = Server::with_settings(|settings| {
        settings.practice.simulators = vec![SIMULATOR.to_owned()];
    })
    .await;
    let tenant = practising(&mut server).await;
    let mut simulated = new_connector();
    simulated["config"]["base_url"] = json!(SIMULATOR);
    let made = server
        .post("/api/v1/connectors", &tenant.owner, simulated)
        .await
        .json();
    let account = format!("/api/v1/connectors/{}", made["id"].as_str().unwrap());
    let real = json!({ "config": { "base_url": "https://api.infobip.com", "api_key": "a" } });
    let refused = server.patch(&account, &tenant.owner, real).await;
    assert!(refused_for(&refused, "practice"), "{}", refused.text());
    let held = server.get(&account, &tenant.owner).await.json();
    assert_eq!(held["config_masked"]["base_url"], SIMULATOR, "{held}");
}

#[tokio::test]
async fn the_push_address_is_shown_before_iys_is_told_of_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = format!("/api/v1/registry/{}/push-address", tenant.brand);
    let seen = server.get(&path, &tenant.owner).await.json();
    let url = seen["url"].as_str().unwrap();
    assert!(url.starts_with("https://izinli.ornek/in/iys/"), "{seen}");
    assert_eq!(seen["acceptable"], true);
    assert!(seen["registered_at"].is_null() && seen["told_url"].is_null());
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let refused = server.get(&path, &viewer).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let stranger = server.tenant("Yabancı").await;
    let theirs = server.get(&path, &stranger.owner).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}
