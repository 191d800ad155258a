//! The send request as a table of fields: says what is wrong with a body and where.
//!
//! Used only when the typed reading of [`super::request`] has failed, so that
//! the usual request is read once and fast.

use serde_json::{Map, Value};

use super::problem::Violation;
use super::request::{Day, LanguageCode, RecipientType, SpeedUnit, Transliteration, ValidityUnit};

/// What a value must be.
#[derive(Debug)]
enum Shape {
    Text(usize),
    Flag,
    Int(i64, i64),
    OneOf(&'static [&'static str]),
    Object(&'static [Field]),
    List(&'static Shape),
}

/// A field of an object. Optional ones may be null.
#[derive(Debug)]
struct Field {
    name: &'static str,
    is_required: bool,
    shape: Shape,
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        is_required: false,
        shape,
    }
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        is_required: true,
        shape,
    }
}

const INT32: i64 = 2_147_483_647;

static SEND: Shape = Shape::Object(&[
    required("messages", Shape::List(&MESSAGE)),
    optional(
        "options",
        Shape::Object(&[
            optional(
                "schedule",
                Shape::Object(&[
                    optional("bulkId", Shape::Text(100)),
                    optional("sendAt", Shape::Text(64)),
                    optional(
                        "sendingSpeedLimit",
                        Shape::Object(&[
                            required("amount", Shape::Int(1, INT32)),
                            optional("timeUnit", Shape::OneOf(SpeedUnit::WORDS)),
                        ]),
                    ),
                ]),
            ),
            optional(
                "tracking",
                Shape::Object(&[
                    optional("shortenUrl", Shape::Flag),
                    optional("trackClicks", Shape::Flag),
                    optional("trackingUrl", Shape::Text(2_048)),
                    optional("removeProtocol", Shape::Flag),
                    optional("customDomain", Shape::Text(255)),
                ]),
            ),
            optional("includeSmsCountInResponse", Shape::Flag),
            optional(
                "conversionTracking",
                Shape::Object(&[
                    optional("useConversionTracking", Shape::Flag),
                    optional("conversionTrackingName", Shape::Text(255)),
                ]),
            ),
        ]),
    ),
]);

static MESSAGE: Shape = Shape::Object(&[
    optional("sender", Shape::Text(255)),
    required("destinations", Shape::List(&DESTINATION)),
    required(
        "content",
        Shape::Object(&[
            optional("text", Shape::Text(65_535)),
            optional(
                "language",
                Shape::Object(&[
                    optional("languageCode", Shape::OneOf(LanguageCode::WORDS)),
                    optional("singleShift", Shape::Flag),
                    optional("lockingShift", Shape::Flag),
                ]),
            ),
            optional("transliteration", Shape::OneOf(Transliteration::WORDS)),
            optional("hex", Shape::Text(65_535)),
            optional("dataCoding", Shape::Int(0, 255)),
            optional("esmClass", Shape::Int(0, 255)),
        ]),
    ),
    optional("options", Shape::Object(&MESSAGE_OPTIONS)),
    optional(
        "webhooks",
        Shape::Object(&[
            optional(
                "delivery",
                Shape::Object(&[
                    optional("url", Shape::Text(2_048)),
                    optional("intermediateReport", Shape::Flag),
                    optional("notify", Shape::Flag),
                ]),
            ),
            optional("contentType", Shape::Text(255)),
            optional("callbackData", Shape::Text(4_000)),
        ]),
    ),
]);

static DESTINATION: Shape = Shape::Object(&[
    required("to", Shape::Text(64)),
    optional("messageId", Shape::Text(200)),
]);

static DAY: Shape = Shape::OneOf(Day::WORDS);

static HOUR_MINUTE: [Field; 2] = [
    required("hour", Shape::Int(0, 23)),
    required("minute", Shape::Int(0, 59)),
];

static MESSAGE_OPTIONS: [Field; 6] = [
    optional(
        "validityPeriod",
        Shape::Object(&[
            required("amount", Shape::Int(1, INT32)),
            optional("timeUnit", Shape::OneOf(ValidityUnit::WORDS)),
        ]),
    ),
    optional(
        "deliveryTimeWindow",
        Shape::Object(&[
            required("days", Shape::List(&DAY)),
            optional("from", Shape::Object(&HOUR_MINUTE)),
            optional("to", Shape::Object(&HOUR_MINUTE)),
        ]),
    ),
    optional("campaignReferenceId", Shape::Text(255)),
    optional(
        "platform",
        Shape::Object(&[
            optional("entityId", Shape::Text(255)),
            optional("applicationId", Shape::Text(255)),
        ]),
    ),
    optional(
        "regional",
        Shape::Object(&[optional(
            "turkeyIys",
            Shape::Object(&[
                optional("brandCode", Shape::Int(0, INT32)),
                required("recipientType", Shape::OneOf(RecipientType::WORDS)),
            ]),
        )]),
    ),
    optional("flash", Shape::Flag),
];

/// What is wrong with the form of a send request; `why` is what the reader said,
/// for the cases a table cannot see, such as a key given twice.
pub(crate) fn violations(body: &[u8], why: &serde_json::Error) -> Vec<Violation> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return vec![Violation::new(
            "request",
            format!("is no valid JSON: {why}"),
        )];
    };
    let mut found = Vec::new();
    SEND.judge(&value, "", &mut found);
    if found.is_empty() {
        found.push(Violation::new("request", why.to_string()));
    }
    found
}

