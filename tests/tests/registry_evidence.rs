//! Evidence, and what tells that it was touched: the proof of a message is
//! assembled from what it rests on, the seal of a campaign and the ledger name
//! what was changed, and alarms say so until it is put right.

use anyhow::{Context, Result, ensure};
use domain::alarm::AlarmCode;
use domain::consent::Origin;
use domain::ids::{CampaignId, RecipientId};
use domain::ledger::proof::{Doubt, MessageProof};
use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use domain::{Recipient, RegistryMode, Source, Status, Timestamp};
use engine::consents::ConsentClaim;
use engine::{Settings, Step};
use store::testing::tamper;
use system_tests::house::{BIREYSEL, House, MESAJ};
use system_tests::system::job;

fn as_it_is(_: &mut Settings) {}

fn phone(n: u32) -> Result<Recipient> {
    let phone = Recipient::from_normalised(&format!("+90532{n:07}"));
    phone.ok().context("a phone")
}

async fn said(house: &House, n: u32, status: Status, at: Timestamp) -> Result<()> {
    let claim = ConsentClaim {
        recipient: phone(n)?,
        channel: MESAJ,
        kind: BIREYSEL,
        status,
        consent_date: at,
        source: Source::HS_WEB,
        evidence: Some(format!("form {n}")),
        retailer: None,
    };
    let (firm, brand) = (house.firm, house.brand.id);
    house
        .engine
        .record_consents(firm, brand, Origin::Api, vec![claim], "usr_ayse")
        .await?;
    Ok(())
}

async fn an_hour_passes(house: &House) -> Result<()> {
    for _ in 0..6 {
        house.pass(10 * MINUTE_US);
        house.work().await?;
    }
    Ok(())
}

async fn open_alarms(house: &House) -> Result<Vec<AlarmCode>> {
    let mut reader = house.engine.store().read().await?;
    let alarms = reader.alarms(house.firm, false, None, 100).await?;
    Ok(alarms.into_iter().map(|alarm| alarm.code).collect())
}

async fn number_of(house: &House, n: u32) -> Result<RecipientId> {
    let mut reader = house.engine.store().read().await?;
    let ids = reader.recipient_ids(house.firm, &[phone(n)?]).await?;
    ids.into_iter().flatten().next().context("known")
}

/// The proof of a campaign's only message about a person.
async fn proof_of(house: &House, campaign: CampaignId, n: u32) -> Result<MessageProof> {
    let id = number_of(house, n).await?;
    let mut reader = house.engine.store().read().await?;
    let logged = reader.messages_of(house.firm, id, None, None, 10).await?;
    drop(reader);
    let one = logged.into_iter().next().context("a message")?;
    ensure!(one.message.campaign == campaign, "{one:?}");
    Ok(house.engine.message_proof(house.firm, one.message).await?)
}

