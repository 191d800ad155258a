//! Events of people: each once by its key, joined to whoever it turns out to be
//! of, listed from the latest, and deleted when they are old.

use std::collections::BTreeSet;

use domain::event::{EventField, EventShape, FieldKind, TYPES_MAX};
use domain::ids::{BrandId, ContactId, EventTypeId, FirmId, PersonEventId};
use domain::time::DAY_US;
use domain::{Recipient, Timestamp};
use store::StoreError;
use store::events::{EventsOf, Named, NewEvent, Recorded};
use store::testing::TestDatabase;

use crate::support::Window;
use crate::{addresses, commit, now, tenant, writer};

/// Contacts of a firm with these numbers; their external ids are `M` and the number.
async fn contacts(db: &TestDatabase, firm: FirmId, ids: std::ops::Range<i64>) {
    let mut window = Window::on(db).await;
    addresses(&mut window, firm, ids.clone()).await;
    let rows: Vec<String> = ids
        .map(|id| {
            format!(
                "({id}, {}, 'M{id}', 'Kişi {id}', '', {id}, '{{}}', 0, 0)",
                firm.as_db()
            )
        })
        .collect();
    let sql = format!(
        "INSERT INTO contact (id, firm_id, external_id, full_name, name_fold, phone_id, attributes, \
             created_us, updated_us) VALUES {}",
        rows.join(", ")
    );
    assert_eq!(window.run(&sql).await, rows.len() as u64);
}

fn external(id: &str) -> Named {
    Named {
        external_id: Some(id.to_owned()),
        address: None,
    }
}

fn address(text: &str) -> Named {
    Named {
        external_id: None,
        address: Some(Recipient::from_normalised(text).expect("an address")),
    }
}

async fn kind(db: &TestDatabase, firm: FirmId, name: &str) -> EventTypeId {
    let named = now(&db.store, async |w| {
        w.ensure_event_types(firm, &BTreeSet::from([name]))
            .await
            .unwrap()
    })
    .await;
    named[name].id
}

fn event(key: &str, kind: EventTypeId, contact: Option<i64>, at: Timestamp) -> NewEvent {
    NewEvent {
        key: key.to_owned(),
        kind,
        contact: contact.map(ContactId::from_db),
        named: external("M7"),
        body: "{\"tutar\":5}".to_owned(),
        occurred_at: at,
    }
}

async fn record(
    db: &TestDatabase,
    (firm, brand): (FirmId, BrandId),
    events: &[NewEvent],
) -> Vec<Recorded> {
    now(&db.store, async |w| {
        w.record_events(firm, brand, "key:1", events).await.unwrap()
    })
    .await
}

async fn listed(db: &TestDatabase, brand: BrandId, of: EventsOf) -> Vec<String> {
    let mut reader = db.store.read().await.unwrap();
    let events = reader.events(brand, of, None, 100).await.unwrap();
    events.into_iter().map(|event| event.key).collect()
}

#[tokio::test]
async fn an_event_counts_once_by_its_key_however_often_it_is_told() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Olay").await;
        let (other_firm, other) = tenant(&db, "Başka").await;
        contacts(&db, firm, 1..4).await;
        let kind = kind(&db, firm, "satin_alma").await;
        let at = db.store.clock().now();
        let mut changed = event("b", kind, Some(1), at);
        changed.body = "{}".to_owned();
        let first = record(
            &db,
            (firm, brand),
            &[
                event("b", kind, Some(1), at),
                event("a", kind, Some(2), at),
                event("b", kind, Some(1), at),
                changed.clone(),
            ],
        )
        .await;
        let said: Vec<_> = first.iter().map(|one| (one.is_new, one.is_same)).collect();
        assert_eq!(
            said,
            [(true, true), (true, true), (false, true), (false, false)],
            "{}: the first of one key counts",
            db.name
        );
        assert_eq!(first[0].id, first[2].id);
        let again = record(
            &db,
            (firm, brand),
            &[changed, event("a", kind, Some(2), at)],
        )
        .await;
        assert_eq!(
            again,
            [
                Recorded {
                    id: first[0].id,
                    is_new: false,
                    is_same: false
                },
                Recorded {
                    id: first[1].id,
                    is_new: false,
                    is_same: true
                },
            ]
        );
        let elsewhere = self::kind(&db, other_firm, "satin_alma").await;
        let theirs = [event("a", elsewhere, None, at)];
        let theirs = record(&db, (other_firm, other), &theirs).await;
        assert!(theirs[0].is_new, "keys are a brand's own");
        assert_eq!(listed(&db, brand, EventsOf::Brand).await.len(), 2);
        assert_eq!(record(&db, (firm, brand), &[]).await, []);
    }
}

