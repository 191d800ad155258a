//! What may have arrived is never guessed, and is found out as declared.

use connectors::{Found, LookUp, Outcome, Resolve};
use serde_json::{Value, json};

use crate::bench::{Bench, envelope, message_ref};
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
    let messages: Vec<_> = (1..).map(message_ref).take(bench.most().min(3)).collect();
    let Resolve::LookupByKey { .. } = bench.account.capabilities().resolve else {
        let told = bench.account.look_up(&envelope().key, &messages).await;
        assert!(matches!(told, LookUp::Unavailable { .. }), "{told:?}");
        return;
    };
    let told = bench.account.look_up(&envelope().key, &messages).await;
    assert_eq!(told, LookUp::NotFound);
    bench
        .tell(
            "/_sim/faults",
            &json!({ "kind": "drop_after_accept", "count": 1 }),
        )
        .await;
    let request = bench.request(&["bir", "iki", "üç"]);
    assert!(is_unknown(&bench.account.send(&request).await));
    let told = bench
        .account
        .look_up(request.key(), request.messages())
        .await;
    let LookUp::Found(found) = told else {
        panic!("{told:?}")
    };
    assert_eq!(found.len(), 3);
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
    let told = bench
        .account
        .look_up(request.key(), request.messages())
        .await;
    assert!(matches!(told, LookUp::Unavailable { .. }), "{told:?}");
    bench.heal().await;
    assert_eq!(bench.received().await.len(), 3, "asking sends nothing");
}
