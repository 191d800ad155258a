//! A campaign's plan: the same people in the dry run and in the sending, parts
//! whose batches wait for their turn, limits that hold across campaigns, and
//! routes that never take over what may have left.

use domain::ReasonCode;
use domain::ids::RecipientId;
use domain::plan::{Canary, Packages, Part, Plan, Split, draw, draw_below, draw_seed};
use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use store::audience::AudienceQuestion;
use store::audience_shape::{Frequency, Shape};
use store::campaign_flow::{NEVER, NEVER_ARRIVED, Signature};
use store::campaigns::{Audience, Campaign};
use store::sending_rules::HaltScope;
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

const PEOPLE: u32 = 200;

async fn planned(
    db: &TestDatabase,
    scene: &Scene,
    plan: Plan,
    batch: i64,
) -> (Campaign, AudienceQuestion) {
    let campaign = scene.launching(db, batch).await;
    let mut question = scene.question(db, Audience::All);
    question.shape = Shape::of(campaign.id, &plan);
    (campaign, question)
}

async fn decisions(
    db: &TestDatabase,
    question: &AudienceQuestion,
) -> Vec<(RecipientId, Option<ReasonCode>)> {
    let mut reader = db.store.read().await.expect("a reader");
    reader
        .audience_decisions(question, 10_000)
        .await
        .expect("decisions")
}

async fn freeze(
    db: &TestDatabase,
    scene: &Scene,
    campaign: &Campaign,
    question: &AudienceQuestion,
) {
    let mut writer = db.store.write().await.expect("a transaction");
    writer
        .freeze_audience(
            campaign.id,
            scene.connector,
            question,
            campaign.batch_size,
            b"hash",
        )
        .await
        .expect("frozen");
    writer.commit().await.expect("commits");
}

async fn frozen(db: &TestDatabase, campaign: &Campaign) -> Vec<(i64, i64, i64)> {
    let mut window = Window::on(db).await;
    window
        .rows(&format!(
            "SELECT recipient_id, code, batch_no FROM campaign_recipient WHERE campaign_id = {} ORDER BY recipient_id",
            campaign.id.as_db()
        ))
        .await
}

#[tokio::test]
async fn the_control_group_and_the_cap_are_the_same_people_in_the_dry_run_and_in_the_sending() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=PEOPLE).map(|n| (n, Known::Confirmed)))
            .await;
        let plan = Plan {
            control_percent: Some(10),
            cap: Some(50),
            ..Plan::default()
        };
        let (campaign, question) = planned(&db, &scene, plan, 20).await;
        let dry = decisions(&db, &question).await;
        let counted = db
            .store
            .read()
            .await
            .expect("a reader")
            .judge_audience(&question)
            .await
            .expect("judged");
        assert_eq!((counted.target, counted.sendable), (200, 50), "{}", db.name);

        // The control group is the one that the function draws.
        let seed = (draw_seed(campaign.id) + 7_919) % domain::plan::DRAW_END;
        for (recipient, code) in &dry {
            let is_control = draw(seed, *recipient) < draw_below(10);
            assert_eq!(*code == Some(ReasonCode::S304), is_control, "{recipient}");
        }
        freeze(&db, &scene, &campaign, &question).await;
        let sent: Vec<(RecipientId, Option<ReasonCode>)> = frozen(&db, &campaign)
            .await
            .into_iter()
            .map(|(id, code, _)| (RecipientId::from_db(id), ReasonCode::from_db(code)))
            .collect();
        assert_eq!(dry, sent, "{}", db.name);
    }
}

#[tokio::test]
async fn whom_the_credit_does_not_reach_is_left_out_behind_the_cap_and_the_shares_stay_exact() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=PEOPLE).map(|n| (n, Known::Confirmed)))
            .await;
        let split = Split {
            body: "İkinci".into(),
            first_percent: 50,
            second_percent: 50,
            subject: None,
        };
        let plan = Plan {
            cap: Some(50),
            split: Some(split),
            ..Plan::default()
        };
        let (campaign, mut question) = planned(&db, &scene, plan, 20).await;
        let uncut = decisions(&db, &question).await;
        question.shape.credit_people = Some(30);
        let dry = decisions(&db, &question).await;
        freeze(&db, &scene, &campaign, &question).await;
        let rows = frozen(&db, &campaign).await;
        let with = |code: i64| rows.iter().filter(|row| row.1 == code).count();
        assert_eq!(
            (with(0), with(5502), with(5305)),
            (30, 20, 150),
            "{}",
            db.name
        );
        let in_part = |part: Part| {
            let of_part = rows.iter().filter(|row| Part::of_batch(row.2) == part);
            of_part.filter(|row| row.1 == 0).count()
        };
        assert_eq!([Part::First, Part::Second].map(in_part), [15, 15]);
        let sent: Vec<(RecipientId, Option<ReasonCode>)> = rows
            .iter()
            .map(|(id, code, _)| (RecipientId::from_db(*id), ReasonCode::from_db(*code)))
            .collect();
        assert_eq!(dry, sent, "{}", db.name);
        // Whoever gets it with little credit would get it with enough.
        for ((person, cut), (_, whole)) in dry.iter().zip(&uncut) {
            assert!(cut.is_some() || whole.is_none(), "{person}");
        }
    }
}

