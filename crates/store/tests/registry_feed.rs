//! What İYS tells by itself, on both databases: movements, strangers, gaps and
//! walks over everybody.

mod support;

use std::collections::BTreeSet;

use domain::ids::RegistryBatchId;
use domain::time::{DAY_US, HOUR_US};
use domain::{Channel, Recipient, RecipientKind, RegistryView, Source, Status, Timestamp, Verdict};
use store::registry_accounts::RegistryFeed;
use store::registry_feed::{DayPlace, Movement, Told, day_begins, day_of};
use store::registry_sweep::{PHASES, SweepPurpose, SweepState};
use store::testing::TestDatabase;
use support::*;

fn movement(recipient: Recipient, status: Status, date: Timestamp) -> Movement {
    Movement {
        transaction: Some(format!("{recipient}-{status}-{}", date.as_micros())),
        recipient,
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
        status,
        date: Some(date),
        source: Source::from_registry("IYS_WEB"),
        created: date.plus_micros(1_000_000),
    }
}

fn newest(mirror: &RegistryView, movement: &Movement) -> Option<RegistryView> {
    (mirror.consent_date < movement.date).then(|| RegistryView {
        verdict: match movement.status {
            Status::Onay => Verdict::Onay,
            Status::Ret => Verdict::Ret,
        },
        citizen: true,
        consent_date: movement.date,
        checked_at: Some(movement.created),
        batch: Some(RegistryBatchId::from_db(0)),
        transaction: movement.transaction.clone(),
        code: None,
    })
}

async fn told(db: &TestDatabase, movements: &[Movement]) -> Told {
    let mut writer = db.store.write().await.expect("a transaction");
    let told = writer
        .apply_movements(FIRM, BRAND, movements, newest)
        .await
        .expect("applies");
    writer.commit().await.expect("commits");
    told
}

/// Numbers of the movements that were noted under a day of June, each once.
async fn noted(db: &TestDatabase) -> BTreeSet<Option<String>> {
    let mut reader = db.store.read().await.expect("a reader");
    let mut numbers = BTreeSet::new();
    for day in day_of(june(1))..=day_of(june(30)) {
        let mut after = DayPlace::default();
        while let Some((movements, place)) = reader
            .movements_of_day(BRAND, day, &after)
            .await
            .expect("readable")
        {
            after = place;
            for movement in movements {
                assert_eq!(day_of(movement.created), day, "{}", db.name);
                numbers.insert(movement.transaction);
            }
        }
    }
    numbers
}

/// Status, verdict, citizen of the only state.
async fn only_state(db: &TestDatabase) -> (i64, i64, i64) {
    let mut window = Window::on(db).await;
    assert_eq!(window.count("consent_state").await, 1, "{}", db.name);
    let mut column = async |name: &str| {
        window
            .number(&format!("SELECT {name} FROM consent_state"))
            .await
    };
    (
        column("local_status").await,
        column("verdict").await,
        column("verdict_citizen").await,
    )
}

#[tokio::test]
async fn movements_end_in_the_same_state_in_any_order_and_however_often_they_come() {
    let day = |day| june(day);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        for db in store::testing::each().await {
            apply(&db, &[person(1, phone(1))]).await;
            let all = [
                movement(phone(1), Status::Onay, day(10)),
                movement(phone(1), Status::Ret, day(12)),
                movement(phone(1), Status::Onay, day(11)),
            ];
            for _ in 0..2 {
                for place in order {
                    told(&db, std::slice::from_ref(&all[place])).await;
                }
            }
            told(&db, &all).await;
            assert_eq!(only_state(&db).await, (2, 2, 1), "{} {order:?}", db.name);
            assert_eq!(noted(&db).await.len(), 3, "{}", db.name);
            let verified = db
                .store
                .verify_ledger(BRAND, |_| std::ops::ControlFlow::Continue(()))
                .await
                .expect("verifies");
            assert_eq!(verified.fault, None, "{}", db.name);
        }
    }
}

#[tokio::test]
async fn movements_of_many_people_at_once_are_noted_whole_and_forgotten_with_their_day() {
    for db in store::testing::each().await {
        let people: Vec<_> = (1..=40).map(|n| person(i64::from(n), phone(n))).collect();
        apply(&db, &people).await;
        // More than one block of the ledger holds, half of them strangers, over two days.
        let all: Vec<Movement> = (1..=6_000)
            .map(|n: u32| Movement {
                transaction: Some(format!("{n:064x}")),
                ..movement(
                    phone(n),
                    Status::Ret,
                    june(if n % 2 == 0 { 10 } else { 11 }),
                )
            })
            .collect();
        let seen = told(&db, &all).await;
        assert_eq!((seen.known, seen.strangers), (40, 5_960), "{}", db.name);
        let expected = all.iter().map(|told| told.transaction.clone()).collect();
        assert_eq!(noted(&db).await, expected, "{}", db.name);

        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .forget_movements_before(BRAND, day_of(june(11)))
            .await
            .expect("forgets");
        writer.commit().await.expect("commits");
        assert_eq!(noted(&db).await.len(), 3_000, "{}", db.name);
    }
}

