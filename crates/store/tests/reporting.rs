//! Whatever happens to a campaign, everyone is accounted for: the numbers add
//! up, and the people behind each number are as many as it says.

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::ReasonCode;
use domain::ids::{BatchKey, CampaignId};
use domain::time::{HOUR_US, SECOND_US};
use proptest::prelude::*;
use store::campaigns::{CampaignState, Exclusions};
use store::dispatch::{BatchState, PickedBatch, SendException};
use store::receipts::ReceiptRow;
use store::reporting::{
    Batches, CampaignPerson, Failed, Held, PersonCursor, PersonFilter, PersonState, Report,
};
use store::testing::TestDatabase;
use support::sending::*;
use support::*;

/// What chance does with a batch once it was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Delayed,
    Returned,
    InFlight,
    Accepted,
    Failed,
    InDoubt,
    Unresolved,
}

/// A batch's fate: how it ends, and whom the gate and the provider keep back,
/// by place in the batch.
#[derive(Debug, Clone)]
struct BatchPlan {
    end: End,
    gate: Vec<bool>,
    provider: Vec<bool>,
}

/// A campaign's history as chance wills.
#[derive(Debug, Clone)]
struct History {
    people: Vec<Known>,
    batch_size: i64,
    batches: Vec<BatchPlan>,
    moved: Option<CampaignState>,
    receipts: Vec<(u32, i64)>,
}

const BATCH_MOST: usize = 6;

fn a_batch() -> impl Strategy<Value = BatchPlan> {
    let end = prop_oneof![
        4 => Just(End::Accepted),
        1 => Just(End::Delayed),
        1 => Just(End::Returned),
        1 => Just(End::InFlight),
        1 => Just(End::Failed),
        1 => Just(End::InDoubt),
        1 => Just(End::Unresolved),
    ];
    let some = || proptest::collection::vec(proptest::bool::weighted(0.25), BATCH_MOST);
    (end, some(), some()).prop_map(|(end, gate, provider)| BatchPlan { end, gate, provider })
}

fn a_history() -> impl Strategy<Value = History> {
    let known = prop_oneof![
        6 => Just(Known::Confirmed),
        1 => Just(Known::LocalOnly),
        1 => Just(Known::Refused),
        1 => Just(Known::Nothing),
    ];
    let people = proptest::collection::vec(known, 0..40);
    let batches = proptest::collection::vec(a_batch(), 40);
    let moved = prop_oneof![
        2 => Just(None),
        1 => Just(Some(CampaignState::Paused)),
        1 => Just(Some(CampaignState::Stopped)),
    ];
    let receipts = proptest::collection::vec((0_u32..40, 1_i64..=6), 0..60);
    (people, 1..=6_i64, batches, moved, receipts).prop_map(
        |(people, batch_size, batches, moved, receipts)| History {
            people, batch_size, batches, moved, receipts,
        },
    )
}

/// What should be told of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    n: u32,
    frozen: i64,
    state: PersonState,
    code: Option<ReasonCode>,
    /// Which number of the report holds the person.
    counted: &'static str,
}

