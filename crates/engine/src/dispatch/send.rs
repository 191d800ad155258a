//! The request leaves, outside any transaction, and its outcome is settled in
//! one. What is not certain is in doubt; nothing is guessed.

use std::time::Duration;

use connectors::{Class, Connector, Outcome, Refusal, Stop};
use domain::Timestamp;
use domain::ids::{BatchKey, ConnectorId, FirmId, MessageRef};
use domain::time::SECOND_US;
use store::bounces::Bounce;
use store::connectors::ConnectorState;
use store::dispatch::{Acceptance, ExceptionClass, FailedAs, PickedBatch, SendException};
use store::{StoreError, Writer};

use super::claim::Prepared;
use super::stops::stops;
use crate::Engine;
use crate::error::EngineError;

/// Tries to write an outcome down; beyond it the lease tells that it is in doubt.
pub(super) const SETTLE_TRIES: u32 = 20;
/// Wait before a batch in doubt is looked at, unless the settings say another;
/// the provider's own quiet period is kept besides.
const QUIET_SECONDS: i64 = 120;
pub(super) const SETTLE_PAUSE: Duration = Duration::from_millis(250);
/// Tries of a request that the provider refuses for now.
const TRIES_MAX: i64 = 6;
/// Tries of a request that it refuses with a code nobody knows.
const UNKNOWN_CODE_TRIES_MAX: i64 = 2;
/// Each pause between tries is so many times as long as the one before: with
/// the usual first one of five seconds, six tries fit into half an hour.
const PAUSE_GROWTH: i64 = 4;
/// By how much of it, at most, a pause is shortened, so that requests that were
/// refused together do not come back together.
const SPREAD_PERCENT: i64 = 25;

