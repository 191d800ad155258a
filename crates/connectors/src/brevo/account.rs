//! A Brevo account: its calls, its key, its webhook.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;

use super::config::Config;
use super::{encode, events, listed, send};
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
pub(crate) struct Brevo {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    plan: Vec<Plan>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    credits_type: String,
    #[serde(default)]
    credits: f64,
}

#[derive(Deserialize)]
struct Senders {
    senders: Vec<Sender>,
}

#[derive(Deserialize)]
struct Sender {
    email: String,
    #[serde(default = "yes")]
    active: bool,
}

fn yes() -> bool {
    true
}

impl Brevo {
    pub(crate) fn new(config: &Value, http: reqwest::Client) -> Result<Self, ConfigError> {
        let config = Config::read(config)?;
        Ok(Self {
            capabilities: config.capabilities(),
            config,
            http,
        })
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.authorised(self.http.post(self.address(path)))
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.config.account.base_url)
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .timeout(self.config.account.timeout)
            .header("api-key", self.config.api_key.expose_secret())
            .header(http::header::ACCEPT, "application/json")
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.authorised(self.http.get(self.address(path)))
    }

    async fn fetch(&self, path: &str) -> Result<Answer, CallFailure> {
        Self::read(self.get(path)).await
    }

    pub(super) async fn read(request: RequestBuilder) -> Result<Answer, CallFailure> {
        let answer = ask(request).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(send::failure(&answer))
        }
    }
}

#[async_trait]
impl Connector for Brevo {
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

    /// Brevo signs nothing; it shows the token it was given, if any.
    fn authenticate(&self, push: &Push<'_>) -> bool {
        let Some(token) = &self.config.webhook_token else {
            return true;
        };
        let given = push.headers.get(http::header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok());
        given
            .and_then(|value| value.strip_prefix("Bearer "))
            .is_some_and(|given| {
                let expected = token.expose_secret().as_bytes();
                expected.ct_eq(given.as_bytes()).into()
            })
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        events::receipts(body)
    }

    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        listed::pull(self, requests).await
    }

    fn brings_replies(&self, body: &[u8]) -> bool {
        events::may_hold_refusals(body)
    }

    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        events::refusals(body)
    }

    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        let told: Senders = self.fetch("/v3/senders").await?.json()?;
        let verified = told.senders.into_iter().filter(|sender| sender.active);
        Ok(verified.map(|sender| sender.email).collect())
    }

    /// Mails that are left; credits for text messages are another thing.
    async fn balance(&self) -> Result<Balance, CallFailure> {
        let told: Account = self.fetch("/v3/account").await?.json()?;
        let left: f64 = told
            .plan
            .iter()
            .filter(|plan| plan.kind != "sms" && plan.credits_type == "sendLimit")
            .map(|plan| plan.credits)
            .sum();
        let amount = checks::micros(&format!("{left:.2}"));
        Ok(Balance {
            amount_micros: amount.ok_or_else(|| CallFailure::unreadable("credits"))?,
            currency: "credits".to_owned(),
        })
    }

    async fn test(&self) -> TestReport {
        let balance = checks::balance(&self.balance().await, true);
        let senders = self.senders().await;
        checks::report([balance, checks::senders(&senders, false)]).listing(senders)
    }
}
