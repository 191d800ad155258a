//! What a text said before, what it lacks, what may stand in it.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::campaigns::new_campaign;
use crate::support::{Server, new_template};

#[tokio::test]
async fn a_text_keeps_every_version_and_a_campaign_names_the_one_it_was_made_of() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let made = server
        .post(
            "/api/v1/templates",
            &tenant.owner,
            new_template(tenant.brand),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let found: Vec<Value> = made.json()["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|one| one["code"].clone())
        .collect();
    assert!(
        found.contains(&json!("refusal_missing")),
        "what a commercial text lacks is told when it is saved: {found:?}"
    );
    let id = made.json()["id"].clone();
    let path = format!("/api/v1/templates/{}", id.as_str().expect("an id"));
    let mut wanted = new_campaign(&server, &tenant).await;
    wanted["template_id"] = id.clone();
    wanted["body"] = made.json()["body"].clone();
    let campaign = server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await
        .json();
    assert_eq!(campaign["template_version"], 1, "{campaign}");

    let change = json!({ "version": 1, "body": "Sayın {{ad}}, indirim bitti." });
    let changed = server.patch(&path, &tenant.owner, change).await;
    assert_eq!(changed.json()["version"], 2, "{}", changed.text());
    let versions = server
        .get(&format!("{path}/versions"), &tenant.owner)
        .await
        .json();
    let bodies: Vec<(&Value, &Value)> = versions["items"]
        .as_array()
        .expect("versions")
        .iter()
        .map(|one| (&one["version"], &one["body"]))
        .collect();
    assert_eq!(
        bodies,
        [
            (&json!(2), &json!("Sayın {{ad}}, indirim bitti.")),
            (&json!(1), &json!("Sayın {{ad}}, indirim başladı.")),
        ]
    );
    let held = format!(
        "/api/v1/campaigns/{}",
        campaign["id"].as_str().expect("an id")
    );
    let held = server.get(&held, &tenant.owner).await.json();
    assert_eq!(held["template_version"], 1, "it stays what it was made of");
    let go = format!(
        "/api/v1/campaigns/{}/go",
        campaign["id"].as_str().expect("an id")
    );
    let go = server.get(&go, &tenant.owner).await.json();
    assert_eq!(
        (&go["template"]["version"], &go["template"]["is_edited"]),
        (&json!(1), &json!(false)),
        "{go}"
    );
    let stranger = server.tenant("Yabancı").await;
    let theirs = server
        .get(&format!("{path}/versions"), &stranger.owner)
        .await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_variable_that_nobody_knows_is_refused_with_the_one_that_was_meant() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let attribute = json!({
        "code": "semt", "label_tr": "Semt", "label_en": "District", "kind": "text",
        "is_personal": true,
    });
    let defined = server
        .post("/api/v1/attributes", &tenant.owner, attribute)
        .await;
    assert_eq!(defined.status, StatusCode::CREATED, "{}", defined.text());
    let list = server.get("/api/v1/variables", &tenant.owner).await.json();
    let names: Vec<(&str, &str, &str)> = list["items"]
        .as_array()
        .expect("variables")
        .iter()
        .map(|one| {
            let word = |name: &str| one[name].as_str().expect("a word");
            (word("name"), word("from"), word("kind"))
        })
        .collect();
    assert_eq!(
        names,
        [
            ("ad", "contact", "text"),
            ("musteri_no", "contact", "text"),
            ("semt", "attribute", "text"),
            ("promosyon_kodu", "promotion", "text"),
            ("ret_linki", "message", "text"),
        ]
    );
    let mut wanted = new_template(tenant.brand);
    wanted["body"] = json!("Sayın {{adi}}, {{semt}} mağazamız açıldı.");
    let refused = server
        .post("/api/v1/templates", &tenant.owner, wanted)
        .await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.text()
    );
    assert!(
        refused.text().contains("did you mean `{{ad}}`?"),
        "{}",
        refused.text()
    );
    let mut campaign = new_campaign(&server, &tenant).await;
    campaign["body"] = json!("Sayın {{puan}}");
    let refused = server
        .post("/api/v1/campaigns", &tenant.owner, campaign)
        .await;
    assert_eq!(
        refused.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        refused.text()
    );
    assert!(refused.text().contains("semt"), "{}", refused.text());
}

#[tokio::test]
async fn the_e_mail_of_a_text_keeps_every_version_and_who_saved_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let mut wanted = new_template(tenant.brand);
    wanted["channel"] = json!("EPOSTA");
    let made = server
        .post("/api/v1/templates", &tenant.owner, wanted)
        .await
        .json();
    let path = format!("/api/v1/templates/{}/mail", made["id"].as_str().unwrap());
    let first = json!({ "subject": "Sayın {{ad}}", "html": "<p>Merhaba</p>" });
    let second = json!({
        "subject": "Yaz indirimi", "html": "<p>Merhaba</p>", "preheader": "{{ad}}, yaz geldi",
    });
    for (wrong, field) in [
        (
            json!({ "subject": "Yaz", "preheader": "Yaz geldi" }),
            "preheader",
        ),
        (
            json!({ "subject": "Yaz", "html": "<p>a</p>", "preheader": "{{olmayan}}" }),
            "preheader",
        ),
    ] {
        let refused = server
            .call(Method::PUT, &path, &tenant.owner, Some(wrong))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            refused.json()["where"][0]["field"],
            field,
            "{}",
            refused.text()
        );
    }
    for mail in [&first, &first, &second] {
        let saved = server
            .call(Method::PUT, &path, &tenant.owner, Some(mail.clone()))
            .await;
        assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    }
    let versions = server
        .get(&format!("{path}/versions"), &tenant.owner)
        .await
        .json();
    let kept = versions["items"].as_array().expect("versions");
    let subjects: Vec<_> = kept.iter().map(|one| &one["subject"]).collect();
    assert_eq!(subjects, ["Yaz indirimi", "Sayın {{ad}}"], "{versions}");
    assert_eq!(kept[0]["preheader"], "{{ad}}, yaz geldi", "{versions}");
    assert_eq!(kept[1]["preheader"], json!(null));
    assert!(kept[0]["saved_by"].as_str().unwrap().starts_with("key:"));
    let one = server
        .get(&format!("{path}/versions?limit=1"), &tenant.owner)
        .await
        .json();
    assert_eq!(one["next"], "2", "{one}");
    let stranger = server.tenant("Yabancı").await;
    let theirs = server
        .get(&format!("{path}/versions"), &stranger.owner)
        .await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}
