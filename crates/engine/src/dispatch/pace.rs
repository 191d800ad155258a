//! Recipients per second and provider account.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::ConnectorId;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// One limiter per account of this process.
#[derive(Debug, Default)]
pub(crate) struct Paces(Mutex<HashMap<ConnectorId, Arc<DefaultDirectRateLimiter>>>);

impl Paces {
    /// Waits until `recipients` may leave on this account.
    pub(crate) async fn wait(&self, account: ConnectorId, per_second: u32, recipients: usize) {
        let Some(per_second) = NonZeroU32::new(per_second) else {
            return;
        };
        let limiter = {
            let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let made = || {
                // A burst of 100 ms: enough for a smooth flow, small against the limit.
                let burst =
                    NonZeroU32::new(per_second.get().div_ceil(10)).unwrap_or(NonZeroU32::MIN);
                Arc::new(RateLimiter::direct(
                    Quota::per_second(per_second).allow_burst(burst),
                ))
            };
            Arc::clone(map.entry(account).or_insert_with(made))
        };
        // A batch may be larger than the burst, so it waits for one recipient at a time.
        for _ in 0..recipients {
            limiter.until_ready().await;
        }
    }
}
