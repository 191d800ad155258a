//! Uploads from the received file to the last applied record, with workers
//! that are late, die or compete.

use domain::ids::{BrandId, FirmId, UploadId};
use domain::time::{MINUTE_US, SECOND_US};
use domain::{ReasonCode, RecipientKind};
use rand::Rng;
use serde_json::json;
use store::testing::TestDatabase;
use store::upload_answers::Answers;
use store::upload_work::{AppliedSlice, ClaimedUpload, Judgement, UploadClaim};
use store::uploads::{
    AppliedCounts, Discrepancy, FileRefusal, Hold, JudgingProgress, NewUpload, StopScope, Upload,
    UploadAction, UploadPurpose, UploadState,
};
use store::{Store, StoreError, Writer};

use crate::support::Window;
use crate::{commit, dice, now, second_of_two, tenant, writer};

const LEASE_US: i64 = MINUTE_US;

fn file(brand: BrandId, bytes: u8) -> NewUpload {
    NewUpload {
        brand,
        expires_at: None,
        name: "Haziran listesi".into(),
        file_name: "musteriler.csv".into(),
        tag: Some("haziran".into()),
        purpose: UploadPurpose::Contacts,
        stops: StopScope::default(),
        action: UploadAction::Pull,
        default_kind: Some(RecipientKind::Bireysel),
        options: json!({"columns": {"GSM": "phone"}}),
        sha256: [bytes; 32],
        size_bytes: 1_234,
        actor: "usr_ayse".into(),
    }
}

const PROGRESS: JudgingProgress = JudgingProgress {
    read_bytes: 1_234,
    rows_read: 12,
    pairs_judged: 14,
    pairs_rejected: 2,
};

fn judgement(waits_for_person: bool) -> Judgement {
    Judgement {
        summary: json!({"delimiter": ";", "codes": {"R209": 2}}),
        progress: PROGRESS,
        records_total: 12,
        holds: if waits_for_person {
            vec![Hold::Brake {
                percent: 25,
                limit: 20,
            }]
        } else {
            Vec::new()
        },
        header_hash: Some([7; 32]),
    }
}

fn slice(from_offset: i64, to_offset: i64, records: i64) -> AppliedSlice {
    let counts = AppliedCounts {
        created: records,
        ..AppliedCounts::default()
    };
    AppliedSlice {
        from_offset,
        to_offset,
        records,
        counts,
        events: None,
    }
}

async fn receive(db: &TestDatabase, firm: FirmId, new: NewUpload) -> UploadId {
    now(&db.store, async |w| {
        w.create_upload(firm, new).await.expect("it can be done")
    })
    .await
}

async fn claim(store: &Store, worker: &str) -> Option<ClaimedUpload> {
    now(store, async |w| {
        w.claim_upload(worker, LEASE_US)
            .await
            .expect("it can be done")
    })
    .await
}

async fn upload(db: &TestDatabase, firm: FirmId, id: UploadId) -> Upload {
    db.store
        .read()
        .await
        .expect("it can be done")
        .upload(firm, id)
        .await
        .expect("it can be done")
        .expect("it is there")
}

/// An upload that waits for its records to be applied.
async fn approved(db: &TestDatabase, firm: FirmId, new: NewUpload) -> UploadId {
    let id = receive(db, firm, new).await;
    let judging = claim(&db.store, "yargıç")
        .await
        .expect("something to judge");
    assert_eq!(judging.upload.id, id);
    now(&db.store, async |w| {
        w.finish_judging(&judging.claim, &judgement(false))
            .await
            .expect("it can be done");
        w.begin_applying(firm, id, "usr_can")
            .await
            .expect("it can be done");
    })
    .await;
    id
}

fn is_lost<T: std::fmt::Debug>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Lost { .. }))
}

