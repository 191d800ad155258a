//! Injected faults: what a bad day of a provider looks like, on demand.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// One rule that spoils matching requests.
///
/// Every fault that matches a request counts. Delays add up; of the others the
/// first one given decides. Calls under `/_sim/` and `/healthz` are never spoilt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Only requests whose path starts so; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    /// Only this method, upper case; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// For `status`: the status to answer, 100–599, default 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// For `status`: the `Retry-After` header, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// For `delay`: how long, real milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// For `delay`, `status` and `reset`: whether the request is carried out
    /// fully before it goes wrong. Default false.
    #[serde(default)]
    pub after_accept: bool,
    /// Matching requests to let through first.
    #[serde(default)]
    pub skip: u64,
    /// Requests to spoil, then the fault is over; absent: until removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Chance that a matching request is spoilt, 0.0–1.0; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Seed of that chance.
    #[serde(default)]
    pub seed: u64,
}

/// The ways a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer is late by `delay_ms`.
    Delay,
    /// The connection closes before the request is looked at.
    DropBefore,
    /// The request is carried out fully, then the connection closes unanswered.
    DropAfterAccept,
    /// `status` is answered with the service's own error body.
    Status,
    /// The request is carried out fully; half of the answer's body arrives, well formed as HTTP.
    Malformed,
    /// The connection is reset (TCP RST).
    Reset,
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    dice: Dice,
    struck: u64,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) delay_before: Duration,
    pub(crate) delay_after: Duration,
    pub(crate) blow: Option<Blow>,
}

/// The one fault, besides delays, that decides a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blow {
    pub(crate) kind: FaultKind,
    pub(crate) status: u16,
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) after_accept: bool,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        let dice = Dice::new(fault.seed);
        self.0.push(Armed {
            fault,
            dice,
            struck: 0,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults with the number of requests each has spoilt.
    pub(crate) fn list(&self) -> impl Iterator<Item = (&Fault, u64)> {
        self.0.iter().map(|armed| (&armed.fault, armed.struck))
    }

    /// Decides what happens to a request, and counts it.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Strike {
        let mut strike = Strike::default();
        for armed in &mut self.0 {
            if !armed.hits(method, path) {
                continue;
            }
            let fault = &armed.fault;
            if fault.kind == FaultKind::Delay {
                let delay = Duration::from_millis(fault.delay_ms.unwrap_or_default());
                if fault.after_accept {
                    strike.delay_after += delay;
                } else {
                    strike.delay_before += delay;
                }
            } else if strike.blow.is_none() {
                strike.blow = Some(Blow {
                    kind: fault.kind,
                    status: fault.status.unwrap_or(500),
                    retry_after_s: fault.retry_after_s,
                    after_accept: fault.after_accept,
                });
            } else {
                continue;
            }
            armed.struck += 1;
        }
        strike
    }
}

impl Armed {
    fn hits(&mut self, method: &str, path: &str) -> bool {
        let fault = &mut self.fault;
        let named = fault
            .path_prefix
            .as_deref()
            .is_none_or(|p| path.starts_with(p))
            && fault.method.as_deref().is_none_or(|m| m == method);
        if !named || fault.count.is_some_and(|count| self.struck >= count) {
            return false;
        }
        if fault.skip > 0 {
            fault.skip -= 1;
            return false;
        }
        fault.probability.is_none_or(|p| self.dice.chance(p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).expect("a fault")
    }

    #[test]
    fn a_counted_fault_skips_strikes_and_is_over() {
        let mut faults = Faults::default();
        faults.add(fault(
            r#"{"kind":"status","status":503,"skip":1,"count":2}"#,
        ));
        let statuses: Vec<_> = (0..5)
            .map(|_| faults.strike("GET", "/x").blow.map(|blow| blow.status))
            .collect();
        assert_eq!(statuses, [None, Some(503), Some(503), None, None]);
    }

    #[test]
    fn delays_add_up_and_the_first_other_fault_decides() {
        let mut faults = Faults::default();
        faults.add(fault(r#"{"kind":"delay","delay_ms":5}"#));
        faults.add(fault(r#"{"kind":"reset","path_prefix":"/sms"}"#));
        faults.add(fault(r#"{"kind":"status","count":1}"#));
        faults.add(fault(
            r#"{"kind":"delay","delay_ms":7,"after_accept":true}"#,
        ));
        let strike = faults.strike("POST", "/sms/3/messages");
        assert_eq!(strike.delay_before.as_millis(), 5);
        assert_eq!(strike.delay_after.as_millis(), 7);
        assert_eq!(strike.blow.map(|b| b.kind), Some(FaultKind::Reset));
        // The status fault was not used up by a request it did not decide.
        let other = faults.strike("POST", "/account");
        assert_eq!(other.blow.map(|b| b.kind), Some(FaultKind::Status));
    }

    #[test]
    fn the_same_seed_spoils_the_same_requests() {
        let pattern = |seed: u64| {
            let mut faults = Faults::default();
            faults.add(fault(&format!(
                r#"{{"kind":"reset","probability":0.3,"seed":{seed}}}"#
            )));
            (0..200)
                .map(|_| faults.strike("GET", "/").blow.is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(pattern(3), pattern(3));
        let spoilt = pattern(3).into_iter().filter(|hit| *hit).count();
        assert!((30..90).contains(&spoilt), "{spoilt}");
    }
}
