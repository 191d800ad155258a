//! The form, the self-test, balance and senders.

use connectors::{ConfigError, catalogue};
use serde_json::{Value, json};

use crate::bench::{Bench, account, try_account};
use crate::cases::Case;

const NOWHERE: &str = "https://sms.ornek.test";

fn form(case: &Case) -> &'static connectors::KindInfo {
    let kinds = catalogue().iter();
    kinds.into_iter().find(|k| k.kind == case.kind).unwrap()
}

pub(crate) async fn an_empty_form_names_every_required_field(case: &Case) {
    let http = connectors::http_client(&connectors::HttpSettings::default()).unwrap();
    let error = connectors::build(case.kind, &Value::Null, http).unwrap_err();
    let ConfigError::Invalid { problems } = error else {
        panic!("{error}")
    };
    let named: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
    let required = form(case).fields.iter().filter(|field| field.is_required);
    assert_eq!(named, required.map(|field| field.name).collect::<Vec<_>>());
}

pub(crate) async fn a_wrong_field_is_named_in_both_languages(case: &Case) {
    assert!(try_account(case, NOWHERE, &json!({})).is_ok());
    let (change, field) = case.wrong;
    for (change, field) in [
        (change(), field),
        (json!({ "olmayan": "x" }), "olmayan"),
        (json!({ "base_url": "http://sms.ornek.test" }), "base_url"),
    ] {
        let Err(ConfigError::Invalid { problems }) = try_account(case, NOWHERE, &change) else {
            panic!("{change} was taken");
        };
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].field, field);
        assert!(!problems[0].text_tr.is_empty() && !problems[0].text_en.is_empty());
        assert_ne!(problems[0].text_tr, problems[0].text_en);
    }
}

pub(crate) async fn no_credential_is_shown_or_stored(case: &Case) {
    let account = account(case, NOWHERE, &json!({}));
    let secret = case.login.1;
    assert!(!format!("{account:?}").contains(secret), "shown");
    let bench = Bench::start(case).await;
    let stored = bench.request(&["Merhaba"]);
    let stored = String::from_utf8_lossy(stored.bytes()).into_owned();
    assert!(!stored.contains(secret), "stored: {stored}");
}

pub(crate) async fn the_self_test_passes_and_fails_with_the_credentials(case: &Case) {
    let bench = Bench::start(case).await;
    let report = bench.account.test().await;
    assert!(report.passed(), "{report:?}");
    let (path, mut lock) = (case.lock)();
    match lock.get_mut("keys") {
        Some(keys) => *keys = json!(["baska"]),
        None => lock["login"]["password"] = json!("baska"),
    }
    bench.tell(path, &lock).await;
    let report = bench.account.test().await;
    assert!(!report.passed(), "{report:?}");
    for check in &report.checks {
        assert!(!check.text_tr.is_empty() && !check.text_en.is_empty());
        assert!(!check.text_en.contains(case.login.1), "{}", check.text_en);
    }
}

pub(crate) async fn balance_and_senders_are_told_as_declared(case: &Case) {
    let bench = Bench::start(case).await;
    let can = bench.account.capabilities();
    let (path, body) = (case.balance)();
    bench.tell(path, &body).await;
    let balance = bench.account.balance().await;
    assert_eq!(balance.is_ok(), can.has_balance, "{balance:?}");
    if let Ok(balance) = balance {
        assert_eq!(balance.amount_micros, case.balance_micros);
    }
    if can.has_senders {
        let senders = json!({ "senders": ["ORNEKMARKA", "ORNEK-2"] });
        bench.tell("/_sim/options", &senders).await;
    }
    let senders = bench.account.senders().await;
    assert_eq!(senders.is_ok(), can.has_senders, "{senders:?}");
    if let Ok(senders) = senders {
        assert_eq!(senders, ["ORNEKMARKA", "ORNEK-2"]);
        let tried = bench.account.test().await;
        assert_eq!(tried.senders, Some(senders));
    }
}
