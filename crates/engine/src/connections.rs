//! Provider accounts (*bağlayıcı*): made, tested, activated and built into
//! connectors when messages go out.

use std::sync::Arc;

use connectors::{Balance, ConfigError, Connector, FieldForm, FieldProblem, TestReport};
use domain::ids::{ConnectorId, FirmId};
use rand::TryRngCore;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use store::connectors::{Connector as Account, ConnectorState, NewConnector};

use crate::Engine;
use crate::error::EngineError;
use crate::provider_alarms as alarms;
use crate::settings::LEASE_MARGIN_SECONDS;

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
        let made = connectors::build(kind, config, self.clients.provider_http())
            .map_err(EngineError::Settings)?;
        self.fits_lease(made.as_ref())?;
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

    /// Changes an account. Settings that are given replace the held ones, `null`
    /// takes one out, the others stay; the account is then tried anew, and is at
    /// work again only if that passes.
    ///
    /// # Errors
    /// [`EngineError::Settings`] names the fields. Credentials must be given again
    /// where the address changes: held ones never go to another place unseen.
    pub async fn change_connector(
        &self,
        firm: FirmId,
        id: ConnectorId,
        name: Option<&str>,
        settings: Option<&Map<String, Value>>,
        actor: &str,
    ) -> Result<Account, EngineError> {
        let mut writer = self.store.write().await?;
        let missing = || EngineError::NotFound {
            what: "the connector",
        };
        let account = writer.connector(firm, id).await?.ok_or_else(missing)?;
        if let Some(name) = name {
            writer.rename_connector(firm, id, name).await?;
        }
        let mut fields: Vec<&str> = Vec::new();
        if let Some(given) = settings {
            let (_, held) = writer.connector_at_work(id).await?;
            let config = changed(&account.kind, held.expose_secret(), given)?;
            let made = connectors::build(&account.kind, &config, self.clients.provider_http())
                .map_err(EngineError::Settings)?;
            self.fits_lease(made.as_ref())?;
            let owner = writer.firm(firm).await?;
            let owner = owner.ok_or(EngineError::NotFound { what: "the firm" })?;
            self.check_account(&owner, &config)?;
            writer.set_connector_config(firm, id, &config).await?;
            fields.extend(given.keys().map(String::as_str));
        }
        let detail = serde_json::json!({ "name": name, "fields": fields });
        writer
            .append_audit(firm, actor, "connector.change", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        if settings.is_some() {
            return Ok(self.test_connector(firm, id).await?.0);
        }
        Ok(self.account(firm, id).await?.0)
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
        writer
            .note_connector_test(id, held.0.version, report.senders.as_deref())
            .await?;
        match &reason {
            None => alarms::account_works(&mut writer, &held.0).await?,
            // Whoever tries a new account sees it; one that was at work is missed.
            Some(error) if held.0.state == ConnectorState::Active => {
                alarms::account_fails(&mut writer, &held.0, error).await?;
            }
            Some(_) => {}
        }
        writer.commit().await?;
        Ok((self.account(firm, id).await?.0, report))
    }

    /// What is left on an account; none where the provider tells nobody.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] in the provider's words when it does not say.
    pub async fn balance(
        &self,
        firm: FirmId,
        id: ConnectorId,
    ) -> Result<Option<Balance>, EngineError> {
        let held = self.account(firm, id).await?;
        let connector = self.connector(&held)?;
        if !connector.capabilities().has_balance {
            return Ok(None);
        }
        connector
            .balance()
            .await
            .map(Some)
            .map_err(|error| EngineError::conflict("the balance", error.to_string()))
    }

    /// Where a provider pushes the receipts of an account to.
    pub fn receipts_url(&self, account: &Account) -> String {
        format!(
            "{}/in/{}/receipts",
            self.identity.public_url, account.path_key
        )
    }

    /// A request counts as lost when its lease ends: no answer may come later.
    fn fits_lease(&self, connector: &dyn Connector) -> Result<(), EngineError> {
        let longest = self
            .settings
            .dispatch
            .lease_seconds
            .saturating_sub(LEASE_MARGIN_SECONDS);
        let timeout = connector.capabilities().timeout.as_secs();
        if i64::try_from(timeout).is_ok_and(|timeout| timeout <= longest) {
            return Ok(());
        }
        let problem = FieldProblem {
            field: "timeout_seconds".to_owned(),
            text_tr: format!(
                "En çok {longest} olabilir: bir istek daha uzun sürerse kayıp sayılır (dispatch.lease_seconds ayarı)."
            ),
            text_en: format!(
                "It may be {longest} at most: a request that takes longer counts as lost (setting dispatch.lease_seconds)."
            ),
        };
        let problems = vec![problem];
        Err(EngineError::Settings(ConfigError::Invalid { problems }))
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

/// Fields that say where credentials go to.
const PLACES: [&str; 2] = ["base_url", "description"];

/// Held settings with what was given laid over them.
fn changed(kind: &str, held: &str, given: &Map<String, Value>) -> Result<Value, EngineError> {
    let mut config: Map<String, Value> = serde_json::from_str(held)
        .map_err(|error| EngineError::Internal(format!("settings of a connector: {error}")))?;
    let goes_elsewhere = PLACES.iter().any(|place| {
        given
            .get(*place)
            .is_some_and(|value| config.get(*place) != Some(value))
    });
    let info = connectors::catalogue()
        .iter()
        .find(|info| info.kind == kind);
    let secrets = info.into_iter().flat_map(|info| info.fields);
    let unseen: Vec<FieldProblem> = secrets
        .filter(|field| field.form == FieldForm::Secret && goes_elsewhere)
        .filter(|field| config.contains_key(field.name) && !given.contains_key(field.name))
        .map(|field| FieldProblem {
            field: field.name.to_owned(),
            text_tr: "Adres değişince yeniden girilmelidir.".to_owned(),
            text_en: "It must be given again when the address changes.".to_owned(),
        })
        .collect();
    if !unseen.is_empty() {
        let problems = unseen;
        return Err(EngineError::Settings(ConfigError::Invalid { problems }));
    }
    for (name, value) in given {
        if value.is_null() {
            config.remove(name);
        } else {
            config.insert(name.clone(), value.clone());
        }
    }
    Ok(Value::Object(config))
}

/// An account with its settings in the clear.
pub(crate) type Configured = (Account, SecretString);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HELD: &str = r#"{"base_url":"https://a.test","username":"u","password":"gizli"}"#;

    fn lay(given: Value) -> Result<Value, EngineError> {
        changed("verimor", HELD, given.as_object().unwrap())
    }

    #[test]
    fn what_is_given_replaces_null_takes_out_and_the_rest_stays() {
        let config = lay(json!({ "username": "v", "base_url": "https://a.test" })).unwrap();
        assert_eq!(
            config,
            json!({ "base_url": "https://a.test", "username": "v", "password": "gizli" })
        );
        let config = lay(json!({ "base_url": null, "password": "yeni" })).unwrap();
        assert_eq!(config, json!({ "username": "u", "password": "yeni" }));
    }

    #[test]
    fn held_credentials_never_go_to_another_address() {
        let error = lay(json!({ "base_url": "https://b.test" })).unwrap_err();
        let EngineError::Settings(ConfigError::Invalid { problems }) = error else {
            panic!("{error}");
        };
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, "password");
        assert!(lay(json!({ "base_url": "https://b.test", "password": "gizli" })).is_ok());
    }
}
