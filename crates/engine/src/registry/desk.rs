//! What a person looks up at İYS, or puts down there, by hand: the movements of
//! one record, and the brand's retailers (*bayi*).

use domain::Recipient;
use domain::consent::ConsentKey;
use domain::ids::{BrandId, FirmId};
use registry::CallError;
use registry::wire::{HistoryPage, RegisteredChannel};
use serde_json::json;
use store::registry_histories::{KeptHistory, PastMovement};

use super::Line;
use crate::Engine;
use crate::error::EngineError;

pub use registry::retailer::{NewRetailer, Place, Retailer, RetailerStatus};

/// Retailers on one page.
pub const RETAILERS_PAGE: usize = 100;

fn said(error: &CallError) -> EngineError {
    EngineError::conflict("İYS", error.to_string())
}

impl Engine {
    /// The line to İYS of a firm's brand, for what a person wants done now.
    pub(super) async fn line_of(&self, firm: FirmId, brand: BrandId) -> Result<Line, EngineError> {
        let held = self.store.read().await?.brand(firm, brand).await?;
        held.ok_or(EngineError::NotFound { what: "the brand" })?;
        self.line(brand).await?.ok_or_else(|| {
            EngineError::conflict(
                "the brand",
                "has no İYS account; enter codes, user and password in its settings",
            )
        })
    }

    /// Asks İYS for the movements of one record, keeps them with the time and
    /// writes into the audit trail who looked. İYS allows 100 such questions
    /// an hour; at most the newest 100 movements are told.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not tell,
    /// [`EngineError::Invalid`] for a channel without records at İYS.
    pub async fn ask_history(
        &self,
        firm: FirmId,
        key: ConsentKey,
        recipient: &Recipient,
        actor: &str,
    ) -> Result<KeptHistory, EngineError> {
        let channel = RegisteredChannel::of(key.channel).ok_or_else(|| {
            EngineError::invalid("channel", "İYS keeps no records of this channel")
        })?;
        let line = self.line_of(firm, key.brand).await?;
        let page = (0, registry::HISTORY_MAX);
        let told = line
            .client
            .history(line.address, channel, key.kind, recipient, page)
            .await
            .map_err(|error| said(&error))?;
        let kept = self.kept(told, actor);
        let detail = json!({
            "address_id": key.recipient, "channel": key.channel, "kind": key.kind,
            "movements": kept.movements.len(),
        });
        let mut writer = self.store.write().await?;
        writer.keep_history(key, &kept).await?;
        writer
            .append_audit(
                firm,
                actor,
                "registry.history",
                &key.brand.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(kept)
    }

    fn kept(&self, told: HistoryPage, actor: &str) -> KeptHistory {
        let movements = told.movements.into_iter().map(|movement| PastMovement {
            status: movement.held.status,
            source: movement.held.source,
            consent_date: movement.held.consent_date,
            created: movement.held.created,
            transaction: movement.held.transaction,
        });
        KeptHistory {
            asked_at: self.now(),
            actor: actor.to_owned(),
            total: told.total,
            unreadable: i64::try_from(told.unreadable.len()).unwrap_or(i64::MAX),
            movements: movements.collect(),
        }
    }

    /// A page of the brand's retailers.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not tell.
    pub async fn retailers(
        &self,
        firm: FirmId,
        brand: BrandId,
        offset: usize,
    ) -> Result<Vec<Retailer>, EngineError> {
        let line = self.line_of(firm, brand).await?;
        let page = line
            .client
            .retailers(line.address, offset, RETAILERS_PAGE)
            .await;
        page.map_err(|error| said(&error))
    }

    /// Registers a retailer of the brand; its number.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not take it.
    pub async fn add_retailer(
        &self,
        firm: FirmId,
        brand: BrandId,
        retailer: &NewRetailer,
        actor: &str,
    ) -> Result<u32, EngineError> {
        let line = self.line_of(firm, brand).await?;
        let code = line
            .client
            .add_retailer(line.address, retailer)
            .await
            .map_err(|error| said(&error))?;
        let detail = json!({ "code": code, "title": retailer.title });
        self.note_retailer((firm, brand), actor, "registry.retailer.add", &detail)
            .await?;
        Ok(code)
    }

    /// Removes a retailer to which no consent is linked.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not let go.
    pub async fn remove_retailer(
        &self,
        firm: FirmId,
        brand: BrandId,
        code: u32,
        actor: &str,
    ) -> Result<(), EngineError> {
        let line = self.line_of(firm, brand).await?;
        line.client
            .delete_retailer(line.address, code)
            .await
            .map_err(|error| said(&error))?;
        let detail = json!({ "code": code });
        self.note_retailer((firm, brand), actor, "registry.retailer.remove", &detail)
            .await
    }

    /// The provinces and districts that a retailer's record names.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not tell.
    pub async fn retailer_places(
        &self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<(Vec<Place>, Vec<Place>), EngineError> {
        let line = self.line_of(firm, brand).await?;
        let provinces = line.client.provinces().await;
        let provinces = provinces.map_err(|error| said(&error))?;
        let districts = line.client.districts().await;
        Ok((provinces, districts.map_err(|error| said(&error))?))
    }

    async fn note_retailer(
        &self,
        (firm, brand): (FirmId, BrandId),
        actor: &str,
        action: &str,
        detail: &serde_json::Value,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .append_audit(firm, actor, action, &brand.to_string(), detail)
            .await?;
        writer.commit().await?;
        Ok(())
    }
}
