//! The providers that stand on the shared desk refuse what the real ones refuse.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulators::{Kind, Options, Running};

use crate::harness::{Client, free_port};

const FORM: &str = "application/x-www-form-urlencoded";

async fn start(kind: Kind) -> (Client, Running) {
    let options = Options {
        answer_delay_ms: Some(600_000),
        ..Options::default()
    };
    let running = simulators::start(kind, options, free_port().await)
        .await
        .expect("a simulator");
    let mut client = Client::new(&running);
    client.authorization = Some(format!("Basic {}", STANDARD.encode("AC1:parola")));
    (client, running)
}

/// Sets a field by its path, or takes it out.
fn changed(mut body: Value, path: &str, value: Option<Value>) -> Value {
    let (parent, field) = path.rsplit_once('/').expect("a path");
    let parent = body.pointer_mut(parent).expect("a parent");
    match value {
        Some(value) => parent[field] = value,
        None => {
            parent.as_object_mut().expect("an object").remove(field);
        }
    }
    body
}

#[tokio::test]
async fn netgsm_answers_each_mistake_with_its_code() {
    let (netgsm, _running) = start(Kind::Netgsm).await;
    let good = json!({
        "msgheader": "ORNEKMARKA", "encoding": "TR", "iysfilter": "11",
        "messages": [{ "no": "5321234567", "msg": "Merhaba" }],
    });
    let send = "/sms/rest/v2/send";
    let (status, said) = netgsm.post(send, &good).await;
    assert_eq!((status, said["code"].as_str()), (200, Some("00")), "{said}");
    let many: Vec<Value> = (0..1_001)
        .map(|n| json!({ "no": format!("532{n:07}"), "msg": "Merhaba" }))
        .collect();
    for (path, value, code) in [
        ("/olmayan", Some(json!(1)), "70"),
        ("/messages", Some(json!(many)), "70"),
        ("/messages", Some(json!([])), "70"),
        ("/messages/0/no", Some(json!("905321234567")), "70"),
        ("/messages/0/no", Some(json!(5_321_234_567_u64)), "70"),
        ("/messages/0/msg", Some(json!("")), "20"),
        ("/messages/0/msg", Some(json!("a".repeat(1_100))), "20"),
        ("/messages/0/msg", None, "70"),
        ("/msgheader", Some(json!("ÖRNEK")), "40"),
        ("/msgheader", None, "70"),
        ("/encoding", Some(json!("UTF8")), "70"),
        ("/iysfilter", Some(json!("13")), "70"),
        ("/stopdate", Some(json!("01.09.2026")), "70"),
    ] {
        let (status, said) = netgsm.post(send, &changed(good.clone(), path, value)).await;
        assert_eq!((status, said["code"].as_str()), (406, Some(code)), "{path}");
    }
    let (_, said) = netgsm
        .post_text(send, "text/plain", &good.to_string())
        .await;
    assert_eq!(said["code"], "70");
    let page = json!({ "jobids": ["1"], "pagesize": 101 });
    let (_, said) = netgsm.post("/sms/rest/v2/report", &page).await;
    assert_eq!(said["code"], "70");
    let unknown = json!({ "jobids": ["1"] });
    let (_, said) = netgsm.post("/sms/rest/v2/report", &unknown).await;
    assert_eq!(said["code"], "60");
    let login = json!({ "login": { "user": "AC1", "password": "baska" } });
    netgsm.tell("/_sim/options", &login).await;
    let (status, said) = netgsm.post(send, &good).await;
    assert_eq!((status, said["code"].as_str()), (406, Some("30")));
}

#[tokio::test]
async fn netgsm_tells_reports_ten_times_a_minute() {
    let (netgsm, _running) = start(Kind::Netgsm).await;
    let asked = json!({ "jobids": ["1"] });
    for _ in 0..10 {
        let (_, said) = netgsm.post("/sms/rest/v2/report", &asked).await;
        assert_eq!(said["code"], "60");
    }
    let (_, said) = netgsm.post("/sms/rest/v2/report", &asked).await;
    assert_eq!(said["code"], "80");
}

