//! Provider accounts.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::StoreError;
use store::connectors::{ConnectorState, NewConnector};

use crate::support::Window;
use crate::{commit, dice, now, sealed, tenant, writer};

fn infobip(config: &Value, seed: u64) -> NewConnector<'_> {
    NewConnector {
        kind: "infobip".into(),
        name: "Infobip ana hesap".into(),
        path_key: store::token::path_key(&mut dice(seed)),
        config,
    }
}

#[tokio::test]
async fn a_connector_reads_back_and_its_configuration_is_sealed() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Bağlayan").await;
        let config = json!({"api_key": "gizli-anahtar", "base_url": "https://ornek.test"});
        let made = now(&db.store, async |w| {
            w.create_connector(firm, infobip(&config, 1)).await.unwrap()
        })
        .await;
        assert_eq!((made.state, made.version), (ConnectorState::Untested, 1));
        let mut reader = db.store.read().await.unwrap();
        assert_eq!(
            reader.connector(firm, made.id).await.unwrap(),
            Some(made.clone())
        );
        assert_eq!(
            reader.connectors(firm, None, 10).await.unwrap(),
            std::slice::from_ref(&made)
        );
        let texts = [
            reader
                .connector_config(firm, made.id)
                .await
                .unwrap()
                .unwrap(),
            reader.connector_at_work(made.id).await.unwrap().1,
            reader
                .connector_by_path_key(&made.path_key)
                .await
                .unwrap()
                .unwrap()
                .1,
        ];
        for text in texts {
            assert_eq!(
                serde_json::from_str::<Value>(text.expose_secret()).unwrap(),
                config
            );
        }
        assert!(reader.connector_by_path_key("yok").await.unwrap().is_none());
        drop(reader);
        let mut window = Window::on(&db).await;
        let kept = "SELECT CAST(length(config) AS BIGINT) FROM connector";
        let expected = sealed(&config.to_string());
        assert_eq!(window.number(kept).await, expected, "{}", db.name);
    }
}

#[tokio::test]
async fn another_firm_neither_sees_nor_changes_a_connector() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Bağlayan").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let config = json!({});
        let id = now(&db.store, async |w| {
            w.create_connector(firm, infobip(&config, 1)).await.unwrap()
        })
        .await
        .id;
        let mut w = writer(&db).await;
        assert!(w.connector(other, id).await.unwrap().is_none());
        assert!(w.connector_config(other, id).await.unwrap().is_none());
        assert!(w.connectors(other, None, 10).await.unwrap().is_empty());
        for refused in [
            w.rename_connector(other, id, "çalıntı").await,
            w.set_connector_config(other, id, &json!({"a": 1})).await,
        ] {
            assert!(
                matches!(refused, Err(StoreError::Lost { .. })),
                "{refused:?}"
            );
        }
        w.rename_connector(firm, id, "yedek").await.unwrap();
        assert_eq!(w.connector(firm, id).await.unwrap().unwrap().name, "yedek");
    }
}

#[tokio::test]
async fn a_test_of_the_old_configuration_says_nothing_about_the_new_one() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Sınanan").await;
        let config = json!({"api_key": "a"});
        let mut w = writer(&db).await;
        let made = w.create_connector(firm, infobip(&config, 1)).await.unwrap();
        w.set_connector_state(made.id, 1, ConnectorState::Active, None)
            .await
            .unwrap();
        let senders = ["ORNEK".to_owned(), "ÖRNEK-2".to_owned()];
        w.note_connector_test(made.id, 1, Some(&senders))
            .await
            .unwrap();
        // A provider that does not answer takes nothing back.
        w.note_connector_test(made.id, 1, None).await.unwrap();
        let tested = w.connector(firm, made.id).await.unwrap().unwrap();
        assert_eq!(tested.senders.as_deref(), Some(&senders[..]));
        assert!(tested.tested_at.is_some());
        w.set_connector_config(firm, made.id, &json!({"api_key": "b"}))
            .await
            .unwrap();
        let changed = w.connector(firm, made.id).await.unwrap().unwrap();
        assert_eq!((changed.tested_at, changed.senders), (None, None));
        assert_eq!(
            (changed.state, changed.version),
            (ConnectorState::Untested, 2)
        );
        let late = w
            .set_connector_state(made.id, 1, ConnectorState::Active, None)
            .await;
        assert!(matches!(late, Err(StoreError::Lost { .. })), "{late:?}");
        let late = w.note_connector_test(made.id, 1, Some(&senders)).await;
        assert!(matches!(late, Err(StoreError::Lost { .. })), "{late:?}");
        let why = Some("401: geçersiz anahtar");
        w.set_connector_state(made.id, 2, ConnectorState::Broken, why)
            .await
            .unwrap();
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        let broken = reader.connector(firm, made.id).await.unwrap().unwrap();
        assert_eq!(
            (broken.state, broken.state_reason.as_deref()),
            (ConnectorState::Broken, why)
        );
    }
}

#[tokio::test]
async fn a_configuration_does_not_open_with_another_key() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Anahtarsız").await;
        let config = json!({"api_key": "a"});
        let id = now(&db.store, async |w| {
            w.create_connector(firm, infobip(&config, 1)).await.unwrap()
        })
        .await
        .id;
        let options = store::StoreOptions::new(db.url.clone());
        let keys = store::Keys::new(&[43; 32]);
        let stranger = store::Store::open(&options, keys, db.clock.clone())
            .await
            .unwrap();
        let opened = stranger
            .read()
            .await
            .unwrap()
            .connector_config(firm, id)
            .await;
        assert!(
            matches!(opened, Err(StoreError::Sealed { .. })),
            "{opened:?}"
        );
        stranger.close().await;
    }
}
