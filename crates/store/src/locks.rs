//! The locks that put writers in line. SQLite has one writer and needs none;
//! on PostgreSQL they are taken in this order, so no two wait for each other:
//! the firm's directory, the brand's ledger head, the gate.

use domain::ids::FirmId;

use crate::db::{Engine, Writer};
use crate::error::{Doing, StoreError};

/// Keeps our advisory locks apart from those of other programs and from the
/// workers' own.
const LOCK_SPACE: i64 = 0x1213_4e12;

/// Takes a lock and keeps the rest of the transaction to index look-ups.
macro_rules! by_index {
    ($lock:literal) => {
        concat!(
            "SELECT ",
            $lock,
            "(hashtextextended($1, $2)), \
             set_config('enable_hashjoin', 'off', true), \
             set_config('enable_mergejoin', 'off', true), \
             set_config('enable_seqscan', 'off', true)"
        )
    };
}

impl Writer {
    /// One at a time adds people to a firm: two files with the same new
    /// address would each make a contact for it.
    ///
    /// It also keeps the transaction to index look-ups. A slice reaches a few
    /// thousand of any number of rows by unique keys; the planner, whose
    /// figures lag behind a load, chose to hash whole tables (161 ms for 5,000
    /// look-ups instead of 28).
    pub(crate) async fn lock_directory(&mut self, firm: FirmId) -> Result<(), StoreError> {
        self.advisory(
            by_index!("pg_advisory_xact_lock"),
            format!("directory {firm}"),
        )
        .await
    }

    /// Whoever makes someone unsendable takes this last before the commit,
    /// and waits for the claims of the firm that have already read.
    ///
    /// A claim holds the shared side from before it reads the states until its
    /// commit. So each claim lies wholly before or wholly after each refusal:
    /// a refusal that was committed first is always seen.
    pub(crate) async fn close_gate(&mut self, firm: FirmId) -> Result<(), StoreError> {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, $2))";
        self.advisory(sql, format!("gate {firm}")).await
    }

    /// [`Writer::close_gate`] for a rule that changes for everybody of a firm.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the lock does not come.
    pub async fn wait_out_claims(&mut self, firm: FirmId) -> Result<(), StoreError> {
        self.close_gate(firm).await
    }

    /// The shared side of [`Writer::close_gate`], before states are read for
    /// the last gate. Claims do not hinder one another.
    ///
    /// A claim, too, keeps to index look-ups: for 500 of 100,000 people the
    /// planner hashed all of them, and 41,000 people a second became 6,000.
    pub(crate) async fn hold_gate_open(&mut self, firm: FirmId) -> Result<(), StoreError> {
        self.advisory(
            by_index!("pg_advisory_xact_lock_shared"),
            format!("gate {firm}"),
        )
        .await
    }

    /// Keeps the rest of the transaction to index look-ups, for the reason that
    /// [`Writer::lock_directory`] gives.
    pub(crate) async fn keep_to_indexes(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT set_config('enable_hashjoin', 'off', true), \
             set_config('enable_mergejoin', 'off', true), \
             set_config('enable_seqscan', 'off', true)";
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => on!(self, conn => sqlx::query(sql)
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("keeping to indexes"),
        }
    }

    async fn advisory(&mut self, sql: &'static str, name: String) -> Result<(), StoreError> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => on!(self, conn => sqlx::query(sql)
                .bind(name)
                .bind(LOCK_SPACE)
                .execute(&mut *conn)
                .await
                .map(drop))
            .doing("waiting for a lock"),
        }
    }
}
