//! What the gate is told of a person is the same for one address and for the
//! batch that holds it, and it is all there is.

use domain::gate::{
    Basis, BrandPolicy, Decision, MessageFacts, Question, RouteFacts, SendingWindow, decide,
};
use domain::ids::{EventId, RegistryBatchId};
use domain::reason::ReasonClass;
use domain::time::{DAY_US, HOUR_US};
use domain::{
    Channel, LocalState, ReasonCode, RecipientKind, RegistryMode, RegistryView, Status, Verdict,
};
use store::blacklist::{NewStop, StopCause};
use store::campaigns::Audience;
use store::person::{FactsAbout, Person};
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

async fn facts(db: &TestDatabase, about: FactsAbout, n: u32) -> Person {
    let mut reader = db.store.read().await.expect("a reader");
    reader
        .person_facts(about, &phone(n))
        .await
        .expect("facts")
        .expect("a person of the firm")
}

fn same(one: &Person, other: &Person) -> bool {
    one.facts == other.facts && one.values == other.values
}

#[tokio::test]
async fn a_batch_reads_exactly_its_own_people_and_reads_each_as_alone() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let known = |n: u32| {
            if n.is_multiple_of(3) {
                Known::Refused
            } else {
                Known::Confirmed
            }
        };
        scene.add_people(&db, (1..=20).map(|n| (n, known(n)))).await;
        let campaign = scene.launching(&db, 4).await;
        // Number 5 is of the firm, lies between the others, and is not meant.
        let meant = addresses((1..=20).filter(|n| *n != 5));
        scene
            .freeze(&db, &campaign, Audience::Addresses { addresses: meant })
            .await;
        let mut window = Window::on(&db).await;
        let attributes = "UPDATE contact SET attributes = '{\"şehir\":\"Iğdır\"}'";
        window.run(attributes).await;
        let picked = scene.claim(&db, "w1", 99).await;
        assert_eq!(picked.len(), 4, "{}", db.name);
        let mut seen = Vec::new();
        for batch in &picked {
            let mut writer = db.store.write().await.expect("a transaction");
            let people = writer
                .batch_people(scene.about(), batch)
                .await
                .expect("people");
            writer.commit().await.expect("commits");
            assert_eq!(i64::try_from(people.len()), Ok(batch.size), "{}", db.name);
            for person in people {
                let n = u32::try_from(person.facts.id.as_db() - scene.recipient(0).as_db())
                    .expect("small");
                assert!(
                    same(&person, &facts(&db, scene.about(), n).await),
                    "{}: {n}",
                    db.name
                );
                seen.push(n);
            }
        }
        let planned: Vec<u32> = (1..=20)
            .filter(|n| *n != 5 && known(*n) == Known::Confirmed)
            .collect();
        assert_eq!(seen, planned, "{}: in order, each once", db.name);
    }
}

#[tokio::test]
async fn a_batch_reads_people_as_they_are_now_and_not_as_they_were_frozen() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=3).map(|n| (n, Known::Confirmed)))
            .await;
        scene.running(&db, 4).await;
        let mut window = Window::on(&db).await;
        let id = scene.recipient(2).as_db();
        window
            .run(&format!(
                "UPDATE consent_state SET local_status = 2 WHERE recipient_id = {id}"
            ))
            .await;
        let id = scene.recipient(3).as_db();
        window
            .run(&format!(
                "UPDATE consent_state SET verdict = 2 WHERE recipient_id = {id}"
            ))
            .await;
        let batch = scene.claim(&db, "w1", 1).await.remove(0);
        let mut writer = db.store.write().await.expect("a transaction");
        let people = writer
            .batch_people(scene.about(), &batch)
            .await
            .expect("people");
        let now: Vec<_> = people
            .iter()
            .map(|p| {
                (
                    p.facts.local.map(|held| held.status),
                    p.facts.registry.verdict,
                )
            })
            .collect();
        let onay = (Some(Status::Onay), Verdict::Onay);
        assert_eq!(
            now,
            [
                onay,
                (Some(Status::Ret), Verdict::Onay),
                (Some(Status::Onay), Verdict::Ret)
            ]
        );
    }
}

