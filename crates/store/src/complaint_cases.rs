//! Cases of citizens' complaints (*şikâyet dosyası*): what was told, how far
//! it has come, and its history. What people wrote lies sealed. The stop that
//! a case sets is in [`crate::blacklist`].

use domain::complaint::{CaseDeed, CaseState};
use domain::ids::{BrandId, CaseId, ContactId, FirmId, RecipientId};
use domain::{Recipient, Timestamp};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{instant, known, open_text, page_rows};

const BODY: &str = "complaint_case.body";
const PICTURE: &str = "complaint_case.picture";
const ENTRY: &str = "complaint_entry.body";

/// Most entries of one case that are read.
const ENTRIES_MAX: i64 = 1_000;
/// Most cases of one month's report.
const MONTH_MAX: i64 = 100_000;

/// A case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its number.
    pub id: CaseId,
    /// Whose.
    pub firm: FirmId,
    /// The brand that the citizen named.
    pub brand: BrandId,
    /// Number of the address.
    pub recipient: RecipientId,
    /// The address.
    pub address: Recipient,
    /// The person.
    pub contact: ContactId,
    /// In the address of the citizen's page.
    pub public_key: String,
    /// How far it has come.
    pub state: CaseState,
    /// The sender that the citizen saw.
    pub sender: String,
    /// When the message came, by the citizen.
    pub happened_at: Timestamp,
    /// What the citizen wrote.
    pub text: String,
    /// Whether there is a picture.
    pub has_picture: bool,
    /// Whether the number is used in a trade.
    pub is_trader: bool,
    /// When the citizen told us.
    pub received_at: Timestamp,
    /// When it was written down and the stop set.
    pub created_at: Timestamp,
    /// Who filed it.
    pub actor: String,
    /// Who works on it.
    pub assigned_to: Option<String>,
    /// The branch that brought the newest consent, and for which brand.
    pub branch: Option<(BrandId, String)>,
    /// Until when an authority wants its answer.
    pub answer_due: Option<Timestamp>,
    /// Whether nothing of it may be deleted.
    pub legal_hold: bool,
    /// When the citizen was first answered.
    pub answered_at: Option<Timestamp>,
    /// When the branch was told.
    pub informed_at: Option<Timestamp>,
    /// When it was closed.
    pub solved_at: Option<Timestamp>,
}

impl Case {
    /// Where the page after this case begins.
    pub fn cursor(&self) -> (i64, i64) {
        (self.created_at.as_micros(), self.id.as_db())
    }
}

/// What a case begins with.
#[derive(Debug)]
pub struct NewCase<'a> {
    /// Whose.
    pub firm: FirmId,
    /// The brand that the citizen named.
    pub brand: BrandId,
    /// Number of the address.
    pub recipient: RecipientId,
    /// See [`crate::token::path_key`].
    pub public_key: &'a str,
    /// The sender that the citizen saw.
    pub sender: &'a str,
    /// When the message came.
    pub happened_at: Timestamp,
    /// What the citizen wrote.
    pub text: &'a str,
    /// A picture of the message.
    pub picture: Option<&'a [u8]>,
    /// Whether the number is used in a trade.
    pub is_trader: bool,
    /// When the citizen told us.
    pub received_at: Timestamp,
    /// Who files it.
    pub actor: &'a str,
}

/// One entry of a case's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What.
    pub deed: CaseDeed,
    /// What was written.
    pub text: Option<String>,
}

/// What a month's report counts of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseFigures {
    /// How far it has come.
    pub state: CaseState,
    /// When the citizen told us.
    pub received_at: Timestamp,
    /// When the stop was set.
    pub stopped_at: Timestamp,
    /// When the citizen was first answered.
    pub answered_at: Option<Timestamp>,
    /// When it was closed.
    pub solved_at: Option<Timestamp>,
}

/// What changes in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseChange<'a> {
    /// Somebody takes it.
    Assigned(&'a str),
    /// The citizen is answered.
    Answered,
    /// The branch is told.
    Informed,
    /// It is closed.
    Solved,
    /// Nothing of it may be deleted, or it may again.
    Hold(bool),
    /// Until when an authority wants its answer.
    Due(Option<Timestamp>),
}

macro_rules! cases {
    ($condition:literal) => {
        concat!(
            "SELECT k.id, k.firm_id, k.brand_id, k.recipient_id, r.address, r.contact_id, k.public_key, \
                k.state, k.sender, k.happened_us, k.body, \
                CASE WHEN k.picture IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS has_picture, \
                k.is_trader, k.received_us, k.created_us, k.actor, k.assigned_to, k.branch, \
                k.branch_brand_id, k.answer_due_us, k.legal_hold, k.answered_us, k.informed_us, k.solved_us \
             FROM complaint_case k JOIN recipient r ON r.id = k.recipient_id WHERE ",
            $condition
        )
    };
}

