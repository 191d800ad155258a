//! What an Infobip account needs to know.

use std::time::Duration;

use domain::Channel;
use domain::lettering::Lettering;
use domain::segments::{Profile, Reference};
use secrecy::SecretString;
use serde_json::Value;

use crate::capabilities::{Alphabet, Capabilities, Inbounding, Pulling, Receiving, Resolve};
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::form::FormReader;

/// Infobip publishes no limit; this is the documented safe size.
const RECIPIENTS_MAX: u32 = 1_000;
const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Longer validities are cut to 48 hours.
const VALIDITY_MINUTES_MAX: u32 = 48 * 60;
/// Logs are kept this long.
const LOGS: Duration = Duration::from_hours(48);
/// 120 log queries a minute are allowed; one pull takes a few pages, and look-ups
/// need theirs. Its keys stand in one parameter of at most 2,048 characters.
const PULLING: Pulling = Pulling {
    requests_max: 20,
    recipients_max: 20_000,
    every: Duration::from_mins(1),
    window: LOGS,
};
/// Longer than a request that is still being taken in may need to show up in the logs.
const QUIET_PERIOD: Duration = Duration::from_mins(2);

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "infobip",
    title_tr: "Infobip (SMS)",
    title_en: "Infobip (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        Field {
            name: "base_url",
            label_tr: "API adresi",
            label_en: "API address",
            help_tr: "Infobip portalında API Keys sayfasının üstünde yazar; hesabınıza özeldir (https://….api.infobip.com).",
            help_en: "Shown at the top of the API Keys page of the Infobip portal; it is your account's own (https://….api.infobip.com).",
            form: FieldForm::Url,
            is_required: true,
            default: None,
        },
        Field {
            name: "api_key",
            label_tr: "API anahtarı",
            label_en: "API key",
            help_tr: "Infobip portalında Developer Tools > API Keys altında oluşturun; sms:message:send ve sms:logs:read yetkilerini verin.",
            help_en: "Create one in the Infobip portal under Developer Tools > API Keys with the scopes sms:message:send and sms:logs:read.",
            form: FieldForm::Secret,
            is_required: true,
            default: None,
        },
        Field {
            name: "receipts_username",
            label_tr: "İletim raporu kullanıcı adı",
            label_en: "Receipts user name",
            help_tr: "Portaldaki Subscriptions ayarında Basic kimlik doğrulama seçtiyseniz oradaki kullanıcı adı; seçmediyseniz boş bırakın.",
            help_en: "The user name given under Subscriptions in the portal if you chose Basic authentication there; otherwise leave it empty.",
            form: FieldForm::Text,
            is_required: false,
            default: None,
        },
        Field {
            name: "receipts_password",
            label_tr: "İletim raporu parolası",
            label_en: "Receipts password",
            help_tr: "Aynı ayardaki parola.",
            help_en: "The password of the same setting.",
            form: FieldForm::Secret,
            is_required: false,
            default: None,
        },
        Field {
            name: "recipients_max",
            label_tr: "Bir istekteki en çok alıcı",
            label_en: "Most recipients in a request",
            help_tr: "Infobip size başka bir sayı bildirmediyse değiştirmeyin.",
            help_en: "Leave it as it is unless Infobip told you another number.",
            form: FieldForm::Number {
                min: 1,
                max: RECIPIENTS_MAX,
            },
            is_required: false,
            default: Some("1000"),
        },
        Field {
            name: "requests_per_second",
            label_tr: "Saniyede istek",
            label_en: "Requests per second",
            help_tr: "En yüksek hız; Infobip yavaşlatmak isterse kendiliğinden düşer, sonra yavaşça yükselir. 0: sınır yok.",
            help_en: "The highest speed; it falls by itself when Infobip asks for it and rises again slowly. 0: no limit.",
            form: FieldForm::Number { min: 0, max: 1_000 },
            is_required: false,
            default: Some("20"),
        },
        Field {
            name: "timeout_seconds",
            label_tr: "Yanıt bekleme süresi (saniye)",
            label_en: "Wait for an answer (seconds)",
            help_tr: "Bu sürede yanıt gelmezse isteğin akıbeti Infobip'e sorulur.",
            help_en: "When no answer comes in this time, Infobip is asked what became of the request.",
            form: FieldForm::Number { min: 1, max: 120 },
            is_required: false,
            default: Some("30"),
        },
        crate::fields::OPERATOR_SUFFIX,
        crate::fields::LETTERING,
        Field {
            name: "route_country",
            label_tr: "Gönderim ülkesi",
            label_en: "Country of the route",
            help_tr: "Mesajlarınızın çıktığı ülke; sözleşmenizde yazar. TR değilse içinde bağlantı olan mesajlar gönderilmez (BTK kuralı).",
            help_en: "The country your messages leave from, as in your contract. If it is not TR, messages with a link are not sent (BTK rule).",
            form: FieldForm::Country,
            is_required: false,
            default: Some("TR"),
        },
    ],
};

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) base_url: String,
    pub(crate) api_key: SecretString,
    /// User name and password that pushes must carry.
    pub(crate) receipts_login: Option<(String, SecretString)>,
    pub(crate) recipients_max: u32,
    pub(crate) requests_per_second: u32,
    pub(crate) timeout: Duration,
    pub(crate) operator_suffix_units: u32,
    lettering: Lettering,
    pub(crate) route_country: String,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let base_url = form.url("base_url");
        let api_key = form.secret("api_key");
        let username = form.text("receipts_username");
        let password = form.secret("receipts_password");
        if username.is_some() != password.is_some() {
            let missing = if username.is_some() {
                "receipts_password"
            } else {
                "receipts_username"
            };
            form.problem(
                missing,
                "Kullanıcı adı ile parola birlikte verilmeli.",
                "User name and password belong together.",
            );
        }
        let recipients_max = form.number("recipients_max");
        let requests_per_second = form.number("requests_per_second");
        let timeout_seconds = form.number("timeout_seconds");
        let operator_suffix_units = form.number("operator_suffix_units");
        let lettering = crate::fields::lettering(&mut form);
        let route_country = form.country("route_country");
        let config = (|| {
            Some(Self {
                base_url: base_url?,
                api_key: api_key?,
                receipts_login: username.zip(password),
                recipients_max: recipients_max?,
                requests_per_second: requests_per_second?,
                timeout: Duration::from_secs(u64::from(timeout_seconds?)),
                operator_suffix_units: operator_suffix_units?,
                lettering: lettering?,
                route_country: route_country?,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            channels: KIND.channels,
            batch_recipients_max: usize::try_from(self.recipients_max).unwrap_or(usize::MAX),
            request_bytes_max: REQUEST_BYTES_MAX,
            is_personalised: true,
            resolve: Resolve::LookupByKey {
                quiet_period: QUIET_PERIOD.max(2 * self.timeout),
                window: LOGS,
                dedupes_message_id: true,
            },
            segments: Profile::TrBill,
            alphabet: Alphabet::OfText,
            suffix_units: self.operator_suffix_units,
            reference: Reference::Eight,
            lettering: self.lettering,
            has_iys_flags: true,
            receipts: Receiving {
                by_push: true,
                by_pull: Some(PULLING),
            },
            inbound: Inbounding {
                by_push: true,
                by_pull: true,
            },
            has_senders: false,
            commercial_to_turkey: true,
            has_mms: false,
            has_tckn: false,
            in_fail_over: true,
            has_balance: true,
            validity_minutes_max: VALIDITY_MINUTES_MAX,
            requests_per_second: self.requests_per_second,
            route_country: self.route_country.clone(),
            timeout: self.timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(config: &Value) -> Vec<String> {
        match Config::read(config) {
            Ok(_) => Vec::new(),
            Err(ConfigError::Invalid { problems }) => {
                problems.into_iter().map(|problem| problem.field).collect()
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_address_and_the_key_are_enough() {
        let config =
            Config::read(&json!({"base_url": "https://abc.api.infobip.com/", "api_key": "k"}))
                .unwrap();
        assert_eq!(config.base_url, "https://abc.api.infobip.com");
        assert_eq!(
            (config.recipients_max, config.requests_per_second),
            (1_000, 20)
        );
        assert_eq!(
            (config.timeout, config.route_country.as_str()),
            (Duration::from_secs(30), "TR")
        );
        assert!(config.receipts_login.is_none());
        assert!(
            !format!("{config:?}").contains("\"k\""),
            "the key is in no log"
        );
    }

    #[test]
    fn every_wrong_field_is_named() {
        let good = json!({"base_url": "https://abc.api.infobip.com", "api_key": "k"});
        let cases = [
            (
                json!({"base_url": "http://abc.api.infobip.com"}),
                "base_url",
            ),
            (json!({"base_url": "abc.api.infobip.com"}), "base_url"),
            (
                json!({"base_url": "https://u:p@abc.api.infobip.com"}),
                "base_url",
            ),
            (json!({"api_key": "a b"}), "api_key"),
            (json!({"api_key": true}), "api_key"),
            (json!({"receipts_username": "u"}), "receipts_password"),
            (json!({"receipts_password": "p"}), "receipts_username"),
            (json!({"recipients_max": 1_001}), "recipients_max"),
            (json!({"recipients_max": "çok"}), "recipients_max"),
            (json!({"timeout_seconds": 0}), "timeout_seconds"),
            (json!({"route_country": "Türkiye"}), "route_country"),
            (json!({"apikey": "k"}), "apikey"),
        ];
        for (change, field) in cases {
            let mut config = good.clone();
            config
                .as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            assert_eq!(problems(&config), [field], "{change}");
        }
        assert_eq!(problems(&json!({})), ["base_url", "api_key"]);
    }

    #[test]
    fn a_simulator_on_this_machine_needs_no_certificate() {
        for address in [
            "http://127.0.0.1:4010",
            "http://localhost:4010/",
            "http://[::1]:4010",
        ] {
            assert_eq!(
                problems(&json!({"base_url": address, "api_key": "k"})),
                [""; 0],
                "{address}"
            );
        }
    }
}