impl Shape {
    fn judge(&self, value: &Value, path: &str, found: &mut Vec<Violation>) {
        let wrong = match (self, value) {
            (Self::Text(max), Value::String(text)) => {
                (text.chars().count() > *max).then(|| format!("size must not exceed {max}"))
            }
            (Self::Text(_), _) => Some("must be a string".to_owned()),
            (Self::Flag, Value::Bool(_)) => None,
            (Self::Flag, _) => Some("must be a boolean".to_owned()),
            (Self::Int(min, max), value) => match value.as_i64() {
                Some(number) if (*min..=*max).contains(&number) => None,
                Some(_) => Some(format!("must be between {min} and {max}")),
                None => Some("must be an integer".to_owned()),
            },
            (Self::OneOf(words), value) => {
                let known = value.as_str().is_some_and(|word| words.contains(&word));
                (!known).then(|| format!("must be one of {}", words.join(", ")))
            }
            (Self::Object(fields), Value::Object(object)) => {
                judge_object(fields, object, path, found);
                None
            }
            (Self::Object(_), _) => Some("must be an object".to_owned()),
            (Self::List(item), Value::Array(items)) => {
                for (at, value) in items.iter().enumerate() {
                    item.judge(value, &format!("{path}[{at}]"), found);
                }
                None
            }
            (Self::List(_), _) => Some("must be a list".to_owned()),
        };
        if let Some(wrong) = wrong {
            found.push(Violation::new(
                if path.is_empty() { "request" } else { path },
                wrong,
            ));
        }
    }
}

fn judge_object(
    fields: &[Field],
    object: &Map<String, Value>,
    path: &str,
    found: &mut Vec<Violation>,
) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for field in fields {
        match object.get(field.name) {
            None | Some(Value::Null) if field.is_required => {
                found.push(Violation::new(below(field.name), "must not be null"));
            }
            None | Some(Value::Null) => {}
            Some(value) => field.shape.judge(value, &below(field.name), found),
        }
    }
    for name in object.keys() {
        if !fields.iter().any(|field| field.name == name) {
            found.push(Violation::new(below(name), "is not a known property"));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::request::SendRequest;
    use super::*;

    /// A request with every field there is.
    fn full() -> Value {
        json!({
            "messages": [{
                "sender": "ORNEKMARKA",
                "destinations": [{ "to": "905321234567", "messageId": "m-1" }],
                "content": {
                    "text": "Merhaba",
                    "language": { "languageCode": "TR", "singleShift": true, "lockingShift": false },
                    "transliteration": "TURKISH",
                    "hex": "00ff", "dataCoding": 8, "esmClass": 0,
                },
                "options": {
                    "validityPeriod": { "amount": 24, "timeUnit": "HOURS" },
                    "deliveryTimeWindow": {
                        "days": ["MONDAY"],
                        "from": { "hour": 6, "minute": 0 },
                        "to": { "hour": 17, "minute": 30 },
                    },
                    "campaignReferenceId": "cmp-42",
                    "platform": { "entityId": "e", "applicationId": "a" },
                    "regional": { "turkeyIys": { "brandCode": 123_456, "recipientType": "BIREYSEL" } },
                    "flash": false,
                },
                "webhooks": {
                    "delivery": {
                        "url": "https://hooks.ornek.test/dlr", "intermediateReport": true, "notify": true,
                    },
                    "contentType": "application/json",
                    "callbackData": "t=7",
                },
            }],
            "options": {
                "schedule": {
                    "bulkId": "b-1",
                    "sendAt": "2026-09-01T09:00:00.000+0300",
                    "sendingSpeedLimit": { "amount": 600, "timeUnit": "MINUTE" },
                },
                "tracking": {
                    "shortenUrl": true, "trackClicks": true, "trackingUrl": "https://ornek.test",
                    "removeProtocol": true, "customDomain": "ornek.test",
                },
                "includeSmsCountInResponse": true,
                "conversionTracking": { "useConversionTracking": true, "conversionTrackingName": "n" },
            },
        })
    }

    /// Every place in a document, as JSON pointers.
    fn places(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    places(value, &format!("{at}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    places(value, &format!("{at}/{index}"), found);
                }
            }
            _ => {}
        }
    }

    fn table_says(value: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        SEND.judge(value, "", &mut found);
        found
    }

    #[test]
    fn the_full_request_is_taken_by_the_reader_and_by_the_table() {
        let text = full().to_string();
        serde_json::from_str::<SendRequest<'_>>(&text).expect("the typed reading");
        assert_eq!(table_says(&full()), []);
    }

    proptest! {
        /// The reader and the table are two descriptions of one form. Whatever
        /// is put wherever, they must agree on whether it belongs there.
        #[test]
        fn the_reader_refuses_a_body_exactly_when_the_table_finds_a_violation(
            pick in any::<prop::sample::Index>(),
            spoil in 0_usize..11,
        ) {
            let mut document = full();
            let mut all = Vec::new();
            places(&document, "", &mut all);
            let place = pick.get(&all).clone();
            let target = document.pointer_mut(&place).expect("a listed place");
            match (spoil, target) {
                (0, Value::Object(object)) => {
                    object.insert("surprise".to_owned(), json!(1));
                }
                (1, Value::Object(object)) => {
                    let first = object.keys().next().cloned();
                    object.remove(&first.unwrap_or_default());
                }
                (2, target) => *target = Value::Null,
                (3, target) => *target = json!("x".repeat(201)),
                (4, target) => *target = json!("x".repeat(70_000)),
                (5, target) => *target = json!(-1),
                (6, target) => *target = json!(3_000_000_000_u64),
                (7, target) => *target = json!(1.5),
                (8, target) => *target = json!([]),
                (9, target) => *target = json!({}),
                (_, target) => *target = json!(true),
            }
            let text = document.to_string();
            let read = serde_json::from_str::<SendRequest<'_>>(&text);
            let said = table_says(&document);
            prop_assert_eq!(read.is_err(), !said.is_empty(), "{}: {:?} {:?}", place, read.err(), said);
        }
    }
}
