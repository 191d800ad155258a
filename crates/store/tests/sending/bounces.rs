//! Failed deliveries: a dead address is stopped for good, one that keeps failing
//! for a while and for commercial messages only.

use domain::Channel;
use domain::ids::BatchKey;
use domain::time::DAY_US;
use store::bounces::off_whatsapp;
use store::bounces::{Bounce, SOFT_REST_US, Says};
use store::person::FactsAbout;
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

/// Three people in a batch that was accepted; the first has failed on three
/// earlier days, four times in all.
async fn failing(db: &TestDatabase) -> (Scene, BatchKey) {
    let scene = Scene::on(db).await;
    scene
        .add_people(db, (1..=3).map(|n| (n, Known::Confirmed)))
        .await;
    scene.running(db, 3).await;
    let batch = scene.claim(db, "w1", 1).await.remove(0);
    let now = db.store.clock().now();
    let mut window = Window::on(db).await;
    for (campaign, days) in [(901, 1), (902, 2), (903, 3), (904, 3)] {
        let at = now.plus_micros(-days * DAY_US).as_micros();
        window
            .run(&format!(
                "INSERT INTO bounce (recipient_id, campaign_id, firm_id, is_hard, code, words, bounced_us) \
                 VALUES ({}, {campaign}, {}, 0, '4.2.2', 'full', {at})",
                scene.recipient(1).as_db(),
                scene.firm.as_db(),
            ))
            .await;
    }
    (scene, batch.key)
}

/// A number that WhatsApp did not reach on these earlier days.
async fn unreached(db: &TestDatabase, scene: Scene, n: u32, days: &[i64]) {
    let now = db.store.clock().now();
    let mut window = Window::on(db).await;
    for (campaign, day) in (911..).zip(days) {
        let at = now.plus_micros(-day * DAY_US).as_micros();
        window
            .run(&format!(
                "INSERT INTO bounce (recipient_id, campaign_id, firm_id, is_hard, code, words, bounced_us) \
                 VALUES ({}, {campaign}, {}, 0, '131026', 'undeliverable', {at})",
                scene.recipient(n).as_db(),
                scene.firm.as_db(),
            ))
            .await;
    }
}

async fn fail_on_whatsapp(db: &TestDatabase, scene: Scene, batch: BatchKey, n: u32) -> u64 {
    let bounce = Bounce {
        message: scene.message(batch, n),
        says: Says::NotOnWhatsapp,
        code: "131026".into(),
        words: "undeliverable".into(),
        at: db.store.clock().now(),
    };
    let mut writer = db.store.write().await.expect("a transaction");
    let stopped = writer.note_bounces(scene.firm, &[bounce]).await;
    writer.commit().await.expect("commits");
    stopped.expect("noted")
}

/// Whether WhatsApp passes a number over, and whether text messages do.
async fn passed_over(db: &TestDatabase, scene: Scene, n: u32) -> (bool, bool) {
    let mut reader = db.store.read().await.expect("a reader");
    let mut of = async |channel| {
        let about = FactsAbout {
            channel,
            ..scene.about()
        };
        let person = reader.person_facts(about, &phone(n)).await;
        let facts = person.expect("facts").expect("a person of the firm").facts;
        facts.undeliverable
    };
    (of(Channel::Whatsapp).await, of(Channel::Mesaj).await)
}

#[tokio::test]
async fn a_number_that_whatsapp_does_not_reach_for_weeks_is_passed_over_there_and_nowhere_else() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=3).map(|n| (n, Known::Confirmed)))
            .await;
        scene.running(&db, 3).await;
        let batch = scene.claim(&db, "w1", 1).await.remove(0).key;
        // One week says nothing; nor do three that are hardly one apart.
        unreached(&db, scene, 1, &[20, 9]).await;
        unreached(&db, scene, 2, &[2, 1]).await;
        unreached(&db, scene, 3, &[200, 190]).await;
        for (n, is_over) in [(1, true), (2, false), (3, false)] {
            let stopped = fail_on_whatsapp(&db, scene, batch, n).await;
            assert_eq!(stopped, u64::from(is_over), "{} {n}", db.name);
            let passed = passed_over(&db, scene, n).await;
            assert_eq!(passed, (is_over, false), "{} {n}", db.name);
        }

        // Half a year later it is tried again.
        db.clock.advance(off_whatsapp::REST_US);
        assert_eq!(forgive(&db).await, 0, "{}: not rested yet", db.name);
        db.clock.advance(1);
        assert_eq!(forgive(&db).await, 1, "{}", db.name);
        assert_eq!(passed_over(&db, scene, 1).await, (false, false));
    }
}

