//! Refusals that came soon after a message: by hour, by text, by where the
//! consent had come from.

use domain::Timestamp;
use domain::consent::Origin;
use domain::ids::{BrandId, CampaignId, FirmId, UploadId};
use domain::plan::Part;
use domain::time::DAY_US;

use crate::campaigns::Campaign;
use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::{known, page_rows};

/// İYS tells of a refusal within this time; what is recorded later is not looked for.
const TOLD_WITHIN_US: i64 = 7 * DAY_US;

/// What left in one hour of the day in one part of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptOutHour {
    /// Hour of the day in Turkish time.
    pub hour: i64,
    /// Number of the first batch of the part; see `domain::plan::Part`.
    pub batch_no: i64,
    /// People it was handed over for.
    pub sent: i64,
    /// Those of them who refused in time.
    pub refused: i64,
}

/// Who turned away after the message of one part of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TurnedAway {
    /// People who refused the channel.
    pub refused: i64,
    /// People who complained; whoever did both counts here too.
    pub complained: i64,
}

/// What left on consents of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOutSource {
    /// By which door the consent came in.
    pub origin: Option<Origin>,
    /// The file, when it was one.
    pub upload: Option<UploadId>,
    /// Its name.
    pub upload_name: Option<String>,
    /// The source code, as HS_WEB.
    pub source: String,
    /// People.
    pub sent: i64,
    /// Those of them who refused in time.
    pub refused: i64,
}

/// Everybody of a campaign `p` whose batch `b` was accepted and whom nobody
/// took out of it. Parameter 1 is the campaign.
macro_rules! handed_over {
    () => {
        "campaign_recipient p \
         JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no AND b.state = 3 \
         LEFT JOIN send_exception x ON x.campaign_id = p.campaign_id AND x.batch_no = p.batch_no \
              AND x.recipient_id = p.recipient_id"
    };
}

/// Refusals `e` of people of a campaign, soon after its message: parameters 1
/// campaign, 2 brand, 3 channel, 4 and 5 when they were recorded, 6 within.
macro_rules! refused_after {
    ($more:literal) => {
        concat!(
            "consent_event e \
             JOIN campaign_recipient p ON p.campaign_id = $1 AND p.code = 0 AND p.recipient_id = e.recipient_id \
             JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no AND b.state = 3 \
             LEFT JOIN send_exception x ON x.campaign_id = p.campaign_id AND x.batch_no = p.batch_no \
                  AND x.recipient_id = p.recipient_id ",
            $more,
            " WHERE e.brand_id = $2 AND e.status = 2 AND e.channel = $3 AND e.recorded_us BETWEEN $4 AND $5 \
               AND e.consent_us >= b.claimed_us AND e.consent_us < b.claimed_us + $6 AND x.recipient_id IS NULL"
        )
    };
}

// Turkish time has been three hours ahead since 2016, and nothing was sent before.
const SENT_BY_HOUR: &str = "SELECT ((b.claimed_us + 10800000000) / 3600000000) % 24 AS hour, \
        b.batch_no / 1000000 AS part, min(b.batch_no) AS batch_no, \
        CAST(sum(b.size) - COALESCE(sum(x.gone), 0) AS BIGINT) AS people \
     FROM send_batch b LEFT JOIN (SELECT batch_no, count(*) AS gone FROM send_exception \
         WHERE campaign_id = $1 GROUP BY batch_no) x ON x.batch_no = b.batch_no \
     WHERE b.campaign_id = $1 AND b.state = 3 GROUP BY 1, 2 ORDER BY 1, 2";

const REFUSED_BY_HOUR: &str = concat!(
    "SELECT ((b.claimed_us + 10800000000) / 3600000000) % 24 AS hour, \
        b.batch_no / 1000000 AS part, min(b.batch_no) AS batch_no, count(DISTINCT e.recipient_id) AS people FROM ",
    refused_after!(""),
    " GROUP BY 1, 2"
);

