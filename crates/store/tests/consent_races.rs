//! Several writers at once: nothing is doubled, nothing is lost, nobody waits
//! for ever.

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use domain::Status;
use domain::ids::BrandId;
use store::consent::{ApplyContext, IncomingRecord};
use support::*;

const WRITERS: u32 = 4;
const SLICES: u32 = 5;
const PEOPLE: u32 = 60;

/// The same people in another order for each writer, with shared external ids.
fn slice(writer: u32, number: u32) -> Vec<IncomingRecord> {
    (0..PEOPLE)
        .map(|n| {
            let n = if writer.is_multiple_of(2) {
                n
            } else {
                PEOPLE - 1 - n
            };
            let n = n + number * PEOPLE / 2;
            let status = if (n + writer).is_multiple_of(5) {
                Status::Ret
            } else {
                Status::Onay
            };
            IncomingRecord {
                external_id: n.is_multiple_of(3).then(|| format!("M{n}")),
                token: n.is_multiple_of(4).then(|| format!("t{n}")),
                ..declared(i64::from(n), phone(n), status, june(20))
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn importers_with_the_same_people_make_each_of_them_once() {
    for db in store::testing::each().await {
        let db = Arc::new(db);
        let mut importers = Vec::new();
        for writer in 0..WRITERS {
            let db = Arc::clone(&db);
            importers.push(tokio::spawn(async move {
                // Two brands of one firm share people, but no ledger.
                let brand = BrandId::from_db(12 + i64::from(writer % 2));
                let context = ApplyContext {
                    brand,
                    ..context(&db)
                };
                for number in 0..SLICES {
                    let records = slice(writer, number);
                    let mut w = db.store.write().await.expect("a transaction");
                    w.apply_records(&context, &records).await.expect("applies");
                    w.commit().await.expect("commits");
                }
            }));
        }
        for importer in importers {
            tokio::time::timeout(Duration::from_mins(1), importer)
                .await
                .expect("nobody waits for ever")
                .expect("applies");
        }
        let mut window = Window::on(&db).await;
        let people = i64::from(PEOPLE + (SLICES - 1) * PEOPLE / 2);
        assert_eq!(window.count("recipient").await, people, "{}", db.name);
        assert_eq!(window.count("contact").await, people, "{}", db.name);
        assert_eq!(window.count("shared_address").await, 0, "{}", db.name);
        assert_eq!(
            window.count("consent_state").await,
            2 * people,
            "{}",
            db.name
        );
        for brand in [12, 13] {
            let found = db
                .store
                .verify_ledger(BrandId::from_db(brand), |_| ControlFlow::Continue(()))
                .await
                .expect("verifies");
            assert_eq!(found.fault, None, "{}", db.name);
        }
    }
}
