use connectors::{Class, Found, LookUp, ReceiptState, SentRequest};
use domain::ids::MessageRef;
use serde_json::{Value, json};

use crate::stub::{Reply, Stub};
use crate::support::{connector, message_ref};

fn row(n: i64, group: i64, id: i64) -> Value {
    json!({"bulkId": "cmp_7-1", "messageId": message_ref(n).to_string(), "destination": "905320000001",
        "sentAt": "2026-09-01T09:00:00.000+0000", "doneAt": "2026-09-01T09:00:03.000+0000", "messageCount": 1,
        "status": {"groupId": group, "id": id, "name": "N"}, "error": {"groupId": 0, "groupName": "OK", "id": 0, "permanent": false}})
}

fn page(rows: &[Value], next: Option<&str>) -> Reply {
    Reply::json(
        200,
        json!({"results": rows, "cursor": {"limit": 1000, "nextCursor": next}}),
    )
}

async fn look_up(replies: Vec<Reply>, asked: &[MessageRef]) -> LookUp {
    let stub = Stub::replying(replies).await;
    connector(&stub.base_url).look_up("cmp 7/1", asked).await
}

fn words(look_up: LookUp) -> Vec<(MessageRef, String)> {
    let LookUp::Found(messages) = look_up else {
        panic!("{look_up:?}")
    };
    let word = |found| match found {
        Found::Accepted(receipt) => receipt.state.as_str().to_owned(),
        Found::Refused(refusal) => format!("{:?}", refusal.class),
        Found::Missing => "missing".to_owned(),
    };
    messages
        .into_iter()
        .map(|message| (message.message, word(message.found)))
        .collect()
}

#[tokio::test]
async fn each_message_of_a_request_in_doubt_is_accepted_refused_or_missing() {
    let rows = [
        row(4, 5, 18),
        row(1, 1, 26),
        row(2, 3, 5),
        json!({"messageId": "foreign"}),
        json!({}),
    ];
    let asked: Vec<_> = (1..=4).map(message_ref).collect();
    let found = words(look_up(vec![page(&rows, None)], &asked).await);
    let expected = [
        (1, "sent"),
        (2, "delivered"),
        (3, "missing"),
        (4, "Permanent"),
    ];
    assert_eq!(
        found,
        expected.map(|(n, word)| (message_ref(n), word.to_owned()))
    );
}

#[tokio::test]
async fn a_request_that_infobip_does_not_know_was_not_taken() {
    assert_eq!(
        look_up(vec![page(&[], None)], &[message_ref(1)]).await,
        LookUp::NotFound
    );
    assert_eq!(
        look_up(
            vec![Reply::json(200, json!({"results": []}))],
            &[message_ref(1)]
        )
        .await,
        LookUp::NotFound
    );
}

#[tokio::test]
async fn pages_are_read_to_the_end_with_the_cursor_of_the_one_before() {
    let stub = Stub::replying([
        page(&[row(1, 1, 26)], Some("log 7")),
        page(&[row(2, 1, 26)], None),
    ])
    .await;
    let found = connector(&stub.base_url)
        .look_up("cmp 7/1", &[message_ref(1), message_ref(2)])
        .await;
    assert_eq!(words(found).len(), 2);
    let lines: Vec<_> = stub.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(
        lines,
        [
            "GET /sms/3/logs?bulkId=cmp+7%2F1&limit=1000&useCursor=true",
            "GET /sms/3/logs?bulkId=cmp+7%2F1&limit=1000&useCursor=true&cursor=log+7",
        ]
    );
}

