//! Status queries, the population rule and loaded records.

use serde_json::{Value, json};
use simulators::iys::{Limits, Population};

use crate::harness::{Answer, Iys, codes};

async fn ask(iys: &Iys, kind: &str, channel: &str, body: &Value) -> Answer {
    let path = format!("{}/consents/{kind}/status/{channel}", iys.brand);
    iys.client.post(&path, body).await
}

#[tokio::test]
async fn a_multiple_query_lists_only_the_approved() {
    let iys = Iys::start().await;
    iys.load(json!([
        { "recipient": "+905321234561", "type": "MESAJ", "status": "ONAY" },
        { "recipient": "+905321234562", "type": "MESAJ", "status": "RET", "source": "IYS_WEB" },
        { "recipient": "+905321234564", "type": "ARAMA", "status": "ONAY" },
        { "recipient": "+905321234566", "type": "MESAJ", "status": "ONAY", "recipientType": "TACIR" },
    ]))
    .await;
    let all: Vec<String> = (1..=6).map(|n| format!("+90532123456{n}")).collect();
    let body = json!({ "recipients": all });
    let (status, said) = ask(&iys, "BIREYSEL", "MESAJ", &body).await;
    assert_eq!(status, 200);
    assert!(said["requestId"].is_string());
    assert_eq!(said["list"], json!(["+905321234561"]));
    let (_, merchants) = ask(&iys, "TACIR", "MESAJ", &body).await;
    assert_eq!(merchants["list"], json!(["+905321234566"]));
    let (_, calls) = ask(&iys, "BIREYSEL", "ARAMA", &body).await;
    assert_eq!(calls["list"], json!(["+905321234564"]));
    assert_eq!(iys.client.stats().await["addresses_asked"], 18);
}

#[tokio::test]
async fn mail_addresses_come_back_in_lower_case() {
    let iys = Iys::start().await;
    iys.load(json!([{ "recipient": "BILGI@ornek.com", "type": "EPOSTA", "status": "ONAY" }]))
        .await;
    let (_, said) = ask(
        &iys,
        "BIREYSEL",
        "EPOSTA",
        &json!({ "recipients": ["Bilgi@Ornek.com"] }),
    )
    .await;
    assert_eq!(said["list"], json!(["bilgi@ornek.com"]));
}

#[tokio::test]
async fn a_multiple_query_is_refused_as_a_whole_with_the_place_of_each_mistake() {
    let iys = Iys::start().await;
    let many: Vec<String> = (0..1_001).map(|n| format!("+90532{n:07}")).collect();
    for (kind, channel, body, status, code) in [
        ("BIREYSEL", "MESAJ", json!({}), 422, "H168"),
        (
            "BIREYSEL",
            "MESAJ",
            json!({ "recipients": [] }),
            422,
            "H164",
        ),
        (
            "BIREYSEL",
            "MESAJ",
            json!({ "recipients": "+905321234561" }),
            422,
            "H478",
        ),
        (
            "BIREYSEL",
            "MESAJ",
            json!({ "recipients": many }),
            422,
            "H091",
        ),
        (
            "BIREYSEL",
            "MESAJ",
            json!({ "recipients": ["a@ornek.com"] }),
            422,
            "H464",
        ),
        (
            "BIREYSEL",
            "EPOSTA",
            json!({ "recipients": ["+905321234561"] }),
            422,
            "H464",
        ),
        (
            "BIREYSEL",
            "MESAJ",
            json!({ "recipients": ["+90532"] }),
            422,
            "H121",
        ),
        (
            "BIREYSEL",
            "MESAJ",
            json!({ "recipients": [905_321_234_561_i64] }),
            422,
            "H122",
        ),
        (
            "BIREYSEL",
            "MESAJ",
            json!({ "recipients": ["+905321234561"], "x": 1 }),
            422,
            "H118",
        ),
        (
            "KURUMSAL",
            "MESAJ",
            json!({ "recipients": ["+905321234561"] }),
            422,
            "H116",
        ),
        (
            "BIREYSEL",
            "SMS",
            json!({ "recipients": ["+905321234561"] }),
            422,
            "H117",
        ),
    ] {
        let answer = ask(&iys, kind, channel, &body).await;
        assert_eq!(
            (answer.0, codes(&answer)),
            (status, vec![code.to_owned()]),
            "{kind} {channel}"
        );
    }
    let body = json!({ "recipients": ["+905321234561", "+90532", "+905321234561"] });
    let answer = ask(&iys, "BIREYSEL", "MESAJ", &body).await;
    assert_eq!(codes(&answer), ["H121", "H193"]);
    assert_eq!(answer.1["errors"][0]["location"], json!(["recipients", 1]));
    assert_eq!(answer.1["errors"][1]["location"], json!(["recipients", 2]));
    let path = format!("{}/consents/BIREYSEL/status/MESAJ", iys.brand);
    let answer = iys
        .client
        .post_text(&path, "application/json", "{\"recipients\":")
        .await;
    assert_eq!((answer.0, codes(&answer)), (400, vec!["H014".to_owned()]));
}

