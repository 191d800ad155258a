//! The seal of a campaign: when it ends, one digest over every request that
//! was handed over goes into the audit trail, and a verifier recomputes it.

use domain::ids::{BrandId, CampaignId, FirmId};
use domain::ledger::Hash;
use domain::ledger::merkle::{Beside, path, root};
use domain::ledger::redact::digest_of_bytes;
use domain::ledger::seal::SealedBatch;
use domain::ledger::trail::TrailEntry;
use serde::{Deserialize, Serialize};
use store::Reader;
use store::audit::AuditCheck;
use store::seals::{HandedOver, Unsealed};

use crate::error::EngineError;
use crate::{Engine, Step};

/// What the audit trail calls a seal.
pub const ACTION: &str = "campaign.sealed";
/// Campaigns sealed in one step.
const SEALS_PER_STEP: usize = 10;

/// What a seal says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealText {
    /// In whose name the campaign was.
    pub brand: BrandId,
    /// Batches under the root.
    pub batches: i64,
    /// Merkle root over them.
    pub root: String,
}

/// What verifying a firm's trail and its seals found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailCheck {
    /// The trail itself.
    pub trail: AuditCheck,
    /// Seals recomputed.
    pub seals: i64,
    /// The first campaign whose batches do not give its seal, and when it was sealed.
    pub broken_seal: Option<(CampaignId, domain::Timestamp)>,
}

/// The exact request of a batch; `None` when nothing was sent or it cannot be read.
pub(crate) fn request_of(handed: &HandedOver) -> Option<Vec<u8>> {
    let content = handed.content.as_deref()?;
    lz4_flex::decompress_size_prepended(content).ok()
}

pub(crate) fn sealed_batch(campaign: CampaignId, handed: &HandedOver) -> SealedBatch {
    SealedBatch {
        campaign,
        number: handed.number,
        first: handed.people.0,
        last: handed.people.1,
        state: handed.state.as_str().to_owned(),
        request_key: handed.request_key.clone(),
        provider_reference: handed.provider_reference.clone(),
        handed_over_at: handed.handed_over_at,
        content: request_of(handed).map(|request| digest_of_bytes(&request)),
    }
}

/// The leaves of a campaign's seal, in the order of its batches: 32 bytes for
/// each request of some hundreds of people. With the number of each batch,
/// because numbers have gaps: parts of a campaign are a million apart.
async fn leaves(
    reader: &mut Reader,
    campaign: CampaignId,
) -> Result<(Vec<i64>, Vec<Hash>), EngineError> {
    let mut numbers = Vec::new();
    let mut leaves = Vec::new();
    let mut after = 0;
    loop {
        let batches = reader.handed_over(campaign, after).await?;
        let Some(last) = batches.last() else {
            return Ok((numbers, leaves));
        };
        after = last.number;
        numbers.extend(batches.iter().map(|batch| batch.number));
        // Reading dozens of requests is no work for an async thread.
        let digested = tokio::task::spawn_blocking(move || {
            let leaf = |batch: &HandedOver| sealed_batch(campaign, batch).leaf();
            batches.iter().map(leaf).collect::<Vec<Hash>>()
        });
        leaves.extend(digested.await.map_err(|error| {
            EngineError::Internal(format!("a seal's work ended badly: {error}"))
        })?);
    }
}

impl Engine {
    /// Seals campaigns whose every batch has an outcome.
    ///
    /// # Errors
    /// [`EngineError`] when the database cannot.
    pub async fn step_seal(&self) -> Result<Step, EngineError> {
        let waiting = self
            .store
            .read()
            .await?
            .campaigns_unsealed(SEALS_PER_STEP)
            .await?;
        let count = waiting.len();
        for unsealed in waiting {
            match self.seal(unsealed).await {
                // Another worker was faster.
                Err(EngineError::Conflict { .. }) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Step::of(count))
    }

    async fn seal(&self, unsealed: Unsealed) -> Result<(), EngineError> {
        let Unsealed {
            firm,
            brand,
            campaign,
        } = unsealed;
        let (_, leaves) = leaves(&mut self.store.read().await?, campaign).await?;
        let text = SealText {
            brand,
            batches: i64::try_from(leaves.len()).unwrap_or(i64::MAX),
            root: hex::encode(root(&leaves)),
        };
        let detail = serde_json::to_value(&text)
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        let mut writer = self.store.write().await?;
        let entry = writer
            .append_audit(firm, self.worker(), ACTION, &campaign.to_string(), &detail)
            .await?;
        writer.note_seal(campaign, entry).await?;
        writer.commit().await?;
        Ok(())
    }

    /// Recomputes a firm's audit trail and every seal in it.
    ///
    /// # Errors
    /// [`EngineError::Store`] when a row holds a value that cannot be.
    pub async fn verify_trail(&self, firm: FirmId) -> Result<TrailCheck, EngineError> {
        let trail = self.store.read().await?.verify_audit(firm).await?;
        let mut check = TrailCheck {
            trail,
            seals: 0,
            broken_seal: None,
        };
        let mut after = 0;
        while check.broken_seal.is_none() {
            let mut reader = self.store.read().await?;
            let entries = reader.audit_after(firm, after, check.trail.entries).await?;
            let Some(last) = entries.last() else { break };
            after = last.number;
            for entry in entries.iter().filter(|entry| entry.action == ACTION) {
                check.seals += 1;
                if !holds(&mut reader, entry).await? {
                    let campaign = entry.subject.parse().unwrap_or(CampaignId::from_db(0));
                    check.broken_seal = Some((campaign, entry.at));
                    break;
                }
            }
        }
        Ok(check)
    }

    /// The path from one batch to its campaign's seal, with the root.
    pub(crate) async fn seal_path(
        &self,
        campaign: CampaignId,
        batch_no: i64,
    ) -> Result<Option<(Vec<Beside>, String)>, EngineError> {
        let mut reader = self.store.read().await?;
        let (numbers, leaves) = leaves(&mut reader, campaign).await?;
        Ok(numbers
            .binary_search(&batch_no)
            .ok()
            .and_then(|place| path(&leaves, place))
            .map(|path| (path, hex::encode(root(&leaves)))))
    }
}

/// Whether a campaign's batches still give the seal that an entry holds.
async fn holds(reader: &mut Reader, entry: &TrailEntry) -> Result<bool, EngineError> {
    let (Ok(campaign), Ok(text)) = (
        entry.subject.parse::<CampaignId>(),
        serde_json::from_str::<SealText>(&entry.detail),
    ) else {
        return Ok(false);
    };
    let (_, leaves) = leaves(reader, campaign).await?;
    Ok(hex::encode(root(&leaves)) == text.root)
}
