//! Everything an Infobip simulator knows, behind one lock, and what it does
//! with a message.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::book::{Book, Entry, Envelope, is_final, phone_digits};
use super::config::{Config, Options};
use super::plan::{Fate, Fates, Step, Steps};
use super::problem::{Refusal, injected_body};
use super::pusher::push_reports;
use super::request::{Message, RecipientType, SendRequest};
use super::status::{self, Status};
use super::timeline::{Due, Push, Timeline};
use super::{control, routes};
use crate::control::Stage;
use crate::dice::{mix, uuid};
use crate::lock::locked;
use crate::segments;
use crate::server::{self, Running, Worker};

/// Longest message: 25 parts or 4,000 bytes.
const PARTS_MAX: usize = 25;
const BYTES_MAX: usize = 4_000;

/// A stand-in for Infobip.
#[derive(Debug)]
pub struct InfobipSim;

impl InfobipSim {
    /// Serves on `listener` until the returned handle is stopped.
    ///
    /// # Errors
    /// When the listener has no address, the configured shares exceed 100, or
    /// the client that pushes reports cannot be built.
    #[expect(
        clippy::unused_async,
        reason = "every simulator starts the same way, and starting spawns onto the runtime"
    )]
    pub async fn start(config: Config, listener: TcpListener) -> anyhow::Result<Running> {
        anyhow::ensure!(
            config.population.is_sound(),
            "the shares of the population exceed 100"
        );
        let stage = Stage::new(config.clock.clone(), injected_body);
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("cannot build the client that pushes delivery reports")?;
        let sim = Arc::new(Infobip {
            world: Mutex::new(World::new(&config)),
            woken: Notify::new(),
            stage: Arc::clone(&stage),
            config,
        });
        let shutdown = CancellationToken::new();
        let workers = (0..sim.config.push_concurrency.max(1))
            .map(|_| -> Worker { Box::pin(push_reports(Arc::clone(&sim), client.clone())) })
            .collect();
        let routes = routes::routes(Arc::clone(&sim)).merge(control::routes(sim));
        server::start(listener, routes, &stage, shutdown, workers)
    }
}

/// What the routes and the pushing workers share.
#[derive(Debug)]
pub(crate) struct Infobip {
    pub(crate) config: Config,
    pub(crate) stage: Arc<Stage>,
    /// Rung when there are new reports to push.
    pub(crate) woken: Notify,
    world: Mutex<World>,
}

impl Infobip {
    /// The world, brought up to the clock's time.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = locked(&self.world);
        world.bring_up_to(self.config.clock.now_ms());
        world
    }

    pub(crate) fn reset(&self) {
        let mut world = locked(&self.world);
        let generation = world.generation + 1;
        *world = World::new(&self.config);
        world.generation = generation;
        drop(world);
        self.stage.reset();
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now_ms: i64,
    /// Tells a push that left before a reset from the ones after it.
    pub(crate) generation: u64,
    seed: u64,
    pub(crate) options: Options,
    pub(crate) api_keys: Vec<String>,
    pub(crate) account: Account,
    pub(crate) fates: Fates,
    pub(crate) book: Book,
    pub(crate) timeline: Timeline,
    /// Replies of people that nobody asked for yet.
    pub(crate) replies: VecDeque<Value>,
    /// Messages by the status they got in the answer to their request.
    pub(crate) answered: BTreeMap<u8, u64>,
    /// Final reports by status.
    pub(crate) reported: BTreeMap<u8, u64>,
    pub(crate) requests: u64,
    pub(crate) largest_request: u64,
    send_calls: VecDeque<i64>,
    log_calls: VecDeque<i64>,
}

/// The answer to a send request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replies<'a> {
    bulk_id: Cow<'a, str>,
    messages: Vec<Reply<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reply<'a> {
    message_id: Cow<'a, str>,
    destination: &'a str,
    status: &'static Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    message_count: u8,
}

