//! People named by the firm's own numbers of them, the order of accounts that
//! a brand wants, and the page on which a person chooses topics by channel.

use domain::gate::Basis;
use domain::hours::{RouteOrder, SendingRules};
use domain::plan::Plan;
use domain::{Channel, ReasonCode};
use engine::links::Wish;
use store::campaigns::Audience;

use crate::house::{House, WHO};

#[tokio::test]
async fn accounts_become_their_people_and_unknown_ones_are_named() {
    for db in store::testing::each().await {
        let house = House::with(&db, 5).await;
        for n in 101..=103 {
            house.account(&db, n, &format!("120.01.{n}")).await;
        }
        let mut text = house.text(Plan::default());
        text.audience = Audience::Accounts {
            codes: [
                "120.01.101",
                " 120.01.102 ",
                "120.01.103",
                "120.01.999",
                "120.01.101",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let made = house.engine.create_campaign(house.firm, text, WHO).await;
        let id = made.expect("a draft").id;
        let run = house.engine.dry_run(house.firm, id).await;
        let run = run.expect("a dry run");
        assert_eq!((run.target, run.sendable), (3, 3), "{}", db.name);
        assert_eq!(run.unknown_accounts, ["120.01.999"], "{}", db.name);
    }
}

#[tokio::test]
async fn the_next_dry_run_and_the_launch_take_accounts_in_the_brands_order() {
    for db in store::testing::each().await {
        let house = House::with(&db, 2).await;
        let [first, second] = house.accounts;
        let plan = Plan {
            fallbacks: vec![second],
            ..Plan::default()
        };
        let id = house.draft(plan.clone()).await;
        let order = async || {
            let run = house.engine.dry_run(house.firm, id).await;
            let routes = run.expect("a dry run").routes;
            routes
                .iter()
                .map(|route| route.account.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(order().await, [first, second], "{}", db.name);
        let rules = SendingRules {
            route_orders: vec![RouteOrder {
                basis: Basis::Commercial,
                connectors: vec![second, first],
            }],
            route_prices: [(second, 7)].into(),
            part_price_micros: Some(5),
            ..SendingRules::default()
        };
        let engine = &house.engine;
        let set = engine.set_sending_rules(house.firm, house.brand, &rules, WHO);
        set.await.expect("set");
        assert_eq!(order().await, [second, first], "{}", db.name);
        let measured = engine.measure(house.firm, id).await.expect("measured");
        assert_eq!(measured.cost_micros, Some(measured.parts_total * 7));
        let launched = house.campaign(plan).await;
        let mut reader = db.store.read().await.expect("a reader");
        let waiting = reader.waiting_routes(launched).await;
        assert_eq!(waiting.expect("read"), [second], "{}", db.name);
    }
}

#[tokio::test]
async fn topics_are_chosen_by_channel_and_a_form_changes_only_what_it_shows() {
    for db in store::testing::each().await {
        let house = House::with(&db, 0).await;
        house.account(&db, 101, "120.01.101").await;
        let id = house.campaign(Plan::default()).await;
        let engine = &house.engine;
        let person = domain::Recipient::from_normalised("+905320000101").expect("a phone");
        let mut reader = db.store.read().await.expect("a reader");
        let found = reader.contact_by_address(house.firm, &person).await;
        let (recipient, _) = found.expect("read").expect("known");
        drop(reader);
        let token = engine.links().token(id, recipient);
        let linked = engine.linked(&token).await.expect("read").expect("ours");
        let channels: Vec<Channel> = linked.channels.iter().map(|one| one.channel).collect();
        assert_eq!(channels, [Channel::Mesaj, Channel::Eposta], "{}", db.name);

        let mute = |channels: &[Channel], muted: &[Channel]| Wish::Purposes {
            channels: channels.to_vec(),
            muted: muted
                .iter()
                .map(|channel| (*channel, "kampanya".to_owned()))
                .collect(),
        };
        let both = [Channel::Mesaj, Channel::Eposta];
        let muted = async |wish: Wish| {
            let linked = engine.wish(&token, &wish).await.expect("done");
            let muted = linked.channels.iter().map(|one| !one.muted.is_empty());
            muted.collect::<Vec<_>>()
        };
        let only_mail = mute(&both, &[Channel::Eposta]);
        assert_eq!(muted(only_mail).await, [false, true], "{}", db.name);
        let own = mute(&[Channel::Mesaj], &[Channel::Mesaj]);
        assert_eq!(muted(own).await, [true, true], "{}", db.name);
        let again = house.draft(Plan::default()).await;
        let run = engine.dry_run(house.firm, again).await.expect("a dry run");
        assert_eq!(run.excluded.get(&ReasonCode::S106), Some(&1), "{}", db.name);
        assert_eq!(muted(mute(&both, &[])).await, [false, false], "{}", db.name);
    }
}
