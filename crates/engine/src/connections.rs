//! Provider accounts (*bağlayıcı*): made, tested, activated and built into
//! connectors when messages go out.

use std::sync::Arc;

use connectors::{Balance, Connector, TestReport};
use domain::ids::{ConnectorId, FirmId};
use rand::TryRngCore;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use store::connectors::{Connector as Account, ConnectorState, NewConnector};

use crate::Engine;
use crate::error::EngineError;

impl Engine {
    /// Adds a provider account; its settings are checked field by field.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] names the field.
    pub async fn create_connector(
        &self,
        firm: FirmId,
        kind: &str,
        name: &str,
        config: &Value,
        actor: &str,
    ) -> Result<Account, EngineError> {
        connectors::build(kind, config, self.clients.provider_http())
            .map_err(|error| EngineError::invalid("config", error.to_string()))?;
        let mut writer = self.store.write().await?;
        let owner = writer.firm(firm).await?;
        let owner = owner.ok_or(EngineError::NotFound { what: "the firm" })?;
        self.check_account(&owner, config)?;
        let path_key = store::token::path_key(&mut rand::rngs::OsRng.unwrap_err());
        let new = NewConnector {
            kind: kind.to_owned(),
            name: name.to_owned(),
            path_key,
            config,
        };
        let account = writer.create_connector(firm, new).await?;
        let detail = serde_json::json!({ "kind": kind, "name": name });
        writer
            .append_audit(
                firm,
                actor,
                "connector.create",
                &account.id.to_string(),
                &detail,
            )
            .await?;
        writer.commit().await?;
        Ok(account)
    }

    /// Tries an account without sending anything; what passes becomes active.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such account.
    pub async fn test_connector(
        &self,
        firm: FirmId,
        id: ConnectorId,
    ) -> Result<(Account, TestReport), EngineError> {
        let held = self.account(firm, id).await?;
        self.fits_practice(&held).await?;
        let connector = self.connector(&held)?;
        let report = connector.test().await;
        let failed = report
            .checks
            .iter()
            .find(|check| check.is_required && !check.passed);
        let (state, reason) = match failed {
            None => (ConnectorState::Active, None),
            Some(check) => (ConnectorState::Broken, Some(check.text_tr.clone())),
        };
        let mut writer = self.store.write().await?;
        writer
            .set_connector_state(id, held.0.version, state, reason.as_deref())
            .await?;
        writer.commit().await?;
        Ok((self.account(firm, id).await?.0, report))
    }

    /// What is left on an account.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] in the provider's words when it does not say.
    pub async fn balance(&self, firm: FirmId, id: ConnectorId) -> Result<Balance, EngineError> {
        let held = self.account(firm, id).await?;
        let connector = self.connector(&held)?;
        connector
            .balance()
            .await
            .map_err(|error| EngineError::conflict("the balance", error.to_string()))
    }

    /// Where a provider pushes the receipts of an account to.
    pub fn receipts_url(&self, account: &Account) -> String {
        format!(
            "{}/in/{}/receipts",
            self.identity.public_url, account.path_key
        )
    }

    /// What a firm put aside by going live is not taken up again by a test.
    async fn fits_practice(&self, held: &Configured) -> Result<(), EngineError> {
        let owner = self.store.read().await?.firm(held.0.firm).await?;
        let owner = owner.ok_or(EngineError::NotFound { what: "the firm" })?;
        let config: Value = serde_json::from_str(held.1.expose_secret())
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        self.check_account(&owner, &config)
    }

    async fn account(&self, firm: FirmId, id: ConnectorId) -> Result<Configured, EngineError> {
        let mut reader = self.store.read().await?;
        let missing = || EngineError::NotFound {
            what: "the connector",
        };
        let account = reader.connector(firm, id).await?.ok_or_else(missing)?;
        Ok(reader.connector_at_work(account.id).await?)
    }

    /// The connector of an account, built once per version of its settings.
    pub(crate) fn connector(
        &self,
        (account, config): &Configured,
    ) -> Result<Arc<dyn Connector>, EngineError> {
        let version = u64::try_from(account.version).unwrap_or(0);
        self.clients.connector(account.id, version, || {
            let broken = |problem: String| {
                EngineError::Internal(format!(
                    "the settings of connector {} are not valid: {problem}",
                    account.id
                ))
            };
            let config: Value = serde_json::from_str(config.expose_secret())
                .map_err(|error| broken(error.to_string()))?;
            connectors::build(&account.kind, &config, self.clients.provider_http())
                .map_err(|error| broken(error.to_string()))
        })
    }
}

/// An account with its settings in the clear.
pub(crate) type Configured = (Account, SecretString);
