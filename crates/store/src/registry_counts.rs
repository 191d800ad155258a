//! How many refusals İYS counts for a brand, held against those we know of, and
//! the people among whom the others may be.

use domain::ids::{BrandId, RecipientId};
use domain::{Channel, Recipient, RecipientKind, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{instant, known, page_rows};

/// The newest count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalCount {
    /// The instant before İYS was asked.
    pub asked_at: Timestamp,
    /// What İYS counts.
    pub theirs: i64,
    /// What we knew then.
    pub ours: i64,
    /// Since when every count agreed; none when this one does not.
    pub agrees_since: Option<Timestamp>,
}

/// A record that İYS does not confirm and that nobody has looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unconfirmed {
    /// Number of the address.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// On which channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
}

// Consents of ours that İYS does not confirm have look-ups of their own.
const UNCONFIRMED: &str = "SELECT s.recipient_id, r.address, s.channel, s.kind \
     FROM consent_state s JOIN recipient r ON r.id = s.recipient_id \
     WHERE s.brand_id = $1 AND s.verdict = 4 AND s.recipient_id > $2 \
       AND (s.local_status IS NULL OR s.local_status = 2) \
     ORDER BY s.recipient_id LIMIT $3";

const KNOWN: &str = "SELECT (SELECT count(*) FROM consent_state WHERE brand_id = $1 AND verdict = 2) \
     + (SELECT count(*) FROM registry_stranger WHERE brand_id = $1 AND status = 2)";

impl Reader {
    /// The newest count of a brand.
    pub async fn refusal_count(
        &mut self,
        brand: BrandId,
    ) -> Result<Option<RefusalCount>, StoreError> {
        let sql = "SELECT asked_us, theirs, ours, agrees_since_us FROM registry_count \
             WHERE brand_id = $1";
        let row: Option<(i64, i64, i64, Option<i64>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a count of refusals")?;
        Ok(row.map(|(asked, theirs, ours, since)| RefusalCount {
            asked_at: Timestamp::from_micros(asked),
            theirs,
            ours,
            agrees_since: instant(since),
        }))
    }
}

impl Reader {
    /// Up to which address the search for unknown refusals of a brand has come.
    pub async fn refusals_searched(&mut self, brand: BrandId) -> Result<RecipientId, StoreError> {
        let sql = "SELECT searched_id FROM registry_count WHERE brand_id = $1";
        let found: Option<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading how far a search has come")?;
        Ok(RecipientId::from_db(found.unwrap_or(0)))
    }

    /// Records behind an address that İYS does not confirm, without consents of
    /// ours; of the last address perhaps not all.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn unconfirmed(
        &mut self,
        brand: BrandId,
        after: RecipientId,
        limit: usize,
    ) -> Result<Vec<Unconfirmed>, StoreError> {
        let rows: Vec<(i64, String, i64, i64)> = on!(self, conn => sqlx::query_as(UNCONFIRMED)
            .bind(brand.as_db())
            .bind(after.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for records that İYS does not confirm")?;
        let table = "consent_state";
        rows.into_iter()
            .map(|(id, address, channel, kind)| {
                let address = Recipient::from_normalised(&address).ok();
                Ok(Unconfirmed {
                    recipient: RecipientId::from_db(id),
                    address: known(address, "recipient", "address", id)?,
                    channel: known(Channel::from_db(channel), table, "channel", id)?,
                    kind: known(RecipientKind::from_db(kind), table, "kind", id)?,
                })
            })
            .collect()
    }
}

impl Writer {
    /// Notes how far the search for unknown refusals of a brand has come.
    pub async fn note_refusals_searched(
        &mut self,
        brand: BrandId,
        up_to: RecipientId,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE registry_count SET searched_id = $2 WHERE brand_id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(up_to.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting how far a search has come")?;
        exactly(rows, 1, "the count of refusals")
    }

    /// Holds what İYS counted against what we know now, and keeps both.
    pub async fn note_refusal_count(
        &mut self,
        brand: BrandId,
        asked_at: Timestamp,
        theirs: i64,
    ) -> Result<RefusalCount, StoreError> {
        let ours: i64 = on!(self, conn => sqlx::query_scalar(KNOWN)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting known refusals")?;
        let before = self.refusal_count(brand).await?;
        let agrees = theirs == ours;
        let agrees_since = agrees.then(|| {
            before
                .and_then(|before| before.agrees_since)
                .unwrap_or(asked_at)
        });
        let sql = "INSERT INTO registry_count (brand_id, asked_us, theirs, ours, agrees_since_us) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (brand_id) DO UPDATE SET \
                asked_us = excluded.asked_us, theirs = excluded.theirs, ours = excluded.ours, \
                agrees_since_us = excluded.agrees_since_us";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(asked_at.as_micros())
            .bind(theirs)
            .bind(ours)
            .bind(agrees_since.map(Timestamp::as_micros))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a count of refusals")?;
        exactly(rows, 1, "the count of refusals")?;
        Ok(RefusalCount {
            asked_at,
            theirs,
            ours,
            agrees_since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, UNCONFIRMED};
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn known_refusals_are_counted_in_their_own_indexes() {
        walks(|_| KNOWN, Index::named("consent_state_ret")).await;
    }

    #[tokio::test]
    async fn a_search_goes_on_behind_the_last_address() {
        let index = Index::named("consent_state_unconfirmed");
        walks_in_order(|_| UNCONFIRMED, index).await;
    }
}