#[tokio::test]
async fn two_texts_get_their_exact_shares_and_the_rest_waits_until_a_person_chooses() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=PEOPLE).map(|n| (n, Known::Confirmed)))
            .await;
        let split = Split {
            body: "İkinci".into(),
            first_percent: 30,
            second_percent: 30,
            subject: None,
        };
        let plan = Plan {
            split: Some(split),
            ..Plan::default()
        };
        let (campaign, question) = planned(&db, &scene, plan.clone(), 7).await;
        freeze(&db, &scene, &campaign, &question).await;
        let rows = frozen(&db, &campaign).await;
        let in_part = |part: Part| {
            rows.iter()
                .filter(|row| Part::of_batch(row.2) == part)
                .count()
        };
        assert_eq!(
            [Part::First, Part::Second, Part::Rest].map(in_part),
            [60, 60, 80],
            "{}",
            db.name
        );

        // Batches overlap in numbers, and yet each holds its own people.
        let picked = scene.claim(&db, "w", 1_000).await;
        assert!(
            picked
                .iter()
                .all(|batch| Part::of_batch(batch.key.number) != Part::Rest)
        );
        let mut reader = db.store.read().await.expect("a reader");
        let mut seen = 0;
        for batch in &picked {
            let people = reader.batch_recipients(batch).await.expect("people");
            assert_eq!(i64::try_from(people.len()), Ok(batch.size));
            seen += people.len();
        }
        assert_eq!(seen, 120, "{}", db.name);
        let count = reader
            .part_count(campaign.id, Part::Rest)
            .await
            .expect("a count");
        assert_eq!((count.planned, count.accepted), (80, 0));
        drop(reader);
        let mut writer = db.store.write().await.expect("a transaction");
        let people = writer
            .people_of_batches(scene.about(), campaign.id, &picked)
            .await
            .expect("people");
        assert_eq!(people.iter().map(Vec::len).sum::<usize>(), 120);
        let now = writer.now();
        writer
            .release_part(campaign.id, Part::Rest, &plan, 7, now)
            .await
            .expect("released");
        writer.commit().await.expect("commits");
        let rest = scene.claim(&db, "w", 1_000).await;
        assert_eq!(
            rest.iter().map(|batch| batch.size).sum::<i64>(),
            80,
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn a_canary_goes_first_and_packages_leave_an_interval_apart() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=PEOPLE).map(|n| (n, Known::Confirmed)))
            .await;
        let plan = Plan {
            canary: Some(Canary {
                percent: 1,
                wait_minutes: 10,
                brake_percent: 30,
                brake_refusal_percent: None,
                refusal_minutes: None,
            }),
            packages: Some(Packages {
                size: 100,
                every_minutes: 60,
            }),
            ..Plan::default()
        };
        let (campaign, question) = planned(&db, &scene, plan.clone(), 50).await;
        freeze(&db, &scene, &campaign, &question).await;
        let first = scene.claim(&db, "w", 1_000).await;
        assert_eq!(
            first.iter().map(|batch| batch.size).sum::<i64>(),
            2,
            "one percent of 200"
        );
        assert!(
            first
                .iter()
                .all(|batch| Part::of_batch(batch.key.number) == Part::Canary)
        );

        let mut writer = db.store.write().await.expect("a transaction");
        let now = writer.now();
        writer
            .release_part(campaign.id, Part::Whole, &plan, 50, now)
            .await
            .expect("released");
        writer.commit().await.expect("commits");
        let sizes = async || {
            scene
                .claim(&db, "w", 1_000)
                .await
                .iter()
                .map(|batch| batch.size)
                .sum::<i64>()
        };
        assert_eq!(sizes().await, 100, "the first package, {}", db.name);
        assert_eq!(sizes().await, 0);
        db.clock.advance(60 * MINUTE_US);
        assert_eq!(sizes().await, 98, "the second, an hour later");
    }
}

