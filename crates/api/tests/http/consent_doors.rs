//! Every way in which a consent changes leaves one ledger row with its door,
//! who it was, and the evidence.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use store::access::Role;

use crate::people::say;
use crate::support::{Server, Tenant, request};

async fn history(server: &Server, tenant: &Tenant, address: &str) -> Vec<Value> {
    let path = format!(
        "/api/v1/consents/history?brand_id={}&address={address}&channel=MESAJ",
        tenant.brand
    );
    let page = server.get(&path, &tenant.owner).await.json();
    page["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn each_door_leaves_one_row_that_names_the_door_the_person_and_the_evidence() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    // One, by a program.
    say(&server, &tenant, &[("evidence", json!("form 1"))]).await;
    let rows = history(&server, &tenant, "05321234567").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["origin"], &rows[0]["evidence"]),
        (&json!("API"), &json!("form 1"))
    );
    let actor = rows[0]["actor"].as_str().expect("an actor");
    assert!(actor.starts_with("key:key_"), "{actor}");

    // Many, by a program.
    let items: Vec<Value> = (1..=3)
        .map(|n| {
            json!({
                "brand_id": tenant.brand, "address": format!("+9053299900{n:02}"),
                "channel": "MESAJ", "kind": "BIREYSEL", "status": "ONAY",
                "consent_at": format!("2025-06-20T10:00:0{n}+03:00"), "source": "HS_MOBIL",
            })
        })
        .collect();
    let answer = server
        .post("/api/v1/consents", &tenant.owner, json!({ "items": items }))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    for n in 1..=3 {
        let rows = history(&server, &tenant, &format!("053299900{n:02}")).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (&rows[0]["origin"], &rows[0]["source"]),
            (&json!("API"), &json!("HS_MOBIL"))
        );
    }

    // On the person's screen, with a note of the call.
    let user = server
        .person(tenant.firm, "destek@ornek.com.tr", Role::Support)
        .await;
    let (cookie, token) = server.sign_in("destek@ornek.com.tr").await;
    let refusal = json!({
        "brand_id": tenant.brand, "address": "0532 123 45 67", "channel": "MESAJ",
        "kind": "BIREYSEL", "status": "RET", "consent_at": "2025-06-23T09:30:00+03:00",
        "source": "HS_CAGRI_MERKEZI", "evidence": "çağrı kaydı 4711",
    });
    let mut call = request(Method::POST, "/api/v1/consents", "", Some(refusal));
    let headers = call.headers_mut();
    headers.insert("cookie", cookie.parse().expect("a cookie"));
    headers.insert("x-csrf-token", token.parse().expect("a token"));
    let answer = server.send(call).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    let rows = history(&server, &tenant, "05321234567").await;
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["origin"], &rows[0]["source"], &rows[0]["evidence"]),
        (
            &json!("PANEL"),
            &json!("HS_CAGRI_MERKEZI"),
            &json!("çağrı kaydı 4711")
        )
    );
    assert_eq!(rows[0]["actor"], format!("user:{user}"));
    // Said once more, it is no second row.
    say(&server, &tenant, &[("status", json!("RET"))]).await;
    assert_eq!(history(&server, &tenant, "05321234567").await.len(), 2);
}

#[tokio::test]
async fn the_consent_of_one_brand_lets_nothing_out_in_the_name_of_another() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let other = json!({
        "name": "İkinci", "short_name": "IKINCI", "trade_name": "İkinci A.Ş.",
        "mersis": "0123456789012345",
    });
    let made = server.post("/api/v1/brands", &tenant.owner, other).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let second = made.json()["id"].as_str().expect("an id").to_owned();
    say(&server, &tenant, &[]).await;
    let people = server
        .get("/api/v1/contacts?query=05321234567", &tenant.owner)
        .await
        .json();
    let id = people["items"][0]["id"]
        .as_str()
        .expect("a person")
        .to_owned();
    let why = async |brand: &str| {
        let path = format!("/api/v1/contacts/{id}/why?brand_id={brand}&channel=MESAJ");
        server.get(&path, &tenant.owner).await.json()
    };
    let here = why(&tenant.brand.to_string()).await;
    assert_eq!(here["local"]["status"], "ONAY");
    let there = why(&second).await;
    assert_eq!(
        (&there["sendable"], &there["local"]),
        (&json!(false), &Value::Null)
    );
    let codes: Vec<&str> = there["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .filter_map(|reason| reason["code"].as_str())
        .collect();
    assert!(codes.contains(&"S101"), "{codes:?}");
}
