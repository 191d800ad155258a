//! What is in doubt is found out: the provider is asked by our key after a
//! quiet period. A batch goes out again only where the provider surely does
//! not have it, everyone in it passes the gate anew, and the request comes out
//! byte for byte the same.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use connectors::{ClearedRequest, Connector, Doubt, Found, FoundMessage, LookUp, Outcome, Resolve};
use domain::Timestamp;
use domain::ids::RecipientId;
use domain::time::SECOND_US;
use store::dispatch::PickedBatch;

use super::Context;
use super::claim::gate;
use super::refused::{Parting, nobody_taken};
use crate::error::EngineError;
use crate::{Engine, Step};

/// Batches in doubt that one step looks into.
const RESOLVE_BATCHES_MAX: usize = 8;

/// Whether it is time to ask a provider.
enum Patience {
    /// It is.
    Enough,
    /// "Not found" would not mean "not taken" before then.
    Until(Timestamp),
    /// It does not remember any more.
    Over,
}

/// What sending a batch in doubt again comes to.
enum Again {
    /// Everyone passed and the bytes are the same.
    Same(ClearedRequest),
    /// Somebody may not get it any more, or the request would differ.
    Different,
}

impl Engine {
    /// Takes over what lost workers left, then looks into batches in doubt.
    pub async fn step_resolve(&self) -> Result<Step, EngineError> {
        self.take_over_lost().await?;
        let lease_until = self
            .now()
            .plus_micros(self.settings.dispatch.lease_seconds * domain::time::SECOND_US);
        let mut writer = self.store.write().await?;
        let picked = writer
            .pick_in_doubt(self.worker(), lease_until, RESOLVE_BATCHES_MAX)
            .await?;
        writer.commit().await?;
        let count = picked.len();
        for batch in picked {
            self.resolve(batch).await?;
        }
        Ok(Step::of(count))
    }

    /// Batches in flight at a worker that is gone, or over their lease, are in doubt.
    async fn take_over_lost(&self) -> Result<(), EngineError> {
        let mut reader = self.store.read().await?;
        let holders = reader.workers_with_batches().await?;
        let mut gone: Vec<Option<String>> = Vec::new();
        for name in holders {
            if name != self.worker() && reader.is_worker_gone(&name).await? {
                gone.push(Some(name));
            }
        }
        drop(reader);
        // Once more without a name: leases that ran out.
        gone.push(None);
        let mut writer = self.store.write().await?;
        let mut lost = 0;
        for name in &gone {
            lost += writer
                .doubt_batches_of(name.as_deref(), self.after_quiet())
                .await?;
        }
        writer.commit().await?;
        if lost > 0 {
            tracing::warn!(
                batches = lost,
                "{lost} batches of lost workers are in doubt"
            );
        }
        Ok(())
    }

    async fn resolve(&self, batch: PickedBatch) -> Result<(), EngineError> {
        let configured = self
            .store
            .read()
            .await?
            .connector_at_work(batch.connector)
            .await?;
        let connector = self.connector(&configured)?;
        let account = configured.0;
        let mut reader = self.store.read().await?;
        let context = Arc::new(
            self.context(&mut reader, batch.key.campaign, &connector, &account)
                .await?,
        );
        let is_halted = reader
            .halted_for(batch.brand, batch.connector)
            .await?
            .is_some();
        drop(reader);
        let Some(key) = batch.request_key.clone() else {
            return self.give_up(&batch, "the request has no key").await;
        };
        let way = connector.capabilities().resolve;
        match self.patience(&batch, way) {
            Patience::Over => {
                return self
                    .give_up(&batch, "the provider no longer knows requests that old")
                    .await;
            }
            Patience::Until(next) => return self.leave_in_doubt(&batch, next).await,
            // Nothing may leave again while a switch is pressed.
            Patience::Enough if is_halted => {
                let next = self.after_quiet();
                return self.leave_in_doubt(&batch, next).await;
            }
            Patience::Enough => {}
        }
        match way {
            Resolve::Neither => self.give_up(&batch, "the provider cannot be asked").await,
            Resolve::IdempotencyKey { .. } => self.send_again(&batch, &context, key, false).await,
            Resolve::LookupByKey {
                dedupes_message_id, ..
            } => match self.ask_about(&batch, &key, connector.as_ref()).await? {
                LookUp::Found(found) => self.settle_found(&batch, key, &found).await,
                LookUp::FoundAs {
                    reference,
                    messages,
                } => self.settle_found_as(&batch, reference, &messages).await,
                LookUp::NotFound => {
                    self.send_again(&batch, &context, key, dedupes_message_id)
                        .await
                }
                LookUp::Unavailable { text, retry_after } => {
                    let next = self.again(retry_after).max(self.after_quiet());
                    self.ask_later(&batch, next, &text).await
                }
            },
        }
    }

