//! Promotions (*promosyon*): lists of codes of which each person gets one with
//! a campaign. The list is here; its codes come in by [`codes`] and are given
//! by [`giving`].
//!
//! A code that was given stays its person's for good: a campaign that is
//! stopped and a message that the last gate takes out give nothing back, so no
//! second person can ever hold it. Everything that changes the codes of a list
//! locks the list first, so two campaigns frozen at once do not share a code.

pub mod codes;
pub mod giving;

use domain::Timestamp;
use domain::ids::{FirmId, PromotionId};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, page_rows};

/// A list of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// Its number.
    pub id: PromotionId,
    /// Whose it is.
    pub firm: FirmId,
    /// Its name, unique in the firm.
    pub name: String,
    /// The first instant at which its codes are of no use any more.
    pub expires_at: Timestamp,
    /// Codes in it.
    pub codes: i64,
    /// Of them, meant for one person each.
    pub meant: i64,
    /// Of all, given.
    pub given: i64,
    /// Of those meant for a person, given.
    pub meant_given: i64,
    /// Characters of the longest code.
    pub chars_max: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When codes or the end last changed.
    pub updated_at: Timestamp,
}

impl Promotion {
    /// Codes that anybody may still get.
    pub const fn pool_left(&self) -> i64 {
        (self.codes - self.meant) - (self.given - self.meant_given)
    }

    /// Codes that were not given, whoever they are meant for.
    pub const fn left(&self) -> i64 {
        self.codes - self.given
    }

    /// Whether its codes are of no use any more.
    pub fn is_expired(&self, at: Timestamp) -> bool {
        self.expires_at <= at
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: i64,
    firm_id: i64,
    name: String,
    expires_us: i64,
    code_count: i64,
    meant_count: i64,
    given_count: i64,
    meant_given_count: i64,
    chars_max: i64,
    created_us: i64,
    updated_us: i64,
}

impl From<Row> for Promotion {
    fn from(row: Row) -> Self {
        Self {
            id: PromotionId::from_db(row.id),
            firm: FirmId::from_db(row.firm_id),
            name: row.name,
            expires_at: Timestamp::from_micros(row.expires_us),
            codes: row.code_count,
            meant: row.meant_count,
            given: row.given_count,
            meant_given: row.meant_given_count,
            chars_max: row.chars_max,
            created_at: Timestamp::from_micros(row.created_us),
            updated_at: Timestamp::from_micros(row.updated_us),
        }
    }
}

macro_rules! columns {
    () => {
        "id, firm_id, name, expires_us, code_count, meant_count, given_count, meant_given_count, \
         chars_max, created_us, updated_us"
    };
}

const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM promotion WHERE firm_id = $1 AND name > $2 ORDER BY name LIMIT $3"
);

/// There is no such promotion any more.
pub(super) const fn missing() -> StoreError {
    StoreError::Lost {
        what: "the promotion",
    }
}

impl Reader {
    /// The promotions of a firm after the name `after`, by name.
    pub async fn promotions(
        &mut self,
        firm: FirmId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Promotion>, StoreError> {
        let rows: Vec<Row> = on!(self, conn => sqlx::query_as(LIST)
            .bind(firm.as_db())
            .bind(after.unwrap_or(""))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing promotions")?;
        Ok(rows.into_iter().map(Promotion::from).collect())
    }

    /// One promotion of a firm.
    pub async fn promotion(
        &mut self,
        firm: FirmId,
        id: PromotionId,
    ) -> Result<Option<Promotion>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM promotion WHERE id = $1 AND firm_id = $2"
        );
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a promotion")?;
        Ok(row.map(Promotion::from))
    }

    /// The promotion of this name.
    pub async fn promotion_named(
        &mut self,
        firm: FirmId,
        name: &str,
    ) -> Result<Option<Promotion>, StoreError> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM promotion WHERE firm_id = $1 AND name = $2"
        );
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(firm.as_db())
            .bind(name)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a promotion")?;
        Ok(row.map(Promotion::from))
    }

    /// Campaigns that were not launched and name this promotion, at most
    /// `limit`.
    pub async fn drafts_with_promotion(
        &mut self,
        id: PromotionId,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT name FROM campaign WHERE promotion_id = $1 AND state IN (1, 2, 3, 4) \
             ORDER BY id LIMIT $2";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(id.as_db())
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("looking for campaigns of a promotion")
    }
}

