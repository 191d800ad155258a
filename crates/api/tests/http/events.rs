//! Events: taken in a thousand at a time and each once, refused one by one with
//! a reason, kept though nobody described them or their person is unknown, and
//! counted by segments.

use domain::time::DAY_US;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

use crate::people::say;
use crate::support::{Server, Tenant};

/// An event of the person whom [`say`] makes known.
fn bought(key: &str, change: Value) -> Value {
    let mut event = json!({ "key": key, "name": "satin_alma", "address": "0532 123 45 67" });
    for (field, value) in change.as_object().unwrap() {
        event[field] = value.clone();
    }
    event
}

async fn tell(server: &Server, tenant: &Tenant, items: Vec<Value>) -> Vec<Value> {
    let body = json!({ "brand_id": tenant.brand, "items": items });
    let answer = server.post("/api/v1/events", &tenant.owner, body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["items"].as_array().cloned().unwrap()
}

/// The code of a refusal, or those of the remarks.
fn codes(item: &Value) -> Vec<String> {
    let remarks = item["remarks"].as_array().unwrap().iter();
    let all = remarks.chain([&item["reason"]]);
    all.filter_map(|reason| reason["code"].as_str().map(str::to_owned))
        .collect()
}

async fn define(server: &Server, tenant: &Tenant, name: &str, fields: Value) -> Value {
    let wanted = json!({
        "name": name, "label_tr": "Satın alma", "label_en": "Purchase", "fields": fields,
    });
    let answer = server
        .post("/api/v1/event-types", &tenant.owner, wanted)
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

async fn latest(server: &Server, tenant: &Tenant, key: &str, more: &str) -> Vec<Value> {
    let path = format!("/api/v1/events?brand_id={}{more}", tenant.brand);
    let page = server.get(&path, key).await.json();
    page["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn the_same_key_twice_is_one_event_and_another_event_under_it_is_refused() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    define(
        &server,
        &tenant,
        "Satin_Alma",
        json!([{ "name": "tutar", "kind": "number" }]),
    )
    .await;
    let first = tell(
        &server,
        &tenant,
        vec![bought(
            "s-1",
            json!({ "body": { "tutar": 900, "yol": "web" } }),
        )],
    )
    .await;
    assert_eq!(codes(&first[0]), Vec::<String>::new(), "{first:?}");
    assert_eq!(first[0]["accepted"], true);
    let again = tell(
        &server,
        &tenant,
        vec![
            bought("s-1", json!({ "body": { "yol": "web", "tutar": 900 } })),
            bought("s-1", json!({ "body": { "tutar": 901 } })),
            bought("s-2", json!({ "body": { "tutar": "900,00" } })),
        ],
    )
    .await;
    assert_eq!(again[0]["event_id"], first[0]["event_id"]);
    let told: Vec<_> = again.iter().map(codes).collect();
    assert_eq!(told, [vec!["W903"], vec!["R902"], vec!["W904"]]);
    assert_eq!(again[1]["accepted"], false);
    assert!(again[1]["event_id"].is_null());
    assert!(
        again[2]["remarks"][0]["text_tr"]
            .as_str()
            .unwrap()
            .contains("tutar")
    );
    assert_eq!(latest(&server, &tenant, &tenant.owner, "").await.len(), 2);
}

#[tokio::test]
async fn one_that_cannot_be_kept_is_refused_with_its_reason_and_the_others_are_kept() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    define(&server, &tenant, "satin_alma", json!([])).await;
    let at = |days: i64| {
        let now = server.db.store.clock().now();
        json!({ "occurred_at": now.plus_micros(-days * DAY_US) })
    };
    let long = "x".repeat(9_000);
    let told = tell(
        &server,
        &tenant,
        vec![
            bought("", json!({})),
            bought("a", json!({ "name": "2. satış" })),
            bought("b", json!({ "address": null })),
            bought("c", json!({ "body": { "not": long } })),
            bought("d", json!({ "occurred_at": "dün" })),
            bought("e", at(-1)),
            bought("f", at(731)),
            bought("g", json!({ "address": "0532" })),
            bought("h", json!({ "address": "ali@ornek" })),
            bought("i", json!({ "external_id": "x".repeat(256) })),
            bought("j", at(1)),
        ],
    )
    .await;
    let codes: Vec<String> = told.iter().flat_map(codes).collect();
    assert_eq!(
        codes,
        [
            "R901", "R903", "R905", "R906", "R907", "R908", "R909", "R203", "R301", "R403"
        ]
    );
    for refused in &told[..10] {
        assert_eq!(refused["accepted"], false);
        let next = refused["reason"]["next_tr"].as_str().unwrap();
        assert!(!next.is_empty(), "{refused}");
    }
    assert_eq!(told[10]["accepted"], true);
    let kept = latest(&server, &tenant, &tenant.owner, "").await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["key"], "j");

    let empty = json!({ "brand_id": tenant.brand, "items": [] });
    let refused = server.post("/api/v1/events", &tenant.owner, empty).await;
    assert_eq!(refused.faults(), [("items".to_owned(), "count".to_owned())]);
    let items: Vec<Value> = (0..1_001)
        .map(|n| bought(&format!("{n}"), json!({})))
        .collect();
    let many = json!({ "brand_id": tenant.brand, "items": items });
    let refused = server.post("/api/v1/events", &tenant.owner, many).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other = server.tenant("Başka").await;
    let foreign = json!({ "brand_id": other.brand, "items": [bought("a", json!({}))] });
    let refused = server.post("/api/v1/events", &tenant.owner, foreign).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_thousand_events_go_in_at_once() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let items: Vec<Value> = (0..1_000)
        .map(|n| bought(&format!("{n}"), json!({ "body": { "tutar": n } })))
        .collect();
    let told = tell(&server, &tenant, items.clone()).await;
    assert!(told.iter().all(|item| codes(item) == ["W901"]));
    let told = tell(&server, &tenant, items).await;
    assert!(told.iter().all(|item| codes(item) == ["W903"]));
}