#[tokio::test]
async fn a_refusal_told_before_we_knew_the_address_holds_from_the_moment_it_arrives() {
    for db in store::testing::each().await {
        let seen = told(
            &db,
            &[
                movement(phone(1), Status::Onay, june(10)),
                movement(phone(1), Status::Ret, june(12)),
                movement(phone(2), Status::Onay, june(12)),
            ],
        )
        .await;
        assert_eq!((seen.known, seen.strangers), (0, 3), "{}", db.name);
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("registry_stranger").await, 2, "{}", db.name);

        let applied = apply(&db, &[declared(1, phone(1), Status::Onay, june(11))]).await;
        assert_eq!(applied.created, 0, "{}: an older consent", db.name);
        assert_eq!(
            applied.refused.first().map(|refusal| refusal.code),
            Some(domain::ReasonCode::R806),
            "{}",
            db.name
        );
        assert_eq!(only_state(&db).await, (2, 2, 1), "{}", db.name);
        assert_eq!(window.count("registry_stranger").await, 1, "{}", db.name);

        apply(&db, &[person(2, phone(2)), person(3, phone(3))]).await;
        assert_eq!(window.count("registry_stranger").await, 0, "{}", db.name);
        let confirmed = "SELECT count(*) FROM consent_state WHERE verdict = 1 AND local_status = 1";
        assert_eq!(window.number(confirmed).await, 1, "{}", db.name);
    }
}

#[tokio::test]
async fn a_refusal_without_a_date_is_believed_and_enters_the_ledger() {
    for db in store::testing::each().await {
        apply(&db, &[declared(1, phone(1), Status::Onay, june(10))]).await;
        let closed = Movement {
            date: None,
            source: Source::from_registry("IYS_AHS_HAT_KAPATMA"),
            ..movement(phone(1), Status::Ret, june(12))
        };
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .apply_movements(FIRM, BRAND, &[closed], |_, movement| {
                Some(RegistryView {
                    verdict: Verdict::Ret,
                    citizen: true,
                    checked_at: Some(movement.created),
                    ..RegistryView::UNASKED
                })
            })
            .await
            .expect("applies");
        writer.commit().await.expect("commits");
        assert_eq!(only_state(&db).await, (2, 2, 1), "{}", db.name);
    }
}

#[tokio::test]
async fn the_cursor_moves_with_its_page_or_not_at_all() {
    for db in store::testing::each().await {
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .apply_movements(
                FIRM,
                BRAND,
                &[movement(phone(1), Status::Ret, june(12))],
                newest,
            )
            .await
            .expect("applies");
        writer
            .advance_feed(BRAND, RegistryFeed::Citizen, None, Some("1_a"), None)
            .await
            .expect("moves");
        drop(writer);
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("registry_stranger").await, 0, "{}", db.name);
        assert_eq!(window.count("registry_cursor").await, 0, "{}", db.name);

        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .advance_feed(BRAND, RegistryFeed::Citizen, None, Some("1_a"), None)
            .await
            .expect("moves");
        writer.commit().await.expect("commits");
        let mut writer = db.store.write().await.expect("a transaction");
        let late = writer
            .advance_feed(BRAND, RegistryFeed::Citizen, None, Some("1_b"), None)
            .await;
        assert!(late.is_err(), "{}: another had read on", db.name);
    }
}

