//! The demo's surroundings: simulators, a database, a server, a firm.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, bail};
use domain::gate::SendingWindow;
use domain::ids::{BrandId, ConnectorId, FirmId};
use domain::{RegistryMode, Timestamp};
use rand::TryRngCore as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use store::access::{NewUser, Role};
use store::brands::NewBrand;
use store::token::ApiKeySecret;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli;
use crate::clock::ProcessClock;
use crate::commands::{serve, user};
use crate::config::Config;
use crate::session::{ACTOR, Session};

/// Who logs in.
pub(crate) const EMAIL: &str = "demo@ornek.com.tr";
/// Monday morning; the sample files were made on this day.
const CLOCK_START: &str = "2025-06-23T10:00:00+03:00";
/// İYS's invented numbers of the firm; its first brand is the master brand.
pub(crate) const IYS_CODE: i64 = 650_001;
/// The second brand's.
pub(crate) const SECOND_BRAND_CODE: i64 = 650_002;
/// Shares of the people whom the İYS simulator knows, percent.
pub(crate) const ONAY_PERCENT: u8 = 82;
/// See [`ONAY_PERCENT`]; the others have no record.
pub(crate) const RET_PERCENT: u8 = 7;
const API_KEY: &str = "demo-anahtari-0123456789";
const IYS_USER: &str = "demo-iys";
const IYS_PASSWORD: &str = "demo-iys-parolasi";

/// See the module.
#[derive(Debug)]
pub(crate) struct World {
    /// Where the panel answers.
    pub(crate) url: String,
    /// Key of the programming interface.
    pub(crate) key: String,
    /// Password of [`EMAIL`].
    pub(crate) password: String,
    /// Where the İYS simulator answers.
    pub(crate) iys: String,
    /// Where the Infobip simulator answers.
    pub(crate) infobip: String,
    /// The firm.
    pub(crate) firm: FirmId,
    /// The brand that works in *sync* mode.
    pub(crate) sync_brand: BrandId,
    /// The brand that works in *integrator* mode.
    pub(crate) integrator_brand: BrandId,
    /// The provider account.
    pub(crate) connector: ConnectorId,
    /// Where the demo keeps its files.
    pub(crate) data: PathBuf,
    /// The clock of everything.
    pub(crate) clock: ProcessClock,
    /// The server's own database.
    pub(crate) store: store::Store,
    simulators: Vec<Child>,
    server: JoinHandle<anyhow::Result<()>>,
}

impl World {
    /// Starts everything.
    pub(crate) async fn start(
        args: &cli::Demo,
        cancel: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let data = empty_folder(&args.data)?;
        let start: Timestamp = match std::env::var(crate::clock::CLOCK_START) {
            Ok(text) => text.parse()?,
            Err(_) => CLOCK_START.parse()?,
        };
        let clock = ProcessClock::starting_at(start);
        let (iys_child, iys) = simulator("iys", start).await?;
        let (infobip_child, infobip) = simulator("infobip", start).await?;
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", args.port))
            .await
            .with_context(|| format!("port {} is taken; give --port another, or 0", args.port))?;
        let url = format!("http://{}", listener.local_addr()?);
        let config = config(args, &data, &iys, &infobip, &url);
        crate::logging::start(&config.log)?;
        let store = config.open_store(Arc::new(clock)).await?;
        store.migrate().await?;
        let session = Session {
            config,
            clock,
            store,
        };
        let made = set_up(&session, &infobip).await?;
        set_up_simulators(&iys, &infobip).await?;
        let store = session.store.clone();
        let server = tokio::spawn({
            let cancel = cancel.clone();
            async move { serve::serve_on(&session, cli::Role::All, Some(listener), None, &cancel).await }
        });
        Ok(Self {
            url,
            key: made.key,
            password: made.password,
            iys,
            infobip,
            firm: made.firm,
            sync_brand: made.sync_brand,
            integrator_brand: made.integrator_brand,
            connector: made.connector,
            data,
            clock,
            store,
            simulators: vec![iys_child, infobip_child],
            server,
        })
    }

