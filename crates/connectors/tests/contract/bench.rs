//! A simulator, an account at it, a receiver of pushes, and cleared messages,
//! made the only way there is: by asking the gate.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderMap;
use axum::routing::post;
use connectors::{
    ClearedRequest, Connector, Envelope, HttpSettings, Mail, Outgoing, build, http_client,
};
use domain::gate::{
    Basis, BrandPolicy, Cleared, Decision, FeedTrust, MessageFacts, PersonFacts, Question,
    RouteFacts, SendingWindow, decide,
};
use domain::ids::{CampaignId, EventId, MessageRef, RecipientId};
use domain::{Channel, LocalState, Recipient, RecipientKind, RegistryMode, Status, Timestamp};
use serde_json::{Value, json};
use simulators::Running;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::cases::Case;
use crate::post;

/// A condition that has not come true by then never will.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) account: Arc<dyn Connector>,
    pub(crate) case: Case,
    url: String,
    http: reqwest::Client,
    _running: Running,
}

impl Bench {
    pub(crate) async fn start(case: &Case) -> Self {
        Self::start_with(case, &json!({})).await
    }

    /// With some fields of the form changed.
    pub(crate) async fn start_with(case: &Case, changes: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = simulators::Options {
            no_limits: true,
            answer_delay_ms: Some(1),
            ..simulators::Options::default()
        };
        let running = simulators::start(case.simulator, options, listener)
            .await
            .unwrap();
        let url = running.url();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let at = if matches!(case.kind, "smpp" | "smtp") {
            // Its sessions come to a port of their own.
            let place = format!("{url}/_sim/{}", case.kind);
            let place = http.get(place).send().await.unwrap();
            let place: Value = place.json().await.unwrap();
            place[case.way_in()].as_str().unwrap().to_owned()
        } else {
            url.clone()
        };
        let bench = Self {
            account: account(case, &at, changes),
            case: *case,
            http,
            url,
            _running: running,
        };
        let (path, body) = (case.lock)();
        bench.tell(path, &body).await;
        if case.kind == "turkcell" {
            // Opens the session, so that a fault strikes the hand-over and not the login.
            assert!(bench.account.test().await.passed());
        }
        bench
    }

    /// Another account at the same gateway.
    pub(crate) async fn another(&self) -> Arc<dyn Connector> {
        let place = self.look("/_sim/smpp").await;
        let place = place[self.case.way_in()].as_str().unwrap();
        account(&self.case, place, &json!({}))
    }

    /// A control call that must succeed.
    pub(crate) async fn tell(&self, path: &str, body: &Value) {
        if self.case.kind == "smtp" {
            if let Some((path, body)) = post::told(path, body) {
                self.tell_as_it_is(path, &body).await;
            }
            return;
        }
        self.tell_as_it_is(path, body).await;
    }

    pub(crate) async fn tell_as_it_is(&self, path: &str, body: &Value) {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(
            status.is_success(),
            "{path} {body}: {}",
            answer.text().await.unwrap()
        );
    }

