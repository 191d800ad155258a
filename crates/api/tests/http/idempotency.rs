//! Creating calls that are repeated.

use crate::support::{Server, new_template, request};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

fn keyed(path: &str, key: &str, idempotency: &str, body: Value) -> Request<Body> {
    let mut request = request(Method::POST, path, key, Some(body));
    request
        .headers_mut()
        .insert("idempotency-key", idempotency.parse().unwrap());
    request
}

async fn templates(server: &Server, key: &str) -> usize {
    let list = server.get("/api/v1/templates", key).await.json();
    list["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_repeat_of_a_creating_call_gets_the_first_answer_and_creates_nothing() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let call = || {
        keyed(
            "/api/v1/templates",
            &tenant.owner,
            "niyet-1",
            new_template(tenant.brand),
        )
    };
    let first = server.send(call()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text());
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = server.send(call()).await;
    assert_eq!(again.status, StatusCode::CREATED);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.body, first.body);
    assert_eq!(templates(&server, &tenant.owner).await, 1);
}

#[tokio::test]
async fn of_two_twins_at_the_same_time_one_creates() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let call = || {
        server.send(keyed(
            "/api/v1/templates",
            &tenant.owner,
            "ikiz",
            new_template(tenant.brand),
        ))
    };
    let answers = futures_util::future::join_all((0..8).map(|_| call())).await;
    let made: Vec<_> = answers
        .iter()
        .filter(|a| a.status == StatusCode::CREATED)
        .collect();
    let busy = answers
        .iter()
        .filter(|a| a.code() == "STILL_RUNNING")
        .count();
    assert_eq!(made.len() + busy, answers.len());
    assert!(!made.is_empty());
    assert!(made.iter().all(|answer| answer.body == made[0].body));
    assert_eq!(templates(&server, &tenant.owner).await, 1);
}

#[tokio::test]
async fn a_key_of_one_request_is_refused_for_another_and_belongs_to_its_firm() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let other = server.tenant("Başka firma").await;
    let first = keyed(
        "/api/v1/templates",
        &tenant.owner,
        "anahtar",
        new_template(tenant.brand),
    );
    assert_eq!(server.send(first).await.status, StatusCode::CREATED);
    let mut changed = new_template(tenant.brand);
    changed["name"] = json!("Kış indirimi");
    let answer = server
        .send(keyed(
            "/api/v1/templates",
            &tenant.owner,
            "anahtar",
            changed,
        ))
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED")
    );
    let theirs = keyed(
        "/api/v1/templates",
        &other.owner,
        "anahtar",
        new_template(other.brand),
    );
    let answer = server.send(theirs).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

#[tokio::test]
async fn a_call_that_created_nothing_gives_its_key_back() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let wanted = json!({
        "name": "Örnek", "short_name": "ORNEK2", "trade_name": "Örnek A.Ş.",
        "mersis": "0123456789012345",
    });
    let taken = server
        .send(keyed(
            "/api/v1/brands",
            &tenant.owner,
            "marka",
            wanted.clone(),
        ))
        .await;
    assert_eq!(
        (taken.status, taken.code().as_str()),
        (StatusCode::CONFLICT, "EXISTS"),
        "{}",
        taken.text()
    );
    let rename = json!({ "name": "Eski ad" });
    let path = format!("/api/v1/brands/{}", tenant.brand);
    assert_eq!(
        server.patch(&path, &tenant.owner, rename).await.status,
        StatusCode::OK
    );
    let answer = server
        .send(keyed("/api/v1/brands", &tenant.owner, "marka", wanted))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

#[tokio::test]
async fn the_repeat_of_making_a_key_shows_the_same_key() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let wanted = json!({ "name": "entegrasyon", "role": "viewer" });
    let call = || {
        keyed(
            "/api/v1/api-keys",
            &tenant.owner,
            "yeni-anahtar",
            wanted.clone(),
        )
    };
    let first = server.send(call()).await;
    let again = server.send(call()).await;
    assert_eq!(first.status, StatusCode::CREATED);
    assert_eq!(first.json()["key"], again.json()["key"]);
}

#[tokio::test]
async fn nobody_gets_the_answer_of_somebody_else_s_call() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let admin = server.key(tenant.firm, store::access::Role::Admin).await;
    let wanted = json!({ "name": "entegrasyon", "role": "viewer" });
    let first = keyed("/api/v1/api-keys", &tenant.owner, "ortak", wanted.clone());
    let secret = server.send(first).await.json()["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = server
        .send(keyed("/api/v1/api-keys", &admin, "ortak", wanted))
        .await;
    assert_eq!(answer.code(), "IDEMPOTENCY_KEY_REUSED");
    assert!(!answer.text().contains(&secret));
}

#[tokio::test]
async fn a_key_that_is_no_plain_text_is_refused() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for wrong in ["", "iki kelime", &"a".repeat(129)] {
        let call = keyed(
            "/api/v1/templates",
            &tenant.owner,
            wrong,
            new_template(tenant.brand),
        );
        let answer = server.send(call).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert_eq!(answer.faults()[0].0, "Idempotency-Key");
    }
    assert_eq!(templates(&server, &tenant.owner).await, 0);
}
