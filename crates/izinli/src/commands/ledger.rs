//! `izinli ledger …`

use std::path::Path;

use domain::ledger::export::EventLine;
use engine::evidence::verify_export;
use serde_json::json;

use crate::cli::{Cli, Ledger, LedgerExport, LedgerVerify};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Verifies or exports a brand's ledger.
pub(crate) async fn run(cli: &Cli, command: &Ledger, out: Output) -> anyhow::Result<Exit> {
    match command {
        Ledger::Verify(args) => match (&args.file, &args.brand) {
            (Some(folder), _) => verify_files(folder, out),
            (None, Some(brand)) => verify(cli, args, brand, out).await,
            (None, None) => anyhow::bail!("--brand or --file is needed"),
        },
        Ledger::Export(args) => export(cli, args, out).await,
    }
}

async fn verify(cli: &Cli, args: &LedgerVerify, brand: &str, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    let brand = session.brand(brand).await?;
    let checked = session
        .engine()?
        .verify_ledger(brand.id, args.since_checkpoint, ACTOR)
        .await?;
    let (found, trail) = (checked.ledger, checked.trail);
    let value = json!({
        "blocks": found.blocks, "events": found.events,
        "fault": found.fault.as_ref().map(ToString::to_string),
        "fault_tr": found.fault.as_ref().map(domain::ledger::Fault::text_tr),
        "audit": {
            "entries": trail.trail.entries,
            "broken": trail.trail.broken.map(|(number, way)| json!({
                "number": number, "way": format!("{way:?}"), "at": trail.trail.broken_at,
            })),
        },
        "campaign_seals": {
            "checked": trail.seals,
            "broken": trail.broken_seal.map(|(campaign, at)| json!({ "campaign": campaign, "at": at })),
        },
    });
    out.show(&value, |_| {
        match &found.fault {
            None => out.line(
                format!(
                    "İzin defteri doğru: {} kayıt, {} blok",
                    found.events, found.blocks
                ),
                format!(
                    "The consent ledger agrees: {} events, {} blocks",
                    found.events, found.blocks
                ),
            ),
            Some(fault) => out.line(
                format!("FARK, izin defteri: {}", fault.text_tr()),
                format!("DIFFERENCE, consent ledger: {fault}"),
            ),
        }
        match trail.trail.broken {
            None => out.line(
                format!("Denetim kaydı doğru: {} kayıt", trail.trail.entries),
                format!("The audit trail agrees: {} entries", trail.trail.entries),
            ),
            Some((number, way)) => {
                let at = trail
                    .trail
                    .broken_at
                    .map(domain::Timestamp::to_turkish_text);
                let at = at.as_deref().unwrap_or("—");
                out.line(
                    format!("FARK, denetim kaydı: {number}. kayıt ({at})"),
                    format!("DIFFERENCE, audit trail: entry {number} ({way:?}, {at})"),
                );
            }
        }
        match trail.broken_seal {
            None => out.line(
                format!("Gönderim mühürleri doğru: {} kampanya", trail.seals),
                format!("The seals of sends agree: {} campaigns", trail.seals),
            ),
            Some((campaign, at)) => out.line(
                format!(
                    "FARK, gönderim mührü: {campaign} (mühürlenişi {})",
                    at.to_turkish_text()
                ),
                format!("DIFFERENCE, seal of sends: {campaign} (sealed {at})"),
            ),
        }
    })?;
    let is_right =
        found.fault.is_none() && trail.trail.broken.is_none() && trail.broken_seal.is_none();
    Ok(if is_right { Exit::Done } else { Exit::Mismatch })
}

fn verify_files(folder: &Path, out: Output) -> anyhow::Result<Exit> {
    let check = verify_export(folder)?;
    let value = json!({
        "brand": check.manifest.brand, "exported_at": check.manifest.exported_at,
        "blocks": check.blocks, "events": check.events, "audit_entries": check.entries,
        "head": hex_of(&check.manifest.head),
        "difference": check.difference.as_ref().map(ToString::to_string),
        "difference_tr": check.difference.as_ref().map(engine::evidence::Difference::text_tr),
    });
    out.show(&value, |_| match &check.difference {
        None => out.line(
            format!(
                "Döküm doğru: {} kayıt, {} blok, {} denetim kaydı",
                check.events, check.blocks, check.entries
            ),
            format!(
                "The export agrees: {} events, {} blocks, {} audit entries",
                check.events, check.blocks, check.entries
            ),
        ),
        Some(difference) => out.line(
            format!("FARK: {}", difference.text_tr()),
            format!("DIFFERENCE: {difference}"),
        ),
    })?;
    Ok(if check.difference.is_none() {
        Exit::Done
    } else {
        Exit::Mismatch
    })
}

async fn export(cli: &Cli, args: &LedgerExport, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    let brand = session.brand(&args.brand).await?;
    let Some(folder) = &args.out else {
        print_events(&session, &brand).await?;
        return Ok(Exit::Done);
    };
    let manifest = session
        .engine()?
        .export_ledger(brand.firm, &brand, folder, ACTOR)
        .await?;
    out.show(&manifest, |manifest| {
        out.line(
            format!(
                "{} kayıt, {} blok, {} denetim kaydı yazıldı: {}",
                manifest.events,
                manifest.blocks,
                manifest.audit_entries,
                folder.display()
            ),
            format!(
                "{} events, {} blocks and {} audit entries written to {}",
                manifest.events,
                manifest.blocks,
                manifest.audit_entries,
                folder.display()
            ),
        );
    })?;
    Ok(Exit::Done)
}

async fn print_events(session: &Session, brand: &store::brands::Brand) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut after = 0;
    loop {
        let blocks = session
            .store
            .read()
            .await?
            .ledger_blocks(brand.id, after)
            .await?;
        let Some(last) = blocks.last() else {
            return Ok(());
        };
        after = last.block.number;
        let stdout = std::io::stdout();
        let mut stdout = stdout.lock();
        for block in &blocks {
            for event in &block.events {
                let line = serde_json::to_string(&EventLine::of(block.block.number, event))?;
                writeln!(stdout, "{line}")?;
            }
        }
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
