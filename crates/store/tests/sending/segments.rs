//! Segments: whom rules find, on both databases, and that a launch freezes them.

use std::collections::BTreeSet;

use domain::attribute::{Attribute, AttributeKind};
use domain::ids::ContactId;
use domain::segment::Rule;
use domain::time::DAY_US;
use serde_json::{Value, json};
use store::StoreError;
use store::campaigns::{Audience, CampaignState};
use store::events::{Named, NewEvent};
use store::segment_sql::SegmentRules;
use store::testing::TestDatabase;

use crate::support::Window;
use crate::support::sending::{Known, Scene, addresses};

fn rule(json: Value) -> Rule {
    serde_json::from_value(json).expect("a rule")
}

fn attributes() -> Vec<Attribute> {
    let one = |code: &str, kind, is_array| Attribute {
        code: code.into(),
        label_tr: code.into(),
        label_en: code.into(),
        kind,
        is_array,
        is_personal: false,
        is_health: false,
        choices: Vec::new(),
        position: 0,
    };
    vec![
        one("şehir", AttributeKind::Text, false),
        one("puan", AttributeKind::Number, false),
        one("son", AttributeKind::Date, false),
        one("ilgi", AttributeKind::Text, true),
    ]
}

/// Six people: what is kept of the first four differs, two are tagged VIP, the
/// third refused, of the fourth nothing is known.
async fn six(db: &TestDatabase) -> Scene {
    let scene = Scene::on(db).await;
    let known = [
        Known::Confirmed,
        Known::Confirmed,
        Known::Refused,
        Known::Nothing,
        Known::Confirmed,
        Known::LocalOnly,
    ];
    scene.add_people(db, (1_u32..).zip(known)).await;
    let mut window = Window::on(db).await;
    for (n, values) in [
        (
            1,
            json!({ "şehir": "İstanbul", "puan": "90.5", "son": "2025-06-20 14:05:00", "ilgi": "koşu; yüzme" }),
        ),
        (
            2,
            json!({ "şehir": "İzmir", "puan": "100", "son": "2025-06-01" }),
        ),
        (3, json!({ "şehir": "İstanbul", "puan": "9" })),
        (4, json!({ "şehir": "Kadıköy'den", "puan": "çok" })),
    ] {
        let sql = format!(
            "UPDATE contact SET attributes = '{}' WHERE id = {}",
            values.to_string().replace('\'', "''"),
            scene.recipient(n).as_db()
        );
        assert_eq!(window.run(&sql).await, 1);
    }
    let mut writer = db.store.write().await.unwrap();
    let tag = writer.ensure_tag(scene.firm, "VIP").await.unwrap();
    let people = [scene.recipient(1), scene.recipient(2)];
    writer.add_to_tag(tag, &people).await.unwrap();
    writer.commit().await.unwrap();
    scene
}

/// Whom rules find, by their places.
async fn found(db: &TestDatabase, scene: &Scene, json: Value) -> Vec<i64> {
    let mut question = scene.question(db, Audience::All);
    question.segment = Some(SegmentRules {
        rule: rule(json),
        attributes: attributes(),
        now: db.store.clock().now(),
    });
    let mut reader = db.store.read().await.unwrap();
    let decisions = reader.audience_decisions(&question, 100).await.unwrap();
    let first = scene.recipient(0).as_db();
    decisions.iter().map(|(id, _)| id.as_db() - first).collect()
}

#[tokio::test]
async fn each_condition_finds_whom_it_says() {
    for db in store::testing::each().await {
        let scene = six(&db).await;
        let attribute = |code: &str, comparison: &str, value: &str| json!({ "type": "attribute", "code": code, "comparison": comparison, "value": value });
        for (rule, expected) in [
            (attribute("şehir", "is", "İstanbul"), vec![1, 3]),
            (attribute("şehir", "is_not", "İstanbul"), vec![2, 4, 5, 6]),
            (attribute("şehir", "contains", "y'den"), vec![4]),
            (attribute("şehir", "blank", ""), vec![5, 6]),
            (attribute("puan", "filled", ""), vec![1, 2, 3, 4]),
            // As numbers, not as texts; what is no number is neither.
            (attribute("puan", "above", "10"), vec![1, 2]),
            (attribute("puan", "below", "90.5"), vec![3]),
            (attribute("son", "above", "2025-06-19"), vec![1]),
            (attribute("son", "above", "2025-06-20"), vec![]),
            (attribute("son", "below", "2025-06-02"), vec![2]),
            (attribute("ilgi", "contains", "yüzme"), vec![1]),
            (attribute("ilgi", "contains", "yüz"), vec![]),
            (json!({ "type": "group", "name": "VIP" }), vec![1, 2]),
            (
                json!({ "type": "group", "name": "VIP", "is_in": false }),
                vec![3, 4, 5, 6],
            ),
            (
                json!({ "type": "consent", "channel": "MESAJ", "status": "RET" }),
                vec![3],
            ),
            (
                json!({ "type": "consent", "channel": "MESAJ", "status": "ONAY" }),
                vec![1, 2, 5, 6],
            ),
            (
                json!({ "type": "consent", "channel": "MESAJ", "status": null }),
                vec![4],
            ),
            (
                json!({ "type": "message", "history": "sent", "days": 90 }),
                vec![],
            ),
            (
                json!({ "type": "all", "rules": [
                { "type": "group", "name": "VIP" },
                { "type": "any", "rules": [attribute("puan", "above", "95"), attribute("ilgi", "filled", "")] },
                attribute("şehir", "is_not", "İzmir"),
            ] }),
                vec![1],
            ),
        ] {
            let told = rule.to_string();
            assert_eq!(
                found(&db, &scene, rule).await,
                expected,
                "{}: {told}",
                db.name
            );
        }
    }
}

