//! What compliance people see: deadlines, alarms, and who looked at them.

use domain::time::{DAY_US, HOUR_US};
use http::StatusCode;
use serde_json::{Value, json};
use store::access::Role;

use crate::people::say;
use crate::support::{Server, Tenant};

/// A firm whose brand is connected to İYS.
pub(crate) async fn connected(server: &mut Server, name: &str) -> Tenant {
    let tenant = server.tenant(name).await;
    let body = json!({ "registry_mode": "integrator", "iys_code": 100_000, "brand_code": 200_000 });
    let path = format!("/api/v1/brands/{}", tenant.brand);
    let answer = server.patch(&path, &tenant.owner, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    tenant
}

fn texts<'a>(items: &'a Value, field: &str) -> Vec<&'a str> {
    let items = items.as_array().expect("items");
    items
        .iter()
        .map(|item| item[field].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn an_unsent_consent_shows_its_four_dates_and_the_day_it_will_be_void() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    let friday = [("consent_at", json!("2025-06-20T14:05:00+03:00"))];
    say(&server, &tenant, &friday).await;
    let refusal = [
        ("address", json!("0532 123 45 68")),
        ("status", json!("RET")),
        ("consent_at", json!("2025-06-23T09:00:00+03:00")),
    ];
    say(&server, &tenant, &refusal).await;

    let path = format!("/api/v1/registry/{}/deadlines", tenant.brand);
    let page = server.get(&path, &tenant.owner).await.json();
    assert_eq!(texts(&page["items"], "duty"), ["CONSENT", "REFUSAL"]);
    let first = &page["items"][0];
    assert_eq!(first["text_tr"], "son tarih 25.06.2025 14:05");
    assert_eq!(first["urgency"], "SOON");
    assert_eq!(first["business_days_left"], 2);
    assert_eq!(first["due"]["sla"], "2025-06-23T14:05:00+03:00");
    assert_eq!(first["address"], "+905321234567");

    let forecast = server
        .get(&format!("{path}/forecast"), &tenant.owner)
        .await
        .json();
    assert_eq!(
        forecast["days"][2],
        json!({ "day": "2025-06-25", "consents": 1, "refusals": 0 })
    );
    assert_eq!(forecast["days"][3]["refusals"], 1);

    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let masked = server.get(&path, &viewer).await.json();
    assert_eq!(masked["items"][0]["address"], "+90532*****67");
    let trail = server.get("/api/v1/audit", &tenant.owner).await.json();
    let views: Vec<&Value> = trail["items"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["action"] == "registry.deadlines.view")
        .map(|entry| &entry["detail"])
        .collect();
    assert_eq!(
        views,
        [
            &json!({ "rows": 2, "masked": true }),
            &json!({ "rows": 2, "masked": false })
        ]
    );
    let stranger = connected(&mut server, "Yabancı").await;
    let answer = server.get(&path, &stranger.owner).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn deadlines_are_paged_and_a_void_consent_moves_to_its_own_list() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    for n in 0..5 {
        let at = json!(format!("2025-06-20T1{n}:00:00+03:00"));
        let address = json!(format!("0532 123 45 0{n}"));
        say(
            &server,
            &tenant,
            &[("address", address), ("consent_at", at)],
        )
        .await;
    }
    let path = format!("/api/v1/registry/{}/deadlines", tenant.brand);
    let (mut seen, mut query) = (Vec::new(), format!("{path}?limit=2"));
    loop {
        let page = server.get(&query, &tenant.owner).await.json();
        seen.extend(
            texts(&page["items"], "event_at")
                .into_iter()
                .map(str::to_owned),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        query = format!("{path}?limit=2&after={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted(), "{seen:?}");
    server.db.clock.advance(10 * DAY_US);
    let alive = server.get(&path, &tenant.owner).await.json();
    assert_eq!(alive["items"], json!([]));
    let void = server
        .get(&format!("{path}?expired=true"), &tenant.owner)
        .await
        .json();
    assert_eq!(void["items"].as_array().map(Vec::len), Some(5));
    assert_eq!(void["items"][0]["urgency"], "EXPIRED");
    let forecast = server
        .get(&format!("{path}/forecast"), &tenant.owner)
        .await
        .json();
    assert_eq!(forecast["consents_expired"], 5);
}

#[tokio::test]
async fn a_consent_a_day_old_raises_an_alarm_that_somebody_takes_on_and_that_clears() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    say(
        &server,
        &tenant,
        &[("consent_at", json!("2025-06-23T09:00:00+03:00"))],
    )
    .await;
    server.engine.step_alarms().await.expect("looks");
    let none = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert_eq!(none["items"], json!([]));
    server.db.clock.advance(25 * HOUR_US);
    server.engine.step_alarms().await.expect("looks");
    let alarms = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert_eq!(texts(&alarms["items"], "code"), ["A101"]);
    let text = alarms["items"][0]["text_tr"].as_str().expect("a text");
    assert!(
        text.starts_with("1 izin") && text.contains("26.06.2025 09:00"),
        "{text}"
    );

    let id = alarms["items"][0]["id"].as_str().expect("an id");
    let path = format!("/api/v1/alarms/{id}/acknowledge");
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let refused = server.post(&path, &viewer, json!({})).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let taken = server
        .post(&path, &tenant.owner, json!({ "note": "İYS'yi aradım" }))
        .await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    assert_eq!(taken.json()["note"], "İYS'yi aradım");
    let again = server.post(&path, &tenant.owner, json!({})).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    server.db.clock.advance(2 * DAY_US);
    server.engine.step_alarms().await.expect("looks");
    let alarms = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert_eq!(texts(&alarms["items"], "code"), ["A102"]);
    let figures = server.get("/metrics", "").await.text();
    assert!(
        figures.contains("izinli_alarms_open{severity=\"critical\"}"),
        "{figures}"
    );
}

#[tokio::test]
async fn a_complaint_is_open_until_somebody_says_how_it_was_answered() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    say(&server, &tenant, &[("status", json!("RET"))]).await;
    let stop = json!({ "addresses": ["+905321234567"], "cause": "complaint" });
    server.post("/api/v1/blacklist", &tenant.owner, stop).await;
    let path = format!("/api/v1/registry/{}/deadlines?duty=COMPLAINT", tenant.brand);
    let open = server.get(&path, &tenant.owner).await.json();
    assert_eq!(texts(&open["items"], "duty"), ["COMPLAINT"]);
    server.db.clock.advance(73 * HOUR_US);
    server.engine.step_alarms().await.expect("looks");
    let alarms = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert!(texts(&alarms["items"], "code").contains(&"A106"));
    let done = json!({ "address": "+905321234567", "note": "Özür dilendi, ret kaydedildi" });
    let call = "/api/v1/blacklist/complaints/handled";
    let answer = server.post(call, &tenant.owner, done.clone()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    let again = server.post(call, &tenant.owner, done).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let open = server.get(&path, &tenant.owner).await.json();
    assert_eq!(open["items"], json!([]));
}

/// A citizen's own refusal at İYS, as the change feed brings it.
async fn refused_at_registry(server: &Server, tenant: &Tenant, at: &str) {
    let mut writer = server.db.store.write().await.expect("a transaction");
    let phone = domain::Recipient::from_normalised("+905321234567").expect("a phone");
    let ids = writer
        .recipient_ids(tenant.firm, std::slice::from_ref(&phone))
        .await
        .expect("numbers");
    let fact = store::registry_work::RegistryFact {
        id: ids[0].expect("known"),
        recipient: phone,
        status: domain::Status::Ret,
        date: at.parse().expect("an instant"),
        source: domain::Source::IYS_WEB,
        evidence: None,
    };
    let (channel, kind) = (domain::Channel::Mesaj, domain::RecipientKind::Bireysel);
    writer
        .record_registry_facts(tenant.firm, tenant.brand, channel, kind, &[fact])
        .await
        .expect("enters");
    writer.commit().await.expect("commits");
}

#[tokio::test]
async fn a_consent_after_a_citizens_refusal_waits_for_another_person_who_sees_its_evidence() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    say(
        &server,
        &tenant,
        &[("consent_at", json!("2025-06-10T10:00:00+03:00"))],
    )
    .await;
    refused_at_registry(&server, &tenant, "2025-06-15T10:00:00+03:00").await;

    let bare = say(&server, &tenant, &[]).await;
    assert_eq!(
        (&bare["reason"]["code"], &bare["hold_id"]),
        (&json!("R807"), &Value::Null)
    );
    let proved = [("evidence", json!("form 4711"))];
    let held = say(&server, &tenant, &proved).await;
    assert_eq!(held["accepted"], false);
    let id = held["hold_id"].as_str().expect("held").to_owned();

    let list = format!("/api/v1/registry/{}/holds", tenant.brand);
    let waiting = server.get(&list, &tenant.owner).await.json();
    assert_eq!(texts(&waiting["items"], "evidence"), ["form 4711"]);
    let alarms = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert!(texts(&alarms["items"], "code").contains(&"A303"));

    let path = format!("/api/v1/consents/holds/{id}/decision");
    let decision = json!({ "approve": true, "note": "imzalı formu gördüm" });
    let by_key = server.post(&path, &tenant.owner, decision.clone()).await;
    assert_eq!(by_key.status, StatusCode::FORBIDDEN, "a key sees nothing");
    server
        .person(tenant.firm, "uyum@ornek.com.tr", Role::Compliance)
        .await;
    let (cookie, token) = server.sign_in("uyum@ornek.com.tr").await;
    let decide = |path: &str, decision: Value| {
        let mut request = crate::support::request(http::Method::POST, path, "", Some(decision));
        let headers = request.headers_mut();
        headers.insert("cookie", cookie.parse().expect("a cookie"));
        headers.insert("x-csrf-token", token.parse().expect("a token"));
        request
    };
    let decided = server.send(decide(&path, decision.clone())).await;
    assert_eq!(decided.status, StatusCode::OK, "{}", decided.text());
    assert_eq!(decided.json()["state"], "approved");
    let again = server.send(decide(&path, decision)).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    let key = format!(
        "brand_id={}&address=05321234567&channel=MESAJ",
        tenant.brand
    );
    let state = server
        .get(&format!("/api/v1/consents?{key}"), &tenant.owner)
        .await
        .json();
    assert_eq!(state["local"]["status"], "ONAY");
    let status = server
        .get(&format!("/api/v1/registry/{}", tenant.brand), &tenant.owner)
        .await
        .json();
    assert!(status["queue"]["pending"].as_i64() >= Some(1), "{status}");
    let trail = server.get("/api/v1/audit", &tenant.owner).await.json();
    assert!(texts(&trail["items"], "action").contains(&"consent.hold.decide"));
    let alarms = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert!(!texts(&alarms["items"], "code").contains(&"A303"));
}

#[tokio::test]
async fn who_brought_a_held_consent_does_not_decide_on_it() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    say(
        &server,
        &tenant,
        &[("consent_at", json!("2025-06-10T10:00:00+03:00"))],
    )
    .await;
    refused_at_registry(&server, &tenant, "2025-06-15T10:00:00+03:00").await;
    server
        .person(tenant.firm, "uyum@ornek.com.tr", Role::Compliance)
        .await;
    let (cookie, token) = server.sign_in("uyum@ornek.com.tr").await;
    let call = |path: &str, body: Value| {
        let mut request = crate::support::request(http::Method::POST, path, "", Some(body));
        let headers = request.headers_mut();
        headers.insert("cookie", cookie.parse().expect("a cookie"));
        headers.insert("x-csrf-token", token.parse().expect("a token"));
        request
    };
    let claim = json!({
        "brand_id": tenant.brand, "address": "0532 123 45 67", "channel": "MESAJ",
        "kind": "BIREYSEL", "status": "ONAY", "consent_at": "2025-06-20T10:00:00+03:00",
        "source": "HS_ISLAK_IMZA", "evidence": "form 4711",
    });
    let held = server.send(call("/api/v1/consents", claim)).await.json();
    let id = held["items"][0]["hold_id"]
        .as_str()
        .expect("held")
        .to_owned();
    let path = format!("/api/v1/consents/holds/{id}/decision");
    let answer = server
        .send(call(
            &path,
            json!({ "approve": true, "note": "bence tamam" }),
        ))
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
}

