//! What İYS pushes: kept as it came, once, and applied afterwards; and the
//! name and password it must show.

use domain::Timestamp;
use domain::ids::BrandId;
use secrecy::{ExposeSecret, SecretString};

use crate::db::{Engine, Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{instant, open_text, page_rows};

const PASSWORD: &str = "registry_push_account.password";

/// What İYS must show when it pushes for a brand.
#[derive(Debug, Clone)]
pub struct PushAccount {
    /// Name for HTTP Basic.
    pub username: String,
    /// Password for HTTP Basic.
    pub password: SecretString,
    /// Where İYS pushes to.
    pub url: String,
    /// When İYS took the registration.
    pub registered_at: Option<Timestamp>,
    /// When it last pushed.
    pub pushed_at: Option<Timestamp>,
}

/// A push that waits to be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRegistryPush {
    /// Its number.
    pub id: i64,
    /// The brand whose address it came to.
    pub brand: BrandId,
    /// When.
    pub received_at: Timestamp,
    /// The body, LZ4.
    pub body: Vec<u8>,
}

impl Reader {
    /// What İYS must show for a brand; `None` when no push was set up.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key has changed.
    pub async fn push_account(
        &mut self,
        brand: BrandId,
    ) -> Result<Option<PushAccount>, StoreError> {
        let sql = "SELECT username, password, url, registered_us, pushed_us \
             FROM registry_push_account WHERE brand_id = $1";
        type Row = (String, Vec<u8>, String, Option<i64>, Option<i64>);
        let row: Option<Row> = on!(self, conn => sqlx::query_as(sql)
            .bind(brand.as_db())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading the push account")?;
        let keys = self.store().keys();
        row.map(|(username, sealed, url, registered, pushed)| {
            Ok(PushAccount {
                username,
                password: open_text(keys, PASSWORD, &sealed)?,
                url,
                registered_at: instant(registered),
                pushed_at: instant(pushed),
            })
        })
        .transpose()
    }

    /// Pushes of a brand that could not be read.
    pub async fn unreadable_pushes(&mut self, brand: BrandId) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM registry_push WHERE brand_id = $1 AND state = 3";
        on!(self, conn => sqlx::query_scalar(sql)
            .bind(brand.as_db())
            .fetch_one(&mut *conn)
            .await)
        .doing("counting pushes")
    }
}

impl Writer {
    /// Keeps the name and password that İYS is about to be told.
    pub async fn save_push_account(
        &mut self,
        brand: BrandId,
        username: &str,
        password: &SecretString,
        url: &str,
    ) -> Result<(), StoreError> {
        let sealed = self
            .store()
            .keys()
            .seal(PASSWORD, password.expose_secret().as_bytes())?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO registry_push_account (brand_id, username, password, url, made_us) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (brand_id) DO UPDATE SET \
                username = excluded.username, password = excluded.password, url = excluded.url, \
                made_us = excluded.made_us, registered_us = NULL";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(username)
            .bind(sealed)
            .bind(url)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("keeping the push account")
    }

    /// Forgets the name and password; whether there were any.
    pub async fn forget_push_account(&mut self, brand: BrandId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM registry_push_account WHERE brand_id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("forgetting the push account")?;
        Ok(rows > 0)
    }

    /// Notes that İYS took the registration.
    pub async fn push_registered(&mut self, brand: BrandId) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let sql = "UPDATE registry_push_account SET registered_us = $2 WHERE brand_id = $1";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("noting the registration")?;
        exactly(rows, 1, "the push account")
    }

    /// Keeps a push as it came; `false` when the same bytes were kept before.
    /// `digest` is over the body, `body` is LZ4.
    pub async fn store_registry_push(
        &mut self,
        brand: BrandId,
        digest: &[u8],
        body: &[u8],
    ) -> Result<bool, StoreError> {
        let id = self.next_id()?;
        let now = self.now().as_micros();
        let sql = "INSERT INTO registry_push (id, brand_id, received_us, digest, body, state) \
             VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (brand_id, digest) DO NOTHING";
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(brand.as_db())
            .bind(now)
            .bind(digest)
            .bind(body)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping a push of İYS")?;
        let sql = "UPDATE registry_push_account SET pushed_us = $2 WHERE brand_id = $1";
        on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("keeping a push of İYS")?;
        Ok(rows == 1)
    }

    /// Takes waiting pushes, oldest first, for this transaction.
    pub async fn take_registry_pushes(
        &mut self,
        limit: usize,
    ) -> Result<Vec<WaitingRegistryPush>, StoreError> {
        let sql = match self.engine() {
            Engine::Sqlite => {
                "SELECT id, brand_id, received_us, body FROM registry_push WHERE state = 1 \
                 ORDER BY id LIMIT $1"
            }
            // Other workers take the ones after these.
            Engine::Postgres => {
                "SELECT id, brand_id, received_us, body FROM registry_push WHERE state = 1 \
                 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED"
            }
        };
        let rows: Vec<(i64, i64, i64, Vec<u8>)> = on!(self, conn => sqlx::query_as(sql)
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("taking pushes of İYS")?;
        Ok(rows
            .into_iter()
            .map(|(id, brand, received, body)| WaitingRegistryPush {
                id,
                brand: BrandId::from_db(brand),
                received_at: Timestamp::from_micros(received),
                body,
            })
            .collect())
    }

    /// Marks a push as applied, or as unreadable with the problem.
    pub async fn settle_registry_push(
        &mut self,
        id: i64,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE registry_push SET state = $2, problem = $3 WHERE id = $1 AND state = 1";
        self.close_push(sql, id, problem).await
    }

    /// Pushes are kept as they came: 1 waits, 2 was taken in, 3 cannot be read.
    pub(crate) async fn close_push(
        &mut self,
        sql: &'static str,
        id: i64,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let state: i64 = if problem.is_some() { 3 } else { 2 };
        let rows = on!(self, conn => sqlx::query(sql)
            .bind(id)
            .bind(state)
            .bind(problem)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("settling a push")?;
        exactly(rows, 1, "the push")
    }

    /// Forgets pushes that were applied before an instant; those of a brand
    /// with a complaint under a legal hold stay.
    pub async fn forget_pushes_before(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM registry_push WHERE state = 2 AND received_us < $1 \
             AND NOT EXISTS (SELECT 1 FROM complaint_case k \
                 WHERE k.brand_id = registry_push.brand_id AND k.legal_hold = 1)";
        on!(self, conn => sqlx::query(sql)
            .bind(before.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("forgetting old pushes")
    }
}

impl Reader {
    /// Whether any push waits to be applied.
    pub async fn has_registry_pushes(&mut self) -> Result<bool, StoreError> {
        let sql = "SELECT CASE WHEN EXISTS (SELECT 1 FROM registry_push WHERE state = 1) \
             THEN CAST(1 AS BIGINT) ELSE 0 END";
        let found: i64 = on!(self, conn => sqlx::query_scalar(sql).fetch_one(&mut *conn).await)
            .doing("looking for pushes of İYS")?;
        Ok(found == 1)
    }
}