impl World {
    fn new(config: &Config) -> Self {
        let mut fates = Fates::default();
        fates.set_rule(config.population.clone());
        Self {
            now_ms: config.clock.now_ms(),
            generation: 0,
            seed: config.seed,
            options: config.options.clone(),
            api_keys: config.api_keys.clone(),
            account: config.account.clone(),
            fates,
            book: Book::new(config.text_bytes_max),
            timeline: Timeline::default(),
            replies: VecDeque::new(),
            answered: BTreeMap::new(),
            reported: BTreeMap::new(),
            requests: 0,
            largest_request: 0,
            send_calls: VecDeque::new(),
            log_calls: VecDeque::new(),
        }
    }

    /// Takes a sound request in and decides each of its messages.
    pub(crate) fn accept<'a>(&mut self, request: &'a SendRequest<'a>) -> Replies<'a> {
        self.requests += 1;
        let bulk_id = match request.bulk_id() {
            Some(given) => Cow::Borrowed(given),
            None => Cow::Owned(self.new_id(!0)),
        };
        let is_known_bulk = self.book.bulk(&bulk_id).is_some();
        let send_ms = request
            .send_at()
            .map_or(self.now_ms, |at| at.as_millisecond().max(self.now_ms));
        let bulk = (!is_known_bulk).then(|| self.book.open(&bulk_id, self.now_ms, send_ms));
        let mut replies = Vec::new();
        for message in &request.messages {
            let drafted = self.draft(message);
            for destination in &message.destinations {
                let id = match &destination.message_id {
                    Some(given) => Cow::Borrowed(&**given),
                    None => Cow::Owned(self.new_id(u64::from(self.book.len()))),
                };
                let entry = Entry {
                    id: &id,
                    to: &destination.to,
                    ..drafted.entry
                };
                let status = match bulk {
                    Some(bulk) => self.take(bulk, &drafted, entry, send_ms),
                    None => status::DUPLICATE_ID,
                };
                *self.answered.entry(status).or_default() += 1;
                let details = Details {
                    message_count: entry.parts,
                };
                replies.push(Reply {
                    message_id: id,
                    destination: &destination.to,
                    status: status::status(status),
                    details: request.wants_parts().then_some(details),
                });
            }
        }
        let count = u64::try_from(replies.len()).unwrap_or_default();
        self.largest_request = self.largest_request.max(count);
        Replies {
            bulk_id,
            messages: replies,
        }
    }

    /// What all destinations of one text share.
    fn draft<'a>(&mut self, message: &'a Message<'a>) -> Draft<'a> {
        let webhooks = message.webhooks.as_ref();
        let delivery = webhooks.and_then(|webhooks| webhooks.delivery.as_ref());
        let wants_push = delivery.is_some_and(|delivery| delivery.notify.unwrap_or(true));
        let url = webhooks
            .and_then(|webhooks| webhooks.url())
            .filter(|_| wants_push);
        let options = message.options.as_ref();
        let platform = options.and_then(|options| options.platform.as_ref());
        let envelope = Envelope {
            sender: message.sender.as_deref().unwrap_or_default().into(),
            url: url.map(|url| self.book.url_no(url)),
            campaign: options
                .and_then(|options| options.campaign_reference_id.as_deref())
                .map(Cow::Borrowed),
            entity: platform
                .and_then(|platform| platform.entity_id.as_deref())
                .map(Cow::Borrowed),
            application: platform
                .and_then(|platform| platform.application_id.as_deref())
                .map(Cow::Borrowed),
            iys: options
                .and_then(|options| options.regional.as_ref()?.turkey_iys.as_ref())
                .map(|iys| match iys.recipient_type {
                    RecipientType::Consumer => "BIREYSEL",
                    RecipientType::Merchant => "TACIR",
                }),
        };
        let body = message.body();
        let parts = if message.content.hex.is_some() {
            body.len().div_ceil(280)
        } else if message.is_transliterated() {
            segments::parts(&segments::transliterated(body), false)
        } else {
            segments::parts(body, message.speaks_turkish())
        };
        Draft {
            entry: Entry {
                id: "",
                to: "",
                callback: webhooks
                    .and_then(|webhooks| webhooks.callback_data.as_deref())
                    .unwrap_or_default(),
                text: body,
                envelope: self.book.envelope_no(&envelope),
                parts: u8::try_from(parts).unwrap_or(u8::MAX),
                status: status::ACCEPTED,
                is_accepted: true,
            },
            is_too_long: parts > PARTS_MAX || body.len() > BYTES_MAX,
            wants_operator_report: delivery
                .and_then(|delivery| delivery.intermediate_report)
                .unwrap_or_default(),
        }
    }

