//! What belongs to another firm is not there.

use crate::support::{Server, Tenant, new_template};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

/// Everything of a firm that has a number, as path of its resource.
async fn belongings(server: &mut Server, tenant: &Tenant) -> Vec<String> {
    let user = server
        .person(tenant.firm, "kisi@ornek.com", Role::Viewer)
        .await;
    let template = server
        .post(
            "/api/v1/templates",
            &tenant.owner,
            new_template(tenant.brand),
        )
        .await;
    let key = server
        .post(
            "/api/v1/api-keys",
            &tenant.owner,
            json!({ "name": "a", "role": "viewer" }),
        )
        .await;
    let upload = upload(server, tenant).await;
    let id = |value: &Value| value.as_str().expect("an id").to_owned();
    vec![
        format!("firms/{}", tenant.firm),
        format!("brands/{}", tenant.brand),
        format!("users/{user}"),
        format!("templates/{}", id(&template.json()["id"])),
        format!("api-keys/{}", id(&key.json()["api_key"]["id"])),
        format!("uploads/{upload}"),
        format!("registry/{}", tenant.brand),
    ]
}

/// A file of a tenant that waits to be judged.
pub(crate) async fn upload(server: &Server, tenant: &Tenant) -> String {
    let new = engine::uploads::NewFile {
        expires_at: None,
        firm: tenant.firm,
        brand: tenant.brand,
        name: "liste".to_owned(),
        file_name: "liste.csv".to_owned(),
        tag: None,
        purpose: store::uploads::UploadPurpose::Contacts,
        stops: store::uploads::StopScope::default(),
        action: engine::Action::Local,
        default_kind: None,
        mapping: Value::Null,
        actor: "test".to_owned(),
    };
    let upload = server
        .engine
        .receive(new, &b"telefon;izin\n"[..])
        .await
        .expect("received");
    upload.id.to_string()
}

#[tokio::test]
async fn what_belongs_to_another_firm_is_not_found_by_any_call() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let stranger = server.tenant("Yabancı").await;
    for path in belongings(&mut server, &tenant).await {
        let mut calls = vec![(Method::GET, String::new(), None)];
        let patch = match path.split('/').next().unwrap_or_default() {
            "firms" | "brands" | "users" => Some(json!({ "name": "Ele geçirildi" })),
            "templates" => Some(json!({ "version": 1, "name": "Ele geçirildi" })),
            "api-keys" => Some(json!({ "disabled": true })),
            _ => None,
        };
        if let Some(patch) = patch {
            calls.push((Method::PATCH, String::new(), Some(patch)));
        }
        if path.starts_with("uploads/") {
            for (method, tail) in [
                (Method::GET, "/rejections"),
                (Method::GET, "/rejections.csv"),
                (Method::GET, "/progress"),
                (Method::POST, "/apply"),
                (Method::POST, "/cancel"),
            ] {
                calls.push((method, tail.to_owned(), None));
            }
        }
        if path.starts_with("registry/") {
            calls.push((Method::POST, "/pull".to_owned(), None));
            calls.push((Method::POST, "/push".to_owned(), None));
        }
        if path.starts_with("templates/") {
            calls.push((Method::POST, "/preview".to_owned(), Some(json!({}))));
            let mail = json!({ "subject": "Ele geçirildi" });
            calls.push((Method::GET, "/mail".to_owned(), None));
            calls.push((Method::PUT, "/mail".to_owned(), Some(mail)));
        }
        for (method, tail, body) in calls {
            // People and keys are read from lists only.
            let is_list_only = method == Method::GET
                && (path.starts_with("users/") || path.starts_with("api-keys/"));
            if is_list_only {
                continue;
            }
            let address = format!("/api/v1/{path}{tail}");
            let answer = server
                .call(method.clone(), &address, &stranger.owner, body)
                .await;
            assert_eq!(
                answer.status,
                StatusCode::NOT_FOUND,
                "{method} {address}: {}",
                answer.text()
            );
            assert_eq!(answer.code(), "NOT_FOUND", "{method} {address}");
        }
    }
}

#[tokio::test]
async fn lists_hold_what_is_one_s_own() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let stranger = server.tenant("Yabancı").await;
    belongings(&mut server, &tenant).await;
    for list in [
        "templates",
        "uploads",
        "campaigns",
        "connectors",
        "contacts",
        "blacklist",
        "inbound",
    ] {
        let answer = server
            .get(&format!("/api/v1/{list}"), &stranger.owner)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{list}: {}", answer.text());
        assert_eq!(answer.json()["items"], json!([]), "{list}");
    }
    let firms = server.get("/api/v1/firms", &stranger.owner).await.json();
    assert_eq!(firms["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(firms["items"][0]["name"], "Yabancı");
}

#[tokio::test]
async fn nothing_is_made_for_the_brand_of_another_firm() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let stranger = server.tenant("Yabancı").await;
    let answer = server
        .post(
            "/api/v1/templates",
            &stranger.owner,
            new_template(tenant.brand),
        )
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text());
    let consent = json!({
        "brand_id": tenant.brand, "address": "+905321234567", "channel": "MESAJ",
        "kind": "BIREYSEL", "status": "ONAY", "consent_at": "2025-06-20T10:00:00+03:00",
        "source": "HS_WEB",
    });
    let answer = server
        .post("/api/v1/consents", &stranger.owner, consent)
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text());
    assert_eq!(
        server.get("/api/v1/templates", &tenant.owner).await.json()["items"],
        json!([]),
        "nothing was made"
    );
}

#[tokio::test]
async fn a_firm_is_made_through_the_api_only_where_the_installation_allows_it() {
    let wanted = json!({
        "name": "Yeni firma",
        "owner": {
            "email": "sahip@yeni.com", "name": "Sahip", "language": "tr",
            "password": crate::support::PASSWORD,
        },
    });
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let answer = server
        .post("/api/v1/firms", &tenant.owner, wanted.clone())
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let mut server = Server::with(|options| options.firms_by_api = true).await;
    let tenant = server.tenant("Firma").await;
    let answer = server.post("/api/v1/firms", &tenant.owner, wanted).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    server.sign_in("sahip@yeni.com").await;
}
