//! Asynchronous adds: at once, later, and told again.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use simulators::iys::Population;

use crate::harness::{Iys, brand, codes, consent};

fn phone(n: usize) -> String {
    format!("+90532{n:07}")
}

fn rows(count: usize) -> Value {
    (0..count)
        .map(|n| consent(json!({ "recipient": phone(n) })))
        .collect::<Vec<_>>()
        .into()
}

fn request_id(said: &Value) -> String {
    said["requestId"].as_str().expect("a request id").to_owned()
}

#[tokio::test]
async fn a_list_is_accepted_with_202_and_its_results_come_later_in_another_order() {
    let iys = Iys::start().await;
    let (status, said) = iys.add_list(&rows(20)).await;
    assert_eq!(status, 202, "{said}");
    let id = request_id(&said);
    assert!(id.len() <= 36);
    let subs = said["subRequests"].as_array().expect("sub-requests");
    assert_eq!(subs[3]["recipient"], phone(3));
    assert_eq!(subs[3]["creationDate"], "2026-03-02 15:00:00");
    let place_of: HashMap<String, usize> = subs
        .iter()
        .enumerate()
        .map(|(at, sub)| (sub["subRequestId"].as_str().expect("an id").to_owned(), at))
        .collect();
    assert_eq!(place_of.len(), 20);

    let (_, early) = iys.results(&id).await;
    for row in early.as_array().expect("rows") {
        assert_eq!(row["status"], "enqueue");
        assert!(
            row["subrequestId"].is_string(),
            "waiting rows misspell the key"
        );
    }
    iys.pass_ms(200);
    let (status, late) = iys.results(&id).await;
    assert_eq!(status, 200);
    let late = late.as_array().expect("rows");
    let order: Vec<usize> = late
        .iter()
        .map(|row| {
            assert_eq!(row["status"], "success");
            assert_eq!(row["transactionId"].as_str().map(str::len), Some(64));
            let place = place_of[row["subRequestId"].as_str().expect("an id")];
            assert_eq!(row["index"], place);
            place
        })
        .collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    assert_ne!(order, sorted, "the order says nothing");
}

#[tokio::test]
async fn nothing_is_at_iys_before_the_row_was_decided() {
    let iys = Iys::start().await;
    iys.add_list(&rows(1)).await;
    assert_eq!(iys.status_of(&phone(0), "BIREYSEL", "MESAJ").await.0, 404);
    iys.pass_ms(200);
    assert_eq!(iys.status_of(&phone(0), "BIREYSEL", "MESAJ").await.0, 200);
}

