//! `izinli contact why …`

use anyhow::Context;
use domain::gate::Basis;
use domain::phone::{PhoneRules, parse_phone};
use domain::{Channel, Recipient, RecipientKind};
use engine::why::WhyQuestion;
use serde_json::json;

use crate::cli::{Cli, Contact};
use crate::output::{Exit, Output};
use crate::session::Session;

/// Says why a message would or would not reach an address now.
pub(crate) async fn run(cli: &Cli, command: &Contact, out: Output) -> anyhow::Result<Exit> {
    let Contact::Why {
        address,
        brand,
        channel,
        kind,
    } = command;
    let session = Session::open(cli).await?;
    let brand = session.brand(brand).await?;
    let recipient = read_address(address)?;
    let channel = match channel {
        Some(word) => word.parse::<Channel>()?,
        None if matches!(recipient, Recipient::Phone(_)) => Channel::Mesaj,
        None => Channel::Eposta,
    };
    let question = WhyQuestion {
        brand: brand.id,
        recipient: recipient.clone(),
        channel,
        kind: kind.parse::<RecipientKind>()?,
        basis: Basis::Commercial,
    };
    let why = session.engine()?.why(brand.firm, &question).await?;
    let reasons: Vec<_> = why
        .reasons
        .iter()
        .map(|code| {
            let info = code.info();
            json!({ "code": code, "text_tr": code.render_tr(&[]), "text_en": code.render_en(&[]),
                    "next_tr": info.next_tr, "next_en": info.next_en })
        })
        .collect();
    let value = json!({
        "address": recipient, "channel": channel, "sendable": why.sendable,
        "headline": why.reasons.first(), "reasons": reasons,
        "registry": why.registry, "local": why.local, "decided_at": why.decided_at,
    });
    out.show(&value, |_| {
        let verdict = if why.sendable {
            out.pick("gönderilir", "would be sent")
        } else {
            out.pick("gönderilmez", "would not be sent")
        };
        println!("{recipient} · {channel}: {verdict}");
        for code in &why.reasons {
            let info = code.info();
            println!(
                "  {code}  {}",
                out.pick(&code.render_tr(&[]), &code.render_en(&[]))
            );
            println!("        → {}", out.pick(info.next_tr, info.next_en));
        }
    })?;
    Ok(Exit::Done)
}

/// Reads an address as people write it.
pub(crate) fn read_address(text: &str) -> anyhow::Result<Recipient> {
    if text.contains('@') {
        let email = domain::email::parse_email(text).result;
        return email
            .map(Recipient::Email)
            .map_err(|code| anyhow::anyhow!("{code}: {}", code.render_en(&[])));
    }
    parse_phone(text, &PhoneRules::turkey(false))
        .result
        .map(Recipient::Phone)
        .map_err(|refusal| anyhow::anyhow!("{}", refusal.explain_en(text)))
        .context("the address cannot be read")
}
