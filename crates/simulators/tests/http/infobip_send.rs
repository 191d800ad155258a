//! `POST /sms/3/messages`, the balance and the preview.

use serde_json::{Value, json};
use simulators::infobip::Account;

use crate::harness::{Infobip, batch};

fn one(changes: Value) -> Value {
    let mut message = json!({
        "sender": "ORNEKMARKA",
        "destinations": [{ "to": "905321234567", "messageId": "m-1" }],
        "content": { "text": "Merhaba" },
    });
    crate::harness::merge(&mut message, changes);
    json!({ "messages": [message] })
}

#[tokio::test]
async fn accepted_messages_are_answered_one_by_one_with_pending_accepted() {
    let infobip = Infobip::start().await;
    let (status, said) = infobip.send(&batch("b1", 2, None)).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(said["bulkId"], "b1");
    let first = &said["messages"][0];
    assert_eq!(
        (&first["messageId"], &first["destination"]),
        (&json!("b1-0"), &json!("905320000000"))
    );
    assert_eq!(first["status"]["groupId"], 1);
    assert_eq!(first["status"]["groupName"], "PENDING");
    assert_eq!(first["status"]["id"], 26);
    assert_eq!(first["status"]["name"], "PENDING_ACCEPTED");
    assert!(first["details"].is_null());
    infobip.stop().await;
}