#[tokio::test]
async fn who_has_had_the_messages_of_the_day_is_left_out_at_planning_and_at_the_last_gate() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=4).map(|n| (n, Known::Confirmed)))
            .await;
        let earlier = scene.running(&db, 2).await;
        let picked = scene.claim(&db, "w", 1).await;
        let since = db.store.clock().now().plus_micros(-HOUR_US);
        let mut reader = db.store.read().await.expect("a reader");
        let campaign = scene.launching(&db, 10).await;
        let counting = reader
            .campaigns_that_count(scene.firm, scene.brand, since, campaign.id)
            .await
            .expect("campaigns");
        assert_eq!(counting, [earlier.id], "{}", db.name);
        let frequency = Frequency {
            limits: vec![(1, since)],
            campaigns: counting,
        };
        let mut question = scene.question(&db, Audience::All);
        question.shape.frequency = Some(frequency.clone());
        let judged = reader.judge_audience(&question).await.expect("judged");
        // All four are planned there: two handed over, two to come.
        assert_eq!(
            judged.excluded.get(&ReasonCode::S301),
            Some(&4),
            "{}",
            db.name
        );
        question.shape.frequency = Some(Frequency {
            limits: vec![(2, since)],
            ..frequency.clone()
        });
        assert_eq!(
            reader
                .judge_audience(&question)
                .await
                .expect("judged")
                .sendable,
            4
        );
        drop(reader);

        let everyone: Vec<RecipientId> = (1..=4).map(|n| scene.recipient(n)).collect();
        let mut writer = db.store.write().await.expect("a transaction");
        let over = writer
            .over_frequency(&frequency, &everyone)
            .await
            .expect("counted");
        let had: Vec<bool> = everyone.iter().map(|id| over.contains(id)).collect();
        assert_eq!(
            had,
            [true, true, false, false],
            "only what was handed over counts: {}",
            db.name
        );
        assert_eq!(picked[0].size, 2);
    }
}

#[tokio::test]
async fn only_what_surely_never_left_takes_another_route() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=10).map(|n| (n, Known::Confirmed)))
            .await;
        let other = scene.another_connector(&db, "Yedek").await;
        let campaign = scene.running(&db, 2).await;
        let picked = scene.claim(&db, "w", 4).await;
        let [in_flight, doubtful, came_back, proven] = picked.as_slice() else {
            panic!("four of five batches");
        };
        let mut writer = db.store.write().await.expect("a transaction");
        let now = writer.now();
        writer
            .mark_in_doubt(doubtful, now, "no answer")
            .await
            .expect("in doubt");
        writer
            .return_to_pending(came_back, now.plus_micros(HOUR_US), "connection refused")
            .await
            .expect("back");
        writer
            .return_to_pending(proven, now, NEVER_ARRIVED)
            .await
            .expect("back");
        assert!(
            !writer
                .fails_over(campaign.id, scene.connector, false)
                .await
                .expect("read")
        );
        let moved = writer
            .move_batches(campaign.id, scene.connector, other)
            .await
            .expect("moved");
        writer.commit().await.expect("commits");
        assert_eq!(
            moved, 2,
            "the one that came back and the one that never was claimed: {}",
            db.name
        );
        let mut window = Window::on(&db).await;
        let rows: Vec<(i64, i64, i64)> = window
            .rows(&format!(
                "SELECT batch_no, connector_id, next_us FROM send_batch WHERE campaign_id = {} ORDER BY batch_no",
                campaign.id.as_db()
            ))
            .await;
        for (number, connector, next) in rows {
            let stays = [in_flight, doubtful, proven]
                .iter()
                .any(|batch| batch.key.number == number);
            let expected = if stays { scene.connector } else { other };
            assert_eq!(connector, expected.as_db(), "batch {number}, {}", db.name);
            assert!(
                number != came_back.key.number || next == now.as_micros(),
                "it need not wait there"
            );
        }
    }
}

#[tokio::test]
async fn a_route_counts_as_gone_after_three_attempts_in_vain() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=2).map(|n| (n, Known::Confirmed)))
            .await;
        let campaign = scene.running(&db, 2).await;
        for attempt in 1..=3 {
            let picked = scene.claim(&db, "w", 1).await;
            let mut writer = db.store.write().await.expect("a transaction");
            let now = writer.now();
            writer
                .return_to_pending(&picked[0], now, "connection refused")
                .await
                .expect("back");
            let gone = writer
                .fails_over(campaign.id, scene.connector, false)
                .await
                .expect("read");
            assert_eq!(gone, attempt == 3, "{}", db.name);
            writer.commit().await.expect("commits");
        }
    }
}

