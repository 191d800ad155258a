//! The ledger of requests: each batch is claimed once, settled by its claim
//! only, and never lost between pause, stop, a dead worker and a refusal.

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::{BatchKey, CampaignId};
use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use domain::{Origin, ReasonCode, Status};
use store::blacklist::{NewStop, StopCause};
use store::campaigns::CampaignState;
use store::consent::ApplyContext;
use store::dispatch::{BatchState, PickedBatch};
use store::person::Person;
use store::testing::TestDatabase;
use store::{StoreError, Writer};
use support::sending::*;
use support::*;

/// A row of the ledger as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct Row {
    batch_no: i64,
    state: i64,
    attempt: i64,
    request_key: Option<String>,
    provider_reference: Option<String>,
    accepted_count: i64,
    next_us: i64,
    lease_until_us: Option<i64>,
    worker: Option<String>,
    last_error: Option<String>,
    claimed_us: Option<i64>,
    settled_us: Option<i64>,
}

impl Row {
    fn state(&self) -> BatchState {
        BatchState::from_db(self.state).expect("a known state")
    }
}

/// Everything that sending writes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Left {
    batches: Vec<Row>,
    contents: Vec<(i64, Vec<u8>)>,
    exceptions: Vec<Exception>,
}

/// Batch, person, code, class, the provider's code and words.
type Exception = (i64, i64, i64, i64, Option<String>, Option<String>);

async fn left(db: &TestDatabase, campaign: CampaignId) -> Left {
    let mut window = Window::on(db).await;
    let id = campaign.as_db();
    Left {
        batches: window
            .rows(&format!("SELECT * FROM send_batch WHERE campaign_id = {id} ORDER BY batch_no"))
            .await,
        contents: window
            .rows(&format!(
                "SELECT batch_no, content FROM send_content WHERE campaign_id = {id} ORDER BY batch_no"
            ))
            .await,
        exceptions: window
            .rows(&format!(
                "SELECT batch_no, recipient_id, code, class, provider_code, provider_text \
                 FROM send_exception WHERE campaign_id = {id} ORDER BY batch_no, recipient_id"
            ))
            .await,
    }
}

async fn states(db: &TestDatabase, campaign: CampaignId) -> Vec<BatchState> {
    left(db, campaign).await.batches.iter().map(Row::state).collect()
}

/// A firm with `people` confirmed people and a campaign for them.
async fn sending(db: &TestDatabase, people: u32, batch_size: i64) -> (Scene, CampaignId) {
    let scene = Scene::on(db).await;
    scene.add_people(db, (1..=people).map(|n| (n, Known::Confirmed))).await;
    let campaign = scene.running(db, batch_size).await;
    (scene, campaign.id)
}

fn is_lost<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(answer, Err(StoreError::Lost { .. }))
}

/// Claims, hands over one request and settles or not, in two transactions.
async fn in_flight(scene: &Scene, db: &TestDatabase, worker: &str) -> PickedBatch {
    let batch = scene.claim(db, worker, 1).await.pop().expect("a batch is due");
    let taken = [taken_out(batch.people.0, ReasonCode::S103)];
    let mut writer = db.store.write().await.expect("a transaction");
    let key = format!("{}-{}", batch.key, batch.attempt);
    writer.hand_over(&batch, &key, b"request", &taken).await.expect("handed over");
    writer.commit().await.expect("commits");
    batch
}

