//! `izinli proof …`

use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use domain::ids::MessageRef;
use domain::ledger::export::BlockLine;
use domain::ledger::proof::{Doubt, MessageProof};
use domain::ledger::trail::TrailEntry;
use engine::evidence::{BLOCKS, TRAIL, verify_export};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cli::{Cli, Proof};
use crate::output::{Exit, Output};
use crate::session::Session;

/// Makes or verifies the proof of a message.
pub(crate) async fn run(cli: &Cli, command: &Proof, out: Output) -> anyhow::Result<Exit> {
    match command {
        Proof::Make {
            message,
            firm,
            out: file,
        } => {
            let session = Session::open(cli).await?;
            let firm = session.firm(firm).await?;
            let message: MessageRef = message.parse()?;
            let proof = session.engine()?.message_proof(firm, message).await?;
            let text = serde_json::to_string_pretty(&proof)?;
            match file {
                Some(file) => std::fs::write(file, text)
                    .with_context(|| format!("{} cannot be written", file.display()))?,
                None => println!("{text}"),
            }
            Ok(Exit::Done)
        }
        Proof::Verify { file, ledger } => verify(file, ledger.as_deref(), out),
    }
}

fn verify(file: &Path, ledger: Option<&Path>, out: Output) -> anyhow::Result<Exit> {
    let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let proof: Option<MessageProof> = serde_json::from_slice(&text).ok();
    let Some(proof) = proof else {
        return told(&[Doubt::Form], None, out);
    };
    let mut doubts = proof.check();
    if let Some(folder) = ledger {
        let export = verify_export(folder)?;
        if let Some(difference) = export.difference {
            out.line(
                format!("FARK, döküm: {}", difference.text_tr()),
                format!("DIFFERENCE, export: {difference}"),
            );
            return Ok(Exit::Mismatch);
        }
        doubts.extend(against_export(&proof, folder, export.manifest.brand)?);
    }
    told(&doubts, Some(&proof), out)
}

/// What the proof names must stand in the export as it says.
fn against_export(
    proof: &MessageProof,
    folder: &Path,
    brand: domain::ids::BrandId,
) -> anyhow::Result<Vec<Doubt>> {
    let mut doubts = Vec::new();
    if let Some(consent) = &proof.consent {
        let is_there = brand == proof.brand
            && any_line(&folder.join(BLOCKS), |line: BlockLine| {
                line == consent.block
            })?;
        if !is_there {
            doubts.push(Doubt::BlockNotInExport);
        }
    }
    if let Some(entry) = proof.send.as_ref().and_then(|send| send.sealed_by.as_ref())
        && !any_line(&folder.join(TRAIL), |line: TrailEntry| line == *entry)?
    {
        doubts.push(Doubt::EntryNotInExport);
    }
    Ok(doubts)
}

fn any_line<T: DeserializeOwned>(
    file: &Path,
    mut is_it: impl FnMut(T) -> bool,
) -> anyhow::Result<bool> {
    let opened =
        std::fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    for line in BufReader::new(opened).lines() {
        if serde_json::from_str(&line?).is_ok_and(&mut is_it) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn told(doubts: &[Doubt], proof: Option<&MessageProof>, out: Output) -> anyhow::Result<Exit> {
    let is_sealed = proof
        .and_then(|proof| proof.send.as_ref())
        .is_some_and(|send| send.sealed_by.is_some());
    let value = json!({
        "message": proof.map(|proof| &proof.message),
        "holds": doubts.is_empty(),
        "sealed": is_sealed,
        "doubts": doubts.iter().map(|doubt| json!({
            "code": doubt, "text_tr": doubt.text_tr(), "text_en": doubt.to_string(),
        })).collect::<Vec<_>>(),
    });
    out.show(&value, |_| {
        if doubts.is_empty() {
            out.line("Kanıt doğru.", "The proof holds.");
            if !is_sealed {
                out.line(
                    "Gönderim henüz mühürlenmemiş ya da yapılmamış.",
                    "The send is not sealed yet, or there was none.",
                );
            }
        }
        for doubt in doubts {
            out.line(
                format!("FARK: {}", doubt.text_tr()),
                format!("DIFFERENCE: {doubt}"),
            );
        }
    })?;
    Ok(if doubts.is_empty() {
        Exit::Done
    } else {
        Exit::Mismatch
    })
}