#[tokio::test]
async fn a_file_is_received_judged_approved_and_applied() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Aktaran").await;
        let id = receive(&db, firm, file(brand, 1)).await;
        let received = upload(&db, firm, id).await;
        assert_eq!(
            (received.state, received.attempt),
            (UploadState::Received, 0)
        );
        assert_eq!(received.options, json!({"columns": {"GSM": "phone"}}));
        assert_eq!(
            (received.sha256, received.tag.as_deref()),
            ([1; 32], Some("haziran"))
        );
        assert!(received.summary.is_null());

        let ClaimedUpload {
            claim: right,
            upload: judging,
        } = claim(&db.store, "w1").await.unwrap();
        assert_eq!((judging.id, judging.state), (id, UploadState::Judging));
        let half = JudgingProgress {
            rows_read: 6,
            ..PROGRESS
        };
        now(&db.store, async |w| {
            w.renew_upload(&right, LEASE_US, Some(half)).await.unwrap();
        })
        .await;
        assert_eq!(upload(&db, firm, id).await.progress, half);
        now(&db.store, async |w| {
            w.finish_judging(&right, &judgement(true)).await.unwrap();
        })
        .await;
        let judged = upload(&db, firm, id).await;
        assert_eq!(
            (judged.state, judged.progress),
            (UploadState::Waiting, PROGRESS)
        );
        assert_eq!(judged.counts.rejected, 2);
        assert!(
            claim(&db.store, "w1").await.is_none(),
            "it waits for a person, not for a worker"
        );

        now(&db.store, async |w| {
            w.begin_applying(firm, id, "usr_can").await.unwrap();
        })
        .await;
        let ClaimedUpload {
            claim: right,
            upload: applying,
        } = claim(&db.store, "w2").await.unwrap();
        assert_eq!(
            (applying.state, applying.attempt),
            (UploadState::Applying, 2)
        );
        let counts = AppliedCounts {
            created: 5,
            updated: 1,
            unchanged: 1,
            rejected: 1,
            known: 0,
        };
        let first = AppliedSlice {
            from_offset: 0,
            to_offset: 800,
            records: 8,
            counts,
            events: None,
        };
        now(&db.store, async |w| {
            w.advance_upload(&right, first).await.unwrap();
        })
        .await;
        now(&db.store, async |w| {
            w.advance_upload(&right, slice(800, 1_200, 4))
                .await
                .unwrap();
        })
        .await;
        db.clock.advance(SECOND_US);
        now(&db.store, async |w| {
            w.finish_applying(&right, &[]).await.unwrap();
        })
        .await;
        let applied = upload(&db, firm, id).await;
        assert_eq!(applied.state, UploadState::Applied);
        assert_eq!(
            (applied.records_applied, applied.records_offset),
            (12, 1_200)
        );
        let sums = AppliedCounts {
            created: 9,
            updated: 1,
            unchanged: 1,
            rejected: 3,
            known: 0,
        };
        assert_eq!(applied.counts, sums, "{}", db.name);
        assert_eq!(applied.approver.as_deref(), Some("usr_can"));
        assert_eq!(
            applied.finished_at,
            Some(applied.created_at.plus_micros(SECOND_US))
        );
        let mut window = Window::on(&db).await;
        let held =
            "SELECT count(*) FROM upload WHERE worker IS NOT NULL OR lease_until_us IS NOT NULL";
        assert_eq!(
            window.number(held).await,
            0,
            "{}: nobody holds it any more",
            db.name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_claimers_claim_each_upload_once() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Kuyruk").await;
        let mut expected = Vec::new();
        for n in 0..24 {
            expected.push(receive(&db, firm, file(brand, n)).await);
        }
        let mut claimers = Vec::new();
        for n in 0..8 {
            let store = db.store.clone();
            let guard = store.register_worker(&format!("c{n}")).await.unwrap();
            claimers.push(tokio::spawn(async move {
                let mut mine = Vec::new();
                while let Some(claimed) = claim(&store, guard.name()).await {
                    mine.push(claimed.upload.id);
                }
                (mine, guard)
            }));
        }
        let (mut claimed, mut guards) = (Vec::new(), Vec::new());
        for claimer in claimers {
            let (mine, guard) = claimer.await.unwrap();
            claimed.extend(mine);
            guards.push(guard);
        }
        // A claimer may step over a row that another is claiming and go home.
        while let Some(left) = claim(&db.store, guards[0].name()).await {
            claimed.push(left.upload.id);
        }
        claimed.sort_unstable();
        assert_eq!(claimed, expected, "{}", db.name);
        let once = "SELECT count(*) FROM upload WHERE state = 2 AND attempt = 1";
        assert_eq!(Window::on(&db).await.number(once).await, 24, "{}", db.name);
    }
}

