//! Who may call: sessions, keys, roles.

use crate::support::{PASSWORD, Server, new_template, request};
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use store::access::Role;

#[tokio::test]
async fn nobody_gets_in_without_a_cookie_or_a_key() {
    let server = Server::start().await;
    for path in [
        "/api/v1/brands",
        "/api/v1/session",
        "/api/v1/campaigns",
        "/api/v1/audit",
    ] {
        let answer = server.get(path, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.code(), "NOT_SIGNED_IN");
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            "application/problem+json"
        );
        let json = answer.json();
        assert_eq!(
            json["request_id"].as_str(),
            answer.headers["x-request-id"].to_str().ok()
        );
        assert_eq!(json["title_tr"], "Oturum açmanız gerekiyor.");
    }
    let answer = server.get("/api/v1/brands", "izk_yanlis").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn signing_in_sets_a_cookie_that_scripts_cannot_read_and_foreign_pages_cannot_send() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    server
        .person(tenant.firm, "ayse@ornek.com", Role::Marketer)
        .await;
    let body = json!({ "email": " Ayse@Ornek.com ", "password": PASSWORD });
    let answer = server.post("/api/v1/session", "", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
    for part in [
        "izinli_session=",
        "HttpOnly",
        "SameSite=Strict",
        "Secure",
        "Path=/",
    ] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let json = answer.json();
    assert_eq!(json["user"]["role"], "marketer");
    assert_eq!(json["firm"]["name"], "Firma");
    assert_eq!(json["clock"]["now"], "2025-06-23T10:00:00+03:00");
    assert_eq!(json["clock"]["simulated"], false);
    let (cookie, _) = server.sign_in("ayse@ornek.com").await;
    let reading = Request::get("/api/v1/session").header(header::COOKIE, cookie);
    let answer = server.send(reading.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.json()["user"]["email"], "ayse@ornek.com");
}

#[tokio::test]
async fn a_changing_call_with_a_cookie_must_repeat_the_session_s_token() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    server
        .person(tenant.firm, "ayse@ornek.com", Role::Marketer)
        .await;
    let (cookie, token) = server.sign_in("ayse@ornek.com").await;
    let call = |token: Option<&str>| {
        let mut request = request(
            Method::POST,
            "/api/v1/templates",
            "",
            Some(new_template(tenant.brand)),
        );
        request
            .headers_mut()
            .insert(header::COOKIE, cookie.parse().unwrap());
        if let Some(token) = token {
            request
                .headers_mut()
                .insert("x-csrf-token", token.parse().unwrap());
        }
        request
    };
    for wrong in [None, Some("yanlis")] {
        let answer = server.send(call(wrong)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "CSRF_TOKEN")
        );
    }
    let answer = server.send(call(Some(&token))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

#[tokio::test]
async fn signing_out_ends_the_session_and_so_does_taking_the_account_away() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let user = server
        .person(tenant.firm, "ayse@ornek.com", Role::Marketer)
        .await;
    let with = |method: Method, cookie: &str, token: &str| {
        let mut request = request(method, "/api/v1/session", "", None);
        request
            .headers_mut()
            .insert(header::COOKIE, cookie.parse().unwrap());
        request
            .headers_mut()
            .insert("x-csrf-token", token.parse().unwrap());
        request
    };
    let (cookie, token) = server.sign_in("ayse@ornek.com").await;
    let answer = server.send(with(Method::DELETE, &cookie, &token)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(
        answer.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    let answer = server.send(with(Method::GET, &cookie, &token)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);

    let (cookie, token) = server.sign_in("ayse@ornek.com").await;
    let path = format!("/api/v1/users/{user}");
    let answer = server
        .patch(&path, &tenant.owner, json!({ "disabled": true }))
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let answer = server.send(with(Method::GET, &cookie, &token)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn wrong_passwords_and_unknown_addresses_answer_alike_and_are_throttled() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    server
        .person(tenant.firm, "ayse@ornek.com", Role::Viewer)
        .await;
    let try_with = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        request(Method::POST, "/api/v1/session", "", Some(body))
    };
    let unknown = server
        .send(try_with("kim@ornek.com", "bir parola daha"))
        .await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (StatusCode::UNAUTHORIZED, "WRONG_CREDENTIALS")
    );
    for _ in 0..8 {
        let answer = server
            .send(try_with("ayse@ornek.com", "bir parola daha"))
            .await;
        assert_eq!(answer.code(), "WRONG_CREDENTIALS");
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
    let answer = server.send(try_with("ayse@ornek.com", PASSWORD)).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_ATTEMPTS")
    );
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    server.db.clock.advance(15 * domain::time::MINUTE_US);
    server.sign_in("ayse@ornek.com").await;
}

#[tokio::test]
async fn each_role_may_what_its_table_says_and_nothing_else() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let brand = format!("/api/v1/brands/{}", tenant.brand);
    let calls: [(Method, &str, Option<serde_json::Value>, &[Role]); 5] = [
        (
            Method::GET,
            "/api/v1/users",
            None,
            &[Role::Owner, Role::Admin],
        ),
        (
            Method::GET,
            "/api/v1/api-keys",
            None,
            &[Role::Owner, Role::Admin, Role::Developer],
        ),
        (
            Method::GET,
            "/api/v1/audit",
            None,
            &[Role::Owner, Role::Admin, Role::Compliance],
        ),
        (
            Method::PATCH,
            &brand,
            Some(json!({ "brake_percent": 10 })),
            &[Role::Owner, Role::Admin],
        ),
        (
            Method::PATCH,
            &brand,
            Some(json!({ "off_reason": "imzalı" })),
            &[Role::Owner],
        ),
    ];
    for role in Role::ALL {
        let key = server.key(tenant.firm, *role).await;
        for (method, path, body, holders) in &calls {
            let answer = server.call(method.clone(), path, &key, body.clone()).await;
            if holders.contains(role) {
                assert_eq!(
                    answer.status,
                    StatusCode::OK,
                    "{role} {path}: {}",
                    answer.text()
                );
            } else {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{role} {path}");
                assert_eq!(answer.code(), "NOT_PERMITTED");
            }
        }
        let reading = server.get("/api/v1/brands", &key).await;
        assert_eq!(reading.status, StatusCode::OK, "{role}");
    }
}

