//! Everything an İYS simulator knows, behind one lock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::response::Response;
use jiff::civil::Date;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::accounts::{Accounts, Permissions, Right, UserNo};
use super::book::{Book, BrandNo};
use super::call::Call;
use super::codes::{self, Code};
use super::config::{Config, Options};
use super::limits::{Limited, Windows};
use super::moment::Local;
use super::population::Population;
use super::problem::{Refusal, injected_body};
use super::push::{self, Pushes};
use super::requests::Requests;
use super::script::Scripts;
use super::tokens::Tokens;
use super::via::Via;
use super::words::Channel;
use super::{control, routes};
use crate::control::Stage;
use crate::lock::locked;
use crate::server::{self, Running};

/// A stand-in for İYS.
#[derive(Debug)]
pub struct IysSim;

impl IysSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// When the listener has no address, or the configured population is unsound.
    #[expect(
        clippy::unused_async,
        reason = "every simulator starts the same way, and starting spawns onto the runtime"
    )]
    pub async fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        anyhow::ensure!(
            config.population.as_ref().is_none_or(Population::is_sound),
            "the shares of the population exceed 100, or it names an unknown recipient type"
        );
        let stage = Stage::new(config.clock.clone(), injected_body);
        let sim = Arc::new(Iys {
            world: Mutex::new(World::new(&config)),
            stage: Arc::clone(&stage),
            config,
            woken: Notify::new(),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .context("cannot make a client for pushes")?,
        });
        let pusher = push::push_movements(Arc::clone(&sim));
        let routes = routes::routes(Arc::clone(&sim)).merge(control::routes(sim));
        server::start(
            listener,
            routes,
            &stage,
            CancellationToken::new(),
            vec![Box::pin(pusher)],
        )
    }
}

/// What the routes share.
#[derive(Debug)]
pub(crate) struct Iys {
    pub(crate) config: Config,
    pub(crate) stage: Arc<Stage>,
    pub(crate) world: Mutex<World>,
    /// Rings when there may be something to push.
    pub(crate) woken: Notify,
    /// Pushes go out with it.
    pub(crate) http: reqwest::Client,
}

impl Iys {
    /// Carries a call out on the world as it is now, and words its refusal.
    pub(crate) fn reply(
        &self,
        carry_out: impl FnOnce(&mut World) -> Result<Response, Refusal>,
    ) -> Response {
        let mut world = self.world();
        let quirks = world.options.quirks;
        carry_out(&mut world).unwrap_or_else(|refusal| refusal.answer(quirks))
    }

    /// The world, brought up to the clock's time.
    pub(crate) fn world(&self) -> std::sync::MutexGuard<'_, World> {
        let mut world = locked(&self.world);
        world.bring_up_to(self.config.clock.now());
        world
    }

    pub(crate) fn reset(&self) {
        *locked(&self.world) = World::new(&self.config);
        self.stage.reset();
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now_ms: i64,
    pub(crate) now: Local,
    pub(crate) seed: u64,
    pub(crate) options: Options,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Tokens,
    pub(crate) book: Book,
    pub(crate) requests: Requests,
    pub(crate) scripts: Scripts,
    pub(crate) counters: Counters,
    /// Days that were confirmed.
    pub(crate) agreements: HashSet<(BrandNo, Date)>,
    pub(crate) pushes: Pushes,
    /// Retailers that were registered, by brand and number.
    pub(crate) retailers: HashMap<BrandNo, BTreeMap<u64, Value>>,
    pub(crate) via: Via,
    callers: HashMap<IpAddr, Windows>,
}

/// What no other part counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Addresses in status queries, single and multiple.
    pub(crate) addresses_asked: u64,
    /// Consents taken in by single and asynchronous adds, before any judgement.
    pub(crate) rows_submitted: u64,
    /// Consents recorded by single adds.
    pub(crate) singles_recorded: u64,
    /// The most addresses in one multiple query.
    pub(crate) largest_query: u64,
}

/// A caller's way to a brand.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    pub(crate) brand: BrandNo,
    pub(crate) rights: Permissions,
}

impl Pass {
    /// # Errors
    /// H353 when the caller may not write the channel.
    pub(crate) fn may_write(&self, channel: Channel) -> Result<(), Code> {
        match self.rights.right(channel) {
            Right::Write => Ok(()),
            Right::Read | Right::None => Err(codes::H353),
        }
    }

    /// # Errors
    /// H353 when the caller may not read the channel.
    pub(crate) fn may_read(&self, channel: Channel) -> Result<(), Code> {
        match self.rights.right(channel) {
            Right::Write | Right::Read => Ok(()),
            Right::None => Err(codes::H353),
        }
    }
}

impl World {
    fn new(config: &Config) -> Self {
        let now = config.clock.now();
        let mut world = Self {
            now_ms: now.as_millisecond(),
            now: Local::of(now),
            seed: config.seed,
            options: config.options.clone(),
            accounts: Accounts::default(),
            tokens: Tokens::default(),
            book: Book::default(),
            requests: Requests::default(),
            scripts: Scripts::default(),
            counters: Counters::default(),
            agreements: HashSet::new(),
            pushes: Pushes::default(),
            retailers: HashMap::new(),
            via: Via::default(),
            callers: HashMap::new(),
        };
        world.book.set_population(config.population.clone());
        for brand in &config.brands {
            world.accounts.set_up(brand.clone(), &mut world.book);
        }
        world
    }

    fn bring_up_to(&mut self, now: jiff::Timestamp) {
        self.now_ms = now.as_millisecond();
        self.now = Local::of(now);
        self.requests
            .settle_due(&mut self.book, self.now_ms, self.now);
    }

    /// Counts a token call.
    ///
    /// # Errors
    /// H124, H084.
    pub(crate) fn token_call(&mut self, call: &Call) -> Result<(), Code> {
        let Some(limits) = &self.options.limits else {
            return Ok(());
        };
        let windows = self.callers.entry(call.peer).or_default();
        windows.call(limits, self.now_ms)?;
        windows.token(limits, self.now_ms)
    }

    /// Counts a call and finds out who calls.
    ///
    /// # Errors
    /// H124, H351.
    pub(crate) fn caller(&mut self, call: &Call) -> Result<UserNo, Code> {
        if let Some(limits) = &self.options.limits {
            let windows = self.callers.entry(call.peer).or_default();
            windows.call(limits, self.now_ms)?;
        }
        call.bearer
            .as_deref()
            .and_then(|token| self.tokens.user(token, self.now_ms))
            .ok_or(codes::H351)
    }

    /// Counts a call below `/sps/{iysCode}/brands/{brandCode}` and lets it through.
    ///
    /// # Errors
    /// H124, H351, H190, H191, H353, H520, H521, H524, H586.
    pub(crate) fn enter(&mut self, call: &Call) -> Result<Pass, Code> {
        let user = self.caller(call)?;
        let iys_code = call.number("iys", codes::H190)?;
        let brand_code = call.number("brand", codes::H191)?;
        let brand = self
            .accounts
            .find_brand(iys_code, brand_code)
            .ok_or(codes::H353)?;
        let rights = self.accounts.rights(user, brand)?.clone();
        Ok(Pass { brand, rights })
    }

    /// Counts a call of a kind that has an hourly limit.
    ///
    /// # Errors
    /// H086, H089.
    pub(crate) fn hourly(&mut self, what: Limited, call: &Call) -> Result<(), Code> {
        match &self.options.limits {
            Some(limits) => {
                let windows = self.callers.entry(call.peer).or_default();
                windows.hourly(what, limits, self.now_ms)
            }
            None => Ok(()),
        }
    }
}
