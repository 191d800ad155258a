//! What processes behind one source address share of İYS's limits.

use domain::Timestamp;
use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use store::registry_limits::{HourlyRequest, LimitGrant, LimitRequest};
use store::testing::TestDatabase;

use crate::{commit, writer};

fn asking(now: Timestamp) -> LimitRequest<'static> {
    LimitRequest {
        egress: "a",
        now,
        turns: (0, SECOND_US / 8),
        hourly: None,
        answered: (0, 0),
        closed: Vec::new(),
    }
}

async fn exchange(db: &TestDatabase, ask: &LimitRequest<'_>) -> LimitGrant {
    let mut w = writer(db).await;
    let granted = w.exchange_registry_limits(ask).await.unwrap();
    commit(w).await;
    granted
}

#[tokio::test]
async fn blocks_of_turns_follow_one_another_and_never_lie_in_the_past() {
    for db in store::testing::each().await {
        let now = writer(&db).await.now();
        let block = LimitRequest {
            turns: (8, SECOND_US / 8),
            ..asking(now)
        };
        assert_eq!(exchange(&db, &block).await.first_turn, now);
        let second = exchange(&db, &block).await.first_turn;
        assert_eq!(second, now.plus_micros(SECOND_US));
        let elsewhere = LimitRequest {
            egress: "b",
            ..block.clone()
        };
        assert_eq!(exchange(&db, &elsewhere).await.first_turn, now);
        let later = now.plus_micros(MINUTE_US);
        let block = LimitRequest {
            now: later,
            ..block
        };
        assert_eq!(exchange(&db, &block).await.first_turn, later);
    }
}

#[tokio::test]
async fn two_workers_that_ask_at_once_get_different_turns() {
    for db in store::testing::each().await {
        let now = writer(&db).await.now();
        let block = LimitRequest {
            turns: (1, SECOND_US),
            ..asking(now)
        };
        let one = async || {
            let mut turns = Vec::new();
            for _ in 0..20 {
                turns.push(exchange(&db, &block).await.first_turn);
            }
            turns
        };
        let (mut first, second) = tokio::join!(one(), one());
        first.extend(second);
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 40, "{}", db.name);
    }
}

#[tokio::test]
async fn an_hours_calls_are_granted_up_to_the_limit_and_again_when_they_are_old() {
    for db in store::testing::each().await {
        let now = writer(&db).await.now();
        let counted_us = HOUR_US + 10 * MINUTE_US;
        let at = |now: Timestamp, wanted| LimitRequest {
            hourly: Some(HourlyRequest {
                kind: "single_status",
                wanted,
                limit: 30,
                bucket: now,
                counted_us,
            }),
            ..asking(now)
        };
        assert_eq!(exchange(&db, &at(now, 25)).await.hourly, 25);
        let then = now.plus_micros(20 * MINUTE_US);
        assert_eq!(exchange(&db, &at(then, 25)).await.hourly, 5);
        let none = exchange(&db, &at(then, 25)).await;
        let opens = now.plus_micros(counted_us);
        assert_eq!((none.hourly, none.hourly_opens), (0, Some(opens)));
        assert_eq!(exchange(&db, &at(opens, 30)).await.hourly, 25);
    }
}

#[tokio::test]
async fn a_closed_window_stays_closed_until_its_latest_end() {
    for db in store::testing::each().await {
        let now = writer(&db).await.now();
        let until = now.plus_micros(HOUR_US);
        for end in [until, until.plus_micros(-MINUTE_US)] {
            let close = LimitRequest {
                closed: vec![("token", end)],
                ..asking(now)
            };
            let closed = exchange(&db, &close).await.closed;
            assert_eq!(closed, [("token".to_owned(), until)]);
        }
        assert!(exchange(&db, &asking(until)).await.closed.is_empty());
    }
}

#[tokio::test]
async fn the_success_share_adds_up_all_processes_of_a_day() {
    for db in store::testing::each().await {
        let now = writer(&db).await.now();
        let answered = |now, answered| LimitRequest {
            answered,
            ..asking(now)
        };
        exchange(&db, &answered(now, (100, 90))).await;
        let share = exchange(&db, &answered(now, (50, 10))).await.share;
        assert_eq!(share, (150, 100));
        let later = now.plus_micros(12 * HOUR_US);
        let share = exchange(&db, &answered(later, (1, 1))).await.share;
        assert_eq!(share, (151, 101));
        let next_day = now.plus_micros(25 * HOUR_US);
        assert_eq!(exchange(&db, &asking(next_day)).await.share, (1, 1));
    }
}
