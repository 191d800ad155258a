//! The audit trail and its chain.

use domain::Clock as _;
use domain::ids::FirmId;
use domain::time::SECOND_US;
use serde_json::json;
use store::Store;
use store::audit::{AuditBreak, AuditCheck, AuditFilter};
use store::testing::TestDatabase;

use crate::support::Window;
use crate::{now, tenant, writer};

async fn append(store: &Store, firm: FirmId, count: i64) {
    for n in 0..count {
        let detail = json!({"sayı": n, "not": "İzin \"ONAY\"\n"});
        now(store, async |w| {
            w.append_audit(firm, "usr_ayse", "campaign.launch", "cmp_1", &detail)
                .await
                .expect("it can be done")
        })
        .await;
    }
}

async fn check(db: &TestDatabase, firm: FirmId) -> AuditCheck {
    db.store
        .read()
        .await
        .expect("it can be done")
        .verify_audit(firm)
        .await
        .expect("it can be done")
}

#[tokio::test]
async fn entries_stand_in_a_chain_and_read_back_newest_first() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Denetim").await;
        let (other, _) = tenant(&db, "Öteki").await;
        assert_eq!(
            check(&db, firm).await,
            AuditCheck {
                entries: 0,
                broken: None,
                broken_at: None
            }
        );
        for n in 1..=5 {
            let detail = json!({"n": n});
            let number = now(&db.store, async |w| {
                w.append_audit(firm, "usr_ayse", "brand.save", "brd_1", &detail)
                    .await
                    .unwrap()
            })
            .await;
            assert_eq!(number, n);
            db.clock.advance(SECOND_US);
        }
        append(&db.store, other, 2).await;
        let mut reader = db.store.read().await.unwrap();
        let newest = reader
            .audit_trail(firm, AuditFilter::default(), None, 2)
            .await
            .unwrap();
        assert_eq!(
            newest.iter().map(|entry| entry.number).collect::<Vec<_>>(),
            [5, 4]
        );
        assert_eq!(newest[0].detail, json!({"n": 5}));
        assert_eq!(
            (newest[0].actor.as_str(), newest[0].action.as_str()),
            ("usr_ayse", "brand.save")
        );
        assert_eq!(newest[0].at.since(newest[1].at), SECOND_US);
        let older = reader
            .audit_trail(firm, AuditFilter::default(), Some(4), 10)
            .await
            .unwrap();
        assert_eq!(
            older.iter().map(|entry| entry.number).collect::<Vec<_>>(),
            [3, 2, 1]
        );
        drop(reader);
        assert_eq!(
            check(&db, firm).await,
            AuditCheck {
                entries: 5,
                broken: None,
                broken_at: None
            }
        );
        assert_eq!(
            check(&db, other).await,
            AuditCheck {
                entries: 2,
                broken: None,
                broken_at: None
            }
        );
    }
}

#[tokio::test]
async fn the_trail_answers_who_did_what_to_what_and_when() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Kim ne yaptı").await;
        let (other, _) = tenant(&db, "Öteki").await;
        let deeds = [
            ("user:usr_1", "brand.save", "brd_1"),
            ("user:usr_2", "brand.save", "brd_1"),
            ("user:usr_1", "campaign.launch", "cmp_1"),
            ("user:usr_1", "brand.save", "brd_2"),
        ];
        let mut times = Vec::new();
        for (actor, action, subject) in deeds {
            times.push(db.clock.now());
            for whose in [firm, other] {
                now(&db.store, async |w| {
                    w.append_audit(whose, actor, action, subject, &json!({}))
                        .await
                        .unwrap();
                })
                .await;
            }
            db.clock.advance(SECOND_US);
        }
        let filter = AuditFilter::default();
        let cases: [(AuditFilter<'_>, &[i64]); 7] = [
            (filter, &[4, 3, 2, 1]),
            (
                AuditFilter {
                    actor: Some("user:usr_1"),
                    ..filter
                },
                &[4, 3, 1],
            ),
            (
                AuditFilter {
                    action: Some("brand.save"),
                    ..filter
                },
                &[4, 2, 1],
            ),
            (
                AuditFilter {
                    subject: Some("brd_1"),
                    ..filter
                },
                &[2, 1],
            ),
            (
                AuditFilter {
                    actor: Some("user:usr_1"),
                    action: Some("brand.save"),
                    subject: Some("brd_1"),
                    ..filter
                },
                &[1],
            ),
            (
                AuditFilter {
                    from: Some(times[1]),
                    to: Some(times[3]),
                    ..filter
                },
                &[3, 2],
            ),
            (
                AuditFilter {
                    from: Some(db.clock.now()),
                    ..filter
                },
                &[],
            ),
        ];
        let mut reader = db.store.read().await.unwrap();
        for (filter, expected) in cases {
            let found = reader.audit_trail(firm, filter, None, 10).await.unwrap();
            let numbers: Vec<i64> = found.iter().map(|entry| entry.number).collect();
            assert_eq!(numbers, expected, "{filter:?} on {}", db.name);
        }
        let page = AuditFilter {
            actor: Some("user:usr_1"),
            ..filter
        };
        let older = reader.audit_trail(firm, page, Some(4), 1).await.unwrap();
        assert_eq!(older[0].number, 3);
    }
}

