//! Codes of promotions: who gets which, that nobody gets a second one and no
//! code a second person.

use std::collections::{BTreeMap, BTreeSet};

use domain::ReasonCode;
use domain::ids::PromotionId;
use domain::time::DAY_US;
use store::StoreError;
use store::audience::Snapshot;
use store::campaigns::{Audience, Campaign};
use store::promotions::Promotion;
use store::promotions::codes::{CodeStanding, NewCode};
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

fn free(code: &str) -> NewCode {
    NewCode {
        code: code.into(),
        external_id: None,
    }
}

/// A code for `phone(n)`, whose contact has the number `Mn`.
fn meant(code: &str, n: u32) -> NewCode {
    NewCode {
        code: code.into(),
        external_id: Some(format!("M{n}")),
    }
}

async fn add(db: &TestDatabase, scene: &Scene, codes: &[NewCode]) -> Vec<CodeStanding> {
    let until = db.store.clock().now().plus_micros(30 * DAY_US);
    let mut writer = db.store.write().await.expect("a transaction");
    let list = writer
        .ensure_promotion(scene.firm, "Yaz", Some(until))
        .await
        .expect("a list");
    let added = writer.add_codes(&list, codes).await.expect("added");
    writer.commit().await.expect("commits");
    added
}

async fn list(db: &TestDatabase, scene: &Scene) -> Promotion {
    let mut reader = db.store.read().await.expect("a reader");
    let found = reader.promotion_named(scene.firm, "Yaz").await;
    found.expect("read").expect("the list")
}

async fn freeze(
    db: &TestDatabase,
    scene: &Scene,
    promotion: PromotionId,
    people: impl IntoIterator<Item = u32>,
) -> (Campaign, Snapshot) {
    let campaign = scene.launching(db, 10).await;
    let audience = Audience::Addresses {
        addresses: addresses(people),
    };
    let mut question = scene.question(db, audience);
    question.promotion = Some(promotion);
    let mut reader = db.store.read().await.expect("a reader");
    let foreseen = reader.judge_audience(&question).await.expect("judged");
    drop(reader);
    let mut writer = db.store.write().await.expect("a transaction");
    let snapshot = writer
        .freeze_audience(campaign.id, scene.connector, &question, 10, b"hash")
        .await
        .expect("frozen");
    writer.commit().await.expect("commits");
    assert_eq!(snapshot.judged, foreseen, "{}: as foreseen", db.name);
    (campaign, snapshot)
}

/// Who has which code, by the number of the person.
async fn held(db: &TestDatabase, scene: &Scene, promotion: PromotionId) -> BTreeMap<i64, String> {
    let mut window = Window::on(db).await;
    let rows: Vec<(i64, String)> = window
        .rows(&format!(
            "SELECT given_to, code FROM promotion_code \
             WHERE promotion_id = {} AND given_to IS NOT NULL",
            promotion.as_db()
        ))
        .await;
    let first = scene.recipient(0).as_db();
    rows.into_iter()
        .map(|(id, code)| (id - first, code))
        .collect()
}

#[tokio::test]
async fn a_row_that_the_list_cannot_take_is_told_why_and_changes_nothing() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=3).map(|n| (n, Known::Confirmed)))
            .await;
        let first = [free("A"), meant("B", 1), meant("C", 9)];
        let told = add(&db, &scene, &first).await;
        use CodeStanding::{Held, New, PersonHasOther, Stranger, Taken};
        assert_eq!(told, [New, New, Stranger]);
        let again = [
            free("A"),
            meant("B", 1),
            meant("A", 2),
            free("B"),
            meant("B", 3),
            meant("D", 1),
            meant("E", 2),
        ];
        let told = add(&db, &scene, &again).await;
        assert_eq!(
            told,
            [Held, Held, Taken, Taken, Taken, PersonHasOther, New],
            "{}",
            db.name
        );
        let now = list(&db, &scene).await;
        assert_eq!((now.codes, now.meant, now.given), (3, 2, 0));
        assert_eq!((now.left(), now.pool_left(), now.chars_max), (3, 1, 1));
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("promotion_code").await, 3, "{}", db.name);
    }
}

