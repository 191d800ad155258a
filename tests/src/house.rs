//! The engine inside the test, between the simulators: its loops are driven step
//! by step, on a clock that the test moves. For what takes days in the world and
//! must be the same in every run.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::gate::Basis;
use domain::ids::{CampaignId, ConnectorId, FirmId, RecipientId};
use domain::time::MINUTE_US;
use domain::{Channel, Recipient, RecipientKind, RegistryMode, Timestamp};
use engine::uploads::{LeaveOpen, NewFile};
use engine::{Action, Engine, EngineError, Identity, Settings, Step};
use registry::wire::{BrandAddress, HeldRecord, RegisteredChannel};
use registry::{
    Account, Client, Credentials, HttpSettings, Limiter, Limits, MemoryVault, TokenRules,
};
use secrecy::SecretString;
use serde_json::json;
use store::brands::{Brand, NewBrand};
use store::campaigns::{Audience, CampaignState, NewCampaign};
use store::consent::KeyState;
use store::uploads::{StopScope, UploadPurpose, UploadState};
use store::workers::WorkerGuard;
use store::{Keys, Store, StoreOptions};
use tempfile::TempDir;

use crate::system::{API_KEY, IYS_CODE, IYS_PASSWORD, IYS_USER, Simulators, job};

/// The channel of everything here.
pub const MESAJ: Channel = Channel::Mesaj;
/// The capacity of everybody here.
pub const BIREYSEL: RecipientKind = RecipientKind::Bireysel;
/// Rounds of all loops that something may take.
const ROUNDS_MAX: usize = 4_000;

/// The simulators' clock, as the engine reads it.
#[derive(Debug)]
struct SharedClock(simulators::Clock);

impl domain::Clock for SharedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.now().as_microsecond())
    }
}

/// An engine, a brand and an active provider account over one database.
#[derive(Debug)]
pub struct House {
    /// `sqlite` or `postgres`.
    pub database: &'static str,
    /// The services around it.
    pub simulators: Simulators,
    /// The engine.
    pub engine: Arc<Engine>,
    /// The firm.
    pub firm: FirmId,
    /// Its brand.
    pub brand: Brand,
    /// Its provider account.
    pub connector: ConnectorId,
    truth: Client,
    settings: Settings,
    restarts: u32,
    guard: Option<WorkerGuard>,
    _folder: TempDir,
}

impl House {
    /// One house a database; PostgreSQL where there is one.
    ///
    /// # Errors
    /// When one cannot be set up.
    pub async fn each(mode: RegistryMode, change: impl Fn(&mut Settings)) -> Result<Vec<Self>> {
        let mut houses = vec![Self::build("sqlite", None, mode, &change).await?];
        if let Some(url) = store::testing::postgres_url().await {
            houses.push(Self::build("postgres", Some(url), mode, &change).await?);
        }
        Ok(houses)
    }

