//! Programs send messages by the key of a template.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

use crate::campaigns::new_campaign;
use crate::support::{Server, Tenant};

/// A template that programs may send; what holds for it.
async fn keyed(server: &Server, tenant: &Tenant) -> (String, Value) {
    let template = json!({
        "brand_id": tenant.brand, "name": "Kargo", "channel": "MESAJ",
        "body": "Siparişiniz {{p_no}} kargoya verildi.",
    });
    let made = server
        .post("/api/v1/templates", &tenant.owner, template)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let campaign = new_campaign(server, tenant).await;
    let path = format!(
        "/api/v1/templates/{}/api",
        made.json()["id"].as_str().unwrap()
    );
    let settings = json!({
        "key": "siparis.kargoda", "basis": "INFORMATIONAL", "purpose": "siparis",
        "kind": "BIREYSEL", "sender": "ORNEK", "connector_id": campaign["connector_id"],
        "person_limit": 1,
    });
    (path, settings)
}

async fn put(server: &Server, key: &str, path: &str, body: &Value) -> StatusCode {
    let answer = server
        .call(Method::PUT, path, key, Some(body.clone()))
        .await;
    answer.status
}

#[tokio::test]
async fn a_program_sends_by_key_and_may_not_say_what_the_template_keeps_to_itself() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let (path, settings) = keyed(&server, &tenant).await;
    let send = json!({
        "key": "siparis.kargoda",
        "messages": [{ "to": "0532 000 00 01", "parameters": { "p_no": "A-1" } }],
    });
    let unknown = server
        .post("/api/v1/messages", &tenant.owner, send.clone())
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let none = server.get(&path, &tenant.owner).await;
    assert_eq!(none.status, StatusCode::NO_CONTENT);
    let saved = put(&server, &tenant.owner, &path, &settings).await;
    assert_eq!(saved, StatusCode::OK);
    let held = server.get(&path, &tenant.owner).await.json();
    assert_eq!(held["limit_hours"], 24, "{held}");
    assert_eq!(held["overridable"], json!([]));

    let mut other = send.clone();
    other["overrides"] = json!({ "text": "Baska bir metin" });
    let refused = server.post("/api/v1/messages", &tenant.owner, other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let place = &refused.json()["where"][0];
    assert_eq!(place["field"], "overrides.text", "{place}");
    assert_eq!(place["code"], "override_not_allowed", "{place}");
    assert!(place["text_tr"].as_str().unwrap().contains("izin"));

    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let none = server.post("/api/v1/messages", &viewer, send.clone()).await;
    assert_eq!(none.status, StatusCode::FORBIDDEN);
    // Keys of programs are developers'; they launch no campaign.
    let developer = server.key(tenant.firm, Role::Developer).await;
    let taken = server
        .post("/api/v1/messages", &developer, send.clone())
        .await;
    assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text());
    let one = taken.json()["messages"][0].clone();
    let report = format!("/api/v1/campaigns/{}", one["id"].as_str().unwrap());
    let carrier = server.get(&report, &tenant.owner).await.json();
    assert_eq!(carrier["basis"], "INFORMATIONAL", "{carrier}");
    assert!(!carrier.to_string().contains("A-1"), "{carrier}");
    let again = server
        .post("/api/v1/messages", &tenant.owner, send.clone())
        .await
        .json();
    assert_eq!(again["messages"][0]["code"], "person_limit", "{again}");
    let listed = server.get("/api/v1/campaigns", &tenant.owner).await.json();
    assert_eq!(listed["items"], json!([]), "{listed}");

    let ended = server
        .call(Method::DELETE, &path, &tenant.owner, None)
        .await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    let over = server.post("/api/v1/messages", &tenant.owner, send).await;
    assert_eq!(over.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_ground_of_a_key_is_never_commercial_and_a_key_belongs_to_one_template() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let (path, settings) = keyed(&server, &tenant).await;
    let mut commercial = settings.clone();
    commercial["basis"] = json!("COMMERCIAL");
    let refused = put(&server, &tenant.owner, &path, &commercial).await;
    assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        put(&server, &tenant.owner, &path, &settings).await,
        StatusCode::OK
    );
    let (other, settings) = keyed(&server, &tenant).await;
    let taken = put(&server, &tenant.owner, &other, &settings).await;
    assert_eq!(taken, StatusCode::CONFLICT);
    let stranger = server.tenant("Yabancı").await;
    let theirs = server.get(&path, &stranger.owner).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let send = json!({ "key": "siparis.kargoda", "messages": [{ "to": "05320000001" }] });
    let theirs = server.post("/api/v1/messages", &stranger.owner, send).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}
