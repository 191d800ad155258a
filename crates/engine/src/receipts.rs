//! Receipts come back: pushes are kept as they came and answered at once; the
//! mapping follows, and a message's state only moves forward.

mod pull;

use std::sync::Arc;

use connectors::{AddressedReceipt, Connector, Push, Receipt};
use http::HeaderMap;
use store::receipts::ReceiptRow;

use crate::error::EngineError;
use crate::{Engine, Step};

pub(crate) use pull::Pulls;

/// Why a push was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PushRefusal {
    /// No account has this address.
    #[error("no such address")]
    Unknown,
    /// It does not come from the provider.
    #[error("the push could not be authenticated")]
    Unauthenticated,
    /// It could not be kept; the provider should send it again.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Keeps a push of receipts. The caller answers 200 when this returns.
    ///
    /// # Errors
    /// [`PushRefusal`]; only [`PushRefusal::Engine`] is worth sending again.
    pub async fn receive_push(
        &self,
        path_key: &str,
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<(), PushRefusal> {
        let mut reader = self.store.read().await.map_err(EngineError::from)?;
        let configured = reader
            .connector_by_path_key(path_key)
            .await
            .map_err(EngineError::from)?
            .ok_or(PushRefusal::Unknown)?;
        drop(reader);
        let connector = self.connector(&configured)?;
        let url = self.receipts_url(&configured.0);
        let push = Push {
            url: &url,
            headers,
            query,
            body,
        };
        if !connector.authenticate(&push) {
            return Err(PushRefusal::Unauthenticated);
        }
        let packed = lz4_flex::compress_prepend_size(&connector.kept(&push));
        let mut writer = self.store.write().await.map_err(EngineError::from)?;
        writer
            .store_push(configured.0.id, &packed)
            .await
            .map_err(EngineError::from)?;
        writer.commit().await.map_err(EngineError::from)?;
        self.wake.receipts.notify_waiters();
        Ok(())
    }

    /// Maps pushes that wait, in one transaction with what they change.
    pub async fn step_receipts(&self) -> Result<Step, EngineError> {
        let mut writer = self.store.write().await?;
        let pushes = writer
            .take_pushes(self.settings.receipts.pushes_per_transaction)
            .await?;
        let count = pushes.len();
        for push in pushes {
            let configured = writer.connector_at_work(push.connector).await?;
            let connector = self.connector(&configured)?;
            match self.read_push(&connector, &push.body) {
                Ok((mut rows, addressed)) => {
                    let firm = configured.0.firm;
                    let found = self.addressed(&mut writer, firm, push.connector, addressed);
                    rows.extend(found.await?);
                    let changed = writer
                        .apply_receipts(push.connector, push.id, &rows)
                        .await?;
                    metrics::counter!("izinli_receipts_total").increment(changed);
                    writer.settle_push(push.id, None).await?;
                }
                Err(problem) => {
                    tracing::error!(connector.id = %push.connector, push.id = push.id, "a push could not be read: {problem}");
                    writer.settle_push(push.id, Some(&problem)).await?;
                }
            }
        }
        if count > 0 {
            writer.commit().await?;
        }
        Ok(Step::of(count))
    }

    fn read_push(
        &self,
        connector: &Arc<dyn Connector>,
        packed: &[u8],
    ) -> Result<(Vec<ReceiptRow>, Vec<AddressedReceipt>), String> {
        let body =
            lz4_flex::decompress_size_prepended(packed).map_err(|error| error.to_string())?;
        let receipts = connector
            .receipts(&body)
            .map_err(|error| error.to_string())?;
        let now = self.now();
        let rows = receipts.receipts.into_iter();
        Ok((
            rows.map(|receipt| row(receipt, now)).collect(),
            receipts.addressed,
        ))
    }
}

fn row(receipt: Receipt, now: domain::Timestamp) -> ReceiptRow {
    ReceiptRow {
        message: receipt.message,
        state: receipt.state.as_db(),
        provider_code: receipt.provider_code,
        provider_text: Some(receipt.provider_text).filter(|text| !text.is_empty()),
        happened_at: receipt.happened_at.unwrap_or(now),
    }
}
