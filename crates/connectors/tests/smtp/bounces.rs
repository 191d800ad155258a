//! Reports about undelivered mail, as a mail server posts them.

use connectors::{Push, ReceiptState};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::bench::{Bench, address, message_ref, request};

/// An address that keeps what is posted to it.
async fn receiver() -> (String, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/in/x/receipts", listener.local_addr().unwrap());
    let (sender, posted) = tokio::sync::mpsc::unbounded_channel();
    let app = axum::Router::new().route(
        "/in/x/receipts",
        axum::routing::post(async move |body: axum::body::Bytes| {
            sender.send(body.to_vec()).ok();
        }),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, posted)
}

#[tokio::test]
async fn a_bounce_finds_its_message_and_a_dead_mailbox_is_said_to_be_dead() {
    let (push_url, mut posted) = receiver().await;
    let changes = json!({ "bounce_address": "donus@geri.ornek.com" });
    let bench = Bench::start(&json!({ "push_url": push_url }), &changes).await;
    bench.account.send(&request(&bench.account, 1)).await;
    let from = bench.received().await[0]["from"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        from.starts_with("donus+") && from.ends_with("@geri.ornek.com"),
        "{from}"
    );
    for (status, hard) in [("5.1.1", true), ("5.2.2", false)] {
        let told = json!({ "to": address(1), "status": status, "text": "550 words" });
        bench.tell("bounce", &told).await;
        let body = posted.recv().await.unwrap();
        let push = Push {
            url: &push_url,
            headers: &HeaderMap::new(),
            query: None,
            body: &body,
        };
        assert!(bench.account.authenticate(&push));
        let read = bench.account.receipts(&bench.account.kept(&push)).unwrap();
        assert_eq!(read.receipts.len(), 1);
        assert_eq!(read.receipts[0].message, message_ref(1));
        assert_eq!(read.receipts[0].state, ReceiptState::Undelivered);
        assert_eq!(read.receipts[0].hard_bounce, hard, "{status}");
    }
    let told = json!({ "to": address(1), "status": "4.4.1", "action": "delayed" });
    bench.tell("bounce", &told).await;
    let read = bench
        .account
        .receipts(&posted.recv().await.unwrap())
        .unwrap();
    assert!(read.receipts.is_empty());
    assert!(
        bench
            .account
            .receipts(&Value::Null.to_string().into_bytes())
            .is_err()
    );
}
