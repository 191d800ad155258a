//! Everyone is accounted for: the numbers add up at every moment, and each
//! person is shown with what became of the message.

use std::collections::BTreeMap;

use domain::ReasonCode;
use domain::ids::{BatchKey, CampaignId};
use domain::time::{HOUR_US, SECOND_US};
use store::dispatch::{BatchState, FailedAs};
use store::receipts::ReceiptRow;
use store::reporting::{Batches, CampaignPerson, PersonCursor, PersonFilter, PersonState, Report};
use store::testing::TestDatabase;

use crate::support::sending::*;
use crate::support::*;

/// Applies receipts, of messages and states, in one push.
pub(crate) async fn receive(db: &TestDatabase, scene: Scene, receipts: &[(BatchKey, u32, i64)]) {
    let rows: Vec<ReceiptRow> = receipts
        .iter()
        .map(|(key, n, state)| ReceiptRow {
            message: scene.message(*key, *n),
            state: *state,
            provider_code: format!("D{state}"),
            provider_text: Some(format!("durum {state}")),
            operator_code: None,
            happened_at: june(23).plus_micros(state * SECOND_US),
        })
        .collect();
    let mut writer = db.store.write().await.expect("a transaction");
    writer
        .apply_receipts(scene.connector, 1, &rows)
        .await
        .expect("applies");
    writer.commit().await.expect("commits");
}

pub(crate) async fn report(db: &TestDatabase, scene: Scene, campaign: CampaignId) -> Report {
    let mut reader = db.store.read().await.expect("a reader");
    let campaign = reader
        .campaign(scene.firm, campaign)
        .await
        .expect("read")
        .expect("a campaign");
    reader.report(campaign).await.expect("a report")
}

