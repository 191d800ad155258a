//! A Twilio account: its calls, its credentials, its balance.

use std::borrow::Cow;

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::config::Config;
use super::{encode, lookup, receipts, send, signature};
use crate::capabilities::Capabilities;
use crate::catalogue::ConfigError;
use crate::checks;
use crate::connector::{Connector, Doubt};
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, SentRequest, UnreadablePush};
use crate::transport::{Answer, ask};

/// A configured account.
#[derive(Debug)]
pub(crate) struct Twilio {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
}

impl Twilio {
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
        let (base, account) = (&self.config.account.base_url, &self.config.account_sid);
        format!("{base}/2010-04-01/Accounts/{account}{path}")
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        let token = self.config.auth_token.expose_secret();
        request
            .timeout(self.config.account.timeout)
            .basic_auth(&self.config.account_sid, Some(token))
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

#[derive(Deserialize)]
struct BalanceReply {
    balance: Value,
    currency: String,
}

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Number>,
}

#[derive(Deserialize)]
struct Number {
    phone_number: String,
}

#[async_trait]
impl Connector for Twilio {
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

    async fn look_up(&self, _key: &str, _messages: &[MessageRef]) -> LookUp {
        LookUp::cannot_be_asked()
    }

    async fn find(&self, doubt: &Doubt<'_>) -> LookUp {
        lookup::find(self, doubt).await
    }

    fn authenticate(&self, push: &Push<'_>) -> bool {
        let given = push.headers.get("x-twilio-signature");
        let Some(given) = given.and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let url = match push.query {
            Some(query) => format!("{}?{query}", push.url),
            None => push.url.to_owned(),
        };
        let token = self.config.auth_token.expose_secret();
        signature::is_genuine(token, &url, push.body, given)
    }

    fn kept<'a>(&self, push: &Push<'a>) -> Cow<'a, [u8]> {
        receipts::kept(push)
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        receipts::read(body)
    }

    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        receipts::pull(self, requests).await
    }

    /// 21610: the person has answered STOP there.
    fn is_opt_out(&self, code: &str) -> bool {
        code == "21610"
    }

    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        receipts::inbound(body)
    }

    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        let numbers: Numbers = self.fetch("/IncomingPhoneNumbers.json").await?.json()?;
        Ok(numbers
            .incoming_phone_numbers
            .into_iter()
            .map(|number| number.phone_number)
            .collect())
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        let reply: BalanceReply = self.fetch("/Balance.json").await?.json()?;
        let text = match &reply.balance {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let amount_micros = checks::micros(&text)
            .ok_or_else(|| CallFailure::unreadable(format!("{text} is no balance")))?;
        Ok(Balance {
            amount_micros,
            currency: reply.currency,
        })
    }

    async fn test(&self) -> TestReport {
        let senders = self.senders().await;
        checks::report([
            checks::balance(&self.balance().await, true),
            checks::senders(&senders, false),
        ])
        .listing(senders)
    }
}
