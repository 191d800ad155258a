//! What only WhatsApp promises: templates and their grounds, the way out, the handshake.

use connectors::{EncodeError, Outgoing, Push};
use domain::Channel;
use domain::gate::Basis;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::bench::{Bench, account, cleared, envelope, outgoing};
use crate::cases::WHATSAPP;

const TEMPLATES: &str = "\
# kargo tr UTILITY
Siparişiniz {{1}} yola çıktı.
# yaz tr MARKETING ret=1
Sayın {{ad}}, indirim {{gun}} bitiyor.";

fn message(text: &str, basis: Basis) -> Outgoing {
    Outgoing {
        channel: Channel::Whatsapp,
        ..outgoing(1, text, basis)
    }
}

fn written(text: &str, basis: Basis) -> Result<Value, EncodeError> {
    let changes = json!({ "templates": TEMPLATES });
    let account = account(&WHATSAPP, "https://graph.ornek.test", &changes);
    let request = account.encode(&envelope(), &[cleared(message(text, basis))])?;
    Ok(serde_json::from_slice(request.bytes()).unwrap())
}

#[test]
fn a_text_leaves_as_its_template_with_a_button_to_refuse() {
    let stored = written("Sayın Şükrü, indirim cuma bitiyor.", Basis::Commercial).unwrap();
    let sent = &stored["message"];
    assert_eq!(sent["template"]["name"], "yaz");
    assert_eq!(
        sent["template"]["components"],
        json!([
            { "type": "body", "parameters": [
                { "type": "text", "parameter_name": "ad", "text": "Şükrü" },
                { "type": "text", "parameter_name": "gun", "text": "cuma" },
            ]},
            { "type": "button", "sub_type": "quick_reply", "index": "1",
              "parameters": [{ "type": "payload", "payload": "RET" }] },
        ])
    );
    assert_eq!(sent["to"], "905320000001");
}

#[test]
fn what_is_no_approved_template_is_refused_before_it_leaves() {
    let long = format!("Sayın {}, indirim cuma bitiyor.", "a".repeat(1_024));
    for (text, basis) in [
        ("Merhaba, nasılsınız?", Basis::Informational),
        ("Sayın Ali\nVeli, indirim cuma bitiyor.", Basis::Commercial),
        (
            "Sayın Ali, indirim cuma bitiyor. Kaçırmayın!",
            Basis::Commercial,
        ),
        // A template for information does not carry an advertisement.
        ("Siparişiniz 17 yola çıktı.", Basis::Commercial),
        (long.as_str(), Basis::Commercial),
    ] {
        let error = written(text, basis);
        assert!(
            matches!(error, Err(EncodeError::NotAllowed { .. })),
            "{text}: {error:?}"
        );
    }
    assert!(written("Siparişiniz 17 yola çıktı.", Basis::Informational).is_ok());
    let text_message = cleared(outgoing(1, "Merhaba", Basis::Commercial));
    let account = account(&WHATSAPP, "https://graph.ornek.test", &json!({}));
    let error = account.encode(&envelope(), &[text_message]);
    assert!(
        matches!(error, Err(EncodeError::Unreachable { .. })),
        "{error:?}"
    );
}

#[test]
fn only_who_knows_the_token_gets_the_challenge_back() {
    let account = account(&WHATSAPP, "https://graph.ornek.test", &json!({}));
    let ask = |query: &str| account.handshake(query);
    let asked = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
    assert_eq!(
        ask(&format!("{asked}dogrulama")).as_deref(),
        Some("1158201444")
    );
    for query in [format!("{asked}baska"), asked.to_owned(), String::new()] {
        assert_eq!(ask(&query), None, "{query}");
    }
}

#[test]
fn a_signature_holds_for_exactly_the_bytes_that_came() {
    let account = account(
        &WHATSAPP,
        "https://graph.ornek.test",
        &json!({ "app_secret": "anahtar" }),
    );
    let mut headers = HeaderMap::new();
    // HMAC-SHA256 of the body under `anahtar`.
    let signature = "sha256=0fbc9c156f284b8d3af7f94f1ad693ec1bfda56f7d8f078f51aa8b9390c51cbb";
    headers.insert("x-hub-signature-256", signature.parse().unwrap());
    let is_genuine = |body: &[u8]| {
        account.authenticate(&Push {
            url: "https://hooks.ornek.test/in/9f2c/receipts",
            headers: &headers,
            query: None,
            body,
        })
    };
    assert!(is_genuine(br#"{"entry":[{"id":"\u015f"}]}"#));
    assert!(!is_genuine("{\"entry\":[{\"id\":\"ş\"}]}".as_bytes()));
    assert!(!is_genuine(b""));
}

#[tokio::test]
async fn a_template_that_meta_did_not_approve_fails_the_self_test() {
    let bench = Bench::start_with(&WHATSAPP, &json!({ "templates": TEMPLATES })).await;
    let report = bench.account.test().await;
    assert!(!report.passed(), "{report:?}");
    assert!(
        report.checks[1].text_tr.contains("kargo (tr)"),
        "{report:?}"
    );
}