#[tokio::test]
async fn iletimerkezi_answers_each_mistake_with_its_code() {
    let (iletimerkezi, _running) = start(Kind::Iletimerkezi).await;
    let good = json!({ "request": {
        "authentication": { "key": "K", "hash": "H" },
        "order": {
            "sender": "ORNEKMARKA", "iys": "1", "iysList": "BIREYSEL",
            "sendDateTime": ["01/09/2026 09:00"],
            "message": [{ "text": "Merhaba", "receipents": { "number": ["905321234567", "+905331234567", "5341234567"] } }],
        },
    }});
    let send = "/v1/send-sms/json";
    let code = |said: &Value| {
        said["response"]["status"]["code"]
            .as_str()
            .map(str::to_owned)
    };
    let (status, said) = iletimerkezi.post(send, &good).await;
    assert_eq!(
        (status, code(&said).as_deref()),
        (200, Some("200")),
        "{said}"
    );
    let single = json!({ "text": "Merhaba", "receipents": { "number": ["905321234567"] } });
    let one = changed(good.clone(), "/request/order/message", Some(single));
    assert_eq!(
        iletimerkezi.post(send, &one).await.0,
        200,
        "1:n as an object"
    );
    for (path, value, expected) in [
        ("/request/olmayan", Some(json!(1)), 400),
        ("/request/authentication/hash", None, 400),
        ("/request/order/sender", Some(json!("")), 459),
        ("/request/order/sender", Some(json!("ÖRNEK")), 460),
        ("/request/order/sender", Some(json!("ONIKIHARFLIX")), 460),
        ("/request/order/iys", None, 468),
        ("/request/order/iys", Some(json!(true)), 468),
        ("/request/order/iysList", None, 469),
        (
            "/request/order/sendDateTime",
            Some(json!("01/09/2026 09:00:00")),
            457,
        ),
        ("/request/order/message/0/text", Some(json!(" ")), 454),
        (
            "/request/order/message/0/receipents/number",
            Some(json!([])),
            452,
        ),
        (
            "/request/order/message/0/receipents/number",
            Some(json!(["02121234567"])),
            452,
        ),
        ("/request/order/message/0/recipients", Some(json!({})), 400),
    ] {
        let (status, said) = iletimerkezi
            .post(send, &changed(good.clone(), path, value))
            .await;
        assert_eq!(
            (status, code(&said)),
            (expected, Some(expected.to_string())),
            "{path}"
        );
    }
    let report = json!({ "request": {
        "authentication": { "key": "K", "hash": "H" },
        "order": { "id": "1", "page": 1, "rowCount": 1_001 },
    }});
    assert_eq!(
        iletimerkezi.post("/v1/get-report/json", &report).await.0,
        422
    );
    let report = changed(report, "/request/order/rowCount", Some(json!(10)));
    assert_eq!(
        iletimerkezi.post("/v1/get-report/json", &report).await.0,
        455
    );
}

#[tokio::test]
async fn jetsms_answers_each_mistake_with_its_code() {
    let (jetsms, _running) = start(Kind::Jetsms).await;
    let good = json!({
        "user": "u", "password": "p", "originator": "ORNEKMARKA", "expiredate": "h24", "channel": "VF",
        "iysfilter": "1", "iyscode": "600001", "brandcode": "123456", "recipienttype": "BIREYSEL",
        "smsmessages": [{ "messageid": "1", "recipient": "905321234567", "messagetext": "Merhaba", "messageType": 0 }],
    });
    let send = "/api/SendSms";
    let (status, said) = jetsms.post(send, &good).await;
    assert_eq!(
        (status, said["responseCode"].as_str()),
        (200, Some("00")),
        "{said}"
    );
    for (path, value, code) in [
        ("/olmayan", Some(json!("1")), "80"),
        ("/user", Some(json!("")), "03"),
        ("/originator", Some(json!("")), "30"),
        ("/originator", Some(json!("ÖRNEK")), "12"),
        ("/expiredate", Some(json!("24 saat")), "80"),
        ("/iysfilter", Some(json!("11")), "80"),
        ("/recipienttype", None, "80"),
        ("/iyscode", None, "62"),
        ("/brandcode", None, "62"),
        ("/smsmessages", Some(json!([])), "81"),
        ("/smsmessages/0/messageType", Some(json!(9)), "80"),
    ] {
        let (_, said) = jetsms.post(send, &changed(good.clone(), path, value)).await;
        assert_eq!(said["responseCode"], code, "{path}");
    }
    // A mistake in one message is that message's alone.
    for (path, value, code) in [
        ("/smsmessages/0/recipient", json!("5321234567"), "31"),
        ("/smsmessages/0/messagetext", json!(""), "38"),
    ] {
        let (_, said) = jetsms
            .post(send, &changed(good.clone(), path, Some(value)))
            .await;
        assert_eq!(said["responseCode"], "00");
        assert_eq!(said["responseGroupIdArray"][0]["status"], code, "{path}");
    }
    let login = json!({ "login": { "user": "u", "password": "baska" } });
    jetsms.tell("/_sim/options", &login).await;
    assert_eq!(jetsms.post(send, &good).await.0, 401);
}

