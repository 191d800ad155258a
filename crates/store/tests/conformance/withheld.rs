//! Declarations that İYS is not told of.

use domain::ids::EventId;
use store::testing::TestDatabase;

use crate::support::Window;
use crate::{commit, tenant, writer};

const EVENTS: [EventId; 3] = [
    EventId::from_db(1),
    EventId::from_db(2),
    EventId::from_db(3),
];

async fn rows(db: &TestDatabase) -> i64 {
    Window::on(db).await.count("withheld_event").await
}

#[tokio::test]
async fn an_event_is_kept_from_the_registry_until_it_is_released_and_only_for_its_brand() {
    for db in store::testing::each().await {
        let (_, ours) = tenant(&db, "Biri").await;
        let (_, theirs) = tenant(&db, "Baskasi").await;
        let mut w = writer(&db).await;
        w.withhold(ours, &EVENTS[..2]).await.unwrap();
        w.withhold(ours, &EVENTS[1..2]).await.unwrap();
        w.withhold(theirs, &EVENTS[2..]).await.unwrap();
        w.withhold(ours, &[]).await.unwrap();
        commit(w).await;
        assert_eq!(rows(&db).await, 3, "{}: each once", db.name);

        let mut reader = db.store.read().await.unwrap();
        let held = reader.withheld_among(ours, &EVENTS).await.unwrap();
        assert_eq!(held, EVENTS[..2].iter().copied().collect(), "{}", db.name);
        drop(reader);

        let mut w = writer(&db).await;
        assert_eq!(w.release_withheld(ours, &EVENTS[1..]).await.unwrap(), 1);
        assert_eq!(w.release_withheld(ours, &EVENTS[1..]).await.unwrap(), 0);
        let held = w.withheld_among(ours, &EVENTS).await.unwrap();
        assert_eq!(held, EVENTS[..1].iter().copied().collect(), "{}", db.name);
        commit(w).await;
        assert_eq!(rows(&db).await, 2, "{}: theirs is left", db.name);
    }
}
