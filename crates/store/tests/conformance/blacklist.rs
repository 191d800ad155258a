//! Blacklist and complaint stops.

use domain::Channel;
use domain::ids::RecipientId;
use store::StoreError;
use store::blacklist::{NewStop, StopCause};

use crate::support::Window;
use crate::{addresses, commit, tenant, writer};

fn stop(cause: StopCause, channel: Option<Channel>) -> NewStop<'static> {
    NewStop {
        channel,
        cause,
        spares_mandatory: false,
        note: Some("telefonda söyledi"),
        actor: "usr_ayse",
    }
}

const RECIPIENT: RecipientId = RecipientId::from_db(1);

#[tokio::test]
async fn lifting_one_cause_never_lifts_the_other_whichever_came_first() {
    use StopCause::{Blacklist, Complaint};
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Kara").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..2).await;
        for (first, second) in [(Blacklist, Complaint), (Complaint, Blacklist)] {
            for (lifted, left) in [(first, second), (second, first)] {
                let mut w = writer(&db).await;
                assert_eq!(
                    w.add_stops(firm, &[RECIPIENT], stop(first, None))
                        .await
                        .unwrap(),
                    1
                );
                assert_eq!(
                    w.add_stops(firm, &[RECIPIENT], stop(first, None))
                        .await
                        .unwrap(),
                    0
                );
                assert_eq!(
                    w.add_stops(firm, &[RECIPIENT], stop(second, None))
                        .await
                        .unwrap(),
                    1
                );
                assert_eq!(
                    w.add_stops(firm, &[RECIPIENT], stop(first, None))
                        .await
                        .unwrap(),
                    0
                );
                let both = w.stops_of(firm, RECIPIENT).await.unwrap();
                assert_eq!(both.len(), 1);
                assert_eq!((both[0].cause, both[0].also_complaint), (Blacklist, true));
                w.lift_stop(firm, RECIPIENT, None, lifted).await.unwrap();
                let one = w.stops_of(firm, RECIPIENT).await.unwrap();
                assert_eq!(
                    (one[0].cause, one[0].also_complaint),
                    (left, false),
                    "{}",
                    db.name
                );
                let again = w.lift_stop(firm, RECIPIENT, None, lifted).await;
                assert!(matches!(again, Err(StoreError::Lost { .. })), "{again:?}");
                w.lift_stop(firm, RECIPIENT, None, left).await.unwrap();
                assert!(w.stops_of(firm, RECIPIENT).await.unwrap().is_empty());
                commit(w).await;
                assert_eq!(window.count("blacklist").await, 0);
            }
        }
    }
}

#[tokio::test]
async fn a_stop_of_one_channel_leaves_the_others() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Kanal").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..2).await;
        let mut w = writer(&db).await;
        for channel in [None, Some(Channel::Mesaj), Some(Channel::Arama)] {
            w.add_stops(firm, &[RECIPIENT], stop(StopCause::Blacklist, channel))
                .await
                .unwrap();
        }
        w.lift_stop(firm, RECIPIENT, Some(Channel::Mesaj), StopCause::Blacklist)
            .await
            .unwrap();
        let left = w.stops_of(firm, RECIPIENT).await.unwrap();
        let channels: Vec<_> = left.iter().map(|stop| stop.channel).collect();
        assert_eq!(channels, [None, Some(Channel::Arama)], "{}", db.name);
        assert_eq!(left[0].address.to_string(), "+905000000001");
        assert_eq!(left[0].note.as_deref(), Some("telefonda söyledi"));
    }
}

#[tokio::test]
async fn only_a_firms_own_addresses_are_stopped_and_seen() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Bizim").await;
        let (other, _) = tenant(&db, "Yabancı").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..6).await;
        addresses(&mut window, other, 6..11).await;
        let everyone: Vec<_> = (1..20).map(RecipientId::from_db).collect();
        let mut w = writer(&db).await;
        let added = w
            .add_stops(firm, &everyone, stop(StopCause::Complaint, None))
            .await
            .unwrap();
        assert_eq!(added, 5, "{}", db.name);
        assert!(w.stops(other, None, 10).await.unwrap().is_empty());
        assert!(w.stops_of(other, RECIPIENT).await.unwrap().is_empty());
        let foreign = w
            .lift_stop(other, RECIPIENT, None, StopCause::Complaint)
            .await;
        assert!(
            matches!(foreign, Err(StoreError::Lost { .. })),
            "{foreign:?}"
        );
        commit(w).await;
        assert_eq!(
            window
                .number("SELECT max(recipient_id) FROM blacklist")
                .await,
            5
        );
    }
}

#[tokio::test]
async fn pages_of_the_blacklist_lose_and_repeat_none() {
    for db in store::testing::each().await {
        let (firm, _) = tenant(&db, "Sayfa").await;
        let mut window = Window::on(&db).await;
        addresses(&mut window, firm, 1..26).await;
        let everyone: Vec<_> = (1..26).map(RecipientId::from_db).collect();
        let mut w = writer(&db).await;
        for channel in [None, Some(Channel::Mesaj)] {
            w.add_stops(firm, &everyone, stop(StopCause::Blacklist, channel))
                .await
                .unwrap();
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = w.stops(firm, after, 7).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.cursor());
            seen.extend(
                page.into_iter()
                    .map(|stop| (stop.recipient.as_db(), stop.channel)),
            );
        }
        let expected: Vec<_> = (1..26)
            .flat_map(|id| [(id, None), (id, Some(Channel::Mesaj))])
            .collect();
        assert_eq!(seen, expected, "{}", db.name);
    }
}
