//! The codes of a promotion: what a row of a file would do to the list, and
//! the codes that were given, page by page.

use domain::Timestamp;
use domain::ids::{CampaignId, ContactId, FirmId, PromotionId};
use sqlx::AssertSqlSafe;

use super::{Promotion, missing};
use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given, maybe};
use crate::row::page_rows;

/// A code of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCode {
    /// The code.
    pub code: String,
    /// The firm's own number of the person it is meant for; none for the pool.
    pub external_id: Option<String>,
}

/// What a code of a file is to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeStanding {
    /// It is new.
    New,
    /// It is in the list just so.
    Held,
    /// The firm knows nobody of this number (R406).
    Stranger,
    /// It is in the list for somebody else, or for the pool (R809).
    Taken,
    /// The person has another code of the list (R810).
    PersonHasOther,
}

/// A code that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenCode {
    /// Whose: lists go on behind it.
    pub person: ContactId,
    /// The code.
    pub code: String,
    /// The firm's own number of the person.
    pub external_id: Option<String>,
    /// The address it was first given to, while the firm knows it.
    pub address: Option<String>,
    /// With which campaign.
    pub campaign: CampaignId,
    /// Its name.
    pub campaign_name: Option<String>,
    /// When.
    pub given_at: Timestamp,
}

/// What each given code is to the list `$2` of the firm `$1`.
fn standing_sql(given: &Given<'_>, engine: Engine) -> AssertSqlSafe<String> {
    let mut body =
        String::from("SELECT g.place, c.id, o.code, o.meant_for, m.code, n.code FROM given g");
    for (table, alias, condition) in [
        (
            "contact",
            "c",
            "c.firm_id = $1 AND c.external_id = g.external_id",
        ),
        (
            "promotion_code",
            "o",
            "o.promotion_id = $2 AND o.code = g.code",
        ),
        (
            "promotion_code",
            "m",
            "m.promotion_id = $2 AND m.meant_for = c.id",
        ),
        (
            "promotion_code",
            "n",
            "n.promotion_id = $2 AND n.given_to = c.id",
        ),
    ] {
        body.push_str(&maybe(engine, table, alias, condition));
    }
    given.sql(engine, 3, &body)
}

type StandingRow = (
    i64,
    Option<i64>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
);

/// The standing, and the contact that the code is meant for.
fn standing(new: &NewCode, row: &StandingRow) -> (CodeStanding, Option<i64>) {
    let (_, contact, held, meant_for, meant, given) = row;
    let standing = if new.external_id.is_some() && contact.is_none() {
        CodeStanding::Stranger
    } else if held.is_some() && meant_for == contact {
        CodeStanding::Held
    } else if held.is_some() {
        CodeStanding::Taken
    } else if contact.is_some() && (meant.is_some() || given.is_some()) {
        CodeStanding::PersonHasOther
    } else {
        CodeStanding::New
    };
    (standing, *contact)
}

impl Reader {
    /// What the codes of a file would be to a list; without one, to an empty
    /// list. In the order of the codes.
    pub async fn code_standings(
        &mut self,
        firm: FirmId,
        promotion: Option<PromotionId>,
        codes: &[NewCode],
    ) -> Result<Vec<CodeStanding>, StoreError> {
        let found = self.standings(firm, promotion, codes).await?;
        Ok(found.into_iter().map(|(standing, _)| standing).collect())
    }

    async fn standings(
        &mut self,
        firm: FirmId,
        promotion: Option<PromotionId>,
        codes: &[NewCode],
    ) -> Result<Vec<(CodeStanding, Option<i64>)>, StoreError> {
        let given = Given::new()
            .ints("place", 0..i64::try_from(codes.len()).unwrap_or(i64::MAX))
            .texts("code", codes.iter().map(|new| new.code.as_str()))
            .maybe_texts(
                "external_id",
                codes.iter().map(|new| new.external_id.as_deref()),
            );
        let sql = standing_sql(&given, self.engine());
        let mut rows: Vec<StandingRow> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(promotion.map_or(0, PromotionId::as_db))
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("looking at the codes of a promotion")?;
        exactly(
            rows.len() as u64,
            codes.len() as u64,
            "the codes asked about",
        )?;
        rows.sort_unstable_by_key(|row| row.0);
        Ok(codes
            .iter()
            .zip(&rows)
            .map(|(new, row)| standing(new, row))
            .collect())
    }

