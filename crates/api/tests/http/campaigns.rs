//! Campaigns: from draft to launch, and the people behind each number.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

use crate::connectors::new_connector;
use crate::people::say;
use crate::support::{Server, Tenant};

pub(crate) async fn new_campaign(server: &Server, tenant: &Tenant) -> Value {
    let connector = server
        .post("/api/v1/connectors", &tenant.owner, new_connector())
        .await
        .json();
    json!({
        "brand_id": tenant.brand, "name": "Yaz", "channel": "MESAJ", "kind": "BIREYSEL",
        "basis": "COMMERCIAL", "purpose": "kampanya", "sender": "ORNEK",
        "body": "Örnek Ticaret A.Ş. Mersis 0123456789012345 yaz indirimi başladı. RET ORNEK yazıp 3338'e gönderin.",
        "connector_id": connector["id"], "audience": { "type": "all" },
    })
}

#[tokio::test]
async fn a_campaign_goes_from_draft_to_launch_and_tells_who_would_get_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let wanted = new_campaign(&server, &tenant).await;
    let made = server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(
        (&made.json()["state"], &made.json()["audience"]["type"]),
        (&json!("draft"), &json!("all"))
    );
    let path = format!("/api/v1/campaigns/{}", made.json()["id"].as_str().unwrap());
    let run = server
        .call(
            Method::POST,
            &format!("{path}/dry-run"),
            &tenant.owner,
            None,
        )
        .await;
    assert_eq!(run.status, StatusCode::OK, "{}", run.text());
    let run = run.json();
    assert_eq!((&run["target"], &run["sendable"]), (&json!(1), &json!(0)));
    assert_eq!(
        (&run["excluded"][0]["code"], &run["excluded"][0]["count"]),
        (&json!("S102"), &json!(1))
    );
    let behind = server
        .get(
            &format!("{path}/dry-run/people?code=S102&limit=1"),
            &tenant.owner,
        )
        .await
        .json();
    assert_eq!(
        (
            &behind["items"][0]["address"],
            &behind["items"][0]["state"],
            &behind["next"]
        ),
        (&json!("+905321234567"), &json!("excluded"), &Value::Null),
        "{behind}"
    );
    for (asked, people) in [("", 1), ("?state=excluded", 1), ("?state=waiting", 0)] {
        let page = server
            .get(&format!("{path}/dry-run/people{asked}"), &tenant.owner)
            .await
            .json();
        assert_eq!(
            page["items"].as_array().map(Vec::len),
            Some(people),
            "{asked}: {page}"
        );
    }
    let tag = json!({ "audience": { "type": "tag", "tag": "haziran" } });
    assert_eq!(
        server.patch(&path, &tenant.owner, tag).await.json()["audience"]["tag"],
        "haziran"
    );

    let submitted = server
        .call(Method::POST, &format!("{path}/submit"), &tenant.owner, None)
        .await;
    assert_eq!(
        (submitted.status, &submitted.json()["state"]),
        (StatusCode::ACCEPTED, &json!("submitted"))
    );
    let own = server
        .call(
            Method::POST,
            &format!("{path}/approve"),
            &tenant.owner,
            None,
        )
        .await;
    assert_eq!(
        own.status,
        StatusCode::CONFLICT,
        "nobody approves what they wrote"
    );
    let approver = server.key(tenant.firm, Role::Approver).await;
    let approved = server
        .call(Method::POST, &format!("{path}/approve"), &approver, None)
        .await;
    assert_eq!(approved.json()["state"], "approved", "{}", approved.text());
    let late = server
        .patch(&path, &tenant.owner, json!({ "name": "Kış" }))
        .await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let refused = server
        .call(Method::POST, &format!("{path}/launch"), &viewer, None)
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let launched = server
        .call(Method::POST, &format!("{path}/launch"), &tenant.owner, None)
        .await;
    assert_eq!(launched.json()["state"], "launching", "{}", launched.text());
    let report = server.get(&format!("{path}/report"), &viewer).await.json();
    assert_eq!(
        (&report["reconciles"], &report["campaign"]["state"]),
        (&json!(true), &json!("launching"))
    );
}

