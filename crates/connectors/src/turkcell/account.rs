//! A Mesajüssü account: its session and its calls.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use http::HeaderValue;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::config::Config;
use super::{encode, send};
use crate::capabilities::Capabilities;
use crate::catalogue::ConfigError;
use crate::checks;
use crate::connector::Connector;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Check, LookUp, Outcome, TestReport};
use crate::receipt::{Push, Receipts, UnreadablePush};

/// A configured account.
#[derive(Debug)]
pub(crate) struct Turkcell {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
    /// The open session's token, marked as sensitive. Held while one is opened, so
    /// that many requests at a time open one session, not one each.
    session: Mutex<Option<HeaderValue>>,
}

impl Turkcell {
    pub(crate) fn new(config: &Value, http: reqwest::Client) -> Result<Self, ConfigError> {
        let config = Config::read(config)?;
        Ok(Self {
            capabilities: config.capabilities(),
            config,
            http,
            session: Mutex::new(None),
        })
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let base = &self.config.account.base_url;
        self.http
            .post(format!("{base}/api/api/integration/{path}"))
            .timeout(self.config.account.timeout)
    }

    fn login(&self) -> RequestBuilder {
        self.post("v2/login").json(&json!({
            "username": self.config.username,
            "password": self.config.password.expose_secret(),
        }))
    }

    pub(super) fn hand_out(&self, token: HeaderValue, request: &ClearedRequest) -> RequestBuilder {
        self.post("v2/sms/send/nton")
            .header("token", token)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(request.bytes().clone())
    }

    /// The open session, or a new one where there is none or `spent` is the open one.
    pub(super) async fn session(
        &self,
        spent: Option<&HeaderValue>,
    ) -> Result<HeaderValue, Outcome> {
        let mut open = self.session.lock().await;
        if let Some(token) = open.as_ref().filter(|token| Some(*token) != spent) {
            return Ok(token.clone());
        }
        *open = None;
        let token = send::opened(self.login()).await?;
        Ok(open.insert(token).clone())
    }
}

#[async_trait]
impl Connector for Turkcell {
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
        false // nothing is known to be pushed
    }

    fn receipts(&self, _body: &[u8]) -> Result<Receipts, UnreadablePush> {
        Err(UnreadablePush("Mesajüssü pushes no receipts".to_owned()))
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        Err(CallFailure::not_offered("the balance"))
    }

    async fn test(&self) -> TestReport {
        // A session of its own: one that is open says nothing about the password.
        let opened = send::opened(self.login()).await;
        let (text_tr, text_en) = match &opened {
            Ok(_) => (
                "Oturum açıldı; hesap bilgileri doğru.".to_owned(),
                "A session was opened; the credentials are right.".to_owned(),
            ),
            Err(outcome) => {
                let why = send::words(outcome);
                (
                    format!("Oturum açılamadı; adresi ve hesap bilgilerini denetleyin: {why}"),
                    format!("No session could be opened; check address and credentials: {why}"),
                )
            }
        };
        let is_open = opened.is_ok();
        if let Ok(token) = opened {
            *self.session.lock().await = Some(token);
        }
        checks::report([Check {
            passed: is_open,
            is_required: true,
            text_tr,
            text_en,
        }])
    }
}