    /// Whether the provider can be asked now, not yet, or no more.
    fn patience(&self, batch: &PickedBatch, way: Resolve) -> Patience {
        let Some(claimed_at) = batch.claimed_at else {
            return Patience::Enough;
        };
        let micros = |wait: Duration| i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
        let (quiet, window) = match way {
            Resolve::Neither => return Patience::Enough,
            Resolve::IdempotencyKey { window } => (0, micros(window)),
            Resolve::LookupByKey {
                quiet_period,
                window,
                ..
            } => (micros(quiet_period), micros(window)),
        };
        // An operator who sets a quiet period knows the provider's pace.
        let quiet = match self.settings.dispatch.quiet_seconds {
            0 => quiet,
            set => set.saturating_mul(SECOND_US),
        };
        let since = self.now().since(claimed_at);
        if since > window {
            Patience::Over
        } else if since < quiet {
            Patience::Until(claimed_at.plus_micros(quiet))
        } else {
            Patience::Enough
        }
    }

    async fn leave_in_doubt(
        &self,
        batch: &PickedBatch,
        next: Timestamp,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .mark_in_doubt(batch, next, "waits before the provider is asked")
            .await?;
        writer.commit().await?;
        Ok(())
    }

    /// Asks the provider what became of a request, telling it all we know of it.
    async fn ask_about(
        &self,
        batch: &PickedBatch,
        key: &str,
        connector: &dyn Connector,
    ) -> Result<LookUp, EngineError> {
        let mut reader = self.store.read().await?;
        let messages = reader.messages_in_doubt(batch).await?;
        let content = reader.batch_content(batch.key).await?;
        drop(reader);
        let content = content
            .and_then(|packed| lz4_flex::decompress_size_prepended(&packed).ok())
            .unwrap_or_default();
        let since = batch.claimed_at.unwrap_or_else(|| self.now());
        let lease_us = self.settings.dispatch.lease_seconds * SECOND_US;
        let doubt = Doubt {
            key,
            messages: &messages,
            content: &content,
            since,
            until: since.plus_micros(lease_us).min(self.now()),
            now: self.now(),
        };
        Ok(connector.find(&doubt).await)
    }

    /// A request that fits by time, people and text; unless it is another one of ours.
    async fn settle_found_as(
        &self,
        batch: &PickedBatch,
        reference: String,
        found: &[FoundMessage],
    ) -> Result<(), EngineError> {
        let known = self
            .store
            .read()
            .await?
            .batch_by_reference(batch.connector, &reference)
            .await?;
        if known.is_some_and(|known| known != batch.key) {
            let text = "what fits at the provider is another request of ours";
            return self.ask_later(batch, self.after_quiet(), text).await;
        }
        self.settle_found(batch, reference, found).await
    }

