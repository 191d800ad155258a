//! A watched folder.

use std::fs;
use std::path::{Path, PathBuf};

use engine::settings::Drop;
use engine::{Action, Settings};
use store::uploads::UploadState;

use crate::desk::{self, Desk, names, people, work};

fn watched(desk: &Desk, applies: bool) -> impl Fn(&mut Settings) + use<> {
    let drop = Drop {
        folder: folder(desk),
        brand: desk.brand,
        action: Action::Local,
        default_recipient_kind: Some(domain::RecipientKind::Bireysel),
        tag: None,
        applies,
    };
    move |settings| settings.uploads.drops = vec![drop.clone()]
}

fn folder(desk: &Desk) -> PathBuf {
    desk.folder.path().join("gelen")
}

fn put(desk: &Desk, name: &str, text: &str) {
    fs::create_dir_all(folder(desk)).unwrap();
    fs::write(folder(desk).join(name), text).unwrap();
}

/// Plain files of the watched folder itself.
fn waiting(folder: &Path) -> Vec<String> {
    let mut names = names(folder);
    names.retain(|name| name != "alinan" && name != "biten");
    names
}

#[tokio::test]
async fn a_dropped_file_becomes_an_upload_and_lies_beside_its_report_afterwards() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", watched(&desk, true)).await;
        let text = people(20) + "0212 123 45 67;ONAY;20.06.2025 14:05;MESAJ;HS_WEB\n";
        put(&desk, "liste.csv", &text);
        engine.step_drops().await.unwrap();
        assert_eq!(desk.uploads().await.len(), 0, "it may still grow");
        put(&desk, "liste.csv", &(text + "\n"));
        engine.step_drops().await.unwrap();
        assert_eq!(desk.uploads().await.len(), 0, "it has grown");
        for _ in 0..6 {
            engine.step_drops().await.unwrap();
            work(&engine).await;
        }
        let uploads = desk.uploads().await;
        assert_eq!(uploads.len(), 1, "{}", desk.db.name);
        assert_eq!(uploads[0].state, UploadState::Applied, "{}", desk.db.name);
        assert_eq!(uploads[0].file_name, "liste.csv");
        assert_eq!(
            (uploads[0].counts.created, uploads[0].counts.rejected),
            (20, 1)
        );
        let gelen = folder(&desk);
        assert!(waiting(&gelen).is_empty() && names(&gelen.join("alinan")).is_empty());
        let done = names(&gelen.join("biten"));
        assert_eq!(done.len(), 3, "{done:?}");
        for end in [
            "-liste.csv",
            "-liste.csv.rapor.csv",
            "-liste.csv.sonuc.json",
        ] {
            let name = done.iter().find(|name| name.ends_with(end)).expect(end);
            let text = fs::read_to_string(gelen.join("biten").join(name)).unwrap();
            assert!(!text.is_empty());
            if end.ends_with("rapor.csv") {
                assert!(
                    text.contains("R206") && text.contains("0212 123 45 67"),
                    "{text}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_after_any_step_takes_nothing_in_twice_and_loses_nothing() {
    for desk in desk::each().await {
        put(&desk, "bir.csv", &people(5));
        put(&desk, "iki.csv", &people(7));
        // Each step is done by a process of its own, two of them at a time.
        for round in 0..12 {
            let (one, guard_one) = desk
                .engine(&format!("a{round}"), watched(&desk, true))
                .await;
            let (two, guard_two) = desk
                .engine(&format!("b{round}"), watched(&desk, true))
                .await;
            for _ in 0..2 {
                let (first, second) = tokio::join!(one.step_drops(), two.step_drops());
                first.unwrap();
                second.unwrap();
            }
            one.step_uploads().await.unwrap();
            drop((guard_one, guard_two));
        }
        let uploads = desk.uploads().await;
        assert_eq!(uploads.len(), 2, "{}", desk.db.name);
        assert!(uploads.iter().all(|one| one.state == UploadState::Applied));
        let gelen = folder(&desk);
        assert!(waiting(&gelen).is_empty() && names(&gelen.join("alinan")).is_empty());
        let done = names(&gelen.join("biten"));
        assert_eq!(done.iter().filter(|name| name.ends_with(".csv")).count(), 2);
        assert_eq!(desk.events().await, 7, "{}", desk.db.name);
    }
}

#[tokio::test]
async fn a_dropped_file_that_somebody_must_look_at_waits_in_the_list() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", watched(&desk, true)).await;
        put(&desk, "kotu.csv", "telefon\n053212\n0532123\n");
        for _ in 0..4 {
            engine.step_drops().await.unwrap();
            work(&engine).await;
        }
        let uploads = desk.uploads().await;
        assert_eq!(uploads[0].state, UploadState::Waiting, "{}", desk.db.name);
        assert_eq!(names(&folder(&desk).join("alinan")).len(), 1);
        engine
            .cancel_upload(desk.firm, uploads[0].id, "usr_ayse")
            .await
            .unwrap();
        engine.step_drops().await.unwrap();
        let done = names(&folder(&desk).join("biten"));
        assert!(
            done.iter().any(|name| name.ends_with("sonuc.json")),
            "{done:?}"
        );
    }
}
