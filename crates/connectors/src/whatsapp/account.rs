//! A WhatsApp account: its calls, its credentials, its signatures.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::config::Config;
use super::template::TEMPLATES_MAX;
use super::{encode, events, inbound, receipts, send};
use crate::capabilities::Capabilities;
use crate::catalogue::ConfigError;
use crate::checks;
use crate::connector::Connector;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Check, Class, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, UnreadablePush};
use crate::transport::{Answer, ask, form_pairs};

/// "Message undeliverable": no account there, an old program, terms that were not
/// accepted, a block.
const UNDELIVERABLE: &str = "131026";

/// A configured account.
#[derive(Debug)]
pub(crate) struct Whatsapp {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
}

impl Whatsapp {
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
            .bearer_auth(self.config.access_token.expose_secret())
    }

    async fn fetch(&self, path: &str) -> Result<Answer, CallFailure> {
        let path = format!("/{}{path}", self.config.business_account_id);
        let answer = ask(self.authorised(self.http.get(self.address(&path)))).await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(send::failure(&answer))
        }
    }

    /// Which of the account's templates are not approved at Meta word for word.
    async fn unapproved(&self) -> Result<Vec<String>, CallFailure> {
        let path = format!(
            "/message_templates?status=APPROVED&fields=name,language,status,category,components&limit={TEMPLATES_MAX}"
        );
        let told: Listed<ApprovedTemplate> = self.fetch(&path).await?.json()?;
        let is_approved = |wanted: &&super::template::Template| {
            told.data.iter().any(|template| {
                template.name == wanted.name
                    && template.language == wanted.language
                    && template.body() == Some(wanted.body.as_str())
            })
        };
        let templates = self.config.templates.iter();
        Ok(templates
            .filter(|template| !is_approved(template))
            .map(|template| format!("{} ({})", template.name, template.language))
            .collect())
    }
}

#[derive(Deserialize)]
struct Listed<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Number {
    id: String,
}

#[derive(Deserialize)]
struct ApprovedTemplate {
    name: String,
    language: String,
    #[serde(default)]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

impl ApprovedTemplate {
    fn body(&self) -> Option<&str> {
        let body = self.components.iter().find(|part| part.kind == "BODY")?;
        body.text.as_deref().map(str::trim)
    }
}

#[async_trait]
impl Connector for Whatsapp {
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

    /// Over the bytes as they came: Meta escapes letters in its own way.
    fn authenticate(&self, push: &Push<'_>) -> bool {
        let given = push.headers.get("x-hub-signature-256");
        let given = given.and_then(|value| value.to_str().ok());
        let Some(given) = given.and_then(|value| value.strip_prefix("sha256=")) else {
            return false;
        };
        let secret = self.config.app_secret.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length is taken");
        mac.update(push.body);
        let expected: String = mac
            .finalize()
            .into_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        expected.as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn handshake(&self, query: &str) -> Option<String> {
        let pairs = form_pairs(query);
        let of = |name: &str| {
            let found = pairs.iter().find(|(given, _)| given == name);
            found.map(|(_, value)| value.as_str())
        };
        let expected = self.config.verify_token.expose_secret().as_bytes();
        let is_meta = of("hub.mode") == Some("subscribe")
            && bool::from(expected.ct_eq(of("hub.verify_token")?.as_bytes()));
        of("hub.challenge").filter(|_| is_meta).map(str::to_owned)
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        let mut receipts = receipts::read(body)?;
        receipts.alerts = events::alerts(body, &self.config.templates)?;
        Ok(receipts)
    }

    fn receipt_class(&self, code: &str) -> Option<Class> {
        send::ERRORS.get(code).and_then(|meaning| meaning.class)
    }

    fn is_unreached(&self, code: &str) -> bool {
        code == UNDELIVERABLE
    }

    fn is_opt_out(&self, code: &str) -> bool {
        code == inbound::STOPPED.to_string()
    }

    fn brings_replies(&self, body: &[u8]) -> bool {
        inbound::may_hold_replies(body)
    }

    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        inbound::read(body)
    }

    async fn senders(&self) -> Result<Vec<String>, CallFailure> {
        let numbers = self.fetch("/phone_numbers?fields=id&limit=100").await?;
        let numbers: Listed<Number> = numbers.json()?;
        Ok(numbers.data.into_iter().map(|number| number.id).collect())
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        Err(CallFailure::not_offered("the balance"))
    }

    async fn test(&self) -> TestReport {
        let senders = self.senders().await;
        checks::report([
            checks::senders(&senders, true),
            told_templates(&self.unapproved().await),
        ])
        .listing(senders)
    }
}

fn told_templates(outcome: &Result<Vec<String>, CallFailure>) -> Check {
    let (text_tr, text_en) = match outcome {
        Ok(missing) if missing.is_empty() => (
            "Şablonların hepsi Meta'da onaylı ve aynı.".to_owned(),
            "All templates are approved at Meta and the same.".to_owned(),
        ),
        Ok(missing) => {
            let list = missing.join(", ");
            (
                format!("Meta'da onaylı değil ya da gövdesi farklı: {list}."),
                format!("Not approved at Meta, or with another body: {list}."),
            )
        }
        Err(failure) => (
            format!(
                "Şablonlar okunamadı (whatsapp_business_management yetkisi gerekir): {failure}"
            ),
            format!(
                "The templates could not be read (needs whatsapp_business_management): {failure}"
            ),
        ),
    };
    Check {
        passed: outcome.as_ref().is_ok_and(Vec::is_empty),
        is_required: true,
        text_tr,
        text_en,
    }
}
