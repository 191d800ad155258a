//! The calls over real HTTP: what goes out, what comes back, how it breaks.

use std::sync::Arc;

use crate::stub::{Reply, Stub};
use domain::time::{HOUR_US, ManualClock, SECOND_US};
use domain::{ReasonCode, Recipient, RecipientKind, Source, Status};
use registry::wire::{
    AddAnswer, BrandAddress, ConsentRecord, Feed, RegisteredChannel, Subscription,
};
use registry::{CallError, Class, MemoryVault};
use tokio::net::TcpListener;

const BRAND: BrandAddress = BrandAddress {
    iys_code: 600_011,
    brand_code: 600_012,
};
const MESAJ: RegisteredChannel = RegisteredChannel::MESAJ;
const BIREYSEL: RecipientKind = RecipientKind::Bireysel;

fn phone(n: u32) -> Recipient {
    Recipient::from_normalised(&format!("+90532{n:07}")).unwrap()
}

fn record(n: u32) -> ConsentRecord {
    ConsentRecord {
        recipient: phone(n),
        channel: MESAJ,
        recipient_type: BIREYSEL,
        source: Source::HS_WEB,
        status: Status::Onay,
        consent_date: "2026-03-03T14:05:33+03:00".parse().unwrap(),
        retailer_code: None,
    }
}

async fn ask(stub: &Stub) -> Result<usize, CallError> {
    let confirmed = stub
        .client()
        .confirmed(BRAND, MESAJ, BIREYSEL, &[phone(1), phone(2)])
        .await?;
    Ok(confirmed.recipients.len())
}

async fn refusal(reply: Reply) -> CallError {
    let stub = Stub::answering(reply).await;
    ask(&stub).await.unwrap_err()
}

