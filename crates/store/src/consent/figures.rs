//! What PostgreSQL's planner knows of the tables that a load fills.

use crate::db::{Engine, Store};
use crate::error::{Doing, StoreError};

impl Store {
    /// Counts anew what the planner plans by; after an upload or a launch has
    /// added many rows. Takes samples: some hundred milliseconds at any size.
    ///
    /// PostgreSQL does it by itself only a minute or more later, and until then
    /// takes a firm of 100,000 people for one of a few hundred: the preview of
    /// an audience took 1,000 ms instead of 220. SQLite plans our queries
    /// without figures.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be asked; nothing
    /// depends on it but speed.
    pub async fn refresh_figures(&self) -> Result<(), StoreError> {
        if self.engine() == Engine::Sqlite {
            return Ok(());
        }
        let mut reader = self.read().await?;
        let sql = "ANALYZE contact, recipient, consent_state, tag_member, campaign_recipient, \
                           send_batch";
        on!(reader, conn => sqlx::query(sql).execute(&mut *conn).await.map(drop))
            .doing("counting rows for the planner")
    }
}
