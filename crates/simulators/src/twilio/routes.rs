//! The services of Twilio.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use super::{sid, standing};
use crate::desk::{self, Desk, Item, Message, Order, basic, dated, decimal, http_date, media_type};
use crate::segments;

/// Longest body, in characters.
const BODY_CHARS_MAX: usize = 1_600;
/// Messages of one list, at most.
const LIST_ROWS_MAX: usize = 1_000;
const KNOWN: [&str; 17] = [
    "To",
    "From",
    "MessagingServiceSid",
    "Body",
    "StatusCallback",
    "ValidityPeriod",
    "SmartEncoded",
    "ShortenUrls",
    "TrafficType",
    "ScheduleType",
    "SendAt",
    "ContentRetention",
    "AddressRetention",
    "RiskCheck",
    "Attempt",
    "ProvideFeedback",
    "ApplicationSid",
];

type Shared = State<Arc<Desk>>;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    let account = "/2010-04-01/Accounts/{account}";
    Router::new()
        .route(&format!("{account}/Messages.json"), post(send).get(list))
        .route(&format!("{account}/Messages/{{sid}}"), get(read))
        .route(&format!("{account}/Balance.json"), get(balance))
        .route(
            &format!("{account}/IncomingPhoneNumbers.json"),
            get(numbers),
        )
        .with_state(desk)
}

fn refuse(status: u16, code: u32, message: &str) -> Response {
    let body = json!({
        "code": code,
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status,
    });
    desk::json(status, body)
}

fn let_in(desk: &Desk, headers: &HeaderMap, account: &str) -> Result<(), Response> {
    let given = basic(headers);
    let is_let_in = given.is_some_and(|(user, password)| {
        user == account && desk.state().options.lets_in(&user, &password)
    });
    if is_let_in {
        Ok(())
    } else {
        Err(refuse(401, 20_003, "Authenticate"))
    }
}

async fn send(
    State(desk): Shared,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match take(&desk, &account, &headers, &body) {
        Ok(body) => desk::json(201, body),
        Err(refusal) => refusal,
    }
}