const LIST: &str = cases!(
    "k.firm_id = $1 AND (k.created_us, k.id) < ($2, $3) AND k.state <= $4 \
     ORDER BY k.created_us DESC, k.id DESC LIMIT $5"
);

const BRANCH_COUNT: &str = "SELECT count(*) FROM complaint_case \
     WHERE branch_brand_id = $1 AND branch = $2 AND created_us >= $3";

const OPEN_OF: &str = "SELECT id FROM complaint_case \
     WHERE firm_id = $1 AND recipient_id = $2 AND (state < 4 OR legal_hold = 1) ORDER BY id DESC LIMIT 1";

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    firm_id: i64,
    brand_id: i64,
    recipient_id: i64,
    address: String,
    contact_id: i64,
    public_key: String,
    state: i64,
    sender: String,
    happened_us: i64,
    body: Vec<u8>,
    has_picture: i64,
    is_trader: i64,
    received_us: i64,
    created_us: i64,
    actor: String,
    assigned_to: Option<String>,
    branch: Option<String>,
    branch_brand_id: Option<i64>,
    answer_due_us: Option<i64>,
    legal_hold: i64,
    answered_us: Option<i64>,
    informed_us: Option<i64>,
    solved_us: Option<i64>,
}

impl Reader {
    fn case_of(&self, row: Row) -> Result<Case, StoreError> {
        use secrecy::ExposeSecret as _;
        let id = CaseId::from_db(row.id);
        let address = Recipient::from_normalised(&row.address).ok();
        let text = open_text(self.store().keys(), BODY, &row.body)?;
        Ok(Case {
            id,
            firm: FirmId::from_db(row.firm_id),
            brand: BrandId::from_db(row.brand_id),
            recipient: RecipientId::from_db(row.recipient_id),
            address: known(address, "recipient", "address", id)?,
            contact: ContactId::from_db(row.contact_id),
            public_key: row.public_key,
            state: known(CaseState::from_db(row.state), "complaint_case", "state", id)?,
            sender: row.sender,
            happened_at: Timestamp::from_micros(row.happened_us),
            text: text.expose_secret().to_owned(),
            has_picture: row.has_picture == 1,
            is_trader: row.is_trader == 1,
            received_at: Timestamp::from_micros(row.received_us),
            created_at: Timestamp::from_micros(row.created_us),
            actor: row.actor,
            assigned_to: row.assigned_to,
            branch: row.branch_brand_id.map(BrandId::from_db).zip(row.branch),
            answer_due: instant(row.answer_due_us),
            legal_hold: row.legal_hold == 1,
            answered_at: instant(row.answered_us),
            informed_at: instant(row.informed_us),
            solved_at: instant(row.solved_us),
        })
    }

    /// The cases of a firm before a cursor, the newest first; those that are
    /// not closed only, when asked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn cases(
        &mut self,
        firm: FirmId,
        only_open: bool,
        before: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<Vec<Case>, StoreError> {
        let (at, id) = before.unwrap_or((i64::MAX, i64::MAX));
        let most = if only_open {
            CaseState::Replied
        } else {
            CaseState::Solved
        };
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(LIST)
            .bind(firm.as_db())
            .bind(at)
            .bind(id)
            .bind(most.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing complaints")?;
        rows.into_iter().map(|row| self.case_of(row)).collect()
    }

    /// One case of a firm.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn case(&mut self, firm: FirmId, id: CaseId) -> Result<Option<Case>, StoreError> {
        let sql = cases!("k.id = $1 AND k.firm_id = $2");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a complaint")?;
        row.map(|row| self.case_of(row)).transpose()
    }

    /// The case behind a citizen's own address of a brand.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the row holds a value that cannot be.
    pub async fn case_by_key(
        &mut self,
        brand: BrandId,
        public_key: &str,
    ) -> Result<Option<Case>, StoreError> {
        let sql = cases!("k.public_key = $1 AND k.brand_id = $2");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(public_key)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a citizen's complaint")?;
        row.map(|row| self.case_of(row)).transpose()
    }

