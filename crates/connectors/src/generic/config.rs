//! The forms of described providers, and an account filled in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::Channel;
use domain::segments::Profile;
use secrecy::SecretString;
use serde_json::Value;

use super::description::{Description, Length};
use super::template::CREDENTIALS;
use crate::capabilities::{Alphabet, Capabilities, Pulling, Receiving};
use crate::catalogue::{ConfigError, Field, FieldForm, KindInfo};
use crate::fields::{self, AccountSettings};
use crate::form::FormReader;

/// Our files: the kind and its description.
const SHIPPED: [(&str, &str); 3] = [
    (
        "figensoft",
        include_str!("../../data/providers/figensoft.toml"),
    ),
    (
        "mobildev",
        include_str!("../../data/providers/mobildev.toml"),
    ),
    ("turatel", include_str!("../../data/providers/turatel.toml")),
];

/// Most people in one request, whatever a description allows.
const RECIPIENTS_MAX: u32 = 50_000;
const REQUESTS_PER_SECOND: &str = "5";
/// Requests whose receipts are asked for in one round.
const PULL_REQUESTS_MAX: usize = 20;

static SHIPPED_KINDS: LazyLock<Vec<(KindInfo, Description)>> = LazyLock::new(|| {
    SHIPPED
        .iter()
        .map(|(kind, file)| {
            let described =
                Description::read(file).expect("a test reads every description we ship");
            (kind_of(kind, &described), described)
        })
        .collect()
});

/// The kind whose user brings the description.
const HTTP: KindInfo = KindInfo {
    kind: "http",
    title_tr: "Genel HTTP (SMS)",
    title_en: "Generic HTTP (SMS)",
    channels: &[Channel::Mesaj],
    fields: &[
        fields::required(
            "description",
            FieldForm::Lines,
            "Tanım dosyası",
            "Description",
            "Sağlayıcının arayüzünü anlatan TOML metni; dili ve örneği belgelerde, Bağlayıcılar sayfasındadır.",
            "The TOML text that describes the provider's interface; language and example are in the documents, on the page about connectors.",
        ),
        fields::optional(
            "username",
            FieldForm::Text,
            "Kullanıcı adı",
            "User name",
            "Tanımda {{username}} geçiyorsa doldurun.",
            "Fill it in when the description names {{username}}.",
        ),
        fields::optional(
            "password",
            FieldForm::Secret,
            "Parola",
            "Password",
            "Tanımda {{password}} geçiyorsa doldurun.",
            "Fill it in when the description names {{password}}.",
        ),
        fields::optional(
            "account",
            FieldForm::Text,
            "Hesap numarası",
            "Account number",
            "Tanımda {{account}} geçiyorsa doldurun.",
            "Fill it in when the description names {{account}}.",
        ),
        fields::optional(
            "code",
            FieldForm::Text,
            "Kod",
            "Code",
            "Tanımda {{code}} geçiyorsa doldurun.",
            "Fill it in when the description names {{code}}.",
        ),
        fields::required(
            "base_url",
            FieldForm::Url,
            "API adresi",
            "API address",
            "Sağlayıcının arayüz belgesinde yazar.",
            "Shown in the provider's interface document.",
        ),
        fields::optional(
            "recipients_max",
            FieldForm::Number {
                min: 1,
                max: RECIPIENTS_MAX,
            },
            "Bir istekteki en çok alıcı",
            "Most recipients in a request",
            "Boş bırakılırsa tanımdaki sayı geçerlidir.",
            "Left empty, the number of the description counts.",
        ),
        fields::requests_per_second(REQUESTS_PER_SECOND),
        fields::TIMEOUT,
        fields::OPERATOR_SUFFIX,
        fields::LETTERING,
        fields::ROUTE_COUNTRY,
    ],
};

/// Every described kind.
pub(crate) fn kinds() -> impl Iterator<Item = KindInfo> {
    SHIPPED_KINDS
        .iter()
        .map(|(kind, _)| *kind)
        .chain(std::iter::once(HTTP))
}

/// The form of a file of ours. Its texts live as long as the program does.
fn kind_of(kind: &'static str, described: &Description) -> KindInfo {
    let kept = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let most = described.recipients_max.min(RECIPIENTS_MAX);
    let mut form: Vec<Field> = CREDENTIALS
        .into_iter()
        .filter_map(|name| {
            let told = described.fields.get(name)?;
            let form = if name == "password" {
                FieldForm::Secret
            } else {
                FieldForm::Text
            };
            Some(fields::required(
                name,
                form,
                kept(&told.label_tr),
                kept(&told.label_en),
                kept(&told.help_tr),
                kept(&told.help_en),
            ))
        })
        .collect();
    form.push(fields::base_url(kept(&described.base_url)));
    if most > 1 {
        form.push(fields::recipients_max(
            most,
            kept(&most.min(1_000).to_string()),
        ));
    }
    form.extend([
        fields::requests_per_second(REQUESTS_PER_SECOND),
        fields::TIMEOUT,
        fields::OPERATOR_SUFFIX,
        fields::LETTERING,
        fields::ROUTE_COUNTRY,
    ]);
    KindInfo {
        kind,
        title_tr: kept(&described.title_tr),
        title_en: kept(&described.title_en),
        channels: &[Channel::Mesaj],
        fields: Box::leak(form.into_boxed_slice()),
    }
}

