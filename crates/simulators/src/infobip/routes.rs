//! The services of Infobip.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::money;
use super::problem::{Refusal, Violation};
use super::report;
use super::request::{Language, LanguageCode, SendRequest, Transliteration};
use super::schema;
use super::status;
use super::timeline::Due;
use super::world::{Infobip, World};
use crate::segments;

/// A personalised batch of 1,000 long messages is about 2 MB.
const BODY_BYTES_MAX: usize = 8 << 20;
/// Rows of one answer of the logs or of the reports.
const PAGE_MAX: usize = 1_000;
const PAGE_DEFAULT: usize = 50;
/// How long logs and reports are kept.
const KEPT_MS: i64 = 48 * 3_600_000;
/// Longest list of ids in a query.
const IDS_CHARS_MAX: usize = 2_048;

pub(super) fn routes(sim: Arc<Infobip>) -> Router {
    Router::new()
        .route("/sms/3/messages", post(send))
        .route("/sms/3/logs", get(logs))
        .route("/sms/3/reports", get(reports))
        .route("/sms/1/preview", post(preview))
        .route("/sms/1/inbox/reports", get(inbox))
        .route("/account/1/balance", get(balance))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(sim)
}

type Asked = Query<Vec<(String, String)>>;

async fn send(State(sim): State<Arc<Infobip>>, headers: HeaderMap, body: Bytes) -> Response {
    match take(&sim, &headers, &body) {
        Ok(answer) => ([(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn take(sim: &Infobip, headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, Refusal> {
    admit(&sim.world(), headers)?;
    must_be_json(headers)?;
    sim.world().count_send()?;
    let request: SendRequest<'_> = serde_json::from_slice(body)
        .map_err(|error| Refusal::Violations(schema::violations(body, &error)))?;
    let violations = request.violations(sim.config.clock.now());
    if !violations.is_empty() {
        return Err(Refusal::Violations(violations));
    }
    let replies = sim.world().accept(&request);
    sim.woken.notify_waiters();
    Ok(serde_json::to_vec(&replies).expect("an answer has only text keys"))
}

async fn logs(State(sim): State<Arc<Infobip>>, headers: HeaderMap, asked: Asked) -> Response {
    let mut world = sim.world();
    let answer = admit(&world, &headers)
        .and_then(|()| world.count_log())
        .and_then(|()| Filter::read(&asked.0))
        .map(|filter| log_page(&world, &filter));
    match answer {
        Ok(page) => page.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Which messages a log query wants.
#[derive(Debug, Default)]
struct Filter {
    senders: Vec<String>,
    destinations: Vec<String>,
    bulk_ids: Vec<String>,
    message_ids: Vec<String>,
    campaigns: Vec<String>,
    group: Option<String>,
    since_ms: Option<i64>,
    until_ms: Option<i64>,
    limit: usize,
    with_cursor: bool,
    cursor: Option<u32>,
}

impl Filter {
    fn read(asked: &[(String, String)]) -> Result<Self, Refusal> {
        let mut filter = Self {
            limit: PAGE_DEFAULT,
            ..Self::default()
        };
        for (name, value) in asked {
            let wrong = |why: &str| Violation::new(name.as_str(), why);
            if value.len() > IDS_CHARS_MAX {
                return Err(wrong("size must not exceed 2048").into());
            }
            let list = || value.split(',').map(str::to_owned);
            match name.as_str() {
                "sender" | "from" => filter.senders.extend(list()),
                "destination" | "to" => filter.destinations.extend(list()),
                "bulkId" => filter.bulk_ids.extend(list()),
                "messageId" => filter.message_ids.extend(list()),
                "campaignReferenceId" => filter.campaigns.extend(list()),
                "generalStatus" | "status" => filter.group = Some(value.clone()),
                "sentSince" | "sentUntil" => {
                    let at = instant(value).ok_or_else(|| wrong("must be a date"))?;
                    if name == "sentSince" {
                        filter.since_ms = Some(at);
                    } else {
                        filter.until_ms = Some(at);
                    }
                }
                "limit" => {
                    let rows = limit(value).ok_or_else(|| wrong("must be between 1 and 1000"))?;
                    filter.limit = rows;
                }
                "useCursor" => {
                    filter.with_cursor = value.parse().map_err(|_| wrong("must be a boolean"))?;
                }
                "cursor" => {
                    let at = value.strip_prefix("log-").and_then(|at| at.parse().ok());
                    filter.cursor = Some(at.ok_or_else(|| wrong("is not a known cursor"))?);
                }
                _ => return Err(wrong("is not a known parameter").into()),
            }
        }
        Ok(filter)
    }

    fn wants(&self, world: &World, at: u32) -> bool {
        let book = &world.book;
        let message = book.message(at);
        let request = book.request(message.request);
        let envelope = book.envelope(message.envelope);
        let in_list =
            |list: &[String], value: &str| list.is_empty() || list.iter().any(|one| one == value);
        world.now_ms - request.accepted_ms <= KEPT_MS
            && in_list(&self.senders, &envelope.sender)
            && in_list(&self.bulk_ids, book.bulk_id(request))
            && in_list(&self.message_ids, book.id(message))
            && in_list(
                &self.campaigns,
                envelope.campaign.as_deref().unwrap_or_default(),
            )
            && (self.destinations.is_empty() || in_list(&self.destinations, &book.to(at)))
            && self
                .group
                .as_deref()
                .is_none_or(|group| group == status::status(message.status).group_name)
            && self.since_ms.is_none_or(|since| request.send_ms >= since)
            && self.until_ms.is_none_or(|until| request.send_ms <= until)
    }

    /// Places to look at, in order: those of the ids asked for, else all.
    fn candidates<'a>(&'a self, world: &'a World) -> Box<dyn Iterator<Item = u32> + 'a> {
        let book = &world.book;
        if !self.message_ids.is_empty() {
            let mut found: Vec<u32> = self
                .message_ids
                .iter()
                .filter_map(|id| book.find(id))
                .collect();
            found.sort_unstable();
            found.dedup();
            return Box::new(found.into_iter());
        }
        if !self.bulk_ids.is_empty() {
            let mut bulks: Vec<u32> = self
                .bulk_ids
                .iter()
                .filter_map(|id| book.bulk(id))
                .collect();
            bulks.sort_unstable();
            bulks.dedup();
            return Box::new(bulks.into_iter().flat_map(move |bulk| {
                let request = book.request(bulk);
                request.first..request.first + request.count
            }));
        }
        Box::new(0..book.len())
    }
}

fn log_page(world: &World, filter: &Filter) -> Json<Value> {
    let mut found = filter
        .candidates(world)
        .filter(|at| filter.cursor.is_none_or(|after| *at > after))
        .filter(|at| filter.wants(world, *at))
        .peekable();
    let mut results = Vec::new();
    let mut last = None;
    while results.len() < filter.limit
        && let Some(at) = found.next()
    {
        results.push(json!(report::log(&world.book, &world.account, at)));
        last = Some(at);
    }
    let mut body = json!({ "results": results });
    if filter.with_cursor {
        let more = last.filter(|_| found.peek().is_some());
        body["cursor"] = json!({
            "limit": filter.limit,
            "nextCursor": more.map(|at| format!("log-{at}")),
        });
    }
    Json(body)
}

async fn reports(State(sim): State<Arc<Infobip>>, headers: HeaderMap, asked: Asked) -> Response {
    let mut world = sim.world();
    if let Err(refusal) = admit(&world, &headers) {
        return refusal.into_response();
    }
    match hand_out(&mut world, &asked.0) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Reports nobody was pushed, each handed out once.
fn hand_out(world: &mut World, asked: &[(String, String)]) -> Result<Vec<u8>, Refusal> {
    let mut max = PAGE_DEFAULT;
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for (name, value) in asked {
        match name.as_str() {
            "limit" => {
                let violation = Violation::new("limit", "must be between 1 and 1000");
                max = limit(value).ok_or(violation)?;
            }
            "bulkId" | "messageId" | "entityId" | "applicationId" | "campaignReferenceId" => {
                wanted.push((name, value));
            }
            _ => return Err(Violation::new(name.as_str(), "is not a known parameter").into()),
        }
    }
    let World {
        book,
        timeline,
        now_ms,
        ..
    } = world;
    let is_wanted = |due: &Due| {
        let message = book.message(due.message);
        let request = book.request(message.request);
        let envelope = book.envelope(message.envelope);
        *now_ms - request.accepted_ms <= KEPT_MS
            && wanted.iter().all(|(name, value)| {
                let has = match *name {
                    "bulkId" => Some(book.bulk_id(request)),
                    "messageId" => Some(book.id(message)),
                    "entityId" => envelope.entity.as_deref(),
                    "applicationId" => envelope.application.as_deref(),
                    _ => envelope.campaign.as_deref(),
                };
                has == Some(*value)
            })
    };
    let list = timeline.pull(max, is_wanted);
    Ok(report::reports(book, &world.account, &list))
}

async fn balance(State(sim): State<Arc<Infobip>>, headers: HeaderMap) -> Response {
    let world = sim.world();
    if let Err(refusal) = admit(&world, &headers) {
        return refusal.into_response();
    }
    Json(json!({
        "balance": money(world.account.balance_hundredths),
        "currency": world.account.currency,
    }))
    .into_response()
}

/// Replies, each handed out once.
async fn inbox(State(sim): State<Arc<Infobip>>, headers: HeaderMap, asked: Asked) -> Response {
    let mut world = sim.world();
    if let Err(refusal) = admit(&world, &headers) {
        return refusal.into_response();
    }
    let mut max = PAGE_DEFAULT;
    for (name, value) in &asked.0 {
        match (name.as_str(), limit(value)) {
            ("limit", Some(rows)) => max = rows,
            _ => {
                return Refusal::from(Violation::new(name.as_str(), "is not valid"))
                    .into_response();
            }
        }
    }
    let count = world.replies.len().min(max);
    let results: Vec<Value> = world.replies.drain(..count).collect();
    let pending = world.replies.len();
    Json(json!({
        "results": results,
        "messageCount": count,
        "pendingMessageCount": pending,
    }))
    .into_response()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PreviewRequest {
    text: String,
    language_code: Option<LanguageCode>,
    transliteration: Option<Transliteration>,
}

async fn preview(State(sim): State<Arc<Infobip>>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = admit(&sim.world(), &headers)
        .and_then(|()| must_be_json(&headers))
        .and_then(|()| {
            serde_json::from_slice::<PreviewRequest>(&body)
                .map_err(|error| Violation::new("request", error.to_string()).into())
        });
    let asked = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refusal.into_response(),
    };
    let shown = match asked.transliteration {
        Some(Transliteration::Turkish) => segments::transliterated(&asked.text),
        _ => asked.text.clone(),
    };
    let parts = segments::parts(&shown, Language::is_turkish(asked.language_code));
    Json(json!({
        "originalText": asked.text,
        "previews": [{ "textPreview": shown, "messageCount": parts }],
    }))
    .into_response()
}

/// # Errors
/// 401 without `Authorization: App <key>`, or with a key that is not let in.
fn admit(world: &World, headers: &HeaderMap) -> Result<(), Refusal> {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("App "))
        .filter(|key| !key.is_empty())
        .ok_or(Refusal::Unauthorised)?;
    let is_known = world.api_keys.is_empty() || world.api_keys.iter().any(|known| known == key);
    if is_known {
        Ok(())
    } else {
        Err(Refusal::Unauthorised)
    }
}

/// # Errors
/// 415 unless the body is declared as JSON.
fn must_be_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Refusal::NotJson)
    }
}

fn limit(text: &str) -> Option<usize> {
    text.parse()
        .ok()
        .filter(|limit| (1..=PAGE_MAX).contains(limit))
}

fn instant(text: &str) -> Option<i64> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)
        .ok()
        .or_else(|| text.parse().ok())
        .map(Timestamp::as_millisecond)
}
