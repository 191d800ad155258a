//! Records that İYS would not take: grouped for a work list, with İYS's own
//! words, and the people behind each group. Among them those that İYS refused
//! because it holds something newer (I178), also after that was taken over.

use domain::ids::{BrandId, RecipientId, UploadId};
use domain::{Channel, Origin, ReasonCode, Recipient, RecipientKind, Status, Timestamp};

use crate::consent::state::BrandKey;
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given};
use crate::row::{instant, known, page_rows};

/// What İYS said about a record of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAnswer {
    /// Number of the address.
    pub recipient: RecipientId,
    /// İYS's code, such as `H467`; empty when none could be read.
    pub code: String,
    /// İYS's own words.
    pub text: String,
}

/// Records refused with one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionGroup {
    /// Our code.
    pub code: ReasonCode,
    /// İYS's code; none where its words were not kept.
    pub iys_code: Option<String>,
    /// İYS's own words, as last heard.
    pub iys_text: Option<String>,
    /// How many people.
    pub count: i64,
    /// The oldest date among their declarations: its deadline is the nearest.
    pub oldest: Option<Timestamp>,
}

/// One refused record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Number of the address.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// The channel.
    pub channel: Channel,
    /// The capacity.
    pub kind: RecipientKind,
    /// Our code.
    pub code: ReasonCode,
    /// What the person said.
    pub status: Option<Status>,
    /// When.
    pub said_at: Option<Timestamp>,
    /// The event that says so.
    pub event: Option<domain::ids::EventId>,
    /// İYS's code.
    pub iys_code: Option<String>,
    /// İYS's own words.
    pub iys_text: Option<String>,
    /// When İYS answered.
    pub answered_at: Option<Timestamp>,
}

/// Where a page goes on inside a code: address, channel, capacity.
pub type RejectionCursor = (i64, i64, i64);

impl Rejection {
    /// Where the page after this row begins.
    pub const fn cursor(&self) -> RejectionCursor {
        (
            self.recipient.as_db(),
            self.channel.as_db(),
            self.kind.as_db(),
        )
    }
}

/// The texts are per key, so one of them speaks for the group.
const GROUPS: &str = "SELECT s.verdict_code, a.iys_code, max(a.iys_text) AS iys_text, \
        count(*) AS people, min(s.local_us) AS oldest_us \
     FROM consent_state s LEFT JOIN registry_answer a ON a.brand_id = s.brand_id \
        AND a.recipient_id = s.recipient_id AND a.channel = s.channel AND a.kind = s.kind \
     WHERE s.brand_id = $1 AND s.verdict_code IS NOT NULL \
       AND (s.verdict = 6 OR s.verdict_code = 4178) \
     GROUP BY s.verdict_code, a.iys_code ORDER BY s.verdict_code, a.iys_code";

const PEOPLE: &str = "SELECT s.recipient_id, r.address, s.channel, s.kind, s.verdict_code, \
        s.local_status, s.local_us, s.local_event_id, a.iys_code, a.iys_text, a.answered_us \
     FROM (SELECT recipient_id, channel, kind FROM consent_state \
        WHERE brand_id = $1 AND verdict_code = $2 AND (verdict = 6 OR verdict_code = 4178) \
          AND (recipient_id, channel, kind) > ($3, $4, $5) \
        ORDER BY recipient_id, channel, kind LIMIT $6) p \
     JOIN consent_state s ON s.brand_id = $1 AND s.recipient_id = p.recipient_id \
        AND s.channel = p.channel AND s.kind = p.kind \
     JOIN recipient r ON r.id = s.recipient_id \
     LEFT JOIN registry_answer a ON a.brand_id = s.brand_id \
        AND a.recipient_id = s.recipient_id AND a.channel = s.channel AND a.kind = s.kind \
     ORDER BY s.recipient_id, s.channel, s.kind";

/// A page of what İYS refused of a brand, those of one upload with the line
/// they came from.
const OF_UPLOAD: &str = "SELECT p.recipient_id, p.channel, p.kind, p.verdict_code, \
        e.origin_line, e.status, e.consent_us, e.source, r.address, a.iys_code, a.iys_text \
     FROM (SELECT brand_id, verdict_code, recipient_id, channel, kind FROM consent_state \
        WHERE brand_id = $1 AND verdict_code IS NOT NULL AND (verdict = 6 OR verdict_code = 4178) \
          AND (verdict_code, recipient_id, channel, kind) > ($2, $3, $4, $5) \
        ORDER BY verdict_code, recipient_id, channel, kind LIMIT $6) p \
     JOIN consent_state s ON s.brand_id = p.brand_id AND s.recipient_id = p.recipient_id \
        AND s.channel = p.channel AND s.kind = p.kind \
     LEFT JOIN consent_event e ON e.id = s.local_event_id AND e.origin = $7 AND e.origin_id = $8 \
     LEFT JOIN recipient r ON r.id = s.recipient_id AND e.id IS NOT NULL \
     LEFT JOIN registry_answer a ON a.brand_id = s.brand_id \
        AND a.recipient_id = s.recipient_id AND a.channel = s.channel AND a.kind = s.kind \
        AND e.id IS NOT NULL \
     ORDER BY p.verdict_code, p.recipient_id, p.channel, p.kind";