#[tokio::test]
async fn an_undescribed_name_is_kept_shown_and_described_later() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let told = tell(
        &server,
        &tenant,
        vec![bought("a", json!({ "name": "Sevk tamamlandı" }))],
    )
    .await;
    assert_eq!(codes(&told[0]), ["W901"]);
    let kept = latest(&server, &tenant, &tenant.owner, "&name=sevk.tamamlandi").await;
    assert_eq!(
        (&kept[0]["name"], &kept[0]["is_defined"]),
        (&json!("sevk.tamamlandi"), &json!(false))
    );
    let types = server
        .get("/api/v1/event-types", &tenant.owner)
        .await
        .json();
    let sent = &types["items"][0];
    assert_eq!(
        (&sent["name"], &sent["is_defined"]),
        (&json!("sevk.tamamlandi"), &json!(false))
    );
    assert!(sent["last_at"].is_string(), "{sent}");
    let path = format!("/api/v1/event-types/{}", sent["id"].as_str().unwrap());
    let said = json!({ "label_tr": "Sevk", "label_en": "Shipping",
        "fields": [{ "name": "koli", "kind": "number" }] });
    let put = |key: String| {
        let (path, said) = (path.clone(), said.clone());
        let server = &server;
        async move { server.call(Method::PUT, &path, &key, Some(said)).await }
    };
    let described = put(tenant.owner.clone()).await.json();
    assert_eq!(
        (&described["is_defined"], &described["fields"][0]["kind"]),
        (&json!(true), &json!("number"))
    );
    let twin = json!({ "name": "sevk.tamamlandi", "label_tr": "a", "label_en": "a" });
    let refused = server
        .post("/api/v1/event-types", &tenant.owner, twin)
        .await;
    assert_eq!(refused.code(), "EXISTS", "{}", refused.text());
    let trail = server.get("/api/v1/audit", &tenant.owner).await.text();
    assert!(trail.contains("event_type.change"), "{trail}");
    let wrong = json!({ "name": "!", "label_tr": "a", "label_en": "a" });
    let refused = server
        .post("/api/v1/event-types", &tenant.owner, wrong)
        .await;
    assert_eq!(refused.faults(), [("name".to_owned(), "R903".to_owned())]);
    let wrong = json!({ "name": "iade", "label_tr": "a", "label_en": "a",
        "fields": [{ "name": "a\"b", "kind": "text" }] });
    let refused = server
        .post("/api/v1/event-types", &tenant.owner, wrong)
        .await;
    assert_eq!(refused.faults()[0].0, "fields");
    let other = server.tenant("Başka").await;
    let key = other.owner.clone();
    let foreign = server
        .call(Method::PUT, &path, &key, Some(said.clone()))
        .await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn names_that_hold_order_numbers_end_at_the_limit() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let named = |from: usize| -> Vec<Value> {
        (from..from + 300)
            .map(|n| bought(&format!("{n}"), json!({ "name": format!("siparis.{n}") })))
            .collect()
    };
    tell(&server, &tenant, named(0)).await;
    let told = tell(&server, &tenant, named(300)).await;
    let refused = told.iter().filter(|item| codes(item) == ["R904"]).count();
    assert_eq!(refused, 100);
    let known = tell(
        &server,
        &tenant,
        vec![bought("x", json!({ "name": "siparis.7" }))],
    )
    .await;
    assert_eq!(known[0]["accepted"], true);
}

