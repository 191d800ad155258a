//! A provider of the test's own: it takes requests as Infobip does, answers as
//! the test says, and remembers whom it took.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the provider says to one request.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    /// Everybody is taken, but for these numbers, by the status that they get.
    Takes(Vec<(&'static str, i64)>),
    /// The whole request is refused.
    Refuses(u16),
    /// It comes too soon.
    TooMany,
}

type Script = Box<dyn Fn(&Request) -> Says + Send + Sync>;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) body: Value,
    /// Number and message id of everybody in it.
    pub(crate) people: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn has(&self, number: &str) -> bool {
        self.people.iter().any(|(to, _)| to == number)
    }

    pub(crate) fn text(&self) -> &str {
        let content = &self.body["messages"][0]["content"];
        content["text"].as_str().unwrap_or("")
    }

    pub(crate) fn sender(&self) -> &str {
        self.body["messages"][0]["sender"].as_str().unwrap_or("")
    }
}

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    /// How often each number was taken.
    taken: BTreeMap<String, u32>,
    /// What its accounts hold, in lira; it tells nobody when none.
    balance: Option<f64>,
}

/// See the module.
pub(crate) struct Provider {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
    listening: tokio::task::JoinHandle<()>,
}

impl Provider {
    pub(crate) async fn that(script: impl Fn(&Request) -> Says + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let (all, script): (_, Arc<Script>) = (Arc::clone(&seen), Arc::new(Box::new(script)));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&all), Arc::clone(&script)));
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            seen,
            listening,
        }
    }

    /// Its accounts hold so much from now on.
    pub(crate) fn holds(&self, lira: f64) {
        self.seen.lock().expect("nobody panics here").balance = Some(lira);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        let seen = self.seen.lock().expect("nobody panics here");
        seen.requests.clone()
    }

    /// How often each number was taken.
    pub(crate) fn taken(&self) -> BTreeMap<String, u32> {
        let seen = self.seen.lock().expect("nobody panics here");
        seen.taken.clone()
    }

    /// How many people were taken; fails when somebody was taken twice.
    pub(crate) fn reached(&self) -> usize {
        let taken = self.taken();
        assert!(taken.values().all(|times| *times == 1), "{taken:?}");
        taken.len()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Seen>>, script: Arc<Script>) {
    let body = whole_body(&mut stream).await;
    let (status, answer) = match serde_json::from_slice::<Value>(&body) {
        Ok(body) => {
            let request = read(body);
            answer(&request, &script(&request), &seen)
        }
        Err(_) => match told(&seen) {
            Some(answer) => (200, answer),
            None => return,
        },
    };
    let more = if status == 429 {
        "Retry-After: 30\r\n"
    } else {
        ""
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    let whole = [head.as_bytes(), answer.as_bytes()].concat();
    // Who hung up has an answer of another kind.
    drop(stream.write_all(&whole).await);
    drop(stream.shutdown().await);
}

fn read(body: Value) -> Request {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let people = messages
        .iter()
        .flat_map(|message| {
            message["destinations"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        })
        .map(|to| (text(&to["to"]), text(&to["messageId"])))
        .collect();
    Request { body, people }
}

/// What it says to questions that send nothing.
fn told(seen: &Mutex<Seen>) -> Option<Value> {
    let balance = seen.lock().expect("nobody panics here").balance?;
    Some(json!({ "balance": balance, "currency": "TRY", "results": [] }))
}

fn answer(request: &Request, says: &Says, seen: &Mutex<Seen>) -> (u16, Value) {
    let mut seen = seen.lock().expect("nobody panics here");
    seen.requests.push(request.clone());
    let refused = match says {
        Says::Takes(refused) => refused,
        Says::Refuses(status) => return (*status, json!({ "errorCode": format!("E{status}") })),
        Says::TooMany => return (429, json!({ "errorCode": "E429" })),
    };
    let messages: Vec<Value> = request
        .people
        .iter()
        .map(|(to, id)| {
            let status = refused.iter().find(|(number, _)| number == to);
            let (group, status) = status.map_or((1, 26), |(_, status)| (5, *status));
            if group == 1 {
                *seen.taken.entry(to.clone()).or_default() += 1;
            }
            json!({ "messageId": id, "destination": to, "status": {
                "groupId": group, "id": status, "name": format!("S{status}") } })
        })
        .collect();
    (200, json!({ "bulkId": "b", "messages": messages }))
}

async fn whole_body(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0_u8; 4_096];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|length| length.trim().parse().ok())
                .unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return bytes.split_off(end + 4);
            }
        }
        match stream.read(&mut piece).await {
            Ok(count @ 1..) => bytes.extend_from_slice(&piece[..count]),
            _ => return Vec::new(),
        }
    }
}