#[tokio::test]
async fn a_single_query_shows_the_record_as_one_object() {
    let iys = Iys::start().await;
    iys.load(json!([{
        "recipient": "+905321234562", "type": "MESAJ", "status": "RET", "source": "IYS_WEB",
        "consentDate": "2026-03-01 10:00:00", "creationDate": "2026-03-01 10:00:02",
    }]))
    .await;
    let (status, said) = iys.status_of("+905321234562", "BIREYSEL", "MESAJ").await;
    assert_eq!(status, 200);
    assert_eq!(
        (
            &said["status"],
            &said["source"],
            &said["consentDate"],
            &said["creationDate"]
        ),
        (
            &json!("RET"),
            &json!("IYS_WEB"),
            &json!("2026-03-01 10:00:00"),
            &json!("2026-03-01 10:00:02")
        )
    );
}

#[tokio::test]
async fn an_unknown_address_is_answered_as_the_options_say() {
    let iys = Iys::start().await;
    let answer = iys.status_of("+905321234563", "BIREYSEL", "MESAJ").await;
    assert_eq!((answer.0, codes(&answer)), (404, vec!["H097".to_owned()]));
    for (option, expected) in [
        ("empty_object", (200, json!({}))),
        ("empty_body", (200, Value::Null)),
    ] {
        iys.client
            .tell("/_sim/options", &json!({ "unknown_status": option }))
            .await;
        assert_eq!(
            iys.status_of("+905321234563", "BIREYSEL", "MESAJ").await,
            expected
        );
    }
}

#[tokio::test]
async fn a_single_query_needs_its_three_fields_and_no_other() {
    let iys = Iys::start().await;
    let path = format!("{}/consents/status", iys.brand);
    let good =
        json!({ "recipient": "+905321234561", "recipientType": "BIREYSEL", "type": "MESAJ" });
    for (field, value, code) in [
        ("recipient", Value::Null, "H114"),
        ("recipientType", json!("absent"), "H170"),
        ("type", json!("absent"), "H111"),
        ("type", json!("SMS"), "H117"),
        ("recipient", json!("a@ornek.com"), "H464"),
        ("status", json!("ONAY"), "H118"),
    ] {
        let mut body = good.clone();
        crate::harness::merge(&mut body, json!({ field: value }));
        let answer = iys.client.post(&path, &body).await;
        assert_eq!(
            (answer.0, codes(&answer)),
            (422, vec![code.to_owned()]),
            "{body}"
        );
    }
}

#[tokio::test]
async fn single_queries_have_an_hourly_limit() {
    let iys = Iys::start_with(|config| {
        config.options.limits = Some(Limits {
            calls_per_second: None,
            tokens_per_hour: None,
            status_per_hour: Some(3),
            history_per_hour: Some(1),
        });
    })
    .await;
    for _ in 0..3 {
        assert_eq!(
            iys.status_of("+905321234561", "BIREYSEL", "MESAJ").await.0,
            404
        );
    }
    let answer = iys.status_of("+905321234561", "BIREYSEL", "MESAJ").await;
    assert_eq!((answer.0, codes(&answer)), (429, vec!["H086".to_owned()]));
    let body = json!({ "recipients": ["+905321234561"] });
    assert_eq!(
        ask(&iys, "BIREYSEL", "MESAJ", &body).await.0,
        200,
        "multiple ones have none"
    );
    let key = json!({ "recipient": "+905321234561", "recipientType": "BIREYSEL", "type": "MESAJ" });
    let history = format!("{}/consents/history?limit=10&offset=0", iys.brand);
    assert_eq!(iys.client.post(&history, &key).await.0, 200);
    let answer = iys.client.post(&history, &key).await;
    assert_eq!((answer.0, codes(&answer)), (429, vec!["H089".to_owned()]));
}

