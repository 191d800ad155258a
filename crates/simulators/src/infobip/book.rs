//! Every message the simulator was given, at some 40 bytes plus its id.

use std::borrow::Cow;
use std::collections::HashMap;

use super::chunked::Chunked;
use super::index::Index;
use super::status;
use super::text::{Str, Texts};
use crate::dice::stable_hash;

/// Stands for a destination that is no phone number.
const ODD: u32 = u32::MAX;

/// One message to one destination.
#[derive(Debug)]
pub(crate) struct Message {
    id: Str,
    callback: Str,
    text: Str,
    destination: u32,
    pub(crate) request: u32,
    pub(crate) envelope: u32,
    /// Milliseconds from acceptance to the last report.
    pub(crate) done_after_ms: u32,
    pub(crate) error: u16,
    pub(crate) status: u8,
    pub(crate) parts: u8,
    /// False when it was refused inside the 200.
    pub(crate) is_accepted: bool,
}

/// One send request.
#[derive(Debug)]
pub(crate) struct Request {
    bulk: Str,
    pub(crate) accepted_ms: i64,
    /// When it is sent: at once, or as scheduled.
    pub(crate) send_ms: i64,
    /// Its messages follow one another from here.
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// What the messages of a request have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Envelope<'a> {
    pub(crate) sender: Cow<'a, str>,
    /// Index of the URL that reports are pushed to.
    pub(crate) url: Option<u32>,
    pub(crate) campaign: Option<Cow<'a, str>>,
    pub(crate) entity: Option<Cow<'a, str>>,
    pub(crate) application: Option<Cow<'a, str>>,
    /// `BIREYSEL` or `TACIR` when the service is to check consent.
    pub(crate) iys: Option<&'static str>,
}

impl Envelope<'_> {
    fn to_owned(&self) -> Envelope<'static> {
        let owned =
            |text: &Option<Cow<'_, str>>| text.as_deref().map(|text| Cow::Owned(text.to_owned()));
        Envelope {
            sender: Cow::Owned((*self.sender).to_owned()),
            url: self.url,
            campaign: owned(&self.campaign),
            entity: owned(&self.entity),
            application: owned(&self.application),
            iys: self.iys,
        }
    }
}

#[derive(Debug)]
struct Destination {
    digits: u64,
    accepted: u32,
}

/// A message about to be filed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a str,
    pub(crate) to: &'a str,
    pub(crate) callback: &'a str,
    pub(crate) text: &'a str,
    pub(crate) envelope: u32,
    pub(crate) parts: u8,
    pub(crate) status: u8,
    pub(crate) is_accepted: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    texts: Texts,
    text_bytes: usize,
    text_bytes_max: usize,
    messages: Chunked<Message>,
    by_id: Index,
    requests: Chunked<Request>,
    by_bulk: Index,
    destinations: Chunked<Destination>,
    by_digits: Index,
    odd: HashMap<u32, String>,
    envelopes: Vec<Envelope<'static>>,
    envelope_nos: HashMap<Envelope<'static>, u32>,
    urls: Vec<String>,
    url_nos: HashMap<String, u32>,
    most_per_destination: u32,
    accepted: u64,
}

impl Book {
    pub(crate) fn new(text_bytes_max: usize) -> Self {
        Self {
            text_bytes_max,
            ..Self::default()
        }
    }

    /// The messages of a bulk, if it is known.
    pub(crate) fn bulk(&self, bulk_id: &str) -> Option<u32> {
        self.by_bulk.find(hash(bulk_id), |at| {
            self.texts.get(self.requests.get(at).bulk) == bulk_id
        })
    }

    /// Opens a request under a bulk id that is not known yet.
    pub(crate) fn open(&mut self, bulk_id: &str, accepted_ms: i64, send_ms: i64) -> u32 {
        let at = self.requests.push(Request {
            bulk: self.texts.keep(bulk_id),
            accepted_ms,
            send_ms,
            first: self.messages.len(),
            count: 0,
        });
        self.by_bulk.insert(hash(bulk_id), at);
        at
    }

    pub(crate) fn find(&self, message_id: &str) -> Option<u32> {
        self.by_id.find(hash(message_id), |at| {
            self.texts.get(self.messages.get(at).id) == message_id
        })
    }

    /// Files a message under the request opened last. A refused message does
    /// not use its id up: when `earlier` is one, the new one takes its place.
    pub(crate) fn file(&mut self, request: u32, earlier: Option<u32>, entry: &Entry<'_>) -> u32 {
        let at = self.messages.len();
        let destination = self.destination(entry.to, at);
        if entry.is_accepted {
            self.accepted += 1;
            if destination != ODD {
                let known = self.destinations.get_mut(destination);
                known.accepted += 1;
                self.most_per_destination = self.most_per_destination.max(known.accepted);
            }
        }
        let message = Message {
            id: self.texts.keep(entry.id),
            text: self.keep_text(entry.text),
            callback: self.texts.keep(entry.callback),
            destination,
            request,
            envelope: entry.envelope,
            done_after_ms: 0,
            error: 0,
            status: entry.status,
            parts: entry.parts,
            is_accepted: entry.is_accepted,
        };
        self.messages.push(message);
        self.requests.get_mut(request).count += 1;
        match earlier {
            Some(earlier) => self.by_id.replace(hash(entry.id), earlier, at),
            None => self.by_id.insert(hash(entry.id), at),
        }
        at
    }

