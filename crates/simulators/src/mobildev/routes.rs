//! The one address of Mobildev; the action in the body says what is asked.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::desk::{
    Desk, Elements, Item, Order, elements, is_turkish_mobile, is_turkish_sender, media_type, only,
    turkish_time,
};
use crate::infobip::Outcome;
use crate::segments;

const KNOWN: [&str; 10] = [
    "UserName",
    "PassWord",
    "Action",
    "Originator",
    "Messages",
    "Messages/Message",
    "Messages/Message/Mesgbody",
    "Messages/Message/Number",
    "SDate",
    "MsgID",
];
const MESSAGES_MAX: usize = 30_000;
/// Longest text of the actions for short texts.
const SHORT_CHARS_MAX: usize = 268;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new().route("/xml", post(act)).with_state(desk)
}

/// Codes and numbers come as plain text.
async fn act(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    if media_type(&headers) != "text/xml" {
        return "05".into_response();
    }
    match answer(&desk, &body) {
        Ok(answer) => answer,
        Err(code) => code.into_response(),
    }
}

fn answer(desk: &Desk, body: &[u8]) -> Result<Response, String> {
    let asked = elements(body, "MainmsgBody", &KNOWN).ok_or("05")?;
    let of = |name: &str| only(&asked, name).ok_or_else(|| "05".to_owned());
    // The user's name and the company code are written together.
    let (user, company) = of("UserName")?.rsplit_once('-').unwrap_or_default();
    if company.is_empty() || !desk.state().options.lets_in(user, of("PassWord")?) {
        return Err("01".to_owned());
    }
    match of("Action")? {
        "1" => take(desk, &asked, Some(SHORT_CHARS_MAX)).map(IntoResponse::into_response),
        "41" => take(desk, &asked, None).map(IntoResponse::into_response),
        "2" => report(desk, of("MsgID")?),
        "4" => {
            let credits = desk.state().options.balance_hundredths / 100;
            Ok(credits.to_string().into_response())
        }
        _ => Err("03".to_owned()),
    }
}

fn take(desk: &Desk, asked: &Elements, chars_max: Option<usize>) -> Result<String, String> {
    if let Some(code) = desk.state().refusals.pop_front() {
        return Err(code);
    }
    let list = |name: &str| asked.get(name).map(Vec::as_slice).unwrap_or_default();
    let texts = list("Messages/Message/Mesgbody");
    let numbers = list("Messages/Message/Number");
    let sender = only(asked, "Originator").ok_or("05")?;
    if asked.contains_key("MsgID") {
        return Err("07".to_owned());
    }
    if !is_turkish_sender(sender) || !desk.state().options.knows_sender(sender) {
        return Err("06".to_owned());
    }
    if numbers.is_empty()
        || numbers.len() > MESSAGES_MAX
        || numbers.len() != texts.len()
        || texts.len() != list("Messages/Message").len()
        || numbers
            .iter()
            .any(|number| !is_turkish_mobile(number.strip_prefix("90").unwrap_or_default()))
    {
        return Err("14".to_owned());
    }
    if texts.iter().any(|text| text.trim().is_empty()) {
        return Err("12".to_owned());
    }
    if chars_max.is_some_and(|most| texts.iter().any(|text| text.chars().count() > most)) {
        return Err("13".to_owned());
    }
    let date = only(asked, "SDate").ok_or("05")?;
    if !date.is_empty() && (date.len() != 12 || !date.bytes().all(|b| b.is_ascii_digit())) {
        return Err("15".to_owned());
    }
    if desk.state().options.balance_hundredths <= 0 {
        return Err("02".to_owned());
    }
    let items = texts.iter().zip(numbers).map(|(text, number)| Item {
        to: number.clone(),
        text,
        // No national table: one Turkish letter makes a text UCS-2.
        parts: segments::parts(text, false),
        ..Item::default()
    });
    let taken = desk.take(&Order {
        sender,
        items: items.collect(),
        ..Order::default()
    });
    Ok(format!("ID:{}", taken.job))
}

fn report(desk: &Desk, id: &str) -> Result<Response, String> {
    let state = desk.state();
    let messages = state.book.job(id).ok_or("02")?;
    let mut body = String::from("<Report>");
    for message in messages {
        let status = message.code(state.now_ms, |end| match end {
            Outcome::Delivered => "1",
            Outcome::Undelivered | Outcome::Rejected => "2",
            Outcome::Expired => "3",
            Outcome::Operator | Outcome::Unknown | Outcome::None => "0",
        });
        let at = turkish_time(message.accepted_ms, "%d.%m.%Y %H:%M:%S");
        write!(
            body,
            "<Row><Number>{}</Number><Status>{status}</Status><Date>{at}</Date></Row>",
            message.to
        )
        .map_err(|_| "11")?;
    }
    body.push_str("</Report>");
    Ok(([(header::CONTENT_TYPE, "text/xml")], body).into_response())
}