#[tokio::test]
async fn business_errors_come_per_row_in_the_result() {
    let iys = Iys::start().await;
    iys.load(json!([
        { "recipient": phone(1), "type": "MESAJ", "status": "RET", "consentDate": "2026-03-01 10:00:00" },
        { "recipient": phone(2), "type": "MESAJ", "status": "ONAY", "consentDate": "2026-03-02 14:59:59" },
    ]))
    .await;
    let list = json!([
        consent(json!({ "recipient": phone(0), "status": "RET" })),
        consent(json!({ "recipient": phone(1), "status": "RET" })),
        consent(json!({ "recipient": phone(2) })),
        consent(json!({ "recipient": phone(3) })),
    ]);
    let (status, said) = iys.add_list(&list).await;
    assert_eq!(status, 202);
    iys.pass_ms(200);
    let (_, rows) = iys.results(&request_id(&said)).await;
    let by_index: HashMap<u64, String> = rows
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            let outcome = row["error"]["code"].as_str().or(row["status"].as_str());
            (
                row["index"].as_u64().expect("an index"),
                outcome.expect("an outcome").to_owned(),
            )
        })
        .collect();
    assert_eq!(
        (0..4).map(|at| by_index[&at].as_str()).collect::<Vec<_>>(),
        ["H175", "H174", "H178", "success"]
    );
    let stats = iys.client.stats().await;
    assert_eq!(
        (&stats["rows_submitted"], &stats["rows_added"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(
        (&stats["rows_failed"], &stats["rows_pending"]),
        (&json!(3), &json!(0))
    );
}

#[tokio::test]
async fn one_bad_row_refuses_the_list_and_is_named_by_its_index() {
    let iys = Iys::start().await;
    let mut list = rows(5);
    list[2]["type"] = json!("SMS");
    list[4]["recipient"] = json!("+90532");
    let answer = iys.add_list(&list).await;
    assert_eq!(answer.0, 422);
    let found: Vec<(String, u64)> = answer.1["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|e| {
            (
                e["code"].as_str().expect("a code").to_owned(),
                e["index"].as_u64().expect("an index"),
            )
        })
        .collect();
    assert_eq!(found, [("H117".to_owned(), 2), ("H121".to_owned(), 4)]);
    iys.pass_ms(1_000);
    assert_eq!(iys.client.stats().await["movements"], 0);
}

#[tokio::test]
async fn a_key_that_appears_twice_in_a_list_gets_h194_at_the_repeat() {
    let iys = Iys::start().await;
    let list = json!([
        consent(json!({ "recipient": "a@ornek.com", "type": "EPOSTA" })),
        consent(json!({})),
        consent(json!({ "type": "ARAMA" })),
        consent(json!({ "recipientType": "TACIR" })),
        consent(json!({ "recipient": "A@ORNEK.com", "type": "EPOSTA", "status": "RET" })),
        consent(json!({ "recipientType": "absent" })),
    ]);
    let answer = iys.add_list(&list).await;
    assert_eq!(
        (answer.0, codes(&answer)),
        (422, vec!["H194".to_owned(); 2])
    );
    assert_eq!(answer.1["errors"][0]["index"], 4);
    assert_eq!(answer.1["errors"][1]["index"], 5);
}

#[tokio::test]
async fn a_list_has_one_to_a_thousand_rows() {
    let iys = Iys::start().await;
    assert_eq!(iys.add_list(&rows(1_000)).await.0, 202);
    for (list, status, code) in [
        (rows(1_001), 422, "H091"),
        (json!([]), 400, "H092"),
        (consent(json!({})), 400, "H092"),
    ] {
        let answer = iys.add_list(&list).await;
        assert_eq!((answer.0, codes(&answer)), (status, vec![code.to_owned()]));
    }
    let answer = iys.add_list(&json!([1])).await;
    assert_eq!(answer.0, 422);
    assert_eq!(answer.1["errors"][0]["index"], 0);
}

#[tokio::test]
async fn a_date_too_old_is_found_at_once_or_if_told_so_in_the_result() {
    let iys = Iys::start().await;
    let mut list = rows(2);
    list[1]["consentDate"] = json!("2026-02-20 10:00:00");
    let answer = iys.add_list(&list).await;
    assert_eq!((answer.0, codes(&answer)), (422, vec!["H467".to_owned()]));
    assert_eq!(answer.1["errors"][0]["location"], json!(["consentDate"]));
    assert_eq!(answer.1["errors"][0]["index"], 1);
    iys.client
        .tell("/_sim/options", &json!({ "late_in_result": true }))
        .await;
    let (status, said) = iys.add_list(&list).await;
    assert_eq!(status, 202);
    iys.pass_ms(200);
    let (_, rows) = iys.results(&request_id(&said)).await;
    let failed: Vec<&Value> = rows
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["status"] == "failure")
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["error"]["code"], "H467");
}

