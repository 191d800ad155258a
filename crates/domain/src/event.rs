//! Events of people (*olay*): what somebody did at the firm (bought, came, let
//! an appointment be made), told by the firm's own programs. An event has a
//! name, a person, an instant and a body of JSON whose fields the firm may
//! describe. Nothing here is consent: an event never lets a message leave.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::channel::vocabulary;
use crate::fold_text::name_fold;

/// Longest name of an event, characters.
pub const NAME_CHARS_MAX: usize = 60;
/// Longest key that a sender gives an event, characters.
pub const KEY_CHARS_MAX: usize = 128;
/// Largest body, bytes of its JSON.
pub const BODY_BYTES_MAX: usize = 8_192;
/// Longest name of a field, characters.
pub const FIELD_CHARS_MAX: usize = 60;
/// Most fields that one kind of event describes.
pub const FIELDS_MAX: usize = 50;
/// Most names of events of one firm, described or not.
pub const TYPES_MAX: usize = 500;
/// Longest label, characters.
pub const LABEL_CHARS_MAX: usize = 60;

/// What stands between the words of a name.
const JOINT: char = '.';

vocabulary! {
    /// What a field of an event's body holds.
    FieldKind {
        /// A text (*metin*).
        Text = 1, "text";
        /// A number of JSON (*sayı*).
        Number = 2, "number";
        /// A day or an instant, as a text that begins with `2025-06-20` (*tarih*).
        Date = 3, "date";
        /// True or false (*evet/hayır*).
        Boolean = 4, "boolean";
    }
}

/// A field of an event's body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventField {
    /// Its name in the body.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a firm says of a kind of event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventShape {
    /// As shown to people, Turkish.
    pub label_tr: String,
    /// As shown to people, English.
    pub label_en: String,
    /// The fields of its body that mean something.
    pub fields: Vec<EventField>,
}

/// Why a description is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShape {
    /// A label is blank or too long.
    #[error("label: 1 to 60 characters in Turkish and in English")]
    Label,
    /// Too many fields, two of one name, or a name that can be none.
    #[error(
        "fields: at most 50 with different names of 1 to 60 letters, digits, spaces and _ - . each"
    )]
    Fields,
}

impl InvalidShape {
    /// The field at fault.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Label => "label_tr",
            Self::Fields => "fields",
        }
    }
}

impl EventShape {
    /// Checks a description.
    ///
    /// # Errors
    /// [`InvalidShape`] names the part that cannot be accepted.
    pub fn check(&self) -> Result<(), InvalidShape> {
        let is_label = |text: &str| {
            !text.trim().is_empty()
                && text.chars().count() <= LABEL_CHARS_MAX
                && !text.chars().any(char::is_control)
        };
        if !is_label(&self.label_tr) || !is_label(&self.label_en) {
            return Err(InvalidShape::Label);
        }
        let mut names: Vec<&str> = self.fields.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let are_fields = names.len() == self.fields.len()
            && names.len() <= FIELDS_MAX
            && names.into_iter().all(is_field);
        if are_fields {
            Ok(())
        } else {
            Err(InvalidShape::Fields)
        }
    }

    /// The first described field whose value in `body` is of another kind; one
    /// that is absent or null is none.
    pub fn misfit(&self, body: &Map<String, Value>) -> Option<&str> {
        let misfit = self.fields.iter().find(|field| {
            let held = body.get(&field.name);
            held.is_some_and(|value| !value.is_null() && !fits(field.kind, value))
        });
        misfit.map(|field| field.name.as_str())
    }
}

fn fits(kind: FieldKind, value: &Value) -> bool {
    match kind {
        FieldKind::Text => value.is_string(),
        FieldKind::Number => value.is_number(),
        FieldKind::Boolean => value.is_boolean(),
        FieldKind::Date => value
            .as_str()
            .and_then(|text| text.get(..10))
            .is_some_and(|day| day.parse::<jiff::civil::Date>().is_ok()),
    }
}

/// The one form of a name: lower case without accents, words joined by dots,
/// so that `Randevu iptal` and `randevu.iptal` are one event. None when the
/// text can be no name.
pub fn event_name(text: &str) -> Option<String> {
    let folded = name_fold(text);
    let words: Vec<&str> = folded
        .split([' ', JOINT])
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join(".");
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().count() <= NAME_CHARS_MAX
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
    is_name.then_some(name)
}

