//! Purposes (*kategori*) that people muted on their preference page (S106). The
//! general consent is not touched by any of this.

use std::collections::HashSet;

use domain::fold_text::name_fold;
use domain::ids::{BrandId, FirmId, RecipientId};
use domain::{Channel, Timestamp};
use sha2::{Digest, Sha256};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};

/// Purposes of a brand that a page shows.
const PURPOSES_MAX: i64 = 50;

/// A purpose as it is compared: the same name in any casing is the same purpose.
pub fn purpose_key(purpose: &str) -> i64 {
    let digest = Sha256::digest(name_fold(purpose).as_bytes());
    let mut bytes = [0_u8; 8];
    bytes.copy_from_slice(&digest[..8]);
    // Positive, so that its text in a query has no sign.
    i64::from_be_bytes(bytes) & i64::MAX
}

impl Reader {
    /// The purposes that a brand's campaigns had, in the order of their names.
    pub async fn purposes_of(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT purpose FROM campaign WHERE firm_id = $1 AND brand_id = $2 \
             AND basis = 1 ORDER BY purpose LIMIT $3";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind(PURPOSES_MAX)
            .fetch_all(&mut *conn)
            .await)
        .doing("listing purposes")
    }

    /// What an address muted of a brand, with the time.
    pub async fn muted_purposes(
        &mut self,
        brand: BrandId,
        recipient: RecipientId,
        channel: Channel,
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let sql = "SELECT purpose, refused_us FROM purpose_refusal \
             WHERE brand_id = $1 AND recipient_id = $2 AND channel = $3 ORDER BY purpose_key";
        let rows: Vec<(String, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .bind(recipient.as_db())
            .bind(channel.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("reading muted purposes")?;
        Ok(rows
            .into_iter()
            .map(|(purpose, at)| (purpose, Timestamp::from_micros(at)))
            .collect())
    }

    /// Whether anybody muted a purpose of a brand.
    pub async fn is_muted_by_anybody(
        &mut self,
        brand: BrandId,
        channel: Channel,
        purpose: i64,
    ) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM purpose_refusal WHERE brand_id = $1 \
             AND channel = $2 AND purpose_key = $3) THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(channel.as_db())
            .bind(purpose)
            .fetch_one(&mut *conn)
            .await)
        .doing("looking for muted purposes")?;
        Ok(found == 1)
    }

    /// Which of these people muted a purpose of a brand.
    pub async fn who_muted(
        &mut self,
        brand: BrandId,
        channel: Channel,
        purpose: i64,
        people: &[RecipientId],
    ) -> Result<HashSet<RecipientId>, StoreError> {
        let given = Given::new().ints("id", people.iter().map(|id| id.as_db()));
        if given.is_empty() {
            return Ok(HashSet::new());
        }
        let sql = given.sql(
            self.engine(),
            4,
            "SELECT recipient_id FROM purpose_refusal WHERE brand_id = $1 AND channel = $2 \
             AND purpose_key = $3 AND recipient_id IN (SELECT id FROM given)",
        );
        let rows: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind(channel.as_db())
            .bind(purpose)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading who muted a purpose")?;
        Ok(rows.into_iter().map(RecipientId::from_db).collect())
    }
}

impl Writer {
    /// Mutes a purpose for an address, or takes that back. Claims that begin
    /// after the commit see it; make it the last change of a transaction.
    pub async fn mute_purpose(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        recipient: RecipientId,
        channel: Channel,
        purpose: &str,
        is_muted: bool,
    ) -> Result<(), StoreError> {
        self.changes_brand(brand);
        let sql = if is_muted {
            "INSERT INTO purpose_refusal \
                (brand_id, recipient_id, channel, purpose_key, purpose, refused_us) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (brand_id, recipient_id, channel, purpose_key) DO NOTHING"
        } else {
            "DELETE FROM purpose_refusal WHERE brand_id = $1 AND recipient_id = $2 \
             AND channel = $3 AND purpose_key = $4"
        };
        let now = self.now().as_micros();
        on!(self, conn => {
            let asked = sqlx::query(sql)
                .bind(brand.as_db())
                .bind(recipient.as_db())
                .bind(channel.as_db())
                .bind(purpose_key(purpose));
            let asked = if is_muted { asked.bind(purpose).bind(now) } else { asked };
            asked.execute(&mut *conn).await.map(drop)
        })
        .doing("muting a purpose")?;
        self.close_gate(firm).await
    }
}