/// One change in a transaction of its own.
macro_rules! commit {
    ($db:expr, $writer:ident => $change:expr) => {{
        let mut $writer = $db.store.write().await.expect("a transaction");
        let answer = $change.await;
        $writer.commit().await.expect("commits");
        answer
    }};
}

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
                    Race::Pending => writer.pick_batches(scene.connector, &name, lease, CLAIM).await,
                    Race::InDoubt => writer.pick_in_doubt(&name, lease, CLAIM).await,
                };
                let picked = picked.expect("picks");
                writer.commit().await.expect("commits");
                assert!(picked.len() <= CLAIM, "{}: {} at once", db.name, picked.len());
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
        for (what, state, attempt) in
            [(Race::Pending, BatchState::InFlight, 1), (Race::InDoubt, BatchState::InDoubt, 3)]
        {
            let got = race(&db, scene, what).await;
            assert_eq!(got.len(), 200, "{} {what:?}", db.name);
            let holders: BTreeMap<i64, String> =
                got.into_iter().map(|(worker, key)| (key.number, worker)).collect();
            assert_eq!(holders.len(), 200, "{} {what:?}: none twice", db.name);
            for batch in left(&db, campaign).await.batches {
                assert_eq!((batch.state(), batch.attempt), (state, attempt), "{} {what:?}", db.name);
                assert_eq!(batch.worker.as_ref(), holders.get(&batch.batch_no), "{} {what:?}", db.name);
            }
            // All workers are lost: everything they held is in doubt.
            db.clock.advance(2 * HOUR_US);
            let now = db.store.clock().now();
            let lost = commit!(db, w => w.doubt_batches_of(None, now)).expect("taken over");
            assert_eq!(lost, 200, "{} {what:?}", db.name);
        }
    }
}

#[tokio::test]
async fn a_claim_takes_what_is_due_in_order_and_only_of_its_account() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 12, 2).await;
        let other = scene.another_connector(&db, "Yedek").await;
        let later = db.store.clock().now().plus_micros(MINUTE_US);
        let mut window = Window::on(&db).await;
        for change in [
            "priority = 50 WHERE batch_no = 4".to_owned(),
            format!("next_us = {} WHERE batch_no = 1", later.as_micros()),
            format!("connector_id = {} WHERE batch_no = 2", other.as_db()),
            "state = 8 WHERE batch_no = 5".to_owned(),
        ] {
            assert_eq!(window.run(&format!("UPDATE send_batch SET {change}")).await, 1);
        }
        let numbers = |picked: &[PickedBatch]| picked.iter().map(|b| b.key.number).collect::<Vec<_>>();
        assert_eq!(numbers(&scene.claim(&db, "w1", 1).await), [4], "{}: urgent first", db.name);
        assert_eq!(numbers(&scene.claim(&db, "w1", 1).await), [3], "{}", db.name);
        assert_eq!(numbers(&scene.claim(&db, "w1", 9).await), [6], "{}", db.name);
        assert!(scene.claim(&db, "w1", 9).await.is_empty(), "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let busy = reader.connectors_with_work(db.store.clock().now()).await.expect("accounts");
        assert_eq!(busy, [other], "{}", db.name);
        let busy = reader.connectors_with_work(later).await.expect("accounts");
        assert_eq!(busy, [scene.connector, other], "{}", db.name);
        db.clock.set(later);
        let picked = scene.claim(&db, "w1", 9).await;
        assert_eq!(numbers(&picked), [1], "{}", db.name);
        let (batch, row) = (&picked[0], &left(&db, campaign).await.batches[0]);
        assert_eq!((batch.brand, batch.connector, batch.size), (scene.brand, scene.connector, 2));
        assert_eq!((batch.attempt, batch.claimed_at, &batch.request_key), (1, Some(later), &None));
        assert_eq!(batch.people, (scene.recipient(1), scene.recipient(2)));
        assert_eq!(row.worker.as_deref(), Some("w1"));
        assert_eq!(row.lease_until_us, Some(later.plus_micros(HOUR_US).as_micros()), "{}", db.name);
        assert_eq!(reader.workers_with_batches().await.expect("workers"), ["w1"], "{}", db.name);
    }
}