#[tokio::test]
async fn verimor_answers_each_mistake_with_its_word() {
    let (verimor, _running) = start(Kind::Verimor).await;
    let good = json!({
        "username": "u", "password": "p", "source_addr": "ORNEKMARKA", "valid_for": "24:00",
        "custom_id": "", "datacoding": 1, "is_commercial": true, "iys_recipient_type": "BIREYSEL",
        "messages": [{ "msg": "Merhaba", "dest": "905321234567,00491701234567", "id": "a,b" }],
    });
    let ask = async |body: Value| {
        let request = verimor.request(reqwest::Method::POST, "/v2/send.json");
        let answer = request.json(&body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("a text"))
    };
    let (status, said) = ask(good.clone()).await;
    assert!(
        status == 200 && said.bytes().all(|b| b.is_ascii_digit()),
        "{said}"
    );
    for (path, value, word) in [
        ("/olmayan", Some(json!(1)), "INVALID_JSON"),
        (
            "/source_addr",
            Some(json!("ÖRNEK")),
            "INVALID_SOURCE_ADDRESS",
        ),
        ("/datacoding", Some(json!(3)), "INVALID_DATACODING"),
        ("/valid_for", Some(json!("00:00")), "INVALID_PERIOD"),
        ("/valid_for", Some(json!("48:01")), "INVALID_PERIOD"),
        (
            "/iys_recipient_type",
            Some(json!("KURUMSAL")),
            "INVALID_IYS_RECIPIENT_TYPE",
        ),
        ("/iys_recipient_type", None, "INVALID_IYS_RECIPIENT_TYPE"),
        ("/messages", Some(json!([])), "MISSING_MESSAGE"),
        ("/messages/0/msg", Some(json!("")), "MISSING_MESSAGE"),
        (
            "/messages/0/msg",
            Some(json!("a".repeat(1_100))),
            "MESSAGE_TOO_LONG",
        ),
        (
            "/messages/0/dest",
            Some(json!("")),
            "MISSING_DESTINATION_ADDRESS",
        ),
        (
            "/messages/0/dest",
            Some(json!("5321234567")),
            "INVALID_DESTINATION_ADDRESS",
        ),
        ("/messages/0/id", Some(json!("a")), "INVALID_JSON"),
    ] {
        let (status, said) = ask(changed(good.clone(), path, value)).await;
        assert_eq!((status, said.as_str()), (400, word), "{path}");
    }
    let named = changed(good, "/custom_id", Some(json!("k-1")));
    assert_eq!(ask(named.clone()).await.0, 200);
    assert_eq!(ask(named).await, (400, "MUKERRER_RAPORLAMA".to_owned()));
}