#[tokio::test]
async fn whoever_was_received_first_is_judged_first() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Sıra").await;
        let mut expected = Vec::new();
        for n in 0..3 {
            expected.push(receive(&db, firm, file(brand, n)).await);
            db.clock.advance(1);
        }
        // Numbers come from blocks: the oldest may have the greatest.
        let first = expected[0].as_db();
        let raised = first + 1_000_000;
        let sql = format!("UPDATE upload SET id = {raised} WHERE id = {first}");
        Window::on(&db).await.run(&sql).await;
        expected[0] = UploadId::from_db(raised);
        let _guard = db.store.register_worker("w1").await.unwrap();
        for id in &expected {
            assert_eq!(
                claim(&db.store, "w1").await.unwrap().upload.id,
                *id,
                "{}",
                db.name
            );
        }
        let mut reader = db.store.read().await.unwrap();
        let newest: Vec<_> = reader
            .uploads(firm, None, 10)
            .await
            .unwrap()
            .iter()
            .map(|u| u.id)
            .collect();
        expected.reverse();
        assert_eq!(newest, expected, "{}", db.name);
    }
}

/// Every call that needs a claim, none of which may change anything.
async fn try_everything(w: &mut Writer, late: &UploadClaim) -> Vec<Result<(), StoreError>> {
    let refusal = FileRefusal {
        code: ReasonCode::F105,
        args: vec![],
    };
    vec![
        w.renew_upload(late, LEASE_US, None).await,
        w.renew_upload(late, LEASE_US, Some(PROGRESS)).await,
        w.release_upload(late).await,
        w.finish_judging(late, &judgement(false)).await,
        w.refuse_file(late, &refusal, &json!({}), None).await,
        w.advance_upload(late, slice(0, 100, 1)).await,
        w.finish_applying(late, &[]).await,
        w.fail_upload(late, "geç kaldı").await,
    ]
}

