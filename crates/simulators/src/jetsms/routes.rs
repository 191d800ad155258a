//! The services of JetSMS.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::reading::{IDS_MAX, OnlyLogin, Report, Send};
use crate::desk::{self, Desk, Item, Message, Order, media_type, turkish_time};
use crate::infobip::Outcome;
use crate::segments;

type Shared = State<Arc<Desk>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/api/SendSms", post(send))
        .route("/api/ReportSms", post(report))
        .route("/api/reportoriginator", post(senders))
        .with_state(desk)
}

fn refuse(code: &str) -> Response {
    let message = match code {
        "11" => "Yetersiz kredi",
        "12" => "Hatalı gönderen",
        "30" => "Gönderen eksik",
        "38" => "Mesaj metni boş",
        "62" => "Hesap ayarı eksik",
        "80" => "Biçim hatası",
        "81" => "Dizi boyutu hatalı ya da sınır aşıldı",
        "90" => "Sistem hatası",
        _ => "Hata",
    };
    let body =
        json!({ "responseCode": code, "responseMessage": message, "responseGroupIdArray": [] });
    desk::json(200, body)
}

fn unauthorised() -> Response {
    let body =
        json!({ "responseCode": "10", "responseMessage": "Kullanıcı adı ya da parola hatalı" });
    desk::json(401, body)
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Response> {
    if media_type(headers) != "application/json" {
        return Err(desk::json(415, Value::Null));
    }
    serde_json::from_slice(body).map_err(|_| refuse("80"))
}

fn let_in(desk: &Desk, user: &str, password: &str) -> Result<(), Response> {
    if user.is_empty() || password.is_empty() {
        return Err(refuse("03"));
    }
    if desk.state().options.lets_in(user, password) {
        Ok(())
    } else {
        Err(unauthorised())
    }
}

fn answer(outcome: Result<Value, Response>) -> Response {
    outcome.map_or_else(|refusal| refusal, |body| desk::json(200, body))
}

async fn send(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    answer(take(&desk, &headers, &body))
}

fn take(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<Value, Response> {
    let request: Send = read(headers, body)?;
    let_in(desk, &request.user, &request.password)?;
    {
        let mut state = desk.state();
        if let Some(code) = state.refusals.pop_front() {
            return Err(refuse(&code));
        }
        if state.options.balance_hundredths <= 0 {
            return Err(refuse("11"));
        }
    }
    if let Some(code) = request.problem() {
        return Err(refuse(code));
    }
    if !desk.state().options.knows_sender(&request.originator) {
        return Err(refuse("12"));
    }
    let items = request
        .smsmessages
        .iter()
        .map(|message| Item {
            to: message.recipient.clone(),
            text: &message.messagetext,
            own_id: &message.messageid,
            parts: segments::parts(&message.messagetext, true),
            refused: message.problem(),
        })
        .collect();
    let asks_for_consent = request.iysfilter.as_deref() == Some("1");
    let iys = match request.recipienttype.as_deref() {
        Some("BIREYSEL") if asks_for_consent => Some("BIREYSEL"),
        Some("TACIR") if asks_for_consent => Some("TACIR"),
        _ => None,
    };
    let taken = desk.take(&Order {
        sender: &request.originator,
        iys,
        items,
        ..Order::default()
    });
    let rows: Vec<Value> = request
        .smsmessages
        .iter()
        .zip(&taken.items)
        .map(|(message, outcome)| {
            let status = match outcome {
                Ok(_) => "0",
                Err(code) => code.as_deref().unwrap_or("31"),
            };
            json!({ "gsmNumber": message.recipient, "messageid": message.messageid, "status": status })
        })
        .collect();
    Ok(json!({
        "responseCode": "00",
        "responseMessage": "OK",
        "groupid": taken.job,
        "responseGroupIdArray": rows,
    }))
}

async fn report(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    answer(tell(&desk, &headers, &body))
}

fn tell(desk: &Desk, headers: &HeaderMap, body: &[u8]) -> Result<Value, Response> {
    let asked: Report = read(headers, body)?;
    let_in(desk, &asked.user, &asked.password)?;
    if asked.message_ids.len() > IDS_MAX
        || (asked.message_ids.is_empty() && asked.groupid.is_empty())
    {
        return Err(refuse("81"));
    }
    let state = desk.state();
    let rows: Vec<Value> = if asked.message_ids.is_empty() {
        let messages = state.book.job(&asked.groupid).unwrap_or_default();
        messages.iter().map(|m| row(m, state.now_ms)).collect()
    } else {
        asked
            .message_ids
            .iter()
            .map(|id| {
                let known = state.book.by_own_id(id);
                known.map_or_else(|| unknown(id), |message| row(message, state.now_ms))
            })
            .collect()
    };
    Ok(json!({ "ResponseCode": "00", "ResponseMessage": "OK", "MessageReportArray": rows }))
}

fn unknown(id: &str) -> Value {
    json!({ "GsmNumber": "", "Status": "-1", "SentDate": "", "DeliveredDate": "", "MessageId": id,
            "ResponseCode": "", "SendRetryCount": 0, "SMSValueToLength": 0, "SendedSMSCount": 0, "Channel": "" })
}

fn row(message: &Message, now_ms: i64) -> Value {
    let status = message.code(now_ms, |end| match end {
        Outcome::Delivered => "1",
        Outcome::Undelivered | Outcome::Rejected => "3",
        Outcome::Expired => "4",
        Outcome::Operator | Outcome::Unknown | Outcome::None => "2",
    });
    let is_delivered = message.end(now_ms) == Outcome::Delivered;
    let delivered = turkish_time(message.due_ms, "%d.%m.%Y %H:%M:%S");
    json!({
        "GsmNumber": message.to,
        "Status": status,
        "SentDate": turkish_time(message.accepted_ms, "%d.%m.%Y %H:%M:%S"),
        "DeliveredDate": if is_delivered { delivered } else { String::new() },
        "MessageId": message.own_id,
        "ResponseCode": "",
        "SendRetryCount": 0,
        "SMSValueToLength": message.parts,
        "SendedSMSCount": message.parts,
        "Channel": "VF",
    })
}

async fn senders(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = read::<OnlyLogin>(&headers, &body)
        .and_then(|asked| let_in(&desk, &asked.user, &asked.password))
        .map(|()| {
            let senders = desk.state().options.senders.clone();
            let list: Vec<Value> = senders
                .iter()
                .map(|sender| json!({ "channel": "VF", "messagetitle": sender }))
                .collect();
            json!({ "originators": list })
        });
    answer(outcome)
}
