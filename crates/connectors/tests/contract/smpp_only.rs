//! What only SMPP promises: sessions, parts, and what comes over the line.

use std::sync::Arc;

use connectors::{Class, Envelope, Heard, Outcome, ReceiptState};
use domain::Timestamp;
use serde_json::{Value, json};

use crate::bench::{Bench, DEADLINE, account, digits, message_ref, recipient};
use crate::cases::{SMPP, SMPP_TLS};

fn now() -> Timestamp {
    "2026-03-04T15:00:00+03:00".parse().unwrap()
}

/// Listens until something comes.
async fn hear(bench: &Bench) -> Heard {
    let started = tokio::time::Instant::now();
    loop {
        let heard = bench.account.hear(now()).await.unwrap();
        if !heard.receipts.is_empty() || !heard.replies.is_empty() {
            return heard;
        }
        assert!(started.elapsed() < DEADLINE, "nothing came");
        tokio::task::yield_now().await;
    }
}

async fn until(bench: &Bench, what: &str, expected: u64) {
    let started = tokio::time::Instant::now();
    while bench.look("/_sim/stats").await[what] != expected {
        assert!(started.elapsed() < DEADLINE, "{what} never was {expected}");
    }
}

async fn sent(bench: &Bench, n: i64) -> Outcome {
    let message = crate::bench::cleared(bench.outgoing(n, "Merhaba"));
    let request = bench.account.encode(&bench.envelope(), &[message]);
    bench.account.send(&request.unwrap()).await
}

#[tokio::test]
async fn receipts_come_over_the_session_and_are_confirmed_once_they_are_kept() {
    let bench = Bench::start(&SMPP).await;
    for (n, fate) in [(1, "delivered"), (2, "undelivered"), (3, "expired")] {
        bench.script(n, fate, None).await;
        assert!(matches!(sent(&bench, n).await, Outcome::Accepted { .. }));
    }
    let mut states = std::collections::BTreeMap::new();
    let mut unkept = None;
    while states.len() < 3 {
        let heard = hear(&bench).await;
        if unkept.is_none() {
            // Not kept: it comes again, and the gateway was told nothing.
            assert_eq!(bench.look("/_sim/stats").await["reports_acknowledged"], 0);
            unkept = Some(heard.receipts);
            continue;
        }
        let receipts = bench.account.receipts(&heard.receipts).unwrap();
        assert_eq!((receipts.addressed.len(), receipts.unreadable), (0, 0));
        for receipt in receipts.receipts {
            states.insert(receipt.message.recipient.as_db(), receipt.state);
        }
        bench.account.heard(heard).await;
    }
    until(&bench, "reports_acknowledged", 3).await;
    use ReceiptState::{Delivered, Expired, Undelivered};
    assert_eq!(
        states,
        [(1, Delivered), (2, Undelivered), (3, Expired)].into()
    );
}

#[tokio::test]
async fn a_receipt_that_another_process_hears_names_the_request_and_the_person() {
    let bench = Bench::start(&SMPP).await;
    let late = json!({ "to": digits(1), "outcome": "delivered", "after_ms": 300 });
    bench.tell("/_sim/script", &late).await;
    let Outcome::Accepted { reference, .. } = sent(&bench, 1).await else {
        panic!("not taken");
    };
    // The newest session is the one that receives.
    let other = bench.another().await;
    let heard = loop {
        let heard = other.hear(now()).await.unwrap();
        if !heard.receipts.is_empty() {
            break heard;
        }
        tokio::task::yield_now().await;
    };
    let receipts = other.receipts(&heard.receipts).unwrap();
    assert_eq!(receipts.addressed.len(), 1);
    assert_eq!(receipts.addressed[0].reference, reference);
    assert_eq!(receipts.addressed[0].recipient, recipient(1));
    assert_eq!(receipts.addressed[0].state, ReceiptState::Delivered);
}

#[tokio::test]
async fn replies_come_over_the_session() {
    let bench = Bench::start(&SMPP).await;
    let long = "RET ÖRNEK, lütfen çıkarın ".repeat(8);
    for text in ["RET", long.as_str()] {
        let reply = json!({ "from": digits(1), "to": "3399", "text": text });
        bench.tell("/_sim/inbound", &reply).await;
        let heard = hear(&bench).await;
        let inbox = bench.account.inbound(&heard.replies).unwrap();
        assert_eq!((inbox.replies.len(), inbox.unreadable), (1, 0));
        assert_eq!(inbox.replies[0].from, recipient(1));
        assert_eq!(inbox.replies[0].to, "3399");
        assert_eq!(inbox.replies[0].text, text);
        assert_eq!(inbox.replies[0].received_at, Some(now()));
        bench.account.heard(heard).await;
    }
}

