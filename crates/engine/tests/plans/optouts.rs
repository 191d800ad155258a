//! After which campaign people refuse is told with the worst on top, and a
//! refusal that came too late counts for none.

use domain::hours::SendingRules;
use domain::plan::Plan;
use domain::time::{DAY_US, HOUR_US};
use engine::exports::{ExportForm, Wish};
use engine::optouts::{OptOutQuestion, OptOuts, OptOutsBy};
use store::testing::TestDatabase;

use crate::house::{House, WHO, at};

/// Sends everything that is due.
pub(crate) async fn sent(db: &TestDatabase, house: &House) {
    let mut writer = db.store.write().await.expect("a transaction");
    let lease = writer.now().plus_micros(HOUR_US);
    let picked = writer
        .pick_batches(house.accounts[0], "test", lease, 100)
        .await
        .expect("picked");
    assert!(!picked.is_empty(), "{}", db.name);
    for batch in &picked {
        writer
            .hand_over(batch, "izn-1", b"metin", &[])
            .await
            .expect("stored");
        writer
            .settle_accepted(batch, "ref", batch.size, &[])
            .await
            .expect("settled");
    }
    writer.commit().await.expect("commits");
}

async fn found(house: &House, by: OptOutsBy) -> Vec<OptOuts> {
    house
        .engine
        .optouts(house.firm, &question(house, by))
        .await
        .expect("an analysis")
}

fn question(house: &House, by: OptOutsBy) -> OptOutQuestion {
    OptOutQuestion {
        brand: house.brand,
        from: at("2026-07-01T00:00:00+03:00"),
        to: at("2026-09-01T00:00:00+03:00"),
        within_days: 7,
        by,
    }
}

#[tokio::test]
async fn refusals_of_the_seven_days_after_a_message_count_for_it_and_the_worst_is_on_top() {
    for db in store::testing::each().await {
        let house = House::with(&db, 20).await;
        house
            .engine
            .set_sending_rules(house.firm, house.brand, &SendingRules::default(), WHO)
            .await
            .expect("set");
        let first = house.campaign(Plan::default()).await;
        sent(&db, &house).await;
        // Two leave on the next day, one eight days later: too late for the
        // first campaign, and there is no other yet.
        house.refuses(&db, 1, at("2026-07-15T10:00:00+03:00")).await;
        house.refuses(&db, 2, at("2026-07-15T11:00:00+03:00")).await;
        house.refuses(&db, 3, at("2026-07-22T13:00:00+03:00")).await;
        db.clock.set(at("2026-07-23T15:00:00+03:00"));
        let second = house.campaign(Plan::default()).await;
        sent(&db, &house).await;
        house.refuses(&db, 4, at("2026-07-23T16:00:00+03:00")).await;
        db.clock.advance(DAY_US);

        let brief = |rows: Vec<OptOuts>| -> Vec<(String, i64, i64)> {
            rows.into_iter()
                .map(|row| (row.key, row.sent, row.refused))
                .collect()
        };
        assert_eq!(
            brief(found(&house, OptOutsBy::Campaign).await),
            [(first.to_string(), 20, 2), (second.to_string(), 17, 1),],
            "{}",
            db.name
        );
        assert_eq!(
            brief(found(&house, OptOutsBy::Hour).await),
            [("12".to_owned(), 20, 2), ("15".to_owned(), 17, 1)],
            "{}",
            db.name
        );
        let by_text = found(&house, OptOutsBy::Text).await;
        assert_eq!(
            (by_text.len(), by_text[0].campaigns, by_text[0].refused),
            (1, 2, 3),
            "{}: both had the same text",
            db.name
        );
        let by_list = found(&house, OptOutsBy::List).await;
        assert_eq!(by_list[0].label, "Herkes");
        let by_source = found(&house, OptOutsBy::Source).await;
        assert_eq!(
            (by_source.len(), by_source[0].sent, by_source[0].refused),
            (1, 37, 3),
            "{}: {by_source:?}",
            db.name
        );

        let wish = Wish {
            form: ExportForm::Csv,
            masked: false,
            actor: WHO.into(),
        };
        let mut bytes = Vec::new();
        house
            .engine
            .export_optouts(
                house.firm,
                &question(&house, OptOutsBy::Hour),
                &wish,
                &mut bytes,
            )
            .await
            .expect("a file");
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert!(
            text.contains("\r\n12;12:00–13:00;1;20;2;10000\r\n"),
            "{}: {text}",
            db.name
        );
    }
}