fn take(desk: &Desk, account: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, Response> {
    let_in(desk, headers, account)?;
    if media_type(headers) != "application/x-www-form-urlencoded" {
        return Err(refuse(400, 20_001, "Unsupported content type"));
    }
    let text = String::from_utf8_lossy(body);
    let url = reqwest::Url::parse(&format!("http://x/?{text}"))
        .map_err(|_| refuse(400, 20_001, "Unreadable form"))?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if let Some((name, _)) = pairs
        .iter()
        .find(|(name, _)| !KNOWN.contains(&name.as_str()))
    {
        return Err(refuse(400, 20_001, &format!("Unknown parameter {name}")));
    }
    let of = |name: &str| {
        let found = pairs.iter().find(|(given, _)| given == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    if let Some(code) = desk.state().refusals.pop_front() {
        let status = if code == "20429" { 429 } else { 400 };
        return Err(refuse(status, code.parse().unwrap_or(20_500), "Refused"));
    }
    let to = of("To").ok_or_else(|| refuse(400, 21_604, "A 'To' phone number is required."))?;
    let digits = to.strip_prefix('+').filter(|digits| {
        (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let digits =
        digits.ok_or_else(|| refuse(400, 21_211, &format!("Invalid 'To' Phone Number: {to}")))?;
    let sender = of("From")
        .or(of("MessagingServiceSid"))
        .ok_or_else(|| refuse(400, 21_603, "A 'From' phone number is required."))?;
    if !desk.state().options.knows_sender(sender) {
        return Err(refuse(
            400,
            21_606,
            "The 'From' number is not a valid sender.",
        ));
    }
    let text = of("Body").ok_or_else(|| refuse(400, 21_602, "Message body is required."))?;
    if text.chars().count() > BODY_CHARS_MAX {
        return Err(refuse(
            400,
            21_617,
            "The concatenated message body exceeds the 1600 character limit.",
        ));
    }
    let validity = of("ValidityPeriod").map(str::parse::<u32>);
    if validity.is_some_and(|seconds| !seconds.is_ok_and(|s| (1..=36_000).contains(&s))) {
        return Err(refuse(400, 90_007, "Validity period is invalid."));
    }
    let parts = segments::parts(text, false);
    let taken = desk.take(&Order {
        sender,
        url: of("StatusCallback"),
        items: vec![Item {
            to: digits.to_owned(),
            text,
            parts,
            ..Item::default()
        }],
        ..Order::default()
    });
    match taken.items.first() {
        Some(Ok(at)) => {
            let state = desk.state();
            Ok(message_json(state.book.message(*at), account, state.now_ms))
        }
        Some(Err(code)) => {
            let code = code.as_deref().and_then(|code| code.parse().ok());
            Err(refuse(
                400,
                code.unwrap_or(21_211),
                "The message cannot be sent.",
            ))
        }
        None => Err(refuse(500, 20_500, "An internal server error has occurred")),
    }
}

fn message_json(message: &Message, account: &str, now_ms: i64) -> Value {
    let (status, error) = standing(message, now_ms);
    json!({
        "sid": sid(message),
        "account_sid": account,
        "to": format!("+{}", message.to),
        "from": message.sender,
        "body": message.text,
        "status": status,
        "date_created": http_date(message.accepted_ms).replace("GMT", "+0000"),
        "num_segments": message.parts.to_string(),
        "num_media": "0",
        "error_code": error.and_then(|code| code.parse::<u32>().ok()),
        "error_message": null,
        "price": null,
        "price_unit": "USD",
        "direction": "outbound-api",
        "api_version": "2010-04-01",
    })
}

/// What a number was sent, the newest first.
async fn list(
    State(desk): Shared,
    Path(account): Path<String>,
    headers: HeaderMap,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    if let Err(refusal) = let_in(&desk, &headers, &account) {
        return refusal;
    }
    let rows = asked.get("PageSize").map_or(Ok(50), |rows| rows.parse());
    let (Some(to), Ok(rows @ 1..=LIST_ROWS_MAX)) = (asked.get("To"), rows) else {
        return refuse(400, 20_001, "Invalid parameter");
    };
    let state = desk.state();
    let digits = to.trim_start_matches('+');
    let messages: Vec<Value> = (0..state.book.len())
        .rev()
        .map(|at| state.book.message(at))
        .filter(|message| message.to == digits)
        .take(rows)
        .map(|message| message_json(message, &account, state.now_ms))
        .collect();
    let body = json!({ "messages": messages, "next_page_uri": null });
    dated(desk::json(200, body), state.now_ms)
}

async fn read(
    State(desk): Shared,
    Path((account, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = let_in(&desk, &headers, &account) {
        return refusal;
    }
    let state = desk.state();
    // `SM`, then the message's id twice.
    let id = name.strip_suffix(".json").and_then(|sid| sid.get(2..18));
    match id.and_then(|id| state.book.by_id(id)) {
        Some(message) => desk::json(200, message_json(message, &account, state.now_ms)),
        None => refuse(404, 20_404, "The requested resource was not found"),
    }
}

async fn balance(State(desk): Shared, Path(account): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = let_in(&desk, &headers, &account) {
        return refusal;
    }
    let left = desk.state().options.balance_hundredths;
    let body = json!({ "account_sid": account, "balance": decimal(left), "currency": "USD" });
    desk::json(200, body)
}

async fn numbers(State(desk): Shared, Path(account): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = let_in(&desk, &headers, &account) {
        return refusal;
    }
    let senders = desk.state().options.senders.clone();
    let list: Vec<Value> = senders
        .iter()
        .map(|number| json!({ "phone_number": number, "friendly_name": number }))
        .collect();
    desk::json(
        200,
        json!({ "incoming_phone_numbers": list, "next_page_uri": null }),
    )
}
