//! Which retailer (*bayi*) took a declaration.

use std::collections::HashMap;

use domain::ids::EventId;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::given::{BindGiven, Given};
use crate::row::known;

impl Writer {
    /// Notes who took these declarations; İYS's numbers of 8 digits.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn note_retailers(&mut self, taken: &[(EventId, u32)]) -> Result<(), StoreError> {
        if taken.is_empty() {
            return Ok(());
        }
        let given = Given::new()
            .ints("event_id", taken.iter().map(|(event, _)| event.as_db()))
            .ints("code", taken.iter().map(|(_, code)| i64::from(*code)));
        let sql = given.sql(
            self.engine(),
            1,
            "INSERT INTO event_retailer (event_id, retailer_code) \
             SELECT event_id, code FROM given",
        );
        let rows = on!(self, conn => sqlx::query(sql)
            .bind_given(&given)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting who took declarations")?;
        exactly(rows, taken.len() as u64, "the retailers")
    }
}

impl Reader {
    /// Who took these declarations, where it was a retailer.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when a number cannot be.
    pub async fn event_retailers(
        &mut self,
        events: &[EventId],
    ) -> Result<HashMap<EventId, u32>, StoreError> {
        if events.is_empty() {
            return Ok(HashMap::new());
        }
        let given = Given::new().ints("id", events.iter().map(|event| event.as_db()));
        let sql = given.sql(
            self.engine(),
            1,
            "SELECT e.event_id, e.retailer_code FROM given g CROSS JOIN event_retailer e \
             WHERE e.event_id = g.id",
        );
        let rows: Vec<(i64, i64)> = on!(self, conn => sqlx::query_as(sql)
            .bind_given(&given)
            .fetch_all(&mut *conn)
            .await)
        .doing("reading who took declarations")?;
        rows.into_iter()
            .map(|(event, code)| {
                let code = u32::try_from(code).ok();
                let code = known(code, "event_retailer", "retailer_code", event)?;
                Ok((EventId::from_db(event), code))
            })
            .collect()
    }
}
