//! An Infobip account: its calls, its credentials, its balance.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::gate::Cleared;
use domain::ids::MessageRef;
use http::header::AUTHORIZATION;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::config::Config;
use super::send::{class_of, explain};
use super::{encode, lookup, receipts, send, status};
use crate::capabilities::Capabilities;
use crate::checks;
use crate::connector::Connector;
use crate::message::{ClearedRequest, EncodeError, Envelope, Outgoing};
use crate::outcome::{Balance, CallFailure, Check, Class, LookUp, Outcome, TestReport};
use crate::receipt::{Inbox, Push, Receipts, SentRequest, UnreadablePush};
use crate::transport::{Answer, Exchange, exchange};

/// Units of one message that names the Turkish table.
const TURKISH_UNITS: usize = 155;

/// A configured account.
#[derive(Debug)]
pub(crate) struct Infobip {
    config: Config,
    capabilities: Capabilities,
    http: reqwest::Client,
}

impl Infobip {
    pub(crate) fn new(config: Config, http: reqwest::Client) -> Self {
        let capabilities = config.capabilities();
        Self {
            config,
            capabilities,
            http,
        }
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.authorised(self.http.post(format!("{}{path}", self.config.base_url)))
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.authorised(self.http.get(format!("{}{path}", self.config.base_url)))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        request.timeout(self.config.timeout).header(
            AUTHORIZATION,
            format!("App {}", self.config.api_key.expose_secret()),
        )
    }

    pub(super) async fn read(&self, request: RequestBuilder) -> Result<Answer, CallFailure> {
        match exchange(request).await {
            Exchange::Answered(answer) if answer.status.is_success() => Ok(answer),
            Exchange::Answered(answer) => Err(CallFailure {
                class: class_of(answer.status),
                text: explain(&answer).1,
            }),
            Exchange::NeverLeft(text) | Exchange::BrokeOff(text) => Err(CallFailure {
                class: Class::Transient,
                text,
            }),
        }
    }

    async fn check_logs(&self) -> Check {
        let request = self.get("/sms/3/logs").query(&[("limit", "1")]);
        let outcome = self.read(request).await;
        let (text_tr, text_en) = match &outcome {
            Ok(_) => (
                "Adres ve anahtar doğru; gönderim kayıtları okunabiliyor.".to_owned(),
                "Address and key are right; the logs can be read.".to_owned(),
            ),
            Err(failure) => (
                format!("Gönderim kayıtları okunamadı (sms:logs:read yetkisi gerekir): {failure}"),
                format!("The logs could not be read (needs the scope sms:logs:read): {failure}"),
            ),
        };
        Check {
            passed: outcome.is_ok(),
            is_required: true,
            text_tr,
            text_en,
        }
    }

    /// Whether Infobip counts a text as it is counted here: 155 Turkish letters
    /// are one message.
    async fn check_lengths(&self) -> Check {
        let asked = json!({ "text": "ş".repeat(TURKISH_UNITS), "languageCode": "TR" });
        let outcome = match self.read(self.post("/sms/1/preview").json(&asked)).await {
            Ok(answer) => answer.json::<Previewed>(),
            Err(failure) => Err(failure),
        };
        let counted = outcome.map(|previewed| previewed.previews.first().map(|p| p.message_count));
        let (text_tr, text_en) = match &counted {
            Ok(Some(1)) => (
                "Türkçe metinlerin uzunluğu Infobip'te de aynı sayılıyor.".to_owned(),
                "Infobip counts the length of Turkish texts the same.".to_owned(),
            ),
            Ok(Some(parts)) => (
                format!(
                    "Infobip {TURKISH_UNITS} Türkçe harfi {parts} mesaj sayıyor; burada 1 sayılır, maliyet tahminleri düşük kalır. Hesabınızda Türkçe dil desteğini açtırın."
                ),
                format!(
                    "Infobip counts {TURKISH_UNITS} Turkish letters as {parts} messages; here they are 1, so costs are underestimated. Have Turkish language support switched on for your account."
                ),
            ),
            Ok(None) => (
                "Metin uzunluğu karşılaştırılamadı: yanıtta önizleme yok.".to_owned(),
                "Lengths could not be compared: the answer holds no preview.".to_owned(),
            ),
            Err(failure) => (
                format!("Metin uzunluğu karşılaştırılamadı: {failure}"),
                format!("Lengths could not be compared: {failure}"),
            ),
        };
        Check {
            passed: matches!(counted, Ok(Some(1))),
            is_required: false,
            text_tr,
            text_en,
        }
    }