/// The slow twin of the report: follows each person by hand.
fn fates(history: &History) -> Vec<Fate> {
    let receipts = strongest(&history.receipts);
    let mut planned = 0_usize;
    let size = usize::try_from(history.batch_size).expect("a small size");
    let mut fates: Vec<Fate> = (0..)
        .zip(&history.people)
        .map(|(n, known)| {
            let fate = |state, code: Option<ReasonCode>, counted| Fate { n, frozen: 0, state, code, counted };
            let excluded = |code: ReasonCode| fate(PersonState::Excluded, Some(code), "excluded");
            let frozen = match known {
                Known::Confirmed => None,
                Known::LocalOnly => Some(ReasonCode::S102),
                Known::Refused => Some(ReasonCode::S103),
                Known::Nothing => Some(ReasonCode::S101),
            };
            if let Some(code) = frozen {
                return Fate { frozen: code.as_db(), ..excluded(code) };
            }
            let (batch, place) = (&history.batches[planned / size], planned % size);
            planned += 1;
            let is_forgotten = matches!(batch.end, End::Delayed | End::Returned);
            if batch.gate[place] && !is_forgotten {
                return excluded(gate_code(place));
            }
            match batch.end {
                End::Delayed | End::Returned if history.moved == Some(CampaignState::Stopped) => {
                    fate(PersonState::Waiting, None, "cancelled")
                }
                End::Delayed | End::Returned | End::InFlight => fate(PersonState::Waiting, None, "waiting"),
                End::InDoubt | End::Unresolved => fate(PersonState::Uncertain, None, "uncertain"),
                End::Failed => fate(PersonState::Failed, None, "refused"),
                End::Accepted if batch.provider[place] => fate(PersonState::Failed, None, "refused"),
                End::Accepted => match receipts.get(&n) {
                    Some(6) => fate(PersonState::Delivered, None, "delivered"),
                    Some(5) => fate(PersonState::Failed, None, "rejected"),
                    Some(4) => fate(PersonState::Failed, None, "undelivered"),
                    Some(3) => fate(PersonState::Failed, None, "expired"),
                    _ => fate(PersonState::Sent, None, "open"),
                },
            }
        })
        .collect();
    fates.sort_by_key(|fate| (fate.frozen, fate.n));
    fates
}

/// The last gate's reason for the person at this place of a batch.
fn gate_code(place: usize) -> ReasonCode {
    [ReasonCode::S103, ReasonCode::S201, ReasonCode::S104][place % 3]
}

/// The first of the strongest receipts of each person.
fn strongest(receipts: &[(u32, i64)]) -> BTreeMap<u32, i64> {
    let rank = |state: i64| [0, 1, 2, 3, 3, 3, 4][usize::try_from(state).expect("a state")];
    let mut held = BTreeMap::new();
    for (n, state) in receipts {
        let before = held.entry(*n).or_insert(*state);
        if rank(*state) > rank(*before) {
            *before = *state;
        }
    }
    held
}

/// Lives the history through; the report must add up after every step.
async fn live(db: &TestDatabase, scene: Scene, history: &History) -> CampaignId {
    scene.add_people(db, (0..).zip(history.people.iter().copied())).await;
    let campaign = scene.running(db, history.batch_size).await;
    assert_eq!(report(db, scene, campaign.id).await.discrepancy(), 0, "{}: frozen", db.name);
    for (number, plan) in (1..=campaign.batches).zip(&history.batches) {
        let batch = scene.claim(db, "w1", 1).await.pop().expect("a batch is due");
        assert_eq!(batch.key.number, number, "in order");
        end_batch(db, scene, history, &batch, plan).await;
        assert_eq!(report(db, scene, campaign.id).await.discrepancy(), 0, "{}: {plan:?}", db.name);
    }
    if let Some(to) = history.moved {
        scene.move_to(db, campaign.id, to).await;
        assert_eq!(report(db, scene, campaign.id).await.discrepancy(), 0, "{}: {to}", db.name);
    }
    let planned: Vec<u32> = (0..)
        .zip(&history.people)
        .filter(|(_, known)| **known == Known::Confirmed)
        .map(|(n, _)| n)
        .collect();
    for (n, state) in &history.receipts {
        let place = planned.iter().position(|other| other == n).unwrap_or(0);
        let number = i64::try_from(place).expect("small") / history.batch_size + 1;
        let key = BatchKey { campaign: campaign.id, number };
        receive(db, scene, &[(key, *n, *state)]).await;
    }
    campaign.id
}

