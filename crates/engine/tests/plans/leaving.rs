//! A campaign leaves as its plan says: not on quiet days, not after its time,
//! the rest only behind a sound canary, over another route when the first is
//! gone, and not at all once somebody pressed stop.

use domain::ReasonCode;
use domain::hours::{PurposeWindow, SendingRules};
use domain::plan::{Canary, Part, Plan};
use domain::time::{HOUR_US, SECOND_US};
use engine::Step;
use engine::campaigns::HaltOf;
use store::campaigns::{CampaignState, NewCampaign};

use crate::house::{House, TEXT, WHO, at};

#[tokio::test]
async fn nothing_leaves_on_a_quiet_date_and_the_next_morning_is_proposed_before() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let rules = SendingRules {
            quiet_dates: vec!["2026-07-15".into()],
            ..SendingRules::default()
        };
        let engine = &house.engine;
        engine
            .set_sending_rules(house.firm, house.brand, &rules, WHO)
            .await
            .expect("set");
        db.clock.set(at("2026-07-15T12:00:00+03:00"));
        let id = house.campaign(Plan::default()).await;
        let run = engine.dry_run(house.firm, id).await.expect("a dry run");
        let morning = at("2026-07-16T09:00:00+03:00");
        assert_eq!(
            (run.held, run.held_until, run.starts_at),
            (20, Some(morning), morning),
            "{}",
            db.name
        );
        house.dispatch().await;
        let report = engine.report(house.firm, id).await.expect("a report");
        assert_eq!(
            (report.held.waiting, report.batches.next_at),
            (20, Some(morning)),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn what_has_not_left_when_its_time_is_over_never_does() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let plan = Plan {
            expires_at: Some(at("2026-07-14T13:00:00+03:00")),
            ..Plan::default()
        };
        let id = house.campaign(plan).await;
        db.clock.advance(HOUR_US);
        house.engine.step_watch().await.expect("a step");
        house.dispatch().await;
        house.engine.step_finish().await.expect("a step");
        let report = house.engine.report(house.firm, id).await.expect("a report");
        assert_eq!(
            report.excluded.get(&ReasonCode::S306),
            Some(&20),
            "{}",
            db.name
        );
        assert!(report.reconciles());
        assert_eq!(report.campaign.state, CampaignState::Finished);
    }
}

#[tokio::test]
async fn a_failed_canary_pauses_the_campaign_and_a_person_lets_the_rest_go() {
    for db in store::testing::each().await {
        let house = House::with(&db, 40).await;
        let canary = Canary {
            percent: 10,
            wait_minutes: 30,
            brake_percent: 30,
            brake_refusal_percent: None,
            refusal_minutes: None,
        };
        let id = house
            .campaign(Plan {
                canary: Some(canary),
                ..Plan::default()
            })
            .await;
        let engine = &house.engine;
        assert_eq!(
            engine.step_watch().await.expect("a step"),
            Step::Idle,
            "nothing has come back"
        );
        db.clock.advance(SECOND_US);
        let report = engine.report(house.firm, id).await.expect("a report");
        assert!(
            report.batches.next_at <= Some(engine.now()),
            "{}: what waits for a decision has no hour: {:?}",
            db.name,
            report.batches.next_at
        );
        let mut writer = db.store.write().await.expect("a transaction");
        let lease = writer.now().plus_micros(HOUR_US);
        let picked = writer
            .pick_batches(house.accounts[0], "test", lease, 100)
            .await
            .expect("picked");
        assert_eq!(
            picked.iter().map(|batch| batch.size).sum::<i64>(),
            4,
            "{}",
            db.name
        );
        for batch in &picked {
            writer
                .settle_failed(batch, store::dispatch::FailedAs::Refused, "REJECTED")
                .await
                .expect("settled");
        }
        writer.commit().await.expect("commits");
        assert_eq!(engine.step_watch().await.expect("a step"), Step::Did);
        let held = engine.campaign(house.firm, id).await.expect("the campaign");
        assert_eq!(held.state, CampaignState::Paused, "{}", db.name);
        assert_eq!(
            held.progress.canary.map(|end| (end.passed, end.failed)),
            Some((false, 4))
        );
        engine.resume(house.firm, id, WHO).await.expect("resumed");
        let parts = engine.parts(house.firm, id).await.expect("parts");
        assert_eq!(
            parts
                .iter()
                .map(|(part, count)| (*part, count.planned))
                .collect::<Vec<_>>(),
            [(Part::Canary, 4), (Part::Whole, 36)]
        );
        let waiting = db
            .store
            .read()
            .await
            .expect("a reader")
            .connectors_with_work(db.store.clock().now())
            .await;
        assert_eq!(waiting.expect("work"), [house.accounts[0]], "{}", db.name);
    }
}

