//! The people behind the numbers of an audience that nobody has frozen yet.

use domain::ReasonCode;
use domain::ids::{ContactId, RecipientId};
use sqlx::AssertSqlSafe;

use crate::audience::{AudienceQuestion, bind_question, reason};
use crate::db::Reader;
use crate::error::{Doing, StoreError};
use crate::row::page_rows;

/// One person of an audience, and the decision about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedPerson {
    /// The address's number.
    pub recipient: RecipientId,
    /// The address.
    pub address: String,
    /// Whose it is.
    pub contact: ContactId,
    /// Their name, if there is one on record.
    pub name: Option<String>,
    /// Why not; none for whom the gate would let pass.
    pub code: Option<ReasonCode>,
}

/// Which people of an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgedGroup {
    /// Everybody.
    All,
    /// Whom the gate would let pass but for the hour.
    Sendable,
    /// Whom it would keep out.
    Excluded,
    /// Whom it would keep out for this reason.
    Reason(ReasonCode),
}

impl Reader {
    /// The people of an audience after `after`, in the order of their numbers,
    /// each judged as the counts were. Freezes nothing: who stands here is
    /// judged once more at launch.
    pub async fn audience_people(
        &mut self,
        question: &AudienceQuestion,
        group: JudgedGroup,
        after: Option<RecipientId>,
        limit: usize,
    ) -> Result<Vec<JudgedPerson>, StoreError> {
        let inner = question.counted(question.sql(self.engine()));
        let wanted = match group {
            JudgedGroup::All => "1 = 1".to_owned(),
            JudgedGroup::Sendable => "d.code = 0".to_owned(),
            JudgedGroup::Excluded => "d.code > 0".to_owned(),
            JudgedGroup::Reason(code) => format!("d.code = {}", code.as_db()),
        };
        let sql = format!(
            "SELECT d.recipient_id, p.address, p.contact_id, pc.full_name, d.code \
             FROM ({inner}) d JOIN recipient p ON p.id = d.recipient_id \
             LEFT JOIN contact pc ON pc.id = p.contact_id \
             WHERE d.recipient_id > {after} AND {wanted} \
             ORDER BY d.recipient_id LIMIT {limit}",
            after = after.map_or(0, RecipientId::as_db),
            limit = page_rows(limit),
        );
        let list = question.list_parameter(self.engine())?;
        type Row = (i64, String, i64, Option<String>, i64);
        let rows: Vec<Row> = on!(self, conn => bind_question!(
                sqlx::query_as(AssertSqlSafe(sql)), question, list.as_deref())
            .fetch_all(&mut *conn)
            .await)
        .doing("listing the people of an audience")?;
        rows.into_iter()
            .map(|(recipient, address, contact, name, code)| {
                Ok(JudgedPerson {
                    recipient: RecipientId::from_db(recipient),
                    address,
                    contact: ContactId::from_db(contact),
                    name,
                    code: reason(code)?,
                })
            })
            .collect()
    }
}