/// What the first three did: the first bought twice this month and once before,
/// the second once by an amount given as text, the third came by once.
async fn did_something(db: &TestDatabase, scene: &Scene) {
    let mut w = db.store.write().await.unwrap();
    let names = BTreeSet::from(["satin_alma", "ziyaret"]);
    let kinds = w.ensure_event_types(scene.firm, &names).await.unwrap();
    let now = db.store.clock().now();
    let done: [(u32, &str, i64, Value); 5] = [
        (
            1,
            "satin_alma",
            1,
            json!({ "tutar": 900, "yol": "mağaza", "yeni": true }),
        ),
        (
            1,
            "satin_alma",
            10,
            json!({ "tutar": 1250.5, "yol": "web", "yeni": false }),
        ),
        (1, "satin_alma", 60, json!({ "tutar": 5000, "yol": "web" })),
        (2, "satin_alma", 2, json!({ "tutar": "1300", "yol": null })),
        (3, "ziyaret", 3, json!({})),
    ];
    let mut events: Vec<NewEvent> = Vec::new();
    for (place, (person, name, days, body)) in (0..).zip(&done) {
        events.push(NewEvent {
            key: format!("olay-{place}"),
            kind: kinds[*name].id,
            contact: Some(ContactId::from_db(scene.recipient(*person).as_db())),
            named: Named::default(),
            body: body.to_string(),
            occurred_at: now.plus_micros(-days * DAY_US),
        });
    }
    // Somebody whom nobody knows bought, too.
    events.push(NewEvent {
        key: "olay-x".into(),
        contact: None,
        ..events[0].clone()
    });
    w.record_events(scene.firm, scene.brand, "key:1", &events)
        .await
        .unwrap();
    w.commit().await.unwrap();
}

#[tokio::test]
async fn people_are_found_by_what_they_did_how_often_since_when_and_with_what() {
    for db in store::testing::each().await {
        let scene = six(&db).await;
        did_something(&db, &scene).await;
        let bought = |change: Value| {
            let mut rule = json!({
                "type": "event", "name": "satin_alma", "often": "at_least", "times": 1, "days": 30,
            });
            for (field, value) in change.as_object().unwrap() {
                rule[field] = value.clone();
            }
            rule
        };
        let with = |comparison: &str, name: &str, value: &str| {
            bought(json!({ "days": null,
                "field": { "name": name, "comparison": comparison, "value": value } }))
        };
        for (rule, expected) in [
            (bought(json!({})), vec![1, 2]),
            (bought(json!({ "times": 2 })), vec![1]),
            (bought(json!({ "times": 3 })), vec![]),
            (bought(json!({ "times": 3, "days": null })), vec![1]),
            (bought(json!({ "days": 1 })), vec![1]),
            (bought(json!({ "often": "at_most" })), vec![2, 3, 4, 5, 6]),
            (
                bought(json!({ "often": "never", "times": 0 })),
                vec![3, 4, 5, 6],
            ),
            (bought(json!({ "name": "ziyaret" })), vec![3]),
            (bought(json!({ "name": "yok" })), vec![]),
            (
                bought(json!({ "days": null, "from": "2025-04-01", "until": "2025-05-31" })),
                vec![1],
            ),
            (
                bought(json!({ "days": null, "until": "2025-04-01" })),
                vec![],
            ),
            // A number of JSON is a number; a text that looks like one is a text.
            (with("above", "tutar", "1250"), vec![1]),
            (with("below", "tutar", "900"), vec![]),
            (with("is", "tutar", "900"), vec![1]),
            (with("is", "tutar", "1300"), vec![2]),
            (with("is", "yol", "mağaza"), vec![1]),
            (with("is", "yeni", "true"), vec![1]),
            (with("is_not", "yol", "web"), vec![1, 2]),
            (with("is", "yok", "x"), vec![]),
            (
                json!({ "type": "all", "rules": [
                    bought(json!({})),
                    { "type": "any", "rules": [
                        { "type": "group", "name": "YOK" },
                        bought(json!({ "often": "never", "times": 0, "name": "ziyaret" })),
                    ] },
                    { "type": "attribute", "code": "şehir", "comparison": "is", "value": "İzmir" },
                ] }),
                vec![2],
            ),
        ] {
            let told = rule.to_string();
            assert_eq!(
                found(&db, &scene, rule).await,
                expected,
                "{}: {told}",
                db.name
            );
        }
        let other = scene.sending_for(scene.another_brand(&db, "Kardeş").await);
        let found = found(&db, &other, bought(json!({}))).await;
        assert_eq!(found, Vec::<i64>::new(), "what was done with another brand");
    }
}

