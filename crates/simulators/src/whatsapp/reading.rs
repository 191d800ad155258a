//! What the service is sent, read strictly.

use serde::Deserialize;
use serde_json::Value;

use crate::desk::Template;

/// A message as `POST /{phone number id}/messages` takes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    pub(super) messaging_product: String,
    #[serde(default)]
    pub(super) recipient_type: Option<String>,
    pub(super) to: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) template: Option<Used>,
    #[serde(default)]
    pub(super) text: Option<Value>,
    #[serde(default)]
    pub(super) biz_opaque_callback_data: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Used {
    pub(super) name: String,
    pub(super) language: Language,
    #[serde(default)]
    pub(super) components: Vec<Component>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Language {
    pub(super) code: String,
    #[serde(default)]
    policy: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    sub_type: Option<String>,
    #[serde(default)]
    index: Option<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameter {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameter_name: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    payload: Option<String>,
}

/// Code and details of a refusal.
pub(super) type Refusal = (u64, String);

fn refuse<T>(code: u64, details: impl Into<String>) -> Result<T, Refusal> {
    Err((code, details.into()))
}

/// The text that the person reads.
pub(super) fn rendered(used: &Used, templates: &[Template]) -> Result<String, Refusal> {
    let language = &used.language;
    if language
        .policy
        .as_deref()
        .is_some_and(|policy| policy != "deterministic")
    {
        return refuse(100, "policy must be deterministic");
    }
    let found = templates
        .iter()
        .find(|template| template.name == used.name && template.language == language.code);
    let Some(template) = found else {
        return refuse(
            132_001,
            format!(
                "template name ({}) does not exist in {}",
                used.name, language.code
            ),
        );
    };
    let (mut body, mut buttons) = (None, 0);
    for component in &used.components {
        match component.kind.as_str() {
            "body" if body.is_none() => body = Some(component),
            "button" => {
                check_button(component, template)?;
                buttons += usize::from(component.sub_type.as_deref() == Some("quick_reply"));
            }
            kind => return refuse(132_000, format!("component {kind} is not in the template")),
        }
    }
    if buttons > template.quick_replies {
        return refuse(132_000, "more buttons than the template has");
    }
    fill(
        &template.body,
        body.map_or(&[][..], |body| &body.parameters),
    )
}

fn check_button(component: &Component, template: &Template) -> Result<(), Refusal> {
    let index = component
        .index
        .as_deref()
        .and_then(|index| index.parse::<usize>().ok());
    let Some(index) = index.filter(|index| *index < 10) else {
        return refuse(131_008, "index of the button");
    };
    let [parameter] = component.parameters.as_slice() else {
        return refuse(132_000, "a button takes one parameter");
    };
    let is_sound = match component.sub_type.as_deref() {
        Some("quick_reply") => {
            index < template.quick_replies
                && parameter.kind == "payload"
                && parameter
                    .payload
                    .as_deref()
                    .is_some_and(|payload| !payload.is_empty())
        }
        Some("url") => {
            template.category == "AUTHENTICATION"
                && parameter.kind == "text"
                && parameter.text.is_some()
        }
        _ => false,
    };
    if is_sound {
        Ok(())
    } else {
        refuse(131_009, "the button is not the template's")
    }
}

fn fill(body: &str, parameters: &[Parameter]) -> Result<String, Refusal> {
    let (mut text, mut rest, mut nth) = (String::new(), body, 0);
    while let Some((literal, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        let is_numbered = name.bytes().all(|byte| byte.is_ascii_digit());
        let parameter = if is_numbered {
            parameters.get(nth)
        } else {
            parameters
                .iter()
                .find(|given| given.parameter_name.as_deref() == Some(name))
        };
        let Some(parameter) = parameter else {
            return refuse(
                132_000,
                format!(
                    "number of localizable_params ({}) does not match",
                    parameters.len()
                ),
            );
        };
        if is_numbered && parameter.parameter_name.is_some() {
            return refuse(132_012, "the template's parameters are positional");
        }
        let value = parameter
            .text
            .as_deref()
            .filter(|_| parameter.kind == "text");
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            return refuse(131_008, "text of a parameter");
        };
        if value.contains(['\n', '\r', '\t']) || value.contains("     ") {
            return refuse(
                132_012,
                "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
            );
        }
        text.push_str(literal);
        text.push_str(value);
        rest = after;
        nth += 1;
    }
    if nth != parameters.len() {
        return refuse(
            132_000,
            format!(
                "number of localizable_params ({}) does not match",
                parameters.len()
            ),
        );
    }
    text.push_str(rest);
    if text.chars().count() > 1_024 {
        return refuse(132_005, "Translated text too long");
    }
    Ok(text)
}
