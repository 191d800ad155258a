//! Codes are given when an audience is frozen, in the same transaction: to
//! whoever has one already that one, to whom one is meant theirs, to the others
//! the front of the pool by lot. Whoever is beyond the pool is left out (S406),
//! in a dry run as in the frozen audience.

use std::collections::HashMap;

use domain::ReasonCode;
use domain::ids::{CampaignId, PromotionId, RecipientId};
use domain::plan::draw_sql;
use sqlx::AssertSqlSafe;

use super::Promotion;
use crate::audience::AudienceQuestion;
use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given, maybe, seek};

/// The lot by which people without a code of their own stand before the pool.
fn place(promotion: PromotionId, contact: &str) -> String {
    let seed = promotion.as_db() % domain::plan::DRAW_END;
    draw_sql(seed, contact)
}

impl AudienceQuestion {
    /// The decision with those left out for whom no code is left; `inner` must
    /// tell everybody's `contact_id`.
    pub(crate) fn within_codes(&self, inner: String) -> String {
        let Some(promotion) = self.promotion else {
            return inner;
        };
        let list = promotion.as_db();
        let place = place(promotion, "contact_id");
        let spent = ReasonCode::S406.as_db();
        // All addresses of a person have one place: a person has one code.
        format!(
            "SELECT recipient_id, event_id, registry_batch_id, checked_us, \
                CASE WHEN code = 0 AND has_code = 0 AND place > (SELECT COALESCE(max( \
                        pl.code_count - pl.meant_count - pl.given_count + pl.meant_given_count), 0) \
                     FROM promotion pl WHERE pl.id = {list}) THEN {spent} ELSE code END AS code \
             FROM (SELECT w.*, dense_rank() OVER ( \
                        PARTITION BY CASE WHEN code = 0 AND has_code = 0 THEN 0 ELSE 1 END \
                        ORDER BY {place}, contact_id) AS place \
                   FROM (SELECT i.*, CASE WHEN EXISTS (SELECT 1 FROM promotion_code pg \
                                WHERE pg.promotion_id = {list} AND pg.given_to = i.contact_id) \
                             OR EXISTS (SELECT 1 FROM promotion_code pm \
                                WHERE pm.promotion_id = {list} AND pm.meant_for = i.contact_id) \
                             THEN 1 ELSE 0 END AS has_code \
                         FROM ({inner}) i) w) c"
        )
    }
}

/// Gives people of campaign `$2` the codes of list `$1` that are meant for them.
/// From the people to the list: it may hold a million for other people.
const GIVE_MEANT: &str = "UPDATE promotion_code SET given_to = meant_for, campaign_id = $2, \
        recipient_id = s.recipient_id, given_us = $3 \
     FROM (SELECT p.code AS own, n.recipient_id \
           FROM (SELECT r.contact_id, min(r.id) AS recipient_id FROM campaign_recipient f \
                 JOIN recipient r ON r.id = f.recipient_id \
                 WHERE f.campaign_id = $2 AND f.code = 0 GROUP BY r.contact_id) n \
           CROSS JOIN promotion_code p \
           WHERE p.promotion_id = $1 AND p.meant_for = n.contact_id AND p.given_to IS NULL) s \
     WHERE promotion_id = $1 AND code = s.own";

/// Gives people of campaign `$2` without a code the front of the pool of list `$1`.
fn give_pool(promotion: PromotionId) -> String {
    let place = place(promotion, "contact_id");
    format!(
        "UPDATE promotion_code SET given_to = n.contact_id, campaign_id = $2, \
            recipient_id = n.recipient_id, given_us = $3 \
         FROM (SELECT p.code AS free, row_number() OVER (ORDER BY p.place) AS nth \
               FROM promotion_code p \
               WHERE p.promotion_id = $1 AND p.meant_for IS NULL AND p.given_to IS NULL) s \
         JOIN (SELECT contact_id, recipient_id, \
                    row_number() OVER (ORDER BY {place}, contact_id) AS nth \
               FROM (SELECT r.contact_id, min(r.id) AS recipient_id FROM campaign_recipient f \
                     JOIN recipient r ON r.id = f.recipient_id \
                     WHERE f.campaign_id = $2 AND f.code = 0 GROUP BY r.contact_id) q \
               WHERE NOT EXISTS (SELECT 1 FROM promotion_code h \
                    WHERE h.promotion_id = $1 AND h.given_to = q.contact_id)) n ON n.nth = s.nth \
         WHERE promotion_id = $1 AND code = s.free"
    )
}

impl Writer {
    /// Gives everybody planned in a campaign their code: the promotion was
    /// locked before the audience was frozen, so nobody else took of its pool.
    pub(crate) async fn give_codes(
        &mut self,
        promotion: &Promotion,
        campaign: CampaignId,
    ) -> Result<(), StoreError> {
        let pool = give_pool(promotion.id);
        let now = self.now().as_micros();
        let mut given = [0_i64; 2];
        for (sql, count) in [GIVE_MEANT, pool.as_str()].into_iter().zip(&mut given) {
            let rows = on!(self, conn => sqlx::query(AssertSqlSafe(sql.to_owned()))
                .bind(promotion.id.as_db())
                .bind(campaign.as_db())
                .bind(now)
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("giving codes of a promotion")?;
            *count = i64::try_from(rows).unwrap_or(i64::MAX);
        }
        let [meant, pool] = given;
        let sql = "UPDATE promotion SET given_count = given_count + $2, \
                meant_given_count = meant_given_count + $3 WHERE id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(promotion.id.as_db())
            .bind(meant + pool)
            .bind(meant)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("counting the given codes of a promotion")?;
        exactly(rows, 1, "the promotion")?;
        self.changes_firm(promotion.firm);
        Ok(())
    }
}

/// The code that each person `g.person` has of list `$1`.
fn codes_sql(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let mut body = String::from("SELECT r.id, p.code FROM given g");
    body.push_str(&seek(engine, "recipient", "r", "r.id = g.person"));
    body.push_str(&maybe(
        engine,
        "promotion_code",
        "p",
        "p.promotion_id = $1 AND p.given_to = r.contact_id",
    ));
    body.push_str(" WHERE p.code IS NOT NULL");
    given.sql(engine, 2, &body)
}

impl Reader {
    /// The codes that people have of a promotion; nobody's code is made up:
    /// whoever has none is missing.
    pub async fn codes_of(
        &mut self,
        promotion: PromotionId,
        people: &[RecipientId],
    ) -> Result<HashMap<RecipientId, String>, StoreError> {
        if people.is_empty() {
            return Ok(HashMap::new());
        }
        let given = Given::new().ints("person", people.iter().map(|id| id.as_db()));
        let sql = codes_sql(&given, self.engine());
        let rows: Vec<(i64, String)> = on!(self, conn => sqlx::query_as(sql)
            .bind(promotion.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading people's codes")?;
        Ok(rows
            .into_iter()
            .map(|(id, code)| (RecipientId::from_db(id), code))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn codes_are_given_and_read_by_the_indexes_of_the_list() {
        walks(|_| GIVE_MEANT, Index::named("promotion_code_meant")).await;
        let pool: fn(Engine) -> &'static str = |_| give_pool(PromotionId::from_db(1)).leak();
        walks(pool, Index::named("promotion_code_pool")).await;
        walks(pool, Index::named("promotion_code_given")).await;
        let codes: fn(Engine) -> &'static str =
            |engine| codes_sql(&Given::new().ints("person", []), engine).0.leak();
        walks(codes, Index::named("promotion_code_given")).await;
    }
}
