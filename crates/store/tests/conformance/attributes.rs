//! Attributes: definitions, and what files do to the values of people.

use domain::attribute::{Attribute, AttributeKind};
use store::StoreError;
use store::consent::IncomingRecord;
use store::templates::NewTemplate;

use crate::support::{FIRM, apply, email, person, phone};
use crate::{commit, now, tenant, writer};

fn semt() -> Attribute {
    Attribute {
        code: "semt".into(),
        label_tr: "Semt".into(),
        label_en: "District".into(),
        kind: AttributeKind::Text,
        is_array: false,
        is_personal: false,
        is_health: false,
        choices: Vec::new(),
        position: 2,
    }
}

fn with(record: IncomingRecord, values: &[(&str, &str)]) -> IncomingRecord {
    let owned = values
        .iter()
        .map(|(code, value)| ((*code).to_owned(), (*value).to_owned()));
    IncomingRecord {
        attributes: owned.collect(),
        ..record
    }
}

#[tokio::test]
async fn a_definition_has_a_code_of_its_own_in_its_firm_and_keeps_code_and_type() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Alan").await;
        let (other, _) = tenant(&db, "Başka").await;
        let made = now(&db.store, async |w| {
            w.create_attribute(firm, semt()).await.unwrap()
        })
        .await;
        let mut w = writer(&db).await;
        let twin = w.create_attribute(firm, semt()).await;
        assert!(matches!(twin, Err(StoreError::Exists { .. })), "{twin:?}");
        let choice = Attribute {
            code: "seviye".into(),
            kind: AttributeKind::Choice,
            choices: vec!["Altın".into(), "Gümüş".into()],
            position: 1,
            ..semt()
        };
        let choice = w.create_attribute(firm, choice).await.unwrap();
        w.create_attribute(other, semt()).await.unwrap();
        let mut wanted = made.clone();
        wanted.attribute.label_tr = "Mahalle".into();
        wanted.attribute.is_health = true;
        wanted.attribute.kind = AttributeKind::Number;
        w.save_attribute(firm, &wanted).await.unwrap();
        let foreign = w.save_attribute(other, &wanted).await;
        assert!(
            matches!(foreign, Err(StoreError::Lost { .. })),
            "{foreign:?}"
        );
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        let held = reader.attributes(firm).await.unwrap();
        assert_eq!(held[0], choice, "by place");
        let changed = &held[1].attribute;
        assert_eq!(
            (changed.label_tr.as_str(), changed.is_health, changed.kind),
            ("Mahalle", true, AttributeKind::Text),
            "{}",
            db.name
        );
        assert_eq!(reader.attribute(other, made.id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_file_changes_the_values_it_names_and_leaves_the_others() {
    for db in store::testing::each().await {
        let first = [
            with(person(2, phone(1)), &[("semt", "Moda"), ("puan", "12.5")]),
            person(3, phone(2)),
        ];
        let applied = apply(&db, &first).await;
        assert_eq!(applied.created, 2);
        let again = apply(&db, &first).await;
        assert_eq!((again.updated, again.unchanged), (0, 2), "nothing differs");
        let second = [
            with(person(2, phone(1)), &[("semt", "Kadıköy")]),
            with(person(3, phone(2)), &[("semt", "Bebek")]),
            with(person(4, email("ali")), &[("semt", "Moda")]),
        ];
        let applied = apply(&db, &second).await;
        assert_eq!((applied.created, applied.updated), (1, 2), "{}", db.name);
        let mut reader = db.store.read().await.unwrap();
        for (address, expected) in [
            (phone(1), "{\"puan\":\"12.5\",\"semt\":\"Kadıköy\"}"),
            (phone(2), "{\"semt\":\"Bebek\"}"),
            (email("ali"), "{\"semt\":\"Moda\"}"),
        ] {
            let (_, contact) = reader
                .contact_by_address(FIRM, &address)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(
                serde_json::to_string(&contact.attributes).unwrap(),
                expected
            );
        }
    }
}

#[tokio::test]
async fn the_values_of_a_shared_phone_belong_to_the_person_whose_number_stands_beside_them() {
    for db in store::testing::each().await {
        let of = |id: &str, value: &str| IncomingRecord {
            external_id: Some(id.to_owned()),
            ..with(person(2, phone(1)), &[("semt", value)])
        };
        apply(&db, &[of("A1", "Moda"), of("A2", "Bebek")]).await;
        let mut reader = db.store.read().await.unwrap();
        for (id, value) in [("A1", "Moda"), ("A2", "Bebek")] {
            let contact = reader
                .contact_by_external_id(FIRM, id)
                .await
                .unwrap()
                .unwrap();
            assert_eq!(contact.attributes["semt"], value, "{}", db.name);
        }
    }
}

#[tokio::test]
async fn an_approval_of_health_data_is_for_the_very_words_of_a_text() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Klinik").await;
        let new = NewTemplate {
            brand,
            name: "Kontrol".into(),
            channel: domain::Channel::Mesaj,
            body: "Kan grubunuz {{kan}}.".into(),
            health_approved_by: Some("user:usr_1".into()),
        };
        now(&db.store, async |w| {
            w.create_template(firm, new).await.unwrap()
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        for (body, approved) in [
            ("Kan grubunuz {{kan}}.", true),
            ("Kan grubun {{kan}}.", false),
        ] {
            let found = reader.is_health_approved(firm, brand, body).await.unwrap();
            assert_eq!(found, approved, "{}: {body}", db.name);
        }
    }
}
