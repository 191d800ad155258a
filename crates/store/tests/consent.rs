//! What a file does to contacts, ledger and states, on both databases.

mod support;

use domain::consent::Origin;
use domain::device::Platform;
use domain::{Channel, ConsentKey, LocalState, ReasonCode, RecipientKind, Source, Status};
use store::consent::{Applied, IncomingRecord, Said};
use store::contacts::Identifier;
use store::contacts::search::{ConsentState, ContactFilter};
use support::*;

fn named(record: IncomingRecord, external_id: &str, name: &str) -> IncomingRecord {
    IncomingRecord {
        external_id: Some(external_id.into()),
        name: Some(name.into()),
        ..record
    }
}

fn tokened(record: IncomingRecord, token: &str) -> IncomingRecord {
    IncomingRecord {
        token: Some(token.into()),
        ..record
    }
}

fn key(applied: &Applied, place: usize) -> ConsentKey {
    let touched = &applied.touched[place];
    let channel = touched
        .said
        .as_ref()
        .map_or(Channel::Mesaj, |said| said.channel);
    ConsentKey {
        brand: BRAND,
        recipient: touched.recipient,
        channel,
        kind: touched.kind,
    }
}

#[tokio::test]
async fn a_first_file_makes_contacts_addresses_events_and_states() {
    for db in store::testing::each().await {
        let records = [
            named(
                declared(2, phone(1), Status::Onay, june(20)),
                "M1",
                "Şükrü Çağlayan",
            ),
            named(
                declared(3, phone(2), Status::Ret, june(21)),
                "M2",
                "Iğdır Işık",
            ),
            person(4, email("ali")),
        ];
        let applied = apply(&db, &records).await;
        assert_eq!(
            (applied.created, applied.updated, applied.unchanged),
            (3, 0, 0)
        );
        assert_eq!(applied.touched.len(), 3);
        let touched: Vec<_> = applied
            .touched
            .iter()
            .map(|t| (t.line, t.event.is_some()))
            .collect();
        assert_eq!(touched, [(2, true), (3, true), (4, false)], "{}", db.name);

        let mut window = Window::on(&db).await;
        for (table, rows) in [
            ("contact", 3),
            ("recipient", 3),
            ("consent_event", 2),
            ("consent_state", 2),
            ("ledger_block", 1),
            ("ledger_head", 1),
            ("shared_address", 0),
        ] {
            assert_eq!(window.count(table).await, rows, "{}: {table}", db.name);
        }
        let mut reader = db.store.read().await.expect("a reader");
        let state = reader
            .consent_state(key(&applied, 0))
            .await
            .expect("a state");
        let held = state.local.expect("something was said");
        assert_eq!((held.status, held.consent_date), (Status::Onay, june(20)));
        assert_eq!(Some(held.event), applied.touched[0].event);
        let history = reader
            .consent_history(BRAND, applied.touched[0].recipient, None)
            .await
            .expect("a history");
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].source, Source::HS_WEB);
        assert_eq!(
            (history[0].origin, history[0].origin_id),
            (Origin::Upload, Some(77))
        );
        assert_eq!(history[0].origin_line, Some(2));
        assert_eq!(history[0].actor, "ayse@ornek.com.tr");
        assert_eq!(LocalState::of(&history[0]), held);
    }
}

#[tokio::test]
async fn the_same_file_again_changes_nothing() {
    for db in store::testing::each().await {
        let records = [
            tokened(
                named(declared(2, phone(1), Status::Onay, june(20)), "M1", "Ali"),
                "t1",
            ),
            declared(3, phone(2), Status::Ret, june(21)),
        ];
        apply(&db, &records).await;
        db.clock.advance(domain::time::DAY_US);
        let again = apply(&db, &records).await;
        assert_eq!(
            (again.created, again.updated, again.unchanged),
            (0, 0, 2),
            "{}",
            db.name
        );
        assert!(
            again
                .touched
                .iter()
                .all(|t| t.event.is_none() && t.was.local.is_some())
        );
        let codes: Vec<_> = again.remarks.iter().map(|r| (r.line, r.code)).collect();
        assert_eq!(codes, [(2, ReasonCode::W804), (3, ReasonCode::W804)]);
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("consent_event").await, 2);
        assert_eq!(window.count("ledger_block").await, 1);
        let touched_later = "SELECT count(*) FROM contact WHERE updated_us > created_us";
        assert_eq!(window.number(touched_later).await, 0, "{}", db.name);
    }
}

