//! Delivery reports: pushed, repeated, scripted, pulled.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{Infobip, Receiver, batch, eventually};

#[tokio::test]
async fn every_message_is_reported_as_delivered_with_exactly_the_documented_keys() {
    let infobip = Infobip::start().await;
    let mut hook = Receiver::start(&[]).await;
    let mut body = batch("b1", 1, Some(&hook.url));
    body["messages"][0]["options"] = json!({
        "campaignReferenceId": "cmp-42", "platform": { "entityId": "e", "applicationId": "a" },
    });
    infobip.send(&body).await;
    let pushed = hook.next().await;
    assert_eq!(pushed.headers["content-type"], "application/json");
    let report = &pushed.results()[0];
    let keys: HashSet<&str> = report
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        HashSet::from([
            "bulkId",
            "messageId",
            "to",
            "sender",
            "sentAt",
            "doneAt",
            "messageCount",
            "mccMnc",
            "callbackData",
            "price",
            "status",
            "error",
            "platform",
            "campaignReferenceId",
        ])
    );
    assert_eq!(
        (&report["bulkId"], &report["messageId"]),
        (&json!("b1"), &json!("b1-0"))
    );
    assert_eq!(
        (&report["to"], &report["callbackData"]),
        (&json!("905320000000"), &json!("t=7"))
    );
    assert_eq!(
        report["status"],
        json!({ "groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET", "description": "Message delivered to the handset." })
    );
    assert_eq!(
        report["error"],
        json!({ "groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "description": "No error.", "permanent": false })
    );
    assert_eq!(
        report["price"],
        json!({ "pricePerMessage": 0.0, "currency": "TRY" })
    );
    assert!(
        report["sentAt"]
            .as_str()
            .is_some_and(|at| at.starts_with("2026-03-02T12:00:") && at.ends_with("+0000"))
    );
    infobip.stop().await;
}

#[tokio::test]
async fn reports_come_in_bundles_and_each_message_has_one() {
    let infobip = Infobip::start().await;
    let mut hook = Receiver::start(&[]).await;
    infobip.send(&batch("b1", 250, Some(&hook.url))).await;
    let mut seen = HashSet::new();
    while seen.len() < 250 {
        let pushed = hook.next().await;
        assert!(pushed.results().len() <= 100);
        for report in pushed.results() {
            assert!(
                seen.insert(report["messageId"].to_string()),
                "reported twice"
            );
        }
    }
    let client = &infobip.client;
    let stats = eventually(|| client.stats(), |stats| stats["reports_pending"] == 0).await;
    assert_eq!(stats["pushes_acknowledged"], 3);
    assert_eq!(stats["reports_acknowledged"], 250);
    assert_eq!(stats["reported"], json!({ "DELIVERED_TO_HANDSET": 250 }));
}

#[tokio::test]
async fn a_push_that_is_not_taken_comes_again_unchanged() {
    let infobip = Infobip::start().await;
    let mut hook = Receiver::start(&[500, 503, 302]).await;
    infobip.send(&batch("b1", 2, Some(&hook.url))).await;
    let first = hook.next().await.body;
    for _ in 0..3 {
        assert_eq!(hook.next().await.body, first);
    }
    let client = &infobip.client;
    let stats = eventually(|| client.stats(), |stats| stats["reports_pending"] == 0).await;
    assert_eq!(
        (&stats["pushes_sent"], &stats["pushes_acknowledged"]),
        (&json!(4), &json!(1))
    );
}

#[tokio::test]
async fn a_push_that_is_under_way_during_a_reset_is_forgotten() {
    let infobip = Infobip::start_with(|config| {
        config.push_concurrency = 1;
        config.options.push_timeout_ms = 200;
    })
    .await;
    let silent = crate::harness::free_port().await;
    let url = format!("http://{}/dlr", silent.local_addr().expect("an address"));
    infobip.send(&batch("b1", 2, Some(&url))).await;
    let (_held_open, _) = silent.accept().await.expect("a push");
    infobip.client.tell("/_sim/reset", &json!({})).await;
    let mut hook = Receiver::start(&[]).await;
    infobip.send(&batch("b2", 1, Some(&hook.url))).await;
    assert_eq!(hook.reports(1).await[0]["bulkId"], "b2");
    let client = &infobip.client;
    let stats = eventually(|| client.stats(), |stats| stats["reports_pending"] == 0).await;
    assert_eq!(
        (&stats["pushes_sent"], &stats["reports_acknowledged"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test]
async fn a_push_nobody_ever_takes_is_given_up_and_can_be_pulled() {
    let infobip = Infobip::start_with(|config| {
        config.options.push_retries_max = 2;
        config.options.push_retry_unit_ms = 1;
    })
    .await;
    let hook = Receiver::start(&[500; 3]).await;
    infobip.send(&batch("b1", 2, Some(&hook.url))).await;
    let client = &infobip.client;
    let stats = eventually(|| client.stats(), |stats| stats["pushes_given_up"] == 1).await;
    assert_eq!(
        (&stats["pushes_sent"], &stats["reports_to_pull"]),
        (&json!(3), &json!(2))
    );
    let (_, said) = client.get("/sms/3/reports").await;
    assert_eq!(said["results"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn fates_are_scripted_per_destination() {
    let infobip = Infobip::start().await;
    let mut hook = Receiver::start(&[]).await;
    let to = |n: usize| format!("90532{n:07}");
    infobip
        .client
        .tell(
            "/_sim/script",
            &json!([
                { "to": to(0), "outcome": "undelivered", "error_id": 1 },
                { "to": to(1), "outcome": "expired" },
                { "to": to(2), "outcome": "operator" },
                { "to": to(3), "outcome": "unknown" },
                { "to": to(4), "outcome": "none" },
                { "to": to(5), "outcome": "rejected", "status_id": 14 },
                { "to": to(6), "outcome": "delivered", "copies": 3 },
                { "to": to(7), "reports": [
                    { "outcome": "expired", "after_ms": 1 }, { "outcome": "delivered", "after_ms": 40 },
                ] },
            ]),
        )
        .await;
    let (_, said) = infobip.send(&batch("b1", 8, Some(&hook.url))).await;
    assert_eq!(said["messages"][5]["status"]["id"], 14);
    let reports = hook.reports(9).await;
    let mut told: Vec<(String, u64)> = reports
        .iter()
        .map(|report| {
            let id = report["status"]["id"].as_u64().expect("an id");
            (report["messageId"].as_str().expect("an id").to_owned(), id)
        })
        .collect();
    let last_of_7 = told.iter().rfind(|(id, _)| id == "b1-7").cloned();
    assert_eq!(
        last_of_7,
        Some(("b1-7".to_owned(), 5)),
        "a late delivery after an expiry"
    );
    told.sort();
    let expected = [
        ("b1-0", 9),
        ("b1-1", 15),
        ("b1-2", 2),
        ("b1-3", 29),
        ("b1-6", 5),
        ("b1-6", 5),
        ("b1-6", 5),
        ("b1-7", 5),
        ("b1-7", 15),
    ];
    assert_eq!(told, expected.map(|(id, status)| (id.to_owned(), status)));
    let undelivered = reports
        .iter()
        .find(|report| report["status"]["id"] == 9)
        .expect("one");
    assert_eq!(
        (
            &undelivered["error"]["id"],
            &undelivered["error"]["permanent"]
        ),
        (&json!(1), &json!(true))
    );
    let (_, logs) = infobip.client.get("/sms/3/logs?messageId=b1-4").await;
    assert_eq!(
        logs["results"][0]["status"]["groupName"], "PENDING",
        "never reported"
    );
}

#[tokio::test]
async fn a_late_report_waits_for_the_simulators_clock() {
    let infobip = Infobip::start().await;
    let mut hook = Receiver::start(&[]).await;
    infobip
        .client
        .tell(
            "/_sim/script",
            &json!({ "to": "905320000000", "outcome": "delivered", "after_ms": 72 * 3_600_000 }),
        )
        .await;
    infobip.send(&batch("b1", 2, Some(&hook.url))).await;
    assert_eq!(hook.reports(1).await[0]["messageId"], "b1-1");
    assert_eq!(
        infobip.client.stats().await["reports_pending"]
            .as_u64()
            .map(|n| n >= 1),
        Some(true)
    );
    infobip
        .client
        .tell(
            "/_sim/clock",
            &json!({ "now": "2026-03-05T15:01:00+03:00" }),
        )
        .await;
    assert_eq!(hook.reports(1).await[0]["messageId"], "b1-0");
}

#[tokio::test]
async fn a_scheduled_bulk_is_reported_after_its_time() {
    let infobip = Infobip::start().await;
    let mut hook = Receiver::start(&[]).await;
    let mut body = batch("b1", 1, Some(&hook.url));
    body["options"]["schedule"]["sendAt"] = json!("2026-03-03T09:00:00.000+0300");
    assert_eq!(infobip.send(&body).await.0, 200);
    assert_eq!(infobip.client.stats().await["reports_pending"], 1);
    infobip
        .client
        .tell(
            "/_sim/clock",
            &json!({ "now": "2026-03-03T09:00:01+03:00" }),
        )
        .await;
    assert_eq!(
        hook.next().await.results()[0]["sentAt"],
        "2026-03-03T06:00:00.000+0000"
    );
}

#[tokio::test]
async fn an_intermediate_report_comes_before_the_final_one_when_asked_for() {
    let infobip = Infobip::start_with(|config| config.options.report_delay_ms = 60).await;
    let mut hook = Receiver::start(&[]).await;
    let mut body = batch("b1", 1, Some(&hook.url));
    body["messages"][0]["webhooks"]["delivery"]["intermediateReport"] = json!(true);
    infobip.send(&body).await;
    let statuses: Vec<Value> = hook
        .reports(2)
        .await
        .iter()
        .map(|report| report["status"]["id"].clone())
        .collect();
    assert_eq!(statuses, [2, 5]);
}

#[tokio::test]
async fn reports_without_a_web_hook_are_pulled_each_once() {
    let infobip = Infobip::start().await;
    infobip.send(&batch("b1", 60, None)).await;
    infobip.send(&batch("b2", 3, None)).await;
    let mut silent = batch("b3", 1, Some("http://127.0.0.1:9/dlr"));
    silent["messages"][0]["webhooks"]["delivery"]["notify"] = json!(false);
    infobip.send(&silent).await;
    let client = &infobip.client;
    eventually(|| client.stats(), |stats| stats["reports_to_pull"] == 64).await;
    let count = |said: &Value| said["results"].as_array().map_or(0, Vec::len);
    let (_, of_bulk) = client.get("/sms/3/reports?bulkId=b2").await;
    assert_eq!(count(&of_bulk), 3);
    assert_eq!(
        count(&client.get("/sms/3/reports?bulkId=b2").await.1),
        0,
        "handed out once"
    );
    assert_eq!(
        count(&client.get("/sms/3/reports?messageId=b1-7").await.1),
        1
    );
    assert_eq!(
        count(&client.get("/sms/3/reports").await.1),
        50,
        "the default limit"
    );
    assert_eq!(count(&client.get("/sms/3/reports?limit=1000").await.1), 10);
    for query in ["?limit=0", "?limit=1001", "?sayfa=1"] {
        assert_eq!(
            client.get(&format!("/sms/3/reports{query}")).await.0,
            400,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_population_fails_its_share_of_destinations_and_the_same_ones_again() {
    let infobip = Infobip::start().await;
    let shares =
        json!({ "rejected_pct": 10, "undelivered_pct": 20, "expired_pct": 10, "none_pct": 10 });
    infobip.client.tell("/_sim/population", &shares).await;
    let rule: simulators::infobip::Population = serde_json::from_value(shares).expect("shares");
    let (_, said) = infobip.send(&batch("b1", 1_000, None)).await;
    for message in said["messages"].as_array().expect("messages") {
        let to = message["destination"].as_str().expect("a destination");
        let is_rejected = rule.outcome_of(to) == simulators::infobip::Outcome::Rejected;
        assert_eq!(message["status"]["id"], if is_rejected { 18 } else { 26 });
    }
    let (status, _) = infobip
        .client
        .post("/_sim/population", &json!({ "none_pct": 101 }))
        .await;
    assert_eq!(status, 400);
}
