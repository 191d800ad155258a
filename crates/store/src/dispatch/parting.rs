//! People of a batch are parted from it: those whom a request was refused for
//! get a batch of their own, with a number and so a name of its own. Whoever is
//! in it was surely sent nothing, and is in one batch only at every instant.

use domain::Timestamp;
use domain::ids::{BatchKey, CampaignId, ConnectorId, RecipientId};
use domain::plan::Part;

use super::PickedBatch;
use crate::campaigns::CampaignState;
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven as _, Given};
use crate::row::{for_update, known};

/// What is written of a batch whose people were parted. The route is not at
/// fault: nobody takes another one for it.
pub const PARTED: &str = "refused with others; tried again apart from them";

impl Reader {
    /// Whether the provider has taken anybody's message of a campaign over an
    /// account.
    pub async fn has_accepted(
        &mut self,
        campaign: CampaignId,
        connector: ConnectorId,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM send_batch WHERE campaign_id = $1 \
                AND connector_id = $2 AND state = 3 AND accepted_count > 0) \
             THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(campaign.as_db())
            .bind(connector.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for accepted requests")?;
        Ok(found == 1)
    }
}

impl Writer {
    /// The state of a campaign, which stays as it is until the commit: before
    /// batches of it are changed, as a pause or a stop does.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such campaign.
    pub async fn lock_campaign(
        &mut self,
        campaign: CampaignId,
    ) -> Result<CampaignState, StoreError> {
        let sql = for_update!(self, "SELECT state FROM campaign WHERE id = $1");
        let state: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(campaign.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("locking a campaign")?;
        let state = state.ok_or(StoreError::Lost {
            what: "the campaign",
        })?;
        known(CampaignState::from_db(state), "campaign", "state", campaign)
    }

    /// Parts some people from a batch in this claim's hands: they wait in a new
    /// one of the same part until `next`, or follow their campaign if that was
    /// paused or stopped. `refusals` is how often they were refused for now. None
    /// when the part has no number left; then nothing is changed.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more, or
    /// somebody of `people` is not in it.
    pub async fn part_from_batch(
        &mut self,
        batch: &PickedBatch,
        people: &[RecipientId],
        next: Timestamp,
        refusals: i64,
    ) -> Result<Option<BatchKey>, StoreError> {
        let (Some(first), Some(last)) = (people.iter().min(), people.iter().max()) else {
            return Ok(None);
        };
        let campaign = batch.key.campaign;
        self.lock_campaign(campaign).await?;
        let Some(number) = self.next_number(batch.key).await? else {
            return Ok(None);
        };
        let count = people.len() as u64;
        // Parts are counted for the request as a whole; theirs are taken for a
        // share of it.
        let smaller = "UPDATE send_batch SET size = size - $4, parts = parts - parts * $4 / size \
             WHERE campaign_id = $1 AND batch_no = $2 AND attempt = $3 AND state IN (2, 5) AND size >= $4";
        let rows = on!(self, conn => sqlx::query(smaller)
            .bind(campaign.as_db())
            .bind(batch.key.number)
            .bind(batch.attempt)
            .bind(i64::try_from(count).unwrap_or(i64::MAX))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("parting a batch")?;
        exactly(rows, 1, "the claimed batch")?;
        let made = "INSERT INTO send_batch (campaign_id, batch_no, brand_id, connector_id, \
                first_recipient_id, last_recipient_id, size, state, priority, attempt, accepted_count, \
                next_us, last_error, created_us, refusals, splits) \
             SELECT campaign_id, CAST($3 AS BIGINT), brand_id, connector_id, CAST($4 AS BIGINT), \
                CAST($5 AS BIGINT), CAST($6 AS BIGINT), 1, priority, 0, 0, CAST($7 AS BIGINT), \
                CAST($8 AS TEXT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), splits + 1 \
             FROM send_batch WHERE campaign_id = $1 AND batch_no = $2";
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(made)
            .bind(campaign.as_db())
            .bind(batch.key.number)
            .bind(number)
            .bind(first.as_db())
            .bind(last.as_db())
            .bind(i64::try_from(count).unwrap_or(i64::MAX))
            .bind(next.as_micros())
            .bind(PARTED)
            .bind(now)
            .bind(refusals)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("parting a batch")?;
        exactly(rows, 1, "the batch")?;
        self.move_people(batch.key, number, people).await?;
        let made = BatchKey { campaign, number };
        self.follow_campaign(made).await?;
        Ok(Some(made))
    }

    /// Halves a batch whose request was refused as a whole: both halves wait
    /// again, and everyone in them passes the gate anew. Returns the new one;
    /// none, and nothing changed, when it cannot be halved.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the batch is not this claim's any more.
    pub async fn halve_batch(
        &mut self,
        batch: &PickedBatch,
        next: Timestamp,
    ) -> Result<Option<BatchKey>, StoreError> {
        let people = self.batch_recipients(batch).await?;
        let upper = people.get(people.len().div_ceil(2)..).unwrap_or_default();
        let made = self
            .part_from_batch(batch, upper, next, batch.refusals)
            .await?;
        if made.is_none() {
            return Ok(None);
        }
        let sql =
            "UPDATE send_batch SET splits = splits + 1 WHERE campaign_id = $1 AND batch_no = $2";
        on!(self, conn => sqlx::query(sql)
            .bind(batch.key.campaign.as_db())
            .bind(batch.key.number)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("halving a batch")?;
        self.return_to_pending(batch, next, PARTED).await?;
        Ok(made)
    }

    /// The next number of the part that a batch is in; none when all are taken.
    async fn next_number(&mut self, key: BatchKey) -> Result<Option<i64>, StoreError> {
        let (first, last) = Part::of_batch(key.number).batches();
        let sql = "SELECT max(batch_no) FROM send_batch \
             WHERE campaign_id = $1 AND batch_no BETWEEN $2 AND $3";
        let highest: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(key.campaign.as_db())
            .bind(first)
            .bind(last)
            .fetch_one(&mut *conn)
            .await)
        .doing("numbering a batch")?;
        let next = highest.unwrap_or(first) + 1;
        Ok((first..=last).contains(&next).then_some(next))
    }

    async fn move_people(
        &mut self,
        from: BatchKey,
        to: i64,
        people: &[RecipientId],
    ) -> Result<(), StoreError> {
        let given = Given::new().ints("person", people.iter().map(|person| person.as_db()));
        let sql = given.sql(
            self.engine(),
            4,
            "UPDATE campaign_recipient SET batch_no = $3 FROM given g \
             WHERE campaign_id = $1 AND code = 0 AND recipient_id = g.person AND batch_no = $2",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(from.campaign.as_db())
            .bind(from.number)
            .bind(to)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("parting the people of a batch")?;
        exactly(rows, people.len() as u64, "the people of the batch")
    }
}
