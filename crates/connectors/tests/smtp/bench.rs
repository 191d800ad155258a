//! A mail server, an account at it, and cleared e-mails.

use std::sync::Arc;

use connectors::{
    ClearedRequest, ConfigError, Connector, Envelope, HttpSettings, Mail, Outgoing, build,
    http_client,
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

pub(crate) struct Bench {
    pub(crate) account: Arc<dyn Connector>,
    pub(crate) ca_pem: String,
    pub(crate) mail_url: String,
    http: reqwest::Client,
    running: Running,
}

impl Bench {
    /// A server with these options, and an account with these changes.
    pub(crate) async fn start(options: &Value, changes: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let kind = "smtp".parse().unwrap();
        let running = simulators::start(kind, simulators::Options::default(), listener)
            .await
            .unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut bench = Self {
            account: account(&json!({ "base_url": "smtp://127.0.0.1:1" })).unwrap(),
            ca_pem: String::new(),
            mail_url: String::new(),
            http,
            running,
        };
        bench.tell("options", options).await;
        let place = bench.look("smtp").await;
        bench.mail_url = place["url"].as_str().unwrap().to_owned();
        bench.ca_pem = place["ca_pem"].as_str().unwrap().to_owned();
        bench.account = bench.another(changes).unwrap();
        bench
    }

    pub(crate) async fn plain() -> Self {
        Self::start(&json!({}), &json!({})).await
    }

    /// Another account at the same server.
    pub(crate) fn another(&self, changes: &Value) -> Result<Arc<dyn Connector>, ConfigError> {
        let mut config = json!({ "base_url": self.mail_url });
        let fields = config.as_object_mut().unwrap();
        fields.extend(changes.as_object().unwrap().clone());
        account(&config)
    }

    pub(crate) async fn tell(&self, what: &str, told: &Value) -> Value {
        let url = format!("{}/_sim/{what}", self.running.url());
        let answer = self.http.post(url).json(told).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{what} {told}: {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub(crate) async fn look(&self, what: &str) -> Value {
        let url = format!("{}/_sim/{what}", self.running.url());
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn received(&self) -> Vec<Value> {
        self.look("received").await["list"]
            .as_array()
            .unwrap()
            .clone()
    }
}

pub(crate) fn account(config: &Value) -> Result<Arc<dyn Connector>, ConfigError> {
    build(
        "smtp",
        config,
        http_client(&HttpSettings::default()).unwrap(),
    )
}

pub(crate) fn address(n: i64) -> String {
    format!("kisi{n}@ornek.com.tr")
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
        sender: "Örnek Sağlık <kampanya@ornek.com>".into(),
        receipts_url: None,
        brand_code: None,
        validity_minutes: None,
    }
}

pub(crate) fn outgoing(n: i64) -> Outgoing {
    Outgoing {
        message: message_ref(n),
        recipient: Recipient::from_normalised(&address(n)).unwrap(),
        channel: Channel::Eposta,
        kind: RecipientKind::Bireysel,
        basis: Basis::Commercial,
        text: "Sayın Şükrü,\n.noktayla başlayan satır\n\nSağlıcakla".to_owned(),
        mail: Some(Box::new(Mail {
            subject: "Yaz indirimi başladı: İstanbul ve Iğdır şubelerinde".to_owned(),
            html: Some("<p>Sayın Şükrü, <b>indirim</b> başladı.</p>".to_owned()),
            reply_to: None,
            unsubscribe_url: Some("https://izinli.ornek.com/u/abc".to_owned()),
            written_at: "2025-06-23T10:00:00+03:00".parse().unwrap(),
        })),
    }
}

pub(crate) fn request(account: &Arc<dyn Connector>, n: i64) -> ClearedRequest {
    account
        .encode(&envelope(), &[cleared(outgoing(n))])
        .unwrap()
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
