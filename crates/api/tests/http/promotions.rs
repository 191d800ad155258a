//! Promotions: codes come in as a file, are counted, chosen for a campaign and
//! exported; by whom, and for whose firm.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

use crate::campaigns::new_campaign;
use crate::people::say;
use crate::support::{Server, Tenant};
use crate::uploads::{taken_in, work};

fn meta(tenant: &Tenant) -> Value {
    json!({
        "brand_id": tenant.brand, "name": "Kodlar", "tag": "Yaz", "action": "local",
        "purpose": "promotion", "expires_on": "2099-12-31",
    })
}

/// Three codes that anybody may get, as a list.
async fn list(server: &Server, tenant: &Tenant) -> Value {
    let upload = taken_in(server, tenant, &meta(tenant), "kupon\nA1\nA2\nA3\n").await;
    assert_eq!(upload["state"], "judged", "{upload}");
    assert_eq!(upload["summary"]["layout"], "codes");
    assert_eq!(upload["notices"][0]["code"], "codes_for_anybody");
    let path = format!("/api/v1/uploads/{}/apply", upload["id"].as_str().unwrap());
    let applied = server.post(&path, &tenant.owner, json!({})).await;
    assert_eq!(applied.status, StatusCode::ACCEPTED, "{}", applied.text());
    work(server).await;
    let page = server.get("/api/v1/promotions", &tenant.owner).await.json();
    page["items"][0].clone()
}

#[tokio::test]
async fn a_list_of_codes_is_made_by_a_file_and_changed_counted_and_forgotten() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let held = list(&server, &tenant).await;
    assert_eq!(
        (&held["name"], &held["expires_on"], &held["is_expired"]),
        (&json!("Yaz"), &json!("2099-12-31"), &json!(false))
    );
    assert_eq!(
        (
            &held["codes"],
            &held["given"],
            &held["left"],
            &held["longest"]
        ),
        (&json!(3), &json!(0), &json!(3), &json!(2))
    );
    let path = format!("/api/v1/promotions/{}", held["id"].as_str().unwrap());
    let moved = server
        .patch(&path, &tenant.owner, json!({ "expires_on": "2098-01-01" }))
        .await;
    assert_eq!(moved.json()["expires_on"], "2098-01-01", "{}", moved.text());
    for day in ["2001-01-01", "yarın", "2098-02-30"] {
        let refused = server
            .patch(&path, &tenant.owner, json!({ "expires_on": day }))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{day}");
        assert_eq!(refused.faults()[0].0, "expires_on");
    }

    // A draft counts on it: it stays.
    let mut wanted = new_campaign(&server, &tenant).await;
    wanted["promotion_id"] = held["id"].clone();
    let draft = server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await;
    assert_eq!(draft.status, StatusCode::CREATED, "{}", draft.text());
    assert_eq!(draft.json()["promotion_id"], held["id"]);
    let refused = server
        .call(Method::DELETE, &path, &tenant.owner, None)
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    let campaign = format!("/api/v1/campaigns/{}", draft.json()["id"].as_str().unwrap());
    let kept = server
        .patch(&campaign, &tenant.owner, json!({ "name": "Başka" }))
        .await;
    assert_eq!(kept.json()["promotion_id"], held["id"]);
    let without = server
        .patch(&campaign, &tenant.owner, json!({ "promotion_id": null }))
        .await;
    assert_eq!(without.json()["promotion_id"], Value::Null);
    let gone = server
        .call(Method::DELETE, &path, &tenant.owner, None)
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
    let page = server.get("/api/v1/promotions", &tenant.owner).await.json();
    assert_eq!(page["items"], json!([]));
}

#[tokio::test]
async fn a_file_of_codes_must_say_for_which_promotion_and_until_when() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for (field, value) in [
        ("tag", Value::Null),
        ("expires_on", Value::Null),
        ("expires_on", json!("2001-01-01")),
        ("action", json!("push")),
    ] {
        let mut meta = meta(&tenant);
        meta[field] = value;
        let refused = crate::uploads::sent(&server, &tenant, &meta, "kupon\nA1\n").await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            refused.text()
        );
        assert_eq!(refused.faults()[0].0, field);
    }
    let mut people = meta(&tenant);
    people["purpose"] = json!("contacts");
    let refused = crate::uploads::sent(&server, &tenant, &people, "telefon\n").await;
    assert_eq!(refused.faults()[0].0, "expires_on", "{}", refused.text());
    // More codes for a list that is there need no day.
    list(&server, &tenant).await;
    let mut more = meta(&tenant);
    more["expires_on"] = Value::Null;
    let more = taken_in(&server, &tenant, &more, "kupon\nB1\n").await;
    assert_eq!(more["state"], "judged", "{more}");
}

