//! Answers that are remembered for the next file with the same header.

use engine::Engine;
use engine::uploads::{AnswersGiven, LeaveOpen};
use serde_json::{Value, json};
use store::uploads::Upload;

use crate::desk::{self, Desk, work};

/// A file whose sources and dates only a person can explain, judged.
async fn judged(desk: &Desk, engine: &Engine, person: u32, mapping: Value) -> Upload {
    let text = format!(
        "telefon;izin durumu;izin tarihi;izin türü;izin kaynağı\n\
         0532 100 00 0{person};ONAY;05/06/2025;MESAJ;web sitesi\n"
    );
    let mut file = desk.file("liste");
    file.mapping = mapping;
    let received = engine.receive(file, text.as_bytes()).await.unwrap();
    work(engine).await;
    engine.upload(desk.firm, received.id).await.unwrap()
}

async fn answered(desk: &Desk, engine: &Engine, upload: &Upload, mapping: Value) -> Upload {
    let given = AnswersGiven {
        mapping,
        default_kind: None,
    };
    let answer = engine.answer_upload(desk.firm, upload.id, given, "usr_ayse");
    answer.await.unwrap();
    work(engine).await;
    engine.upload(desk.firm, upload.id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_a_file_wins_over_remembered_answers_and_they_fill_the_rest() {
    for desk in desk::each().await {
        let (engine, _guard) = desk.engine("w1", |_| {}).await;
        let name = desk.db.name;
        let first = judged(&desk, &engine, 1, Value::Null).await;
        let answers = json!({
            "sources": { "web sitesi": "HS_WEB" }, "date_order": "day_first"
        });
        let first = answered(&desk, &engine, &first, answers).await;
        assert_eq!(first.progress.pairs_rejected, 0, "{name}");
        engine
            .approve_upload(desk.firm, first.id, "usr_can", &LeaveOpen::Nothing)
            .await
            .unwrap();
        work(&engine).await;

        let sent = json!({ "date_order": "month_first" });
        let second = judged(&desk, &engine, 2, sent).await;
        let both = json!({
            "sources": { "web sitesi": "HS_WEB" }, "date_order": "month_first"
        });
        assert_eq!(second.options, both, "{name}");
        assert_eq!(second.answers_from, Some(first.id), "{name}");
        assert_eq!(second.progress.pairs_rejected, 0, "{name}");

        // What a person takes out afterwards does not come back.
        let second = answered(&desk, &engine, &second, json!({ "sources": null })).await;
        assert_eq!(second.options, json!({ "date_order": "month_first" }));
        assert_eq!(
            (second.answers_from, second.progress.pairs_rejected),
            (None, 1)
        );

        let whole = both;
        let third = judged(&desk, &engine, 3, whole.clone()).await;
        assert_eq!((third.options, third.answers_from), (whole, None), "{name}");
    }
}