/// All pages of a list.
pub(crate) async fn pages(
    db: &TestDatabase,
    id: CampaignId,
    filter: PersonFilter,
    limit: usize,
) -> Vec<CampaignPerson> {
    let mut reader = db.store.read().await.expect("a reader");
    let mut all = Vec::new();
    let mut after: Option<PersonCursor> = None;
    loop {
        let (page, next) = reader
            .campaign_people(id, filter, after, limit)
            .await
            .expect("a page");
        assert!(page.len() <= limit, "{}", db.name);
        all.extend(page);
        match next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
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
            assert_eq!(
                (report.target, report.held.total(), report.sent),
                (0, 0, 0),
                "{}",
                db.name
            );
            assert!(report.reconciles(), "{}", db.name);
            assert_eq!(report.batches, Batches::default());
            if Window::on(&db).await.count("send_batch").await == 0 {
                scene
                    .freeze(&db, &read_before, store::campaigns::Audience::All)
                    .await;
            }
        }
        assert_eq!(
            report(&db, scene, read_before.id).await.held.waiting,
            1,
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn each_person_is_shown_with_the_reason_or_the_providers_own_words() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=6).map(|n| (n, Known::Confirmed)))
            .await;
        scene.add_people(&db, [(7, Known::Refused)]).await;
        let campaign = scene.running(&db, 4).await.id;
        let picked = scene.claim(&db, "w1", 2).await;
        db.clock.advance(SECOND_US);
        let (handed, start) = (db.store.clock().now(), db.store.clock().now());
        let gate = [taken_out(scene.recipient(1), ReasonCode::S201)];
        let refused = [turned_down(scene.recipient(2))];
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .hand_over(&picked[0], "key", b"request", &gate)
            .await
            .expect("handed over");
        writer.commit().await.expect("commits");
        db.clock.advance(SECOND_US);
        let settled = db.store.clock().now();
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .settle_accepted(&picked[0], "PRV", 2, &refused)
            .await
            .expect("settles");
        writer
            .settle_failed(&picked[1], FailedAs::Refused, "gönderici adı onaylı değil")
            .await
            .expect("settles");
        writer.commit().await.expect("commits");
        receive(&db, scene, &[(picked[0].key, 3, 4)]).await;

        let told: Vec<_> = pages(&db, campaign, PersonFilter::default(), 100)
            .await
            .into_iter()
            .map(|p| {
                (
                    p.external_id,
                    p.state,
                    p.code,
                    p.provider_code,
                    p.provider_text,
                    p.at,
                )
            })
            .collect();
        let text = |text: &str| Some(text.to_owned());
        let happened = june(23).plus_micros(4 * SECOND_US);
        let failed = PersonState::Failed;
        assert_eq!(
            told,
            [
                (
                    text("M1"),
                    PersonState::Excluded,
                    Some(ReasonCode::S201),
                    None,
                    None,
                    Some(handed)
                ),
                (
                    text("M2"),
                    failed,
                    Some(ReasonCode::S508),
                    text("EC_INVALID"),
                    text("Geçersiz numara"),
                    Some(settled)
                ),
                (
                    text("M3"),
                    failed,
                    Some(ReasonCode::S602),
                    text("D4"),
                    text("durum 4"),
                    Some(happened)
                ),
                (
                    text("M4"),
                    PersonState::Sent,
                    None,
                    None,
                    None,
                    Some(settled)
                ),
                (
                    text("M5"),
                    failed,
                    Some(ReasonCode::S504),
                    None,
                    text("gönderici adı onaylı değil"),
                    Some(settled)
                ),
                (
                    text("M6"),
                    failed,
                    Some(ReasonCode::S504),
                    None,
                    text("gönderici adı onaylı değil"),
                    Some(settled)
                ),
                (
                    text("M7"),
                    PersonState::Excluded,
                    Some(ReasonCode::S103),
                    None,
                    None,
                    None
                ),
            ],
            "{}",
            db.name
        );

        let by_code = async |code, state| {
            let filter = PersonFilter {
                code: Some(code),
                state,
            };
            let found = pages(&db, campaign, filter, 1).await;
            found
                .into_iter()
                .filter_map(|person| person.external_id)
                .collect::<Vec<_>>()
        };
        assert_eq!(by_code(ReasonCode::S504, None).await, ["M5", "M6"]);
        assert_eq!(by_code(ReasonCode::S508, Some(failed)).await, ["M2"]);
        assert_eq!(by_code(ReasonCode::S602, None).await, ["M3"]);
        assert!(
            by_code(ReasonCode::S504, Some(PersonState::Sent))
                .await
                .is_empty()
        );

        let report = report(&db, scene, campaign).await;
        assert_eq!(
            report.batches.last_error.as_deref(),
            Some("gönderici adı onaylı değil")
        );
        assert_eq!(
            report.batches.first_sent_at,
            Some(start.plus_micros(-SECOND_US)),
            "{}",
            db.name
        );
        assert_eq!(report.last_receipt_at, Some(happened));
        let by_state = [(BatchState::Accepted, 1), (BatchState::Failed, 1)]
            .map(|(state, count)| (state.as_str().to_owned(), count));
        assert_eq!(
            report.batches.by_state,
            BTreeMap::from(by_state),
            "{}",
            db.name
        );
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
        writer
            .return_to_pending(&batch, later, "connection refused")
            .await
            .expect("returns");
        writer.commit().await.expect("commits");
        let waiting = report(&db, scene, campaign).await.batches;
        assert_eq!(
            (waiting.first_sent_at, waiting.next_at),
            (None, Some(later)),
            "{}",
            db.name
        );
        assert_eq!(waiting.last_error.as_deref(), Some("connection refused"));
        db.clock.set(later);
        scene.claim(&db, "w1", 1).await;
        let sent = report(&db, scene, campaign).await.batches;
        assert_eq!(
            (sent.first_sent_at, sent.next_at),
            (Some(later), None),
            "{}",
            db.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_add_up_at_every_moment_of_a_campaign_under_way() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        scene
            .add_people(&db, (1..=120).map(|n| (n, Known::Confirmed)))
            .await;
        let campaign = scene.running(&db, 3).await;
        let store = db.store.clone();
        let lease = db.store.clock().now().plus_micros(HOUR_US);
        let worker = tokio::spawn(async move {
            loop {
                let mut writer = store.write().await.expect("a transaction");
                let picked = writer
                    .pick_batches(scene.connector, "w1", lease, 1)
                    .await
                    .expect("picks");
                let Some(batch) = picked.first() else { return };
                let gate = [taken_out(batch.people.0, ReasonCode::S103)];
                writer
                    .hand_over(batch, "key", b"request", &gate)
                    .await
                    .expect("handed over");
                writer.commit().await.expect("commits");
                let mut writer = store.write().await.expect("a transaction");
                let refused = [turned_down(batch.people.1)];
                writer
                    .settle_accepted(batch, "PRV", 1, &refused)
                    .await
                    .expect("settles");
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
        assert!(
            moments.len() > 2,
            "{}: it was looked at under way: {moments:?}",
            db.name
        );
        let report = report(&db, scene, campaign.id).await;
        assert_eq!(
            (report.sent, report.failed.refused, report.excluded_total()),
            (80, 40, 40)
        );
    }
}
