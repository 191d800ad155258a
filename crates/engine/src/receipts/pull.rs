//! Receipts that a provider does not push are asked for, request by request,
//! at the pace it allows. What is under way for long is asked about less often.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use connectors::{Connector, Pulling, ReceiptState, SentRequest};
use domain::Timestamp;
use domain::ids::{BatchKey, ConnectorId, FirmId, MessageRef};
use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use store::connectors::{Connector as Account, ConnectorState};
use store::receipt_pulls::PullBatch;
use store::receipts::ReceiptRow;

use super::{blames_account, bounces, row, warn};
use crate::error::EngineError;
use crate::{Engine, Step};

/// Stands in a receipt where a push would stand: it was asked for.
const ASKED_FOR: i64 = 0;
/// A worker that dies while it asks holds its batches no longer than this.
const HOLD_US: i64 = 5 * MINUTE_US;
/// References kept with their batch; beyond it they are looked up anew.
const REFERENCES_MAX: usize = 10_000;

/// When each account was asked last, by this process, and which batch a
/// provider's name stands for.
#[derive(Debug, Default)]
pub(crate) struct Pulls {
    next: Mutex<HashMap<ConnectorId, Timestamp>>,
    references: Mutex<HashMap<(ConnectorId, String), BatchKey>>,
}

impl Pulls {
    /// Whether an account may be asked now; if so, it was.
    fn begin(&self, connector: ConnectorId, now: Timestamp, every_us: i64) -> bool {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.get(&connector).is_some_and(|next| *next > now) {
            return false;
        }
        next.insert(connector, now.plus_micros(every_us));
        true
    }

    fn known(&self, connector: ConnectorId, reference: &str) -> Option<BatchKey> {
        let references = self
            .references
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        references.get(&(connector, reference.to_owned())).copied()
    }

    fn learn(&self, connector: ConnectorId, reference: &str, batch: BatchKey) {
        let mut references = self
            .references
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if references.len() >= REFERENCES_MAX {
            references.clear();
        }
        references.insert((connector, reference.to_owned()), batch);
    }
}

impl Engine {
    /// Asks providers for receipts that are due.
    ///
    /// # Errors
    /// When the database fails; a provider that does not answer is asked later.
    pub async fn step_pull(&self) -> Result<Step, EngineError> {
        let now = self.now();
        let due = self.store.read().await?.connectors_to_pull(now).await?;
        let mut step = Step::Idle;
        for id in due {
            let configured = self.store.read().await?.connector_at_work(id).await?;
            if configured.0.state != ConnectorState::Active {
                continue;
            }
            let connector = self.connector(&configured)?;
            let Some(pulling) = connector.capabilities().receipts.by_pull else {
                continue;
            };
            let every_us = self.pull_every_us(&pulling);
            if self.pulls.begin(id, now, every_us) {
                step = step.or(self
                    .pull_account(&configured.0, &connector, &pulling, every_us)
                    .await?);
            }
        }
        Ok(step)
    }

    fn pull_every_us(&self, pulling: &Pulling) -> i64 {
        let seconds = self.settings.receipts.pull_seconds;
        seconds.map_or_else(
            || i64::try_from(pulling.every.as_micros()).unwrap_or(i64::MAX),
            |seconds| seconds.saturating_mul(SECOND_US),
        )
    }

