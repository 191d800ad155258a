//! What of a brand rests, and which of its lists are claimed meanwhile.

use domain::ids::{BrandId, EventId, RecipientId};
use domain::time::{HOUR_US, MINUTE_US};
use domain::{Channel, Recipient, RecipientKind, Source, Status};
use store::Writer;
use store::registry_rests::{Pause, RestScope};
use store::registry_work::{ItemSaid, NewList, Operation, RegistryItem};

use crate::{commit, tenant, writer};

const PAUSE: Pause = Pause {
    first_us: 10 * MINUTE_US,
    max_us: 30 * MINUTE_US,
};

fn list(w: &Writer, brand: BrandId, channel: Channel, said: Option<Status>) -> NewList {
    let said = said.map(|status| ItemSaid {
        status,
        date: w.now(),
        source: Source::HS_WEB,
        event: EventId::from_db(1),
        retailer: None,
    });
    NewList {
        brand,
        operation: if said.is_some() {
            Operation::Add
        } else {
            Operation::Ask
        },
        channel,
        kind: RecipientKind::Bireysel,
        upload: None,
        items: vec![RegistryItem {
            id: RecipientId::from_db(1),
            recipient: Recipient::from_normalised("+905321234567").unwrap(),
            said,
            sub_request: None,
        }],
        due: w.now(),
    }
}

/// Channels of the lists that could be claimed, put back as they were.
async fn claimable(w: &mut Writer) -> Vec<(Channel, Operation)> {
    let until = w.now().plus_micros(1);
    let claimed = w.claim_lists("w1", until, None, 100).await.unwrap();
    w.free_lists_of("w1").await.unwrap();
    let mut found: Vec<_> = claimed
        .iter()
        .map(|list| (list.channel, list.operation))
        .collect();
    found.sort_by_key(|(channel, operation)| (*channel, operation.as_db()));
    found
}

#[tokio::test]
async fn lists_of_what_rests_are_not_claimed_and_all_others_are() {
    for db in store::testing::each().await {
        let (_, brand) = tenant(&db, "Dinlenen").await;
        let (_, other) = tenant(&db, "Başka").await;
        let mut w = writer(&db).await;
        let lists = [
            list(&w, brand, Channel::Mesaj, None),
            list(&w, brand, Channel::Mesaj, Some(Status::Onay)),
            list(&w, brand, Channel::Arama, Some(Status::Ret)),
            list(&w, other, Channel::Eposta, None),
        ];
        w.enqueue_registry(&lists).await.unwrap();
        let (mesaj, arama, eposta) = (Channel::Mesaj, Channel::Arama, Channel::Eposta);
        let theirs = (eposta, Operation::Ask);
        assert_eq!(claimable(&mut w).await.len(), 4, "{}", db.name);

        w.begin_rest(brand, RestScope::Consents, PAUSE, "H525")
            .await
            .unwrap();
        let left = [(mesaj, Operation::Ask), (arama, Operation::Add), theirs];
        assert_eq!(claimable(&mut w).await, left, "{}", db.name);
        w.end_rest(brand, RestScope::Consents).await.unwrap();

        w.begin_rest(brand, RestScope::Mesaj, PAUSE, "H353")
            .await
            .unwrap();
        assert_eq!(claimable(&mut w).await, [(arama, Operation::Add), theirs]);
        assert!(!w.is_account_resting(brand).await.unwrap());

        w.begin_rest(brand, RestScope::Account, PAUSE, "H520")
            .await
            .unwrap();
        assert_eq!(claimable(&mut w).await, [theirs], "{}", db.name);
        assert!(w.is_account_resting(brand).await.unwrap());
        assert_eq!(w.rests(brand).await.unwrap().len(), 2);
        assert!(w.end_rests(brand).await.unwrap());
        assert!(!w.end_rests(brand).await.unwrap());
        assert_eq!(claimable(&mut w).await.len(), 4, "{}", db.name);
        commit(w).await;
    }
}

#[tokio::test]
async fn a_rest_doubles_with_each_try_in_vain_and_not_with_calls_that_were_under_way() {
    for db in store::testing::each().await {
        let (_, brand) = tenant(&db, "Dinlenen").await;
        let scope = RestScope::Mesaj;
        let mut minutes = Vec::new();
        for _ in 0..4 {
            let mut w = writer(&db).await;
            let begun = w.now();
            let until = w.begin_rest(brand, scope, PAUSE, "H353").await.unwrap();
            let again = w.begin_rest(brand, scope, PAUSE, "H353").await.unwrap();
            assert_eq!(until, again, "{}: under way when it began", db.name);
            commit(w).await;
            minutes.push(until.since(begun) / MINUTE_US);
            db.clock.set(until);
        }
        assert_eq!(minutes, [10, 20, 30, 30], "{}", db.name);
        let mut w = writer(&db).await;
        assert!(w.end_rest(brand, scope).await.unwrap());
        commit(w).await;
    }
}

#[tokio::test]
async fn an_account_rests_until_somebody_has_asked_about_it_and_one_asks_at_a_time() {
    for db in store::testing::each().await {
        let (_, brand) = tenant(&db, "Dinlenen").await;
        let mut w = writer(&db).await;
        let asks = list(&w, brand, Channel::Mesaj, None);
        w.enqueue_registry(&[asks]).await.unwrap();
        w.begin_rest(brand, RestScope::Account, PAUSE, "H520")
            .await
            .unwrap();
        let soon = w.now().plus_micros(MINUTE_US);
        assert!(w.rests_to_ask_about(soon, 10).await.unwrap().is_empty());
        commit(w).await;
        db.clock.advance(HOUR_US);

        let mut w = writer(&db).await;
        assert!(
            claimable(&mut w).await.is_empty(),
            "{}: it is over, but nobody asked",
            db.name
        );
        let lease = w.now().plus_micros(MINUTE_US);
        let taken = w.rests_to_ask_about(lease, 10).await.unwrap();
        assert_eq!(taken.len(), 1, "{}", db.name);
        assert_eq!(taken[0].reason, "H520");
        assert!(
            w.rests_to_ask_about(lease, 10).await.unwrap().is_empty(),
            "{}",
            db.name
        );
        w.change_rest(&taken[0], None, taken[0].pause_us)
            .await
            .unwrap();
        assert_eq!(claimable(&mut w).await.len(), 1, "{}: one try", db.name);
        let begun = w.now();
        let until = w
            .begin_rest(brand, RestScope::Account, PAUSE, "H520")
            .await
            .unwrap();
        assert_eq!(until.since(begun), 20 * MINUTE_US, "{}: in vain", db.name);
        commit(w).await;
    }
}
