use std::time::Duration;

use connectors::{Class, ClearedRequest, Outcome};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::stub::{Reply, Stub};
use crate::support::{batch, connector, connector_with, envelope, message_ref, offline, outgoing};

fn request(people: i64) -> ClearedRequest {
    offline()
        .encode(
            &envelope(),
            &batch((1..=people).map(|n| outgoing(n, "Merhaba"))),
        )
        .unwrap()
}

fn status(group: i64, id: i64, name: &str) -> Value {
    json!({"groupId": group, "groupName": "X", "id": id, "name": name, "description": "…"})
}

fn reply(statuses: &[Value]) -> Value {
    let messages: Vec<Value> = (1..)
        .zip(statuses)
        .map(|(n, status)| json!({"messageId": message_ref(n).to_string(), "destination": "90532", "status": status, "details": {"messageCount": 1}}))
        .collect();
    json!({"bulkId": "cmp_7-1", "messages": messages})
}

fn accepted() -> Value {
    status(1, 26, "PENDING_ACCEPTED")
}

async fn outcome(people: i64, reply: Reply) -> Outcome {
    let stub = Stub::replying([reply]).await;
    let outcome = connector_with(&stub.base_url, &json!({"timeout_seconds": 1}))
        .send(&request(people))
        .await;
    assert_eq!(stub.seen().len(), 1, "one hand-over, no retries");
    outcome
}

