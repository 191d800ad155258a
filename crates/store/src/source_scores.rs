//! Scores of what stands behind several files: the form (files of one header)
//! and the branch or dealer that its rows name.

use std::collections::BTreeMap;

use domain::ids::{BrandId, EventId, FirmId, UploadId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::upload_scores::{SAMPLE, UploadScore};

/// Branches of one file that are told apart; those with fewest consents are left out.
const BRANCHES_MAX: i64 = 500;

/// What became of the people that a source brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceScore {
    /// The branch as rows name it, or the name of the newest file of a form.
    pub name: String,
    /// Files among the newest of the brand that it stands behind.
    pub uploads: i64,
    /// Consents looked at.
    pub consents: i64,
    /// Those of them whose person refuses now, here or at İYS.
    pub refused: i64,
    /// Those of them whose person complained.
    pub complained: i64,
    /// Pairs of row and channel in its files; 0 for a branch, of which only
    /// consents are kept.
    pub pairs_judged: i64,
    /// Those of them that were invalid.
    pub pairs_rejected: i64,
}

impl SourceScore {
    fn named(name: String) -> Self {
        Self {
            name,
            uploads: 0,
            consents: 0,
            refused: 0,
            complained: 0,
            pairs_judged: 0,
            pairs_rejected: 0,
        }
    }

    /// See [`UploadScore::badness`].
    fn badness(&self) -> i64 {
        let part = |some: i64, all: i64| some.saturating_mul(1_000_000) / all.max(1);
        part(self.refused, self.consents)
            .saturating_add(part(self.complained, self.consents).saturating_mul(10))
            .saturating_add(part(self.pairs_rejected, self.pairs_judged))
    }
}

const OF_BRANCHES: &str = "SELECT e.branch, CAST(count(*) AS BIGINT), \
        CAST(coalesce(sum(CASE WHEN s.local_status = 2 OR s.verdict = 2 THEN 1 ELSE 0 END), 0) AS BIGINT), \
        CAST(coalesce(sum(CASE WHEN EXISTS (SELECT 1 FROM blacklist b WHERE b.firm_id = $2 \
            AND b.recipient_id = e.recipient_id AND (b.cause = 2 OR b.also_complaint = 1)) \
            THEN 1 ELSE 0 END), 0) AS BIGINT) \
     FROM (SELECT n.branch, v.brand_id, v.recipient_id, v.channel, v.kind FROM event_branch n \
           JOIN consent_event v ON v.id = n.event_id \
           WHERE n.upload_id = $1 AND v.status = 1 ORDER BY n.event_id LIMIT $3) e \
     LEFT JOIN consent_state s ON s.brand_id = e.brand_id AND s.recipient_id = e.recipient_id \
          AND s.channel = e.channel AND s.kind = e.kind \
     GROUP BY e.branch ORDER BY count(*) DESC, e.branch LIMIT $4";

impl Reader {
    /// The branch that the row of an event named.
    pub async fn branch_of(
        &mut self,
        upload: UploadId,
        event: EventId,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT branch FROM event_branch WHERE upload_id = $1 AND event_id = $2";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(upload.as_db())
            .bind(event.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the branch of a consent")
    }

    /// The newest applied files of a brand by their forms, the worst first.
    pub async fn form_scores(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<SourceScore>, StoreError> {
        let mut files = self.upload_scores(firm, brand).await?;
        // A form is called like its newest file.
        files.sort_by_key(|score| std::cmp::Reverse((score.upload.created_at, score.upload.id)));
        let mut forms: BTreeMap<Vec<u8>, SourceScore> = BTreeMap::new();
        for UploadScore {
            upload,
            consents,
            refused,
            complained,
        } in files
        {
            let header = upload.header_hash.map(Vec::from).unwrap_or_default();
            let form = forms
                .entry(header)
                .or_insert_with(|| SourceScore::named(upload.name.clone()));
            form.uploads += 1;
            form.consents += consents;
            form.refused += refused;
            form.complained += complained;
            form.pairs_judged += upload.progress.pairs_judged;
            form.pairs_rejected += upload.progress.pairs_rejected;
        }
        Ok(worst_first(forms.into_values().collect()))
    }

    /// The branches that rows of the newest applied files of a brand name, the
    /// worst first.
    pub async fn branch_scores(
        &mut self,
        firm: FirmId,
        brand: BrandId,
    ) -> Result<Vec<SourceScore>, StoreError> {
        let files = self.newest_applied(firm, brand).await?;
        let mut branches: BTreeMap<String, SourceScore> = BTreeMap::new();
        for upload in files {
            let rows = on!(self, conn => sqlx::query_as::<_, (String, i64, i64, i64)>(OF_BRANCHES)
                .bind(upload.id.as_db())
                .bind(firm.as_db())
                .bind(SAMPLE)
                .bind(BRANCHES_MAX)
                .fetch_all(&mut *conn)
                .await)
            .doing("scoring branches")?;
            for (name, consents, refused, complained) in rows {
                let branch = branches
                    .entry(name.clone())
                    .or_insert_with(|| SourceScore::named(name));
                branch.uploads += 1;
                branch.consents += consents;
                branch.refused += refused;
                branch.complained += complained;
            }
        }
        Ok(worst_first(branches.into_values().collect()))
    }
}

fn worst_first(mut scores: Vec<SourceScore>) -> Vec<SourceScore> {
    scores.sort_by(|a, b| (b.badness(), &a.name).cmp(&(a.badness(), &b.name)));
    scores
}

impl Writer {
    /// Notes which branch brought which consents of a file.
    pub async fn note_branches(
        &mut self,
        upload: UploadId,
        branches: &[(EventId, &str)],
    ) -> Result<(), StoreError> {
        if branches.is_empty() {
            return Ok(());
        }
        let given = Given::new()
            .ints("event_id", branches.iter().map(|(event, _)| event.as_db()))
            .texts("branch", branches.iter().map(|(_, branch)| *branch));
        let sql = given.sql(
            self.engine(),
            2,
            "INSERT INTO event_branch (upload_id, event_id, branch) \
             SELECT CAST($1 AS BIGINT), event_id, branch FROM given WHERE true \
             ON CONFLICT (upload_id, event_id) DO NOTHING",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(upload.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("noting branches")
    }
}
