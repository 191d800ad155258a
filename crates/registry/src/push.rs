//! Push: İYS tells what citizens did as it happens. Retries, order and
//! signature are not documented, so a push is a hint: it is checked like a
//! pulled row, and pulling goes on.
//!
//! The receiver is a plain `https` address with HTTP Basic that answers within
//! five seconds. [`read_push`] understands what arrives there; the message that
//! İYS sends to try a new connection is about nobody and must be answered 200.

use std::fmt;

use domain::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::call_error::CallError;
use crate::client::{Client, prefix};
use crate::limiter::CallKind;
use crate::read;
use crate::transport::Request;
use crate::wire::{BrandAddress, Change, RegisteredChannel};

/// Connections that İYS keeps open per channel of a brand.
pub const CONNECTIONS_MAX: usize = 2;
/// Movements of one push that are read.
pub const PUSH_ROWS_MAX: usize = 10_000;
/// Firm and brand of the message that tries a connection.
const TEST_CODE: i64 = 121_212;

/// An address of ours and what İYS logs in with there.
#[derive(Debug, Clone, Serialize)]
pub struct Connection {
    /// Begins with `https://`.
    pub url: String,
    /// The channel it is for.
    #[serde(rename = "type")]
    pub channel: RegisteredChannel,
    /// For HTTP Basic.
    pub username: String,
    /// For HTTP Basic.
    #[serde(serialize_with = "secret")]
    pub password: SecretString,
}

fn secret<S: Serializer>(text: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text.expose_secret())
}

#[derive(Serialize)]
struct Registration<'a> {
    connection: &'a [Connection],
}

/// A connection as İYS lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedConnection {
    /// Our address.
    pub url: String,
    /// The channel it is for, when it could be read.
    pub channel: Option<RegisteredChannel>,
    /// Whether İYS reached it (*Bağlantı Oluşturuldu*).
    pub is_open: bool,
    /// When it was asked for.
    pub registered: Option<Timestamp>,
}

/// What arrived at our address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Push {
    /// Movements, in the order they came.
    pub movements: Vec<Pushed>,
    /// Rows that could not be read, as they came; one of them may be a refusal.
    pub unreadable: Vec<String>,
    /// Rows of the message that tries a connection: nothing to store.
    pub tests: usize,
}

/// One pushed movement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Whose brand, as İYS names it. It must be the brand the address was made for.
    pub brand: BrandAddress,
    /// The movement.
    pub change: Change,
}

/// The body is no push.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct NotAPush(String);

impl fmt::Display for NotAPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body is no list of movements: {}", self.0)
    }
}

impl Client {
    /// Asks İYS to push to these addresses, one per channel. İYS sends its test
    /// message to each before it answers, so the receiver must be up.
    ///
    /// # Errors
    /// [`CallError`]; H530 when an address did not answer.
    pub async fn register_push(
        &self,
        brand: BrandAddress,
        connections: &[Connection],
    ) -> Result<(), CallError> {
        let request = Request::post(
            format!("{}/push/registration", prefix(brand)),
            &Registration {
                connection: connections,
            },
        );
        self.call(CallKind::Account, &request).await.map(|_| ())
    }

    /// The connections that İYS has for a brand.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn push_connections(
        &self,
        brand: BrandAddress,
    ) -> Result<Vec<ListedConnection>, CallError> {
        let request = Request::get(format!("{}/push/registration", prefix(brand)));
        let listed = self
            .read_if_any(CallKind::Account, &request, read_connections)
            .await?;
        Ok(listed.unwrap_or_default())
    }

    /// Ends one connection.
    ///
    /// # Errors
    /// [`CallError`]; H530 when İYS has none like it.
    pub async fn unregister_push(
        &self,
        brand: BrandAddress,
        connection: &Connection,
    ) -> Result<(), CallError> {
        let path = format!("{}/push/unregistration", prefix(brand));
        let request = Request::post(path, connection);
        self.call(CallKind::Account, &request).await.map(|_| ())
    }
}

/// Reads what İYS, or a relay of it, sent to our address. Keys are taken in any
/// case, since relays write them in lower case.
///
/// # Errors
/// [`NotAPush`] when it holds no list at all: answer 400, it is not from İYS.
pub fn read_push(body: &[u8]) -> Result<Push, NotAPush> {
    let value: Value = read::parse(body).map_err(NotAPush)?;
    let value = with_known_keys(value);
    let rows = value
        .get("list")
        .and_then(Value::as_array)
        .ok_or_else(|| NotAPush("it has no list".to_owned()))?;
    let mut push = Push::default();
    for row in rows.iter().take(PUSH_ROWS_MAX) {
        match pushed(row) {
            Some(one) if one.brand.iys_code == TEST_CODE && one.brand.brand_code == TEST_CODE => {
                push.tests += 1;
            }
            Some(one) => push.movements.push(one),
            None => push.unreadable.push(row.to_string()),
        }
    }
    if rows.len() > PUSH_ROWS_MAX {
        push.unreadable
            .push(format!("{} rows too many", rows.len() - PUSH_ROWS_MAX));
    }
    Ok(push)
}

