//! What a Netgsm account needs to know.

use std::time::Duration;

use domain::Channel;
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::{Alphabet, Capabilities, Inbounding, Pulling, Receiving, Resolve};
use crate::catalogue::{ConfigError, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

/// Netgsm publishes no limit; this is the documented safe size.
const RECIPIENTS_MAX: u32 = 1_000;
/// Ten queries of 100 rows a minute are allowed: one whole job.
const PULLING: Pulling = Pulling {
    requests_max: 10,
    recipients_max: 1_000,
    every: Duration::from_mins(1),
    window: Duration::from_hours(72),
};
/// Longer than a job that was taken may need to show up in the reports.
const QUIET_PERIOD: Duration = Duration::from_mins(2);
/// Reports are kept for months; nobody waits that long.
const REPORTED: Duration = Duration::from_hours(24);

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "netgsm",
    title_tr: "Netgsm (SMS)",
    title_en: "Netgsm (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "username",
            FieldForm::Text,
            "Kullanıcı adı",
            "User name",
            "Netgsm panelinde Abonelik > Kullanıcılar altında API yetkisi verdiğiniz alt kullanıcı; IP kısıtı varsa bu sunucunun adresini ekleyin.",
            "The sub-user with API permission under Subscription > Users in the Netgsm panel; if addresses are restricted, add this server's.",
        ),
        fields::required(
            "password",
            FieldForm::Secret,
            "Parola",
            "Password",
            "Aynı alt kullanıcının parolası.",
            "The password of the same sub-user.",
        ),
        fields::base_url("https://api.netgsm.com.tr"),
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
            alphabet: Alphabet::TurkishOfRequest,
            resolve: Resolve::LookupByKey {
                quiet_period: QUIET_PERIOD.max(2 * self.account.timeout),
                window: REPORTED,
                dedupes_message_id: false,
            },
            receipts: Receiving {
                by_push: false,
                by_pull: Some(PULLING),
            },
            inbound: Inbounding {
                by_push: true,
                by_pull: true,
            },
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}
