//! What leaves long after its launch leaves on answers of İYS that are young
//! enough at that moment, not at the launch.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use domain::consent::Origin;
use domain::hours::SendingRules;
use domain::ids::CampaignId;
use domain::time::{HOUR_US, MINUTE_US};
use domain::{ReasonCode, Recipient, RegistryMode, Source, Status};
use engine::Step;
use engine::consents::ConsentClaim;
use store::campaigns::CampaignState;
use system_tests::house::{BIREYSEL, House, MESAJ};

const PEOPLE: u32 = 12;
const ROUNDS_MAX: usize = 500;

fn phone(n: u32) -> Result<Recipient> {
    let phone = Recipient::from_normalised(&format!("+90532{n:07}"));
    phone.ok().context("a phone")
}

/// Everybody said yes, and İYS knows it.
async fn everybody_consents(house: &House) -> Result<()> {
    let claims = (1..=PEOPLE)
        .map(|n| {
            Ok(ConsentClaim {
                recipient: phone(n)?,
                channel: MESAJ,
                kind: BIREYSEL,
                status: Status::Onay,
                consent_date: house.now().plus_micros(-HOUR_US),
                source: Source::HS_WEB,
                evidence: None,
                retailer: None,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let (firm, brand) = (house.firm, house.brand.id);
    house
        .engine
        .record_consents(firm, brand, Origin::Api, claims, "usr_ayse")
        .await?;
    for _ in 0..6 {
        house.work().await?;
        house.pass(10 * MINUTE_US);
    }
    Ok(())
}

/// Launched, with everybody's decision frozen; nothing is handed over yet.
async fn launched(house: &House) -> Result<CampaignId> {
    let id = house.begin(domain::plan::Plan::default(), 0).await?;
    for _ in 0..ROUNDS_MAX {
        if house.engine.campaign(house.firm, id).await?.state == CampaignState::Running {
            return Ok(id);
        }
        let asked = house.engine.step_registry().await?;
        if asked.or(house.engine.step_launch().await?) == Step::Idle {
            house.pass(MINUTE_US);
        }
    }
    bail!("{id} is not launched")
}

/// Sent to its end. The feed is not read: it shows nothing of the last hour anyway.
async fn sent(house: &House, id: CampaignId) -> Result<()> {
    for _ in 0..ROUNDS_MAX {
        if house.engine.campaign(house.firm, id).await?.state == CampaignState::Finished {
            return Ok(());
        }
        let mut did = house.engine.step_registry().await?;
        did = did.or(house.engine.step_dispatch().await?);
        did = did.or(house.engine.step_finish().await?);
        if did == Step::Idle {
            house.pass(MINUTE_US);
        }
    }
    bail!("{id} does not end")
}

async fn reached(house: &House) -> Result<BTreeSet<String>> {
    Ok(house.simulators.accepted().await?.into_keys().collect())
}

async fn excluded(house: &House, id: CampaignId, code: ReasonCode) -> Result<i64> {
    let report = house.engine.report(house.firm, id).await?;
    ensure!(report.reconciles(), "{report:?}");
    let mut found = report
        .excluded
        .iter()
        .filter(|(reason, _)| **reason == code);
    Ok(found.next().map_or(0, |(_, people)| *people))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_refuses_at_iys_while_a_campaign_is_held_up_does_not_get_it() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, |_| ()).await? {
        let name = house.database;
        everybody_consents(&house).await?;
        let id = launched(&house).await?;
        house.pass(HOUR_US + MINUTE_US);
        house.citizen(&phone(1)?, "RET", house.now()).await?;
        sent(&house, id).await.with_context(|| name.to_owned())?;
        let got = reached(&house).await?;
        ensure!(
            got.len() == PEOPLE as usize - 1 && !got.contains(&phone(1)?.to_string()),
            "{name}: {got:?} got it"
        );
        ensure!(excluded(&house, id, ReasonCode::S103).await? == 1, "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_is_held_up_while_iys_is_away_reaches_nobody_on_old_answers() -> Result<()>
{
    for house in House::each(RegistryMode::Integrator, |_| ()).await? {
        let name = house.database;
        everybody_consents(&house).await?;
        let id = launched(&house).await?;
        let away = serde_json::json!({ "kind": "status", "status": 503 });
        house.simulators.iys("faults", &away).await?;
        house.pass(HOUR_US + MINUTE_US);
        sent(&house, id).await.with_context(|| name.to_owned())?;
        ensure!(reached(&house).await?.is_empty(), "{name}");
        let old = excluded(&house, id, ReasonCode::S104).await?;
        ensure!(old == i64::from(PEOPLE), "{name}: {old}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brand_may_say_how_old_an_answer_may_be_when_its_campaigns_leave() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, |_| ()).await? {
        let name = house.database;
        let rules = SendingRules {
            campaign_answer_minutes: Some(24 * 60),
            ..SendingRules::default()
        };
        house
            .engine
            .set_sending_rules(house.firm, house.brand.id, &rules, "usr_ayse")
            .await?;
        everybody_consents(&house).await?;
        let id = launched(&house).await?;
        let away = serde_json::json!({ "kind": "status", "status": 503 });
        house.simulators.iys("faults", &away).await?;
        house.pass(HOUR_US + MINUTE_US);
        sent(&house, id).await.with_context(|| name.to_owned())?;
        ensure!(reached(&house).await?.len() == PEOPLE as usize, "{name}");
    }
    Ok(())
}
