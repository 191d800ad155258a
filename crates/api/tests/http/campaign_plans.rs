//! How a campaign leaves and what must be decided before it does.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

use crate::campaigns::new_campaign;
use crate::connectors::new_connector;
use crate::people::say;
use crate::support::{Server, Tenant};

const COMPLETE: &str = "Örnek Ticaret A.Ş. Mersis 0123456789012345 yaz indirimi başladı. RET ORNEK yazıp 3338'e gönderin.";

async fn made(server: &Server, tenant: &Tenant, changes: &[(&str, Value)]) -> String {
    let mut wanted = new_campaign(server, tenant).await;
    for (name, value) in changes {
        wanted[*name] = value.clone();
    }
    let made = server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    format!("/api/v1/campaigns/{}", made.json()["id"].as_str().unwrap())
}

async fn step(server: &Server, key: &str, path: &str, step: &str) -> (StatusCode, Value) {
    let answer = server
        .call(Method::POST, &format!("{path}/{step}"), key, None)
        .await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn each_missing_piece_of_mandatory_content_is_named_with_a_sentence_that_settles_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let path = made(
        &server,
        &tenant,
        &[("body", json!("Sayın {@ad}, yaz indirimi başladı 😀"))],
    )
    .await;
    let (status, run) = step(&server, &tenant.owner, &path, "dry-run").await;
    assert_eq!(status, StatusCode::OK, "{run}");
    let found: Vec<&str> = run["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        found,
        [
            "trade_name_missing",
            "mersis_missing",
            "refusal_missing",
            "contact_missing",
            "emoji"
        ]
    );
    assert_eq!(run["findings"][2]["proposal"], "Ret: RET ORNEK yaz 3338");
    let held = server.get(&path, &tenant.owner).await.json();
    assert_eq!(
        held["body"], "Sayın {{ad}}, yaz indirimi başladı 😀",
        "converted on paste"
    );

    let check = json!({ "brand_id": tenant.brand, "channel": "MESAJ", "basis": "COMMERCIAL", "body": COMPLETE });
    let checked = server
        .post("/api/v1/texts/check", &tenant.owner, check)
        .await;
    assert_eq!(
        (checked.status, &checked.json()["findings"]),
        (StatusCode::OK, &json!([])),
        "{}",
        checked.text()
    );
}

#[tokio::test]
async fn characters_that_leave_as_others_are_told_while_the_text_is_written() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let check = json!({
        "brand_id": tenant.brand, "channel": "MESAJ", "basis": "COMMERCIAL",
        "body": "“Şölen” {{ad}}: www.şölen.com", "lettering": "transliterate",
    });
    let checked = server
        .post("/api/v1/texts/check", &tenant.owner, check)
        .await
        .json();
    assert_eq!(checked["leaves_as"], "\"Sölen\" {{ad}}: www.şölen.com");
    let changes = json!([
        { "from": "Ş", "to": "S", "count": 1 },
        { "from": "“", "to": "\"", "count": 1 },
        { "from": "”", "to": "\"", "count": 1 },
    ]);
    assert_eq!(checked["changes"], changes, "{checked}");
    assert_eq!(checked["body"], "“Şölen” {{ad}}: www.şölen.com");

    let lettering = json!({ "lettering": "ascii" });
    let changes = [("plan", lettering), ("body", json!(COMPLETE))];
    let path = made(&server, &tenant, &changes).await;
    let held = server.get(&path, &tenant.owner).await.json();
    assert_eq!(held["plan"]["lettering"], "ascii", "{held}");
    let (status, run) = step(&server, &tenant.owner, &path, "dry-run").await;
    assert_eq!(
        (status, &run["lettering"]),
        (StatusCode::OK, &json!("ascii"))
    );
    assert_eq!(run["length"]["encoding"], "GSM-7", "{run}");
    let first = &run["changes"][0];
    assert!(first["count"].is_i64() && first["to"].is_string(), "{run}");
}