#[tokio::test]
async fn what_is_handed_over_and_accepted_stands_in_the_ledger() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 4, 4).await;
        let batch = in_flight(&scene, &db, "w1").await;
        let (first, last) = batch.people;
        let before = left(&db, campaign).await;
        assert_eq!(before.contents, [(1, b"request".to_vec())], "{}", db.name);
        assert_eq!(before.batches[0].request_key, Some(format!("{}-1", batch.key)));
        assert!(before.batches[0].settled_us.is_none());

        // One person twice, and one whom the gate had taken out before.
        let refused = [turned_down(last), turned_down(first), turned_down(last)];
        db.clock.advance(SECOND_US);
        commit!(db, w => w.settle_accepted(&batch, "PRV-1", 2, &refused)).expect("settles");
        let after = left(&db, campaign).await;
        let row = &after.batches[0];
        assert_eq!((row.state(), row.accepted_count), (BatchState::Accepted, 2), "{}", db.name);
        assert_eq!(row.provider_reference.as_deref(), Some("PRV-1"));
        assert_eq!(row.settled_us, Some(db.store.clock().now().as_micros()));
        assert_eq!((&row.worker, row.lease_until_us), (&None, None), "{}", db.name);
        assert_eq!(after.contents, before.contents, "the request is evidence");
        let gate = (1, first.as_db(), ReasonCode::S103.as_db(), 0, None, None);
        let provider = (
            1, last.as_db(), 0, 2, Some("EC_INVALID".to_owned()), Some("Geçersiz numara".to_owned()),
        );
        assert_eq!(after.exceptions, [gate, provider], "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let read = reader.batch_exceptions(batch.key).await.expect("exceptions");
        assert_eq!(read, [taken_out(first, ReasonCode::S103), turned_down(last)], "{}", db.name);
        let content = reader.batch_content(batch.key).await.expect("a request");
        assert_eq!(content.as_deref(), Some(b"request".as_slice()));
    }
}

/// Everything a worker may try with a batch that is no longer its own.
async fn try_everything(db: &TestDatabase, stale: &PickedBatch) {
    let now = db.store.clock().now();
    let taken = [taken_out(stale.people.1, ReasonCode::S201)];
    let refused = [turned_down(stale.people.1)];
    for answer in [
        commit!(db, w => w.hand_over(stale, "stale", b"stale", &taken)),
        commit!(db, w => w.settle_accepted(stale, "stale", 9, &refused)),
        commit!(db, w => w.settle_failed(stale, "stale")),
        commit!(db, w => w.settle_unresolved(stale, "stale")),
        commit!(db, w => w.mark_in_doubt(stale, now, "stale")),
        commit!(db, w => w.return_to_pending(stale, now, "stale")),
        commit!(db, w => w.delay_batch(stale, now)),
        commit!(db, w => w.send_again(stale)),
    ] {
        assert!(is_lost(&answer), "{}: {answer:?}", db.name);
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_worker_that_lost_its_claim_even_if_its_transaction_commits() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 4, 4).await;
        let stale = in_flight(&scene, &db, "w1").await;
        db.clock.advance(2 * HOUR_US);
        let now = db.store.clock().now();
        let lease = now.plus_micros(HOUR_US);

        // In doubt, and nobody asks yet.
        commit!(db, w => w.doubt_batches_of(None, now)).expect("taken over");
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);

        // Another worker asks.
        let asker = commit!(db, w => w.pick_in_doubt("w2", lease, 9)).expect("picks").remove(0);
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);

        // It surely never left, and another worker has it in flight.
        commit!(db, w => w.return_to_pending(&asker, now, "unknown there")).expect("returns");
        let anew = in_flight(&scene, &db, "w3").await;
        assert_eq!(anew.attempt, 4, "{}", db.name);
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        try_everything(&db, &asker).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);

        // It was accepted: nor does its own worker settle it twice.
        commit!(db, w => w.settle_accepted(&anew, "PRV-3", 3, &[])).expect("settles");
        let before = left(&db, campaign).await;
        try_everything(&db, &stale).await;
        try_everything(&db, &anew).await;
        assert_eq!(left(&db, campaign).await, before, "{}", db.name);
    }
}

