//! Push connections, and what arrives at them.

use serde_json::{Value, json};

use crate::harness::{Answer, Iys, Receiver, codes, eventually};

fn connection(url: &str, channel: &str) -> Value {
    json!({ "url": url, "type": channel, "username": "iys", "password": "sifre" })
}

async fn register(iys: &Iys, connections: Value) -> Answer {
    let path = format!("{}/push/registration", iys.brand);
    iys.client
        .post(&path, &json!({ "connection": connections }))
        .await
}

async fn listed(iys: &Iys) -> Vec<Value> {
    let path = format!("{}/push/registration", iys.brand);
    let (_, said) = iys.client.get(&path).await;
    said.as_array().cloned().expect("a list")
}

async fn over_http() -> Iys {
    Iys::start_with(|config| config.options.push_allows_http = true).await
}

fn by_citizen(n: u32) -> Value {
    json!({
        "recipient": format!("+90532{n:07}"), "type": "MESAJ", "status": "RET",
        "source": "IYS_WEB", "consentDate": "2026-03-02 14:59:00",
    })
}

#[tokio::test]
async fn a_connection_opens_after_its_test_message_and_then_gets_what_citizens_do() {
    let iys = over_http().await;
    let mut receiver = Receiver::start(&[]).await;
    let (status, said) = register(&iys, json!([connection(&receiver.url, "MESAJ")])).await;
    assert_eq!(status, 200, "{said}");
    let test = receiver.next().await;
    let row = &test.body["list"][0];
    assert_eq!(
        (&row["iysCode"], &row["recipient"]),
        (&json!(121_212), &json!("pushtest@iys.org.tr"))
    );
    // iys:sifre
    assert_eq!(test.headers["authorization"], "Basic aXlzOnNpZnJl");
    assert_eq!(listed(&iys).await[0]["status"], "Bağlantı Oluşturuldu");

    let by_firm = json!({
        "recipient": "+905321111111", "type": "MESAJ", "status": "ONAY",
        "source": "HS_WEB", "consentDate": "2026-03-02 14:59:00",
    });
    let past = json!({
        "recipient": "+905322222222", "type": "MESAJ", "status": "RET", "source": "IYS_WEB",
        "consentDate": "2026-03-01 10:00:00", "creationDate": "2026-03-01 10:00:00",
    });
    iys.load(json!([by_firm, past, by_citizen(7)])).await;
    let push = receiver.next().await;
    let rows = push.body["list"].as_array().expect("a list");
    assert_eq!(rows.len(), 1);
    for field in [
        "consentDate",
        "creationDate",
        "source",
        "recipient",
        "recipientType",
        "status",
        "type",
        "transactionId",
    ] {
        assert!(rows[0][field].is_string(), "{field}");
    }
    assert_eq!(rows[0]["recipient"], "+905320000007");
    assert_eq!(rows[0]["brandCode"], 690_002);
}

#[tokio::test]
async fn a_push_that_is_not_taken_is_tried_again_and_may_be_repeated() {
    let iys = over_http().await;
    iys.client
        .tell("/_sim/options", &json!({ "push_repeats": 1 }))
        .await;
    let mut receiver = Receiver::start(&[200, 500]).await;
    register(&iys, json!([connection(&receiver.url, "MESAJ")])).await;
    receiver.next().await;
    iys.load(json!([by_citizen(7)])).await;
    for _ in 0..3 {
        let push = receiver.next().await;
        assert_eq!(push.body["list"][0]["recipient"], "+905320000007");
    }
    let stats = eventually(
        async || iys.client.stats().await,
        |stats| stats["pushes_sent"] == 2,
    )
    .await;
    assert_eq!(stats["pushes_lost"], 0);
}

#[tokio::test]
async fn an_address_without_https_or_without_an_answer_is_no_connection() {
    let iys = Iys::start().await;
    let answer = register(&iys, json!([connection("http://127.0.0.1:9/iys", "MESAJ")])).await;
    assert_eq!(codes(&answer), ["H531"]);
    iys.client
        .tell("/_sim/options", &json!({ "push_allows_http": true }))
        .await;
    let receiver = Receiver::start(&[500]).await;
    let answer = register(&iys, json!([connection(&receiver.url, "MESAJ")])).await;
    assert_eq!(codes(&answer), ["H530"]);
    assert_eq!(listed(&iys).await[0]["status"], "Bağlantı Oluşturulamadı");
}

#[tokio::test]
async fn a_channel_has_two_connections_at_most_and_one_can_be_taken_back() {
    let iys = over_http().await;
    let receivers = [
        Receiver::start(&[]).await,
        Receiver::start(&[]).await,
        Receiver::start(&[]).await,
    ];
    for (receiver, expected) in receivers.iter().zip([200, 200, 422]) {
        let answer = register(&iys, json!([connection(&receiver.url, "MESAJ")])).await;
        assert_eq!(answer.0, expected);
    }
    let other = json!([connection(&receivers[2].url, "EPOSTA")]);
    assert_eq!(register(&iys, other).await.0, 200, "its own count");
    let path = format!("{}/push/unregistration", iys.brand);
    let first = connection(&receivers[0].url, "MESAJ");
    assert_eq!(iys.client.post(&path, &first).await.0, 200);
    assert_eq!(codes(&iys.client.post(&path, &first).await), ["H530"]);
    assert_eq!(listed(&iys).await.len(), 2);
}

#[tokio::test]
async fn a_registration_of_a_wrong_form_is_refused_by_its_field() {
    let iys = over_http().await;
    let url = "http://127.0.0.1:9/iys";
    for (connections, code) in [
        (json!([]), "H530"),
        (
            json!([{ "url": url, "username": "a", "password": "b" }]),
            "H111",
        ),
        (
            json!([{ "url": url, "type": "FAKS", "username": "a", "password": "b" }]),
            "H117",
        ),
        (
            json!([{ "url": url, "type": "MESAJ", "username": "a" }]),
            "H530",
        ),
        (
            json!([{ "url": url, "type": "MESAJ", "username": "a", "password": "b", "x": 1 }]),
            "H118",
        ),
    ] {
        assert_eq!(
            codes(&register(&iys, connections.clone()).await),
            [code],
            "{connections}"
        );
    }
}
