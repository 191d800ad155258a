//! People: what they said, and why a message would or would not reach them.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

use crate::support::{Server, Tenant};

pub(crate) const PHONE: &str = "+905321234567";

fn consent(tenant: &Tenant, change: &[(&str, Value)]) -> Value {
    let mut consent = json!({
        "brand_id": tenant.brand, "address": "0532 123 45 67", "channel": "MESAJ",
        "kind": "BIREYSEL", "status": "ONAY", "consent_at": "2025-06-20T10:00:00+03:00",
        "source": "HS_WEB",
    });
    for (field, value) in change {
        consent[*field] = value.clone();
    }
    consent
}

/// Records a declaration; what became of it.
pub(crate) async fn say(server: &Server, tenant: &Tenant, change: &[(&str, Value)]) -> Value {
    let answer = server
        .post("/api/v1/consents", &tenant.owner, consent(tenant, change))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()["items"][0].clone()
}

async fn contact(server: &Server, tenant: &Tenant) -> Value {
    let people = server
        .get("/api/v1/contacts?query=05321234567", &tenant.owner)
        .await
        .json();
    people["items"][0].clone()
}

#[tokio::test]
async fn a_declaration_is_recorded_and_a_newer_refusal_wins_over_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let first = say(&server, &tenant, &[]).await;
    assert_eq!(first["accepted"], true);
    assert!(first["event_id"].as_str().unwrap().starts_with("evt_"));
    let again = say(&server, &tenant, &[]).await;
    assert_eq!(
        (&again["accepted"], &again["reason"]["code"]),
        (&json!(true), &json!("W804"))
    );
    let refusal = [
        ("status", json!("RET")),
        ("consent_at", json!("2025-06-21T10:00:00+03:00")),
    ];
    assert_eq!(say(&server, &tenant, &refusal).await["accepted"], true);
    let older = say(&server, &tenant, &[]).await;
    assert_eq!(
        (&older["accepted"], &older["reason"]["code"]),
        (&json!(false), &json!("R805"))
    );

    let key = format!(
        "brand_id={}&address=05321234567&channel=MESAJ",
        tenant.brand
    );
    let state = server
        .get(&format!("/api/v1/consents?{key}"), &tenant.owner)
        .await
        .json();
    assert_eq!(
        (&state["local"]["status"], &state["address"]),
        (&json!("RET"), &json!(PHONE))
    );
    assert_eq!(
        (&state["local"]["source"], &state["local"]["origin"]),
        (&json!("HS_WEB"), &json!("API"))
    );
    let history = server
        .get(&format!("/api/v1/consents/history?{key}"), &tenant.owner)
        .await
        .json();
    let said: Vec<_> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["status"])
        .collect();
    assert_eq!(said, [&json!("RET"), &json!("ONAY")]);
}

#[tokio::test]
async fn what_held_at_an_instant_is_told_by_what_was_written_down_then() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    server.db.clock.advance(domain::time::DAY_US);
    say(&server, &tenant, &[("status", json!("RET"))]).await;
    for (at, status) in [
        ("2025-06-22T10:00:00%2B03:00", Value::Null),
        ("2025-06-23T12:00:00%2B03:00", json!("ONAY")),
        ("2025-06-25T10:00:00%2B03:00", json!("RET")),
    ] {
        let path = format!(
            "/api/v1/consents/as-of?brand_id={}&address=05321234567&channel=MESAJ&at={at}",
            tenant.brand
        );
        assert_eq!(
            server.get(&path, &tenant.owner).await.json()["status"],
            status,
            "{at}"
        );
    }
}