#[tokio::test]
async fn the_stored_bytes_are_exactly_what_arrives() {
    let stub = Stub::replying([Reply::json(200, reply(&[accepted(), accepted()]))]).await;
    let request = request(2);
    let outcome = connector(&format!("{}/", stub.base_url))
        .send(&request)
        .await;
    assert_eq!(
        outcome,
        Outcome::Accepted {
            reference: "cmp_7-1".into(),
            refused: vec![]
        }
    );
    let seen = &stub.seen()[0];
    assert_eq!(seen.line, "POST /sms/3/messages");
    assert_eq!(seen.body, *request.bytes());
    let head = seen.head.to_ascii_lowercase();
    assert!(head.contains("authorization: app anahtar\r\n"), "{head}");
    assert!(
        head.contains("content-type: application/json\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn people_refused_inside_an_accepted_request_are_named_one_by_one() {
    let statuses = [
        accepted(),
        status(5, 18, "REJECTED_DESTINATION_NOT_REGISTERED"),
        status(5, 12, "REJECTED_NOT_ENOUGH_CREDITS"),
        status(5, 23, "REJECTED_DUPLICATE_MESSAGE_ID"),
        status(5, 21, "REJECTED_SYSTEM_ERROR"),
        status(2, 31, "UNDELIVERABLE_NOT_SENT"),
        status(5, 777, "REJECTED_SOMETHING_NEW"),
        status(3, 2, "DELIVERED_TO_OPERATOR"),
    ];
    let Outcome::Accepted { refused, .. } = outcome(8, Reply::json(200, reply(&statuses))).await
    else {
        panic!("the request was accepted");
    };
    let refused: Vec<_> = refused
        .iter()
        .map(|r| (r.message, r.class, r.code.as_str(), r.text.as_str()))
        .collect();
    assert_eq!(
        refused,
        [
            (
                message_ref(2),
                Class::Permanent,
                "18",
                "REJECTED_DESTINATION_NOT_REGISTERED"
            ),
            (
                message_ref(3),
                Class::Account,
                "12",
                "REJECTED_NOT_ENOUGH_CREDITS"
            ),
            (
                message_ref(5),
                Class::Transient,
                "21",
                "REJECTED_SYSTEM_ERROR"
            ),
            (
                message_ref(6),
                Class::Permanent,
                "31",
                "UNDELIVERABLE_NOT_SENT"
            ),
            (
                message_ref(7),
                Class::Undocumented,
                "777",
                "REJECTED_SOMETHING_NEW"
            ),
        ],
        "a duplicate was accepted earlier and is not refused"
    );
}

#[tokio::test]
async fn a_whole_refusal_means_that_surely_nothing_was_sent() {
    let v3 = json!({"errorCode": "E400", "description": "Bad request",
        "violations": [{"property": "messages[0].sender", "violation": "must not be blank"}]});
    let v2 = json!({"requestError": {"serviceException": {"messageId": "UNAUTHORIZED", "text": "Invalid login details"}}});
    let cases = [
        (400, v3, Class::Request, "E400"),
        (401, v2, Class::Account, "UNAUTHORIZED"),
        (
            403,
            json!({"errorCode": "E403", "description": "Forbidden"}),
            Class::Account,
            "E403",
        ),
        (404, json!({}), Class::Account, "404"),
        (413, json!({}), Class::Request, "413"),
        (302, json!({}), Class::Account, "302"),
    ];
    for (http, body, expected_class, expected_code) in cases {
        match outcome(1, Reply::json(http, body)).await {
            Outcome::Refused { class, code, text } => {
                assert_eq!((class, code.as_str()), (expected_class, expected_code));
                assert!(text.starts_with(&http.to_string()), "{text}");
            }
            other => panic!("{http}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_request_turned_away_for_its_speed_was_not_sent_and_says_when_to_come_back() {
    let slow_down = |headers| Reply::Answer(429, headers, json!({"errorCode": "E429"}).to_string());
    let expected = [
        (
            vec![("retry-after", "7".to_owned())],
            Some(Duration::from_secs(7)),
        ),
        (vec![], Some(Duration::from_secs(1))),
    ];
    for (headers, wait) in expected {
        match outcome(1, slow_down(headers)).await {
            Outcome::NotSent { retry_after, .. } => assert_eq!(retry_after, wait),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn where_no_connection_was_opened_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let outcome = connector(&nobody).send(&request(1)).await;
    assert!(
        matches!(
            outcome,
            Outcome::NotSent {
                retry_after: None,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn whatever_breaks_after_the_request_went_out_is_unknown() {
    let whole = reply(&[accepted(), accepted()]).to_string();
    let cases = [
        Reply::Reset,
        Reply::Silence,
        Reply::CutShort(whole),
        Reply::json(
            500,
            json!({"errorCode": "E500", "description": "Something went wrong"}),
        ),
        Reply::json(502, "<html>bad gateway</html>"),
        Reply::json(503, ""),
        Reply::json(408, ""),
        Reply::json(200, ""),
        Reply::json(200, "{"),
        Reply::json(200, "<html>welcome</html>"),
        Reply::json(200, json!({"bulkId": "cmp_7-1"})),
        Reply::json(200, json!({"requestError": {}})),
        // One of two people is not spoken about.
        Reply::json(200, reply(&[accepted()])),
        Reply::json(
            200,
            json!({"messages": [{"messageId": message_ref(1).to_string()}]}),
        ),
    ];
    for case in cases {
        let outcome = outcome(2, case.clone()).await;
        assert!(
            matches!(outcome, Outcome::Unknown { .. }),
            "{case:?}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn somebody_elses_messages_in_an_answer_count_for_nothing() {
    let mut answer = reply(&[accepted()]);
    let foreign = json!({"messageId": "0-zzz", "status": status(5, 18, "REJECTED")});
    answer["messages"].as_array_mut().unwrap().push(foreign);
    let expected = Outcome::Accepted {
        reference: "cmp_7-1".into(),
        refused: vec![],
    };
    assert_eq!(outcome(1, Reply::json(200, &answer)).await, expected);
    assert!(matches!(
        outcome(2, Reply::json(200, &answer)).await,
        Outcome::Unknown { .. }
    ));
}

#[tokio::test]
async fn a_redirect_is_never_followed_because_that_would_be_a_second_hand_over() {
    let second = Stub::replying([Reply::json(200, reply(&[accepted()]))]).await;
    let location = vec![("location", format!("{}/sms/3/messages", second.base_url))];
    let outcome = outcome(1, Reply::Answer(307, location, String::new())).await;
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
    assert!(second.seen().is_empty());
}
