//! Keys of programs: looked up by digest, shown once.

use domain::Timestamp;
use domain::ids::{ApiKeyId, FirmId};
use secrecy::ExposeSecret;

use super::roles::Role;
use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{instant, known, page_rows};
use crate::secret::digest;
use crate::token::ApiKeySecret;

/// A key, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its number.
    pub id: ApiKeyId,
    /// Whose it is.
    pub firm: FirmId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer works.
    pub expires_at: Option<Timestamp>,
    /// Since when it was withdrawn.
    pub disabled_at: Option<Timestamp>,
}

const BY_DIGEST: &str = "SELECT id, firm_id, name, role, created_us, expires_us, disabled_us \
     FROM api_key WHERE key_hash = $1 AND disabled_us IS NULL \
     AND (expires_us IS NULL OR expires_us > $2)";

type KeyRow = (i64, i64, String, i64, i64, Option<i64>, Option<i64>);

fn api_key(row: KeyRow) -> Result<ApiKey, StoreError> {
    let (id, firm, name, role, created_us, expires_us, disabled_us) = row;
    let id = ApiKeyId::from_db(id);
    Ok(ApiKey {
        id,
        firm: FirmId::from_db(firm),
        name,
        role: known(Role::from_db(role), "api_key", "role", id)?,
        created_at: Timestamp::from_micros(created_us),
        expires_at: instant(expires_us),
        disabled_at: instant(disabled_us),
    })
}

impl Reader {
    /// The key with this text, if it works now.
    pub async fn api_key_by_text(&mut self, text: &str) -> Result<Option<ApiKey>, StoreError> {
        let now = self.now().as_micros();
        let row = on!(self, conn => sqlx::query_as::<_, KeyRow>(BY_DIGEST)
            .bind(digest(text))
            .bind(now)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an API key")?;
        row.map(api_key).transpose()
    }

    /// The keys of a firm after `after`, in the order of their numbers, withdrawn ones included.
    pub async fn api_keys(
        &mut self,
        firm: FirmId,
        after: Option<ApiKeyId>,
        limit: usize,
    ) -> Result<Vec<ApiKey>, StoreError> {
        let sql = "SELECT id, firm_id, name, role, created_us, expires_us, disabled_us \
             FROM api_key WHERE firm_id = $1 AND id > $2 ORDER BY id LIMIT $3";
        let rows = on!(self, conn => sqlx::query_as::<_, KeyRow>(sql)
            .bind(firm.as_db())
            .bind(after.map_or(0, ApiKeyId::as_db))
            .bind(page_rows(limit))
            .fetch_all(&mut *conn)
            .await)
        .doing("listing API keys")?;
        rows.into_iter().map(api_key).collect()
    }
}

impl Writer {
    /// Keeps the digest of a fresh key.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when there is no such firm.
    pub async fn create_api_key(
        &mut self,
        firm: FirmId,
        name: &str,
        role: Role,
        expires_at: Option<Timestamp>,
        secret: &ApiKeySecret,
    ) -> Result<ApiKey, StoreError> {
        self.lock_firm(firm).await?;
        let made = ApiKey {
            id: ApiKeyId::from_db(self.next_id()?),
            firm,
            name: name.to_owned(),
            role,
            created_at: self.now(),
            expires_at,
            disabled_at: None,
        };
        let sql = "INSERT INTO api_key (id, firm_id, name, key_hash, role, created_us, expires_us) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(made.id.as_db())
            .bind(firm.as_db())
            .bind(name)
            .bind(digest(secret.text().expose_secret()))
            .bind(role.as_db())
            .bind(made.created_at.as_micros())
            .bind(expires_at.map(Timestamp::as_micros))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("creating an API key")?;
        exactly(done, 1, "the API key")?;
        Ok(made)
    }

    /// Withdraws a key: from the commit on it opens nothing.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when the firm has no such key, or it was withdrawn.
    pub async fn disable_api_key(&mut self, firm: FirmId, id: ApiKeyId) -> Result<(), StoreError> {
        let sql = "UPDATE api_key SET disabled_us = $3 \
             WHERE id = $1 AND firm_id = $2 AND disabled_us IS NULL";
        let now = self.now().as_micros();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(id.as_db())
            .bind(firm.as_db())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("withdrawing an API key")?;
        exactly(done, 1, "the API key")
    }
}

#[cfg(test)]
mod tests {
    use super::BY_DIGEST;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn a_key_is_found_by_its_digest() {
        walks(
            |_| BY_DIGEST,
            Index::of_key("sqlite_autoindex_api_key_1", "api_key_key_hash_key"),
        )
        .await;
    }
}