#[tokio::test]
async fn a_session_that_broke_is_opened_again_and_what_it_brought_comes_again() {
    let bench = Bench::start(&SMPP).await;
    let reply = json!({ "from": digits(1), "to": "3399", "text": "RET" });
    bench.tell("/_sim/inbound", &reply).await;
    let heard = hear(&bench).await;
    assert!(!heard.replies.is_empty());
    let fault = json!({ "kind": "drop_before", "count": 1 });
    bench.tell("/_sim/faults", &fault).await;
    let outcome = sent(&bench, 2).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert!(matches!(sent(&bench, 3).await, Outcome::Accepted { .. }));
    let again = loop {
        let again = hear(&bench).await;
        if !again.replies.is_empty() {
            break again;
        }
        bench.account.heard(again).await;
    };
    assert_eq!(
        bench.account.inbound(&again.replies).unwrap().replies.len(),
        1
    );
}

#[tokio::test]
async fn a_text_that_stops_half_way_is_never_guessed() {
    let bench = Bench::start(&SMPP).await;
    let text = "a".repeat(400);
    let fault = json!({ "kind": "status", "status": 500, "skip": 1, "count": 1 });
    bench.tell("/_sim/faults", &fault).await;
    let outcome = bench.account.send(&bench.request(&[&text])).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { text } if text.contains("part 2 of 3")),
        "{outcome:?}"
    );
    let fault = json!({ "kind": "status", "status": 429, "count": 1 });
    bench.tell("/_sim/faults", &fault).await;
    let outcome = bench.account.send(&bench.request(&[&text])).await;
    assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
    assert_eq!(bench.received().await.len(), 0);
}

#[tokio::test]
async fn a_long_text_arrives_whole_however_its_parts_are_joined() {
    let text = "Sayın müşterimiz, ışıklı şölenimiz başlıyor: çok güzel ödüller! ".repeat(6);
    let text = text.trim();
    for turkish in ["locking", "single", "none"] {
        for joining in ["udh", "sar", "payload"] {
            let changes = json!({ "turkish": turkish, "concatenation": joining });
            let bench = Bench::start_with(&SMPP, &changes).await;
            let outcome = bench.account.send(&bench.request(&[text])).await;
            assert!(
                matches!(outcome, Outcome::Accepted { .. }),
                "{turkish} {joining}: {outcome:?}"
            );
            let received = bench.received().await;
            assert_eq!(received.len(), 1);
            assert_eq!(received[0]["text"], text, "{turkish} {joining}");
        }
    }
}

#[tokio::test]
async fn a_longer_joining_number_leaves_one_letter_less_in_each_part() {
    let (plain, turkish, other) = ("a".repeat(306), "ş".repeat(298), "₺".repeat(134));
    // Two parts by one octet; by two, each of them is a letter too long.
    for (bits, parts) in [("8", 2_u32), ("16", 3)] {
        let changes = json!({ "reference_bits": bits });
        let bench = Bench::start_with(&SMPP, &changes).await;
        let can = bench.account.capabilities();
        for text in [&plain, &turkish, &other] {
            let request = bench.request(&[text]);
            let stored: Value = serde_json::from_slice(request.bytes()).unwrap();
            let bodies = stored["bodies"].as_array().unwrap().len();
            let reference = can.reference;
            let counted = domain::segments::count_joined(text, can.segments, 0, reference);
            assert_eq!(counted.parts, parts, "{bits} {text}");
            assert_eq!(u32::try_from(bodies), Ok(parts), "{bits} {text}");
            let outcome = bench.account.send(&request).await;
            assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        }
        let received = bench.received().await;
        let texts: Vec<&str> = received
            .iter()
            .filter_map(|one| one["text"].as_str())
            .collect();
        assert_eq!(texts, [&plain, &turkish, &other], "{bits}");
    }
}

