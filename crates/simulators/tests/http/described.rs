//! The providers that a description serves refuse what the real ones refuse.

use serde_json::{Value, json};
use simulators::{Kind, Options, Running};

use crate::harness::{Client, free_port};

async fn start(kind: Kind) -> (Client, Running) {
    let running = simulators::start(kind, Options::default(), free_port().await)
        .await
        .expect("a simulator");
    (Client::new(&running), running)
}

/// Posts XML and reads the plain text of the answer.
async fn ask(running: &Running, path: &str, body: &str) -> String {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let request = client
        .post(format!("{}{path}", running.url()))
        .header("content-type", "text/xml; charset=utf-8")
        .body(body.to_owned());
    let answer = request.send().await.expect("an answer");
    answer.text().await.expect("a text")
}

#[tokio::test]
async fn mobildev_answers_each_mistake_with_its_code() {
    let (_, running) = start(Kind::Mobildev).await;
    let good = "<MainmsgBody><UserName>ben-12</UserName><PassWord>p</PassWord><Action>1</Action>\
        <Originator>ORNEKMARKA</Originator><Messages><Message><Mesgbody>Merhaba</Mesgbody>\
        <Number>905321234567</Number></Message></Messages><SDate></SDate></MainmsgBody>";
    assert!(ask(&running, "/xml", good).await.starts_with("ID:"));
    let long = "a".repeat(269);
    for (from, to, code) in [
        ("<SDate>", "<Olmayan/><SDate>", "05"),
        ("</MainmsgBody>", "", "05"),
        ("<SDate></SDate>", "<SDate></SDate><SDate></SDate>", "05"),
        ("ben-12", "ben", "01"),
        ("<PassWord>p", "<PassWord>", "01"),
        ("<Action>1", "<Action>9", "03"),
        ("ORNEKMARKA", "ÖRNEK", "06"),
        ("<SDate>", "<MsgID>1</MsgID><SDate>", "07"),
        ("Merhaba", " ", "12"),
        ("Merhaba", long.as_str(), "13"),
        ("905321234567", "5321234567", "14"),
        ("<SDate>", "<SDate>yarın", "15"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_eq!(ask(&running, "/xml", &bad).await, code, "{from} → {to}");
    }
    let unknown = "<MainmsgBody><UserName>ben-12</UserName><PassWord>p</PassWord>\
        <Action>2</Action><MsgID>1</MsgID></MainmsgBody>";
    assert_eq!(ask(&running, "/xml", unknown).await, "02");
}

#[tokio::test]
async fn turatel_answers_each_mistake_with_its_code() {
    let (_, running) = start(Kind::Turatel).await;
    let path = "/xml/process.aspx";
    let good = "<MainmsgBody><PlatformID>1</PlatformID><ChannelCode>2</ChannelCode>\
        <UserName>ben</UserName><PassWord>p</PassWord><Command>0</Command>\
        <Mesgbody>Merhaba</Mesgbody><Numbers>905321234567,905331234567</Numbers><Type>1</Type>\
        <Originator>ORNEKMARKA</Originator><Concat>0</Concat></MainmsgBody>";
    assert!(ask(&running, path, good).await.starts_with("ID:"));
    let long = "a".repeat(161);
    for (from, to, code) in [
        ("<Type>", "<Olmayan/><Type>", "21"),
        ("<PlatformID>1", "<PlatformID>bir", "01"),
        ("<Command>0", "<Command>9", "04"),
        ("ORNEKMARKA", "UZUNBIRBASLIK", "05"),
        ("Merhaba", "", "06"),
        ("Merhaba", long.as_str(), "07"),
        (",905331234567", ",5331234567", "03"),
        ("<Type>1", "<Type>9", "09"),
        ("<Concat>0", "<Concat>2", "09"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_eq!(ask(&running, path, &bad).await, code, "{from} → {to}");
    }
}

#[tokio::test]
async fn figensoft_answers_each_mistake_with_its_code() {
    let (mut client, _running) = start(Kind::Figensoft).await;
    let good = json!({
        "smsHeader": "ORNEKMARKA", "smsIysMessageType": "CAMPAIGN",
        "smsIysRecipientType": "BIREYSEL", "customId": "a",
        "messages": [{ "id": "1", "number": "905321234567", "text": "Merhaba" }],
    });
    let (status, said) = client.post("/sms/send", &good).await;
    assert_eq!((status, said["code"].as_str()), (401, Some("1")), "{said}");
    client.authorization = Some("Basic YmVuOnA=".to_owned());
    let (status, said) = client.post("/sms/send", &good).await;
    assert_eq!((status, said["code"].as_str()), (200, Some("0")), "{said}");
    let changes: [(&str, Value, &str); 5] = [
        ("/smsHeader", json!("ÖRNEK"), "3"),
        ("/smsIysMessageType", json!("BULK"), "4"),
        ("/smsIysRecipientType", json!("FIRMA"), "4"),
        ("/messages", json!([]), "4"),
        ("/messages/0/text", json!(" "), "6"),
    ];
    for (path, value, code) in changes {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect("a field") = value;
        let (_, said) = client.post("/sms/send", &bad).await;
        assert_eq!(said["code"], code, "{path}");
    }
}

#[tokio::test]
async fn mesajussu_answers_each_mistake_with_its_status() {
    let (client, running) = start(Kind::Turkcell).await;
    let good = json!({ "etkFlag": true, "messages": [
        { "receiver": "5321234567", "message": "Merhaba", "sender": "ORNEKMARKA" },
    ]});
    let base = "/api/api/integration/v2";
    let send = format!("{base}/sms/send/nton");
    assert_eq!(client.post(&send, &good).await.0, 908, "no session");
    let login = json!({ "username": "ben", "password": "p" });
    let (status, said) = client.post(&format!("{base}/login"), &login).await;
    assert_eq!(status, 200, "{said}");
    let token = said["token"].as_str().expect("a token").to_owned();
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let many: Vec<Value> = vec![good["messages"][0].clone(); 1_001];
    for (path, value, expected) in [
        ("/etkFlag", json!(true), 200),
        ("/etkFlag", json!("evet"), 400),
        ("/messages", json!([]), 932),
        ("/messages", json!(many), 932),
        ("/messages/0/sender", json!("ÖRNEK"), 971),
        ("/messages/0/receiver", json!("905321234567"), 400),
        ("/messages/0/message", json!(" "), 400),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(path).expect("a field") = value;
        let request = http
            .post(format!("{}{send}", running.url()))
            .header("token", &token)
            .json(&body);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), expected, "{path}");
    }
}

