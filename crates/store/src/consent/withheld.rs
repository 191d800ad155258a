//! Refusals that İYS is not told of: the file that brought them also held a
//! consent for the same key (R802), so they count here until a person has looked.
//!
//! What is withheld is the event, not the key: a newer declaration for the key
//! has an event of its own and goes its usual way.

use std::collections::HashSet;

use domain::ids::{BrandId, EventId};

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError};
use crate::given::{BindGiven, Given, seek};

impl Writer {
    /// Keeps events of a brand from İYS; one that is kept already stays so.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn withhold(&mut self, brand: BrandId, events: &[EventId]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let given = given(events).same("at_us", self.now().as_micros());
        let sql = given.sql(
            self.engine(),
            2,
            "INSERT INTO withheld_event (brand_id, event_id, created_us) \
             SELECT CAST($1 AS BIGINT), event_id, at_us FROM given WHERE true \
             ON CONFLICT (brand_id, event_id) DO NOTHING",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|_| ()))
        .doing("keeping declarations from the registry")
    }

    /// Lets İYS be told of events again; how many of them were kept from it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn release_withheld(
        &mut self,
        brand: BrandId,
        events: &[EventId],
    ) -> Result<u64, StoreError> {
        let held = self.withheld_among(brand, events).await?;
        if held.is_empty() {
            return Ok(0);
        }
        let held: Vec<EventId> = held.into_iter().collect();
        let given = given(&held);
        let sql = given.sql(
            self.engine(),
            2,
            "DELETE FROM withheld_event WHERE brand_id = $1 \
             AND event_id IN (SELECT event_id FROM given)",
        );
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("releasing declarations for the registry")
    }
}

impl Reader {
    /// Those of the events that İYS is not to be told of.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn withheld_among(
        &mut self,
        brand: BrandId,
        events: &[EventId],
    ) -> Result<HashSet<EventId>, StoreError> {
        if events.is_empty() {
            return Ok(HashSet::new());
        }
        let given = given(events);
        let sql = among_sql(&given, self.engine());
        let rows: Vec<i64> = on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading what is kept from the registry")?;
        Ok(rows.into_iter().map(EventId::from_db).collect())
    }
}

fn given<'a>(events: &[EventId]) -> Given<'a> {
    Given::new().ints("event_id", events.iter().map(|event| event.as_db()))
}

fn among_sql(given: &Given<'_>, engine: Engine) -> sqlx::AssertSqlSafe<String> {
    let key = "w.brand_id = $1 AND w.event_id = g.event_id";
    let key = seek(engine, "withheld_event", "w", key);
    given.sql(engine, 2, &format!("SELECT w.event_id FROM given g{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn withheld_events_are_found_by_their_key() {
        let sql: fn(Engine) -> &'static str = |engine| among_sql(&given(&[]), engine).0.leak();
        walks(
            sql,
            Index::of_key("USING PRIMARY KEY", "withheld_event_pkey"),
        )
        .await;
    }
}
