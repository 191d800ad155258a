//! `izinli campaign test` and `izinli campaign tester …`

use domain::Recipient;
use domain::ids::{ConnectorId, TesterId};
use engine::campaigns::{NewTester, TesterAt};
use serde_json::{Value, json};
use store::campaigns::Campaign;
use store::testers::Tester;

use crate::cli;
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

fn shown(tester: &Tester) -> Value {
    json!({
        "id": tester.id, "name": tester.name, "address": tester.address, "state": tester.state,
    })
}

fn line(tester: &Tester) -> String {
    let Tester {
        id,
        state,
        address,
        name,
        ..
    } = tester;
    format!("{id}  {state}  {address}  {name}")
}

/// Sends a campaign's text to test recipients.
pub(super) async fn send(
    session: &Session,
    campaign: &Campaign,
    to: &[String],
    second: bool,
    out: Output,
) -> anyhow::Result<Exit> {
    let to = to
        .iter()
        .map(|id| id.parse::<TesterId>())
        .collect::<Result<Vec<_>, _>>()?;
    let sent = session
        .engine()?
        .test_campaign(campaign.firm, campaign.id, &to, second, ACTOR)
        .await?;
    let value = json!({
        "carrier": sent.carrier.id,
        "to": sent.to.iter().map(shown).collect::<Vec<_>>(),
        "left_out": sent.left_out.iter().map(|(tester, why)| json!({
            "recipient": shown(tester), "reason": why.as_str(),
        })).collect::<Vec<_>>(),
    });
    out.show(&value, |_| {
        println!("{}", sent.carrier.id);
        for tester in &sent.to {
            println!("  {}", line(tester));
        }
        for (tester, why) in &sent.left_out {
            println!("  - {}  {}", why.as_str(), line(tester));
        }
    })?;
    Ok(Exit::Done)
}

/// Works with the list.
pub(super) async fn testers(
    session: &Session,
    command: &cli::Tester,
    out: Output,
) -> anyhow::Result<Exit> {
    match command {
        cli::Tester::Invite {
            brand,
            address,
            name,
            connector,
            sender,
        } => {
            let brand = session.brand(brand).await?;
            let new = NewTester {
                brand: brand.id,
                at: TesterAt::Address(Recipient::from_normalised(address)?),
                name: name.clone(),
                connector: connector.parse::<ConnectorId>()?,
                sender: sender.clone(),
            };
            let engine = session.engine()?;
            let tester = engine.invite_tester(brand.firm, &new, ACTOR).await?;
            out.show(&shown(&tester), |_| println!("{}", line(&tester)))?;
        }
        cli::Tester::List { brand } => {
            let brand = session.brand(brand).await?;
            let mut reader = session.store.read().await?;
            let list = reader.testers(brand.firm, brand.id).await?;
            out.show(&list.iter().map(shown).collect::<Vec<_>>(), |_| {
                for tester in &list {
                    println!("{}", line(tester));
                }
            })?;
        }
        cli::Tester::Remove { brand, tester } => {
            let brand = session.brand(brand).await?;
            let id = tester.parse::<TesterId>()?;
            session
                .engine()?
                .remove_tester(brand.firm, id, ACTOR)
                .await?;
        }
    }
    Ok(Exit::Done)
}