#[tokio::test]
async fn everything_on_record_about_a_person_reaches_the_gate() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, [(1, Known::Nothing), (2, Known::Nothing)])
            .await;
        let mut window = Window::on(&db).await;
        let (id, brand) = (scene.recipient(1).as_db(), scene.brand.as_db());
        let row = |channel: i64, kind: i64, rest: &str| {
            format!("INSERT INTO consent_state VALUES ({brand}, {id}, {channel}, {kind}, {rest})")
        };
        let transaction = "a".repeat(64);
        let verdict = |code: &&ReasonCode| code.class() == ReasonClass::RegistryVerdict;
        let refused = *ReasonCode::all()
            .iter()
            .find(verdict)
            .expect("a code of the registry");
        let rest = format!("400, 500, 600, '{transaction}', {}", refused.as_db());
        window
            .run(&row(1, 1, &format!("1, 100, 200, 300, 1, 6, 1, {rest}")))
            .await;
        window
            .run(&row(
                1,
                2,
                "0, NULL, NULL, NULL, 0, 1, 0, NULL, 500, 600, NULL, NULL",
            ))
            .await;
        window
            .run(&row(2, 1, "2, 1, 2, 3, 0, 2, 0, NULL, 5, 6, NULL, NULL"))
            .await;

        let person = facts(&db, scene.about(), 1).await.facts;
        assert_eq!(
            (person.id.as_db(), &person.recipient),
            (id, &phone(1)),
            "{}",
            db.name
        );
        let at = domain::Timestamp::from_micros;
        let said = LocalState {
            status: Status::Onay,
            consent_date: at(100),
            recorded_at: at(200),
            event: EventId::from_db(300),
            citizen: true,
        };
        assert_eq!(person.local, Some(said), "{}", db.name);
        let there = RegistryView {
            verdict: Verdict::Refused,
            citizen: true,
            consent_date: Some(at(400)),
            checked_at: Some(at(500)),
            batch: Some(RegistryBatchId::from_db(600)),
            transaction: Some(transaction),
            code: Some(refused),
        };
        assert_eq!(person.registry, there, "{}", db.name);
        assert!(person.consents_as_other_kind, "{}", db.name);
        let nobody = facts(&db, scene.about(), 2).await.facts;
        assert_eq!(
            (nobody.local, nobody.registry),
            (None, RegistryView::UNASKED),
            "{}",
            db.name
        );
        assert!(!nobody.consents_as_other_kind, "{}", db.name);
        let elsewhere = scene.another_brand(&db, "Yeni").await;
        let other = facts(
            &db,
            FactsAbout {
                brand: elsewhere,
                ..scene.about()
            },
            1,
        )
        .await
        .facts;
        assert_eq!(
            (other.local, other.registry),
            (None, RegistryView::UNASKED),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn a_person_of_another_firm_is_unknown() {
    for db in store::testing::each().await {
        let ours = Scene::numbered(&db, 0).await;
        let theirs = Scene::numbered(&db, 1).await;
        theirs.add_people(&db, [(1, Known::Confirmed)]).await;
        let mut reader = db.store.read().await.expect("a reader");
        for about in [
            ours.about(),
            FactsAbout {
                brand: theirs.brand,
                ..ours.about()
            },
        ] {
            let person = reader.person_facts(about, &phone(1)).await.expect("facts");
            assert!(person.is_none(), "{}", db.name);
        }
    }
}

#[tokio::test]
async fn both_causes_of_a_stop_are_told() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=4).map(|n| (n, Known::Confirmed)))
            .await;
        let mut writer = db.store.write().await.expect("a transaction");
        for (n, channel, cause) in [
            (1, None, StopCause::Complaint),
            (1, None, StopCause::Blacklist),
            (2, Some(Channel::Mesaj), StopCause::Complaint),
            (2, None, StopCause::Blacklist),
            (3, Some(Channel::Mesaj), StopCause::Complaint),
            (4, Some(Channel::Arama), StopCause::Blacklist),
        ] {
            let stop = NewStop {
                channel,
                cause,
                spares_mandatory: false,
                note: None,
                actor: "ayse",
            };
            writer
                .add_stops(scene.firm, &[scene.recipient(n)], stop)
                .await
                .expect("stopped");
        }
        writer.commit().await.expect("commits");
        let both = vec![ReasonCode::S201, ReasonCode::S202];
        for (n, expected) in [
            (1, both.clone()),
            (2, both),
            (3, vec![ReasonCode::S202]),
            (4, vec![]),
        ] {
            let person = facts(&db, scene.about(), n).await.facts;
            let policy = BrandPolicy {
                mode: RegistryMode::Sync,
                off_reason_signed: false,
                freshness_us: DAY_US,
                feed: domain::gate::FeedTrust::default(),
                window: SendingWindow::ALWAYS,
                closed: domain::hours::ClosedDays::default(),
            };
            let message = MessageFacts {
                channel: Channel::Mesaj,
                kind: RecipientKind::Bireysel,
                basis: Basis::Commercial,
                content_incomplete: false,
            };
            let decision = decide(&Question {
                now: db.store.clock().now(),
                policy: &policy,
                message: &message,
                person: &person,
                route: &RouteFacts::CLEAR,
            });
            let told: Vec<ReasonCode> = match &decision {
                Decision::Exclude(reasons) => reasons.all().collect(),
                _ => Vec::new(),
            };
            assert_eq!(told, expected, "{}: {n}", db.name);
        }
    }
}

