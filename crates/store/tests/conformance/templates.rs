//! Message texts.

use domain::Channel;
use domain::time::HOUR_US;
use store::StoreError;
use store::templates::{NewTemplate, Template};

use crate::{commit, now, tenant, writer};

#[tokio::test]
async fn a_text_is_changed_only_by_who_saw_its_present_version() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Şablon").await;
        let new = NewTemplate {
            brand,
            name: "Yaz indirimi".into(),
            channel: Channel::Mesaj,
            body: "Sayın {{ad}}, indirim başladı.".into(),
            health_approved_by: None,
        };
        let first = now(&db.store, async |w| {
            w.create_template(firm, new).await.unwrap()
        })
        .await;
        assert_eq!(first.version, 1);
        db.clock.advance(HOUR_US);
        let mut w = writer(&db).await;
        let second = w
            .save_template(&Template {
                body: "Sayın {{ad}}, bitti.".into(),
                ..first.clone()
            })
            .await
            .unwrap();
        assert_eq!((second.version, second.updated_at), (2, w.now()));
        let late = w
            .save_template(&Template {
                name: "geç".into(),
                ..first.clone()
            })
            .await;
        assert!(matches!(late, Err(StoreError::Lost { .. })), "{late:?}");
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        assert_eq!(
            reader.template(firm, first.id).await.unwrap(),
            Some(second.clone())
        );
        let kept = reader.template_versions(firm, first.id, None, 10).await;
        let kept: Vec<_> = kept
            .unwrap()
            .into_iter()
            .map(|held| (held.version, held.body, held.saved_at))
            .collect();
        assert_eq!(
            kept,
            [
                (2, second.body.clone(), second.updated_at),
                (1, first.body.clone(), first.updated_at)
            ],
            "{}",
            db.name
        );
        assert_eq!(reader.templates(firm, None, 10).await.unwrap(), [second]);
        assert!(
            reader
                .templates(firm, Some(first.id), 10)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn texts_stay_inside_their_firm() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Şablon").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let new = NewTemplate {
            brand,
            name: "Metin".into(),
            channel: Channel::Eposta,
            body: "Merhaba".into(),
            health_approved_by: None,
        };
        let mut w = writer(&db).await;
        let crossed = w.create_template(other, new.clone()).await;
        assert!(
            matches!(crossed, Err(StoreError::Lost { .. })),
            "{crossed:?}"
        );
        let made = w.create_template(firm, new).await.unwrap();
        assert!(w.template(other, made.id).await.unwrap().is_none());
        let theirs = w.template_versions(other, made.id, None, 10).await;
        assert!(theirs.unwrap().is_empty());
        let stolen = w
            .save_template(&Template {
                firm: other,
                ..made
            })
            .await;
        assert!(matches!(stolen, Err(StoreError::Lost { .. })), "{stolen:?}");
    }
}
