//! Test recipients: asked, accepting on their own page, and nobody else's.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use store::access::Role;

use crate::campaigns::new_campaign;
use crate::support::Server;

fn answer(path: &str, wish: &str) -> Request<Body> {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("dil=tr&istek={wish}")))
        .expect("a request")
}

#[tokio::test]
async fn a_test_recipient_accepts_on_a_page_of_their_own_and_tests_stand_in_no_list() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let draft = new_campaign(&server, &tenant).await;
    let list = format!("/api/v1/brands/{}/test-recipients", tenant.brand);
    let wanted = json!({
        "name": "Ayşe Şahin", "address": "0532 123 45 67", "sender": "ORNEK",
        "connector_id": draft["connector_id"],
    });
    let made = server.post(&list, &tenant.owner, wanted.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(
        (&made.json()["state"], &made.json()["address"]),
        (&json!("invited"), &json!("+905321234567"))
    );
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let seen = server.get(&list, &viewer).await.json();
    assert_eq!(
        (&seen["items"][0]["address"], &seen["items"][0]["name"]),
        (&json!("+90532*****67"), &json!("A*** Ş***"))
    );
    let campaigns = server.get("/api/v1/campaigns", &tenant.owner).await.json();
    assert_eq!(
        campaigns["items"],
        json!([]),
        "an invitation is no campaign"
    );

    let campaign = server
        .post("/api/v1/campaigns", &tenant.owner, draft)
        .await
        .json();
    let test = format!(
        "/api/v1/campaigns/{}/test",
        campaign["id"].as_str().expect("an id")
    );
    let early = server.post(&test, &tenant.owner, json!({})).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "{}", early.text());

    let id: domain::ids::TesterId = made.json()["id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("an id");
    let mut reader = server.db.store.read().await.expect("a reader");
    let tester = reader.tester(tenant.firm, id).await.expect("a look");
    let tester = tester.expect("a test recipient");
    let invitation = reader
        .campaigns_launching(10)
        .await
        .expect("a look")
        .pop()
        .expect("the invitation is on its way");
    drop(reader);
    let token = server.engine.links().token(invitation, tester.recipient);
    let page = format!("/t/{token}");
    let shown = server.get(&page, "").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.text().contains("Kabul ediyorum") && !shown.text().contains("+905321234567"),
        "{}",
        shown.text()
    );
    let done = server.send(answer(&page, "kabul")).await;
    assert!(
        done.text().contains("deneme iletilerini alıyor"),
        "{}",
        done.text()
    );
    let unknown = server.send(answer("/t/yok", "kabul")).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);

    let sent = server.post(&test, &tenant.owner, json!({})).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text());
    assert_eq!(sent.json()["to"][0]["id"], made.json()["id"]);
    let listed = server.get("/api/v1/campaigns", &tenant.owner).await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    let refused = server.post(&test, &viewer, json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let stranger = server.tenant("Yabancı").await;
    let one = format!("/api/v1/test-recipients/{id}");
    for (method, path, body) in [
        (Method::GET, list.as_str(), None),
        (Method::POST, list.as_str(), Some(wanted)),
        (Method::DELETE, one.as_str(), None),
        (Method::POST, test.as_str(), Some(json!({}))),
    ] {
        let answer = server
            .call(method.clone(), path, &stranger.owner, body)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
    let gone = server.call(Method::DELETE, &one, &tenant.owner, None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    let rates = format!("/api/v1/brands/{}/opt-outs?by=list", tenant.brand);
    let rates = server.get(&rates, &viewer).await;
    assert_eq!(
        (rates.status, &rates.json()["items"]),
        (StatusCode::OK, &json!([])),
        "{}",
        rates.text()
    );
    let theirs = format!("/api/v1/brands/{}/opt-outs/export", tenant.brand);
    let theirs = server.get(&theirs, &stranger.owner).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}
