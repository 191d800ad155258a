//! The services of Netgsm.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::reading::{Balance, PAGE_MAX, Report, Send};
use crate::desk::{
    self, Desk, Item, Message, Order, basic, dated, decimal, media_type, money, turkish_time,
};
use crate::infobip::Outcome;
use crate::segments;

/// Longest message, in parts.
const PARTS_MAX: usize = 7;

type Shared = State<Arc<Desk>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/sms/rest/v2/send", post(send))
        .route("/sms/rest/v2/report", post(report))
        .route("/sms/rest/v2/msgheader", get(senders))
        .route("/sms/rest/v2/inbox", get(inbox))
        .route("/balance", post(balance))
        .with_state(desk)
}

fn refuse(code: &str) -> Response {
    let description = match code {
        "20" => "mesaj metnindeki problem",
        "30" => "gecersiz kullanici adi, sifre veya API erisim izni",
        "40" => "mesaj basligi sistemde tanimli degil",
        "50" => "IYS kontrollu gonderim yapilamiyor",
        "51" => "aboneliginize tanimli IYS marka bilgisi bulunamadi",
        "60" => "kayit bulunamadi",
        "70" => "hatali sorgulama",
        "80" => "gonderim sinir asimi",
        "85" => "mukerrer gonderim sinir asimi",
        _ => "sistem hatasi",
    };
    desk::json(406, json!({ "code": code, "description": description }))
}

fn is_let_in(desk: &Desk, headers: &HeaderMap) -> bool {
    basic(headers).is_some_and(|(user, password)| desk.state().options.lets_in(&user, &password))
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Option<T> {
    (media_type(headers) == "application/json")
        .then(|| serde_json::from_slice(body).ok())
        .flatten()
}

async fn send(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    if !is_let_in(&desk, &headers) {
        return refuse("30");
    }
    let Some(request) = read::<Send>(&headers, &body) else {
        return refuse("70");
    };
    {
        let mut state = desk.state();
        if let Some(code) = state.refusals.pop_front() {
            return refuse(&code);
        }
        if !state.may_send() {
            return refuse("80");
        }
        if !state.options.knows_sender(&request.msgheader) {
            return refuse("40");
        }
    }
    if let Some(code) = request.problem() {
        return refuse(code);
    }
    let is_turkish = request.encoding.is_some();
    let parts = |text: &str| {
        if is_turkish {
            segments::turkish_parts(text)
        } else {
            segments::parts(&segments::transliterated(text), false)
        }
    };
    let items: Vec<Item<'_>> = request
        .messages
        .iter()
        .map(|message| Item {
            to: format!("90{}", message.no),
            text: &message.msg,
            parts: parts(&message.msg),
            ..Item::default()
        })
        .collect();
    if items.iter().any(|item| item.parts > PARTS_MAX) {
        return refuse("20");
    }
    let taken = desk.take(&Order {
        sender: &request.msgheader,
        iys: match request.iysfilter.as_deref() {
            Some("11") => Some("BIREYSEL"),
            Some("12") => Some("TACIR"),
            _ => None,
        },
        items,
        ..Order::default()
    });
    let body = json!({ "code": "00", "jobid": taken.job, "description": "queued" });
    desk::json(200, body)
}

async fn report(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    if !is_let_in(&desk, &headers) {
        return refuse("30");
    }
    let Some(asked) = read::<Report>(&headers, &body) else {
        return refuse("70");
    };
    let period = asked.period();
    let is_aimless = asked.jobids.is_empty() && period.is_none();
    if asked.pagesize == 0 || asked.pagesize > PAGE_MAX || is_aimless {
        return refuse("70");
    }
    let mut state = desk.state();
    if !state.may_pull() {
        return refuse("80");
    }
    let of_jobs = asked.jobids.iter().filter_map(|job| state.book.job(job));
    let of_jobs = of_jobs.flatten();
    let of_time = (0..state.book.len())
        .map(|at| state.book.message(at))
        .filter(|_| asked.jobids.is_empty());
    let rows: Vec<Value> = of_jobs
        .chain(of_time)
        .filter(|message| {
            period.is_none_or(|(from, to)| (from..=to).contains(&message.accepted_ms))
        })
        .skip(asked.pagenumber.saturating_mul(asked.pagesize))
        .take(asked.pagesize)
        .map(|message| row(message, state.now_ms))
        .collect();
    if rows.is_empty() {
        return dated(refuse("60"), state.now_ms);
    }
    let body = json!({ "code": "00", "jobs": rows });
    dated(desk::json(200, body), state.now_ms)
}

fn row(message: &Message, now_ms: i64) -> Value {
    let status = message.code(now_ms, |end| match end {
        Outcome::Delivered => "1",
        Outcome::Expired => "2",
        Outcome::Rejected => "3",
        Outcome::Undelivered => "4",
        Outcome::Operator | Outcome::Unknown | Outcome::None => "0",
    });
    let is_delivered = message.end(now_ms) == Outcome::Delivered;
    let delivered = turkish_time(message.due_ms, "%d.%m.%Y %H:%M:%S");
    json!({
        "jobid": message.job,
        "number": message.to.strip_prefix("90").unwrap_or(&message.to),
        "status": status.parse::<i64>().unwrap_or_default(),
        "operator": 30,
        "msglen": message.parts,
        "deliveredDate": if is_delivered { delivered } else { String::new() },
        "errorCode": 0,
        "referansID": "",
    })
}

async fn senders(State(desk): Shared, headers: HeaderMap) -> Response {
    if !is_let_in(&desk, &headers) {
        return refuse("30");
    }
    let senders = desk.state().options.senders.clone();
    desk::json(200, json!({ "code": "00", "msgheaders": senders }))
}

/// Without dates each reply is listed once.
async fn inbox(State(desk): Shared, headers: HeaderMap) -> Response {
    if !is_let_in(&desk, &headers) {
        return refuse("30");
    }
    let mut state = desk.state();
    let list: Vec<Value> = state
        .replies
        .drain(..)
        .map(|reply| {
            json!({
                "message": reply.text,
                "sender": reply.from.strip_prefix("90").unwrap_or(&reply.from),
                "receiver": reply.to,
                "datetime": turkish_time(reply.at_ms, "%d.%m.%Y %H:%M:%S"),
            })
        })
        .collect();
    if list.is_empty() {
        return refuse("40");
    }
    desk::json(200, json!({ "code": "00", "messages": list }))
}

async fn balance(State(desk): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let Some(asked) = read::<Balance>(&headers, &body) else {
        return refuse("70");
    };
    let state = desk.state();
    if !state.options.lets_in(&asked.usercode, &asked.password) {
        return refuse("30");
    }
    let left = state.options.balance_hundredths;
    match asked.stip {
        2 => desk::json(200, json!({ "balance": decimal(left) })),
        1 | 3 => desk::json(
            200,
            json!({ "balance": [{ "amount": money(left), "balance_name": "TL" }] }),
        ),
        _ => refuse("70"),
    }
}
