//! Complaints (*şikâyet*) of a firm's people, open and closed ones. The stop
//! that each set stands in [`crate::blacklist`]; its clock in
//! [`crate::deadlines`].

use domain::ids::{CaseId, ContactId, FirmId};
use domain::{Channel, Recipient, Timestamp};

use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::{instant, known, page_rows};

/// A complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Who complained.
    pub address: Recipient,
    /// The person.
    pub contact: ContactId,
    /// About which channel; none for all of them.
    pub channel: Option<Channel>,
    /// When it came in.
    pub at: Timestamp,
    /// In the words of who entered it.
    pub note: Option<String>,
    /// Who entered it.
    pub actor: String,
    /// When it was closed.
    pub handled_at: Option<Timestamp>,
    /// Who closed it.
    pub handled_by: Option<String>,
    /// The case that is open about it.
    pub case: Option<CaseId>,
    cursor: ComplaintCursor,
}

/// The last complaint of a page: when, and the numbers of address and channel.
pub type ComplaintCursor = (i64, i64, i64);

impl Complaint {
    /// Where the page after this row begins.
    pub fn cursor(&self) -> ComplaintCursor {
        self.cursor
    }
}

macro_rules! complaint_sql {
    ($condition:literal) => {
        concat!(
            "SELECT b.recipient_id, r.address, r.contact_id, b.channel, b.complaint_us, b.note, b.actor, \
                b.handled_us, b.handled_by, \
                (SELECT max(k.id) FROM complaint_case k WHERE k.firm_id = $1 \
                    AND k.recipient_id = b.recipient_id AND k.state < 4) AS case_id \
             FROM (SELECT * FROM blacklist WHERE firm_id = $1 AND complaint_us IS NOT NULL",
            $condition,
            " AND (complaint_us, recipient_id, channel) < ($2, $3, $4) \
               ORDER BY complaint_us DESC, recipient_id DESC, channel DESC LIMIT $5) b \
             JOIN recipient r ON r.id = b.recipient_id \
             ORDER BY b.complaint_us DESC, b.recipient_id DESC, b.channel DESC"
        )
    };
}

const ALL: &str = complaint_sql!("");
const OPEN: &str = complaint_sql!(" AND handled_us IS NULL");

#[derive(sqlx::FromRow)]
struct Row {
    recipient_id: i64,
    address: String,
    contact_id: i64,
    channel: i64,
    complaint_us: i64,
    note: Option<String>,
    actor: String,
    handled_us: Option<i64>,
    handled_by: Option<String>,
    case_id: Option<i64>,
}

impl Reader {
    /// The complaints of a firm before a cursor, the newest first; those that
    /// nobody has closed only, when asked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a row holds a value that cannot be.
    pub async fn complaints(
        &mut self,
        firm: FirmId,
        only_open: bool,
        before: Option<ComplaintCursor>,
        limit: usize,
    ) -> Result<Vec<Complaint>, StoreError> {
        let (at, recipient, channel) = before.unwrap_or((i64::MAX, i64::MAX, i64::MAX));
        let sql = if only_open { OPEN } else { ALL };
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(at)
            .bind(recipient)
            .bind(channel)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing complaints")?;
        rows.into_iter().map(complaint).collect()
    }
}

fn complaint(row: Row) -> Result<Complaint, StoreError> {
    let (table, id) = ("blacklist", row.recipient_id);
    let channel = match row.channel {
        0 => None,
        number => Some(known(Channel::from_db(number), table, "channel", id)?),
    };
    let address = Recipient::from_normalised(&row.address).ok();
    Ok(Complaint {
        address: known(address, "recipient", "address", id)?,
        contact: ContactId::from_db(row.contact_id),
        channel,
        at: Timestamp::from_micros(row.complaint_us),
        note: row.note,
        actor: row.actor,
        handled_at: instant(row.handled_us),
        handled_by: row.handled_by,
        case: row.case_id.map(CaseId::from_db),
        cursor: (row.complaint_us, id, row.channel),
    })
}

#[cfg(test)]
mod tests {
    use super::{ALL, OPEN};
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn complaints_are_paged_along_their_indexes() {
        walks(|_| ALL, Index::named("blacklist_complaint")).await;
        walks(|_| OPEN, Index::named("blacklist_complaint")).await;
    }
}