#[tokio::test]
async fn a_late_worker_changes_nothing_after_another_took_over() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Geç").await;
        let _alive = db.store.register_worker("w1").await.unwrap();
        let judged = receive(&db, firm, file(brand, 1)).await;
        let late = claim(&db.store, "w1").await.unwrap().claim;
        db.clock.advance(LEASE_US - 1);
        assert!(
            claim(&db.store, "w2").await.is_none(),
            "{}: the lease holds",
            db.name
        );
        db.clock.advance(1);
        let heir = claim(&db.store, "w2").await.unwrap();
        assert_eq!((heir.upload.id, heir.upload.attempt), (judged, 2));
        let before = upload(&db, firm, judged).await;
        let tried = now(&db.store, async |w| try_everything(w, &late).await).await;
        assert!(tried.iter().all(is_lost), "{}: {tried:?}", db.name);
        assert_eq!(upload(&db, firm, judged).await, before);
        now(&db.store, async |w| {
            w.renew_upload(&heir.claim, LEASE_US, None).await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn the_same_worker_is_late_too_when_it_claimed_again() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Aynı").await;
        receive(&db, firm, file(brand, 1)).await;
        let first = claim(&db.store, "w1").await.unwrap().claim;
        db.clock.advance(LEASE_US);
        let second = claim(&db.store, "w1").await.unwrap().claim;
        let tried = now(&db.store, async |w| try_everything(w, &first).await).await;
        assert!(tried.iter().all(is_lost), "{}: {tried:?}", db.name);
        now(&db.store, async |w| {
            w.finish_judging(&second, &judgement(false)).await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn the_upload_of_a_dead_worker_is_taken_at_once_and_of_a_living_one_never() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Ölü").await;
        let living = db.store.register_worker("w1").await.unwrap();
        let id = receive(&db, firm, file(brand, 1)).await;
        claim(&db.store, "w1").await.unwrap();
        assert!(
            claim(&db.store, "w2").await.is_none(),
            "{}: it lives",
            db.name
        );
        drop(living);
        let taken = async {
            loop {
                if let Some(taken) = claim(&db.store, "w2").await {
                    return taken;
                }
                tokio::task::yield_now().await;
            }
        };
        // PostgreSQL notices a dropped connection a moment later.
        let taken = tokio::time::timeout(std::time::Duration::from_secs(20), taken)
            .await
            .unwrap();
        assert_eq!(
            (taken.upload.id, taken.upload.attempt),
            (id, 2),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn an_orderly_shutdown_gives_its_upload_back() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Düzenli").await;
        receive(&db, firm, file(brand, 1)).await;
        let _alive = db.store.register_worker("w1").await.unwrap();
        let given = claim(&db.store, "w1").await.unwrap().claim;
        now(&db.store, async |w| w.release_upload(&given).await.unwrap()).await;
        assert!(claim(&db.store, "w2").await.is_some());
        let mut w = writer(&db).await;
        assert!(is_lost(&w.renew_upload(&given, LEASE_US, None).await));
    }
}

#[tokio::test]
async fn a_slice_is_applied_exactly_once() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Dilim").await;
        let id = approved(&db, firm, file(brand, 1)).await;
        let right = claim(&db.store, "w1").await.unwrap().claim;
        now(&db.store, async |w| {
            w.advance_upload(&right, slice(0, 500, 5)).await.unwrap();
        })
        .await;
        for wrong in [slice(0, 500, 5), slice(400, 600, 1), slice(501, 600, 1)] {
            let mut w = writer(&db).await;
            w.ensure_tag(firm, "geri alınır").await.unwrap();
            let refused = w.advance_upload(&right, wrong).await;
            assert!(is_lost(&refused), "{}: {wrong:?} {refused:?}", db.name);
        }
        // A slice whose transaction dies was never applied.
        let mut w = writer(&db).await;
        w.advance_upload(&right, slice(500, 1_200, 7))
            .await
            .unwrap();
        drop(w);
        now(&db.store, async |w| {
            w.advance_upload(&right, slice(500, 1_200, 7))
                .await
                .unwrap();
        })
        .await;
        now(&db.store, async |w| {
            w.finish_applying(&right, &[]).await.unwrap();
        })
        .await;
        assert_eq!(upload(&db, firm, id).await.counts.created, 12);
        assert_eq!(Window::on(&db).await.count("tag").await, 0);
    }
}

#[tokio::test]
async fn workers_that_die_at_any_slice_leave_every_record_applied_once() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Kesinti").await;
        let mut rng = dice(7);
        for n in 0..5 {
            let id = approved(&db, firm, file(brand, n)).await;
            let mut lives = 0;
            loop {
                lives += 1;
                let Some(taken) = claim(&db.store, &format!("w{n}-{lives}")).await else {
                    break;
                };
                let (right, mut offset) = (taken.claim, taken.upload.records_offset);
                assert_eq!(offset % 100, 0, "goes on where a committed slice ended");
                while offset < 1_200 {
                    let records = rng.random_range(1..=3).min((1_200 - offset) / 100);
                    let to = offset + records * 100;
                    let mut w = writer(&db).await;
                    w.advance_upload(&right, slice(offset, to, records))
                        .await
                        .unwrap();
                    if rng.random_bool(0.3) {
                        break; // killed before the commit
                    }
                    commit(w).await;
                    offset = to;
                    if rng.random_bool(0.2) {
                        break; // killed after it
                    }
                }
                if offset == 1_200 {
                    now(&db.store, async |w| {
                        w.finish_applying(&right, &[]).await.unwrap();
                    })
                    .await;
                    break;
                }
                // The next worker finds this one gone: it never registered.
            }
            let done = upload(&db, firm, id).await;
            assert_eq!(done.state, UploadState::Applied, "{}", db.name);
            assert_eq!(
                (done.records_applied, done.counts.created),
                (12, 12),
                "{}",
                db.name
            );
        }
    }
}

