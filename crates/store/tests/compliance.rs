//! Held consents, findings and the work list, on both databases.

mod support;

use std::ops::ControlFlow;

use domain::consent::{ConsentKey, Origin};
use domain::ids::{BrandId, RecipientId, UploadId};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Source, Status};
use store::StoreError;
use store::consent::{ApplyContext, Hold, HoldState, IncomingRecord, NewHold, Said};
use store::findings::{FindingState, NewFinding, Pattern};
use store::registry_rejections::NewAnswer;
use store::repermission::AskingWay;
use store::testing::TestDatabase;
use support::*;

fn citizen(line: i64, recipient: Recipient, status: Status, day: u8) -> IncomingRecord {
    IncomingRecord {
        consent: Some(Said {
            source: Source::IYS_WEB,
            ..said(status, june(day))
        }),
        ..person(line, recipient)
    }
}

async fn id_of(db: &TestDatabase, recipient: Recipient) -> RecipientId {
    let mut reader = db.store.read().await.expect("a reader");
    let ids = reader
        .recipient_ids(FIRM, &[recipient])
        .await
        .expect("numbers");
    ids[0].expect("known")
}

fn key(recipient: RecipientId) -> ConsentKey {
    ConsentKey {
        brand: BRAND,
        recipient,
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
    }
}

async fn hold(db: &TestDatabase, key: ConsentKey, day: u8) -> Hold {
    let new = NewHold {
        retailer: Some(66_438_915),
        key,
        consent_date: june(day),
        source: Source::HS_ISLAK_IMZA,
        origin: Origin::Panel,
        evidence: "form 4711".into(),
        asked_by: "user:usr_1".into(),
    };
    let mut writer = db.store.write().await.expect("a transaction");
    let id = writer.hold_consent(FIRM, &new).await.expect("holds");
    let held = writer.hold(FIRM, id).await.expect("reads");
    writer.commit().await.expect("commits");
    held.expect("it is there")
}

#[tokio::test]
async fn a_consent_after_a_citizens_refusal_enters_the_ledger_only_by_a_second_person() {
    for db in store::testing::each().await {
        apply(&db, &[citizen(2, phone(1), Status::Ret, 15)]).await;
        let claim = declared(3, phone(1), Status::Onay, june(20));
        let applied = apply(&db, std::slice::from_ref(&claim)).await;
        assert_eq!(applied.refused[0].code, ReasonCode::R807, "{}", db.name);

        let key = key(id_of(&db, phone(1)).await);
        let held = hold(&db, key, 20).await;
        let again = hold(&db, key, 21).await;
        assert_eq!(held.id, again.id, "one hold per key waits");
        let mut reader = db.store.read().await.expect("a reader");
        let local = reader.consent_state(key).await.expect("a state").local;
        assert_eq!(local.expect("a state").status, Status::Ret);
        drop(reader);

        let mut writer = db.store.write().await.expect("a transaction");
        let event = writer
            .approve_hold(&again, "user:usr_2", "form görüldü")
            .await
            .expect("enters");
        let twice = writer.approve_hold(&again, "user:usr_3", "x").await;
        assert!(twice.is_err(), "it is decided once");
        drop(writer);
        let mut writer = db.store.write().await.expect("a transaction");
        let event_again = writer
            .approve_hold(&again, "user:usr_2", "form görüldü")
            .await
            .expect("what was dropped did not happen");
        writer.commit().await.expect("commits");
        assert_ne!(event, event_again);

        let mut reader = db.store.read().await.expect("a reader");
        let taken = reader.event_retailers(&[event, event_again]).await;
        let taken = taken.expect("reads");
        assert_eq!(taken.get(&event_again), Some(&66_438_915), "{}", db.name);
        assert_eq!(
            taken.len(),
            1,
            "{}: once, for the event that stands",
            db.name
        );
        let local = reader.consent_state(key).await.expect("a state").local;
        let local = local.expect("a state");
        assert_eq!((local.status, local.event), (Status::Onay, event_again));
        let history = reader
            .consent_history(BRAND, key.recipient, None)
            .await
            .expect("a history");
        assert_eq!(history[0].evidence.as_deref(), Some("form 4711"));
        assert_eq!(history[0].actor, "user:usr_1, user:usr_2");
        let decided = reader.hold(FIRM, held.id).await.expect("reads");
        let decided = decided.expect("it is there");
        assert_eq!(decided.state, HoldState::Approved);
        assert_eq!(decided.event, Some(event_again));
        drop(reader);
        let checked = db
            .store
            .verify_ledger(BRAND, |_| ControlFlow::Continue(()))
            .await;
        assert_eq!(checked.expect("verifies").fault, None);
    }
}

