//! What may have arrived is never guessed, and is found out as declared.

use connectors::{Doubt, Found, LookUp, Outcome, Resolve};
use domain::Timestamp;
use domain::time::MINUTE_US;
use serde_json::{Value, json};

use crate::bench::{Bench, message_ref};
use crate::cases::Case;

fn is_unknown(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unknown { text } if !text.is_empty())
}

pub(crate) async fn a_break_after_the_hand_over_is_never_guessed(case: &Case) {
    let bench = Bench::start_with(case, &json!({ "timeout_seconds": 1 })).await;
    for (fault, arrives) in [
        (json!({ "kind": "status", "status": 500 }), false),
        (
            json!({ "kind": "status", "status": 503, "after_accept": true }),
            true,
        ),
        (json!({ "kind": "drop_before" }), false),
        (json!({ "kind": "drop_after_accept" }), true),
        (json!({ "kind": "reset", "after_accept": true }), true),
        (
            json!({ "kind": "delay", "delay_ms": 1_500, "after_accept": true }),
            true,
        ),
    ] {
        if matches!(case.kind, "smpp" | "smtp") && fault["kind"] == "status" {
            continue; // a status of the protocol is an answer: nothing was taken
        }
        bench.tell("/_sim/reset", &Value::Null).await;
        let (path, lock) = (case.lock)();
        bench.tell(path, &lock).await;
        bench.tell("/_sim/faults", &fault).await;
        let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
        assert!(is_unknown(&outcome), "{fault}: {outcome:?}");
        let arrived = usize::from(arrives);
        assert_eq!(bench.received().await.len(), arrived, "{fault}");
    }
}

pub(crate) async fn an_answer_cut_short_is_never_guessed(case: &Case) {
    let bench = Bench::start(case).await;
    bench
        .tell("/_sim/faults", &json!({ "kind": "malformed" }))
        .await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    // Half of a bare number is a number: such an answer cannot show that it was cut.
    let is_bare_number = matches!(case.kind, "mobildev" | "turatel" | "verimor")
        && matches!(outcome, Outcome::Accepted { .. });
    assert!(is_unknown(&outcome) || is_bare_number, "{outcome:?}");
    assert_eq!(bench.received().await.len(), 1);
}

pub(crate) async fn doubt_is_resolved_as_declared(case: &Case) {
    let bench = Bench::start(case).await;
    let texts = &["bir", "iki", "üç"][..bench.most().min(3)];
    let request = bench.request(texts);
    let messages: Vec<_> = (1..)
        .map(|n| (message_ref(n), bench.recipient(n)))
        .take(texts.len())
        .collect();
    let since: Timestamp = "2026-09-01T12:00:00+03:00".parse().unwrap();
    let doubt = Doubt {
        key: request.key(),
        messages: &messages,
        content: request.bytes(),
        since,
        until: since.plus_micros(MINUTE_US),
        now: since,
    };
    let Resolve::LookupByKey { .. } = bench.account.capabilities().resolve else {
        let told = bench.account.find(&doubt).await;
        assert!(matches!(told, LookUp::Unavailable { .. }), "{told:?}");
        return;
    };
    if knows_no_name(case) {
        let clock = json!({ "now": since.to_string(), "frozen": true });
        bench.tell("/_sim/clock", &clock).await;
    }
    assert_eq!(bench.account.find(&doubt).await, LookUp::NotFound);
    bench
        .tell(
            "/_sim/faults",
            &json!({ "kind": "drop_after_accept", "count": 1 }),
        )
        .await;
    assert!(is_unknown(&bench.account.send(&request).await));
    let told = bench.account.find(&doubt).await;
    let found = match told {
        LookUp::Found(found) if !knows_no_name(case) => found,
        LookUp::FoundAs {
            reference,
            messages,
        } if knows_no_name(case) && !reference.is_empty() => messages,
        told => panic!("{told:?}"),
    };
    assert_eq!(found.len(), texts.len());
    for (found, message) in found.iter().zip(request.messages()) {
        assert_eq!(found.message, *message);
        let Found::Accepted(receipt) = &found.found else {
            panic!("{found:?}")
        };
        assert_eq!(receipt.message, *message);
    }
    bench
        .tell("/_sim/faults", &json!({ "kind": "status", "status": 500 }))
        .await;
    let told = bench.account.find(&doubt).await;
    assert!(matches!(told, LookUp::Unavailable { .. }), "{told:?}");
    bench.heal().await;
    assert_eq!(
        bench.received().await.len(),
        texts.len(),
        "asking sends nothing"
    );
    if knows_no_name(case) {
        what_fits_twice_or_not_at_all_is_never_taken_for_it(&bench, &doubt).await;
    }
}

/// Netgsm and Twilio keep no name of ours: they are asked by time, people and text.
fn knows_no_name(case: &Case) -> bool {
    matches!(case.kind, "netgsm" | "twilio")
}

async fn what_fits_twice_or_not_at_all_is_never_taken_for_it(bench: &Bench, doubt: &Doubt<'_>) {
    // Out of its time the same request is another one.
    let earlier = Doubt {
        since: doubt.since.plus_micros(-60 * MINUTE_US),
        until: doubt.since.plus_micros(-30 * MINUTE_US),
        ..*doubt
    };
    assert_eq!(bench.account.find(&earlier).await, LookUp::NotFound);
    // Nor is it taken for lost where the clocks differ.
    let elsewhere = Doubt {
        now: doubt.now.plus_micros(60 * MINUTE_US),
        ..earlier
    };
    let told = bench.account.find(&elsewhere).await;
    assert!(matches!(told, LookUp::Unavailable { .. }), "{told:?}");
    let texts = &["bir", "iki", "üç"][..doubt.messages.len()];
    let outcome = bench.account.send(&bench.request(texts)).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    let told = bench.account.find(doubt).await;
    assert!(matches!(told, LookUp::Unavailable { .. }), "{told:?}");
}
