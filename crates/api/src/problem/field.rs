//! What is wrong with one field of a request.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

/// One field that cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Where {
    /// The field's name; nested ones with dots, as in `window.from` or `items[3].address`.
    pub field: String,
    /// What kind of fault it is.
    pub code: Cow<'static, str>,
    /// What would do, in Turkish.
    pub text_tr: String,
    /// What would do, in English.
    pub text_en: String,
}

/// Code, Turkish and English text of each fault; `{min}` and `{max}` are filled in.
const FAULTS: &[(&str, &str, &str)] = &[
    ("required", "Bu alan zorunludur.", "This field is required."),
    ("unknown", "Böyle bir alan yok.", "There is no such field."),
    (
        "unreadable",
        "Bu alandaki değer okunamadı.",
        "The value of this field cannot be read.",
    ),
    (
        "length",
        "{min} ile {max} karakter arasında olmalı.",
        "Must have {min} to {max} characters.",
    ),
    (
        "range",
        "{min} ile {max} arasında olmalı.",
        "Must be from {min} to {max}.",
    ),
    (
        "count",
        "{min} ile {max} arasında kayıt içermeli.",
        "Must hold {min} to {max} entries.",
    ),
    ("blank", "Boş bırakılamaz.", "Must not be blank."),
    (
        "email",
        "Geçerli bir e-posta adresi yazın.",
        "Write a valid e-mail address.",
    ),
    (
        "address",
        "+905321234567 biçiminde bir telefon ya da e-posta adresi yazın.",
        "Write a phone number such as +905321234567 or an e-mail address.",
    ),
    (
        "mersis",
        "MERSİS numarası 16 hanelidir.",
        "A MERSİS number has 16 digits.",
    ),
    (
        "time_of_day",
        "09:00 biçiminde bir saat yazın.",
        "Write a time of day such as 09:00.",
    ),
    (
        "window",
        "Pencere aynı gün içinde açılıp kapanmalı.",
        "The window must open before it closes, within one day.",
    ),
    ("country", "Tanınmayan ülke kodu.", "Unknown country code."),
    (
        "password_short",
        "Parola en az 12 karakter olmalı.",
        "A password has at least 12 characters.",
    ),
    (
        "password_long",
        "Parola en çok 256 bayt olabilir.",
        "A password has at most 256 bytes.",
    ),
    (
        "past",
        "Geçmişte bir zaman olamaz.",
        "Must not be in the past.",
    ),
    (
        "text",
        "Metin kabul edilemedi.",
        "The text cannot be accepted.",
    ),
    (
        "role",
        "Kendi yetkilerinizi aşan bir rol veremezsiniz.",
        "You cannot give a role that may do more than yours.",
    ),
    (
        "cursor",
        "Sayfa imleci okunamadı; listeyi baştan isteyin.",
        "The page cursor cannot be read; begin the list again.",
    ),
    (
        "idempotency_key",
        "1 ile 128 arası görünür ASCII karakter olmalı.",
        "Must be 1 to 128 visible ASCII characters.",
    ),
    (
        "meta_missing",
        "`meta` alanı eksik: dosyayla birlikte marka ve işlem bilgisi gönderin.",
        "The `meta` field is missing: send brand and action together with the file.",
    ),
    ("file_missing", "Dosya eksik.", "The file is missing."),
    (
        "kind",
        "Böyle bir bağlayıcı türü yok.",
        "There is no such kind of connector.",
    ),
    (
        "one_brand",
        "Bir istekteki tüm izinler aynı markaya ait olmalı.",
        "All consents of one call must belong to the same brand.",
    ),
    (
        "repeated",
        "Bu alan yalnızca bir kez gönderilebilir.",
        "This field can be sent only once.",
    ),
];

impl Where {
    /// A field and the code of its fault.
    pub(crate) fn new(field: impl Into<String>, code: &'static str) -> Self {
        Self::filled(field, Cow::Borrowed(code), &[])
    }