fn pushed(row: &Value) -> Option<Pushed> {
    Some(Pushed {
        brand: BrandAddress {
            iys_code: read::number(row, "iysCode")?,
            brand_code: read::number(row, "brandCode")?,
        },
        change: read::change(row)?,
    })
}

const KNOWN_KEYS: [&str; 11] = [
    "list",
    "iysCode",
    "brandCode",
    "consentDate",
    "creationDate",
    "source",
    "recipient",
    "recipientType",
    "status",
    "type",
    "transactionId",
];

fn with_known_keys(value: Value) -> Value {
    match value {
        Value::Array(rows) => Value::Array(rows.into_iter().map(with_known_keys).collect()),
        Value::Object(fields) => {
            let named = fields.into_iter().map(|(key, value)| {
                let known = KNOWN_KEYS
                    .into_iter()
                    .find(|known| known.eq_ignore_ascii_case(&key));
                (known.map_or(key, str::to_owned), with_known_keys(value))
            });
            Value::Object(named.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn read_connections(body: &[u8]) -> Result<Vec<ListedConnection>, String> {
    let value: Value = read::parse(body)?;
    // Whether the list is bare or wrapped is not documented.
    let rows = [Some(&value), value.get("connection"), value.get("list")]
        .into_iter()
        .flatten()
        .find_map(Value::as_array)
        .ok_or("it holds no list of connections")?;
    let listed = |row: &Value| {
        let status = read::text(row, &["status"]).unwrap_or_default();
        Some(ListedConnection {
            url: read::text(row, &["url"])?,
            channel: read::text(row, &["type"]).and_then(|word| read::channel(&word)),
            is_open: status == "Bağlantı Oluşturuldu",
            registered: read::date(row, "registerTime"),
        })
    };
    Ok(rows.iter().filter_map(listed).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"iysCode":600011,"brandCode":"600012","consentDate":"2026-03-02 15:20:11","creationDate":"2026-03-02 15:20:12","source":"IYS_KISAMESAJ","recipient":"+905321234567","recipientType":"BIREYSEL","status":"RET","type":"MESAJ","transactionId":"9f"}"#;

    #[test]
    fn a_movement_is_read_whatever_the_case_of_its_keys() {
        for row in [
            ROW.to_owned(),
            ROW.replace("iysCode", "iyscode")
                .replace("recipientType", "RECIPIENTTYPE"),
        ] {
            let push = read_push(format!(r#"{{"list":[{row}]}}"#).as_bytes()).unwrap();
            assert_eq!(push.movements.len(), 1, "{row}");
            let one = &push.movements[0];
            assert_eq!(
                (one.brand.iys_code, one.brand.brand_code),
                (600_011, 600_012)
            );
            assert_eq!(one.change.held.status, domain::Status::Ret);
        }
        assert!(read_push(format!(r#"{{"LIST":[{ROW}]}}"#).as_bytes()).is_ok());
    }

    #[test]
    fn the_message_that_tries_a_connection_is_about_nobody() {
        let body = r#"{"list":[{"iysCode":121212,"brandCode":121212,"consentDate":"2015-05-01 15:00:00","creationDate":"2015-05-01 15:00:00","source":"IYS_MOBIL","recipient":"pushtest@iys.org.tr","recipientType":"BIREYSEL","status":"ONAY","type":"EPOSTA","transactionId":"00"}]}"#;
        let push = read_push(body.as_bytes()).unwrap();
        assert_eq!((push.tests, push.movements.len()), (1, 0));
    }

    #[test]
    fn a_row_that_cannot_be_read_is_kept_for_people_and_stops_no_other() {
        let body = format!(r#"{{"list":[{{"recipient":"+905321234567"}},{ROW},7]}}"#);
        let push = read_push(body.as_bytes()).unwrap();
        assert_eq!((push.movements.len(), push.unreadable.len()), (1, 2));
        for body in ["", "[]", "{}", r#"{"list":7}"#] {
            assert!(read_push(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn connections_are_listed_bare_or_wrapped() {
        let row = r#"{"url":"https://ornek.example/iys","type":"MESAJ","status":"Bağlantı Oluşturuldu","registerTime":"2026-03-02 15:20:11"}"#;
        for body in [format!("[{row}]"), format!(r#"{{"connection":[{row}]}}"#)] {
            let listed = read_connections(body.as_bytes()).unwrap();
            assert!(
                listed[0].is_open && listed[0].registered.is_some(),
                "{body}"
            );
        }
    }

    #[test]
    fn a_password_does_not_show_in_a_log() {
        let connection = Connection {
            url: "https://ornek.example/iys".into(),
            channel: RegisteredChannel::MESAJ,
            username: "iys".into(),
            password: "gizli".into(),
        };
        assert!(!format!("{connection:?}").contains("gizli"));
        assert!(
            serde_json::to_string(&connection)
                .unwrap()
                .contains("gizli")
        );
    }
}