#[tokio::test]
async fn people_are_found_by_number_then_by_address_and_strangers_when_they_become_known() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Olay").await;
        contacts(&db, firm, 1..3).await;
        let both = Named {
            external_id: Some("M2".to_owned()),
            ..address("+905000000001")
        };
        let unknown_number = Named {
            external_id: Some("yok".to_owned()),
            ..address("+905000000001")
        };
        let names = [
            external("M1"),
            address("+905000000002"),
            both,
            unknown_number,
            external("M7"),
            address("yok@ornek.com"),
        ];
        let mut reader = db.store.read().await.unwrap();
        let found = reader.people_named(firm, &names).await.unwrap();
        let found: Vec<_> = found.iter().map(|one| one.map(ContactId::as_db)).collect();
        assert_eq!(
            found,
            [Some(1), Some(2), Some(2), Some(1), None, None],
            "{}",
            db.name
        );
        drop(reader);

        let kind = kind(&db, firm, "ziyaret").await;
        let at = db.store.clock().now();
        let mut by_address = event("b", kind, None, at);
        by_address.named = address("+905000000008");
        let recorded = record(
            &db,
            (firm, brand),
            &[
                event("a", kind, None, at),
                by_address,
                event("c", kind, Some(1), at),
            ],
        )
        .await;
        let waiting = "SELECT count(*) FROM event_stranger";
        assert_eq!(Window::on(&db).await.number(waiting).await, 2);
        let none = db
            .store
            .read()
            .await
            .unwrap()
            .event_strangers_known(10)
            .await;
        assert_eq!(none.unwrap(), []);
        contacts(&db, firm, 7..9).await;
        let mut reader = db.store.read().await.unwrap();
        let known = reader.event_strangers_known(10).await.unwrap();
        drop(reader);
        let expected: Vec<(PersonEventId, ContactId)> = vec![
            (recorded[0].id, ContactId::from_db(7)),
            (recorded[1].id, ContactId::from_db(8)),
        ];
        assert_eq!(known, expected, "{}", db.name);
        now(&db.store, async |w| {
            w.join_event_strangers(&known).await.unwrap()
        })
        .await;
        assert_eq!(Window::on(&db).await.number(waiting).await, 0);
        let of = EventsOf::Contact(ContactId::from_db(7));
        assert_eq!(listed(&db, brand, of).await, ["a"]);
    }
}

#[tokio::test]
async fn events_are_listed_from_the_latest_page_by_page() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Olay").await;
        contacts(&db, firm, 1..3).await;
        let bought = kind(&db, firm, "satin_alma").await;
        let came = kind(&db, firm, "ziyaret").await;
        let at = |hours: i64| db.store.clock().now().plus_micros(hours * 3_600_000_000);
        record(
            &db,
            (firm, brand),
            &[
                event("a", bought, Some(1), at(-3)),
                event("b", came, Some(2), at(-1)),
                event("c", bought, Some(2), at(-2)),
                event("d", bought, None, at(-1)),
            ],
        )
        .await;
        assert_eq!(
            listed(&db, brand, EventsOf::Brand).await,
            ["d", "b", "c", "a"],
            "{}",
            db.name
        );
        assert_eq!(
            listed(&db, brand, EventsOf::Kind(bought)).await,
            ["d", "c", "a"]
        );
        let of = EventsOf::Contact(ContactId::from_db(2));
        assert_eq!(listed(&db, brand, of).await, ["b", "c"]);
        let mut reader = db.store.read().await.unwrap();
        let first = reader
            .events(brand, EventsOf::Brand, None, 2)
            .await
            .unwrap();
        let last = &first[1];
        assert_eq!(
            (
                last.name.as_str(),
                last.full_name.as_deref(),
                last.is_defined
            ),
            ("ziyaret", Some("Kişi 2"), false)
        );
        let place = Some((last.occurred_at.as_micros(), last.id.as_db()));
        let second = reader
            .events(brand, EventsOf::Brand, place, 2)
            .await
            .unwrap();
        let keys: Vec<_> = second.iter().map(|event| event.key.as_str()).collect();
        assert_eq!(keys, ["c", "a"]);
    }
}

