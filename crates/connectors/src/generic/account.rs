//! An account at a described provider: its calls and its balance.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::config::Config;
use super::description::{BalanceCall, Call, Description, Method, Pull};
use super::encode::{self, Writer};
use super::template::{CREDENTIALS, Template, fill};
use super::tree::{self, Format};
use super::{receipts, send};
use crate::capabilities::Capabilities;
use crate::catalogue::{ConfigError, FieldProblem};
use crate::checks;
use crate::connector::Connector;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Check, LookUp, Outcome, TestReport};
use crate::receipt::{Push, Receipts, SentRequest, UnreadablePush};
use crate::transport::fetch;

/// A configured account.
#[derive(Debug)]
pub(crate) struct Generic {
    config: Config,
    writer: Writer,
    pull: Option<Template>,
    balance: Option<Template>,
    headers: Vec<(String, Template)>,
    capabilities: Capabilities,
    http: reqwest::Client,
}

impl Generic {
    pub(crate) fn new(
        kind: &str,
        config: &Value,
        http: reqwest::Client,
    ) -> Result<Self, ConfigError> {
        let config = Config::read(kind, config)?;
        // Reading the description has checked all of these.
        let unsound = |why: String| ConfigError::Invalid {
            problems: vec![FieldProblem {
                field: "description".to_owned(),
                text_tr: format!("Tanım okunamadı: {why}"),
                text_en: format!("The description could not be read: {why}"),
            }],
        };
        let described = &config.description;
        let (body, each) = described.send.templates().map_err(unsound)?;
        let pull = described.pull.as_ref().map(Pull::template);
        let balance = described.balance.as_ref().map(BalanceCall::template);
        let headers = described.headers.iter().map(|(name, text)| {
            Template::read(text, &CREDENTIALS).map(|template| (name.clone(), template))
        });
        Ok(Self {
            writer: Writer { body, each },
            pull: pull.transpose().map_err(unsound)?,
            balance: balance.transpose().map_err(unsound)?,
            headers: headers.collect::<Result<_, _>>().map_err(unsound)?,
            capabilities: config.capabilities(),
            config,
            http,
        })
    }

    pub(super) fn description(&self) -> &Description {
        &self.config.description
    }

    pub(super) fn pull_template(&self) -> Option<&Template> {
        self.pull.as_ref()
    }

    /// A call with a written body, its credentials put in.
    pub(super) fn request(&self, call: &Call, written: &str) -> RequestBuilder {
        let credentials = &self.config.credentials;
        let body = fill(written, credentials, Some(call.escape));
        let url = format!("{}{}", self.config.account.base_url, call.path);
        let mut request = match call.method {
            Method::Post => self
                .http
                .post(url)
                .header(http::header::CONTENT_TYPE, call.escape.media_type())
                .body(body),
            Method::Get => self.http.get(format!("{url}?{body}")),
        };
        for (name, template) in &self.headers {
            let text = template
                .write(|_| Ok::<_, std::convert::Infallible>("".into()))
                .unwrap_or_default();
            request = request.header(name, fill(&text, credentials, None));
        }
        if self.config.description.basic_auth {
            let text = |name| {
                credentials
                    .get(name)
                    .map_or("", |secret| secret.expose_secret())
            };
            request = request.basic_auth(text("username"), Some(text("password")));
        }
        request.timeout(self.config.account.timeout)
    }
}

#[async_trait]
impl Connector for Generic {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn encode(
        &self,
        envelope: &Envelope,
        messages: &[Cleared<Outgoing>],
    ) -> Result<ClearedRequest, EncodeError> {
        encode::encode(
            self.description(),
            &self.writer,
            envelope,
            messages,
            &self.capabilities,
        )
    }

    async fn send(&self, request: &ClearedRequest) -> Outcome {
        send::send(self, request).await
    }

    async fn look_up(&self, _key: &str, _messages: &[MessageRef]) -> LookUp {
        LookUp::cannot_be_asked()
    }

    fn authenticate(&self, _push: &Push<'_>) -> bool {
        // The unguessable address is the key; whoever pushes nothing has none.
        self.description().push.is_some()
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        receipts::read(self.description(), body)
    }

    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        receipts::pull(self, requests).await
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        let (Some(call), Some(template)) = (&self.description().balance, &self.balance) else {
            return Err(CallFailure::not_offered("the balance"));
        };
        let written = template.write(|_| Ok::<_, CallFailure>("".into()))?;
        let answer = fetch(self.request(&call.request, &written)).await?;
        let said = call
            .format
            .read(&answer.body)
            .map_err(CallFailure::unreadable)?;
        let (amount, code) = match call.format {
            Format::Text => {
                let text = said.as_str().unwrap_or_default().to_owned();
                (text.clone(), text)
            }
            _ => (
                tree::text(&said, &call.amount),
                tree::text(&said, &call.code),
            ),
        };
        // In plain text a listed code could be an amount as well: better no
        // balance than a wrong one.
        if self.description().code(&code).is_some() {
            return Err(send::failure(self.description(), &code, &answer));
        }
        let amount_micros = checks::micros(&amount)
            .ok_or_else(|| CallFailure::unreadable(format!("`{amount}` is no balance")))?;
        Ok(Balance {
            amount_micros,
            currency: call.currency.clone(),
        })
    }

    async fn test(&self) -> TestReport {
        if self.balance.is_none() {
            return checks::report([Check {
                passed: true,
                is_required: false,
                text_tr: "Tanımda bakiye sorgusu yok; hesap ancak bir deneme iletisiyle sınanabilir."
                    .to_owned(),
                text_en: "The description tells no balance query; only a trial message can test the account."
                    .to_owned(),
            }]);
        }
        checks::report([checks::balance(&self.balance().await, true)])
    }
}
