use proptest::prelude::*;

use super::*;
use crate::answer;

fn address(text: &str) -> Recipient {
    Recipient::from_normalised(text).unwrap()
}

#[test]
fn only_the_listed_addresses_are_confirmed_and_a_missing_list_is_no_answer() {
    let body = br#"{"requestId":"5a2e","list":["+905321234567","ali@ornek.com.tr","+9005321234567"],"new":1}"#;
    let answer = confirmed(body).unwrap();
    assert_eq!(
        answer.recipients,
        [address("+905321234567"), address("ali@ornek.com.tr")]
    );
    assert_eq!(confirmed(br#"{"list":[]}"#).unwrap().recipients, []);
    for bad in [
        &b"{}"[..],
        b"",
        b"[]",
        br#"{"list":null}"#,
        br#"{"list":["+90532"#,
    ] {
        assert!(confirmed(bad).is_err(), "{}", String::from_utf8_lossy(bad));
    }
}

#[test]
fn sub_requests_are_found_under_both_spellings_of_their_id() {
    let body = br#"{"requestId":"r-1","subRequests":[
        {"subRequestId":"a","recipient":"+905321234567","type":"MESAJ","recipientType":"BIREYSEL"},
        {"subrequestId":"b"},{"recipient":"+905321234568"}]}"#;
    let answer = accepted(body).unwrap();
    let ids: Vec<_> = answer
        .sub_requests
        .iter()
        .map(|sub| sub.id.as_str())
        .collect();
    assert_eq!((answer.request_id.as_str(), ids), ("r-1", vec!["a", "b"]));
    assert_eq!(
        answer.sub_requests[0].channel,
        Some(RegisteredChannel::MESAJ)
    );
    assert!(
        accepted(br#"{"subRequests":[]}"#).is_err(),
        "without its id a list cannot be followed"
    );
    assert!(
        accepted(br#"{"requestId":"../../brands"}"#).is_err(),
        "an id that leaves its path"
    );
}

#[test]
fn each_result_is_recorded_failed_or_still_waiting() {
    let body = r#"[
        {"index":0,"subRequestId":"a","status":"success","transactionId":"9f2c","creationDate":"2026-03-02 14:06:41"},
        {"index":1,"subRequestId":"b","status":"failure","error":{"code":"H175","message":"ilk kayıt"}},
        {"index":2,"subrequestId":"c","status":"enqueue","transactionId":"77"},
        {"index":3,"subRequestId":"d","status":"success","isAddConsentV2Service":"true",
         "originalRequestInformation":{"requestId":"r-0","subRequestId":"z"}},
        {"index":4,"subRequestId":"e","status":"success"},
        {"index":5,"subRequestId":"f","status":"failure","error":{"code:":178,"message":"tarih"}}]"#;
    let rows = results(body.as_bytes()).unwrap();
    let answers: Vec<_> = rows
        .iter()
        .map(|row| (row.sub_request.as_deref().unwrap_or("-"), &row.answer))
        .collect();
    let failed = |code: &str, message: &str| AddAnswer::Failed {
        code: Some(code.to_owned()),
        message: message.to_owned(),
    };
    let recorded = Recorded {
        transaction: Some("9f2c".into()),
        created: Timestamp::from_registry_text("2026-03-02 14:06:41"),
    };
    let repeated = Recorded {
        transaction: None,
        created: None,
    };
    assert_eq!(
        answers,
        [
            ("a", &AddAnswer::Recorded(recorded)),
            ("b", &failed("H175", "ilk kayıt")),
            ("c", &AddAnswer::Enqueued),
            ("d", &AddAnswer::Recorded(repeated)),
            // A success without its transaction is not yet a record.
            ("e", &AddAnswer::Enqueued),
            ("f", &failed("H178", "tarih")),
        ]
    );
    assert_eq!(results(b"[]").unwrap(), []);
}

#[test]
fn a_single_answer_without_a_status_means_no_record() {
    for none in [
        "",
        "  ",
        "{}",
        r#"{"recipient":"+905321234567"}"#,
        "[]",
        "null",
    ] {
        assert_eq!(held(none.as_bytes()), Ok(None), "{none}");
    }
    let body = r#"{"status":"RET","source":"IYS_YENI_YOL","consentDate":"2026-03-02 15:20:11","transactionId":"9f"}"#;
    let record = held(body.as_bytes()).unwrap().unwrap();
    assert_eq!(record.status, Status::Ret);
    assert!(record.source.is_some_and(|source| source.is_registry()));
    assert!(
        held(br#"{"status":"BELKI"}"#).is_err(),
        "an unknown status is not the absence of a record"
    );
    assert!(held(b"<html>").is_err());
}

#[test]
fn an_unreadable_change_is_kept_for_the_alarm_and_does_not_hide_the_others() {
    let body = r#"{"after":"1772450736_9f2c","list":[
        {"recipient":"+905321234567","recipientType":"BIREYSEL","type":"MESAJ","status":"RET",
         "source":"IYS_KISAMESAJ","consentDate":"2026-03-02 15:20:11","creationDate":"2026-03-02 15:20:12","transactionId":"9f2c"},
        {"recipient":"+905321234568","recipientType":"TACIR","type":"ARAMA","status":"RET","source":"IYS_AHS_HAT_KAPATMA","consentDate":""},
        {"recipient":"0532","type":"MESAJ","status":"RET"}]}"#;
    let page = changes(body.as_bytes()).unwrap();
    assert_eq!(page.after.as_deref(), Some("1772450736_9f2c"));
    assert_eq!(page.changes.len(), 2);
    assert_eq!(page.changes[1].held.consent_date, None);
    assert_eq!(page.unreadable.len(), 1);
    let empty = changes(br#"{"after":"x","list":[]}"#).unwrap();
    assert_eq!(empty.after, None, "an empty page moves no cursor");
}

#[test]
fn numbers_may_come_as_texts() {
    let body = br#"[{"brandCode":"600011","name":"ORNEK","master":true,
        "stats":{"consents":{"approval":"38","rejection":2,"total":40}}},{"name":"kodsuz"}]"#;
    let listed = brands(body).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].brand_code, listed[0].is_master), (600_011, true));
    assert_eq!(listed[0].totals.map(|totals| totals.approval), Some(38));
}

