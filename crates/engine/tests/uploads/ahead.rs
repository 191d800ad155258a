//! Files of strangers so long that PostgreSQL writes them over two connections:
//! what was begun on one of them must neither be lost nor be counted twice.

use std::sync::Arc;

use domain::ids::UploadId;
use engine::Engine;
use store::uploads::UploadState;

use crate::desk::{self, Desk};

const PEOPLE: u32 = 6_000;

fn long_slices(settings: &mut engine::Settings) {
    settings.uploads.slice_records = 1_500;
}

/// Waits until people are on record of whom nothing else is, or so many records
/// are applied where that never happens.
async fn ahead(desk: &Desk, engine: &Engine, upload: UploadId, from: i64) {
    for _ in 0..200_000 {
        let seen = engine.upload(desk.firm, upload).await.expect("it is there");
        let mut reader = desk.db.store.read().await.expect("a reader");
        let placed = reader.placed_offset(upload).await.expect("a number");
        let is_ahead = placed > seen.records_offset || !desk.db.store.writes_ahead();
        if seen.records_applied >= from && is_ahead {
            return;
        }
        assert_ne!(seen.state, UploadState::Applied, "nobody was made ahead");
        tokio::task::yield_now().await;
    }
    panic!("nobody was made ahead");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_made_before_their_worker_died_are_counted_once_and_what_they_said_is_not_lost() {
    for desk in desk::each().await {
        let (mut engine, mut guard) = desk.engine("w0", long_slices).await;
        let upload = desk.let_in(&engine, PEOPLE).await;
        // Each worker comes a little further than the one before it.
        for worker in 1..=3 {
            let working = Arc::clone(&engine);
            let task = tokio::spawn(async move {
                loop {
                    // A dead worker's claim ends when the server notices.
                    drop(working.step_uploads().await);
                    tokio::task::yield_now().await;
                }
            });
            ahead(&desk, &engine, upload.id, 700 * worker).await;
            task.abort();
            drop(task.await);
            drop((guard, engine));
            (engine, guard) = desk.engine(&format!("w{worker}"), long_slices).await;
        }
        let done = desk::taken_over(&desk, &engine, &upload).await;
        assert_eq!(done.state, UploadState::Applied, "{}", desk.db.name);
        assert_eq!(done.counts.created, i64::from(PEOPLE), "{}", desk.db.name);
        assert_eq!((done.counts.updated, done.counts.unchanged), (0, 0));
        assert_eq!(done.discrepancies, [], "{}", desk.db.name);
        assert_eq!(desk.events().await, i64::from(PEOPLE), "{}", desk.db.name);
        drop(guard);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_file_cancelled_half_way_can_come_again_and_everybody_is_accounted_for() {
    for desk in desk::each().await {
        // SQLite takes this file in one transaction.
        if !desk.db.store.writes_ahead() {
            continue;
        }
        let (engine, _guard) = desk.engine("w1", long_slices).await;
        let upload = desk.let_in(&engine, PEOPLE).await;
        let working = Arc::clone(&engine);
        let task = tokio::spawn(async move { working.step_uploads().await });
        ahead(&desk, &engine, upload.id, 700).await;
        engine
            .cancel_upload(desk.firm, upload.id, "usr_ayse")
            .await
            .expect("in time");
        task.await.expect("the worker lives").expect("and goes on");
        let left = engine.upload(desk.firm, upload.id).await.unwrap();
        assert_eq!(left.state, UploadState::Cancelled, "{}", desk.db.name);
        assert_eq!(desk.events().await, left.records_applied);

        let again = desk.let_in(&engine, PEOPLE).await;
        let done = desk::taken_over(&desk, &engine, &again).await;
        assert_eq!(done.state, UploadState::Applied, "{}", desk.db.name);
        assert_eq!(done.counts.unchanged, left.records_applied);
        // Some may be on record although nothing that they said is.
        let new = done.counts.created + done.counts.updated;
        assert_eq!(new, i64::from(PEOPLE) - left.records_applied);
        assert_eq!(done.discrepancies, [], "{}", desk.db.name);
        assert_eq!(desk.events().await, i64::from(PEOPLE), "{}", desk.db.name);
    }
}
