//! What happens over time: uploads are judged and applied, İYS is asked and
//! told, campaigns are frozen and sent, receipts are mapped.
//!
//! **Never here:** SQL text, a provider's protocol, HTTP routes, a decision
//! about consent (that is `domain`). The engine carries between the rooms.
//!
//! **Start reading** at [`Engine`]; then follow the data: [`uploads`] →
//! [`registry`] → [`campaigns`] → [`dispatch`] → [`receipts`].
//!
//! **To add a kind of work:** 1. give it a table in `store` whose rows say
//! what is due, with a lease; 2. write a *step* that takes what is due, does it
//! and settles it, so that a kill at any line loses nothing; 3. repeat the step
//! in [`Engine::run`]; 4. drive the step by hand in a test.

mod attributes;
pub mod campaigns;
pub mod clients;
pub mod complaints;
pub mod connections;
pub mod consents;
pub mod coverage;
pub mod deadlines;
pub mod dispatch;
pub mod error;
pub mod events;
pub mod evidence;
pub mod exports;
pub mod findings;
mod group;
mod housekeeping;
pub mod links;
pub mod mails;
pub mod optouts;
pub mod practice;
pub mod promotions;
mod provider_alarms;
pub mod receipts;
mod refusals;
pub mod registry;
pub mod replies;
pub mod seals;
pub mod segments;
pub mod settings;
pub mod uploads;
pub mod variables;
pub mod verification;
pub mod why;
pub mod worker;
pub mod worklist;

use std::sync::Arc;
use std::time::Duration;

use domain::{Clock, Timestamp};
use store::Store;
use store::workers::WorkerGuard;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use clients::Clients;
pub use connectors::{ConfigError, FieldForm, catalogue as connector_kinds};
pub use error::EngineError;
pub use intake::Action;
pub use settings::Settings;
pub use worker::Step;

/// Pause between looks for campaigns to seal.
const SEAL_REST_MS: u64 = 2_000;

/// Everything that works over time, shared by the API, commands and workers.
#[derive(Debug)]
pub struct Engine {
    store: Store,
    settings: Settings,
    identity: Identity,
    clients: Clients,
    paces: dispatch::Paces,
    strikes: dispatch::Strikes,
    refreshed: campaigns::Refreshed,
    rechecks: dispatch::Rechecks,
    light_rests: registry::lights::Rests,
    weekly_looked: registry::sweep::Looked,
    planned: registry::agreement::Planned,
    answers: registry::asked::Answers,
    pull_rests: registry::pull::PullRests,
    calendar: domain::calendar::Calendar,
    seen_files: uploads::SeenFiles,
    pulls: receipts::Pulls,
    reply_pulls: replies::ReplyPulls,
    desk: receipts::Desk,
    wake: Wake,
    stopping: CancellationToken,
}

/// Who this process is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Unique among all processes on the database.
    pub worker: String,
    /// How providers reach us, without a slash at the end.
    pub public_url: String,
}

/// Tells loops of this process that there is something to do; others poll.
#[derive(Debug, Default)]
struct Wake {
    uploads: Arc<Notify>,
    registry: Arc<Notify>,
    dispatch: Arc<Notify>,
    receipts: Arc<Notify>,
    replies: Arc<Notify>,
}

impl Engine {
    /// An engine over a store.
    ///
    /// # Errors
    /// [`EngineError::Internal`] when settings could lose or double messages,
    /// or an HTTP client cannot be made.
    pub fn new(
        store: Store,
        settings: Settings,
        identity: Identity,
    ) -> Result<Arc<Self>, EngineError> {
        settings
            .check()
            .map_err(|refused| EngineError::Internal(refused.to_string()))?;
        let clients = Clients::new(&settings, &store)?;
        let calendar = deadlines::calendar(&settings.deadlines)?;
        Ok(Arc::new(Self {
            store,
            settings,
            identity,
            clients,
            paces: dispatch::Paces::default(),
            strikes: dispatch::Strikes::default(),
            refreshed: campaigns::Refreshed::default(),
            rechecks: dispatch::Rechecks::default(),
            light_rests: registry::lights::Rests::default(),
            weekly_looked: registry::sweep::Looked::default(),
            planned: registry::agreement::Planned::default(),
            answers: registry::asked::Answers::default(),
            pull_rests: registry::pull::PullRests::default(),
            calendar,
            seen_files: uploads::SeenFiles::default(),
            pulls: receipts::Pulls::default(),
            reply_pulls: replies::ReplyPulls::default(),
            desk: receipts::Desk::default(),
            wake: Wake::default(),
            stopping: CancellationToken::new(),
        }))
    }

