//! İYS, carried between its client and the store: what was queued is asked,
//! looked up or added; answers change the mirror and may queue the next step.

pub mod agreement;
mod alarms;
pub(crate) mod asked;
pub(crate) mod asks;
mod calls;
pub mod desk;
pub mod lights;
pub(crate) mod limits;
pub mod mode;
mod next;
mod overdue;
mod overtaken;
mod pages;
pub mod partner;
pub(crate) mod pull;
pub mod push_address;
pub mod push_in;
mod refusals;
mod rests;
mod round;
mod search;
mod settle;
pub mod sweep;
mod vault;
pub mod via;
mod watch;
pub(crate) mod withheld;

use std::sync::Arc;

use domain::ids::BrandId;
use domain::{Recipient, Source, Status};
use registry::plan::{AddItem, AskItem, Rules};
use registry::wire::BrandAddress;
use registry::{Account, Client, Credentials, TokenRules, TokenVault};
use secrecy::SecretString;
use store::brands::Brand;
use store::registry_accounts::RegistryFeed;
use store::registry_feed::Gap;
use store::registry_sweep::Sweep;
use store::registry_work::{QueueFigures, RegistryItem, VerdictCount};

use crate::error::EngineError;
use crate::practice::RegistryPlace;
use crate::{Engine, Step};

pub use registry::wire::Subscription;
pub use registry::{Share, Signal};

/// Rounds of calls that one person's wish may take.
const ROUNDS_MAX: usize = 4;

/// A brand's connection to İYS at a glance.
#[derive(Debug, Clone)]
pub struct RegistryOverview {
    /// The brand.
    pub brand: Brand,
    /// Whether everything a call needs is filled in.
    pub is_configured: bool,
    /// The queue.
    pub queue: QueueFigures,
    /// People by verdict.
    pub verdicts: Vec<VerdictCount>,
    /// When citizen-made changes were last pulled.
    pub pulled_at: Option<domain::Timestamp>,
    /// Rows of both feeds that could not be read, ever.
    pub unreadable: i64,
    /// Keys that İYS told about and whose address the firm does not know.
    pub strangers: i64,
    /// The newest time without a complete pull that raised an alarm.
    pub gap: Option<Gap>,
    /// The newest walk over everybody.
    pub sweep: Option<Sweep>,
}

pub(crate) fn rules(brand: &Brand) -> Rules {
    Rules {
        mode: brand.mode,
        sends_renewals: brand.sends_renewals,
        freshness_us: brand.freshness_us,
    }
}

pub(crate) fn ask_item(item: &RegistryItem) -> AskItem {
    AskItem {
        id: item.id,
        recipient: item.recipient.clone(),
    }
}

/// The record an item is about to add; none in an item that only asks.
pub(crate) fn add_item(item: &RegistryItem) -> Option<AddItem> {
    let said = item.said.as_ref()?;
    Some(AddItem {
        id: item.id,
        recipient: item.recipient.clone(),
        status: said.status,
        consent_date: said.date,
        source: said.source.clone(),
        event: said.event,
        retailer: said.retailer,
    })
}

pub(crate) fn asked(id: domain::ids::RecipientId, recipient: Recipient) -> RegistryItem {
    RegistryItem {
        id,
        recipient,
        said: None,
        sub_request: None,
    }
}

/// A stand-in for the source of a local state, as far as planning needs it:
/// whether the citizen said it at İYS.
pub(crate) const fn source_of(citizen: bool, status: Status) -> Source {
    match (citizen, status) {
        (true, _) => Source::IYS_WEB,
        (false, _) => Source::HS_EORTAM,
    }
}

/// İYS's address of a brand and the client that speaks for it.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) client: Arc<Client>,
    pub(crate) address: BrandAddress,
}

impl Engine {
    /// Works the queue: takes over what lost workers left, pulls changes that
    /// are due, and makes the next calls.
    pub async fn step_registry(self: &Arc<Self>) -> Result<Step, EngineError> {
        self.free_lost_lists().await?;
        let rested = self.ask_about_rests().await?;
        let watched = self.watch_feeds().await?;
        let pushed = self.step_registry_pushes().await?;
        let pulled = self.pull_due().await?;
        let begun = self.begin_weekly_sweeps().await?;
        let swept = self.sweep_due().await?;
        let looked = self.look_at_lights().await?;
        let asked = self.step_via().await?;
        let called = self.call_due(None, round::LISTS_MAX).await?;
        Ok(rested
            .or(watched)
            .or(pushed)
            .or(pulled)
            .or(begun)
            .or(swept)
            .or(looked)
            .or(asked)
            .or(called))
    }

