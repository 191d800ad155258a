//! `izinli contact why …`

use anyhow::Context;
use domain::consent::ConsentKey;
use domain::gate::Basis;
use domain::phone::{PhoneRules, parse_phone};
use domain::{Channel, Recipient, RecipientKind, Source, Timestamp};
use engine::why::WhyQuestion;
use serde_json::json;
use store::registry_histories::KeptHistory;

use crate::cli::{Cli, Contact};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Says why a message would or would not reach an address now.
pub(crate) async fn run(cli: &Cli, command: &Contact, out: Output) -> anyhow::Result<Exit> {
    let Contact::Why {
        address,
        at,
        ask_iys,
        brand,
        channel,
        kind,
    } = command;
    let session = Session::open(cli).await?;
    let brand = session.brand(brand).await?;
    let recipient = read_address(address)?;
    if let Some(at) = at {
        return held_then(&session, &brand, &recipient, at.parse()?, out).await;
    }
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
    let engine = session.engine()?;
    let why = engine.why(brand.firm, &question).await?;
    let history = match record_key(&session, &brand, &question).await? {
        Some(key) if *ask_iys => Some(
            engine
                .ask_history(brand.firm, key, &recipient, ACTOR)
                .await?,
        ),
        Some(key) => session.store.read().await?.kept_history(key).await?,
        None => None,
    };
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
        "history": history,
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
        if let Some(told) = &history {
            show_history(told, out);
        }
    })?;
    Ok(Exit::Done)
}

/// The record at İYS that a question is about; none for an address nobody knows.
async fn record_key(
    session: &Session,
    brand: &store::brands::Brand,
    question: &WhyQuestion,
) -> anyhow::Result<Option<ConsentKey>> {
    let ids = session
        .store
        .read()
        .await?
        .recipient_ids(brand.firm, std::slice::from_ref(&question.recipient))
        .await?;
    Ok(ids.into_iter().flatten().next().map(|id| ConsentKey {
        brand: brand.id,
        recipient: id,
        channel: question.channel,
        kind: question.kind,
    }))
}

fn show_history(told: &KeptHistory, out: Output) {
    println!(
        "  {} {}",
        out.pick("İYS'nin anlattığı geçmiş,", "as İYS told on"),
        told.asked_at.to_turkish_text()
    );
    let when =
        |at: Option<Timestamp>| at.map_or_else(|| "—".to_owned(), Timestamp::to_turkish_text);
    for movement in &told.movements {
        println!(
            "    {}  {}  {}  {}",
            when(movement.consent_date),
            movement.status,
            movement.source.as_ref().map_or("—", Source::as_str),
            movement.transaction.as_deref().unwrap_or("—"),
        );
    }
}

/// What held for every consent of an address at an instant.
async fn held_then(
    session: &Session,
    brand: &store::brands::Brand,
    recipient: &Recipient,
    at: Timestamp,
    out: Output,
) -> anyhow::Result<Exit> {
    let mut reader = session.store.read().await?;
    let ids = reader
        .recipient_ids(brand.firm, std::slice::from_ref(recipient))
        .await?;
    let id = ids.into_iter().flatten().next();
    let keys = match id {
        Some(id) => reader.consents_as_of(brand.id, id, at).await?,
        None => Vec::new(),
    };
    let consents: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({ "channel": key.channel, "kind": key.kind,
                    "known_then": key.held.known_then, "known_now": key.held.known_now })
        })
        .collect();
    let value = json!({ "address": recipient, "at": at, "consents": consents });
    out.show(&value, |_| {
        println!("{recipient} · {}", at.to_turkish_text());
        if keys.is_empty() {
            out.line("  hiçbir kayıt yok", "  nothing on record");
        }
        for key in &keys {
            println!("  {} · {}", key.channel, key.kind);
            for (label, held) in [
                (
                    out.pick("o gün bilinen", "as known then"),
                    key.held.known_then,
                ),
                (
                    out.pick("bugün bilinen", "as known now"),
                    key.held.known_now,
                ),
            ] {
                match held {
                    None => println!("    {label}: —"),
                    Some(held) => println!(
                        "    {label}: {} · {} · {}",
                        held.status,
                        held.consent_date.to_turkish_text(),
                        held.event
                    ),
                }
            }
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