#[tokio::test]
async fn the_second_of_two_identical_lists_in_version_2_points_to_the_first() {
    let iys = Iys::start().await;
    let path = format!("/v2{}/consents/request", iys.brand);
    let (_, first) = iys.client.post(&path, &rows(3)).await;
    // Sent again before the first one was decided, as after a lost answer.
    let (status, second) = iys.client.post(&path, &rows(3)).await;
    assert_eq!(status, 202);
    assert_ne!(first["requestId"], second["requestId"]);
    iys.pass_ms(200);
    let (_, original) = iys.results(&request_id(&first)).await;
    let transactions: HashSet<&Value> = original
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["transactionId"])
        .collect();
    let v2 = format!("{path}/{}", request_id(&second));
    let (_, repeated) = iys.client.get(&v2).await;
    for row in repeated.as_array().expect("rows") {
        assert_eq!(row["status"], "success");
        assert_eq!(row["isAddConsentV2Service"], "true");
        let pointed = &row["originalRequestInformation"];
        assert_eq!(pointed["requestId"], first["requestId"]);
        assert!(
            first["subRequests"]
                .as_array()
                .expect("subs")
                .iter()
                .any(|sub| { sub["subRequestId"] == pointed["subRequestId"] })
        );
        assert!(transactions.contains(&row["transactionId"]));
    }
    assert_eq!(iys.client.stats().await["movements"], 3, "recorded once");
}

#[tokio::test]
async fn the_second_of_two_identical_lists_in_version_1_fails_with_h178() {
    let iys = Iys::start().await;
    iys.add_list(&rows(1)).await;
    let (_, second) = iys.add_list(&rows(1)).await;
    iys.pass_ms(200);
    let (_, rows) = iys.results(&request_id(&second)).await;
    assert_eq!(rows[0]["error"]["code"], "H178");
}

#[tokio::test]
async fn results_can_wait_for_a_number_of_queries() {
    let iys = Iys::start_with(|config| {
        config.options.async_polls = 2;
        config.options.async_delay_ms = 0;
    })
    .await;
    let (_, said) = iys.add_list(&rows(1)).await;
    let id = request_id(&said);
    for expected in ["enqueue", "enqueue", "success"] {
        assert_eq!(iys.results(&id).await.1[0]["status"], expected);
    }
}

#[tokio::test]
async fn a_pending_request_can_answer_an_empty_list() {
    let iys = Iys::start_with(|config| config.options.empty_while_pending = true).await;
    let (_, said) = iys.add_list(&rows(1)).await;
    let id = request_id(&said);
    assert_eq!(iys.results(&id).await, (200, json!([])));
    iys.pass_ms(200);
    assert_eq!(iys.results(&id).await.1[0]["status"], "success");
}

#[tokio::test]
async fn single_recipients_can_be_scripted_to_wait_to_fail_or_to_spoil_the_list() {
    let iys = Iys::start().await;
    iys.client
        .tell(
            "/_sim/script",
            &json!([
                { "recipient": phone(0), "add": { "answer": "enqueue" } },
                { "recipient": phone(1), "add": { "answer": "failure", "code": "H123" } },
                { "recipient": phone(2), "add": { "answer": "judge", "after_ms": 5_000 } },
                { "recipient": phone(3), "type": "ARAMA", "add": { "answer": "enqueue" } },
            ]),
        )
        .await;
    let (_, said) = iys.add_list(&rows(4)).await;
    let id = request_id(&said);
    let outcomes = |rows: Value| -> Vec<String> {
        let mut found = vec![String::new(); 4];
        for row in rows.as_array().expect("rows") {
            let at = usize::try_from(row["index"].as_u64().expect("an index")).expect("small");
            let outcome = row["error"]["code"].as_str().or(row["status"].as_str());
            found[at] = outcome.expect("an outcome").to_owned();
        }
        found
    };
    iys.pass_ms(200);
    let early = outcomes(iys.results(&id).await.1);
    assert_eq!(early, ["enqueue", "H123", "enqueue", "success"]);
    iys.pass_ms(86_400_000 / 24);
    let late = outcomes(iys.results(&id).await.1);
    assert_eq!(late, ["enqueue", "H123", "success", "success"]);
    iys.client
        .tell(
            "/_sim/script",
            &json!({ "recipient": phone(9), "add": { "answer": "refuse", "code": "H121" } }),
        )
        .await;
    let answer = iys.add_list(&rows(10)).await;
    assert_eq!((answer.0, codes(&answer)), (422, vec!["H121".to_owned()]));
    assert_eq!(answer.1["errors"][0]["index"], 9);
}