#[tokio::test]
async fn a_request_that_never_left_is_forgotten_and_its_batch_follows_the_campaign() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 12, 4).await;
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(in_flight(&scene, &db, "w1").await);
        }
        let next = db.store.clock().now().plus_micros(MINUTE_US);
        let back = async |batch: &PickedBatch| {
            commit!(db, w => w.return_to_pending(batch, next, "connection refused")).expect("returns");
            let left = left(&db, campaign).await;
            let number = batch.key.number;
            assert!(left.contents.iter().all(|(batch, _)| *batch != number), "{}", db.name);
            assert!(left.exceptions.iter().all(|row| row.0 != number), "{}", db.name);
            left.batches.into_iter().find(|row| row.batch_no == number).expect("the batch")
        };
        let row = back(&held[0]).await;
        assert_eq!((row.state(), row.attempt, row.next_us), (BatchState::Pending, 1, next.as_micros()));
        assert_eq!(row.last_error.as_deref(), Some("connection refused"));
        assert_eq!((&row.worker, row.lease_until_us), (&None, None), "{}", db.name);
        assert_eq!((&row.request_key, row.claimed_us, row.settled_us), (&None, None, None));
        assert!(scene.claim(&db, "w2", 9).await.is_empty(), "{}: it waits", db.name);

        scene.move_to(&db, campaign, CampaignState::Paused).await;
        assert_eq!(back(&held[1]).await.state(), BatchState::Paused, "{}", db.name);
        db.clock.set(next);
        assert!(scene.claim(&db, "w2", 9).await.is_empty(), "{}: paused", db.name);
        scene.move_to(&db, campaign, CampaignState::Running).await;
        let again = scene.claim(&db, "w2", 9).await;
        assert_eq!(again.iter().map(|batch| batch.attempt).collect::<Vec<_>>(), [2, 2], "{}", db.name);

        scene.move_to(&db, campaign, CampaignState::Stopped).await;
        let row = back(&held[2]).await;
        assert_eq!(row.state(), BatchState::Cancelled, "{}", db.name);
        assert_eq!(row.settled_us, Some(db.store.clock().now().as_micros()), "{}", db.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_comes_back_while_its_campaign_is_paused_or_stopped_stays_where_it_is() {
    for db in store::testing::each().await {
        for (to, expected) in
            [(CampaignState::Paused, BatchState::Paused), (CampaignState::Stopped, BatchState::Cancelled)]
        {
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
                    worker.return_to_pending(&batch, next, "refused").await.expect("returns");
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
                        worker.return_to_pending(&batch, next, "refused").await.expect("returns");
                        worker.commit().await.expect("commits");
                    })
                    .await;
                    person.commit().await.expect("commits");
                    in_time(worker).await.expect("no panic");
                }
                let states = states(&db, campaign).await;
                assert_eq!(states, [expected], "{} {to} returns first: {returns_first}", db.name);
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
        let picked = worker.pick_batches(scene.connector, "w1", lease, 9).await.expect("picks");
        let store = db.store.clone();
        let mover = start_and_wait(&db, async move {
            let mut person = store.write().await.expect("a transaction");
            scene.move_in(&mut person, campaign, CampaignState::Stopped).await;
            person.commit().await.expect("commits");
        })
        .await;
        worker.delay_batch(&picked[0], lease).await.expect("waits for the window");
        worker.commit().await.expect("commits");
        in_time(mover).await.expect("no panic");
        assert_eq!(states(&db, campaign).await, [BatchState::Cancelled], "{}", db.name);
    }
}

