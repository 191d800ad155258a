//! Bodies and queries that cannot be accepted: the answer names the field.

use crate::support::{Server, new_template, request};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn without(mut body: Value, field: &str) -> Value {
    body.as_object_mut().expect("an object").remove(field);
    body
}

#[tokio::test]
async fn a_refused_body_names_every_field_at_fault_in_both_languages() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let wanted = json!({
        "name": "  ", "short_name": "ORNEK", "trade_name": "Örnek A.Ş.", "mersis": "123",
        "freshness_hours": 0, "window": { "from": "20:00", "to": "09:00" }, "countries": ["XX"],
        "brake_percent": 101,
    });
    let answer = server.post("/api/v1/brands", &tenant.owner, wanted).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "INVALID")
    );
    let expected = [
        ("brake_percent", "range"),
        ("countries", "country"),
        ("freshness_hours", "range"),
        ("mersis", "mersis"),
        ("name", "blank"),
        ("window", "window"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(answer.faults(), expected, "{}", answer.text());
    let fault = &answer.json()["where"][0];
    assert_eq!(fault["text_tr"], "0 ile 100 arasında olmalı.");
    assert_eq!(fault["text_en"], "Must be from 0 to 100.");
}

#[tokio::test]
async fn missing_unknown_and_unreadable_fields_are_named() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let good = new_template(tenant.brand);
    let cases = [
        (without(good.clone(), "name"), "name", "required"),
        (with(good.clone(), "nmae", json!("x")), "nmae", "unknown"),
        (
            with(good.clone(), "channel", json!("FAX")),
            "channel",
            "unreadable",
        ),
        (
            with(good.clone(), "brand_id", json!("cmp_1")),
            "brand_id",
            "unreadable",
        ),
        (with(good.clone(), "name", json!(5)), "name", "unreadable"),
        (
            with(good.clone(), "body", json!("Sayın {{ad")),
            "body",
            "text",
        ),
        (
            with(good.clone(), "body", json!("{% for %}")),
            "body",
            "text",
        ),
        (with(good, "name", json!("a".repeat(101))), "name", "length"),
    ];
    for (body, field, code) in cases {
        let answer = server
            .post("/api/v1/templates", &tenant.owner, body.clone())
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{body}: {}",
            answer.text()
        );
        assert_eq!(
            answer.faults(),
            [(field.to_owned(), code.to_owned())],
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_is_no_json_is_told_so_and_a_foreign_form_gets_nowhere() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let mut broken = request(
        Method::POST,
        "/api/v1/templates",
        &tenant.owner,
        Some(json!({})),
    );
    *broken.body_mut() = "{\"name\":".into();
    let answer = server.send(broken).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::BAD_REQUEST, "UNREADABLE")
    );
    let mut form = request(
        Method::POST,
        "/api/v1/templates",
        &tenant.owner,
        Some(json!({})),
    );
    form.headers_mut()
        .insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
    let answer = server.send(form).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_TYPE")
    );
    let huge = with(
        new_template(tenant.brand),
        "body",
        json!("a".repeat(3 * 1024 * 1024)),
    );
    let answer = server.post("/api/v1/templates", &tenant.owner, huge).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE")
    );
}

#[tokio::test]
async fn an_id_of_another_kind_names_nothing_and_a_foreign_cursor_is_refused() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for path in [
        "/api/v1/templates/cmp_1",
        "/api/v1/brands/1",
        "/api/v1/uploads/%F0%28",
    ] {
        let answer = server.get(path, &tenant.owner).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("after=xyz", "after"),
    ] {
        let answer = server
            .get(&format!("/api/v1/brands?{query}"), &tenant.owner)
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.faults()[0].0, field, "{query}");
    }
    let answer = server
        .get("/api/v1/brands?limit=viele", &tenant.owner)
        .await;
    assert_eq!(
        answer.faults(),
        [("limit".to_owned(), "unreadable".to_owned())]
    );
}