#[tokio::test]
async fn what_is_stored_refuses_older_words_with_their_code_and_date() {
    for db in store::testing::each().await {
        apply(
            &db,
            &[
                declared(2, phone(1), Status::Onay, june(20)),
                declared(3, phone(2), Status::Ret, june(20)),
            ],
        )
        .await;
        let applied = apply(
            &db,
            &[
                declared(5, phone(1), Status::Ret, june(19)),
                declared(4, phone(2), Status::Onay, june(19)),
                declared(6, email("ali"), Status::Onay, june(19)),
                declared(7, phone(1), Status::Onay, june(21)),
            ],
        )
        .await;
        let refused: Vec<_> = applied.refused.iter().map(|r| (r.line, r.code)).collect();
        assert_eq!(
            refused,
            [
                (4, ReasonCode::R805),
                (5, ReasonCode::R607),
                (6, ReasonCode::R706)
            ],
            "{}",
            db.name
        );
        assert_eq!(
            applied.refused[0].args,
            [("date", "20.06.2025 12:00".to_owned())]
        );
        assert_eq!(applied.refused[2].args, [("channel", "MESAJ".to_owned())]);
        assert_eq!(applied.touched.len(), 1);
        assert!(
            applied.touched[0].is_renewal,
            "a newer consent over a consent is a renewal"
        );
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("consent_event").await, 3);
    }
}

#[tokio::test]
async fn a_withdrawn_consent_stays_withdrawn_when_an_older_approval_stands_further_down() {
    for db in store::testing::each().await {
        let applied = apply(
            &db,
            &[
                declared(2, phone(1), Status::Onay, june(18)),
                declared(3, phone(1), Status::Ret, june(20)),
                declared(4, phone(1), Status::Onay, june(19)),
            ],
        )
        .await;
        assert_eq!(applied.created, 2);
        assert_eq!(applied.refused.len(), 1);
        assert_eq!(
            (applied.refused[0].line, applied.refused[0].code),
            (4, ReasonCode::R805)
        );
        let mut reader = db.store.read().await.expect("a reader");
        let state = reader
            .consent_state(key(&applied, 0))
            .await
            .expect("a state");
        assert_eq!(
            state.local.map(|held| held.status),
            Some(Status::Ret),
            "{}",
            db.name
        );
        assert_eq!(
            applied.touched[1].was.local.map(|held| held.status),
            Some(Status::Onay)
        );
    }
}

#[tokio::test]
async fn kinds_and_channels_of_one_address_never_influence_one_another() {
    for db in store::testing::each().await {
        let tacir = |record: IncomingRecord| IncomingRecord {
            kind: RecipientKind::Tacir,
            ..record
        };
        let call = Said {
            channel: Channel::Arama,
            ..said(Status::Ret, june(21))
        };
        let applied = apply(
            &db,
            &[
                declared(2, phone(1), Status::Onay, june(20)),
                tacir(declared(3, phone(1), Status::Ret, june(22))),
                IncomingRecord {
                    consent: Some(call),
                    ..person(4, phone(1))
                },
            ],
        )
        .await;
        let mut reader = db.store.read().await.expect("a reader");
        let mut held = Vec::new();
        for place in 0..3 {
            let state = reader
                .consent_state(key(&applied, place))
                .await
                .expect("a state");
            held.push(state.local.map(|local| local.status));
        }
        assert_eq!(
            held,
            [Some(Status::Onay), Some(Status::Ret), Some(Status::Ret)],
            "{}",
            db.name
        );
        let stored = reader
            .stored_keys(
                FIRM,
                BRAND,
                &[
                    (phone(1), Channel::Mesaj, RecipientKind::Tacir),
                    (phone(9), Channel::Mesaj, RecipientKind::Bireysel),
                    (phone(1), Channel::Mesaj, RecipientKind::Bireysel),
                ],
            )
            .await
            .expect("what is stored");
        let words: Vec<_> = stored
            .iter()
            .map(|s| s.local.map(|local| local.status))
            .collect();
        assert_eq!(words, [Some(Status::Ret), None, Some(Status::Onay)]);
        assert!(stored[1].owner.is_none() && !stored[0].is_blacklisted);
    }
}

