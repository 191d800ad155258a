//! Refusals that are found out after a file was judged come back with its rows.

use engine::uploads::{LeaveOpen, NewFile, Privacy, ReportForm};
use secrecy::ExposeSecret;
use store::rejections::{Rejection, RejectionFilter};
use store::uploads::{Upload, UploadPurpose, UploadState};

use crate::desk::{self, Desk, work};

const HEAD: &str = "Ad Soyad;Telefon;İzin Durumu;İzin Tarihi;İzin Türü;İzin Kaynağı;Not";

async fn judged(engine: &engine::Engine, file: NewFile, text: &str) -> Upload {
    let upload = engine.receive(file, text.as_bytes()).await;
    let upload = upload.expect("received");
    work(engine).await;
    upload
}

async fn let_in(desk: &Desk, engine: &engine::Engine, upload: &Upload) -> Upload {
    engine
        .approve_upload(desk.firm, upload.id, "usr_can", &LeaveOpen::All)
        .await
        .expect("approved");
    work(engine).await;
    let seen = engine.upload(desk.firm, upload.id).await.expect("there");
    assert_eq!(seen.state, UploadState::Applied, "{}", desk.db.name);
    seen
}

async fn rejections(desk: &Desk, upload: &Upload) -> Vec<Rejection> {
    let mut reader = desk.db.store.read().await.expect("a reader");
    let filter = RejectionFilter::default();
    let read = reader.rejections(desk.firm, upload.id, &filter, None, 100);
    read.await.expect("read")
}

fn row_of(rejection: &Rejection) -> &str {
    let row = rejection.raw.as_ref().expect("its row");
    row.expose_secret()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_a_refusal_overtook_while_its_file_waited_comes_back_with_its_row() {
    for desk in desk::each().await {
        let name = desk.db.name;
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let overtaken = "Ayşe Şahin;0532 100 00 00;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;\"a;b\"";
        let text = format!(
            "{HEAD}\n{overtaken}\nAli Öz;0532 100 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;\n"
        );
        let first = judged(&engine, desk.file("liste"), &text).await;
        let refusal = "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n\
            0532 100 00 00;RET;20.06.2025 15:00;MESAJ;HS_WEB\n";
        let second = judged(&engine, desk.file("ret"), refusal).await;
        let_in(&desk, &engine, &second).await;
        let done = let_in(&desk, &engine, &first).await;
        assert_eq!(done.counts.rejected, 1, "{name}");

        let late = rejections(&desk, &first).await;
        assert_eq!(late.len(), 1, "{name}");
        assert_eq!((late[0].line, late[0].code.to_string()), (2, "R805".into()));
        assert_eq!(row_of(&late[0]), overtaken, "{name}");
        let mut report = Vec::new();
        let (form, privacy) = (ReportForm::Csv, Privacy::Open);
        engine
            .upload_report(desk.firm, first.id, form, privacy, &mut report)
            .await
            .expect("a report");
        let report = String::from_utf8(report).expect("text");
        let line = report.lines().nth(1).expect("a line");
        assert!(line.ends_with(&format!(";{overtaken}")), "{name}: {line}");

        // As it is, it comes to the same verdict; the other consent stands.
        let again = judged(&engine, desk.file("rapor"), &report).await;
        let again_refused = rejections(&desk, &again).await;
        assert_eq!(again_refused.len(), 1, "{name}");
        assert_eq!(again_refused[0].code.to_string(), "R805", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_whom_nobody_knows_are_refused_with_the_row_that_named_them() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let file = NewFile {
            purpose: UploadPurpose::TagAdd,
            tag: Some("VIP".to_owned()),
            ..desk.file("etiket")
        };
        let text = "telefon;ad soyad\n0532 100 00 01;Ayşe Yılmaz\n";
        let upload = judged(&engine, file, text).await;
        let refused = rejections(&desk, &upload).await;
        assert_eq!(refused.len(), 1, "{}", desk.db.name);
        assert_eq!(refused[0].code.to_string(), "R406", "{}", desk.db.name);
        assert_eq!(row_of(&refused[0]), "0532 100 00 01;Ayşe Yılmaz");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_reads_rows_that_are_not_kept_from_the_file_and_does_without_it() {
    for desk in desk::each().await {
        let name = desk.db.name;
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let row = "Ali Öz;0532 100 00 01;ONAY;20.06.2025 14:05;MESAJ;HS_WEB;not";
        let upload = judged(&engine, desk.file("liste"), &format!("{HEAD}\n{row}\n")).await;
        let without_row = Rejection {
            line: 2,
            number: 0,
            channel: Some(domain::Channel::Mesaj),
            field: "date".to_owned(),
            code: domain::ReasonCode::R805,
            args: Vec::new(),
            value: None,
            raw: None,
        };
        let mut writer = desk.db.store.write().await.expect("a transaction");
        let kept = writer.add_rejections(upload.id, &[without_row]).await;
        kept.expect("kept");
        writer.commit().await.expect("commits");

        let report = async || {
            let mut report = Vec::new();
            let (form, privacy) = (ReportForm::Csv, Privacy::Open);
            engine
                .upload_report(desk.firm, upload.id, form, privacy, &mut report)
                .await
                .expect("a report");
            String::from_utf8(report).expect("text")
        };
        let with_file = report().await;
        assert!(
            with_file.contains(&format!(";{row}\r\n")),
            "{name}: {with_file}"
        );
        let folder = desk
            .folder
            .path()
            .join("uploads")
            .join(upload.id.to_string());
        std::fs::remove_file(folder.join("source")).expect("removed");
        let without_file = report().await;
        assert!(without_file.contains(";R805;"), "{name}: {without_file}");
        assert!(!without_file.contains("Ali Öz"), "{name}: {without_file}");
    }
}
