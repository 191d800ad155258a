//! A canary is not only about receipts: whoever refuses or complains after it
//! stops the rest as well, and the campaign says why it stands still.

use domain::plan::{Canary, Plan};
use domain::time::MINUTE_US;
use domain::{Channel, Recipient, Timestamp};
use engine::Step;
use store::blacklist::{NewStop, StopCause};
use store::campaign_flow::{Brake, CanaryEnd};
use store::campaigns::CampaignState;
use store::testing::TestDatabase;

use crate::house::{House, WHO};
use crate::optouts::sent;

/// Two of four people go first; both have it.
async fn half_sent(db: &TestDatabase) -> (House, domain::ids::CampaignId) {
    let house = House::with(db, 4).await;
    let canary = Canary {
        percent: 50,
        wait_minutes: 30,
        brake_percent: 30,
        brake_refusal_percent: Some(50),
        refusal_minutes: Some(30),
    };
    let plan = Plan {
        canary: Some(canary),
        ..Plan::default()
    };
    let id = house.campaign(plan).await;
    sent(db, &house).await;
    assert_eq!(house.engine.step_watch().await.expect("a step"), Step::Idle);
    (house, id)
}

async fn ended(house: &House, id: domain::ids::CampaignId) -> (CampaignState, CanaryEnd) {
    assert_eq!(house.engine.step_watch().await.expect("a step"), Step::Did);
    let held = house.engine.campaign(house.firm, id).await;
    let held = held.expect("the campaign");
    let end = held.progress.canary.expect("it has ended");
    (held.state, end)
}

fn later(db: &TestDatabase) -> Timestamp {
    db.store.clock().now().plus_micros(MINUTE_US)
}

#[tokio::test]
async fn refusals_of_the_first_few_stop_the_rest_and_those_of_others_do_not_count() {
    for db in store::testing::each().await {
        let (house, id) = half_sent(&db).await;
        // Everybody refuses; only two of them have got the message.
        for person in 1..=4 {
            house.refuses(&db, person, later(&db)).await;
        }
        let (state, end) = ended(&house, id).await;
        assert_eq!(state, CampaignState::Paused, "{}", db.name);
        assert_eq!(
            (end.passed, end.brake, end.refused, end.complained),
            (false, Some(Brake::Refusals), 2, 0),
            "{}",
            db.name
        );
    }
}

#[tokio::test]
async fn complaints_of_the_first_few_stop_the_rest() {
    for db in store::testing::each().await {
        let (house, id) = half_sent(&db).await;
        db.clock.advance(MINUTE_US);
        let people: Vec<Recipient> = (1..=4)
            .map(|n| Recipient::from_normalised(&format!("+90532{n:07}")).expect("a phone"))
            .collect();
        let mut writer = db.store.write().await.expect("a transaction");
        let known = writer.recipient_ids(house.firm, &people).await;
        let ids: Vec<_> = known.expect("read").into_iter().flatten().collect();
        let stop = NewStop {
            channel: Some(Channel::Mesaj),
            cause: StopCause::Complaint,
            spares_mandatory: false,
            note: None,
            actor: WHO,
        };
        let set = writer.add_stops(house.firm, &ids, stop).await;
        assert_eq!(set.expect("set"), 4);
        writer.commit().await.expect("commits");
        let (state, end) = ended(&house, id).await;
        assert_eq!(state, CampaignState::Paused, "{}", db.name);
        assert_eq!(
            (end.brake, end.refused, end.complained),
            (Some(Brake::Complaints), 0, 2),
            "{}",
            db.name
        );
    }
}