#[tokio::test]
async fn ids_that_are_not_given_are_made() {
    let infobip = Infobip::start().await;
    let body = one(json!({ "destinations": [{ "to": "905321234567" }, { "to": "905321234568" }] }));
    let (_, said) = infobip.send(&body).await;
    let id = |at: usize| {
        said["messages"][at]["messageId"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    assert_ne!(id(0), id(1));
    assert!(said["bulkId"].is_string());
    let (_, again) = infobip.send(&body).await;
    assert_ne!(again["bulkId"], said["bulkId"]);
    assert_eq!(again["messages"][0]["status"]["id"], 26);
}

#[tokio::test]
async fn the_number_of_parts_is_told_when_asked_for() {
    let infobip = Infobip::start().await;
    for (id, text, language, parts) in [
        ("1", "ş".repeat(155), Some("TR"), 1),
        ("2", "ş".repeat(155), None, 3),
        ("3", "a".repeat(161), None, 2),
    ] {
        let mut content = json!({ "text": text });
        if let Some(language) = language {
            content["language"] = json!({ "languageCode": language });
        }
        let mut body = one(
            json!({ "content": content, "destinations": [{ "to": "905321234567", "messageId": id }] }),
        );
        body["options"] = json!({ "includeSmsCountInResponse": true });
        let (_, said) = infobip.send(&body).await;
        assert_eq!(
            said["messages"][0]["details"]["messageCount"], parts,
            "{said}"
        );
    }
}

#[tokio::test]
async fn a_request_with_a_mistake_is_refused_as_a_whole_and_says_where() {
    let infobip = Infobip::start().await;
    let too_many = batch("b1", 1_001, None);
    let scheduled = |at: &str| {
        let mut body = one(json!({}));
        body["options"] = json!({ "schedule": { "sendAt": at } });
        body
    };
    for (body, property) in [
        (json!({}), "messages"),
        (json!({ "messages": [] }), "messages"),
        (json!({ "messages": {} }), "messages"),
        (json!([]), "request"),
        (too_many, "messages"),
        (json!({ "messages": [], "from": "X" }), "from"),
        (one(json!({ "text": "Merhaba" })), "messages[0].text"),
        (
            one(json!({ "destinations": [] })),
            "messages[0].destinations",
        ),
        (
            one(json!({ "destinations": [{ "messageId": "x" }] })),
            "messages[0].destinations[0].to",
        ),
        (
            one(json!({ "destinations": [{ "to": 905 }] })),
            "messages[0].destinations[0].to",
        ),
        (
            one(json!({ "destinations": [{ "to": "9".repeat(65) }] })),
            "messages[0].destinations[0].to",
        ),
        (
            one(
                json!({ "destinations": [{ "to": "905321234567", "messageId": "x".repeat(201) }] }),
            ),
            "messages[0].destinations[0].messageId",
        ),
        (one(json!({ "content": {} })), "messages[0].content.text"),
        (
            one(json!({ "content": { "text": "" } })),
            "messages[0].content.text",
        ),
        (
            one(json!({ "content": { "text": "x", "language": { "languageCode": "tr" } } })),
            "messages[0].content.language.languageCode",
        ),
        (
            one(
                json!({ "options": { "regional": { "turkeyIys": { "brandCode": 1, "recipientType": "TÜZEL" } } } }),
            ),
            "messages[0].options.regional.turkeyIys.recipientType",
        ),
        (
            one(
                json!({ "options": { "regional": { "turkeyIys": { "brandCode": 3_000_000_000_u64, "recipientType": "TACIR" } } } }),
            ),
            "messages[0].options.regional.turkeyIys.brandCode",
        ),
        (
            one(json!({ "options": { "validityPeriod": { "amount": "24" } } })),
            "messages[0].options.validityPeriod.amount",
        ),
        (
            one(
                json!({ "options": { "deliveryTimeWindow": { "days": ["MONDAY"], "from": { "hour": 6, "minute": 0 } } } }),
            ),
            "messages[0].options.deliveryTimeWindow",
        ),
        (
            one(
                json!({ "options": { "deliveryTimeWindow": { "days": ["MONDAY"], "from": { "hour": 6, "minute": 0 }, "to": { "hour": 6, "minute": 59 } } } }),
            ),
            "messages[0].options.deliveryTimeWindow",
        ),
        (
            one(json!({ "webhooks": { "delivery": { "url": "hooks.ornek.test" } } })),
            "messages[0].webhooks.delivery.url",
        ),
        (
            one(json!({ "webhooks": { "callbackData": "x".repeat(4_001) } })),
            "messages[0].webhooks.callbackData",
        ),
        (
            one(json!({ "webhooks": { "contentType": "application/xml" } })),
            "messages[0].webhooks.contentType",
        ),
        (
            scheduled("2026-03-03T09:00:00+03:00"),
            "options.schedule.sendAt",
        ),
        (
            scheduled("2026-09-03T09:00:00.000+0300"),
            "options.schedule.sendAt",
        ),
    ] {
        let (status, said) = infobip.send(&body).await;
        assert_eq!(
            (status, &said["errorCode"]),
            (400, &json!("E400")),
            "{body}"
        );
        let named: Vec<&Value> = said["violations"]
            .as_array()
            .expect("violations")
            .iter()
            .map(|violation| &violation["property"])
            .collect();
        assert!(named.contains(&&json!(property)), "{property}: {said}");
    }
    assert_eq!(infobip.client.stats().await["accepted_messages"], 0);
}

#[tokio::test]
async fn a_body_that_is_no_json_and_a_key_given_twice_are_refused() {
    let infobip = Infobip::start().await;
    let twice = r#"{"messages":[{"sender":"A","sender":"B","destinations":[{"to":"905321234567"}],"content":{"text":"x"}}]}"#;
    for body in ["{", "", twice] {
        let (status, said) = infobip
            .client
            .post_text("/sms/3/messages", "application/json", body)
            .await;
        assert_eq!(
            (status, &said["errorCode"]),
            (400, &json!("E400")),
            "{body}"
        );
        assert_eq!(said["violations"][0]["property"], "request");
    }
    let whole = one(json!({})).to_string();
    let (status, said) = infobip
        .client
        .post_text("/sms/3/messages", "text/plain", &whole)
        .await;
    assert_eq!((status, &said["errorCode"]), (415, &json!("E415")));
}

#[tokio::test]
async fn only_an_app_key_opens_the_account() {
    let mut infobip = Infobip::start().await;
    for wrong in [None, Some("App "), Some("Basic YTpi"), Some("Bearer x")] {
        infobip.client.authorization = wrong.map(str::to_owned);
        let (status, said) = infobip.send(&one(json!({}))).await;
        assert_eq!(
            (status, &said["errorCode"]),
            (401, &json!("E401")),
            "{wrong:?}"
        );
        assert_eq!(infobip.client.get("/account/1/balance").await.0, 401);
        assert_eq!(infobip.client.get("/sms/3/logs").await.0, 401);
        assert_eq!(infobip.client.get("/sms/3/reports").await.0, 401);
    }
    infobip
        .client
        .tell("/_sim/keys", &json!({ "keys": ["yeni"] }))
        .await;
    infobip.client.authorization = Some("App eski".to_owned());
    assert_eq!(
        infobip.send(&one(json!({}))).await.0,
        401,
        "the key was rotated"
    );
    infobip.client.authorization = Some("App yeni".to_owned());
    assert_eq!(infobip.send(&one(json!({}))).await.0, 200);
}

#[tokio::test]
async fn a_message_id_is_accepted_once_within_and_across_requests() {
    let infobip = Infobip::start().await;
    let body = one(json!({ "destinations": [
        { "to": "905321234567", "messageId": "m-1" },
        { "to": "905321234568", "messageId": "m-1" },
    ] }));
    let (_, said) = infobip.send(&body).await;
    let ids = |said: &Value| -> Vec<Value> {
        let messages = said["messages"].as_array().expect("messages");
        messages
            .iter()
            .map(|message| message["status"]["id"].clone())
            .collect()
    };
    assert_eq!(ids(&said), [26, 23]);
    assert_eq!(said["messages"][1]["status"]["groupId"], 5);
    assert_eq!(
        said["messages"][1]["status"]["name"],
        "REJECTED_DUPLICATE_MESSAGE_ID"
    );
    let (status, again) = infobip.send(&body).await;
    assert_eq!((status, ids(&again)), (200, vec![json!(23), json!(23)]));
    let stats = infobip.client.stats().await;
    assert_eq!(
        (&stats["accepted_messages"], &stats["distinct_destinations"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_bulk_id_is_accepted_once() {
    let infobip = Infobip::start().await;
    assert_eq!(infobip.send(&batch("b1", 1, None)).await.0, 200);
    let mut other = batch("b2", 2, None);
    other["options"]["schedule"]["bulkId"] = json!("b1");
    let (status, said) = infobip.send(&other).await;
    assert_eq!(status, 200);
    assert_eq!(said["messages"][0]["status"]["id"], 23);
    assert_eq!(said["messages"][1]["status"]["id"], 23);
    assert_eq!(infobip.client.stats().await["accepted_messages"], 1);
}

#[tokio::test]
async fn destinations_that_are_no_phone_number_are_rejected_inside_the_200() {
    let infobip = Infobip::start().await;
    let odd = [
        "+905321234567",
        "05321234567",
        "9053",
        "90532123456789012",
        "ayşe",
        "",
    ];
    let destinations: Vec<Value> = odd
        .iter()
        .enumerate()
        .map(|(n, to)| json!({ "to": to, "messageId": format!("m-{n}") }))
        .collect();
    let (status, said) = infobip
        .send(&one(json!({ "destinations": destinations })))
        .await;
    assert_eq!(status, 200);
    for (message, to) in said["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .zip(odd)
    {
        assert_eq!(
            (&message["status"]["id"], &message["destination"]),
            (&json!(52), &json!(to))
        );
    }
    let (_, logs) = infobip.client.get("/sms/3/logs?messageId=m-4").await;
    assert_eq!(logs["results"][0]["destination"], "ayşe");
    assert_eq!(infobip.client.stats().await["accepted_messages"], 0);
}

#[tokio::test]
async fn a_scripted_refusal_comes_inside_the_200_and_the_id_can_be_used_again() {
    let infobip = Infobip::start().await;
    infobip
        .client
        .tell(
            "/_sim/script",
            &json!({ "scripts": [
            { "to": "905321234567", "outcome": "rejected", "status_id": 21, "times": 1 },
        ] }),
        )
        .await;
    let (_, said) = infobip.send(&one(json!({}))).await;
    assert_eq!(
        said["messages"][0]["status"]["name"],
        "REJECTED_SYSTEM_ERROR"
    );
    let (_, logs) = infobip.client.get("/sms/3/logs?messageId=m-1").await;
    assert_eq!(logs["results"][0]["status"]["id"], 21);
    let (_, again) = infobip.send(&one(json!({}))).await;
    assert_eq!(again["messages"][0]["status"]["id"], 26);
    let (status, _) = infobip
        .client
        .post(
            "/_sim/script",
            &json!({ "to": "905321234567", "outcome": "delivered", "status_id": 99 }),
        )
        .await;
    assert_eq!(status, 400, "there is no status 99");
}

#[tokio::test]
async fn a_message_of_too_many_parts_is_rejected() {
    let infobip = Infobip::start().await;
    let (_, said) = infobip
        .send(&one(json!({ "content": { "text": "a".repeat(26 * 153) } })))
        .await;
    assert_eq!(said["messages"][0]["status"]["id"], 25);
}

#[tokio::test]
async fn the_balance_falls_by_parts_and_an_empty_account_rejects() {
    let infobip = Infobip::start_with(|config| {
        config.account = Account {
            balance_hundredths: 310,
            price_hundredths: 100,
            currency: "TRY".to_owned(),
        };
    })
    .await;
    let (_, said) = infobip.client.get("/account/1/balance").await;
    assert_eq!(said, json!({ "balance": 3.10, "currency": "TRY" }));
    let (_, said) = infobip.send(&batch("b1", 4, None)).await;
    let ids: Vec<&Value> = said["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|m| &m["status"]["id"])
        .collect();
    assert_eq!(ids, [26, 26, 26, 12]);
    assert_eq!(
        infobip.client.get("/account/1/balance").await.1["balance"],
        0.10
    );
}

#[tokio::test]
async fn what_was_accepted_can_be_read_back_and_counted_by_destination() {
    let infobip = Infobip::start().await;
    infobip.send(&batch("b1", 3, None)).await;
    let mut second = batch("b2", 1, None);
    second["messages"][0]["content"]["text"] = json!("İkinci");
    infobip.send(&second).await;
    let (_, page) = infobip.client.get("/_sim/received?limit=3").await;
    assert_eq!(page["list"].as_array().map(Vec::len), Some(3));
    let (_, rest) = infobip
        .client
        .get(&format!("/_sim/received?after={}", page["next"]))
        .await;
    let message = &rest["list"][0];
    assert_eq!(
        (&message["text"], &message["bulkId"]),
        (&json!("İkinci"), &json!("b2"))
    );
    let (_, twice) = infobip.client.get("/_sim/destinations?min=2").await;
    assert_eq!(
        twice,
        json!({ "count": 1, "destinations": [{ "to": "905320000000", "accepted": 2 }] })
    );
    let stats = infobip.client.stats().await;
    assert_eq!(
        (
            &stats["max_per_destination"],
            &stats["distinct_destinations"]
        ),
        (&json!(2), &json!(3))
    );
    infobip.client.tell("/_sim/reset", &json!({})).await;
    assert_eq!(infobip.client.stats().await["accepted_messages"], 0);
}

#[tokio::test]
async fn texts_beyond_their_memory_are_forgotten_and_nothing_else_is() {
    let infobip = Infobip::start_with(|config| config.text_bytes_max = 10).await;
    infobip.send(&batch("b1", 1, None)).await;
    let mut second = batch("b2", 1, None);
    second["messages"][0]["content"]["text"] = json!("Başka");
    infobip.send(&second).await;
    let (_, page) = infobip.client.get("/_sim/received").await;
    assert_eq!(page["list"][0]["text"], "Merhaba");
    assert_eq!(page["list"][1]["text"], Value::Null);
    assert_eq!(page["list"][1]["messageId"], "b2-0");
}

#[tokio::test]
async fn the_send_limit_answers_429_with_the_time_to_wait() {
    let infobip = Infobip::start_with(|config| {
        config.options.limits = Some(simulators::infobip::Limits {
            sends_per_second: Some(1),
            logs_per_minute: None,
        });
    })
    .await;
    infobip.clock.move_to(infobip.clock.now(), true);
    assert_eq!(infobip.send(&batch("b1", 1, None)).await.0, 200);
    let request = infobip
        .client
        .request(reqwest::Method::POST, "/sms/3/messages");
    let response = request
        .json(&batch("b2", 1, None))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "1");
}

#[tokio::test]
async fn a_preview_shows_parts_and_transliteration() {
    let infobip = Infobip::start().await;
    let body = json!({ "text": "Şubat", "languageCode": "TR", "transliteration": "TURKISH" });
    let (status, said) = infobip.client.post("/sms/1/preview", &body).await;
    assert_eq!(status, 200);
    assert_eq!(
        said["previews"][0],
        json!({ "textPreview": "Subat", "messageCount": 1 })
    );
}
