//! `GET /sms/3/logs`.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{Infobip, batch, eventually};

fn ids(said: &Value) -> Vec<String> {
    let results = said["results"].as_array().expect("results");
    results
        .iter()
        .map(|log| log["messageId"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn a_log_line_shows_the_state_of_a_message_and_can_be_read_again() {
    let infobip = Infobip::start_with(|config| config.options.report_delay_ms = 60_000).await;
    infobip.send(&batch("b1", 2, None)).await;
    let (status, said) = infobip.client.get("/sms/3/logs?messageId=b1-1").await;
    assert_eq!(status, 200);
    let log = &said["results"][0];
    assert_eq!(
        (&log["destination"], &log["bulkId"]),
        (&json!("905320000001"), &json!("b1"))
    );
    assert_eq!(
        (&log["sender"], &log["content"]["text"]),
        (&json!("ORNEKMARKA"), &json!("Merhaba"))
    );
    assert_eq!(log["status"]["name"], "PENDING_ACCEPTED");
    assert!(log["doneAt"].is_null());
    infobip
        .client
        .tell(
            "/_sim/clock",
            &json!({ "now": "2026-03-02T15:02:00+03:00" }),
        )
        .await;
    for _ in 0..2 {
        let (_, said) = infobip.client.get("/sms/3/logs?messageId=b1-1").await;
        assert_eq!(said["results"][0]["status"]["name"], "DELIVERED_TO_HANDSET");
        assert!(said["results"][0]["doneAt"].is_string());
    }
}

#[tokio::test]
async fn logs_are_found_by_bulk_by_ids_by_destination_and_by_state() {
    let infobip = Infobip::start().await;
    infobip.send(&batch("b1", 3, None)).await;
    infobip.send(&batch("b2", 2, None)).await;
    let client = &infobip.client;
    eventually(|| client.stats(), |stats| stats["reports_to_pull"] == 5).await;
    for (query, expected) in [
        ("?bulkId=b1", vec!["b1-0", "b1-1", "b1-2"]),
        (
            "?bulkId=b2,b1",
            vec!["b1-0", "b1-1", "b1-2", "b2-0", "b2-1"],
        ),
        (
            "?bulkId=b1&bulkId=b2",
            vec!["b1-0", "b1-1", "b1-2", "b2-0", "b2-1"],
        ),
        ("?bulkId=unknown", vec![]),
        ("?messageId=b1-2,b2-0,x", vec!["b1-2", "b2-0"]),
        ("?messageId=b1-2&bulkId=b2", vec![]),
        ("?destination=905320000001", vec!["b1-1", "b2-1"]),
        ("?generalStatus=DELIVERED&bulkId=b2", vec!["b2-0", "b2-1"]),
        ("?generalStatus=PENDING", vec![]),
        ("?sender=BASKA", vec![]),
        (
            "?sentSince=2026-03-02T14:00:00.000%2B0300&bulkId=b2",
            vec!["b2-0", "b2-1"],
        ),
        ("?sentUntil=2026-03-02T14:00:00.000%2B0300", vec![]),
    ] {
        let (status, said) = client.get(&format!("/sms/3/logs{query}")).await;
        assert_eq!(status, 200, "{query}: {said}");
        assert_eq!(ids(&said), expected, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_leads_through_all_lines_once() {
    let infobip = Infobip::start().await;
    infobip.send(&batch("b1", 95, None)).await;
    let mut seen = HashSet::new();
    let mut cursor = String::new();
    loop {
        let (_, said) = infobip
            .client
            .get(&format!(
                "/sms/3/logs?bulkId=b1&limit=20&useCursor=true{cursor}"
            ))
            .await;
        for id in ids(&said) {
            assert!(seen.insert(id));
        }
        match said["cursor"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 95);
    let (_, plain) = infobip.client.get("/sms/3/logs").await;
    assert_eq!(ids(&plain).len(), 50, "the default limit");
    assert!(plain["cursor"].is_null());
}

#[tokio::test]
async fn the_parameters_of_a_log_query_are_checked() {
    let infobip = Infobip::start().await;
    let long = format!("?messageId={}", "x".repeat(2_049));
    for query in [
        "?limit=1001",
        "?limit=0",
        "?cursor=5",
        "?useCursor=evet",
        "?sentSince=dün",
        "?sayfa=1",
        &long,
    ] {
        let (status, said) = infobip.client.get(&format!("/sms/3/logs{query}")).await;
        assert_eq!(
            (status, &said["errorCode"]),
            (400, &json!("E400")),
            "{query}"
        );
    }
}

#[tokio::test]
async fn logs_are_kept_for_48_hours_and_asked_for_120_times_a_minute() {
    let infobip = Infobip::start().await;
    infobip.send(&batch("b1", 1, None)).await;
    infobip
        .client
        .tell(
            "/_sim/clock",
            &json!({ "now": "2026-03-04T14:59:00+03:00", "frozen": true }),
        )
        .await;
    assert_eq!(
        ids(&infobip.client.get("/sms/3/logs?bulkId=b1").await.1),
        ["b1-0"]
    );
    infobip
        .client
        .tell(
            "/_sim/clock",
            &json!({ "now": "2026-03-04T15:01:00+03:00", "frozen": true }),
        )
        .await;
    for _ in 0..120 {
        let (status, said) = infobip.client.get("/sms/3/logs?bulkId=b1").await;
        assert_eq!((status, ids(&said).len()), (200, 0));
    }
    let response = infobip
        .client
        .request(reqwest::Method::GET, "/sms/3/logs")
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "60");
    infobip
        .client
        .tell("/_sim/options", &json!({ "limits": null }))
        .await;
    assert_eq!(infobip.client.get("/sms/3/logs").await.0, 200);
}