/// The values of the credentials, by their name in the language.
#[derive(Debug, Clone, Default)]
pub(super) struct Credentials(BTreeMap<&'static str, SecretString>);

impl Credentials {
    pub(super) fn get(&self, name: &str) -> Option<&SecretString> {
        self.0.get(name)
    }

    #[cfg(test)]
    pub(super) fn of(pairs: &[(&'static str, &str)]) -> Self {
        Self(
            pairs
                .iter()
                .map(|(name, text)| (*name, SecretString::from(*text)))
                .collect(),
        )
    }
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) account: AccountSettings,
    pub(super) credentials: Credentials,
    pub(super) description: Description,
}

impl Config {
    pub(super) fn read(kind: &str, config: &Value) -> Result<Self, ConfigError> {
        let shipped = SHIPPED_KINDS.iter().find(|(info, _)| info.kind == kind);
        let fields = shipped.map_or(HTTP.fields, |(info, _)| info.fields);
        let mut form = FormReader::new(fields, config);
        let description = match shipped {
            Some((_, described)) => Some(described.clone()),
            None => described(&mut form),
        };
        let needed = description
            .as_ref()
            .map(Description::credentials)
            .unwrap_or_default();
        let mut credentials = Credentials::default();
        // Those of our own forms are asked for whatever happens.
        let asked: Vec<&'static str> = CREDENTIALS
            .into_iter()
            .filter(|name| (shipped.is_some() && form.has(name)) || needed.contains(name))
            .collect();
        for name in asked {
            let value = if name == "password" {
                form.secret(name)
            } else {
                form.text(name).map(SecretString::from)
            };
            match value {
                Some(value) => {
                    credentials.0.insert(name, value);
                }
                None if shipped.is_none() => form.problem(
                    name,
                    "Tanım bu alanı kullanıyor; doldurulmalı.",
                    "The description uses this field; it must be filled in.",
                ),
                None => {}
            }
        }
        let most = description.as_ref().map_or(1, |one| one.recipients_max);
        let chosen = shipped
            .is_none()
            .then(|| form.optional_number("recipients_max"));
        let account =
            AccountSettings::read_with(&mut form, chosen.map(|n| n.unwrap_or(most).min(most)));
        let config = (|| {
            Some(Self {
                account: account?,
                credentials,
                description: description?,
            })
        })();
        form.finish(config)
    }

    pub(super) fn capabilities(&self) -> Capabilities {
        let described = &self.description;
        Capabilities {
            is_personalised: true,
            segments: match described.length {
                Length::Turkish => Profile::TrBill,
                Length::Unicode => Profile::Plain,
            },
            alphabet: if described.alphabet.is_some() {
                Alphabet::OfRequest
            } else {
                Alphabet::OfText
            },
            has_iys_flags: described.ground.is_some(),
            receipts: Receiving {
                by_push: described.push.is_some(),
                by_pull: described.pull.as_ref().map(|pull| Pulling {
                    requests_max: PULL_REQUESTS_MAX,
                    recipients_max: 50_000,
                    every: pull.every(),
                    window: std::time::Duration::from_hours(72),
                }),
            },
            has_senders: false,
            has_balance: described.balance.is_some(),
            ..Capabilities::turkish_sms(&self.account)
        }
    }
}

fn described(form: &mut FormReader<'_>) -> Option<Description> {
    let text = form.text("description")?;
    match Description::read(&text) {
        Ok(description) => Some(description),
        Err(why) => {
            form.problem(
                "description",
                &format!("Tanım okunamadı: {why}"),
                &format!("The description could not be read: {why}"),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_we_ship_is_sound_and_asks_for_what_it_uses() {
        for (kind, file) in SHIPPED {
            let described = Description::read(file).unwrap_or_else(|why| panic!("{kind}: {why}"));
            let asked: Vec<&str> = described.fields.keys().map(String::as_str).collect();
            let mut used = described.credentials();
            used.sort_unstable();
            assert_eq!(asked, used, "{kind}");
            assert!(!described.base_url.is_empty() && !described.title_tr.is_empty());
        }
    }
}