    /// Makes the calls of one brand that are due now, however many rounds they
    /// take, up to [`ROUNDS_MAX`]: for a person who does not want to wait. Idle
    /// when nothing more is due.
    ///
    /// # Errors
    /// [`EngineError`] when the store cannot; failed calls come again by themselves.
    pub async fn push_brand(self: &Arc<Self>, brand: BrandId) -> Result<Step, EngineError> {
        self.free_lost_lists().await?;
        for _ in 0..ROUNDS_MAX {
            let most = self.settings.registry.concurrency;
            if self.call_due(Some(brand), most).await? == Step::Idle {
                return Ok(Step::Idle);
            }
        }
        Ok(Step::Did)
    }

    async fn free_lost_lists(&self) -> Result<(), EngineError> {
        let mut reader = self.store.read().await?;
        let mut gone = Vec::new();
        for name in reader.workers_with_lists().await? {
            if name != self.worker() && reader.is_worker_gone(&name).await? {
                gone.push(name);
            }
        }
        drop(reader);
        if gone.is_empty() {
            return Ok(());
        }
        let mut writer = self.store.write().await?;
        for name in &gone {
            writer.free_lists_of(name).await?;
        }
        writer.commit().await?;
        Ok(())
    }

    /// The line to İYS for a brand; `None` while its account is not filled in.
    pub(crate) async fn line(&self, brand: BrandId) -> Result<Option<Line>, EngineError> {
        let held = self.store.read().await?.brand_credentials(brand).await?;
        let Some(credentials) = held else {
            return Ok(None);
        };
        let address = BrandAddress {
            iys_code: credentials.iys_code,
            brand_code: credentials.brand_code,
        };
        // Whoever practises reaches a simulator or nobody.
        let Some(place) = self.registry_place(credentials.practises) else {
            return Ok(None);
        };
        let login = Credentials {
            username: credentials.username,
            password: credentials.password,
        };
        let client = self.client_of(login, &place)?;
        Ok(Some(Line { client, address }))
    }

    /// The client that speaks to İYS by this login. Its token is kept under the
    /// user's name: all brands and processes with the same login share it, but
    /// a simulator's token is never shown to İYS.
    fn client_of(
        &self,
        credentials: Credentials,
        place: &RegistryPlace,
    ) -> Result<Arc<Client>, EngineError> {
        let account = place.account(&credentials.username);
        let version = version_of(&credentials.password, &place.url);
        self.clients.registry(account.clone(), version, || {
            let vault = vault::StoreVault {
                store: self.store.clone(),
                account,
                holder: format!("{}/{}", self.worker(), self.clients.next_registry()),
            };
            Arc::new(self.client_over(credentials, place, Arc::new(vault)))
        })
    }

    /// A client whose tokens are kept there.
    fn client_over(
        &self,
        credentials: Credentials,
        place: &RegistryPlace,
        vault: Arc<dyn TokenVault>,
    ) -> Client {
        let account = Account {
            base_url: place.url.clone(),
            credentials,
            timeout: std::time::Duration::from_secs(self.settings.registry.timeout_seconds),
            token_rules: TokenRules {
                calls_per_hour: usize::try_from(self.settings.registry.tokens_per_hour)
                    .unwrap_or(usize::MAX),
            },
        };
        Client::new(
            self.clients.registry_http(),
            account,
            Arc::clone(self.clients.limiter()),
            vault,
            Arc::clone(self.clock()),
        )
    }

    /// A brand's connection to İYS at a glance.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such brand.
    pub async fn registry_overview(
        &self,
        firm: domain::ids::FirmId,
        brand: BrandId,
    ) -> Result<RegistryOverview, EngineError> {
        let mut reader = self.store.read().await?;
        let held = reader
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let is_configured = reader.brand_credentials(brand).await?.is_some();
        let queue = reader.queue_figures(brand, None).await?;
        let verdicts = reader.verdict_counts(brand).await?;
        let position = reader.feed_position(brand, RegistryFeed::Citizen).await?;
        let firms = reader.feed_position(brand, RegistryFeed::Firm).await?;
        let unreadable = position.iter().chain(&firms).map(|held| held.unreadable);
        let unreadable = unreadable.sum();
        let strangers = reader.stranger_count(firm, brand).await?;
        let gap = reader.gaps(brand, 1).await?.into_iter().next();
        let sweep = reader.last_sweep(brand).await?;
        Ok(RegistryOverview {
            brand: held,
            is_configured,
            queue,
            verdicts,
            pulled_at: position.map(|position| position.pulled_at),
            unreadable,
            strangers,
            gap,
            sweep,
        })
    }
}

/// Changes when the password or the address does, without keeping them.
fn version_of(password: &SecretString, url: &str) -> u64 {
    use secrecy::ExposeSecret as _;
    use sha2::{Digest, Sha256};
    let mut hasher = Sha256::new();
    hasher.update(password.expose_secret().as_bytes());
    hasher.update([0]);
    hasher.update(url.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(first)
}
