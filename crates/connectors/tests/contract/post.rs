//! The suite's control calls in the words of the mail server's simulator, which
//! speaks SMTP and knows no requests of HTTP; and its record in the suite's.

use serde_json::{Value, json};

/// A control call as the mail server understands it; none where it has no such thing.
pub(crate) fn told(path: &str, body: &Value) -> Option<(&'static str, Value)> {
    match path {
        "/_sim/reset" => Some(("/_sim/reset", Value::Null)),
        "/_sim/options" => options(body).map(|options| ("/_sim/options", options)),
        "/_sim/script" => script(body).map(|script| ("/_sim/script", script)),
        "/_sim/faults" => Some(("/_sim/break", fault(body))),
        "/_sim/refuse" => {
            let code = body["code"].as_str().unwrap_or_default();
            let reply = reply(code);
            let script =
                json!({ "to": "kisi1@ornek.com.tr", "reply": reply, "stage": "data", "times": 1 });
            Some(("/_sim/script", script))
        }
        other => panic!("{other} is unknown to the mail server"),
    }
}

fn options(body: &Value) -> Option<Value> {
    if let Some(url) = body.get("push_url") {
        return Some(json!({ "push_url": url }));
    }
    let login = body.get("login")?;
    Some(json!({ "login": { "username": login["user"], "password": login["password"] } }))
}

/// What becomes of a message after it was taken is told by a report; see [`report`].
fn script(body: &Value) -> Option<Value> {
    (body["outcome"] == "rejected")
        .then(|| json!({ "to": body["to"], "reply": "550 5.1.1 User unknown" }))
}

/// An enhanced code with the three digits it usually stands beside.
fn reply(code: &str) -> String {
    match code.as_bytes() {
        [b'4', b'.', ..] => format!("451 {code} refused"),
        [b'5', b'.', ..] => format!("550 {code} refused"),
        _ => format!("{code} refused"),
    }
}

fn fault(body: &Value) -> Value {
    match body["kind"].as_str().unwrap_or_default() {
        "status" => json!({ "at": "connect", "reply": "421 4.7.0 later" }),
        "drop_before" => json!({ "at": "content" }),
        "malformed" => json!({ "at": "taken", "reply": "25" }),
        "delay" => json!({ "at": "taken", "reply": "250 late", "delay_ms": body["delay_ms"] }),
        _ => json!({ "at": "taken" }),
    }
}

/// The report about a message with a fate of the suite.
pub(crate) fn report(to: &str, fate: &str) -> Value {
    let (status, action) = match fate {
        "delivered" => ("2.0.0", "delivered"),
        "expired" => ("5.4.7", "failed"),
        _ => ("5.1.1", "failed"),
    };
    json!({ "to": to, "status": status, "action": action, "text": "simulated" })
}

/// A message as the other simulators show one.
pub(crate) fn shown(mail: &Value) -> Value {
    let data = mail["data"].as_str().unwrap_or_default();
    let (headers, body) = data.split_once("\r\n\r\n").unwrap_or_default();
    let from = headers.lines().find_map(|line| line.strip_prefix("From: "));
    json!({ "to": mail["to"], "sender": from, "text": plain(body), "headers": headers })
}

/// Quoted-printable, with plain line ends and none at the end.
fn plain(body: &str) -> String {
    let joined = body.replace("=\r\n", "").replace("\r\n", "\n");
    let mut bytes = Vec::with_capacity(joined.len());
    let mut rest = joined.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        let coded = (*first == b'=').then(|| more.get(..2)).flatten();
        let byte = coded
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => bytes.push(*first),
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}
