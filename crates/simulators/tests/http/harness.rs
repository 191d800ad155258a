//! Starting simulators on free ports and talking to them.

use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use simulators::infobip::{self, InfobipSim};
use simulators::iys::{self, BrandSetup, IysSim};
use simulators::{Clock, Running};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A condition that has not come true by then never will.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Monday, 2 March 2026, 15:00 in Turkey; no holiday near.
pub(crate) const NOW: &str = "2026-03-02T15:00:00+03:00";

pub(crate) const IYS_CODE: u64 = 690_001;
pub(crate) const BRAND_CODE: u64 = 690_002;

/// An answer: status and body, `Null` when there is none.
pub(crate) type Answer = (u16, Value);

/// A loopback address for a simulator.
pub(crate) async fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a free port")
}

/// A client and a simulator's address.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    pub(crate) authorization: Option<String>,
}

impl Client {
    pub(crate) fn new(running: &Running) -> Self {
        Self {
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
            url: running.url(),
            authorization: None,
        }
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.authorization {
            Some(authorization) => request.header("authorization", authorization),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.request(reqwest::Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(reqwest::Method::POST, path).json(body)).await
    }

    pub(crate) async fn post_text(&self, path: &str, content_type: &str, body: &str) -> Answer {
        let request = self.request(reqwest::Method::POST, path);
        answer(
            request
                .header("content-type", content_type)
                .body(body.to_owned()),
        )
        .await
    }

    /// A control call that must succeed.
    pub(crate) async fn tell(&self, path: &str, body: &Value) -> Value {
        let (status, said) = self.post(path, body).await;
        assert!(status < 300, "{path}: {status} {said}");
        said
    }

    pub(crate) async fn delete(&self, path: &str) {
        let (status, _) = answer(self.request(reqwest::Method::DELETE, path)).await;
        assert_eq!(status, 204, "{path}");
    }

    pub(crate) async fn stats(&self) -> Value {
        self.get("/_sim/stats").await.1
    }
}

pub(crate) async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let body = response.bytes().await.expect("a body");
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    (status, body)
}

/// Asks again until the answer is the wanted one.
pub(crate) async fn eventually<T, F>(
    mut ask: impl FnMut() -> F,
    is_wanted: impl Fn(&T) -> bool,
) -> T
where
    T: std::fmt::Debug,
    F: Future<Output = T>,
{
    let started = tokio::time::Instant::now();
    loop {
        let got = ask().await;
        if is_wanted(&got) {
            return got;
        }
        assert!(started.elapsed() < DEADLINE, "still {got:?}");
        tokio::task::yield_now().await;
    }
}

/// An İYS simulator at [`NOW`] on a standing clock, without limits, and its
/// brand's client, logged in.
pub(crate) struct Iys {
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    pub(crate) brand: String,
    running: Running,
}

impl Iys {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut iys::Config)) -> Self {
        let clock = Clock::frozen_at(NOW.parse().expect("a timestamp"));
        let mut config = iys::Config {
            clock: clock.clone(),
            brands: vec![brand(json!({}))],
            ..iys::Config::default()
        };
        config.options.limits = None;
        change(&mut config);
        let running = IysSim::start(config, free_port().await)
            .await
            .expect("a simulator");
        let mut client = Client::new(&running);
        client.authorization = Some(log_in(&client).await);
        Self {
            client,
            clock,
            brand: format!("/sps/{IYS_CODE}/brands/{BRAND_CODE}"),
            running,
        }
    }

    /// Lets time pass, sub-seconds included.
    pub(crate) fn pass_ms(&self, ms: i64) {
        let later = self
            .clock
            .now()
            .checked_add(ms.milliseconds())
            .expect("a time");
        self.clock.move_to(later, true);
    }

    /// Moves the clock and logs in again, for tokens grow old.
    pub(crate) async fn move_to(&mut self, now: &str) {
        self.clock
            .move_to(now.parse::<Timestamp>().expect("a time"), true);
        self.client.authorization = Some(log_in(&self.client).await);
    }

    pub(crate) async fn add(&self, consent: &Value) -> Answer {
        self.client
            .post(&format!("{}/consents", self.brand), consent)
            .await
    }

    pub(crate) async fn add_v2(&self, consent: &Value) -> Answer {
        let path = format!("/v2{}/consents", self.brand);
        self.client.post(&path, consent).await
    }

    pub(crate) async fn add_list(&self, list: &Value) -> Answer {
        let path = format!("{}/consents/request", self.brand);
        self.client.post(&path, list).await
    }

    pub(crate) async fn results(&self, request_id: &str) -> Answer {
        let path = format!("{}/consents/request/{request_id}", self.brand);
        self.client.get(&path).await
    }

    pub(crate) async fn load(&self, records: Value) {
        let mut records = records;
        for record in records.as_array_mut().expect("a list") {
            record["iysCode"] = IYS_CODE.into();
            record["brandCode"] = BRAND_CODE.into();
        }
        self.client
            .tell("/_sim/state", &json!({ "records": records }))
            .await;
    }

    pub(crate) async fn status_of(&self, recipient: &str, kind: &str, channel: &str) -> Answer {
        let path = format!("{}/consents/status", self.brand);
        let body = json!({ "recipient": recipient, "recipientType": kind, "type": channel });
        self.client.post(&path, &body).await
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.expect("an orderly end");
    }
}

