//! A Netgsm account: its calls, its credentials, its balance.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::Config;
use super::{encode, lookup, receipts, send};
use crate::capabilities::Capabilities;
use crate::catalogue::ConfigError;
use crate::checks;
use crate::connector::{Connector, Doubt};
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Class, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, SentRequest, UnreadablePush};
use crate::transport::ask;

/// A configured account.
#[derive(Debug)]
pub(crate) struct Netgsm {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
}

impl Netgsm {
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

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.authorised(self.http.get(self.address(path)))
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.config.account.base_url)
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        let password = self.config.password.expose_secret();
        request
            .timeout(self.config.account.timeout)
            .basic_auth(&self.config.username, Some(password))
    }
}

#[derive(Deserialize)]
struct BalanceReply {
    balance: Value,
}

#[derive(Deserialize)]
struct SendersReply {
    msgheaders: Vec<String>,
}

#[async_trait]
impl Connector for Netgsm {
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

    async fn find(&self, doubt: &Doubt<'_>) -> LookUp {
        lookup::find(self, doubt).await
    }

    fn authenticate(&self, _push: &Push<'_>) -> bool {
        true // the unguessable address is all that Netgsm offers
    }

    fn receipt_class(&self, code: &str) -> Option<Class> {
        receipts::class(code)
    }

    fn receipts(&self, _body: &[u8]) -> Result<Receipts, UnreadablePush> {
        Err(UnreadablePush(
            "the form of Netgsm's report push is not known; reports are asked for".to_owned(),
        ))
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

    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        let answer = ask(self.get("/sms/rest/v2/msgheader")).await?;
        match serde_json::from_slice::<SendersReply>(&answer.body) {
            Ok(reply) => Ok(reply.msgheaders),
            Err(_) => {
                let said: send::Said = answer.json()?;
                Err(receipts::failure(&said.code, said.description))
            }
        }
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        // 2 asks for the credit in money.
        let body = json!({
            "usercode": self.config.username,
            "password": self.config.password.expose_secret(),
            "stip": 2,
        });
        let answer = ask(self.post("/balance").json(&body)).await?;
        let Ok(reply) = serde_json::from_slice::<BalanceReply>(&answer.body) else {
            let said: send::Said = answer.json()?;
            return Err(receipts::failure(&said.code, said.description));
        };
        let text = match &reply.balance {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
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
