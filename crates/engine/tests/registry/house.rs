//! A brand that is connected to a simulator of İYS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::consent::Origin;
use domain::ids::FirmId;
use domain::time::{DAY_US, MINUTE_US};
use domain::{Channel, Recipient, RecipientKind, RegistryMode, Source, Status, Timestamp};
use engine::consents::ConsentClaim;
use engine::{Engine, Identity, Settings, Step};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use secrecy::SecretString;
use serde_json::{Value, json};
use simulators::Running;
use simulators::iys::{Config, IysSim};
use store::alarms::Alarm;
use store::brands::{Brand, NewBrand};
use store::consent::KeyState;
use store::testing::TestDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const CODE: i64 = 650_001;
const USER: &str = "deneme";
const PASSWORD: &str = "deneme-parolasi";
/// Rounds that anything here may take.
const ROUNDS_MAX: usize = 500;

/// See the module.
pub(crate) struct House {
    pub(crate) db: TestDatabase,
    pub(crate) engine: Arc<Engine>,
    pub(crate) firm: FirmId,
    pub(crate) brand: Brand,
    iys: Running,
    clock: simulators::Clock,
    http: reqwest::Client,
    pushes: Pushes,
    _folder: tempfile::TempDir,
}

impl House {
    /// One a database.
    pub(crate) async fn each(mode: RegistryMode) -> Vec<Self> {
        Self::each_with(mode, |_| ()).await
    }

    pub(crate) async fn each_with(mode: RegistryMode, change: impl Fn(&mut Settings)) -> Vec<Self> {
        let mut houses = Vec::new();
        for db in store::testing::each().await {
            houses.push(Self::over(db, mode, &change).await);
        }
        houses
    }

    async fn over(db: TestDatabase, mode: RegistryMode, change: impl Fn(&mut Settings)) -> Self {
        let clock = simulators::Clock::frozen_at(at_simulator(db.store.clock().now()));
        let mut config = Config {
            clock: clock.clone(),
            ..Config::default()
        };
        config.options.limits = None;
        config.options.push_allows_http = true;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let iys = IysSim::start(config, listener).await.expect("a simulator");
        let mut settings = Settings::default();
        settings.registry.base_url = iys.url();
        settings.registry.calls_per_second = 0;
        settings.registry.single_per_hour = 0;
        settings.registry.history_per_hour = 0;
        settings.registry.tokens_per_hour = 0;
        settings.registry.concurrency = 1;
        settings.registry.push_without_tls = true;
        let folder = tempfile::tempdir().expect("a folder");
        settings.registry.archive_folder = folder.path().join("mutabakat");
        change(&mut settings);
        let pushes = Pushes::default();
        let identity = Identity {
            worker: "test".into(),
            public_url: says_yes(pushes.clone()).await,
        };
        let engine = Engine::new(db.store.clone(), settings, identity).expect("an engine");
        let (firm, brand) = tenant(&db, mode).await;
        let house = Self {
            db,
            engine,
            firm,
            brand,
            iys,
            clock,
            http: reqwest::Client::new(),
            pushes,
            _folder: folder,
        };
        house.account(&json!({})).await;
        house
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.engine.now()
    }

    /// Lets time pass for everybody.
    pub(crate) fn pass(&self, us: i64) {
        self.db.clock.set(self.now().plus_micros(us));
        self.clock.move_to(at_simulator(self.now()), true);
    }

    /// Another brand of the firm, with the same login at İYS.
    pub(crate) async fn brand_with_code(&self, code: i64) -> Brand {
        let (mode, name) = (self.brand.mode, format!("Örnek {code}"));
        let brand = brand_of(&self.db, self.firm, mode, &name, code).await;
        self.account(&json!({ "brandCode": code })).await;
        brand
    }

    /// The firm's account at İYS, with what differs from one that may everything.
    pub(crate) async fn account(&self, differs: &Value) {
        let mut setup = json!({
            "iysCode": CODE, "brandCode": CODE, "name": "Örnek",
            "username": USER, "password": PASSWORD,
        });
        for (key, value) in differs.as_object().into_iter().flatten() {
            setup[key] = value.clone();
        }
        self.tell("brands", &setup).await;
    }