#[tokio::test]
async fn many_messages_share_one_session_within_its_window() {
    let bench = Bench::start_with(&SMPP, &json!({ "window": 3 })).await;
    let bench = Arc::new(bench);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=60 {
        let bench = Arc::clone(&bench);
        tasks.spawn(async move { sent(&bench, n).await });
    }
    while let Some(outcome) = tasks.join_next().await {
        let outcome = outcome.unwrap();
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    let stats = bench.look("/_sim/stats").await;
    assert_eq!(stats["accepted_messages"], 60);
    assert_eq!(stats["max_per_destination"], 1);
}

#[tokio::test]
async fn sending_and_receiving_may_have_a_session_each() {
    let bench = Bench::start_with(&SMPP, &json!({ "bind": "pair" })).await;
    assert!(bench.account.test().await.passed());
    assert!(matches!(sent(&bench, 1).await, Outcome::Accepted { .. }));
    let heard = hear(&bench).await;
    let receipts = bench.account.receipts(&heard.receipts).unwrap();
    assert_eq!(receipts.receipts[0].message, message_ref(1));
}

#[tokio::test]
async fn a_chosen_validity_is_relative_and_bounded() {
    let bench = Bench::start(&SMPP).await;
    let batch = bench.batch(&["Merhaba"]);
    let with = |minutes| Envelope {
        validity_minutes: Some(minutes),
        ..bench.envelope()
    };
    let request = bench.account.encode(&with(1_505), &batch).unwrap();
    assert!(matches!(
        bench.account.send(&request).await,
        Outcome::Accepted { .. }
    ));
    let stored: Value = serde_json::from_slice(request.bytes()).unwrap();
    assert_eq!(stored["text"], "Merhaba");
    assert!(bench.account.encode(&with(0), &batch).is_err());
    assert!(bench.account.encode(&with(20_161), &batch).is_err());
}

#[tokio::test]
async fn what_comes_over_an_encrypted_session_is_the_same_and_nobody_else_is_trusted() {
    let bench = Bench::start(&SMPP_TLS).await;
    assert!(matches!(sent(&bench, 1).await, Outcome::Accepted { .. }));
    let heard = hear(&bench).await;
    let receipts = bench.account.receipts(&heard.receipts).unwrap();
    assert_eq!(receipts.receipts[0].message, message_ref(1));
    bench.account.heard(heard).await;
    until(&bench, "reports_acknowledged", 1).await;
    let place = bench.look("/_sim/smpp").await;
    assert_eq!(place["encrypted_sessions"], 1);

    // Nobody vouches for the gateway's certificate, so not even the password leaves.
    let stranger = account(&SMPP, place["tls_url"].as_str().unwrap(), &json!({}));
    let outcome = stranger.send(&bench.request(&["Merhaba"])).await;
    assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
    assert!(!stranger.test().await.passed());
    assert_eq!(bench.received().await.len(), 1);
}

/// Hears until as many receipts came; what the text is said to be after each.
async fn states(bench: &Bench, expected: usize) -> Vec<ReceiptState> {
    let mut states = Vec::new();
    while states.len() < expected {
        let heard = hear(bench).await;
        let receipts = bench.account.receipts(&heard.receipts).unwrap();
        assert_eq!((receipts.addressed.len(), receipts.unreadable), (0, 0));
        states.extend(receipts.receipts.into_iter().map(|receipt| {
            assert_eq!(receipt.message, message_ref(1));
            receipt.state
        }));
        bench.account.heard(heard).await;
    }
    states
}

#[tokio::test]
async fn a_long_text_is_delivered_when_every_part_is_and_failed_when_one_is() {
    use ReceiptState::{Delivered, Sent, Undelivered};
    let text = "a".repeat(400);
    for joining in ["udh", "sar"] {
        let changes = json!({ "concatenation": joining });
        let bench = Bench::start_with(&SMPP, &changes).await;
        let outcome = bench.account.send(&bench.request(&[&text])).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        assert_eq!(states(&bench, 3).await, [Sent, Sent, Delivered]);
        until(&bench, "reports_acknowledged", 3).await;

        bench
            .script(1, "delivered", Some("DELIVRD,UNDELIV,DELIVRD"))
            .await;
        let outcome = bench.account.send(&bench.request(&[&text])).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        let states = states(&bench, 3).await;
        assert!(states.contains(&Undelivered), "{states:?}");
        assert!(!states.contains(&Delivered), "{states:?}");
    }
    // An operator that reports a text as a whole.
    let bench = Bench::start_with(&SMPP, &json!({ "part_receipts": "last" })).await;
    let outcome = bench.account.send(&bench.request(&[&text])).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(states(&bench, 1).await, [Delivered]);
}

#[tokio::test]
async fn an_operators_own_codes_mean_what_its_table_says() {
    let changes = json!({ "statuses": "0x88 T hız sınırı\n0x410 P numara kapalı; 0x45 S x" });
    let bench = Bench::start_with(&SMPP, &changes).await;
    let refuse = async |code: &str| {
        bench.tell("/_sim/refuse", &json!({ "code": code })).await;
        bench.account.send(&bench.request(&["Merhaba"])).await
    };
    let outcome = refuse("0x88").await;
    assert!(
        matches!(&outcome, Outcome::NotSent { text, retry_after: Some(_) } if text.contains("0x88")),
        "{outcome:?}"
    );
    for (code, class) in [("0x410", Class::Permanent), ("0x45", Class::Sender)] {
        let outcome = refuse(code).await;
        assert!(
            matches!(&outcome, Outcome::Refused { class: found, .. } if *found == class),
            "{outcome:?}"
        );
    }
}
