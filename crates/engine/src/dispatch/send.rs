//! The request leaves, outside any transaction, and its outcome is settled in
//! one. What is not certain is in doubt; nothing is guessed.

use std::time::Duration;

use connectors::{Connector, Outcome, Stop};
use domain::Timestamp;
use domain::ids::{BatchKey, FirmId, MessageRef};
use domain::time::SECOND_US;
use store::StoreError;
use store::bounces::{Bounce, Says};
use store::dispatch::{Acceptance, PickedBatch};

use super::claim::Prepared;
use super::pace::Limit;
use super::refused::{Parting, Refused, nobody_taken, sorted};
use super::stops::stops;
use crate::Engine;
use crate::error::EngineError;

/// Tries to write an outcome down; beyond it the lease tells that it is in doubt.
pub(super) const SETTLE_TRIES: u32 = 20;
/// Wait before a batch in doubt is looked at, unless the settings say another;
/// the provider's own quiet period is kept besides.
const QUIET_SECONDS: i64 = 120;
pub(super) const SETTLE_PAUSE: Duration = Duration::from_millis(250);
/// A request that has an outcome, still to be settled.
#[derive(Debug)]
pub(super) struct Sent {
    batch: PickedBatch,
    outcome: Outcome,
    people: usize,
    /// What its account may be burdened with.
    limit: Limit,
    /// Failed deliveries that the outcome tells of.
    bounced: Option<(FirmId, Vec<Bounce>)>,
    /// People who have stopped messages, as it tells.
    stopped: Vec<Stop>,
}

impl Engine {
    /// Sends a request whose turn has come, unless it came too late.
    pub(super) async fn send(&self, prepared: Prepared) -> Sent {
        let Prepared {
            batch,
            context,
            request,
            lease_until,
        } = prepared;
        let people = request.messages().len();
        let outcome = match self.reason_to_stay(lease_until, context.connector.as_ref()) {
            Some(text) => Outcome::NotSent {
                text: text.to_owned(),
                retry_after: None,
            },
            None => nobody_taken(context.connector.send(&request).await, people),
        };
        count(&outcome, people);
        let bounced = bounced(
            context.connector.as_ref(),
            request.messages(),
            &outcome,
            self.now(),
        );
        let stopped = stops(context.connector.as_ref(), request.messages(), &outcome);
        Sent {
            batch,
            stopped,
            outcome,
            people,
            limit: self.limit_of(context.connector.as_ref()),
            bounced: (!bounced.is_empty()).then_some((context.campaign.firm, bounced)),
        }
    }