    /// Stops everything in order.
    pub(crate) async fn stop(mut self, cancel: &CancellationToken) -> anyhow::Result<()> {
        cancel.cancel();
        self.server.await??;
        for child in &mut self.simulators {
            child
                .kill()
                .await
                .context("a simulator could not be stopped")?;
        }
        Ok(())
    }
}

fn empty_folder(path: &Path) -> anyhow::Result<PathBuf> {
    const MARK: &str = ".izinli-demo";
    if path.exists() && !path.join(MARK).exists() && std::fs::read_dir(path)?.next().is_some() {
        bail!(
            "{} is not empty and not a demo's folder; give --data another",
            path.display()
        );
    }
    if path.exists() {
        std::fs::remove_dir_all(path)?;
    }
    std::fs::create_dir_all(path)?;
    std::fs::write(path.join(MARK), "")?;
    Ok(path.canonicalize()?)
}

/// Starts a simulator as a process of its own; it ends when we do.
async fn simulator(kind: &str, start: Timestamp) -> anyhow::Result<(Child, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([
            "simulate",
            kind,
            "--port",
            "0",
            "--with-parent",
            "--clock-start",
            &start.to_string(),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("the {kind} simulator could not be started"))?;
    let stdout = child.stdout.take().context("the simulator has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await?;
    let said: Value = serde_json::from_str(&line)
        .with_context(|| format!("the {kind} simulator said `{line}`"))?;
    let url = said["url"]
        .as_str()
        .with_context(|| format!("the {kind} simulator named no address"))?;
    Ok((child, url.trim_end_matches('/').to_owned()))
}

fn config(args: &cli::Demo, data: &Path, iys: &str, infobip: &str, url: &str) -> Config {
    let mut config = Config::default();
    config.database.url = args
        .postgres_url
        .clone()
        .unwrap_or_else(|| format!("sqlite:{}", data.join("izinli.db").display()));
    config.server.public_url = url.to_owned();
    config.server.secure_cookies = false;
    config.server.shutdown_seconds = 10;
    config.keys.file = data.join("key");
    config.log.level =
        std::env::var("IZINLI__LOG__LEVEL").unwrap_or_else(|_| "warn,sqlx=error".into());
    config.uploads.folder = data.join("uploads");
    config.uploads.poll_ms = 100;
    config.registry.base_url = iys.to_owned();
    config.practice.simulators = vec![iys.to_owned(), infobip.to_owned()];
    config.registry.poll_after_seconds = vec![1, 2, 5];
    config.registry.poll_ms = 100;
    config.dispatch.poll_ms = 50;
    config.dispatch.quiet_seconds = 2;
    config.receipts.poll_ms = 50;
    config
}

struct Made {
    firm: FirmId,
    sync_brand: BrandId,
    integrator_brand: BrandId,
    connector: ConnectorId,
    key: String,
    password: String,
}

async fn set_up(session: &Session, infobip: &str) -> anyhow::Result<Made> {
    let mut rng = rand::rngs::OsRng.unwrap_err();
    let secret = ApiKeySecret::generate(&mut rng);
    let password = user::random_password()?;
    let mut writer = session.store.write().await?;
    let firm = match writer.firm_named("Örnek Perakende").await? {
        Some(_) => bail!("this database has a demo in it already; give an empty one"),
        None => writer.create_firm("Örnek Perakende").await?.id,
    };
    writer.begin_practice(firm).await?;
    let sync_brand = brand(
        &mut writer,
        firm,
        "Örnek Mağaza",
        "ORNEK",
        RegistryMode::Sync,
        IYS_CODE,
    )
    .await?;
    let integrator_brand = brand(
        &mut writer,
        firm,
        "Örnek Klinik",
        "ORNEKKLINIK",
        RegistryMode::Integrator,
        SECOND_BRAND_CODE,
    )
    .await?;
    let new = NewUser {
        email: domain::EmailAddress::from_normalised(EMAIL).context("an e-mail address")?,
        name: "Demo Kullanıcısı".into(),
        password: user::hash(&password)?,
        role: Role::Owner,
        language: store::access::Language::Turkish,
    };
    writer.create_user(firm, new).await?;
    writer
        .create_api_key(firm, "demo", Role::Admin, None, &secret)
        .await?;
    writer.commit().await?;
    let engine = session.engine()?;
    let settings = json!({ "base_url": infobip, "api_key": API_KEY });
    let account = engine
        .create_connector(firm, "infobip", "Infobip (simülatör)", &settings, ACTOR)
        .await?;
    let (account, report) = engine.test_connector(firm, account.id).await?;
    if account.state != store::connectors::ConnectorState::Active {
        bail!("the provider account does not pass its test: {report:?}");
    }
    Ok(Made {
        firm,
        sync_brand,
        integrator_brand,
        connector: account.id,
        key: secret.text().expose_secret().to_owned(),
        password,
    })
}

async fn brand(
    writer: &mut store::Writer,
    firm: FirmId,
    name: &str,
    short_name: &str,
    mode: RegistryMode,
    brand_code: i64,
) -> anyhow::Result<BrandId> {
    let new = NewBrand {
        name: name.to_owned(),
        short_name: short_name.to_owned(),
        trade_name: "ORNEK PERAKENDE AS".into(),
        mersis: "0123456789012345".into(),
        path_key: store::token::path_key(&mut rand::rngs::OsRng.unwrap_err()),
    };
    let mut brand = writer.create_brand(firm, new).await?;
    brand.mode = mode;
    brand.iys_code = Some(IYS_CODE);
    brand.brand_code = Some(brand_code);
    brand.iys_username = Some(IYS_USER.into());
    brand.window = SendingWindow {
        from_minute: 9 * 60,
        to_minute: 21 * 60,
    };
    writer.save_brand(&brand).await?;
    writer
        .set_brand_password(
            firm,
            brand.id,
            Some(&SecretString::from(IYS_PASSWORD.to_owned())),
        )
        .await?;
    Ok(brand.id)
}

/// What becomes of messages at the provider simulator.
pub(crate) fn provider_population() -> simulators::infobip::Population {
    simulators::infobip::Population {
        rejected_pct: 1,
        undelivered_pct: 3,
        expired_pct: 1,
        ..simulators::infobip::Population::default()
    }
}

/// People of the sample file whom İYS does not know, so that the integrator
/// brand has records to create.
fn unknown_at_iys() -> Vec<Value> {
    (10..18)
        .map(|number| {
            json!({ "iysCode": IYS_CODE, "brandCode": SECOND_BRAND_CODE, "status": "NONE",
                    "recipient": format!("+9053202010{number}"), "recipientType": "BIREYSEL", "type": "MESAJ" })
        })
        .collect()
}

async fn set_up_simulators(iys: &str, infobip: &str) -> anyhow::Result<()> {
    let brands: Vec<Value> = [
        (IYS_CODE, "Örnek Mağaza"),
        (SECOND_BRAND_CODE, "Örnek Klinik"),
    ]
    .iter()
    .map(|(code, name)| {
        json!({ "iysCode": IYS_CODE, "brandCode": code, "name": name,
                    "username": IYS_USER, "password": IYS_PASSWORD })
    })
    .collect();
    let told = [
        (format!("{iys}/_sim/brands"), json!({ "brands": brands })),
        (
            format!("{iys}/_sim/population"),
            json!({ "onay_pct": ONAY_PERCENT, "ret_pct": RET_PERCENT }),
        ),
        (format!("{infobip}/_sim/keys"), json!({ "keys": [API_KEY] })),
        (
            format!("{infobip}/_sim/population"),
            serde_json::to_value(provider_population())?,
        ),
        (
            format!("{iys}/_sim/state"),
            json!({ "records": unknown_at_iys() }),
        ),
    ];
    let http = super::client::http()?;
    for (url, body) in told {
        let answer = http.post(&url).json(&body).send().await?;
        if !answer.status().is_success() {
            bail!(
                "{url} answered {}: {}",
                answer.status(),
                answer.text().await?
            );
        }
    }
    Ok(())
}
