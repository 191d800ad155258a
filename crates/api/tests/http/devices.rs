//! Devices of people: named by files, told with their platform.

use serde_json::json;
use store::access::Role;

use crate::support::Server;
use crate::uploads::{taken_in, work};

#[tokio::test]
async fn a_person_is_shown_with_the_devices_that_files_named_and_their_platforms() {
    let mut server = Server::start().await;
    let tenant = server.tenant("Firma").await;
    let ios = "0a".repeat(32);
    let android = format!("kayit:APA91b{}", "Az09".repeat(30));
    let file = format!(
        "müşteri no;telefon;token\r\nM-1;0532 123 45 67;{ios}\r\n\
         M-1;0532 123 45 67;{android}\r\nM-2;0533 765 43 21;\r\n"
    );
    let meta = json!({
        "brand_id": tenant.brand, "name": "Cihazlar", "action": "local",
        "default_recipient_kind": "BIREYSEL",
    });
    let upload = taken_in(&server, &tenant, &meta, &file).await;
    assert_eq!(upload["state"], "judged", "{upload}");
    let path = format!("/api/v1/uploads/{}/apply", upload["id"].as_str().unwrap());
    server.post(&path, &tenant.owner, json!({})).await;
    work(&server).await;

    let person = async |number: &str| {
        let path = format!("/api/v1/contacts?query={number}");
        let found = server.get(&path, &tenant.owner).await.json();
        let id = found["items"][0]["id"].as_str().unwrap().to_owned();
        format!("/api/v1/contacts/{id}")
    };
    let (first, second) = (person("M-1").await, person("M-2").await);
    let seen = server.get(&first, &tenant.owner).await.json();
    assert_eq!(seen["external_id"], "M-1");
    assert_eq!(
        seen["devices"],
        json!([
            { "platform": "ios", "token": ios },
            { "platform": "android", "token": android },
        ])
    );
    let seen = server.get(&second, &tenant.owner).await.json();
    assert_eq!(seen["devices"], json!([]));
    let viewer = server.key(tenant.firm, Role::Viewer).await;
    let seen = server.get(&first, &viewer).await.json();
    assert_eq!(
        seen["devices"],
        json!([
            { "platform": "ios", "token": "0***" },
            { "platform": "android", "token": "k***" },
        ])
    );
}