#[tokio::test]
async fn many_declarations_are_judged_each_and_their_faults_are_named_by_place() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let other = server.tenant("Başka").await;
    let good = consent(&tenant, &[]);
    let items = json!({ "items": [
        good,
        consent(&tenant, &[("address", json!("0212 123 45 67"))]),
        consent(&tenant, &[("consent_at", json!("2026-01-01T00:00:00+03:00"))]),
        consent(&tenant, &[("source", json!("IYS_WEB"))]),
    ]});
    let answer = server.post("/api/v1/consents", &tenant.owner, items).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text()
    );
    let expected = [
        ("items[1].address", "R206"),
        ("items[2].consent_at", "R604"),
        ("items[3].source", "R703"),
    ];
    assert_eq!(
        answer.faults(),
        expected.map(|(f, c)| (f.to_owned(), c.to_owned())),
        "{}",
        answer.text()
    );
    let mixed = json!({ "items": [consent(&tenant, &[]), consent(&other, &[])] });
    let answer = server.post("/api/v1/consents", &tenant.owner, mixed).await;
    assert_eq!(
        answer.faults(),
        [("items[1].brand_id".to_owned(), "one_brand".to_owned())]
    );
    let unknown = consent(&tenant, &[("staus", json!("ONAY"))]);
    let answer = server
        .post("/api/v1/consents", &tenant.owner, unknown)
        .await;
    assert_eq!(
        answer.faults(),
        [("staus".to_owned(), "unknown".to_owned())]
    );
    let none = server
        .post("/api/v1/consents", &tenant.owner, json!({ "items": [] }))
        .await;
    assert_eq!(none.faults(), [("items".to_owned(), "count".to_owned())]);
    assert_eq!(
        server.get("/api/v1/contacts", &tenant.owner).await.json()["items"],
        json!([])
    );
}

