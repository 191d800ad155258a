//! Sessions (*oturum*): the table holds a digest of each cookie, so a copy of
//! the database signs nobody in.

use domain::Timestamp;
use domain::ids::UserId;
use domain::time::{DAY_US, HOUR_US, MINUTE_US};
use secrecy::ExposeSecret;

use super::users::{User, UserRow, user_columns};
use crate::db::{Reader, Store, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::secret::digest;
use crate::token::SessionSecrets;

/// How long a session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Ends when nothing was asked for this long, microseconds.
    pub idle_us: i64,
    /// Ends this long after it began, whatever was asked, microseconds.
    pub lifetime_us: i64,
    /// Written down again at most this often, microseconds: a page of twenty
    /// requests must not be twenty writes.
    pub touch_us: i64,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            idle_us: 8 * HOUR_US,
            lifetime_us: 7 * DAY_US,
            touch_us: MINUTE_US,
        }
    }
}

/// A session that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who signed in, as they are now.
    pub user: User,
    /// What a changing request must repeat in a header.
    pub csrf_token: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last written down as used.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

const SESSION: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", s.csrf_token, s.created_us AS began_us, s.seen_us, s.expires_us \
     FROM session s JOIN user_account u ON u.id = s.user_id \
     WHERE s.token_hash = $1 AND s.expires_us > $2 AND s.seen_us > $3 AND u.disabled_us IS NULL"
);

#[derive(sqlx::FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    user: UserRow,
    csrf_token: String,
    began_us: i64,
    seen_us: i64,
    expires_us: i64,
}

impl Store {
    /// The session of this cookie, noting that it was used. `None` when it
    /// has ended or its person may not sign in.
    pub async fn use_session(
        &self,
        token: &str,
        limits: &SessionLimits,
    ) -> Result<Option<Session>, StoreError> {
        let found = self.read().await?.session(token, limits).await?;
        let now = self.clock().now();
        if found
            .as_ref()
            .is_some_and(|session| now.since(session.seen_at) >= limits.touch_us)
        {
            match self.touch(token).await {
                // The session holds all the same, and the next request notes it.
                Err(error) if error.is_passing() => {
                    tracing::debug!(%error, "the use of a session was not noted");
                }
                noted => noted?,
            }
        }
        Ok(found)
    }

    async fn touch(&self, token: &str) -> Result<(), StoreError> {
        let mut writer = self.write().await?;
        writer.touch_session(token).await?;
        writer.commit().await
    }
}

impl Reader {
    /// The session of this cookie, if it still holds.
    pub async fn session(
        &mut self,
        token: &str,
        limits: &SessionLimits,
    ) -> Result<Option<Session>, StoreError> {
        let now = self.now();
        let row = on!(self, conn => sqlx::query_as::<_, SessionRow>(SESSION)
            .bind(digest(token))
            .bind(now.as_micros())
            .bind(now.plus_micros(-limits.idle_us).as_micros())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading a session")?;
        row.map(|row| {
            Ok(Session {
                user: row.user.try_into()?,
                csrf_token: row.csrf_token,
                created_at: Timestamp::from_micros(row.began_us),
                seen_at: Timestamp::from_micros(row.seen_us),
                expires_at: Timestamp::from_micros(row.expires_us),
            })
        })
        .transpose()
    }
}

impl Writer {
    /// Begins a session for somebody whose password was verified.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when they may not sign in.
    pub async fn begin_session(
        &mut self,
        user: UserId,
        secrets: &SessionSecrets,
        limits: &SessionLimits,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO session \
             (token_hash, user_id, csrf_token, created_us, seen_us, expires_us) \
             SELECT $1, id, $3, CAST($4 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) \
             FROM user_account WHERE id = $2 AND disabled_us IS NULL";
        let now = self.now();
        let done = on!(self, conn => sqlx::query(sql)
            .bind(digest(secrets.token.expose_secret()))
            .bind(user.as_db())
            .bind(secrets.csrf_token.as_str())
            .bind(now.as_micros())
            .bind(now.plus_micros(limits.lifetime_us).as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("beginning a session")?;
        exactly(done, 1, "the user")
    }

    /// Notes that a session was used now; one that has ended stays ended.
    pub async fn touch_session(&mut self, token: &str) -> Result<(), StoreError> {
        let sql = "UPDATE session SET seen_us = $2 WHERE token_hash = $1 AND seen_us < $2";
        let now = self.now().as_micros();
        on!(self, conn => sqlx::query(sql)
            .bind(digest(token))
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("noting the use of a session")
    }

    /// Signs out; harmless when it was done before.
    pub async fn end_session(&mut self, token: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM session WHERE token_hash = $1";
        on!(self, conn => sqlx::query(sql)
            .bind(digest(token))
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("ending a session")
    }

    /// Signs a person out everywhere; returns from how many places.
    pub async fn end_sessions_of(&mut self, user: UserId) -> Result<u64, StoreError> {
        let sql = "DELETE FROM session WHERE user_id = $1";
        on!(self, conn => sqlx::query(sql)
            .bind(user.as_db())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("ending sessions")
    }

    /// Removes sessions whose time is over; returns how many.
    pub async fn purge_sessions(&mut self) -> Result<u64, StoreError> {
        let sql = "DELETE FROM session WHERE expires_us <= $1";
        let now = self.now().as_micros();
        on!(self, conn => sqlx::query(sql)
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("removing old sessions")
    }
}

#[cfg(test)]
mod tests {
    use super::SESSION;
    use crate::plan::{Index, walks};

    #[tokio::test]
    async fn a_session_is_found_by_the_digest_of_its_cookie() {
        walks(
            |_| SESSION,
            Index::of_key("sqlite_autoindex_session_1", "session_pkey"),
        )
        .await;
    }
}
