//! One session with a gateway: questions in a window, answers by their number,
//! and what the gateway sends by itself.
//!
//! A frame is handed to the task that writes, whole: an interrupted caller never
//! leaves half a message on the wire. From that moment a break means that nobody
//! can tell whether it arrived.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::config::Config;
use super::ear::Ear;
use super::pdu::{
    self, ANSWER, BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER, DELIVER_SM, ENQUIRE_LINK,
    GENERIC_NACK, HEADER, INVALID_COMMAND, OK, PDU_BYTES_MAX, Pdu, QUEUE_FULL, UNBIND,
};

/// How often the gateway is asked whether it is still there.
const LINK_ASKED_EVERY: Duration = Duration::from_secs(30);
/// Questions without an answer after which it is not.
const MISSES_MAX: u32 = 2;
/// Frames on their way to the writing task.
const FRAMES_MAX: usize = 256;

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Both,
    Sending,
    Receiving,
}

/// Why no session could be opened.
#[derive(Debug)]
pub(super) enum Trouble {
    Broken(String),
    /// The gateway's `command_status`.
    Refused(u32),
}

/// How a question ended without an answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// Surely nothing was written.
    NeverLeft,
    /// It may have arrived.
    InDoubt(String),
}

/// An open session; it ends when this is dropped.
pub(super) struct Session {
    shared: Arc<Shared>,
    window: Semaphore,
    _tasks: JoinSet<()>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}

struct Shared {
    frames: mpsc::Sender<Vec<u8>>,
    next: AtomicU32,
    /// Who waits for which answer; none once the session has ended.
    waiting: Mutex<Option<HashMap<u32, oneshot::Sender<Pdu>>>>,
    ended: watch::Sender<bool>,
}

impl Shared {
    fn end(&self) {
        // Whoever waits learns it by the dropped sender.
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.ended.send_replace(true);
    }

    async fn until_ended(&self) {
        let mut ended = self.ended.subscribe();
        // It fails only when the sender is gone, which is here.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// Asks, and waits for the answer as long as it takes.
    async fn ask(&self, command: u32, body: Vec<u8>, left: impl FnOnce()) -> Result<Pdu, Broken> {
        // Numbers run from 1 to 0x7FFFFFFF.
        let sequence = (self.next.fetch_add(1, Ordering::Relaxed) & 0x7FFF_FFFF).max(1);
        let Ok(place) = self.frames.reserve().await else {
            return Err(Broken::NeverLeft);
        };
        let (told, answer) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(waiting) = waiting.as_mut() else {
                return Err(Broken::NeverLeft);
            };
            waiting.insert(sequence, told);
        }
        let frame = Pdu {
            command,
            status: OK,
            sequence,
            body,
        };
        left();
        place.send(frame.framed());
        answer
            .await
            .map_err(|_| Broken::InDoubt("the session ended before the answer".to_owned()))
    }
}

impl Session {
    /// Connects, encrypts as configured, and binds.
    pub(super) async fn open(
        config: &Config,
        tls: &Arc<ClientConfig>,
        role: Role,
        ear: &Arc<Ear>,
    ) -> Result<Self, Trouble> {
        let broken = |error: std::io::Error| Trouble::Broken(error.to_string());
        let tcp = TcpStream::connect((config.host.as_str(), config.port))
            .await
            .map_err(broken)?;
        // A message must not wait for the receipt of the one before (Nagle).
        tcp.set_nodelay(true).map_err(broken)?;
        let stream: Box<dyn Io> = if config.is_encrypted {
            let name = ServerName::try_from(config.host.clone())
                .map_err(|error| Trouble::Broken(error.to_string()))?;
            let connector = TlsConnector::from(Arc::clone(tls));
            Box::new(connector.connect(name, tcp).await.map_err(broken)?)
        } else {
            Box::new(tcp)
        };
        let session = Self::over(stream, config, ear);
        let command = match role {
            Role::Both => BIND_TRANSCEIVER,
            Role::Sending => BIND_TRANSMITTER,
            Role::Receiving => BIND_RECEIVER,
        };
        let password = config.password.expose_secret();
        let body = pdu::bind(&config.system_id, password, &config.system_type);
        match session.shared.ask(command, body, || {}).await {
            Ok(answer) if answer.status == OK => Ok(session),
            Ok(answer) => Err(Trouble::Refused(answer.status)),
            Err(_) => Err(Trouble::Broken(
                "the gateway closed the connection while a session was opened".to_owned(),
            )),
        }
    }

