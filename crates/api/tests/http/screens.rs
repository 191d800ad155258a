//! What the panel's screens ask: whom a search finds, what holds for a person,
//! complaints, who did what, how far consents reach, and practice.

use http::StatusCode;
use serde_json::json;
use store::access::Role;

use crate::connectors::new_connector;
use crate::people::say;
use crate::support::{Server, Tenant};

async fn names(server: &Server, key: &str, query: &str) -> Vec<String> {
    let answer = server.get(&format!("/api/v1/contacts?{query}"), key).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
    let phones = answer.json()["items"].as_array().unwrap().clone();
    phones
        .iter()
        .map(|one| one["phone"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn two_people(server: &Server, tenant: &Tenant) {
    say(server, tenant, &[]).await;
    let other = [
        ("address", json!("0532 123 45 68")),
        ("status", json!("ONAY")),
        ("source", json!("HS_MOBIL")),
    ];
    say(server, tenant, &other).await;
    let refusal = [
        ("address", json!("0532 123 45 68")),
        ("status", json!("RET")),
        ("consent_at", json!("2025-06-21T10:00:00+03:00")),
        ("source", json!("HS_MOBIL")),
    ];
    say(server, tenant, &refusal).await;
}

#[tokio::test]
async fn people_are_narrowed_down_by_consent_source_and_group() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    two_people(&server, &tenant).await;
    let (first, second) = ("+905321234567", "+905321234568");
    let added = server
        .post(
            "/api/v1/groups/VIP/members",
            &tenant.owner,
            json!({ "add": [second] }),
        )
        .await;
    assert!(added.status.is_success(), "{}", added.text());
    let members = server
        .get("/api/v1/groups/VIP/members", &tenant.owner)
        .await
        .json();
    let person = members["items"][0]["contact_id"].as_str().unwrap();
    let person = server
        .get(&format!("/api/v1/contacts/{person}"), &tenant.owner)
        .await
        .json();
    assert_eq!(person["phone"], second);
    let key = &tenant.owner;
    assert_eq!(names(&server, key, "consent=unconfirmed").await, [first]);
    assert_eq!(names(&server, key, "consent=refused").await, [second]);
    assert_eq!(names(&server, key, "consent=confirmed").await, [""; 0]);
    let elsewhere = names(&server, key, "consent=nothing&channel=EPOSTA").await;
    assert_eq!(elsewhere.len(), 2);
    assert_eq!(names(&server, key, "source=HS_WEB").await, [first]);
    assert_eq!(names(&server, key, "group=VIP").await, [second]);
    let unknown = server.get("/api/v1/contacts?group=yok", key).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let odd = server
        .get("/api/v1/contacts?attribute=yok&value=1", key)
        .await;
    assert_eq!(
        odd.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        odd.text()
    );
    // One at a time, everybody is met once.
    let mut met = Vec::new();
    let mut next = String::new();
    loop {
        let page = server
            .get(&format!("/api/v1/contacts?limit=1{next}"), key)
            .await
            .json();
        met.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => break,
        }
    }
    assert_eq!(met.len(), 2);
}

#[tokio::test]
async fn a_persons_page_shows_what_holds_and_what_stops_them() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    two_people(&server, &tenant).await;
    let stop = json!({ "addresses": ["+905321234568"], "cause": "complaint", "note": "Form" });
    let stopped = server.post("/api/v1/blacklist", &tenant.owner, stop).await;
    assert_eq!(stopped.status, StatusCode::CREATED, "{}", stopped.text());
    let people = server
        .get("/api/v1/contacts?query=05321234568", &tenant.owner)
        .await
        .json();
    let id = people["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/contacts/{id}/standing");
    let standing = server.get(&path, &tenant.owner).await.json();
    assert_eq!(standing["consents"][0]["status"], "RET");
    assert_eq!(standing["consents"][0]["channel"], "MESAJ");
    assert_eq!(standing["stops"][0]["code"], "S202");
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let masked = server.get(&path, &viewer).await.text();
    assert!(!masked.contains("5321234568"), "{masked}");
    let stranger = server.tenant("Yabancı").await;
    let hidden = server.get(&path, &stranger.owner).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn complaints_are_listed_until_somebody_closes_them() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    two_people(&server, &tenant).await;
    let stop = json!({
        "addresses": ["+905321234567", "+905321234568"], "cause": "complaint", "note": "Form",
    });
    server.post("/api/v1/blacklist", &tenant.owner, stop).await;
    let list = async |query: &str| {
        let answer = server
            .get(&format!("/api/v1/complaints{query}"), &tenant.owner)
            .await;
        answer.json()["items"].as_array().unwrap().clone()
    };
    assert_eq!(list("").await.len(), 2);
    let closed = server
        .post(
            "/api/v1/blacklist/complaints/handled",
            &tenant.owner,
            json!({ "address": "+905321234567", "note": "Yanıtlandı" }),
        )
        .await;
    assert_eq!(closed.status, StatusCode::NO_CONTENT, "{}", closed.text());
    let open = list("?only_open=true").await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["address"], "+905321234568");
    assert_eq!(list("").await.len(), 2);
    let page = server
        .get("/api/v1/complaints?limit=1", &tenant.owner)
        .await
        .json();
    let next = page["next"].as_str().unwrap();
    assert_eq!(list(&format!("?limit=1&after={next}")).await.len(), 1);
    let bounced = server.get("/api/v1/bounces", &tenant.owner).await.json();
    assert_eq!(bounced["items"], json!([]));
}

