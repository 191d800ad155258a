//! Reading answers of İYS that are not what was hoped for: its error bodies
//! have half a dozen shapes, and all of them occur.

use domain::Timestamp;
use domain::time::SECOND_US;
use serde_json::Value;

use crate::call_error::{CallError, RowError};
use crate::codes::{self, Class};

/// Longest piece of an unreadable answer that is kept as its message, in characters.
const MESSAGE_CHARS_MAX: usize = 300;

/// One error entry of a body.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    code: Option<String>,
    message: String,
    index: Option<usize>,
}

/// Turns an answer outside 2xx into the error it stands for.
pub(crate) fn refusal(
    status: u16,
    retry_after_seconds: Option<u32>,
    body: &[u8],
    now: Timestamp,
) -> CallError {
    let entries = read_entries(body);
    // Rows are details; an entry about the whole call outranks them.
    let headline = entries
        .iter()
        .find(|entry| entry.index.is_none())
        .or_else(|| entries.first());
    let code = headline.and_then(|entry| entry.code.clone());
    let message = match headline {
        Some(entry) if !entry.message.is_empty() => entry.message.clone(),
        _ => excerpt(body),
    };
    let class = widen(
        class_of(code.as_deref(), &message, status, is_json_or_empty(body)),
        retry_after_seconds,
    );
    let not_before = match class {
        Class::Window { seconds } => Some(now.plus_micros(i64::from(seconds) * SECOND_US)),
        _ => None,
    };
    let rows = entries
        .into_iter()
        .filter_map(
            |Entry {
                 code,
                 message,
                 index,
             }| {
                Some(RowError {
                    index: index?,
                    code,
                    message,
                })
            },
        )
        .collect();
    CallError {
        class,
        code,
        message,
        http: Some(status),
        may_have_arrived: true,
        not_before,
        rows,
    }
}

/// The code decides; the status only where no known code can be read.
fn class_of(code: Option<&str>, message: &str, status: u16, is_from_iys: bool) -> Class {
    if let Some(info) = code.and_then(|code| codes::judge(code, message)) {
        return info.class;
    }
    match status {
        401 => Class::Auth,
        // A redirect, or a web page that knows no such path: the base address is wrong.
        300..=399 | 403 | 405 => Class::Configuration,
        404 if !is_from_iys => Class::Configuration,
        429 => Class::Window { seconds: 1 },
        400..=499 if status != 408 => Class::Data,
        _ => Class::Transient,
    }
}

fn is_json_or_empty(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
        || serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

/// `Retry-After` can only lengthen a window.
fn widen(class: Class, retry_after_seconds: Option<u32>) -> Class {
    match (class, retry_after_seconds) {
        (Class::Window { seconds }, Some(asked)) => Class::Window {
            seconds: seconds.max(asked),
        },
        (class, _) => class,
    }
}

fn read_entries(body: &[u8]) -> Vec<Entry> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return Vec::new();
    };
    match value.get("errors") {
        Some(Value::Array(list)) => list.iter().map(read_entry).collect(),
        Some(one @ Value::Object(_)) => vec![read_entry(one)],
        _ => match value.get("error") {
            // Rows of asynchronous results wrap theirs; the token call gives two texts.
            Some(one @ Value::Object(_)) => vec![read_entry(one)],
            Some(Value::String(word)) => {
                let told = text_of(&value, "error_description").unwrap_or_default();
                vec![Entry {
                    message: format!("{word}: {told}"),
                    ..Entry::default()
                }]
            }
            // ViA puts its error where its answer would be.
            _ if value.get("message").is_some_and(Value::is_object) => {
                value.get("message").map(read_entry).into_iter().collect()
            }
            _ => Some(read_entry(&value))
                .filter(|entry| *entry != Entry::default())
                .into_iter()
                .collect(),
        },
    }
}

/// `code` is sometimes spelled `code:`, sometimes a number, sometimes `errorCode`.
fn read_entry(value: &Value) -> Entry {
    let code = ["code", "code:", "errorCode"]
        .into_iter()
        .find_map(|key| value.get(key));
    let message = ["message", "errorMessage"]
        .into_iter()
        .find_map(|key| text_of(value, key));
    Entry {
        code: code.and_then(read_code),
        message: message.unwrap_or_default(),
        index: value
            .get("index")
            .or_else(|| recipient_position(value))
            .and_then(read_index),
    }
}

/// A status query names a bad address as `"location": ["recipients", 5]`.
fn recipient_position(value: &Value) -> Option<&Value> {
    match value.get("location")?.as_array()?.as_slice() {
        [Value::String(list), position] if list == "recipients" => Some(position),
        _ => None,
    }
}

/// `"H117"`, `" h117"` and `117` are the same code.
pub(crate) fn read_code(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            Some(text.trim().to_ascii_uppercase()).filter(|code| !code.is_empty())
        }
        Value::Number(number) => number.as_u64().map(|number| format!("H{number:03}")),
        _ => None,
    }
}

