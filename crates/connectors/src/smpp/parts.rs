//! What became of a text of several parts: each has a receipt of its own, and
//! only together they say that the person can read it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::read::STATES;
use crate::receipt::ReceiptState;

/// What a text is called of which some parts are still open.
const OPEN: &str = "ENROUTE";

/// The parts of one text, by the gateway's names for them.
#[derive(Debug, Default)]
pub(super) struct Parts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    told: BTreeMap<String, Option<String>>,
    /// Whether every part has its name.
    is_complete: bool,
}

impl Parts {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A receipt will come under this name. Some gateways give all parts the same.
    pub(super) fn expect(&self, id: &str, is_last: bool) {
        let mut state = self.state();
        state.told.entry(id.to_owned()).or_default();
        state.is_complete |= is_last;
    }

    /// Takes one part's state in and tells that of the text: delivered when all
    /// parts are, failed as soon as one is (the worst, if several are), open until
    /// then. The same receipt may come twice, and out of order.
    pub(super) fn note(&self, id: &str, told: &str) -> String {
        let mut state = self.state();
        let held = state.told.entry(id.to_owned()).or_default();
        let is_forward = held
            .as_deref()
            .is_none_or(|held| STATES.state(told).supersedes(STATES.state(held)));
        if is_forward {
            *held = Some(told.to_owned());
        }
        let worst = state
            .told
            .values()
            .flatten()
            .filter(|told| badness(told) > 0)
            .max_by_key(|told| badness(told));
        if let Some(worst) = worst {
            return worst.clone();
        }
        let is_told = |told: &Option<String>| {
            told.as_deref()
                .is_some_and(|told| STATES.state(told).is_final())
        };
        if !state.is_complete || !state.told.values().all(is_told) {
            return OPEN.to_owned();
        }
        // None failed: one of which the gateway knows nothing counts for the text.
        let least = state
            .told
            .values()
            .flatten()
            .min_by_key(|told| STATES.state(told).rank());
        least.cloned().unwrap_or_else(|| OPEN.to_owned())
    }
}

/// How bad a failure is; 0 is none.
fn badness(told: &str) -> u8 {
    match STATES.state(told) {
        ReceiptState::Rejected => 3,
        ReceiptState::Undelivered => 2,
        ReceiptState::Expired => 1,
        ReceiptState::Sent | ReceiptState::Unknown | ReceiptState::Delivered => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Parts {
        let parts = Parts::default();
        for (id, is_last) in [("a", false), ("b", false), ("c", true)] {
            parts.expect(id, is_last);
        }
        parts
    }

    fn last(told: &[(&str, &str)]) -> String {
        let parts = three();
        let said: Vec<String> = told
            .iter()
            .map(|(id, state)| parts.note(id, state))
            .collect();
        said.last().cloned().unwrap_or_default()
    }

    #[test]
    fn a_text_is_delivered_when_all_its_parts_are() {
        assert_eq!(last(&[("c", "DELIVRD")]), "ENROUTE");
        assert_eq!(last(&[("c", "DELIVRD"), ("a", "DELIVRD")]), "ENROUTE");
        // The same one again is no third.
        let twice = [("c", "DELIVRD"), ("a", "DELIVRD"), ("a", "DELIVRD")];
        assert_eq!(last(&twice), "ENROUTE");
        let all = [("c", "DELIVRD"), ("a", "DELIVRD"), ("b", "DELIVRD")];
        assert_eq!(last(&all), "DELIVRD");
    }

    #[test]
    fn one_part_that_failed_is_enough_and_the_worst_counts() {
        assert_eq!(last(&[("a", "DELIVRD"), ("b", "UNDELIV")]), "UNDELIV");
        assert_eq!(last(&[("b", "UNDELIV"), ("c", "EXPIRED")]), "UNDELIV");
        assert_eq!(last(&[("b", "EXPIRED"), ("c", "REJECTD")]), "REJECTD");
        assert_eq!(last(&[("b", "EXPIRED"), ("c", "DELIVRD")]), "EXPIRED");
        // Delivered after all: it was one late receipt.
        let late = [
            ("a", "DELIVRD"),
            ("b", "EXPIRED"),
            ("c", "DELIVRD"),
            ("b", "DELIVRD"),
        ];
        assert_eq!(last(&late), "DELIVRD");
    }

    #[test]
    fn what_the_gateway_stopped_telling_of_one_part_it_does_not_know_of_the_text() {
        let unknown = [("a", "DELIVRD"), ("b", "UNKNOWN"), ("c", "DELIVRD")];
        assert_eq!(last(&unknown), "UNKNOWN");
        assert_eq!(last(&[("a", "ACCEPTD"), ("b", "ENROUTE")]), "ENROUTE");
    }

    #[test]
    fn a_receipt_that_overtakes_the_last_part_does_not_close_the_text() {
        let parts = Parts::default();
        parts.expect("a", false);
        assert_eq!(parts.note("a", "DELIVRD"), "ENROUTE");
        parts.expect("b", true);
        assert_eq!(parts.note("b", "DELIVRD"), "DELIVRD");
        // A gateway with one name for all parts reports the text as a whole.
        let one = Parts::default();
        one.expect("a", false);
        one.expect("a", true);
        assert_eq!(one.note("a", "DELIVRD"), "DELIVRD");
    }
}
