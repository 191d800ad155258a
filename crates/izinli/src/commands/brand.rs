//! `izinli brand …`

use anyhow::{Context, bail};
use domain::RegistryMode;
use domain::gate::SendingWindow;
use domain::time::HOUR_US;
use rand::TryRngCore as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use store::brands::{Brand, NewBrand};

use crate::cli::{self, BrandSettings, Cli};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Makes, changes or lists brands.
pub(crate) async fn run(cli: &Cli, command: &cli::Brand, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        cli::Brand::Create(args) => {
            let firm = session.firm(&args.firm).await?;
            let new = NewBrand {
                name: args.name.clone(),
                short_name: args.short_name.clone(),
                trade_name: args.trade_name.clone(),
                mersis: args.mersis.clone(),
                path_key: store::token::path_key(&mut rand::rngs::OsRng.unwrap_err()),
            };
            let mut writer = session.store.write().await?;
            let mut brand = writer.create_brand(firm, new).await?;
            settle(&mut writer, &mut brand, &args.settings).await?;
            fits_practice(&session, &mut writer, &brand).await?;
            writer
                .append_audit(
                    firm,
                    ACTOR,
                    "brand.create",
                    &brand.id.to_string(),
                    &json!({ "name": brand.name }),
                )
                .await?;
            writer.commit().await?;
            out.show(&shown(&brand), |_| println!("{}", brand.id))?;
        }
        cli::Brand::Set(args) => {
            let held = session.brand(&args.brand).await?;
            let mut writer = session.store.write().await?;
            let mut brand = writer.brand_to_change(held.firm, held.id).await?;
            let mode = args.settings.mode.as_deref();
            if mode.is_some_and(|mode| mode != held.mode.as_str())
                && writer.firm_has_people(held.firm).await?
            {
                bail!(
                    "people are concerned: look first with `izinli registry mode --brand {} --to {}`",
                    held.id,
                    mode.unwrap_or_default()
                );
            }
            settle(&mut writer, &mut brand, &args.settings).await?;
            fits_practice(&session, &mut writer, &brand).await?;
            writer
                .append_audit(
                    held.firm,
                    ACTOR,
                    "brand.change",
                    &brand.id.to_string(),
                    &Value::Null,
                )
                .await?;
            writer.commit().await?;
            out.show(&shown(&brand), |_| println!("{}", brand.id))?;
        }
        cli::Brand::List { firm } => {
            let firm = session.firm(firm).await?;
            let brands = session
                .store
                .read()
                .await?
                .brands(firm, None, 1_000)
                .await?;
            let list: Vec<_> = brands.iter().map(shown).collect();
            out.show(&list, |_| {
                for brand in &brands {
                    println!("{}  {}  {}", brand.id, brand.mode, brand.name);
                }
            })?;
        }
    }
    Ok(Exit::Done)
}

/// Nobody practises with the real İYS.
async fn fits_practice(
    session: &Session,
    writer: &mut store::Writer,
    brand: &Brand,
) -> anyhow::Result<()> {
    let firm = writer.firm(brand.firm).await?.context("the brand's firm")?;
    session.engine()?.check_mode(&firm, brand.mode).context(
        "the firm practises: name a simulator of İYS in registry.practice_url, \
         or have its owner go live",
    )
}

fn shown(brand: &Brand) -> Value {
    json!({
        "id": brand.id, "firm_id": brand.firm, "name": brand.name, "short_name": brand.short_name,
        "registry_mode": brand.mode, "iys_code": brand.iys_code, "brand_code": brand.brand_code,
    })
}

async fn settle(
    writer: &mut store::Writer,
    brand: &mut Brand,
    settings: &BrandSettings,
) -> anyhow::Result<()> {
    if let Some(mode) = &settings.mode {
        brand.mode = mode.parse::<RegistryMode>()?;
    }
    if let Some(window) = &settings.window {
        brand.window = read_window(window)?;
    }
    brand.off_reason = settings.off_reason.clone().or(brand.off_reason.take());
    brand.iys_code = settings.iys_code.or(brand.iys_code);
    brand.brand_code = settings.brand_code.or(brand.brand_code);
    brand.iys_username = settings.iys_username.clone().or(brand.iys_username.take());
    if let Some(hours) = settings.freshness_hours {
        brand.freshness_us = hours.saturating_mul(HOUR_US);
    }
    brand.brake_percent = settings.brake_percent.unwrap_or(brand.brake_percent);
    brand.needs_other_approver = settings
        .needs_other_approver
        .unwrap_or(brand.needs_other_approver);
    writer.save_brand(brand).await?;
    if let Some(variable) = &settings.iys_password_env {
        let password = std::env::var(variable).with_context(|| format!("{variable} is not set"))?;
        writer
            .set_brand_password(brand.firm, brand.id, Some(&SecretString::from(password)))
            .await?;
    }
    Ok(())
}

/// Reads `09:00-20:00`.
pub(crate) fn read_window(text: &str) -> anyhow::Result<SendingWindow> {
    let minute = |part: &str| -> Option<i64> {
        let (hour, minute) = part.trim().split_once(':')?;
        let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
        ((0..=24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
    };
    let window = text.split_once('-').and_then(|(from, to)| {
        Some(SendingWindow {
            from_minute: minute(from)?,
            to_minute: minute(to)?,
        })
    });
    match window {
        Some(window) if window.from_minute < window.to_minute && window.to_minute <= 1_440 => {
            Ok(window)
        }
        _ => bail!("`{text}` is not a window such as 09:00-20:00"),
    }
}
