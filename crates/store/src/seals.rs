//! What was handed over, for the seal of a campaign: batches with the exact
//! request of each, and which campaigns have not been sealed yet.

use domain::ids::{CampaignId, FirmId, RecipientId};
use domain::{Timestamp, ids::BrandId};

use crate::db::{Reader, Writer};
use crate::dispatch::BatchState;
use crate::error::{Doing, StoreError, exactly};
use crate::row::{bounded, instant, known};

/// Batches read at a time: each may hold a request of some tens of kilobytes.
const BATCHES: usize = 64;

/// A batch that has an outcome, with the request that was stored for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOver {
    /// Number inside the campaign, from 1.
    pub number: i64,
    /// Its first and last person.
    pub people: (RecipientId, RecipientId),
    /// How it ended.
    pub state: BatchState,
    /// Our name for the request.
    pub request_key: Option<String>,
    /// The provider's name for it.
    pub provider_reference: Option<String>,
    /// When it was handed over.
    pub handed_over_at: Option<Timestamp>,
    /// The stored request, LZ4; none or empty when nothing was sent.
    pub content: Option<Vec<u8>>,
}

/// A campaign that ended and has no seal yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsealed {
    /// Whose it is.
    pub firm: FirmId,
    /// In whose name.
    pub brand: BrandId,
    /// The campaign.
    pub campaign: CampaignId,
}

const UNSEALED: &str = "SELECT c.firm_id, c.brand_id, c.id FROM campaign c \
     WHERE c.finished_us IS NOT NULL AND c.sealed_us IS NULL AND NOT EXISTS \
        (SELECT 1 FROM send_batch b WHERE b.campaign_id = c.id AND b.settled_us IS NULL) \
     ORDER BY c.finished_us LIMIT $1";

const HANDED_OVER: &str = "SELECT b.batch_no, b.first_recipient_id, b.last_recipient_id, b.state, \
        b.request_key, b.provider_reference, b.claimed_us, s.content \
     FROM send_batch b \
     LEFT JOIN send_content s ON s.campaign_id = b.campaign_id AND s.batch_no = b.batch_no \
     WHERE b.campaign_id = $1 AND b.batch_no > $2 ORDER BY b.batch_no LIMIT $3";

#[derive(sqlx::FromRow)]
struct HandedOverRow {
    batch_no: i64,
    first_recipient_id: i64,
    last_recipient_id: i64,
    state: i64,
    request_key: Option<String>,
    provider_reference: Option<String>,
    claimed_us: Option<i64>,
    content: Option<Vec<u8>>,
}

impl Reader {
    /// Campaigns that ended and have no seal yet, the oldest first.
    pub async fn campaigns_unsealed(&mut self, limit: usize) -> Result<Vec<Unsealed>, StoreError> {
        let rows: Vec<(i64, i64, i64)> = on!(self, conn => sqlx::query_as(UNSEALED)
            .bind(bounded(limit, 100))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for campaigns to seal")?;
        let unsealed = |(firm, brand, campaign)| Unsealed {
            firm: FirmId::from_db(firm),
            brand: BrandId::from_db(brand),
            campaign: CampaignId::from_db(campaign),
        };
        Ok(rows.into_iter().map(unsealed).collect())
    }

    /// The next batches of a campaign after number `after`, with their requests.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a state is none.
    pub async fn handed_over(
        &mut self,
        campaign: CampaignId,
        after: i64,
    ) -> Result<Vec<HandedOver>, StoreError> {
        let rows: Vec<HandedOverRow> = on!(self, conn => sqlx::query_as(HANDED_OVER)
            .bind(campaign.as_db())
            .bind(after)
            .bind(bounded(BATCHES, BATCHES))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading what was handed over")?;
        rows.into_iter()
            .map(|row| {
                Ok(HandedOver {
                    number: row.batch_no,
                    people: (
                        RecipientId::from_db(row.first_recipient_id),
                        RecipientId::from_db(row.last_recipient_id),
                    ),
                    state: known(
                        BatchState::from_db(row.state),
                        "send_batch",
                        "state",
                        campaign,
                    )?,
                    request_key: row.request_key,
                    provider_reference: row.provider_reference,
                    handed_over_at: instant(row.claimed_us),
                    content: row.content.filter(|content| !content.is_empty()),
                })
            })
            .collect()
    }
}

impl Writer {
    /// Notes which entry of the audit trail holds a campaign's seal.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when another worker was faster.
    pub async fn note_seal(&mut self, campaign: CampaignId, entry: i64) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE campaign SET sealed_us = $2, seal_entry = $3 WHERE id = $1 AND sealed_us IS NULL";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(campaign.as_db())
            .bind(now)
            .bind(entry)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting a seal")?;
        exactly(rows, 1, "the campaign to be sealed")
    }
}

#[cfg(test)]
mod tests {
    use super::{HANDED_OVER, UNSEALED};
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn the_few_unsealed_campaigns_are_found_without_reading_the_others() {
        walks_in_order(|_| UNSEALED, Index::named("campaign_unsealed")).await;
        let key = Index::of_key("sqlite_autoindex_send_batch_1", "send_batch_pkey");
        walks_in_order(|_| HANDED_OVER, key).await;
    }
}
