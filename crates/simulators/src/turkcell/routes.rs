//! The calls of Mesajüssü.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::desk::{
    self, Desk, Item, Order, dated, is_turkish_mobile, is_turkish_sender, media_type,
};
use crate::dice::{mix, stable_hash};
use crate::lock::locked;
use crate::segments;

const RECEIVERS_MAX: usize = 1_000;

/// A token lives for a day, and for ten minutes without use.
const TOKEN_MS: i64 = 24 * 60 * 60 * 1_000;
const IDLE_MS: i64 = 10 * 60 * 1_000;

/// The desk, with the sessions beside it: a reset ends none.
#[derive(Debug)]
struct Counter {
    desk: Arc<Desk>,
    sessions: Mutex<HashMap<String, Session>>,
}

#[derive(Debug, Clone, Copy)]
struct Session {
    opened_ms: i64,
    used_ms: i64,
}

type Shared = State<Arc<Counter>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    let counter = Counter {
        desk,
        sessions: Mutex::default(),
    };
    Router::new()
        .route("/api/api/integration/v2/login", post(login))
        .route("/api/api/integration/v2/sms/send/nton", post(send))
        .with_state(Arc::new(counter))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    username: String,
    password: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Send {
    #[serde(default = "yes")]
    etk_flag: bool,
    messages: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    receiver: String,
    message: String,
    sender: String,
}

fn yes() -> bool {
    true
}

fn refuse(status: u16, words: &str) -> Response {
    desk::json(status, json!({ "resultDescription": words }))
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Response> {
    if media_type(headers) != "application/json" {
        return Err(refuse(415, "Unsupported media type"));
    }
    serde_json::from_slice(body).map_err(|error| refuse(400, &error.to_string()))
}

/// Another password, another token.
fn token(user: &str, password: &str) -> String {
    let login = format!("{user}:{password}");
    format!("{:016x}", mix(stable_hash(login.as_bytes())))
}

async fn login(State(counter): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let Login { username, password } = match read(&headers, &body) {
        Ok(login) => login,
        Err(refusal) => return refusal,
    };
    let now_ms = {
        let state = counter.desk.state();
        if !state.options.lets_in(&username, &password) {
            return refuse(913, "Kullanıcı bulunamadı");
        }
        state.now_ms
    };
    let token = token(&username, &password);
    let session = Session {
        opened_ms: now_ms,
        used_ms: now_ms,
    };
    locked(&counter.sessions).insert(token.clone(), session);
    desk::json(200, json!({ "token": token }))
}

async fn send(State(counter): Shared, headers: HeaderMap, body: Bytes) -> Response {
    take(&counter, &headers, &body).unwrap_or_else(|refusal| refusal)
}

/// Whether the token of a call is of an open session.
fn let_in(counter: &Counter, headers: &HeaderMap) -> Result<(), Response> {
    let given = headers.get("token").and_then(|token| token.to_str().ok());
    let (now_ms, expected) = {
        let state = counter.desk.state();
        let login = state.options.login.as_ref();
        (
            state.now_ms,
            login.map(|login| token(&login.user, &login.password)),
        )
    };
    let given = given
        .filter(|given| {
            expected
                .as_ref()
                .is_none_or(|expected| expected.as_str() == *given)
        })
        .ok_or_else(|| refuse(908, "Token geçersiz"))?;
    let mut sessions = locked(&counter.sessions);
    let Some(session) = sessions.get_mut(given) else {
        return Err(refuse(908, "Token geçersiz"));
    };
    if now_ms - session.used_ms > IDLE_MS || now_ms - session.opened_ms > TOKEN_MS {
        return Err(refuse(918, "Token zaman aşımı"));
    }
    session.used_ms = now_ms;
    Ok(())
}

fn take(counter: &Counter, headers: &HeaderMap, body: &[u8]) -> Result<Response, Response> {
    let_in(counter, headers)?;
    let desk = &counter.desk;
    let now_ms = desk.state().now_ms;
    if let Some(code) = desk.state().refusals.pop_front() {
        let refusal = refuse(code.parse().unwrap_or(920), "Reddedildi");
        return Err(dated(refusal, now_ms));
    }
    let asked: Send = read(headers, body)?;
    if asked.messages.is_empty() || asked.messages.len() > RECEIVERS_MAX {
        return Err(refuse(932, "Alıcı sayısı sınır dışında"));
    }
    let sender = asked.messages[0].sender.as_str();
    let knows =
        |sender: &str| is_turkish_sender(sender) && desk.state().options.knows_sender(sender);
    if !asked.messages.iter().all(|one| knows(&one.sender)) {
        return Err(refuse(971, "Başlık geçerli değil"));
    }
    if asked
        .messages
        .iter()
        .any(|one| !is_turkish_mobile(&one.receiver) || one.message.trim().is_empty())
    {
        return Err(refuse(400, "Alıcı ya da metin hatalı"));
    }
    let items = asked.messages.iter().map(|one| Item {
        to: format!("90{}", one.receiver),
        text: &one.message,
        parts: segments::parts(&one.message, true),
        ..Item::default()
    });
    let taken = desk.take(&Order {
        sender,
        // The flag says that consent is looked up, not in which capacity.
        iys: asked.etk_flag.then_some("BIREYSEL"),
        items: items.collect(),
        ..Order::default()
    });
    Ok(desk::json(
        200,
        json!({ "resultDescription": "success", "id": taken.job }),
    ))
}