#[tokio::test]
async fn whatsapp_answers_each_mistake_with_its_code() {
    let (mut whatsapp, _running) = start(Kind::Whatsapp).await;
    whatsapp.authorization = Some("Bearer belirtec".to_owned());
    let templates = json!([
        { "name": "hosgeldin", "language": "tr", "category": "MARKETING", "body": "Sayın {{1}}, hoş geldiniz.", "quick_replies": 1 },
    ]);
    let options = json!({ "templates": templates, "senders": ["106"] });
    whatsapp.tell("/_sim/options", &options).await;
    let good = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": "905321234567", "type": "template",
        "template": { "name": "hosgeldin", "language": { "code": "tr" }, "components": [
            { "type": "body", "parameters": [{ "type": "text", "text": "Şükrü" }] },
            { "type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{ "type": "payload", "payload": "RET" }] },
        ]},
        "biz_opaque_callback_data": "7-1-1",
    });
    let send = "/v25.0/106/messages";
    let (status, said) = whatsapp.post(send, &good).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(said["messages"][0]["message_status"], "accepted");
    let text = "/template/components/0/parameters/0/text";
    for (path, value, code) in [
        ("/olmayan", Some(json!(1)), 100),
        ("/messaging_product", Some(json!("sms")), 100),
        ("/to", Some(json!("0532")), 100),
        ("/to", None, 100),
        (
            "/biz_opaque_callback_data",
            Some(json!("a".repeat(513))),
            100,
        ),
        ("/template", None, 131_008),
        ("/type", Some(json!("image")), 131_051),
        ("/template/name", Some(json!("yok")), 132_001),
        ("/template/language/code", Some(json!("en")), 132_001),
        ("/template/components", Some(json!([])), 132_000),
        (text, Some(json!("a\nb")), 132_012),
        (text, Some(json!("")), 131_008),
        (text, Some(json!("a".repeat(1_024))), 132_005),
        ("/template/components/1/index", Some(json!("3")), 131_009),
        ("/template/components/1/index", None, 131_008),
    ] {
        let (status, said) = whatsapp
            .post(send, &changed(good.clone(), path, value))
            .await;
        assert_eq!(
            (status, said["error"]["code"].as_u64()),
            (400, Some(code)),
            "{path}"
        );
    }
    let free = json!({ "messaging_product": "whatsapp", "to": "905321234567", "type": "text", "text": { "body": "Merhaba" } });
    let (_, said) = whatsapp.post(send, &free).await;
    assert_eq!(said["error"]["code"], 131_047, "outside the 24 hours");
    let (_, said) = whatsapp.post("/v25.0/107/messages", &good).await;
    assert_eq!(said["error"]["code"], 133_010);
    whatsapp.authorization = None;
    let (status, said) = whatsapp.post(send, &good).await;
    assert_eq!((status, said["error"]["code"].as_u64()), (401, Some(190)));
}

#[tokio::test]
async fn twilio_answers_each_mistake_with_its_number() {
    let (twilio, _running) = start(Kind::Twilio).await;
    let send = "/2010-04-01/Accounts/AC1/Messages.json";
    let long = format!("To=%2B905321234567&From=ORNEK&Body={}", "a".repeat(1_601));
    let (status, said) = twilio
        .post_text(send, FORM, "To=%2B905321234567&From=ORNEK&Body=Merhaba")
        .await;
    assert_eq!((status, said["status"].as_str()), (201, Some("queued")));
    assert_eq!(said["num_segments"], "1", "a text, not a number");
    for (body, code) in [
        ("From=ORNEK&Body=Merhaba", 21_604),
        ("To=905321234567&From=ORNEK&Body=Merhaba", 21_211),
        ("To=%2B905321234567&Body=Merhaba", 21_603),
        ("To=%2B905321234567&From=ORNEK", 21_602),
        (
            "To=%2B905321234567&From=ORNEK&Body=x&ValidityPeriod=36001",
            90_007,
        ),
        ("To=%2B905321234567&From=ORNEK&Body=x&Olmayan=1", 20_001),
        (long.as_str(), 21_617),
    ] {
        let (status, said) = twilio.post_text(send, FORM, body).await;
        assert_eq!((status, said["code"].as_u64()), (400, Some(code)), "{body}");
    }
    let (status, _) = twilio
        .post_text("/2010-04-01/Accounts/AC2/Messages.json", FORM, "To=x")
        .await;
    assert_eq!(status, 401);
    let (status, _) = twilio
        .get("/2010-04-01/Accounts/AC1/Messages/SM00.json")
        .await;
    assert_eq!(status, 404);
}
