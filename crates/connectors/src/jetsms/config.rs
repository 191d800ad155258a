//! What a JetSMS account needs to know.

use std::time::Duration;

use domain::Channel;
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::{Capabilities, Pulling, Receiving, Resolve};
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

/// JetSMS publishes no limit; this is the documented safe size.
const RECIPIENTS_MAX: u32 = 1_000;
const VALIDITY_MINUTES_MAX: u32 = 48 * 60;
/// Ids are asked for in hundreds, once a second.
const PULLING: Pulling = Pulling {
    requests_max: 10,
    recipients_max: 1_000,
    every: Duration::from_mins(1),
    window: Duration::from_hours(72),
};

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "jetsms",
    title_tr: "JetSMS (SMS)",
    title_en: "JetSMS (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "username",
            FieldForm::Text,
            "Kullanıcı adı",
            "User name",
            "JetSMS'in REST arayüzü için verdiği kullanıcı adı.",
            "The user name that JetSMS gave you for its REST interface.",
        ),
        fields::required(
            "password",
            FieldForm::Secret,
            "Parola",
            "Password",
            "Aynı kullanıcının parolası.",
            "The password of the same user.",
        ),
        fields::optional(
            "iys_code",
            FieldForm::Number {
                min: 1,
                max: 2_000_000_000,
            },
            "İYS kodu",
            "İYS code",
            "Firmanızın İYS numarası; ticari gönderimde JetSMS'in izin denetimi için gerekir. İYS panelinde Firma bilgileri altında yazar.",
            "Your firm's İYS number, which JetSMS needs to check consent of commercial messages. Shown in the İYS panel under firm details.",
        ),
        Field {
            default: Some("VF"),
            ..fields::optional(
                "channel",
                FieldForm::Text,
                "Kanal",
                "Channel",
                "JetSMS'in sözleşmenizde yazdığı kanal adı; toplu gönderim için çoğunlukla VF.",
                "The channel name in your contract with JetSMS; mostly VF for bulk messages.",
            )
        },
        fields::base_url("https://smsapi.jetsms.com.tr"),
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
    pub(crate) iys_code: Option<u32>,
    pub(crate) channel: String,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let username = form.text("username");
        let password = form.secret("password");
        let iys_code = form.optional_number("iys_code");
        let channel = form.text("channel");
        let account = AccountSettings::read(&mut form);
        let config = (|| {
            Some(Self {
                account: account?,
                username: username?,
                password: password?,
                iys_code,
                channel: channel?,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            resolve: Resolve::LookupByKey {
                quiet_period: Duration::from_mins(2).max(2 * self.account.timeout),
                window: Duration::from_hours(72),
                // "Must be unique", but what happens to a repeated one is not documented.
                dedupes_message_id: false,
            },
            receipts: Receiving {
                by_push: false,
                by_pull: Some(PULLING),
            },
            // The credit is told by another surface (SOAP) only.
            has_balance: false,
            validity_minutes_max: VALIDITY_MINUTES_MAX,
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}