    /// Decides one message; the status it is answered with.
    fn take(&mut self, bulk: u32, draft: &Draft<'_>, entry: Entry<'_>, send_ms: i64) -> u8 {
        let earlier = self.book.find(entry.id);
        if earlier.is_some_and(|at| self.book.message(at).is_accepted) {
            // The first message keeps its state; nothing is sent again.
            return status::DUPLICATE_ID;
        }
        let steps = match self.judge(draft, &entry) {
            Ok(steps) => steps,
            Err(refused) => {
                let refused_entry = Entry {
                    status: refused,
                    is_accepted: false,
                    ..entry
                };
                self.book.file(bulk, earlier, &refused_entry);
                return refused;
            }
        };
        let at = self.book.file(bulk, earlier, &entry);
        let mut schedule = |step: &Step| {
            let after_ms = i64::try_from(step.after_ms).unwrap_or(i64::MAX / 2);
            let due = Due {
                message: at,
                status: step.status,
                error: step.error,
            };
            self.timeline
                .schedule(send_ms.saturating_add(after_ms), due);
        };
        if draft.wants_operator_report
            && let Some(first) = steps.as_slice().first()
        {
            schedule(&Step {
                after_ms: first.after_ms / 2,
                status: status::TO_OPERATOR,
                error: 0,
            });
        }
        steps.as_slice().iter().for_each(schedule);
        status::ACCEPTED
    }

    fn judge(&mut self, draft: &Draft<'_>, entry: &Entry<'_>) -> Result<Steps, u8> {
        if phone_digits(entry.to).is_none() {
            return Err(status::BAD_DESTINATION);
        }
        if draft.is_too_long {
            return Err(status::TOO_LONG);
        }
        match self.fates.draw(entry.to, self.options.report_delay_ms) {
            Fate::Refused(status) => Err(status),
            Fate::Accepted(_) if !self.account.charge(entry.parts) => Err(status::NO_CREDIT),
            Fate::Accepted(steps) => Ok(steps),
        }
    }

    /// Notes every report that is due and queues it for its receiver.
    fn bring_up_to(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
        while let Some(ripe) = self.timeline.ripe(now_ms) {
            for due in ripe {
                self.book.note(due.message, due.status, due.error, now_ms);
                if is_final(due.status) {
                    *self.reported.entry(due.status).or_default() += 1;
                }
                let envelope = self.book.message(due.message).envelope;
                match self.book.envelope(envelope).url {
                    Some(url) => self.timeline.post(url, due),
                    None => self.timeline.keep_for_pull(due),
                }
            }
        }
    }

    /// The next push with its URL and body, counted as sent.
    pub(crate) fn next_push(&mut self) -> Option<(Push, String, Vec<u8>)> {
        let push = self
            .timeline
            .next_push(self.options.push_items_max, self.now_ms)?;
        self.timeline.counts.sent += 1;
        let body = super::report::reports(&self.book, &self.account, &push.reports);
        let url = self.book.url(push.url).to_owned();
        Some((push, url, body))
    }

