//! Firms (*firma*): the tenants. Nothing crosses firms, so every query of
//! another noun takes the firm or is reached through a row that was checked
//! against it.

use domain::Timestamp;
use domain::ids::FirmId;

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, page_rows};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firm {
    /// Its number.
    pub id: FirmId,
    /// Unique in the installation; commands name a firm by it.
    pub name: String,
    /// Whether it still practises: with simulators only.
    pub practice: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

type FirmRow = (i64, String, i64, i64);

fn firm((id, name, practice, created_us): FirmRow) -> Firm {
    Firm {
        id: FirmId::from_db(id),
        name,
        practice: practice == 1,
        created_at: Timestamp::from_micros(created_us),
    }
}

impl Reader {
    /// One firm.
    pub async fn firm(&mut self, id: FirmId) -> Result<Option<Firm>, StoreError> {
        let sql = "SELECT id, name, practice, created_us FROM firm WHERE id = $1";
        let row = on!(self, conn => sqlx::query_as::<_, FirmRow>(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a firm")?;
        Ok(row.map(firm))
    }

    /// The firm of this name.
    pub async fn firm_named(&mut self, name: &str) -> Result<Option<Firm>, StoreError> {
        let sql = "SELECT id, name, practice, created_us FROM firm WHERE name = $1";
        let row = on!(self, conn => sqlx::query_as::<_, FirmRow>(sql)
            .bind(name)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a firm")?;
        Ok(row.map(firm))
    }

    /// The firms after `after`, in the order of their numbers.
    pub async fn firms(
        &mut self,
        after: Option<FirmId>,
        limit: usize,
    ) -> Result<Vec<Firm>, StoreError> {
        let sql =
            "SELECT id, name, practice, created_us FROM firm WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = on!(self, conn => sqlx::query_as::<_, FirmRow>(sql)
            .bind(after.map_or(0, FirmId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing firms")?;
        Ok(rows.into_iter().map(firm).collect())
    }
}

impl Writer {
    /// Makes a firm.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when another has the name.
    pub async fn create_firm(&mut self, name: &str) -> Result<Firm, StoreError> {
        let made = Firm {
            id: FirmId::from_db(self.next_id()?),
            name: name.to_owned(),
            practice: false,
            created_at: self.now(),
        };
        let sql = "INSERT INTO firm (id, name, created_us) VALUES ($1, $2, $3)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(name)
            .bind(made.created_at.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("a firm with this name")?;
        exactly(done, 1, "the firm")?;
        Ok(made)
    }

    /// Has a new firm practise: see [`Firm::practice`].
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such firm, or it practises.
    pub async fn begin_practice(&mut self, id: FirmId) -> Result<(), StoreError> {
        self.set_practice(id, 1).await
    }

    /// Ends a firm's practice.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such firm, or it is live.
    pub async fn end_practice(&mut self, id: FirmId) -> Result<(), StoreError> {
        self.set_practice(id, 0).await
    }

    async fn set_practice(&mut self, id: FirmId, practice: i64) -> Result<(), StoreError> {
        let sql = "UPDATE firm SET practice = $2 WHERE id = $1 AND practice <> $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(practice)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("beginning or ending a firm's practice")?;
        exactly(done, 1, "the firm")
    }

    /// Gives a firm another name.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such firm, [`StoreError::Exists`]
    /// when another has the name.
    pub async fn rename_firm(&mut self, id: FirmId, name: &str) -> Result<(), StoreError> {
        let sql = "UPDATE firm SET name = $2 WHERE id = $1";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(name)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("a firm with this name")?;
        exactly(done, 1, "the firm")
    }

    /// Puts changes that look at several rows of a firm in line.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such firm.
    pub(crate) async fn lock_firm(&mut self, id: FirmId) -> Result<(), StoreError> {
        let sql = for_update!(self, "SELECT id FROM firm WHERE id = $1");
        on!(self, conn => sqlx::query_scalar::<_, i64>(sql)
            .bind(id.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("locking a firm")?
        .map(drop)
        .ok_or(StoreError::Lost { what: "the firm" })
    }
}