#[tokio::test]
async fn a_newer_refusal_that_came_in_meanwhile_stops_an_approval() {
    for db in store::testing::each().await {
        apply(&db, &[citizen(2, phone(1), Status::Ret, 15)]).await;
        let key = key(id_of(&db, phone(1)).await);
        let held = hold(&db, key, 20).await;
        // İYS tells of a refusal that is newer than the held consent.
        let mut window = Window::on(&db).await;
        let newer = june(21).as_micros();
        let set = format!("UPDATE consent_state SET local_us = {newer}");
        assert_eq!(window.run(&set).await, 1);
        let mut writer = db.store.write().await.expect("a transaction");
        let refused = writer.approve_hold(&held, "user:usr_2", "x").await;
        assert!(
            matches!(refused, Err(StoreError::Refused(ReasonCode::R806))),
            "{}: {refused:?}",
            db.name
        );
        writer
            .decline_hold(&held, "user:usr_2", "daha yeni bir ret var")
            .await
            .expect("declines");
        let waiting = writer
            .holds(BRAND, HoldState::Waiting, None, 10)
            .await
            .expect("holds");
        assert_eq!(waiting, []);
        writer.commit().await.expect("commits");
    }
}

#[tokio::test]
async fn five_hundred_consents_of_one_second_are_found_and_those_of_a_bare_day_are_not() {
    for db in store::testing::each().await {
        let many = |from: u32, at| -> Vec<IncomingRecord> {
            (from..from + 500)
                .map(|n| declared(i64::from(n), phone(n), Status::Onay, at))
                .collect()
        };
        apply(&db, &many(1, june(20))).await;
        apply(&db, &many(1_001, at("2025-06-19T00:00:00+03:00"))).await;
        let mut reader = db.store.read().await.expect("a reader");
        let crowded = reader
            .crowded_seconds(BRAND, (1, 2), 50)
            .await
            .expect("groups");
        assert_eq!(crowded.len(), 1, "{}", db.name);
        assert_eq!((crowded[0].second, crowded[0].count), (june(20), 500));
        let brought = reader
            .brought_together(BRAND, (1, 2))
            .await
            .expect("groups");
        assert_eq!(brought.len(), 1);
        let group = &brought[0];
        assert_eq!((group.origin, group.origin_id), (Origin::Upload, Some(77)));
        assert_eq!((group.count, group.timed), (1_000, 500));
        assert_eq!(group.in_office_hours, 500, "Friday noon");
        assert_eq!(group.days.1 - group.days.0, 1);
        assert_eq!(group.with_evidence, 0);
    }
}

#[tokio::test]
async fn a_consent_shortly_after_a_citizens_refusal_is_found_whichever_came_in_first() {
    for db in store::testing::each().await {
        // The refusal comes in first; the consent by a second person's approval.
        apply(&db, &[citizen(2, phone(1), Status::Ret, 15)]).await;
        let held = hold(&db, key(id_of(&db, phone(1)).await), 18).await;
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .approve_hold(&held, "user:usr_2", "form")
            .await
            .expect("enters");
        writer.commit().await.expect("commits");
        // The consent comes in first; İYS tells of the older refusal later.
        apply(&db, &[declared(3, phone(2), Status::Onay, june(18))]).await;
        db.clock.advance(domain::time::HOUR_US);
        let late = citizen(4, phone(2), Status::Ret, 19);
        apply(&db, &[late]).await;
        let mut window = Window::on(&db).await;
        let older = june(17).as_micros();
        let back = format!(
            "UPDATE consent_event SET consent_us = {older} WHERE status = 2 AND consent_us = {}",
            june(19).as_micros()
        );
        assert_eq!(window.run(&back).await, 1);
        let mut reader = db.store.read().await.expect("a reader");
        let found = |groups: Vec<store::findings::RefusalGroup>| {
            groups
                .into_iter()
                .map(|group| (group.actor, group.count))
                .collect::<Vec<_>>()
        };
        let first = reader
            .consents_after_refusals(BRAND, (1, 2), 30)
            .await
            .expect("groups");
        assert_eq!(
            found(first),
            [("user:usr_1, user:usr_2".to_owned(), 1)],
            "{}",
            db.name
        );
        let second = reader
            .consents_after_refusals(BRAND, (4, 4), 30)
            .await
            .expect("groups");
        assert_eq!(found(second), [("ayse@ornek.com.tr".to_owned(), 1)]);
        let too_long_ago = reader
            .consents_after_refusals(BRAND, (1, 4), 0)
            .await
            .expect("groups");
        assert_eq!(found(too_long_ago), []);
    }
}

