//! `izinli registry retailers …`

use std::sync::Arc;

use anyhow::Context;
use engine::Engine;
use engine::registry::desk::{NewRetailer, Place, RETAILERS_PAGE, Retailer};
use serde_json::json;

use crate::cli::{BrandArg, RegistryRetailers, RetailerAdd};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Lists, registers and removes retailers (*bayi*) at İYS.
pub(crate) async fn run(
    session: &Session,
    engine: &Arc<Engine>,
    command: &RegistryRetailers,
    out: Output,
) -> anyhow::Result<Exit> {
    match command {
        RegistryRetailers::List(BrandArg { brand }) => {
            let brand = session.brand(brand).await?;
            let mut all: Vec<Retailer> = Vec::new();
            loop {
                let page = engine.retailers(brand.firm, brand.id, all.len()).await?;
                let is_last = page.len() < RETAILERS_PAGE;
                all.extend(page);
                if is_last {
                    break;
                }
            }
            let value: Vec<_> = all
                .iter()
                .map(|one| json!({ "code": one.code, "title": one.title, "status": one.status }))
                .collect();
            out.show(&value, |_| {
                for one in &all {
                    println!(
                        "{}  {}  {}",
                        one.code,
                        one.title,
                        one.status.as_deref().unwrap_or("—")
                    );
                }
            })?;
            Ok(Exit::Done)
        }
        RegistryRetailers::Places(BrandArg { brand }) => {
            let brand = session.brand(brand).await?;
            let (provinces, districts) = engine.retailer_places(brand.firm, brand.id).await?;
            let value = json!({ "provinces": provinces, "districts": districts });
            out.show(&value, |_| {
                for place in provinces.iter().chain(&districts) {
                    println!("{}  {}", place.code, place.name);
                }
            })?;
            Ok(Exit::Done)
        }
        RegistryRetailers::Add(args) => add(session, engine, args, out).await,
        RegistryRetailers::Remove { brand, code } => {
            let brand = session.brand(brand).await?;
            engine
                .remove_retailer(brand.firm, brand.id, *code, ACTOR)
                .await?;
            out.show(&json!({ "code": code, "removed": true }), |_| {
                out.line(format!("{code} silindi"), format!("{code} removed"));
            })?;
            Ok(Exit::Done)
        }
    }
}

async fn add(
    session: &Session,
    engine: &Arc<Engine>,
    args: &RetailerAdd,
    out: Output,
) -> anyhow::Result<Exit> {
    let brand = session.brand(&args.brand).await?;
    let (provinces, districts) = engine.retailer_places(brand.firm, brand.id).await?;
    let named = |places: Vec<Place>, code: &str| {
        let found = places.into_iter().find(|place| place.code == code);
        found.with_context(|| format!("İYS has no place with the code {code}"))
    };
    let retailer = NewRetailer {
        title: args.title.clone(),
        mersis: args.mersis.clone(),
        tin: args.tin.clone(),
        mobile: args.mobile.clone(),
        city: named(provinces, &args.city)?,
        town: named(districts, &args.town)?,
        ..NewRetailer::default()
    };
    let code = engine
        .add_retailer(brand.firm, brand.id, &retailer, ACTOR)
        .await?;
    out.show(&json!({ "code": code }), |_| println!("{code}"))?;
    Ok(Exit::Done)
}
