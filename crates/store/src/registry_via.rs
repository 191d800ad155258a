//! Requests to İYS to ask a person for their consent (ViA), and what came of
//! them.

use domain::consent::ConsentKey;
use domain::ids::{BrandId, EventId, FirmId, RecipientId, ViaId};
use domain::{Channel, Recipient, RecipientKind, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::repermission::AskingWay;
use crate::row::{from_json, instant, known, page_rows, to_json};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How far a request has come.
    ViaProgress {
        /// The person has not answered.
        Waiting = 1, "waiting";
        /// The person agreed, and İYS recorded it.
        Consented = 2, "consented";
        /// Over without a consent.
        Ended = 3, "ended";
        /// İYS did not take the request; the person was not asked.
        Refused = 4, "refused";
        /// İYS did not say whether it took it; the person may have been asked.
        Unknown = 5, "unknown";
    }
}

vocabulary! {
    /// How the person confirms, in İYS's words.
    ViaMethod {
        /// A code by SMS, told to the firm.
        SmsOtp = 1, "SMS_OTP";
        /// A link by SMS.
        SmsShorturl = 2, "SMS_SHORTURL";
        /// A code by e-mail, told to the firm.
        EpostaOtp = 3, "EPOSTA_OTP";
        /// A link by e-mail.
        EpostaShorturl = 4, "EPOSTA_SHORTURL";
        /// A link by e-mail to a page of approval.
        EpostaApprovalurl = 5, "EPOSTA_APPROVALURL";
    }
}

impl ViaMethod {
    /// Whether it reaches people by phone.
    pub const fn is_phone(self) -> bool {
        matches!(self, Self::SmsOtp | Self::SmsShorturl)
    }

    /// Whether the person tells a code, which the firm sends on.
    pub const fn has_code(self) -> bool {
        matches!(self, Self::SmsOtp | Self::EpostaOtp)
    }
}

/// A request that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVia {
    /// Whose.
    pub firm: FirmId,
    /// For which brand.
    pub brand: BrandId,
    /// Whom.
    pub recipient: RecipientId,
    /// In which capacity.
    pub kind: RecipientKind,
    /// For which channels.
    pub channels: Vec<Channel>,
    /// How the person confirms.
    pub method: ViaMethod,
    /// Who wants it.
    pub actor: String,
}

impl NewVia {
    /// The consents it asks for.
    pub fn keys(&self) -> impl Iterator<Item = ConsentKey> {
        self.channels.iter().map(|channel| ConsentKey {
            brand: self.brand,
            recipient: self.recipient,
            channel: *channel,
            kind: self.kind,
        })
    }
}

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViaRequest {
    /// Its number.
    pub id: ViaId,
    /// What was wanted.
    pub wanted: NewVia,
    /// The address.
    pub address: Recipient,
    /// İYS's number of it.
    pub request_id: Option<String>,
    /// How far it has come.
    pub progress: ViaProgress,
    /// İYS's own words about it.
    pub words: Option<String>,
    /// When it was made.
    pub asked_at: Timestamp,
    /// When it was over.
    pub done_at: Option<Timestamp>,
}

/// How far a request has come, and what İYS says about it.
#[derive(Debug, Clone, Copy)]
pub struct ViaSeen<'a> {
    /// How far.
    pub progress: ViaProgress,
    /// İYS's number of it, when it is new.
    pub request_id: Option<&'a str>,
    /// İYS's own words, when there are any.
    pub words: Option<&'a str>,
    /// When to look next, while the person's answer is awaited.
    pub next: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    firm_id: i64,
    brand_id: i64,
    recipient_id: i64,
    kind: i64,
    channels: String,
    method: i64,
    request_id: Option<String>,
    state: i64,
    words: Option<String>,
    actor: String,
    asked_us: i64,
    done_us: Option<i64>,
    address: String,
}

const TABLE: &str = "via_request";

impl TryFrom<Row> for ViaRequest {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = ViaId::from_db(row.id);
        let address = Recipient::from_normalised(&row.address).ok();
        Ok(Self {
            id,
            wanted: NewVia {
                firm: FirmId::from_db(row.firm_id),
                brand: BrandId::from_db(row.brand_id),
                recipient: RecipientId::from_db(row.recipient_id),
                kind: known(RecipientKind::from_db(row.kind), TABLE, "kind", id)?,
                channels: from_json(&row.channels, TABLE, "channels", id)?,
                method: known(ViaMethod::from_db(row.method), TABLE, "method", id)?,
                actor: row.actor,
            },
            address: known(address, TABLE, "address", id)?,
            request_id: row.request_id,
            progress: known(ViaProgress::from_db(row.state), TABLE, "state", id)?,
            words: row.words,
            asked_at: Timestamp::from_micros(row.asked_us),
            done_at: instant(row.done_us),
        })
    }
}

