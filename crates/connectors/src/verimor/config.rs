//! What a Verimor account needs to know.

use std::time::Duration;

use domain::Channel;
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::{Alphabet, Capabilities, Inbounding, Pulling, Receiving, Resolve};
use crate::catalogue::{ConfigError, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

const RECIPIENTS_MAX: u32 = 50_000;
/// Documented.
const REQUEST_BYTES_MAX: usize = 10 * 1024 * 1024;
const VALIDITY_MINUTES_MAX: u32 = 48 * 60;
/// Twenty queries of 100 rows a minute.
const PULLING: Pulling = Pulling {
    requests_max: 10,
    recipients_max: 1_000,
    every: Duration::from_mins(1),
    window: Duration::from_hours(72),
};

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "verimor",
    title_tr: "Verimor (SMS)",
    title_en: "Verimor (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "username",
            FieldForm::Text,
            "Kullanıcı adı",
            "User name",
            "Verimor SMS panelinde Ayarlar > API altında; bu sunucunun IP adresini de orada izinli listeye ekleyin.",
            "In Verimor's SMS panel under Settings > API; add this server's address to the list of allowed ones there.",
        ),
        fields::required(
            "password",
            FieldForm::Secret,
            "Parola",
            "Password",
            "Aynı sayfadaki API parolası.",
            "The API password of the same page.",
        ),
        fields::base_url("https://sms.verimor.com.tr"),
        fields::recipients_max(RECIPIENTS_MAX, "1000"),
        fields::requests_per_second("4"),
        fields::TIMEOUT,
        fields::OPERATOR_SUFFIX,
        fields::LETTERING,
        fields::ROUTE_COUNTRY,
    ],
};

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) account: AccountSettings,
    pub(crate) username: String,
    pub(crate) password: SecretString,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let username = form.text("username");
        let password = form.secret("password");
        let account = AccountSettings::read(&mut form);
        let config = (|| {
            Some(Self {
                account: account?,
                username: username?,
                password: password?,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            request_bytes_max: REQUEST_BYTES_MAX,
            alphabet: Alphabet::OfRequest,
            resolve: Resolve::LookupByKey {
                quiet_period: Duration::from_mins(2).max(2 * self.account.timeout),
                window: Duration::from_hours(24),
                // A repeated request is refused for 24 hours by its content, but
                // not a repeated message id under another request.
                dedupes_message_id: false,
            },
            receipts: Receiving {
                by_push: true,
                by_pull: Some(PULLING),
            },
            inbound: Inbounding {
                by_push: true,
                by_pull: true,
            },
            validity_minutes_max: VALIDITY_MINUTES_MAX,
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}
