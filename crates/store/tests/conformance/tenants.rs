//! Firms and brands.

use domain::RegistryMode;
use domain::gate::SendingWindow;
use secrecy::{ExposeSecret, SecretString};
use store::StoreError;

use crate::support::Window;
use crate::{commit, new_brand, now, sealed, tenant, writer};

#[tokio::test]
async fn a_firm_and_its_brand_read_back_as_they_were_made() {
    for db in store::testing::each().await {
        let mut writer = writer(&db).await;
        let firm = writer.create_firm("Örnek Mağazacılık").await.unwrap();
        let brand = writer
            .create_brand(firm.id, new_brand("Örnek", 1))
            .await
            .unwrap();
        commit(writer).await;

        let mut reader = db.store.read().await.unwrap();
        assert_eq!(reader.firm(firm.id).await.unwrap(), Some(firm.clone()));
        assert_eq!(
            reader.firm_named("Örnek Mağazacılık").await.unwrap(),
            Some(firm.clone())
        );
        assert_eq!(reader.firm_named("örnek mağazacılık").await.unwrap(), None);
        assert_eq!(
            reader.brand(firm.id, brand.id).await.unwrap(),
            Some(brand.clone())
        );
        assert_eq!(
            reader.brand_named(firm.id, "Örnek").await.unwrap(),
            Some(brand.clone())
        );
        let pushed_to = reader.brand_by_path_key(&brand.path_key).await.unwrap();
        assert_eq!(pushed_to, Some(brand.clone()));
        assert_eq!(reader.brand_at_work(brand.id).await.unwrap(), brand);
        assert_eq!(brand.countries, ["TR"]);
    }
}

#[tokio::test]
async fn a_new_brand_sends_nothing_commercial_until_it_was_set_up() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Yeni").await;
        let mut reader = db.store.read().await.unwrap();
        let policy = reader.brand(firm, brand).await.unwrap().unwrap().policy();
        assert_eq!(policy.mode, RegistryMode::Off);
        assert!(!policy.off_reason_signed);
        assert_eq!(policy.window, SendingWindow::CUSTOMARY);
    }
}

#[tokio::test]
async fn a_blank_reason_is_no_signature() {
    for db in store::testing::each().await {
        let (firm, id) = tenant(&db, "İmzasız").await;
        for (reason, signed) in [
            (None, false),
            (Some("  "), false),
            (Some("Yönetim kararı 7"), true),
        ] {
            let brand = now(&db.store, async |w| {
                let mut brand = w.brand_to_change(firm, id).await.unwrap();
                brand.off_reason = reason.map(str::to_owned);
                w.save_brand(&brand).await.unwrap();
                brand
            })
            .await;
            assert_eq!(brand.policy().off_reason_signed, signed, "{reason:?}");
            let mut reader = db.store.read().await.unwrap();
            assert_eq!(reader.brand(firm, id).await.unwrap(), Some(brand));
        }
    }
}

#[tokio::test]
async fn names_are_unique_where_commands_go_by_them() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Bir").await;
        let (other, _) = tenant(&db, "İki").await;
        let mut w = writer(&db).await;
        assert!(matches!(
            w.create_firm("Bir").await,
            Err(StoreError::Exists { .. })
        ));
        drop(w);
        let mut w = writer(&db).await;
        let twice = w.create_brand(firm, new_brand("Bir", 99)).await;
        assert!(matches!(twice, Err(StoreError::Exists { .. })), "{twice:?}");
        drop(w);
        // The other firm may use the name.
        now(&db.store, async |w| {
            w.create_brand(other, new_brand("Bir", 98)).await.unwrap()
        })
        .await;
        let mut w = writer(&db).await;
        assert!(matches!(
            w.rename_firm(other, "Bir").await,
            Err(StoreError::Exists { .. })
        ));
        drop(w);
        let mut window = Window::on(&db).await;
        assert_eq!(
            (window.count("firm").await, window.count("brand").await),
            (2, 3)
        );
    }
}

