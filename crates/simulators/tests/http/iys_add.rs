//! Adding one consent: form, dates, acceptance, rights, package.

use serde_json::{Value, json};

use crate::harness::{Answer, BRAND_CODE, IYS_CODE, Iys, brand, codes, consent, log_in};

fn assert_refused(answer: &Answer, status: u16, code: &str, what: &Value) {
    assert_eq!(
        (answer.0, codes(answer)),
        (status, vec![code.to_owned()]),
        "{what}: {}",
        answer.1
    );
}

#[tokio::test]
async fn a_sound_consent_is_recorded_with_a_transaction_id_of_64_characters() {
    let iys = Iys::start().await;
    let (status, said) = iys.add(&consent(json!({}))).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(said["transactionId"].as_str().map(str::len), Some(64));
    assert_eq!(said["creationDate"], "2026-03-02 15:00:00");
    let (status, record) = iys.status_of("+905321234567", "BIREYSEL", "MESAJ").await;
    assert_eq!(status, 200);
    assert_eq!(record["status"], "ONAY");
    assert_eq!(record["transactionId"], said["transactionId"]);
    iys.stop().await;
}

#[tokio::test]
async fn every_mistake_of_form_has_its_code() {
    let iys = Iys::start().await;
    for (changes, status, code) in [
        (json!({ "recipient": "absent" }), 422, "H114"),
        (json!({ "recipient": null }), 422, "H114"),
        (json!({ "recipient": "" }), 422, "H122"),
        (json!({ "recipient": "ayşe" }), 422, "H122"),
        (json!({ "recipient": "+90532123456" }), 422, "H121"),
        (json!({ "recipient": "05321234567" }), 422, "H121"),
        (json!({ "recipient": "+905321234567890" }), 422, "H160"),
        (
            json!({ "recipient": "ayşe@ornek.com", "type": "EPOSTA" }),
            422,
            "H120",
        ),
        (json!({ "recipient": "a@ornek.com" }), 422, "H464"),
        (json!({ "type": "EPOSTA" }), 422, "H464"),
        (json!({ "type": "absent" }), 422, "H111"),
        (json!({ "type": "EPOSTAA" }), 422, "H117"),
        (json!({ "type": "" }), 422, "H117"),
        (json!({ "status": "absent" }), 422, "H110"),
        (json!({ "status": "RED" }), 422, "H115"),
        (json!({ "recipientType": "KURUMSAL" }), 422, "H116"),
        (json!({ "recipientType": null }), 422, "H116"),
        (json!({ "source": "absent" }), 422, "H113"),
        (json!({ "source": "IYS_WEB" }), 422, "H119"),
        (json!({ "source": "WEB" }), 422, "H119"),
        (json!({ "source": "" }), 422, "H119"),
        (json!({ "source": "HS_KARAR" }), 422, "H408"),
        (json!({ "consentDate": "absent" }), 422, "H112"),
        (json!({ "consentDate": null }), 422, "H112"),
        (json!({ "consentDate": "" }), 422, "H158"),
        (json!({ "consentDate": "02.03.2026 14:05" }), 422, "H158"),
        (json!({ "consentDate": "2026-02-30 14:05:33" }), 422, "H157"),
        (json!({ "consentDate": "2015-04-30 23:59:59" }), 422, "H156"),
        (json!({ "consentDate": "2026-03-02 15:00:01" }), 422, "H162"),
        (
            json!({ "source": "HS_2015", "consentDate": "2015-05-01 00:00:01" }),
            422,
            "H155",
        ),
        (json!({ "retailerCode": "" }), 400, "H267"),
        (json!({ "retailerCode": null }), 400, "H266"),
        (json!({ "retailerCode": 12_345_678 }), 403, "H180"),
        (json!({ "retailerAccess": [] }), 422, "H163"),
        (json!({ "retailerAccess": null }), 422, "H169"),
        (
            json!({ "retailerAccess": vec![66_000_001; 101] }),
            422,
            "H126",
        ),
        (json!({ "retailerAccess": [66_000_001, 1] }), 403, "H180"),
        (json!({ "adSoyad": "Ayşe" }), 422, "H118"),
        (json!({ "retailerTitle": null }), 422, "H118"),
    ] {
        let answer = iys.add(&consent(changes.clone())).await;
        assert_refused(&answer, status, code, &changes);
    }
    let (_, said) = iys.client.get("/_sim/received").await;
    assert_eq!(said["list"], json!([]), "nothing of that was recorded");
}

