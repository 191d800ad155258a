//! A digest over a JSON document that survives hiding parts of it: whoever
//! gets the proof of one message sees the request it was in, but of the other
//! people in it only digests.
//!
//! An element of an array may be replaced by `{"#": "<its digest>"}`; the
//! digest of the whole stays the same.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{Hash, merkle};

/// The one key of a hidden element.
const HIDDEN: &str = "#";

// Kept apart from leaves of events, nodes, blocks and batches.
const SCALAR: u8 = 4;
const ARRAY: u8 = 5;
const OBJECT: u8 = 6;
const BYTES: u8 = 7;

fn tagged(tag: u8, parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([tag]);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The digest of a document, hidden parts and all.
pub fn digest(value: &Value) -> Hash {
    match value {
        Value::Array(items) => {
            let digests: Vec<Hash> = items.iter().map(digest).collect();
            tagged(ARRAY, &[&merkle::root(&digests)])
        }
        Value::Object(fields) => hidden(fields).unwrap_or_else(|| {
            // By name: how a map is kept in memory must not matter.
            let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            let digests: Vec<Hash> = sorted
                .into_iter()
                .map(|(name, value)| tagged(OBJECT, &[name.as_bytes(), &digest(value)]))
                .collect();
            tagged(OBJECT, &[&merkle::root(&digests)])
        }),
        scalar => tagged(SCALAR, &[scalar.to_string().as_bytes()]),
    }
}

/// The digest of a request: of its document where it is JSON, else of its bytes.
pub fn digest_of_bytes(bytes: &[u8]) -> Hash {
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if !mentions_hidden(&value) => digest(&value),
        _ => tagged(BYTES, &[bytes]),
    }
}

fn hidden(fields: &Map<String, Value>) -> Option<Hash> {
    if fields.len() != 1 {
        return None;
    }
    let text = fields.get(HIDDEN)?.as_str()?;
    let mut hash = Hash::default();
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}

/// A document that happens to look hidden would stand for another one.
fn mentions_hidden(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(mentions_hidden),
        Value::Object(fields) => hidden(fields).is_some() || fields.values().any(mentions_hidden),
        _ => false,
    }
}

/// The document with every array element hidden beside the one that holds the
/// string `needle`; `None` when nothing does.
pub fn only_about(value: &Value, needle: &str) -> Option<Value> {
    mentions(value, needle).then(|| keep(value, needle))
}

fn mentions(value: &Value, needle: &str) -> bool {
    match value {
        Value::String(text) => text == needle,
        Value::Array(items) => items.iter().any(|item| mentions(item, needle)),
        Value::Object(fields) => fields.values().any(|item| mentions(item, needle)),
        _ => false,
    }
}

fn keep(value: &Value, needle: &str) -> Value {
    match value {
        Value::Array(items) if items.iter().any(|item| mentions(item, needle)) => Value::Array(
            items
                .iter()
                .map(|item| {
                    if mentions(item, needle) {
                        keep(item, needle)
                    } else {
                        let text = Value::String(hex::encode(digest(item)));
                        Value::Object(Map::from_iter([(HIDDEN.to_owned(), text)]))
                    }
                })
                .collect(),
        ),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), keep(value, needle)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// The text of the one message in such a document: what stands under `text`.
pub fn text_in(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(text_in),
        Value::Object(fields) => match fields.get("text") {
            Some(Value::String(text)) => Some(text),
            _ => fields.values().find_map(text_in),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request() -> Value {
        json!({ "options": { "flash": false }, "messages": [
            { "destinations": [{ "to": "905321", "messageId": "a-1-1" }], "content": { "text": "Ali" } },
            { "destinations": [{ "to": "905322", "messageId": "a-1-2" }], "content": { "text": "Ayşe" } },
            { "destinations": [{ "to": "905323", "messageId": "a-1-3" }, { "to": "905324", "messageId": "a-1-4" }],
              "content": { "text": "Hepinize" } },
        ]})
    }

    #[test]
    fn hiding_the_others_keeps_the_digest_and_shows_nobody_else() {
        let whole = request();
        for (needle, text, absent) in [
            ("a-1-2", "Ayşe", ["905321", "905323", "905324"]),
            ("a-1-4", "Hepinize", ["905321", "905322", "905323"]),
        ] {
            let shown = only_about(&whole, needle).unwrap();
            assert_eq!(digest(&shown), digest(&whole), "{needle}");
            assert_eq!(text_in(&shown), Some(text));
            let printed = shown.to_string();
            for number in absent {
                assert!(!printed.contains(number), "{needle}: {printed}");
            }
        }
        assert_eq!(only_about(&whole, "a-9-9"), None);
    }

    #[test]
    fn another_text_number_or_order_gives_another_digest() {
        let whole = digest(&request());
        let mut changed = request();
        changed["messages"][1]["content"]["text"] = json!("Ayse");
        assert_ne!(digest(&changed), whole);
        let mut swapped = request();
        swapped["messages"].as_array_mut().unwrap().swap(0, 1);
        assert_ne!(digest(&swapped), whole);
        assert_ne!(digest(&json!({ "options": { "flash": false } })), whole);
        assert_ne!(digest(&json!("1")), digest(&json!(1)));
    }

    #[test]
    fn bytes_that_are_no_document_or_look_hidden_are_digested_as_bytes() {
        assert_ne!(digest_of_bytes(b"<xml/>"), digest_of_bytes(b"<xml />"));
        let tricky = json!([{ "#": "00".repeat(32) }]);
        let bytes = tricky.to_string();
        assert_ne!(digest_of_bytes(bytes.as_bytes()), digest(&tricky));
    }
}