#[tokio::test]
async fn after_a_missed_window_the_feeds_begin_anew_and_older_answers_are_distrusted_once() {
    for db in store::testing::each().await {
        let scene = support::sending::Scene::on(&db).await;
        let brand = scene.about().brand;
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .advance_feed(brand, RegistryFeed::Citizen, None, Some("1_a"), None)
            .await
            .expect("moves");
        writer
            .complete_feed(brand, RegistryFeed::Citizen)
            .await
            .expect("ends");
        writer.commit().await.expect("commits");
        let began = db.store.clock().now();
        db.clock.advance(8 * DAY_US);
        let now = db.store.clock().now();

        let mut writer = db.store.write().await.expect("a transaction");
        assert!(writer.alarm_gap(brand, began).await.expect("alarms"));
        assert!(!writer.alarm_gap(brand, began).await.expect("alarms"));
        let not_since = now.plus_micros(-7 * DAY_US);
        assert!(
            writer
                .miss_gap(brand, began, not_since)
                .await
                .expect("notes")
        );
        assert!(
            !writer
                .miss_gap(brand, began, not_since)
                .await
                .expect("notes")
        );
        writer.commit().await.expect("commits");

        let mut reader = db.store.read().await.expect("a reader");
        let held = reader.brand_at_work(brand).await.expect("a brand");
        assert!(held.feed.is_lost(now), "{}", db.name);
        assert_eq!(held.feed.distrusts_before, Some(now), "{}", db.name);
        let position = reader
            .feed_position(brand, RegistryFeed::Citizen)
            .await
            .expect("readable")
            .expect("there");
        assert_eq!(position.cursor, None, "{}", db.name);
        let gaps = reader.gaps(brand, 10).await.expect("readable");
        assert_eq!(gaps.len(), 1, "{}", db.name);
        assert_eq!(gaps[0].closed_at, None, "{}", db.name);
        drop(reader);

        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .complete_feed(brand, RegistryFeed::Citizen)
            .await
            .expect("ends");
        writer.close_gaps(brand).await.expect("closes");
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let held = reader.brand_at_work(brand).await.expect("a brand");
        assert!(!held.feed.is_lost(now), "{}", db.name);
        assert!(
            reader.gaps(brand, 10).await.expect("readable")[0]
                .closed_at
                .is_some()
        );
    }
}

#[tokio::test]
async fn a_walk_meets_everybody_once_however_often_it_is_interrupted() {
    for db in store::testing::each().await {
        let people: Vec<_> = (1..=1_400)
            .map(|n| person(i64::from(n), phone(n)))
            .chain((1..=300).map(|n| person(2_000 + n, email(&format!("kisi{n}")))))
            .collect();
        apply(&db, &people).await;
        let mut writer = db.store.write().await.expect("a transaction");
        let begun = writer
            .begin_sweep(FIRM, BRAND, SweepPurpose::FirstLoad, false, "ayse")
            .await
            .expect("begins");
        writer.commit().await.expect("commits");
        assert_eq!(begun.total, 1_700, "{}", db.name);

        let mut met = Vec::new();
        for round in 0.. {
            let mut writer = db.store.write().await.expect("a transaction");
            let mut sweep = writer
                .sweep_to_work(begun.id)
                .await
                .expect("readable")
                .expect("there");
            let Some(phase) = usize::try_from(sweep.phase)
                .ok()
                .and_then(|p| PHASES.get(p))
            else {
                break;
            };
            let page = writer
                .sweep_page(FIRM, &sweep, phase)
                .await
                .expect("readable");
            sweep.asked += page.passed;
            match page.last {
                Some(last) => sweep.after = last,
                None => {
                    sweep.phase += 1;
                    sweep.after = domain::ids::RecipientId::from_db(0);
                }
            }
            writer.save_sweep(&sweep).await.expect("moves");
            // Every other round ends like a killed process.
            if round % 2 == 0 {
                writer.commit().await.expect("commits");
                met.extend(page.people.into_iter().map(|(id, _)| id));
            }
        }
        let count = met.len();
        met.sort_unstable();
        met.dedup();
        assert_eq!((met.len(), count), (1_700, 1_700), "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let last = reader.last_sweep(BRAND).await.expect("readable");
        assert_eq!(last.map(|sweep| sweep.asked), Some(1_700), "{}", db.name);
    }
}

#[tokio::test]
async fn a_new_walk_takes_the_place_of_an_open_one() {
    for db in store::testing::each().await {
        let mut writer = db.store.write().await.expect("a transaction");
        let first = writer
            .begin_sweep(FIRM, BRAND, SweepPurpose::FirstLoad, true, "ayse")
            .await
            .expect("begins");
        let second = writer
            .begin_sweep(FIRM, BRAND, SweepPurpose::Gap, false, "worker")
            .await
            .expect("begins");
        let state = |sweep: Option<store::registry_sweep::Sweep>| sweep.map(|sweep| sweep.state);
        let first = writer.sweep_to_work(first.id).await.expect("readable");
        assert_eq!(state(first), Some(SweepState::Stopped), "{}", db.name);
        let second = writer.sweep_to_work(second.id).await.expect("readable");
        assert_eq!(state(second), Some(SweepState::Running), "{}", db.name);
        writer.commit().await.expect("commits");
    }
}

#[test]
fn a_turkish_day_begins_at_midnight_in_turkey() {
    let noon = june(23);
    let day = day_of(noon);
    assert_eq!(day_begins(day), at("2025-06-23T00:00:00+03:00"));
    assert_eq!(day_of(day_begins(day)), day);
    assert_eq!(day_of(day_begins(day).plus_micros(-1)), day - 1);
    assert_eq!(day_of(day_begins(day).plus_micros(23 * HOUR_US)), day);
}
