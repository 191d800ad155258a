//! Retailers (*bayi*) of a brand, as İYS judges their records.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::codes::{self, Code};
use super::problem::{Problem, Refusal};

const FIELDS: [&str; 10] = [
    "title", "alias", "name", "tckn", "mobile", "mersis", "tin", "city", "town", "status",
];
/// Longest text of a field.
const CHARS_MAX: usize = 255;

/// Provinces, and one district of each: enough to fill a form in.
pub(crate) const PROVINCES: [(&str, &str); 4] = [
    ("06", "ANKARA"),
    ("16", "BURSA"),
    ("34", "İSTANBUL"),
    ("35", "İZMİR"),
];
/// Districts, with the province's code as the first two digits.
pub(crate) const DISTRICTS: [(&str, &str); 4] = [
    ("0601", "ÇANKAYA"),
    ("1601", "NİLÜFER"),
    ("3401", "KADIKÖY"),
    ("3501", "KONAK"),
];

/// Reads and judges a record.
///
/// # Errors
/// H016, H017, H118, H201, H214 to H231.
pub(crate) fn judge(
    object: &Map<String, Value>,
    held: &BTreeMap<u64, Value>,
) -> Result<Value, Refusal> {
    let refused = |code: Code, field: &str| Refusal::from(Problem::of(code).at(field));
    if let Some(field) = object
        .keys()
        .find(|field| !FIELDS.contains(&field.as_str()))
    {
        return Err(refused(codes::H118, field));
    }
    let text = |field: &str| {
        object
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    for (field, empty) in [
        ("title", codes::H214),
        ("name", codes::H215),
        ("tckn", codes::H216),
    ] {
        if object.get(field).is_some_and(|value| value == "") {
            return Err(refused(empty, field));
        }
    }
    if text("title").is_empty() {
        return Err(refused(codes::H016, "title"));
    }
    if let Some(field) = FIELDS
        .into_iter()
        .find(|field| text(field).chars().count() > CHARS_MAX)
    {
        return Err(refused(codes::H017, field));
    }
    for (field, absent, code, name) in [
        ("city", codes::H217, codes::H218, codes::H219),
        ("town", codes::H220, codes::H221, codes::H222),
    ] {
        let place = object
            .get(field)
            .and_then(Value::as_object)
            .ok_or_else(|| refused(absent, field))?;
        let part = |key: &str| place.get(key).and_then(Value::as_str).unwrap_or_default();
        if part("code").is_empty() {
            return Err(refused(code, field));
        }
        if part("name").is_empty() {
            return Err(refused(name, field));
        }
    }
    if !["active", "suspended", "passive"].contains(&text("status")) {
        return Err(refused(codes::H201, "status"));
    }
    digits(text("mersis"), &[16], codes::H228).map_err(|code| refused(code, "mersis"))?;
    digits(text("tckn"), &[11], codes::H226).map_err(|code| refused(code, "tckn"))?;
    digits(text("tin"), &[10, 11], codes::H244).map_err(|code| refused(code, "tin"))?;
    for (field, taken) in [("mersis", codes::H230), ("tckn", codes::H231)] {
        let same = |other: &&Value| !text(field).is_empty() && other[field] == text(field);
        if let Some(other) = held.values().find(same) {
            let code = if other["status"] == "passive" {
                codes::H253
            } else {
                taken
            };
            return Err(refused(code, field));
        }
    }
    Ok(Value::Object(object.clone()))
}

fn digits(text: &str, lengths: &[usize], code: Code) -> Result<(), Code> {
    let is_fine = text.is_empty()
        || (lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()));
    if is_fine { Ok(()) } else { Err(code) }
}

/// A record as it is listed.
pub(crate) fn listed(code: u64, record: &Value) -> Value {
    let mut row = json!({ "retailerCode": code });
    if let (Value::Object(row), Value::Object(record)) = (&mut row, record.clone()) {
        row.extend(record);
    }
    row
}
