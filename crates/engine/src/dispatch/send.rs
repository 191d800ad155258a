//! The request leaves, outside any transaction, and its outcome is settled in
//! one. What is not certain is in doubt; nothing is guessed.

use std::time::Duration;

use connectors::{Class, Outcome, Refusal};
use domain::Timestamp;
use domain::time::SECOND_US;
use store::connectors::ConnectorState;
use store::dispatch::{ExceptionClass, PickedBatch, SendException};
use store::{StoreError, Writer};

use super::claim::Prepared;
use crate::Engine;
use crate::error::EngineError;

/// Tries to write an outcome down; beyond it the lease tells that it is in doubt.
const SETTLE_TRIES: u32 = 20;
const SETTLE_PAUSE: Duration = Duration::from_millis(250);

impl Engine {
    pub(super) async fn send_and_settle(&self, prepared: Prepared) -> Result<(), EngineError> {
        let Prepared {
            batch,
            context,
            request,
        } = prepared;
        let pace = self.settings.dispatch.recipients_per_second;
        self.paces
            .wait(batch.connector, pace, request.messages().len())
            .await;
        let outcome = context.connector.send(&request).await;
        count(&outcome, request.messages().len());
        self.settle(&batch, &outcome, request.messages().len())
            .await
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
                    tracing::warn!(
                        campaign.id = %batch.key.campaign, batch.no = batch.key.number,
                        "a batch was taken over before its outcome was settled"
                    );
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
                let accepted = i64::try_from(people - refused.len().min(people)).unwrap_or(0);
                writer
                    .settle_accepted(batch, reference, accepted, &refused)
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
                let (account, _) = writer.connector_at_work(batch.connector).await?;
                writer
                    .set_connector_state(
                        account.id,
                        account.version,
                        ConnectorState::Broken,
                        Some(error),
                    )
                    .await?;
                writer
                    .return_to_pending(batch, self.again(None), error)
                    .await
            }
            Class::Transient | Class::Undocumented => {
                writer
                    .return_to_pending(batch, self.again(None), error)
                    .await
            }
            Class::Permanent | Class::Request | Class::Duplicate => {
                writer.settle_failed(batch, error).await
            }
        }
    }

    pub(super) fn again(&self, asked: Option<Duration>) -> Timestamp {
        let ours = self.settings.dispatch.retry_seconds * SECOND_US;
        let theirs = asked.map_or(0, |wait| {
            i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)
        });
        self.now().plus_micros(ours.max(theirs))
    }

    pub(super) fn after_quiet(&self) -> Timestamp {
        self.now()
            .plus_micros(self.settings.dispatch.quiet_seconds * SECOND_US)
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