const SENT_BY_SOURCE: &str = concat!(
    "SELECT COALESCE(v.origin, 0) AS origin, CASE WHEN v.origin = 1 THEN v.origin_id END AS upload, \
        COALESCE(v.source, '') AS source, count(*) AS people FROM ",
    handed_over!(),
    " LEFT JOIN consent_event v ON v.id = p.event_id \
     WHERE p.campaign_id = $1 AND p.code = 0 AND x.recipient_id IS NULL \
     GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 200"
);

const REFUSED_BY_SOURCE: &str = concat!(
    "SELECT COALESCE(v.origin, 0) AS origin, CASE WHEN v.origin = 1 THEN v.origin_id END AS upload, \
        COALESCE(v.source, '') AS source, count(DISTINCT e.recipient_id) AS people FROM ",
    refused_after!("LEFT JOIN consent_event v ON v.id = p.event_id"),
    " GROUP BY 1, 2, 3"
);

/// By the index of refusals, so a canary of a large campaign is asked about as
/// fast as that of a small one. 7 and 8 are its batches.
const REFUSED_IN_PART: &str = concat!(
    "SELECT count(DISTINCT e.recipient_id) FROM ",
    refused_after!(""),
    " AND b.batch_no BETWEEN $7 AND $8"
);

const COMPLAINED_IN_PART: &str = "SELECT count(DISTINCT k.recipient_id) FROM blacklist k \
     JOIN campaign_recipient p ON p.campaign_id = $1 AND p.code = 0 AND p.recipient_id = k.recipient_id \
     JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no AND b.state = 3 \
     WHERE k.firm_id = $2 AND k.complaint_us >= $3 AND k.complaint_us >= b.claimed_us \
       AND k.channel IN (0, $4) AND b.batch_no BETWEEN $5 AND $6";

type HourRow = (i64, i64, i64, i64);
type SourceRow = (i64, Option<i64>, String, i64);

