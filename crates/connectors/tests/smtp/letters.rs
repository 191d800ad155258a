//! What is written and what arrives.

use connectors::{ConfigError, EncodeError, Envelope, Outcome, catalogue};
use serde_json::json;

use crate::bench::{Bench, account, address, cleared, envelope, message_ref, outgoing, request};

fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { reference, refused } if reference.contains("queued") && refused.is_empty())
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written_with_the_headers_that_the_law_and_mailboxes_want() {
    let bench = Bench::plain().await;
    let outcome = bench.account.send(&request(&bench.account, 1)).await;
    assert!(is_accepted(&outcome), "{outcome:?}");
    let received = bench.received().await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["to"], address(1));
    assert_eq!(received[0]["from"], "kampanya@ornek.com");
    let data = received[0]["data"].as_str().unwrap();
    let name = message_ref(1);
    for line in [
        "To: kisi1@ornek.com.tr",
        "Date: Mon, 23 Jun 2025 10:00:00 +0300",
        &format!("Message-ID: <izn.{name}@ornek.com>"),
        "List-Unsubscribe: <https://izinli.ornek.com/u/abc>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Id: <ileti.ornek.com>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        ".noktayla ba=C5=9Flayan sat=C4=B1r",
        "<p>Say=C4=B1n =C5=9E=C3=BCkr=C3=BC, <b>indirim</b> ba=C5=9Flad=C4=B1.</p>",
    ] {
        assert!(
            data.split("\r\n").any(|found| found == line),
            "{line} in {data}"
        );
    }
    assert!(data.is_ascii());
}

#[tokio::test]
async fn the_same_message_has_the_same_bytes_and_what_is_kept_is_what_goes_over_the_wire() {
    let bench = Bench::plain().await;
    let (one, other) = (request(&bench.account, 1), request(&bench.account, 1));
    assert_eq!(one, other);
    assert!(is_accepted(&bench.account.send(&one).await));
    let kept: serde_json::Value = serde_json::from_slice(one.bytes()).unwrap();
    assert_eq!(bench.received().await[0]["data"], kept["message"]);
    assert_eq!(kept["text"], outgoing(1).text);
}

#[tokio::test]
async fn a_signature_covers_the_way_out() {
    const KEY: &str = include_str!("dkim_rsa.pem");
    let changes = json!({ "dkim_domain": "ornek.com", "dkim_selector": "izn1", "dkim_key": KEY });
    let bench = Bench::start(&json!({}), &changes).await;
    assert!(is_accepted(
        &bench.account.send(&request(&bench.account, 1)).await
    ));
    let data = bench.received().await[0]["data"]
        .as_str()
        .unwrap()
        .to_owned();
    let signature = data.split("\r\nFrom:").next().unwrap();
    assert!(
        signature.starts_with(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=ornek.com; s=izn1;"
        )
    );
    for name in [
        "from",
        "subject",
        "message-id",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-id",
    ] {
        assert!(
            signature.contains(&format!(":{name}")) || signature.contains(&format!("h={name}")),
            "{name}"
        );
    }
    assert!(!format!("{:?}", bench.account).contains("PRIVATE"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_never_written() {
    let bench = Bench::plain().await;
    let two = [cleared(outgoing(1)), cleared(outgoing(2))];
    let error = bench.account.encode(&envelope(), &two).unwrap_err();
    assert!(
        matches!(error, EncodeError::TooMany { count: 2, max: 1 }),
        "{error:?}"
    );
    let bare = connectors::Outgoing {
        mail: None,
        ..outgoing(1)
    };
    let error = bench
        .account
        .encode(&envelope(), &[cleared(bare)])
        .unwrap_err();
    assert!(matches!(error, EncodeError::NotAllowed { .. }), "{error:?}");
    for sender in [
        "ORNEK",
        "",
        "a@b",
        "x <kampanya@ornek.com>\r\nBcc: y@ornek.com",
    ] {
        let envelope = Envelope {
            sender: sender.into(),
            ..envelope()
        };
        let error = bench.account.encode(&envelope, &[cleared(outgoing(1))]);
        assert!(
            matches!(
                error,
                Err(EncodeError::Envelope {
                    field: "sender",
                    ..
                })
            ),
            "{sender}: {error:?}"
        );
    }
    assert!(bench.received().await.is_empty());
}

#[test]
fn every_wrong_field_is_named() {
    for (config, field) in [
        (json!({}), "base_url"),
        (json!({ "base_url": "http://ornek.com" }), "base_url"),
        (
            json!({ "base_url": "smtp://a.tr", "username": "a" }),
            "password",
        ),
        (
            json!({ "base_url": "smtp://a.tr", "bounce_address": "geri dön" }),
            "bounce_address",
        ),
        (
            json!({ "base_url": "smtp://a.tr", "dkim_domain": "a.tr" }),
            "dkim_key",
        ),
        (
            json!({ "base_url": "smtp://a.tr", "dkim_domain": "a.tr", "dkim_selector": "s", "dkim_key": "x" }),
            "dkim_key",
        ),
        (
            json!({ "base_url": "smtp://a.tr", "ca_pem": "x" }),
            "ca_pem",
        ),
        (
            json!({ "base_url": "smtp://a.tr", "sessions": 0 }),
            "sessions",
        ),
        (
            json!({ "base_url": "smtp://a.tr", "olmayan": 1 }),
            "olmayan",
        ),
    ] {
        let Err(ConfigError::Invalid { problems }) = account(&config) else {
            panic!("{config} was taken");
        };
        assert_eq!(problems.len(), 1, "{config}: {problems:?}");
        assert_eq!(problems[0].field, field, "{config}");
    }
    assert!(catalogue().iter().any(|kind| kind.kind == "smtp"));
}
