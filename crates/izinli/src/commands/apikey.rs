//! `izinli apikey …`

use domain::ids::ApiKeyId;
use rand::TryRngCore as _;
use secrecy::ExposeSecret as _;
use serde_json::json;
use store::access::Role;
use store::token::ApiKeySecret;

use crate::cli::{Apikey, Cli};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Makes, lists or ends keys.
pub(crate) async fn run(cli: &Cli, command: &Apikey, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        Apikey::Create { firm, name, role } => {
            let firm = session.firm(firm).await?;
            let role: Role = role.parse()?;
            let secret = ApiKeySecret::generate(&mut rand::rngs::OsRng.unwrap_err());
            let mut writer = session.store.write().await?;
            let key = writer
                .create_api_key(firm, name, role, None, &secret)
                .await?;
            writer
                .append_audit(
                    firm,
                    ACTOR,
                    "apikey.create",
                    &key.id.to_string(),
                    &json!({ "role": role }),
                )
                .await?;
            writer.commit().await?;
            let text = secret.text().expose_secret().to_owned();
            out.show(&json!({ "id": key.id, "key": text }), |_| {
                println!("{text}")
            })?;
        }
        Apikey::List { firm } => {
            let firm = session.firm(firm).await?;
            let keys = session
                .store
                .read()
                .await?
                .api_keys(firm, None, 1_000)
                .await?;
            let list: Vec<_> = keys
                .iter()
                .map(|key| json!({ "id": key.id, "name": key.name, "role": key.role, "disabled_at": key.disabled_at }))
                .collect();
            out.show(&list, |_| {
                for key in &keys {
                    let state = if key.disabled_at.is_some() {
                        out.pick("kapalı", "ended")
                    } else {
                        ""
                    };
                    println!("{}  {}  {}  {state}", key.id, key.role, key.name);
                }
            })?;
        }
        Apikey::Disable { firm, key } => {
            let firm = session.firm(firm).await?;
            let id: ApiKeyId = key.parse()?;
            let mut writer = session.store.write().await?;
            writer.disable_api_key(firm, id).await?;
            writer
                .append_audit(firm, ACTOR, "apikey.disable", key, &serde_json::Value::Null)
                .await?;
            writer.commit().await?;
            out.line("Anahtar kapatıldı.", "The key has ended.");
        }
    }
    Ok(Exit::Done)
}
