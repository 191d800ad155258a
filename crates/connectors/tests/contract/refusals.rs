//! What the provider refuses, and what surely never left.

use std::time::Duration;

use connectors::{Class, Outcome};
use serde_json::json;
use tokio::net::TcpListener;

use crate::bench::{Bench, account, message_ref};
use crate::cases::Case;

pub(crate) async fn a_refused_person_costs_nobody_else(case: &Case) {
    let bench = Bench::start(case).await;
    bench.script(2, "rejected", None).await;
    if bench.most() == 1 {
        bench.script(1, "rejected", None).await;
        let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
        let Outcome::Refused { class, code, text } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((code.as_str(), class), case.refused);
        assert!(!text.is_empty());
        return;
    }
    let outcome = bench
        .account
        .send(&bench.request(&["bir", "iki", "üç"]))
        .await;
    let Outcome::Accepted { refused, .. } = outcome else {
        panic!("{outcome:?}")
    };
    if !case.refuses_at_once {
        // Such a provider says it in the receipts.
        assert_eq!(refused, []);
        return;
    }
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0].message, message_ref(2));
    assert_eq!((refused[0].code.as_str(), refused[0].class), case.refused);
    assert!(!refused[0].text.is_empty());
    assert_eq!(bench.received().await.len(), 2);
}

pub(crate) async fn whole_refusals_have_their_class_and_words(case: &Case) {
    let bench = Bench::start(case).await;
    for (expected, class) in case.whole {
        bench
            .tell("/_sim/refuse", &json!({ "code": expected }))
            .await;
        let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
        let Outcome::Refused {
            class: found, code, ..
        } = &outcome
        else {
            panic!("{expected}: {outcome:?}")
        };
        assert_eq!((code.as_str(), *found), (*expected, *class), "{outcome:?}");
    }
    if let Some(code) = case.repeated {
        bench.tell("/_sim/refuse", &json!({ "code": code })).await;
        let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
        // It has an equal one already: neither a failure nor a reason to repeat it.
        let Outcome::Unknown { text } = &outcome else {
            panic!("{outcome:?}")
        };
        assert!(text.contains(code), "{text}");
    }
    assert_eq!(bench.received().await.len(), 0);
}

pub(crate) async fn wrong_credentials_stop_the_account(case: &Case) {
    let bench = Bench::start(case).await;
    let (path, mut lock) = (case.lock)();
    match lock.get_mut("keys") {
        Some(keys) => *keys = json!(["baska"]),
        None => lock["login"]["password"] = json!("baska"),
    }
    bench.tell(path, &lock).await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    assert!(
        matches!(
            outcome,
            Outcome::Refused {
                class: Class::Account,
                ..
            }
        ),
        "{outcome:?}"
    );
    let failure = bench.account.balance().await.unwrap_err();
    assert!(!failure.text.contains(case.login.1));
    assert_eq!(bench.received().await.len(), 0);
}

pub(crate) async fn a_limit_means_not_sent_and_its_wait_is_kept(case: &Case) {
    let bench = Bench::start(case).await;
    let fault = json!({ "kind": "status", "status": 429, "retry_after_s": 7 });
    bench.tell("/_sim/faults", &fault).await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    let Outcome::NotSent { retry_after, .. } = outcome else {
        panic!("{outcome:?}")
    };
    // The protocols of SMPP and of mail have no place for a time.
    let seconds = match case.kind {
        "smpp" => 5,
        "smtp" => 300,
        _ => 7,
    };
    assert_eq!(retry_after, Some(Duration::from_secs(seconds)));
    assert_eq!(bench.received().await.len(), 0);
    if case.kind == "netgsm" {
        bench.heal().await;
        bench.tell("/_sim/refuse", &json!({ "code": "80" })).await;
        let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
        let Outcome::NotSent { retry_after, .. } = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(retry_after, Some(Duration::from_secs(60)));
    }
}

pub(crate) async fn a_closed_port_means_not_sent(case: &Case) {
    let bench = Bench::start(case).await;
    let request = bench.request(&["Merhaba"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let outcome = account(case, &url, &json!({})).send(&request).await;
    assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
}
