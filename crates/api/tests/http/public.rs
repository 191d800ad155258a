//! The pages behind a person's own link: what they allow, and what they do not tell.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};

use crate::support::Server;

#[tokio::test]
async fn a_link_that_is_not_ours_is_told_in_words_and_nothing_is_loaded_from_elsewhere() {
    let server = Server::start().await;
    let made_up = server.engine.links().token(
        domain::ids::CampaignId::from_db(1),
        domain::ids::RecipientId::from_db(1),
    );
    let forged = format!("0{}", &made_up[1..made_up.len() - 1]);
    for token in ["yok", "0", &"0".repeat(52), &forged, &"z".repeat(5_000)] {
        for method in [Method::GET, Method::POST] {
            let request = Request::builder()
                .method(method.clone())
                .uri(format!("/u/{token}?dil=en"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from("List-Unsubscribe=One-Click"))
                .unwrap();
            let answer = server.send(request).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {token}");
            let policy = answer.headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; style-src 'self'"),
                "{policy}"
            );
            assert_eq!(answer.headers["referrer-policy"], "no-referrer");
            assert_eq!(answer.headers["cache-control"], "no-store");
            let text = answer.text();
            assert!(text.starts_with("<!doctype html>"), "{text}");
            assert!(!text.contains("http"), "{text}");
        }
    }
    let style = server.get("/u/stil.css", "").await;
    assert_eq!(style.status, StatusCode::OK);
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
}
