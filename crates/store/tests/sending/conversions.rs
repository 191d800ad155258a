//! Conversions: what people did after a message had arrived, within the deadline.

use std::collections::BTreeSet;

use domain::ids::ContactId;
use domain::time::MINUTE_US;
use serde_json::json;
use store::conversions::{ConversionQuestion, Conversions};
use store::events::{Named, NewEvent};

use crate::support::Window;
use crate::support::sending::{Known, Scene};

#[tokio::test]
async fn a_purchase_counts_from_the_arrival_to_the_deadline_and_a_minute_later_no_more() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let people = (1_u32..=5).map(|n| (n, Known::Confirmed));
        scene.add_people(&db, people).await;
        let campaign = scene.running(&db, 10).await;
        let arrived = db.store.clock().now();
        let mut window = Window::on(&db).await;
        // It arrived at the first four; at the fifth it did not.
        for (n, state) in [(1, 6), (2, 6), (3, 6), (4, 6), (5, 4)] {
            let sql = format!(
                "INSERT INTO receipt (campaign_id, batch_no, recipient_id, state, provider_code, \
                    happened_us, push_id) VALUES ({}, 1, {}, {state}, '0', {}, 1)",
                campaign.id.as_db(),
                scene.recipient(n).as_db(),
                arrived.as_micros()
            );
            window.run(&sql).await;
        }
        let mut w = db.store.write().await.unwrap();
        let names = BTreeSet::from(["satin_alma", "ziyaret"]);
        let kinds = w.ensure_event_types(scene.firm, &names).await.unwrap();
        let done = [
            (1, "satin_alma", 0, json!({ "tutar": 100 })),
            (1, "satin_alma", 120, json!({ "tutar": 50.5 })),
            (2, "satin_alma", 121, json!({ "tutar": 1000 })),
            (3, "satin_alma", -1, json!({ "tutar": 1000 })),
            (3, "ziyaret", 5, json!({ "tutar": 1000 })),
            (4, "satin_alma", 60, json!({ "tutar": "çok" })),
            (5, "satin_alma", 60, json!({ "tutar": 1000 })),
        ];
        let done: [(u32, &str, i64, serde_json::Value); 7] = done;
        let events: Vec<NewEvent> = (0..)
            .zip(&done)
            .map(|(place, (person, name, minutes, body))| NewEvent {
                key: format!("olay-{place}"),
                kind: kinds[*name].id,
                contact: Some(ContactId::from_db(scene.recipient(*person).as_db())),
                named: Named::default(),
                body: body.to_string(),
                occurred_at: arrived.plus_micros(*minutes * MINUTE_US),
            })
            .collect();
        w.record_events(scene.firm, scene.brand, "key:1", &events)
            .await
            .unwrap();
        w.commit().await.unwrap();
        let question = ConversionQuestion {
            campaign: campaign.id,
            brand: scene.brand,
            kind: kinds["satin_alma"].id,
            within_us: 120 * MINUTE_US,
            field: Some("tutar"),
        };
        let mut reader = db.store.read().await.unwrap();
        let counted = reader.campaign_conversions(&question).await.unwrap();
        let expected = Conversions {
            delivered: 4,
            people: 2,
            events: 3,
            sum: Some(150.5),
        };
        assert_eq!(counted, expected, "{}", db.name);
        let other = ConversionQuestion {
            kind: kinds["ziyaret"].id,
            within_us: MINUTE_US,
            field: None,
            ..question
        };
        let counted = reader.campaign_conversions(&other).await.unwrap();
        assert_eq!((counted.people, counted.sum), (0, None), "{}", db.name);
    }
}
