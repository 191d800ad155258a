//! What people did after a campaign's message had arrived (*dönüşüm*): events
//! of one kind within a deadline, and what a field of theirs sums up to.

use domain::ids::{BrandId, CampaignId, EventTypeId};
use sqlx::AssertSqlSafe;

use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub struct ConversionQuestion<'q> {
    /// Whose messages.
    pub campaign: CampaignId,
    /// The campaign's brand: only what was done with it counts.
    pub brand: BrandId,
    /// What people were to do.
    pub kind: EventTypeId,
    /// At the latest so long after the message had arrived, microseconds.
    pub within_us: i64,
    /// The field whose numbers are summed up.
    pub field: Option<&'q str>,
}

/// What people did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Conversions {
    /// Messages that arrived.
    pub delivered: i64,
    /// People who did it in time.
    pub people: i64,
    /// How often they did it in time.
    pub events: i64,
    /// The sum of the field over those events; none where no number is.
    pub sum: Option<f64>,
}

/// Both sides are looked up by their keys: the campaign's receipts, and for
/// each of them the person's events of the kind. `brand_id + 0`: a person's few
/// events, not the brand's many. Whoever has two addresses did it once.
fn sql(engine: Engine) -> AssertSqlSafe<String> {
    let number = match engine {
        Engine::Sqlite => {
            "CASE WHEN json_type(d.body, '$.\"' || $5 || '\"') IN ('integer', 'real') \
             THEN CAST(d.body ->> ('$.\"' || $5 || '\"') AS REAL) END"
        }
        Engine::Postgres => {
            "CASE WHEN jsonb_typeof(CAST(d.body AS jsonb) -> CAST($5 AS TEXT)) = 'number' \
             THEN CAST(CAST(d.body AS jsonb) ->> CAST($5 AS TEXT) AS DOUBLE PRECISION) END"
        }
    };
    AssertSqlSafe(format!(
        "SELECT (SELECT count(*) FROM receipt a WHERE a.campaign_id = $1 AND a.state = 6), \
             count(DISTINCT d.contact_id), count(*), sum({number}) \
         FROM (SELECT DISTINCT e.id, e.contact_id, e.body FROM receipt t \
             JOIN recipient r ON r.id = t.recipient_id \
             JOIN person_event e ON e.contact_id = r.contact_id AND e.type_id = $3 \
                 AND e.occurred_us >= t.happened_us AND e.occurred_us <= t.happened_us + $4 \
             WHERE t.campaign_id = $1 AND t.state = 6 AND e.brand_id + 0 = $2) d"
    ))
}

impl Reader {
    /// What people did after a campaign's message had arrived.
    pub async fn campaign_conversions(
        &mut self,
        question: &ConversionQuestion<'_>,
    ) -> Result<Conversions, StoreError> {
        let sql = sql(self.engine());
        let row: (i64, i64, i64, Option<f64>) = on!(self, conn => sqlx::query_as(sql)
            .bind(question.campaign.as_db())
            .bind(question.brand.as_db())
            .bind(question.kind.as_db())
            .bind(question.within_us)
            .bind(question.field.unwrap_or_default())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting what people did after a campaign")?;
        let (delivered, people, events, sum) = row;
        Ok(Conversions {
            delivered,
            people,
            events,
            sum: sum.filter(|_| question.field.is_some()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn conversions_are_found_by_the_keys_of_receipts_and_people() {
        fn text(engine: Engine) -> &'static str {
            sql(engine).0.leak()
        }
        walks(
            text,
            Index::of_key("SEARCH t USING PRIMARY KEY", "receipt_pkey"),
        )
        .await;
        walks(text, Index::of_key("person_event_person", "person_event_")).await;
    }
}
