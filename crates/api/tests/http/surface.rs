//! What every caller meets: headers, health, figures, the panel, the document.

use std::collections::HashSet;

use crate::support::{Server, request};
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_the_request_s_id() {
    let server = Server::start().await;
    for path in ["/api/v1/brands", "/", "/healthz", "/api/v1/nirgendwo"] {
        let answer = server.get(path, "").await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("strict-transport-security"), "max-age=31536000");
        assert!(header("x-request-id").starts_with("req_"), "{path}");
    }
    assert_eq!(
        server.get("/api/v1/brands", "").await.headers["cache-control"],
        "no-store"
    );
    let plain = Server::with(|options| options.secure_cookies = false).await;
    let answer = plain.get("/healthz", "").await;
    assert!(!answer.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn a_harmless_request_id_of_the_caller_is_kept_and_another_is_replaced() {
    let server = Server::start().await;
    for (given, is_kept) in [
        ("siparis-4711", true),
        ("a\"b", false),
        (&"x".repeat(65), false),
    ] {
        let mut request = request(Method::GET, "/api/v1/brands", "", None);
        request
            .headers_mut()
            .insert("x-request-id", given.parse().unwrap());
        let answer = server.send(request).await;
        assert_eq!(answer.headers["x-request-id"] == given, is_kept, "{given}");
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems_too() {
    let server = Server::start().await;
    for path in ["/api/v1/yok", "/api", "/in/yok", "/u"] {
        let answer = server.get(path, "").await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::NOT_FOUND, "NOT_FOUND"),
            "{path}"
        );
    }
    let answer = server
        .send(request(Method::PUT, "/api/v1/brands", "", None))
        .await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED")
    );
}

#[tokio::test]
async fn the_process_tells_whether_it_lives_and_whether_it_can_work() {
    let server = Server::start().await;
    assert_eq!(server.get("/healthz", "").await.text(), "ok");
    assert_eq!(server.get("/readyz", "").await.text(), "ready");
    server.stopping.cancel();
    let answer = server.get("/readyz", "").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/healthz", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_without_its_inner_words() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    server.db.store.close().await;
    for path in ["/readyz", "/api/v1/brands"] {
        let answer = server.get(path, &tenant.owner).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.code(), "UNAVAILABLE");
        assert!(
            !answer.text().contains("sqlite") && !answer.text().contains("pool"),
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_address() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    server
        .get(&format!("/api/v1/brands/{}", tenant.brand), &tenant.owner)
        .await;
    server.get("/tarayici/4711", "").await;
    let figures = server.get("/metrics", "").await.text();
    let line = "http_requests_total{method=\"GET\",route=\"/api/v1/brands/{id}\",status=\"200\"}";
    assert!(figures.contains(line), "{figures}");
    assert!(figures.contains("http_request_duration_seconds_bucket"));
    assert!(!figures.contains("tarayici"));
}

#[tokio::test]
async fn the_panel_s_page_answers_its_own_addresses_but_no_missing_file() {
    let server = Server::start().await;
    for path in ["/", "/uploads", "/campaigns/cmp_1/report"] {
        let answer = server.get(path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(
            answer.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .starts_with("text/html")
        );
    }
    for path in [
        "/assets/yok.js",
        "/yok.png",
        "/../Cargo.toml",
        "/assets/../../package.json",
    ] {
        let answer = server.get(path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let without = Server::with(|options| options.serve_panel = false).await;
    assert_eq!(without.get("/", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn long_answers_are_compressed_for_those_who_read_gzip() {
    let server = Server::start().await;
    let request = Request::get("/api/v1/openapi.json").header(header::ACCEPT_ENCODING, "gzip");
    let answer = server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers[header::CONTENT_ENCODING], "gzip");
    assert_eq!(answer.body[..2], [0x1f, 0x8b]);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let mut server =
        Server::with(|options| options.answer_within = std::time::Duration::ZERO).await;
    let tenant = server.tenant("Firma").await;
    let answer = server.get("/api/v1/brands", &tenant.owner).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "TIMED_OUT")
    );
}

/// Method, path and operation of every call in the document.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let calls = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| {
                let method = method.to_uppercase().parse().unwrap();
                (method, path.clone(), operation.clone())
            })
    });
    calls.collect()
}

#[tokio::test]
async fn every_call_of_the_document_exists_and_is_closed_unless_it_says_otherwise() {
    let server = Server::start().await;
    let document: Value = serde_json::to_value(api::openapi()).unwrap();
    assert_eq!(
        server.get("/api/v1/openapi.json", "").await.json(),
        document
    );
    assert_eq!(document["openapi"], "3.1.0");
    let calls = operations(&document);
    assert!(calls.len() > 50, "{}", calls.len());
    let mut names = HashSet::new();
    for (method, path, operation) in calls {
        let name = operation["operationId"].as_str().unwrap().to_owned();
        assert!(names.insert(name), "{method} {path} has a name of its own");
        assert!(
            operation["responses"]["default"].is_object(),
            "{method} {path} names its problems"
        );
        assert!(
            operation["summary"].is_string(),
            "{method} {path} says what it does"
        );
        let is_open = operation["security"] == serde_json::json!([{}]);
        let address = path
            .replace("{id}", "x")
            .replace("{brand_id}", "x")
            .replace("{connector_key}", "x");
        let answer = server
            .send(request(method.clone(), &address, "", None))
            .await;
        if is_open {
            assert_ne!(answer.code(), "METHOD_NOT_ALLOWED", "{method} {path}");
            assert_ne!(answer.code(), "NOT_SIGNED_IN", "{method} {path}");
        } else {
            assert_eq!(answer.code(), "NOT_SIGNED_IN", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_schema_that_the_document_refers_to_is_in_it() {
    let document: Value = serde_json::to_value(api::openapi()).unwrap();
    let text = document.to_string();
    let known = document["components"]["schemas"].as_object().unwrap();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(known.contains_key(name), "{name}");
    }
    for word in ["Channel", "Role", "CampaignState", "UploadState", "Verdict"] {
        assert!(
            known[word]["enum"]
                .as_array()
                .is_some_and(|words| words.len() > 1),
            "{word}"
        );
    }
}

#[tokio::test]
async fn every_reason_code_is_listed_with_both_texts() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let list = server.get("/api/v1/reasons", &tenant.owner).await.json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), domain::ReasonCode::all().len());
    assert!(
        items
            .iter()
            .all(|item| item["text_tr"].is_string() && item["text_en"].is_string())
    );
}