/// The usual brand with some fields changed.
pub(crate) fn brand(changes: Value) -> BrandSetup {
    let mut setup = json!({
        "iysCode": IYS_CODE, "brandCode": BRAND_CODE, "name": "ORNEK",
        "username": "api@ornek.example", "password": "sifre",
        "retailers": [66_000_001, 66_000_002],
    });
    merge(&mut setup, changes);
    serde_json::from_value(setup).expect("a brand")
}

/// A consent every rule accepts at [`NOW`], with some fields changed; a field
/// set to the text `absent` is taken out.
pub(crate) fn consent(changes: Value) -> Value {
    let mut consent = json!({
        "recipient": "+905321234567", "type": "MESAJ", "recipientType": "BIREYSEL",
        "source": "HS_WEB", "status": "ONAY", "consentDate": "2026-03-02 14:05:33",
    });
    merge(&mut consent, changes);
    consent
}

pub(crate) fn merge(into: &mut Value, changes: Value) {
    let (Value::Object(into), Value::Object(changes)) = (into, changes) else {
        panic!("objects are merged");
    };
    for (field, value) in changes {
        if value == "absent" {
            into.remove(&field);
        } else {
            into.insert(field, value);
        }
    }
}

pub(crate) async fn log_in(client: &Client) -> String {
    let body = json!({
        "grant_type": "password", "username": "api@ornek.example", "password": "sifre",
    });
    let (status, said) = client.post("/oauth2/token", &body).await;
    assert_eq!(status, 200, "{said}");
    format!("Bearer {}", said["access_token"].as_str().expect("a token"))
}

/// The codes of an error answer.
pub(crate) fn codes(answer: &Answer) -> Vec<String> {
    let errors = answer.1["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .filter_map(|error| error["code"].as_str().or(error["code:"].as_str()))
        .map(str::to_owned)
        .collect()
}

/// An Infobip simulator on a running clock with fast reports, and its client.
pub(crate) struct Infobip {
    pub(crate) client: Client,
    pub(crate) clock: Clock,
    running: Running,
}

impl Infobip {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut infobip::Config)) -> Self {
        let clock = Clock::starting_at(NOW.parse().expect("a timestamp"));
        let mut config = infobip::Config {
            clock: clock.clone(),
            ..infobip::Config::default()
        };
        config.options.report_delay_ms = 5;
        config.options.push_retry_unit_ms = 5;
        change(&mut config);
        let running = InfobipSim::start(config, free_port().await)
            .await
            .expect("a simulator");
        let mut client = Client::new(&running);
        client.authorization = Some("App anahtar".to_owned());
        Self {
            client,
            clock,
            running,
        }
    }

    pub(crate) async fn send(&self, body: &Value) -> Answer {
        self.client.post("/sms/3/messages", body).await
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.expect("an orderly end");
    }
}

/// A request with one text to `count` destinations; ids are `{batch}-{n}`.
pub(crate) fn batch(batch: &str, count: usize, webhook: Option<&str>) -> Value {
    let destinations: Vec<Value> = (0..count)
        .map(|n| json!({ "to": format!("90532{n:07}"), "messageId": format!("{batch}-{n}") }))
        .collect();
    let mut message = json!({
        "sender": "ORNEKMARKA",
        "destinations": destinations,
        "content": { "text": "Merhaba" },
    });
    if let Some(url) = webhook {
        message["webhooks"] = json!({ "delivery": { "url": url }, "callbackData": "t=7" });
    }
    json!({ "messages": [message], "options": { "schedule": { "bulkId": batch } } })
}

/// What arrived at a [`Receiver`].
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Pushed {
    pub(crate) fn results(&self) -> &[Value] {
        self.body["results"].as_array().expect("a list of results")
    }
}

/// A web hook that notes what it is pushed.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pushes: mpsc::UnboundedReceiver<Pushed>,
}

impl Receiver {
    /// Answers with the given statuses in turn, then with 200.
    pub(crate) async fn start(answers: &[u16]) -> Self {
        struct Hook {
            answers: Mutex<Vec<u16>>,
            pushes: mpsc::UnboundedSender<Pushed>,
        }

        async fn take(
            State(hook): State<std::sync::Arc<Hook>>,
            headers: HeaderMap,
            axum::Json(body): axum::Json<Value>,
        ) -> StatusCode {
            hook.pushes.send(Pushed { headers, body }).ok();
            let next = hook.answers.lock().expect("the list").pop();
            next.map_or(StatusCode::OK, |status| {
                StatusCode::from_u16(status).expect("a status")
            })
        }

        let (sender, pushes) = mpsc::unbounded_channel();
        let hook = std::sync::Arc::new(Hook {
            answers: Mutex::new(answers.iter().rev().copied().collect()),
            pushes: sender,
        });
        let listener = free_port().await;
        let url = format!("http://{}/dlr", listener.local_addr().expect("an address"));
        let app = Router::new().route("/dlr", post(take)).with_state(hook);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, pushes }
    }

    /// The next push.
    pub(crate) async fn next(&mut self) -> Pushed {
        tokio::time::timeout(DEADLINE, self.pushes.recv())
            .await
            .expect("a push before the deadline")
            .expect("an open channel")
    }

    /// Pushes until `count` reports have arrived.
    pub(crate) async fn reports(&mut self, count: usize) -> Vec<Value> {
        let mut reports = Vec::new();
        while reports.len() < count {
            reports.extend(self.next().await.results().to_vec());
        }
        reports
    }
}
