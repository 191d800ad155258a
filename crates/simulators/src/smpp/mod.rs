//! An SMPP 3.4 gateway (SMSC), strict, with its control calls on another port.
//!
//! `GET /_sim/smpp` tells `{"url", "tls_url", "ca_pem", "encrypted_sessions"}`: where
//! sessions are opened, in the clear or encrypted from the first byte; one port takes
//! both, told apart by that byte. Faults strike
//! `submit_sm` under the path `/submit_sm`: `status` 429 answers "throttled", any
//! other "system error"; `malformed` ends the connection in the middle of the
//! answer. `POST /_sim/refuse` takes a `command_status` such as `0x0B`; a script's
//! `code` is the state of the receipt, such as `DELETED`, or one for each part of a
//! text, such as `DELIVRD,UNDELIV`. The optional field 0x1401
//! is read as the capacity of the person (`BIREYSEL`, `TACIR`).

mod deliver;
mod pdu;
mod submit;
mod talk;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::Context;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::desk::{self, Config, Desk, Message, Options, Pushed, Reply, Service};
use crate::server::{self, Running, Worker};
use crate::tls;

/// A stand-in for a gateway.
#[derive(Debug)]
pub struct SmppSim;

const SERVICE: Service = Service {
    routes: |_| Router::new(),
    error_body: |status: StatusCode| json!({ "error": status.as_u16() }),
    refuses_at_once: true,
    // Receipts and replies go over the session.
    push_items_max: 0,
    push: no_push,
    inbound: None,
};

fn no_push(_: &Options, _: &str, _: &[Message], _: i64) -> Pushed {
    Pushed::json(&Value::Null)
}

/// What the sessions and the deliveries share.
pub(super) struct House {
    pub(super) desk: Arc<Desk>,
    pub(super) tls: TlsAcceptor,
    /// Sessions that were opened encrypted.
    pub(super) encrypted: AtomicU64,
    /// Open sessions that receive, by number.
    pub(super) receivers: Mutex<HashMap<u64, mpsc::Sender<Vec<u8>>>>,
    /// Deliveries without an answer: by session and sequence.
    pub(super) unconfirmed: Mutex<HashMap<(u64, u32), Job>>,
    /// Texts of which parts are missing.
    pub(super) parts: Mutex<HashMap<submit::Joined, Vec<Option<submit::Part>>>>,
    /// Of whole texts: the names of the parts before the last, by message.
    pub(super) part_names: Mutex<HashMap<usize, Vec<String>>>,
    pub(super) next_part: AtomicU32,
    pub(super) next_sequence: AtomicU32,
}

/// From here on a copy's number is that of a part before the last.
pub(super) const EARLIER: u8 = 100;

/// Something to deliver.
#[derive(Debug, Clone)]
pub(super) enum Job {
    /// The receipt of a message, and which copy of it.
    Receipt(usize, u8),
    Reply(Reply),
}

impl SmppSim {
    /// Starts it; control calls come to `control`, sessions to `gateway`.
    ///
    /// # Errors
    /// When a listener has no address.
    pub fn start(
        config: Config,
        control: TcpListener,
        gateway: TcpListener,
    ) -> anyhow::Result<Running> {
        let address = gateway
            .local_addr()
            .context("the listener has no address")?;
        let (desk, routes) = desk::open(SERVICE, config);
        let stage = Arc::clone(&desk.stage);
        let house = Arc::new(House {
            desk,
            tls: tls::acceptor()?,
            encrypted: AtomicU64::new(0),
            receivers: Mutex::default(),
            unconfirmed: Mutex::default(),
            parts: Mutex::default(),
            part_names: Mutex::default(),
            next_part: AtomicU32::new(1),
            next_sequence: AtomicU32::new(1),
        });
        let shutdown = CancellationToken::new();
        let workers: Vec<Worker> = vec![
            Box::pin(talk::serve(Arc::clone(&house), gateway)),
            Box::pin(deliver::deliver_for_ever(Arc::clone(&house))),
        ];
        let place = Router::new()
            .route("/_sim/smpp", get(tell_place))
            .with_state(Place { address, house });
        server::start(control, routes.merge(place), &stage, shutdown, workers)
    }
}

#[derive(Clone)]
struct Place {
    address: SocketAddr,
    house: Arc<House>,
}

async fn tell_place(State(Place { address, house }): State<Place>) -> Json<Value> {
    Json(json!({
        "url": format!("smpp://{address}"),
        // The certificate names a host, not an address.
        "tls_url": format!("smpps://localhost:{}", address.port()),
        "ca_pem": tls::CA_PEM,
        "encrypted_sessions": house.encrypted.load(Ordering::Relaxed),
    }))
}