#[tokio::test]
async fn a_delayed_batch_waits_for_the_hour_and_is_claimed_as_if_for_the_first_time() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 2, 4).await;
        let opens = db.store.clock().now().plus_micros(HOUR_US);
        let mut writer = db.store.write().await.expect("a transaction");
        let lease = opens.plus_micros(HOUR_US);
        let picked = writer.pick_batches(scene.connector, "w1", lease, 9).await.expect("picks");
        writer.delay_batch(&picked[0], opens).await.expect("delayed");
        writer.commit().await.expect("commits");
        let row = left(&db, campaign).await.batches.remove(0);
        assert_eq!((row.state(), row.next_us), (BatchState::Pending, opens.as_micros()), "{}", db.name);
        assert_eq!((row.claimed_us, row.lease_until_us), (None, None), "{}", db.name);
        assert!(scene.claim(&db, "w1", 9).await.is_empty(), "{}", db.name);
        db.clock.set(opens);
        assert_eq!(scene.claim(&db, "w1", 9).await.len(), 1, "{}", db.name);
    }
}

#[tokio::test]
async fn the_batches_of_a_lost_worker_are_in_doubt_and_left_alone_for_the_quiet_time() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 4, 1).await;
        let start = db.store.clock().now();
        let lease = start.plus_micros(HOUR_US);
        for (worker, lease) in
            [("gone", lease), ("hung", start.plus_micros(MINUTE_US)), ("alive", lease)]
        {
            commit!(db, w => w.pick_batches(scene.connector, worker, lease, 1)).expect("picks");
        }
        let before = left(&db, campaign).await.batches;
        db.clock.advance(2 * MINUTE_US);
        let quiet_until = db.store.clock().now().plus_micros(MINUTE_US);
        let lost = commit!(db, w => w.doubt_batches_of(Some("gone"), quiet_until)).expect("taken over");
        assert_eq!(lost, 2, "{}", db.name);
        let after = left(&db, campaign).await.batches;
        for place in [0, 1] {
            let row = &after[place];
            assert_eq!((row.state(), row.attempt), (BatchState::InDoubt, 2), "{}", db.name);
            assert_eq!((row.next_us, row.settled_us), (quiet_until.as_micros(), None));
            assert_eq!((&row.worker, row.lease_until_us), (&None, None), "{}", db.name);
            assert_eq!(row.claimed_us, before[place].claimed_us);
            assert!(row.last_error.is_some());
        }
        assert_eq!(after[2..], before[2..], "{}: the living and the waiting", db.name);

        let ask = async |worker: &str, limit: usize| {
            let lease = db.store.clock().now().plus_micros(MINUTE_US);
            let mut picked =
                commit!(db, w => w.pick_in_doubt(worker, lease, limit)).expect("picks");
            picked.sort_by_key(|batch| batch.key);
            picked
        };
        let numbers = |picked: &[PickedBatch]| picked.iter().map(|b| b.key.number).collect::<Vec<_>>();
        assert!(ask("w1", 9).await.is_empty(), "{}: too early", db.name);
        db.clock.set(quiet_until);
        let first = ask("w1", 1).await;
        assert_eq!(numbers(&first), [1], "{}", db.name);
        let second = ask("w2", 9).await;
        assert_eq!((numbers(&second), second[0].attempt), (vec![2], 3), "{}", db.name);
        assert!(ask("w3", 9).await.is_empty(), "{}: both are being asked about", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let mut workers = reader.workers_with_batches().await.expect("workers");
        workers.sort();
        assert_eq!(workers, ["alive", "w1", "w2"], "{}", db.name);

        // The provider knows nothing yet: ask again later.
        let later = quiet_until.plus_micros(2 * MINUTE_US);
        commit!(db, w => w.mark_in_doubt(&first[0], later, "not found yet")).expect("in doubt");
        // The second asker dies; its batch is free at once, and no quieter than before.
        let free = commit!(db, w => w.doubt_batches_of(Some("w2"), later)).expect("taken over");
        assert_eq!(free, 1, "{}", db.name);
        let third = ask("w3", 9).await;
        assert_eq!((numbers(&third), third[0].attempt), (vec![2], 5), "{}", db.name);
        // An asker whose lease ran out is overtaken.
        db.clock.set(later.plus_micros(1));
        assert_eq!(numbers(&ask("w4", 9).await), [1, 2], "{}", db.name);
    }
}

