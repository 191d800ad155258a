//! Credit that does not reach everybody is told of the account that it lacks.

use domain::alarm::AlarmCode;
use domain::gate::Basis;
use domain::hours::{RouteOrder, SendingRules};
use domain::plan::Plan;
use store::campaign_flow::WhenShort;
use store::testing::TestDatabase;

use crate::house::{House, WHO};
use crate::provider::{Provider, Says};

/// What the open alarms about credit are about.
async fn alarmed(db: &TestDatabase, house: &House) -> Vec<String> {
    let mut reader = db.store.read().await.expect("a reader");
    let alarms = reader.alarms(house.firm, false, None, 10).await;
    let about = alarms.expect("alarms").into_iter();
    about
        .filter(|alarm| alarm.code == AlarmCode::BalanceLow)
        .map(|alarm| alarm.subject)
        .collect()
}

#[tokio::test]
async fn the_alarm_about_credit_names_the_account_that_lacks_it_and_its_test_clears_it() {
    for db in store::testing::each().await {
        let provider = Provider::that(|_| Says::Takes(Vec::new())).await;
        provider.holds(1.0);
        let house = House::at(&db, 3, &provider.url).await;
        let [own, taken_first] = house.accounts;
        // The brand takes another account before the campaign's own.
        let rules = SendingRules {
            route_orders: vec![RouteOrder {
                basis: Basis::Commercial,
                connectors: vec![taken_first, own],
            }],
            part_price_micros: Some(1_000_000),
            ..SendingRules::default()
        };
        let engine = &house.engine;
        let set = engine.set_sending_rules(house.firm, house.brand, &rules, WHO);
        set.await.expect("set");
        let plan = Plan {
            fallbacks: vec![taken_first],
            ..Plan::default()
        };
        let id = house.draft(plan).await;
        let wait = Some(WhenShort::Wait);
        let launched = engine.launch_with(house.firm, id, wait, WHO).await;
        let chosen = launched.expect("launched").progress.credit;
        assert_eq!(chosen.map(|chosen| chosen.short), Some(2), "{}", db.name);
        let lacking = [taken_first.to_string()];
        assert_eq!(alarmed(&db, &house).await, lacking, "{}", db.name);

        let tried = engine.test_connector(house.firm, own).await;
        tried.expect("tried");
        assert_eq!(alarmed(&db, &house).await, lacking, "{}", db.name);
        provider.holds(100.0);
        let tried = engine.test_connector(house.firm, taken_first).await;
        tried.expect("tried");
        assert!(alarmed(&db, &house).await.is_empty(), "{}", db.name);
    }
}