#[tokio::test]
async fn messages_of_the_last_days_count_until_they_are_older() {
    for db in store::testing::each().await {
        let scene = six(&db).await;
        let campaign = scene.running(&db, 10).await;
        let mut window = Window::on(&db).await;
        let now = db.store.clock().now().as_micros();
        let settled = format!(
            "UPDATE send_batch SET state = 3, settled_us = {now} WHERE campaign_id = {}",
            campaign.id.as_db()
        );
        window.run(&settled).await;
        let delivered = format!(
            "INSERT INTO receipt (campaign_id, batch_no, recipient_id, state, provider_code, \
                happened_us, push_id) VALUES ({}, 1, {}, 6, '5', {now}, 1)",
            campaign.id.as_db(),
            scene.recipient(2).as_db()
        );
        window.run(&delivered).await;
        let message = |history: &str, happened: bool| json!({ "type": "message", "history": history, "days": 7, "happened": happened });
        assert_eq!(
            found(&db, &scene, message("sent", true)).await,
            [1, 2, 5],
            "{}",
            db.name
        );
        assert_eq!(found(&db, &scene, message("delivered", true)).await, [2]);
        assert_eq!(
            found(&db, &scene, message("delivered", false)).await,
            [1, 3, 4, 5, 6]
        );
        db.clock.advance(8 * domain::time::DAY_US);
        assert_eq!(
            found(&db, &scene, message("sent", true)).await,
            Vec::<i64>::new()
        );
    }
}

#[tokio::test]
async fn a_launch_freezes_whom_the_segment_finds_then_and_no_later_change_touches_it() {
    for db in store::testing::each().await {
        let scene = six(&db).await;
        let vip = rule(json!({ "type": "group", "name": "VIP" }));
        let mut w = db.store.write().await.unwrap();
        let made = w
            .create_segment(scene.firm, "VIP'ler", vip.clone())
            .await
            .unwrap();
        let twin = w.create_segment(scene.firm, "VIP'ler", vip.clone()).await;
        assert!(matches!(twin, Err(StoreError::Exists { .. })), "{twin:?}");
        let mut new = scene.new_campaign("Segment", 10);
        new.audience = Audience::Segment {
            segment_id: made.id,
        };
        let campaign = w.create_campaign(scene.firm, &new, "a").await.unwrap();
        w.commit().await.unwrap();
        assert_eq!(campaign.audience, new.audience, "kept as it was chosen");
        let (from, to) = (CampaignState::Draft, CampaignState::Launching);
        let mut w = db.store.write().await.unwrap();
        w.move_campaign(scene.firm, campaign.id, &[from], to, None)
            .await
            .unwrap();
        w.commit().await.unwrap();
        let mut question = scene.question(&db, new.audience.clone());
        let mut reader = db.store.read().await.unwrap();
        let without = reader.judge_audience(&question).await.unwrap();
        assert_eq!(without.target, 0, "without its rules it is for nobody");
        drop(reader);
        question.segment = Some(SegmentRules {
            rule: vip,
            attributes: attributes(),
            now: db.store.clock().now(),
        });
        let mut w = db.store.write().await.unwrap();
        let frozen = w
            .freeze_audience(campaign.id, scene.connector, &question, 10, b"x")
            .await
            .unwrap();
        assert_eq!(frozen.judged.target, 2, "{}", db.name);
        w.commit().await.unwrap();
        let due = db
            .store
            .read()
            .await
            .unwrap()
            .audience_due(
                &question,
                db.store.clock().now(),
                domain::ids::RecipientId::from_db(0),
                10,
            )
            .await
            .unwrap();
        let due: Vec<_> = due.into_iter().map(|(_, address)| address).collect();
        assert_eq!(due, addresses([1, 2]), "{}", db.name);
        let mut w = db.store.write().await.unwrap();
        let mut changed = made.clone();
        changed.rule = rule(json!({ "type": "group", "name": "VIP", "is_in": false }));
        w.save_segment(scene.firm, &changed).await.unwrap();
        w.commit().await.unwrap();
        let kept = Window::on(&db)
            .await
            .number(&format!(
                "SELECT count(*) FROM campaign_recipient WHERE campaign_id = {}",
                campaign.id.as_db()
            ))
            .await;
        assert_eq!(kept, 2, "{}", db.name);
    }
}