    async fn build(
        database: &'static str,
        url: Option<String>,
        mode: RegistryMode,
        change: impl Fn(&mut Settings),
    ) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let simulators = Simulators::start(false).await?;
        let url =
            url.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("izinli.db").display()));
        let clock = Arc::new(SharedClock(simulators.clock.clone()));
        let mut options = StoreOptions::new(url);
        options.connections_max = 6;
        let store = Store::open(&options, Keys::new(&[42; 32]), clock.clone()).await?;
        store.migrate().await?;
        let settings = settings(&simulators, &folder, change);
        let identity = Identity {
            worker: "house".into(),
            public_url: "https://izinli.ornek".into(),
        };
        let engine = Engine::new(store, settings.clone(), identity)?;
        let guard = engine.announce().await?;
        let (firm, brand) = tenant(&engine, &simulators, mode).await?;
        let config = json!({
            "base_url": simulators.infobip_url(), "api_key": API_KEY, "requests_per_second": 0,
        "timeout_seconds": 5,
        });
        let account = engine
            .create_connector(firm, "infobip", "SMS", &config, "test")
            .await?;
        engine.test_connector(firm, account.id).await?;
        let truth = truth(&simulators, clock)?;
        Ok(Self {
            database,
            simulators,
            engine,
            firm,
            brand,
            connector: account.id,
            truth,
            settings,
            restarts: 0,
            guard: Some(guard),
            _folder: folder,
        })
    }

    /// The present instant, of everybody.
    pub fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// Lets time pass for everybody.
    pub fn pass(&self, us: i64) {
        self.simulators.forward(us / 1_000_000);
    }

    /// The brand's numbers at İYS.
    pub fn address(&self) -> BrandAddress {
        BrandAddress {
            iys_code: self.brand.iys_code.unwrap_or(0),
            brand_code: self.brand.brand_code.unwrap_or(0),
        }
    }

    /// One step of every loop that works with İYS and files; what fails in
    /// passing comes again, as in the loops of a worker.
    ///
    /// # Errors
    /// Those that are no passing trouble.
    pub async fn step(&self) -> Result<Step> {
        let files = passing(self.engine.step_uploads().await)?;
        let registry = passing(self.engine.step_registry().await)?;
        Ok(files.or(registry))
    }

    /// Works until nothing is due.
    ///
    /// # Errors
    /// Those of the steps, or when it does not come to an end.
    pub async fn work(&self) -> Result<()> {
        for _ in 0..ROUNDS_MAX {
            if self.step().await? == Step::Idle {
                return Ok(());
            }
        }
        bail!("the work does not come to an end")
    }

    /// Takes a file in, judges it and lets it be applied; a file that is refused
    /// as a whole leaves nothing behind.
    ///
    /// # Errors
    /// When it fails.
    pub async fn upload(&self, name: &str, text: &str) -> Result<()> {
        let file = NewFile {
            expires_at: None,
            firm: self.firm,
            brand: self.brand.id,
            name: name.to_owned(),
            file_name: format!("{name}.csv"),
            purpose: UploadPurpose::Contacts,
            stops: StopScope::default(),
            tag: None,
            action: Action::Push,
            default_kind: Some(BIREYSEL),
            mapping: serde_json::Value::Null,
            actor: "usr_ayse".into(),
        };
        let upload = self.engine.receive(file, text.as_bytes()).await?;
        for _ in 0..ROUNDS_MAX {
            let seen = self.engine.upload(self.firm, upload.id).await?;
            match seen.state {
                UploadState::Judged | UploadState::Waiting => {
                    self.engine
                        .approve_upload(self.firm, upload.id, "usr_can", &LeaveOpen::All)
                        .await?;
                }
                UploadState::Applied => return Ok(()),
                UploadState::Refused => return Ok(()),
                UploadState::Failed => bail!("the file failed: {seen:?}"),
                _ => {}
            }
            passing(self.engine.step_uploads().await)?;
        }
        bail!("{name} is not applied")
    }

    /// Sends a commercial text to everybody who may get it, and waits until
    /// everything is handed over or given up.
    ///
    /// # Errors
    /// When it does not come to an end.
    pub async fn send(&self) -> Result<CampaignId> {
        let id = self.begin(domain::plan::Plan::default(), 0).await?;
        for _ in 0..ROUNDS_MAX {
            let seen = self.engine.campaign(self.firm, id).await?;
            if seen.state == CampaignState::Finished {
                return Ok(id);
            }
            let mut did = passing(self.engine.step_registry().await)?;
            did = did.or(passing(self.engine.step_launch().await)?);
            did = did.or(passing(self.engine.step_dispatch().await)?);
            did = did.or(passing(self.engine.step_resolve().await)?);
            did = did.or(passing(self.engine.step_finish().await)?);
            if did == Step::Idle {
                // Something rests until a later instant.
                self.pass(MINUTE_US);
            }
        }
        bail!("{id} does not end")
    }

    /// The process dies, and another one begins over the same database: nothing
    /// that was only in memory is left, and the dead one's work is free.
    ///
    /// # Errors
    /// When the new one cannot be announced.
    pub async fn restart(&mut self) -> Result<()> {
        self.restarts += 1;
        let identity = Identity {
            worker: format!("house-{}", self.restarts),
            public_url: "https://izinli.ornek".into(),
        };
        self.guard = None;
        let store = self.engine.store().clone();
        self.engine = Engine::new(store, self.settings.clone(), identity)?;
        self.guard = Some(self.engine.announce().await?);
        Ok(())
    }

    /// Launches a commercial text to everybody who may get it.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn begin(&self, plan: domain::plan::Plan, batch_size: i64) -> Result<CampaignId> {
        let new = NewCampaign {
            batch_size,
            plan,
            ..self.text()
        };
        let campaign = self.engine.create_campaign(self.firm, new, "test").await?;
        self.engine.launch(self.firm, campaign.id, "test").await?;
        Ok(campaign.id)
    }

    /// One step of every loop that a campaign needs.
    ///
    /// # Errors
    /// Those that are no passing trouble.
    pub async fn sending_step(&self) -> Result<Step> {
        let mut did = passing(self.engine.step_registry().await)?;
        did = did.or(passing(self.engine.step_launch().await)?);
        did = did.or(passing(self.engine.step_watch().await)?);
        did = did.or(passing(self.engine.step_dispatch().await)?);
        did = did.or(passing(self.engine.step_resolve().await)?);
        did = did.or(passing(self.engine.step_receipts().await)?);
        did = did.or(passing(self.engine.step_pull().await)?);
        Ok(did.or(passing(self.engine.step_finish().await)?))
    }

    fn text(&self) -> NewCampaign {
        NewCampaign {
            promotion: None,
            brand: self.brand.id,
            name: "Yaz".into(),
            channel: MESAJ,
            kind: BIREYSEL,
            basis: Basis::Commercial,
            purpose: "kampanya".into(),
            template: None,
            body: job::TEXT.into(),
            sender: "ORNEK".into(),
            connector: self.connector,
            audience: Audience::All,
            batch_size: 0,
            plan: domain::plan::Plan::default(),
        }
    }

    /// What İYS holds of somebody, asked without any of the engine's own state.
    ///
    /// # Errors
    /// When İYS does not answer.
    pub async fn at_iys(&self, person: &Recipient) -> Result<Option<HeldRecord>> {
        let held = self
            .truth
            .held(self.address(), RegisteredChannel::MESAJ, BIREYSEL, person)
            .await;
        held.map_err(|error| anyhow::anyhow!("İYS about {person}: {error}"))
    }

    /// What is on record here; nothing of somebody unknown.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn here(&self, people: &[Recipient]) -> Result<Vec<Option<KeyState>>> {
        let mut reader = self.engine.store().read().await?;
        let ids = reader.recipient_ids(self.firm, people).await?;
        let known: Vec<RecipientId> = ids.iter().flatten().copied().collect();
        let states = reader
            .states_in_order(self.brand.id, MESAJ, BIREYSEL, &known)
            .await?;
        let mut states = states.into_iter();
        Ok(ids
            .into_iter()
            .map(|id| id.and_then(|_| states.next()))
            .collect())
    }

    /// Puts a record of İYS's own into its book: what a citizen did there.
    ///
    /// # Errors
    /// When the simulator does not understand.
    pub async fn citizen(&self, person: &Recipient, status: &str, at: Timestamp) -> Result<()> {
        self.record(person, status, "IYS_WEB", at).await
    }

    /// Puts a record of any source into İYS's book.
    ///
    /// # Errors
    /// When the simulator does not understand.
    pub async fn record(
        &self,
        person: &Recipient,
        status: &str,
        source: &str,
        at: Timestamp,
    ) -> Result<()> {
        let date = at.to_registry_text();
        let record = json!({
            "iysCode": self.address().iys_code, "brandCode": self.address().brand_code,
            "recipient": person.to_string(), "recipientType": "BIREYSEL", "type": "MESAJ",
            "status": status, "source": source, "consentDate": date, "creationDate": date,
        });
        self.simulators
            .iys("state", &json!({ "records": [record] }))
            .await
    }
}

