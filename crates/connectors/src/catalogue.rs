//! The providers there are, what each needs to know, and how an account is
//! built from what a user filled in. Forms are made from this.

use std::sync::{Arc, LazyLock};

use domain::Channel;
use serde::Serialize;
use serde_json::Value;

use crate::connector::Connector;
use crate::{
    brevo, generic, iletimerkezi, infobip, jetsms, netgsm, smpp, smtp, turkcell, twilio, verimor,
    whatsapp,
};

/// One provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindInfo {
    /// Its name in configuration, such as `infobip`.
    pub kind: &'static str,
    /// Its title in Turkish.
    pub title_tr: &'static str,
    /// Its title in English.
    pub title_en: &'static str,
    /// Channels it serves.
    pub channels: &'static [Channel],
    /// What the user fills in, in the order of the form.
    pub fields: &'static [Field],
}

/// One field of a provider's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Label in Turkish.
    pub label_tr: &'static str,
    /// Label in English.
    pub label_en: &'static str,
    /// Where to find the value, in Turkish (*nereden bulurum*).
    pub help_tr: &'static str,
    /// Where to find the value, in English.
    pub help_en: &'static str,
    /// What may be filled in.
    pub form: FieldForm,
    /// Whether it must be filled in.
    pub is_required: bool,
    /// What counts when it is left empty.
    pub default: Option<&'static str>,
}

/// What may be filled into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "form")]
pub enum FieldForm {
    /// One line of text.
    Text,
    /// One line that is never shown again.
    Secret,
    /// An address beginning with `https://`.
    Url,
    /// A whole number.
    Number {
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// An ISO country code of two letters.
    Country,
}

/// Why an account could not be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No provider has this name.
    #[error("there is no connector of kind `{kind}`")]
    UnknownKind {
        /// What was asked for.
        kind: String,
    },
    /// One or more fields are wrong.
    #[error("{} of the connector's fields must be corrected", .problems.len())]
    Invalid {
        /// Every wrong field, in the order of the form.
        problems: Vec<FieldProblem>,
    },
}

/// A wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Its name.
    pub field: String,
    /// What is wrong, in Turkish.
    pub text_tr: String,
    /// What is wrong, in English.
    pub text_en: String,
}

/// Every provider, by title.
pub fn catalogue() -> &'static [KindInfo] {
    static KINDS: LazyLock<Vec<KindInfo>> = LazyLock::new(|| {
        let mut kinds = vec![
            brevo::KIND,
            iletimerkezi::KIND,
            infobip::KIND,
            jetsms::KIND,
            netgsm::KIND,
            smpp::KIND,
            smtp::KIND,
            turkcell::KIND,
            twilio::KIND,
            verimor::KIND,
            whatsapp::KIND,
        ];
        kinds.extend(generic::kinds());
        kinds.sort_by_key(|kind| kind.kind);
        kinds
    });
    &KINDS
}

/// Builds an account from its stored configuration, over the shared HTTP
/// client (see [`crate::http_client`]).
///
/// # Errors
/// [`ConfigError`] names every field that must be corrected.
pub fn build(
    kind: &str,
    config: &Value,
    http: reqwest::Client,
) -> Result<Arc<dyn Connector>, ConfigError> {
    match kind {
        "brevo" => Ok(Arc::new(brevo::Brevo::new(config, http)?)),
        "iletimerkezi" => Ok(Arc::new(iletimerkezi::Iletimerkezi::new(config, http)?)),
        "infobip" => Ok(Arc::new(infobip::Infobip::new(
            infobip::Config::read(config)?,
            http,
        ))),
        "jetsms" => Ok(Arc::new(jetsms::Jetsms::new(config, http)?)),
        "netgsm" => Ok(Arc::new(netgsm::Netgsm::new(config, http)?)),
        "smpp" => Ok(Arc::new(smpp::Smpp::new(config)?)),
        "smtp" => Ok(Arc::new(smtp::Smtp::new(config)?)),
        "turkcell" => Ok(Arc::new(turkcell::Turkcell::new(config, http)?)),
        "twilio" => Ok(Arc::new(twilio::Twilio::new(config, http)?)),
        "verimor" => Ok(Arc::new(verimor::Verimor::new(config, http)?)),
        "whatsapp" => Ok(Arc::new(whatsapp::Whatsapp::new(config, http)?)),
        kind if generic::kinds().any(|described| described.kind == kind) => {
            Ok(Arc::new(generic::Generic::new(kind, config, http)?))
        }
        _ => Err(ConfigError::UnknownKind {
            kind: kind.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::transport::{HttpSettings, http_client};

    #[test]
    fn every_kind_has_a_form_that_explains_itself_in_both_languages() {
        for kind in catalogue() {
            let names: HashSet<_> = kind.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), kind.fields.len(), "{}", kind.kind);
            assert!(!kind.channels.is_empty());
            for field in kind.fields {
                for text in [field.label_tr, field.label_en, field.help_tr, field.help_en] {
                    assert!(!text.is_empty(), "{}.{}", kind.kind, field.name);
                }
                assert!(
                    !(field.is_required && field.default.is_some()),
                    "{}.{}",
                    kind.kind,
                    field.name
                );
            }
        }
    }

    #[test]
    fn every_kind_of_the_catalogue_can_be_built_and_no_other() {
        let http = http_client(&HttpSettings::default()).unwrap();
        for kind in catalogue() {
            // An empty form is refused for its fields, not for its kind.
            let error = build(kind.kind, &Value::Null, http.clone()).unwrap_err();
            let ConfigError::Invalid { problems } = error else {
                panic!("{}: {error}", kind.kind)
            };
            let required = kind
                .fields
                .iter()
                .filter(|field| field.is_required)
                .map(|field| field.name);
            assert!(
                problems
                    .iter()
                    .map(|problem| problem.field.as_str())
                    .eq(required)
            );
        }
        assert!(matches!(
            build("fax", &Value::Null, http),
            Err(ConfigError::UnknownKind { .. })
        ));
    }
}