#[tokio::test]
async fn a_text_with_a_code_is_launched_only_with_a_promotion_that_lasts_long_enough() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    say(&server, &tenant, &[]).await;
    let held = list(&server, &tenant).await;
    let names = server.get("/api/v1/variables", &tenant.owner).await.json();
    let is_code = |one: &Value| one["name"] == "promosyon_kodu" && one["from"] == "promotion";
    assert!(names["items"].as_array().unwrap().iter().any(is_code));

    let mut wanted = new_campaign(&server, &tenant).await;
    let body = format!(
        "{{{{promosyon_kodu}}}} {}",
        wanted["body"].as_str().unwrap()
    );
    wanted["body"] = json!(body);
    let draft = server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await;
    assert_eq!(draft.status, StatusCode::CREATED, "{}", draft.text());
    let path = format!("/api/v1/campaigns/{}", draft.json()["id"].as_str().unwrap());
    let run = async || {
        let path = format!("{path}/dry-run");
        server
            .call(Method::POST, &path, &tenant.owner, None)
            .await
            .json()
    };
    let launch = async || {
        let path = format!("{path}/launch");
        server.post(&path, &tenant.owner, json!({})).await
    };
    assert_eq!(run().await["launch_obstacle"], "promotion_missing");
    assert_eq!(launch().await.status, StatusCode::CONFLICT);

    let choose = async |change: Value| server.patch(&path, &tenant.owner, change).await;
    let chosen = choose(json!({ "promotion_id": held["id"] })).await;
    assert_eq!(chosen.status, StatusCode::OK, "{}", chosen.text());
    let told = run().await;
    assert_eq!(told["launch_obstacle"], Value::Null, "{told}");
    assert_eq!(
        (&told["promotion"]["pool"], &told["promotion"]["short"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(told["promotion"]["sample"], "OR");

    choose(json!({ "plan": { "expires_at": "2100-06-01T10:00:00+03:00" } })).await;
    assert_eq!(run().await["launch_obstacle"], "promotion_ends");
    let refused = launch().await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    assert!(refused.text().contains("promotion"), "{}", refused.text());
    choose(json!({ "plan": {} })).await;
    assert!(launch().await.status.is_success());
}

#[tokio::test]
async fn codes_are_changed_and_taken_out_only_by_those_who_write_campaigns_and_only_of_their_firm()
{
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let stranger = server.tenant("Yabancı").await;
    let held = list(&server, &tenant).await;
    let path = format!("/api/v1/promotions/{}", held["id"].as_str().unwrap());
    let end = json!({ "expires_on": "2099-01-01" });
    let calls = [
        (Method::GET, path.clone(), None),
        (Method::PATCH, path.clone(), Some(end)),
        (Method::DELETE, path.clone(), None),
        (Method::GET, format!("{path}/codes"), None),
    ];
    for (method, path, body) in &calls {
        let answer = server
            .call(method.clone(), path, &stranger.owner, body.clone())
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
    }
    let page = server.get("/api/v1/promotions", &stranger.owner).await;
    assert_eq!(page.json()["items"], json!([]));
    let mut theirs = new_campaign(&server, &stranger).await;
    theirs["promotion_id"] = held["id"].clone();
    let refused = server
        .post("/api/v1/campaigns", &stranger.owner, theirs)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.faults()[0].0, "promotion_id", "{}", refused.text());

    for (role, may_change) in [(Role::Marketer, true), (Role::Viewer, false)] {
        let key = server.key(tenant.firm, role).await;
        let seen = server.get(&path, &key).await;
        assert_eq!(seen.status, StatusCode::OK, "counts are for everybody");
        for (method, path, body) in calls.iter().skip(1) {
            if may_change && *method == Method::DELETE {
                continue;
            }
            let answer = server.call(method.clone(), path, &key, body.clone()).await;
            let expected = if may_change {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(answer.status, expected, "{role} {method} {path}");
        }
    }
    let compliance = server.key(tenant.firm, Role::Compliance).await;
    let as_compliance = Tenant {
        owner: compliance,
        ..tenant
    };
    let refused = crate::uploads::sent(
        &server,
        &as_compliance,
        &meta(&as_compliance),
        "kupon\nC1\n",
    )
    .await;
    assert_eq!(
        refused.status,
        StatusCode::FORBIDDEN,
        "no campaigns, no codes"
    );
}