#[tokio::test]
async fn made_up_consents_are_found_named_and_reviewed() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    let items: Vec<Value> = (0..60)
        .map(|n| {
            json!({
                "brand_id": tenant.brand, "address": format!("+9053212345{n:02}"),
                "channel": "MESAJ", "kind": "BIREYSEL", "status": "ONAY",
                "consent_at": "2025-06-20T10:00:00+03:00", "source": "HS_WEB",
            })
        })
        .collect();
    let answer = server
        .post("/api/v1/consents", &tenant.owner, json!({ "items": items }))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let search = format!("/api/v1/registry/{}/findings/search", tenant.brand);
    let found = server.post(&search, &tenant.owner, json!({})).await;
    assert_eq!(found.json()["found"], 1, "{}", found.text());
    let again = server.post(&search, &tenant.owner, json!({})).await;
    assert_eq!(
        again.json()["found"],
        0,
        "what was searched is not searched again"
    );
    let list = format!("/api/v1/registry/{}/findings", tenant.brand);
    let findings = server.get(&list, &tenant.owner).await.json();
    let finding = &findings["items"][0];
    assert_eq!(finding["pattern"], "SAME_SECOND");
    let text = finding["text_tr"].as_str().expect("a text");
    assert!(
        text.contains("60 izin aynı saniyeye (2025-06-20 10:00:00)"),
        "{text}"
    );
    let alarms = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert!(texts(&alarms["items"], "code").contains(&"A302"));
    let id = finding["id"].as_str().expect("an id");
    let review = json!({ "state": "dismissed", "note": "fuar kaydı, liste görüldü" });
    let answer = server
        .post(
            &format!("/api/v1/findings/{id}/review"),
            &tenant.owner,
            review,
        )
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    let alarms = server.get("/api/v1/alarms", &tenant.owner).await.json();
    assert!(!texts(&alarms["items"], "code").contains(&"A302"));
}