/// A request that has an outcome, still to be settled.
#[derive(Debug)]
pub(super) struct Sent {
    batch: PickedBatch,
    outcome: Outcome,
    people: usize,
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
        let outcome = match self.reason_to_stay(lease_until) {
            Some(text) => Outcome::NotSent {
                text: text.to_owned(),
                retry_after: None,
            },
            None => {
                let pace = self.settings.dispatch.recipients_per_second;
                self.paces.wait(batch.connector, pace, people).await;
                nobody_taken(context.connector.send(&request).await, people)
            }
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
            bounced: (!bounced.is_empty()).then_some((context.campaign.firm, bounced)),
        }
    }

    /// Why a request that was claimed does not leave after all.
    fn reason_to_stay(&self, lease_until: Timestamp) -> Option<&'static str> {
        if self.is_stopping() {
            return Some("the worker is being stopped");
        }
        let longest = i64::try_from(self.settings.dispatch.timeout_seconds).unwrap_or(i64::MAX);
        let answered_by = self
            .now()
            .plus_micros(longest.saturating_mul(SECOND_US).saturating_add(SECOND_US));
        (answered_by > lease_until).then_some("its turn came too late")
    }

    /// Settles requests that have come back: those the provider took in one
    /// transaction, the others each in its own, because they lock campaigns
    /// before batches as a pause does.
    pub(super) async fn settle_all(&self, back: Vec<Sent>) -> Result<(), EngineError> {
        let mut accepted = Vec::with_capacity(back.len());
        for sent in &back {
            if !sent.stopped.is_empty() {
                self.take_stops(sent.batch.connector, &sent.stopped).await?;
            }
            match &sent.outcome {
                Outcome::Accepted { reference, refused } => {
                    let refused: Vec<SendException> = refused.iter().filter_map(refusal).collect();
                    accepted.push(Acceptance {
                        batch: &sent.batch,
                        reference,
                        accepted: taken(sent.people, &refused),
                        refused,
                    });
                }
                _ => {
                    self.settle(&sent.batch, &sent.outcome, sent.people).await?;
                }
            }
            if let Some((firm, bounces)) = &sent.bounced {
                let mut writer = self.store.write().await?;
                writer.note_bounces(*firm, bounces).await?;
                writer.commit().await?;
            }
        }
        if accepted.is_empty() {
            return Ok(());
        }
        self.settle_accepted(&accepted).await?;
        for sent in &back {
            self.stop_for(sent.batch.connector, &sent.outcome).await?;
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

    /// Stops an account whose credit ended within a request, so that the next
    /// ones wait for a person instead of failing one after the other.
    async fn stop_for(&self, connector: ConnectorId, outcome: &Outcome) -> Result<(), EngineError> {
        let Outcome::Accepted { refused, .. } = outcome else {
            return Ok(());
        };
        let Some(refusal) = refused.iter().find(|one| one.class == Class::Account) else {
            return Ok(());
        };
        let error = format!("{}: {}", refusal.code, refusal.text);
        let mut writer = self.store.write().await?;
        break_account(&mut writer, connector, &error).await?;
        writer.commit().await?;
        Ok(())
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
    ) -> Result<(), EngineError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_settle(batch, outcome, people).await {
                Ok(()) => return Ok(()),
                Err(StoreError::Lost { .. }) => {
                    warn_of_loss(batch.key);
                    return Ok(());
                }
                Err(error) if error.is_passing() && tries < SETTLE_TRIES => {
                    tokio::time::sleep(SETTLE_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn try_settle(
        &self,
        batch: &PickedBatch,
        outcome: &Outcome,
        people: usize,
    ) -> Result<(), StoreError> {
        let mut writer = self.store.write().await?;
        match outcome {
            Outcome::Accepted { reference, refused } => {
                let refused: Vec<SendException> = refused.iter().filter_map(refusal).collect();
                writer
                    .settle_accepted(batch, reference, taken(people, &refused), &refused)
                    .await?;
            }
            Outcome::Refused { class, code, text } => {
                let error = format!("{code}: {text}");
                self.settle_refused(&mut writer, batch, *class, &error)
                    .await?;
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
        writer.commit().await
    }

    /// The provider refused the whole request; nothing of it was sent.
    async fn settle_refused(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        class: Class,
        error: &str,
    ) -> Result<(), StoreError> {
        match class {
            Class::Account | Class::Sender => {
                // The account must be put right by a person; its batches wait.
                break_account(writer, batch.connector, error).await?;
                writer
                    .return_to_pending(batch, self.again(None), error)
                    .await
            }
            Class::Transient => {
                let (most, end) = (TRIES_MAX, FailedAs::KeptRefusing);
                self.refused_for_now(writer, batch, most, end, error).await
            }
            Class::Undocumented => {
                let (most, end) = (UNKNOWN_CODE_TRIES_MAX, FailedAs::UnknownCode);
                self.refused_for_now(writer, batch, most, end, error).await
            }
            Class::Permanent if batch.size == 1 => {
                writer
                    .settle_failed(batch, FailedAs::Recipient, error)
                    .await
            }
            Class::Permanent | Class::Request | Class::Duplicate => {
                writer.settle_failed(batch, FailedAs::Refused, error).await
            }
        }
    }

    /// Tries a refused request again after a pause that grows; after the last
    /// try it has failed. The count is in the row: no crash begins it anew.
    async fn refused_for_now(
        &self,
        writer: &mut Writer,
        batch: &PickedBatch,
        tries_max: i64,
        end: FailedAs,
        error: &str,
    ) -> Result<(), StoreError> {
        let refusals = batch.refusals + 1;
        if refusals < tries_max {
            let first = self.settings.dispatch.retry_seconds * SECOND_US;
            let next = self
                .now()
                .plus_micros(pause_us(first, refusals, batch.key.number));
            return writer.return_refused(batch, next, error).await;
        }
        tracing::error!(
            campaign.id = %batch.key.campaign, batch.no = batch.key.number, people = batch.size,
            "a request was refused {refusals} times and is given up: {error}"
        );
        writer.settle_failed(batch, end, error).await
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

async fn break_account(
    writer: &mut Writer,
    connector: ConnectorId,
    error: &str,
) -> Result<(), StoreError> {
    let (account, _) = writer.connector_at_work(connector).await?;
    let broken = ConnectorState::Broken;
    writer
        .set_connector_state(account.id, account.version, broken, Some(error))
        .await
}

/// An answer that refuses everybody on account of the account (no credit, above
/// all) refuses the request: it waits with its people, and nobody has failed.
pub(super) fn nobody_taken(outcome: Outcome, people: usize) -> Outcome {
    match outcome {
        Outcome::Accepted { refused, .. }
            if refused.len() >= people.max(1)
                && refused.iter().all(|one| one.class == Class::Account) =>
        {
            let first = refused.into_iter().next();
            let (code, text) = first.map(|one| (one.code, one.text)).unwrap_or_default();
            Outcome::Refused {
                class: Class::Account,
                code,
                text,
            }
        }
        outcome => outcome,
    }
}

/// The pause after so many refusals, spread by the batch's number.
fn pause_us(first_us: i64, refusals: i64, batch_no: i64) -> i64 {
    let growth = u32::try_from(refusals - 1)
        .ok()
        .and_then(|steps| PAUSE_GROWTH.checked_pow(steps));
    let pause = first_us.saturating_mul(growth.unwrap_or(1));
    let shorter = batch_no.rem_euclid(SPREAD_PERCENT + 1);
    pause - pause / 100 * shorter
}

/// The dead addresses that a provider names in its answer.
fn bounced(
    connector: &dyn Connector,
    messages: &[MessageRef],
    outcome: &Outcome,
    now: Timestamp,
) -> Vec<Bounce> {
    let bounce = |message: MessageRef, code: &str, text: &str| {
        connector.is_dead_address(code, text).then(|| Bounce {
            message,
            is_hard: true,
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

/// A person whom the provider refused; none when it had the message already.
pub(super) fn refusal(refused: &Refusal) -> Option<SendException> {
    let class = match refused.class {
        Class::Duplicate => return None,
        Class::Transient | Class::Undocumented => ExceptionClass::Transient,
        Class::Permanent => ExceptionClass::Permanent,
        Class::Account => ExceptionClass::Account,
        Class::Sender | Class::Request => ExceptionClass::Content,
    };
    Some(SendException {
        recipient: refused.message.recipient,
        code: None,
        class,
        provider_code: Some(refused.code.clone()),
        provider_text: Some(refused.text.clone()),
    })
}

fn taken(people: usize, refused: &[SendException]) -> i64 {
    i64::try_from(people - refused.len().min(people)).unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use domain::time::MINUTE_US;

    use super::*;

    #[test]
    fn pauses_grow_and_all_tries_fit_into_half_an_hour_whatever_the_batch() {
        let pauses = |batch_no| {
            (1..TRIES_MAX).map(move |refusals| pause_us(5 * SECOND_US, refusals, batch_no))
        };
        let whole: Vec<i64> = pauses(0).map(|us| us / SECOND_US).collect();
        assert_eq!(whole, [5, 20, 80, 320, 1_280]);
        for batch_no in [0, 1, 25, 26, 1_000_003] {
            assert!(pauses(batch_no).is_sorted_by(|a, b| a < b), "{batch_no}");
            let total: i64 = pauses(batch_no).sum();
            assert!(
                (20 * MINUTE_US..30 * MINUTE_US).contains(&total),
                "{batch_no}"
            );
        }
        assert_ne!(pause_us(SECOND_US, 1, 1), pause_us(SECOND_US, 1, 2));
    }
}
