//! One list, one call: make it, and hand its answer or its failure on.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::RecipientId;
use registry::CallError;
use registry::plan::{AddList, Answered, PollSchedule, Repeat, after_failure};
use registry::wire::{AddAnswer, HeldRecord, RegisteredChannel, ResultRow};
use store::brands::Brand;
use store::registry_work::{ClaimedList, NewList, Operation, RegistryItem};

use super::asked::Asked;
use super::refusals::KnownUpTo;
use super::round::Claim;
use super::{Line, add_item};
use crate::Engine;
use crate::error::EngineError;

/// Look-ups settled together: a few, so that little is asked twice after a kill.
pub(super) const LOOK_UPS_PER_LIST: usize = 50;
/// How long a list rests whose brand has no account yet.
const BRAND_REST_SECONDS: i64 = 600;
/// How long a list rests that had to wait for its turn too long.
const TURN_REST_SECONDS: i64 = 30;

/// What looking addresses up one by one brought: those done, and why it ended early.
pub(super) struct LookedUp {
    pub(super) held: Vec<(RecipientId, Option<HeldRecord>)>,
    pub(super) stopped_by: Option<CallError>,
}

impl Engine {
    /// Makes the call that a list waits for.
    pub(super) async fn work_list(&self, claim: Claim) -> Result<(), EngineError> {
        let Claim {
            list,
            brand,
            line,
            lease_until,
        } = claim;
        if !brand.mode.is_connected() {
            return self.drop_list(&list).await;
        }
        let Some(line) = line else {
            return self
                .rest(&list, BRAND_REST_SECONDS, "the brand has no İYS account")
                .await;
        };
        let Some(channel) = RegisteredChannel::of(list.channel) else {
            return self.drop_list(&list).await;
        };
        // A call that waits for its turn longer than the lease would be made twice.
        let reserve_us = self.settings.registry.lease_seconds * domain::time::SECOND_US / 3;
        let left_us = lease_until.since(self.now()) - reserve_us;
        let patience =
            Duration::from_micros(u64::try_from(left_us).unwrap_or(0)).max(Duration::from_secs(1));
        match tokio::time::timeout(patience, self.call(&list, &brand, &line, channel)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.rest(&list, TURN_REST_SECONDS, "waiting for İYS's hourly limit")
                    .await
            }
        }
    }

    async fn call(
        &self,
        list: &ClaimedList,
        brand: &Arc<Brand>,
        line: &Line,
        channel: RegisteredChannel,
    ) -> Result<(), EngineError> {
        let answered = Answered {
            asked_at: self.now(),
            batch: list.id,
        };
        match (list.operation, &list.request_id) {
            (Operation::Ask, _) => {
                let recipients: Vec<_> = list
                    .items
                    .iter()
                    .map(|item| item.recipient.clone())
                    .collect();
                match line
                    .client
                    .confirmed(line.address, channel, list.kind, &recipients)
                    .await
                {
                    Ok(confirmed) => {
                        let is_whole = confirmed.recipients.len() >= recipients.len();
                        let up_to = if is_whole {
                            KnownUpTo::NOTHING
                        } else {
                            self.known_refusals(brand, line).await?
                        };
                        self.write_answer(Asked {
                            list: list.clone(),
                            brand: Arc::clone(brand),
                            confirmed,
                            answered,
                            up_to,
                        })
                        .await
                    }
                    Err(error) => self.failed(list, brand, &error, answered).await,
                }
            }
            (Operation::LookUp, _) => {
                let Some(list) = self.without_known(list.clone(), brand, line).await? else {
                    return Ok(());
                };
                let looked = self.look_up(&list, line, channel).await;
                self.settle_look_ups(&list, brand, looked, answered).await
            }
            (Operation::Add, None) => {
                let Some(list) = self.still_to_be_told(list, brand).await? else {
                    return Ok(());
                };
                self.add(&list, brand, line, channel, answered).await
            }
            (Operation::Add, Some(request_id)) => {
                match line.client.results(line.address, request_id).await {
                    Ok(rows) => self.settle_results(list, brand, &rows, answered).await,
                    Err(error) => self.failed(list, brand, &error, answered).await,
                }
            }
        }
    }

    async fn add(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        line: &Line,
        channel: RegisteredChannel,
        answered: Answered,
    ) -> Result<(), EngineError> {
        if self.is_decided_singly(list) {
            return self.add_single(list, brand, line, channel, answered).await;
        }
        let records = AddList {
            channel,
            kind: list.kind,
            items: list.items.iter().filter_map(add_item).collect(),
        };
        match line.client.add_list(line.address, &records.records()).await {
            Ok(accepted) => {
                self.settle_accepted_list(list, brand, &records, &accepted)
                    .await
            }
            Err(error) => self.failed(list, brand, &error, answered).await,
        }
    }

    /// A record whose date is at its limit goes out alone.
    fn is_decided_singly(&self, list: &ClaimedList) -> bool {
        let [item] = list.items.as_slice() else {
            return false;
        };
        add_item(item).is_some_and(|record| self.is_at_its_limit(&record))
    }

    /// İYS decides about it at once: nobody waits five minutes for a result, and
    /// the date is judged while it may still hold.
    async fn add_single(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        line: &Line,
        channel: RegisteredChannel,
        answered: Answered,
    ) -> Result<(), EngineError> {
        const ITS_ID: &str = "single";
        let Some(record) = list.items.first().and_then(add_item) else {
            return self.drop_list(list).await;
        };
        let record = record.record(channel, list.kind);
        let outcome = line.client.add_one(line.address, &record).await;
        // İYS does not publish its calendar; its answers show it.
        let code = outcome
            .as_ref()
            .err()
            .and_then(|error| error.code.as_deref());
        tracing::info!(
            brand.id = %list.brand, consent_date = %record.consent_date, code,
            "İYS decided about one record"
        );
        match outcome {
            Ok(recorded) => {
                let mut list = list.clone();
                for item in &mut list.items {
                    item.sub_request = Some(ITS_ID.to_owned());
                }
                let rows = [ResultRow {
                    sub_request: Some(ITS_ID.to_owned()),
                    answer: AddAnswer::Recorded(recorded),
                }];
                self.settle_results(&list, brand, &rows, answered).await
            }
            Err(error) => self.failed(list, brand, &error, answered).await,
        }
    }

    async fn look_up(
        &self,
        list: &ClaimedList,
        line: &Line,
        channel: RegisteredChannel,
    ) -> LookedUp {
        let mut looked = LookedUp {
            held: Vec::with_capacity(list.items.len()),
            stopped_by: None,
        };
        for item in list.items.iter().take(LOOK_UPS_PER_LIST) {
            match line
                .client
                .held(line.address, channel, list.kind, &item.recipient)
                .await
            {
                Ok(held) => looked.held.push((item.id, held)),
                Err(error) => {
                    looked.stopped_by = Some(error);
                    break;
                }
            }
        }
        looked
    }

    /// A call that failed: later, in pieces, without those İYS named, or never.
    pub(super) async fn failed(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        error: &CallError,
        answered: Answered,
    ) -> Result<(), EngineError> {
        let attempt = u32::try_from(list.attempt).unwrap_or(u32::MAX);
        let text = error.to_string();
        tracing::warn!(
            registry.batch = %list.id, brand.id = %list.brand, operation = list.operation.as_str(),
            items = list.items.len(), "a call to İYS failed: {text}"
        );
        metrics::counter!("izinli_registry_failures_total").increment(1);
        match after_failure(error, attempt, list.items.len(), self.now(), jitter(list)) {
            Repeat::At(next) => self.again_at(list, &list.items, next, false, &text).await,
            Repeat::Parked(next) => self.again_at(list, &list.items, next, true, &text).await,
            Repeat::StopBrand => self.rest_brand(list, brand, error).await,
            Repeat::StopNewAddresses => self.only_refusals(list, brand, error).await,
            Repeat::Without(named) => self.settle_named(list, brand, &named, answered).await,
            Repeat::Halves => self.halve(list).await,
            Repeat::Refused => {
                let named = vec![(0, refused(error))];
                self.settle_named(list, brand, &named, answered).await
            }
        }
    }

    async fn again_at(
        &self,
        list: &ClaimedList,
        items: &[RegistryItem],
        next: domain::Timestamp,
        is_parked: bool,
        text: &str,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .postpone_list(list, items, next, is_parked, Some(text))
            .await?;
        writer.commit().await?;
        Ok(())
    }

    async fn rest(&self, list: &ClaimedList, seconds: i64, text: &str) -> Result<(), EngineError> {
        let next = self.now().plus_micros(seconds * domain::time::SECOND_US);
        self.again_at(list, &list.items, next, true, text).await
    }

    /// The account at İYS must be put right first, and somebody is told.
    async fn rest_brand(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        error: &CallError,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        self.rest_list(&mut writer, list, &list.items, brand, error)
            .await?;
        writer.commit().await?;
        Ok(())
    }

    /// The brand is not connected any more: nothing may be asked in its name.
    async fn drop_list(&self, list: &ClaimedList) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer.finish_list(list).await?;
        writer.commit().await?;
        Ok(())
    }

    async fn halve(&self, list: &ClaimedList) -> Result<(), EngineError> {
        let (left, right) = list.items.split_at(list.items.len() / 2);
        let halves = [
            self.same_kind(list, left.to_vec()),
            self.same_kind(list, right.to_vec()),
        ];
        let mut writer = self.store.write().await?;
        writer.enqueue_registry(&halves).await?;
        writer.finish_list(list).await?;
        writer.commit().await?;
        Ok(())
    }

    /// The package is full (H525): refusals still go out, new addresses rest.
    async fn only_refusals(
        &self,
        list: &ClaimedList,
        brand: &Brand,
        error: &CallError,
    ) -> Result<(), EngineError> {
        let (refusals, others): (Vec<_>, Vec<_>) = list.items.iter().cloned().partition(|item| {
            item.said
                .as_ref()
                .is_some_and(|said| said.status == domain::Status::Ret)
        });
        let mut writer = self.store.write().await?;
        let resting = if others.is_empty() || refusals.is_empty() {
            &list.items
        } else {
            writer
                .enqueue_registry(&[self.same_kind(list, refusals)])
                .await?;
            &others
        };
        self.rest_list(&mut writer, list, resting, brand, error)
            .await?;
        writer.commit().await?;
        Ok(())
    }

    pub(super) fn same_kind(&self, list: &ClaimedList, items: Vec<RegistryItem>) -> NewList {
        self.other_kind(list, list.operation, items)
    }

    pub(super) fn other_kind(
        &self,
        list: &ClaimedList,
        operation: Operation,
        items: Vec<RegistryItem>,
    ) -> NewList {
        NewList {
            brand: list.brand,
            operation,
            channel: list.channel,
            kind: list.kind,
            upload: list.upload,
            items,
            due: self.now(),
        }
    }

    /// When results are asked for.
    pub(super) fn poll_schedule(&self) -> PollSchedule {
        let seconds: Vec<u32> = self
            .settings
            .registry
            .poll_after_seconds
            .iter()
            .filter_map(|s| u32::try_from(*s).ok())
            .collect();
        let last = seconds.last().copied().unwrap_or(3_600);
        PollSchedule {
            first_s: seconds,
            near_every_s: last,
            ..PollSchedule::default()
        }
    }
}

/// Spreads repeats without randomness: by the list's number.
fn jitter(list: &ClaimedList) -> f64 {
    let spread = u8::try_from(list.id.as_db().rem_euclid(100)).unwrap_or(0);
    f64::from(spread) / 100.0
}

fn refused(error: &CallError) -> registry::wire::AddAnswer {
    registry::wire::AddAnswer::Failed {
        code: error.code.clone(),
        message: error.message.clone(),
    }
}
