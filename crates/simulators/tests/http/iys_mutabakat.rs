//! Mutabakat: a day's figures, file, hash, confirmation and time stamp.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha384};

use crate::harness::{Answer, Iys, answer, brand, codes, consent};

const DAY: &str = "2026-03-01";

/// Two movements by the firm and two by citizens on [`DAY`], one before it.
async fn with_a_day() -> Iys {
    let iys = Iys::start().await;
    iys.load(json!([
        movement(1, "ONAY", "HS_WEB", "2026-02-28 23:59:59"),
        movement(1, "RET", "IYS_WEB", "2026-03-01 00:00:00"),
        movement(2, "ONAY", "HS_WEB", "2026-03-01 12:00:00"),
        movement(2, "ONAY", "HS_WEB", "2026-03-01 12:00:09"),
        movement(1, "ONAY", "IYS_MOBIL", "2026-03-01 23:59:59"),
        movement(3, "ONAY", "HS_WEB", "2026-03-02 00:00:00"),
    ]))
    .await;
    iys
}

fn movement(n: u32, status: &str, source: &str, at: &str) -> Value {
    json!({
        "recipient": format!("+90532{n:07}"), "type": "MESAJ", "status": status,
        "source": source, "consentDate": at, "creationDate": at,
    })
}

async fn file(iys: &Iys, day: &str) -> (u16, String) {
    let path = format!("{}/changes/{day}/file", iys.brand);
    let answer = iys.client.request(Method::GET, &path).send().await;
    let answer = answer.expect("an answer");
    (
        answer.status().as_u16(),
        answer.text().await.expect("a text"),
    )
}

async fn hash(iys: &Iys) -> Answer {
    iys.client
        .get(&format!("{}/agreements/{DAY}", iys.brand))
        .await
}

async fn confirm(iys: &Iys, body: Value) -> Answer {
    let path = format!("{}/agreements/{DAY}", iys.brand);
    answer(iys.client.request(Method::PUT, &path).json(&body)).await
}

#[tokio::test]
async fn the_file_holds_every_movement_of_the_day_in_order_and_ends_with_a_line_break() {
    let iys = with_a_day().await;
    let (status, text) = file(&iys, DAY).await;
    assert_eq!(status, 200);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "creationDate,transactionId,recipient,recipientType,type,status,consentDate,source"
    );
    let created: Vec<&str> = lines[1..].iter().map(|line| &line[..19]).collect();
    assert_eq!(
        created,
        [
            "2026-03-01 00:00:00",
            "2026-03-01 12:00:00",
            "2026-03-01 12:00:09",
            "2026-03-01 23:59:59",
        ]
    );
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!(cells[1].len(), 64);
    assert_eq!(
        cells[2..],
        [
            "+905320000001",
            "BIREYSEL",
            "MESAJ",
            "RET",
            "2026-03-01 00:00:00",
            "IYS_WEB"
        ]
    );
    assert!(text.ends_with('\n'));
    assert_eq!(file(&iys, "2026-02-27").await.0, 204, "nothing moved");
    assert_eq!(file(&iys, "2026-03-02").await.0, 204, "the day goes on");
}

#[tokio::test]
async fn two_movements_of_a_key_within_one_second_are_filed_under_one_transaction() {
    let iys = Iys::start().await;
    let at = "2026-03-01 12:00:00";
    iys.load(json!([
        movement(1, "ONAY", "HS_WEB", at),
        movement(1, "RET", "HS_WEB", at),
    ]))
    .await;
    let (_, text) = file(&iys, DAY).await;
    let ids: Vec<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(1))
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test]
async fn the_summary_tells_new_and_changed_records_from_renewals() {
    let iys = with_a_day().await;
    let path = format!("{}/changes/{DAY}/recipients/BIREYSEL", iys.brand);
    let (status, said) = iys.client.get(&path).await;
    assert_eq!(status, 200);
    assert_eq!(
        said,
        json!({ "changeStats": [{ "type": "MESAJ", "consents": [
            { "source": "HS", "approval": 1, "rejection": 0, "pending": 0, "total": 2 },
            { "source": "IYS", "approval": 1, "rejection": 1, "pending": 0, "total": 2 },
        ] }] })
    );
    let tacir = path.replace("BIREYSEL", "TACIR");
    assert_eq!(iys.client.get(&tacir).await.1, json!({ "changeStats": [] }));
    let neither = path.replace("BIREYSEL", "KURUM");
    assert_eq!(codes(&iys.client.get(&neither).await), ["H116"]);
}