#[tokio::test]
async fn judging_that_was_interrupted_begins_with_a_clean_sheet() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Baştan").await;
        let id = receive(&db, firm, file(brand, 1)).await;
        let first = claim(&db.store, "w1").await.unwrap().claim;
        now(&db.store, async |w| {
            w.renew_upload(&first, LEASE_US, Some(PROGRESS))
                .await
                .unwrap();
            w.add_rejections(id, &[crate::rejections::rejection(3, 1)])
                .await
                .unwrap();
        })
        .await;
        let again = claim(&db.store, "w2").await.unwrap();
        assert_eq!(again.upload.progress, JudgingProgress::default());
        assert_eq!(
            upload(&db, firm, id).await.progress,
            JudgingProgress::default()
        );
        assert_eq!(
            Window::on(&db).await.count("upload_rejection").await,
            0,
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn the_same_bytes_go_the_same_way_once() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Aynı Dosya").await;
        let first = approved(&db, firm, file(brand, 1)).await;
        let mut reader = db.store.read().await.unwrap();
        let earlier = reader
            .same_file_applied(brand, &[1; 32])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (earlier.upload, earlier.action),
            (first, UploadAction::Pull)
        );
        assert!(
            reader
                .same_file_applied(brand, &[2; 32])
                .await
                .unwrap()
                .is_none()
        );
        drop(reader);

        let other_way = NewUpload {
            action: UploadAction::Push,
            ..file(brand, 1)
        };
        let other_mapping = NewUpload {
            options: json!({"columns": {}}),
            ..file(brand, 1)
        };
        let other_kind = NewUpload {
            default_kind: None,
            ..file(brand, 1)
        };
        for (new, may) in [
            (file(brand, 1), false),
            (other_way, true),
            (other_mapping, true),
            (other_kind, true),
        ] {
            let id = receive(&db, firm, new).await;
            let mut w = writer(&db).await;
            w.claim_upload("w1", LEASE_US).await.unwrap();
            let sql = format!("UPDATE upload SET state = 3 WHERE id = {}", id.as_db());
            commit(w).await;
            Window::on(&db).await.run(&sql).await;
            let begun = now(&db.store, async |w| {
                w.begin_applying(firm, id, "usr_can").await
            })
            .await;
            match begun {
                Ok(()) => assert!(may, "{}", db.name),
                Err(StoreError::Refused(code)) => assert!(!may && code == ReasonCode::F116),
                other => panic!("{}: {other:?}", db.name),
            }
        }
    }
}

#[tokio::test]
async fn of_two_approvals_of_the_same_bytes_at_once_one_is_refused() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Çift").await;
        let mut twins = Vec::new();
        for _ in 0..2 {
            twins.push(receive(&db, firm, file(brand, 1)).await);
            let right = claim(&db.store, "w1").await.unwrap().claim;
            now(&db.store, async |w| {
                w.finish_judging(&right, &judgement(false)).await.unwrap();
            })
            .await;
        }
        let both = second_of_two(
            &db,
            async |w| w.begin_applying(firm, twins[0], "usr_can").await,
            async |w| w.begin_applying(firm, twins[1], "usr_ece").await,
        )
        .await;
        assert!(!both, "{}", db.name);
        let applying = "SELECT count(*) FROM upload WHERE state = 5";
        assert_eq!(Window::on(&db).await.number(applying).await, 1);
    }
}