#[tokio::test]
async fn nobody_gives_a_role_that_may_do_more_than_their_own() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let developer = server.key(tenant.firm, Role::Developer).await;
    let wanted = json!({ "name": "daha güçlü", "role": "owner" });
    let answer = server.post("/api/v1/api-keys", &developer, wanted).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.faults(), [("role".to_owned(), "role".to_owned())]);
    let admin = server.key(tenant.firm, Role::Admin).await;
    let user = json!({
        "email": "sahip@ornek.com", "name": "Sahip", "role": "owner", "language": "tr",
        "password": PASSWORD,
    });
    let answer = server.post("/api/v1/users", &admin, user).await;
    assert_eq!(answer.faults(), [("role".to_owned(), "role".to_owned())]);
    let owner = server
        .person(tenant.firm, "asil@ornek.com", Role::Owner)
        .await;
    let path = format!("/api/v1/users/{owner}");
    let answer = server
        .patch(
            &path,
            &admin,
            json!({ "password": "ele geçirilmiş parola" }),
        )
        .await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_key_works_until_it_is_withdrawn_and_cannot_be_taken_back() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let wanted = json!({ "name": "entegrasyon", "role": "marketer" });
    let made = server.post("/api/v1/api-keys", &tenant.owner, wanted).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("izk_"));
    assert_eq!(
        server.get("/api/v1/brands", key).await.status,
        StatusCode::OK
    );
    let path = format!(
        "/api/v1/api-keys/{}",
        made["api_key"]["id"].as_str().unwrap()
    );
    let end = json!({ "disabled": true });
    let answer = server.patch(&path, &tenant.owner, end.clone()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.json()["disabled_at"].is_string());
    assert_eq!(
        server.get("/api/v1/brands", key).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        server.patch(&path, &tenant.owner, end).await.status,
        StatusCode::OK
    );
    let answer = server
        .patch(&path, &tenant.owner, json!({ "disabled": false }))
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(
        !server
            .get("/api/v1/api-keys", &tenant.owner)
            .await
            .text()
            .contains(key)
    );
}

#[tokio::test]
async fn a_person_confirms_another_mode_at_the_registry_with_their_password() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    server
        .person(tenant.firm, "ayse@ornek.com", Role::Owner)
        .await;
    let brand = format!("/api/v1/brands/{}", tenant.brand);
    let codes = json!({ "iys_code": 100_000, "brand_code": 200_000 });
    let answer = server.patch(&brand, &tenant.owner, codes).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let path = format!("/api/v1/registry/{}/mode", tenant.brand);
    let preview = server
        .post(
            &format!("{path}/preview"),
            &tenant.owner,
            json!({ "mode": "sync" }),
        )
        .await;
    assert_eq!(preview.status, StatusCode::OK, "{}", preview.text());
    let preview = preview.json();
    let (cookie, token) = server.sign_in("ayse@ornek.com").await;
    let call = |password: Option<&str>| {
        let body = json!({ "preview_id": preview["id"], "password": password });
        let mut request = request(Method::POST, &path, "", Some(body));
        let headers = request.headers_mut();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers.insert("x-csrf-token", token.parse().unwrap());
        request
    };
    for wrong in [None, Some("yanlis")] {
        let answer = server.send(call(wrong)).await;
        assert_eq!(
            answer.json()["code"],
            "WRONG_CREDENTIALS",
            "{}",
            answer.text()
        );
    }
    let answer = server.send(call(Some(crate::support::PASSWORD))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["mode"], "sync");
}
