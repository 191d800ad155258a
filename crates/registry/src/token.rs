//! Keeps one valid token per İYS account and asks for as few as possible.
//!
//! A token lives two hours and is renewed five minutes before its end. Asking
//! is single-flight in the process and leased across processes. After H084
//! nobody asks for 61 minutes, across restarts; a 403 never leads to a token
//! call, since no token can mend a missing right.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use domain::time::{HOUR_US, MINUTE_US, SECOND_US};
use domain::{Clock, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call_error::CallError;
use crate::codes::{self, Class};
use crate::limiter::{CallKind, Limiter};
use crate::read;
use crate::transport::{Request, Transport};
use crate::vault::{TokenRecord, TokenVault, Tokens, VaultError};

/// How long before its end a token is renewed; at most half of a shorter life.
const RENEW_BEFORE_US: i64 = 5 * MINUTE_US;
/// Longest life of a token that is believed, in seconds.
const LIFE_MAX_S: i64 = 30 * 24 * 3_600;
/// Length of a window whose code could not be read: 61 minutes, as after H084.
const HOUR_WINDOW_S: u32 = 3_660;
/// A holder that died gives others a chance after this.
const LEASE_US: i64 = 60 * SECOND_US;
/// How often a process that waits for another's token looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Looks until the lease of a dead holder has ended.
const LOOKS_MAX: u32 = 310;

/// Who logs in at İYS.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Name of the API user that İYS issued.
    pub username: String,
    /// Its password.
    pub password: SecretString,
}

/// Limits of the token call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenRules {
    /// Token calls in any hour; İYS's own papers say 10 in one place, 100 in
    /// another. 0 = no limit.
    pub calls_per_hour: usize,
}

impl Default for TokenRules {
    /// 10, the smaller of the two.
    fn default() -> Self {
        Self { calls_per_hour: 10 }
    }
}

#[derive(Debug)]
pub(crate) struct TokenKeeper {
    transport: Transport,
    credentials: Credentials,
    rules: TokenRules,
    vault: Arc<dyn TokenVault>,
    limiter: Arc<Limiter>,
    clock: Arc<dyn Clock>,
    in_use: RwLock<Option<Tokens>>,
    /// Held by whoever asks; the instant is when a refused token was last replaced.
    asking: tokio::sync::Mutex<Option<Timestamp>>,
    rest: Mutex<Rest>,
}

/// How often in a row no token came, and until when none is asked for: an
/// outage of minutes must not use up the hour's few calls.
#[derive(Debug, Default)]
struct Rest {
    failures: u32,
    until: Timestamp,
}

