//! İYS's limits in the database: what all processes of an address share.

use async_trait::async_trait;
use domain::Timestamp;
use registry::limit_book::{COUNTED_US, Granted, LimitBook, Told, bucket_of};
use registry::{CallKind, Share, VaultError};
use store::registry_limits::{HourlyRequest, LimitRequest};
use store::{Store, StoreError};

#[derive(Debug)]
pub(crate) struct StoreBook {
    pub(crate) store: Store,
    /// Our name for the address that İYS sees.
    pub(crate) egress: String,
}

fn unavailable(error: StoreError) -> VaultError {
    VaultError(Box::new(error))
}

#[async_trait]
impl LimitBook for StoreBook {
    async fn exchange(&self, told: &Told) -> Result<Granted, VaultError> {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let closed = |(kind, until): &(CallKind, Timestamp)| (kind.as_str(), *until);
        let mut writer = self.store.write().await.map_err(unavailable)?;
        // Turns count from when they can be taken: those of the time spent in line
        // for the database would be over before anybody could use them.
        let now = told.now.max(writer.now());
        let ask = LimitRequest {
            egress: &self.egress,
            now,
            turns: (told.turns, told.distance_us),
            hourly: told.hourly.map(|hourly| HourlyRequest {
                kind: hourly.kind.as_str(),
                wanted: hourly.wanted,
                limit: hourly.limit,
                bucket: bucket_of(now),
                counted_us: COUNTED_US,
            }),
            answered: (
                count(told.answered.requests),
                count(told.answered.successes),
            ),
            closed: told.closed.iter().map(closed).collect(),
        };
        let granted = writer
            .exchange_registry_limits(&ask)
            .await
            .map_err(unavailable)?;
        writer.commit().await.map_err(unavailable)?;
        let counted = |count: i64| u64::try_from(count).unwrap_or(0);
        // A window of a kind that a newer version knows is not ours to keep.
        let known = |(kind, until): (String, Timestamp)| Some((CallKind::parse(&kind)?, until));
        Ok(Granted {
            first_turn: granted.first_turn,
            hourly: granted.hourly,
            hourly_opens: granted.hourly_opens,
            share: Share {
                requests: counted(granted.share.0),
                successes: counted(granted.share.1),
            },
            closed: granted.closed.into_iter().filter_map(known).collect(),
        })
    }
}
