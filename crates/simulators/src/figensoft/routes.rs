//! The calls of FigenSoft.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::desk::{
    self, Desk, Item, Order, basic, decimal, is_turkish_mobile, is_turkish_sender, media_type,
};
use crate::segments;

const MESSAGES_MAX: usize = 1_000;

type Shared = State<Arc<Desk>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/sms/send", post(send))
        .route("/sms/report", post(report))
        .route("/sms/balance", get(balance))
        .with_state(desk)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Send {
    sms_header: String,
    sms_iys_message_type: String,
    sms_iys_recipient_type: String,
    custom_id: String,
    messages: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    id: String,
    number: String,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    packet_id: String,
}

fn refuse(code: &str) -> Response {
    let (status, words) = match code {
        "1" => (401, "Kullanıcı adı veya parola hatalı"),
        "2" => (400, "Kredi yetersiz"),
        "3" => (400, "Başlık tanımlı değil"),
        "5" => (400, "Numara hatalı"),
        "6" => (400, "Metin boş"),
        "7" => (400, "İYS marka kodu tanımlı değil"),
        "9" => (400, "Tekrar eden paket"),
        _ => (400, "İstek çözümlenemedi"),
    };
    desk::json(status, json!({ "code": code, "message": words }))
}

fn let_in(desk: &Desk, headers: &HeaderMap) -> Result<(), Response> {
    let is_let_in = basic(headers)
        .is_some_and(|(user, password)| desk.state().options.lets_in(&user, &password));
    if is_let_in { Ok(()) } else { Err(refuse("1")) }
}

fn read<T: DeserializeOwned>(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<T, Response> {
    let_in(desk, headers)?;
    if media_type(headers) != "application/json" {
        return Err(refuse("4"));
    }
    serde_json::from_slice(body).map_err(|_| refuse("4"))
}

async fn send(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    match take(&desk, &headers, &body) {
        Ok(answer) => desk::json(200, answer),
        Err(refusal) => refusal,
    }
}

fn take(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<Value, Response> {
    let asked: Send = read(desk, headers, body)?;
    {
        let mut state = desk.state();
        if let Some(code) = state.refusals.pop_front() {
            return Err(refuse(&code));
        }
        if state.options.balance_hundredths <= 0 {
            return Err(refuse("2"));
        }
        if !is_turkish_sender(&asked.sms_header) || !state.options.knows_sender(&asked.sms_header) {
            return Err(refuse("3"));
        }
    }
    let is_commercial = match asked.sms_iys_message_type.as_str() {
        "CAMPAIGN" => true,
        "NOTIFICATION" => false,
        _ => return Err(refuse("4")),
    };
    let kind = match asked.sms_iys_recipient_type.as_str() {
        "BIREYSEL" => "BIREYSEL",
        "TACIR" => "TACIR",
        _ => return Err(refuse("4")),
    };
    if asked.messages.is_empty() || asked.messages.len() > MESSAGES_MAX {
        return Err(refuse("4"));
    }
    if asked.messages.iter().any(|one| one.text.trim().is_empty()) {
        return Err(refuse("6"));
    }
    let items = asked.messages.iter().map(|one| {
        let national = one.number.strip_prefix("90").unwrap_or_default();
        Item {
            to: one.number.clone(),
            text: &one.text,
            own_id: &one.id,
            parts: segments::parts(&one.text, true),
            refused: (!is_turkish_mobile(national)).then_some("5"),
        }
    });
    let taken = desk.take(&Order {
        own_job: &asked.custom_id,
        sender: &asked.sms_header,
        iys: is_commercial.then_some(kind),
        items: items.collect(),
        ..Order::default()
    });
    let results: Vec<Value> = taken
        .items
        .into_iter()
        .map(|item| match item {
            Ok(_) => json!({ "code": "0" }),
            Err(code) => json!({ "code": code.unwrap_or_else(|| "5".to_owned()) }),
        })
        .collect();
    Ok(json!({ "code": "0", "message": "Başarılı", "packetId": taken.job, "results": results }))
}

async fn report(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let asked: Asked = match read(&desk, &headers, &body) {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let state = desk.state();
    let Some(messages) = state.book.job(&asked.packet_id) else {
        return refuse("4");
    };
    let reports: Vec<Value> = messages
        .iter()
        .map(|message| super::report(message, state.now_ms))
        .collect();
    desk::json(200, json!({ "code": "0", "reports": reports }))
}

async fn balance(State(desk): Shared, headers: HeaderMap) -> Response {
    if let Err(refusal) = let_in(&desk, &headers) {
        return refusal;
    }
    let left = desk.state().options.balance_hundredths;
    desk::json(200, json!({ "code": "0", "credit": decimal(left) }))
}