    /// `POST /_sim/…` of the simulator.
    pub(crate) async fn tell(&self, what: &str, told: &Value) {
        let url = format!("{}/_sim/{what}", self.iys.url());
        let answer = self.http.post(&url).json(told).send().await;
        let answer = answer.expect("the simulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("a text");
        assert!(status.is_success(), "{url} answered {status}: {text}");
    }

    /// How often calls were made whose line holds this, whatever came of them.
    pub(crate) async fn calls(&self, part: &str) -> u64 {
        let url = format!("{}/_sim/stats", self.iys.url());
        let answer = self.http.get(&url).send().await.expect("it answers");
        let stats: Value = answer.json().await.expect("counters");
        let calls = stats["calls"].as_object();
        calls
            .into_iter()
            .flatten()
            .filter(|(call, _)| call.contains(part))
            .map(|(_, count)| sum(count))
            .sum()
    }

    /// Works until nothing is due.
    pub(crate) async fn work(&self) {
        for _ in 0..ROUNDS_MAX {
            match self.engine.step_registry().await {
                Ok(Step::Idle) => return,
                Ok(Step::Did) => {}
                Err(error) if error.is_passing() => {}
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the work does not come to an end");
    }

    /// Works until nothing is due, and once more when what follows a movement of
    /// this second may be sent.
    pub(crate) async fn work_on(&self) {
        self.work().await;
        self.pass(MINUTE_US);
        self.work().await;
    }

    /// The answer to a person's or a program's word.
    pub(crate) async fn said(&self, n: u32, status: Status, date: Timestamp) {
        self.said_on(phone(n), Channel::Mesaj, status, date).await;
    }

    pub(crate) async fn said_on(
        &self,
        recipient: Recipient,
        channel: Channel,
        status: Status,
        date: Timestamp,
    ) {
        self.said_by(recipient, channel, status, date, Source::HS_WEB)
            .await;
    }

    pub(crate) async fn said_by(
        &self,
        recipient: Recipient,
        channel: Channel,
        status: Status,
        date: Timestamp,
        source: Source,
    ) {
        let claim = ConsentClaim {
            recipient,
            channel,
            kind: RecipientKind::Bireysel,
            status,
            consent_date: date,
            source,
            evidence: None,
            retailer: None,
        };
        self.engine
            .record_consents(self.firm, self.brand.id, Origin::Api, vec![claim], "usr_1")
            .await
            .expect("recorded");
    }

    /// What is on record about somebody.
    pub(crate) async fn state(&self, n: u32) -> KeyState {
        let mut reader = self.db.store.read().await.expect("a reader");
        let ids = reader.recipient_ids(self.firm, &[phone(n)]).await;
        let id = ids.expect("reads")[0].expect("on record");
        let states = reader
            .states_in_order(
                self.brand.id,
                Channel::Mesaj,
                RecipientKind::Bireysel,
                &[id],
            )
            .await;
        states.expect("reads").remove(0)
    }

    /// Puts a record into İYS's book, made there now.
    pub(crate) async fn at_iys(&self, n: u32, status: &str, source: &str, said: Timestamp) {
        let record = json!({
            "iysCode": CODE, "brandCode": CODE, "recipient": phone(n).to_string(),
            "recipientType": "BIREYSEL", "type": "MESAJ", "status": status, "source": source,
            "consentDate": said.to_registry_text(),
            "creationDate": said.max(self.now().plus_micros(-30 * DAY_US)).to_registry_text(),
        });
        self.tell("state", &json!({ "records": [record] })).await;
    }

    /// What adds of somebody get at İYS.
    pub(crate) async fn adds_get(&self, n: u32, answer: &str) {
        let script = json!({ "recipient": phone(n).to_string(), "add": { "answer": answer } });
        self.tell("script", &json!({ "scripts": [script] })).await;
    }

    /// Hands to the engine what İYS pushed, once that is so many; their bodies.
    pub(crate) async fn pushed(&self, count: usize) -> Vec<Vec<u8>> {
        let until = tokio::time::Instant::now() + Duration::from_secs(30);
        let waiting = || self.pushes.lock().expect("nobody panics with it").len();
        while waiting() < count {
            assert!(tokio::time::Instant::now() < until, "İYS pushed too little");
            tokio::task::yield_now().await;
        }
        let pushes = std::mem::take(&mut *self.pushes.lock().expect("nobody panics with it"));
        let mut bodies = Vec::new();
        for (authorization, body) in pushes {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, authorization.parse().expect("a header"));
            self.engine
                .receive_registry_push(&self.brand.path_key, &headers, &body)
                .await
                .unwrap_or_else(|refusal| panic!("{refusal}"));
            bodies.push(body);
        }
        bodies
    }

    /// Lets days pass, with work on each of them.
    pub(crate) async fn days_pass(&self, days: u32) {
        for _ in 0..days {
            self.pass(DAY_US);
            self.work().await;
        }
    }

    /// Alarms whose cause goes on.
    pub(crate) async fn alarms(&self) -> Vec<Alarm> {
        let mut reader = self.db.store.read().await.expect("a reader");
        let alarms = reader.alarms(self.firm, false, None, 100).await;
        alarms.expect("reads")
    }
}

/// The login that a push showed, and its body.
type Pushes = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// The address of somebody who takes every push and keeps those about people.
async fn says_yes(pushes: Pushes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = whole_request(&mut stream).await;
            let text = String::from_utf8_lossy(&request);
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
            let login = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("authorization")
                    .then(|| value.to_owned())
            });
            if let Some(login) = login.filter(|_| body.contains("recipient")) {
                let push = (login, body.as_bytes().to_vec());
                pushes.lock().expect("nobody panics with it").push(push);
            }
            let yes = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(yes).await;
        }
    });
    url
}