async fn end_batch(db: &TestDatabase, scene: Scene, history: &History, batch: &PickedBatch, plan: &BatchPlan) {
    let confirmed = (0..).zip(&history.people).filter(|(_, known)| **known == Known::Confirmed);
    let people: Vec<_> = confirmed
        .map(|(n, _)| scene.recipient(n))
        .filter(|id| (batch.people.0..=batch.people.1).contains(id))
        .collect();
    let chosen = |marks: &[bool], why: &dyn Fn(usize) -> SendException| -> Vec<SendException> {
        (0..people.len()).filter(|place| marks[*place]).map(why).collect()
    };
    let gate = chosen(&plan.gate, &|place| taken_out(people[place], gate_code(place)));
    let refused = chosen(&plan.provider, &|place| turned_down(people[place]));
    let later = db.store.clock().now().plus_micros(HOUR_US);
    let mut writer = db.store.write().await.expect("a transaction");
    if plan.end != End::Delayed {
        writer.hand_over(batch, "key", b"request", &gate).await.expect("handed over");
    }
    match plan.end {
        End::Delayed => writer.delay_batch(batch, later).await,
        End::Returned => writer.return_to_pending(batch, later, "refused").await,
        End::InFlight => Ok(()),
        End::Accepted => writer.settle_accepted(batch, "PRV", batch.size, &refused).await,
        End::Failed => writer.settle_failed(batch, "bad sender").await,
        End::InDoubt => writer.mark_in_doubt(batch, later, "timeout").await,
        End::Unresolved => writer.settle_unresolved(batch, "nobody knows").await,
    }
    .expect("settles");
    writer.commit().await.expect("commits");
}

async fn receive(db: &TestDatabase, scene: Scene, receipts: &[(BatchKey, u32, i64)]) {
    let rows: Vec<ReceiptRow> = receipts
        .iter()
        .map(|(key, n, state)| ReceiptRow {
            message: scene.message(*key, *n),
            state: *state,
            provider_code: format!("D{state}"),
            provider_text: Some(format!("durum {state}")),
            happened_at: june(23).plus_micros(state * SECOND_US),
        })
        .collect();
    let mut writer = db.store.write().await.expect("a transaction");
    writer.apply_receipts(scene.connector, 1, &rows).await.expect("applies");
    writer.commit().await.expect("commits");
}

async fn report(db: &TestDatabase, scene: Scene, campaign: CampaignId) -> Report {
    let mut reader = db.store.read().await.expect("a reader");
    let campaign = reader.campaign(scene.firm, campaign).await.expect("read").expect("a campaign");
    reader.report(campaign).await.expect("a report")
}

