//! The services of İletimerkezi.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::reading::{Authentication, Envelope, OnlyLogin, Report, Send, international};
use super::status_body;
use crate::desk::{self, Desk, Item, Order, decimal, media_type, turkish_time};
use crate::infobip::Outcome;
use crate::segments;

/// Rows of one page of a report.
const ROWS_MAX: usize = 1_000;

/// Status of an order that was not sent.
const CANCELLED: &str = "115";

type Shared = State<Arc<Desk>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/v1/send-sms/json", post(send))
        .route("/v1/get-report/json", post(report))
        .route("/v1/get-balance/json", post(balance))
        .route("/v1/get-sender/json", post(senders))
        .with_state(desk)
}

/// The code is also the HTTP status.
fn refuse(code: &str) -> Response {
    let message = match code {
        "400" => "İstek çözümlenemedi",
        "401" => "Üyelik bilgileri hatalı",
        "402" => "Bakiye yetersiz",
        "450" => "Gönderilen başlık kullanıma uygun değil",
        "451" => "Tekrar eden sipariş",
        "452" => "Mesaj alıcıları hatalı",
        "453" => "Sipariş boyutu aşıldı",
        "454" => "Mesaj metni boş",
        "455" => "Sipariş bulunamadı",
        "457" => "Mesaj gönderim tarihinin formatı hatalı",
        "459" => "Başlık boş",
        "460" => "Başlık hatalı",
        "468" => "iys parametresi eksik",
        "469" => "iysList parametresi eksik",
        "470" => "İYS kodu tanımlı değil",
        "503" => "Sunucu geçici olarak servis dışı",
        _ => "Hata",
    };
    desk::json(code.parse().unwrap_or(400), status_body(code, message))
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Response> {
    if media_type(headers) != "application/json" {
        return Err(refuse("400"));
    }
    serde_json::from_slice::<Envelope<T>>(body)
        .map(|envelope| envelope.request)
        .map_err(|_| refuse("400"))
}

fn let_in(desk: &Desk, login: &Authentication) -> Result<(), Response> {
    if desk.state().options.lets_in(&login.key, &login.hash) {
        Ok(())
    } else {
        Err(refuse("401"))
    }
}

fn answer(outcome: Result<Value, Response>) -> Response {
    match outcome {
        Ok(mut body) => {
            body["status"] = json!({ "code": "200", "message": "İşlem başarılı" });
            desk::json(200, json!({ "response": body }))
        }
        Err(refusal) => refusal,
    }
}

async fn send(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    answer(take(&desk, &headers, &body))
}

fn take(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<Value, Response> {
    let request: Send = read(headers, body)?;
    let_in(desk, &request.authentication)?;
    let order = &request.order;
    {
        let mut state = desk.state();
        if let Some(code) = state.refusals.pop_front() {
            return Err(refuse(&code));
        }
        if state.options.balance_hundredths <= 0 {
            return Err(refuse("402"));
        }
    }
    if let Some(code) = order.problem() {
        return Err(refuse(code));
    }
    if !desk.state().options.knows_sender(&order.sender) {
        return Err(refuse("450"));
    }
    let items = order
        .message
        .as_slice()
        .iter()
        .flat_map(|message| {
            let parts = segments::parts(&message.text, true);
            message.receipents.number.iter().map(move |number| Item {
                to: international(number).unwrap_or_default(),
                text: &message.text,
                parts,
                ..Item::default()
            })
        })
        .collect();
    let is_commercial = order.flag() == Some("1");
    let iys = match order.iys_list.as_deref() {
        Some("BIREYSEL") if is_commercial => Some("BIREYSEL"),
        Some("TACIR") if is_commercial => Some("TACIR"),
        _ => None,
    };
    let taken = desk.take(&Order {
        sender: &order.sender,
        iys,
        items,
        ..Order::default()
    });
    Ok(json!({ "order": { "id": taken.job } }))
}

async fn report(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    answer(tell(&desk, &headers, &body))
}

fn tell(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<Value, Response> {
    let asked: Report = read(headers, body)?;
    let_in(desk, &asked.authentication)?;
    let asked = asked.order;
    if asked.page == 0 || asked.row_count == 0 || asked.row_count > ROWS_MAX {
        return Err(refuse("422"));
    }
    let state = desk.state();
    let Some(messages) = state.book.job(&asked.id) else {
        return Err(refuse("455"));
    };
    let status = |at: usize| {
        messages[at].code(state.now_ms, |end| match end {
            Outcome::Delivered => "111",
            Outcome::Undelivered | Outcome::Expired | Outcome::Rejected => "112",
            Outcome::Operator | Outcome::Unknown | Outcome::None => "110",
        })
    };
    let all: Vec<String> = (0..messages.len()).map(status).collect();
    let count = |wanted: &str| all.iter().filter(|status| *status == wanted).count();
    let waiting = count("110");
    // A script's code 115 cancels the order: its messages wait for ever.
    let is_cancelled = count(CANCELLED) > 0;
    let rows: Vec<Value> = messages
        .iter()
        .zip(&all)
        .skip((asked.page - 1) * asked.row_count)
        .take(asked.row_count)
        .map(|(message, status)| {
            let status = if status == CANCELLED { "110" } else { status };
            json!({ "number": format!("+{}", message.to), "status": status })
        })
        .collect();
    let first = messages.first();
    let at = turkish_time(first.map_or(0, |m| m.accepted_ms), "%Y-%m-%d %H:%M:%S");
    Ok(json!({ "order": {
        "id": asked.id,
        "status": match (is_cancelled, waiting) {
            (true, _) => CANCELLED,
            (false, 0) => "114",
            (false, _) => "113",
        },
        "total": messages.len(),
        "delivered": count("111"),
        "undelivered": count("112"),
        "waiting": waiting,
        "submitAt": at,
        "sendAt": at,
        "sender": first.map_or("", |m| m.sender.as_str()),
        "message": rows,
    } }))
}

async fn balance(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = read::<OnlyLogin>(&headers, &body)
        .and_then(|asked| let_in(&desk, &asked.authentication))
        .map(|()| {
            let left = desk.state().options.balance_hundredths;
            json!({ "balance": { "amount": decimal(left), "sms": (left / 5).to_string() } })
        });
    answer(outcome)
}

async fn senders(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = read::<OnlyLogin>(&headers, &body)
        .and_then(|asked| let_in(&desk, &asked.authentication))
        .map(|()| json!({ "senders": { "sender": desk.state().options.senders } }));
    answer(outcome)
}
