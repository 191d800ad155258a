//! İYS tokens in the database, sealed and shared by all processes.

use async_trait::async_trait;
use domain::Timestamp;
use registry::{TokenRecord, TokenVault, VaultError};
use store::registry_accounts::RegistryAccount;
use store::{Store, StoreError};

#[derive(Debug)]
pub(super) struct StoreVault {
    pub(super) store: Store,
    pub(super) account: String,
    /// Who leases: one client of one process.
    pub(super) holder: String,
}

fn unavailable(error: StoreError) -> VaultError {
    VaultError(Box::new(error))
}

#[async_trait]
impl TokenVault for StoreVault {
    async fn load(&self) -> Result<TokenRecord, VaultError> {
        let mut reader = self.store.read().await.map_err(unavailable)?;
        let held = reader
            .registry_account(&self.account)
            .await
            .map_err(unavailable)?;
        Ok(held
            .and_then(|account| account.tokens)
            .and_then(|text| TokenRecord::from_secret_text(&text))
            .unwrap_or_default())
    }

    async fn save(&self, record: &TokenRecord) -> Result<(), VaultError> {
        let kept = RegistryAccount {
            tokens: Some(record.to_secret_text()),
            expires_at: record.tokens.as_ref().map(|tokens| tokens.expires_at),
            blocked_until: record.blocked_until,
        };
        let mut writer = self.store.write().await.map_err(unavailable)?;
        writer
            .save_registry_account(&self.account, &self.holder, &kept)
            .await
            .map_err(unavailable)?;
        writer.commit().await.map_err(unavailable)
    }

    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<bool, VaultError> {
        let mut writer = self.store.write().await.map_err(unavailable)?;
        let got = writer
            .lease_registry_account(&self.account, &self.holder, now, until)
            .await
            .map_err(unavailable)?;
        writer.commit().await.map_err(unavailable)?;
        Ok(got)
    }

    async fn release(&self) -> Result<(), VaultError> {
        let mut writer = self.store.write().await.map_err(unavailable)?;
        writer
            .release_registry_account(&self.account, &self.holder)
            .await
            .map_err(unavailable)?;
        writer.commit().await.map_err(unavailable)
    }
}