fn read_index(value: &Value) -> Option<usize> {
    match value {
        Value::Number(number) => number
            .as_u64()
            .and_then(|index| usize::try_from(index).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .trim()
        .chars()
        .take(MESSAGE_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> CallError {
        refusal(status, None, body.as_bytes(), Timestamp::from_micros(0))
    }

    #[test]
    fn every_shape_of_error_body_gives_its_code() {
        let shapes = [
            (
                422,
                r#"{"errors":[{"code":"H117","message":"tip","location":["type"],"value":"X"}]}"#,
                "H117",
            ),
            (
                403,
                r#"{"errors":[{"code:":"H353","message":"yetki"}]}"#,
                "H353",
            ),
            (
                400,
                r#"{"errors":{"code":"H174","message":"aynı"}}"#,
                "H174",
            ),
            (400, r#"{"message":"aynı","code":"H174"}"#, "H174"),
            (500, r#"{"errors":[{"code":412}]}"#, "H412"),
            (
                400,
                r#"{"errorCode":"OTP-ERROR-001","errorMessage":"kod"}"#,
                "OTP-ERROR-001",
            ),
            (
                400,
                r#"{"error":{"code":"H178","message":"tarih"}}"#,
                "H178",
            ),
            (
                409,
                r#"{"code":"ERROR","message":{"code":"H1020","message":"depo"}}"#,
                "H1020",
            ),
        ];
        for (status, body, code) in shapes {
            let error = read(status, body);
            assert_eq!(error.code.as_deref(), Some(code), "{body}");
            assert!(!error.message.is_empty(), "{body}");
        }
    }

    #[test]
    fn the_code_outranks_the_status() {
        assert_eq!(
            read(400, r#"{"errors":[{"code":"H467"}]}"#).class,
            Class::Business
        );
        assert_eq!(
            read(422, r#"{"errors":[{"code":"H467"}]}"#).class,
            Class::Business
        );
        assert_eq!(
            read(500, r#"{"errors":[{"code":"H245"}]}"#).class,
            Class::Configuration
        );
        assert_eq!(
            read(400, r#"{"errors":[{"code":"H123"}]}"#).class,
            Class::Transient
        );
    }

    #[test]
    fn the_status_decides_where_no_known_code_can_be_read() {
        let expected = [
            (401, Class::Auth),
            (403, Class::Configuration),
            (302, Class::Configuration),
            (429, Class::Window { seconds: 1 }),
            (422, Class::Data),
            (500, Class::Transient),
            (502, Class::Transient),
        ];
        for (status, class) in expected {
            for body in [
                "",
                "<html>bad gateway</html>",
                r#"{"errors":[{"code":"H999","message":"yeni"}]}"#,
            ] {
                assert_eq!(read(status, body).class, class, "{status} {body}");
            }
        }
        assert_eq!(read(404, "").class, Class::Data);
        assert_eq!(
            read(404, "<html>not found</html>").class,
            Class::Configuration
        );
        assert_eq!(
            read(502, "<html>bad gateway</html>").message,
            "<html>bad gateway</html>"
        );
    }

    #[test]
    fn the_token_calls_own_error_form_is_told_in_its_words() {
        let error = read(
            400,
            r#"{"error":"invalid_grant","error_description":"refresh token expired"}"#,
        );
        assert_eq!(error.code, None);
        assert_eq!(error.message, "invalid_grant: refresh token expired");
        assert_eq!(error.class, Class::Data);
    }

    #[test]
    fn rows_are_named_by_their_position_and_a_call_wide_error_is_the_headline() {
        let error = read(
            422,
            r#"{"errors":[{"code":"H121","message":"a","index":3,"location":["recipient"]},
                {"code":"H193","message":"b","location":["recipients",7]},
                {"code":"H525","message":"kota","location":["retailerAccess",0]}]}"#,
        );
        assert_eq!(error.code.as_deref(), Some("H525"));
        assert_eq!(error.class, Class::Configuration);
        let rows: Vec<_> = error
            .rows
            .iter()
            .map(|row| (row.index, row.code.as_deref()))
            .collect();
        assert_eq!(rows, [(3, Some("H121")), (7, Some("H193"))]);
    }

    #[test]
    fn a_retry_after_header_lengthens_a_window_and_never_shortens_it() {
        let now = Timestamp::from_micros(0);
        let body = br#"{"errors":[{"code":"H124"}]}"#;
        assert_eq!(
            refusal(429, Some(7), body, now).class,
            Class::Window { seconds: 7 }
        );
        let hourly = br#"{"errors":[{"code":"H084"}]}"#;
        let error = refusal(429, Some(7), hourly, now);
        assert_eq!(error.class, Class::Window { seconds: 3_660 });
        assert_eq!(
            error.not_before,
            Some(Timestamp::from_micros(3_660 * SECOND_US))
        );
    }
}
