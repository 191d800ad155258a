//! The sessions of an account: opened when they are needed, opened again when
//! they ended, ever more slowly while that fails. And the hand-over itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use domain::ids::MessageRef;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_rustls::rustls::ClientConfig;

use super::config::Config;
use super::ear::Ear;
use super::parts::Parts;
use super::pdu::{ALREADY_BOUND, OK, Pdu, QUEUE_FULL, THROTTLED};
use super::session::{Broken, Role, Session, Trouble};
use crate::codes::Codes;
use crate::outcome::{Class, Outcome};

static STATUSES: LazyLock<Codes> =
    LazyLock::new(|| Codes::read(include_str!("../../data/smpp_status.tsv")));

/// What a gateway asks for that takes no more at the moment.
const BREATH: Duration = Duration::from_secs(5);
/// Longest pause between two tries to open a session.
const PAUSE_MAX: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Link {
    tls: Arc<ClientConfig>,
    pub(super) ear: Arc<Ear>,
    /// Held while sessions are opened, so that many messages open them once.
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    sending: Option<Arc<Session>>,
    /// Where receiving has a session of its own.
    receiving: Option<Arc<Session>>,
    /// Tries that failed since one succeeded.
    failures: u32,
    not_before: Option<Instant>,
}

impl Open {
    fn is_whole(&self, config: &Config) -> bool {
        let is_open = |session: &Option<Arc<Session>>| {
            session.as_ref().is_some_and(|session| session.is_open())
        };
        is_open(&self.sending) && (!config.has_pair || is_open(&self.receiving))
    }
}

impl Link {
    pub(super) fn new(config: &Config) -> Result<Self, String> {
        Ok(Self {
            tls: crate::smtp::tls(config.ca_pem.as_deref())?,
            ear: Arc::new(Ear::new(config.ids)),
            open: Mutex::default(),
        })
    }

    /// The session that sends; opens what is not open.
    pub(super) async fn session(&self, config: &Config) -> Result<Arc<Session>, Outcome> {
        let mut open = self.open.lock().await;
        if !open.is_whole(config) {
            let wait = open
                .not_before
                .map(|at| at.saturating_duration_since(Instant::now()))
                .filter(|wait| !wait.is_zero());
            if let Some(wait) = wait {
                return Err(not_sent("the gateway could not be reached", Some(wait)));
            }
            self.reopen(config, &mut open).await?;
        }
        open.sending
            .clone()
            .ok_or_else(|| not_sent("there is no session", None))
    }

    async fn reopen(&self, config: &Config, open: &mut Open) -> Result<(), Outcome> {
        (open.sending, open.receiving) = (None, None);
        match self.opened(config).await {
            Ok((sending, receiving)) => {
                *open = Open {
                    sending: Some(Arc::new(sending)),
                    receiving: receiving.map(Arc::new),
                    ..Open::default()
                };
                Ok(())
            }
            Err(trouble) => {
                open.failures = open.failures.saturating_add(1);
                let pause = Duration::from_secs(1 << open.failures.min(7)) / 2;
                let pause = pause.min(PAUSE_MAX);
                open.not_before = Some(Instant::now() + pause);
                Err(at_the_door(config, &trouble))
            }
        }
    }

    async fn opened(&self, config: &Config) -> Result<(Session, Option<Session>), Trouble> {
        // Half of the account's time; the other half is for the message.
        let open = |role| async move {
            let opening = Session::open(config, &self.tls, role, &self.ear);
            let opened = tokio::time::timeout(config.timeout / 2, opening).await;
            opened.unwrap_or_else(|_| Err(Trouble::Broken("timed out".to_owned())))
        };
        if !config.has_pair {
            return Ok((open(Role::Both).await?, None));
        }
        let sending = open(Role::Sending).await?;
        Ok((sending, Some(open(Role::Receiving).await?)))
    }

    /// Opens sessions of its own and takes leave, to see whether that works.
    pub(super) async fn try_out(&self, config: &Config) -> Result<(), String> {
        match self.opened(config).await {
            Ok((sending, receiving)) => {
                sending.close().await;
                if let Some(receiving) = receiving {
                    receiving.close().await;
                }
                Ok(())
            }
            Err(Trouble::Broken(text)) => Err(text),
            Err(Trouble::Refused(status)) => Err(told(status)),
        }
    }

    /// Hands the parts of one message over, one after the other.
    pub(super) async fn hand_over(
        &self,
        config: &Config,
        message: MessageRef,
        bodies: Vec<Vec<u8>>,
    ) -> Outcome {
        let has_left = AtomicBool::new(false);
        let exchange = self.exchange(config, message, bodies, &has_left);
        match tokio::time::timeout(config.timeout, exchange).await {
            Ok(outcome) => outcome,
            Err(_) if has_left.load(Ordering::Relaxed) => Outcome::Unknown {
                text: "timed out after the message had left".to_owned(),
            },
            Err(_) => not_sent("timed out before the message left", None),
        }
    }

