//! What an İletimerkezi account needs to know.

use std::time::Duration;

use domain::Channel;
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::{Capabilities, Pulling, Receiving};
use crate::catalogue::{ConfigError, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

const RECIPIENTS_MAX: u32 = 50_000;
const PULLING: Pulling = Pulling {
    requests_max: 20,
    recipients_max: 50_000,
    every: Duration::from_mins(1),
    window: Duration::from_hours(72),
};

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "iletimerkezi",
    title_tr: "İletimerkezi (SMS)",
    title_en: "İletimerkezi (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "key",
            FieldForm::Text,
            "API anahtarı",
            "API key",
            "Panelde Ayarlar > Erişim altında API erişimini açtığınızda verilir.",
            "Given in the panel under Settings > Access when you switch API access on.",
        ),
        fields::required(
            "hash",
            FieldForm::Secret,
            "API hash değeri",
            "API hash",
            "Aynı sayfada, anahtarın yanında.",
            "On the same page, beside the key.",
        ),
        fields::base_url("https://api.iletimerkezi.com"),
        fields::recipients_max(RECIPIENTS_MAX, "1000"),
        fields::requests_per_second("5"),
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
    pub(crate) key: String,
    pub(crate) hash: SecretString,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let key = form.text("key");
        let hash = form.secret("hash");
        let account = AccountSettings::read(&mut form);
        let config = (|| {
            Some(Self {
                account: account?,
                key: key?,
                hash: hash?,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            receipts: Receiving {
                by_push: true,
                by_pull: Some(PULLING),
            },
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}
