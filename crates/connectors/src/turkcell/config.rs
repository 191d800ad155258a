//! What a Mesajüssü account needs to know.

use domain::Channel;
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::Capabilities;
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

/// Turkcell publishes no limit; this is the safe size.
const RECIPIENTS_MAX: u32 = 1_000;

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "turkcell",
    title_tr: "Turkcell Mesajüssü (SMS)",
    title_en: "Turkcell Mesajüssü (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "username",
            FieldForm::Text,
            "Kullanıcı adı",
            "User name",
            "Mesajüssü'nde API yetkisi verilmiş kullanıcı; bu sunucunun IP adresini de izinli listeye ekletin.",
            "The Mesajüssü user with API permission; have this server's address added to the list of allowed ones.",
        ),
        fields::required(
            "password",
            FieldForm::Secret,
            "Parola",
            "Password",
            "Aynı kullanıcının parolası; süresi dolduğunda burada da değiştirin.",
            "The password of the same user; change it here too when it runs out.",
        ),
        Field {
            default: Some("0"),
            ..fields::optional(
                "opt_out_units",
                FieldForm::Number { min: 0, max: 100 },
                "Eklenen ret cümlesinin uzunluğu",
                "Length of the opt-out sentence that is added",
                "Turkcell ticari mesajların sonuna kendi ret cümlesini ekler; uzunluğunu yayımlamaz. Kendinize bir deneme mesajı gönderip sayın; uzunluk ve maliyet hesabı bununla yapılır.",
                "Turkcell adds an opt-out sentence of its own to commercial messages and does not publish its length. Send one to yourself and count; lengths and costs are worked out with it.",
            )
        },
        fields::base_url("https://mesajussu.turkcell.com.tr"),
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
    opt_out_units: u32,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let username = form.text("username");
        let password = form.secret("password");
        let opt_out_units = form.number("opt_out_units");
        let account = AccountSettings::read(&mut form);
        let config = (|| {
            Some(Self {
                account: account?,
                username: username?,
                password: password?,
                opt_out_units: opt_out_units?,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            suffix_units: self.account.operator_suffix_units + self.opt_out_units,
            has_senders: false,
            has_balance: false,
            // Its sender is its own: what another account could not send never goes over it.
            in_fail_over: false,
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}
