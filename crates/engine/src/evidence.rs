//! Evidence that leaves the house: the ledger as files that anybody can
//! recompute, the proof of one message, and the signed pack about a complaint.

pub mod archive;
mod export;
mod offline;
pub mod pack;
mod page;
mod proof;

use std::path::Path;

use domain::ids::FirmId;
use domain::ledger::export::Manifest;
use store::brands::Brand;

pub use offline::{Difference, OfflineCheck, verify_export};
pub use page::page as proof_page;

use crate::Engine;
use crate::error::EngineError;

/// Names of an export's files.
pub const EVENTS: &str = "events.jsonl";
/// One line a block.
pub const BLOCKS: &str = "blocks.jsonl";
/// One line an entry of the firm's audit trail.
pub const TRAIL: &str = "audit.jsonl";
/// How the others end; written last.
pub const MANIFEST: &str = "manifest.json";

impl Engine {
    /// Writes a brand's ledger and its firm's audit trail into a folder, as
    /// they are at this moment, in bounded memory. The export is itself an
    /// entry of the trail.
    ///
    /// # Errors
    /// [`EngineError::File`] when a file cannot be written,
    /// [`EngineError::Conflict`] when the folder holds an export already.
    pub async fn export_ledger(
        &self,
        firm: FirmId,
        brand: &Brand,
        folder: &Path,
        actor: &str,
    ) -> Result<Manifest, EngineError> {
        let manifest = export::write(self, firm, brand, folder).await?;
        let detail = serde_json::json!({
            "blocks": manifest.blocks,
            "events": manifest.events,
            "head": hex::encode(manifest.head),
        });
        let mut writer = self.store.write().await?;
        writer
            .append_audit(firm, actor, "ledger.export", &brand.id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(manifest)
    }

    /// The same as the parts of one archive, to be sent at once: its folder is
    /// gone when this returns, and the open files are all that is left of it.
    ///
    /// # Errors
    /// [`EngineError::File`] when a file cannot be written.
    pub async fn ledger_archive(
        &self,
        firm: FirmId,
        brand: &Brand,
        actor: &str,
    ) -> Result<Vec<archive::Part>, EngineError> {
        let name = format!("export-{}-{}", brand.id, self.now().as_micros());
        let folder = self.settings.uploads.folder.join(name);
        let written = match self.export_ledger(firm, brand, &folder, actor).await {
            Ok(_) => archive::parts(&folder),
            Err(error) => Err(error),
        };
        let removed = std::fs::remove_dir_all(&folder);
        let parts = written?;
        removed.map_err(EngineError::file("removing the folder of an export"))?;
        Ok(parts)
    }
}
