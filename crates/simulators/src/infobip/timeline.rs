//! Reports that are due, batched by receiver, and those to be repeated.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// A report about one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) message: u32,
    pub(crate) status: u8,
    pub(crate) error: u16,
}

/// Reports on their way to one URL.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) url: u32,
    pub(crate) reports: Vec<Due>,
    /// Times it was sent before.
    pub(crate) attempts: u32,
}

/// Counts of pushes (requests) and of the reports in them.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct PushCounts {
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    pub(crate) given_up: u64,
    pub(crate) reports_acknowledged: u64,
    /// Reports that are neither acknowledged nor given up nor for pulling.
    pub(crate) reports_pending: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Timeline {
    due: BTreeMap<i64, Vec<Due>>,
    /// Receivers with reports that wait to be sent, in turn.
    ready: VecDeque<u32>,
    outbox: HashMap<u32, VecDeque<Due>>,
    retries: BTreeMap<(i64, u64), Push>,
    retry_no: u64,
    pull: VecDeque<Due>,
    pub(crate) counts: PushCounts,
}

impl Timeline {
    pub(crate) fn schedule(&mut self, at_ms: i64, due: Due) {
        self.counts.reports_pending += 1;
        self.due.entry(at_ms).or_default().push(due);
    }

    /// Takes out the reports of the earliest moment that has come.
    pub(crate) fn ripe(&mut self, now_ms: i64) -> Option<Vec<Due>> {
        let entry = self.due.first_entry()?;
        (*entry.key() <= now_ms).then(|| entry.remove())
    }

    /// Queues a report for its receiver.
    pub(crate) fn post(&mut self, url: u32, due: Due) {
        let queue = self.outbox.entry(url).or_default();
        if queue.is_empty() {
            self.ready.push_back(url);
        }
        queue.push_back(due);
    }

    /// Keeps a report for `GET /sms/3/reports`.
    pub(crate) fn keep_for_pull(&mut self, due: Due) {
        self.counts.reports_pending -= 1;
        self.pull.push_back(due);
    }

    /// The next push: a repetition whose time has come, else new reports.
    pub(crate) fn next_push(&mut self, items_max: usize, now_ms: i64) -> Option<Push> {
        if let Some(entry) = self.retries.first_entry()
            && entry.key().0 <= now_ms
        {
            return Some(entry.remove());
        }
        let url = self.ready.pop_front()?;
        let queue = self.outbox.get_mut(&url)?;
        let reports = queue.drain(..queue.len().min(items_max.max(1))).collect();
        if queue.is_empty() {
            self.outbox.remove(&url);
        } else {
            self.ready.push_back(url);
        }
        Some(Push {
            url,
            reports,
            attempts: 0,
        })
    }

    pub(crate) fn acknowledged(&mut self, push: &Push) {
        let reports = u64::try_from(push.reports.len()).unwrap_or_default();
        self.counts.acknowledged += 1;
        self.counts.reports_acknowledged += reports;
        self.counts.reports_pending -= reports;
    }

    pub(crate) fn repeat(&mut self, mut push: Push, at_ms: i64) {
        push.attempts += 1;
        self.retry_no += 1;
        self.retries.insert((at_ms, self.retry_no), push);
    }

    pub(crate) fn give_up(&mut self, push: Push) {
        self.counts.given_up += 1;
        for due in push.reports {
            self.keep_for_pull(due);
        }
    }

    /// When there is something to do again, if ever.
    pub(crate) fn next_ms(&self) -> Option<i64> {
        let due = self.due.keys().next().copied();
        let retry = self.retries.keys().next().map(|key| key.0);
        match (due, retry) {
            (Some(due), Some(retry)) => Some(due.min(retry)),
            (one, other) => one.or(other),
        }
    }

    /// Hands out up to `limit` reports that `is_wanted`; each only once.
    pub(crate) fn pull(&mut self, limit: usize, is_wanted: impl Fn(&Due) -> bool) -> Vec<Due> {
        let mut taken = Vec::new();
        self.pull.retain(|due| {
            let take = taken.len() < limit && is_wanted(due);
            if take {
                taken.push(*due);
            }
            !take
        });
        taken
    }

    pub(crate) fn waiting_for_pull(&self) -> usize {
        self.pull.len()
    }
}
