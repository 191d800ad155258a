//! An SMTP account: the contract, by its own calls.

use async_trait::async_trait;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use serde_json::Value;

use super::config::Config;
use super::encode::{self, Transaction};
use super::policy::Policy;
use super::pool::Pool;
use super::records::records;
use super::session::Trouble;
use super::{bounce, complaint, reply};
use crate::capabilities::Capabilities;
use crate::catalogue::{ConfigError, FieldProblem};
use crate::checks;
use crate::connector::Connector;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Check, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, UnreadablePush};

/// A configured account.
#[derive(Debug)]
pub(crate) struct Smtp {
    config: Config,
    capabilities: Capabilities,
    pool: Pool,
    policy: Policy,
}

impl Smtp {
    pub(crate) fn new(config: &Value) -> Result<Self, ConfigError> {
        let config = Config::read(config)?;
        let pool = Pool::new(&config).map_err(|problem| ConfigError::Invalid {
            problems: vec![FieldProblem {
                field: "ca_pem".to_owned(),
                text_tr: format!("Sertifika kullanılamıyor: {problem}"),
                text_en: format!("The certificate cannot be used: {problem}"),
            }],
        })?;
        Ok(Self {
            capabilities: config.capabilities(),
            pool,
            policy: Policy::default(),
            config,
        })
    }
}

#[async_trait]
impl Connector for Smtp {
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
        match serde_json::from_slice::<Transaction<'_>>(request.bytes()) {
            Ok(transaction) => {
                let (head, content) = (transaction.head(), transaction.content());
                let outcome = self.pool.hand_over(&self.config, &head, &content).await;
                self.policy.judge(outcome)
            }
            Err(error) => Outcome::NotSent {
                text: format!("the request is no SMTP transaction: {error}"),
                retry_after: None,
            },
        }
    }

    async fn look_up(&self, _key: &str, _messages: &[MessageRef]) -> LookUp {
        LookUp::cannot_be_asked()
    }

    fn authenticate(&self, _push: &Push<'_>) -> bool {
        true // the unguessable address; what names a message is signed besides
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        bounce::receipts(body, self.config.verp.as_ref())
    }

    fn brings_replies(&self, body: &[u8]) -> bool {
        self.config.verp.is_some() && complaint::may_be_refusal(body)
    }

    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        complaint::refusals(body, self.config.verp.as_ref())
    }

    fn is_dead_address(&self, code: &str, text: &str) -> bool {
        let enhanced = reply::enhanced_code(code).then_some(code);
        reply::is_dead(enhanced, code, text)
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        Err(CallFailure::not_offered("a balance"))
    }

    async fn test(&self) -> TestReport {
        let outcome = self.pool.try_out(&self.config).await;
        let (passed, text_tr, text_en) = match outcome {
            Ok(()) => (
                true,
                "Sunucuya bağlanıldı ve oturum açıldı.".to_owned(),
                "The server was reached and the login works.".to_owned(),
            ),
            Err(Trouble::Broken(text)) => (
                false,
                format!("Sunucuya bağlanılamadı; adresi ve güvenlik duvarını denetleyin: {text}"),
                format!("The server cannot be reached; check address and firewall: {text}"),
            ),
            Err(Trouble::Refused(reply)) => (
                false,
                format!("Sunucu oturumu reddetti: {}", reply.text()),
                format!("The server refused the session: {}", reply.text()),
            ),
        };
        let mut checks = vec![Check {
            passed,
            is_required: true,
            text_tr,
            text_en,
        }];
        checks.push(signing(self.config.signer.is_some()));
        checks.extend(records(&self.config));
        checks::report(checks)
    }
}

/// Without a signature mailbox providers turn bulk mail down.
fn signing(is_signed: bool) -> Check {
    let (text_tr, text_en) = if is_signed {
        (
            "İletiler DKIM ile imzalanacak.",
            "Messages are signed with DKIM.",
        )
    } else {
        (
            "DKIM anahtarı girilmemiş; imzayı sunucunuz eklemiyorsa toplu iletiler reddedilir.",
            "There is no DKIM key; unless your server signs, bulk mail is turned down.",
        )
    };
    Check {
        passed: is_signed,
        is_required: false,
        text_tr: text_tr.to_owned(),
        text_en: text_en.to_owned(),
    }
}
