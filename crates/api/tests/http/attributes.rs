//! Attributes: defined, filled by a file, shown by role, and health data in no
//! text without an owner's word.

use http::StatusCode;
use serde_json::{Value, json};
use store::access::Role;

use crate::support::{Server, Tenant};
use crate::uploads::{taken_in, work};

async fn define(server: &Server, tenant: &Tenant, change: Value) -> Value {
    let mut wanted = json!({
        "code": "semt", "label_tr": "Semt", "label_en": "District", "kind": "text",
    });
    for (field, value) in change.as_object().unwrap() {
        wanted[field] = value.clone();
    }
    let answer = server
        .post("/api/v1/attributes", &tenant.owner, wanted)
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_file_fills_attributes_and_each_role_sees_what_it_may() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    define(&server, &tenant, json!({})).await;
    define(
        &server,
        &tenant,
        json!({ "code": "harcama", "label_tr": "Yıllık harcama", "kind": "number",
            "is_personal": true, "position": 2 }),
    )
    .await;
    let file = "telefon;ad soyad;SMS izni;izin tarihi;kaynak;bölge;yıllık harcama\r\n\
        0532 123 45 67;Ayşe Şahin;ONAY;20.06.2025 14:05;HS_WEB;Moda;1.234,56\r\n\
        0533 765 43 21;Ali Öz;ONAY;20.06.2025 14:05;HS_WEB;;çok\r\n";
    let meta = json!({
        "brand_id": tenant.brand, "name": "Haziran", "action": "local",
        "default_recipient_kind": "BIREYSEL", "mapping": { "attributes": { "bölge": "semt" } },
    });
    let upload = taken_in(&server, &tenant, &meta, file).await;
    assert_eq!(upload["state"], "judged", "{upload}");
    let columns = &upload["summary"]["columns"];
    assert_eq!(
        (&columns[5]["field"], &columns[5]["attribute"]),
        (&json!("attribute"), &json!("semt"))
    );
    assert_eq!(
        (&columns[6]["unread"], &columns[6]["unread_examples"]),
        (&json!(1), &json!(["3"])),
        "a personal value that cannot be read is named by its line"
    );
    let path = format!("/api/v1/uploads/{}", upload["id"].as_str().unwrap());
    server
        .post(&format!("{path}/apply"), &tenant.owner, json!({}))
        .await;
    work(&server).await;

    let found = server
        .get("/api/v1/contacts?query=05321234567", &tenant.owner)
        .await
        .json();
    let person = format!(
        "/api/v1/contacts/{}",
        found["items"][0]["id"].as_str().unwrap()
    );
    let seen = server.get(&person, &tenant.owner).await.json();
    assert_eq!(
        seen["attributes"],
        json!([
            { "code": "semt", "label_tr": "Semt", "label_en": "District", "value": "Moda" },
            { "code": "harcama", "label_tr": "Yıllık harcama", "label_en": "District",
              "value": "1.234,56" },
        ])
    );
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let seen = server.get(&person, &viewer).await.json();
    assert_eq!(seen["attributes"][0]["value"], "Moda");
    assert_eq!(seen["attributes"][1]["value"], "1***");
}