/// A record of an upload that İYS refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRefusal {
    /// Line of the file.
    pub line: i64,
    /// The address.
    pub address: Recipient,
    /// The channel.
    pub channel: Channel,
    /// The capacity.
    pub kind: RecipientKind,
    /// What was recorded.
    pub status: Status,
    /// The date of that.
    pub said_at: Timestamp,
    /// The code of its source.
    pub source: String,
    /// Our code.
    pub code: ReasonCode,
    /// İYS's code.
    pub iys_code: Option<String>,
    /// İYS's own words.
    pub iys_text: Option<String>,
}

/// Where a page of [`Reader::upload_refusals`] ended: code, address, channel, capacity.
pub type UploadRefusalCursor = (i64, i64, i64, i64);

#[derive(sqlx::FromRow)]
struct UploadRow {
    recipient_id: i64,
    channel: i64,
    kind: i64,
    verdict_code: i64,
    origin_line: Option<i64>,
    status: Option<i64>,
    consent_us: Option<i64>,
    source: Option<String>,
    address: Option<String>,
    iys_code: Option<String>,
    iys_text: Option<String>,
}

impl UploadRow {
    const fn cursor(&self) -> UploadRefusalCursor {
        (
            self.verdict_code,
            self.recipient_id,
            self.channel,
            self.kind,
        )
    }

    /// None where the record is of no line of the upload.
    fn refusal(self) -> Result<Option<UploadRefusal>, StoreError> {
        let (Some(line), Some(status), Some(consent_us), Some(address)) = (
            self.origin_line,
            self.status,
            self.consent_us,
            &self.address,
        ) else {
            return Ok(None);
        };
        let key = BrandKey::from_db(self.recipient_id, self.channel, self.kind)?;
        let row = self.recipient_id;
        let code = ReasonCode::from_db(self.verdict_code);
        let address = Recipient::from_normalised(address).ok();
        Ok(Some(UploadRefusal {
            line,
            address: known(address, "recipient", "address", row)?,
            channel: key.channel,
            kind: key.kind,
            status: known(Status::from_db(status), "consent_event", "status", row)?,
            said_at: Timestamp::from_micros(consent_us),
            source: self.source.unwrap_or_default(),
            code: known(code, "consent_state", "verdict_code", row)?,
            iys_code: self.iys_code.filter(|code| !code.is_empty()),
            iys_text: self.iys_text.filter(|text| !text.is_empty()),
        }))
    }
}

#[derive(sqlx::FromRow)]
struct GroupRow {
    verdict_code: i64,
    iys_code: Option<String>,
    iys_text: Option<String>,
    people: i64,
    oldest_us: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    recipient_id: i64,
    address: String,
    channel: i64,
    kind: i64,
    verdict_code: i64,
    local_status: i64,
    local_us: Option<i64>,
    local_event_id: Option<i64>,
    iys_code: Option<String>,
    iys_text: Option<String>,
    answered_us: Option<i64>,
}

impl PersonRow {
    fn rejection(self) -> Result<Rejection, StoreError> {
        let key = BrandKey::from_db(self.recipient_id, self.channel, self.kind)?;
        let (table, row) = ("consent_state", self.recipient_id);
        let address = Recipient::from_normalised(&self.address).ok();
        let code = ReasonCode::from_db(self.verdict_code);
        Ok(Rejection {
            recipient: key.recipient,
            address: known(address, "recipient", "address", row)?,
            channel: key.channel,
            kind: key.kind,
            code: known(code, table, "verdict_code", row)?,
            status: Status::from_db(self.local_status),
            said_at: instant(self.local_us),
            event: self.local_event_id.map(domain::ids::EventId::from_db),
            iys_code: self.iys_code.filter(|code| !code.is_empty()),
            iys_text: self.iys_text,
            answered_at: instant(self.answered_us),
        })
    }
}