impl Reader {
    /// Commercial and other campaigns of a brand that were launched in a span
    /// and have handed something over, newest first.
    pub async fn campaigns_launched(
        &mut self,
        firm: FirmId,
        brand: BrandId,
        span: (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<Vec<Campaign>, StoreError> {
        let sql = "SELECT id FROM campaign WHERE firm_id = $1 AND brand_id = $2 AND aside = 0 \
               AND snapshot_us IS NOT NULL AND launched_us >= $3 AND launched_us < $4 \
             ORDER BY launched_us DESC, id DESC LIMIT $5";
        let ids: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(firm.as_db())
            .bind(brand.as_db())
            .bind(span.0.as_micros())
            .bind(span.1.as_micros())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for launched campaigns")?;
        let mut found = Vec::with_capacity(ids.len());
        for id in ids {
            found.push(self.campaign_at_work(CampaignId::from_db(id)).await?);
        }
        Ok(found)
    }

    /// What left of a campaign by hour and part, and who refused within
    /// `within_us` of it.
    pub async fn optouts_by_hour(
        &mut self,
        campaign: &Campaign,
        within_us: i64,
    ) -> Result<Vec<OptOutHour>, StoreError> {
        let sent: Vec<HourRow> = on!(self, conn => sqlx::query_as(SENT_BY_HOUR)
            .bind(campaign.id.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting what left by hour")?;
        let span = self.refusal_span(campaign, within_us).await?;
        let refused: Vec<HourRow> = on!(self, conn => sqlx::query_as(REFUSED_BY_HOUR)
            .bind(campaign.id.as_db())
            .bind(campaign.brand.as_db())
            .bind(campaign.channel.as_db())
            .bind(span.0)
            .bind(span.1)
            .bind(within_us)
            .fetch_all(&mut *conn)
            .await)
        .doing("counting refusals by hour")?;
        Ok(sent
            .into_iter()
            .map(|(hour, part, batch_no, people)| OptOutHour {
                hour,
                batch_no,
                sent: people,
                refused: refused
                    .iter()
                    .filter(|row| (row.0, row.1) == (hour, part))
                    .map(|row| row.3)
                    .sum(),
            })
            .collect())
    }

    /// Who refused or complained after the message of one part of a campaign.
    pub async fn turned_away(
        &mut self,
        campaign: &Campaign,
        part: Part,
    ) -> Result<TurnedAway, StoreError> {
        let (first, last) = part.batches();
        let span = self.refusal_span(campaign, TOLD_WITHIN_US).await?;
        let refused: i64 = on!(self, conn => sqlx::query_scalar(REFUSED_IN_PART)
            .bind(campaign.id.as_db())
            .bind(campaign.brand.as_db())
            .bind(campaign.channel.as_db())
            .bind(span.0)
            .bind(span.1)
            .bind(TOLD_WITHIN_US)
            .bind(first)
            .bind(last)
            .fetch_one(&mut *conn)
            .await)
        .doing("counting the refusals of a part")?;
        let complained: i64 = on!(self, conn => sqlx::query_scalar(COMPLAINED_IN_PART)
            .bind(campaign.id.as_db())
            .bind(campaign.firm.as_db())
            .bind(span.0)
            .bind(campaign.channel.as_db())
            .bind(first)
            .bind(last)
            .fetch_one(&mut *conn)
            .await)
        .doing("counting the complaints of a part")?;
        Ok(TurnedAway {
            refused,
            complained,
        })
    }

    /// What left of a campaign by the source of the consents, and who refused
    /// within `within_us` of it.
    pub async fn optouts_by_source(
        &mut self,
        campaign: &Campaign,
        within_us: i64,
    ) -> Result<Vec<OptOutSource>, StoreError> {
        let sent: Vec<SourceRow> = on!(self, conn => sqlx::query_as(SENT_BY_SOURCE)
            .bind(campaign.id.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("counting what left by source")?;
        let span = self.refusal_span(campaign, within_us).await?;
        let refused: Vec<SourceRow> = on!(self, conn => sqlx::query_as(REFUSED_BY_SOURCE)
            .bind(campaign.id.as_db())
            .bind(campaign.brand.as_db())
            .bind(campaign.channel.as_db())
            .bind(span.0)
            .bind(span.1)
            .bind(within_us)
            .fetch_all(&mut *conn)
            .await)
        .doing("counting refusals by source")?;
        let mut found = Vec::with_capacity(sent.len());
        for (origin, upload, source, people) in sent {
            let same = |row: &&SourceRow| (row.0, row.1, &row.2) == (origin, upload, &source);
            let refused = refused.iter().filter(same).map(|row| row.3).sum();
            let upload = upload.map(UploadId::from_db);
            let upload_name = match upload {
                None => None,
                Some(id) => self.upload(campaign.firm, id).await?.map(|held| held.name),
            };
            found.push(OptOutSource {
                origin: match origin {
                    0 => None,
                    number => Some(known(
                        Origin::from_db(number),
                        "consent_event",
                        "origin",
                        campaign.id,
                    )?),
                },
                upload,
                upload_name,
                source,
                sent: people,
                refused,
            });
        }
        Ok(found)
    }

    /// When refusals after a campaign were recorded: from its first request on,
    /// until the last can have been told of.
    async fn refusal_span(
        &mut self,
        campaign: &Campaign,
        within_us: i64,
    ) -> Result<(i64, i64), StoreError> {
        let sql = "SELECT min(claimed_us), max(claimed_us) FROM send_batch \
             WHERE campaign_id = $1 AND state = 3";
        let (first, last): (Option<i64>, Option<i64>) = on!(self, conn => sqlx::query_as(sql)
            .bind(campaign.id.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("looking when a campaign left")?;
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(0));
        Ok((
            first,
            last.saturating_add(within_us)
                .saturating_add(TOLD_WITHIN_US),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn who_turned_away_is_found_by_the_time_at_which_they_did() {
        walks(|_| REFUSED_IN_PART, Index::named("consent_event_refusals")).await;
        walks(|_| COMPLAINED_IN_PART, Index::named("blacklist_complaints")).await;
    }
}