    /// A field whose fault is told in words of its own.
    pub(crate) fn told(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        text_tr: impl Into<String>,
        text_en: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            text_tr: text_tr.into(),
            text_en: text_en.into(),
        }
    }

    fn filled(
        field: impl Into<String>,
        code: Cow<'static, str>,
        values: &[(String, String)],
    ) -> Self {
        let known = FAULTS.iter().find(|(name, ..)| *name == code);
        let (tr, en) = known.map_or(
            ("Bu alan kabul edilemedi.", "This field cannot be accepted."),
            |(_, tr, en)| (*tr, *en),
        );
        let fill = |text: &str| {
            values.iter().fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value)
            })
        };
        Self {
            field: field.into(),
            text_tr: fill(tr),
            text_en: fill(en),
            code,
        }
    }

    fn of(field: String, error: &ValidationError) -> Self {
        let values: Vec<(String, String)> = error
            .params
            .iter()
            .map(|(name, value)| (name.to_string(), number_text(value)))
            .collect();
        Self::filled(field, error.code.clone(), &values)
    }
}

/// Every fault that a validation found, sorted by field.
pub(crate) fn of_validation(errors: &ValidationErrors) -> Vec<Where> {
    let mut found = Vec::new();
    collect(errors, "", &mut found);
    found.sort_by(|a, b| a.field.cmp(&b.field));
    found
}

fn collect(errors: &ValidationErrors, prefix: &str, found: &mut Vec<Where>) {
    for (name, kind) in errors.errors() {
        // `__all__` stands for the whole object.
        let field = match (prefix, name.as_ref()) {
            ("", "__all__") => String::new(),
            (prefix, "__all__") => prefix.to_owned(),
            ("", name) => name.to_owned(),
            (prefix, name) => format!("{prefix}.{name}"),
        };
        match kind {
            ValidationErrorsKind::Field(faults) => {
                found.extend(faults.iter().map(|fault| Where::of(field.clone(), fault)));
            }
            ValidationErrorsKind::Struct(inner) => collect(inner, &field, found),
            ValidationErrorsKind::List(items) => {
                for (position, inner) in items {
                    collect(inner, &format!("{field}[{position}]"), found);
                }
            }
        }
    }
}

/// Bounds come as JSON numbers, whole ones sometimes as `20.0`.
fn number_text(value: &serde_json::Value) -> String {
    let text = value.to_string();
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// The field and fault that a JSON reader complained about.
///
/// `message` is what serde says, with the path in front where it knows one:
/// `window.from: invalid type: …` or ``missing field `name` at line 1…``.
pub(crate) fn of_reader(message: &str) -> Where {
    let (path, complaint) = split_path(message);
    let quoted = || complaint.split('`').nth(1).unwrap_or_default();
    if complaint.starts_with("missing field") {
        return Where::new(joined(path, quoted()), "required");
    }
    if complaint.starts_with("unknown field") {
        let field = if path.ends_with(quoted()) {
            path.to_owned()
        } else {
            joined(path, quoted())
        };
        return Where::new(field, "unknown");
    }
    Where::new(path, "unreadable")
}

fn joined(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

fn split_path(message: &str) -> (&str, &str) {
    let is_path = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.[]?".contains(&b))
    };
    match message.split_once(": ") {
        Some((path, complaint)) if is_path(path) => (path, complaint),
        _ => ("", message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_s_complaint_names_the_field_that_the_sender_can_mend() {
        for (message, field, code) in [
            (
                "missing field `name` at line 1 column 2",
                "name",
                "required",
            ),
            (
                "window: missing field `to` at line 1 column 9",
                "window.to",
                "required",
            ),
            (
                "unknown field `nmae`, expected `name` at line 1",
                "nmae",
                "unknown",
            ),
            (
                "nmae: unknown field `nmae`, expected `name`",
                "nmae",
                "unknown",
            ),
            (
                "items[2].channel: unknown variant `FAX`",
                "items[2].channel",
                "unreadable",
            ),
            ("invalid type: sequence, expected struct", "", "unreadable"),
        ] {
            let found = of_reader(message);
            assert_eq!(
                (found.field.as_str(), found.code.as_ref()),
                (field, code),
                "{message}"
            );
        }
    }

    #[test]
    fn bounds_are_written_into_both_texts() {
        let mut error = ValidationError::new("length");
        error.add_param("min".into(), &1);
        error.add_param("max".into(), &20);
        let found = Where::of("name".into(), &error);
        assert_eq!(found.text_tr, "1 ile 20 karakter arasında olmalı.");
        assert_eq!(found.text_en, "Must have 1 to 20 characters.");
    }
}
