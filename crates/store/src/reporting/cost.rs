//! Parts (*boy*) that a campaign has come to, as the provider bills them.

use std::collections::BTreeMap;

use domain::ids::{CampaignId, ConnectorId};

use crate::db::Reader;
use crate::dispatch::BatchState;
use crate::error::{Doing, StoreError};

/// Parts that were handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// In requests that a provider took, by the account; none where nothing was
    /// counted.
    pub accepted: BTreeMap<ConnectorId, Option<i64>>,
    /// In requests of which nobody knows yet whether they arrived.
    pub uncertain: i64,
}

/// Whoever the provider refused is not billed. A batch keeps the parts of all
/// it carried, so a refused person counts as the average of the batch: exact
/// where everybody's text has as many parts.
const PARTS: &str = "SELECT b.state, b.connector_id, CAST(sum(CASE \
        WHEN b.size > COALESCE(e.kept_back, 0) \
        THEN b.parts - b.parts * COALESCE(e.refused, 0) / (b.size - COALESCE(e.kept_back, 0)) \
        ELSE 0 END) AS BIGINT) AS parts \
     FROM send_batch b LEFT JOIN (SELECT batch_no, \
            sum(CASE WHEN code = 0 THEN 1 ELSE 0 END) AS refused, \
            sum(CASE WHEN code > 0 THEN 1 ELSE 0 END) AS kept_back \
         FROM send_exception WHERE campaign_id = $1 GROUP BY batch_no) e ON e.batch_no = b.batch_no \
     WHERE b.campaign_id = $1 AND b.state IN (2, 3, 5, 6) GROUP BY b.state, b.connector_id";

impl Reader {
    /// Parts of a campaign's requests.
    pub async fn campaign_parts(&mut self, id: CampaignId) -> Result<Parts, StoreError> {
        let rows: Vec<(i64, i64, Option<i64>)> = on!(self, conn => sqlx::query_as(PARTS)
            .bind(id.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting parts of a campaign")?;
        let mut counted = Parts::default();
        for (state, account, parts) in rows {
            match BatchState::from_db(state) {
                Some(BatchState::Accepted) => {
                    let account = ConnectorId::from_db(account);
                    counted.accepted.insert(account, parts);
                }
                _ => counted.uncertain += parts.unwrap_or(0),
            }
        }
        Ok(counted)
    }
}