#[test]
fn a_subscription_word_from_the_future_is_unknown_and_not_active() {
    let package = subscription(br#"{"status":"ACTIVE"}"#).unwrap();
    assert_eq!(package.status, Subscription::Active);
    assert_eq!(package.consent_limit, None, "a partner is not told");
    let body = br#"{"status":"ACTIVE","consentLimit":"5000","usedConsentLimit":5001,"consentLimitExceed":"true"}"#;
    let package = subscription(body).unwrap();
    assert_eq!(
        (
            package.consent_limit,
            package.consents_used,
            package.is_exceeded
        ),
        (Some(5_000), Some(5_001), Some(true))
    );
    assert_eq!(
        subscription(br#"{"status":"FROZEN"}"#).map(|package| package.status),
        Ok(Subscription::Unknown)
    );
    assert!(subscription(b"{}").is_err());
}

/// Bodies built from the pieces that İYS uses, in places where it does not.
fn odd_body() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "list",
        "status",
        "ONAY",
        "RET",
        "errors",
        "error",
        "code",
        "code:",
        "index",
        "location",
        "recipients",
        "requestId",
        "subRequests",
        "after",
        "transactionId",
        "consentDate",
        "2026-13-99 25:61:61",
        "H117",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 32, 5, move |inner| {
        let entry = (word.clone(), inner.clone()).prop_map(|(key, value)| (key.to_owned(), value));
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(Value::from),
            prop::collection::vec(entry, 0..5).prop_map(|entries| entries.into_iter().collect()),
        ]
    });
    (value, any::<prop::sample::Index>(), any::<bool>()).prop_map(|(value, cut, whole)| {
        let mut text = value.to_string();
        if !whole {
            let at = cut.index(text.len() + 1);
            text.truncate(
                (0..=at)
                    .rev()
                    .find(|at| text.is_char_boundary(*at))
                    .unwrap_or(0),
            );
        }
        text
    })
}

proptest! {
    #[test]
    fn no_answer_however_odd_stops_the_reader(body in odd_body(), status in 100_u16..600) {
        let bytes = body.as_bytes();
        let _ = (confirmed(bytes), accepted(bytes), results(bytes), recorded(bytes));
        let _ = (held(bytes), changes(bytes), brands(bytes), subscription(bytes));
        let _ = (history(bytes), crate::push::read_push(bytes));
        let refused = answer::refusal(status, None, bytes, Timestamp::default());
        prop_assert_eq!(refused.http, Some(status));
    }
}

/// A page in İYS's own words, with one thing about it changed.
fn page(change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let row = |n: u32| {
        serde_json::json!({
            "recipient": format!("+9053212345{n:02}"), "recipientType": "BIREYSEL", "type": "MESAJ",
            "status": "RET", "source": "IYS_WEB", "consentDate": "2026-03-02 14:05:33",
            "creationDate": "2026-03-02 14:05:34", "transactionId": format!("{n:064x}"),
        })
    };
    let mut page = serde_json::json!({ "after": "1_a", "list": [row(1), row(2)] });
    change(&mut page);
    page.to_string().into_bytes()
}

#[test]
fn a_page_is_read_alike_whether_it_is_plain_or_needs_the_tolerant_reader() {
    let plain = page(|_| {});
    let read = plain_changes(&plain).expect("nothing is odd about it");
    assert_eq!(odd_changes(&plain).unwrap(), read);
    assert_eq!(read.changes.len(), 2);
    for odd in [
        page(|page| page["list"][0]["transactionId"] = 17.into()),
        page(|page| page["list"][1]["status"] = "SONRA".into()),
        page(|page| page["list"][1]["recipient"] = serde_json::Value::Null),
        page(|page| page["after"] = 12.into()),
        page(|page| page["list"][0]["source"] = "IYS_\"YENI\"".into()),
    ] {
        assert_eq!(plain_changes(&odd), None);
        assert_eq!(changes(&odd).unwrap(), odd_changes(&odd).unwrap());
    }
    for plain in [
        page(|page| page["list"] = serde_json::json!([])),
        page(|page| page["after"] = serde_json::Value::Null),
        page(|page| page["list"][0]["citizenName"] = "ÖRNEK VATANDAŞ".into()),
        page(|page| page["list"][0]["source"] = "".into()),
        page(|page| page["list"][0]["recipientType"] = serde_json::Value::Null),
    ] {
        assert_eq!(plain_changes(&plain), Some(odd_changes(&plain).unwrap()));
    }
}
