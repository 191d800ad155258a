//! How often signing in may be tried: per e-mail address, so that one
//! password is not guessed, and per network address, so that one password is
//! not tried on everybody; and how many complaints may be filed about one
//! number and from one network address. In memory and bounded; each process
//! counts for itself.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use axum::extract::ConnectInfo;
use domain::Timestamp;
use domain::time::MINUTE_US;
use http::request::Parts;

/// Failures of one e-mail address in a window.
const PER_EMAIL: u32 = 8;
/// Failures from one network address in a window.
const PER_ADDRESS: u32 = 40;
/// Complaints about one number in a window (limit `complaints.per_number`).
const COMPLAINTS_PER_NUMBER: u32 = 3;
/// Complaints from one network address in a window (limit `complaints.per_address`).
const COMPLAINTS_PER_ADDRESS: u32 = 20;
/// How long failures count, microseconds.
const WINDOW_US: i64 = 15 * MINUTE_US;
/// Names that are remembered at a time.
const NAMES_MAX: usize = 20_000;

/// Who tries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Name {
    Email(String),
    Number(String),
    Address(IpAddr),
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    since: Timestamp,
}

/// The failures of the last minutes.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    failures: Mutex<HashMap<Name, Failures>>,
}

/// One attempt to sign in, counted as failed until [`Throttle::succeeded`].
#[derive(Debug)]
pub(crate) struct Attempt([(Name, u32); 2]);

impl Attempt {
    pub(crate) fn new(email: &str, from: IpAddr) -> Self {
        let email = email.trim().to_lowercase();
        Self([
            (Name::Email(email), PER_EMAIL),
            (Name::Address(network(from)), PER_ADDRESS),
        ])
    }

    /// Filing a complaint about a number.
    pub(crate) fn complaint(number: &str, from: IpAddr) -> Self {
        Self([
            (Name::Number(number.to_owned()), COMPLAINTS_PER_NUMBER),
            (Name::Address(network(from)), COMPLAINTS_PER_ADDRESS),
        ])
    }
}

impl Throttle {
    /// Counts an attempt; false when there were too many.
    ///
    /// It counts before the password is looked at: attempts made at the same
    /// time do not slip past together.
    pub(crate) fn admit(&self, attempt: &Attempt, now: Timestamp) -> bool {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = attempt.0.iter().any(|(name, most)| {
            failures
                .get(name)
                .is_some_and(|held| held.count >= *most && now.since(held.since) < WINDOW_US)
        });
        if is_over {
            return false;
        }
        for (name, _) in &attempt.0 {
            make_room(&mut failures, now);
            let held = failures.entry(name.clone()).or_insert(Failures {
                count: 0,
                since: now,
            });
            if now.since(held.since) >= WINDOW_US {
                *held = Failures {
                    count: 0,
                    since: now,
                };
            }
            held.count += 1;
        }
        true
    }

    /// Takes an attempt back that was no failure.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, _) in &attempt.0 {
            if let Some(held) = failures.get_mut(name) {
                held.count = held.count.saturating_sub(1);
                if held.count == 0 {
                    failures.remove(name);
                }
            }
        }
    }
}

/// Forgets old windows when the table is full, then the weaker half: those
/// with the fewest failures, the oldest first.
fn make_room(failures: &mut HashMap<Name, Failures>, now: Timestamp) {
    if failures.len() < NAMES_MAX {
        return;
    }
    failures.retain(|_, held| now.since(held.since) < WINDOW_US);
    if failures.len() >= NAMES_MAX {
        let mut all: Vec<(Name, Failures)> = failures.drain().collect();
        all.sort_unstable_by_key(|(_, held)| std::cmp::Reverse((held.count, held.since)));
        all.truncate(NAMES_MAX / 2);
        failures.extend(all);
    }
}

/// An IPv6 subscriber owns a /64, so that is what is counted.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let prefix = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Where a request comes from: the connection's other end, or what a trusted
/// proxy added last to `X-Forwarded-For`.
pub(crate) fn caller_address(parts: &Parts, trust_forwarded_for: bool) -> IpAddr {
    let forwarded = || {
        let header = parts
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .next_back()?;
        header
            .to_str()
            .ok()?
            .rsplit(',')
            .next()?
            .trim()
            .parse()
            .ok()
    };
    let peer = || {
        parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|peer| peer.0.ip())
    };
    trust_forwarded_for
        .then(forwarded)
        .flatten()
        .or_else(peer)
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn one_account_stops_after_its_failures_wherever_they_come_from_and_opens_again_later() {
        let throttle = Throttle::default();
        let start = Timestamp::from_micros(0);
        for n in 0..8 {
            assert!(
                throttle.admit(&Attempt::new("Ali@ornek.com", from(n)), start),
                "{n}"
            );
        }
        assert!(!throttle.admit(&Attempt::new("ali@ornek.com ", from(9)), start));
        assert!(throttle.admit(&Attempt::new("veli@ornek.com", from(9)), start));
        let later = start.plus_micros(WINDOW_US);
        assert!(throttle.admit(&Attempt::new("ali@ornek.com", from(9)), later));
    }

    #[test]
    fn one_address_cannot_try_one_password_on_everybody() {
        let throttle = Throttle::default();
        let start = Timestamp::from_micros(0);
        let tried = (0..100)
            .filter(|n| throttle.admit(&Attempt::new(&format!("{n}@ornek.com"), from(1)), start))
            .count();
        assert_eq!(tried, 40);
    }

    #[test]
    fn complaints_are_bounded_per_number_and_per_network_address() {
        let throttle = Throttle::default();
        let start = Timestamp::from_micros(0);
        let about = |number: &str, place| Attempt::complaint(number, from(place));
        let filed = (0..10)
            .filter(|n| throttle.admit(&about("+905321234567", *n), start))
            .count();
        assert_eq!(filed, 3);
        let filed = (0..100)
            .filter(|n| throttle.admit(&about(&format!("+90532{n:07}"), 200), start))
            .count();
        assert_eq!(filed, 20);
    }

    #[test]
    fn signing_in_properly_never_uses_attempts_up() {
        let throttle = Throttle::default();
        for _ in 0..100 {
            let attempt = Attempt::new("ali@ornek.com", from(1));
            assert!(throttle.admit(&attempt, Timestamp::from_micros(0)));
            throttle.succeeded(&attempt);
        }
    }

    #[test]
    fn a_flood_of_names_does_not_grow_the_table_and_keeps_the_worst_offender() {
        let throttle = Throttle::default();
        let start = Timestamp::from_micros(0);
        let worst = Attempt::new("ali@ornek.com", from(1));
        while throttle.admit(&worst, start) {}
        for n in 0..NAMES_MAX + 10 {
            let source = IpAddr::from([
                10,
                1,
                u8::try_from(n >> 8).unwrap(),
                u8::try_from(n & 255).unwrap(),
            ]);
            throttle.admit(&Attempt::new(&format!("{n}@ornek.com"), source), start);
        }
        assert!(throttle.failures.lock().unwrap().len() <= NAMES_MAX);
        assert!(!throttle.admit(&worst, start));
    }
}