/// Three people consent at İYS, the third refuses, and a text is sent.
async fn a_campaign_went_out(house: &House) -> Result<CampaignId> {
    let now = house.now();
    for n in 1..=3 {
        said(house, n, Status::Onay, now.plus_micros(-2 * HOUR_US)).await?;
    }
    house.work().await?;
    an_hour_passes(house).await?;
    said(house, 3, Status::Ret, house.now()).await?;
    house.work().await?;
    let campaign = house.send().await?;
    while house.engine.step_seal().await? == Step::Did {}
    Ok(campaign)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proof_of_a_message_holds_what_it_rests_on_and_nobody_else() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        let campaign = a_campaign_went_out(&house).await?;
        let proof = proof_of(&house, campaign, 1).await?;
        ensure!(
            proof.check().is_empty(),
            "{}: {:?}",
            house.database,
            proof.check()
        );
        let consent = proof.consent.as_ref().context("a consent")?;
        ensure!(consent.event.evidence.as_deref() == Some("form 1"));
        ensure!(
            proof.registry.checked_at.is_some() && proof.registry.call.is_some(),
            "{:?}",
            proof.registry
        );
        ensure!(proof.text.as_deref() == Some(job::TEXT), "{:?}", proof.text);
        let send = proof.send.as_ref().context("a send")?;
        ensure!(send.sealed_by.is_some() && send.root.is_some(), "{send:?}");
        ensure!(proof.excluded.is_none());
        let written = serde_json::to_string(&proof)?;
        let other = phone(2)?.to_string();
        ensure!(
            !written.contains(other.trim_start_matches('+')),
            "it names somebody else"
        );

        let mut edited: MessageProof = serde_json::from_str(&written)?;
        edited.text = Some("başka bir metin".into());
        ensure!(edited.check() == [Doubt::Request], "{:?}", edited.check());
        let mut moved: MessageProof = serde_json::from_str(&written)?;
        let event = &mut moved.consent.as_mut().context("a consent")?.event;
        event.evidence = Some("form 9".into());
        ensure!(moved.check() == [Doubt::EventNotInBlock]);

        let kept_out = proof_of(&house, campaign, 3).await?;
        ensure!(kept_out.excluded.is_some() && kept_out.send.is_none());
        ensure!(kept_out.check().is_empty(), "{:?}", kept_out.check());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_send_breaks_the_seal_of_its_campaign_and_raises_an_alarm() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        let campaign = a_campaign_went_out(&house).await?;
        let store = house.engine.store().clone();
        let found = house.engine.verify_trail(house.firm).await?;
        ensure!(found.seals == 1 && found.broken_seal.is_none(), "{found:?}");
        let set = async |to: &str| {
            let sql = format!(
                "UPDATE send_batch SET request_key = {to} WHERE campaign_id = {}",
                campaign.as_db()
            );
            tamper(&store, sql).await
        };
        ensure!(set("request_key || 'x'").await == 1);
        let found = house.engine.verify_trail(house.firm).await?;
        let broken = found.broken_seal.map(|(campaign, _)| campaign);
        ensure!(broken == Some(campaign), "{}: {found:?}", house.database);
        let (engine, brand) = (&house.engine, house.brand.id);
        engine.verify_ledger(brand, false, "usr_can").await?;
        ensure!(open_alarms(&house).await? == [AlarmCode::LedgerDiffers]);
        ensure!(
            set("substr(request_key, 1, length(request_key) - 1)").await == 1,
            "put right"
        );
        engine.verify_ledger(brand, false, "usr_can").await?;
        ensure!(open_alarms(&house).await?.is_empty());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_weekly_check_names_the_event_that_was_changed_until_it_is_put_right() -> Result<()> {
    for house in House::each(RegistryMode::Off, as_it_is).await? {
        let said_at = house.now().plus_micros(-2 * HOUR_US);
        for n in 1..=3 {
            said(&house, n, Status::Onay, said_at).await?;
        }
        let changed = number_of(&house, 2).await?.as_db();
        let store = house.engine.store().clone();
        let shift = async |by: &str| {
            let sql = format!(
                "UPDATE consent_event SET consent_us = consent_us {by} WHERE recipient_id = {changed}"
            );
            tamper(&store, sql).await
        };
        ensure!(shift("- 1000000").await == 1);
        house.pass(8 * DAY_US);
        ensure!(house.engine.step_verify().await? == Step::Did, "its turn");
        ensure!(open_alarms(&house).await? == [AlarmCode::LedgerDiffers]);
        let mut reader = store.read().await?;
        let checked = reader.ledger_checked(house.brand.id).await?;
        let fault = checked
            .and_then(|checked| checked.fault)
            .context("a fault")?;
        drop(reader);
        ensure!(
            fault.contains("evt_") && fault.contains("değiştirilmiş"),
            "{}: {fault}",
            house.database
        );
        // Only what is new: the alarm about what is old stands.
        house
            .engine
            .verify_ledger(house.brand.id, true, "usr_can")
            .await?;
        ensure!(open_alarms(&house).await? == [AlarmCode::LedgerDiffers]);
        ensure!(shift("+ 1000000").await == 1);
        house
            .engine
            .verify_ledger(house.brand.id, false, "usr_can")
            .await?;
        ensure!(open_alarms(&house).await?.is_empty());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_refused_calls_raise_an_alarm_until_the_share_is_good_again() -> Result<()> {
    for house in House::each(RegistryMode::Integrator, as_it_is).await? {
        house.work().await?;
        let store = house.engine.store().clone();
        let hour = house.now().as_micros() / HOUR_US * HOUR_US;
        // 80 of 100 calls: below 85 percent, and enough of them to tell.
        let counted = async |successes: i64| {
            let sql = format!(
                "INSERT INTO registry_egress_share (egress, hour_us, requests, successes) \
                 VALUES ('default', {hour}, 20000, {successes}) \
                 ON CONFLICT (egress, hour_us) DO UPDATE SET requests = excluded.requests, \
                    successes = excluded.successes"
            );
            tamper(&store, sql).await
        };
        counted(16_000).await;
        house.engine.step_alarms().await?;
        let open = open_alarms(&house).await?;
        ensure!(
            open == [AlarmCode::RegistryShare],
            "{}: {open:?}",
            house.database
        );
        counted(19_000).await;
        house.engine.step_alarms().await?;
        ensure!(open_alarms(&house).await?.is_empty());
    }
    Ok(())
}
