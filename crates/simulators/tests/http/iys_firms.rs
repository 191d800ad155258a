//! Brands, partners, packages.

use serde_json::json;

use crate::harness::{BRAND_CODE, IYS_CODE, Iys, brand, codes, consent};

#[tokio::test]
async fn the_brand_list_counts_approvals_and_refusals() {
    let iys = Iys::start().await;
    iys.add(&consent(json!({}))).await;
    iys.add(&consent(json!({ "recipient": "+905321234568" })))
        .await;
    iys.add(&consent(
        json!({ "status": "RET", "consentDate": "2026-03-02 14:30:00" }),
    ))
    .await;
    let (status, said) = iys.client.get(&format!("/sps/{IYS_CODE}/brands")).await;
    assert_eq!(status, 200);
    assert_eq!(
        said,
        json!([{
            "brandCode": BRAND_CODE, "name": "ORNEK", "master": false,
            "stats": {
                "consents": { "approval": 1, "rejection": 1, "total": 2 },
                "retailers": { "total": 2 },
            },
        }])
    );
}

#[tokio::test]
async fn another_firms_brands_are_closed() {
    let iys = Iys::start().await;
    let answer = iys.client.get("/sps/1/brands").await;
    assert_eq!((answer.0, codes(&answer)), (403, vec!["H353".to_owned()]));
    let answer = iys.client.get("/sps/x/brands").await;
    assert_eq!((answer.0, codes(&answer)), (422, vec!["H190".to_owned()]));
}

#[tokio::test]
async fn a_partner_lists_the_brands_that_authorised_it_with_the_rights_of_each() {
    let partner = |brand_code: u64, rights: serde_json::Value| {
        brand(json!({
            "brandCode": brand_code, "integratorCode": 900_001, "permissions": rights,
        }))
    };
    let iys = Iys::start_with(|config| {
        config.brands = vec![
            partner(
                IYS_CODE,
                json!({ "MESAJ": "write", "EPOSTA": "read", "ARAMA": "none" }),
            ),
            partner(BRAND_CODE, json!({})),
        ];
    })
    .await;
    let (status, said) = iys
        .client
        .get("/integrator/900001/sps?offset=0&limit=1")
        .await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(said["pagination"]["totalCount"], 2);
    let first = &said["list"][0];
    assert_eq!(
        first["iysCode"],
        IYS_CODE.to_string(),
        "codes come as text here"
    );
    assert_eq!(
        (&first["master"], &first["MESAJ"]),
        (&json!(true), &json!("write"))
    );
    assert_eq!(first["EPOSTA"], "read");
    assert!(first["ARAMA"].is_null(), "no right is an absent key");
    let (_, one) = iys
        .client
        .get(&format!("/integrator/900001/sps/{IYS_CODE}"))
        .await;
    assert_eq!(one.as_array().map(Vec::len), Some(2));
    for (path, status, code) in [
        ("/integrator/900001/sps?limit=101", 422, "H186"),
        ("/integrator/900002/sps", 404, "H129"),
        ("/integrator/900001/sps/1", 400, "H245"),
    ] {
        let answer = iys.client.get(path).await;
        assert_eq!(
            (answer.0, codes(&answer)),
            (status, vec![code.to_owned()]),
            "{path}"
        );
    }
    assert_eq!(
        iys.client.get("/integrator/900001/subscription").await.1["status"],
        "ACTIVE"
    );
}

#[tokio::test]
async fn a_firms_account_may_not_use_the_partners_services() {
    let iys = Iys::start().await;
    let answer = iys.client.get("/integrator/900001/sps").await;
    assert_eq!((answer.0, codes(&answer)), (400, vec!["H363".to_owned()]));
}

#[tokio::test]
async fn the_package_query_works_while_everything_else_is_paused() {
    let iys = Iys::start_with(|config| {
        config.brands = vec![brand(
            json!({ "subscription": "PAUSED", "consentLimit": 250_000 }),
        )];
    })
    .await;
    let path = format!("/sps/{IYS_CODE}/subscription");
    let (status, said) = iys.client.get(&path).await;
    assert_eq!(status, 200);
    assert_eq!(said["status"], "PAUSED");
    assert_eq!(said["consentLimit"], 250_000);
    assert_eq!(said["usedConsentLimit"], 0);
    let closed = serde_json::to_value(brand(json!({ "subscription": "CLOSED" }))).expect("a brand");
    iys.client.tell("/_sim/brands", &closed).await;
    let answer = iys.client.get(&path).await;
    assert_eq!((answer.0, codes(&answer)), (403, vec!["H521".to_owned()]));
}

#[tokio::test]
async fn a_partner_does_not_see_how_full_a_firms_package_is() {
    let iys = Iys::start_with(|config| {
        config.brands = vec![brand(
            json!({ "integratorCode": 900_001, "consentLimit": 5 }),
        )];
    })
    .await;
    let (_, said) = iys
        .client
        .get(&format!("/sps/{IYS_CODE}/subscription"))
        .await;
    assert_eq!(said, json!({ "status": "ACTIVE" }));
}