/// A passing trouble is none.
fn passing(outcome: Result<Step, EngineError>) -> Result<Step> {
    match outcome {
        Err(error) if error.is_passing() => Ok(Step::Did),
        outcome => Ok(outcome?),
    }
}

fn settings(simulators: &Simulators, folder: &TempDir, change: impl Fn(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    settings.uploads.folder = folder.path().join("uploads");
    settings.registry.archive_folder = folder.path().join("mutabakat");
    settings.registry.base_url = simulators.iys_url();
    settings.registry.calls_per_second = 0;
    settings.registry.single_per_hour = 0;
    settings.registry.history_per_hour = 0;
    settings.registry.tokens_per_hour = 0;
    settings.registry.timeout_seconds = 5;
    settings.registry.push_without_tls = true;
    change(&mut settings);
    settings
}

async fn tenant(
    engine: &Engine,
    simulators: &Simulators,
    mode: RegistryMode,
) -> Result<(FirmId, Brand)> {
    let setup = json!({
        "iysCode": IYS_CODE, "brandCode": IYS_CODE, "name": "Örnek",
        "username": IYS_USER, "password": IYS_PASSWORD,
    });
    simulators.iys("brands", &setup).await?;
    let mut writer = engine.store().write().await?;
    let firm = writer.create_firm("Örnek Sağlık").await?.id;
    let new = NewBrand {
        name: "Örnek".into(),
        short_name: "ORNEK".into(),
        trade_name: "ORNEK SAGLIK AS".into(),
        mersis: "0123456789012345".into(),
        path_key: "deneme".into(),
    };
    let mut brand = writer.create_brand(firm, new).await?;
    brand.mode = mode;
    brand.iys_code = Some(i64::try_from(IYS_CODE)?);
    brand.brand_code = brand.iys_code;
    brand.iys_username = Some(IYS_USER.into());
    writer.save_brand(&brand).await?;
    let password = SecretString::from(IYS_PASSWORD.to_owned());
    writer
        .set_brand_password(firm, brand.id, Some(&password))
        .await?;
    writer.commit().await?;
    let held = engine.store().read().await?.brand(firm, brand.id).await?;
    Ok((firm, held.context("the brand")?))
}

fn truth(simulators: &Simulators, clock: Arc<SharedClock>) -> Result<Client> {
    let limits = Limits {
        calls_per_second: 0,
        single_status_per_hour: 0,
        tokens_per_hour: 0,
        ..Limits::default()
    };
    let account = Account {
        base_url: simulators.iys_url(),
        credentials: Credentials {
            username: IYS_USER.into(),
            password: IYS_PASSWORD.into(),
        },
        timeout: Duration::from_secs(5),
        token_rules: TokenRules::default(),
    };
    Ok(Client::new(
        registry::http_client(&HttpSettings::default())?,
        account,
        Arc::new(Limiter::new(limits, clock.clone())),
        Arc::new(MemoryVault::default()),
        clock,
    ))
}