#[tokio::test]
async fn a_brand_is_not_there_for_another_firm() {
    for db in store::testing::each().await {
        let (firm, brand) = tenant(&db, "Sahip").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let mut reader = db.store.read().await.unwrap();
        assert_eq!(reader.brand(other, brand).await.unwrap(), None);
        assert_eq!(reader.brand_named(other, "Sahip").await.unwrap(), None);
        let mut w = writer(&db).await;
        let mut stolen = w.brand_to_change(firm, brand).await.unwrap();
        stolen.firm = other;
        for refused in [
            w.brand_to_change(other, brand).await.map(drop),
            w.save_brand(&stolen).await,
            w.set_brand_password(other, brand, Some(&"gizli".into()))
                .await,
        ] {
            assert!(
                matches!(refused, Err(StoreError::Lost { .. })),
                "{}: {refused:?}",
                db.name
            );
        }
        commit(w).await;
        let mut window = Window::on(&db).await;
        let touched = "SELECT count(*) FROM brand WHERE iys_password IS NOT NULL";
        assert_eq!(window.number(touched).await, 0);
    }
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_by_name_and_change_nothing() {
    for db in store::testing::each().await {
        let (firm, id) = tenant(&db, "Ayar").await;
        let mut w = writer(&db).await;
        let good = w.brand_to_change(firm, id).await.unwrap();
        let window = |from_minute, to_minute| SendingWindow {
            from_minute,
            to_minute,
        };
        let mut bad = Vec::new();
        for broken in [
            window(600, 600),
            window(600, 500),
            window(-1, 600),
            window(0, 1_441),
        ] {
            bad.push((
                store::brands::Brand {
                    window: broken,
                    ..good.clone()
                },
                "window",
            ));
        }
        bad.push((
            store::brands::Brand {
                freshness_us: 0,
                ..good.clone()
            },
            "freshness",
        ));
        bad.push((
            store::brands::Brand {
                brake_percent: 101,
                ..good.clone()
            },
            "brake",
        ));
        let unconnected = store::brands::Brand {
            mode: RegistryMode::Sync,
            ..good.clone()
        };
        bad.push((unconnected, "brand code"));
        for (brand, word) in bad {
            match w.save_brand(&brand).await {
                Err(StoreError::Configuration(text)) => assert!(text.contains(word), "{text}"),
                other => panic!("{}: {other:?} for {word}", db.name),
            }
        }
        let whole_day = store::brands::Brand {
            window: SendingWindow::ALWAYS,
            ..good
        };
        w.save_brand(&whole_day).await.unwrap();
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        assert_eq!(reader.brand(firm, id).await.unwrap(), Some(whole_day));
    }
}

#[tokio::test]
async fn the_password_of_iys_is_sealed_and_given_only_with_everything_a_call_needs() {
    for db in store::testing::each().await {
        let (firm, id) = tenant(&db, "Bağlı").await;
        let secret = SecretString::from("çok-gizli-parola");
        now(&db.store, async |w| {
            w.set_brand_password(firm, id, Some(&secret)).await.unwrap();
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        assert!(
            reader.brand_credentials(id).await.unwrap().is_none(),
            "no account yet"
        );
        drop(reader);
        now(&db.store, async |w| {
            let mut brand = w.brand_to_change(firm, id).await.unwrap();
            brand.mode = RegistryMode::Integrator;
            (brand.iys_code, brand.brand_code) = (Some(607_609), Some(658_541));
            brand.iys_username = Some("ornek-api".into());
            w.save_brand(&brand).await.unwrap();
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        let credentials = reader.brand_credentials(id).await.unwrap().unwrap();
        assert_eq!(
            (credentials.iys_code, credentials.brand_code),
            (607_609, 658_541)
        );
        assert_eq!(credentials.password.expose_secret(), secret.expose_secret());
        assert!(!format!("{credentials:?}").contains("gizli"));
        let connected = reader.connected_brands(None, 10).await.unwrap();
        assert_eq!(
            connected.iter().map(|brand| brand.id).collect::<Vec<_>>(),
            [id]
        );
        drop(reader);
        let mut window = Window::on(&db).await;
        let kept = "SELECT CAST(length(iys_password) AS BIGINT) FROM brand";
        assert_eq!(window.number(kept).await, sealed(secret.expose_secret()));
        now(&db.store, async |w| {
            w.set_brand_password(firm, id, None).await.unwrap();
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        assert!(
            reader.brand_credentials(id).await.unwrap().is_none(),
            "forgotten"
        );
    }
}

#[tokio::test]
async fn lists_go_on_after_the_last_one_and_have_a_bound() {
    for db in store::testing::each().await {
        for name in ["A", "B", "C", "D", "E"] {
            tenant(&db, name).await;
        }
        let mut reader = db.store.read().await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = reader.firms(after, 2).await.unwrap();
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page.into_iter().map(|firm| firm.name));
        }
        assert_eq!(seen, ["A", "B", "C", "D", "E"]);
        assert_eq!(
            reader.firms(None, 0).await.unwrap().len(),
            1,
            "never nothing by mistake"
        );
        let firm = reader.firm_named("C").await.unwrap().unwrap().id;
        assert_eq!(
            reader.brands(firm, None, 10).await.unwrap().len(),
            1,
            "of this firm only"
        );
    }
}
