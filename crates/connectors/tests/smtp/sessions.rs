//! What is certain when a session goes wrong, and how sessions are kept.

use std::sync::Arc;

use connectors::{Class, LookUp, Outcome};
use serde_json::json;
use tokio::net::TcpListener;

use crate::bench::{Bench, account, address, envelope, message_ref, request};

async fn sent(bench: &Bench, n: i64) -> Outcome {
    bench.account.send(&request(&bench.account, n)).await
}

#[tokio::test]
async fn a_session_carries_many_messages_and_no_more_are_open_than_allowed() {
    let bench = Bench::start(&json!({}), &json!({ "sessions": 3 })).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 1..=60 {
        let account = Arc::clone(&bench.account);
        tasks.spawn(async move { account.send(&request(&account, n)).await });
    }
    while let Some(outcome) = tasks.join_next().await {
        let outcome = outcome.unwrap();
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    let stats = bench.look("stats").await;
    assert_eq!(stats["messages"], 60);
    assert!(stats["connections"].as_u64().unwrap() <= 3, "{stats}");
}

#[tokio::test]
async fn without_pipelining_everything_works_the_same() {
    let bench = Bench::start(&json!({ "pipelining": false }), &json!({})).await;
    for n in 1..=3 {
        assert!(matches!(sent(&bench, n).await, Outcome::Accepted { .. }));
    }
    bench
        .tell(
            "script",
            &json!({ "to": address(4), "reply": "550 5.1.1 unknown" }),
        )
        .await;
    assert!(matches!(sent(&bench, 4).await, Outcome::Refused { .. }));
    assert!(matches!(sent(&bench, 5).await, Outcome::Accepted { .. }));
    assert_eq!(bench.look("stats").await["connections"], 1);
}

#[tokio::test]
async fn the_connection_is_encrypted_and_logged_in_as_configured() {
    let login = json!({ "username": "ornek", "password": "gizli" });
    for encryption in ["starttls", "tls"] {
        let options = json!({ "encryption": encryption, "login": login });
        let bench = Bench::start(&options, &login).await;
        // Nobody vouches for the server's certificate.
        let outcome = sent(&bench, 1).await;
        assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
        let mut changes = login.clone();
        changes["ca_pem"] = bench.ca_pem.clone().into();
        let account = bench.another(&changes).unwrap();
        let outcome = account.send(&request(&account, 1)).await;
        assert!(
            matches!(outcome, Outcome::Accepted { .. }),
            "{encryption}: {outcome:?}"
        );
        assert_eq!(bench.received().await[0]["is_encrypted"], true);
        assert!(account.test().await.passed());
        changes["password"] = "baska".into();
        let account = bench.another(&changes).unwrap();
        let outcome = account.send(&request(&account, 2)).await;
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
        let report = account.test().await;
        assert!(!report.passed());
        assert!(!format!("{report:?} {account:?}").contains("baska"));
    }
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_to_a_server_without_starttls() {
    let bench = Bench::plain().await;
    let url = bench
        .mail_url
        .replace("smtp://127.0.0.1", "smtp+starttls://localhost");
    let account = account(&json!({ "base_url": url })).unwrap();
    let outcome = account.send(&request(&account, 1)).await;
    let Outcome::NotSent { text, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(text.contains("STARTTLS"), "{text}");
    assert!(bench.received().await.is_empty());
}

#[tokio::test]
async fn a_refusal_has_its_class_and_words_and_costs_nobody_else() {
    let bench = Bench::plain().await;
    for (reply, stage, class, dead) in [
        (
            "550 5.1.1 User unknown",
            "rcpt",
            Some(Class::Permanent),
            true,
        ),
        (
            "550 5.7.1 blocked by policy",
            "data",
            Some(Class::Permanent),
            false,
        ),
        ("552 5.3.4 too big", "data", Some(Class::Permanent), false),
        (
            "552 5.2.2 mailbox full",
            "rcpt",
            Some(Class::Transient),
            false,
        ),
        ("450 4.2.1 busy", "rcpt", Some(Class::Transient), false),
        (
            "451 4.7.1 greylisted",
            "data",
            Some(Class::Transient),
            false,
        ),
        ("421 4.7.28 too fast", "rcpt", None, false),
        ("535 5.7.8 who are you", "rcpt", Some(Class::Account), false),
        ("503 5.5.1 order", "rcpt", Some(Class::Request), false),
    ] {
        let script = json!({ "to": address(1), "reply": reply, "stage": stage });
        bench.tell("script", &script).await;
        match (sent(&bench, 1).await, class) {
            (
                Outcome::Refused {
                    class: found,
                    code,
                    text,
                },
                Some(class),
            ) => {
                assert_eq!(found, class, "{reply}");
                assert!(
                    reply.contains(&code) && text.contains(reply),
                    "{reply}: {code} {text}"
                );
                assert_eq!(bench.account.is_dead_address(&code, &text), dead, "{reply}");
            }
            (Outcome::NotSent { text, retry_after }, None) => {
                assert_eq!(text, reply);
                assert!(retry_after.is_some());
            }
            (outcome, _) => panic!("{reply}: {outcome:?}"),
        }
        assert!(
            matches!(sent(&bench, 2).await, Outcome::Accepted { .. }),
            "{reply}"
        );
    }
    assert!(
        bench
            .received()
            .await
            .iter()
            .all(|mail| mail["to"] == address(2))
    );
}

#[tokio::test]
async fn a_break_before_the_content_means_not_sent() {
    let bench = Bench::plain().await;
    for told in [
        json!({ "at": "connect", "times": 1 }),
        json!({ "at": "connect", "times": 1, "reply": "421 4.3.2 later" }),
        json!({ "at": "mail", "times": 1 }),
    ] {
        bench.tell("reset", &json!({})).await;
        bench.tell("break", &told).await;
        // A session of its own each time: none lies idle.
        let account = bench.another(&json!({})).unwrap();
        let outcome = account.send(&request(&account, 1)).await;
        assert!(
            matches!(outcome, Outcome::NotSent { .. }),
            "{told}: {outcome:?}"
        );
        assert!(bench.received().await.is_empty());
    }
    let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", nowhere.local_addr().unwrap());
    drop(nowhere);
    let account = account(&json!({ "base_url": url })).unwrap();
    let outcome = account.send(&request(&account, 1)).await;
    assert!(matches!(outcome, Outcome::NotSent { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_session_that_the_server_closed_meanwhile_is_opened_again() {
    let bench = Bench::plain().await;
    assert!(matches!(sent(&bench, 1).await, Outcome::Accepted { .. }));
    bench
        .tell(
            "break",
            &json!({ "at": "mail", "times": 1, "reply": "421 4.4.2 idle" }),
        )
        .await;
    let outcome = sent(&bench, 2).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(bench.look("stats").await["connections"], 2);
}

#[tokio::test]
async fn a_break_after_the_content_left_is_never_guessed() {
    let bench = Bench::start(&json!({}), &json!({ "timeout_seconds": 2 })).await;
    for (told, arrived) in [
        (json!({ "at": "taken", "times": 1 }), 1),
        (json!({ "at": "content", "times": 1 }), 0),
        (
            json!({ "at": "taken", "times": 1, "delay_ms": 1_500, "reply": "250 late" }),
            1,
        ),
    ] {
        bench.tell("reset", &json!({})).await;
        bench.tell("break", &told).await;
        let outcome = sent(&bench, 1).await;
        assert!(
            matches!(outcome, Outcome::Unknown { .. }),
            "{told}: {outcome:?}"
        );
        assert_eq!(bench.received().await.len(), arrived, "{told}");
    }
    let told = bench
        .account
        .look_up(&envelope().key, &[message_ref(1)])
        .await;
    assert!(matches!(told, LookUp::Unavailable { .. }));
}