#[tokio::test]
async fn lists_page_by_cursor_until_their_end() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for n in 0..5 {
        let body = with(
            new_template(tenant.brand),
            "name",
            json!(format!("Metin {n}")),
        );
        assert_eq!(
            server
                .post("/api/v1/templates", &tenant.owner, body)
                .await
                .status,
            StatusCode::CREATED
        );
    }
    let mut names = Vec::new();
    let mut path = "/api/v1/templates?limit=2".to_owned();
    loop {
        let page = server.get(&path, &tenant.owner).await.json();
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 2);
        names.extend(
            items
                .iter()
                .map(|item| item["name"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/api/v1/templates?limit=2&after={next}");
    }
    assert_eq!(
        names,
        ["Metin 0", "Metin 1", "Metin 2", "Metin 3", "Metin 4"]
    );
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_null_empties_a_field() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = format!("/api/v1/brands/{}", tenant.brand);
    let change = json!({
        "registry_mode": "sync", "iys_code": 100_000, "brand_code": 200_000,
        "iys_username": "api@ornek.com", "iys_password": "çok gizli",
        "window": { "from": "10:00", "to": "18:30" }, "freshness_hours": 12,
    });
    let answer = server.patch(&path, &tenant.owner, change).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let brand = answer.json();
    assert_eq!(brand["registry_mode"], "sync");
    assert_eq!(brand["iys_configured"], true);
    assert_eq!(brand["window"], json!({ "from": "10:00", "to": "18:30" }));
    assert_eq!(
        (brand["freshness_hours"].as_i64(), brand["name"].as_str()),
        (Some(12), Some("Örnek"))
    );
    assert!(!answer.text().contains("çok gizli"));
    let emptied = json!({ "iys_username": null, "iys_password": null });
    let brand = server.patch(&path, &tenant.owner, emptied).await.json();
    assert_eq!(
        (&brand["iys_username"], &brand["iys_configured"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(brand["iys_code"], 100_000);
    let impossible = json!({ "iys_code": null });
    let answer = server.patch(&path, &tenant.owner, impossible).await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "a connected brand needs its code"
    );
    let trail = server.get("/api/v1/audit", &tenant.owner).await;
    assert!(
        trail.text().contains("iys_password_changed"),
        "{}",
        trail.text()
    );
    assert!(!trail.text().contains("çok gizli"));
}

#[tokio::test]
async fn somebody_else_s_change_in_between_is_a_conflict() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let made = server
        .post(
            "/api/v1/templates",
            &tenant.owner,
            new_template(tenant.brand),
        )
        .await;
    let path = format!("/api/v1/templates/{}", made.json()["id"].as_str().unwrap());
    let change = json!({ "version": 1, "body": "Kampanya bitti." });
    let saved = server.patch(&path, &tenant.owner, change.clone()).await;
    assert_eq!(
        (saved.status, saved.json()["version"].as_i64()),
        (StatusCode::OK, Some(2))
    );
    let again = server.patch(&path, &tenant.owner, change).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (StatusCode::CONFLICT, "CONFLICT")
    );
}

#[tokio::test]
async fn a_preview_fills_values_names_the_missing_and_counts_parts() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let made = server
        .post(
            "/api/v1/templates",
            &tenant.owner,
            new_template(tenant.brand),
        )
        .await;
    let path = format!(
        "/api/v1/templates/{}/preview",
        made.json()["id"].as_str().unwrap()
    );
    let full = server
        .post(&path, &tenant.owner, json!({ "values": { "ad": "Şükrü" } }))
        .await;
    assert_eq!(full.json()["text"], "Sayın Şükrü, indirim başladı.");
    assert_eq!(full.json()["length"]["encoding"], "GSM-7-TR");
    assert_eq!(full.json()["length"]["parts"], 1);
    let empty = server.post(&path, &tenant.owner, json!({})).await;
    assert_eq!(
        (&empty.json()["text"], &empty.json()["missing"]),
        (&Value::Null, &json!(["ad"]))
    );
}