    async fn check_balance(&self) -> Check {
        let outcome = self.balance().await;
        let (text_tr, text_en) = match &outcome {
            Ok(balance) => {
                // Whole units are enough for a glance.
                let units = balance.amount_micros / 1_000_000;
                (
                    format!("Bakiye: {units} {}.", balance.currency),
                    format!("Balance: {units} {}.", balance.currency),
                )
            }
            Err(failure) => (
                format!("Bakiye okunamadı (account-management:manage yetkisi gerekir): {failure}"),
                format!(
                    "The balance could not be read (needs the scope account-management:manage): {failure}"
                ),
            ),
        };
        Check {
            passed: outcome.is_ok(),
            is_required: false,
            text_tr,
            text_en,
        }
    }
}

#[derive(Deserialize)]
struct Previewed {
    previews: Vec<Preview>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Preview {
    message_count: u32,
}

#[derive(Deserialize)]
struct BalanceReply {
    balance: f64,
    #[serde(default)]
    currency: String,
}

#[async_trait]
impl Connector for Infobip {
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

    async fn look_up(&self, key: &str, messages: &[MessageRef]) -> LookUp {
        lookup::look_up(self, key, messages).await
    }

    async fn pull(&self, requests: &[SentRequest]) -> Result<Receipts, CallFailure> {
        lookup::pull(self, requests).await
    }

    fn authenticate(&self, push: &Push<'_>) -> bool {
        let Some((username, password)) = &self.config.receipts_login else {
            return true; // the unguessable address is all that Infobip offers by default
        };
        let given = push
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let Some(given) = given.and_then(|value| value.strip_prefix("Basic ")) else {
            return false;
        };
        let expected = STANDARD.encode(format!("{username}:{}", password.expose_secret()));
        given.trim().as_bytes().ct_eq(expected.as_bytes()).into()
    }

    fn receipt_class(&self, code: &str) -> Option<Class> {
        status::class(code)
    }

    fn receipts(&self, body: &[u8]) -> Result<Receipts, UnreadablePush> {
        receipts::read(body)
    }

    fn inbound(&self, body: &[u8]) -> Result<Inbox, UnreadablePush> {
        receipts::inbound(body)
    }

    async fn pull_inbound(&self) -> Result<Inbox, CallFailure> {
        let request = self.get("/sms/1/inbox/reports").query(&[("limit", "1000")]);
        let answer = self.read(request).await?;
        receipts::inbound(&answer.body).map_err(|problem| CallFailure::unreadable(problem.0))
    }

    async fn balance(&self) -> Result<Balance, CallFailure> {
        let answer = self.read(self.get("/account/1/balance")).await?;
        let unreadable = |text: String| CallFailure {
            class: Class::Transient,
            text,
        };
        let reply: BalanceReply =
            serde_json::from_slice(&answer.body).map_err(|error| unreadable(error.to_string()))?;
        let amount_micros = micros(reply.balance)
            .ok_or_else(|| unreadable(format!("{} is no balance", reply.balance)))?;
        Ok(Balance {
            amount_micros,
            currency: reply.currency,
        })
    }

    async fn test(&self) -> TestReport {
        checks::report([
            self.check_logs().await,
            self.check_balance().await,
            self.check_lengths().await,
        ])
    }
}

/// Millionths of an amount; `None` when it is beyond all money.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before"
)]
fn micros(amount: f64) -> Option<i64> {
    let micros = (amount * 1e6).round();
    (micros.abs() < 9e15).then_some(micros as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_to_millionths_and_nonsense_refused() {
        assert_eq!(micros(12.345_678_9), Some(12_345_679));
        assert_eq!(micros(-0.5), Some(-500_000));
        for nonsense in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(micros(nonsense), None);
        }
    }
}