#[tokio::test]
async fn an_event_of_nobody_waits_for_its_person() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    define(&server, &tenant, "satin_alma", json!([])).await;
    let told = tell(&server, &tenant, vec![bought("a", json!({}))]).await;
    assert_eq!(codes(&told[0]), ["W902"]);
    let kept = latest(&server, &tenant, &tenant.owner, "").await;
    assert!(kept[0]["contact_id"].is_null());
    say(&server, &tenant, &[]).await;
    server.engine.step_housekeeping().await.unwrap();
    let kept = latest(&server, &tenant, &tenant.owner, "").await;
    let contact = kept[0]["contact_id"].as_str().expect("a person");
    let more = format!("&contact_id={contact}");
    assert_eq!(
        latest(&server, &tenant, &tenant.owner, &more).await.len(),
        1
    );
    server.db.clock.advance(731 * DAY_US);
    server.engine.step_housekeeping().await.unwrap();
    let kept = latest(&server, &tenant, &tenant.owner, "").await;
    assert_eq!(kept, Vec::<Value>::new(), "not for ever");
}

#[tokio::test]
async fn each_role_tells_and_reads_what_it_may() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let item = bought("a", json!({ "body": { "ad": "Ayşe" } }));
    let body = json!({ "brand_id": tenant.brand, "items": [item] });
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let refused = server.post("/api/v1/events", &viewer, body.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let developer = server.key(tenant.firm, Role::Developer).await;
    let taken = server.post("/api/v1/events", &developer, body).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text());
    let seen = latest(&server, &tenant, &viewer, "").await;
    assert_eq!(seen.len(), 1);
    assert!(seen[0]["body"].is_null(), "a body may name people");
    let seen = latest(&server, &tenant, &tenant.owner, "").await;
    assert_eq!(seen[0]["body"]["ad"], "Ayşe");
    let marketer = server.key(tenant.firm, Role::Marketer).await;
    let wanted = json!({ "name": "iade", "label_tr": "a", "label_en": "a" });
    let refused = server.post("/api/v1/event-types", &marketer, wanted).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let other = server.tenant("Başka").await;
    let path = format!("/api/v1/events?brand_id={}", tenant.brand);
    let foreign = server.get(&path, &other.owner).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_segment_counts_events_and_says_so_in_words() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let rule = |name: &str, times: u32| {
        json!({ "type": "all", "rules": [
            { "type": "event", "name": name, "often": "at_least", "times": times, "days": 30 },
        ] })
    };
    let preview = |rule: Value| json!({ "brand_id": tenant.brand, "channel": "MESAJ", "kind": "BIREYSEL", "rule": rule });
    let unknown = server
        .post(
            "/api/v1/segments/preview",
            &tenant.owner,
            preview(rule("satin_alma", 2)),
        )
        .await;
    assert_eq!(unknown.faults()[0].0, "rule", "{}", unknown.text());
    let items = vec![bought("a", json!({})), bought("b", json!({}))];
    tell(&server, &tenant, items).await;
    for (times, people) in [(2, 1), (3, 0)] {
        let found = server
            .post(
                "/api/v1/segments/preview",
                &tenant.owner,
                preview(rule("satin_alma", times)),
            )
            .await
            .json();
        assert_eq!(found["target"], people, "{found}");
        assert_eq!(
            found["text_tr"],
            format!("son 30 günde en az {times} kez satin_alma")
        );
    }
    let wanted = json!({ "name": "Alıcılar", "rule": rule("satin_alma", 2) });
    let made = server.post("/api/v1/segments", &tenant.owner, wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(
        made["text_en"],
        "satin_alma at least 2 times in the last 30 days"
    );
    assert_eq!(made["rule"]["rules"][0]["type"], "event");
}

#[tokio::test]
async fn conversions_need_an_event_that_is_known_and_a_deadline() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let campaign = crate::campaigns::new_campaign(&server, &tenant).await;
    let made = server
        .post("/api/v1/campaigns", &tenant.owner, campaign)
        .await
        .json();
    let path = |query: &str| {
        let id = made["id"].as_str().unwrap();
        format!("/api/v1/campaigns/{id}/conversions?{query}")
    };
    let ask = async |query: &str| server.get(&path(query), &tenant.owner).await;
    let unknown = ask("event=satin_alma&within_minutes=120").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    define(&server, &tenant, "satin_alma", json!([])).await;
    for (query, field) in [
        ("event=satin_alma&within_minutes=0", "within_minutes"),
        ("event=!&within_minutes=120", "event"),
        ("event=satin_alma&within_minutes=120&field=a%22b", "field"),
    ] {
        let refused = ask(query).await;
        assert_eq!(refused.faults()[0].0, field, "{}", refused.text());
    }
    assert_eq!(
        ask("event=satin_alma").await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a deadline is needed"
    );
    let counted = ask("event=Satin_Alma&within_minutes=120&field=tutar").await;
    let counted = counted.json();
    assert_eq!(
        (&counted["event"], &counted["people"], &counted["revenue"]),
        (&json!("satin_alma"), &json!(0), &Value::Null)
    );
    let other = server.tenant("Başka").await;
    let foreign = server
        .get(&path("event=satin_alma&within_minutes=120"), &other.owner)
        .await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}
