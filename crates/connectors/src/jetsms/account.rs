//! A JetSMS account: its calls and its credentials.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
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
use crate::transport::fetch;

/// A configured account.
#[derive(Debug)]
pub(crate) struct Jetsms {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
}

impl Jetsms {
    pub(crate) fn new(config: &Value, http: reqwest::Client) -> Result<Self, ConfigError> {
        let config = Config::read(config)?;
        Ok(Self {
            capabilities: config.capabilities(),
            config,
            http,
        })
    }

    /// Posts a JSON object with the credentials before its own fields.
    pub(super) fn post(&self, call: &str, body: &[u8]) -> RequestBuilder {
        let login = json!({
            "user": self.config.username,
            "password": self.config.password.expose_secret(),
        });
        let mut whole = login.to_string().into_bytes();
        whole.pop();
        if body.len() > 2 {
            whole.push(b',');
        }
        whole.extend_from_slice(body.get(1..).unwrap_or(b"}"));
        self.http
            .post(format!("{}/api/{call}", self.config.account.base_url))
            .timeout(self.config.account.timeout)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(whole)
    }
}

#[derive(Deserialize)]
struct Originators {
    originators: Vec<Originator>,
}

#[derive(Deserialize)]
struct Originator {
    messagetitle: String,
}

#[async_trait]
impl Connector for Jetsms {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn encode(
        &self,
        envelope: &Envelope,
        messages: &[Cleared<Outgoing>],
    ) -> Result<ClearedRequest, EncodeError> {
        encode::encode(envelope, messages, &self.config, &self.capabilities)
    }

    async fn send(&self, request: &ClearedRequest) -> Outcome {
        send::send(self, request).await
    }

    async fn look_up(&self, _key: &str, messages: &[MessageRef]) -> LookUp {
        receipts::look_up(self, messages).await
    }

    fn authenticate(&self, _push: &Push<'_>) -> bool {
        false // JetSMS pushes nothing
    }

    fn receipts(&self, _body: &[u8]) -> Result<Receipts, UnreadablePush> {
        Err(UnreadablePush("JetSMS pushes no receipts".to_owned()))
    }

    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        receipts::pull(self, requests).await
    }

    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        let answer = fetch(self.post("reportoriginator", b"{}")).await?;
        let reply: Originators = answer.json()?;
        Ok(reply
            .originators
            .into_iter()
            .map(|originator| originator.messagetitle)
            .collect())
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        Err(CallFailure::not_offered("the balance over REST"))
    }

    async fn test(&self) -> TestReport {
        let senders = self.senders().await;
        checks::report([
            checks::senders(&senders, true),
            checks::for_commercial(self.config.iys_code.is_some(), ("İYS kodu", "The İYS code")),
        ])
        .listing(senders)
    }
}