    /// Plans the n-th repetition of a push, or gives it up.
    pub(crate) fn push_failed(&mut self, push: Push) {
        let repetition = u64::from(push.attempts) + 1;
        if push.attempts >= self.options.push_retries_max {
            self.timeline.give_up(push);
            return;
        }
        let unit_ms = self.options.push_retry_unit_ms;
        let wait_ms = unit_ms.saturating_add(unit_ms.saturating_mul(repetition * repetition));
        let at_ms = self.now_ms + i64::try_from(wait_ms).unwrap_or(i64::MAX / 2);
        self.timeline.repeat(push, at_ms);
    }

    /// How long until there is something to push, if anything is planned.
    pub(crate) fn idle(&self) -> Option<Duration> {
        let next_ms = self.timeline.next_ms()?;
        let wait_ms = u64::try_from(next_ms - self.now_ms).unwrap_or_default();
        Some(Duration::from_millis(wait_ms))
    }

    /// # Errors
    /// 429 when the send request is one too many.
    pub(crate) fn count_send(&mut self) -> Result<(), Refusal> {
        let limits = self.options.limits.as_ref();
        let max = limits.and_then(|limits| limits.sends_per_second);
        admit(&mut self.send_calls, max, 1_000, self.now_ms)
    }

    /// # Errors
    /// 429 when the log query is one too many.
    pub(crate) fn count_log(&mut self) -> Result<(), Refusal> {
        let limits = self.options.limits.as_ref();
        let max = limits.and_then(|limits| limits.logs_per_minute);
        admit(&mut self.log_calls, max, 60_000, self.now_ms)
    }

    fn new_id(&self, salt: u64) -> String {
        let first = mix(self.seed ^ mix(self.requests) ^ salt);
        uuid(first, mix(first))
    }
}

#[derive(Debug)]
struct Draft<'a> {
    entry: Entry<'a>,
    is_too_long: bool,
    wants_operator_report: bool,
}

fn admit(
    window: &mut VecDeque<i64>,
    max: Option<usize>,
    span_ms: i64,
    now_ms: i64,
) -> Result<(), Refusal> {
    let Some(max) = max else {
        return Ok(());
    };
    // The clock can be moved back by hand; calls of the future do not count.
    window.retain(|at| (now_ms - span_ms + 1..=now_ms).contains(at));
    if window.len() < max {
        window.push_back(now_ms);
        return Ok(());
    }
    let oldest = window.front().copied().unwrap_or(now_ms);
    let wait_ms = u64::try_from(oldest + span_ms - now_ms).unwrap_or_default();
    Err(Refusal::TooMany {
        retry_after_s: wait_ms.div_ceil(1_000).max(1),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Resident memory of this process, bytes.
    fn resident() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
        let pages: usize = statm
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse().ok())
            .expect("a number of pages");
        pages * 4_096
    }

    #[test]
    fn a_message_costs_at_most_two_hundred_bytes_of_memory() {
        const MESSAGES: usize = 200_000;
        const BATCH: usize = 500;
        let mut world = World::new(&Config::default());
        let before = resident();
        for batch in 0..MESSAGES / BATCH {
            let destinations: Vec<serde_json::Value> = (0..BATCH)
                .map(|n| {
                    let to = format!("90532{:07}", batch * BATCH + n);
                    serde_json::json!({ "to": to, "messageId": format!("01J8ZQ4M9T-{batch:05}-{n:05}") })
                })
                .collect();
            let body = serde_json::json!({ "messages": [{
                "sender": "ORNEKMARKA",
                "destinations": destinations,
                "content": { "text": "Merhaba" },
                "webhooks": { "delivery": { "url": "http://127.0.0.1:9/dlr" } },
            }] })
            .to_string();
            let request = serde_json::from_str(&body).expect("a request");
            world.accept(&request);
        }
        assert_eq!(world.book.accepted(), 200_000);
        let grown = resident().saturating_sub(before);
        assert!(
            grown < MESSAGES * 200,
            "{} bytes a message",
            grown / MESSAGES
        );
    }
}