    async fn pull_account(
        &self,
        account: &Account,
        connector: &Arc<dyn Connector>,
        pulling: &Pulling,
        every_us: i64,
    ) -> Result<Step, EngineError> {
        let now = self.now();
        let id = account.id;
        let mut writer = self.store.write().await?;
        let until = now.plus_micros(HOLD_US);
        let picked = writer.pick_to_pull(id, until, pulling.requests_max).await?;
        writer.commit().await?;
        let mut asked: Vec<(PullBatch, SentRequest)> = Vec::with_capacity(picked.len());
        let mut later: Vec<(BatchKey, Option<Timestamp>)> = Vec::new();
        let mut people = 0;
        // Of whom nothing more will be heard.
        let mut silent: Vec<ReceiptRow> = Vec::new();
        for batch in picked {
            let messages = self.store.read().await?.open_messages(&batch).await?;
            let age = now.since(batch.settled_at);
            let window = i64::try_from(pulling.window.as_micros()).unwrap_or(i64::MAX);
            if messages.is_empty() || age > window || batch.reference.is_empty() {
                silent.extend(messages.iter().map(|(message, _)| unheard(*message, now)));
                later.push((batch.key, None));
            } else if people > 0 && people + messages.len() > pulling.recipients_max {
                later.push((batch.key, Some(now)));
            } else {
                people += messages.len();
                let request = SentRequest {
                    key: batch.request_key.clone(),
                    reference: batch.reference.clone(),
                    messages,
                };
                asked.push((batch, request));
            }
        }
        let requests: Vec<SentRequest> = asked.iter().map(|(_, r)| r.clone()).collect();
        let told = if requests.is_empty() {
            connectors::Receipts::default()
        } else {
            connector.pull(&requests).await.unwrap_or_else(|failure| {
                tracing::warn!(connector.id = %id, "receipts could not be asked for: {failure}");
                connectors::Receipts::default()
            })
        };
        warn(id, &told.alerts);
        let bounced = bounces(connector.as_ref(), &told.receipts, now);
        let rows: Vec<ReceiptRow> = told.receipts.into_iter().map(|r| row(r, now)).collect();
        let next = |batch: &PullBatch| {
            let rest = rest_us(now.since(batch.settled_at)).max(every_us);
            // The provider's own pace is kept even where ours is set by hand.
            let rest = if self.settings.receipts.pull_seconds.is_some() {
                every_us
            } else {
                rest
            };
            now.plus_micros(rest)
        };
        later.extend(
            asked
                .iter()
                .map(|(batch, _)| (batch.key, Some(next(batch)))),
        );
        let done = later.len();
        let mut writer = self.store.write().await?;
        let mut changed = writer.apply_receipts(id, ASKED_FOR, &rows).await?;
        changed += writer.apply_receipts(id, ASKED_FOR, &silent).await?;
        if !bounced.is_empty() {
            writer.note_bounces(account.firm, &bounced).await?;
        }
        if let Some(row) = blames_account(connector.as_ref(), rows.iter()) {
            self.heed_receipt(&mut writer, id, row).await?;
        }
        for (key, next) in later {
            writer.pull_again(key, next).await?;
        }
        writer.commit().await?;
        metrics::counter!("izinli_receipts_total").increment(changed);
        Ok(Step::of(done))
    }

    /// Receipts that name a request and a person, as rows; those of requests
    /// that are not known (yet) are left to the next question.
    pub(super) async fn addressed(
        &self,
        reader: &mut store::Reader,
        firm: FirmId,
        connector: ConnectorId,
        receipts: Vec<connectors::AddressedReceipt>,
    ) -> Result<Vec<ReceiptRow>, EngineError> {
        let now = self.now();
        let mut rows = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let batch = match self.pulls.known(connector, &receipt.reference) {
                Some(batch) => batch,
                None => {
                    let found = reader
                        .batch_by_reference(connector, &receipt.reference)
                        .await?;
                    let Some(batch) = found else { continue };
                    self.pulls.learn(connector, &receipt.reference, batch);
                    batch
                }
            };
            let message = reader.message_to(firm, batch, &receipt.recipient).await?;
            rows.extend(message.map(|message| ReceiptRow {
                message,
                state: receipt.state.as_db(),
                provider_code: receipt.provider_code,
                provider_text: Some(receipt.provider_text).filter(|text| !text.is_empty()),
                operator_code: None,
                happened_at: now,
            }));
        }
        Ok(rows)
    }
}

/// The provider stopped reporting of a message (*sonuç bilinmiyor*).
fn unheard(message: MessageRef, now: Timestamp) -> ReceiptRow {
    ReceiptRow {
        message,
        state: ReceiptState::Unknown.as_db(),
        provider_code: String::new(),
        provider_text: None,
        operator_code: None,
        happened_at: now,
    }
}

/// How long a batch of this age rests between two questions.
const fn rest_us(age_us: i64) -> i64 {
    if age_us < 10 * MINUTE_US {
        MINUTE_US
    } else if age_us < HOUR_US {
        5 * MINUTE_US
    } else if age_us < 6 * HOUR_US {
        15 * MINUTE_US
    } else {
        HOUR_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_not_asked_faster_than_its_pace() {
        let pulls = Pulls::default();
        let account = ConnectorId::from_db(1);
        let now = Timestamp::from_micros(1_000);
        assert!(pulls.begin(account, now, MINUTE_US));
        assert!(!pulls.begin(account, now.plus_micros(MINUTE_US - 1), MINUTE_US));
        assert!(pulls.begin(account, now.plus_micros(MINUTE_US), MINUTE_US));
    }

    #[test]
    fn the_older_a_batch_the_rarer_the_question() {
        let rests = [0, 10 * MINUTE_US, HOUR_US, 6 * HOUR_US].map(rest_us);
        assert!(rests.is_sorted());
        assert_eq!(rests, [MINUTE_US, 5 * MINUTE_US, 15 * MINUTE_US, HOUR_US]);
    }
}