#[tokio::test]
async fn the_trail_is_asked_by_deed_and_by_what_it_was_done_to() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    two_people(&server, &tenant).await;
    let made = server
        .post("/api/v1/connectors", &tenant.owner, new_connector())
        .await
        .json();
    let id = made["id"].as_str().unwrap();
    let ask = async |query: &str| {
        let answer = server
            .get(&format!("/api/v1/audit?{query}"), &tenant.owner)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    };
    let of_it = ask(&format!("subject={id}")).await;
    assert_eq!(of_it.len(), 1);
    assert_eq!(of_it[0]["action"], "connector.create");
    assert_eq!(ask("action=connector.create").await.len(), 1);
    assert_eq!(ask("action=campaign.launch").await.len(), 0);
    assert_eq!(ask("to=2001-01-01T00:00:00Z").await.len(), 0);
    assert!(!ask("from=2001-01-01T00:00:00Z").await.is_empty());
}

#[tokio::test]
async fn coverage_counts_each_kind_of_record_once() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let path = format!("/api/v1/brands/{}/coverage", tenant.brand);
    let nothing = server.get(&path, &tenant.owner).await.json();
    assert_eq!(nothing["channels"], json!([]));
    two_people(&server, &tenant).await;
    let coverage = server.get(&path, &tenant.owner).await.json();
    let channel = &coverage["channels"][0];
    assert_eq!(channel["channel"], "MESAJ");
    let today = &channel["days"][0];
    let count = |name: &str| today[name].as_i64().unwrap();
    assert_eq!(
        (count("confirmed"), count("unconfirmed"), count("refused")),
        (0, 1, 1)
    );
    let stranger = server.tenant("Yabancı").await;
    let hidden = server.get(&path, &stranger.owner).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_ledger_is_taken_out_as_an_archive_that_says_its_own_length() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    two_people(&server, &tenant).await;
    let path = format!("/api/v1/registry/{}/ledger.tar", tenant.brand);
    let taken = server.get(&path, &tenant.owner).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    let length = taken.headers["content-length"].to_str().unwrap();
    assert_eq!(length, taken.body.len().to_string());
    assert_eq!(taken.body.len() % 512, 0);
    let text = taken.text();
    for name in [
        "manifest.json",
        "events.jsonl",
        "blocks.jsonl",
        "audit.jsonl",
    ] {
        assert!(text.contains(name), "{name}");
    }
    assert_eq!(text.matches("\"HS_MOBIL\"").count(), 2);
    let again = server.get(&path, &tenant.owner).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    let marketer = server.key(tenant.firm, Role::Marketer).await;
    let refused = server.get(&path, &marketer).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn whoever_may_not_list_people_still_reads_the_names_of_who_did_something() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    server
        .person(tenant.firm, "ayse@ornek.com", Role::Marketer)
        .await;
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let refused = server.get("/api/v1/users", &viewer).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let all = server.get("/api/v1/actors", &viewer).await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.text());
    assert!(
        !all.text().contains("ayse@ornek.com"),
        "names, not addresses"
    );
    let all = all.json()["items"].as_array().unwrap().clone();
    let kinds: Vec<_> = all
        .iter()
        .map(|one| {
            one["actor"]
                .as_str()
                .unwrap()
                .split(':')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(kinds, ["user", "key", "key"], "people, then programs");
    // One at a time, everybody is met once.
    let mut met = Vec::new();
    let mut next = String::new();
    loop {
        let page = server
            .get(&format!("/api/v1/actors?limit=1{next}"), &viewer)
            .await
            .json();
        met.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(after) => next = format!("&after={after}"),
            None => break,
        }
    }
    assert_eq!(met, all);
    let odd = server.get("/api/v1/actors?after=odd", &viewer).await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    let stranger = server.tenant("Yabancı").await;
    let theirs = server.get("/api/v1/actors", &stranger.owner).await;
    assert_eq!(theirs.json()["items"].as_array().map(Vec::len), Some(1));
}
