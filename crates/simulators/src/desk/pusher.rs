//! The workers that push receipts and replies, and repeat what was not taken.

use std::sync::Arc;
use std::time::Duration;

use super::book::Message;
use super::state::{Desk, Reply, State};

/// Longest sleep: the clock runs on, and a missed ring must not matter.
const NAP: Duration = Duration::from_millis(500);

/// A request to a receiver.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Pushed {
    pub(crate) fn json(body: &serde_json::Value) -> Self {
        Self {
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn form(pairs: &[(&str, &str)]) -> Self {
        Self {
            headers: vec![(
                "content-type",
                "application/x-www-form-urlencoded".to_owned(),
            )],
            body: form(pairs).into_bytes(),
        }
    }
}

/// Pairs as `application/x-www-form-urlencoded`.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let base = reqwest::Url::parse_with_params("http://x/", pairs);
    base.ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

enum Job {
    Receipts(Vec<(usize, u8)>),
    Reply(Reply),
}

/// Pushes for ever; several workers may do so at once. The receiver takes a
/// push by answering 200 to 299; anything else has it sent again.
pub(crate) async fn push_for_ever(desk: Arc<Desk>, client: reqwest::Client) {
    loop {
        // Asked for before looking, so that no ring falls in between.
        let woken = desk.woken.notified();
        let moved = desk.config.clock.moved();
        let (next, idle, timeout_ms, generation) = {
            let mut state = desk.state();
            let next = next(&desk, &mut state);
            let timeout_ms = state.options.push_timeout_ms;
            (next, idle(&state), timeout_ms, state.generation)
        };
        let Some((job, url, pushed)) = next else {
            tokio::select! {
                () = woken => {}
                () = moved => {}
                () = tokio::time::sleep(idle) => {}
            }
            continue;
        };
        let mut request = client
            .post(&url)
            .timeout(Duration::from_millis(timeout_ms))
            .body(pushed.body);
        for (name, value) in pushed.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await;
        let is_taken = answer
            .as_ref()
            .is_ok_and(|answer| answer.status().is_success());
        if let Err(error) = &answer {
            tracing::debug!(%error, url, "a push was not taken");
        }
        let mut state = desk.state();
        // What was pushed of a world that was reset meanwhile is nobody's.
        if state.generation == generation {
            settle(&mut state, job, is_taken);
        }
    }
}

fn idle(state: &State) -> Duration {
    let wait_ms = state.due.first().map(|(at, ..)| at - state.now_ms);
    wait_ms.map_or(NAP, |wait_ms| {
        let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or_default());
        wait.clamp(Duration::from_millis(1), NAP)
    })
}

fn next(desk: &Desk, state: &mut State) -> Option<(Job, String, Pushed)> {
    if let (Some(write), Some(url)) = (desk.service.inbound, state.options.inbound_url.clone())
        && let Some(reply) = state.replies_due.pop_front()
    {
        let pushed = write(&state.options, &url, &reply);
        return Some((Job::Reply(reply), url, pushed));
    }
    let mut picked: Vec<(usize, u8)> = Vec::new();
    let mut messages: Vec<Message> = Vec::new();
    let mut address: Option<String> = None;
    while picked.len() < desk.service.push_items_max
        && let Some(first) = state.due.first().copied()
        && first.0 <= state.now_ms
    {
        let message = state.book.message(first.1);
        let url = message.url.as_ref().or(state.options.push_url.as_ref());
        if picked.is_empty() {
            address = url.cloned();
        } else if url != address.as_ref() {
            break;
        }
        messages.push(message.clone());
        picked.push((first.1, first.2));
        state.due.remove(&first);
    }
    let url = address?;
    state.pushes.sent += 1;
    let pushed = (desk.service.push)(&state.options, &url, &messages, state.now_ms);
    Some((Job::Receipts(picked), url, pushed))
}

fn settle(state: &mut State, job: Job, is_taken: bool) {
    match job {
        Job::Reply(reply) if !is_taken => state.replies_due.push_back(reply),
        Job::Reply(_) => {}
        Job::Receipts(picked) if is_taken => {
            state.pushes.acknowledged += 1;
            state.pushes.reports_acknowledged += u64::try_from(picked.len()).unwrap_or_default();
        }
        Job::Receipts(picked) => {
            let retry_ms = i64::try_from(state.options.push_retry_ms).unwrap_or(i64::MAX / 2);
            let at = state.now_ms.saturating_add(retry_ms);
            state.due.extend(
                picked
                    .into_iter()
                    .map(|(message, copy)| (at, message, copy)),
            );
        }
    }
}
