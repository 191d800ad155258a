//! Push: what citizens did, sent to the firm's own address at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::book::{BrandNo, Movement, MovementNo};
use super::moment::Local;
use super::transaction::TransactionId;
use super::words::{Channel, Source};
use super::world::{Iys, World};

/// Connections per channel of a brand.
pub(crate) const CONNECTIONS_MAX: usize = 2;
/// Movements in one push.
const ROWS_MAX: usize = 100;
/// The receiver must answer within this time.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A movement that was loaded with an older date is the past, and not pushed.
const FRESH_S: i64 = 3_600;
/// Longest sleep of the worker: a missed ring must not matter.
const NAP: Duration = Duration::from_millis(500);

/// Where a brand wants its movements of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) url: String,
    pub(crate) channel: Channel,
    pub(crate) username: String,
    pub(crate) password: String,
}

/// A connection that was asked for, and whether the test message was taken.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) connection: Connection,
    pub(crate) is_open: bool,
    pub(crate) at: Local,
}

/// Connections, and what waits to be pushed.
#[derive(Debug, Default)]
pub(crate) struct Pushes {
    registered: Vec<(BrandNo, Registered)>,
    waiting: VecDeque<Parcel>,
    /// Movements looked at so far.
    seen: usize,
    pub(crate) sent: u64,
    pub(crate) lost: u64,
}

#[derive(Debug, Clone)]
struct Parcel {
    connection: Connection,
    body: Value,
    tries_left: u32,
}

impl Pushes {
    pub(crate) fn of(&self, brand: BrandNo) -> impl Iterator<Item = &Registered> {
        self.registered
            .iter()
            .filter(move |(of, _)| *of == brand)
            .map(|(_, one)| one)
    }

    pub(crate) fn open(&self, brand: BrandNo, channel: Channel) -> usize {
        self.of(brand)
            .filter(|one| one.is_open && one.connection.channel == channel)
            .count()
    }

    pub(crate) fn register(&mut self, brand: BrandNo, one: Registered) {
        self.registered
            .retain(|(of, held)| *of != brand || held.connection != one.connection);
        self.registered.push((brand, one));
    }

    /// `false` when there is no such connection.
    pub(crate) fn unregister(&mut self, brand: BrandNo, connection: &Connection) -> bool {
        let before = self.registered.len();
        self.registered
            .retain(|(of, held)| *of != brand || held.connection != *connection);
        self.registered.len() < before
    }
}

impl World {
    /// Packs new movements of citizens for the connections that want them.
    fn pack_pushes(&mut self) {
        let from = self.pushes.seen;
        self.pushes.seen = self.book.len();
        let mut rows: Vec<(Connection, Vec<Value>)> = Vec::new();
        for (at, movement) in self.book.from(from) {
            let is_news = movement.source.is_some_and(Source::is_citizen)
                && self.now.0 - movement.created.0 <= FRESH_S;
            if !is_news {
                continue;
            }
            let wanted = self
                .pushes
                .of(movement.brand)
                .filter(|one| one.is_open && one.connection.channel == movement.key.channel);
            for one in wanted {
                let row = self.push_row(at, movement);
                match rows.iter_mut().find(|(held, _)| *held == one.connection) {
                    Some((_, list)) => list.push(row),
                    None => rows.push((one.connection.clone(), vec![row])),
                }
            }
        }
        let copies = 1 + self.options.push_repeats;
        for (connection, list) in rows {
            for part in list.chunks(ROWS_MAX) {
                for _ in 0..copies {
                    self.pushes.waiting.push_back(Parcel {
                        connection: connection.clone(),
                        body: json!({ "list": part }),
                        tries_left: self.options.push_tries.max(1),
                    });
                }
            }
        }
    }

    fn push_row(&self, at: MovementNo, movement: &Movement) -> Value {
        let brand = self.accounts.brand(movement.brand);
        json!({
            "iysCode": brand.iys_code,
            "brandCode": brand.code,
            "consentDate": movement.date.map(Local::text).unwrap_or_default(),
            "creationDate": movement.created.text(),
            "source": movement.source.map(Source::word),
            "recipient": movement.key.address.to_string(),
            "recipientType": movement.key.kind.word(),
            "status": movement.status.word(),
            "type": movement.key.channel.word(),
            "transactionId": TransactionId::of_movement(at).to_string(),
        })
    }
}

/// The fixed message that opens a connection; it is about nobody.
pub(crate) fn test_message(channel: Channel) -> Value {
    json!({ "list": [{
        "iysCode": 121_212,
        "brandCode": 121_212,
        "consentDate": "2015-05-01 15:00:00",
        "creationDate": "2015-05-01 15:00:00",
        "source": "IYS_MOBIL",
        "recipient": "pushtest@iys.org.tr",
        "recipientType": "BIREYSEL",
        "status": "ONAY",
        "type": channel.word(),
        "transactionId": "0".repeat(64),
    }] })
}

/// Whether the receiver took it: HTTP Basic, 2xx within five seconds.
pub(crate) async fn deliver(http: &reqwest::Client, to: &Connection, body: &Value) -> bool {
    let answer = http
        .post(&to.url)
        .basic_auth(&to.username, Some(&to.password))
        .timeout(ANSWER_WITHIN)
        .json(body)
        .send()
        .await;
    if let Err(error) = &answer {
        tracing::debug!(%error, url = to.url, "a push was not taken");
    }
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// Pushes for ever.
pub(crate) async fn push_movements(sim: Arc<Iys>) {
    loop {
        // Asked for before looking, so that no ring falls in between.
        let woken = sim.woken.notified();
        let next = {
            let mut world = sim.world();
            world.pack_pushes();
            world.pushes.waiting.pop_front()
        };
        let Some(mut parcel) = next else {
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(NAP) => {}
            }
            continue;
        };
        let is_taken = deliver(&sim.http, &parcel.connection, &parcel.body).await;
        let mut world = sim.world();
        parcel.tries_left -= 1;
        if is_taken {
            world.pushes.sent += 1;
        } else if parcel.tries_left == 0 {
            world.pushes.lost += 1;
        } else {
            world.pushes.waiting.push_back(parcel);
        }
    }
}