#[tokio::test]
async fn promotion_under_an_exempt_ground_leaves_only_after_somebody_else_approved_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = made(
        &server,
        &tenant,
        &[
            ("basis", json!("INFORMATIONAL")),
            ("body", json!("Randevunuz yarın. Bu ay %20 indirim!")),
        ],
    )
    .await;
    let (_, run) = step(&server, &tenant.owner, &path, "dry-run").await;
    assert_eq!(run["findings"][0]["code"], "promotion_exempt");
    assert!(run["second_person"].is_string(), "{run}");
    assert_eq!(run["launch_obstacle"], "approval", "{run}");
    let (status, problem) = step(&server, &tenant.owner, &path, "launch").await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    step(&server, &tenant.owner, &path, "submit").await;
    let approver = server.key(tenant.firm, Role::Approver).await;
    step(&server, &approver, &path, "approve").await;
    let (_, run) = step(&server, &tenant.owner, &path, "dry-run").await;
    assert!(run["launch_obstacle"].is_null(), "{run}");
    let (status, launched) = step(&server, &tenant.owner, &path, "launch").await;
    assert_eq!(
        (status, &launched["state"]),
        (StatusCode::ACCEPTED, &json!("launching")),
        "{launched}"
    );
}

#[tokio::test]
async fn a_plan_is_kept_and_what_cannot_work_in_it_is_named() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let plan = json!({
        "send_at": "2030-06-01T10:00:00+03:00",
        "packages": { "size": 50, "every_minutes": 30 },
        "canary": { "percent": 1, "wait_minutes": 30, "brake_percent": 20 },
        "control_percent": 5,
    });
    let path = made(&server, &tenant, &[("plan", plan)]).await;
    let held = server.get(&path, &tenant.owner).await.json();
    assert_eq!(held["plan"]["packages"]["size"], 50, "{held}");
    assert_eq!(
        held["batch_size"], 50,
        "no request is larger than a package"
    );
    let change = json!({ "plan": { "control_percent": 50 } });
    let refused = server.patch(&path, &tenant.owner, change).await;
    assert_eq!(
        refused.faults()[0].0,
        "plan.control_percent",
        "{}",
        refused.text()
    );
    let (_, launched) = step(&server, &tenant.owner, &path, "launch").await;
    assert!(
        launched["starts_at"]
            .as_str()
            .unwrap_or_default()
            .starts_with("2030-06-01T10:00:00"),
        "{launched}"
    );
    assert_eq!(
        server.engine.step_launch().await.expect("a step"),
        engine::Step::Idle
    );
    let (_, stopped) = step(&server, &tenant.owner, &path, "stop").await;
    assert_eq!(
        (&stopped["state"], &stopped["left"]["waiting"]),
        (&json!("stopped"), &json!(0))
    );
}

#[tokio::test]
async fn a_submitted_go_page_is_the_same_bytes_at_every_look() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let path = made(&server, &tenant, &[]).await;
    step(&server, &tenant.owner, &path, "submit").await;
    let page = format!("{path}/go");
    let first = server.get(&page, &tenant.owner).await;
    say(&server, &tenant, &[("address", json!("+905321234599"))]).await;
    let again = server.get(&page, &tenant.owner).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    assert_eq!(first.body, again.body);
    let page = first.json();
    assert_eq!(
        (&page["target"], &page["excluded"][0]["code"]),
        (&json!(1), &json!("S102")),
        "{page}"
    );
    for part in [
        "text_hash",
        "content_hash",
        "audience",
        "routes",
        "measured",
        "author",
        "starts_at",
    ] {
        assert!(!page[part].is_null(), "{part}: {page}");
    }
}

#[tokio::test]
async fn a_brand_that_wants_a_signature_launches_only_what_was_signed() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let rules = format!("/api/v1/brands/{}/sending-rules", tenant.brand);
    let wanted = json!({ "needs_signature": true, "quiet_dates": ["2026-07-15"] });
    let set = server
        .call(Method::PUT, &rules, &tenant.owner, Some(wanted))
        .await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let held = server.get(&rules, &tenant.owner).await.json();
    assert_eq!(
        (&held["needs_signature"], &held["quiet_dates"]),
        (&json!(true), &json!(["2026-07-15"]))
    );
    let bad = json!({ "quiet_dates": ["15.07.2026"] });
    let refused = server
        .call(Method::PUT, &rules, &tenant.owner, Some(bad))
        .await;
    assert_eq!(refused.faults()[0].0, "quiet_dates", "{}", refused.text());

    let path = made(&server, &tenant, &[]).await;
    let (status, problem) = step(&server, &tenant.owner, &path, "launch").await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    let page = server
        .get(&format!("{path}/go"), &tenant.owner)
        .await
        .json();
    let mut signature = json!({
        "signer": "Ayşe Şahin", "method": "e-imza", "content_hash": page["content_hash"],
        "evidence": "MIIB", "signed_at": "2020-01-01T10:00:00+03:00",
    });
    let signed = server
        .post(
            &format!("{path}/signature"),
            &tenant.owner,
            signature.clone(),
        )
        .await;
    assert_eq!(signed.status, StatusCode::CREATED, "{}", signed.text());
    server
        .patch(
            &path,
            &tenant.owner,
            json!({ "body": format!("{COMPLETE} Yeni.") }),
        )
        .await;
    let (status, _) = step(&server, &tenant.owner, &path, "launch").await;
    assert_eq!(status, StatusCode::CONFLICT, "one changed letter voids it");
    let old = server
        .post(
            &format!("{path}/signature"),
            &tenant.owner,
            signature.clone(),
        )
        .await;
    assert_eq!(old.status, StatusCode::CONFLICT);
    let page = server
        .get(&format!("{path}/go"), &tenant.owner)
        .await
        .json();
    signature["content_hash"] = page["content_hash"].clone();
    server
        .post(&format!("{path}/signature"), &tenant.owner, signature)
        .await;
    let (status, launched) = step(&server, &tenant.owner, &path, "launch").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{launched}");
}

