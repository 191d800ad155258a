//! `izinli attribute …`

use anyhow::Context;
use domain::attribute::{self, AttributeKind};
use serde_json::json;
use store::attributes::Defined;

use crate::cli::{Attribute, Cli};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Defines, lists or changes attributes.
pub(crate) async fn run(cli: &Cli, command: &Attribute, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        Attribute::Create {
            firm,
            code,
            label,
            label_en,
            kind,
            array,
            personal,
            health,
            choices,
            position,
        } => {
            let firm = session.firm(firm).await?;
            let new = attribute::Attribute {
                code: code.clone(),
                label_tr: label.clone(),
                label_en: label_en.clone().unwrap_or_else(|| label.clone()),
                kind: kind.parse::<AttributeKind>()?,
                is_array: *array,
                is_personal: *personal,
                is_health: *health,
                choices: choices.clone(),
                position: *position,
            };
            new.check()?;
            let mut writer = session.store.write().await?;
            let made = writer.create_attribute(firm, new).await?;
            let detail = json!({ "code": made.attribute.code, "kind": made.attribute.kind });
            writer
                .append_audit(
                    firm,
                    ACTOR,
                    "attribute.create",
                    &made.id.to_string(),
                    &detail,
                )
                .await?;
            writer.commit().await?;
            out.show(&told(&made), |_| println!("{}", made.id))?;
        }
        Attribute::List { firm } => {
            let firm = session.firm(firm).await?;
            let held = session.store.read().await?.attributes(firm).await?;
            let list: Vec<_> = held.iter().map(told).collect();
            out.show(&list, |_| {
                for Defined { attribute, .. } in &held {
                    let label = out.pick(&attribute.label_tr, &attribute.label_en);
                    println!("{}  {}  {label}", attribute.code, attribute.kind);
                }
            })?;
        }
        Attribute::Change {
            firm,
            code,
            label,
            label_en,
            personal,
            health,
            choices,
            position,
        } => {
            let firm = session.firm(firm).await?;
            let mut writer = session.store.write().await?;
            let mut held = writer
                .attributes(firm)
                .await?
                .into_iter()
                .find(|one| one.attribute.code == *code)
                .with_context(|| format!("the firm has no attribute `{code}`"))?;
            let one = &mut held.attribute;
            if let Some(label) = label {
                one.label_tr.clone_from(label);
            }
            if let Some(label) = label_en {
                one.label_en.clone_from(label);
            }
            one.is_personal = personal.unwrap_or(one.is_personal);
            one.is_health = health.unwrap_or(one.is_health);
            if !choices.is_empty() {
                one.choices.clone_from(choices);
            }
            one.position = position.unwrap_or(one.position);
            one.check()?;
            let saved = writer.save_attribute(firm, &held).await?;
            let detail = json!({
                "code": saved.attribute.code, "is_personal": saved.attribute.is_personal,
                "is_health": saved.attribute.is_health,
            });
            writer
                .append_audit(
                    firm,
                    ACTOR,
                    "attribute.change",
                    &saved.id.to_string(),
                    &detail,
                )
                .await?;
            writer.commit().await?;
            out.show(&told(&saved), |_| println!("{}", saved.id))?;
        }
    }
    Ok(Exit::Done)
}

fn told(defined: &Defined) -> serde_json::Value {
    json!({ "id": defined.id, "attribute": defined.attribute })
}
