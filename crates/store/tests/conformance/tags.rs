//! Tags.

use domain::ids::{FirmId, RecipientId};
use store::Store;
use store::tags::GroupKind;

use crate::support::Window;
use crate::{addresses, commit, now, tenant, writer};

fn ids(range: std::ops::Range<i64>) -> Vec<RecipientId> {
    range.map(RecipientId::from_db).collect()
}

#[tokio::test]
async fn an_address_carries_a_tag_once_however_often_it_is_given() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Etiket").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..101).await;
        let mut w = writer(&db).await;
        let tag = w.ensure_tag(firm, "yaz").await.unwrap();
        assert_eq!(w.ensure_tag(firm, "yaz").await.unwrap(), tag);
        assert_eq!(w.add_to_tag(tag, &ids(1..51)).await.unwrap(), 50);
        let mut mixed = ids(41..101);
        mixed.extend(ids(95..101));
        assert_eq!(w.add_to_tag(tag, &mixed).await.unwrap(), 50);
        assert_eq!(w.add_to_tag(tag, &[]).await.unwrap(), 0);
        assert_eq!(w.remove_from_tag(tag, &ids(1..11)).await.unwrap(), 10);
        assert_eq!(w.remove_from_tag(tag, &ids(1..11)).await.unwrap(), 0);
        commit(w).await;
        assert_eq!(window.count("tag_member").await, 90, "{}", db.name);
        let mut reader = db.store.read().await.unwrap();
        let (same, found) = reader.tag_named(firm, "yaz").await.unwrap().unwrap();
        assert_eq!((same, found.member_count), (tag, 90));
        let (mut members, mut after) = (Vec::new(), None);
        loop {
            let page = reader.tag_members(tag, after, 32).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            members.extend(page);
        }
        assert_eq!(
            members.iter().map(|member| member.id).collect::<Vec<_>>(),
            ids(11..101)
        );
        assert_eq!(members[0].address.to_string(), "+905000000011");
        assert_eq!((members[0].contact.as_db(), &members[0].name), (11, &None));
        let ayse = format!(
            "INSERT INTO contact (id, firm_id, full_name, name_fold, phone_id, attributes, \
                    created_us, updated_us) VALUES (12, {}, 'Ayşe Çelik', 'ayse celik', 12, '{{}}', 0, 0)",
            firm.as_db()
        );
        assert_eq!(window.run(&ayse).await, 1);
        let named = reader
            .tag_members(tag, Some(members[0].id), 1)
            .await
            .unwrap();
        assert_eq!(named[0].name.as_deref(), Some("Ayşe Çelik"), "{}", db.name);
    }
}

#[tokio::test]
async fn a_tag_never_takes_in_addresses_of_another_firm() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Bizim").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..11).await;
        addresses(&mut window, other, 11..21).await;
        let mut w = writer(&db).await;
        let tag = w.ensure_tag(firm, "yaz").await.unwrap();
        assert_ne!(
            w.ensure_tag(other, "yaz").await.unwrap(),
            tag,
            "each firm has its own"
        );
        assert_eq!(w.add_to_tag(tag, &ids(1..31)).await.unwrap(), 10);
        commit(w).await;
        let foreign = "SELECT count(*) FROM tag_member WHERE recipient_id > 10";
        assert_eq!(window.number(foreign).await, 0, "{}", db.name);
        let mut reader = db.store.read().await.unwrap();
        assert!(
            reader
                .tags_of(other, RecipientId::from_db(5))
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn tags_are_listed_by_name_and_told_of_an_address() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Liste").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..3).await;
        now(&db.store, async |w| {
            for name in ["şubat", "ocak", "Mart", "ınanç"] {
                let tag = w.ensure_tag(firm, name).await.unwrap();
                if name != "ocak" {
                    w.add_to_tag(tag, &ids(1..2)).await.unwrap();
                }
            }
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        let (mut names, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = reader
                .tags(firm, GroupKind::Tag, after.as_deref(), 3)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.name.clone());
            names.extend(page.into_iter().map(|tag| (tag.name, tag.member_count)));
        }
        // By code point, so that both databases agree.
        let expected = [("Mart", 1), ("ocak", 0), ("ınanç", 1), ("şubat", 1)];
        assert_eq!(
            names,
            expected.map(|(name, count)| (name.to_owned(), count)),
            "{}",
            db.name
        );
        let told = reader.tags_of(firm, RecipientId::from_db(1)).await.unwrap();
        let told: Vec<_> = told.iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(told, ["Mart", "ınanç", "şubat"]);
    }
}

async fn tag_all(store: Store, firm: FirmId, backwards: bool) {
    let mut everyone = ids(1..3_001);
    if backwards {
        everyone.reverse();
    }
    for round in 0..5 {
        let name = format!("ortak {round}");
        now(&store, async |w| {
            let tag = w.ensure_tag(firm, &name).await.expect("it can be done");
            w.add_to_tag(tag, &everyone).await.expect("it can be done");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn importers_that_tag_the_same_people_neither_lock_nor_count_twice() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Ortak").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..3_001).await;
        let importers: Vec<_> = [false, true, false, true]
            .map(|backwards| tokio::spawn(tag_all(db.store.clone(), firm, backwards)))
            .into();
        for importer in importers {
            importer.await.unwrap();
        }
        assert_eq!(window.count("tag").await, 5);
        assert_eq!(window.count("tag_member").await, 15_000);
        let counts = window.numbers("SELECT member_count FROM tag").await;
        assert_eq!(counts, [3_000; 5], "{}", db.name);
    }
}
