//! `izinli firm …`

use serde_json::json;

use crate::cli::{Cli, Firm};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Makes or lists firms.
pub(crate) async fn run(cli: &Cli, command: &Firm, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        Firm::Create { name, practice } => {
            let mut writer = session.store.write().await?;
            let firm = writer.create_firm(name).await?;
            if *practice {
                writer.begin_practice(firm.id).await?;
            }
            writer
                .append_audit(
                    firm.id,
                    ACTOR,
                    "firm.create",
                    &firm.id.to_string(),
                    &json!({ "name": name, "practice": practice }),
                )
                .await?;
            writer.commit().await?;
            out.show(
                &json!({ "id": firm.id, "name": firm.name, "practice": practice }),
                |_| println!("{}", firm.id),
            )?;
        }
        Firm::List => {
            let firms = session.store.read().await?.firms(None, 1_000).await?;
            let list: Vec<_> = firms
                .iter()
                .map(|firm| json!({ "id": firm.id, "name": firm.name }))
                .collect();
            out.show(&list, |_| {
                for firm in &firms {
                    println!("{}  {}", firm.id, firm.name);
                }
            })?;
        }
    }
    Ok(Exit::Done)
}