#[tokio::test]
async fn a_definition_is_checked_and_its_marks_are_lifted_by_an_owner_only() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    for (change, field) in [
        (json!({ "code": "Semt" }), "code"),
        (json!({ "code": "ad" }), "code"),
        (json!({ "kind": "choice" }), "choices"),
    ] {
        let mut wanted = json!({
            "code": "semt", "label_tr": "Semt", "label_en": "District", "kind": "text",
        });
        for (name, value) in change.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        let answer = server
            .post("/api/v1/attributes", &tenant.owner, wanted)
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            answer.text()
        );
        assert_eq!(answer.faults()[0].0, field);
    }
    let made = define(&server, &tenant, json!({ "is_personal": true })).await;
    let path = format!("/api/v1/attributes/{}", made["id"].as_str().unwrap());
    let admin = server.key(tenant.firm, Role::Admin).await;
    let lift = json!({ "is_personal": false });
    assert_eq!(
        server.patch(&path, &admin, lift.clone()).await.status,
        StatusCode::FORBIDDEN
    );
    let label = json!({ "label_tr": "Mahalle", "is_health": true });
    assert_eq!(
        server.patch(&path, &admin, label).await.json()["label_tr"],
        "Mahalle"
    );
    assert_eq!(
        server.patch(&path, &tenant.owner, lift).await.json()["is_personal"],
        false
    );
    let marketer = server.key(tenant.firm, Role::Marketer).await;
    let wanted = json!({ "code": "il", "label_tr": "İl", "label_en": "City", "kind": "text" });
    let refused = server.post("/api/v1/attributes", &marketer, wanted).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let listed = server.get("/api/v1/attributes", &marketer).await.json();
    assert_eq!(listed["items"][0]["code"], "semt");
    let other = server.tenant("Başka").await;
    assert_eq!(
        server.get("/api/v1/attributes", &other.owner).await.json()["items"],
        json!([])
    );
    assert_eq!(
        server.patch(&path, &other.owner, json!({})).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn health_data_is_in_no_text_that_an_owner_has_not_approved_word_for_word() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Klinik").await;
    define(
        &server,
        &tenant,
        json!({ "code": "kan", "label_tr": "Kan grubu", "is_health": true }),
    )
    .await;
    let body = "Örnek Ticaret A.Ş. kan grubunuz {{kan}}. RET ORNEK yazıp 3338'e gönderin.";
    let wanted = |approval: bool| {
        json!({ "brand_id": tenant.brand, "name": "Kontrol", "channel": "MESAJ", "body": body,
            "health_approval": approval })
    };
    let refused = server
        .post("/api/v1/templates", &tenant.owner, wanted(false))
        .await;
    assert_eq!(refused.code(), "S405", "{}", refused.text());
    assert!(refused.text().contains("Kan grubu"));
    let admin = server.key(tenant.firm, Role::Admin).await;
    let refused = server.post("/api/v1/templates", &admin, wanted(true)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let campaign = crate::campaigns::new_campaign(&server, &tenant).await;
    let with_body = |body: &str| {
        let mut wanted = campaign.clone();
        wanted["body"] = json!(body);
        wanted
    };
    let refused = server
        .post("/api/v1/campaigns", &tenant.owner, with_body(body))
        .await;
    assert_eq!(refused.code(), "S405", "{}", refused.text());

    let made = server
        .post("/api/v1/templates", &tenant.owner, wanted(true))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert!(
        made["health_approved_by"]
            .as_str()
            .unwrap()
            .starts_with("key:")
    );
    let taken = server
        .post("/api/v1/campaigns", &tenant.owner, with_body(body))
        .await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.text());
    let taken = format!("/api/v1/campaigns/{}", taken.json()["id"].as_str().unwrap());
    let dry_run = server
        .post(&format!("{taken}/dry-run"), &tenant.owner, json!({}))
        .await
        .json();
    assert!(dry_run["launch_obstacle"].is_null(), "{dry_run}");

    // Another word, and the approval is gone.
    let path = format!("/api/v1/templates/{}", made["id"].as_str().unwrap());
    let other = json!({ "version": 1, "body": "Kan grubun {{kan}}." });
    assert_eq!(server.patch(&path, &admin, other).await.code(), "S405");
    let renamed = server
        .patch(
            &path,
            &admin,
            json!({ "version": 1, "name": "Yıllık kontrol" }),
        )
        .await;
    assert_eq!(
        renamed.json()["health_approved_by"],
        made["health_approved_by"]
    );
    let without = json!({ "version": 2, "body": "Kontrol zamanınız geldi." });
    let changed = server.patch(&path, &admin, without).await.json();
    assert_eq!(changed["health_approved_by"], Value::Null);
    // What was drafted while it was approved cannot be launched now.
    let launch = format!("{taken}/launch");
    let refused = server.post(&launch, &tenant.owner, json!({})).await;
    assert_eq!(refused.code(), "S405", "{}", refused.text());
}