/// Whether a text can be the name of a field.
pub fn is_field(text: &str) -> bool {
    (1..=FIELD_CHARS_MAX).contains(&text.chars().count())
        && text.trim() == text
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || [' ', '_', '-', '.'].contains(&c))
}

/// Whether a text can be the key that a sender gives an event.
pub fn is_key(text: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control)
}

/// The JSON of a body as it is kept: fields in the order of their names, so
/// that the same body is the same text. None when it is too large, or holds
/// the character NUL, which PostgreSQL cannot keep.
pub fn body_text(body: &Map<String, Value>) -> Option<String> {
    let has_nul = body
        .iter()
        .any(|(name, value)| name.contains('\0') || holds_nul(value));
    if has_nul {
        return None;
    }
    let text = serde_json::to_string(body).ok()?;
    (text.len() <= BODY_BYTES_MAX).then_some(text)
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(fields) => fields,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn every_spelling_of_a_name_is_one_event() {
        for text in [
            "randevu.iptal",
            "Randevu iptal",
            " RANDEVU  İPTAL ",
            "randevu. iptal",
        ] {
            assert_eq!(event_name(text).as_deref(), Some("randevu.iptal"), "{text}");
        }
        assert_eq!(
            event_name("iletişim alındı").as_deref(),
            Some("iletisim.alindi")
        );
        assert_eq!(event_name("satin_alma").as_deref(), Some("satin_alma"));
        for text in [
            "",
            " . ",
            "2.satis",
            "_a",
            "a/b",
            "событие",
            &"a".repeat(61),
        ] {
            assert_eq!(event_name(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_in_its_form_stays_as_it_is() {
        for text in ["Randevu iptal", "satin_alma", "sevk.tamamlandi-2"] {
            let name = event_name(text).expect("a name");
            assert_eq!(event_name(&name), Some(name));
        }
    }

    #[test]
    fn a_body_is_kept_only_if_both_databases_can_look_into_it() {
        let plain = object(serde_json::json!({ "b": 1, "a": "x\\u0000" }));
        assert_eq!(
            body_text(&plain).as_deref(),
            Some(r#"{"a":"x\\u0000","b":1}"#),
            "in the order of the names"
        );
        for bad in [
            serde_json::json!({ "a": "\0" }),
            serde_json::json!({ "a": [{ "b\0": 1 }] }),
            serde_json::json!({ "a": "x".repeat(BODY_BYTES_MAX) }),
        ] {
            assert_eq!(body_text(&object(bad)), None);
        }
    }

    #[test]
    fn a_value_of_another_kind_is_named_and_an_absent_one_is_not() {
        let field = |name: &str, kind| EventField {
            name: name.to_owned(),
            kind,
        };
        let shape = EventShape {
            label_tr: "Satın alma".into(),
            label_en: "Purchase".into(),
            fields: vec![
                field("tutar", FieldKind::Number),
                field("gün", FieldKind::Date),
                field("yeni", FieldKind::Boolean),
            ],
        };
        assert_eq!(shape.check(), Ok(()));
        let misfit = |body: Value| shape.misfit(&object(body)).map(str::to_owned);
        assert_eq!(misfit(serde_json::json!({})), None);
        let whole =
            serde_json::json!({ "tutar": 12.5, "gün": "2025-06-20T10:00:00Z", "yeni": null });
        assert_eq!(misfit(whole), None);
        assert_eq!(
            misfit(serde_json::json!({ "tutar": "12,50" })).as_deref(),
            Some("tutar")
        );
        assert_eq!(
            misfit(serde_json::json!({ "gün": "20.06.2025" })).as_deref(),
            Some("gün")
        );
    }

    #[test]
    fn a_description_needs_labels_and_fields_that_differ() {
        let shape = |label: &str, names: &[&str]| EventShape {
            label_tr: label.to_owned(),
            label_en: "Purchase".into(),
            fields: names
                .iter()
                .map(|name| EventField {
                    name: (*name).to_owned(),
                    kind: FieldKind::Text,
                })
                .collect(),
        };
        assert_eq!(shape("Satış", &["a", "şube adı"]).check(), Ok(()));
        assert_eq!(shape(" ", &[]).check(), Err(InvalidShape::Label));
        for names in [&["a", "a"][..], &[""], &["a\"b"], &[" a"]] {
            let refused = shape("Satış", names).check();
            assert_eq!(refused, Err(InvalidShape::Fields), "{names:?}");
        }
    }
}
