//! What only Brevo promises: its headers, its memory for keys, its events.

use connectors::{Class, Outcome};
use serde_json::{Value, json};

use crate::bench::Bench;
use crate::cases::BREVO;

#[tokio::test]
async fn everyone_has_their_own_version_way_out_and_reference() {
    let bench = Bench::start(&BREVO).await;
    let request = bench.request(&["Sayın <Ali>", "Sayın Veli"]);
    let body: Value = serde_json::from_slice(request.bytes()).unwrap();
    let versions = body["messageVersions"].as_array().unwrap();
    assert_eq!(versions.len(), 2);
    for (version, message) in versions.iter().zip(request.messages()) {
        assert_eq!(version["to"].as_array().unwrap().len(), 1);
        let headers = &version["headers"];
        assert_eq!(headers["X-Mailin-custom"], message.to_string());
        assert_eq!(
            headers["List-Unsubscribe"],
            "<https://izinli.ornek.com/u/abc>"
        );
        assert_eq!(
            headers["List-Unsubscribe-Post"],
            "List-Unsubscribe=One-Click"
        );
        assert_eq!(headers["List-Id"], "<ileti.ornek.com>");
    }
    let html = versions[0]["htmlContent"].as_str().unwrap();
    assert!(html.contains("Sayın &lt;Ali&gt;"), "{html}");
    assert_eq!(body["sender"], json!({ "email": "kampanya@ornek.com" }));
}

#[tokio::test]
async fn a_request_in_doubt_that_is_sent_again_reaches_nobody_twice() {
    let bench = Bench::start(&BREVO).await;
    let request = bench.request(&["bir", "iki"]);
    for (fault, arrived) in [("drop_before", 0), ("drop_after_accept", 2)] {
        let fault = json!({ "kind": fault, "count": 1 });
        bench.tell("/_sim/faults", &fault).await;
        let outcome = bench.account.send(&request).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
        assert_eq!(bench.received().await.len(), arrived);
    }
    // Brevo says that it has it: still nothing to guess, and nobody written to again.
    let outcome = bench.account.send(&request).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { text } if text.contains("duplicate_request")),
        "{outcome:?}"
    );
    assert_eq!(bench.received().await.len(), 2);
}

#[tokio::test]
async fn an_unverified_sender_stops_that_sender_only() {
    let bench = Bench::start(&BREVO).await;
    let senders = json!({ "senders": ["baska@ornek.com"] });
    bench.tell("/_sim/options", &senders).await;
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    assert!(
        matches!(
            &outcome,
            Outcome::Refused {
                class: Class::Sender,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_webhook_without_a_token_is_protected_by_its_address() {
    let bench = Bench::start_with(&BREVO, &json!({ "webhook_token": "" })).await;
    let headers = http::HeaderMap::new();
    let push = connectors::Push {
        url: "https://hooks.ornek.test/in/9f2c/receipts",
        headers: &headers,
        query: None,
        body: b"{}",
    };
    assert!(bench.account.authenticate(&push));
}
