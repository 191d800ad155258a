//! Days that are held against İYS's, and who may settle them.

use domain::Clock as _;
use domain::time::HOUR_US;
use store::StoreError;
use store::registry_days::{DayOutcome, DayState, DriftCause, DriftRow, RegistryDay};
use store::testing::TestDatabase;

use crate::{commit, tenant, writer};

const DAY: i64 = 20_262;

fn outcome(day: &RegistryDay, state: DayState, drift: Option<Vec<DriftRow>>) -> DayOutcome {
    DayOutcome {
        state,
        next: day.next_at,
        file: None,
        hash_theirs: None,
        comparison: None,
        differences: None,
        problem: None,
        drift,
    }
}

fn difference() -> DriftRow {
    DriftRow {
        cause: DriftCause::NotHere,
        address: "+905321234561".into(),
        channel: "MESAJ".into(),
        kind: "BIREYSEL".into(),
        transaction: None,
        theirs: None,
        ours: None,
    }
}

async fn claimed(db: &TestDatabase) -> Option<RegistryDay> {
    let mut writer = writer(db).await;
    let until = db.clock.now().plus_micros(HOUR_US);
    let day = writer.claim_day(until).await.unwrap();
    commit(writer).await;
    day
}

#[tokio::test]
async fn a_day_asked_for_anew_is_the_askers_and_who_held_it_settles_nothing() {
    for db in store::testing::each().await {
        let (_, brand) = tenant(&db, "Biri").await;
        let mut w = writer(&db).await;
        w.plan_days(brand, &[DAY]).await.unwrap();
        commit(w).await;
        let held = claimed(&db).await.unwrap();

        let mut w = writer(&db).await;
        let until = db.clock.now().plus_micros(HOUR_US);
        let taken = w.take_day(brand, DAY, until).await.unwrap();
        commit(w).await;
        assert!(claimed(&db).await.is_none(), "{}: it is leased", db.name);

        let mut w = writer(&db).await;
        let late = outcome(&held, DayState::Differs, Some(vec![difference()]));
        let refused = w.settle_day(&held, &late).await;
        assert!(
            matches!(refused, Err(StoreError::Lost { .. })),
            "{}: {refused:?}",
            db.name
        );
        drop(w);
        let mut w = writer(&db).await;
        let found = outcome(&taken, DayState::Matches, Some(Vec::new()));
        w.settle_day(&taken, &found).await.unwrap();
        commit(w).await;

        let mut reader = db.store.read().await.unwrap();
        let seen = reader.registry_day(brand, DAY).await.unwrap().unwrap();
        assert_eq!(seen.state, DayState::Matches, "{}", db.name);
        let rows = reader.drift_rows(brand, DAY, 0, 10).await.unwrap();
        assert!(rows.is_empty(), "{}: {rows:?}", db.name);
    }
}

#[tokio::test]
async fn a_confirmed_day_is_not_taken_again() {
    for db in store::testing::each().await {
        let (_, brand) = tenant(&db, "Biri").await;
        let until = db.clock.now().plus_micros(HOUR_US);
        let mut w = writer(&db).await;
        let taken = w.take_day(brand, DAY, until).await.unwrap();
        let found = outcome(&taken, DayState::Matches, None);
        w.settle_day(&taken, &found).await.unwrap();
        w.confirm_day(brand, DAY, "user:1", None).await.unwrap();
        let again = w.take_day(brand, DAY, until).await;
        assert!(
            matches!(again, Err(StoreError::Lost { .. })),
            "{}: {again:?}",
            db.name
        );
    }
}