#[tokio::test]
async fn a_segment_reads_as_a_sentence_is_previewed_and_chosen_by_a_campaign() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    define(&server, &tenant, json!({ "label_tr": "Semti" })).await;
    crate::people::say(&server, &tenant, &[]).await;
    let members = json!({ "add": [crate::people::PHONE] });
    server
        .post("/api/v1/tags/VIP/members", &tenant.owner, members)
        .await;
    let rule = json!({ "type": "all", "rules": [
        { "type": "group", "name": "VIP" },
        { "type": "message", "history": "delivered", "days": 90, "happened": false },
        { "type": "attribute", "code": "semt", "comparison": "blank" },
    ] });
    let sentence = "etiketi ya da listesi VIP ve son 90 günde ileti almadı ve Semti boş";
    let asked =
        json!({ "brand_id": tenant.brand, "channel": "MESAJ", "kind": "BIREYSEL", "rule": rule });
    let found = server
        .post("/api/v1/segments/preview", &tenant.owner, asked)
        .await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text());
    let found = found.json();
    assert_eq!(
        (&found["text_tr"], &found["target"]),
        (&json!(sentence), &json!(1))
    );
    assert_eq!(found["excluded"][0]["code"], "S102");
    let new = json!({ "name": "Sessiz VIP", "rule": rule });
    let made = server
        .post("/api/v1/segments", &tenant.owner, new.clone())
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(made["text_tr"], sentence);
    let twin = server.post("/api/v1/segments", &tenant.owner, new).await;
    let people = format!(
        "/api/v1/segments/{}/people?brand_id={}&channel=MESAJ&kind=BIREYSEL",
        made["id"].as_str().unwrap(),
        tenant.brand
    );
    let found = server.get(&people, &tenant.owner).await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.text());
    let found = found.json()["items"].as_array().unwrap().clone();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["address"], &found[0]["reason"]["code"]),
        (&json!(crate::people::PHONE), &json!("S102"))
    );
    assert_eq!(twin.status, StatusCode::CONFLICT, "{}", twin.text());
    let wrong = json!({ "name": "Yanlış", "rule": { "type": "attribute", "code": "yok", "comparison": "filled" } });
    let refused = server.post("/api/v1/segments", &tenant.owner, wrong).await;
    assert_eq!(refused.faults()[0].0, "rule", "{}", refused.text());

    let mut campaign = crate::campaigns::new_campaign(&server, &tenant).await;
    campaign["audience"] = json!({ "type": "segment", "segment_id": made["id"] });
    let drafted = server
        .post("/api/v1/campaigns", &tenant.owner, campaign.clone())
        .await;
    assert_eq!(drafted.status, StatusCode::CREATED, "{}", drafted.text());
    let path = format!(
        "/api/v1/campaigns/{}/dry-run",
        drafted.json()["id"].as_str().unwrap()
    );
    let run = server.post(&path, &tenant.owner, json!({})).await.json();
    assert_eq!(run["target"], 1, "{run}");
    let other = server.tenant("Başka").await;
    let segment = format!("/api/v1/segments/{}", made["id"].as_str().unwrap());
    let foreign = server.get(&segment, &other.owner).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    // Another rule: the draft is for whom it finds now.
    let nobody = json!({ "rule": { "type": "group", "name": "VIP", "is_in": false } });
    let changed = server.patch(&segment, &tenant.owner, nobody).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let run = server.post(&path, &tenant.owner, json!({})).await.json();
    assert_eq!(run["target"], 0, "{run}");
}

#[tokio::test]
async fn a_dry_run_tells_that_a_text_waits_for_an_owner_before_the_launch_is_refused_for_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let made = define(
        &server,
        &tenant,
        json!({ "code": "kan", "label_tr": "Kan grubu" }),
    )
    .await;
    let mut campaign = crate::campaigns::new_campaign(&server, &tenant).await;
    campaign["body"] =
        json!("Örnek Ticaret A.Ş. kan grubunuz {{kan}}. RET ORNEK yazıp 3338'e gönderin.");
    let drafted = server
        .post("/api/v1/campaigns", &tenant.owner, campaign)
        .await;
    assert_eq!(drafted.status, StatusCode::CREATED, "{}", drafted.text());
    let path = format!(
        "/api/v1/campaigns/{}",
        drafted.json()["id"].as_str().unwrap()
    );
    // What was harmless when it was written is health data now.
    let changed = server
        .patch(
            &format!("/api/v1/attributes/{}", made["id"].as_str().unwrap()),
            &tenant.owner,
            json!({ "is_health": true }),
        )
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    let run = server
        .post(&format!("{path}/dry-run"), &tenant.owner, json!({}))
        .await
        .json();
    assert_eq!(run["launch_obstacle"], "health", "{run}");
    let launched = server
        .post(&format!("{path}/launch"), &tenant.owner, json!({}))
        .await;
    assert_eq!(launched.code(), "S405", "{}", launched.text());
}