    /// A case of this number that is not closed, or is held.
    pub async fn standing_case_of(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
    ) -> Result<Option<CaseId>, StoreError> {
        let found: Option<i64> = on!(self, conn => sqlx::query_scalar(OPEN_OF)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the complaint of a number")?;
        Ok(found.map(CaseId::from_db))
    }

    /// The picture of a case.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the key differs.
    pub async fn case_picture(
        &mut self,
        firm: FirmId,
        id: CaseId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT picture FROM complaint_case WHERE id = $1 AND firm_id = $2";
        let found: Option<Option<Vec<u8>>> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a picture")?;
        let sealed = found.flatten();
        sealed
            .map(|sealed| self.store().keys().open(PICTURE, &sealed))
            .transpose()
    }

    /// The history of a case, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn case_entries(&mut self, id: CaseId) -> Result<Vec<CaseEntry>, StoreError> {
        use secrecy::ExposeSecret as _;
        let sql = "SELECT at_us, actor, deed, body FROM complaint_entry \
             WHERE case_id = $1 ORDER BY id LIMIT $2";
        let rows: Vec<(i64, String, i64, Option<Vec<u8>>)> = on!(self, conn => sqlx::query_as(sql)
                .bind(id.as_db())
                .bind(ENTRIES_MAX)
                .fetch_all(&mut *conn)
                .await)
        .doing("reading the history of a complaint")?;
        let keys = self.store().keys();
        rows.into_iter()
            .map(|(at, actor, deed, body)| {
                let text = body
                    .map(|sealed| open_text(keys, ENTRY, &sealed))
                    .transpose()?;
                Ok(CaseEntry {
                    at: Timestamp::from_micros(at),
                    actor,
                    deed: known(CaseDeed::from_db(deed), "complaint_entry", "deed", id)?,
                    text: text.map(|text| text.expose_secret().to_owned()),
                })
            })
            .collect()
    }