#[tokio::test]
async fn the_variables_of_a_text_come_from_the_contact_and_never_from_a_namesake() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, [(1, Known::Confirmed), (2, Known::Confirmed)])
            .await;
        let mut window = Window::on(&db).await;
        let attributes = "{\"ad\":\"Sahte\",\"musteri_no\":\"X\",\"şehir\":\"Iğdır\"}";
        window
            .run(&format!("UPDATE contact SET attributes = '{attributes}'"))
            .await;
        let id = scene.recipient(2).as_db();
        let change = "full_name = NULL, external_id = NULL";
        window
            .run(&format!("UPDATE contact SET {change} WHERE id = {id}"))
            .await;
        let pairs = async |n| -> Vec<(String, String)> {
            facts(&db, scene.about(), n)
                .await
                .values
                .into_iter()
                .collect()
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let city = pair("şehir", "Iğdır");
        let named = [pair("ad", "Kişi 1"), pair("musteri_no", "M1"), city.clone()];
        assert_eq!(pairs(1).await, named, "{}", db.name);
        assert_eq!(pairs(2).await, [city], "{}", db.name);
        // And so the set judges: the second person has no name to be greeted by.
        let mut question = scene.question(&db, Audience::All);
        question.variables = vec!["ad".into()];
        let mut reader = db.store.read().await.expect("a reader");
        let decisions = reader
            .audience_decisions(&question, 9)
            .await
            .expect("decisions");
        let codes: Vec<_> = decisions.into_iter().map(|(_, code)| code).collect();
        assert_eq!(codes, [None, Some(ReasonCode::S401)], "{}", db.name);
    }
}

#[tokio::test]
async fn a_claim_that_is_not_committed_leaves_the_batch_to_the_next_worker() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, [(1, Known::Confirmed)]).await;
        scene.running(&db, 4).await;
        let lease = db.store.clock().now().plus_micros(HOUR_US);
        let mut writer = db.store.write().await.expect("a transaction");
        let picked = writer
            .pick_batches(scene.connector, "w1", lease, 1)
            .await
            .expect("picks");
        let people = writer
            .batch_people(scene.about(), &picked[0])
            .await
            .expect("people");
        assert_eq!(people.len(), 1, "{}", db.name);
        drop(writer);
        // Undone as a whole: the next worker claims the same batch as new. A
        // PostgreSQL server undoes it a moment later.
        let again = async {
            loop {
                if let Some(batch) = scene.claim(&db, "w2", 1).await.pop() {
                    return batch;
                }
            }
        };
        let again = in_time(again).await;
        assert_eq!(
            (again.key, again.attempt),
            (picked[0].key, 1),
            "{}",
            db.name
        );
    }
}