#[tokio::test]
async fn a_finding_grows_and_is_open_again_when_more_of_the_same_comes() {
    for db in store::testing::each().await {
        let event = domain::ids::EventId::from_db(5);
        let new = NewFinding {
            pattern: Pattern::SameSecond,
            subject: "2025-06-20 12:00:00".into(),
            count: 60,
            events: (event, event),
        };
        let save = async |searched| {
            let mut writer = db.store.write().await.expect("a transaction");
            writer
                .save_findings(FIRM, BRAND, std::slice::from_ref(&new), searched)
                .await
                .expect("saves");
            writer.commit().await.expect("commits");
        };
        save(3).await;
        let mut reader = db.store.read().await.expect("a reader");
        assert_eq!(reader.finding_cursor(BRAND).await.expect("a place"), 3);
        let found = reader.findings(BRAND, None, 10).await.expect("findings");
        assert_eq!((found.len(), found[0].count), (1, 60), "{}", db.name);
        drop(reader);
        let mut writer = db.store.write().await.expect("a transaction");
        let brand = writer
            .review_finding(FIRM, found[0].id, FindingState::Dismissed, "usr_1", "fuar")
            .await
            .expect("reviewed");
        assert_eq!(brand, BRAND);
        assert_eq!(writer.open_findings(BRAND).await.expect("a count"), 0);
        let stranger = domain::ids::FirmId::from_db(99);
        let denied = writer
            .review_finding(stranger, found[0].id, FindingState::Confirmed, "x", "y")
            .await;
        assert!(denied.is_err());
        writer.commit().await.expect("commits");
        save(9).await;
        let mut reader = db.store.read().await.expect("a reader");
        let found = reader.findings(BRAND, None, 10).await.expect("findings");
        assert_eq!((found[0].count, found[0].state), (120, FindingState::Open));
    }
}

#[tokio::test]
async fn refusals_of_iys_are_grouped_with_its_own_words_and_their_people_are_paged() {
    for db in store::testing::each().await {
        let records: Vec<IncomingRecord> = (1..=6)
            .map(|n| declared(i64::from(n), phone(n), Status::Onay, june(20)))
            .collect();
        let applied = apply(&db, &records).await;
        let ids: Vec<RecipientId> = applied.touched.iter().map(|t| t.recipient).collect();
        let mut window = Window::on(&db).await;
        for (place, code) in [(0, 4606), (1, 4606), (2, 4120), (3, 4606)] {
            let id = ids[place].as_db();
            let set = format!(
                "UPDATE consent_state SET verdict = 6, verdict_code = {code} WHERE recipient_id = {id}"
            );
            assert_eq!(window.run(&set).await, 1);
        }
        // A citizen was quicker: their refusal stands there, taken over with its reason.
        let older = ids[5].as_db();
        let set = format!(
            "UPDATE consent_state SET verdict = 2, verdict_code = 4178 WHERE recipient_id = {older}"
        );
        assert_eq!(window.run(&set).await, 1);
        let answer = |place: usize, code: &str, text: &str| NewAnswer {
            recipient: ids[place],
            code: code.into(),
            text: text.into(),
        };
        let answers = [
            answer(0, "H467", "izin tarihi üç iş gününden eski"),
            answer(1, "H467", "izin tarihi üç iş gününden eski"),
            answer(2, "H121", "telefon hatalı"),
            // Confirmed meanwhile: its old words are nobody's work.
            answer(4, "H121", "telefon hatalı"),
            answer(5, "H178", "kayıt daha yeni"),
        ];
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .note_answers(BRAND, Channel::Mesaj, RecipientKind::Bireysel, &answers)
            .await
            .expect("keeps");
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let groups = reader.rejection_groups(BRAND).await.expect("groups");
        let mut short: Vec<_> = groups
            .iter()
            .map(|g| (g.code, g.iys_code.clone().unwrap_or_default(), g.count))
            .collect();
        short.sort();
        assert_eq!(
            short,
            [
                (ReasonCode::I120, "H121".to_owned(), 1),
                (ReasonCode::I178, "H178".to_owned(), 1),
                (ReasonCode::I606, String::new(), 1),
                (ReasonCode::I606, "H467".to_owned(), 2),
            ],
            "{}",
            db.name
        );
        assert_eq!(groups[0].oldest, Some(june(20)));
        let page = reader
            .registry_rejections(BRAND, ReasonCode::I606, None, 2)
            .await
            .expect("a page");
        assert_eq!(page.len(), 2);
        let rest = reader
            .registry_rejections(BRAND, ReasonCode::I606, Some(page[1].cursor()), 2)
            .await
            .expect("a page");
        assert_eq!((rest.len(), rest[0].recipient), (1, ids[3]));
        assert_eq!(rest[0].iys_text, None);
        let told = of_upload(&mut reader, 77, 2).await;
        assert_eq!(
            told,
            [
                "1 +905320000001 I606 H467 izin tarihi üç iş gününden eski",
                "2 +905320000002 I606 H467 izin tarihi üç iş gününden eski",
                "3 +905320000003 I120 H121 telefon hatalı",
                "4 +905320000004 I606  ",
                "6 +905320000006 I178 H178 kayıt daha yeni",
            ],
            "{}",
            db.name
        );
        assert_eq!(of_upload(&mut reader, 78, 2).await, [""; 0], "{}", db.name);
    }
}

