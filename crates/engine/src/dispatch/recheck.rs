//! People whose answer from İYS has grown old between launch and hand-over are
//! asked about once more, and their batch waits for it; only who is still
//! unconfirmed when patience ends is taken out (S104).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::ids::BatchKey;
use domain::time::SECOND_US;
use domain::{ReasonCode, Timestamp};
use store::Writer;
use store::dispatch::PickedBatch;

use super::Context;
use super::claim::Gated;
use crate::Engine;
use crate::error::EngineError;
use crate::registry::asks;

/// How long a batch rests before it is gated again.
const REST_SECONDS: i64 = 5;
/// How long before the same people are asked about again: the answer may have
/// come from before a comparison began.
const ASK_AGAIN_SECONDS: i64 = 30;
/// Batches remembered; beyond that nobody waits.
const BATCHES_MAX: usize = 100_000;

/// Batches that wait for İYS, in this process: since when, and when it was
/// last asked.
#[derive(Debug, Default)]
pub(crate) struct Rechecks(Mutex<HashMap<BatchKey, (Timestamp, Timestamp)>>);

/// What a batch with old answers does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Ask,
    Wait,
    GoOn,
}

impl Rechecks {
    fn turn(&self, batch: BatchKey, now: Timestamp, patience_us: i64) -> Turn {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = waiting.len() >= BATCHES_MAX;
        match waiting.get_mut(&batch) {
            None if is_full => Turn::GoOn,
            None => {
                waiting.insert(batch, (now, now));
                Turn::Ask
            }
            Some((since, _)) if now.since(*since) >= patience_us => {
                waiting.remove(&batch);
                Turn::GoOn
            }
            Some((_, asked)) if now.since(*asked) >= ASK_AGAIN_SECONDS * SECOND_US => {
                *asked = now;
                Turn::Ask
            }
            Some(_) => Turn::Wait,
        }
    }

    fn forget(&self, batch: BatchKey) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.remove(&batch);
    }
}

impl Engine {
    /// Puts a batch off while İYS is asked about people in it; `false` when it
    /// may go on as it is.
    pub(super) async fn awaits_recheck(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        context: &Context,
        gated: &mut Gated,
        now: Timestamp,
    ) -> Result<bool, EngineError> {
        let stale = std::mem::take(&mut gated.stale);
        if stale.is_empty() {
            self.rechecks.forget(batch.key);
            return Ok(false);
        }
        let patience_us = self.settings.registry.launch_wait_seconds * SECOND_US;
        match self.rechecks.turn(batch.key, now, patience_us) {
            Turn::GoOn => return Ok(false),
            Turn::Wait => {}
            Turn::Ask => {
                let campaign = &context.campaign;
                for people in stale.chunks(store::registry_work::ITEMS_MAX) {
                    let list = asks::recheck(
                        campaign.brand,
                        campaign.channel,
                        campaign.kind,
                        people.to_vec(),
                        now,
                    );
                    writer.enqueue_registry(&[list]).await?;
                }
                self.wake.registry.notify_waiters();
            }
        }
        let until = now.plus_micros(REST_SECONDS * SECOND_US);
        writer
            .put_batch_off(batch, until, store::campaign_flow::WAITS_FOR_REGISTRY)
            .await?;
        Ok(true)
    }
}

/// Whether a person is kept back by nothing but an old answer.
pub(super) fn is_only_stale(mut reasons: impl Iterator<Item = ReasonCode>) -> bool {
    reasons.next() == Some(ReasonCode::S104) && reasons.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_asks_again_after_a_while_and_goes_on_when_patience_ends() {
        let rechecks = Rechecks::default();
        let batch = BatchKey {
            campaign: domain::ids::CampaignId::from_db(1),
            number: 1,
        };
        let at = |seconds: i64| Timestamp::from_micros(seconds * SECOND_US);
        let turn = |seconds| rechecks.turn(batch, at(seconds), 60 * SECOND_US);
        assert_eq!(turn(0), Turn::Ask);
        assert_eq!(turn(5), Turn::Wait);
        assert_eq!(turn(30), Turn::Ask);
        assert_eq!(turn(35), Turn::Wait);
        assert_eq!(turn(60), Turn::GoOn);
        assert_eq!(turn(61), Turn::Ask, "a later claim begins anew");
    }

    #[test]
    fn whoever_has_another_reason_too_is_not_worth_asking_about() {
        assert!(is_only_stale([ReasonCode::S104].into_iter()));
        assert!(!is_only_stale(
            [ReasonCode::S104, ReasonCode::S401].into_iter()
        ));
        assert!(!is_only_stale([ReasonCode::S103].into_iter()));
    }
}