#[tokio::test]
async fn everybody_gets_their_own_code_then_the_pool_by_lot_and_the_rest_are_left_out() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=12).map(|n| (n, Known::Confirmed)))
            .await;
        scene.add_people(&db, [(13, Known::Refused)]).await;
        let mut codes: Vec<NewCode> = (1..=5).map(|n| free(&format!("HAVUZ-{n}"))).collect();
        codes.extend([meant("OZEL-3", 3), meant("OZEL-13", 13)]);
        add(&db, &scene, &codes).await;
        let id = list(&db, &scene).await.id;

        let (campaign, snapshot) = freeze(&db, &scene, id, 1..=13).await;
        assert_eq!((snapshot.judged.target, snapshot.judged.sendable), (13, 6));
        assert_eq!(snapshot.judged.excluded[&ReasonCode::S406], 6);
        assert_eq!(snapshot.judged.excluded[&ReasonCode::S103], 1);

        let has = held(&db, &scene, id).await;
        assert_eq!(has.len(), 6, "{}: {has:?}", db.name);
        assert_eq!(has[&3], "OZEL-3");
        assert!(!has.contains_key(&13), "who gets no message gets no code");
        let different: BTreeSet<&String> = has.values().collect();
        assert_eq!(different.len(), 6, "no code twice");
        let now = list(&db, &scene).await;
        assert_eq!((now.given, now.meant_given), (6, 1));
        assert_eq!((now.pool_left(), now.left()), (0, 1));

        // Planned are exactly those who have a code.
        let mut window = Window::on(&db).await;
        let planned = window
            .numbers(&format!(
                "SELECT recipient_id FROM campaign_recipient WHERE campaign_id = {} AND code = 0 \
                 ORDER BY recipient_id",
                campaign.id.as_db()
            ))
            .await;
        let first = scene.recipient(0).as_db();
        let planned: Vec<i64> = planned.into_iter().map(|person| person - first).collect();
        assert_eq!(planned, has.keys().copied().collect::<Vec<_>>());

        // What the last gate writes is what was kept.
        let people: Vec<_> = planned
            .iter()
            .map(|n| scene.recipient(u32::try_from(*n).expect("small")))
            .collect();
        let mut reader = db.store.read().await.expect("a reader");
        let codes = reader.codes_of(id, &people).await.expect("read");
        for (person, n) in people.iter().zip(&planned) {
            assert_eq!(codes[person], has[n], "{}", db.name);
        }
        let nobody = [scene.recipient(13)];
        assert!(reader.codes_of(id, &nobody).await.expect("read").is_empty());
    }
}

#[tokio::test]
async fn a_second_campaign_finds_people_with_the_code_they_have_and_takes_none_from_them() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=6).map(|n| (n, Known::Confirmed)))
            .await;
        let codes: Vec<NewCode> = (1..=4).map(|n| free(&format!("K{n}"))).collect();
        add(&db, &scene, &codes).await;
        let id = list(&db, &scene).await.id;
        let (first, _) = freeze(&db, &scene, id, 1..=3).await;
        let before = held(&db, &scene, id).await;
        scene
            .move_to(&db, first.id, store::campaigns::CampaignState::Stopped)
            .await;

        let (_, snapshot) = freeze(&db, &scene, id, 1..=6).await;
        assert_eq!(snapshot.judged.sendable, 4, "{}", db.name);
        assert_eq!(snapshot.judged.excluded[&ReasonCode::S406], 2);
        let after = held(&db, &scene, id).await;
        for (person, code) in &before {
            assert_eq!(after.get(person), Some(code), "kept after the stop");
        }
        assert_eq!(after.len(), 4);
        assert_eq!(after.values().collect::<BTreeSet<_>>().len(), 4);

        let mut reader = db.store.read().await.expect("a reader");
        let told = reader.given_codes(id, None, 3).await.expect("read");
        let rest = reader
            .given_codes(id, told.last().map(|code| code.person), 3)
            .await
            .expect("read");
        assert_eq!((told.len(), rest.len()), (3, 1));
        assert!(told.iter().all(|code| code.campaign_name.is_some()));
    }
}