#[tokio::test]
async fn each_call_goes_to_its_path_with_its_body_and_the_token() {
    let stub = Stub::start(|seen| match seen.line.as_str() {
        "POST /oauth2/token" => Reply::token("t-1", "r-1"),
        line if line.ends_with("/status/MESAJ") => Reply::ok(r#"{"list":["+905320000001"]}"#),
        line if line.ends_with("/consents/status") => Reply::ok(r#"{"status":"ONAY"}"#),
        line if line.ends_with("/v2/sps/600011/brands/600012/consents") => {
            Reply::ok(r#"{"transactionId":"9f"}"#)
        }
        "POST /v2/sps/600011/brands/600012/consents/request" => {
            Reply::status(202, r#"{"requestId":"r-9"}"#)
        }
        line if line.contains("/consents/changes") => Reply::status(204, ""),
        line if line.ends_with("/subscription") => Reply::ok(r#"{"status":"PAUSED"}"#),
        _ => Reply::ok("[]"),
    })
    .await;
    let client = stub.client();
    let confirmed = client
        .confirmed(BRAND, MESAJ, BIREYSEL, &[phone(1), phone(2)])
        .await
        .unwrap();
    assert_eq!(confirmed.recipients, [phone(1)]);
    assert!(
        client
            .held(BRAND, MESAJ, BIREYSEL, &phone(1))
            .await
            .unwrap()
            .is_some()
    );
    let recorded = client.add_one(BRAND, &record(1)).await.unwrap();
    assert_eq!(recorded.transaction.as_deref(), Some("9f"));
    let accepted = client
        .add_list(BRAND, &[record(1), record(2)])
        .await
        .unwrap();
    assert_eq!(
        client.results(BRAND, &accepted.request_id).await.unwrap(),
        []
    );
    let page = client
        .changes(BRAND, Feed::Citizen, Some("17 72+x_9f"), 999)
        .await
        .unwrap();
    assert_eq!((page.after, page.changes.len()), (None, 0));
    assert_eq!(client.brands(600_011).await.unwrap(), []);
    assert_eq!(
        client.subscription(600_011).await.unwrap().status,
        Subscription::Paused
    );

    let seen = stub.other_calls();
    let lines: Vec<_> = seen.iter().map(|seen| seen.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "POST /sps/600011/brands/600012/consents/BIREYSEL/status/MESAJ",
            "POST /sps/600011/brands/600012/consents/status",
            "POST /v2/sps/600011/brands/600012/consents",
            "POST /v2/sps/600011/brands/600012/consents/request",
            "GET /v2/sps/600011/brands/600012/consents/request/r-9",
            "GET /sps/600011/brands/600012/consents/changes?source=IYS&limit=999&after=17+72%2Bx_9f",
            "GET /sps/600011/brands",
            "GET /sps/600011/subscription",
        ]
    );
    assert!(
        seen.iter()
            .all(|seen| seen.bearer.as_deref() == Some("t-1"))
    );
    assert_eq!(
        seen[0].body,
        r#"{"recipients":["+905320000001","+905320000002"]}"#
    );
    assert_eq!(
        seen[1].body,
        r#"{"recipient":"+905320000001","recipientType":"BIREYSEL","type":"MESAJ"}"#
    );
    assert_eq!(
        seen[2].body,
        r#"{"recipient":"+905320000001","type":"MESAJ","recipientType":"BIREYSEL","source":"HS_WEB","status":"ONAY","consentDate":"2026-03-03 14:05:33"}"#
    );
    assert!(seen[3].body.starts_with(r#"[{"recipient":"+905320000001""#));
    let login = stub.token_calls();
    assert_eq!(login.len(), 1);
    assert_eq!(
        login[0].body,
        r#"{"grant_type":"password","username":"api@ornek","password":"parola"}"#
    );
}

#[tokio::test]
async fn each_class_of_answer_reaches_the_caller_as_itself() {
    let expected = [
        (500, "H412", Class::Transient, ReasonCode::I500),
        (503, "H192", Class::Transient, ReasonCode::I500),
        (400, "H123", Class::Transient, ReasonCode::I500),
        (429, "H124", Class::Window { seconds: 1 }, ReasonCode::I500),
        (422, "H193", Class::Data, ReasonCode::I194),
        (422, "H464", Class::Data, ReasonCode::I120),
        (400, "H174", Class::Business, ReasonCode::I174),
        (422, "H467", Class::Business, ReasonCode::I606),
        (403, "H353", Class::Configuration, ReasonCode::I300),
        (500, "H245", Class::Configuration, ReasonCode::I300),
        (422, "H525", Class::Configuration, ReasonCode::I525),
        (422, "H999", Class::Data, ReasonCode::I900),
    ];
    for (status, code, class, reason) in expected {
        let error = refusal(Reply::code(status, code)).await;
        assert_eq!((error.class, error.reason()), (class, reason), "{code}");
        assert_eq!(
            (error.code.as_deref(), error.http),
            (Some(code), Some(status))
        );
        assert_eq!(error.message, "İYS der ki");
        assert!(error.may_have_arrived);
    }
}

#[tokio::test]
async fn a_right_that_is_missing_costs_no_token() {
    let stub = Stub::answering(Reply::code(403, "H353")).await;
    assert_eq!(ask(&stub).await.unwrap_err().class, Class::Configuration);
    assert_eq!((stub.token_calls().len(), stub.other_calls().len()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_passing_trouble_and_confirms_nobody() {
    for body in [
        "",
        "{}",
        "<html>",
        r#"{"list":["+9053"#,
        r#"{"list":"+905320000001"}"#,
    ] {
        let error = refusal(Reply::ok(body)).await;
        assert_eq!(
            (error.class, error.may_have_arrived),
            (Class::Transient, true),
            "{body}"
        );
    }
    for (status, body) in [(502, "<html>bad gateway</html>"), (500, "")] {
        assert_eq!(
            refusal(Reply::status(status, body)).await.class,
            Class::Transient
        );
    }
}

#[tokio::test]
async fn rows_of_a_refused_list_are_named() {
    let body = r#"{"errors":[{"code":"H121","message":"kullanımda değil","index":1,"location":["recipient"],"value":"+90"}]}"#;
    let stub = Stub::answering(Reply::status(422, body)).await;
    let error = stub
        .client()
        .add_list(BRAND, &[record(1), record(2)])
        .await
        .unwrap_err();
    assert_eq!(error.rows.len(), 1);
    assert_eq!(
        (error.rows[0].index, error.rows[0].code.as_deref()),
        (1, Some("H121"))
    );
    assert!(
        matches!(error.as_answer(), AddAnswer::Failed { code: Some(code), .. } if code == "H121")
    );
}

#[tokio::test]
async fn an_address_without_a_record_is_told_from_an_account_without_rights() {
    let none = [
        Reply::ok("{}"),
        Reply::ok(""),
        Reply::status(404, ""),
        Reply::code(404, "H093"),
        Reply::code(404, "H777"),
    ];
    for reply in none {
        let stub = Stub::answering(reply.clone()).await;
        assert_eq!(
            stub.client().held(BRAND, MESAJ, BIREYSEL, &phone(1)).await,
            Ok(None),
            "{reply:?}"
        );
    }
    let errors = [
        Reply::code(404, "H018"),
        Reply::code(404, "H355"),
        Reply::code(422, "H121"),
        Reply::code(403, "H524"),
        Reply::code(500, "H412"),
        Reply::status(404, "<html>not found</html>"),
        Reply::ok(r#"{"status":"BELKI"}"#),
    ];
    for reply in errors {
        let stub = Stub::answering(reply.clone()).await;
        assert!(
            stub.client()
                .held(BRAND, MESAJ, BIREYSEL, &phone(1))
                .await
                .is_err(),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn a_request_may_have_arrived_unless_no_connection_was_opened() {
    let hung_up = refusal(Reply {
        hang_up: true,
        ..Reply::ok("")
    })
    .await;
    assert_eq!((hung_up.class, hung_up.http), (Class::Transient, None));
    assert!(hung_up.may_have_arrived);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let clock = Arc::new(ManualClock::new(
        "2026-03-04T12:00:00+03:00".parse().unwrap(),
    ));
    let client = crate::stub::client(&nobody, Arc::new(MemoryVault::default()), clock);
    let error = client.add_one(BRAND, &record(1)).await.unwrap_err();
    assert_eq!(
        (error.class, error.may_have_arrived),
        (Class::Transient, false)
    );
    assert!(!error.to_string().contains("600011"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let error = refusal(Reply::status(307, "")).await;
    assert_eq!((error.class, error.http), (Class::Configuration, Some(307)));
}

#[tokio::test]
async fn a_closed_hour_holds_the_next_call_of_its_kind_back_before_it_leaves() {
    let stub = Stub::answering(Reply {
        retry_after: Some(5_000),
        ..Reply::code(429, "H086")
    })
    .await;
    let client = stub.client();
    let first = client
        .held(BRAND, MESAJ, BIREYSEL, &phone(1))
        .await
        .unwrap_err();
    assert_eq!(first.class, Class::Window { seconds: 5_000 });
    let second = client
        .held(BRAND, MESAJ, BIREYSEL, &phone(2))
        .await
        .unwrap_err();
    assert_eq!((second.http, second.may_have_arrived), (None, false));
    assert_eq!(second.not_before, first.not_before);
    assert_eq!(stub.other_calls().len(), 1);
    stub.clock.advance(2 * HOUR_US + SECOND_US);
    assert!(
        client
            .held(BRAND, MESAJ, BIREYSEL, &phone(2))
            .await
            .unwrap_err()
            .http
            .is_some()
    );
}

#[tokio::test]
async fn refusal_links_are_asked_for_a_hundred_people_at_a_time() {
    let stub = Stub::start(|seen| {
        if seen.is_token() {
            return Reply::token("t-1", "r-1");
        }
        let asked: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        let rows: Vec<serde_json::Value> = asked["recipients"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| serde_json::json!({ "recipient": one["recipient"], "url": "https://i.ys" }))
            .collect();
        Reply::ok(&serde_json::Value::from(rows).to_string())
    })
    .await;
    let people: Vec<Recipient> = (0..250)
        .map(|n| Recipient::from_normalised(&format!("kisi{n}@ornek.com")).unwrap())
        .collect();
    let client = stub.client();
    let links = client
        .refusal_links(BRAND, BIREYSEL, &people)
        .await
        .unwrap();
    assert_eq!(links.len(), 250);
    assert_eq!(links.last().unwrap().recipient, people[249]);
    let counts: Vec<usize> = stub
        .other_calls()
        .iter()
        .map(|seen| seen.body.matches("kisi").count())
        .collect();
    assert_eq!(counts, [100, 100, 50]);
}
