//! A blacklist comes before the people it is about.

use engine::uploads::{LeaveOpen, NewFile};
use store::uploads::{Upload, UploadPurpose, UploadState};

use crate::desk::{self, Desk, work};

/// A file that was judged and let in, once it was applied.
async fn applied(desk: &Desk, engine: &engine::Engine, file: NewFile, text: &str) -> Upload {
    let upload = engine
        .receive(file, text.as_bytes())
        .await
        .expect("received");
    work(engine).await;
    engine
        .approve_upload(desk.firm, upload.id, "usr_can", &LeaveOpen::All)
        .await
        .expect("approved");
    work(engine).await;
    let seen = engine.upload(desk.firm, upload.id).await.expect("there");
    assert_eq!(seen.state, UploadState::Applied, "{:?}", seen.discrepancies);
    assert!(seen.discrepancies.is_empty(), "{:?}", seen.discrepancies);
    seen
}

fn named(desk: &Desk, name: &str, purpose: UploadPurpose) -> NewFile {
    NewFile {
        purpose,
        ..desk.file(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_the_blacklist_stays_stopped_when_another_file_brings_them_later() {
    for desk in desk::each().await {
        let name = desk.db.name;
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let known = "telefon\n0532 100 00 00\n";
        applied(&desk, &engine, desk.file("once"), known).await;

        let list = "telefon;ad soyad\n0532 100 00 00;\n0532 100 00 01;Ayşe Yılmaz\n\
            0532 100 00 01;Ayşe Yılmaz\n";
        let file = named(&desk, "kara", UploadPurpose::Blacklist);
        let done = applied(&desk, &engine, file, list).await;
        assert_eq!(done.progress.pairs_rejected, 0, "{name}");
        assert_eq!((done.counts.created, done.counts.updated), (1, 1), "{name}");
        let mut reader = desk.db.store.read().await.unwrap();
        let stops = reader.stops(desk.firm, None, 10).await.unwrap();
        let stopped: Vec<String> = stops.iter().map(|stop| stop.address.to_string()).collect();
        assert_eq!(stopped, ["+905321000000", "+905321000001"], "{name}");
        let (_, stranger) = reader
            .contact_by_address(desk.firm, &stops[1].address)
            .await
            .unwrap()
            .expect("on record");
        assert_eq!(stranger.name, None, "{name}: a stop list brings no names");
        drop(reader);
        assert_eq!(desk.events().await, 0, "{name}: nobody has said anything");

        let later = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n\
            0532 100 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB\n";
        let seen = applied(&desk, &engine, desk.file("sonra"), later).await;
        let codes = seen.summary["codes"].to_string();
        assert!(codes.contains("W805"), "{name}: {codes}");
        let mut reader = desk.db.store.read().await.unwrap();
        let stops = reader.stops(desk.firm, None, 10).await.unwrap();
        assert_eq!(stops.len(), 2, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whitelist_still_names_only_people_who_are_known() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let file = named(&desk, "beyaz", UploadPurpose::Whitelist);
        let upload = engine
            .receive(file, "telefon\n0532 100 00 01\n".as_bytes())
            .await
            .expect("received");
        work(&engine).await;
        let judged = engine.upload(desk.firm, upload.id).await.expect("there");
        let codes = judged.summary["codes"].to_string();
        assert!(codes.contains("R406"), "{}: {codes}", desk.db.name);
    }
}
