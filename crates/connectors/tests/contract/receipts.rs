//! What became of messages, pushed and pulled.

use std::collections::HashMap;

use connectors::{Envelope, Outcome, Push, ReceiptState, Receipts, SentRequest};
use domain::ids::MessageRef;
use http::HeaderMap;
use serde_json::json;

use crate::bench::{Bench, DEADLINE, Receiver, cleared, message_ref};
use crate::cases::Case;
use crate::post;

/// Person, fate in the simulator, final state of the message.
const FATES: [(i64, &str, ReceiptState); 3] = [
    (1, "delivered", ReceiptState::Delivered),
    (2, "undelivered", ReceiptState::Undelivered),
    (3, "expired", ReceiptState::Expired),
];

/// Sends one text to each of the people, in as many requests as it takes.
async fn send(bench: &Bench, people: &[i64], url: &str) -> Vec<SentRequest> {
    let envelope = Envelope {
        receipts_url: Some(url.to_owned()),
        ..bench.envelope()
    };
    let mut requests = Vec::new();
    for some in people.chunks(bench.most()) {
        let batch: Vec<_> = some
            .iter()
            .map(|n| cleared(bench.outgoing(*n, "Merhaba")))
            .collect();
        let request = bench.account.encode(&envelope, &batch).unwrap();
        let outcome = bench.account.send(&request).await;
        let Outcome::Accepted { reference, .. } = outcome else {
            panic!("{outcome:?}")
        };
        requests.push(SentRequest {
            key: envelope.key.clone(),
            reference,
            messages: some
                .iter()
                .map(|n| (message_ref(*n), bench.recipient(*n)))
                .collect(),
        });
    }
    requests
}

/// Keeps the furthest state of each message, as the engine does.
fn note(
    known: &mut HashMap<MessageRef, (ReceiptState, String)>,
    receipts: Receipts,
    sent: &[SentRequest],
) {
    let own = receipts
        .receipts
        .into_iter()
        .map(|r| (r.message, r.state, r.provider_code));
    let addressed = receipts.addressed.into_iter().map(|r| {
        let request = sent.iter().find(|request| request.reference == r.reference);
        let mut people = request.expect("a request of ours").messages.iter();
        let (message, _) = people.find(|(_, who)| *who == r.recipient).unwrap();
        (*message, r.state, r.provider_code)
    });
    for (message, state, code) in own.chain(addressed) {
        assert!(!code.is_empty(), "the provider's code is kept");
        let held = known.get(&message).map(|(state, _)| *state);
        if held.is_none_or(|held| state.supersedes(held)) {
            known.insert(message, (state, code));
        }
    }
}

/// What the provider cannot tell apart is counted as the state it reports.
fn expected(case: &Case, state: ReceiptState) -> ReceiptState {
    match (case.kind, state) {
        ("brevo" | "iletimerkezi" | "smtp" | "whatsapp", ReceiptState::Expired) => {
            ReceiptState::Undelivered
        }
        _ => state,
    }
}

pub(crate) async fn receipts_come_by_push(case: &Case) {
    let bench = Bench::start(case).await;
    if !bench.account.capabilities().receipts.by_push {
        assert!(bench.account.receipts(b"{}").is_err());
        return;
    }
    let mut receiver = Receiver::start().await;
    if !matches!(case.kind, "infobip" | "twilio") {
        // The address is set in the provider's panel.
        let options = json!({ "push_url": receiver.url });
        bench.tell("/_sim/options", &options).await;
    }
    for (n, fate, _) in FATES {
        let script = json!({ "to": bench.to(n), "outcome": fate, "copies": 2 });
        bench.tell("/_sim/script", &script).await;
    }
    let sent = send(&bench, &[1, 2, 3], &receiver.url).await;
    if case.kind == "smtp" {
        // A mail server reports by mail, twice here as the others do.
        for (n, fate, _) in [FATES, FATES].concat() {
            let report = post::report(&bench.to(n), fate);
            bench.tell_as_it_is("/_sim/bounce", &report).await;
        }
    }
    let mut known = HashMap::new();
    let mut copies = 0;
    while copies < 6 {
        let pushed = receiver.next().await;
        let push = Push {
            url: &pushed.url,
            headers: &pushed.headers,
            query: pushed.query.as_deref(),
            body: &pushed.body,
        };
        assert!(bench.account.authenticate(&push));
        let receipts = bench.account.receipts(&bench.account.kept(&push)).unwrap();
        assert_eq!((receipts.foreign, receipts.unreadable), (0, 0));
        copies += receipts.receipts.len() + receipts.addressed.len();
        note(&mut known, receipts, &sent);
    }
    assert_eq!(copies, 6, "each receipt came twice");
    for (n, _, state) in FATES {
        assert_eq!(
            known[&message_ref(n)].0,
            expected(case, state),
            "person {n}"
        );
    }
}