#[tokio::test]
async fn old_events_and_the_names_of_strangers_are_not_kept_for_ever() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Olay").await;
        let (_, other) = tenant(&db, "Başka").await;
        let kind = kind(&db, firm, "satin_alma").await;
        let now_at = db.store.clock().now();
        let day = |days: i64| now_at.plus_micros(-days * DAY_US);
        let events = [
            event("a", kind, None, day(40)),
            event("b", kind, None, day(20)),
        ];
        record(&db, (firm, brand), &events).await;
        record(&db, (firm, other), &events).await;
        let purged = now(&db.store, async |w| {
            w.purge_events(day(30), 1).await.unwrap()
        })
        .await;
        assert!((1..=2).contains(&purged), "{}: in portions", db.name);
        let rest = now(&db.store, async |w| {
            w.purge_events(day(30), 10).await.unwrap()
        })
        .await;
        assert_eq!(purged + rest, 2);
        assert_eq!(listed(&db, brand, EventsOf::Brand).await, ["b"]);
        assert_eq!(listed(&db, other, EventsOf::Brand).await, ["b"]);
        let forgotten = now(&db.store, async |w| {
            w.forget_event_strangers(now_at, 10).await.unwrap()
        })
        .await;
        assert_eq!(forgotten, 0, "not before their time");
        let later = now_at.plus_micros(1);
        let forgotten = now(&db.store, async |w| {
            w.forget_event_strangers(later, 10).await.unwrap()
        });
        assert_eq!(forgotten.await, 4, "also those whose event is gone");
    }
}

#[tokio::test]
async fn a_name_that_was_sent_is_a_kind_of_event_until_somebody_describes_it() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Olay").await;
        let (other, _) = tenant(&db, "Başka").await;
        let sent = kind(&db, firm, "sevk.tamamlandi").await;
        let at = db.store.clock().now();
        record(&db, (firm, brand), &[event("a", sent, None, at)]).await;
        let shape = EventShape {
            label_tr: "Sevk".into(),
            label_en: "Shipping".into(),
            fields: vec![EventField {
                name: "koli".into(),
                kind: FieldKind::Number,
            }],
        };
        let mut w = writer(&db).await;
        let described = w
            .define_event_type(firm, "sevk.tamamlandi", shape.clone())
            .await
            .unwrap();
        assert_eq!(described.id, sent, "{}: the events stay its own", db.name);
        let twin = w
            .define_event_type(firm, "sevk.tamamlandi", shape.clone())
            .await;
        assert!(matches!(twin, Err(StoreError::Exists { .. })), "{twin:?}");
        w.define_event_type(firm, "iade", shape.clone())
            .await
            .unwrap();
        let foreign = w.save_event_type(other, &described).await;
        assert!(
            matches!(foreign, Err(StoreError::Lost { .. })),
            "{foreign:?}"
        );
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        let held = reader.event_types(firm, None, 10).await.unwrap();
        let told: Vec<_> = held
            .iter()
            .map(|(held, last)| (held.name.as_str(), held.is_defined, last.is_some()))
            .collect();
        assert_eq!(
            told,
            [("iade", true, false), ("sevk.tamamlandi", true, true)]
        );
        assert_eq!(held[1].0.shape, shape);
        assert_eq!(held[1].1, Some(at));
        let rest = reader.event_types(firm, Some("iade"), 10).await.unwrap();
        assert_eq!(rest.len(), 1);
        assert_eq!(reader.event_type(other, sent).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_firm_has_no_more_names_of_events_than_the_limit() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Olay").await;
        let names: Vec<String> = (0..=TYPES_MAX).map(|n| format!("siparis.{n:04}")).collect();
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let named = now(&db.store, async |w| {
            w.ensure_event_types(firm, &names).await.unwrap()
        })
        .await;
        assert_eq!(named.len(), TYPES_MAX, "{}", db.name);
        let mut w = writer(&db).await;
        let further = w
            .define_event_type(firm, "baska", EventShape::default())
            .await;
        assert!(
            matches!(further, Err(StoreError::Configuration(_))),
            "{further:?}"
        );
    }
}
