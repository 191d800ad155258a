//! An SMPP account: the contract, by its own calls.

use async_trait::async_trait;
use domain::Timestamp;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use serde_json::Value;

use super::config::Config;
use super::encode::{self, Submission};
use super::link::Link;
use super::read;
use crate::capabilities::Capabilities;
use crate::catalogue::{ConfigError, FieldProblem};
use crate::checks;
use crate::connector::{Connector, Heard};
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Check, Class, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, UnreadablePush};

/// A configured account.
#[derive(Debug)]
pub(crate) struct Smpp {
    config: Config,
    capabilities: Capabilities,
    link: Link,
}

impl Smpp {
    pub(crate) fn new(config: &Value) -> Result<Self, ConfigError> {
        let config = Config::read(config)?;
        let link = Link::new(&config).map_err(|problem| ConfigError::Invalid {
            problems: vec![FieldProblem {
                field: "ca_pem".to_owned(),
                text_tr: format!("Sertifika kullanılamıyor: {problem}"),
                text_en: format!("The certificate cannot be used: {problem}"),
            }],
        })?;
        Ok(Self {
            capabilities: config.capabilities(),
            link,
            config,
        })
    }
}

#[async_trait]
impl Connector for Smpp {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn encode(
        &self,
        envelope: &Envelope,
        messages: &[Cleared<Outgoing>],
    ) -> Result<ClearedRequest, EncodeError> {
        encode::encode(&self.config, envelope, messages, &self.capabilities)
    }

    async fn send(&self, request: &ClearedRequest) -> Outcome {
        let submission = serde_json::from_slice::<Submission<'_>>(request.bytes()).ok();
        let bodies = submission.and_then(|submission| submission.bodies());
        match (bodies, request.messages()) {
            (Some(bodies), [message]) => self.link.hand_over(&self.config, *message, bodies).await,
            _ => Outcome::Refused {
                class: Class::Request,
                code: "request".to_owned(),
                text: "the stored request is no SMPP message".to_owned(),
            },
        }
    }

    async fn look_up(&self, _key: &str, _messages: &[MessageRef]) -> LookUp {
        LookUp::cannot_be_asked()
    }

    fn keeps_a_session(&self) -> bool {
        true
    }

    async fn hear(&self, now: Timestamp) -> Result<Heard, CallFailure> {
        match self.link.session(&self.config).await {
            Ok(_) => Ok(self.link.ear.hear(now)),
            Err(Outcome::Refused { class, code, text }) => Err(CallFailure {
                class,
                text: format!("{code} {text}"),
            }),
            // It failed a moment ago and is tried again in another.
            Err(Outcome::NotSent {
                retry_after: Some(_),
                ..
            }) => Ok(Heard::default()),
            Err(Outcome::NotSent { text, .. } | Outcome::Unknown { text }) => Err(CallFailure {
                class: Class::Transient,
                text,
            }),
            Err(Outcome::Accepted { .. }) => Ok(Heard::default()),
        }
    }

    async fn heard(&self, heard: Heard) {
        self.link.ear.kept(&heard.tickets).await;
    }

    fn authenticate(&self, _push: &Push<'_>) -> bool {
        false // everything comes over the session
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        read::receipts(body)
    }

    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        read::inbound(body)
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        Err(CallFailure::not_offered("the balance"))
    }

    async fn test(&self) -> TestReport {
        let outcome = self.link.try_out(&self.config).await;
        let (text_tr, text_en) = match &outcome {
            Ok(()) => (
                "Oturum açıldı ve kapatıldı; hesap bilgileri doğru.".to_owned(),
                "A session was opened and closed; the credentials are right.".to_owned(),
            ),
            Err(why) => (
                format!(
                    "Oturum açılamadı; adresi, hesap bilgilerini ve IP iznini denetleyin: {why}"
                ),
                format!(
                    "No session could be opened; check address, credentials and permitted IP: {why}"
                ),
            ),
        };
        checks::report([Check {
            passed: outcome.is_ok(),
            is_required: true,
            text_tr,
            text_en,
        }])
    }
}
