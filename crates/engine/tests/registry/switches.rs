//! What İYS's document leaves open, either way: each switch of the simulator that
//! stands for it is set once, and nothing is told wrongly or lost.

use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use domain::{Channel, ReasonCode, RegistryMode, Source, Status, Verdict};
use engine::Step;
use serde_json::json;

use crate::house::{House, phone};

/// Ten minutes at a time, with work in each.
async fn minutes_pass(house: &House, minutes: i64) {
    for _ in 0..minutes / 10 {
        house.pass(10 * MINUTE_US);
        house.work().await;
    }
}

async fn open_work(house: &House) -> i64 {
    let mut reader = house.db.store.read().await.expect("a reader");
    let figures = reader.queue_figures(house.brand.id, None).await;
    figures.expect("reads").open()
}

/// Somebody whom İYS holds at ONAY since long before any feed shows it.
async fn consented_long_ago(house: &House, n: u32) {
    let at = house.now().plus_micros(-20 * DAY_US);
    house.at_iys(n, "ONAY", "HS_WEB", at).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_is_too_old_is_settled_alike_at_once_and_in_the_result() {
    for is_late in [false, true] {
        for house in House::each(RegistryMode::Integrator).await {
            let name = format!("{}, late: {is_late}", house.db.name);
            house
                .tell("options", &json!({ "late_in_result": is_late }))
                .await;
            consented_long_ago(&house, 1).await;
            // A refusal is told whatever its age; İYS may find it too old.
            let long_ago = house.now().plus_micros(-10 * DAY_US);
            house.said(1, Status::Ret, long_ago).await;
            let today = house.now().plus_micros(-2 * HOUR_US);
            house.said(2, Status::Onay, today).await;
            house.work().await;
            minutes_pass(&house, 60).await;

            let refused = house.state(1).await;
            assert_eq!(refused.registry.code, Some(ReasonCode::I606), "{name}");
            let local = refused.local.map(|said| said.status);
            assert_eq!(local, Some(Status::Ret), "{name}: it holds here");
            let other = house.state(2).await.registry.verdict;
            assert_eq!(other, Verdict::Onay, "{name}: the rest of the list went on");
            assert_eq!(open_work(&house).await, 0, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_need_several_looks_are_waited_for_and_nothing_is_sent_twice() {
    for options in [
        json!({ "async_polls": 3 }),
        json!({ "empty_while_pending": true, "async_delay_ms": 1_500_000 }),
        json!({ "empty_while_pending": true, "async_polls": 2 }),
    ] {
        for house in House::each(RegistryMode::Integrator).await {
            let name = format!("{}, {options}", house.db.name);
            house.tell("options", &options).await;
            let said = house.now().plus_micros(-2 * HOUR_US);
            house.said(1, Status::Onay, said).await;
            house.work().await;
            house.pass(6 * MINUTE_US);
            house.work().await;
            let early = house.state(1).await.registry;
            assert_eq!(early.verdict, Verdict::Pending, "{name}: not failed");
            minutes_pass(&house, 180).await;
            let late = house.state(1).await.registry;
            assert_eq!(late.verdict, Verdict::Onay, "{name}");
            assert_eq!(house.calls("POST /v2").await, 1, "{name}");
            assert_eq!(open_work(&house).await, 0, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_iys_does_not_know_is_taken_for_unknown_in_whatever_way_it_says_so() {
    for answer in ["not_found", "empty_object", "empty_body"] {
        for house in House::each(RegistryMode::Integrator).await {
            let name = format!("{}, {answer}", house.db.name);
            house
                .tell("options", &json!({ "unknown_status": answer }))
                .await;
            // Somebody refused there of whom nobody here knows, so new people
            // are looked up singly.
            let years_ago = house.now().plus_micros(-700 * DAY_US);
            house.at_iys(9, "ONAY", "HS_WEB", years_ago).await;
            let refused = years_ago.plus_micros(DAY_US);
            house.at_iys(9, "RET", "IYS_WEB", refused).await;
            let said = house.now().plus_micros(-2 * HOUR_US);
            house.said(1, Status::Onay, said).await;
            house.work().await;
            minutes_pass(&house, 60).await;
            let looks = house.calls("consents/status").await;
            assert!(looks > 0, "{name}: looked up singly");
            let registry = house.state(1).await.registry;
            assert_eq!(registry.verdict, Verdict::Onay, "{name}: and created");
            assert_eq!(open_work(&house).await, 0, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_comes_again_although_it_was_taken_changes_nothing() {
    for house in House::each(RegistryMode::Integrator).await {
        let name = house.db.name;
        consented_long_ago(&house, 1).await;
        let said = house.now().plus_micros(-2 * DAY_US);
        house.said(1, Status::Onay, said).await;
        house.work().await;
        let (firm, brand) = (house.firm, house.brand.id);
        let told = house
            .engine
            .register_registry_push(firm, brand, "usr_1")
            .await;
        told.unwrap_or_else(|error| panic!("{name}: {error}"));
        // The messages that tried the connections are out of the way.
        house.pushed(0).await;
        house.tell("options", &json!({ "push_repeats": 2 })).await;
        house.at_iys(1, "RET", "IYS_MOBIL", house.now()).await;
        let bodies = house.pushed(3).await;
        assert!(bodies.windows(2).all(|two| two[0] == two[1]), "{name}");
        while house.engine.step_registry_pushes().await.expect("a step") == Step::Did {}
        // The feed tells it once more, an hour later.
        minutes_pass(&house, 120).await;
        let state = house.state(1).await;
        assert_eq!(state.registry.verdict, Verdict::Ret, "{name}");
        assert_eq!(state.local.map(|said| said.status), Some(Status::Ret));
        let mut reader = house.db.store.read().await.expect("a reader");
        let (mut refusals, mut after) = (0, 0);
        loop {
            let blocks = reader.ledger_blocks(brand, after).await.expect("reads");
            let Some(last) = blocks.last() else { break };
            after = last.block.number;
            let events = blocks.iter().flat_map(|block| &block.events);
            refusals += events.filter(|event| event.status == Status::Ret).count();
        }
        assert_eq!(refusals, 1, "{name}: one fact, told four times");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_firm_s_own_decision_to_stop_holds_here_whether_or_not_iys_takes_its_source() {
    for is_refused in [false, true] {
        for house in House::each(RegistryMode::Integrator).await {
            let name = format!("{}, refused: {is_refused}", house.db.name);
            house
                .tell("options", &json!({ "refuses_hs_karar": is_refused }))
                .await;
            consented_long_ago(&house, 1).await;
            let stopped = house.now().plus_micros(-2 * HOUR_US);
            let (who, channel) = (phone(1), Channel::Mesaj);
            house
                .said_by(who, channel, Status::Ret, stopped, Source::HS_KARAR)
                .await;
            house.work().await;
            minutes_pass(&house, 60).await;
            let state = house.state(1).await;
            let local = state.local.map(|said| said.status);
            assert_eq!(local, Some(Status::Ret), "{name}: it holds here");
            let registry = (state.registry.verdict, state.registry.code);
            let expected = if is_refused {
                (Verdict::Refused, Some(ReasonCode::I110))
            } else {
                (Verdict::Ret, None)
            };
            assert_eq!(registry, expected, "{name}");
            assert_eq!(open_work(&house).await, 0, "{name}");
            assert!(house.calls("POST /v2").await <= 2, "{name}: not repeated");
        }
    }
}