#[tokio::test]
async fn a_shared_phone_keeps_its_first_owner_and_is_noted() {
    for db in store::testing::each().await {
        let mother = named(person(2, phone(1)), "M1", "Anne");
        let son = named(person(3, phone(1)), "M2", "Oğul");
        let applied = apply(&db, &[mother, son.clone()]).await;
        let remarks: Vec<_> = applied.remarks.iter().map(|r| (r.line, r.code)).collect();
        assert_eq!(remarks, [(3, ReasonCode::W803)]);
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("recipient").await, 1);
        assert_eq!(window.count("contact").await, 2);
        assert_eq!(window.count("shared_address").await, 1);
        let again = apply(&db, &[son]).await;
        assert_eq!(
            (again.unchanged, again.remarks.len()),
            (1, 1),
            "{}",
            db.name
        );
        assert_eq!(window.count("shared_address").await, 1);
        let mut reader = db.store.read().await.expect("a reader");
        let owner = reader
            .contact_by_address(FIRM, &phone(1))
            .await
            .expect("found");
        assert_eq!(
            owner
                .and_then(|(_, contact)| contact.external_id)
                .as_deref(),
            Some("M1")
        );
    }
}

#[tokio::test]
async fn an_address_gets_the_external_id_that_a_later_file_brings() {
    for db in store::testing::each().await {
        apply(&db, &[person(2, phone(1))]).await;
        let applied = apply(&db, &[named(person(2, phone(1)), "M1", "Ali")]).await;
        assert_eq!(applied.updated, 1, "{}", db.name);
        let mut window = Window::on(&db).await;
        assert_eq!(window.count("contact").await, 1);
        assert_eq!(window.count("shared_address").await, 0);
        // The same person again, by number, with a second address.
        let applied = apply(
            &db,
            &[
                tokened(named(person(2, email("ali")), "M1", "Ali"), "t1"),
                tokened(person(3, phone(2)), "t9"),
            ],
        )
        .await;
        assert_eq!(applied.created, 2);
        let mut reader = db.store.read().await.expect("a reader");
        let known = reader
            .addresses_of(
                FIRM,
                &[
                    Identifier::Token("t1".into()),
                    Identifier::External("M1".into()),
                    Identifier::External("M9".into()),
                    Identifier::Token("t9".into()),
                ],
            )
            .await
            .expect("found");
        let both = vec![phone(1), email("ali")];
        assert_eq!(
            known,
            [both.clone(), both, vec![], vec![phone(2)]],
            "{}",
            db.name
        );
        let elsewhere = domain::ids::FirmId::from_db(99);
        let nobody = reader
            .addresses_of(elsewhere, &[Identifier::External("M1".into())])
            .await
            .expect("found");
        assert_eq!(nobody, [vec![]], "nothing crosses firms");
    }
}

#[tokio::test]
async fn a_device_is_kept_with_the_platform_that_its_token_tells() {
    for db in store::testing::each().await {
        let ios = "0a".repeat(32);
        let people = [
            tokened(named(person(2, phone(1)), "M1", "Ali"), &ios),
            tokened(named(person(3, phone(1)), "M1", "Ali"), "device"),
        ];
        apply(&db, &people).await;
        let mut reader = db.store.read().await.expect("a reader");
        let ali = reader.contact_by_external_id(FIRM, "M1").await;
        let ali = ali.expect("found").expect("there is Ali");
        let devices = reader.devices(FIRM, ali.id).await.expect("read");
        let told: Vec<_> = devices
            .iter()
            .map(|device| (device.token.as_str(), device.platform))
            .collect();
        let expected = [(ios.as_str(), Some(Platform::Ios)), ("device", None)];
        assert_eq!(told, expected, "{}", db.name);
        let other = domain::ids::FirmId::from_db(FIRM.as_db() + 1);
        let elsewhere = reader.devices(other, ali.id).await.expect("read");
        assert_eq!(elsewhere, [], "nothing crosses firms");
    }
}