#[tokio::test]
async fn a_file_that_stopped_as_a_whole_says_why() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Bozuk").await;
        let id = receive(&db, firm, file(brand, 1)).await;
        let right = claim(&db.store, "w1").await.unwrap().claim;
        let refusal = FileRefusal {
            code: ReasonCode::F105,
            args: vec![("line".into(), "4711".into())],
        };
        let summary = json!({"encoding": "windows-1254"});
        now(&db.store, async |w| {
            w.refuse_file(&right, &refusal, &summary, None)
                .await
                .unwrap();
        })
        .await;
        let refused = upload(&db, firm, id).await;
        assert_eq!(refused.state, UploadState::Refused);
        assert_eq!((refused.refusal, refused.failure), (Some(refusal), None));
        assert_eq!(refused.summary, summary);
        assert!(refused.finished_at.is_some());
        let mut w = writer(&db).await;
        assert!(
            is_lost(&w.begin_applying(firm, id, "usr_can").await),
            "nothing of it is applied"
        );
    }
}

#[tokio::test]
async fn what_broke_on_our_side_is_said_and_ends_the_upload() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Kırık").await;
        let id = approved(&db, firm, file(brand, 1)).await;
        let right = claim(&db.store, "w1").await.unwrap().claim;
        now(&db.store, async |w| {
            w.fail_upload(&right, "disk dolu").await.unwrap();
        })
        .await;
        let failed = upload(&db, firm, id).await;
        assert_eq!(failed.state, UploadState::Failed);
        assert_eq!(
            (failed.refusal, failed.failure.as_deref()),
            (None, Some("disk dolu"))
        );
        assert!(
            claim(&db.store, "w2").await.is_none(),
            "{}: it is over",
            db.name
        );
    }
}

#[tokio::test]
async fn an_upload_can_be_withdrawn_until_its_end_and_what_was_applied_stays() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Vazgeçen").await;
        let judging = receive(&db, firm, file(brand, 1)).await;
        let right = claim(&db.store, "w1").await.unwrap().claim;
        now(&db.store, async |w| {
            w.cancel_upload(firm, judging).await.unwrap();
        })
        .await;
        let told = now(&db.store, async |w| {
            w.renew_upload(&right, LEASE_US, None).await
        })
        .await;
        assert!(is_lost(&told), "{}: the worker notices", db.name);
        assert!(claim(&db.store, "w2").await.is_none());

        let applying = approved(&db, firm, file(brand, 2)).await;
        let right = claim(&db.store, "w1").await.unwrap().claim;
        now(&db.store, async |w| {
            w.advance_upload(&right, slice(0, 100, 5)).await.unwrap();
        })
        .await;
        now(&db.store, async |w| {
            w.cancel_upload(firm, applying).await.unwrap();
        })
        .await;
        let mut w = writer(&db).await;
        assert!(
            is_lost(&w.advance_upload(&right, slice(100, 200, 5)).await),
            "{}: the worker notices before the next slice",
            db.name
        );
        drop(w);
        let left = upload(&db, firm, applying).await;
        assert_eq!(
            (left.state, left.records_applied, left.counts.created),
            (UploadState::Cancelled, 5, 5)
        );
        assert!(claim(&db.store, "w2").await.is_none(), "{}", db.name);
        let mut w = writer(&db).await;
        assert!(is_lost(&w.cancel_upload(firm, judging).await), "once");
    }
}

