//! `izinli connector …`

use anyhow::Context;
use domain::ids::ConnectorId;
use serde_json::{Value, json};
use store::connectors::ConnectorState;

use crate::cli::{Cli, Connector};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Adds, lists or tests provider accounts.
pub(crate) async fn run(cli: &Cli, command: &Connector, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        Connector::Kinds => {
            let kinds = engine::connector_kinds();
            out.show(&kinds, |kinds| {
                for kind in *kinds {
                    println!("{}  {}", kind.kind, out.pick(kind.title_tr, kind.title_en));
                    for field in kind.fields {
                        println!(
                            "    {}  {}",
                            field.name,
                            out.pick(field.label_tr, field.label_en)
                        );
                    }
                }
            })?;
            Ok(Exit::Done)
        }
        Connector::Create {
            firm,
            kind,
            name,
            settings,
        } => {
            let firm = session.firm(firm).await?;
            let text = std::fs::read_to_string(settings)
                .with_context(|| format!("{} cannot be read", settings.display()))?;
            let config: Value = serde_json::from_str(&text).context("the settings are not JSON")?;
            let engine = session.engine()?;
            let account = engine
                .create_connector(firm, kind, name, &config, ACTOR)
                .await?;
            let url = engine.receipts_url(&account);
            let replies = engine.replies_url(&account);
            let made = json!({ "id": account.id, "receipts_url": url, "inbound_url": replies });
            out.show(&made, |_| {
                println!("{}", account.id);
                println!(
                    "{}: {url}",
                    out.pick("iletim raporu adresi", "receipts address")
                );
                println!(
                    "{}: {replies}",
                    out.pick("gelen yanıt adresi", "replies address")
                );
            })?;
            Ok(Exit::Done)
        }
        Connector::List { firm } => {
            let firm = session.firm(firm).await?;
            let accounts = session
                .store
                .read()
                .await?
                .connectors(firm, None, 1_000)
                .await?;
            let list: Vec<_> = accounts
                .iter()
                .map(|a| json!({ "id": a.id, "kind": a.kind, "name": a.name, "state": a.state }))
                .collect();
            out.show(&list, |_| {
                for account in &accounts {
                    println!(
                        "{}  {}  {}  {}",
                        account.id, account.kind, account.state, account.name
                    );
                }
            })?;
            Ok(Exit::Done)
        }
        Connector::Test { connector } => {
            let id: ConnectorId = connector.parse()?;
            let (held, _) = session.store.read().await?.connector_at_work(id).await?;
            let (account, report) = session.engine()?.test_connector(held.firm, id).await?;
            out.show(&json!({ "state": account.state, "report": report }), |_| {
                for check in &report.checks {
                    println!(
                        "{} {}",
                        if check.passed { "✓" } else { "✗" },
                        out.pick(&check.text_tr, &check.text_en)
                    );
                }
            })?;
            Ok(verdict(account.state))
        }
        Connector::Change {
            connector,
            settings,
        } => {
            let id: ConnectorId = connector.parse()?;
            let text = std::fs::read_to_string(settings)
                .with_context(|| format!("{} cannot be read", settings.display()))?;
            let given = serde_json::from_str(&text).context("the settings are no JSON object")?;
            let (held, _) = session.store.read().await?.connector_at_work(id).await?;
            let account = session
                .engine()?
                .change_connector(held.firm, id, None, Some(&given), ACTOR)
                .await?;
            let reason = account.state_reason.as_deref();
            out.show(&json!({ "state": account.state, "reason": reason }), |_| {
                println!("{}  {}", account.state, reason.unwrap_or_default());
            })?;
            Ok(verdict(account.state))
        }
    }
}

/// An account that does not work after its test is worth an exit code.
fn verdict(state: ConnectorState) -> Exit {
    if state == ConnectorState::Active {
        Exit::Done
    } else {
        Exit::Mismatch
    }
}