/// Head and body; what was read so far when the other side ends before.
async fn whole_request(stream: &mut TcpStream) -> Vec<u8> {
    let (mut request, mut part) = (Vec::new(), [0_u8; 4_096]);
    loop {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return request,
            Ok(count) => request.extend_from_slice(&part[..count]),
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_length = name.eq_ignore_ascii_case("content-length");
            is_length.then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            return request;
        }
    }
}

pub(crate) fn phone(n: u32) -> Recipient {
    Recipient::from_normalised(&format!("+90532{n:07}")).expect("a phone")
}

fn at_simulator(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.as_micros()).expect("an instant")
}

fn sum(value: &Value) -> u64 {
    match value {
        Value::Object(parts) => parts.values().map(sum).sum(),
        number => number.as_u64().unwrap_or(0),
    }
}

async fn tenant(db: &TestDatabase, mode: RegistryMode) -> (FirmId, Brand) {
    let mut writer = db.store.write().await.expect("a transaction");
    let firm = writer.create_firm("Firma").await.expect("a firm").id;
    writer.commit().await.expect("commits");
    (firm, brand_of(db, firm, mode, "Örnek", CODE).await)
}

/// A brand of that firm that logs in as all the others do.
async fn brand_of(
    db: &TestDatabase,
    firm: FirmId,
    mode: RegistryMode,
    name: &str,
    code: i64,
) -> Brand {
    let mut writer = db.store.write().await.expect("a transaction");
    let new = NewBrand {
        name: name.into(),
        short_name: "ORNEK".into(),
        trade_name: "Örnek A.Ş.".into(),
        mersis: "0123456789012345".into(),
        path_key: format!("anahtar-{code}"),
    };
    let mut brand = writer.create_brand(firm, new).await.expect("a brand");
    brand.mode = mode;
    brand.iys_code = Some(CODE);
    brand.brand_code = Some(code);
    brand.iys_username = Some(USER.into());
    writer.save_brand(&brand).await.expect("saved");
    let password = SecretString::from(PASSWORD);
    writer
        .set_brand_password(firm, brand.id, Some(&password))
        .await
        .expect("kept");
    let brand = writer.brand(firm, brand.id).await.expect("reads");
    writer.commit().await.expect("commits");
    brand.expect("the brand")
}
