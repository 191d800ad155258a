//! An İletimerkezi account: its calls, its credentials, its balance.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::config::Config;
use super::{encode, receipts, send};
use crate::capabilities::Capabilities;
use crate::catalogue::ConfigError;
use crate::checks;
use crate::connector::Connector;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, LookUp, Outcome, TestReport};
use crate::receipt::{Push, Receipts, SentRequest, UnreadablePush};

/// A configured account.
#[derive(Debug)]
pub(crate) struct Iletimerkezi {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
}

impl Iletimerkezi {
    pub(crate) fn new(config: &Value, http: reqwest::Client) -> Result<Self, ConfigError> {
        let config = Config::read(config)?;
        Ok(Self {
            capabilities: config.capabilities(),
            config,
            http,
        })
    }

    /// `{"request": {"authentication": …, part: body}}`; `body` is JSON, or
    /// empty when the call takes nothing but the credentials.
    pub(super) fn post(&self, call: &str, part: &str, body: &[u8]) -> RequestBuilder {
        let login = json!({
            "key": self.config.key,
            "hash": self.config.hash.expose_secret(),
        });
        let mut whole = format!("{{\"request\":{{\"authentication\":{login}").into_bytes();
        if !body.is_empty() {
            whole.extend_from_slice(format!(",\"{part}\":").as_bytes());
            whole.extend_from_slice(body);
        }
        whole.extend_from_slice(b"}}");
        self.http
            .post(format!("{}/v1/{call}/json", self.config.account.base_url))
            .timeout(self.config.account.timeout)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(whole)
    }
}

#[async_trait]
impl Connector for Iletimerkezi {
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

    async fn look_up(&self, _key: &str, _messages: &[MessageRef]) -> LookUp {
        LookUp::cannot_be_asked()
    }

    fn authenticate(&self, _push: &Push<'_>) -> bool {
        true // the unguessable address is all that İletimerkezi offers
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        receipts::read(body)
    }

    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        receipts::pull(self, requests).await
    }

    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        let mut rest = send::call(self, "get-sender", "", b"").await?;
        serde_json::from_value(rest["senders"]["sender"].take()).map_err(CallFailure::unreadable)
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        let rest = send::call(self, "get-balance", "", b"").await?;
        let amount = &rest["balance"]["amount"];
        let text = amount
            .as_str()
            .map_or_else(|| amount.to_string(), str::to_owned);
        let amount_micros = checks::micros(&text)
            .ok_or_else(|| CallFailure::unreadable(format!("{text} is no balance")))?;
        Ok(Balance {
            amount_micros,
            currency: "TRY".to_owned(),
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