impl Rest {
    /// The first failure may be chance; then 5 s, three times as long each
    /// time, 15 minutes at most: nine calls in the first hour.
    fn after_failure(&mut self, now: Timestamp) {
        const FIRST_S: i64 = 5;
        const MOST_S: i64 = 900;
        self.failures = self.failures.saturating_add(1);
        if self.failures > 1 {
            let seconds = FIRST_S.saturating_mul(3_i64.saturating_pow(self.failures - 2));
            self.until = now.plus_micros(seconds.min(MOST_S) * SECOND_US);
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
enum Grant<'a> {
    Password {
        username: &'a str,
        password: &'a str,
    },
    RefreshToken {
        refresh_token: &'a str,
    },
}

impl TokenKeeper {
    pub(crate) fn new(
        transport: Transport,
        credentials: Credentials,
        rules: TokenRules,
        vault: Arc<dyn TokenVault>,
        limiter: Arc<Limiter>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            transport,
            credentials,
            rules,
            vault,
            limiter,
            clock,
            in_use: RwLock::new(None),
            asking: tokio::sync::Mutex::new(None),
            rest: Mutex::default(),
        }
    }

    /// A token to call with. `refused` is the one İYS has just turned down
    /// (H351): it is dropped, and one other is obtained.
    pub(crate) async fn bearer(
        &self,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, CallError> {
        if let Some(token) = self.fresh_in_use(refused) {
            return Ok(token);
        }
        let mut replaced_at = self.asking.lock().await;
        // Whoever held the lock before may have brought one.
        if let Some(token) = self.fresh_in_use(refused) {
            return Ok(token);
        }
        let now = self.clock.now();
        if refused.is_some() && replaced_at.is_some_and(|at| now.since(at) < RENEW_BEFORE_US) {
            // A second fresh token turned down: asking on would only burn the hour's quota.
            return Err(refused_again());
        }
        match self.leased(refused).await {
            Ok(token) => {
                if refused.is_some() {
                    *replaced_at = Some(now);
                }
                Ok(token)
            }
            // While the old token lasts, a failed renewal harms nobody.
            Err(error) => self.unexpired_in_use(refused).ok_or(error),
        }
    }

    fn fresh_in_use(&self, refused: Option<&SecretString>) -> Option<SecretString> {
        let now = self.clock.now();
        self.in_use_if(|tokens| tokens.is_fresh(now, refused))
    }

    fn unexpired_in_use(&self, refused: Option<&SecretString>) -> Option<SecretString> {
        let now = self.clock.now();
        self.in_use_if(|tokens| tokens.is_unexpired(now, refused))
    }

    fn in_use_if(&self, is_good: impl Fn(&Tokens) -> bool) -> Option<SecretString> {
        let in_use = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        in_use
            .as_ref()
            .filter(|tokens| is_good(tokens))
            .map(|tokens| tokens.access.clone())
    }

    fn use_from_now_on(&self, tokens: &Tokens) -> SecretString {
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = Some(tokens.clone());
        tokens.access.clone()
    }

    /// A token from the vault if another process brought one, else from İYS
    /// under the lease.
    async fn leased(&self, refused: Option<&SecretString>) -> Result<SecretString, CallError> {
        for _ in 0..LOOKS_MAX {
            let now = self.clock.now();
            let record = self
                .vault
                .load()
                .await
                .map_err(|error| vault_failed(&error))?;
            if let Some(tokens) = record
                .tokens
                .as_ref()
                .filter(|tokens| tokens.is_unexpired(now, refused))
            {
                let token = self.use_from_now_on(tokens);
                if tokens.is_fresh(now, refused) {
                    return Ok(token);
                }
            }
            if self
                .vault
                .lease(now, now.plus_micros(LEASE_US))
                .await
                .map_err(|error| vault_failed(&error))?
            {
                let obtained = self.obtain(refused).await;
                if let Err(error) = self.vault.release().await {
                    // It ends by itself within a minute.
                    tracing::warn!(%error, "the lease on the token could not be given back");
                }
                return obtained.map(|tokens| self.use_from_now_on(&tokens));
            }
            // Another process is asking: its token will do, and so does ours while it lasts.
            if let Some(token) = self.unexpired_in_use(refused) {
                return Ok(token);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(CallError::on_the_way(
            "another process is still asking for the token".into(),
            false,
        ))
    }

    async fn obtain(&self, refused: Option<&SecretString>) -> Result<Tokens, CallError> {
        let now = self.clock.now();
        // Read again: the holder before us may have saved just now.
        let mut record = self
            .vault
            .load()
            .await
            .map_err(|error| vault_failed(&error))?;
        if let Some(tokens) = record
            .tokens
            .as_ref()
            .filter(|tokens| tokens.is_fresh(now, refused))
        {
            return Ok(tokens.clone());
        }
        let refresh = record
            .tokens
            .as_ref()
            .filter(|tokens| tokens.refresh_expires_at > now)
            .and_then(|tokens| tokens.refresh.clone());
        if let Some(refresh) = refresh {
            let grant = Grant::RefreshToken {
                refresh_token: refresh.expose_secret(),
            };
            match self.ask(&grant, &mut record).await {
                // Used up or unknown there: the password opens as well.
                Err(error)
                    if error.is_refusal() && !matches!(error.class, Class::Window { .. }) =>
                {
                    tracing::info!(%error, "the refresh token was not taken; logging in again");
                }
                obtained => return obtained,
            }
        }
        let password = self.credentials.password.expose_secret();
        let grant = Grant::Password {
            username: &self.credentials.username,
            password,
        };
        self.ask(&grant, &mut record)
            .await
            .map_err(|error| match error.class {
                // Whatever İYS dislikes about a login, only people can mend it.
                Class::Auth | Class::Data => CallError {
                    class: Class::Configuration,
                    ..error
                },
                _ => error,
            })
    }

    /// One token call. The record is saved before it, so that a killed process
    /// still counts, and after it.
    async fn ask(&self, grant: &Grant<'_>, record: &mut TokenRecord) -> Result<Tokens, CallError> {
        let now = self.clock.now();
        self.check_rest(now)?;
        self.count_call(record, now)?;
        self.vault
            .save(record)
            .await
            .map_err(|error| vault_failed(&error))?;
        self.limiter.pass(CallKind::Token).await?;
        let request = Request::post("/oauth2/token".to_owned(), grant);
        let outcome = self.transport.exchange(&request, None, now).await;
        let outcome = outcome.map_err(|error| hour_window(error, now));
        self.limiter
            .observe(CallKind::Token, outcome.as_ref().map(|_| ()))
            .await;
        let outcome = outcome.and_then(|answer| {
            read_tokens(&answer.body, now)
                .map_err(|problem| CallError::unreadable(answer.status, &problem))
        });
        match &outcome {
            Ok(tokens) => record.tokens = Some(tokens.clone()),
            Err(error) if matches!(error.class, Class::Window { .. }) => {
                tracing::warn!(%error, until = ?error.not_before, "İYS gives no more tokens for now");
                record.blocked_until = error.not_before;
            }
            Err(error) => {
                self.rest().after_failure(now);
                if error.may_have_arrived {
                    return outcome;
                }
                // İYS never saw the call, so it does not count there either.
                record.fetches.pop();
            }
        }
        if outcome.is_ok() {
            *self.rest() = Rest::default();
        }
        self.vault
            .save(record)
            .await
            .map_err(|error| vault_failed(&error))?;
        outcome
    }

    fn rest(&self) -> std::sync::MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_rest(&self, now: Timestamp) -> Result<(), CallError> {
        let until = self.rest().until;
        if until > now {
            let why = "İYS gave no token a moment ago; it is asked again in a while";
            return Err(CallError::held_back(until, now, why.into()));
        }
        Ok(())
    }

    fn count_call(&self, record: &mut TokenRecord, now: Timestamp) -> Result<(), CallError> {
        if let Some(until) = record.blocked_until.filter(|until| *until > now) {
            return Err(CallError {
                code: Some("H084".to_owned()),
                ..CallError::held_back(until, now, "İYS gives no more tokens for now".into())
            });
        }
        record.blocked_until = None;
        record.fetches.retain(|at| now.since(*at) < HOUR_US);
        let most = self.rules.calls_per_hour;
        if most > 0 && record.fetches.len() >= most {
            let until = record
                .fetches
                .first()
                .map_or(now, |oldest| oldest.plus_micros(HOUR_US));
            return Err(CallError::held_back(
                until,
                now,
                "the hour's token calls are used up".into(),
            ));
        }
        record.fetches.push(now);
        Ok(())
    }
}

impl Tokens {
    fn is_fresh(&self, now: Timestamp, refused: Option<&SecretString>) -> bool {
        self.renew_at > now && self.is_unexpired(now, refused)
    }

    fn is_unexpired(&self, now: Timestamp, refused: Option<&SecretString>) -> bool {
        let is_refused =
            refused.is_some_and(|token| token.expose_secret() == self.access.expose_secret());
        self.expires_at > now && !is_refused
    }
}

fn read_tokens(body: &[u8], now: Timestamp) -> Result<Tokens, String> {
    let value: Value = read::parse(body)?;
    let secret = |key| {
        value
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(SecretString::from)
    };
    let life_us = |key, default_s| {
        read::number(&value, key)
            .unwrap_or(default_s)
            .clamp(0, LIFE_MAX_S)
            * SECOND_US
    };
    let access_us = life_us("expires_in", 2 * 3_600);
    Ok(Tokens {
        access: secret("access_token").ok_or("it has no access_token")?,
        renew_at: now.plus_micros(access_us - RENEW_BEFORE_US.min(access_us / 2)),
        expires_at: now.plus_micros(access_us),
        refresh: secret("refresh_token"),
        refresh_expires_at: now.plus_micros(life_us("refresh_expires_in", 0)),
    })
}

/// The token call's own limit is one of an hour, and asking within it begins it
/// anew: where no code tells another window, it is taken for that one.
fn hour_window(error: CallError, now: Timestamp) -> CallError {
    let is_named = error.code.as_deref().and_then(codes::find).is_some();
    if error.http != Some(429) || is_named {
        return error;
    }
    let told = error.not_before.unwrap_or(now);
    CallError {
        class: Class::Window {
            seconds: HOUR_WINDOW_S,
        },
        not_before: Some(told.max(now.plus_micros(i64::from(HOUR_WINDOW_S) * SECOND_US))),
        ..error
    }
}

fn vault_failed(error: &VaultError) -> CallError {
    let cause = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    CallError::on_the_way(format!("{error}: {cause}"), false)
}

fn refused_again() -> CallError {
    CallError {
        class: Class::Auth,
        code: Some("H351".to_owned()),
        http: Some(401),
        ..CallError::on_the_way("a fresh token was turned down as well".into(), true)
    }
}
