//! Rejected rows.

use domain::ids::{BrandId, FirmId, UploadId};
use domain::{Channel, ReasonCode};
use secrecy::{ExposeSecret, SecretString};
use store::StoreError;
use store::rejections::{Rejection, RejectionCursor, RejectionFilter};
use store::testing::TestDatabase;
use store::uploads::{NewUpload, UploadAction};

use crate::support::Window;
use crate::{commit, now, sealed, tenant, writer};

pub(crate) fn rejection(line: i64, number: i64) -> Rejection {
    let code = if line % 3 == 0 {
        ReasonCode::R209
    } else {
        ReasonCode::R602
    };
    let cell = format!("hücre {line}-{number}");
    Rejection {
        line,
        number,
        channel: (line % 2 == 0).then_some(Channel::Mesaj),
        field: "telefon".into(),
        code,
        args: vec![("value".into(), cell.clone())],
        value: (line % 5 != 0).then(|| SecretString::from(cell.as_str())),
        raw: Some(SecretString::from(format!("Şükrü;\"{cell}\";\u{1}ONAY"))),
    }
}

/// What can be compared: secrets cannot.
fn shown(r: &Rejection) -> impl PartialEq + std::fmt::Debug + use<> {
    let text =
        |secret: &Option<SecretString>| secret.as_ref().map(|s| s.expose_secret().to_owned());
    let cells = (text(&r.value), text(&r.raw));
    (
        r.line,
        r.number,
        r.channel,
        r.field.clone(),
        r.code,
        r.args.clone(),
        cells,
    )
}

async fn an_upload(db: &TestDatabase, firm: FirmId, brand: BrandId) -> UploadId {
    let new = NewUpload {
        brand,
        expires_at: None,
        name: "liste".into(),
        file_name: "liste.csv".into(),
        tag: None,
        purpose: store::uploads::UploadPurpose::Contacts,
        stops: store::uploads::StopScope::default(),
        action: UploadAction::Local,
        default_kind: None,
        options: serde_json::json!({}),
        sha256: [9; 32],
        size_bytes: 1,
        actor: "usr_ayse".into(),
    };
    now(&db.store, async |w| {
        w.create_upload(firm, new).await.expect("it can be done")
    })
    .await
}

#[tokio::test]
async fn rejections_of_several_slices_read_back_page_by_page_in_the_order_of_the_file() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Ret").await;
        let upload = an_upload(&db, firm, brand).await;
        // Two channels of each line; the ledger's own refusals come last, with
        // lines from the middle of the file.
        let mut all: Vec<_> = (2..3_002)
            .flat_map(|l| [rejection(l, 2 * l), rejection(l, 2 * l + 1)])
            .collect();
        all.extend((100..200).map(|line| rejection(line, 100_000 + line)));
        now(&db.store, async |w| {
            w.add_rejections(upload, &all).await.unwrap();
        })
        .await;
        all.sort_by_key(Rejection::cursor);

        let mut reader = db.store.read().await.unwrap();
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let filter = RejectionFilter::default();
            let page = reader
                .rejections(firm, upload, &filter, after, 999)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            read.extend(page);
        }
        let differs = read.iter().zip(&all).find(|(a, b)| shown(a) != shown(b));
        assert!(differs.is_none(), "{}: {differs:?}", db.name);
        assert_eq!(read.len(), all.len(), "{}", db.name);
    }
}