    /// The store.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.store.clock()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// The name under which this process leases work.
    pub fn worker(&self) -> &str {
        &self.identity.worker
    }

    /// Whether nothing new should be begun.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Announces this process as a worker; its leases fall when the guard does.
    ///
    /// # Errors
    /// [`EngineError`] when the name is taken or the database is not there.
    pub async fn announce(&self) -> Result<WorkerGuard, EngineError> {
        Ok(self.store.register_worker(&self.identity.worker).await?)
    }

    /// Runs every loop until the token ends it; each finishes the step it is in.
    ///
    /// # Errors
    /// [`EngineError`] when the worker cannot be announced.
    pub async fn run(self: &Arc<Self>, cancel: CancellationToken) -> Result<(), EngineError> {
        let guard = self.announce().await?;
        let mut tasks = JoinSet::new();
        self.spawn_loops(&mut tasks, &cancel);
        self.watch_guard(guard, &cancel).await;
        self.stopping.cancel();
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = %error, "a loop ended badly: {error}");
            }
        }
        Ok(())
    }

    fn spawn_loops(self: &Arc<Self>, tasks: &mut JoinSet<()>, cancel: &CancellationToken) {
        let ms = Duration::from_millis;
        let settings = &self.settings;
        macro_rules! repeat {
            ($name:literal, $rest:expr, $step:ident $(, woken by $bell:ident)?) => {{
                let engine = Arc::clone(self);
                let bell = None::<Arc<Notify>>$(.or(Some(Arc::clone(&self.wake.$bell))))?;
                worker::spawn_loop(tasks, $name, $rest, bell, cancel.clone(), move || {
                    let engine = Arc::clone(&engine);
                    async move { engine.$step().await }
                });
            }};
        }
        repeat!("uploads", ms(settings.uploads.poll_ms), step_uploads, woken by uploads);
        if !settings.uploads.drops.is_empty() {
            repeat!("drops", ms(settings.uploads.drop_poll_ms), step_drops);
        }
        let hour = Duration::from_secs(60).saturating_mul(
            u32::try_from(settings.housekeeping.every_minutes.max(1)).unwrap_or(u32::MAX),
        );
        repeat!("housekeeping", hour, step_housekeeping);
        repeat!("coverage", hour, step_coverage);
        repeat!("credit", hour, step_credit);
        repeat!("registry", ms(settings.registry.poll_ms), step_registry, woken by registry);
        repeat!(
            "agreements",
            ms(settings.registry.poll_ms.saturating_mul(10)),
            step_agreements
        );
        repeat!("launch", ms(settings.dispatch.poll_ms), step_launch, woken by dispatch);
        repeat!("dispatch", ms(settings.dispatch.poll_ms), step_dispatch, woken by dispatch);
        repeat!("resolve", ms(settings.dispatch.poll_ms), step_resolve);
        repeat!("receipts", ms(settings.receipts.poll_ms), step_receipts, woken by receipts);
        repeat!("pull", ms(settings.receipts.poll_ms), step_pull);
        repeat!(
            "hear",
            ms(settings.receipts.poll_ms.saturating_mul(5)),
            step_hear
        );
        repeat!("replies", ms(settings.receipts.poll_ms), step_replies, woken by replies);
        repeat!(
            "pull replies",
            ms(settings.receipts.poll_ms.saturating_mul(5)),
            step_pull_replies
        );
        repeat!(
            "watch",
            ms(settings.dispatch.poll_ms.saturating_mul(5)),
            step_watch
        );
        repeat!("finish", ms(settings.dispatch.poll_ms), step_finish);
        repeat!("seal", ms(SEAL_REST_MS), step_seal);
        let look = Duration::from_secs(settings.deadlines.check_seconds);
        repeat!("alarms", look, step_alarms);
        repeat!("findings", look, step_findings);
        repeat!("verify", look, step_verify);
    }

    /// Keeps the announcement alive: when a database connection was cut, the
    /// lock is gone and must be taken again before others think we died.
    async fn watch_guard(&self, mut guard: WorkerGuard, cancel: &CancellationToken) {
        const CHECK_EVERY: Duration = Duration::from_secs(5);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(CHECK_EVERY) => {}
            }
            if guard.is_held().await {
                continue;
            }
            match self.announce().await {
                Ok(again) => guard = again,
                Err(error) => tracing::warn!(error = %error, "the worker's lock was lost: {error}"),
            }
        }
    }
}
