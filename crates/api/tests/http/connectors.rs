//! Provider accounts: their forms, their secrets, their pushes.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Server, request};

/// An Infobip account as its form wants it.
pub(crate) fn new_connector() -> Value {
    let fields = engine::connector_kinds()
        .iter()
        .find(|kind| kind.kind == "infobip")
        .unwrap()
        .fields;
    let mut config = serde_json::Map::new();
    for field in fields.iter().filter(|field| field.is_required) {
        let value = if field.name.contains("url") {
            "http://127.0.0.1:9"
        } else {
            "gizli"
        };
        config.insert(field.name.to_owned(), json!(value));
    }
    json!({ "kind": "infobip", "name": "Ana hesap", "config": config })
}

#[tokio::test]
async fn a_connector_shows_what_was_filled_in_but_never_its_secrets() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let kinds = server
        .get("/api/v1/connector-kinds", &tenant.owner)
        .await
        .json();
    let kinds = kinds.as_array().unwrap();
    assert!(kinds.iter().any(|kind| kind["kind"] == "infobip"));
    let made = server
        .post("/api/v1/connectors", &tenant.owner, new_connector())
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert!(!made.text().contains("gizli"), "{}", made.text());
    assert_eq!(made.json()["state"], "untested");
    assert_eq!(made.json()["tested_at"], Value::Null);
    let url = made.json()["receipts_url"].as_str().unwrap().to_owned();
    assert!(
        url.starts_with("https://izinli.ornek/in/") && url.ends_with("/receipts"),
        "{url}"
    );
    let path = format!("/api/v1/connectors/{}", made.json()["id"].as_str().unwrap());
    let renamed = server
        .patch(&path, &tenant.owner, json!({ "name": "Yedek hesap" }))
        .await;
    assert_eq!(renamed.json()["name"], "Yedek hesap");
    let stranger = server.tenant("Yabancı").await;
    for (method, tail) in [
        (Method::GET, ""),
        (Method::GET, "/balance"),
        (Method::POST, "/test"),
    ] {
        let answer = server
            .call(method, &format!("{path}{tail}"), &stranger.owner, None)
            .await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{tail}: {}",
            answer.text()
        );
    }
    let answer = server
        .patch(&path, &stranger.owner, json!({ "name": "Ele geçirildi" }))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_connector_s_form_is_checked_field_by_field() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let cases = [
        (json!({ "kind": "fax" }), "kind", "kind"),
        (json!({ "config": {} }), "config.base_url", "required"),
        (
            json!({ "config": { "base_url": "https://a.b", "api_key": "x", "renk": "mavi" } }),
            "config.renk",
            "unknown",
        ),
        (json!({ "config": "metin" }), "config", "unreadable"),
    ];
    for (change, field, code) in cases {
        let mut wanted = new_connector();
        for (name, value) in change.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let answer = server
            .post("/api/v1/connectors", &tenant.owner, wanted)
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{change}: {}",
            answer.text()
        );
        assert_eq!(
            answer.faults()[0],
            (field.to_owned(), code.to_owned()),
            "{change}"
        );
    }
    let list = server.get("/api/v1/connectors", &tenant.owner).await.json();
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn settings_are_changed_field_by_field_tried_anew_and_never_shown() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let made = server
        .post("/api/v1/connectors", &tenant.owner, new_connector())
        .await
        .json();
    let path = format!("/api/v1/connectors/{}", made["id"].as_str().unwrap());
    let change = json!({ "config": { "api_key": "yeni-anahtar", "timeout_seconds": 1 } });
    let changed = server.patch(&path, &tenant.owner, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert!(!changed.text().contains("yeni-anahtar"));
    // Nobody answers there: it was tried, and is out of work with a reason.
    assert_eq!(changed.json()["state"], "broken");
    assert!(changed.json()["state_reason"].is_string());
    assert_eq!(changed.json()["config_masked"]["timeout_seconds"], 1);
    for (config, field) in [
        (json!({ "timeout_seconds": 0 }), "config.timeout_seconds"),
        (json!({ "api_key": null }), "config.api_key"),
        (json!({ "renk": "mavi" }), "config.renk"),
        // The key would go to whoever answers there.
        (
            json!({ "base_url": "http://127.0.0.1:10" }),
            "config.api_key",
        ),
    ] {
        let change = json!({ "config": config });
        let answer = server.patch(&path, &tenant.owner, change).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field}: {}",
            answer.text()
        );
        assert_eq!(answer.faults()[0].0, field);
    }
    let stranger = server.tenant("Yabancı").await;
    let change = json!({ "config": { "timeout_seconds": 2 } });
    let answer = server.patch(&path, &stranger.owner, change).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_push_is_kept_only_at_a_known_address_and_with_the_account_s_own_login() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let push = json!({ "results": [] });
    let answer = server
        .post("/in/bilinmeyen/receipts", "", push.clone())
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let mut wanted = new_connector();
    wanted["config"]["receipts_username"] = json!("infobip");
    wanted["config"]["receipts_password"] = json!("gizli");
    let made = server
        .post("/api/v1/connectors", &tenant.owner, wanted)
        .await
        .json();
    let url = made["receipts_url"].as_str().unwrap();
    let path = url.strip_prefix("https://izinli.ornek").unwrap();
    let with_login = |login: &str| {
        let mut request = request(Method::POST, path, "", Some(push.clone()));
        let value = format!("Basic {login}").parse().unwrap();
        request.headers_mut().insert(header::AUTHORIZATION, value);
        request
    };
    let stranger = server.send(with_login("eWFuY8SxOnlvaw==")).await;
    assert_eq!(
        stranger.status,
        StatusCode::UNAUTHORIZED,
        "{}",
        stranger.text()
    );
    // infobip:gizli
    let provider = server.send(with_login("aW5mb2JpcDpnaXpsaQ==")).await;
    assert_eq!(provider.status, StatusCode::OK, "{}", provider.text());
    let huge = json!({ "results": "x".repeat(5 * 1024 * 1024) });
    let answer = server.post(path, "", huge).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let waiting = server
        .db
        .store
        .read()
        .await
        .unwrap()
        .push_figures()
        .await
        .unwrap();
    assert_eq!(waiting.0, 1, "one push was kept");
}