#[tokio::test]
async fn a_batch_in_doubt_goes_out_again_with_the_key_and_bytes_it_had() {
    for db in store::testing::each().await {
        let (scene, campaign) = sending(&db, 2, 2).await;
        let batch = in_flight(&scene, &db, "w1").await;
        let now = db.store.clock().now();
        assert!(is_lost(&commit!(db, w => w.send_again(&batch))), "{}: it is in flight", db.name);
        commit!(db, w => w.mark_in_doubt(&batch, now, "timeout")).expect("in doubt");
        let before = left(&db, campaign).await;
        assert_eq!(before.batches[0].last_error.as_deref(), Some("timeout"));
        let lease = now.plus_micros(HOUR_US);
        let again = commit!(db, w => w.pick_in_doubt("w2", lease, 9)).expect("picks").remove(0);
        assert_eq!(again.request_key, Some(format!("{}-1", batch.key)), "{}", db.name);
        assert_eq!(again.claimed_at, batch.claimed_at, "{}: for the key's window", db.name);
        commit!(db, w => w.send_again(&again)).expect("goes out");
        let after = left(&db, campaign).await;
        assert_eq!(after.batches[0].state(), BatchState::InFlight, "{}", db.name);
        assert_eq!(after.batches[0].request_key, before.batches[0].request_key);
        assert_eq!((after.contents, after.exceptions), (before.contents, before.exceptions));
        commit!(db, w => w.settle_accepted(&again, "PRV", 1, &[])).expect("settles");
        assert_eq!(states(&db, campaign).await, [BatchState::Accepted], "{}", db.name);
    }
}

/// A campaign with a batch in each state but cancelled and paused, in this order.
async fn of_every_state(db: &TestDatabase) -> (Scene, CampaignId) {
    let (scene, campaign) = sending(db, 6, 1).await;
    let now = db.store.clock().now();
    let picked = scene.claim(db, "w1", 5).await;
    commit!(db, w => w.settle_accepted(&picked[1], "PRV", 1, &[])).expect("settles");
    commit!(db, w => w.settle_failed(&picked[2], "bad sender")).expect("settles");
    commit!(db, w => w.mark_in_doubt(&picked[3], now, "timeout")).expect("settles");
    commit!(db, w => w.settle_unresolved(&picked[4], "nobody knows")).expect("settles");
    (scene, campaign)
}

#[tokio::test]
async fn a_stop_cancels_what_waits_and_nothing_else() {
    use BatchState::{Accepted, Cancelled, Failed, InDoubt, InFlight, Paused, Pending, Unresolved};
    for db in store::testing::each().await {
        let (scene, campaign) = of_every_state(&db).await;
        let left_alone = [InFlight, Accepted, Failed, InDoubt, Unresolved];
        let with = |last| [left_alone.as_slice(), &[last]].concat();
        assert_eq!(states(&db, campaign).await, with(Pending), "{}", db.name);
        scene.move_to(&db, campaign, CampaignState::Paused).await;
        assert_eq!(states(&db, campaign).await, with(Paused), "{}", db.name);
        scene.move_to(&db, campaign, CampaignState::Running).await;
        assert_eq!(states(&db, campaign).await, with(Pending), "{}", db.name);
        scene.move_to(&db, campaign, CampaignState::Paused).await;
        scene.move_to(&db, campaign, CampaignState::Stopped).await;
        assert_eq!(states(&db, campaign).await, with(Cancelled), "{}", db.name);
        let settled: Vec<bool> =
            left(&db, campaign).await.batches.iter().map(|row| row.settled_us.is_some()).collect();
        assert_eq!(settled, [false, true, true, false, true, true], "{}", db.name);
    }
}

