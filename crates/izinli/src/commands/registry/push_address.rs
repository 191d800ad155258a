//! `izinli registry push-address`

use std::sync::Arc;

use engine::Engine;
use serde_json::json;
use store::brands::Brand;

use crate::cli::RegistryPushAddress;
use crate::output::{Exit, Output};
use crate::session::ACTOR;

/// Asks İYS to push to this installation, to stop, or where it pushes to.
pub(crate) async fn run(
    engine: &Arc<Engine>,
    brand: &Brand,
    args: &RegistryPushAddress,
    out: Output,
) -> anyhow::Result<Exit> {
    let (firm, id) = (brand.firm, brand.id);
    if args.list {
        return list(engine, brand, out).await;
    }
    if args.off {
        engine.unregister_registry_push(firm, id, ACTOR).await?;
        out.show(&json!({ "url": null }), |_| {
            println!(
                "{}",
                out.pick("İYS artık bildirim göndermiyor", "İYS pushes no more")
            );
        })?;
        return Ok(Exit::Done);
    }
    let account = engine.register_registry_push(firm, id, ACTOR).await?;
    let value = json!({ "url": account.url, "registered_at": account.registered_at });
    out.show(&value, |_| println!("{}", account.url))?;
    Ok(Exit::Done)
}

async fn list(engine: &Arc<Engine>, brand: &Brand, out: Output) -> anyhow::Result<Exit> {
    let listed = engine
        .registry_push_connections(brand.firm, brand.id)
        .await?;
    let word = |open| {
        if open {
            out.pick("açık", "open")
        } else {
            out.pick("ulaşılamadı", "not reached")
        }
    };
    let value: Vec<_> = listed
        .iter()
        .map(|one| {
            json!({
                "url": one.url, "channel": one.channel.map(|channel| channel.channel()),
                "is_open": one.is_open, "registered_at": one.registered,
            })
        })
        .collect();
    out.show(&value, |_| {
        for one in &listed {
            let channel = one
                .channel
                .map_or("—", |channel| channel.channel().as_str());
            println!("{channel:<7} {:<12} {}", word(one.is_open), one.url);
        }
    })?;
    Ok(Exit::Done)
}