#[tokio::test]
async fn an_error_names_the_field_and_quotes_the_value() {
    let iys = Iys::start().await;
    let (_, said) = iys.add(&consent(json!({ "type": "EPOSTAA" }))).await;
    assert_eq!(said["errors"][0]["location"], json!(["type"]));
    assert_eq!(said["errors"][0]["value"], "EPOSTAA");
    let (_, said) = iys
        .add(&consent(json!({ "retailerAccess": [66_000_001, 1] })))
        .await;
    assert_eq!(said["errors"][0]["location"], json!(["retailerAccess", 1]));
    assert_eq!(
        said["errors"][0]["code:"], "H180",
        "403 bodies misspell the key"
    );
    iys.client
        .tell("/_sim/options", &json!({ "quirks": false }))
        .await;
    let (_, said) = iys
        .add(&consent(json!({ "retailerAccess": [66_000_001, 1] })))
        .await;
    assert_eq!(said["errors"][0]["code"], "H180");
}

#[tokio::test]
async fn several_mistakes_are_reported_together() {
    let iys = Iys::start().await;
    let answer = iys
        .add(&json!({ "status": "RED", "source": "HS_WEB" }))
        .await;
    assert_eq!(answer.0, 422);
    let mut found = codes(&answer);
    found.sort();
    assert_eq!(found, ["H111", "H112", "H114", "H115"]);
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_as_a_whole() {
    let iys = Iys::start().await;
    let path = format!("{}/consents", iys.brand);
    for (content_type, body, code) in [
        ("application/json", "{", "H014"),
        ("text/plain", "{}", "H014"),
        ("application/json", "[]", "H085"),
        ("application/json", "\"ONAY\"", "H085"),
    ] {
        let answer = iys.client.post_text(&path, content_type, body).await;
        assert_refused(&answer, 400, code, &json!(body));
    }
}

#[tokio::test]
async fn the_first_record_cannot_be_ret_and_later_ones_follow_the_newer_date() {
    let iys = Iys::start().await;
    let at = |time: &str, status: &str| {
        consent(json!({ "status": status, "consentDate": format!("2026-03-02 {time}") }))
    };
    for (what, expected) in [
        (at("10:00:00", "RET"), Err("H175")),
        (at("10:00:00", "ONAY"), Ok(())),
        (at("10:00:00", "ONAY"), Err("H178")),
        (at("09:00:00", "ONAY"), Err("H178")),
        (at("10:00:01", "ONAY"), Ok(())),
        (at("10:00:01", "RET"), Err("H178")),
        (at("09:59:59", "RET"), Err("H178")),
        (at("11:00:00", "RET"), Ok(())),
        (at("12:00:00", "RET"), Err("H174")),
        (at("10:00:00", "RET"), Err("H174")),
        (at("11:00:00", "ONAY"), Err("H178")),
        (at("11:00:01", "ONAY"), Ok(())),
    ] {
        let answer = iys.add(&what).await;
        match expected {
            Ok(()) => assert_eq!(answer.0, 200, "{what}: {}", answer.1),
            Err(code) => assert_refused(&answer, 400, code, &what),
        }
    }
}

#[tokio::test]
async fn a_newer_onay_is_taken_even_after_a_citizen_refused_at_iys() {
    let iys = Iys::start().await;
    iys.load(json!([{
        "recipient": "+905321234567", "type": "MESAJ", "status": "RET",
        "source": "IYS_KISAMESAJ", "consentDate": "2026-03-02 14:05:33",
    }]))
    .await;
    let same_time = iys.add(&consent(json!({}))).await;
    assert_refused(&same_time, 400, "H178", &json!("a tie"));
    let newer = consent(json!({ "consentDate": "2026-03-02 14:05:34" }));
    assert_eq!(iys.add(&newer).await.0, 200);
}

#[tokio::test]
async fn a_consent_older_than_three_business_days_is_dead() {
    let mut iys = Iys::start().await;
    // Events with the last moment they may be registered, over feast days.
    for (number, (event, last, after)) in [
        (
            "2026-02-25 15:00:00",
            "2026-03-02T15:00:00+03:00",
            "2026-03-02T15:00:01+03:00",
        ),
        (
            "2026-03-19 10:00:00",
            "2026-03-25T10:00:00+03:00",
            "2026-03-25T10:00:01+03:00",
        ),
        (
            "2026-05-26 12:00:00",
            "2026-06-03T12:00:00+03:00",
            "2026-06-03T12:00:01+03:00",
        ),
        (
            "2026-12-31 23:50:00",
            "2027-01-06T23:50:00+03:00",
            "2027-01-06T23:50:01+03:00",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let first = consent(json!({
            "recipient": format!("+9053212345{number}1"), "consentDate": event,
        }));
        let second = consent(json!({
            "recipient": format!("+9053212345{number}2"), "consentDate": event,
        }));
        iys.move_to(last).await;
        assert_eq!(iys.add(&first).await.0, 200, "{event}");
        iys.move_to(after).await;
        let answer = iys.add(&second).await;
        assert_refused(&answer, 400, "H467", &second);
        assert!(answer.1["errors"][0]["location"].is_null());
    }
}

#[tokio::test]
async fn before_its_activation_a_brand_may_load_old_consents() {
    let iys =
        Iys::start_with(|config| config.brands = vec![brand(json!({ "activated": false }))]).await;
    let of_2015 = consent(json!({ "source": "HS_2015", "consentDate": "2015-05-01 00:00:00" }));
    assert_eq!(iys.add(&of_2015).await.0, 200);
    let setup = serde_json::to_value(brand(json!({}))).expect("a brand");
    iys.client.tell("/_sim/brands", &setup).await;
    let other = consent(json!({
        "recipient": "+905321234568", "source": "HS_2015", "consentDate": "2015-05-01 00:00:00",
    }));
    assert_refused(&iys.add(&other).await, 400, "H467", &other);
}

#[tokio::test]
async fn a_merchants_first_record_may_leave_date_and_source_out_but_an_update_may_not() {
    let iys = Iys::start().await;
    let bare = consent(json!({
        "recipientType": "TACIR", "source": "absent", "consentDate": "absent",
    }));
    assert_eq!(iys.add(&bare).await.0, 200);
    iys.pass_ms(60_000);
    assert_refused(&iys.add(&bare).await, 400, "H462", &bare);
    let undated = consent(json!({ "recipientType": "TACIR", "consentDate": "absent" }));
    assert_refused(&iys.add(&undated).await, 400, "H462", &undated);
    let sourceless = consent(json!({
        "recipientType": "TACIR", "source": "absent", "consentDate": "2026-03-02 15:00:30",
    }));
    assert_refused(&iys.add(&sourceless).await, 400, "H463", &sourceless);
    let full = consent(json!({ "recipientType": "TACIR", "consentDate": "2026-03-02 15:00:30" }));
    assert_eq!(iys.add(&full).await.0, 200);
}

#[tokio::test]
async fn a_merchants_and_a_consumers_record_of_one_address_do_not_touch() {
    let iys = Iys::start().await;
    let merchant = consent(json!({ "recipientType": "TACIR" }));
    assert_eq!(iys.add(&merchant).await.0, 200);
    let first_ret = consent(json!({ "status": "RET" }));
    assert_refused(&iys.add(&first_ret).await, 400, "H175", &first_ret);
    let merchant_ret = consent(json!({
        "recipientType": "TACIR", "status": "RET", "consentDate": "2026-03-02 14:30:00",
    }));
    assert_eq!(iys.add(&merchant_ret).await.0, 200);
    assert_eq!(iys.add(&consent(json!({}))).await.0, 200);
    let (_, record) = iys.status_of("+905321234567", "BIREYSEL", "MESAJ").await;
    assert_eq!(record["status"], "ONAY");
    let first_merchant_ret = consent(json!({
        "recipient": "+905321234599", "recipientType": "TACIR", "status": "RET",
    }));
    assert_refused(
        &iys.add(&first_merchant_ret).await,
        400,
        "H175",
        &first_merchant_ret,
    );
}

#[tokio::test]
async fn version_2_answers_a_repeated_body_with_the_same_transaction() {
    let iys = Iys::start().await;
    let (status, first) = iys.add_v2(&consent(json!({}))).await;
    assert_eq!(status, 200);
    iys.pass_ms(5_000);
    // Left out and given defaults are the same content.
    let same = consent(json!({ "recipientType": "absent" }));
    let (status, again) = iys.add_v2(&same).await;
    assert_eq!(status, 200);
    assert_eq!(again, first);
    let version_1 = iys.add(&consent(json!({}))).await;
    assert_refused(&version_1, 400, "H178", &json!("version 1 does not know"));
    let other = consent(json!({ "source": "HS_MOBIL" }));
    assert_refused(&iys.add_v2(&other).await, 400, "H178", &other);
}

#[tokio::test]
async fn version_2_still_knows_a_repeated_body_after_later_movements() {
    let iys = Iys::start().await;
    let (_, first) = iys.add_v2(&consent(json!({}))).await;
    let ret = consent(json!({ "status": "RET", "consentDate": "2026-03-02 14:30:00" }));
    assert_eq!(iys.add_v2(&ret).await.0, 200);
    assert_eq!(iys.add_v2(&consent(json!({}))).await.1, first);
    let (_, record) = iys.status_of("+905321234567", "BIREYSEL", "MESAJ").await;
    assert_eq!(record["status"], "RET", "the repetition changed nothing");
}

#[tokio::test]
async fn the_source_hs_karar_is_for_ret_and_can_be_switched_off() {
    let iys = Iys::start().await;
    assert_eq!(iys.add(&consent(json!({}))).await.0, 200);
    let decided = |time: &str| {
        consent(json!({
            "status": "RET", "source": "HS_KARAR", "consentDate": format!("2026-03-02 {time}"),
        }))
    };
    iys.client
        .tell("/_sim/options", &json!({ "refuses_hs_karar": true }))
        .await;
    assert_refused(
        &iys.add(&decided("14:30:00")).await,
        400,
        "H486",
        &json!("HS_KARAR"),
    );
    iys.client
        .tell("/_sim/options", &json!({ "refuses_hs_karar": false }))
        .await;
    assert_eq!(iys.add(&decided("14:31:00")).await.0, 200);
}

#[tokio::test]
async fn codes_in_the_path_must_be_numbers_and_within_the_tokens_rights() {
    let iys = Iys::start().await;
    for (path, status, code) in [
        (
            format!("/sps/abc/brands/{BRAND_CODE}/consents"),
            422,
            "H190",
        ),
        (format!("/sps/{IYS_CODE}/brands/abc/consents"), 422, "H191"),
        (format!("/sps/{IYS_CODE}/brands/1/consents"), 403, "H353"),
        (format!("/sps/1/brands/{BRAND_CODE}/consents"), 403, "H353"),
    ] {
        let answer = iys.client.post(&path, &consent(json!({}))).await;
        assert_refused(&answer, status, code, &json!(path));
    }
}

#[tokio::test]
async fn another_firms_user_and_a_channel_without_the_right_get_h353() {
    let mut iys = Iys::start().await;
    let other = json!({
        "iysCode": 700_000, "brandCode": 700_000, "name": "BASKA",
        "username": "api@ornek.example", "password": "sifre",
    });
    iys.client.tell("/_sim/brands", &json!([other])).await;
    let foreign = json!({
        "iysCode": 800_000, "brandCode": 800_000, "name": "YABANCI",
        "username": "yabanci@ornek.example", "password": "x",
    });
    iys.client
        .tell("/_sim/brands", &json!({ "brands": [foreign] }))
        .await;
    let own = iys
        .client
        .post("/sps/700000/brands/700000/consents", &consent(json!({})))
        .await;
    assert_eq!(own.0, 200, "one user may work for two firms");
    let answer = iys
        .client
        .post("/sps/800000/brands/800000/consents", &consent(json!({})))
        .await;
    assert_refused(&answer, 403, "H353", &foreign);
    let setup =
        brand(json!({ "permissions": { "EPOSTA": "write", "MESAJ": "read", "ARAMA": "none" } }));
    let setup = serde_json::to_value(setup).expect("a brand");
    iys.client.tell("/_sim/brands", &setup).await;
    iys.client.authorization = Some(log_in(&iys.client).await);
    assert_refused(
        &iys.add(&consent(json!({}))).await,
        403,
        "H353",
        &json!("read only"),
    );
    assert_eq!(
        iys.status_of("+905321234567", "BIREYSEL", "MESAJ").await.0,
        404
    );
    assert_eq!(
        iys.status_of("+905321234567", "BIREYSEL", "ARAMA").await.0,
        403
    );
    let mail = consent(json!({ "recipient": "a@ornek.com", "type": "EPOSTA" }));
    assert_eq!(iys.add(&mail).await.0, 200);
}

#[tokio::test]
async fn the_package_decides_whether_a_firm_is_served() {
    let iys = Iys::start().await;
    for (subscription, code) in [
        ("PAUSED", "H520"),
        ("EXPIRED", "H520"),
        ("CLOSED", "H521"),
        ("NONE", "H524"),
        ("WITHOUT_API", "H586"),
    ] {
        let setup = serde_json::to_value(brand(json!({ "subscription": subscription })));
        iys.client
            .tell("/_sim/brands", &setup.expect("a brand"))
            .await;
        assert_refused(
            &iys.add(&consent(json!({}))).await,
            403,
            code,
            &json!(subscription),
        );
    }
}

#[tokio::test]
async fn a_full_package_takes_no_new_address_but_still_takes_refusals() {
    let iys =
        Iys::start_with(|config| config.brands = vec![brand(json!({ "consentLimit": 1 }))]).await;
    assert_eq!(iys.add(&consent(json!({}))).await.0, 200);
    let new = consent(json!({ "recipient": "+905321234568" }));
    assert_refused(&iys.add(&new).await, 422, "H525", &new);
    let ret = consent(json!({ "status": "RET", "consentDate": "2026-03-02 14:30:00" }));
    assert_eq!(iys.add(&ret).await.0, 200);
}

#[tokio::test]
async fn a_scripted_failure_answers_a_single_add() {
    let iys = Iys::start().await;
    let script =
        json!({ "recipient": "+905321234567", "add": { "answer": "failure", "code": "H101" } });
    iys.client
        .tell("/_sim/script", &json!({ "scripts": [script] }))
        .await;
    assert_refused(&iys.add(&consent(json!({}))).await, 500, "H101", &script);
    iys.client.delete("/_sim/script").await;
    assert_eq!(iys.add(&consent(json!({}))).await.0, 200);
    let (status, why) = iys
        .client
        .post(
            "/_sim/script",
            &json!({ "recipient": "+905321234567", "add": { "answer": "failure" } }),
        )
        .await;
    assert_eq!(
        status, 400,
        "a failure without a code makes no sense: {why}"
    );
}
