//! A Verimor account: its calls, its credentials, its balance.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::config::Config;
use super::{encode, receipts, send};
use crate::capabilities::Capabilities;
use crate::catalogue::ConfigError;
use crate::checks;
use crate::connector::Connector;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, SentRequest, UnreadablePush};
use crate::transport::{Answer, ask};

/// A configured account.
#[derive(Debug)]
pub(crate) struct Verimor {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
    /// The reply that was read last, and the turn of whoever reads the next ones.
    pub(super) last_reply: Mutex<Option<String>>,
}

impl Verimor {
    pub(crate) fn new(config: &Value, http: reqwest::Client) -> Result<Self, ConfigError> {
        let config = Config::read(config)?;
        Ok(Self {
            capabilities: config.capabilities(),
            config,
            http,
            last_reply: Mutex::new(None),
        })
    }

    /// Posts a JSON object with the credentials before its own fields.
    pub(super) fn post(&self, path: &str, body: &[u8]) -> RequestBuilder {
        let login = json!({
            "username": self.config.username,
            "password": self.config.password.expose_secret(),
        });
        let mut whole = login.to_string().into_bytes();
        whole.pop();
        whole.push(b',');
        whole.extend_from_slice(body.get(1..).unwrap_or(b"}"));
        self.http
            .post(format!("{}{path}", self.config.account.base_url))
            .timeout(self.config.account.timeout)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(whole)
    }

    /// Verimor takes the credentials of its queries in the address.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http
            .get(format!("{}{path}", self.config.account.base_url))
            .timeout(self.config.account.timeout)
            .query(&[
                ("username", self.config.username.as_str()),
                ("password", self.config.password.expose_secret()),
            ])
    }

    async fn fetch(&self, path: &str) -> Result<Answer, CallFailure> {
        let answer = ask(self.get(path)).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(send::failure(&answer))
        }
    }
}

#[async_trait]
impl Connector for Verimor {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn encode(
        &self,
        envelope: &Envelope,
        messages: &[Cleared<Outgoing>],
    ) -> Result<ClearedRequest, EncodeError> {
        encode::encode(envelope, messages, &self.capabilities)
    }

    async fn send(&self, request: &ClearedRequest) -> Outcome {
        send::send(self, request).await
    }

    async fn look_up(&self, key: &str, messages: &[MessageRef]) -> LookUp {
        receipts::look_up(self, key, messages).await
    }

    fn authenticate(&self, _push: &Push<'_>) -> bool {
        true // the unguessable address is all that Verimor offers
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        receipts::read(body)
    }

    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        receipts::pull(self, requests).await
    }

    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        receipts::inbound(body)
    }

    async fn pull_inbound(&self) -> Result<Inbox, CallFailure> {
        receipts::pull_inbound(self).await
    }

    /// Texts, or objects with a `header`.
    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        let list: Vec<Value> = self.fetch("/v2/headers").await?.json()?;
        Ok(list
            .iter()
            .filter_map(|one| one.as_str().or(one["header"].as_str()))
            .map(str::to_owned)
            .collect())
    }

    /// A bare number of credits, or an object with a `balance`.
    async fn balance(&self) -> Result<Balance, CallFailure> {
        let said: Value = self.fetch("/v2/balance").await?.json()?;
        let amount = if said.is_object() {
            &said["balance"]
        } else {
            &said
        };
        let text = amount
            .as_str()
            .map_or_else(|| amount.to_string(), str::to_owned);
        let amount_micros = checks::micros(&text)
            .ok_or_else(|| CallFailure::unreadable(format!("{text} is no balance")))?;
        Ok(Balance {
            amount_micros,
            currency: "SMS".to_owned(),
        })
    }

    async fn test(&self) -> TestReport {
        let senders = self.senders().await;
        checks::report([
            checks::senders(&senders, true),
            checks::balance(&self.balance().await, false),
        ])
        .listing(senders)
    }
}
