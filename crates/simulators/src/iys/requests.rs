//! Asynchronous adds: accepted at once, decided later, row by row.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use super::book::{Book, BrandNo, MovementNo, Origin};
use super::codes::{self, Code};
use super::consent::Consent;
use super::moment::Local;
use super::rules;
use super::transaction::TransactionId;
use super::words::{Channel, Kind};
use crate::dice::{Dice, mix, uuid};

/// Results can be asked for this long after the add.
const KEPT_MS: i64 = 60 * 24 * 3_600_000;

#[derive(Debug, Default)]
pub(crate) struct Requests {
    list: Vec<Request>,
    by_id: HashMap<String, u32>,
    /// Requests with rows that become due, by the earliest due time.
    due: BTreeSet<(i64, u32)>,
    waiting: u64,
    recorded: u64,
    failed: u64,
}

#[derive(Debug)]
pub(crate) struct Request {
    id: String,
    brand: BrandNo,
    is_v2: bool,
    accepted_ms: i64,
    polls: u32,
    rows: Vec<Row>,
}

/// One row of a request. A decided row keeps no more than its outcome.
#[derive(Debug)]
pub(crate) enum Row {
    Waiting(Box<Waiting>),
    /// Stays `enqueue` for ever.
    Stuck,
    Recorded {
        movement: MovementNo,
        /// The identical consent was already recorded (v2).
        repeats: bool,
    },
    Failed(Code),
}

/// A row that is not decided yet.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) consent: Consent,
    pub(crate) due_ms: i64,
    /// Result queries to answer with `enqueue` first.
    pub(crate) polls: u32,
    /// Scripted: fails with this code whatever the rules say.
    pub(crate) verdict: Option<Code>,
}

/// How many rows stand where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowCounts {
    pub(crate) waiting: u64,
    pub(crate) recorded: u64,
    pub(crate) failed: u64,
}