#[tokio::test]
async fn answers_send_a_file_back_to_the_start_until_it_is_let_in() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Yanıt").await;
        let id = receive(&db, firm, file(brand, 1)).await;
        let right = claim(&db.store, "w1").await.unwrap().claim;
        let refusal = FileRefusal {
            code: ReasonCode::F114,
            args: Vec::new(),
        };
        now(&db.store, async |w| {
            w.refuse_file(&right, &refusal, &json!({}), Some([7; 32]))
                .await
                .unwrap();
        })
        .await;
        let answers = Answers {
            options: json!({ "polarity": { "izinsiz": "yes_is_refusal" } }),
            default_kind: Some(RecipientKind::Tacir),
        };
        now(&db.store, async |w| {
            w.answer_upload(firm, id, &answers).await.unwrap();
        })
        .await;
        let again = claim(&db.store, "w1").await.unwrap();
        assert_eq!((again.upload.refusal, again.upload.id), (None, id));
        assert_eq!(again.upload.options, answers.options);
        assert_eq!(again.upload.default_kind, Some(RecipientKind::Tacir));
        let right = again.claim;
        now(&db.store, async |w| {
            w.finish_judging(&right, &judgement(false)).await.unwrap();
            w.begin_applying(firm, id, "usr_can").await.unwrap();
        })
        .await;
        let mut w = writer(&db).await;
        assert!(
            is_lost(&w.answer_upload(firm, id, &answers).await),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn confirmed_answers_are_remembered_for_the_header_and_the_newest_hold() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Hatırlayan").await;
        let (other, _) = tenant(&db, "Başkası").await;
        let id = receive(&db, firm, file(brand, 1)).await;
        for (kind, actor) in [(None, "usr_can"), (Some(RecipientKind::Tacir), "usr_ece")] {
            let answers = Answers {
                options: json!({ "date_order": "day_first" }),
                default_kind: kind,
            };
            now(&db.store, async |w| {
                w.remember_answers(firm, &[7; 32], &answers, id, actor)
                    .await
                    .unwrap();
            })
            .await;
        }
        let mut w = writer(&db).await;
        let held = w.remembered_answers(firm, &[7; 32]).await.unwrap().unwrap();
        assert_eq!(
            (held.answers.default_kind, held.actor.as_str(), held.upload),
            (Some(RecipientKind::Tacir), "usr_ece", id),
            "{}",
            db.name
        );
        assert!(
            w.remembered_answers(other, &[7; 32])
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            w.remembered_answers(firm, &[8; 32])
                .await
                .unwrap()
                .is_none()
        );
        let claimed = w.claim_upload("w1", LEASE_US).await.unwrap().unwrap();
        w.adopt_answers(&claimed.claim, &held).await.unwrap();
        let adopted = w.upload(firm, id).await.unwrap().unwrap();
        assert_eq!(adopted.answers_from, Some(id));
        assert_eq!(adopted.options, held.answers.options);
    }
}

#[tokio::test]
async fn what_came_out_otherwise_than_foreseen_is_kept_and_stops_nothing() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Fark").await;
        let id = approved(&db, firm, file(brand, 1)).await;
        let right = claim(&db.store, "w1").await.unwrap().claim;
        let found = [Discrepancy {
            figure: "records".into(),
            foreseen: 12,
            actual: 11,
        }];
        now(&db.store, async |w| {
            w.advance_upload(&right, slice(0, 100, 11)).await.unwrap();
            w.finish_applying(&right, &found).await.unwrap();
        })
        .await;
        let done = upload(&db, firm, id).await;
        assert_eq!(done.state, UploadState::Applied, "{}", db.name);
        assert_eq!(done.discrepancies, found);
    }
}

#[tokio::test]
async fn uploads_stay_inside_their_firm() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Bizim").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let mut w = writer(&db).await;
        assert!(
            is_lost(&w.create_upload(other, file(brand, 1)).await),
            "not their brand"
        );
        let id = w.create_upload(firm, file(brand, 1)).await.unwrap();
        assert!(w.upload(other, id).await.unwrap().is_none());
        assert!(w.uploads(other, None, 10).await.unwrap().is_empty());
        assert!(w.uploads(other, Some(id), 10).await.unwrap().is_empty());
        assert!(is_lost(&w.cancel_upload(other, id).await));
        assert!(is_lost(&w.begin_applying(other, id, "x").await));
        assert_eq!(
            w.upload(firm, id).await.unwrap().unwrap().state,
            UploadState::Received
        );
    }
}

#[tokio::test]
async fn pages_of_uploads_lose_and_repeat_none_even_when_they_came_in_one_instant() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Sayfa").await;
        let mut expected = Vec::new();
        for n in 0..7 {
            expected.push(receive(&db, firm, file(brand, n)).await);
            if n % 3 == 0 {
                db.clock.advance(1);
            }
        }
        expected.reverse();
        let mut reader = db.store.read().await.unwrap();
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let page = reader.uploads(firm, before, 2).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            seen.extend(page.iter().map(|upload| upload.id));
        }
        assert_eq!(seen, expected, "{}", db.name);
    }
}
