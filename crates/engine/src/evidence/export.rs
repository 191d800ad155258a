//! Writing the ledger as files: portions of whole blocks, one line an event.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::ids::{BrandId, FirmId};
use domain::ledger::export::{BlockLine, EventLine, ExportedFile, FORM, HOW, Manifest};
use domain::ledger::{GENESIS, Hash};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::brands::Brand;
use store::ledger::StoredBlock;

use super::{BLOCKS, EVENTS, MANIFEST, TRAIL};
use crate::Engine;
use crate::error::EngineError;

const WRITING: &str = "writing the export";

/// A file of lines that knows its own digest.
struct Lines {
    name: &'static str,
    out: BufWriter<File>,
    digest: Sha256,
    lines: i64,
}

impl Lines {
    fn create(folder: &Path, name: &'static str) -> Result<Self, EngineError> {
        let file = File::create(folder.join(name)).map_err(EngineError::file(WRITING))?;
        Ok(Self {
            name,
            out: BufWriter::new(file),
            digest: Sha256::new(),
            lines: 0,
        })
    }

    fn write<T: Serialize>(&mut self, line: &T) -> Result<(), EngineError> {
        let mut text = serde_json::to_vec(line)
            .map_err(|error| EngineError::Internal(format!("no JSON form: {error}")))?;
        text.push(b'\n');
        self.digest.update(&text);
        self.lines += 1;
        self.out
            .write_all(&text)
            .map_err(EngineError::file(WRITING))
    }

    fn end(mut self) -> Result<ExportedFile, EngineError> {
        self.out.flush().map_err(EngineError::file(WRITING))?;
        self.out
            .get_ref()
            .sync_all()
            .map_err(EngineError::file(WRITING))?;
        Ok(ExportedFile {
            name: self.name.to_owned(),
            lines: self.lines,
            sha256: self.digest.finalize().into(),
        })
    }
}

pub(super) async fn write(
    engine: &Engine,
    firm: FirmId,
    brand: &Brand,
    folder: &Path,
) -> Result<Manifest, EngineError> {
    std::fs::create_dir_all(folder).map_err(EngineError::file(WRITING))?;
    if folder.join(MANIFEST).exists() {
        return Err(EngineError::conflict(
            "the folder",
            "holds an export already; name an empty one",
        ));
    }
    let exported_at = engine.now();
    let (blocks, head) = engine.store.read().await?.ledger_end(brand.id).await?;
    let (events_file, blocks_file) = write_blocks(engine, brand.id, folder, blocks).await?;
    let trail = engine.store.read().await?.audit_head(firm).await?;
    let (audit_entries, audit_head) = trail.unwrap_or((0, GENESIS));
    let trail_file = write_trail(engine, firm, folder, audit_entries).await?;
    let manifest = Manifest {
        form: FORM.to_owned(),
        how: HOW.to_owned(),
        firm,
        brand: brand.id,
        brand_name: brand.name.clone(),
        exported_at,
        blocks,
        events: events_file.lines,
        head,
        audit_entries,
        audit_head,
        files: vec![events_file, blocks_file, trail_file],
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| EngineError::Internal(format!("no JSON form: {error}")))?;
    std::fs::write(folder.join(MANIFEST), text).map_err(EngineError::file(WRITING))?;
    Ok(manifest)
}

async fn write_blocks(
    engine: &Engine,
    brand: BrandId,
    folder: &Path,
    up_to: i64,
) -> Result<(ExportedFile, ExportedFile), EngineError> {
    let mut files = (
        Lines::create(folder, EVENTS)?,
        Lines::create(folder, BLOCKS)?,
    );
    let mut after = 0;
    while after < up_to {
        let mut portion = engine
            .store
            .read()
            .await?
            .ledger_blocks(brand, after)
            .await?;
        // What is appended meanwhile belongs to the next export.
        portion.retain(|stored| stored.block.number <= up_to);
        let Some(last) = portion.last() else { break };
        after = last.block.number;
        // Turning thousands of events into text is no work for an async thread.
        files = apart(move || write_portion(files, &portion)).await??;
    }
    apart(move || Ok((files.0.end()?, files.1.end()?))).await?
}

fn write_portion(
    (mut events, mut blocks): (Lines, Lines),
    portion: &[StoredBlock],
) -> Result<(Lines, Lines), EngineError> {
    for stored in portion {
        for event in &stored.events {
            events.write(&EventLine::of(stored.block.number, event))?;
        }
        let hash: Hash = stored.hash;
        blocks.write(&BlockLine::of(&stored.block, hash))?;
    }
    Ok((events, blocks))
}

async fn write_trail(
    engine: &Engine,
    firm: FirmId,
    folder: &Path,
    up_to: i64,
) -> Result<ExportedFile, EngineError> {
    let mut lines = Lines::create(folder, TRAIL)?;
    let mut after = 0;
    while after < up_to {
        let entries = engine
            .store
            .read()
            .await?
            .audit_after(firm, after, up_to)
            .await?;
        let Some(last) = entries.last() else { break };
        after = last.number;
        for entry in &entries {
            lines.write(entry)?;
        }
    }
    apart(move || lines.end()).await?
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, EngineError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| EngineError::Internal(format!("writing ended badly: {error}")))
}
