//! The one address of Turatel; the command in the body says what is asked.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;

use crate::desk::{
    Desk, Elements, Item, Order, elements, is_turkish_mobile, is_turkish_sender, media_type, only,
};
use crate::segments;

const KNOWN: [&str; 13] = [
    "PlatformID",
    "ChannelCode",
    "UserName",
    "PassWord",
    "Command",
    "Mesgbody",
    "Numbers",
    "Type",
    "Originator",
    "Option",
    "SDate",
    "EDate",
    "Concat",
];
const NUMBERS_MAX: usize = 50_000;

pub(super) fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/xml/process.aspx", post(act))
        .with_state(desk)
}

/// Codes and numbers come as plain text.
async fn act(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> String {
    if media_type(&headers) != "text/xml" {
        return "21".to_owned();
    }
    answer(&desk, &body).unwrap_or_else(|code| code)
}

fn answer(desk: &Desk, body: &[u8]) -> Result<String, String> {
    let asked = elements(body, "MainmsgBody", &KNOWN).ok_or("21")?;
    let of = |name: &str| only(&asked, name).ok_or_else(|| "21".to_owned());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(of("PlatformID")?)
        || !is_number(of("ChannelCode")?)
        || !desk
            .state()
            .options
            .lets_in(of("UserName")?, of("PassWord")?)
    {
        return Err("01".to_owned());
    }
    match of("Command")? {
        "0" => take(desk, &asked),
        "6" => Ok((desk.state().options.balance_hundredths / 100).to_string()),
        _ => Err("04".to_owned()),
    }
}

fn take(desk: &Desk, asked: &Elements) -> Result<String, String> {
    if let Some(code) = desk.state().refusals.pop_front() {
        return Err(code);
    }
    let of = |name: &str| only(asked, name).ok_or_else(|| "21".to_owned());
    let text = of("Mesgbody")?;
    let sender = of("Originator")?;
    let is_time = |text: &str| {
        text.is_empty() || (text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    if !is_turkish_sender(sender) || !desk.state().options.knows_sender(sender) {
        return Err("05".to_owned());
    }
    if text.trim().is_empty() {
        return Err("06".to_owned());
    }
    let (parts, is_long) = match of("Type")? {
        "1" => (segments::parts(text, false), text.chars().count() > 160),
        "2" => (
            segments::unicode_parts(text),
            text.encode_utf16().count() > 70,
        ),
        _ => return Err("09".to_owned()),
    };
    match of("Concat")? {
        "1" => {}
        "" | "0" if is_long => return Err("07".to_owned()),
        "" | "0" => {}
        _ => return Err("09".to_owned()),
    }
    if !is_time(of("SDate")?) || !is_time(of("EDate")?) {
        return Err("09".to_owned());
    }
    let numbers: Vec<&str> = of("Numbers")?.split(',').collect();
    if numbers.len() > NUMBERS_MAX
        || numbers
            .iter()
            .any(|number| !is_turkish_mobile(number.strip_prefix("90").unwrap_or_default()))
    {
        return Err("03".to_owned());
    }
    if desk.state().options.balance_hundredths <= 0 {
        return Err("02".to_owned());
    }
    let items = numbers.iter().map(|number| Item {
        to: (*number).to_owned(),
        text,
        parts,
        ..Item::default()
    });
    let taken = desk.take(&Order {
        sender,
        items: items.collect(),
        ..Order::default()
    });
    // A request none of whose numbers is served is refused whole.
    if taken.items.iter().all(Result::is_err) {
        let code = taken.items.into_iter().find_map(Result::err).flatten();
        return Err(code.unwrap_or_else(|| "03".to_owned()));
    }
    Ok(format!("ID:{}", taken.job))
}
