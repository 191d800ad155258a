//! History and the change feed.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::harness::{Iys, brand, codes, consent};

fn feed(iys: &Iys, query: &str) -> String {
    format!("{}/consents/changes{query}", iys.brand)
}

fn refusal(n: usize, date: &str) -> Value {
    json!({
        "recipient": format!("+90532{n:07}"), "type": "MESAJ", "status": "RET",
        "source": "IYS_KISAMESAJ", "consentDate": date,
    })
}

#[tokio::test]
async fn the_feed_shows_what_citizens_did_between_seven_days_and_one_hour_ago() {
    let iys = Iys::start().await;
    iys.load(json!([
        refusal(1, "2026-02-23 14:59:59"),
        refusal(2, "2026-02-23 15:00:00"),
        refusal(4, "2026-03-02 14:00:01"),
        refusal(3, "2026-03-02 14:00:00"),
        { "recipient": "+905321234567", "type": "MESAJ", "status": "ONAY", "consentDate": "2026-03-01 10:00:00" },
    ]))
    .await;
    let (status, said) = iys.client.get(&feed(&iys, "")).await;
    assert_eq!(status, 200, "{said}");
    let seen: Vec<&Value> = said["list"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["recipient"])
        .collect();
    assert_eq!(seen, ["+905320000002", "+905320000003"]);
    let row = &said["list"][0];
    for field in [
        "recipient",
        "recipientType",
        "type",
        "status",
        "source",
        "consentDate",
        "creationDate",
        "transactionId",
    ] {
        assert!(row[field].is_string(), "{field}");
    }
    let (_, by_firm) = iys.client.get(&feed(&iys, "?source=HS")).await;
    assert_eq!(by_firm["list"][0]["recipient"], "+905321234567");
    assert_eq!(by_firm["list"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_add_reaches_the_firms_feed_after_an_hour() {
    let mut iys = Iys::start().await;
    let (_, added) = iys.add(&consent(json!({}))).await;
    iys.move_to("2026-03-02T15:59:59+03:00").await;
    assert_eq!(
        iys.client.get(&feed(&iys, "?source=HS")).await,
        (204, Value::Null)
    );
    iys.move_to("2026-03-02T16:00:00+03:00").await;
    let (_, said) = iys.client.get(&feed(&iys, "?source=HS")).await;
    assert_eq!(said["list"][0]["transactionId"], added["transactionId"]);
}

#[tokio::test]
async fn the_cursor_leads_through_the_whole_feed_without_gap_or_repetition() {
    let iys = Iys::start().await;
    // Several movements share a second, loaded out of order.
    let records: Vec<Value> = (0..97)
        .map(|n| refusal(n, &format!("2026-03-01 10:00:{:02}", (n * 7) % 5)))
        .collect();
    iys.load(json!(records)).await;
    let mut cursor = String::new();
    let mut seen = HashSet::new();
    let mut last = String::new();
    loop {
        let (status, said) = iys
            .client
            .get(&feed(&iys, &format!("?limit=10{cursor}")))
            .await;
        if status == 204 {
            break;
        }
        let list = said["list"].as_array().expect("a list");
        assert!(list.len() <= 10);
        for row in list {
            assert!(seen.insert(row["transactionId"].to_string()), "{row}");
            let created = row["creationDate"].as_str().expect("a date").to_owned();
            assert!(created >= last, "sorted by creation");
            last = created;
        }
        let after = said["after"].as_str().expect("a cursor");
        assert!(
            after.ends_with(
                list.last().expect("a row")["transactionId"]
                    .as_str()
                    .expect("an id")
            )
        );
        cursor = format!("&after={after}");
    }
    assert_eq!(seen.len(), 97);
    iys.load(json!([refusal(500, "2026-03-01 11:00:00")])).await;
    let (_, said) = iys
        .client
        .get(&feed(&iys, &format!("?limit=10{cursor}")))
        .await;
    assert_eq!(
        said["list"].as_array().map(Vec::len),
        Some(1),
        "the cursor goes on"
    );
}

#[tokio::test]
async fn a_cursor_older_than_the_window_starts_at_its_opening() {
    let mut iys = Iys::start().await;
    iys.load(json!([
        refusal(1, "2026-03-01 10:00:00"),
        refusal(2, "2026-03-05 10:00:00"),
        refusal(3, "2026-03-12 10:00:00")
    ]))
    .await;
    let (_, said) = iys.client.get(&feed(&iys, "")).await;
    let after = said["after"].as_str().expect("a cursor").to_owned();
    iys.move_to("2026-03-14T10:00:00+03:00").await;
    let (_, said) = iys
        .client
        .get(&feed(&iys, &format!("?after={after}")))
        .await;
    let seen: Vec<&Value> = said["list"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["recipient"])
        .collect();
    assert_eq!(seen, ["+905320000003"], "what left the window is lost");
}

#[tokio::test]
async fn the_feeds_parameters_are_checked() {
    let iys = Iys::start().await;
    for (query, status, code) in [
        ("?limit=1001", 422, "H507"),
        ("?limit=0", 422, "H187"),
        ("?limit=on", 422, "H183"),
        ("?source=HEPSI", 422, "H506"),
        ("?after=1772450736_abc", 400, "H098"),
        ("?sayfa=1", 400, "H098"),
    ] {
        let answer = iys.client.get(&feed(&iys, query)).await;
        assert_eq!(
            (answer.0, codes(&answer)),
            (status, vec![code.to_owned()]),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_partner_sees_only_the_channels_it_may_read() {
    let iys = Iys::start_with(|config| {
        config.brands = vec![brand(json!({ "permissions": { "MESAJ": "read" } }))];
    })
    .await;
    iys.load(json!([
        refusal(1, "2026-03-01 10:00:00"),
        { "recipient": "a@ornek.com", "type": "EPOSTA", "status": "RET", "source": "IYS_WEB", "consentDate": "2026-03-01 10:00:00" },
    ]))
    .await;
    let (_, said) = iys.client.get(&feed(&iys, "")).await;
    assert_eq!(said["list"].as_array().map(Vec::len), Some(1));
    assert_eq!(said["list"][0]["type"], "MESAJ");
}

#[tokio::test]
async fn a_citizen_who_adds_the_brand_is_named_in_the_feed() {
    let iys = Iys::start().await;
    iys.load(json!([{
        "recipient": "+905321234567", "type": "MESAJ", "status": "ONAY",
        "source": "IYS_WEB_YENI", "consentDate": "2026-03-01 10:00:00",
    }]))
    .await;
    let (_, said) = iys.client.get(&feed(&iys, "")).await;
    assert!(said["list"][0]["citizenName"].is_string());
}

#[tokio::test]
async fn the_history_has_the_newest_consent_date_first_and_is_paged() {
    let iys = Iys::start().await;
    for minute in 0..5 {
        let status = if minute % 2 == 0 { "ONAY" } else { "RET" };
        let date = format!("2026-03-02 14:0{minute}:00");
        let sent = consent(json!({ "status": status, "consentDate": date }));
        assert_eq!(iys.add(&sent).await.0, 200);
    }
    let key = json!({ "recipient": "+905321234567", "recipientType": "BIREYSEL", "type": "MESAJ" });
    let path = |query: &str| format!("{}/consents/history{query}", iys.brand);
    let (status, said) = iys.client.post(&path("?limit=2&offset=1"), &key).await;
    assert_eq!(status, 200);
    let dates: Vec<&Value> = said["list"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["consentDate"])
        .collect();
    assert_eq!(dates, ["2026-03-02 14:03:00", "2026-03-02 14:02:00"]);
    assert_eq!(
        said["pagination"],
        json!({ "totalCount": 5, "pageSize": 2, "offset": 1 })
    );
    for (query, code) in [
        ("?limit=101", "H186"),
        ("?limit=0", "H187"),
        ("?limit=x", "H183"),
        ("?offset=x", "H182"),
    ] {
        let answer = iys.client.post(&path(query), &key).await;
        assert_eq!(
            (answer.0, codes(&answer)),
            (422, vec![code.to_owned()]),
            "{query}"
        );
    }
    let unknown =
        json!({ "recipient": "+905321234568", "recipientType": "BIREYSEL", "type": "MESAJ" });
    let (_, said) = iys.client.post(&path(""), &unknown).await;
    assert_eq!(said["pagination"]["totalCount"], 0);
}
