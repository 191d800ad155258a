//! Where tokens are kept between calls, processes and restarts.
//!
//! İYS counts token calls per hour and punishes the one too many with an hour
//! of silence, so all processes of an account share one token. The keeper is
//! here; the place is the caller's, who keeps it encrypted.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use domain::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Everything about the tokens of one İYS account that must outlive the process.
#[derive(Debug, Clone, Default)]
pub struct TokenRecord {
    /// The tokens in use.
    pub tokens: Option<Tokens>,
    /// When tokens were asked for within the last hour, oldest first.
    pub fetches: Vec<Timestamp>,
    /// No token call before this instant (H084).
    pub blocked_until: Option<Timestamp>,
}

/// A pair of tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Sent with every call.
    pub access: SecretString,
    /// From when on a new pair is asked for.
    pub renew_at: Timestamp,
    /// Until when it is taken.
    pub expires_at: Timestamp,
    /// Buys the next pair, once.
    pub refresh: Option<SecretString>,
    /// Until when.
    pub refresh_expires_at: Timestamp,
}

/// The vault could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the place of the İYS tokens is not available")]
pub struct VaultError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Keeps the [`TokenRecord`] of one account. Implemented by whoever owns storage.
#[async_trait]
pub trait TokenVault: Send + Sync + std::fmt::Debug {
    /// What is kept; the default when nothing is.
    ///
    /// # Errors
    /// When storage is not available.
    async fn load(&self) -> Result<TokenRecord, VaultError>;

    /// Replaces what is kept, durably: a used refresh token never works again.
    ///
    /// # Errors
    /// When storage is not available.
    async fn save(&self, record: &TokenRecord) -> Result<(), VaultError>;

    /// Claims the right to ask for a token until this instant; `false` while
    /// another process holds it.
    ///
    /// # Errors
    /// When storage is not available.
    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<bool, VaultError>;

    /// Gives the right back.
    ///
    /// # Errors
    /// When storage is not available.
    async fn release(&self) -> Result<(), VaultError>;
}

/// [`TokenRecord`] in plain text, for one moment before it is encrypted.
#[derive(Serialize, Deserialize)]
struct Plain {
    access: Option<String>,
    renew_at: Timestamp,
    expires_at: Timestamp,
    refresh: Option<String>,
    refresh_expires_at: Timestamp,
    fetches: Vec<Timestamp>,
    blocked_until: Option<Timestamp>,
}

impl TokenRecord {
    /// One text that holds everything, to be encrypted at once.
    pub fn to_secret_text(&self) -> SecretString {
        let tokens = self.tokens.as_ref();
        let plain = Plain {
            access: tokens.map(|tokens| tokens.access.expose_secret().to_owned()),
            renew_at: tokens.map_or_else(Timestamp::default, |tokens| tokens.renew_at),
            expires_at: tokens.map_or_else(Timestamp::default, |tokens| tokens.expires_at),
            refresh: tokens
                .and_then(|t| t.refresh.as_ref())
                .map(|secret| secret.expose_secret().to_owned()),
            refresh_expires_at: tokens
                .map_or_else(Timestamp::default, |tokens| tokens.refresh_expires_at),
            fetches: self.fetches.clone(),
            blocked_until: self.blocked_until,
        };
        let text = serde_json::to_string(&plain).expect("texts and instants always serialise");
        SecretString::from(text)
    }

    /// Reads that text; `None` when it is something else, which is no harm:
    /// a new token is asked for.
    pub fn from_secret_text(text: &SecretString) -> Option<Self> {
        let plain: Plain = serde_json::from_str(text.expose_secret()).ok()?;
        Some(Self {
            tokens: plain.access.map(|access| Tokens {
                access: access.into(),
                renew_at: plain.renew_at,
                expires_at: plain.expires_at,
                refresh: plain.refresh.map(SecretString::from),
                refresh_expires_at: plain.refresh_expires_at,
            }),
            fetches: plain.fetches,
            blocked_until: plain.blocked_until,
        })
    }
}

/// A vault that forgets with the process: for tests and single commands.
#[derive(Debug, Default)]
pub struct MemoryVault(Mutex<(TokenRecord, Option<Timestamp>)>);

#[async_trait]
impl TokenVault for MemoryVault {
    async fn load(&self) -> Result<TokenRecord, VaultError> {
        Ok(self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .clone())
    }

    async fn save(&self, record: &TokenRecord) -> Result<(), VaultError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = record.clone();
        Ok(())
    }

    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<bool, VaultError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = held.1.is_none_or(|held_until| held_until <= now);
        if is_free {
            held.1 = Some(until);
        }
        Ok(is_free)
    }

    async fn release(&self) -> Result<(), VaultError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_text_and_shows_no_token_in_a_log() {
        let record = TokenRecord {
            tokens: Some(Tokens {
                access: "gizli-1".into(),
                renew_at: Timestamp::from_micros(6),
                expires_at: Timestamp::from_micros(7),
                refresh: Some("gizli-2".into()),
                refresh_expires_at: Timestamp::from_micros(9),
            }),
            fetches: vec![Timestamp::from_micros(1)],
            blocked_until: Some(Timestamp::from_micros(5)),
        };
        assert!(!format!("{record:?}").contains("gizli"));
        let back = TokenRecord::from_secret_text(&record.to_secret_text()).unwrap();
        let tokens = back.tokens.unwrap();
        assert_eq!(tokens.access.expose_secret(), "gizli-1");
        assert_eq!(tokens.refresh.unwrap().expose_secret(), "gizli-2");
        let ends = [
            tokens.renew_at,
            tokens.expires_at,
            tokens.refresh_expires_at,
        ];
        assert_eq!(ends, [6, 7, 9].map(Timestamp::from_micros));
        assert_eq!(
            (back.fetches, back.blocked_until),
            (record.fetches, record.blocked_until)
        );
        assert!(TokenRecord::from_secret_text(&"".into()).is_none());
    }

    #[tokio::test]
    async fn one_holder_at_a_time_may_ask_for_a_token() {
        let vault = MemoryVault::default();
        let at = Timestamp::from_micros;
        assert!(vault.lease(at(0), at(10)).await.unwrap());
        assert!(!vault.lease(at(9), at(20)).await.unwrap());
        assert!(
            vault.lease(at(10), at(20)).await.unwrap(),
            "a dead holder does not block for ever"
        );
        vault.release().await.unwrap();
        assert!(vault.lease(at(11), at(30)).await.unwrap());
    }
}
