//! What became of the people an upload brought: how many of those who consented
//! by it refused or complained afterwards. A bad list shows here first.

use domain::ids::{BrandId, FirmId, UploadId};

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::uploads::{Upload, UploadRow, upload_columns};

/// Uploads scored at a time: the newest of a brand.
pub const SCORED_MAX: usize = 50;

/// Consents of one upload that are looked at: of a larger one the first are
/// taken for all.
pub(crate) const SAMPLE: i64 = 20_000;

/// What became of an upload's people.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadScore {
    /// The upload.
    pub upload: Upload,
    /// Consents looked at: all that it brought, or its first 20,000.
    pub consents: i64,
    /// Those of them whose person refuses now, here or at İYS.
    pub refused: i64,
    /// Those of them whose person complained.
    pub complained: i64,
}

impl UploadScore {
    /// Refusals, complaints and invalid rows in parts of a million, added up:
    /// the greater, the worse the source.
    pub fn badness(&self) -> i64 {
        let part = |some: i64, all: i64| some.saturating_mul(1_000_000) / all.max(1);
        let progress = &self.upload.progress;
        part(self.refused, self.consents)
            .saturating_add(part(self.complained, self.consents).saturating_mul(10))
            .saturating_add(part(progress.pairs_rejected, progress.pairs_judged))
    }
}

const APPLIED: &str = concat!(
    "SELECT ",
    upload_columns!(),
    " FROM upload WHERE firm_id = $1 AND brand_id = $2 AND state = 6 AND purpose = 1 \
     ORDER BY created_us DESC, id DESC LIMIT $3"
);

const SCORE: &str = "SELECT CAST(count(*) AS BIGINT), \
        CAST(coalesce(sum(CASE WHEN s.local_status = 2 OR s.verdict = 2 THEN 1 ELSE 0 END), 0) AS BIGINT), \
        CAST(coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM blacklist b WHERE b.firm_id = $2 \
            AND b.recipient_id = e.recipient_id AND (b.cause = 2 OR b.also_complaint = 1)) \
            THEN 1 ELSE 0 END), 0) AS BIGINT) \
     FROM (SELECT v.brand_id, v.recipient_id, v.channel, v.kind FROM consent_event v \
           JOIN upload u ON u.id = $1 AND v.id BETWEEN u.first_event_id AND u.last_event_id \
           WHERE v.origin_id = $1 AND v.status = 1 ORDER BY v.id LIMIT $3) e \
     LEFT JOIN consent_state s ON s.brand_id = e.brand_id AND s.recipient_id = e.recipient_id \
          AND s.channel = e.channel AND s.kind = e.kind";

impl Reader {
    /// The newest applied files of a brand, the worst first.
    pub async fn upload_scores(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<UploadScore>, StoreError> {
        let uploads = self.newest_applied(firm, brand).await?;
        let mut scores = Vec::with_capacity(uploads.len());
        for upload in uploads {
            let (consents, refused, complained) = self.score(firm, upload.id).await?;
            scores.push(UploadScore {
                upload,
                consents,
                refused,
                complained,
            });
        }
        scores.sort_by_key(|score| (-score.badness(), score.upload.id));
        Ok(scores)
    }

    /// The newest applied files of a brand, newest first.
    pub(crate) async fn newest_applied(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<Upload>, StoreError> {
        let limit = i64::try_from(SCORED_MAX).unwrap_or(i64::MAX);
        let rows = on!(self, conn => sqlx::query_as::<_, UploadRow>(APPLIED)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind(limit)
            .fetch_all(&mut *conn)
            .await)
        .doing("listing applied uploads")?;
        rows.into_iter().map(Upload::try_from).collect()
    }

    async fn score(
        &mut self,
        firm: FirmId,
        upload: UploadId,
    ) -> Result<(i64, i64, i64), StoreError> {
        on!(self, conn => sqlx::query_as::<_, (i64, i64, i64)>(SCORE)
            .bind(upload.as_db())
            .bind(firm.as_db())
            .bind(SAMPLE)
            .fetch_one(&mut *conn)
            .await)
        .doing("scoring an upload")
    }
}
