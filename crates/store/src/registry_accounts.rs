//! What talking to İYS needs to remember: the tokens of each account, sealed
//! and shared by all processes, and how far each brand's change feeds were read.

use domain::Timestamp;
use domain::ids::BrandId;
use secrecy::{ExposeSecret, SecretString};

use crate::db::{Reader, Writer};
use crate::error::{Doing, StoreError, exactly};
use crate::row::{for_update, instant, open_text};
use crate::vocabulary::vocabulary;

const TOKENS: &str = "registry_account.tokens";

/// What is kept of one İYS account.
#[derive(Debug, Clone)]
pub struct RegistryAccount {
    /// The tokens as one text of the registry client's own form; none after
    /// they were dropped.
    pub tokens: Option<SecretString>,
    /// When the access token ends; for people to see.
    pub expires_at: Option<Timestamp>,
    /// No token may be asked for before this instant (H084); for people to see.
    pub blocked_until: Option<Timestamp>,
}

vocabulary! {
    /// The two change feeds of İYS.
    RegistryFeed {
        /// What citizens did themselves.
        Citizen = 1, "IYS";
        /// What the firm or its partners recorded.
        Firm = 2, "HS";
    }
}

/// How far a change feed was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPosition {
    /// Where the next page begins, in the registry's own form; none before the first.
    pub cursor: Option<String>,
    /// When the row was made that the next page begins behind.
    pub cursor_at: Option<Timestamp>,
    /// When it was last read.
    pub pulled_at: Timestamp,
    /// When it was last read to its end.
    pub complete_at: Option<Timestamp>,
    /// Rows that could not be read, ever: one of them may be a refusal.
    pub unreadable: i64,
}

impl Reader {
    /// What is kept of an İYS account; `None` when it was never used.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] when the installation's key has changed.
    pub async fn registry_account(
        &mut self,
        account: &str,
    ) -> Result<Option<RegistryAccount>, StoreError> {
        let sql = "SELECT tokens, expires_us, blocked_until_us FROM registry_account \
             WHERE account = $1";
        type Row = (Option<Vec<u8>>, Option<i64>, Option<i64>);
        let row = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(account)
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading an İYS account")?;
        let keys = self.store().keys();
        row.map(|(sealed, expires_us, blocked_us)| {
            Ok(RegistryAccount {
                tokens: sealed
                    .map(|sealed| open_text(keys, TOKENS, &sealed))
                    .transpose()?,
                expires_at: instant(expires_us),
                blocked_until: instant(blocked_us),
            })
        })
        .transpose()
    }

    /// How far a brand's change feed was read; `None` when it never was.
    pub async fn feed_position(
        &mut self,
        brand: BrandId,
        feed: RegistryFeed,
    ) -> Result<Option<FeedPosition>, StoreError> {
        let sql = "SELECT cursor, cursor_us, pulled_us, complete_us, unreadable FROM registry_cursor \
             WHERE brand_id = $1 AND feed = $2";
        type Row = (Option<String>, Option<i64>, i64, Option<i64>, i64);
        let row = on!(self, conn => sqlx::query_as::<_, Row>(sql)
            .bind(brand.as_db())
            .bind(feed.as_str())
            .fetch_optional(&mut *conn)
            .await)
        .doing("reading how far a feed was read")?;
        Ok(row.map(
            |(cursor, made, pulled, complete, unreadable)| FeedPosition {
                cursor,
                cursor_at: instant(made),
                pulled_at: Timestamp::from_micros(pulled),
                complete_at: instant(complete),
                unreadable,
            },
        ))
    }
}

impl Writer {
    /// Claims the right to ask for tokens until an instant; `false` while
    /// another worker holds it. The holder may renew it.
    pub async fn lease_registry_account(
        &mut self,
        account: &str,
        worker: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO registry_account (account, lease_until_us, worker) \
             VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE \
             SET lease_until_us = excluded.lease_until_us, worker = excluded.worker \
             WHERE registry_account.lease_until_us IS NULL \
             OR registry_account.lease_until_us <= $4 \
             OR registry_account.worker = excluded.worker";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(account)
            .bind(until.as_micros())
            .bind(worker)
            .bind(now.as_micros())
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("claiming an İYS account")?;
        Ok(done == 1)
    }

    /// Gives that right back; harmless when another has it by now.
    pub async fn release_registry_account(
        &mut self,
        account: &str,
        worker: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE registry_account SET lease_until_us = NULL, worker = NULL \
             WHERE account = $1 AND worker = $2";
        on!(self, conn => sqlx::query(sql)
            .bind(account)
            .bind(worker)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("giving an İYS account back")
    }

    /// Seals and keeps what is to be remembered of an account that this
    /// worker has leased.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when another worker has taken the lease over: its
    /// tokens are the newer ones.
    pub async fn save_registry_account(
        &mut self,
        account: &str,
        worker: &str,
        kept: &RegistryAccount,
    ) -> Result<(), StoreError> {
        let keys = self.store().keys();
        let tokens = kept
            .tokens
            .as_ref()
            .map(|text| text.expose_secret().as_bytes());
        let sealed = tokens.map(|text| keys.seal(TOKENS, text)).transpose()?;
        let sql = "UPDATE registry_account SET tokens = $3, expires_us = $4, blocked_until_us = $5 \
             WHERE account = $1 AND worker = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(account)
            .bind(worker)
            .bind(sealed)
            .bind(kept.expires_at.map(Timestamp::as_micros))
            .bind(kept.blocked_until.map(Timestamp::as_micros))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("keeping the tokens of an İYS account")?;
        exactly(done, 1, "the lease on the İYS account")
    }

    /// Moves a feed's position from where a page began to where the next
    /// begins, in the transaction that applied the page: so each page counts once.
    /// `made` is when the last row of the page was made; without one the place stays as old.
    ///
    /// # Errors
    /// [`StoreError::Lost`] when another worker has read on from `from`.
    pub async fn advance_feed(
        &mut self,
        brand: BrandId,
        feed: RegistryFeed,
        from: Option<&str>,
        to: Option<&str>,
        made: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let now = self.now().as_micros();
        let first = "INSERT INTO registry_cursor (brand_id, feed, cursor, pulled_us) \
             VALUES ($1, $2, NULL, $3) ON CONFLICT (brand_id, feed) DO NOTHING";
        on!(self, conn => sqlx::query(first)
            .bind(brand.as_db())
            .bind(feed.as_str())
            .bind(now)
            .execute(&mut *conn)
            .await
            .map(drop))
        .doing("beginning a feed")?;
        let locked = for_update!(
            self,
            "SELECT cursor FROM registry_cursor WHERE brand_id = $1 AND feed = $2"
        );
        let held = on!(self, conn => sqlx::query_scalar::<_, Option<String>>(locked)
            .bind(brand.as_db())
            .bind(feed.as_str())
            .fetch_one(&mut *conn)
            .await)
        .doing("reading how far a feed was read")?;
        if held.as_deref() != from {
            return Err(StoreError::Lost {
                what: "the position of the feed",
            });
        }
        let sql = "UPDATE registry_cursor SET cursor = $3, pulled_us = $4, \
             cursor_us = COALESCE($5, cursor_us) WHERE brand_id = $1 AND feed = $2";
        let done = on!(self, conn => sqlx::query(sql)
            .bind(brand.as_db())
            .bind(feed.as_str())
            .bind(to)
            .bind(now)
            .bind(made.map(Timestamp::as_micros))
            .execute(&mut *conn)
            .await
            .map(|done| done.rows_affected()))
        .doing("moving a feed's position")?;
        exactly(done, 1, "the position of the feed")
    }
}