    pub(crate) fn envelope_no(&mut self, envelope: &Envelope<'_>) -> u32 {
        let last = self.envelopes.len().saturating_sub(1);
        if self.envelopes.last() == Some(envelope) {
            return place(last);
        }
        if let Some(at) = self.envelope_nos.get(envelope) {
            return *at;
        }
        let at = place(self.envelopes.len());
        self.envelopes.push(envelope.to_owned());
        self.envelope_nos.insert(envelope.to_owned(), at);
        at
    }

    pub(crate) fn url_no(&mut self, url: &str) -> u32 {
        if let Some(at) = self.url_nos.get(url) {
            return *at;
        }
        let at = place(self.urls.len());
        self.urls.push(url.to_owned());
        self.url_nos.insert(url.to_owned(), at);
        at
    }

    pub(crate) fn url(&self, at: u32) -> &str {
        &self.urls[at as usize]
    }

    pub(crate) fn len(&self) -> u32 {
        self.messages.len()
    }

    pub(crate) fn message(&self, at: u32) -> &Message {
        self.messages.get(at)
    }

    pub(crate) fn request(&self, at: u32) -> &Request {
        self.requests.get(at)
    }

    pub(crate) fn envelope(&self, at: u32) -> &Envelope<'static> {
        &self.envelopes[at as usize]
    }

    pub(crate) fn id(&self, message: &Message) -> &str {
        self.texts.get(message.id)
    }

    pub(crate) fn callback(&self, message: &Message) -> &str {
        self.texts.get(message.callback)
    }

    /// The text, while the memory set aside for texts lasts.
    pub(crate) fn text(&self, message: &Message) -> Option<&str> {
        (!message.text.is_empty()).then(|| self.texts.get(message.text))
    }

    pub(crate) fn bulk_id(&self, request: &Request) -> &str {
        self.texts.get(request.bulk)
    }

    /// The destination as it was sent.
    pub(crate) fn to(&self, at: u32) -> String {
        let destination = self.messages.get(at).destination;
        if destination == ODD {
            return self.odd.get(&at).cloned().unwrap_or_default();
        }
        self.destinations.get(destination).digits.to_string()
    }

    /// Notes what was reported about a message.
    pub(crate) fn note(&mut self, at: u32, status: u8, error: u16, now_ms: i64) {
        let accepted_ms = self.requests.get(self.messages.get(at).request).accepted_ms;
        let message = self.messages.get_mut(at);
        message.status = status;
        message.error = error;
        message.done_after_ms = u32::try_from(now_ms - accepted_ms).unwrap_or_default();
    }

    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    pub(crate) fn distinct_destinations(&self) -> usize {
        self.destinations(1).count()
    }

    pub(crate) fn most_per_destination(&self) -> u32 {
        self.most_per_destination
    }

    /// Destinations that accepted at least `min` messages, with their number.
    pub(crate) fn destinations(&self, min: u32) -> impl Iterator<Item = (u64, u32)> {
        self.destinations
            .iter()
            .filter(move |one| one.accepted >= min)
            .map(|one| (one.digits, one.accepted))
    }

    fn keep_text(&mut self, text: &str) -> Str {
        if self.text_bytes + text.len() > self.text_bytes_max {
            return Str::default();
        }
        let before = self.texts.bytes();
        let kept = self.texts.keep(text);
        self.text_bytes += self.texts.bytes() - before;
        kept
    }

    fn destination(&mut self, to: &str, message: u32) -> u32 {
        let Some(digits) = phone_digits(to) else {
            self.odd.insert(message, to.to_owned());
            return ODD;
        };
        let hash = stable_hash(&digits.to_le_bytes());
        let known = self
            .by_digits
            .find(hash, |at| self.destinations.get(at).digits == digits);
        known.unwrap_or_else(|| {
            let at = self.destinations.push(Destination {
                digits,
                accepted: 0,
            });
            self.by_digits.insert(hash, at);
            at
        })
    }
}

/// The digits of a destination in international form, 8 to 15 of them.
pub(crate) fn phone_digits(to: &str) -> Option<u64> {
    let is_phone = (8..=15).contains(&to.len())
        && !to.starts_with('0')
        && to.bytes().all(|byte| byte.is_ascii_digit());
    is_phone.then(|| to.parse().ok()).flatten()
}

/// True when the status is the last word about a message.
pub(crate) fn is_final(id: u8) -> bool {
    let group = status::status(id).group_id;
    group != 1 && id != status::TO_OPERATOR
}

fn hash(text: &str) -> u64 {
    stable_hash(text.as_bytes())
}

fn place(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than four billion entries")
}