#[tokio::test]
async fn why_names_every_reason_and_the_event_it_rests_on() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let event = say(&server, &tenant, &[]).await["event_id"].clone();
    let id = contact(&server, &tenant).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!(
        "/api/v1/contacts/{id}/why?brand_id={}&channel=MESAJ",
        tenant.brand
    );
    let why = server.get(&path, &tenant.owner).await.json();
    assert_eq!(
        (&why["sendable"], &why["headline"]["code"]),
        (&json!(false), &json!("S102")),
        "{why}"
    );
    assert_eq!(
        (&why["local"]["event_id"], &why["registry"]["verdict"]),
        (&event, &json!("UNASKED"))
    );
    assert!(
        why["headline"]["next_tr"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );

    let signed = json!({ "off_reason": "Yönetim kurulu kararı 2025/4" });
    let brand = format!("/api/v1/brands/{}", tenant.brand);
    assert_eq!(
        server.patch(&brand, &tenant.owner, signed).await.status,
        StatusCode::OK
    );
    let why = server.get(&path, &tenant.owner).await.json();
    assert_eq!(
        (&why["sendable"], &why["headline"]),
        (&json!(true), &Value::Null),
        "{why}"
    );

    let stop = json!({ "addresses": [PHONE], "cause": "blacklist" });
    assert_eq!(
        server
            .post("/api/v1/blacklist", &tenant.owner, stop)
            .await
            .status,
        StatusCode::CREATED
    );
    assert_eq!(
        server.get(&path, &tenant.owner).await.json()["headline"]["code"],
        "S201"
    );
    let email = format!(
        "/api/v1/contacts/{id}/why?brand_id={}&channel=EPOSTA",
        tenant.brand
    );
    assert_eq!(
        server.get(&email, &tenant.owner).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn addresses_and_names_are_masked_for_roles_without_the_right() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let stop = json!({ "addresses": [PHONE], "cause": "complaint", "note": "aradı" });
    server.post("/api/v1/blacklist", &tenant.owner, stop).await;
    let id = contact(&server, &tenant).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let support = server.key(tenant.firm, Role::Support).await;
    let key = format!(
        "brand_id={}&address=05321234567&channel=MESAJ",
        tenant.brand
    );
    for path in [
        "/api/v1/contacts".to_owned(),
        format!("/api/v1/contacts/{id}"),
        format!("/api/v1/contacts/{id}/timeline"),
        "/api/v1/blacklist".to_owned(),
        format!("/api/v1/consents?{key}"),
        format!("/api/v1/consents/history?{key}"),
    ] {
        let masked = server.get(&path, &viewer).await;
        assert_eq!(masked.status, StatusCode::OK, "{path}: {}", masked.text());
        assert!(!masked.text().contains(PHONE), "{path}: {}", masked.text());
        assert!(
            masked.text().contains("+90532*****67"),
            "{path}: {}",
            masked.text()
        );
        assert!(
            server.get(&path, &support).await.text().contains(PHONE),
            "{path}"
        );
    }
}

#[tokio::test]
async fn stops_are_added_listed_paged_and_lifted_one_by_one() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let add = |channel: Value| json!({ "addresses": [PHONE, "+905550000001"], "channel": channel, "cause": "blacklist" });
    let added = server
        .post("/api/v1/blacklist", &tenant.owner, add(Value::Null))
        .await;
    assert_eq!(
        added.json(),
        json!({ "added": 1, "unknown": ["+905550000001"] }),
        "{}",
        added.text()
    );
    server
        .post("/api/v1/blacklist", &tenant.owner, add(json!("MESAJ")))
        .await;
    let first = server
        .get("/api/v1/blacklist?limit=1", &tenant.owner)
        .await
        .json();
    assert_eq!(first["items"][0]["channel"], Value::Null);
    let next = first["next"].as_str().expect("a second page");
    let second = server
        .get(
            &format!("/api/v1/blacklist?limit=1&after={next}"),
            &tenant.owner,
        )
        .await
        .json();
    assert_eq!(
        (&second["items"][0]["channel"], &second["next"]),
        (&json!("MESAJ"), &Value::Null)
    );
    let lift = json!({ "address": PHONE, "channel": "MESAJ", "cause": "blacklist" });
    let call = || {
        server.call(
            Method::DELETE,
            "/api/v1/blacklist",
            &tenant.owner,
            Some(lift.clone()),
        )
    };
    assert_eq!(call().await.status, StatusCode::NO_CONTENT);
    assert_eq!(call().await.status, StatusCode::NOT_FOUND);
    let left = server.get("/api/v1/blacklist", &tenant.owner).await.json();
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn people_are_found_by_name_number_and_address_and_paged_by_name() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for n in 1..=3 {
        let address = json!(format!("+90532123450{n}"));
        say(&server, &tenant, &[("address", address)]).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/contacts?limit=2".to_owned();
    loop {
        let page = server.get(&path, &tenant.owner).await.json();
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c["phone"].clone()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/contacts?limit=2&after={next}");
    }
    assert_eq!(seen, ["+905321234501", "+905321234502", "+905321234503"]);
    let found = server
        .get("/api/v1/contacts?query=0532%20123%2045%2002", &tenant.owner)
        .await
        .json();
    assert_eq!(found["items"][0]["phone"], "+905321234502");
    let none = server
        .get("/api/v1/contacts?query=Kimse", &tenant.owner)
        .await
        .json();
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn what_belongs_to_a_contact_of_another_firm_is_not_found() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let stranger = server.tenant("Yabancı").await;
    say(&server, &tenant, &[]).await;
    let id = contact(&server, &tenant).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for tail in [
        "",
        "/timeline",
        &format!("/why?brand_id={}&channel=MESAJ", stranger.brand),
    ] {
        let answer = server
            .get(&format!("/api/v1/contacts/{id}{tail}"), &stranger.owner)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{tail}");
    }
    for brand in [tenant.brand, stranger.brand] {
        let query = format!("brand_id={brand}&address=05321234567&channel=MESAJ");
        let answer = server
            .get(&format!("/api/v1/consents?{query}"), &stranger.owner)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let lift = json!({ "address": PHONE, "cause": "blacklist" });
    let answer = server
        .call(
            Method::DELETE,
            "/api/v1/blacklist",
            &stranger.owner,
            Some(lift),
        )
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
