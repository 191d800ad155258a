//! Several at once: workers that claim, people who pause and stop, and people
//! who refuse while their message is about to leave.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::BatchKey;
use domain::time::HOUR_US;
use domain::{Origin, Status};
use store::Writer;
use store::blacklist::{NewStop, StopCause};
use store::campaigns::CampaignState;
use store::consent::ApplyContext;
use store::dispatch::BatchState;
use store::person::Person;
use store::testing::TestDatabase;

use crate::rows::*;

use crate::support::sending::*;
use crate::support::*;

/// What the eight workers of a race take.
#[derive(Debug, Clone, Copy)]
enum Race {
    Pending,
    InDoubt,
}

/// Most batches of one claim in a race.
const CLAIM: usize = 7;

/// Eight workers take what they can, until nothing is left; who got which batch.
async fn race(db: &Arc<TestDatabase>, scene: Scene, race: Race) -> Vec<(String, BatchKey)> {
    let mut workers = Vec::new();
    for n in 0..8 {
        let db = Arc::clone(db);
        workers.push(tokio::spawn(async move {
            let name = format!("w{n}");
            let lease = db.store.clock().now().plus_micros(HOUR_US);
            let mut got = Vec::new();
            loop {
                let mut writer = db.store.write().await.expect("a transaction");
                let picked = match race {
                    Race::Pending => {
                        writer
                            .pick_batches(scene.connector, &name, lease, CLAIM)
                            .await
                    }
                    Race::InDoubt => writer.pick_in_doubt(&name, lease, CLAIM).await,
                };
                let picked = picked.expect("picks");
                writer.commit().await.expect("commits");
                assert!(
                    picked.len() <= CLAIM,
                    "{}: {} at once",
                    db.name,
                    picked.len()
                );
                if picked.is_empty() {
                    return got;
                }
                got.extend(picked.into_iter().map(|batch| (name.clone(), batch.key)));
            }
        }));
    }
    let mut got = Vec::new();
    for worker in workers {
        got.extend(in_time(worker).await.expect("no panic"));
    }
    got
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_workers_claim_each_of_two_hundred_batches_exactly_once() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 400, 2).await;
        let db = Arc::new(db);
        for (what, state, attempt) in [
            (Race::Pending, BatchState::InFlight, 1),
            (Race::InDoubt, BatchState::InDoubt, 3),
        ] {
            let got = race(&db, scene, what).await;
            assert_eq!(got.len(), 200, "{} {what:?}", db.name);
            let holders: BTreeMap<i64, String> = got
                .into_iter()
                .map(|(worker, key)| (key.number, worker))
                .collect();
            assert_eq!(holders.len(), 200, "{} {what:?}: none twice", db.name);
            for batch in left(&db, campaign).await.batches {
                assert_eq!(
                    (batch.state(), batch.attempt),
                    (state, attempt),
                    "{} {what:?}",
                    db.name
                );
                assert_eq!(
                    batch.worker.as_ref(),
                    holders.get(&batch.batch_no),
                    "{} {what:?}",
                    db.name
                );
            }
            // All workers are lost: everything they held is in doubt.
            db.clock.advance(2 * HOUR_US);
            let now = db.store.clock().now();
            let lost = commit!(db, w => w.doubt_batches_of(None, now)).expect("taken over");
            assert_eq!(lost, 200, "{} {what:?}", db.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_comes_back_while_its_campaign_is_paused_or_stopped_stays_where_it_is() {
    for db in store::testing::each().await {
        for (to, expected) in [
            (CampaignState::Paused, BatchState::Paused),
            (CampaignState::Stopped, BatchState::Cancelled),
        ] {
            for returns_first in [true, false] {
                let place = i64::from(to == CampaignState::Paused) * 2 + i64::from(returns_first);
                let scene = Scene::numbered(&db, place).await;
                scene.add_people(&db, [(1, Known::Confirmed)]).await;
                let campaign = scene.running(&db, 4).await.id;
                let batch = in_flight(&scene, &db, "w1").await;
                let next = db.store.clock().now();
                let store = db.store.clone();
                if returns_first {
                    let mut worker = db.store.write().await.expect("a transaction");
                    worker
                        .return_to_pending(&batch, next, "refused")
                        .await
                        .expect("returns");
                    let mover = start_and_wait(&db, async move {
                        let mut person = store.write().await.expect("a transaction");
                        scene.move_in(&mut person, campaign, to).await;
                        person.commit().await.expect("commits");
                    })
                    .await;
                    worker.commit().await.expect("commits");
                    in_time(mover).await.expect("no panic");
                } else {
                    let mut person = db.store.write().await.expect("a transaction");
                    scene.move_in(&mut person, campaign, to).await;
                    let worker = start_and_wait(&db, async move {
                        let mut worker = store.write().await.expect("a transaction");
                        worker
                            .return_to_pending(&batch, next, "refused")
                            .await
                            .expect("returns");
                        worker.commit().await.expect("commits");
                    })
                    .await;
                    person.commit().await.expect("commits");
                    in_time(worker).await.expect("no panic");
                }
                let states = states(&db, campaign).await;
                assert_eq!(
                    states,
                    [expected],
                    "{} {to} returns first: {returns_first}",
                    db.name
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_taken_back_while_its_campaign_is_stopped_is_cancelled() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 1, 4).await;
        let now = db.store.clock().now();
        let mut worker = db.store.write().await.expect("a transaction");
        let lease = now.plus_micros(HOUR_US);
        let picked = worker
            .pick_batches(scene.connector, "w1", lease, 9)
            .await
            .expect("picks");
        let store = db.store.clone();
        let mover = start_and_wait(&db, async move {
            let mut person = store.write().await.expect("a transaction");
            scene
                .move_in(&mut person, campaign, CampaignState::Stopped)
                .await;
            person.commit().await.expect("commits");
        })
        .await;
        worker
            .delay_batch(&picked[0], lease)
            .await
            .expect("waits for the window");
        worker.commit().await.expect("commits");
        in_time(mover).await.expect("no panic");
        assert_eq!(
            states(&db, campaign).await,
            [BatchState::Cancelled],
            "{}",
            db.name
        );
    }
}

/// Whoever makes `phone(1)` unsendable.
#[derive(Debug, Clone, Copy)]
enum Refusing {
    Word,
    Blacklist,
}

async fn refuse(writer: &mut Writer, scene: Scene, how: Refusing) {
    match how {
        Refusing::Word => {
            let context = ApplyContext {
                firm: scene.firm,
                brand: scene.brand,
                origin: Origin::Inbound,
                origin_id: None,
                actor: "3338".into(),
                now: writer.now(),
            };
            let record = declared(1, phone(1), Status::Ret, writer.now());
            let applied = writer
                .apply_records(&context, &[record])
                .await
                .expect("applies");
            assert_eq!(applied.updated, 1);
        }
        Refusing::Blacklist => {
            let stop = NewStop {
                channel: None,
                cause: StopCause::Blacklist,
                spares_mandatory: false,
                note: None,
                actor: "ayse",
            };
            let added = writer
                .add_stops(scene.firm, &[scene.recipient(1)], stop)
                .await;
            assert_eq!(added.expect("stopped"), 1);
        }
    }
}

/// Claims the only batch and reads its people; still to be committed.
async fn claim_in(writer: &mut Writer, scene: Scene) -> Vec<Person> {
    let lease = writer.now().plus_micros(HOUR_US);
    let picked = writer
        .pick_batches(scene.connector, "w1", lease, 9)
        .await
        .expect("picks");
    writer
        .batch_people(scene.about(), &picked[0])
        .await
        .expect("people")
}

fn may_be_sent(people: &[Person]) -> Vec<bool> {
    let refused = |person: &Person| {
        person.facts.blacklisted
            || person
                .facts
                .local
                .is_some_and(|held| held.status == Status::Ret)
    };
    people.iter().map(|person| !refused(person)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_sees_every_refusal_that_was_committed_before_it_read() {
    for db in store::testing::each().await {
        for (place, how) in [(0, Refusing::Word), (1, Refusing::Blacklist)] {
            let scene = Scene::numbered(&db, place).await;
            scene
                .add_people(&db, [(1, Known::Confirmed), (2, Known::Confirmed)])
                .await;
            scene.running(&db, 4).await;
            let mut person = db.store.write().await.expect("a transaction");
            refuse(&mut person, scene, how).await;
            let store = db.store.clone();
            // The claim comes while the refusal is being written, and waits for it.
            let claim = start_and_wait(&db, async move {
                let mut worker = store.write().await.expect("a transaction");
                let people = claim_in(&mut worker, scene).await;
                worker.commit().await.expect("commits");
                people
            })
            .await;
            person.commit().await.expect("commits");
            let people = in_time(claim).await.expect("no panic");
            assert_eq!(may_be_sent(&people), [false, true], "{} {how:?}", db.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_comes_after_the_claim_has_read_waits_for_the_claim() {
    for db in store::testing::each().await {
        for (place, how) in [(0, Refusing::Word), (1, Refusing::Blacklist)] {
            let scene = Scene::numbered(&db, place).await;
            scene
                .add_people(&db, [(1, Known::Confirmed), (2, Known::Confirmed)])
                .await;
            scene.running(&db, 4).await;
            let mut worker = db.store.write().await.expect("a transaction");
            let people = claim_in(&mut worker, scene).await;
            assert_eq!(may_be_sent(&people), [true, true], "{} {how:?}", db.name);
            let store = db.store.clone();
            let refusal = start_and_wait(&db, async move {
                let mut person = store.write().await.expect("a transaction");
                refuse(&mut person, scene, how).await;
                person.commit().await.expect("commits");
            })
            .await;
            assert!(!refusal.is_finished(), "{} {how:?}: it waits", db.name);
            worker.commit().await.expect("commits");
            in_time(refusal).await.expect("no panic");
            let mut reader = db.store.read().await.expect("a reader");
            let facts = reader
                .person_facts(scene.about(), &phone(1))
                .await
                .expect("facts");
            let facts = facts.expect("a person");
            assert_eq!(may_be_sent(&[facts]), [false], "{} {how:?}", db.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_do_not_wait_for_one_another() {
    for db in store::testing::each().await {
        if db.name == "sqlite" {
            continue; // One writer: there is nothing to try.
        }
        let (scene, _) = sending(&db, 4, 1).await;
        let mut writers = Vec::new();
        for worker in ["w1", "w2", "w3"] {
            let mut writer = db.store.write().await.expect("a transaction");
            let lease = writer.now().plus_micros(HOUR_US);
            let picked = writer.pick_batches(scene.connector, worker, lease, 1);
            let picked = in_time(picked).await.expect("picks");
            let people = in_time(writer.batch_people(scene.about(), &picked[0])).await;
            assert_eq!(people.expect("people").len(), 1);
            writers.push((writer, picked[0].key));
        }
        let mut keys: Vec<BatchKey> = writers.iter().map(|(_, key)| *key).collect();
        keys.dedup();
        assert_eq!(keys.len(), 3);
        for (writer, _) in writers {
            writer.commit().await.expect("commits");
        }
    }
}
