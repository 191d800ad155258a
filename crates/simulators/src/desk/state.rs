//! A provider's simulator: its state behind one lock, and how it is started.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Context;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::book::{Book, Message, Order, Taken};
use super::control;
use super::options::Options;
use super::pusher::{Pushed, push_for_ever};
use super::script::Fates;
use crate::clock::Clock;
use crate::control::Stage;
use crate::lock::locked;
use crate::server::{self, Running, Worker};

/// Receipts under way at a time.
const PUSHES_AT_A_TIME: usize = 4;

/// What a simulator starts with, and returns to on reset.
#[derive(Debug, Clone)]
pub struct Config {
    /// What time it is.
    pub clock: Clock,
    /// Behaviour, changeable while it runs.
    pub options: Options,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            clock: Clock::real(),
            options: Options::default(),
        }
    }
}

/// What is a provider's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    pub(crate) routes: fn(Arc<Desk>) -> Router,
    /// Its error body for an injected status.
    pub(crate) error_body: fn(StatusCode) -> Value,
    /// Whether it names refused people in the answer to the request.
    pub(crate) refuses_at_once: bool,
    /// Receipts in one push; 0: it pushes none.
    pub(crate) push_items_max: usize,
    /// Writes a push.
    pub(crate) push: fn(&Options, &str, &[Message], i64) -> Pushed,
    /// Writes the push of a reply, if it pushes them.
    pub(crate) inbound: Option<fn(&Options, &str, &Reply) -> Pushed>,
}

/// Somebody wrote back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) text: String,
    pub(crate) at_ms: i64,
}

/// What the routes and the workers share.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) service: Service,
    pub(crate) config: Config,
    pub(crate) stage: Arc<Stage>,
    /// Rung when there is something new to push.
    pub(crate) woken: Notify,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) now_ms: i64,
    /// Tells a push that left before a reset from the ones after it.
    pub(crate) generation: u64,
    pub(crate) options: Options,
    pub(crate) fates: Fates,
    pub(crate) book: Book,
    /// Receipts to push: when, which message, which copy.
    pub(crate) due: BTreeSet<(i64, usize, u8)>,
    pub(crate) replies: VecDeque<Reply>,
    pub(crate) replies_due: VecDeque<Reply>,
    /// Codes with which the next requests are refused whole.
    pub(crate) refusals: VecDeque<String>,
    pub(crate) pushes: Pushes,
    sends: VecDeque<i64>,
    pulls: VecDeque<i64>,
}

/// Counts of pushes and of the receipts in them.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Pushes {
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    pub(crate) reports_acknowledged: u64,
}

/// Starts a provider's simulator.
///
/// # Errors
/// When the listener has no address or the client that pushes cannot be built.
pub(crate) fn start(
    service: Service,
    config: Config,
    listener: TcpListener,
) -> anyhow::Result<Running> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .context("cannot build the client that pushes receipts")?;
    let (desk, routes) = open(service, config);
    let workers = (0..PUSHES_AT_A_TIME)
        .map(|_| -> Worker { Box::pin(push_for_ever(Arc::clone(&desk), client.clone())) })
        .collect();
    let stage = Arc::clone(&desk.stage);
    server::start(listener, routes, &stage, CancellationToken::new(), workers)
}

/// The desk with its routes, its own and the control calls.
pub(crate) fn open(service: Service, config: Config) -> (Arc<Desk>, Router) {
    let stage = Stage::new(config.clock.clone(), service.error_body);
    let desk = Arc::new(Desk {
        service,
        stage,
        woken: Notify::new(),
        state: Mutex::new(State::new(&config)),
        config,
    });
    let routes = (service.routes)(Arc::clone(&desk)).merge(control::routes(Arc::clone(&desk)));
    (desk, routes)
}

impl Desk {
    /// The state, brought up to the clock's time.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        let mut state = locked(&self.state);
        state.now_ms = self.config.clock.now_ms();
        state
    }

    pub(crate) fn reset(&self) {
        let mut state = locked(&self.state);
        let generation = state.generation + 1;
        *state = State::new(&self.config);
        state.generation = generation;
        drop(state);
        self.stage.reset();
    }

    /// Takes a sound request in and decides each of its messages.
    pub(crate) fn take(&self, order: &Order<'_>) -> Taken {
        let mut state = self.state();
        let State {
            now_ms,
            options,
            fates,
            book,
            due,
            ..
        } = &mut *state;
        let taken = book.take(
            order,
            fates,
            *now_ms,
            options.report_delay_ms,
            self.service.refuses_at_once,
        );
        let mut parts = 0;
        for at in taken.items.iter().flatten() {
            let message = book.message(*at);
            parts += message.parts;
            let is_told = message.outcome != crate::infobip::Outcome::None;
            let has_address = message.url.is_some() || options.push_url.is_some();
            if self.service.push_items_max > 0 && is_told && has_address {
                due.extend((0..message.copies).map(|copy| (message.due_ms, *at, copy)));
            }
        }
        options.balance_hundredths -=
            options.price_hundredths * i64::try_from(parts).unwrap_or_default();
        drop(state);
        self.woken.notify_waiters();
        taken
    }
}

impl State {
    fn new(config: &Config) -> Self {
        Self {
            now_ms: config.clock.now_ms(),
            generation: 0,
            options: config.options.clone(),
            fates: Fates::default(),
            book: Book::default(),
            due: BTreeSet::new(),
            replies: VecDeque::new(),
            replies_due: VecDeque::new(),
            refusals: VecDeque::new(),
            pushes: Pushes::default(),
            sends: VecDeque::new(),
            pulls: VecDeque::new(),
        }
    }

    /// Whether one more send request is within the limit.
    pub(crate) fn may_send(&mut self) -> bool {
        admit(&mut self.sends, self.options.sends_per_minute, self.now_ms)
    }

    /// Whether one more report query is within the limit.
    pub(crate) fn may_pull(&mut self) -> bool {
        admit(&mut self.pulls, self.options.pulls_per_minute, self.now_ms)
    }
}

fn admit(window: &mut VecDeque<i64>, max: Option<usize>, now_ms: i64) -> bool {
    let Some(max) = max else {
        return true;
    };
    // The clock can be moved back by hand; calls of the future do not count.
    window.retain(|at| (now_ms - 59_999..=now_ms).contains(at));
    let is_admitted = window.len() < max;
    if is_admitted {
        window.push_back(now_ms);
    }
    is_admitted
}

/// A JSON answer with a status.
pub(crate) fn json(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, axum::Json(body)).into_response()
}
