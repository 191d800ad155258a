//! Whom a campaign would reach on an old answer of İYS.

use domain::ids::RecipientId;
use domain::{Recipient, Timestamp};
use sqlx::AssertSqlSafe;

use crate::audience::AudienceQuestion;
use crate::campaigns::Audience;
use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::row::{known, page_rows};

impl AudienceQuestion {
    fn due_sql(&self, engine: Engine) -> String {
        let (people, listed, _) = self.people(engine);
        // Everybody is walked in the order of the numbers; a list by itself.
        let firm = match &self.audience {
            Audience::All | Audience::Segment { .. } => "+r.firm_id",
            Audience::Tag { .. } | Audience::Addresses { .. } | Audience::Accounts { .. } => {
                "r.firm_id"
            }
        };
        format!(
            "SELECT r.id, r.address FROM {people} \
             JOIN consent_state own ON own.brand_id = $2 AND own.recipient_id = r.id \
                  AND own.channel = $3 AND own.kind = $4 \
             WHERE {firm} = $1 AND {listed} AND r.form = $8 AND r.id > $6 \
               AND own.local_status <> 2 \
               AND (own.verdict = $9 AND (own.checked_us IS NULL OR own.checked_us < $5) \
                    OR own.verdict = 0 AND own.local_status = 1) \
             ORDER BY r.id LIMIT $7"
        )
    }
}

impl Reader {
    /// People of an audience whose confirmation is older than `older_than`, or
    /// that said ONAY and were never asked about; in order of number, behind
    /// `after`.
    pub async fn audience_due(
        &mut self,
        question: &AudienceQuestion,
        older_than: Timestamp,
        after: RecipientId,
        limit: usize,
    ) -> Result<Vec<(RecipientId, Recipient)>, StoreError> {
        let sql = question.due_sql(self.engine());
        let list = question.list_parameter(self.engine())?;
        let form: i64 = if question.channel.is_phone() { 1 } else { 2 };
        let rows: Vec<(i64, String)> = on!(self, conn => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql))
                .bind(question.firm.as_db())
                .bind(question.brand.as_db())
                .bind(question.channel.as_db())
                .bind(question.kind.as_db())
                .bind(older_than.as_micros())
                .bind(after.as_db())
                .bind(page_rows(limit))
                .bind(form)
                .bind(domain::Verdict::Onay.as_db());
            if let Some(list) = list.as_deref() {
                query = query.bind(list);
            }
            query.fetch_all(&mut *conn).await
        })
        .doing("looking for old answers")?;
        rows.into_iter()
            .map(|(id, address)| {
                let recipient = Recipient::from_normalised(&address).ok();
                let recipient = known(recipient, "recipient", "address", id)?;
                Ok((RecipientId::from_db(id), recipient))
            })
            .collect()
    }
}