#[tokio::test]
async fn the_refusal_of_a_second_copy_says_nothing_against_the_first() {
    for rows in [
        [row(1, 1, 7), row(1, 5, 23)],
        [row(1, 5, 23), row(1, 1, 7)],
        [row(1, 1, 7), row(1, 5, 18)],
    ] {
        let found = words(look_up(vec![page(&rows, None)], &[message_ref(1)]).await);
        assert_eq!(found, [(message_ref(1), "sent".to_owned())]);
    }
    let rows = [row(1, 3, 5), row(1, 1, 7)];
    let LookUp::Found(found) = look_up(vec![page(&rows, None)], &[message_ref(1)]).await else {
        panic!()
    };
    assert!(
        matches!(&found[0].found, Found::Accepted(receipt) if receipt.state == ReceiptState::Delivered)
    );
}

#[tokio::test]
async fn what_is_refused_carries_its_class_and_code() {
    let LookUp::Found(found) = look_up(vec![page(&[row(1, 5, 12)], None)], &[message_ref(1)]).await
    else {
        panic!()
    };
    let Found::Refused(refusal) = &found[0].found else {
        panic!("{found:?}")
    };
    assert_eq!(
        (refusal.class, refusal.code.as_str()),
        (Class::Account, "12")
    );
}

#[tokio::test]
async fn an_answer_that_is_not_whole_is_no_answer() {
    let cases = [
        vec![Reply::Reset],
        vec![Reply::json(500, "")],
        vec![Reply::json(
            401,
            json!({"errorCode": "E401", "description": "no"}),
        )],
        vec![Reply::json(404, "")],
        vec![Reply::json(204, "")],
        vec![Reply::json(200, "{")],
        vec![Reply::json(200, "{}")],
        vec![page(&[row(1, 1, 26)], Some("next")), Reply::json(503, "")],
        vec![page(&[row(1, 1, 26)], Some("for ever"))],
    ];
    for case in cases {
        let found = look_up(case.clone(), &[message_ref(1)]).await;
        assert!(
            matches!(found, LookUp::Unavailable { .. }),
            "{case:?}: {found:?}"
        );
    }
}

fn sent(key: &str) -> SentRequest {
    SentRequest {
        key: key.to_owned(),
        reference: key.to_owned(),
        messages: Vec::new(),
    }
}

#[tokio::test]
async fn receipts_of_several_requests_are_asked_for_at_once_and_read_to_the_end() {
    let stub = Stub::replying([
        page(&[row(1, 1, 26), row(2, 3, 5)], Some("log 7")),
        page(&[row(3, 5, 12), json!({"messageId": "foreign"})], None),
    ])
    .await;
    let asked = [sent("cmp_7-1"), sent("cmp_7-2")];
    let receipts = connector(&stub.base_url).pull(&asked).await.unwrap();
    let states: Vec<_> = receipts
        .receipts
        .iter()
        .map(|receipt| (receipt.message, receipt.state))
        .collect();
    assert_eq!(
        states,
        [
            (message_ref(1), ReceiptState::Sent),
            (message_ref(2), ReceiptState::Delivered),
            (message_ref(3), ReceiptState::Rejected),
        ]
    );
    assert_eq!(receipts.foreign, 1);
    let first = &stub.seen()[0].line;
    assert_eq!(
        first,
        "GET /sms/3/logs?bulkId=cmp_7-1%2Ccmp_7-2&limit=1000&useCursor=true"
    );
}

#[tokio::test]
async fn a_pull_that_breaks_off_keeps_what_it_had_read_and_one_without_an_answer_fails() {
    let replies = [page(&[row(1, 3, 5)], Some("next")), Reply::json(503, "")];
    let stub = Stub::replying(replies).await;
    let receipts = connector(&stub.base_url).pull(&[sent("cmp_7-1")]).await;
    assert_eq!(receipts.unwrap().receipts.len(), 1);
    for reply in [Reply::Reset, Reply::json(200, "{"), Reply::json(429, "{}")] {
        let stub = Stub::replying([reply.clone()]).await;
        let receipts = connector(&stub.base_url).pull(&[sent("cmp_7-1")]).await;
        assert!(receipts.is_err(), "{reply:?}");
    }
}