#[tokio::test]
async fn a_stop_switch_keeps_a_brand_silent_until_it_is_released() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = made(&server, &tenant, &[]).await;
    let halt = format!("/api/v1/brands/{}/halt", tenant.brand);
    let blank = server
        .post(&halt, &tenant.owner, json!({ "reason": " " }))
        .await;
    assert_eq!(blank.faults()[0].0, "reason");
    let pressed = server
        .post(&halt, &tenant.owner, json!({ "reason": "Yanlış fiyat" }))
        .await;
    assert_eq!(pressed.status, StatusCode::ACCEPTED, "{}", pressed.text());
    let (status, problem) = step(&server, &tenant.owner, &path, "launch").await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem.to_string().contains("Yanlış fiyat"), "{problem}");
    let halts = server.get("/api/v1/halts", &tenant.owner).await.json();
    assert_eq!(
        (&halts[0]["scope"], &halts[0]["subject_id"]),
        (&json!("brand"), &json!(tenant.brand))
    );
    let stranger = server.tenant("Yabancı").await;
    let theirs = server
        .post(&halt, &stranger.owner, json!({ "reason": "x" }))
        .await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let marketer = server.key(tenant.firm, Role::Marketer).await;
    let refused = server.call(Method::DELETE, &halt, &marketer, None).await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "who may stop may not always let go"
    );
    let released = server
        .call(Method::DELETE, &halt, &tenant.owner, None)
        .await;
    assert_eq!(released.status, StatusCode::NO_CONTENT);
    let (status, _) = step(&server, &tenant.owner, &path, "launch").await;
    assert_eq!(status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn fallbacks_are_other_accounts_of_the_firm_and_show_what_stands_against_them() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let other = server
        .post("/api/v1/connectors", &tenant.owner, new_connector())
        .await
        .json();
    let path = made(
        &server,
        &tenant,
        &[("plan", json!({ "fallbacks": [other["id"]] }))],
    )
    .await;
    let (_, run) = step(&server, &tenant.owner, &path, "dry-run").await;
    let routes = run["routes"].as_array().unwrap();
    assert_eq!(
        (routes.len(), &routes[1]["connector_id"]),
        (2, &other["id"]),
        "{run}"
    );
    assert_eq!(routes[1]["obstacle"], "not_active");
    let stranger = server.tenant("Yabancı").await;
    let theirs = server
        .post("/api/v1/connectors", &stranger.owner, new_connector())
        .await
        .json();
    let change = json!({ "plan": { "fallbacks": [theirs["id"]] } });
    let refused = server.patch(&path, &tenant.owner, change).await;
    assert_eq!(
        refused.faults()[0].0,
        "plan.fallbacks",
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn nobody_of_another_firm_reaches_a_campaigns_decisions() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = made(&server, &tenant, &[]).await;
    let stranger = server.tenant("Yabancı").await;
    for (method, tail, body) in [
        (Method::GET, "/go", None),
        (Method::GET, "/parts", None),
        (Method::POST, "/measure", None),
        (Method::POST, "/ask-registry", None),
        (Method::POST, "/choose", Some(json!({ "part": "first" }))),
    ] {
        let answer = server
            .call(method, &format!("{path}{tail}"), &stranger.owner, body)
            .await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{tail}: {}",
            answer.text()
        );
    }
}
