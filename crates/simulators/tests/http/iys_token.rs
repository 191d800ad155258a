//! `POST /oauth2/token`.

use serde_json::json;
use simulators::iys::Limits;

use crate::harness::{IYS_CODE, Iys, codes};

#[tokio::test]
async fn a_password_buys_a_token_of_two_hours_as_json_and_as_a_form() {
    let iys = Iys::start().await;
    let body = json!({
        "grant_type": "password", "username": "api@ornek.example", "password": "sifre",
    });
    let (status, said) = iys.client.post("/oauth2/token", &body).await;
    assert_eq!(status, 200);
    assert_eq!(said["expires_in"], 7_200);
    assert_eq!(said["refresh_expires_in"], 14_400);
    assert_eq!(said["token_type"], "bearer");
    let form = "grant_type=password&username=api%40ornek.example&password=sifre";
    let (status, said) = iys
        .client
        .post_text("/oauth2/token", "application/x-www-form-urlencoded", form)
        .await;
    assert_eq!(status, 200, "{said}");
}

#[tokio::test]
async fn wrong_token_requests_are_refused_each_in_its_form() {
    let iys = Iys::start().await;
    let oauth = |error: &str| (400, json!(error));
    let code = |status: u16, code: &str| (status, json!(code));
    for (body, expected) in [
        (json!({}), oauth("invalid_request")),
        (json!({ "grant_type": "" }), oauth("invalid_request")),
        (
            json!({ "grant_type": "client_credentials" }),
            oauth("invalid_request"),
        ),
        (
            json!({ "grant_type": "password", "password": "x" }),
            code(400, "H250"),
        ),
        (
            json!({ "grant_type": "password", "username": "x" }),
            code(400, "H252"),
        ),
        (
            json!({ "grant_type": "password", "username": null, "password": "x" }),
            oauth("invalid_request"),
        ),
        (
            json!({ "grant_type": "password", "username": "api@ornek.example", "password": "yanlış" }),
            code(401, "H251"),
        ),
        (
            json!({ "grant_type": "refresh_token" }),
            oauth("invalid_request"),
        ),
        (
            json!({ "grant_type": "refresh_token", "refresh_token": 5 }),
            oauth("invalid_request"),
        ),
        (
            json!({ "grant_type": "refresh_token", "refresh_token": "eyJ" }),
            oauth("invalid_grant"),
        ),
    ] {
        let (status, said) = iys.client.post("/oauth2/token", &body).await;
        let named = if said["error"].is_null() {
            said["errors"][0]["code"].clone()
        } else {
            said["error"].clone()
        };
        assert_eq!((status, named), expected, "{body}");
    }
    let answer = iys
        .client
        .post_text("/oauth2/token", "application/json", "{")
        .await;
    assert_eq!((answer.0, codes(&answer)), (400, vec!["H014".to_owned()]));
}

#[tokio::test]
async fn a_refresh_token_is_replaced_and_works_only_once() {
    let iys = Iys::start().await;
    let body = json!({
        "grant_type": "password", "username": "api@ornek.example", "password": "sifre",
    });
    let (_, first) = iys.client.post("/oauth2/token", &body).await;
    let refresh = json!({ "grant_type": "refresh_token", "refresh_token": first["refresh_token"] });
    let (status, second) = iys.client.post("/oauth2/token", &refresh).await;
    assert_eq!(status, 200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    let (status, again) = iys.client.post("/oauth2/token", &refresh).await;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_call_without_a_valid_token_gets_h351() {
    let mut iys = Iys::start().await;
    let path = format!("/sps/{IYS_CODE}/brands");
    assert_eq!(iys.client.get(&path).await.0, 200);
    let token = iys.client.authorization.take();
    for wrong in [
        None,
        Some("Bearer eyJ.x.y".to_owned()),
        Some("Basic YTpi".to_owned()),
    ] {
        iys.client.authorization = wrong;
        let answer = iys.client.get(&path).await;
        assert_eq!((answer.0, codes(&answer)), (401, vec!["H351".to_owned()]));
    }
    iys.client.authorization = token;
    iys.pass_ms(7_199_000);
    assert_eq!(iys.client.get(&path).await.0, 200);
    iys.pass_ms(1_000);
    assert_eq!(iys.client.get(&path).await.0, 401, "after two hours");
}

#[tokio::test]
async fn the_hourly_token_limit_holds_and_asking_too_early_restarts_its_hour() {
    let iys = Iys::start_with(|config| {
        config.options.limits = Some(Limits {
            calls_per_second: None,
            ..Limits::default()
        });
    })
    .await;
    let ask = || {
        let body = json!({
            "grant_type": "password", "username": "api@ornek.example", "password": "sifre",
        });
        let client = &iys.client;
        async move { client.post("/oauth2/token", &body).await }
    };
    // The harness has logged in once.
    for _ in 0..9 {
        assert_eq!(ask().await.0, 200);
    }
    let answer = ask().await;
    assert_eq!((answer.0, codes(&answer)), (429, vec!["H084".to_owned()]));
    iys.pass_ms(59 * 60_000);
    assert_eq!(ask().await.0, 429);
    iys.pass_ms(59 * 60_000);
    assert_eq!(ask().await.0, 429, "the early call began a new hour");
    iys.pass_ms(61 * 60_000);
    assert_eq!(ask().await.0, 200);
}

#[tokio::test]
async fn an_eleventh_call_within_a_second_gets_h124() {
    let iys = Iys::start_with(|config| config.options.limits = Some(Limits::default())).await;
    let path = format!("/sps/{IYS_CODE}/brands");
    // The harness has called once.
    for _ in 0..9 {
        assert_eq!(iys.client.get(&path).await.0, 200);
    }
    let answer = iys.client.get(&path).await;
    assert_eq!((answer.0, codes(&answer)), (429, vec!["H124".to_owned()]));
    iys.pass_ms(1_000);
    assert_eq!(iys.client.get(&path).await.0, 200);
    iys.client
        .tell("/_sim/options", &json!({ "limits": null }))
        .await;
    for _ in 0..30 {
        assert_eq!(iys.client.get(&path).await.0, 200);
    }
}
