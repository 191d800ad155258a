//! What somebody was and was not sent, and the proof of it.

use domain::ledger::proof::MessageProof;
use engine::Step;
use http::{Method, StatusCode};
use serde_json::Value;
use store::access::Role;

use crate::campaigns::new_campaign;
use crate::people::say;
use crate::support::{Server, Tenant};

/// A campaign that reached nobody: the brand is not connected to İYS.
async fn launched(server: &mut Server, tenant: &Tenant) {
    say(server, tenant, &[]).await;
    let wanted = new_campaign(server, tenant).await;
    let made = server
        .post("/api/v1/campaigns", &tenant.owner, wanted)
        .await
        .json();
    let path = format!("/api/v1/campaigns/{}", made["id"].as_str().expect("an id"));
    let approver = server.key(tenant.firm, Role::Approver).await;
    for (step, key) in [
        ("submit", &tenant.owner),
        ("approve", &approver),
        ("launch", &tenant.owner),
    ] {
        let path = format!("{path}/{step}");
        let answer = server.call(Method::POST, &path, key, None).await;
        assert!(answer.status.is_success(), "{step}: {}", answer.text());
    }
    while server.engine.step_launch().await.expect("launches") == Step::Did {}
}

#[tokio::test]
async fn why_somebody_got_nothing_is_listed_and_proven_to_those_who_may_see_it() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    launched(&mut server, &tenant).await;
    let list = "/api/v1/messages?address=05321234567";
    let page = server.get(list, &tenant.owner).await.json();
    let one = &page["items"][0];
    assert_eq!(one["campaign_name"], "Yaz", "{page}");
    let code = one["code"].as_str().expect("a reason");
    assert!(code.starts_with('S') && one["text_tr"].is_string(), "{one}");

    let id = one["id"].as_str().expect("an id");
    let path = format!("/api/v1/messages/{id}/proof");
    let answer = server.get(&path, &tenant.owner).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let proof: MessageProof = serde_json::from_value(answer.json()).expect("a proof");
    assert_eq!(proof.check(), []);
    assert_eq!(proof.excluded.as_deref(), Some(code));
    let page = server.get(&format!("{path}.html"), &tenant.owner).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains(code) && page.text().contains("+905321234567"));

    let trail = server.get("/api/v1/audit", &tenant.owner).await.json();
    let proofs = trail["items"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry: &&Value| entry["action"] == "message.proof");
    assert_eq!(proofs.count(), 2, "whoever looks is named");

    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let masked = server.get(list, &viewer).await.json();
    assert_eq!(masked["items"][0]["address"], "+90532*****67");
    let refused = server.get(&path, &viewer).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let stranger = server.tenant("Yabancı").await;
    let nothing = server.get(&path, &stranger.owner).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}