#[tokio::test]
async fn a_changed_number_becomes_the_contacts_phone_and_a_token_follows_its_device() {
    for db in store::testing::each().await {
        apply(
            &db,
            &[
                tokened(named(person(2, phone(1)), "M1", "Ali"), "device"),
                named(person(3, phone(2)), "M2", "Veli"),
            ],
        )
        .await;
        let applied = apply(
            &db,
            &[
                named(person(2, phone(3)), "M1", "Ali Can"),
                tokened(named(person(3, phone(2)), "M2", "Veli"), "device"),
            ],
        )
        .await;
        assert_eq!((applied.created, applied.updated), (1, 1), "{}", db.name);
        let mut reader = db.store.read().await.expect("a reader");
        let ali = reader
            .contact_by_external_id(FIRM, "M1")
            .await
            .expect("found")
            .expect("there is Ali");
        assert_eq!(ali.name.as_deref(), Some("Ali Can"));
        assert_eq!(ali.phone.map(|phone| phone.recipient), Some(phone(3)));
        let device = reader
            .addresses_of(FIRM, &[Identifier::Token("device".into())])
            .await
            .expect("found");
        assert_eq!(device, [vec![phone(2)]]);
        assert_eq!(reader.devices(FIRM, ali.id).await.expect("read"), []);
        let earlier = reader
            .contact_by_address(FIRM, &phone(1))
            .await
            .expect("found");
        assert_eq!(earlier.map(|(_, contact)| contact.id), Some(ali.id));
    }
}

#[tokio::test]
async fn what_held_at_an_instant_is_told_by_what_was_written_by_then_and_by_what_is_known_now() {
    for db in store::testing::each().await {
        let applied = apply(&db, &[declared(2, phone(1), Status::Onay, june(20))]).await;
        let before = db.store.clock().now();
        db.clock.advance(domain::time::HOUR_US);
        apply(&db, &[declared(2, phone(1), Status::Ret, june(22))]).await;
        let now = db.store.clock().now();
        let mut reader = db.store.read().await.expect("a reader");
        let (mut then, mut today) = (Vec::new(), Vec::new());
        for at in [june(19), june(21), before.plus_micros(-1), before, now] {
            let held = reader
                .consent_as_of(key(&applied, 0), at)
                .await
                .expect("a state");
            then.push(held.known_then.map(|local| local.status));
            today.push(held.known_now.map(|local| local.status));
        }
        let (onay, ret) = (Some(Status::Onay), Some(Status::Ret));
        assert_eq!(then, [None, None, None, onay, ret], "{}", db.name);
        assert_eq!(today, [None, onay, ret, ret, ret], "{}", db.name);
    }
}

#[tokio::test]
async fn contacts_are_paged_by_name_as_turkish_readers_search_them() {
    for db in store::testing::each().await {
        let names = ["Işık", "ISPARTA", "İzmir", "Çağla", "Ömer", "Zeynep"];
        let records: Vec<_> = (1_u32..)
            .zip(names)
            .map(|(n, name)| named(person(i64::from(n), phone(n)), &format!("M{n}"), name))
            .collect();
        apply(&db, &records).await;
        apply(&db, &[person(1, phone(50))]).await;
        let mut reader = db.store.read().await.expect("a reader");
        let all = ContactFilter::default();
        let (mut seen, mut place) = (Vec::new(), None);
        loop {
            let found = reader
                .find_contacts(FIRM, "", &all, place, 2)
                .await
                .expect("a page");
            let names = found.contacts.into_iter().map(|contact| contact.name);
            seen.extend(names.map(Option::unwrap_or_default));
            place = found.next;
            if place.is_none() {
                break;
            }
        }
        assert_eq!(
            seen,
            ["", "Çağla", "Işık", "ISPARTA", "İzmir", "Ömer", "Zeynep"],
            "{}",
            db.name
        );
        let found = reader.find_contacts(FIRM, "IŞI", &all, None, 10).await;
        let found = found.expect("a page").contacts;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name.as_deref(), Some("Işık"));
    }
}

