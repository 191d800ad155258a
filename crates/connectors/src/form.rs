//! Reads a provider's configuration by its form and names every wrong field.

use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::catalogue::{ConfigError, Field, FieldForm, FieldProblem};

/// A configuration under reading: take the fields, then [`FormReader::finish`].
#[derive(Debug)]
pub(crate) struct FormReader<'a> {
    fields: &'static [Field],
    values: Option<&'a Map<String, Value>>,
    problems: Vec<FieldProblem>,
}

impl<'a> FormReader<'a> {
    /// A missing configuration is an empty one; unknown keys are problems.
    pub(crate) fn new(fields: &'static [Field], config: &'a Value) -> Self {
        let mut reader = Self {
            fields,
            values: config.as_object(),
            problems: Vec::new(),
        };
        for name in reader.values.into_iter().flat_map(Map::keys) {
            if fields.iter().all(|field| field.name != name) {
                reader.problem(name, "Böyle bir alan yok.", "There is no such field.");
            }
        }
        reader
    }

    /// Whether the form has a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// The text of a field or its default; `None` when it is empty.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        let text = match self.values.and_then(|values| values.get(name)) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                self.problem(
                    name,
                    "Metin ya da sayı olmalı.",
                    "It must be a text or a number.",
                );
                return None;
            }
        };
        if !text.is_empty() {
            return Some(text);
        }
        if field.is_required {
            self.problem(
                name,
                "Bu alan doldurulmalı.",
                "This field must be filled in.",
            );
        }
        field.default.map(str::to_owned)
    }

    /// A text that is never shown.
    pub(crate) fn secret(&mut self, name: &str) -> Option<SecretString> {
        let text = self.text(name)?;
        if text.chars().any(|c| !c.is_ascii_graphic()) {
            self.problem(
                name,
                "Boşluk ya da ASCII dışı karakter içeremez; yeniden kopyalayın.",
                "It may hold no spaces and only ASCII characters; copy it again.",
            );
        }
        Some(text.into())
    }

    /// A base address without its last slash. Plain HTTP is allowed to this
    /// machine only, for simulators.
    pub(crate) fn url(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let url = Url::parse(&text)
            .ok()
            .filter(|url| url.host_str().is_some());
        let Some(url) = url else {
            self.problem(
                name,
                "https:// ile başlayan bir adres olmalı.",
                "It must be an address that begins with https://.",
            );
            return None;
        };
        let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_local) {
            self.problem(
                name,
                "Adres https:// ile başlamalı.",
                "The address must begin with https://.",
            );
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            self.problem(
                name,
                "Yalnız sunucu adresini yazın; kullanıcı adı, soru işareti ya da # içeremez.",
                "Give the server's address only; it may hold no user name, question mark or #.",
            );
        }
        Some(url.as_str().trim_end_matches('/').to_owned())
    }

    /// A whole number within the field's bounds.
    pub(crate) fn number(&mut self, name: &str) -> Option<u32> {
        let (min, max) = self
            .fields
            .iter()
            .find(|field| field.name == name)
            .and_then(|field| match field.form {
                FieldForm::Number { min, max } => Some((min, max)),
                _ => None,
            })?;
        let text = self.text(name)?;
        let number = text
            .parse()
            .ok()
            .filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.problem(
                name,
                &format!("{min} ile {max} arasında bir tam sayı olmalı."),
                &format!("It must be a whole number from {min} to {max}."),
            );
        }
        number
    }

    /// A whole number, or nothing when the field is empty.
    pub(crate) fn optional_number(&mut self, name: &str) -> Option<u32> {
        let is_empty = match self.values.and_then(|values| values.get(name)) {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        if is_empty { None } else { self.number(name) }
    }

    /// An ISO country code in capitals.
    pub(crate) fn country(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?.to_ascii_uppercase();
        if text.len() != 2 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.problem(
                name,
                "TR gibi iki harfli bir ülke kodu olmalı.",
                "It must be a country code of two letters, such as TR.",
            );
        }
        Some(text)
    }

    /// Notes what is wrong with a field.
    pub(crate) fn problem(&mut self, name: &str, text_tr: &str, text_en: &str) {
        self.problems.push(FieldProblem {
            field: name.to_owned(),
            text_tr: text_tr.to_owned(),
            text_en: text_en.to_owned(),
        });
    }

    /// The configuration, if nothing was wrong with it.
    pub(crate) fn finish<T>(self, config: Option<T>) -> Result<T, ConfigError> {
        match config {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(ConfigError::Invalid {
                problems: self.problems,
            }),
        }
    }
}