    /// Why a request that was claimed does not leave after all.
    fn reason_to_stay(
        &self,
        lease_until: Timestamp,
        connector: &dyn Connector,
    ) -> Option<&'static str> {
        if self.is_stopping() {
            return Some("the worker is being stopped");
        }
        let longest = self.longest_answer(connector).as_micros();
        let longest = i64::try_from(longest).unwrap_or(i64::MAX);
        let answered_by = self.now().plus_micros(longest.saturating_add(SECOND_US));
        (answered_by > lease_until).then_some("its turn came too late")
    }

    /// Settles requests that have come back: those the provider took in one
    /// transaction, the others each in its own, because they lock campaigns
    /// before batches as a pause does.
    pub(super) async fn settle_all(&self, back: Vec<Sent>) -> Result<(), EngineError> {
        let mut accepted = Vec::with_capacity(back.len());
        let mut others = Vec::new();
        for sent in &back {
            if !sent.stopped.is_empty() {
                self.take_stops(sent.batch.connector, &sent.stopped).await?;
            }
            match &sent.outcome {
                Outcome::Accepted { reference, refused }
                    if sorted(&sent.batch, refused).again.is_empty() =>
                {
                    let refused = sorted(&sent.batch, refused).last;
                    accepted.push(Acceptance {
                        batch: &sent.batch,
                        reference,
                        accepted: taken(sent.people, refused.len()),
                        refused,
                    });
                }
                _ => others.push(sent),
            }
        }
        // First, because a refusal asks whether anybody was taken.
        if !accepted.is_empty() {
            self.settle_accepted(&accepted).await?;
        }
        for sent in others {
            self.settle(&sent.batch, &sent.outcome, sent.people, Parting::Allowed)
                .await?;
            self.heed(sent.batch.connector, sent.limit, &sent.outcome)
                .await?;
        }
        for sent in &back {
            if let Some((firm, bounces)) = &sent.bounced {
                let mut writer = self.store.write().await?;
                writer.note_bounces(*firm, bounces).await?;
                writer.commit().await?;
            }
            self.heed_refusals(&sent.batch, &sent.outcome).await?;
        }
        Ok(())
    }

    async fn settle_accepted(&self, accepted: &[Acceptance<'_>]) -> Result<(), EngineError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_settle_accepted(accepted).await {
                Ok(lost) => {
                    for key in lost {
                        warn_of_loss(key);
                    }
                    return Ok(());
                }
                Err(error) if error.is_passing() && tries < SETTLE_TRIES => {
                    tokio::time::sleep(SETTLE_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn try_settle_accepted(
        &self,
        accepted: &[Acceptance<'_>],
    ) -> Result<Vec<BatchKey>, StoreError> {
        let mut writer = self.store.write().await?;
        let lost = writer.settle_all_accepted(accepted).await?;
        writer.commit().await?;
        Ok(lost)
    }

    /// Writes an outcome down, again and again while the database is away: the
    /// provider has answered, and the answer must not be lost.
    pub(super) async fn settle(
        &self,
        batch: &PickedBatch,
        outcome: &Outcome,
        people: usize,
        parting: Parting,
    ) -> Result<(), EngineError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_settle(batch, outcome, people, parting).await {
                Ok(()) => return Ok(()),
                Err(EngineError::Store(StoreError::Lost { .. })) => {
                    warn_of_loss(batch.key);
                    return Ok(());
                }
                Err(error) if error.is_passing() && tries < SETTLE_TRIES => {
                    tokio::time::sleep(SETTLE_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_settle(
        &self,
        batch: &PickedBatch,
        outcome: &Outcome,
        people: usize,
        parting: Parting,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        match outcome {
            Outcome::Accepted { reference, refused } => {
                let mut refused = sorted(batch, refused);
                self.try_apart(&mut writer, batch, &mut refused).await?;
                let turned_down = refused.last.len() + refused.again.len();
                let accepted = taken(people, turned_down);
                writer
                    .settle_accepted(batch, reference, accepted, &refused.last)
                    .await?;
            }
            Outcome::Refused { class, code, text } => {
                let refused = Refused {
                    class: *class,
                    error: &format!("{code}: {text}"),
                    people,
                    parting,
                };
                self.settle_refused(&mut writer, batch, refused).await?;
            }
            Outcome::NotSent { text, retry_after } => {
                writer
                    .return_to_pending(batch, self.again(*retry_after), text)
                    .await?;
            }
            Outcome::Unknown { text } => {
                writer
                    .mark_in_doubt(batch, self.after_quiet(), text)
                    .await?;
            }
        }
        Ok(writer.commit().await?)
    }

    pub(super) fn again(&self, asked: Option<Duration>) -> Timestamp {
        let ours = self.settings.dispatch.retry_seconds * SECOND_US;
        let theirs = asked.map_or(0, |wait| {
            i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)
        });
        self.now().plus_micros(ours.max(theirs))
    }

    pub(super) fn after_quiet(&self) -> Timestamp {
        let seconds = match self.settings.dispatch.quiet_seconds {
            0 => QUIET_SECONDS,
            set => set,
        };
        self.now().plus_micros(seconds * SECOND_US)
    }
}

/// The addresses that a provider says in its answer are dead, or none there.
fn bounced(
    connector: &dyn Connector,
    messages: &[MessageRef],
    outcome: &Outcome,
    now: Timestamp,
) -> Vec<Bounce> {
    let bounce = |message: MessageRef, code: &str, text: &str| {
        let says = if connector.is_dead_address(code, text) {
            Says::Dead
        } else if connector.is_unreached(code) {
            Says::NotOnWhatsapp
        } else {
            return None;
        };
        Some(Bounce {
            message,
            says,
            code: code.to_owned(),
            words: text.to_owned(),
            at: now,
        })
    };
    match (outcome, messages) {
        (Outcome::Refused { code, text, .. }, [only]) => {
            bounce(*only, code, text).into_iter().collect()
        }
        (Outcome::Accepted { refused, .. }, _) => refused
            .iter()
            .filter_map(|refusal| bounce(refusal.message, &refusal.code, &refusal.text))
            .collect(),
        _ => Vec::new(),
    }
}

fn taken(people: usize, refused: usize) -> i64 {
    i64::try_from(people.saturating_sub(refused)).unwrap_or(0)
}

fn warn_of_loss(key: BatchKey) {
    tracing::warn!(
        campaign.id = %key.campaign, batch.no = key.number,
        "a batch was taken over before its outcome was settled"
    );
}

fn count(outcome: &Outcome, people: usize) {
    let (name, people) = match outcome {
        Outcome::Accepted { .. } => ("accepted", people),
        Outcome::Refused { .. } => ("refused", people),
        Outcome::NotSent { .. } => ("not_sent", people),
        Outcome::Unknown { .. } => ("unknown", people),
    };
    metrics::counter!("izinli_messages_handed_over_total", "outcome" => name)
        .increment(people as u64);
}
