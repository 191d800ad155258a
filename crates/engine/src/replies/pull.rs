//! Replies that a provider does not push are asked for. Most hand each out
//! once, so what came is kept before anything else happens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;
use domain::ids::ConnectorId;
use domain::time::SECOND_US;
use store::connectors::ConnectorState;

use crate::error::EngineError;
use crate::{Engine, Step};

/// When this process asks each account next.
#[derive(Debug, Default)]
pub(crate) struct ReplyPulls(Mutex<HashMap<ConnectorId, Timestamp>>);

impl ReplyPulls {
    /// Whether an account is to be asked now; the first time is one pause after
    /// it was seen.
    fn begin(&self, account: ConnectorId, now: Timestamp, every_us: i64) -> bool {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = *next
            .entry(account)
            .or_insert_with(|| now.plus_micros(every_us));
        if due > now {
            return false;
        }
        next.insert(account, now.plus_micros(every_us));
        true
    }
}

impl Engine {
    /// Asks accounts for replies, where that is offered.
    ///
    /// # Errors
    /// When the database fails; a provider that does not answer is asked later.
    pub async fn step_pull_replies(&self) -> Result<Step, EngineError> {
        let seconds = self.settings.receipts.replies_pull_seconds;
        if seconds <= 0 {
            return Ok(Step::Idle);
        }
        let due = self.store.read().await?.connectors_at_work().await?;
        for id in due {
            let now = self.now();
            if self
                .reply_pulls
                .begin(id, now, seconds.saturating_mul(SECOND_US))
            {
                self.pull_replies(id).await?;
            }
        }
        Ok(Step::Idle)
    }

    async fn pull_replies(&self, id: ConnectorId) -> Result<(), EngineError> {
        let configured = self.store.read().await?.connector_at_work(id).await?;
        let connector = self.connector(&configured)?;
        if configured.0.state != ConnectorState::Active || !connector.capabilities().inbound.by_pull
        {
            return Ok(());
        }
        let inbox = match connector.pull_inbound().await {
            Ok(inbox) => inbox,
            Err(failure) => {
                tracing::warn!(connector.id = %id, "replies could not be asked for: {failure}");
                return Ok(());
            }
        };
        if inbox.unreadable > 0 {
            tracing::error!(connector.id = %id, count = inbox.unreadable, "replies could not be read");
        }
        if inbox.replies.is_empty() {
            return Ok(());
        }
        let mut writer = self.store.write().await?;
        let mailbox = self.mailbox(&mut writer, id).await?;
        for said in &inbox.replies {
            self.take_reply(&mut writer, &mailbox, said).await?;
        }
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_asked_one_pause_after_it_was_seen_and_then_at_its_pace() {
        let pulls = ReplyPulls::default();
        let account = ConnectorId::from_db(1);
        let now = Timestamp::from_micros(0);
        assert!(!pulls.begin(account, now, 10));
        assert!(!pulls.begin(account, now.plus_micros(9), 10));
        assert!(pulls.begin(account, now.plus_micros(10), 10));
        assert!(!pulls.begin(account, now.plus_micros(19), 10));
        assert!(pulls.begin(account, now.plus_micros(25), 10));
    }
}