impl Reader {
    /// Refused records of a brand by answer.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a code is none.
    pub async fn rejection_groups(
        &mut self,
        brand: BrandId,
    ) -> Result<Vec<RejectionGroup>, StoreError> {
        let rows: Vec<GroupRow> = on!(self, conn => sqlx::query_as(GROUPS)
            .bind(brand.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("grouping what İYS refused")?;
        rows.into_iter()
            .map(|row| {
                let code = ReasonCode::from_db(row.verdict_code);
                Ok(RejectionGroup {
                    code: known(code, "consent_state", "verdict_code", brand)?,
                    iys_code: row.iys_code.filter(|code| !code.is_empty()),
                    iys_text: row.iys_text.filter(|text| !text.is_empty()),
                    count: row.people,
                    oldest: instant(row.oldest_us),
                })
            })
            .collect()
    }

    /// The people behind a code, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn registry_rejections(
        &mut self,
        brand: BrandId,
        code: ReasonCode,
        after: Option<RejectionCursor>,
        limit: usize,
    ) -> Result<Vec<Rejection>, StoreError> {
        let (recipient, channel, kind) = after.unwrap_or_default();
        let rows: Vec<PersonRow> = on!(self, conn => sqlx::query_as(PEOPLE)
            .bind(brand.as_db())
            .bind(code.as_db())
            .bind(recipient)
            .bind(channel)
            .bind(kind)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing what İYS refused")?;
        rows.into_iter().map(PersonRow::rejection).collect()
    }
}

impl Reader {
    /// What İYS refused of an upload, in no order of lines. The refusals of the
    /// brand are walked, `limit` at a time, so a page may hold few or none of the
    /// upload's; the cursor is none behind the last page.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn upload_refusals(
        &mut self,
        brand: BrandId,
        upload: UploadId,
        after: Option<UploadRefusalCursor>,
        limit: usize,
    ) -> Result<(Vec<UploadRefusal>, Option<UploadRefusalCursor>), StoreError> {
        let (code, recipient, channel, kind) = after.unwrap_or_default();
        let rows: Vec<UploadRow> = on!(self, conn => sqlx::query_as(OF_UPLOAD)
            .bind(brand.as_db())
            .bind(code)
            .bind(recipient)
            .bind(channel)
            .bind(kind)
            .bind(page_rows(limit))
            .bind(Origin::Upload.as_db())
            .bind(upload.as_db())
            .fetch_all(&mut *conn)
            .await)
        .doing("listing what İYS refused of an upload")?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == page_rows(limit));
        let next = rows.last().map(UploadRow::cursor).filter(|_| is_full);
        let refusals = rows.into_iter().filter_map(|row| row.refusal().transpose());
        Ok((refusals.collect::<Result<_, _>>()?, next))
    }
}

impl Writer {
    /// Keeps İYS's own words about records of ours.
    pub async fn note_answers(
        &mut self,
        brand: BrandId,
        channel: Channel,
        kind: RecipientKind,
        answers: &[NewAnswer],
    ) -> Result<(), StoreError> {
        if answers.is_empty() {
            return Ok(());
        }
        let mut sorted: Vec<&NewAnswer> = answers.iter().collect();
        sorted.sort_by_key(|answer| answer.recipient);
        sorted.dedup_by_key(|answer| answer.recipient);
        let given = Given::new()
            .ints("recipient_id", sorted.iter().map(|a| a.recipient.as_db()))
            .texts("iys_code", sorted.iter().map(|a| a.code.as_str()))
            .texts("iys_text", sorted.iter().map(|a| a.text.as_str()));
        let now = self.now().as_micros();
        let sql = given.sql(
            self.engine(),
            5,
            "INSERT INTO registry_answer (brand_id, recipient_id, channel, kind, iys_code, iys_text, \
                    answered_us) \
             SELECT CAST($1 AS BIGINT), recipient_id, CAST($2 AS BIGINT), CAST($3 AS BIGINT), \
                    iys_code, iys_text, CAST($4 AS BIGINT) \
             FROM given WHERE true \
             ON CONFLICT (brand_id, recipient_id, channel, kind) DO UPDATE SET \
                    iys_code = excluded.iys_code, iys_text = excluded.iys_text, \
                    answered_us = excluded.answered_us",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(channel.as_db())
            .bind(kind.as_db())
            .bind(now)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("keeping İYS's answers")
    }
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, OF_UPLOAD, PEOPLE};
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn what_iys_refused_is_found_without_reading_what_it_took() {
        walks(|_| GROUPS, Index::named("consent_state_refused")).await;
        walks(|_| PEOPLE, Index::named("consent_state_refused")).await;
        walks(|_| OF_UPLOAD, Index::named("consent_state_refused")).await;
    }
}
