//! What a Twilio account needs to know.

use std::time::Duration;

use domain::Channel;
use domain::segments::Profile;
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::{Capabilities, Inbounding, Pulling, Receiving, Resolve};
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

/// `ValidityPeriod` takes at most 36,000 seconds.
const VALIDITY_MINUTES_MAX: u32 = 600;
const PULLING: Pulling = Pulling {
    requests_max: 50,
    recipients_max: 50,
    every: Duration::from_mins(1),
    window: Duration::from_hours(72),
};
/// Longer than a message that was taken may need to show up in the list.
const QUIET_PERIOD: Duration = Duration::from_mins(2);
/// How long afterwards a person's messages are few enough to be told apart.
const LISTED: Duration = Duration::from_hours(24);

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "twilio",
    title_tr: "Twilio (SMS, yurt dışı)",
    title_en: "Twilio (SMS, abroad)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "account_sid",
            FieldForm::Text,
            "Account SID",
            "Account SID",
            "Twilio Console'un giriş sayfasında, Account Info altında; AC ile başlar.",
            "On the front page of the Twilio Console under Account Info; it begins with AC.",
        ),
        fields::required(
            "auth_token",
            FieldForm::Secret,
            "Auth Token",
            "Auth token",
            "Aynı yerde. İletim bildirimlerinin imzası da bununla doğrulanır.",
            "In the same place. The signature of delivery callbacks is checked with it, too.",
        ),
        fields::optional(
            "messaging_service_sid",
            FieldForm::Text,
            "Messaging Service SID",
            "Messaging service SID",
            "Gönderimleri bir Messaging Service üzerinden yapıyorsanız MG ile başlayan değer; yoksa boş bırakın.",
            "The value beginning with MG if you send through a messaging service; otherwise leave it empty.",
        ),
        fields::base_url("https://api.twilio.com"),
        fields::requests_per_second("20"),
        fields::TIMEOUT,
        fields::LETTERING,
        Field {
            default: Some("US"),
            ..fields::ROUTE_COUNTRY
        },
    ],
};

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) account: AccountSettings,
    pub(crate) account_sid: String,
    pub(crate) auth_token: SecretString,
    pub(crate) messaging_service_sid: Option<String>,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let account_sid = form.text("account_sid");
        if account_sid.as_deref().is_some_and(|sid| !is_sid(sid, "AC")) {
            form.problem(
                "account_sid",
                "AC ile başlayan, harf ve rakamlardan oluşan bir değer olmalı.",
                "It must be a value of letters and digits that begins with AC.",
            );
        }
        let auth_token = form.secret("auth_token");
        let messaging_service_sid = form.text("messaging_service_sid");
        if messaging_service_sid
            .as_deref()
            .is_some_and(|sid| !is_sid(sid, "MG"))
        {
            form.problem(
                "messaging_service_sid",
                "MG ile başlayan, harf ve rakamlardan oluşan bir değer olmalı.",
                "It must be a value of letters and digits that begins with MG.",
            );
        }
        let account = AccountSettings::read(&mut form);
        let config = (|| {
            Some(Self {
                account: account?,
                account_sid: account_sid?,
                auth_token: auth_token?,
                messaging_service_sid,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            request_bytes_max: 64 * 1024,
            is_personalised: false,
            resolve: Resolve::LookupByKey {
                quiet_period: QUIET_PERIOD.max(2 * self.account.timeout),
                window: LISTED,
                dedupes_message_id: false,
            },
            // No national tables: a single ş makes the whole text UCS-2.
            segments: Profile::Plain,
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
            // Twilio forbids promotional messages to Turkey.
            commercial_to_turkey: false,
            validity_minutes_max: VALIDITY_MINUTES_MAX,
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}