    /// How many complaints came about people whose consent a branch brought,
    /// from an instant on.
    pub async fn branch_complaints(
        &mut self,
        brand: BrandId,
        branch: &str,
        from: Timestamp,
    ) -> Result<i64, StoreError> {
        on!(self, conn => sqlx::query_scalar(BRANCH_COUNT)
            .bind(brand.as_db())
            .bind(branch)
            .bind(from.as_micros())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting the complaints of a branch")
    }

    /// What a report counts of the cases that were written down from `from`
    /// to before `to`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn case_figures(
        &mut self,
        firm: FirmId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CaseFigures>, StoreError> {
        let sql = "SELECT id, state, received_us, created_us, answered_us, solved_us \
             FROM complaint_case WHERE firm_id = $1 AND created_us >= $2 AND created_us < $3 \
             ORDER BY created_us, id LIMIT $4";
        let rows: Vec<(i64, i64, i64, i64, Option<i64>, Option<i64>)> =
            on!(self, conn => sqlx::query_as(sql)
                .bind(firm.as_db())
                .bind(from.as_micros())
                .bind(to.as_micros())
                .bind(MONTH_MAX)
                .fetch_all(&mut *conn)
                .await)
            .doing("counting the complaints of a month")?;
        rows.into_iter()
            .map(|(id, state, received, created, answered, solved)| {
                let state = CaseState::from_db(state);
                Ok(CaseFigures {
                    state: known(state, "complaint_case", "state", CaseId::from_db(id))?,
                    received_at: Timestamp::from_micros(received),
                    stopped_at: Timestamp::from_micros(created),
                    answered_at: instant(answered),
                    solved_at: instant(solved),
                })
            })
            .collect()
    }
}

/// The newest consent of a number that a branch brought.
const BRANCH_OF: &str = "SELECT n.branch, e.brand_id FROM consent_event e \
     JOIN event_branch n ON n.upload_id = e.origin_id AND n.event_id = e.id \
     WHERE e.recipient_id = $1 AND e.origin = 1 AND e.status = 1 \
     ORDER BY e.consent_us DESC, e.id DESC LIMIT 1";

impl Writer {
    /// Opens a case. The caller sets the stop in the same transaction.
    pub async fn open_case(&mut self, new: &NewCase<'_>) -> Result<CaseId, StoreError> {
        let id = CaseId::from_db(self.next_id()?);
        let now = self.now().as_micros();
        let body = self.store().keys().seal(BODY, new.text.as_bytes())?;
        let picture = new
            .picture
            .map(|bytes| self.store().keys().seal(PICTURE, bytes))
            .transpose()?;
        let branch: Option<(String, i64)> = on!(self, conn => sqlx::query_as(BRANCH_OF)
            .bind(new.recipient.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("looking for the branch of a consent")?;
        let (branch, branch_brand) = branch.unzip();
        let sql = "INSERT INTO complaint_case (id, firm_id, brand_id, recipient_id, public_key, state, \
                sender, happened_us, body, picture, is_trader, received_us, created_us, actor, branch, \
                branch_brand_id, legal_hold) \
             VALUES ($1, $2, $3, $4, $5, 1, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(new.firm.as_db())
            .bind(new.brand.as_db())
            .bind(new.recipient.as_db())
            .bind(new.public_key)
            .bind(new.sender)
            .bind(new.happened_at.as_micros())
            .bind(body)
            .bind(picture)
            .bind(i64::from(new.is_trader))
            .bind(new.received_at.as_micros())
            .bind(now)
            .bind(new.actor)
            .bind(branch)
            .bind(branch_brand)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("opening a complaint")?;
        exactly(rows, 1, "the complaint")?;
        Ok(id)
    }

    /// Adds an entry to a case's history.
    pub async fn note_case(
        &mut self,
        id: CaseId,
        actor: &str,
        deed: CaseDeed,
        text: Option<&str>,
    ) -> Result<(), StoreError> {
        let entry = self.next_id()?;
        let now = self.now().as_micros();
        let sealed = text
            .map(|text| self.store().keys().seal(ENTRY, text.as_bytes()))
            .transpose()?;
        let sql = "INSERT INTO complaint_entry (id, case_id, at_us, actor, deed, body) \
             VALUES ($1, $2, $3, $4, $5, $6)";
        on!(self, conn => sqlx::query(sql)
            .bind(entry)
            .bind(id.as_db())
            .bind(now)
            .bind(actor)
            .bind(deed.as_db())
            .bind(sealed)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("noting what happened to a complaint")
    }

    /// Changes a case. A closed one can only be held, released and given a date.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has none of this number, or it is closed.
    pub async fn change_case(
        &mut self,
        firm: FirmId,
        id: CaseId,
        change: &CaseChange<'_>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let (sql, number, text) = match change {
            CaseChange::Assigned(who) => (
                "UPDATE complaint_case SET assigned_to = $4, \
                    state = CASE WHEN state = 1 THEN CAST(2 AS BIGINT) ELSE state END \
                 WHERE id = $1 AND firm_id = $2 AND state < 4 AND CAST($3 AS BIGINT) = 0",
                Some(0),
                Some(*who),
            ),
            CaseChange::Answered => (
                "UPDATE complaint_case SET state = 3, answered_us = COALESCE(answered_us, $3) \
                 WHERE id = $1 AND firm_id = $2 AND state < 4 AND CAST($4 AS TEXT) IS NULL",
                Some(now),
                None,
            ),
            CaseChange::Informed => (
                "UPDATE complaint_case SET informed_us = COALESCE(informed_us, $3) \
                 WHERE id = $1 AND firm_id = $2 AND state < 4 AND CAST($4 AS TEXT) IS NULL",
                Some(now),
                None,
            ),
            CaseChange::Solved => (
                "UPDATE complaint_case SET state = 4, solved_us = $3 \
                 WHERE id = $1 AND firm_id = $2 AND state < 4 AND CAST($4 AS TEXT) IS NULL",
                Some(now),
                None,
            ),
            CaseChange::Hold(held) => (
                "UPDATE complaint_case SET legal_hold = $3 \
                 WHERE id = $1 AND firm_id = $2 AND CAST($4 AS TEXT) IS NULL",
                Some(i64::from(*held)),
                None,
            ),
            CaseChange::Due(due) => (
                "UPDATE complaint_case SET answer_due_us = $3 \
                 WHERE id = $1 AND firm_id = $2 AND CAST($4 AS TEXT) IS NULL",
                due.map(Timestamp::as_micros),
                None,
            ),
        };
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(number)
            .bind(text)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("changing a complaint")?;
        exactly(rows, 1, "the complaint")
    }

    /// Opens the complaint of a number anew whose stop went on after an
    /// earlier one was closed: its clock runs again.
    pub async fn reopen_complaint(
        &mut self,
        firm: FirmId,
        recipient: RecipientId,
        received: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE blacklist SET complaint_us = $3, handled_us = NULL, handled_by = NULL \
             WHERE firm_id = $1 AND recipient_id = $2 AND channel = 0 AND handled_us IS NOT NULL \
             AND complaint_us IS NOT NULL";
        on!(self, conn => sqlx::query(sql)
            .bind(firm.as_db())
            .bind(recipient.as_db())
            .bind(received.as_micros())
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("opening a complaint anew")
    }
}

#[cfg(test)]
mod tests {
    use super::{BRANCH_COUNT, BRANCH_OF, LIST, OPEN_OF};
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn complaints_are_listed_counted_and_found_along_their_indexes() {
        walks(|_| LIST, Index::named("complaint_case_list")).await;
        walks(|_| BRANCH_COUNT, Index::named("complaint_case_branch")).await;
        walks(|_| OPEN_OF, Index::named("complaint_case_person")).await;
        walks(|_| BRANCH_OF, Index::named("consent_event_recipient")).await;
    }
}