    fn over(stream: Box<dyn Io>, config: &Config, ear: &Arc<Ear>) -> Self {
        let (reader, writer) = split(stream);
        let (frames, to_write) = mpsc::channel(FRAMES_MAX);
        let shared = Arc::new(Shared {
            frames,
            next: AtomicU32::new(1),
            waiting: Mutex::new(Some(HashMap::new())),
            ended: watch::Sender::new(false),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(write(writer, to_write, Arc::clone(&shared)));
        tasks.spawn(read(reader, Arc::clone(&shared), Arc::clone(ear)));
        tasks.spawn(keep(Arc::clone(&shared), config.timeout));
        Self {
            shared,
            window: Semaphore::new(config.window),
            _tasks: tasks,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !*self.shared.ended.borrow()
    }

    /// Hands one `submit_sm` over within the window; `left` is called when it leaves.
    pub(super) async fn submit(&self, body: Vec<u8>, left: impl FnOnce()) -> Result<Pdu, Broken> {
        let Ok(_place) = self.window.acquire().await else {
            return Err(Broken::NeverLeft);
        };
        self.shared.ask(pdu::SUBMIT_SM, body, left).await
    }

    /// Says goodbye; whether that is answered does not matter.
    pub(super) async fn close(&self) {
        let leave = Duration::from_secs(2);
        let goodbye = self.shared.ask(UNBIND, Vec::new(), || {});
        let _ = tokio::time::timeout(leave, goodbye).await;
        self.shared.end();
    }
}

async fn write(
    mut writer: WriteHalf<Box<dyn Io>>,
    mut frames: mpsc::Receiver<Vec<u8>>,
    shared: Arc<Shared>,
) {
    loop {
        let frame = tokio::select! {
            frame = frames.recv() => frame,
            () = shared.until_ended() => None,
        };
        let Some(frame) = frame else { break };
        let written = async {
            writer.write_all(&frame).await?;
            writer.flush().await
        };
        if written.await.is_err() {
            break;
        }
    }
    shared.end();
}

async fn read(mut reader: ReadHalf<Box<dyn Io>>, shared: Arc<Shared>, ear: Arc<Ear>) {
    loop {
        let next = tokio::select! {
            next = next(&mut reader) => next,
            () = shared.until_ended() => None,
        };
        let Some(pdu) = next else { break };
        if pdu.command & ANSWER != 0 {
            let mut waiting = shared
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let asker = waiting.as_mut().and_then(|w| w.remove(&pdu.sequence));
            if let Some(asker) = asker {
                // Who asked may have given up.
                let _ = asker.send(pdu);
            }
            continue;
        }
        let is_goodbye = pdu.command == UNBIND;
        let answer = match pdu.command {
            DELIVER_SM => {
                let confirm = Confirm {
                    frames: shared.frames.clone(),
                    sequence: pdu.sequence,
                };
                match ear.take(&pdu.body, confirm) {
                    // Answered when it is kept.
                    Ok(()) => None,
                    Err(status) => Some(answer(DELIVER_SM | ANSWER, status, pdu.sequence)),
                }
            }
            ENQUIRE_LINK | UNBIND => Some(answer(pdu.command | ANSWER, OK, pdu.sequence)),
            _ => Some(answer(GENERIC_NACK, INVALID_COMMAND, pdu.sequence)),
        };
        if let Some(answer) = answer
            && shared.frames.send(answer).await.is_err()
        {
            break;
        }
        if is_goodbye {
            break;
        }
    }
    shared.end();
}

fn answer(command: u32, status: u32, sequence: u32) -> Vec<u8> {
    let body = if command == DELIVER_SM | ANSWER {
        vec![0]
    } else {
        Vec::new()
    };
    Pdu {
        command,
        status,
        sequence,
        body,
    }
    .framed()
}

/// The next message; none when the gateway has gone or writes nonsense.
async fn next(reader: &mut ReadHalf<Box<dyn Io>>) -> Option<Pdu> {
    let mut length = [0; 4];
    reader.read_exact(&mut length).await.ok()?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    if !(HEADER..=PDU_BYTES_MAX).contains(&length) {
        return None;
    }
    let mut rest = vec![0; length - 4];
    reader.read_exact(&mut rest).await.ok()?;
    Pdu::read(&rest)
}

/// Asks whether the gateway is still there; ends the session when it is not.
async fn keep(shared: Arc<Shared>, timeout: Duration) {
    let mut misses = 0;
    while misses < MISSES_MAX {
        tokio::select! {
            () = tokio::time::sleep(LINK_ASKED_EVERY) => {}
            () = shared.until_ended() => return,
        }
        let asked = shared.ask(ENQUIRE_LINK, Vec::new(), || {});
        match tokio::time::timeout(timeout, asked).await {
            Ok(Ok(_)) => misses = 0,
            Ok(Err(_)) => break,
            Err(_) => misses += 1,
        }
    }
    shared.end();
}

/// How something that the gateway delivered is confirmed to it.
pub(super) struct Confirm {
    frames: mpsc::Sender<Vec<u8>>,
    sequence: u32,
}

impl fmt::Debug for Confirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirm")
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

impl Confirm {
    /// Tells the gateway that it is kept. It sends it again if this does not arrive.
    pub(super) async fn confirm(&self) {
        let frame = answer(DELIVER_SM | ANSWER, OK, self.sequence);
        let _ = self.frames.send(frame).await;
    }

    /// Whether the session that brought it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.frames.is_closed()
    }
}

/// Nothing more can be heard: to be delivered again later.
pub(super) const FULL: u32 = QUEUE_FULL;