/// All pages of a list.
async fn pages(db: &TestDatabase, id: CampaignId, filter: PersonFilter, limit: usize) -> Vec<CampaignPerson> {
    let mut reader = db.store.read().await.expect("a reader");
    let mut all = Vec::new();
    let mut after: Option<PersonCursor> = None;
    loop {
        let (page, next) = reader.campaign_people(id, filter, after, limit).await.expect("a page");
        assert!(page.len() <= limit, "{}", db.name);
        all.extend(page);
        match next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

fn assert_reported(report: &Report, fates: &[Fate]) {
    let count = |counted: &str| {
        i64::try_from(fates.iter().filter(|fate| fate.counted == counted).count()).expect("small")
    };
    let mut excluded = Exclusions::new();
    for code in fates.iter().filter_map(|fate| fate.code) {
        *excluded.entry(code).or_default() += 1;
    }
    assert!(report.reconciles());
    assert_eq!(report.target, i64::try_from(fates.len()).expect("small"));
    assert_eq!(report.excluded, excluded);
    let [waiting, uncertain, cancelled] = ["waiting", "uncertain", "cancelled"].map(count);
    assert_eq!(report.held, Held { waiting, uncertain, cancelled });
    let [refused, undelivered, expired, rejected] =
        ["refused", "undelivered", "expired", "rejected"].map(count);
    assert_eq!(report.failed, Failed { refused, undelivered, expired, rejected });
    assert_eq!((report.delivered, report.open), (count("delivered"), count("open")));
    assert_eq!(report.sent, report.delivered + report.open + report.failed.total());
}

#[test]
fn the_report_and_the_people_behind_it_agree_with_any_history() {
    static PLACE: AtomicI64 = AtomicI64::new(0);
    holds_on_each(16, &a_history(), async |db, history| {
        let scene = Scene::numbered(db, PLACE.fetch_add(1, Ordering::Relaxed)).await;
        let campaign = live(db, scene, &history).await;
        let fates = fates(&history);
        assert_reported(&report(db, scene, campaign).await, &fates);

        let brief = |people: &[CampaignPerson]| -> Vec<_> {
            people.iter().map(|p| (p.recipient, p.address.clone(), p.state, p.code)).collect()
        };
        let expected = |keep: &dyn Fn(&Fate) -> bool| -> Vec<_> {
            let kept = fates.iter().filter(|fate| keep(fate));
            kept.map(|f| (scene.recipient(f.n), phone(f.n).to_string(), f.state, f.code)).collect()
        };
        let everyone = pages(db, campaign, PersonFilter::default(), 7).await;
        assert_eq!(brief(&everyone), expected(&|_| true), "{}", db.name);
        let states = [
            PersonState::Excluded, PersonState::Waiting, PersonState::Sent, PersonState::Delivered,
            PersonState::Failed, PersonState::Uncertain,
        ];
        for state in states {
            let filter = PersonFilter { state: Some(state), code: None };
            let people = pages(db, campaign, filter, 5).await;
            assert_eq!(brief(&people), expected(&|fate| fate.state == state), "{} {state:?}", db.name);
        }
        for code in [ReasonCode::S101, ReasonCode::S103, ReasonCode::S201, ReasonCode::S301] {
            let filter = PersonFilter { state: None, code: Some(code) };
            let people = pages(db, campaign, filter, 3).await;
            assert_eq!(brief(&people), expected(&|fate| fate.code == Some(code)), "{} {code}", db.name);
            let filter = PersonFilter { state: Some(PersonState::Excluded), code: Some(code) };
            assert_eq!(pages(db, campaign, filter, 3).await, people, "{} {code}", db.name);
            let filter = PersonFilter { state: Some(PersonState::Sent), code: Some(code) };
            assert!(pages(db, campaign, filter, 3).await.is_empty(), "{} {code}", db.name);
        }
    });
}

#[tokio::test]
async fn before_it_is_frozen_a_campaign_has_no_people() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, [(1, Known::Confirmed)]).await;
        let read_before = scene.launching(&db, 2).await;
        let report_of = async |campaign| {
            let mut reader = db.store.read().await.expect("a reader");
            reader.report(campaign).await.expect("a report")
        };
        for _ in 0..2 {
            // The second time it was frozen after the campaign was read.
            let report = report_of(read_before.clone()).await;
            assert_eq!((report.target, report.held.total(), report.sent), (0, 0, 0), "{}", db.name);
            assert!(report.reconciles(), "{}", db.name);
            assert_eq!(report.batches, Batches::default());
            if Window::on(&db).await.count("send_batch").await == 0 {
                scene.freeze(&db, &read_before, store::campaigns::Audience::All).await;
            }
        }
        assert_eq!(report(&db, scene, read_before.id).await.held.waiting, 1, "{}", db.name);
    }
}