#[tokio::test]
async fn an_entry_whose_transaction_was_dropped_leaves_no_gap() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Boşluk").await;
        append(&db.store, firm, 2).await;
        let mut w = writer(&db).await;
        w.append_audit(firm, "usr_ayse", "x", "y", &json!({}))
            .await
            .unwrap();
        drop(w);
        append(&db.store, firm, 1).await;
        assert_eq!(
            check(&db, firm).await,
            AuditCheck {
                entries: 3,
                broken: None,
                broken_at: None
            }
        );
    }
}

#[tokio::test]
async fn every_change_from_outside_is_named_with_its_entry() {
    for db in store::testing::each().await {
        let text = |column: &str| format!("UPDATE audit SET {column} = 'x' WHERE number = 3");
        let number = |column: &str| {
            format!("UPDATE audit SET {column} = {column} + 1000000 WHERE number = 3")
        };
        let cases = [
            (text("actor"), 3, AuditBreak::Content),
            (text("action"), 3, AuditBreak::Content),
            (text("subject"), 3, AuditBreak::Content),
            (text("detail"), 3, AuditBreak::Content),
            (number("at_us"), 3, AuditBreak::Content),
            (number("id"), 3, AuditBreak::Content),
            (
                "UPDATE audit SET previous = hash WHERE number = 3".to_owned(),
                3,
                AuditBreak::Order,
            ),
            (
                "UPDATE audit SET hash = previous WHERE number = 3".to_owned(),
                3,
                AuditBreak::Content,
            ),
            (
                "DELETE FROM audit WHERE number = 3".to_owned(),
                3,
                AuditBreak::Missing,
            ),
            (
                "DELETE FROM audit WHERE number = 5".to_owned(),
                5,
                AuditBreak::Missing,
            ),
            ("DELETE FROM audit".to_owned(), 1, AuditBreak::Missing),
            (
                "UPDATE audit_head SET number = 4".to_owned(),
                4,
                AuditBreak::End,
            ),
            (
                "UPDATE audit_head SET number = 6".to_owned(),
                6,
                AuditBreak::Missing,
            ),
            (
                "UPDATE audit_head SET number = 4, hash = (SELECT a.previous FROM audit a \
                 WHERE a.number = 5 AND a.firm_id = audit_head.firm_id)"
                    .to_owned(),
                4,
                AuditBreak::End,
            ),
            (
                "UPDATE audit_head SET hash = (SELECT a.hash FROM audit a WHERE a.number = 1 \
                 AND a.firm_id = audit_head.firm_id)"
                    .to_owned(),
                5,
                AuditBreak::End,
            ),
        ];
        let mut window = Window::on(&db).await;
        for (n, (sql, at, way)) in cases.into_iter().enumerate() {
            let (firm, _) = tenant(&db, &format!("Firma {n}")).await;
            append(&db.store, firm, 5).await;
            let already = sql.contains(" WHERE number");
            let and = if already { "AND" } else { "WHERE" };
            let of_firm = format!("{sql} {and} firm_id = {}", firm.as_db());
            assert!(window.run(&of_firm).await > 0, "{of_firm}");
            let broken = check(&db, firm).await.broken;
            assert_eq!(broken, Some((at, way)), "{}: {of_firm}", db.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_append_at_once_make_one_chain() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Kalabalık").await;
        let writers: Vec<_> = (0..8)
            .map(|_| {
                let store = db.store.clone();
                tokio::spawn(async move { append(&store, firm, 10).await })
            })
            .collect();
        for task in writers {
            task.await.unwrap();
        }
        assert_eq!(
            check(&db, firm).await,
            AuditCheck {
                entries: 80,
                broken: None,
                broken_at: None
            },
            "{}",
            db.name
        );
        assert_eq!(Window::on(&db).await.count("audit").await, 80);
    }
}
