//! `izinli registry mode`: what another mode would do, and the change.

use std::sync::Arc;

use domain::RegistryMode;
use engine::Engine;
use serde_json::json;
use store::brands::Brand;

use crate::cli;
use crate::output::{Exit, Output};
use crate::session::ACTOR;

pub(super) async fn run(
    engine: &Arc<Engine>,
    brand: &Brand,
    args: &cli::RegistryMode,
    out: Output,
) -> anyhow::Result<Exit> {
    let to: RegistryMode = args.to.parse()?;
    let preview = engine
        .preview_mode(brand.firm, brand.id, to, args.off_reason.as_deref(), ACTOR)
        .await?;
    let mode = if args.make {
        let made = engine
            .change_mode(
                brand.firm,
                brand.id,
                preview.id,
                args.off_reason.clone(),
                false,
                ACTOR,
            )
            .await?;
        made.mode
    } else {
        brand.mode
    };
    let value = json!({
        "brand": brand.id, "from": brand.mode, "to": to, "mode": mode, "is_made": args.make,
        "figures": preview.figures,
    });
    out.show(&value, |_| {
        println!("{}  {} → {to}", brand.name, brand.mode);
        for seen in &preview.figures {
            println!(
                "  {:<6} {:<9} {} {:>9} → {:>9}   +{} −{}   {} {}   {} {}   {} {}",
                seen.channel.as_str(),
                seen.kind.as_str(),
                out.pick("gönderilebilir", "sendable"),
                seen.sendable_now,
                seen.sendable_then,
                seen.become_sendable,
                seen.become_unsendable,
                out.pick("oluşturulabilir", "creatable"),
                seen.creatable,
                out.pick("süresi geçmiş", "too old"),
                seen.too_old,
                out.pick("sorulacak", "to be asked"),
                seen.to_be_asked,
            );
        }
        if !args.make {
            println!(
                "{}",
                out.pick(
                    "Hiçbir şey değişmedi. Değiştirmek için --make ekleyin.",
                    "Nothing was changed. Add --make to change it."
                )
            );
        }
    })?;
    Ok(Exit::Done)
}
