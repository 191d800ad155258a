//! Injected faults, the clock and the counters, the same for every simulator.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::{Kind, Options};

use crate::harness::{Infobip, Iys, batch, codes, consent, eventually};

#[tokio::test]
async fn a_request_dropped_after_acceptance_was_carried_out_but_has_no_answer() {
    let infobip = Infobip::start().await;
    infobip
        .client
        .tell(
            "/_sim/faults",
            &json!([{ "kind": "drop_after_accept", "path_prefix": "/sms/3/messages", "count": 1 }]),
        )
        .await;
    let request = infobip
        .client
        .request(reqwest::Method::POST, "/sms/3/messages");
    let sent = request.json(&batch("b1", 3, None)).send().await;
    assert!(sent.is_err(), "{sent:?}");
    assert_eq!(infobip.client.stats().await["accepted_messages"], 3);
    let (status, said) = infobip.send(&batch("b1", 3, None)).await;
    assert_eq!(status, 200, "the fault was for one request");
    assert_eq!(said["messages"][0]["status"]["id"], 23);
    assert_eq!(infobip.client.stats().await["max_per_destination"], 1);
}

#[tokio::test]
async fn a_request_dropped_before_acceptance_or_reset_was_not_carried_out() {
    let infobip = Infobip::start().await;
    for kind in ["drop_before", "reset"] {
        infobip
            .client
            .tell("/_sim/faults", &json!({ "kind": kind, "count": 1 }))
            .await;
        let request = infobip
            .client
            .request(reqwest::Method::POST, "/sms/3/messages");
        assert!(
            request.json(&batch("b1", 500, None)).send().await.is_err(),
            "{kind}"
        );
        assert_eq!(
            infobip.client.stats().await["accepted_messages"],
            0,
            "{kind}"
        );
    }
    let calls = infobip.client.stats().await["calls"].clone();
    assert_eq!(calls, json!({ "POST /sms/3/messages": { "cut": 2 } }));
    infobip.stop().await;
}

#[tokio::test]
async fn an_injected_status_carries_the_services_own_error_body() {
    let iys = Iys::start().await;
    iys.client
        .tell("/_sim/faults", &json!({ "faults": [{ "kind": "status", "status": 429, "retry_after_s": 7, "path_prefix": "/sps" }] }))
        .await;
    let request = iys
        .client
        .request(reqwest::Method::POST, &format!("{}/consents", iys.brand));
    let response = request
        .json(&consent(json!({})))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(codes(&(429, body)), ["H124"]);
    iys.client.delete("/_sim/faults").await;
    assert_eq!(iys.add(&consent(json!({}))).await.0, 200);

    let infobip = Infobip::start().await;
    infobip
        .client
        .tell(
            "/_sim/faults",
            &json!([{ "kind": "status", "status": 500, "after_accept": true }]),
        )
        .await;
    let (status, said) = infobip.send(&batch("b1", 2, None)).await;
    assert_eq!((status, &said["errorCode"]), (500, &json!("E500")));
    assert_eq!(
        infobip.client.stats().await["accepted_messages"],
        2,
        "accepted all the same"
    );
}

#[tokio::test]
async fn a_malformed_answer_is_half_an_answer() {
    let infobip = Infobip::start().await;
    infobip
        .client
        .tell("/_sim/faults", &json!({ "kind": "malformed", "count": 1 }))
        .await;
    let request = infobip
        .client
        .request(reqwest::Method::POST, "/sms/3/messages");
    let response = request
        .json(&batch("b1", 2, None))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let body = response.text().await.expect("a body that ends in order");
    assert!(body.starts_with("{\"bulkId\":"));
    assert!(serde_json::from_str::<Value>(&body).is_err());
    assert_eq!(infobip.client.stats().await["accepted_messages"], 2);
}

