//! Creating calls that are repeated.

use domain::ids::FirmId;
use domain::time::MINUTE_US;
use store::idempotency::{Begin, Call};
use store::testing::TestDatabase;
use store::{Store, StoreError};

use crate::support::Window;
use crate::{now, sealed, tenant, writer};

const ONE: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];
const TAKEOVER_US: i64 = MINUTE_US;

async fn begin(store: &Store, firm: FirmId, key: &str, fingerprint: [u8; 32]) -> Begin {
    now(store, async |w| {
        w.begin_call(firm, key, &fingerprint, TAKEOVER_US)
            .await
            .expect("it can be done")
    })
    .await
}

async fn fresh(db: &TestDatabase, firm: FirmId, key: &str) -> Call {
    match begin(&db.store, firm, key, ONE).await {
        Begin::Fresh(call) => call,
        other => panic!("{}: {other:?}", db.name),
    }
}

#[tokio::test]
async fn a_repeat_gets_the_answer_of_the_first() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Tekrar").await;
        let (other, _) = tenant(&db, "Öteki").await;
        let call = fresh(&db, firm, "k1").await;
        assert_eq!(begin(&db.store, firm, "k1", ONE).await, Begin::Running);
        assert_eq!(begin(&db.store, firm, "k1", OTHER).await, Begin::Mismatch);
        let plain = "{\"key\":\"izk_gizli\"}";
        let body = plain.as_bytes();
        now(&db.store, async |w| {
            w.finish_call(call, 201, body).await.unwrap();
        })
        .await;
        let done = Begin::Done {
            status: 201,
            body: body.to_vec(),
        };
        assert_eq!(begin(&db.store, firm, "k1", ONE).await, done);
        assert_eq!(begin(&db.store, firm, "k1", OTHER).await, Begin::Mismatch);
        drop(fresh(&db, other, "k1").await);
        let mut window = Window::on(&db).await;
        let kept = "SELECT CAST(length(body) AS BIGINT) FROM idempotency WHERE status = 201";
        assert_eq!(window.number(kept).await, sealed(plain), "{}", db.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_eight_twins_at_once_exactly_one_works() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "İkiz").await;
        for round in 0..5 {
            let key = format!("k{round}");
            let twins: Vec<_> = (0..8)
                .map(|_| {
                    let (store, key) = (db.store.clone(), key.clone());
                    tokio::spawn(async move { begin(&store, firm, &key, ONE).await })
                })
                .collect();
            let mut fresh = 0;
            for twin in twins {
                match twin.await.unwrap() {
                    Begin::Fresh(_) => fresh += 1,
                    Begin::Running => {}
                    other => panic!("{}: {other:?}", db.name),
                }
            }
            assert_eq!(fresh, 1, "{}", db.name);
        }
        assert_eq!(Window::on(&db).await.count("idempotency").await, 5);
    }
}

#[tokio::test]
async fn a_dead_call_is_taken_over_and_cannot_finish_after_all() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Ölü").await;
        let late = fresh(&db, firm, "k1").await;
        db.clock.advance(TAKEOVER_US - 1);
        assert_eq!(begin(&db.store, firm, "k1", ONE).await, Begin::Running);
        db.clock.advance(1);
        assert_eq!(begin(&db.store, firm, "k1", OTHER).await, Begin::Mismatch);
        let heir = fresh(&db, firm, "k1").await;

        let mut w = writer(&db).await;
        w.create_firm("iki kez doğmasın").await.unwrap();
        let finished = w.finish_call(late.clone(), 201, b"gec").await;
        assert!(
            matches!(finished, Err(StoreError::Lost { .. })),
            "{finished:?}"
        );
        drop(w);
        now(&db.store, async |w| w.abandon_call(late).await.unwrap()).await;
        assert_eq!(
            begin(&db.store, firm, "k1", ONE).await,
            Begin::Running,
            "the heir holds it"
        );
        now(&db.store, async |w| {
            w.finish_call(heir, 201, b"tamam").await.unwrap();
        })
        .await;
        let done = Begin::Done {
            status: 201,
            body: b"tamam".to_vec(),
        };
        assert_eq!(begin(&db.store, firm, "k1", ONE).await, done);
        let mut window = Window::on(&db).await;
        assert_eq!(
            window.count("firm").await,
            1,
            "{}: the late one's work is undone",
            db.name
        );
    }
}

#[tokio::test]
async fn a_call_that_changed_nothing_gives_its_key_back() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Vazgeçen").await;
        let call = fresh(&db, firm, "k1").await;
        now(&db.store, async |w| w.abandon_call(call).await.unwrap()).await;
        let call = fresh(&db, firm, "k1").await;
        now(&db.store, async |w| {
            w.finish_call(call.clone(), 200, b"").await.unwrap();
        })
        .await;
        // What is finished stays finished.
        now(&db.store, async |w| w.abandon_call(call).await.unwrap()).await;
        let done = Begin::Done {
            status: 200,
            body: Vec::new(),
        };
        assert_eq!(begin(&db.store, firm, "k1", ONE).await, done);
    }
}

#[tokio::test]
async fn old_calls_are_forgotten_oldest_first_and_a_few_at_a_time() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Eski").await;
        for key in ["a", "b", "c", "d"] {
            drop(fresh(&db, firm, key).await);
            db.clock.advance(MINUTE_US);
        }
        let mut w = writer(&db).await;
        let before = w.now().plus_micros(-MINUTE_US);
        assert_eq!(w.purge_calls(before, 2).await.unwrap(), 2);
        assert_eq!(w.purge_calls(before, 2).await.unwrap(), 1);
        w.commit().await.unwrap();
        let mut window = Window::on(&db).await;
        let newest = "SELECT count(*) FROM idempotency WHERE idempotency_key = 'd'";
        assert_eq!(
            (
                window.count("idempotency").await,
                window.number(newest).await
            ),
            (1, 1)
        );
    }
}