#[tokio::test]
async fn each_person_is_shown_with_the_reason_or_the_providers_own_words() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, (1..=6).map(|n| (n, Known::Confirmed))).await;
        scene.add_people(&db, [(7, Known::Refused)]).await;
        let campaign = scene.running(&db, 4).await.id;
        let picked = scene.claim(&db, "w1", 2).await;
        db.clock.advance(SECOND_US);
        let (handed, start) = (db.store.clock().now(), db.store.clock().now());
        let gate = [taken_out(scene.recipient(1), ReasonCode::S201)];
        let refused = [turned_down(scene.recipient(2))];
        let mut writer = db.store.write().await.expect("a transaction");
        writer.hand_over(&picked[0], "key", b"request", &gate).await.expect("handed over");
        writer.commit().await.expect("commits");
        db.clock.advance(SECOND_US);
        let settled = db.store.clock().now();
        let mut writer = db.store.write().await.expect("a transaction");
        writer.settle_accepted(&picked[0], "PRV", 2, &refused).await.expect("settles");
        writer.settle_failed(&picked[1], "gönderici adı onaylı değil").await.expect("settles");
        writer.commit().await.expect("commits");
        receive(&db, scene, &[(picked[0].key, 3, 4)]).await;

        let told: Vec<_> = pages(&db, campaign, PersonFilter::default(), 100)
            .await
            .into_iter()
            .map(|p| (p.external_id, p.state, p.code, p.provider_code, p.provider_text, p.at))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        let happened = june(23).plus_micros(4 * SECOND_US);
        let failed = PersonState::Failed;
        assert_eq!(told, [
            (text("M1"), PersonState::Excluded, Some(ReasonCode::S201), None, None, Some(handed)),
            (text("M2"), failed, None, text("EC_INVALID"), text("Geçersiz numara"), Some(settled)),
            (text("M3"), failed, None, text("D4"), text("durum 4"), Some(happened)),
            (text("M4"), PersonState::Sent, None, None, None, Some(settled)),
            (text("M5"), failed, None, None, text("gönderici adı onaylı değil"), Some(settled)),
            (text("M6"), failed, None, None, text("gönderici adı onaylı değil"), Some(settled)),
            (text("M7"), PersonState::Excluded, Some(ReasonCode::S103), None, None, None),
        ], "{}", db.name);

        let report = report(&db, scene, campaign).await;
        assert_eq!(report.batches.last_error.as_deref(), Some("gönderici adı onaylı değil"));
        assert_eq!(report.batches.first_sent_at, Some(start.plus_micros(-SECOND_US)), "{}", db.name);
        assert_eq!(report.last_receipt_at, Some(happened));
        let by_state = [(BatchState::Accepted, 1), (BatchState::Failed, 1)]
            .map(|(state, count)| (state.as_str().to_owned(), count));
        assert_eq!(report.batches.by_state, BTreeMap::from(by_state), "{}", db.name);
    }
}

#[tokio::test]
async fn a_request_that_never_left_is_not_the_first_one_sent() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, [(1, Known::Confirmed)]).await;
        let campaign = scene.running(&db, 4).await.id;
        let batch = scene.claim(&db, "w1", 1).await.remove(0);
        let later = db.store.clock().now().plus_micros(HOUR_US);
        let mut writer = db.store.write().await.expect("a transaction");
        writer.return_to_pending(&batch, later, "connection refused").await.expect("returns");
        writer.commit().await.expect("commits");
        let waiting = report(&db, scene, campaign).await.batches;
        assert_eq!((waiting.first_sent_at, waiting.next_at), (None, Some(later)), "{}", db.name);
        assert_eq!(waiting.last_error.as_deref(), Some("connection refused"));
        db.clock.set(later);
        scene.claim(&db, "w1", 1).await;
        let sent = report(&db, scene, campaign).await.batches;
        assert_eq!((sent.first_sent_at, sent.next_at), (Some(later), None), "{}", db.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_add_up_at_every_moment_of_a_campaign_under_way() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene.add_people(&db, (1..=120).map(|n| (n, Known::Confirmed))).await;
        let campaign = scene.running(&db, 3).await;
        let store = db.store.clone();
        let lease = db.store.clock().now().plus_micros(HOUR_US);
        let worker = tokio::spawn(async move {
            loop {
                let mut writer = store.write().await.expect("a transaction");
                let picked =
                    writer.pick_batches(scene.connector, "w1", lease, 1).await.expect("picks");
                let Some(batch) = picked.first() else { return };
                let gate = [taken_out(batch.people.0, ReasonCode::S103)];
                writer.hand_over(batch, "key", b"request", &gate).await.expect("handed over");
                writer.commit().await.expect("commits");
                let mut writer = store.write().await.expect("a transaction");
                let refused = [turned_down(batch.people.1)];
                writer.settle_accepted(batch, "PRV", 1, &refused).await.expect("settles");
                writer.commit().await.expect("commits");
            }
        });
        let mut moments = std::collections::BTreeSet::new();
        while !worker.is_finished() {
            let report = report(&db, scene, campaign.id).await;
            assert_eq!(report.discrepancy(), 0, "{}: {report:?}", db.name);
            moments.insert(report.sent);
        }
        in_time(worker).await.expect("no panic");
        assert!(moments.len() > 2, "{}: it was looked at under way: {moments:?}", db.name);
        let report = report(&db, scene, campaign.id).await;
        assert_eq!((report.sent, report.failed.refused, report.excluded_total()), (80, 40, 40));
    }
}
