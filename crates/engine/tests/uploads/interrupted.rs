//! Applying that is cancelled, dies or has to begin a piece anew half-way.

use std::sync::Arc;

use engine::Engine;
use engine::uploads::LeaveOpen;
use store::uploads::{Upload, UploadState};

use crate::desk::{self, Desk, people, taken_over, work};

const PEOPLE: u32 = 1_200;

fn small_slices(settings: &mut engine::Settings) {
    settings.uploads.slice_records = 20;
}

/// A judged file that was let in, and a task that applies it.
async fn applying(desk: &Desk, engine: &Arc<Engine>) -> (Upload, tokio::task::JoinHandle<()>) {
    let upload = desk.let_in(engine, PEOPLE).await;
    let working = Arc::clone(engine);
    let task = tokio::spawn(async move {
        working.step_uploads().await.expect("a step");
    });
    (upload, task)
}

/// Waits until some of the file is applied.
async fn begun(desk: &Desk, engine: &Engine, upload: &Upload) {
    for _ in 0..100_000 {
        let seen = engine
            .upload(desk.firm, upload.id)
            .await
            .expect("it is there");
        if seen.records_applied > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("nothing was applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_of_a_cancelled_file_stays_and_the_rest_can_come_later() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", small_slices).await;
        let (upload, task) = applying(&desk, &engine).await;
        begun(&desk, &engine, &upload).await;
        engine
            .cancel_upload(desk.firm, upload.id, "usr_ayse")
            .await
            .expect("in time");
        task.await.expect("the worker notices and goes on");
        let left = engine.upload(desk.firm, upload.id).await.unwrap();
        assert_eq!(left.state, UploadState::Cancelled, "{}", desk.db.name);
        assert!(left.records_applied > 0 && left.records_applied < i64::from(PEOPLE));
        assert_eq!(
            desk.events().await,
            left.records_applied,
            "{}",
            desk.db.name
        );

        // A cancelled file does not count as the same file: it may come again.
        let text = people(PEOPLE);
        let again = engine
            .receive(desk.file("liste"), text.as_bytes())
            .await
            .unwrap();
        engine.step_uploads().await.unwrap();
        engine
            .approve_upload(desk.firm, again.id, "usr_can", &LeaveOpen::Nothing)
            .await
            .unwrap();
        work(&engine).await;
        let done = engine.upload(desk.firm, again.id).await.unwrap();
        assert_eq!(done.state, UploadState::Applied, "{}", desk.db.name);
        assert_eq!(done.counts.unchanged, left.records_applied);
        assert_eq!(
            done.counts.created,
            i64::from(PEOPLE) - left.records_applied
        );
        assert_eq!(done.discrepancies, [], "{}", desk.db.name);
        assert_eq!(desk.events().await, i64::from(PEOPLE));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_worker_died_half_way_is_applied_to_its_end_by_the_next_and_once() {
    for desk in desk::each().await {
        let (engine, guard) = desk.engine("w1", small_slices).await;
        let (upload, task) = applying(&desk, &engine).await;
        begun(&desk, &engine, &upload).await;
        task.abort();
        drop(task.await);
        drop((guard, engine));
        let (next, _guard) = desk.engine("w2", small_slices).await;
        let done = taken_over(&desk, &next, &upload).await;
        assert_eq!(done.state, UploadState::Applied, "{}", desk.db.name);
        assert_eq!(done.counts.created, i64::from(PEOPLE), "{}", desk.db.name);
        assert_eq!(done.discrepancies, [], "{}", desk.db.name);
        assert_eq!(desk.events().await, i64::from(PEOPLE));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_cancelled_while_it_is_judged_is_not_applied() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", small_slices).await;
        let text = people(PEOPLE);
        let upload = engine
            .receive(desk.file("liste"), text.as_bytes())
            .await
            .unwrap();
        let working = Arc::clone(&engine);
        let task = tokio::spawn(async move {
            working.step_uploads().await.expect("a step");
        });
        engine
            .cancel_upload(desk.firm, upload.id, "usr_ayse")
            .await
            .expect("in time");
        task.await.expect("the worker notices");
        work(&engine).await;
        let left = engine.upload(desk.firm, upload.id).await.unwrap();
        assert_eq!(left.state, UploadState::Cancelled, "{}", desk.db.name);
        assert_eq!((left.records_applied, desk.events().await), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_on_record_behind_many_strangers_are_found_and_nobody_is_made_twice() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", small_slices).await;
        let all = people(PEOPLE);
        let mut lines = all.lines();
        let head = lines.next().expect("a header");
        let known: Vec<&str> = lines.skip(900).step_by(3).collect();
        let known_first = format!("{head}\n{}\n", known.join("\n"));
        for (name, text) in [("bilinen", known_first.as_str()), ("hepsi", all.as_str())] {
            let upload = engine
                .receive(desk.file(name), text.as_bytes())
                .await
                .expect("received");
            engine.step_uploads().await.expect("judged");
            engine
                .approve_upload(desk.firm, upload.id, "usr_can", &LeaveOpen::Nothing)
                .await
                .expect("approved");
            work(&engine).await;
            let done = engine.upload(desk.firm, upload.id).await.unwrap();
            assert_eq!(done.state, UploadState::Applied, "{}", desk.db.name);
            assert_eq!(done.discrepancies, [], "{}", desk.db.name);
        }
        assert_eq!(desk.events().await, i64::from(PEOPLE), "{}", desk.db.name);
    }
}
