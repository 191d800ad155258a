//! Tokens of İYS accounts and positions of the change feeds.

use domain::time::{HOUR_US, MINUTE_US};
use secrecy::ExposeSecret;
use store::StoreError;
use store::registry_accounts::{RegistryAccount, RegistryFeed};

use crate::support::Window;
use crate::{commit, now, sealed, second_of_two, tenant, writer};

const TOKENS: &str = "{\"access\":\"gizli\"}";

#[tokio::test]
async fn one_worker_at_a_time_may_ask_for_tokens() {
    for db in store::testing::each().await {
        let mut w = writer(&db).await;
        let at = w.now();
        let until = at.plus_micros(MINUTE_US);
        assert!(
            w.lease_registry_account("607609/api", "w1", at, until)
                .await
                .unwrap()
        );
        assert!(
            w.lease_registry_account("607609/api", "w1", at, until)
                .await
                .unwrap(),
            "renews"
        );
        assert!(
            !w.lease_registry_account("607609/api", "w2", at, until)
                .await
                .unwrap()
        );
        assert!(
            w.lease_registry_account("999/api", "w2", at, until)
                .await
                .unwrap(),
            "another's"
        );
        let later = until.plus_micros(MINUTE_US);
        assert!(
            w.lease_registry_account("607609/api", "w2", until, later)
                .await
                .unwrap(),
            "it ended"
        );
        w.release_registry_account("607609/api", "w1")
            .await
            .unwrap();
        assert!(
            !w.lease_registry_account("607609/api", "w3", until, later)
                .await
                .unwrap()
        );
        w.release_registry_account("607609/api", "w2")
            .await
            .unwrap();
        assert!(
            w.lease_registry_account("607609/api", "w3", until, later)
                .await
                .unwrap()
        );
        commit(w).await;
        assert_eq!(Window::on(&db).await.count("registry_account").await, 2);
    }
}

#[tokio::test]
async fn tokens_are_sealed_and_kept_by_the_holder_of_the_lease_only() {
    for db in store::testing::each().await {
        let mut w = writer(&db).await;
        let at = w.now();
        let until = at.plus_micros(MINUTE_US);
        assert!(w.registry_account("a").await.unwrap().is_none());
        assert!(
            w.lease_registry_account("a", "w1", at, until)
                .await
                .unwrap()
        );
        let kept = RegistryAccount {
            tokens: Some(TOKENS.into()),
            expires_at: Some(at.plus_micros(2 * HOUR_US)),
            blocked_until: None,
        };
        w.save_registry_account("a", "w1", &kept).await.unwrap();
        let stranger = w.save_registry_account("a", "w2", &kept).await;
        assert!(
            matches!(stranger, Err(StoreError::Lost { .. })),
            "{stranger:?}"
        );
        commit(w).await;
        let mut reader = db.store.read().await.unwrap();
        let read = reader.registry_account("a").await.unwrap().unwrap();
        assert_eq!(read.tokens.unwrap().expose_secret(), TOKENS);
        assert_eq!(
            (read.expires_at, read.blocked_until),
            (kept.expires_at, None)
        );
        drop(reader);
        let mut window = Window::on(&db).await;
        let length = "SELECT CAST(length(tokens) AS BIGINT) FROM registry_account";
        assert_eq!(window.number(length).await, sealed(TOKENS), "{}", db.name);

        let blocked = RegistryAccount {
            tokens: None,
            expires_at: None,
            blocked_until: Some(until),
        };
        now(&db.store, async |w| {
            w.save_registry_account("a", "w1", &blocked).await.unwrap();
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        let read = reader.registry_account("a").await.unwrap().unwrap();
        assert!(read.tokens.is_none());
        assert_eq!(read.blocked_until, Some(until));
    }
}

#[tokio::test]
async fn a_page_of_a_feed_counts_once() {
    for db in store::testing::each().await {
        let (_, brand) = tenant(&db, "Akış").await;
        let feed = RegistryFeed::Citizen;
        let mut w = writer(&db).await;
        assert!(w.feed_position(brand, feed).await.unwrap().is_none());
        w.advance_feed(brand, feed, None, Some("c1"), None)
            .await
            .unwrap();
        let twice = w.advance_feed(brand, feed, None, Some("c1"), None).await;
        assert!(matches!(twice, Err(StoreError::Lost { .. })), "{twice:?}");
        w.advance_feed(brand, feed, Some("c1"), Some("c2"), None)
            .await
            .unwrap();
        // The other feed goes its own way; a page may end where it began.
        w.advance_feed(brand, RegistryFeed::Firm, None, None, None)
            .await
            .unwrap();
        commit(w).await;
        db.clock.advance(MINUTE_US);
        now(&db.store, async |w| {
            w.advance_feed(brand, feed, Some("c2"), Some("c2"), None)
                .await
                .unwrap();
        })
        .await;
        let mut reader = db.store.read().await.unwrap();
        let held = reader.feed_position(brand, feed).await.unwrap().unwrap();
        assert_eq!(
            (held.cursor.as_deref(), held.pulled_at),
            (Some("c2"), reader.now())
        );
        let other = reader
            .feed_position(brand, RegistryFeed::Firm)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(other.cursor, None);
    }
}

#[tokio::test]
async fn of_two_who_read_the_same_page_at_once_one_is_undone() {
    for db in store::testing::each().await {
        let (_, brand) = tenant(&db, "Yarış").await;
        let feed = RegistryFeed::Citizen;
        for (from, to) in [(None, "c1"), (Some("c1"), "c2")] {
            let both = second_of_two(
                &db,
                async |w| w.advance_feed(brand, feed, from, Some(to), None).await,
                async |w| w.advance_feed(brand, feed, from, Some(to), None).await,
            )
            .await;
            assert!(!both, "{}: the page that leads to {to}", db.name);
        }
        assert_eq!(Window::on(&db).await.count("registry_cursor").await, 1);
    }
}