#[tokio::test]
async fn a_campaign_goes_over_to_the_next_route_when_nobody_answers_on_the_first() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let plan = Plan {
            fallbacks: vec![house.accounts[1]],
            ..Plan::default()
        };
        let id = house.campaign(plan).await;
        let routes = async || {
            let mut reader = db.store.read().await.expect("a reader");
            reader.waiting_routes(id).await.expect("routes")
        };
        for _ in 0..3 {
            assert_eq!(routes().await, [house.accounts[0]], "{}", db.name);
            house.dispatch().await;
            house.engine.step_watch().await.expect("a step");
            db.clock.advance(10 * SECOND_US);
        }
        assert_eq!(routes().await, [house.accounts[1]], "{}", db.name);
        // Nobody answers there either: forward only, never in a circle.
        house.dispatch().await;
        house.engine.step_watch().await.expect("a step");
        assert_eq!(routes().await, [house.accounts[1]], "{}", db.name);
        assert!(
            house
                .engine
                .report(house.firm, id)
                .await
                .expect("a report")
                .reconciles()
        );
    }
}

#[tokio::test]
async fn a_pressed_switch_pauses_a_brand_and_moves_a_route_and_says_how_much_is_left() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        let engine = &house.engine;
        let id = house
            .campaign(Plan {
                fallbacks: vec![house.accounts[1]],
                ..Plan::default()
            })
            .await;
        let route = HaltOf::Connector(house.accounts[0]);
        let halted = engine
            .halt(house.firm, route, "yanlış rota", WHO)
            .await
            .expect("halted");
        assert_eq!(halted.campaigns.len(), 1, "{}", db.name);
        assert_eq!(halted.campaigns[0].2.waiting, 20);
        engine.step_watch().await.expect("a step");
        let waiting = db
            .store
            .read()
            .await
            .expect("a reader")
            .waiting_routes(id)
            .await
            .expect("routes");
        assert_eq!(
            waiting,
            [house.accounts[1]],
            "the other route steps in, {}",
            db.name
        );

        let brand = HaltOf::Brand(house.brand);
        engine
            .halt(house.firm, brand, "yanlış metin", WHO)
            .await
            .expect("halted");
        let held = engine.campaign(house.firm, id).await.expect("the campaign");
        assert_eq!(held.state, CampaignState::Paused);
        assert!(
            engine.resume(house.firm, id, WHO).await.is_err(),
            "not while it is pressed"
        );
        engine
            .release(house.firm, brand, WHO)
            .await
            .expect("released");
        engine.resume(house.firm, id, WHO).await.expect("resumed");
        let stopped = engine.stop(house.firm, id, WHO).await.expect("stopped");
        assert_eq!(
            (stopped.left.handed_over, stopped.left.waiting),
            (0, 20),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn the_longest_text_over_real_people_is_found_page_by_page() {
    for db in store::testing::each().await {
        let house = House::with(&db, 3).await;
        let id = house.campaign(Plan::default()).await;
        let measured = house
            .engine
            .measure(house.firm, id)
            .await
            .expect("measured");
        assert_eq!(
            (measured.people, measured.parts_total),
            (3, 3),
            "{}",
            db.name
        );
        assert_eq!(measured.longest.as_deref(), Some(TEXT));
    }
}

#[tokio::test]
async fn a_purpose_with_hours_of_its_own_leaves_in_them_and_not_in_the_brands() {
    for db in store::testing::each().await {
        let house = House::with(&db, 10).await;
        let rules = SendingRules {
            purpose_windows: vec![PurposeWindow {
                purpose: "KAMPANYA".into(),
                from_minute: 14 * 60,
                to_minute: 16 * 60,
            }],
            ..SendingRules::default()
        };
        let engine = &house.engine;
        engine
            .set_sending_rules(house.firm, house.brand, &rules, WHO)
            .await
            .expect("set");
        let id = house.campaign(Plan::default()).await;
        house.dispatch().await;
        let report = engine.report(house.firm, id).await.expect("a report");
        let opens = at("2026-07-14T14:00:00+03:00");
        assert_eq!(
            (report.held.waiting, report.batches.next_at),
            (10, Some(opens)),
            "{}",
            db.name
        );
        let run = engine.dry_run(house.firm, id).await.expect("a dry run");
        assert_eq!(run.held_until, Some(opens), "{}", db.name);
    }
}

#[tokio::test]
async fn a_text_is_measured_over_real_people_before_there_is_a_campaign() {
    for db in store::testing::each().await {
        let house = House::with(&db, 10).await;
        let rules = SendingRules {
            part_price_micros: Some(100_000),
            ..SendingRules::default()
        };
        let engine = &house.engine;
        engine
            .set_sending_rules(house.firm, house.brand, &rules, WHO)
            .await
            .expect("set");
        let text = NewCampaign {
            body: format!("Sayin {{{{ad}}}}, {TEXT}"),
            ..house.text(Plan::default())
        };
        let measured = engine
            .measure_imagined(house.firm, text)
            .await
            .expect("measured");
        // One name in ten is so long that it needs a part more.
        assert_eq!(
            (measured.people, measured.by_parts.len()),
            (10, 2),
            "{measured:?}"
        );
        assert_eq!(measured.by_parts.values().min(), Some(&1));
        assert_eq!(
            (measured.cost_micros, measured.worst_cost_micros),
            (Some(measured.parts_total * 100_000), Some(20 * 100_000)),
            "{}: {measured:?}",
            db.name
        );
    }
}
