//! What was asked of a simulator and how it answered, counted.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// Calls kept one by one for `GET /_sim/calls`; older ones are only counted.
const RECENT_MAX: usize = 1_000;

/// Counters per endpoint and status, and the last calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    by_endpoint: BTreeMap<String, BTreeMap<String, u64>>,
    recent: VecDeque<Call>,
}

/// One call as the simulator saw it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Call {
    /// RFC 3339, on the simulator's clock.
    pub(crate) at: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The status sent, or [`CUT`] when the connection was closed instead.
    pub(crate) status: String,
}

/// Stands where a status would stand when a fault closed the connection.
pub(crate) const CUT: &str = "cut";

impl Calls {
    pub(crate) fn record(&mut self, endpoint: &str, call: Call) {
        let status = call.status.clone();
        match self.by_endpoint.get_mut(endpoint) {
            Some(counts) => *counts.entry(status).or_default() += 1,
            None => {
                self.by_endpoint
                    .insert(endpoint.to_owned(), BTreeMap::from([(status, 1)]));
            }
        }
        if self.recent.len() == RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(call);
    }

    pub(crate) fn by_endpoint(&self) -> &BTreeMap<String, BTreeMap<String, u64>> {
        &self.by_endpoint
    }

    pub(crate) fn recent(&self) -> impl Iterator<Item = &Call> {
        self.recent.iter()
    }

    /// How many answers had a status that `wanted` accepts.
    pub(crate) fn count(&self, wanted: impl Fn(&str) -> bool) -> u64 {
        self.by_endpoint
            .values()
            .flatten()
            .filter(|(status, _)| wanted(status))
            .map(|(_, count)| count)
            .sum()
    }
}