#[tokio::test]
async fn nothing_is_picked_over_a_route_whose_switch_is_pressed() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=2).map(|n| (n, Known::Confirmed)))
            .await;
        scene.running(&db, 2).await;
        let waiting = async || {
            let mut reader = db.store.read().await.expect("a reader");
            let now = reader.now();
            reader.connectors_with_work(now).await.expect("work")
        };
        assert_eq!(waiting().await, [scene.connector]);
        let mut writer = db.store.write().await.expect("a transaction");
        let (scope, id) = (HaltScope::Connector, scene.connector.as_db());
        assert!(
            writer
                .press_halt(scene.firm, scope, id, "yanlış metin", "ayse")
                .await
                .expect("pressed")
        );
        assert!(
            !writer
                .press_halt(scene.firm, scope, id, "ikinci", "ali")
                .await
                .expect("pressed")
        );
        writer.commit().await.expect("commits");
        assert_eq!(waiting().await, []);
        let mut writer = db.store.write().await.expect("a transaction");
        let halts = writer.halts(scene.firm).await.expect("halts");
        assert_eq!(
            (halts.len(), halts[0].reason.as_str()),
            (1, "yanlış metin"),
            "{}",
            db.name
        );
        assert!(
            writer
                .halted_for(scene.brand, scene.connector)
                .await
                .expect("read")
                .is_some()
        );
        assert!(
            writer
                .release_halt(scene.firm, scope, id)
                .await
                .expect("released")
        );
        assert!(
            !writer
                .release_halt(scene.firm, scope, id)
                .await
                .expect("released")
        );
        writer.commit().await.expect("commits");
        assert_eq!(waiting().await, [scene.connector]);
    }
}

#[tokio::test]
async fn portions_are_put_off_together_and_what_has_expired_is_due_at_once() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=6).map(|n| (n, Known::Confirmed)))
            .await;
        let plan = Plan {
            packages: Some(Packages {
                size: 2,
                every_minutes: 30,
            }),
            ..Plan::default()
        };
        let (campaign, question) = planned(&db, &scene, plan, 2).await;
        freeze(&db, &scene, &campaign, &question).await;
        let due = async || -> Vec<i64> {
            let mut window = Window::on(&db).await;
            let rows: Vec<(i64,)> = window
                .rows(&format!(
                    "SELECT next_us FROM send_batch WHERE campaign_id = {} ORDER BY batch_no",
                    campaign.id.as_db()
                ))
                .await;
            rows.into_iter().map(|row| row.0).collect()
        };
        let start = db.store.clock().now().as_micros();
        let apart = |from: i64| [from, from + 30 * MINUTE_US, from + HOUR_US];
        assert_eq!(due().await, apart(start), "{}", db.name);
        let mut writer = db.store.write().await.expect("a transaction");
        let opens = writer.now().plus_micros(13 * HOUR_US);
        for _ in 0..2 {
            // A second worker that comes upon the same closed hours changes nothing.
            writer
                .shift_batches(campaign.id, 13 * HOUR_US, opens)
                .await
                .expect("shifted");
        }
        writer.commit().await.expect("commits");
        assert_eq!(due().await, apart(start + 13 * HOUR_US), "{}", db.name);
        let mut writer = db.store.write().await.expect("a transaction");
        assert_eq!(
            writer.hasten_batches(campaign.id).await.expect("hastened"),
            3
        );
        let left = writer.left_of(campaign.id).await.expect("left");
        assert_eq!((left.handed_over, left.under_way, left.waiting), (0, 0, 6));
        writer.commit().await.expect("commits");
        assert_eq!(due().await, [start; 3], "{}", db.name);
        assert!(NEVER.as_micros() > start);
    }
}

#[tokio::test]
async fn a_signature_and_a_page_are_kept_as_they_were_given() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let campaign = scene.launching(&db, 5).await;
        let signature = Signature {
            signer: "Ayşe Şahin".into(),
            method: "e-imza".into(),
            content_hash: vec![1, 2, 3],
            evidence: "MIIB…".into(),
            signed_at: db.store.clock().now().plus_micros(-SECOND_US),
            recorded_by: "ali".into(),
        };
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .record_signature(campaign.id, &signature)
            .await
            .expect("recorded");
        writer
            .keep_go_snapshot(&campaign, "{\"a\":1}")
            .await
            .expect("kept");
        writer
            .start_campaign_at(campaign.id, Some(writer.now().plus_micros(HOUR_US)))
            .await
            .expect("scheduled");
        assert_eq!(writer.campaigns_launching(10).await.expect("launching"), []);
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        assert_eq!(
            reader.signature(campaign.id).await.expect("read"),
            Some(signature),
            "{}",
            db.name
        );
        let page = reader
            .go_snapshot(scene.firm, campaign.id)
            .await
            .expect("read");
        assert_eq!(page.as_deref(), Some("{\"a\":1}"));
        drop(reader);
        db.clock.advance(HOUR_US);
        let mut reader = db.store.read().await.expect("a reader");
        assert_eq!(
            reader.campaigns_launching(10).await.expect("launching"),
            [campaign.id]
        );
    }
}
