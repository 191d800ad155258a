//! What a WhatsApp account needs to know.

use std::time::Duration;

use domain::Channel;
use domain::lettering::Lettering;
use domain::segments::Profile;
use secrecy::SecretString;
use serde_json::Value;

use super::template::{self, Template};
use crate::capabilities::{Capabilities, Inbounding, Receiving};
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

pub(crate) const KIND: KindInfo = KindInfo {
    kind: "whatsapp",
    title_tr: "WhatsApp (Cloud API)",
    title_en: "WhatsApp (Cloud API)",
    channels: &[Channel::Whatsapp],
    fields: &[
        fields::required(
            "business_account_id",
            FieldForm::Text,
            "WhatsApp Business hesap kimliği",
            "WhatsApp Business account id",
            "Meta for Developers'ta uygulamanızın WhatsApp > API Setup sayfasında; rakamlardan oluşur.",
            "On the page WhatsApp > API Setup of your app at Meta for Developers; it consists of digits.",
        ),
        fields::required(
            "access_token",
            FieldForm::Secret,
            "Erişim belirteci",
            "Access token",
            "Meta Business ayarlarında bir sistem kullanıcısı için whatsapp_business_messaging ve whatsapp_business_management yetkileriyle üretin.",
            "Generate one for a system user in the Meta business settings with whatsapp_business_messaging and whatsapp_business_management.",
        ),
        fields::required(
            "app_secret",
            FieldForm::Secret,
            "Uygulama gizli anahtarı",
            "App secret",
            "Uygulamanızın App Settings > Basic sayfasında. Gelen bildirimlerin imzası bununla doğrulanır.",
            "On the page App Settings > Basic of your app. The signature of what Meta sends is checked with it.",
        ),
        fields::required(
            "verify_token",
            FieldForm::Secret,
            "Doğrulama belirteci",
            "Verify token",
            "Kendiniz belirleyin; Meta'da webhook adresini kaydederken aynısını yazın.",
            "Choose it yourself; type the same when you register the webhook's address at Meta.",
        ),
        fields::required(
            "templates",
            FieldForm::Lines,
            "Onaylı şablonlar",
            "Approved templates",
            "Her şablon `# ad dil KATEGORİ` satırıyla başlar, ardından onaylı gövdesi gelir; ret düğmesi varsa satıra sırası eklenir: `ret=0`. Kampanya metni bu gövdelerden biriyle aynı olmalı.",
            "Each begins with the line `# name language CATEGORY`, then its approved body; with a refusal button its place is added: `ret=0`. A campaign's text must be the same as one of these bodies.",
        ),
        fields::base_url("https://graph.facebook.com"),
        Field {
            default: Some("v25.0"),
            ..fields::optional(
                "api_version",
                FieldForm::Text,
                "API sürümü",
                "API version",
                "Meta bu sürümü kaldırmadıkça değiştirmeyin.",
                "Leave it as it is until Meta retires this version.",
            )
        },
        Field {
            form: FieldForm::Number { min: 0, max: 1_000 },
            ..fields::requests_per_second("40")
        },
        fields::TIMEOUT,
    ],
};

/// A checked configuration.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) account: AccountSettings,
    pub(crate) business_account_id: String,
    pub(crate) access_token: SecretString,
    pub(crate) app_secret: SecretString,
    pub(crate) verify_token: SecretString,
    pub(super) templates: Vec<Template>,
}

impl Config {
    pub(crate) fn read(config: &Value) -> Result<Self, ConfigError> {
        let mut form = FormReader::new(KIND.fields, config);
        let business_account_id = form.text("business_account_id");
        let is_id = |id: &str| id.bytes().all(|byte| byte.is_ascii_digit());
        if business_account_id.as_deref().is_some_and(|id| !is_id(id)) {
            form.problem(
                "business_account_id",
                "Yalnız rakamlardan oluşmalı.",
                "It must consist of digits only.",
            );
        }
        let access_token = form.secret("access_token");
        let app_secret = form.secret("app_secret");
        let verify_token = form.secret("verify_token");
        let templates = templates(&mut form);
        let base_url = form.url("base_url");
        let version = version(&mut form);
        let requests_per_second = form.number("requests_per_second");
        let timeout_seconds = form.number("timeout_seconds");
        let config = (|| {
            Some(Self {
                account: AccountSettings {
                    base_url: format!("{}/{}", base_url?, version?),
                    recipients_max: 1,
                    requests_per_second: requests_per_second?,
                    operator_suffix_units: 0,
                    lettering: Lettering::AsWritten,
                    timeout: Duration::from_secs(u64::from(timeout_seconds?)),
                    // The rule about links from abroad is for text messages.
                    route_country: "TR".to_owned(),
                },
                business_account_id: business_account_id?,
                access_token: access_token?,
                app_secret: app_secret?,
                verify_token: verify_token?,
                templates: templates?,
            })
        })();
        form.finish(config)
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        Capabilities {
            channels: KIND.channels,
            request_bytes_max: 64 * 1024,
            is_personalised: false,
            // Billed by the message, whatever its length.
            segments: Profile::Plain,
            suffix_units: 0,
            has_iys_flags: false,
            receipts: Receiving {
                by_push: true,
                by_pull: None,
            },
            inbound: Inbounding {
                by_push: true,
                by_pull: false,
            },
            has_balance: false,
            in_fail_over: false,
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}

fn templates(form: &mut FormReader<'_>) -> Option<Vec<Template>> {
    let text = form.text("templates")?;
    match template::read_all(&text) {
        Ok(templates) => Some(templates),
        Err(head) => {
            form.problem(
                "templates",
                &format!("Şu şablon okunamadı: `{head}`. Adı, dili, kategorisi (MARKETING, UTILITY, AUTHENTICATION) ve değişkenleri Meta'daki gibi olmalı."),
                &format!("This template could not be read: `{head}`. Name, language, category (MARKETING, UTILITY, AUTHENTICATION) and variables must be as at Meta."),
            );
            None
        }
    }
}

fn version(form: &mut FormReader<'_>) -> Option<String> {
    let version = form.text("api_version")?;
    let is_sound = version
        .strip_prefix('v')
        .and_then(|number| number.split_once('.'))
        .is_some_and(|(major, minor)| {
            [major, minor]
                .iter()
                .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        });
    if !is_sound {
        form.problem(
            "api_version",
            "v25.0 gibi bir sürüm olmalı.",
            "It must be a version such as v25.0.",
        );
    }
    Some(version)
}