#[tokio::test]
async fn a_person_is_asked_anew_once_for_a_void_consent_and_never_after_a_refusal() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    say(&server, &tenant, &[]).await;
    let query = format!(
        "/api/v1/consents/asking?brand_id={}&address=05321234567&channel=MESAJ",
        tenant.brand
    );
    let fresh = server.get(&query, &tenant.owner).await.json();
    assert_eq!(fresh["reason"], "not_needed", "İYS may still be told");
    server.db.clock.advance(10 * DAY_US);
    let void = server.get(&query, &tenant.owner).await.json();
    assert_eq!(void["allowed"], true);
    let ask = json!({
        "brand_id": tenant.brand, "address": "0532 123 45 67", "channel": "MESAJ",
        "kind": "BIREYSEL", "way": "VIA",
    });
    let path = "/api/v1/consents/asking";
    let first = server.post(path, &tenant.owner, ask.clone()).await.json();
    assert_eq!(first["allowed"], true);
    let second = server.post(path, &tenant.owner, ask.clone()).await.json();
    assert_eq!(
        (&second["allowed"], &second["reason"]),
        (&json!(false), &json!("asked_before"))
    );
    // Another consent becomes void, but the block time has not passed.
    let later = [("consent_at", json!("2025-07-02T10:00:00+03:00"))];
    say(&server, &tenant, &later).await;
    server.db.clock.advance(10 * DAY_US);
    let blocked = server.post(path, &tenant.owner, ask.clone()).await.json();
    assert_eq!(blocked["reason"], "blocked", "{blocked}");
    assert!(blocked["blocked_until"].is_string());
    server.db.clock.advance(25 * DAY_US);
    let after = server.get(&query, &tenant.owner).await.json();
    assert_eq!(after["allowed"], true);
    let refusal = [
        ("status", json!("RET")),
        ("consent_at", json!("2025-07-20T10:00:00+03:00")),
    ];
    say(&server, &tenant, &refusal).await;
    let refused = server.post(path, &tenant.owner, ask).await.json();
    assert_eq!(refused["reason"], "refused");
}

