//! Practice (*deneme ortamı*): until its owner goes live, a firm works with
//! simulators only, so nothing it does can reach a person. Afterwards it works
//! with real accounts only, so nothing it does is pretended.

use domain::RegistryMode;
use domain::ids::FirmId;
use serde_json::{Value, json};
use store::connectors::ConnectorState;
use store::firms::Firm;

use crate::Engine;
use crate::error::EngineError;

/// Accounts that are put aside when a firm goes live.
const CONNECTORS_MAX: usize = 1_000;
/// Why, as people read it on the account.
const PUT_ASIDE: &str = "Benzetim hesabı: firma canlıya geçti.";

/// Why practice, or its end, does not allow something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PracticeRefusal {
    /// A firm that practises may not have a real account.
    RealProvider {
        /// What it may have: the simulators that the installation names.
        simulators: Vec<String>,
    },
    /// A firm that is live may not use a simulator.
    SimulatedProvider,
    /// A firm that practises may not be connected to the real İYS.
    RealRegistry,
    /// This installation asks a simulator in place of İYS.
    SimulatedRegistry,
    /// The firm is live already.
    Live,
}

impl PracticeRefusal {
    fn refuse<T>(self) -> Result<T, EngineError> {
        Err(EngineError::Practice(self))
    }
}

impl Engine {
    /// Whether the installation names this address as one of its simulators.
    fn is_simulator(&self, url: &str) -> bool {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        let mut known = self.settings.practice.simulators.iter();
        known.any(|one| plain(one) == plain(url))
    }

    /// Whether an account with these settings fits a firm.
    pub(crate) fn check_account(&self, firm: &Firm, config: &Value) -> Result<(), EngineError> {
        let url = config.get("base_url").and_then(Value::as_str);
        let is_simulator = url.is_some_and(|url| self.is_simulator(url));
        match (firm.practice, is_simulator) {
            (true, false) => PracticeRefusal::RealProvider {
                simulators: self.settings.practice.simulators.clone(),
            }
            .refuse(),
            (false, true) => PracticeRefusal::SimulatedProvider.refuse(),
            _ => Ok(()),
        }
    }

    /// Whether a brand of a firm may have a mode.
    ///
    /// # Errors
    /// [`EngineError::Practice`] when it would be connected to the real İYS
    /// though the firm practises.
    pub fn check_mode(&self, firm: &Firm, mode: RegistryMode) -> Result<(), EngineError> {
        let is_connected = matches!(mode, RegistryMode::Sync | RegistryMode::Integrator);
        if firm.practice && is_connected && !self.is_simulator(&self.settings.registry.base_url) {
            return PracticeRefusal::RealRegistry.refuse();
        }
        Ok(())
    }

    /// Ends a firm's practice for good. Its simulated accounts are put aside;
    /// whoever confirmed it has given their password before.
    ///
    /// # Errors
    /// [`EngineError::Practice`] when it is live, or the installation asks a
    /// simulator in place of İYS.
    pub async fn go_live(&self, firm: FirmId, actor: &str) -> Result<Firm, EngineError> {
        if self.is_simulator(&self.settings.registry.base_url) {
            return PracticeRefusal::SimulatedRegistry.refuse();
        }
        let mut writer = self.store.write().await?;
        let held = writer
            .firm(firm)
            .await?
            .ok_or(EngineError::NotFound { what: "the firm" })?;
        if !held.practice {
            return PracticeRefusal::Live.refuse();
        }
        let accounts = writer.connectors(firm, None, CONNECTORS_MAX).await?;
        for account in &accounts {
            writer
                .set_connector_state(
                    account.id,
                    account.version,
                    ConnectorState::Broken,
                    Some(PUT_ASIDE),
                )
                .await?;
        }
        writer.end_practice(firm).await?;
        let detail = json!({ "accounts_put_aside": accounts.len() });
        writer
            .append_audit(firm, actor, "firm.go_live", &firm.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(Firm {
            practice: false,
            ..held
        })
    }
}
