//! People write back.

use connectors::{Outcome, Push};
use serde_json::json;

use crate::bench::{Bench, Receiver, message_ref, recipient};
use crate::cases::Case;

const TEXT: &str = "RET ÖRNEK, lütfen çıkarın & teşekkürler";

pub(crate) async fn replies_come_as_declared(case: &Case) {
    let bench = Bench::start(case).await;
    let can = bench.account.capabilities().inbound;
    let reply = json!({ "from": bench.to(1), "to": "3399", "text": TEXT });
    if can.by_pull {
        bench.tell("/_sim/inbound", &reply).await;
        let inbox = bench.account.pull_inbound().await.unwrap();
        assert_eq!((inbox.replies.len(), inbox.unreadable), (1, 0));
        assert_eq!(inbox.replies[0].from, recipient(1));
        assert_eq!(inbox.replies[0].to, "3399");
        assert_eq!(inbox.replies[0].text, TEXT);
        assert!(inbox.replies[0].received_at.is_some());
        let again = bench.account.pull_inbound().await.unwrap();
        assert!(again.replies.is_empty(), "each is handed out once");
    } else {
        assert!(bench.account.pull_inbound().await.is_err());
    }
    if !can.by_push {
        assert!(bench.account.inbound(b"{}").is_err());
        return;
    }
    assert!(bench.account.inbound(b"\xff").is_err());
    if case.kind == "infobip" {
        // Its simulator hands replies out; a push has the same form.
        let push = json!({ "results": [
            { "messageId": "mo-1", "from": "905320000001", "to": "3399", "text": TEXT,
              "receivedAt": "2026-09-01T09:00:03.123+0000" },
            { "messageId": "mo-2", "to": "3399" },
        ]});
        let inbox = bench.account.inbound(push.to_string().as_bytes()).unwrap();
        assert_eq!((inbox.replies.len(), inbox.unreadable), (1, 1));
        assert_eq!(inbox.replies[0].from, recipient(1));
        return;
    }
    if case.kind == "smtp" {
        a_mail_to_the_way_out_refuses(&bench).await;
        return;
    }
    let mut receiver = Receiver::start().await;
    let options = json!({ "inbound_url": receiver.url });
    bench.tell("/_sim/options", &options).await;
    bench.tell("/_sim/inbound", &reply).await;
    let pushed = receiver.next().await;
    let push = Push {
        url: &pushed.url,
        headers: &pushed.headers,
        query: pushed.query.as_deref(),
        body: &pushed.body,
    };
    assert!(bench.account.authenticate(&push));
    let inbox = bench.account.inbound(&bench.account.kept(&push)).unwrap();
    assert_eq!((inbox.replies.len(), inbox.unreadable), (1, 0));
    assert_eq!(inbox.replies[0].from, bench.recipient(1));
    if case.kind == "brevo" {
        // Nobody writes there: the person unsubscribed, which is told with the events.
        assert!(bench.account.brings_replies(&pushed.body));
        assert_eq!(inbox.replies[0].to, "unsubscribed");
        assert_eq!(inbox.replies[0].text, "RET");
        return;
    }
    assert_eq!(inbox.replies[0].to, "3399");
    assert_eq!(inbox.replies[0].text, TEXT);
    assert!(inbox.replies[0].provider_id.is_some());
}

/// Nobody writes back by SMTP, but to the address that a message names as its way out.
async fn a_mail_to_the_way_out_refuses(bench: &Bench) {
    let outcome = bench.account.send(&bench.request(&["Merhaba"])).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    let sent = &bench.received().await[0];
    let headers = sent["headers"].as_str().unwrap();
    let (_, rest) = headers.split_once("<mailto:").unwrap();
    let (address, _) = rest.split_once('>').unwrap();
    let mail = format!("From: <kisi1@ornek.com.tr>\r\nTo: <{address}>\r\nSubject: x\r\n\r\n");
    assert!(bench.account.brings_replies(mail.as_bytes()));
    let inbox = bench.account.inbound(mail.as_bytes()).unwrap();
    assert_eq!((inbox.replies.len(), inbox.unreadable), (0, 0));
    assert_eq!(inbox.stops[0].message, message_ref(1));
    // It is no receipt besides.
    let receipts = bench.account.receipts(mail.as_bytes()).unwrap();
    assert_eq!(receipts, connectors::Receipts::default());
}
