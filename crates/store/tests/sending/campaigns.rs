//! Campaigns move only along their way, and a firm sees only its own.

use crate::rows::is_lost;
use domain::ids::{CampaignId, TemplateId};
use domain::time::SECOND_US;
use store::campaigns::{Audience, CampaignState, NewCampaign};

use crate::support::sending::*;
use crate::support::*;

#[tokio::test]
async fn a_changed_draft_says_everything_anew_and_nothing_once_it_is_no_draft() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let other = Scene::numbered(&db, 1).await;
        let mut writer = db.store.write().await.expect("a transaction");
        let first = scene.new_campaign("Yaz", 500);
        let draft = writer
            .create_campaign(scene.firm, &first, "ayse")
            .await
            .expect("a draft");
        assert_eq!(
            (draft.state, draft.author.as_str()),
            (CampaignState::Draft, "ayse"),
            "{}",
            db.name
        );
        assert_eq!(
            (draft.created_at, draft.updated_at),
            (writer.now(), writer.now())
        );
        writer.commit().await.expect("commits");

        db.clock.advance(SECOND_US);
        let new = NewCampaign {
            promotion: None,
            brand: scene.another_brand(&db, "Yeni").await,
            name: "Güz".into(),
            channel: domain::Channel::Eposta,
            kind: domain::RecipientKind::Tacir,
            basis: domain::gate::Basis::Informational,
            purpose: "bilgi".into(),
            template: Some(TemplateId::from_db(9)),
            body: "başka".into(),
            sender: "YENI".into(),
            connector: scene.another_connector(&db, "Yedek").await,
            audience: Audience::Addresses {
                addresses: vec![phone(1), email("ali")],
            },
            batch_size: 7,
            plan: domain::plan::Plan {
                cap: Some(500),
                ..domain::plan::Plan::default()
            },
        };
        let mut writer = db.store.write().await.expect("a transaction");
        writer
            .change_campaign(scene.firm, draft.id, &new)
            .await
            .expect("changed");
        let strange = writer.change_campaign(other.firm, draft.id, &first).await;
        assert!(is_lost(&strange), "{}", db.name);
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let held = reader
            .campaign(scene.firm, draft.id)
            .await
            .expect("read")
            .expect("there");
        let says = NewCampaign {
            promotion: None,
            brand: held.brand,
            name: held.name.clone(),
            channel: held.channel,
            kind: held.kind,
            basis: held.basis,
            purpose: held.purpose.clone(),
            template: held.template,
            body: held.body.clone(),
            sender: held.sender.clone(),
            connector: held.connector,
            audience: held.audience.clone(),
            batch_size: held.batch_size,
            plan: held.plan.clone(),
        };
        assert_eq!(format!("{says:?}"), format!("{new:?}"), "{}", db.name);
        assert_eq!(
            (held.created_at, held.updated_at),
            (draft.created_at, db.store.clock().now())
        );

        let mut window = Window::on(&db).await;
        for state in CampaignState::ALL
            .iter()
            .filter(|state| **state != CampaignState::Draft)
        {
            window
                .run(&format!("UPDATE campaign SET state = {}", state.as_db()))
                .await;
            let mut writer = db.store.write().await.expect("a transaction");
            let late = writer.change_campaign(scene.firm, draft.id, &first).await;
            assert!(is_lost(&late), "{} {state}", db.name);
            writer.commit().await.expect("commits");
            assert_eq!(
                window.number("SELECT batch_size FROM campaign").await,
                7,
                "{} {state}",
                db.name
            );
        }
    }
}

#[tokio::test]
async fn a_campaign_moves_only_from_where_it_may_and_notes_who_and_when() {
    use CampaignState::{Approved, Draft, Launching, Running, Stopped, Submitted};
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let other = Scene::numbered(&db, 1).await;
        let mut writer = db.store.write().await.expect("a transaction");
        let new = scene.new_campaign("Yaz", 500);
        let id = writer
            .create_campaign(scene.firm, &new, "ayse")
            .await
            .expect("a draft")
            .id;
        let wrong = writer
            .move_campaign(scene.firm, id, &[Submitted], Approved, Some("veli"))
            .await;
        assert!(is_lost(&wrong), "{}", db.name);
        let strange = writer
            .move_campaign(other.firm, id, &[Draft], Submitted, None)
            .await;
        assert!(is_lost(&strange), "{}", db.name);
        let nobody = CampaignId::from_db(4_711);
        assert!(is_lost(
            &writer
                .move_campaign(scene.firm, nobody, &[Draft], Submitted, None)
                .await
        ));
        let start = writer.now();
        writer
            .move_campaign(scene.firm, id, &[Draft], Submitted, None)
            .await
            .expect("moves");
        writer
            .move_campaign(scene.firm, id, &[Submitted], Approved, Some("veli"))
            .await
            .expect("moves");
        db.clock.advance(SECOND_US);
        let moved = writer
            .move_campaign(scene.firm, id, &[Draft, Approved], Launching, None)
            .await;
        let moved = moved.expect("moves");
        assert_eq!(
            (moved.state, moved.approver.as_deref()),
            (Launching, Some("veli")),
            "{}",
            db.name
        );
        assert_eq!(
            moved.launched_at,
            Some(start.plus_micros(SECOND_US)),
            "{}",
            db.name
        );
        assert_eq!(
            writer.campaigns_launching(9).await.expect("launching"),
            [id],
            "{}",
            db.name
        );
        db.clock.advance(SECOND_US);
        let moved = writer
            .move_campaign(scene.firm, id, &[Launching, Running], Stopped, None)
            .await;
        let moved = moved.expect("moves");
        assert_eq!(
            moved.finished_at,
            Some(start.plus_micros(2 * SECOND_US)),
            "{}",
            db.name
        );
        assert_eq!(
            moved.launched_at,
            Some(start.plus_micros(SECOND_US)),
            "{}",
            db.name
        );
        assert!(
            writer
                .campaigns_launching(9)
                .await
                .expect("launching")
                .is_empty(),
            "{}",
            db.name
        );
        writer.commit().await.expect("commits");
    }
}

