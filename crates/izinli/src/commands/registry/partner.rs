//! `izinli registry partner …`

use std::sync::Arc;

use anyhow::Context;
use engine::Engine;
use engine::registry::partner::AuthorisedBrand;
use secrecy::SecretString;
use serde_json::json;

use crate::cli::{BrandArg, RegistryPartner};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Keeps the installation's partner account, and says which brands use it.
pub(crate) async fn run(
    session: &Session,
    engine: &Arc<Engine>,
    command: &RegistryPartner,
    out: Output,
) -> anyhow::Result<Exit> {
    match command {
        RegistryPartner::Set {
            username,
            password_env,
            integrator_code,
        } => {
            let password = std::env::var(password_env)
                .with_context(|| format!("{password_env} is not set"))?;
            engine
                .set_partner_account(
                    username,
                    SecretString::from(password),
                    *integrator_code,
                    ACTOR,
                )
                .await?;
            show(session, out).await
        }
        RegistryPartner::Show => show(session, out).await,
        RegistryPartner::Brands => {
            let brands = engine.authorised_brands().await?;
            out.show(&brands, |brands| brands.iter().for_each(line))?;
            Ok(Exit::Done)
        }
        RegistryPartner::Link(BrandArg { brand }) => {
            let brand = session.brand(brand).await?;
            let rights = engine.link_to_partner(brand.firm, brand.id, ACTOR).await?;
            out.show(&rights, line)?;
            Ok(Exit::Done)
        }
        RegistryPartner::Unlink(BrandArg { brand }) => {
            let brand = session.brand(brand).await?;
            engine
                .unlink_from_partner(brand.firm, brand.id, ACTOR)
                .await?;
            show(session, out).await
        }
        RegistryPartner::Forget => {
            let mut writer = session.store.write().await?;
            writer.forget_partner_account().await?;
            writer.commit().await?;
            show(session, out).await
        }
    }
}

async fn show(session: &Session, out: Output) -> anyhow::Result<Exit> {
    let mut reader = session.store.read().await?;
    let account = reader.partner_account().await?;
    let brands = reader.partner_brands().await?;
    let value = json!({
        "username": account.as_ref().map(|held| &held.username),
        "integrator_code": account.as_ref().map(|held| held.integrator_code),
        "changed_at": account.as_ref().map(|held| held.changed_at),
        "brands": brands,
    });
    out.show(&value, |_| match &account {
        None => out.line("İş ortağı hesabı yok", "There is no partner account"),
        Some(held) => out.line(
            format!(
                "{} ({}): {brands} marka",
                held.username, held.integrator_code
            ),
            format!(
                "{} ({}): {brands} brands",
                held.username, held.integrator_code
            ),
        ),
    })?;
    Ok(Exit::Done)
}

fn line(brand: &AuthorisedBrand) {
    println!(
        "{} / {}  {}  ARAMA {:?}  MESAJ {:?}  EPOSTA {:?}",
        brand.address.iys_code,
        brand.address.brand_code,
        brand.name,
        brand.arama,
        brand.mesaj,
        brand.eposta
    );
}
