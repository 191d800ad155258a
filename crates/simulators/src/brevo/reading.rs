//! What Brevo takes for a transactional message, strictly.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

/// Versions in a call, and people in all of them together and in one.
const VERSIONS_MAX: usize = 1_000;
const PEOPLE_MAX: usize = 2_000;
const PEOPLE_OF_VERSION_MAX: usize = 99;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Send {
    pub(super) sender: Option<Address>,
    #[serde(default)]
    to: Vec<Address>,
    pub(super) subject: Option<String>,
    html_content: Option<String>,
    text_content: Option<String>,
    reply_to: Option<Address>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    message_versions: Option<Vec<Version>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Version {
    to: Vec<Address>,
    subject: Option<String>,
    html_content: Option<String>,
    text_content: Option<String>,
    reply_to: Option<Address>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Address {
    pub(super) email: String,
    #[serde(default)]
    name: Option<String>,
}

impl Address {
    fn is_sound(&self) -> bool {
        let is_named = self
            .name
            .as_ref()
            .is_none_or(|name| !name.trim().is_empty());
        is_named && is_address(&self.email)
    }
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && text.is_ascii()
            && !text.contains([' ', '<', '>', ',', ';'])
            && !domain.contains('@')
    })
}

/// One message to one person.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) to: &'a str,
    pub(super) text: &'a str,
    /// What comes back with every event.
    pub(super) custom: &'a str,
}

/// Code and words of a refusal.
pub(super) type Fault = (&'static str, String);

fn missing(field: &str) -> Fault {
    ("missing_parameter", format!("{field} is missing"))
}

fn invalid(field: &str) -> Fault {
    ("invalid_parameter", format!("{field} is not valid"))
}

/// Every message of a call, in order.
pub(super) fn letters(asked: &Send) -> Result<Vec<Letter<'_>>, Fault> {
    let sender = asked.sender.as_ref().ok_or_else(|| missing("sender"))?;
    if !sender.is_sound() {
        return Err(invalid("sender"));
    }
    let html = asked.html_content.as_deref().unwrap_or_default();
    if html.trim().is_empty() {
        return Err(missing("htmlContent"));
    }
    if asked.subject.as_deref().unwrap_or_default().is_empty() {
        return Err(missing("subject"));
    }
    check_headers(&asked.headers)?;
    if asked.tags.iter().any(String::is_empty) {
        return Err(invalid("tags"));
    }
    if asked.reply_to.as_ref().is_some_and(|to| !to.is_sound()) {
        return Err(invalid("replyTo"));
    }
    let custom = |headers: &BTreeMap<String, String>| headers.contains_key("X-Mailin-custom");
    let Some(versions) = &asked.message_versions else {
        if asked.to.is_empty() {
            return Err(missing("to"));
        }
        if asked.to.len() > PEOPLE_OF_VERSION_MAX || !asked.to.iter().all(Address::is_sound) {
            return Err(invalid("to"));
        }
        return Ok(asked
            .to
            .iter()
            .map(|to| letter(to, asked.text_content.as_deref(), html, &asked.headers))
            .collect());
    };
    let people: usize = versions.iter().map(|version| version.to.len()).sum();
    if versions.is_empty() || versions.len() > VERSIONS_MAX || people > PEOPLE_MAX {
        let why = "messageVersions holds too few or too many".to_owned();
        return Err(("out_of_range", why));
    }
    let mut customs = HashSet::new();
    for version in versions {
        if version.to.is_empty() || version.to.len() > PEOPLE_OF_VERSION_MAX {
            return Err(invalid("messageVersions.to"));
        }
        let addresses = version.to.iter().chain(&version.reply_to);
        if let Some(bad) = addresses.into_iter().find(|address| !address.is_sound()) {
            return Err((
                "invalid_parameter",
                format!("email {} is not valid", bad.email),
            ));
        }
        let is_blank = |text: &Option<String>| text.as_ref().is_some_and(String::is_empty);
        if is_blank(&version.subject) || is_blank(&version.html_content) {
            return Err(invalid("messageVersions"));
        }
        if version.text_content.is_some() && asked.text_content.is_none() {
            return Err(missing("textContent"));
        }
        check_headers(&version.headers)?;
        if custom(&version.headers) && !customs.insert(&version.headers["X-Mailin-custom"]) {
            return Err((
                "duplicate_parameter",
                "X-Mailin-custom stands twice".to_owned(),
            ));
        }
    }
    let letters = versions.iter().flat_map(|version| {
        let text = version.text_content.as_deref();
        let text = text.or(asked.text_content.as_deref());
        let html = version.html_content.as_deref().unwrap_or(html);
        let of_person = move |to| letter(to, text, html, &version.headers);
        version.to.iter().map(of_person)
    });
    Ok(letters.collect())
}

fn letter<'a>(
    to: &'a Address,
    text: Option<&'a str>,
    html: &'a str,
    headers: &'a BTreeMap<String, String>,
) -> Letter<'a> {
    Letter {
        to: &to.email,
        text: text.unwrap_or(html),
        custom: headers
            .get("X-Mailin-custom")
            .map(String::as_str)
            .unwrap_or_default(),
    }
}

/// Headers go out as they are: what is not ASCII, or breaks the line, breaks the mail.
fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), Fault> {
    let is_sound = |text: &String| {
        text.bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ')
    };
    let is_all_sound = headers
        .iter()
        .all(|(name, value)| is_sound(name) && is_sound(value));
    let key = headers.get("idempotencyKey");
    let is_uuid = key.is_none_or(|key| key.len() == 36 && key.matches('-').count() == 4);
    if is_all_sound && is_uuid {
        Ok(())
    } else {
        Err(invalid("headers"))
    }
}
