//! What only Mesajüssü promises: its session, and that it stands apart.

use std::time::Duration;

use connectors::{Class, Outcome};
use serde_json::json;

use crate::bench::Bench;
use crate::cases::TURKCELL;

#[tokio::test]
async fn a_session_that_ended_is_renewed_once_and_nothing_is_sent_twice() {
    let bench = Bench::start(&TURKCELL).await;
    for code in ["908", "918"] {
        bench.tell("/_sim/refuse", &json!({ "code": code })).await;
        let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    assert_eq!(bench.received().await.len(), 2);
    bench
        .tell("/_sim/refuse", &json!({ "code": "908", "times": 2 }))
        .await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    assert!(
        matches!(&outcome, Outcome::Refused { class: Class::Transient, code, .. } if code == "908"),
        "{outcome:?}"
    );
    assert_eq!(bench.received().await.len(), 2);
}

#[tokio::test]
async fn a_session_dies_after_ten_idle_minutes_and_the_next_message_opens_another() {
    let bench = Bench::start(&TURKCELL).await;
    let later = json!({ "now": "2031-01-01T09:00:00Z", "frozen": true });
    bench.tell("/_sim/clock", &later).await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    let calls = bench.look("/_sim/calls").await;
    let answers: Vec<&str> = calls["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["status"].as_str().unwrap())
        .collect();
    assert_eq!(answers, ["200", "918", "200", "200"]);
}

#[tokio::test]
async fn a_login_without_an_answer_means_that_nothing_left() {
    let bench = Bench::start(&TURKCELL).await;
    bench.tell("/_sim/refuse", &json!({ "code": "908" })).await;
    let fault =
        json!({ "kind": "drop_after_accept", "path_prefix": "/api/api/integration/v2/login" });
    bench.tell("/_sim/faults", &fault).await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
    bench.heal().await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

#[tokio::test]
async fn it_has_its_own_sender_and_offers_neither_pictures_nor_national_ids() {
    let bench = Bench::start_with(&TURKCELL, &json!({ "opt_out_units": 40 })).await;
    let can = bench.account.capabilities();
    assert!(!can.has_mms && !can.has_tckn && !can.in_fail_over);
    assert_eq!(
        can.suffix_units, 45,
        "the operator's tag and the sentence added"
    );
}

#[tokio::test]
async fn outside_its_hours_nothing_is_lost_and_it_is_tried_again_when_it_opens() {
    let bench = Bench::start(&TURKCELL).await;
    // 23:30 in Turkey.
    let night = json!({ "now": "2026-09-01T20:30:00Z", "frozen": true });
    bench.tell("/_sim/clock", &night).await;
    assert!(bench.account.test().await.passed());
    for code in ["869", "938"] {
        bench.tell("/_sim/refuse", &json!({ "code": code })).await;
        let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
        let Outcome::NotSent { text, retry_after } = outcome else {
            panic!("{code}: {outcome:?}")
        };
        assert!(text.contains(code), "{text}");
        assert_eq!(retry_after, Some(Duration::from_mins(9 * 60 + 30)));
    }
    assert_eq!(bench.received().await.len(), 0);
}