    pub(crate) async fn heal(&self) {
        let request = self.http.delete(format!("{}/_sim/faults", self.url));
        request.send().await.unwrap();
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// What the simulator took, oldest first.
    pub(crate) async fn received(&self) -> Vec<Value> {
        let received = self.look("/_sim/received").await;
        let list = received["list"].as_array().unwrap();
        if self.case.kind == "smtp" {
            return list.iter().map(post::shown).collect();
        }
        list.clone()
    }

    /// Scripts one destination.
    pub(crate) async fn script(&self, n: i64, outcome: &str, code: Option<&str>) {
        let mut script = json!({ "to": self.to(n), "outcome": outcome });
        if let Some(code) = code {
            let key = if self.case.kind == "infobip" {
                script["status_id"] = json!(code.parse::<u8>().unwrap());
                return self.tell("/_sim/script", &script).await;
            } else {
                "code"
            };
            script[key] = json!(code);
        }
        self.tell("/_sim/script", &script).await;
    }

    pub(crate) fn basis(&self) -> Basis {
        if self.case.is_commercial {
            Basis::Commercial
        } else {
            Basis::Informational
        }
    }

    /// A request with these texts, to people number 1 and so on.
    pub(crate) fn request(&self, texts: &[&str]) -> ClearedRequest {
        self.account
            .encode(&self.envelope(), &self.batch(texts))
            .unwrap()
    }

    pub(crate) fn batch(&self, texts: &[&str]) -> Vec<Cleared<Outgoing>> {
        (1..)
            .zip(texts)
            .map(|(n, text)| cleared(self.outgoing(n, text)))
            .collect()
    }

    /// A message of the account's channel and usual ground.
    pub(crate) fn outgoing(&self, n: i64, text: &str) -> Outgoing {
        let channels = self.account.capabilities().channels;
        let channel = channels.first().copied().unwrap_or(Channel::Mesaj);
        Outgoing {
            channel,
            recipient: self.recipient(n),
            mail: (channel == Channel::Eposta).then(|| Box::new(mail())),
            ..outgoing(n, text, self.basis())
        }
    }

    /// The address of person `n`, as the simulators write it.
    pub(crate) fn to(&self, n: i64) -> String {
        if self.case.is_mail() {
            format!("kisi{n}@ornek.com.tr")
        } else {
            digits(n)
        }
    }

    pub(crate) fn recipient(&self, n: i64) -> Recipient {
        if self.case.is_mail() {
            Recipient::from_normalised(&self.to(n)).unwrap()
        } else {
            recipient(n)
        }
    }

    pub(crate) fn envelope(&self) -> Envelope {
        if self.case.is_mail() {
            Envelope {
                sender: "kampanya@ornek.com".into(),
                ..envelope()
            }
        } else {
            envelope()
        }
    }

    /// How many people one request of this account may hold.
    pub(crate) fn most(&self) -> usize {
        self.account.capabilities().batch_recipients_max
    }
}

pub(crate) fn account(case: &Case, url: &str, changes: &Value) -> Arc<dyn Connector> {
    try_account(case, url, changes).unwrap()
}

pub(crate) fn try_account(
    case: &Case,
    url: &str,
    changes: &Value,
) -> Result<Arc<dyn Connector>, connectors::ConfigError> {
    let mut config = (case.config)();
    let fields = config.as_object_mut().unwrap();
    let url = if matches!(case.kind, "smpp" | "smtp") {
        url.replacen("https:", &format!("{}s:", case.kind), 1)
            .replacen("http:", &format!("{}:", case.kind), 1)
    } else {
        url.to_owned()
    };
    fields.insert("base_url".into(), url.into());
    fields.extend(changes.as_object().unwrap().clone());
    let http = http_client(&HttpSettings::default()).unwrap();
    build(case.kind, &config, http)
}

/// The number of person `n`, as the simulators write it.
pub(crate) fn digits(n: i64) -> String {
    format!("90532{n:07}")
}

pub(crate) fn recipient(n: i64) -> Recipient {
    Recipient::from_normalised(&format!("+{}", digits(n))).unwrap()
}

pub(crate) fn message_ref(n: i64) -> MessageRef {
    MessageRef {
        campaign: CampaignId::from_db(7),
        batch_no: 1,
        recipient: RecipientId::from_db(n),
    }
}

pub(crate) fn envelope() -> Envelope {
    Envelope {
        key: "izn-7-1-1".into(),
        sender: "ORNEKMARKA".into(),
        receipts_url: Some("https://hooks.ornek.test/in/9f2c/receipts".into()),
        brand_code: Some(123_456),
        validity_minutes: None,
    }
}

pub(crate) fn outgoing(n: i64, text: &str, basis: Basis) -> Outgoing {
    Outgoing {
        message: message_ref(n),
        recipient: recipient(n),
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
        basis,
        text: text.to_owned(),
        mail: None,
    }
}

fn mail() -> Mail {
    Mail {
        subject: "Yaz indirimi: İstanbul ve Iğdır".to_owned(),
        html: None,
        reply_to: None,
        unsubscribe_url: Some("https://izinli.ornek.com/u/abc".to_owned()),
        written_at: "2025-06-23T10:00:00+03:00".parse().unwrap(),
    }
}

/// A clearance for a message, sealed to it.
pub(crate) fn cleared(message: Outgoing) -> Cleared<Outgoing> {
    let now: Timestamp = "2026-03-04T15:00:00+03:00".parse().unwrap();
    let policy = BrandPolicy {
        mode: RegistryMode::Off,
        off_reason_signed: true,
        freshness_us: i64::MAX,
        window: SendingWindow::ALWAYS,
        closed: domain::hours::ClosedDays::default(),
        feed: FeedTrust::default(),
    };
    let facts = MessageFacts {
        channel: message.channel,
        kind: message.kind,
        basis: message.basis,
        content_incomplete: false,
    };
    let mut person = PersonFacts::unknown(message.message.recipient, message.recipient.clone());
    person.local = Some(LocalState {
        status: Status::Onay,
        consent_date: now,
        recorded_at: now,
        event: EventId::from_db(1),
        citizen: false,
    });
    let question = Question {
        now,
        policy: &policy,
        message: &facts,
        person: &person,
        route: &RouteFacts::CLEAR,
    };
    match decide(&question) {
        Decision::Send(clearance) => clearance.seal(message).unwrap(),
        other => panic!("the gate let a good message wait: {other:?}"),
    }
}

/// One push as it came.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) url: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An address that notes what it is pushed.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pushes: mpsc::UnboundedReceiver<Pushed>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        type Hook = (String, mpsc::UnboundedSender<Pushed>);
        async fn take(
            State((url, sender)): State<Hook>,
            OriginalUri(uri): OriginalUri,
            headers: HeaderMap,
            body: Bytes,
        ) {
            let query = uri.query().map(str::to_owned);
            let pushed = Pushed {
                url,
                query,
                headers,
                body,
            };
            sender.send(pushed).ok();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in/9f2c/receipts", listener.local_addr().unwrap());
        let (sender, pushes) = mpsc::unbounded_channel();
        let app = Router::new()
            .route("/in/9f2c/receipts", post(take))
            .with_state((url.clone(), sender));
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
}
