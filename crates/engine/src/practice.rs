//! Practice (*deneme ortamı*): until its owner goes live, a firm works with
//! simulators only, so nothing it does can reach a person. Afterwards it works
//! with real accounts only, so nothing it does is pretended.

use domain::RegistryMode;
use domain::ids::FirmId;
use serde_json::{Value, json};
use store::brands::Brand;
use store::connectors::ConnectorState;
use store::firms::Firm;
use store::{Reader, Writer};

use crate::Engine;
use crate::error::EngineError;

/// Accounts that are put aside when a firm goes live.
const CONNECTORS_MAX: usize = 1_000;
/// Brands that begin anew with İYS when their firm goes live.
const BRANDS_MAX: usize = 1_000;
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
    SimulatedRegistry {
        /// That simulator.
        url: String,
    },
    /// Campaigns are on their way over simulators.
    CampaignsUnderWay {
        /// How many.
        campaigns: i64,
    },
    /// The firm is live already.
    Live,
}

impl PracticeRefusal {
    fn refuse<T>(self) -> Result<T, EngineError> {
        Err(EngineError::Practice(self))
    }
}

/// The İYS that a brand speaks to.
#[derive(Debug, Clone)]
pub(crate) struct RegistryPlace {
    pub(crate) url: String,
    practises: bool,
}

impl RegistryPlace {
    /// The name under which the token of a user is kept.
    pub(crate) fn account(&self, username: &str) -> String {
        if self.practises {
            format!("practice:{username}")
        } else {
            username.to_owned()
        }
    }
}

/// What going live would do, looked at before it is done.
#[derive(Debug, Clone)]
pub struct LivePreview {
    /// The firm.
    pub firm: Firm,
    /// The İYS it would speak to.
    pub registry_url: String,
    /// What stands against it; none when the owner may do it now.
    pub obstacle: Option<PracticeRefusal>,
    /// Simulated accounts that would be put aside.
    pub accounts: usize,
    /// Brands connected to İYS, which would be off until their mode is chosen anew.
    pub brands: Vec<String>,
}

impl Engine {
    /// Whether the installation names this address as one of its simulators.
    fn is_simulator(&self, url: &str) -> bool {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        let simulators = self.settings.practice.simulators.iter();
        let mut known = simulators.chain(&self.settings.registry.practice_url);
        known.any(|one| plain(one) == plain(url))
    }

    /// The İYS of firms that are live.
    pub(crate) fn live_registry(&self) -> RegistryPlace {
        RegistryPlace {
            url: self.settings.registry.base_url.clone(),
            practises: false,
        }
    }

    /// The İYS that a firm's brands speak to; none for one that practises where
    /// the installation names no simulator of İYS.
    pub(crate) fn registry_place(&self, practises: bool) -> Option<RegistryPlace> {
        if !practises {
            return Some(self.live_registry());
        }
        let registry = &self.settings.registry;
        let url = registry.practice_url.as_ref();
        let url = url.unwrap_or(&registry.base_url).clone();
        self.is_simulator(&url)
            .then_some(RegistryPlace { url, practises })
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
        if is_connected && self.registry_place(firm.practice).is_none() {
            return PracticeRefusal::RealRegistry.refuse();
        }
        Ok(())
    }

    /// What going live would do, and what stands against it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is no such firm.
    pub async fn preview_live(&self, firm: FirmId) -> Result<LivePreview, EngineError> {
        let mut reader = self.store.read().await?;
        let held = reader.firm(firm).await?;
        let held = held.ok_or(EngineError::NotFound { what: "the firm" })?;
        let accounts = reader.connectors(firm, None, CONNECTORS_MAX).await?.len();
        let brands = reader.brands(firm, None, BRANDS_MAX).await?;
        let connected = brands.into_iter().filter(|brand| brand.mode.is_connected());
        Ok(LivePreview {
            obstacle: self.against_live(&mut reader, &held).await?,
            firm: held,
            registry_url: self.settings.registry.base_url.clone(),
            accounts,
            brands: connected.map(|brand| brand.name).collect(),
        })
    }

    async fn against_live(
        &self,
        reader: &mut Reader,
        firm: &Firm,
    ) -> Result<Option<PracticeRefusal>, EngineError> {
        if !firm.practice {
            return Ok(Some(PracticeRefusal::Live));
        }
        let url = &self.settings.registry.base_url;
        if self.is_simulator(url) {
            let url = url.clone();
            return Ok(Some(PracticeRefusal::SimulatedRegistry { url }));
        }
        let campaigns = reader.campaigns_under_way(firm.id).await?;
        Ok((campaigns > 0).then_some(PracticeRefusal::CampaignsUnderWay { campaigns }))
    }

    /// Ends a firm's practice for good, while the program runs: its simulated
    /// accounts are put aside, what a simulator told in place of İYS is
    /// forgotten, and its connected brands are off until their mode is chosen
    /// anew, for that may make records of people at the real İYS. Whoever
    /// confirmed it has given their password before.
    ///
    /// # Errors
    /// [`EngineError::Practice`] when it is live, campaigns are under way, or
    /// the installation asks a simulator in place of İYS.
    pub async fn go_live(&self, firm: FirmId, actor: &str) -> Result<Firm, EngineError> {
        let mut writer = self.store.write().await?;
        // Whatever is being claimed leaves first, over simulators.
        writer.wait_out_claims(firm).await?;
        let held = writer.firm(firm).await?;
        let held = held.ok_or(EngineError::NotFound { what: "the firm" })?;
        if let Some(refusal) = self.against_live(&mut writer, &held).await? {
            return refusal.refuse();
        }
        let accounts = put_accounts_aside(&mut writer, firm).await?;
        let brands = writer.brands(firm, None, BRANDS_MAX).await?;
        let mut forgotten = 0;
        for brand in brands {
            forgotten += begin_anew(&mut writer, brand).await?;
        }
        writer.end_practice(firm).await?;
        let detail = json!({
            "accounts_put_aside": accounts, "answers_forgotten": forgotten,
            "registry": self.settings.registry.base_url,
        });
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

async fn put_accounts_aside(writer: &mut Writer, firm: FirmId) -> Result<usize, EngineError> {
    let accounts = writer.connectors(firm, None, CONNECTORS_MAX).await?;
    for account in &accounts {
        let (id, version) = (account.id, account.version);
        writer
            .set_connector_state(id, version, ConnectorState::Broken, Some(PUT_ASIDE))
            .await?;
    }
    Ok(accounts.len())
}

/// A brand's first day with the real İYS: nothing is known of anybody there.
async fn begin_anew(writer: &mut Writer, brand: Brand) -> Result<u64, EngineError> {
    let mut brand = writer.brand_to_change(brand.firm, brand.id).await?;
    if brand.mode.is_connected() {
        brand.mode = RegistryMode::Off;
        // No word of an owner lets local consents do in its place.
        brand.off_reason = None;
        writer.save_brand(&brand).await?;
    }
    Ok(writer.forget_practice(brand.id).await?)
}