#[tokio::test]
async fn a_late_answer_comes_too_late_for_an_impatient_client_but_the_request_counts() {
    let infobip = Infobip::start().await;
    infobip
        .client
        .tell(
            "/_sim/faults",
            &json!({ "kind": "delay", "delay_ms": 600_000, "after_accept": true, "count": 1 }),
        )
        .await;
    let request = infobip
        .client
        .request(reqwest::Method::POST, "/sms/3/messages");
    let sent = request
        .json(&batch("b1", 2, None))
        .timeout(Duration::from_millis(300))
        .send()
        .await;
    assert!(sent.is_err_and(|error| error.is_timeout()));
    assert_eq!(infobip.client.stats().await["accepted_messages"], 2);
}

#[tokio::test]
async fn faults_are_shown_with_what_they_did_and_never_touch_the_control_calls() {
    let iys = Iys::start().await;
    iys.client
        .tell("/_sim/faults", &json!([{ "kind": "reset" }]))
        .await;
    assert_eq!(iys.client.get("/healthz").await.0, 200);
    let (_, said) = iys.client.get("/_sim/faults").await;
    assert_eq!(said["faults"][0]["struck"], 0);
    let (status, why) = iys
        .client
        .post("/_sim/faults", &json!([{ "kind": "explode" }]))
        .await;
    assert_eq!(status, 400, "{why}");
}

#[tokio::test]
async fn the_clock_is_moved_over_http_and_runs_on_unless_frozen() {
    let iys = Iys::start().await;
    let said = iys
        .client
        .tell(
            "/_sim/clock",
            &json!({ "now": "2026-03-04T15:00:00+03:00", "frozen": true }),
        )
        .await;
    assert_eq!(said["now"], "2026-03-04T12:00:00Z");
    assert_eq!(
        iys.client.get("/_sim/clock").await.1["now"],
        "2026-03-04T12:00:00Z"
    );
    iys.client
        .tell(
            "/_sim/clock",
            &json!({ "now": "2026-03-04T15:00:00+03:00" }),
        )
        .await;
    let client = &iys.client;
    eventually(
        || async move {
            client.get("/_sim/clock").await.1["now"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        },
        |now| now.as_str() > "2026-03-04T12:00:00.01Z" && now.contains('.'),
    )
    .await;
    let (status, _) = iys
        .client
        .post("/_sim/clock", &json!({ "now": "yarın" }))
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn every_call_is_counted_by_endpoint_and_status() {
    let iys = Iys::start().await;
    iys.add(&consent(json!({}))).await;
    iys.add(&consent(json!({}))).await;
    iys.client.get("/nothing/here").await;
    let stats = iys.client.stats().await;
    let add = &stats["calls"]["POST /sps/{iys}/brands/{brand}/consents"];
    assert_eq!(*add, json!({ "200": 1, "400": 1 }));
    assert_eq!(stats["calls"]["unmatched"], json!({ "404": 1 }));
    assert_eq!(stats["calls_failed"], 2);
    let (_, said) = iys.client.get("/_sim/calls").await;
    assert_eq!(said["calls"].as_array().map(Vec::len), Some(4));
    assert_eq!(said["calls"][3]["path"], "/nothing/here");
}

#[tokio::test]
async fn a_simulator_is_named_by_its_word_and_its_start_must_be_a_time() {
    for kind in Kind::ALL.iter().copied() {
        assert_eq!(kind.to_string().parse::<Kind>().ok(), Some(kind));
    }
    assert!("faks".parse::<Kind>().is_err());
    let options = Options {
        clock_start: Some("yarın".to_owned()),
        ..Options::default()
    };
    let failed = simulators::run(Kind::Infobip, 0, options).await;
    assert!(failed.expect_err("a refusal").to_string().contains("yarın"));
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_and_no_panic() {
    let taken = crate::harness::free_port().await;
    let port = taken.local_addr().expect("an address").port();
    let failed = simulators::run(Kind::Iys, port, Options::default()).await;
    assert!(
        failed
            .expect_err("a refusal")
            .to_string()
            .contains(&port.to_string())
    );
}
