//! Receipts and replies of accounts that keep a session open: what came over it
//! is kept as it came, like a push, and only then confirmed to the provider.

use domain::ids::ConnectorId;
use store::connectors::ConnectorState;

use crate::error::EngineError;
use crate::{Engine, Step};

impl Engine {
    /// Keeps what came over the sessions of this process.
    ///
    /// # Errors
    /// When the database fails; nothing is confirmed then, and everything comes again.
    pub async fn step_hear(&self) -> Result<Step, EngineError> {
        let accounts = self.store.read().await?.connectors_at_work().await?;
        let mut step = Step::Idle;
        for id in accounts {
            step = step.or(self.hear(id).await?);
        }
        Ok(step)
    }

    async fn hear(&self, id: ConnectorId) -> Result<Step, EngineError> {
        let configured = self.store.read().await?.connector_at_work(id).await?;
        let connector = self.connector(&configured)?;
        if configured.0.state != ConnectorState::Active || !connector.keeps_a_session() {
            return Ok(Step::Idle);
        }
        let heard = match connector.hear(self.now()).await {
            Ok(heard) => heard,
            Err(failure) => {
                tracing::warn!(connector.id = %id, "no session could be opened: {failure}");
                return Ok(Step::Idle);
            }
        };
        if heard.unreadable > 0 {
            tracing::error!(connector.id = %id, count = heard.unreadable, "deliveries could not be read");
        }
        if heard.receipts.is_empty() && heard.replies.is_empty() {
            return Ok(Step::Idle);
        }
        let mut writer = self.store.write().await?;
        if !heard.receipts.is_empty() {
            let packed = lz4_flex::compress_prepend_size(&heard.receipts);
            writer.store_pushes(&[(id, &packed)]).await?;
        }
        if !heard.replies.is_empty() {
            let packed = lz4_flex::compress_prepend_size(&heard.replies);
            writer.store_reply_push(id, &packed).await?;
        }
        writer.commit().await?;
        connector.heard(heard).await;
        self.wake.receipts.notify_waiters();
        self.wake.replies.notify_waiters();
        Ok(Step::Did)
    }
}
