//! Refusals by policy (5.7.x) are the sender's fault, not the address's: one
//! missing DNS record makes a mailbox provider turn down everybody. One of them
//! says little; when their share grows, the account is stopped before a whole
//! list is spoiled.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::outcome::{Class, Outcome};

/// Messages that the share is taken of.
const REMEMBERED: usize = 200;
/// Fewer refusals than this stop nothing.
const REFUSALS_MIN: usize = 20;
/// One in so many stops the account.
const ONE_IN: usize = 10;

/// The last messages of an account: whether each was refused by policy.
#[derive(Debug, Default)]
pub(super) struct Policy(Mutex<VecDeque<bool>>);

impl Policy {
    /// The outcome of a message, which is the sender's where too many were
    /// refused like it.
    pub(super) fn judge(&self, outcome: Outcome) -> Outcome {
        let is_refusal = match &outcome {
            Outcome::Accepted { .. } => false,
            Outcome::Refused { class, code, .. } if is_policy(*class, code) => true,
            // Nothing was decided about the message, or about its address only.
            _ => return outcome,
        };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.len() >= REMEMBERED {
            last.pop_front();
        }
        last.push_back(is_refusal);
        let refusals = last.iter().filter(|refused| **refused).count();
        let of = last.len();
        let is_too_many = refusals >= REFUSALS_MIN && refusals * ONE_IN >= of;
        match outcome {
            Outcome::Refused { code, text, .. } if is_refusal && is_too_many => {
                // Whoever activates the account again begins anew.
                last.clear();
                Outcome::Refused {
                    class: Class::Sender,
                    code,
                    text: format!(
                        "{refusals} of the last {of} messages were turned down by policy (5.7.x): \
                         check SPF, DKIM, DMARC and the sender's reputation; the last one: {text}"
                    ),
                }
            }
            outcome => outcome,
        }
    }
}

fn is_policy(class: Class, code: &str) -> bool {
    class == Class::Permanent && code.starts_with("5.7.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> Outcome {
        Outcome::Refused {
            class: Class::Permanent,
            code: code.to_owned(),
            text: format!("550 {code} no"),
        }
    }

    fn taken() -> Outcome {
        Outcome::Accepted {
            reference: "queued".to_owned(),
            refused: Vec::new(),
        }
    }

    fn stops(outcome: &Outcome) -> bool {
        matches!(
            outcome,
            Outcome::Refused {
                class: Class::Sender,
                ..
            }
        )
    }

    #[test]
    fn many_refusals_by_policy_stop_the_account_and_a_few_do_not() {
        let policy = Policy::default();
        let outcomes: Vec<Outcome> = (0..20).map(|_| policy.judge(refused("5.7.26"))).collect();
        assert!(outcomes[..19].iter().all(|outcome| !stops(outcome)));
        assert!(stops(&outcomes[19]), "{:?}", outcomes[19]);
        // It begins anew, and few among many say nothing.
        for _ in 0..3 {
            for _ in 0..190 {
                policy.judge(taken());
            }
            for _ in 0..10 {
                assert!(!stops(&policy.judge(refused("5.7.1"))));
            }
        }
    }

    #[test]
    fn what_is_said_about_an_address_or_about_nothing_does_not_count() {
        let policy = Policy::default();
        for _ in 0..200 {
            let dead = refused("5.1.1");
            assert_eq!(policy.judge(dead.clone()), dead);
            let unknown = Outcome::Unknown {
                text: "broke off".to_owned(),
            };
            assert_eq!(policy.judge(unknown.clone()), unknown);
        }
        assert!(!stops(&policy.judge(refused("5.7.26"))));
    }
}