pub(crate) async fn receipts_come_by_pull(case: &Case) {
    let bench = Bench::start(case).await;
    let can = bench.account.capabilities().receipts;
    for (n, fate, _) in FATES {
        bench.script(n, fate, None).await;
    }
    let sent = send(
        &bench,
        &[1, 2, 3],
        "https://hooks.ornek.test/in/9f2c/receipts",
    )
    .await;
    let Some(pulling) = can.by_pull else {
        assert!(bench.account.pull(&sent).await.is_err());
        return;
    };
    assert!(pulling.requests_max > 0 && pulling.recipients_max > 0);
    let started = tokio::time::Instant::now();
    let mut known = HashMap::new();
    loop {
        note(&mut known, bench.account.pull(&sent).await.unwrap(), &sent);
        let ends = known
            .values()
            .filter(|(state, _)| *state != ReceiptState::Sent);
        if ends.count() == FATES.len() {
            break;
        }
        assert!(started.elapsed() < DEADLINE, "{known:?}");
        tokio::task::yield_now().await;
    }
    for (n, _, state) in FATES {
        assert_eq!(
            known[&message_ref(n)].0,
            expected(case, state),
            "person {n}"
        );
    }
    // A fault costs the pull, not the receipts: the next one brings them.
    bench
        .tell("/_sim/faults", &json!({ "kind": "malformed", "count": 1 }))
        .await;
    assert!(bench.account.pull(&sent).await.is_err());
    assert!(!bench.account.pull(&sent).await.unwrap().receipts.is_empty());
}

pub(crate) async fn every_status_has_its_state_and_keeps_its_code(case: &Case) {
    let bench = Bench::start(case).await;
    let receiver = Receiver::start().await;
    let numbers = (1..).zip(case.statuses);
    for (n, (code, _)) in numbers.clone() {
        // The outcome only says that the provider took it and knows its end.
        bench.script(n, "delivered", Some(code)).await;
    }
    let people: Vec<i64> = numbers.clone().map(|(n, _)| n).collect();
    if people.is_empty() {
        return;
    }
    let sent = send(&bench, &people, &receiver.url).await;
    let mut known = HashMap::new();
    let started = tokio::time::Instant::now();
    loop {
        if bench.account.capabilities().receipts.by_pull.is_some() {
            note(&mut known, bench.account.pull(&sent).await.unwrap(), &sent);
        } else {
            let mut receiver = receiver;
            while known.len() < people.len() {
                let pushed = receiver.next().await;
                note(
                    &mut known,
                    bench.account.receipts(&pushed.body).unwrap(),
                    &sent,
                );
            }
            check(&known, case);
            return;
        }
        let told = (1..).zip(case.statuses);
        let mut told = told.map(|(n, (code, _))| known.get(&message_ref(n)).map(|k| k.1 == *code));
        if told.all(|is_told| is_told == Some(true)) {
            break;
        }
        // Before its end is known a message has the code of one under way.
        known.clear();
        assert!(started.elapsed() < DEADLINE, "{known:?}");
        tokio::task::yield_now().await;
    }
    check(&known, case);
}

fn check(known: &HashMap<MessageRef, (ReceiptState, String)>, case: &Case) {
    for (n, (code, state)) in (1..).zip(case.statuses) {
        let (found, kept) = &known[&message_ref(n)];
        assert_eq!((*found, kept.as_str()), (*state, *code));
    }
}

pub(crate) async fn what_cannot_be_read_is_said_to_be_unreadable(case: &Case) {
    let bench = Bench::start(case).await;
    for body in [&b""[..], b"<html>", b"{\"results\":", b"\xff\xfe", b"[{]"] {
        assert!(bench.account.receipts(body).is_err(), "{body:?}");
    }
    let headers = HeaderMap::new();
    let unsigned = Push {
        url: "https://hooks.ornek.test/in/9f2c/receipts",
        headers: &headers,
        query: None,
        body: b"MessageStatus=delivered",
    };
    // Only Twilio and Meta sign, Brevo shows a token; some push nothing; for the others the address is the key.
    let expected = !matches!(
        case.kind,
        "brevo" | "smpp" | "twilio" | "turkcell" | "jetsms" | "mobildev" | "turatel" | "whatsapp"
    );
    assert_eq!(bench.account.authenticate(&unsigned), expected);
}
