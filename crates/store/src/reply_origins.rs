//! What a reply answers: the person who wrote it, and the last campaign that
//! had gone to them over the same account by then.

use domain::ids::{CampaignId, ContactId, FirmId};

use crate::db::{Engine, Reader};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, maybe, seek};
use crate::replies::Reply;

/// Where a reply came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplyOrigin {
    /// The person; none when the firm does not know the address.
    pub contact: Option<ContactId>,
    /// Their name.
    pub name: Option<String>,
    /// The campaign that they seem to answer.
    pub campaign: Option<(CampaignId, String)>,
}

type Row = (i64, i64, Option<String>, Option<i64>, Option<String>);

impl Reader {
    /// The origins of a page of replies, in their order.
    pub async fn reply_origins(
        &mut self,
        firm: FirmId,
        replies: &[Reply],
    ) -> Result<Vec<ReplyOrigin>, StoreError> {
        let mut origins = vec![ReplyOrigin::default(); replies.len()];
        if replies.is_empty() {
            return Ok(origins);
        }
        let addresses: Vec<String> = replies.iter().map(|one| one.address.to_string()).collect();
        let given = Given::new()
            .ints("place", (0..).take(replies.len()))
            .texts("address", addresses.iter().map(String::as_str))
            .ints("connector", replies.iter().map(|one| one.connector.as_db()))
            .ints(
                "recorded",
                replies.iter().map(|one| one.recorded_at.as_micros()),
            );
        let sql = given.sql(self.engine(), 2, &body(self.engine()));
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for what replies answer")?;
        for (place, contact, name, campaign, campaign_name) in rows {
            if let Some(origin) = usize::try_from(place)
                .ok()
                .and_then(|at| origins.get_mut(at))
            {
                *origin = ReplyOrigin {
                    contact: Some(ContactId::from_db(contact)),
                    name,
                    campaign: campaign.map(CampaignId::from_db).zip(campaign_name),
                };
            }
        }
        Ok(origins)
    }
}

fn body(engine: Engine) -> String {
    let address = seek(
        engine,
        "recipient",
        "r",
        "r.firm_id = $1 AND r.address = g.address",
    );
    let owner = maybe(engine, "contact", "c", "c.id = o.contact_id");
    let campaign = maybe(engine, "campaign", "k", "k.id = o.campaign_id");
    format!(
        "SELECT o.place, o.contact_id, c.full_name, o.campaign_id, k.name FROM (\
            SELECT g.place, r.contact_id, (SELECT m.id FROM campaign m \
                JOIN campaign_recipient p ON p.campaign_id = m.id AND p.code = 0 AND p.recipient_id = r.id \
                JOIN send_batch b ON b.campaign_id = p.campaign_id AND b.batch_no = p.batch_no \
                WHERE m.firm_id = $1 AND b.connector_id = g.connector AND b.claimed_us <= g.recorded \
                ORDER BY m.created_us DESC, m.id DESC LIMIT 1) AS campaign_id \
            FROM given g{address}) o{owner}{campaign} ORDER BY o.place"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn what_a_reply_answers_is_found_along_keys() {
        let sql: fn(Engine) -> &'static str = |engine| {
            let given = Given::new()
                .ints("place", [])
                .texts("address", [])
                .ints("connector", [])
                .ints("recorded", []);
            given.sql(engine, 2, &body(engine)).0.leak()
        };
        walks(sql, Index::named("recipient_address")).await;
        walks(
            sql,
            Index::of_key("SEARCH p USING PRIMARY KEY", "campaign_recipient_pkey"),
        )
        .await;
    }
}