#[tokio::test]
async fn two_campaigns_frozen_at_once_share_no_code() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=40).map(|n| (n, Known::Confirmed)))
            .await;
        let codes: Vec<NewCode> = (1..=25).map(|n| free(&format!("K{n}"))).collect();
        add(&db, &scene, &codes).await;
        let id = list(&db, &scene).await.id;
        let one = scene.launching(&db, 10).await;
        let other = scene.launching(&db, 10).await;
        let frozen = |campaign: Campaign, people: std::ops::RangeInclusive<u32>| {
            let (db, scene) = (&db, &scene);
            async move {
                let audience = Audience::Addresses {
                    addresses: addresses(people),
                };
                let mut question = scene.question(db, audience);
                question.promotion = Some(id);
                let mut writer = db.store.write().await.expect("a transaction");
                let made = writer
                    .freeze_audience(campaign.id, scene.connector, &question, 10, b"hash")
                    .await
                    .expect("frozen");
                writer.commit().await.expect("commits");
                made.judged.sendable
            }
        };
        let (a, b) = tokio::join!(frozen(one, 1..=20), frozen(other, 21..=40));
        assert_eq!(a + b, 25, "{}", db.name);
        let has = held(&db, &scene, id).await;
        assert_eq!(has.len(), 25);
        assert_eq!(has.values().collect::<BTreeSet<_>>().len(), 25);
    }
}

#[tokio::test]
async fn a_freeze_that_is_not_committed_gives_nothing() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=3).map(|n| (n, Known::Confirmed)))
            .await;
        add(&db, &scene, &[free("K1"), free("K2")]).await;
        let before = list(&db, &scene).await;
        let campaign = scene.launching(&db, 10).await;
        let mut question = scene.question(&db, Audience::All);
        question.promotion = Some(before.id);
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .freeze_audience(campaign.id, scene.connector, &question, 10, b"hash")
            .await
            .expect("frozen");
        drop(writer);
        assert_eq!(list(&db, &scene).await, before, "{}", db.name);
        assert!(held(&db, &scene, before.id).await.is_empty());
    }
}

#[tokio::test]
async fn a_list_is_forgotten_only_while_nobody_has_a_code_of_it() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let stranger = Scene::numbered(&db, 1).await;
        scene.add_people(&db, [(1, Known::Confirmed)]).await;
        add(&db, &scene, &[free("K1"), free("K2")]).await;
        let id = list(&db, &scene).await.id;
        let forget = async |firm| {
            let mut writer = db.store.write().await.expect("a transaction");
            let done = writer.delete_promotion(firm, id).await;
            if done.is_ok() {
                writer.commit().await.expect("commits");
            }
            done
        };
        let refused = forget(stranger.firm).await;
        assert!(
            matches!(refused, Err(StoreError::Lost { .. })),
            "{}",
            db.name
        );
        freeze(&db, &scene, id, [1]).await;
        let refused = forget(scene.firm).await;
        assert!(matches!(refused, Err(StoreError::Lost { .. })));
        assert_eq!(list(&db, &scene).await.codes, 2);

        let mut window = Window::on(&db).await;
        window
            .run("UPDATE promotion SET given_count = 0, meant_given_count = 0")
            .await;
        window
            .run("UPDATE promotion_code SET given_to = NULL, campaign_id = NULL")
            .await;
        forget(scene.firm).await.expect("forgotten");
        assert_eq!(window.count("promotion").await, 0);
        assert_eq!(window.count("promotion_code").await, 0);
    }
}

#[tokio::test]
async fn all_addresses_of_one_person_count_as_one_person() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=3).map(|n| (n, Known::Confirmed)))
            .await;
        let mut window = Window::on(&db).await;
        // Two phones, one person.
        window
            .run(&format!(
                "UPDATE recipient SET contact_id = {} WHERE id = {}",
                scene.recipient(1).as_db(),
                scene.recipient(2).as_db()
            ))
            .await;
        window.run(&changed(scene.firm)).await;
        add(&db, &scene, &[free("K1"), free("K2")]).await;
        let id = list(&db, &scene).await.id;
        let (_, snapshot) = freeze(&db, &scene, id, 1..=3).await;
        assert_eq!(snapshot.judged.sendable, 3, "{}", db.name);
        let has = held(&db, &scene, id).await;
        assert_eq!(has.len(), 2);
        let both = [scene.recipient(1), scene.recipient(2)];
        let mut reader = db.store.read().await.expect("a reader");
        let codes = reader.codes_of(id, &both).await.expect("read");
        assert_eq!(codes[&both[0]], codes[&both[1]], "one person, one code");
    }
}
