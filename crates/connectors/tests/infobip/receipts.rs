use connectors::{Push, ReceiptState};
use domain::Timestamp;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{connector_with, message_ref, offline};

fn report(n: i64, group: i64, id: i64, name: &str) -> Value {
    json!({
        "bulkId": "cmp_7-1", "messageId": message_ref(n).to_string(), "to": "905320000001", "sender": "ORNEKMARKA",
        "sentAt": "2026-09-01T09:00:00.000+0000", "doneAt": "2026-09-01T09:00:03.123+0000", "messageCount": 1,
        "mccMnc": "28601", "callbackData": null, "price": {"pricePerMessage": 0.01, "currency": "EUR"},
        "status": {"groupId": group, "groupName": "G", "id": id, "name": name, "description": "…"},
        "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "description": "No Error", "permanent": false},
        "platform": {"entityId": null, "applicationId": null}, "campaignReferenceId": "cmp-42"
    })
}

fn push(results: &[Value]) -> Vec<u8> {
    json!({ "results": results }).to_string().into_bytes()
}

#[test]
fn every_documented_status_gives_its_state() {
    let expected = [
        (1, 3, ReceiptState::Sent),
        (1, 7, ReceiptState::Sent),
        (1, 26, ReceiptState::Sent),
        (3, 2, ReceiptState::Sent),
        (3, 5, ReceiptState::Delivered),
        (2, 4, ReceiptState::Undelivered),
        (2, 9, ReceiptState::Undelivered),
        (2, 31, ReceiptState::Undelivered),
        (4, 15, ReceiptState::Expired),
        (4, 29, ReceiptState::Unknown),
        (5, 6, ReceiptState::Rejected),
        (5, 14, ReceiptState::Rejected),
        (5, 23, ReceiptState::Sent),
        (5, 100, ReceiptState::Rejected),
        (5, 4_242, ReceiptState::Rejected),
    ];
    let results: Vec<Value> = expected
        .iter()
        .map(|(group, id, _)| report(1, *group, *id, "N"))
        .collect();
    let read = offline().receipts(&push(&results)).unwrap();
    let states: Vec<_> = read.receipts.iter().map(|receipt| receipt.state).collect();
    assert_eq!(states, expected.map(|(_, _, state)| state));
}

#[test]
fn a_receipt_keeps_the_providers_words_and_the_moment() {
    let read = offline()
        .receipts(&push(&[report(9, 3, 5, "DELIVERED_TO_HANDSET")]))
        .unwrap();
    let receipt = &read.receipts[0];
    assert_eq!(receipt.message, message_ref(9));
    assert_eq!(
        (
            receipt.provider_code.as_str(),
            receipt.provider_text.as_str()
        ),
        ("5", "DELIVERED_TO_HANDSET")
    );
    assert_eq!(
        receipt.happened_at,
        "2026-09-01T12:00:03.123+03:00".parse::<Timestamp>().ok()
    );
    assert_eq!(
        (receipt.operator_code.as_deref(), receipt.hard_bounce),
        (None, false)
    );
}

#[test]
fn only_a_permanent_fault_of_the_handset_marks_the_number_dead() {
    let with = |group: &str, permanent: bool| {
        let mut failed = report(1, 2, 9, "UNDELIVERABLE_NOT_DELIVERED");
        failed["error"] = json!({"groupId": 1, "groupName": group, "id": 1, "name": "EC_UNKNOWN_SUBSCRIBER", "permanent": permanent});
        failed
    };
    let cases = [
        with("HANDSET_ERRORS", true),
        with("HANDSET_ERRORS", false),
        with("OPERATOR_ERRORS", true),
    ];
    let read = offline().receipts(&push(&cases)).unwrap();
    let dead: Vec<_> = read
        .receipts
        .iter()
        .map(|receipt| receipt.hard_bounce)
        .collect();
    assert_eq!(dead, [true, false, false]);
    assert_eq!(read.receipts[0].operator_code.as_deref(), Some("1"));
}

