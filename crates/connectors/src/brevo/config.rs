//! What a Brevo account needs to know.

use std::time::Duration;

use domain::Channel;
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::{Capabilities, Inbounding, Pulling, Receiving, Resolve};
use crate::catalogue::{ConfigError, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

/// Inside every limit that Brevo states: 1,000 versions, 2,000 recipients of a call.
const RECIPIENTS_MAX: u32 = 500;
/// No limit is stated; five hundred mails of 40 kB each.
const REQUEST_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Brevo says thirty minutes now and said fifteen before; this is less than both.
const REMEMBERED: Duration = Duration::from_mins(12);
/// A hundred queries an hour are allowed, for events, balance and senders together.
const PULLING: Pulling = Pulling {
    requests_max: 1,
    recipients_max: 500,
    every: Duration::from_mins(1),
    window: Duration::from_hours(72),
};

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "brevo",
    title_tr: "Brevo (e-posta)",
    title_en: "Brevo (e-mail)",
    channels: &[Channel::Eposta],
    fields: &[
        fields::required(
            "api_key",
            FieldForm::Secret,
            "API anahtarı",
            "API key",
            "Brevo'da SMTP & API altında oluşturulur; xkeysib- ile başlar.",
            "Made in Brevo under SMTP & API; it begins with xkeysib-.",
        ),
        fields::optional(
            "webhook_token",
            FieldForm::Secret,
            "Web kancası belirteci",
            "Webhook token",
            "Brevo'da işlemsel web kancasını bu bağlayıcının iletim raporu adresine kurarken kimlik doğrulama olarak Token seçip buraya yazdığınızı girin. Boşsa yalnız adresin gizliliği korur.",
            "When you set up the transactional webhook in Brevo with this connector's receipts address, choose Token as authentication and give what you write here. When empty, only the secrecy of the address protects it.",
        ),
        fields::base_url("https://api.brevo.com"),
        fields::recipients_max(RECIPIENTS_MAX, "200"),
        fields::requests_per_second("1"),
        fields::TIMEOUT,
        fields::ROUTE_COUNTRY,
    ],
};

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) account: AccountSettings,
    pub(crate) api_key: SecretString,
    pub(crate) webhook_token: Option<SecretString>,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let api_key = form.secret("api_key");
        let webhook_token = form.secret("webhook_token");
        let account = AccountSettings::read(&mut form);
        let config = (|| {
            Some(Self {
                account: account?,
                api_key: api_key?,
                webhook_token,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            channels: &[Channel::Eposta],
            request_bytes_max: REQUEST_BYTES_MAX,
            resolve: Resolve::IdempotencyKey { window: REMEMBERED },
            suffix_units: 0,
            has_iys_flags: false,
            receipts: Receiving {
                by_push: true,
                by_pull: Some(PULLING),
            },
            inbound: Inbounding {
                by_push: true,
                by_pull: false,
            },
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}