#[tokio::test]
async fn rejections_are_filtered_by_code_and_by_lines_and_counted_by_code() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Süzgeç").await;
        let upload = an_upload(&db, firm, brand).await;
        let all: Vec<_> = (2..62).map(|line| rejection(line, line)).collect();
        now(&db.store, async |w| {
            w.add_rejections(upload, &all).await.unwrap();
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        let mut lines = async |filter: RejectionFilter| -> Vec<i64> {
            let (mut lines, mut after) = (Vec::new(), None);
            loop {
                let page = reader
                    .rejections(firm, upload, &filter, after, 4)
                    .await
                    .unwrap();
                let Some(last) = page.last() else {
                    return lines;
                };
                after = Some(last.cursor());
                lines.extend(page.iter().map(|r| r.line));
            }
        };
        let r209 = RejectionFilter {
            code: Some(ReasonCode::R209),
            ..RejectionFilter::default()
        };
        assert_eq!(
            lines(r209).await,
            (2..62).filter(|l| l % 3 == 0).collect::<Vec<_>>()
        );
        let some = RejectionFilter {
            from_line: Some(10),
            to_line: Some(20),
            code: None,
        };
        assert_eq!(lines(some).await, (10..=20).collect::<Vec<_>>());
        let both = RejectionFilter {
            code: Some(ReasonCode::R209),
            ..some
        };
        assert_eq!(lines(both).await, [12, 15, 18]);
        let none = RejectionFilter {
            code: Some(ReasonCode::R201),
            ..RejectionFilter::default()
        };
        assert!(lines(none).await.is_empty());
        let counts = reader.rejection_counts(firm, upload).await.unwrap();
        assert_eq!(
            counts,
            [(ReasonCode::R209, 20), (ReasonCode::R602, 40)],
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn cells_and_lines_are_sealed_in_the_table() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Mühür").await;
        let upload = an_upload(&db, firm, brand).await;
        let one = rejection(4, 1);
        let (value, raw) = (one.value.clone().unwrap(), one.raw.clone().unwrap());
        now(&db.store, async |w| {
            w.add_rejections(upload, &[one, rejection(5, 2)])
                .await
                .unwrap();
        })
        .await;
        let mut window = Window::on(&db).await;
        for (column, plain) in [("value", value), ("raw", raw)] {
            let sql = format!(
                "SELECT CAST(length({column}) AS BIGINT) FROM upload_rejection WHERE line = 4"
            );
            let expected = sealed(plain.expose_secret());
            assert_eq!(window.number(&sql).await, expected, "{}: {column}", db.name);
        }
        let absent =
            "SELECT count(*) FROM upload_rejection WHERE value IS NULL AND raw IS NOT NULL";
        assert_eq!(
            window.number(absent).await,
            1,
            "{}: an absent cell is absent",
            db.name
        );
    }
}

#[tokio::test]
async fn a_slice_with_a_repeated_rejection_leaves_nothing() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Yine").await;
        let upload = an_upload(&db, firm, brand).await;
        let mut w = writer(&db).await;
        let twice = w
            .add_rejections(upload, &[rejection(3, 1), rejection(3, 1)])
            .await;
        assert!(matches!(twice, Err(StoreError::Exists { .. })), "{twice:?}");
        drop(w);
        now(&db.store, async |w| {
            w.add_rejections(upload, &[]).await.unwrap();
        })
        .await;
        assert_eq!(Window::on(&db).await.count("upload_rejection").await, 0);
    }
}

#[tokio::test]
async fn the_rejections_of_a_file_are_its_firms_own() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Bizim").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let upload = an_upload(&db, firm, brand).await;
        let mut w = writer(&db).await;
        w.add_rejections(upload, &[rejection(3, 1)]).await.unwrap();
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        let filter = RejectionFilter::default();
        assert_eq!(
            reader
                .rejections(firm, upload, &filter, None, 10)
                .await
                .unwrap()
                .len(),
            1
        );
        assert!(
            reader
                .rejections(other, upload, &filter, None, 10)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            reader
                .rejection_counts(other, upload)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_rejection_found_without_the_file_gets_its_row_later_and_no_other_is_touched() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Sonradan").await;
        let upload = an_upload(&db, firm, brand).await;
        let late = |line, number| Rejection {
            raw: None,
            ..rejection(line, number)
        };
        let all = [
            late(7, 1_001),
            rejection(7, 0),
            late(3, 1_002),
            rejection(9, 0),
        ];
        now(&db.store, async |w| {
            w.add_rejections(upload, &all).await.unwrap();
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        let waiting = reader
            .rejections_without_row(upload, None, 10)
            .await
            .unwrap();
        let at = |line, number| RejectionCursor { line, number };
        assert_eq!(waiting, [at(3, 1_002), at(7, 1_001)], "{}", db.name);
        let after = Some(at(3, 1_002));
        let rest = reader
            .rejections_without_row(upload, after, 10)
            .await
            .unwrap();
        assert_eq!(rest, [at(7, 1_001)], "{}", db.name);
        drop(reader);

        now(&db.store, async |w| {
            let row = (at(7, 1_001), SecretString::from("0532;Ayşe"));
            w.keep_rejected_rows(upload, &[row]).await.unwrap();
            w.keep_rejected_rows(upload, &[]).await.unwrap();
        })
        .await;
        let mut w = writer(&db).await;
        let nowhere = (at(8, 0), SecretString::from("yok"));
        let lost = w.keep_rejected_rows(upload, &[nowhere]).await;
        assert!(matches!(lost, Err(StoreError::Lost { .. })), "{lost:?}");
        drop(w);

        let mut reader = db.store.read().await.unwrap();
        let waiting = reader
            .rejections_without_row(upload, None, 10)
            .await
            .unwrap();
        assert_eq!(waiting, [at(3, 1_002)], "{}", db.name);
        let filter = RejectionFilter::default();
        let read = reader
            .rejections(firm, upload, &filter, None, 10)
            .await
            .unwrap();
        let rows: Vec<Option<String>> = read
            .iter()
            .map(|one| one.raw.as_ref().map(|raw| raw.expose_secret().to_owned()))
            .collect();
        let (seven, nine) = (&all[1].raw, &all[3].raw);
        let text =
            |raw: &Option<SecretString>| raw.as_ref().map(|raw| raw.expose_secret().to_owned());
        let expected = [None, text(seven), Some("0532;Ayşe".to_owned()), text(nine)];
        assert_eq!(rows, expected, "{}", db.name);
    }
}