impl Requests {
    pub(crate) fn counts(&self) -> RowCounts {
        RowCounts {
            waiting: self.waiting,
            recorded: self.recorded,
            failed: self.failed,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes a request in; its place leads to its ids.
    pub(crate) fn accept(
        &mut self,
        brand: BrandNo,
        is_v2: bool,
        rows: Vec<Row>,
        seed: u64,
        now_ms: i64,
    ) -> u32 {
        let at = u32::try_from(self.list.len()).expect("fewer than four billion requests");
        let id = uuid(mix(seed ^ u64::from(at)), mix(!seed ^ u64::from(at)));
        self.waiting += number(
            rows.iter()
                .filter(|row| !matches!(row, Row::Failed(_)))
                .count(),
        );
        self.by_id.insert(id.clone(), at);
        self.list.push(Request {
            id,
            brand,
            is_v2,
            accepted_ms: now_ms,
            polls: 0,
            rows,
        });
        self.await_next(at);
        at
    }

    pub(crate) fn id(&self, at: u32) -> &str {
        &self.request(at).id
    }

    pub(crate) fn sub_id(at: u32, row: u32, seed: u64) -> String {
        let place = u64::from(at) << 32 | u64::from(row);
        uuid(mix(seed.rotate_left(17) ^ place), mix(!seed ^ place))
    }

    /// The request with this id, if it is the brand's and its results are still kept.
    pub(crate) fn find(&self, id: &str, brand: BrandNo, now_ms: i64) -> Option<u32> {
        let at = *self.by_id.get(id)?;
        let request = self.request(at);
        (request.brand == brand && now_ms - request.accepted_ms <= KEPT_MS).then_some(at)
    }

    /// Decides every row whose time has come.
    pub(crate) fn settle_due(&mut self, book: &mut Book, now_ms: i64, now: Local) {
        while let Some((due, at)) = self.due.first().copied()
            && due <= now_ms
        {
            self.due.pop_first();
            self.settle(at, book, now_ms, now);
            self.await_next_after(at, now_ms);
        }
    }

    /// Counts a result query and gives the rows as they stand before it counts.
    pub(crate) fn poll(&mut self, at: u32, book: &mut Book, now_ms: i64, now: Local) {
        self.settle(at, book, now_ms, now);
        self.request_mut(at).polls += 1;
    }

    /// The rows of a request in shuffled order, as the result query shows them.
    pub(crate) fn results(&self, at: u32, book: &Book, seed: u64, quirks: bool) -> Vec<Value> {
        let request = self.request(at);
        let mut rows: Vec<Value> = (0_u32..)
            .zip(&request.rows)
            .map(|(row, outcome)| self.result(at, row, outcome, book, seed, quirks))
            .collect();
        Dice::new(seed ^ u64::from(at)).shuffle(&mut rows);
        rows
    }

    /// Rows of a brand that wait for their decision, by channel.
    pub(crate) fn pending(&self, brand: BrandNo, kind: Kind) -> Vec<(Channel, u64)> {
        let waiting = |channel: Channel| {
            let rows = self
                .list
                .iter()
                .filter(|request| request.brand == brand)
                .flat_map(|request| &request.rows);
            let matching = rows.filter(|row| match row {
                Row::Waiting(waiting) => {
                    waiting.consent.key.channel == channel && waiting.consent.key.kind == kind
                }
                Row::Stuck | Row::Recorded { .. } | Row::Failed(_) => false,
            });
            (channel, number(matching.count()))
        };
        Channel::ALL.map(waiting).to_vec()
    }

    /// True when not one row has an outcome yet.
    pub(crate) fn is_untouched(&self, at: u32) -> bool {
        self.request(at)
            .rows
            .iter()
            .all(|row| matches!(row, Row::Waiting(_) | Row::Stuck))
    }

    fn result(
        &self,
        at: u32,
        row: u32,
        outcome: &Row,
        book: &Book,
        seed: u64,
        quirks: bool,
    ) -> Value {
        let sub_id = Self::sub_id(at, row, seed);
        match outcome {
            Row::Waiting(_) | Row::Stuck => {
                let key = if quirks {
                    "subrequestId"
                } else {
                    "subRequestId"
                };
                json!({ "index": row, key: sub_id, "status": "enqueue" })
            }
            Row::Failed(code) => json!({
                "index": row,
                "subRequestId": sub_id,
                "status": "failure",
                "error": { "code": code.id, "message": code.text },
            }),
            Row::Recorded { movement, repeats } => {
                let recorded = book.movement(*movement);
                let mut body = json!({
                    "index": row,
                    "subRequestId": sub_id,
                    "status": "success",
                    "transactionId": TransactionId::of_movement(*movement).to_string(),
                    "creationDate": recorded.created.text(),
                });
                if *repeats {
                    body["isAddConsentV2Service"] = "true".into();
                    if let Origin::Row { request, row } = recorded.origin {
                        body["originalRequestInformation"] = json!({
                            "requestId": self.id(request),
                            "subRequestId": Self::sub_id(request, row, seed),
                        });
                    }
                }
                body
            }
        }
    }

    fn settle(&mut self, at: u32, book: &mut Book, now_ms: i64, now: Local) {
        let request = self.request_mut(at);
        let (brand, is_v2, polls) = (request.brand, request.is_v2, request.polls);
        let mut rows = std::mem::take(&mut request.rows);
        for (number, row) in (0_u32..).zip(&mut rows) {
            let Row::Waiting(waiting) = row else {
                continue;
            };
            if waiting.due_ms > now_ms || waiting.polls > polls {
                continue;
            }
            let origin = Origin::Row {
                request: at,
                row: number,
            };
            *row = decide(waiting, book, brand, is_v2, origin, now);
            self.waiting -= 1;
            if matches!(row, Row::Failed(_)) {
                self.failed += 1;
            } else {
                self.recorded += 1;
            }
        }
        self.request_mut(at).rows = rows;
    }

    fn await_next(&mut self, at: u32) {
        self.await_next_after(at, i64::MIN);
    }

    fn await_next_after(&mut self, at: u32, now_ms: i64) {
        let next = self
            .request(at)
            .rows
            .iter()
            .filter_map(|row| match row {
                Row::Waiting(waiting) if waiting.due_ms > now_ms => Some(waiting.due_ms),
                _ => None,
            })
            .min();
        if let Some(due) = next {
            self.due.insert((due, at));
        }
    }

    fn request(&self, at: u32) -> &Request {
        &self.list[at as usize]
    }

    fn request_mut(&mut self, at: u32) -> &mut Request {
        &mut self.list[at as usize]
    }
}

fn decide(
    waiting: &Waiting,
    book: &mut Book,
    brand: BrandNo,
    is_v2: bool,
    origin: Origin,
    now: Local,
) -> Row {
    let consent = &waiting.consent;
    if let Some(code) = waiting.verdict {
        return Row::Failed(code);
    }
    if is_v2 && let Some(movement) = book.identical(brand, consent) {
        return Row::Recorded {
            movement,
            repeats: true,
        };
    }
    if consent.is_late {
        return Row::Failed(codes::H467);
    }
    match rules::judge(book.standing(brand, &consent.key).as_ref(), consent) {
        Ok(()) => Row::Recorded {
            movement: book.record(brand, consent, origin, now),
            repeats: false,
        },
        Err(code) => Row::Failed(code),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