#[test]
fn what_is_not_ours_or_not_readable_is_counted_and_costs_nobody_a_receipt() {
    let mut foreign = report(1, 3, 5, "N");
    foreign["messageId"] = json!("3d2f-other-system");
    let mut nameless = report(1, 3, 5, "N");
    nameless.as_object_mut().unwrap().remove("messageId");
    let mut number = report(1, 3, 5, "N");
    number["messageId"] = json!(17);
    let mut words = report(2, 3, 5, "N");
    words["status"]["id"] = json!("beş");
    let read = offline()
        .receipts(&push(&[
            report(1, 3, 5, "N"),
            foreign.clone(),
            report(2, 3, 5, "N"),
        ]))
        .unwrap();
    assert_eq!(
        (read.receipts.len(), read.foreign, read.unreadable),
        (2, 1, 0)
    );
    let read = offline()
        .receipts(&push(&[
            foreign,
            nameless,
            number,
            words,
            report(3, 3, 5, "N"),
        ]))
        .unwrap();
    assert_eq!(
        (read.receipts.len(), read.foreign, read.unreadable),
        (1, 1, 3)
    );
    assert_eq!(read.receipts[0].message, message_ref(3));
}

#[test]
fn older_reports_with_other_keys_are_read_as_well() {
    let body = json!({"results": [{
        "bulkId": "b", "messageId": message_ref(1).to_string(), "to": "905320000001", "smsCount": 1,
        "sentAt": "2026-09-01T09:00:00.000+0000", "doneAt": "2026-09-01T09:00:03.123+0000",
        "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
        "error": {"groupId": 0, "groupName": "Ok", "id": 0, "permanent": false}, "entityId": "x"
    }, {"messageId": message_ref(2).to_string()}]});
    let read = offline().receipts(body.to_string().as_bytes()).unwrap();
    let states: Vec<_> = read.receipts.iter().map(|receipt| receipt.state).collect();
    assert_eq!(states, [ReceiptState::Delivered, ReceiptState::Unknown]);
    assert_eq!(read.receipts[1].happened_at, None);
}

#[test]
fn a_push_that_is_something_else_is_refused_whole() {
    for body in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"results":null}"#,
        r#"{"results":{}}"#,
        "<reportResponse/>",
    ] {
        assert!(offline().receipts(body.as_bytes()).is_err(), "{body}");
    }
    assert_eq!(
        offline().receipts(br#"{"results":[]}"#).unwrap().receipts,
        []
    );
}

#[test]
fn a_push_must_carry_the_agreed_name_and_password_where_there_are_any() {
    let guarded = connector_with(
        "https://abc.api.infobip.com",
        &json!({"receipts_username": "rapor", "receipts_password": "parola"}),
    );
    let accepts = |value: Option<&str>| {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert(AUTHORIZATION, value.parse().unwrap());
        }
        let push = Push {
            url: "https://hooks.ornek.test/in/9f2c/receipts",
            headers: &headers,
            query: None,
            body: b"",
        };
        (guarded.authenticate(&push), offline().authenticate(&push))
    };
    // "rapor:parola" and "rapor:paroli"
    assert_eq!(accepts(Some("Basic cmFwb3I6cGFyb2xh")), (true, true));
    for wrong in [
        None,
        Some("Basic cmFwb3I6cGFyb2xp"),
        Some("Basic"),
        Some("Basic "),
        Some("Bearer cmFwb3I6cGFyb2xh"),
    ] {
        assert_eq!(accepts(wrong), (false, true), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn a_push_with_anything_in_any_field_is_read_or_refused_and_each_entry_counted(
        changes in prop::collection::vec((0_usize..6, 0_usize..6), 0..8),
    ) {
        let odd = [json!(null), json!(17), json!(-1.5e300), json!("x"), json!([]), json!({"id": {}})];
        let keys = ["messageId", "doneAt", "status", "error", "bulkId", "price"];
        let results: Vec<Value> = (1..)
            .zip(&changes)
            .map(|(n, (key, value))| {
                let mut entry = report(n, 3, 5, "N");
                entry[keys[*key]] = odd[*value].clone();
                entry
            })
            .collect();
        let read = offline().receipts(&push(&results)).unwrap();
        prop_assert_eq!(read.receipts.len() + read.foreign + read.unreadable, results.len());
    }
}
