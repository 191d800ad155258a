//! Texts with `{{names}}`, filled in without letting a value break out.

use std::borrow::Cow;

use secrecy::ExposeSecret;

use super::config::Credentials;

/// Names that the account's form fills in, when the request leaves.
pub(super) const CREDENTIALS: [&str; 4] = ["username", "password", "account", "code"];

/// Around the name of a credential in a stored request. No escaped value holds
/// it, so that a text can never ask for a credential.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Escape {
    Json,
    Xml,
    Form,
}

impl Escape {
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Xml => "text/xml; charset=utf-8",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    pub(super) fn value(self, text: &str) -> String {
        match self {
            Self::Json => {
                let quoted = serde_json::Value::from(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Xml => {
                // XML has no way to write most control characters.
                let sound: String = text
                    .chars()
                    .filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
                    .collect();
                quick_xml::escape::escape(sound).into_owned()
            }
            Self::Form => crate::transport::form_body(&[("", text)])
                .trim_start_matches('=')
                .to_owned(),
        }
    }
}

/// A text cut at its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

impl Template {
    /// Reads a text whose names are all of `known`.
    pub(super) fn read(text: &str, known: &[&str]) -> Result<Self, String> {
        if text.contains([OPEN, CLOSE]) {
            return Err("it holds a control character".to_owned());
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                return Err("a `{{` has no `}}`".to_owned());
            };
            let name = name.trim();
            if !known.contains(&name) {
                return Err(format!(
                    "there is no `{{{{{name}}}}}` here; there are {}",
                    known.join(", ")
                ));
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Name(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Writes it: `value` gives each name's text, already escaped. Credentials
    /// stay as marks, see [`fill`].
    pub(super) fn write<'a, E>(
        &self,
        value: impl Fn(&str) -> Result<Cow<'a, str>, E>,
    ) -> Result<String, E> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Name(name) if CREDENTIALS.contains(&name.as_str()) => {
                    out.push(OPEN);
                    out.push_str(name);
                    out.push(CLOSE);
                }
                Piece::Name(name) => out.push_str(&value(name)?),
            }
        }
        Ok(out)
    }
}

/// Puts the credentials where their marks are.
pub(super) fn fill(written: &str, credentials: &Credentials, escape: Option<Escape>) -> String {
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, after)) = rest.split_once(OPEN) {
        out.push_str(before);
        let (name, after) = after.split_once(CLOSE).unwrap_or((after, ""));
        if let Some(secret) = credentials.get(name) {
            let text = secret.expose_secret();
            match escape {
                Some(escape) => out.push_str(&escape.value(text)),
                None => out.push_str(text),
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_or_reads_a_credential() {
        let nasty = "a\"b<c>&d\u{1}password\u{2}{{password}}=1&x=2\n";
        for escape in [Escape::Json, Escape::Xml, Escape::Form] {
            let template = Template::read("{{username}}|{{text}}", &["username", "text"]).unwrap();
            let written = template
                .write(|_| Ok::<_, ()>(Cow::Owned(escape.value(nasty))))
                .unwrap();
            let credentials = Credentials::of(&[("username", "ben"), ("password", "gizli")]);
            let filled = fill(&written, &credentials, Some(escape));
            assert!(filled.starts_with("ben|"), "{filled}");
            assert!(!filled.contains("gizli"), "{filled}");
            assert!(!written.contains("ben"));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = Template::read("{{txet}}", &["text", "number"]).unwrap_err();
        assert!(
            error.contains("txet") && error.contains("text, number"),
            "{error}"
        );
        assert!(Template::read("{{text", &["text"]).is_err());
    }
}