#[tokio::test]
async fn a_result_query_needs_a_sound_id_of_the_own_brand() {
    let mut iys = Iys::start().await;
    for (id, code) in [
        ("a".repeat(37), "H198"),
        ("abc".to_owned(), "H199"),
        ("123".to_owned(), "H400"),
    ] {
        let answer = iys.results(&id).await;
        assert_eq!((answer.0, codes(&answer)), (422, vec![code.to_owned()]));
    }
    assert_eq!(iys.results("a-1").await, (200, json!([])));
    let (_, said) = iys.add_list(&rows(1)).await;
    let id = request_id(&said);
    let master = brand(json!({ "brandCode": crate::harness::IYS_CODE }));
    let master = serde_json::to_value(master).expect("a brand");
    iys.client.tell("/_sim/brands", &master).await;
    let other = format!(
        "/sps/{0}/brands/{0}/consents/request/{id}",
        crate::harness::IYS_CODE
    );
    assert_eq!(iys.client.get(&other).await, (200, json!([])));
    iys.move_to("2026-05-01T15:00:00+03:00").await;
    assert_eq!(
        iys.results(&id).await.1[0]["status"],
        "success",
        "on day 60"
    );
    iys.move_to("2026-05-01T15:00:01+03:00").await;
    assert_eq!(iys.results(&id).await, (200, json!([])), "after 60 days");
}

#[tokio::test]
async fn an_add_overlays_the_population_by_rule() {
    let iys = Iys::start_with(|config| config.population = Some(Population::new(0, 100))).await;
    assert_eq!(
        iys.status_of(&phone(0), "BIREYSEL", "MESAJ").await.1["status"],
        "RET"
    );
    let (_, said) = iys.add_list(&rows(1)).await;
    iys.pass_ms(200);
    assert_eq!(
        iys.results(&request_id(&said)).await.1[0]["status"],
        "success"
    );
    assert_eq!(
        iys.status_of(&phone(0), "BIREYSEL", "MESAJ").await.1["status"],
        "ONAY"
    );
    assert_eq!(
        iys.status_of(&phone(1), "BIREYSEL", "MESAJ").await.1["status"],
        "RET"
    );
}

#[tokio::test]
async fn two_movements_of_a_key_within_one_second_are_counted_as_damage() {
    let iys = Iys::start().await;
    iys.add(&consent(json!({}))).await;
    iys.add(&consent(json!({ "consentDate": "2026-03-02 14:30:00" })))
        .await;
    assert_eq!(iys.client.stats().await["same_second_movements"], 1);
    iys.pass_ms(2_000);
    iys.add(&consent(json!({ "consentDate": "2026-03-02 14:40:00" })))
        .await;
    assert_eq!(iys.client.stats().await["same_second_movements"], 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is sent in whatever order, the record of a key is the newest
    /// declaration that was reported as recorded.
    #[test]
    fn the_record_is_always_the_newest_declaration_that_succeeded(
        movements in prop::collection::vec((any::<bool>(), 0_u32..30), 1..12)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let iys = Iys::start().await;
            let mut newest: Option<(String, String)> = None;
            for (is_onay, minute) in movements {
                let status = if is_onay { "ONAY" } else { "RET" };
                let date = format!("2026-03-02 14:{minute:02}:00");
                let sent = consent(json!({ "status": status, "consentDate": date }));
                if iys.add(&sent).await.0 == 200 {
                    assert!(newest.as_ref().is_none_or(|(before, _)| *before < date));
                    newest = Some((date, status.to_owned()));
                }
            }
            let (_, record) = iys.status_of("+905321234567", "BIREYSEL", "MESAJ").await;
            match newest {
                Some((date, status)) => {
                    assert_eq!(record["status"], status);
                    assert_eq!(record["consentDate"], date);
                }
                None => assert!(record["errors"].is_array()),
            }
            iys.stop().await;
        });
    }
}