    async fn exchange(
        &self,
        config: &Config,
        message: MessageRef,
        bodies: Vec<Vec<u8>>,
        has_left: &AtomicBool,
    ) -> Outcome {
        let total = bodies.len();
        let parts = (total > 1 && config.asks_for_every_part).then(Arc::<Parts>::default);
        let mut reference = None;
        for (nth, body) in (1..).zip(bodies) {
            let answer = match self.one_part(config, body, has_left).await {
                Ok(answer) => answer,
                // Parts of it are out already: whatever this one came to, nobody
                // may be written to again on a guess.
                Err(outcome) if nth > 1 => return half_sent(nth, total, &outcome),
                Err(outcome) => return outcome,
            };
            match answer.message_id() {
                Some(id) => {
                    let name = config.ids.sent(&id);
                    if let Some(parts) = &parts {
                        parts.expect(&name, nth == total);
                        self.ear.sent(&name, message, Some(parts));
                    }
                    reference = Some(name);
                }
                None if nth < total => {}
                None => {
                    return Outcome::Unknown {
                        text: "the gateway took the message and gave it no name".to_owned(),
                    };
                }
            }
        }
        let Some(reference) = reference else {
            return not_sent("the message has no parts", None);
        };
        if parts.is_none() {
            self.ear.sent(&reference, message, None);
        }
        Outcome::Accepted {
            reference,
            refused: Vec::new(),
        }
    }

    async fn one_part(
        &self,
        config: &Config,
        body: Vec<u8>,
        has_left: &AtomicBool,
    ) -> Result<Pdu, Outcome> {
        // A session that ended meanwhile is opened again once: nothing left then.
        for _ in 0..2 {
            let session = self.session(config).await?;
            let left = || has_left.store(true, Ordering::Relaxed);
            match session.submit(body.clone(), left).await {
                Ok(answer) if answer.status == OK => return Ok(answer),
                Ok(answer) => return Err(refused(config, answer.status)),
                Err(Broken::NeverLeft) => {}
                Err(Broken::InDoubt(text)) => return Err(Outcome::Unknown { text }),
            }
        }
        Err(not_sent("the session ended before the message left", None))
    }
}

fn half_sent(nth: usize, total: usize, outcome: &Outcome) -> Outcome {
    let why = match outcome {
        Outcome::Refused { code, text, .. } => format!("{code} {text}"),
        Outcome::NotSent { text, .. } | Outcome::Unknown { text } => text.clone(),
        Outcome::Accepted { .. } => String::new(),
    };
    Outcome::Unknown {
        text: format!("part {nth} of {total} did not follow those before it: {why}"),
    }
}

fn code(status: u32) -> String {
    format!("0x{status:02X}")
}

fn told(status: u32) -> String {
    let code = code(status);
    format!("{code} {}", STATUSES.name(&code)).trim().to_owned()
}

/// By the account's own table first: gateways have codes of their own, and some
/// use those of the standard for something else.
fn refused(config: &Config, status: u32) -> Outcome {
    let code = code(status);
    if let Some(own) = config.statuses.iter().find(|own| own.status == status) {
        return match own.class {
            Class::Transient => not_sent(&format!("{code} {}", own.words), Some(BREATH)),
            class => Outcome::Refused {
                class,
                code,
                text: own.words.clone(),
            },
        };
    }
    if matches!(status, THROTTLED | QUEUE_FULL) {
        return not_sent(&told(status), Some(BREATH));
    }
    Outcome::Refused {
        class: STATUSES.class(&code),
        text: STATUSES.name(&code).to_owned(),
        code,
    }
}

/// A gateway that lets nobody in says nothing about a message.
fn at_the_door(config: &Config, trouble: &Trouble) -> Outcome {
    match trouble {
        Trouble::Broken(text) => not_sent(text, None),
        // The gateway has not noticed yet that a killed process is gone, or every
        // session that it allows is open: it passes, or another process sends.
        Trouble::Refused(ALREADY_BOUND) => not_sent(&told(ALREADY_BOUND), Some(BREATH)),
        Trouble::Refused(status) => match refused(config, *status) {
            Outcome::Refused {
                class: Class::Transient,
                text,
                ..
            } => not_sent(&text, Some(BREATH)),
            Outcome::Refused { code, text, .. } => Outcome::Refused {
                class: Class::Account,
                code,
                text,
            },
            other => other,
        },
    }
}

fn not_sent(text: &str, retry_after: Option<Duration>) -> Outcome {
    Outcome::NotSent {
        text: text.to_owned(),
        retry_after,
    }
}