#[tokio::test]
async fn a_campaign_ends_when_every_batch_has_an_outcome_and_not_before() {
    for db in store::testing::each().await {
        let (scene, campaign) = of_every_state(&db).await;
        let now = db.store.clock().now();
        let state = async || {
            commit!(db, w => w.finish_campaigns()).expect("looks");
            let mut reader = db.store.read().await.expect("a reader");
            let campaign = reader.campaign_at_work(campaign).await.expect("the campaign");
            (campaign.state, campaign.finished_at)
        };
        let running = (CampaignState::Running, None);
        assert_eq!(state().await, running, "{}: in flight, in doubt, pending", db.name);
        let mut last = scene.claim(&db, "w1", 9).await;
        let last = last.pop().expect("the last batch");
        commit!(db, w => w.settle_accepted(&last, "PRV", 1, &[])).expect("settles");
        db.clock.advance(2 * HOUR_US);
        commit!(db, w => w.doubt_batches_of(None, now)).expect("taken over");
        assert_eq!(state().await, running, "{}: two in doubt", db.name);
        let lease = db.store.clock().now().plus_micros(HOUR_US);
        let asked = commit!(db, w => w.pick_in_doubt("w2", lease, 9)).expect("picks");
        assert_eq!(asked.len(), 2, "{}", db.name);
        commit!(db, w => w.settle_failed(&asked[0], "never arrived")).expect("settles");
        assert_eq!(state().await, running, "{}: one in doubt", db.name);
        scene.move_to(&db, campaign, CampaignState::Paused).await;
        commit!(db, w => w.settle_accepted(&asked[1], "PRV", 1, &[])).expect("settles");
        assert_eq!(state().await.0, CampaignState::Paused, "{}: a person decides", db.name);
        scene.move_to(&db, campaign, CampaignState::Running).await;
        let ended = (CampaignState::Finished, Some(db.store.clock().now()));
        assert_eq!(state().await, ended, "{}", db.name);
    }
}

#[tokio::test]
async fn a_paused_batch_keeps_a_running_campaign_from_ending() {
    for db in store::testing::each().await {
        let (_, campaign) = sending(&db, 1, 1).await;
        commit!(db, w => w.pause_batches(campaign, true)).expect("paused");
        assert_eq!(commit!(db, w => w.finish_campaigns()).expect("looks"), 0, "{}", db.name);
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
            let applied = writer.apply_records(&context, &[record]).await.expect("applies");
            assert_eq!(applied.updated, 1);
        }
        Refusing::Blacklist => {
            let stop =
                NewStop { channel: None, cause: StopCause::Blacklist, note: None, actor: "ayse" };
            let added = writer.add_stops(scene.firm, &[scene.recipient(1)], stop).await;
            assert_eq!(added.expect("stopped"), 1);
        }
    }
}

/// Claims the only batch and reads its people; still to be committed.
async fn claim_in(writer: &mut Writer, scene: Scene) -> Vec<Person> {
    let lease = writer.now().plus_micros(HOUR_US);
    let picked = writer.pick_batches(scene.connector, "w1", lease, 9).await.expect("picks");
    writer.batch_people(scene.about(), &picked[0]).await.expect("people")
}

fn may_be_sent(people: &[Person]) -> Vec<bool> {
    let refused = |person: &Person| {
        person.facts.blacklisted
            || person.facts.local.is_some_and(|held| held.status == Status::Ret)
    };
    people.iter().map(|person| !refused(person)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_sees_every_refusal_that_was_committed_before_it_read() {
    for db in store::testing::each().await {
        for (place, how) in [(0, Refusing::Word), (1, Refusing::Blacklist)] {
            let scene = Scene::numbered(&db, place).await;
            scene.add_people(&db, [(1, Known::Confirmed), (2, Known::Confirmed)]).await;
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
            scene.add_people(&db, [(1, Known::Confirmed), (2, Known::Confirmed)]).await;
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
            let facts = reader.person_facts(scene.about(), &phone(1)).await.expect("facts");
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