macro_rules! via_sql {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.firm_id, v.brand_id, v.recipient_id, v.kind, v.channels, v.method, \
                v.request_id, v.state, v.words, v.actor, v.asked_us, v.done_us, r.address \
             FROM via_request v JOIN recipient r ON r.id = v.recipient_id ",
            $rest
        )
    };
}

const DUE: &str = via_sql!("WHERE v.state = 1 AND v.next_us <= $1 ORDER BY v.next_us LIMIT $2");

const OF_PERSON: &str =
    via_sql!("WHERE v.brand_id = $1 AND v.recipient_id = $2 ORDER BY v.id DESC LIMIT $3");

impl Reader {
    /// One request of a firm.
    pub async fn via_request(
        &mut self,
        firm: FirmId,
        id: ViaId,
    ) -> Result<Option<ViaRequest>, StoreError> {
        let sql = via_sql!("WHERE v.id = $1 AND v.firm_id = $2");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a request to ask a person")?;
        row.map(ViaRequest::try_from).transpose()
    }

    /// The requests about a person in a brand's name, the newest first.
    pub async fn via_requests(
        &mut self,
        brand: BrandId,
        recipient: RecipientId,
        limit: usize,
    ) -> Result<Vec<ViaRequest>, StoreError> {
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(OF_PERSON)
            .bind(brand.as_db())
            .bind(recipient.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("reading the requests to ask a person")?;
        rows.into_iter().map(ViaRequest::try_from).collect()
    }

    /// Requests whose answer is to be looked for, the longest due first.
    pub async fn via_due(&mut self, limit: usize) -> Result<Vec<ViaRequest>, StoreError> {
        let now = self.now().as_micros();
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(DUE)
            .bind(now)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for requests to ask about")?;
        rows.into_iter().map(ViaRequest::try_from).collect()
    }
}

impl Writer {
    /// Notes a request before it is made, and for each channel that the person
    /// is asked about this void consent. Hold the brand's ledger before.
    pub async fn begin_via(
        &mut self,
        new: &NewVia,
        void: &[Option<EventId>],
    ) -> Result<ViaId, StoreError> {
        let now = self.now();
        for (key, event) in new.keys().zip(void) {
            self.note_asking(key, AskingWay::Via, *event, now, &new.actor)
                .await?;
        }
        let id = ViaId::from_db(self.next_id()?);
        let channels = to_json(&new.channels)?;
        let sql = "INSERT INTO via_request (id, firm_id, brand_id, recipient_id, kind, channels, \
                method, state, actor, asked_us, next_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 5, $8, $9, $9)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(new.firm.as_db())
            .bind(new.brand.as_db())
            .bind(new.recipient.as_db())
            .bind(new.kind.as_db())
            .bind(&channels)
            .bind(new.method.as_db())
            .bind(&new.actor)
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting a request to ask a person")?;
        exactly(rows, 1, "the request")?;
        Ok(id)
    }

    /// How far a request has come; `false` when it was over already.
    pub async fn settle_via(&mut self, id: ViaId, seen: ViaSeen<'_>) -> Result<bool, StoreError> {
        let now = self.now().as_micros();
        let done = (seen.progress != ViaProgress::Waiting).then_some(now);
        let sql = "UPDATE via_request SET state = $2, request_id = COALESCE($3, request_id), \
                words = COALESCE($4, words), next_us = $5, done_us = $6 \
             WHERE id = $1 AND done_us IS NULL AND state IN (1, 5)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(seen.progress.as_db())
            .bind(seen.request_id)
            .bind(seen.words)
            .bind(seen.next.as_micros())
            .bind(done)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting what came of asking a person")?;
        Ok(rows == 1)
    }

    /// İYS refused to ask: the person was not asked, and may be another time.
    pub async fn forget_via(&mut self, request: &ViaRequest) -> Result<(), StoreError> {
        for key in request.wanted.keys() {
            self.forget_asking(key, request.asked_at).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn requests_are_found_by_their_turn_and_by_their_person() {
        walks(|_| DUE, Index::named("via_request_due")).await;
        walks_in_order(|_| OF_PERSON, Index::named("via_request_person")).await;
    }
}