#[tokio::test]
async fn the_population_rule_answers_for_addresses_nobody_loaded() {
    let iys = Iys::start().await;
    let rule = Population::new(85, 5);
    iys.client
        .tell("/_sim/population", &json!({ "onay_pct": 85, "ret_pct": 5 }))
        .await;
    let all: Vec<String> = (0..1_000).map(|n| format!("+90542{n:07}")).collect();
    let expected: Vec<&String> = all
        .iter()
        .filter(|address| rule.status_of(address) == Some("ONAY"))
        .collect();
    let (_, said) = ask(&iys, "BIREYSEL", "MESAJ", &json!({ "recipients": all })).await;
    assert_eq!(said["list"], json!(expected));
    assert!((800..900).contains(&expected.len()));
    for (word, status) in [("ONAY", 200), ("RET", 200)] {
        let one = all
            .iter()
            .find(|address| rule.status_of(address) == Some(word))
            .expect(word);
        let (got, record) = iys.status_of(one, "BIREYSEL", "MESAJ").await;
        assert_eq!((got, &record["status"]), (status, &json!(word)));
    }
    let none = all
        .iter()
        .find(|address| rule.status_of(address).is_none())
        .expect("one");
    assert_eq!(iys.status_of(none, "BIREYSEL", "MESAJ").await.0, 404);
    let (status, _) = iys
        .client
        .post(
            "/_sim/population",
            &json!({ "onay_pct": 90, "ret_pct": 20 }),
        )
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn explicit_records_and_explicit_absence_overlay_the_rule() {
    let iys = Iys::start_with(|config| config.population = Some(Population::new(100, 0))).await;
    iys.load(json!([
        { "recipient": "+905321234562", "type": "MESAJ", "status": "RET", "source": "IYS_WEB" },
        { "recipient": "+905321234563", "type": "MESAJ", "status": "NONE" },
    ]))
    .await;
    let body = json!({ "recipients": ["+905321234561", "+905321234562", "+905321234563"] });
    let (_, said) = ask(&iys, "BIREYSEL", "MESAJ", &body).await;
    assert_eq!(said["list"], json!(["+905321234561"]));
    iys.client
        .tell(
            "/_sim/population",
            &json!({ "onay_pct": 100, "ret_pct": 0, "recipient_types": ["TACIR"] }),
        )
        .await;
    let (_, said) = ask(&iys, "BIREYSEL", "MESAJ", &body).await;
    assert_eq!(said["list"], json!([]));
}

#[tokio::test]
async fn scripted_recipients_vanish_from_queries_or_fail_them() {
    let iys = Iys::start_with(|config| config.population = Some(Population::new(100, 0))).await;
    iys.client
        .tell(
            "/_sim/script",
            &json!([
                { "recipient": "+905321234561", "status": { "absent": true } },
                { "recipient": "+905321234562", "status": { "code": "H103" } },
            ]),
        )
        .await;
    let (_, said) = ask(
        &iys,
        "BIREYSEL",
        "MESAJ",
        &json!({ "recipients": ["+905321234561", "+905321234563"] }),
    )
    .await;
    assert_eq!(said["list"], json!(["+905321234563"]));
    let answer = ask(
        &iys,
        "BIREYSEL",
        "MESAJ",
        &json!({ "recipients": ["+905321234562", "+905321234563"] }),
    )
    .await;
    assert_eq!((answer.0, codes(&answer)), (500, vec!["H103".to_owned()]));
    assert_eq!(
        iys.status_of("+905321234562", "BIREYSEL", "MESAJ").await.0,
        500
    );
}

#[tokio::test]
async fn a_reset_brings_the_beginning_back() {
    let iys = Iys::start().await;
    iys.load(json!([{ "recipient": "+905321234561", "type": "MESAJ", "status": "ONAY" }]))
        .await;
    iys.client.tell("/_sim/reset", &json!({})).await;
    assert_eq!(
        iys.status_of("+905321234561", "BIREYSEL", "MESAJ").await.0,
        401,
        "tokens are gone"
    );
    let stats = iys.client.stats().await;
    assert_eq!(
        (&stats["movements"], &stats["addresses_asked"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn a_record_that_makes_no_sense_is_refused_with_its_place() {
    let iys = Iys::start().await;
    let records = json!([{ "iysCode": 1, "brandCode": 2, "recipient": "+905321234561", "type": "MESAJ", "status": "ONAY" }]);
    let (status, why) = iys
        .client
        .post("/_sim/state", &json!({ "records": records }))
        .await;
    assert_eq!(status, 400);
    assert!(
        why["error"]
            .as_str()
            .expect("a reason")
            .contains("record 0"),
        "{why}"
    );
}