impl Writer {
    /// The promotion of this name, locked and valid until `expires_at`; made if
    /// the firm has none.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is none and nobody says until when it
    /// would be valid.
    pub async fn ensure_promotion(
        &mut self,
        firm: FirmId,
        name: &str,
        expires_at: Option<Timestamp>,
    ) -> Result<Promotion, StoreError> {
        let Some(held) = self.promotion_named(firm, name).await? else {
            let expires_at = expires_at.ok_or_else(missing)?;
            return self.create_promotion(firm, name, expires_at).await;
        };
        let held = self.lock_promotion(held.id).await?.ok_or_else(missing)?;
        match expires_at {
            Some(expires_at) if expires_at != held.expires_at => {
                self.set_promotion_end(firm, held.id, expires_at).await?;
                Ok(Promotion { expires_at, ..held })
            }
            _ => Ok(held),
        }
    }

    async fn create_promotion(
        &mut self,
        firm: FirmId,
        name: &str,
        expires_at: Timestamp,
    ) -> Result<Promotion, StoreError> {
        let sql = "INSERT INTO promotion (id, firm_id, name, expires_us, code_count, meant_count, \
                given_count, meant_given_count, chars_max, created_us, updated_us) \
             VALUES ($1, $2, $3, $4, 0, 0, 0, 0, 0, $5, $5) ON CONFLICT (firm_id, name) DO NOTHING";
        let (id, now) = (self.next_id()?, self.now().as_micros());
        on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(firm.as_db())
            .bind(name)
            .bind(expires_at.as_micros())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("making a promotion")?;
        // A twin may have made it first; then its number counts.
        let made = self.promotion_named(firm, name).await?;
        let made = made.ok_or_else(missing)?;
        self.lock_promotion(made.id).await?.ok_or_else(missing)
    }

    /// Nobody else changes its codes until this transaction ends.
    pub(crate) async fn lock_promotion(
        &mut self,
        id: PromotionId,
    ) -> Result<Option<Promotion>, StoreError> {
        let sql = for_update!(self, "SELECT ", columns!(), " FROM promotion WHERE id = $1");
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("locking a promotion")?;
        Ok(row.map(Promotion::from))
    }

    /// Moves the end of a promotion.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has none of this number.
    pub async fn set_promotion_end(
        &mut self,
        firm: FirmId,
        id: PromotionId,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql =
            "UPDATE promotion SET expires_us = $3, updated_us = $4 WHERE id = $1 AND firm_id = $2";
        let now = self.now().as_micros();
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(expires_at.as_micros())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("moving the end of a promotion")?;
        self.changes_firm(firm);
        exactly(rows, 1, "the promotion")
    }

    /// Forgets a promotion of which nobody has a code.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has none of this number, or a code of
    /// it was given.
    pub async fn delete_promotion(
        &mut self,
        firm: FirmId,
        id: PromotionId,
    ) -> Result<(), StoreError> {
        let lost = StoreError::Lost {
            what: "the promotion without given codes",
        };
        let held = self.lock_promotion(id).await?;
        if held.is_none_or(|held| held.firm != firm || held.given > 0) {
            return Err(lost);
        }
        self.changes_firm(firm);
        for (sql, is_list) in [
            ("DELETE FROM promotion_code WHERE promotion_id = $1", false),
            ("DELETE FROM promotion WHERE id = $1", true),
        ] {
            let rows = on!(self, conn => sqlx::query(sql)
                .bind(id.as_db())
                .execute(&mut *conn)
                .await
                .map(|done| done.rows_affected()))
            .doing("forgetting a promotion")?;
            if is_list {
                exactly(rows, 1, "the promotion")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::LIST;
    use crate::plan::{Index, walks_in_order};

    #[tokio::test]
    async fn the_promotions_of_a_firm_are_read_in_the_order_of_their_names() {
        walks_in_order(|_| LIST, Index::named("promotion_name")).await;
    }
}