#[tokio::test]
async fn the_newest_campaign_comes_first_whatever_its_number() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let other = Scene::numbered(&db, 1).await;
        let mut made = Vec::new();
        for n in 0..7 {
            let mut writer = db.store.write().await.expect("a transaction");
            let new = scene.new_campaign(&format!("Kampanya {n}"), 5);
            made.push(
                writer
                    .create_campaign(scene.firm, &new, "ayse")
                    .await
                    .expect("a draft")
                    .id,
            );
            writer.commit().await.expect("commits");
            db.clock.advance(SECOND_US);
        }
        other.launching(&db, 5).await;
        // Another process draws its numbers from a later block: the oldest of
        // all then has the greatest number.
        let late = CampaignId::from_db(made[6].as_db() + 1_000_000);
        let mut window = Window::on(&db).await;
        let change = format!(
            "UPDATE campaign SET id = {} WHERE id = {}",
            late.as_db(),
            made[0].as_db()
        );
        assert_eq!(window.run(&change).await, 1);
        made[0] = late;
        made.reverse();
        let mut reader = db.store.read().await.expect("a reader");
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = reader
                .campaigns(scene.firm, before, 3)
                .await
                .expect("a page");
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            seen.extend(page.iter().map(|campaign| campaign.id));
        }
        assert_eq!(seen, made, "{}", db.name);
        let strange = reader
            .campaigns(other.firm, Some(late), 3)
            .await
            .expect("a page");
        assert!(
            strange.is_empty(),
            "{}: a cursor of another firm leads nowhere",
            db.name
        );
    }
}

#[tokio::test]
async fn a_time_shows_the_campaigns_that_begin_in_it_and_those_nobody_has_launched_apart() {
    for db in store::testing::each().await {
        let scene = Scene::on(&db).await;
        let mut writer = db.store.write().await.expect("a transaction");
        let new = scene.new_campaign("Yaz", 500);
        let now = writer.now();
        let planned = now.plus_micros(100 * SECOND_US);
        let mut made = Vec::new();
        // One that waits for its time, one that was launched after it, one of now, and a draft.
        for start in [Some(planned), Some(now.plus_micros(-SECOND_US)), None] {
            let campaign = writer
                .create_campaign(scene.firm, &new, "ayse")
                .await
                .expect("a draft");
            writer
                .move_campaign(
                    scene.firm,
                    campaign.id,
                    &[CampaignState::Draft],
                    CampaignState::Launching,
                    None,
                )
                .await
                .expect("launched");
            writer
                .start_campaign_at(campaign.id, start)
                .await
                .expect("planned");
            made.push(campaign.id);
        }
        let draft = writer
            .create_campaign(scene.firm, &new, "ayse")
            .await
            .expect("a draft");
        writer.commit().await.expect("commits");
        let mut reader = db.store.read().await.expect("a reader");
        let mut within = async |from, until| {
            let found = reader
                .campaigns_within(scene.firm, from, until, 10)
                .await
                .expect("the campaigns");
            found.iter().map(|one| one.id).collect::<Vec<_>>()
        };
        assert_eq!(within(now, planned).await, made[1..], "{}", db.name);
        assert_eq!(
            within(planned, planned.plus_micros(1)).await,
            made[..1],
            "{}",
            db.name
        );
        let waiting = reader
            .campaigns_unlaunched(scene.firm, 10)
            .await
            .expect("the drafts");
        assert_eq!(
            waiting.iter().map(|one| one.id).collect::<Vec<_>>(),
            [draft.id],
            "{}",
            db.name
        );
    }
}
