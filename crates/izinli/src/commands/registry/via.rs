//! `izinli registry via …`

use std::sync::Arc;

use anyhow::Context;
use domain::ids::ViaId;
use domain::{Channel, RecipientKind};
use engine::Engine;
use engine::registry::via::{ViaBegun, ViaWish};
use serde_json::json;
use store::registry_via::{ViaMethod, ViaProgress, ViaRequest};

use crate::cli::{RegistryVia, ViaAsk};
use crate::commands::contact::read_address;
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Lets İYS ask a person, sends their code on, shows how far it has come.
pub(crate) async fn run(
    session: &Session,
    engine: &Arc<Engine>,
    command: &RegistryVia,
    out: Output,
) -> anyhow::Result<Exit> {
    match command {
        RegistryVia::Ask(args) => ask(session, engine, args, out).await,
        RegistryVia::Code { brand, id, code } => {
            let firm = session.brand(brand).await?.firm;
            let request = engine.via_code(firm, id.parse::<ViaId>()?, code).await?;
            show(&request, out)
        }
        RegistryVia::Show { brand, id } => {
            let firm = session.brand(brand).await?.firm;
            let request = engine.via(firm, id.parse::<ViaId>()?).await?;
            show(&request, out)
        }
    }
}

async fn ask(
    session: &Session,
    engine: &Arc<Engine>,
    args: &ViaAsk,
    out: Output,
) -> anyhow::Result<Exit> {
    let brand = session.brand(&args.brand).await?;
    let address = read_address(&args.address)?;
    let ids = session
        .store
        .read()
        .await?
        .recipient_ids(brand.firm, std::slice::from_ref(&address))
        .await?;
    let recipient = ids.into_iter().flatten().next();
    let channels: Result<Vec<Channel>, _> = args.channels.iter().map(|word| word.parse()).collect();
    let wish = ViaWish {
        firm: brand.firm,
        brand: brand.id,
        recipient: recipient.context("the firm knows nobody with this address")?,
        address,
        kind: args.kind.parse::<RecipientKind>()?,
        channels: channels?,
        method: args.method.parse::<ViaMethod>()?,
        form: args.form.clone(),
        actor: ACTOR.to_owned(),
    };
    match engine.ask_through_iys(wish).await? {
        ViaBegun::Made(request) => show(&request, out),
        ViaBegun::MayNot(channel, answer) => {
            let value = json!({ "request": null, "channel": channel, "why_not": answer.word() });
            out.show(&value, |_| {
                out.line(
                    format!("{channel}: {}", answer.text_tr()),
                    format!("{channel}: {}", answer.text_en()),
                );
            })?;
            Ok(Exit::Mismatch)
        }
    }
}

fn show(request: &ViaRequest, out: Output) -> anyhow::Result<Exit> {
    let value = json!({
        "id": request.id, "state": request.progress, "request_id": request.request_id,
        "said": request.words, "asked_at": request.asked_at, "done_at": request.done_at,
        "channels": request.wanted.channels, "method": request.wanted.method,
    });
    out.show(&value, |_| {
        println!("{}  {}", request.id, request.progress);
        if let Some(said) = &request.words {
            println!("  İYS: {said}");
        }
    })?;
    let is_well = !matches!(
        request.progress,
        ViaProgress::Refused | ViaProgress::Unknown
    );
    Ok(if is_well { Exit::Done } else { Exit::Mismatch })
}