/// What İYS refused of an upload, by line, read in pages of so many.
async fn of_upload(reader: &mut store::Reader, upload: i64, page: usize) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let (refusals, next) = reader
            .upload_refusals(BRAND, UploadId::from_db(upload), after, page)
            .await
            .expect("a page");
        found.extend(refusals);
        after = next;
        if after.is_none() {
            break;
        }
    }
    found.sort_by_key(|refusal| refusal.line);
    let told = found.iter().map(|refusal| {
        assert_eq!((refusal.status, refusal.said_at), (Status::Onay, june(20)));
        format!(
            "{} {} {} {} {}",
            refusal.line,
            refusal.address,
            refusal.code,
            refusal.iys_code.as_deref().unwrap_or_default(),
            refusal.iys_text.as_deref().unwrap_or_default()
        )
    });
    told.collect()
}

#[tokio::test]
async fn the_last_asking_of_a_person_is_remembered_by_key() {
    for db in store::testing::each().await {
        apply(&db, &[declared(2, phone(1), Status::Onay, june(1))]).await;
        let key = key(id_of(&db, phone(1)).await);
        let mut writer = db.store.write().await.expect("a transaction");
        assert_eq!(writer.last_asking(key).await.expect("an answer"), None);
        writer.hold_ledger(BRAND).await.expect("held");
        let event = Some(domain::ids::EventId::from_db(7));
        let now = writer.now();
        writer
            .note_asking(key, AskingWay::Via, event, now, "usr_1")
            .await
            .expect("notes");
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let last = reader.last_asking(key).await.expect("an answer");
        let last = last.expect("asked");
        assert_eq!(
            (last.way, last.event),
            (AskingWay::Via, event),
            "{}",
            db.name
        );
        let other = ConsentKey {
            channel: Channel::Arama,
            ..key
        };
        assert_eq!(reader.last_asking(other).await.expect("an answer"), None);
    }
}

#[tokio::test]
async fn the_consent_of_one_brand_says_nothing_about_another() {
    for db in store::testing::each().await {
        let other = BrandId::from_db(13);
        apply(&db, &[declared(2, phone(1), Status::Onay, june(20))]).await;
        let id = id_of(&db, phone(1)).await;
        let mut reader = db.store.read().await.expect("a reader");
        let there = ConsentKey {
            brand: other,
            ..key(id)
        };
        let state = reader.consent_state(there).await.expect("a state");
        assert_eq!(
            (state.local, state.consents()),
            (None, false),
            "{}",
            db.name
        );
        let held = reader
            .consents_as_of(other, id, june(30))
            .await
            .expect("nothing");
        assert_eq!(held, []);
        let history = reader
            .consent_history(other, id, None)
            .await
            .expect("nothing");
        assert_eq!(history, []);
        drop(reader);
        let context = ApplyContext {
            brand: other,
            ..context(&db)
        };
        let mut writer = db.store.write().await.expect("a transaction");
        let refusal = declared(2, phone(1), Status::Ret, june(21));
        writer
            .apply_records(&context, &[refusal])
            .await
            .expect("applies");
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let here = reader.consent_state(key(id)).await.expect("a state");
        assert_eq!(here.local.expect("said").status, Status::Onay);
    }
}

#[tokio::test]
async fn a_new_address_of_a_person_inherits_no_consent_from_the_old_one() {
    for db in store::testing::each().await {
        let numbered = |record: IncomingRecord| IncomingRecord {
            external_id: Some("M1".into()),
            ..record
        };
        apply(
            &db,
            &[numbered(declared(2, phone(1), Status::Onay, june(20)))],
        )
        .await;
        apply(&db, &[numbered(person(2, phone(2)))]).await;
        let (old, new) = (id_of(&db, phone(1)).await, id_of(&db, phone(2)).await);
        let mut reader = db.store.read().await.expect("a reader");
        let owner = async |reader: &mut store::Reader, n| {
            let found = reader
                .contact_by_address(FIRM, &phone(n))
                .await
                .expect("found");
            found.map(|(_, contact)| contact.id)
        };
        assert_eq!(
            owner(&mut reader, 1).await,
            owner(&mut reader, 2).await,
            "{}: one person",
            db.name
        );
        let there = reader.consent_state(key(new)).await.expect("a state");
        assert_eq!((there.local, there.consents()), (None, false));
        let here = reader.consent_state(key(old)).await.expect("a state");
        assert!(here.consents());
    }
}
