//! The installation's account of a business partner (*iş ortağı*): one login at
//! İYS, and one token, for the brands of many firms that authorised it.
//!
//! Whoever could point this login at a brand could read another firm's
//! records, so brands are linked by whoever runs the installation, and only
//! those that İYS lists as authorised.

use std::sync::Arc;

use domain::ids::{BrandId, FirmId};
use registry::partner::{PARTNER_PAGE_MAX, PartnerBrand};
use registry::wire::BrandAddress;
use registry::{CallError, Client, Credentials, MemoryVault};
use secrecy::SecretString;
use serde_json::json;
use store::partner_account::PartnerAccount;

use crate::Engine;
use crate::error::EngineError;

pub use registry::partner::{ChannelRight, PartnerBrand as AuthorisedBrand};

/// Pages of the partner's list read by one look.
const PAGES_MAX: usize = 100;

fn said(error: &CallError) -> EngineError {
    EngineError::conflict("İYS", error.to_string())
}

impl Engine {
    async fn partner(&self) -> Result<(PartnerAccount, Arc<Client>), EngineError> {
        let mut reader = self.store.read().await?;
        let none = || {
            EngineError::conflict(
                "the installation",
                "has no partner account; enter it with `izinli registry partner set`",
            )
        };
        let account = reader.partner_account().await?.ok_or_else(none)?;
        let password = reader.partner_password().await?.ok_or_else(none)?;
        drop(reader);
        let login = Credentials {
            username: account.username.clone(),
            password,
        };
        let client = self.client_of(login, &self.live_registry())?;
        Ok((account, client))
    }

    /// Keeps the partner account after İYS has let it in.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] with İYS's words when it does not.
    pub async fn set_partner_account(
        &self,
        username: &str,
        password: SecretString,
        integrator_code: i64,
        actor: &str,
    ) -> Result<(), EngineError> {
        let login = Credentials {
            username: username.to_owned(),
            password: password.clone(),
        };
        // A token that an older password brought would let any in.
        let no_tokens = Arc::new(MemoryVault::default());
        let client = self.client_over(login, &self.live_registry(), no_tokens);
        client
            .partner_brands(integrator_code, 0, 1)
            .await
            .map_err(|error| said(&error))?;
        let mut writer = self.store.write().await?;
        writer
            .set_partner_account(username, &password, integrator_code, actor)
            .await?;
        writer.end_partner_rests().await?;
        writer.commit().await?;
        Ok(())
    }

    /// The brands that authorised the partner, with what it may do.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] without an account, or with İYS's words.
    pub async fn authorised_brands(&self) -> Result<Vec<PartnerBrand>, EngineError> {
        let (account, client) = self.partner().await?;
        let mut all = Vec::new();
        for _ in 0..PAGES_MAX {
            let page = client
                .partner_brands(account.integrator_code, all.len(), PARTNER_PAGE_MAX)
                .await
                .map_err(|error| said(&error))?;
            let is_last = page.brands.len() < PARTNER_PAGE_MAX;
            all.extend(page.brands);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Lets a brand's calls go by the partner account, if İYS lists the brand
    /// as one that authorised it; what it may do.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when codes are missing or İYS does not list it.
    pub async fn link_to_partner(
        &self,
        firm: FirmId,
        brand: BrandId,
        actor: &str,
    ) -> Result<PartnerBrand, EngineError> {
        let held = self.store.read().await?.brand(firm, brand).await?;
        let held = held.ok_or(EngineError::NotFound { what: "the brand" })?;
        let (Some(iys_code), Some(brand_code)) = (held.iys_code, held.brand_code) else {
            return Err(EngineError::conflict(
                "the brand",
                "has no İYS code and brand code yet",
            ));
        };
        let address = BrandAddress {
            iys_code,
            brand_code,
        };
        let (account, client) = self.partner().await?;
        let listed = client
            .partner_firm(account.integrator_code, iys_code)
            .await
            .map_err(|error| said(&error))?;
        let rights = listed.into_iter().find(|one| one.address == address);
        let rights = rights.ok_or_else(|| {
            EngineError::conflict(
                "the brand",
                "did not authorise the partner: the firm does that in the İYS panel, İş Ortaklığı",
            )
        })?;
        self.choose_account((firm, brand), true, actor).await?;
        Ok(rights)
    }

    /// Lets a brand's calls go by its own account again.
    ///
    /// # Errors
    /// [`EngineError`] when the firm has no such brand.
    pub async fn unlink_from_partner(
        &self,
        firm: FirmId,
        brand: BrandId,
        actor: &str,
    ) -> Result<(), EngineError> {
        self.choose_account((firm, brand), false, actor).await
    }

    async fn choose_account(
        &self,
        (firm, brand): (FirmId, BrandId),
        uses: bool,
        actor: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer.use_partner_account(firm, brand, uses).await?;
        writer.end_rests(brand).await?;
        let detail = json!({ "uses_partner_account": uses });
        writer
            .append_audit(firm, actor, "brand.account", &brand.to_string(), &detail)
            .await?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(())
    }
}
