//! Every message a simulator was given.

use std::collections::HashMap;

use super::script::{Fate, Fates};
use crate::dice::{mix, stable_hash};
use crate::infobip::Outcome;

/// Memory for the texts of messages. Texts beyond it are not kept; ids,
/// destinations and states always are.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// A request that the service takes.
#[derive(Debug, Default)]
pub(crate) struct Order<'a> {
    /// The service's name for it; empty: one is made.
    pub(crate) job: &'a str,
    /// The client's own name for it, if the service knows such a thing.
    pub(crate) own_job: &'a str,
    pub(crate) sender: &'a str,
    /// `BIREYSEL` or `TACIR` when the service was asked to check consent.
    pub(crate) iys: Option<&'static str>,
    /// Where its receipts go.
    pub(crate) url: Option<&'a str>,
    pub(crate) items: Vec<Item<'a>>,
}

/// One message of a request.
#[derive(Debug, Default)]
pub(crate) struct Item<'a> {
    /// Digits with the country code, or an e-mail address.
    pub(crate) to: String,
    pub(crate) text: &'a str,
    pub(crate) own_id: &'a str,
    /// Parts as the service bills them.
    pub(crate) parts: usize,
    /// A reason to refuse this one that the request itself holds.
    pub(crate) refused: Option<&'a str>,
}

/// A message as the service keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) own_id: String,
    pub(crate) job: String,
    pub(crate) own_job: String,
    pub(crate) to: String,
    pub(crate) sender: String,
    pub(crate) text: Option<String>,
    pub(crate) parts: usize,
    pub(crate) iys: Option<&'static str>,
    pub(crate) url: Option<String>,
    pub(crate) accepted_ms: i64,
    /// When its end is known.
    pub(crate) due_ms: i64,
    pub(crate) outcome: Outcome,
    /// The service's code that a script chose.
    pub(crate) code: Option<String>,
    pub(crate) copies: u8,
}

impl Message {
    /// Its end, once it is known; [`Outcome::None`] until then.
    pub(crate) fn end(&self, now_ms: i64) -> Outcome {
        if now_ms < self.due_ms {
            Outcome::None
        } else {
            self.outcome
        }
    }

    /// The service's code for it: the script's, else the usual one of its end.
    pub(crate) fn code(&self, now_ms: i64, usual: impl Fn(Outcome) -> &'static str) -> String {
        let end = self.end(now_ms);
        let scripted = self.code.clone().filter(|_| now_ms >= self.due_ms);
        scripted.unwrap_or_else(|| usual(end).to_owned())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    messages: Vec<Message>,
    jobs: HashMap<String, (usize, usize)>,
    own_jobs: HashMap<String, String>,
    by_id: HashMap<String, usize>,
    by_own_id: HashMap<String, usize>,
    per_destination: HashMap<String, u32>,
    text_bytes: usize,
    requests: u64,
    largest: usize,
}

/// What a request came to.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) job: String,
    /// One entry per item, in order: the message's place, or the code it was
    /// refused with.
    pub(crate) items: Vec<Result<usize, Option<String>>>,
}

impl Book {
    pub(crate) fn take(
        &mut self,
        order: &Order<'_>,
        fates: &mut Fates,
        now_ms: i64,
        delay_ms: u64,
        refuses_at_once: bool,
    ) -> Taken {
        self.requests += 1;
        self.largest = self.largest.max(order.items.len());
        let job = if order.job.is_empty() {
            (1_000_000_000_000 + mix(self.requests) % 9_000_000_000_000).to_string()
        } else {
            order.job.to_owned()
        };
        let first = self.messages.len();
        let mut items = Vec::with_capacity(order.items.len());
        for item in &order.items {
            if let Some(code) = item.refused {
                items.push(Err(Some(code.to_owned())));
                continue;
            }
            let fate = fates.draw(&item.to);
            if refuses_at_once && fate.outcome == Outcome::Rejected {
                items.push(Err(fate.code));
                continue;
            }
            items.push(Ok(self.file(order, &job, item, fate, now_ms, delay_ms)));
        }
        self.jobs
            .insert(job.clone(), (first, self.messages.len() - first));
        if !order.own_job.is_empty() {
            self.own_jobs.insert(order.own_job.to_owned(), job.clone());
        }
        Taken { job, items }
    }

    fn file(
        &mut self,
        order: &Order<'_>,
        job: &str,
        item: &Item<'_>,
        fate: Fate,
        now_ms: i64,
        delay_ms: u64,
    ) -> usize {
        let at = self.messages.len();
        let number = u64::try_from(at).unwrap_or_default();
        let id = format!("{:016x}", mix(number ^ stable_hash(b"message")));
        let after_ms = i64::try_from(fate.after_ms.unwrap_or(delay_ms)).unwrap_or(i64::MAX / 2);
        let keeps_text = self.text_bytes + item.text.len() <= TEXT_BYTES_MAX;
        self.text_bytes += if keeps_text { item.text.len() } else { 0 };
        self.by_id.insert(id.clone(), at);
        if !item.own_id.is_empty() {
            self.by_own_id.insert(item.own_id.to_owned(), at);
        }
        *self.per_destination.entry(item.to.clone()).or_default() += 1;
        self.messages.push(Message {
            id,
            own_id: item.own_id.to_owned(),
            job: job.to_owned(),
            own_job: order.own_job.to_owned(),
            to: item.to.clone(),
            sender: order.sender.to_owned(),
            text: keeps_text.then(|| item.text.to_owned()),
            parts: item.parts,
            iys: order.iys,
            url: order.url.map(str::to_owned),
            accepted_ms: now_ms,
            due_ms: now_ms.saturating_add(after_ms),
            outcome: fate.outcome,
            code: fate.code,
            copies: fate.copies,
        });
        at
    }

    pub(crate) fn message(&self, at: usize) -> &Message {
        &self.messages[at]
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// The messages of a request by the service's name for it.
    pub(crate) fn job(&self, job: &str) -> Option<&[Message]> {
        let (first, count) = *self.jobs.get(job)?;
        Some(&self.messages[first..first + count])
    }

    /// The same by the client's own name.
    pub(crate) fn own_job(&self, own: &str) -> Option<&[Message]> {
        self.job(self.own_jobs.get(own)?)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Message> {
        self.by_id.get(id).map(|at| &self.messages[*at])
    }

    pub(crate) fn by_own_id(&self, id: &str) -> Option<&Message> {
        self.by_own_id.get(id).map(|at| &self.messages[*at])
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    pub(crate) fn largest(&self) -> usize {
        self.largest
    }

    pub(crate) fn distinct_destinations(&self) -> usize {
        self.per_destination.len()
    }

    pub(crate) fn most_per_destination(&self) -> u32 {
        self.per_destination.values().copied().max().unwrap_or(0)
    }

    pub(crate) fn destinations(&self, min: u32) -> impl Iterator<Item = (&str, u32)> {
        self.per_destination
            .iter()
            .filter(move |(_, count)| **count >= min)
            .map(|(to, count)| (to.as_str(), *count))
    }
}