    async fn settle_found(
        &self,
        batch: &PickedBatch,
        reference: String,
        found: &[FoundMessage],
    ) -> Result<(), EngineError> {
        let missing = found
            .iter()
            .filter(|m| matches!(m.found, Found::Missing))
            .count();
        if missing > 0 {
            let text =
                format!("the provider lists the request, but not {missing} of its messages yet");
            return self.ask_later(batch, self.after_quiet(), &text).await;
        }
        let refused = found
            .iter()
            .filter_map(|message| match &message.found {
                Found::Refused(refusal) => Some(refusal.clone()),
                Found::Accepted(_) | Found::Missing => None,
            })
            .collect();
        let outcome = Outcome::Accepted { reference, refused };
        let outcome = nobody_taken(outcome, found.len());
        tracing::info!(
            campaign.id = %batch.key.campaign, batch.no = batch.key.number,
            "a batch in doubt had arrived"
        );
        self.settle(batch, &outcome, found.len(), Parting::Never)
            .await
    }

    async fn send_again(
        &self,
        batch: &PickedBatch,
        context: &Arc<Context>,
        key: String,
        dedupes_message_id: bool,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let stored = self.store.read().await?.batch_content(batch.key).await?;
        let exceptions: HashSet<RecipientId> = {
            let mut reader = self.store.read().await?;
            reader
                .batch_exceptions(batch.key)
                .await?
                .into_iter()
                .map(|e| e.recipient)
                .collect()
        };
        let mut writer = self.store.write().await?;
        let mut people = writer.batch_people(context.about(), batch).await?;
        super::claim::mark_muted(&mut writer, context, people.iter_mut()).await?;
        crate::promotions::fill(&mut writer, context.codes.as_ref(), people.iter_mut()).await?;
        people.retain(|person| !exceptions.contains(&person.facts.id));
        let everyone = people.len();
        let gated = gate(context, batch, people, now)?;
        let envelope = self.envelope(context, key, batch);
        let again = if gated.cleared.len() == everyone && everyone > 0 {
            match context.connector.encode(&envelope, &gated.cleared) {
                Ok(request) if is_same(stored.as_deref(), &request) => Again::Same(request),
                _ => Again::Different,
            }
        } else {
            Again::Different
        };
        match again {
            Again::Same(request) => {
                writer.send_again(batch).await?;
                writer.commit().await?;
                let people = request.messages().len();
                let outcome = nobody_taken(context.connector.send(&request).await, people);
                self.settle(batch, &outcome, people, Parting::Never).await
            }
            // The provider surely does not have it, and refuses a message id it
            // has seen: everyone passes the gate anew, under a new key.
            Again::Different if dedupes_message_id => {
                let next = gated.held_until.unwrap_or_else(|| self.now());
                writer
                    .return_to_pending(batch, next, store::campaign_flow::NEVER_ARRIVED)
                    .await?;
                writer.commit().await?;
                Ok(())
            }
            Again::Different => {
                drop(writer);
                self.give_up(
                    batch,
                    "the request cannot be repeated: somebody in it may not get it any more",
                )
                .await
            }
        }
    }

    async fn ask_later(
        &self,
        batch: &PickedBatch,
        next: domain::Timestamp,
        text: &str,
    ) -> Result<(), EngineError> {
        if batch.attempt > self.settings.dispatch.look_ups_max {
            return self.give_up(batch, text).await;
        }
        let mut writer = self.store.write().await?;
        writer.mark_in_doubt(batch, next, text).await?;
        writer.commit().await?;
        Ok(())
    }

    async fn give_up(&self, batch: &PickedBatch, text: &str) -> Result<(), EngineError> {
        tracing::error!(
            campaign.id = %batch.key.campaign, batch.no = batch.key.number, people = batch.size,
            "nobody can tell what became of a batch: {text}"
        );
        let mut writer = self.store.write().await?;
        writer.settle_unresolved(batch, text).await?;
        writer.commit().await?;
        Ok(())
    }
}

fn is_same(stored: Option<&[u8]>, request: &ClearedRequest) -> bool {
    stored
        .and_then(|bytes| lz4_flex::decompress_size_prepended(bytes).ok())
        .is_some_and(|bytes| bytes == request.bytes().as_ref())
}