#[tokio::test]
async fn the_people_behind_each_number_are_listed_with_their_reason_and_masked() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for n in 1..=3 {
        say(
            &server,
            &tenant,
            &[("address", json!(format!("+90532123450{n}")))],
        )
        .await;
    }
    let wanted = new_campaign(&server, &tenant).await;
    let made = server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await
        .json();
    let path = format!("/api/v1/campaigns/{}", made["id"].as_str().unwrap());
    server
        .call(Method::POST, &format!("{path}/launch"), &tenant.owner, None)
        .await;
    while server.engine.step_launch().await.expect("a step") == engine::Step::Did {}
    let report = server
        .get(&format!("{path}/report"), &tenant.owner)
        .await
        .json();
    assert_eq!(
        (&report["target"], &report["excluded"]["total"]),
        (&json!(3), &json!(3)),
        "{report}"
    );
    assert_eq!(report["excluded"]["reasons"][0]["code"], "S102");

    let mut seen = Vec::new();
    let mut page = format!("{path}/messages?state=excluded&code=S102&limit=2");
    loop {
        let people = server.get(&page, &tenant.owner).await.json();
        for person in people["items"].as_array().unwrap() {
            assert_eq!(
                (&person["state"], &person["code"]),
                (&json!("excluded"), &json!("S102"))
            );
            assert!(person["text_tr"].is_string() && person["contact_id"].is_string());
            seen.push(person["address"].as_str().unwrap().to_owned());
        }
        let Some(next) = people["next"].as_str() else {
            break;
        };
        page = format!("{path}/messages?state=excluded&code=S102&limit=2&after={next}");
    }
    assert_eq!(seen, ["+905321234501", "+905321234502", "+905321234503"]);
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let masked = server
        .get(&format!("{path}/messages"), &viewer)
        .await
        .text();
    assert!(
        masked.contains("+90532*****01") && !masked.contains("+905321234501"),
        "{masked}"
    );
    let export = format!("{path}/export?of=excluded&columns=alici,kod");
    for (key, first) in [
        (&viewer, "'+90532*****01;S102"),
        (&tenant.owner, "'+905321234501;S102"),
    ] {
        let file = server.get(&export, key).await;
        assert_eq!(file.status, StatusCode::OK, "{}", file.text());
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        let text = file.text();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("\u{feff}alici;kod"));
        assert_eq!(lines.next(), Some(first));
        assert_eq!(lines.count(), 2, "{text}");
    }
    let numbers = server
        .get(&format!("{path}/export?of=report&form=parquet"), &viewer)
        .await;
    assert!(numbers.body.starts_with(b"PAR1") && numbers.body.ends_with(b"PAR1"));
    let unknown = server
        .get(&format!("{path}/export?columns=alici,tckn"), &viewer)
        .await;
    assert_eq!(
        unknown.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        unknown.text()
    );
    assert_eq!(
        unknown.faults(),
        [("columns".to_owned(), "unknown".to_owned())]
    );
    let none = server
        .get(&format!("{path}/messages?state=delivered"), &tenant.owner)
        .await
        .json();
    assert_eq!(none["items"], json!([]));
    let stranger = server.tenant("Yabancı").await;
    for (method, tail) in [
        (Method::GET, ""),
        (Method::GET, "/report"),
        (Method::GET, "/messages"),
        (Method::GET, "/export"),
        (Method::GET, "/progress"),
        (Method::POST, "/dry-run"),
        (Method::GET, "/dry-run/people"),
        (Method::POST, "/submit"),
        (Method::POST, "/approve"),
        (Method::POST, "/launch"),
        (Method::POST, "/pause"),
        (Method::POST, "/resume"),
        (Method::POST, "/stop"),
    ] {
        let answer = server
            .call(method, &format!("{path}{tail}"), &stranger.owner, None)
            .await;
        assert_eq!(
            answer.status,
            StatusCode::NOT_FOUND,
            "{tail}: {}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn the_calendar_shows_what_leaves_on_which_turkish_day_and_which_days_are_free() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let mut wanted = new_campaign(&server, &tenant).await;
    // Half past midnight in Turkey is still the day before in UTC.
    wanted["plan"] = json!({ "send_at": "2026-10-29T00:30:00+03:00" });
    let planned = server
        .post("/api/v1/campaigns", &tenant.owner, wanted.clone())
        .await
        .json();
    wanted["plan"] = json!({});
    server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await;
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let day = "/api/v1/campaigns/calendar?from=2026-10-29&to=2026-10-29";
    let shown = server.get(day, &viewer).await.json();
    assert_eq!(shown["items"].as_array().map(Vec::len), Some(1), "{shown}");
    assert_eq!(shown["items"][0]["campaign"]["id"], planned["id"]);
    let before = "/api/v1/campaigns/calendar?from=2026-10-01&to=2026-10-28";
    assert_eq!(server.get(before, &viewer).await.json()["items"], json!([]));
    let free = server
        .get("/api/v1/holidays?from=2026-10-28&to=2026-10-31", &viewer)
        .await
        .json();
    let days: Vec<_> = free
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (day["date"].as_str().unwrap(), day["is_half_day"].clone()))
        .collect();
    assert_eq!(
        days,
        [("2026-10-28", json!(true)), ("2026-10-29", json!(false))]
    );
    let wrong = server
        .get("/api/v1/holidays?from=2026-10-28&to=2020-01-01", &viewer)
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}