    /// The codes that were given, in the order of those who have them, behind
    /// `after`.
    pub async fn given_codes(
        &mut self,
        promotion: PromotionId,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<GivenCode>, StoreError> {
        let rows: Vec<GivenRow> = on!(self, conn => sqlx::query_as(GIVEN_CODES)
            .bind(promotion.as_db())
            .bind(after.map_or(0, ContactId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing given codes")?;
        Ok(rows.into_iter().map(GivenCode::from).collect())
    }
}

const GIVEN_CODES: &str = "SELECT p.given_to, p.code, c.external_id, r.address, p.campaign_id, \
        k.name AS campaign_name, p.given_us \
     FROM promotion_code p LEFT JOIN contact c ON c.id = p.given_to \
     LEFT JOIN recipient r ON r.id = p.recipient_id LEFT JOIN campaign k ON k.id = p.campaign_id \
     WHERE p.promotion_id = $1 AND p.given_to IS NOT NULL AND p.given_to > $2 \
     ORDER BY p.given_to LIMIT $3";

#[derive(Debug, sqlx::FromRow)]
struct GivenRow {
    given_to: i64,
    code: String,
    external_id: Option<String>,
    address: Option<String>,
    campaign_id: i64,
    campaign_name: Option<String>,
    given_us: i64,
}

impl From<GivenRow> for GivenCode {
    fn from(row: GivenRow) -> Self {
        Self {
            person: ContactId::from_db(row.given_to),
            code: row.code,
            external_id: row.external_id,
            address: row.address,
            campaign: CampaignId::from_db(row.campaign_id),
            campaign_name: row.campaign_name,
            given_at: Timestamp::from_micros(row.given_us),
        }
    }
}

impl Writer {
    /// Adds the codes that are new to a list locked by
    /// [`Writer::ensure_promotion`]; tells what each was. A code and a person
    /// must stand among them once.
    pub async fn add_codes(
        &mut self,
        promotion: &Promotion,
        codes: &[NewCode],
    ) -> Result<Vec<CodeStanding>, StoreError> {
        let held = self
            .lock_promotion(promotion.id)
            .await?
            .ok_or_else(missing)?;
        let found = self.standings(held.firm, Some(held.id), codes).await?;
        let new: Vec<(&NewCode, Option<i64>)> = codes
            .iter()
            .zip(&found)
            .filter(|(_, (standing, _))| *standing == CodeStanding::New)
            .map(|(code, (_, contact))| (code, *contact))
            .collect();
        if !new.is_empty() {
            self.insert_codes(&held, &new).await?;
        }
        Ok(found.into_iter().map(|(standing, _)| standing).collect())
    }

    async fn insert_codes(
        &mut self,
        held: &Promotion,
        new: &[(&NewCode, Option<i64>)],
    ) -> Result<(), StoreError> {
        let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let given = Given::new()
            .texts("code", new.iter().map(|(new, _)| new.code.as_str()))
            .ints("place", held.codes + 1..=held.codes + count)
            .maybe_ints("meant_for", new.iter().map(|(_, contact)| *contact));
        let sql = given.sql(
            self.engine(),
            2,
            "INSERT INTO promotion_code (promotion_id, code, place, meant_for) \
             SELECT CAST($1 AS BIGINT), code, place, meant_for FROM given WHERE true",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(held.id.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("adding codes to a promotion")?;
        exactly(rows, new.len() as u64, "the codes of the promotion")?;
        let meant = new.iter().filter(|(_, contact)| contact.is_some()).count();
        let longest = new.iter().map(|(new, _)| new.code.chars().count()).max();
        let sql = "UPDATE promotion SET code_count = code_count + $2, meant_count = meant_count + $3, \
                chars_max = CASE WHEN chars_max < $4 THEN $4 ELSE chars_max END, updated_us = $5 \
             WHERE id = $1";
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(held.id.as_db())
            .bind(count)
            .bind(i64::try_from(meant).unwrap_or(i64::MAX))
            .bind(i64::try_from(longest.unwrap_or(0)).unwrap_or(i64::MAX))
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("counting the codes of a promotion")?;
        exactly(rows, 1, "the promotion")?;
        self.changes_firm(held.firm);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks, walks_in_order};

    #[tokio::test]
    async fn given_codes_are_read_in_the_order_of_the_people_who_have_them() {
        walks_in_order(|_| GIVEN_CODES, Index::named("promotion_code_given")).await;
    }

    #[tokio::test]
    async fn the_codes_of_a_file_are_looked_up_one_by_one() {
        let sql: fn(Engine) -> &'static str = |engine| {
            let nobody: [Option<&str>; 0] = [];
            let given = Given::new()
                .ints("place", [])
                .texts("code", [])
                .maybe_texts("external_id", nobody);
            standing_sql(&given, engine).0.leak()
        };
        walks(sql, Index::named("promotion_code_meant")).await;
        walks(sql, Index::named("promotion_code_given")).await;
        walks(
            sql,
            Index::of_key("USING PRIMARY KEY", "promotion_code_pkey"),
        )
        .await;
    }
}
