//! What the gateway delivered and the engine has not kept yet.
//!
//! Nothing is confirmed to the gateway before it is kept: whatever is lost with
//! this process is delivered again. What does not fit is refused for the moment.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use domain::ids::MessageRef;
use tokio::time::Instant;

use super::config::Ids;
use super::parts::Parts;
use super::pdu::{Delivered, OK, Told, delivered};
use super::read::{HeardReceipt, HeardReply};
use super::session::{Confirm, FULL};
use crate::connector::Heard;

/// Deliveries that wait for the engine.
const WAITING_MAX: usize = 2_000;
/// Deliveries that are handed to the engine at a time.
const HANDED_MAX: usize = 500;
/// Messages whose name at the gateway is remembered.
const SENT_MAX: usize = 100_000;
/// A receipt can overtake the answer that names its message; one of another
/// process, the record of it. It is held back for this long.
const HELD: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Ear {
    ids: Ids,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Said>,
    /// With the engine, by ticket.
    handed: HashMap<u64, Said>,
    tickets: u64,
    sent: HashMap<String, Sent>,
    /// The names in `sent`, oldest first.
    order: VecDeque<String>,
    /// Deliveries that could not be read since the engine asked last.
    unreadable: usize,
}

/// What goes by one of the gateway's names.
#[derive(Debug, Clone)]
struct Sent {
    message: MessageRef,
    /// The text that it is a part of.
    parts: Option<Arc<Parts>>,
}

#[derive(Debug)]
struct Said {
    what: Delivered,
    confirm: Confirm,
    since: Instant,
}

impl Ear {
    pub(super) fn new(ids: Ids) -> Self {
        Self {
            ids,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers by which name a message goes, or a part of it.
    pub(super) fn sent(&self, id: &str, message: MessageRef, parts: Option<&Arc<Parts>>) {
        let sent = Sent {
            message,
            parts: parts.cloned(),
        };
        let mut state = self.state();
        if state.order.len() >= SENT_MAX
            && let Some(oldest) = state.order.pop_front()
        {
            state.sent.remove(&oldest);
        }
        if state.sent.insert(id.to_owned(), sent).is_none() {
            state.order.push_back(id.to_owned());
        }
    }

    /// Takes a `deliver_sm` in.
    ///
    /// # Errors
    /// The `command_status` to answer with at once.
    pub(super) fn take(&self, body: &[u8], confirm: Confirm) -> Result<(), u32> {
        let Some(what) = delivered(body) else {
            // It would be no more readable the next time.
            self.state().unreadable += 1;
            return Err(OK);
        };
        let mut state = self.state();
        if state.waiting.len() + state.handed.len() >= WAITING_MAX {
            return Err(FULL);
        }
        let since = Instant::now();
        state.waiting.push_back(Said {
            what,
            confirm,
            since,
        });
        Ok(())
    }

    /// What waits, as the engine keeps it. What it was handed before and did not
    /// keep comes again.
    pub(super) fn hear(&self, now: Timestamp) -> Heard {
        let mut state = self.state();
        let again: Vec<Said> = state.handed.drain().map(|(_, said)| said).collect();
        state.waiting.extend(again);
        let mut held = VecDeque::new();
        let (mut receipts, mut replies) = (Vec::new(), Vec::new());
        let mut tickets = Vec::new();
        while tickets.len() < HANDED_MAX
            && let Some(said) = state.waiting.pop_front()
        {
            if said.confirm.is_over() {
                continue; // comes again with the next session
            }
            match &said.what {
                Delivered::Receipt(told) => {
                    let id = self.ids.told(&told.id);
                    let sent = state.sent.get(&id).cloned();
                    if sent.is_none() && said.since.elapsed() < HELD {
                        held.push_back(said);
                        continue;
                    }
                    receipts.push(receipt(id, sent, told));
                }
                Delivered::Reply { from, to, text } => replies.push(HeardReply {
                    from: from.clone(),
                    to: to.clone(),
                    text: text.clone(),
                    at: now.as_micros(),
                }),
            }
            state.tickets += 1;
            let ticket = state.tickets;
            tickets.push(ticket);
            state.handed.insert(ticket, said);
        }
        held.append(&mut state.waiting);
        state.waiting = held;
        let unreadable = std::mem::take(&mut state.unreadable);
        drop(state);
        Heard {
            receipts: written(&receipts),
            replies: written(&replies),
            unreadable,
            tickets,
        }
    }

    /// Confirms what the engine has kept.
    pub(super) async fn kept(&self, tickets: &[u64]) {
        let confirmed: Vec<Said> = {
            let mut state = self.state();
            let kept = tickets.iter();
            kept.filter_map(|ticket| state.handed.remove(ticket))
                .collect()
        };
        for said in confirmed {
            said.confirm.confirm().await;
        }
    }
}

/// As the engine keeps it; nothing where there is nothing.
fn written<T: serde::Serialize>(list: &[T]) -> Vec<u8> {
    if list.is_empty() {
        return Vec::new();
    }
    serde_json::to_vec(list).expect("plain texts and numbers can be written")
}

fn receipt(id: String, sent: Option<Sent>, told: &Told) -> HeardReceipt {
    let parts = sent.as_ref().and_then(|sent| sent.parts.as_ref());
    let state = parts.map_or_else(|| told.state.clone(), |parts| parts.note(&id, &told.state));
    HeardReceipt {
        id,
        message: sent.map(|sent| sent.message.to_string()),
        to: told.from.clone(),
        state,
        error: told.error.clone(),
        done: told.done.clone(),
    }
}
