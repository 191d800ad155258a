use std::time::Duration;

use connectors::{Class, Resolve};
use domain::segments::Profile;
use serde_json::json;

use crate::stub::{Reply, Stub};
use crate::support::{connector, connector_with};

#[test]
fn the_engine_learns_from_the_capabilities_all_it_must_know() {
    let settings = json!({"timeout_seconds": 90, "recipients_max": 250, "route_country": "hr"});
    let connector = connector_with("https://abc.api.infobip.com", &settings);
    let capabilities = connector.capabilities();
    assert_eq!(
        (
            capabilities.batch_recipients_max,
            capabilities.is_personalised
        ),
        (250, true)
    );
    assert_eq!(
        (capabilities.segments, capabilities.suffix_units),
        (Profile::TrBill, 5)
    );
    assert_eq!(
        (capabilities.route_country.as_str(), capabilities.timeout),
        ("HR", Duration::from_secs(90))
    );
    let Resolve::LookupByKey {
        quiet_period,
        window,
        dedupes_message_id,
    } = capabilities.resolve
    else {
        panic!("Infobip can be asked");
    };
    assert!(
        quiet_period > capabilities.timeout,
        "a request still under way must not look like one not taken"
    );
    assert!(window > quiet_period && dedupes_message_id);
}

#[tokio::test]
async fn the_balance_is_read_in_millionths() {
    let stub = Stub::replying([Reply::json(
        200,
        json!({"balance": 1_234.567_8, "currency": "EUR"}),
    )])
    .await;
    let balance = connector(&stub.base_url).balance().await.unwrap();
    assert_eq!(
        (balance.amount_micros, balance.currency.as_str()),
        (1_234_567_800, "EUR")
    );
    assert_eq!(stub.seen()[0].line, "GET /account/1/balance");
}

#[tokio::test]
async fn a_failed_call_says_in_the_providers_words_what_it_asks_of_us() {
    let refused = json!({"errorCode": "E401", "description": "Invalid credentials"});
    let cases = [
        (Reply::json(401, refused), Class::Account),
        (Reply::json(429, ""), Class::Transient),
        (Reply::json(500, ""), Class::Transient),
        (Reply::json(200, "[]"), Class::Transient),
        (Reply::Reset, Class::Transient),
    ];
    for (reply, class) in cases {
        let stub = Stub::replying([reply.clone()]).await;
        let failure = connector(&stub.base_url).balance().await.unwrap_err();
        assert_eq!(failure.class, class, "{reply:?}");
        assert!(
            !failure.text.is_empty() && !failure.text.contains("anahtar"),
            "{failure}"
        );
    }
}

#[tokio::test]
async fn an_account_passes_its_test_without_the_right_to_see_its_balance_but_not_without_its_logs()
{
    let fine = Reply::json(200, json!({"results": []}));
    let forbidden = Reply::json(
        403,
        json!({"errorCode": "E403", "description": "Forbidden"}),
    );
    let balance = Reply::json(200, json!({"balance": 10, "currency": "TRY"}));
    let counted = |parts: u32| Reply::json(200, json!({"previews": [{"messageCount": parts}]}));
    for (logs, balance, preview, passes, checks) in [
        (&fine, &balance, counted(1), true, [true, true, true]),
        (&fine, &forbidden, counted(3), true, [true, false, false]),
        (&forbidden, &balance, counted(1), false, [false, true, true]),
    ] {
        let stub = Stub::replying([logs.clone(), balance.clone(), preview]).await;
        let report = connector(&stub.base_url).test().await;
        assert_eq!(report.passed(), passes);
        assert!(report.checks.iter().map(|check| check.passed).eq(checks));
        assert!(
            report
                .checks
                .iter()
                .all(|check| !check.text_tr.is_empty() && !check.text_en.is_empty())
        );
    }
}