#[tokio::test]
async fn brevo_answers_each_mistake_with_its_code() {
    let (_, running) = start(Kind::Brevo).await;
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let post = async |body: &Value, key: &str| {
        let request = http
            .post(format!("{}/v3/smtp/email", running.url()))
            .header("api-key", key)
            .json(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let said: Value = answer.json().await.expect("JSON");
        (status, said)
    };
    let good = json!({
        "sender": { "email": "kampanya@ornek.com", "name": "Örnek" },
        "subject": "Konu", "htmlContent": "<p>Merhaba</p>", "textContent": "Merhaba",
        "headers": { "idempotencyKey": "0d9c2f8e-0d5a-4b6e-8f0a-1b2c3d4e5f60" },
        "messageVersions": [
            { "to": [{ "email": "ali@ornek.com" }], "headers": { "X-Mailin-custom": "1" } },
            { "to": [{ "email": "veli@ornek.com" }], "headers": { "X-Mailin-custom": "2" } },
        ],
    });
    let (status, said) = post(&good, "").await;
    assert_eq!((status, &said["code"]), (401, &json!("unauthorized")));
    let (status, said) = post(&good, "anahtar").await;
    assert_eq!(status, 201, "{said}");
    assert_eq!(said["messageIds"].as_array().map(Vec::len), Some(2));
    let (status, said) = post(&good, "anahtar").await;
    assert_eq!((status, &said["code"]), (400, &json!("duplicate_request")));
    let many: Vec<Value> = vec![good["messageVersions"][0].clone(); 1_001];
    let invalid = "invalid_parameter";
    for (path, value, code) in [
        ("/sender", Value::Null, "missing_parameter"),
        ("/sender/email", json!("kampanya"), invalid),
        ("/subject", json!(""), "missing_parameter"),
        ("/htmlContent", json!(""), "missing_parameter"),
        ("/headers/idempotencyKey", json!("izn-1"), invalid),
        ("/messageVersions", json!(many), "out_of_range"),
        ("/messageVersions", json!([]), "out_of_range"),
        ("/messageVersions/0/to/0/email", json!("a b@c.tr"), invalid),
        (
            "/messageVersions/0/headers/X-Mailin-custom",
            json!("ş"),
            invalid,
        ),
        (
            "/messageVersions/0/headers/X-Mailin-custom",
            json!("2"),
            "duplicate_parameter",
        ),
        (
            "/messageVersions/0/to/0",
            json!({ "mail": 1 }),
            "bad_request",
        ),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect("a field") = value;
        let (status, said) = post(&bad, "anahtar").await;
        assert_eq!((status, said["code"].as_str()), (400, Some(code)), "{path}");
    }
}