#[tokio::test]
async fn people_are_found_by_any_word_of_their_name_and_by_what_is_on_record() {
    for db in store::testing::each().await {
        let names = [
            "Şule Ilgaz",
            "Ayşe Yılmaz",
            "Yılmaz Çetin",
            "Ömer Işık",
            "Zeynep Ak",
        ];
        let mut records: Vec<_> = (1_u32..)
            .zip(names)
            .map(|(n, name)| named(person(i64::from(n), phone(n)), &format!("M{n}"), name))
            .collect();
        records[1] = named(
            declared(2, phone(2), Status::Onay, june(20)),
            "M2",
            "Ayşe Yılmaz",
        );
        records[3] = named(
            declared(4, phone(4), Status::Ret, june(20)),
            "M4",
            "Ömer Işık",
        );
        apply(&db, &records).await;
        let mut w = db.store.write().await.expect("a writer");
        let tag = w.ensure_tag(FIRM, "vip").await.expect("a tag");
        let ids = w
            .recipient_ids(FIRM, &[phone(2), phone(3)])
            .await
            .expect("addresses");
        let ids: Vec<_> = ids.into_iter().flatten().collect();
        w.add_to_tag(tag, &ids).await.expect("tagged");
        w.commit().await.expect("committed");
        let all = ContactFilter::default();
        let consent = |state| ContactFilter {
            consent: Some((Channel::Mesaj, state, Some(BRAND))),
            ..all
        };
        let grouped = ContactFilter {
            group: Some(tag),
            ..all
        };
        let source = ContactFilter {
            source: Some("HS_WEB"),
            ..all
        };
        let cases: [(&str, ContactFilter<'_>, &[&str]); 9] = [
            ("yilmaz", all, &["Yılmaz Çetin", "Ayşe Yılmaz"]),
            ("IŞIK", all, &["Ömer Işık"]),
            ("ılmaz", all, &[]),
            ("", consent(ConsentState::Unconfirmed), &["Ayşe Yılmaz"]),
            ("", consent(ConsentState::Refused), &["Ömer Işık"]),
            (
                "",
                consent(ConsentState::Nothing),
                &["Şule Ilgaz", "Yılmaz Çetin", "Zeynep Ak"],
            ),
            ("", grouped, &["Ayşe Yılmaz", "Yılmaz Çetin"]),
            ("çetin", grouped, &["Yılmaz Çetin"]),
            ("", source, &["Ayşe Yılmaz", "Ömer Işık"]),
        ];
        for (text, filter, expected) in cases {
            // Page by page, one at a time: everybody once, nobody left out.
            let mut reader = db.store.read().await.expect("a reader");
            let (mut seen, mut place) = (Vec::new(), None);
            loop {
                let found = reader
                    .find_contacts(FIRM, text, &filter, place, 1)
                    .await
                    .expect("a page");
                seen.extend(found.contacts.into_iter().filter_map(|one| one.name));
                place = found.next;
                if place.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{text} {filter:?} on {}", db.name);
        }
    }
}

#[tokio::test]
async fn after_a_load_the_planner_knows_how_many_people_there_are() {
    for db in store::testing::each().await {
        let people: Vec<_> = (1..=300).map(|n| person(i64::from(n), phone(n))).collect();
        apply(&db, &people).await;
        db.store.refresh_figures().await.expect("counted");
        if db.name == "postgres" {
            let mut window = Window::on(&db).await;
            let sql = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE relname = 'recipient'";
            assert_eq!(window.number(sql).await, 300);
        }
    }
}

#[tokio::test]
async fn a_file_empties_a_name_and_a_value_only_where_it_says_so() {
    let with = |name: Option<&str>, values: &[(&str, &str)]| IncomingRecord {
        name: name.map(str::to_owned),
        attributes: values
            .iter()
            .map(|(code, value)| ((*code).to_owned(), (*value).to_owned()))
            .collect(),
        ..person(2, phone(1))
    };
    for db in store::testing::each().await {
        let all = with(Some("Ayşe Yılmaz"), &[("sehir", "İzmir"), ("puan", "7")]);
        apply(&db, std::slice::from_ref(&all)).await;
        let said = apply(&db, &[with(None, &[])]).await;
        assert_eq!(said.unchanged, 1, "{}: silence changes nothing", db.name);
        let said = apply(&db, &[with(Some(""), &[("puan", ""), ("beden", "")])]).await;
        assert_eq!(said.updated, 1, "{}", db.name);
        let mut window = Window::on(&db).await;
        let left = "SELECT count(*) FROM contact WHERE full_name IS NULL AND name_fold = '' \
                    AND attributes LIKE '%sehir%' AND attributes NOT LIKE '%puan%' \
                    AND attributes NOT LIKE '%beden%'";
        assert_eq!(window.number(left).await, 1, "{}", db.name);
        let again = apply(&db, &[with(Some(""), &[("puan", "")])]).await;
        assert_eq!(again.unchanged, 1, "{}: twice is once", db.name);
    }
}