#[tokio::test]
async fn rows_that_wait_for_their_decision_are_pending_today() {
    let iys = Iys::start().await;
    iys.add_list(&json!([consent(json!({}))])).await;
    let path = format!("{}/changes/2026-03-02/recipients/BIREYSEL", iys.brand);
    let (_, said) = iys.client.get(&path).await;
    assert_eq!(said["changeStats"][0]["consents"][0]["pending"], 1);
}

#[tokio::test]
async fn the_hash_is_of_the_file_with_or_without_its_first_line_as_the_options_say() {
    let iys = with_a_day().await;
    let (_, text) = file(&iys, DAY).await;
    let (status, said) = hash(&iys).await;
    assert_eq!((status, &said["processStatus"]), (200, &json!("completed")));
    assert_eq!(said["hashMethod"], "SHA-384");
    assert_eq!(said["hashValue"], hex(&text));
    iys.client
        .tell("/_sim/options", &json!({ "hash_with_header": false }))
        .await;
    let rows = text.split_once('\n').expect("a header").1;
    assert_eq!(hash(&iys).await.1["hashValue"], hex(rows));
    iys.client
        .tell("/_sim/options", &json!({ "hash_state": "inprogress" }))
        .await;
    let (_, said) = hash(&iys).await;
    assert_eq!(said["processStatus"], "inprogress");
    assert!(said["hashValue"].is_null());
    assert_eq!(file(&iys, DAY).await.0, 204);
}

fn hex(text: &str) -> String {
    Sha384::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[tokio::test]
async fn a_day_is_confirmed_with_true_and_only_then_has_a_time_stamp() {
    let iys = with_a_day().await;
    let stamp = format!("{}/agreements/{DAY}/timestamp", iys.brand);
    assert_eq!(iys.client.get(&stamp).await.0, 204);
    for (body, code) in [
        (json!({ "agreementStatus": false }), "H512"),
        (json!({}), "H512"),
        (json!({ "agreementStatus": true, "hash": "x" }), "H118"),
    ] {
        assert_eq!(codes(&confirm(&iys, body).await), [code]);
    }
    assert_eq!(hash(&iys).await.1["agreementStatus"], false);
    let (status, said) = confirm(&iys, json!({ "agreementStatus": true })).await;
    assert_eq!((status, said), (200, json!({ "aggrementCaptured": true })));
    assert_eq!(hash(&iys).await.1["agreementStatus"], true);
    let stamped = iys.client.request(Method::GET, &stamp).send().await;
    let text = stamped.expect("an answer").text().await.expect("a text");
    assert!(text.contains(DAY), "{text}");
}

#[tokio::test]
async fn a_day_that_is_no_date_too_old_or_not_ones_right_is_refused() {
    let iys = with_a_day().await;
    for (day, code) in [
        ("2026-3-1", "H501"),
        ("01.03.2026", "H501"),
        ("2026-02-30", "H501"),
        ("2026-02-22", "H502"),
    ] {
        let path = format!("{}/agreements/{day}", iys.brand);
        assert_eq!(codes(&iys.client.get(&path).await), [code], "{day}");
    }
    let path = format!("{}/agreements/2026-02-23", iys.brand);
    assert_eq!(iys.client.get(&path).await.0, 204, "seven days back");
    let without = brand(json!({ "permissions": { "MESAJ": "write" } }));
    let without = serde_json::to_value(without).expect("a brand");
    iys.client.tell("/_sim/brands", &without).await;
    assert_eq!(codes(&hash(&iys).await), ["H355"]);
}