#[tokio::test]
async fn a_message_that_whatsapp_delivered_makes_up_for_all_that_failed_before() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, [(1, Known::Confirmed)]).await;
        scene.running(&db, 1).await;
        let batch = scene.claim(&db, "w1", 1).await.remove(0).key;
        unreached(&db, scene, 1, &[20, 9]).await;
        let reached = async || {
            let mut writer = db.store.write().await.expect("a transaction");
            let people = [scene.recipient(1)];
            let noted = writer.reached_on_whatsapp(scene.firm, &people).await;
            noted.expect("noted");
            writer.commit().await.expect("commits");
        };
        assert_eq!(fail_on_whatsapp(&db, scene, batch, 1).await, 1);
        reached().await;
        assert_eq!(
            passed_over(&db, scene, 1).await,
            (false, false),
            "{}",
            db.name
        );
        assert_eq!(
            fail_on_whatsapp(&db, scene, batch, 1).await,
            0,
            "{}",
            db.name
        );
    }
}

async fn fail(db: &TestDatabase, scene: Scene, batch: BatchKey, n: u32, is_hard: bool) -> u64 {
    let bounce = Bounce {
        message: scene.message(batch, n),
        says: if is_hard { Says::Dead } else { Says::NotNow },
        code: "5.1.1".into(),
        words: "no such user".into(),
        at: db.store.clock().now(),
    };
    let mut writer = db.store.write().await.expect("a transaction");
    let stopped = writer.note_bounces(scene.firm, &[bounce]).await;
    writer.commit().await.expect("commits");
    stopped.expect("noted")
}

/// Whether an address is dead, and whether it keeps failing.
async fn standing(db: &TestDatabase, scene: Scene, n: u32) -> (bool, bool) {
    let mut reader = db.store.read().await.expect("a reader");
    let person = reader.person_facts(scene.about(), &phone(n)).await;
    let facts = person.expect("facts").expect("a person of the firm").facts;
    (facts.undeliverable, facts.keeps_failing)
}

async fn forgive(db: &TestDatabase) -> u64 {
    let mut writer = db.store.write().await.expect("a transaction");
    let forgiven = writer.forgive_failing(100).await.expect("looks");
    writer.commit().await.expect("commits");
    forgiven
}

#[tokio::test]
async fn an_address_that_keeps_failing_rests_and_a_dead_one_stays_dead() {
    for db in store::testing::each().await {
        let (scene, batch) = failing(&db).await;
        assert_eq!(fail(&db, scene, batch, 2, false).await, 0, "{}", db.name);
        assert_eq!(standing(&db, scene, 2).await, (false, false));
        assert_eq!(fail(&db, scene, batch, 1, false).await, 1, "{}", db.name);
        assert_eq!(standing(&db, scene, 1).await, (false, true), "{}", db.name);
        assert_eq!(fail(&db, scene, batch, 3, true).await, 1, "{}", db.name);
        assert_eq!(standing(&db, scene, 3).await, (true, false), "{}", db.name);

        db.clock.advance(SOFT_REST_US);
        assert_eq!(forgive(&db).await, 0, "{}: not rested yet", db.name);
        db.clock.advance(1);
        assert_eq!(forgive(&db).await, 1, "{}", db.name);
        assert_eq!(standing(&db, scene, 1).await, (false, false), "{}", db.name);
        assert_eq!(standing(&db, scene, 3).await, (true, false), "{}", db.name);
        assert_eq!(forgive(&db).await, 0, "{}", db.name);
    }
}

#[tokio::test]
async fn an_address_that_failed_long_enough_can_still_turn_out_to_be_dead() {
    for db in store::testing::each().await {
        let (scene, batch) = failing(&db).await;
        assert_eq!(fail(&db, scene, batch, 1, false).await, 1, "{}", db.name);
        assert_eq!(fail(&db, scene, batch, 1, true).await, 1, "{}", db.name);
        assert_eq!(standing(&db, scene, 1).await, (true, false), "{}", db.name);
        db.clock.advance(SOFT_REST_US + 1);
        assert_eq!(forgive(&db).await, 0, "{}", db.name);
    }
}