#[tokio::test]
async fn the_work_list_shows_iyss_words_who_must_act_and_only_lawful_actions() {
    let mut server = Server::start().await;
    let tenant = connected(&mut server, "Firma").await;
    say(&server, &tenant, &[]).await;
    let mut writer = server.db.store.write().await.expect("a transaction");
    let phone = domain::Recipient::from_normalised("+905321234567").expect("a phone");
    let ids = writer
        .recipient_ids(tenant.firm, &[phone])
        .await
        .expect("numbers");
    let id = ids[0].expect("known");
    let (channel, kind) = (domain::Channel::Mesaj, domain::RecipientKind::Bireysel);
    writer
        .update_mirror(tenant.firm, tenant.brand, channel, kind, &[id], |_, _| {
            Some(domain::RegistryView {
                verdict: domain::Verdict::Refused,
                code: Some(domain::ReasonCode::I606),
                ..domain::RegistryView::UNASKED
            })
        })
        .await
        .expect("mirrors");
    let answer = store::registry_rejections::NewAnswer {
        recipient: id,
        code: "H467".into(),
        text: "consentDate üç iş gününden eski olamaz".into(),
    };
    writer
        .note_answers(tenant.brand, channel, kind, &[answer])
        .await
        .expect("keeps");
    writer.commit().await.expect("commits");

    let path = format!("/api/v1/registry/{}/rejections", tenant.brand);
    let groups = server.get(&path, &tenant.owner).await.json();
    let group = &groups["items"][0];
    assert_eq!(
        (
            &group["reason"]["code"],
            &group["iys_code"],
            &group["count"]
        ),
        (&json!("I606"), &json!("H467"), &json!(1))
    );
    assert_eq!(group["iys_text"], "consentDate üç iş gününden eski olamaz");
    assert_eq!(group["actions"], json!(["ask_anew"]));
    assert_eq!(group["step_due"], "none");
    let step = group["step_tr"].as_str().unwrap_or_default();
    assert!(step.contains("yeniden izin alın"), "{step}");
    assert!(
        group["actor_tr"]
            .as_str()
            .is_some_and(|text| text.contains("yeniden sorulmalı"))
    );
    let people = server
        .get(&format!("{path}/people?code=I606"), &tenant.owner)
        .await
        .json();
    assert_eq!(people["items"][0]["address"], "+905321234567");
    let resend = server
        .post(
            &format!("{path}/resend"),
            &tenant.owner,
            json!({ "code": "I606" }),
        )
        .await;
    assert_eq!(resend.status, StatusCode::CONFLICT, "{}", resend.text());
    let retry = server
        .post(
            &format!("{path}/resend"),
            &tenant.owner,
            json!({ "code": "I500" }),
        )
        .await;
    assert_eq!(retry.status, StatusCode::ACCEPTED, "{}", retry.text());
    assert_eq!(retry.json()["queued"], 0);
    let trail = server.get("/api/v1/audit", &tenant.owner).await.json();
    let done = texts(&trail["items"], "action");
    assert!(done.contains(&"registry.rejections.view") && done.contains(&"registry.resend"));
}
