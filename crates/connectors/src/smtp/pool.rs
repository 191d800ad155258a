//! The sessions of an account: as many at a time as the server allows, kept
//! open between messages.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_rustls::rustls::ClientConfig;

use super::config::Config;
use super::session::{Ended, Session, Trouble, tls};
use crate::outcome::Outcome;

/// Messages that one session carries: some servers close it after a hundred.
const CARRIED_MAX: u32 = 1_000;

#[derive(Debug)]
pub(super) struct Pool {
    tls: Arc<ClientConfig>,
    turns: Semaphore,
    idle: Mutex<Vec<Session>>,
}

impl Pool {
    pub(super) fn new(config: &Config) -> Result<Self, String> {
        Ok(Self {
            tls: tls(config.ca_pem.as_deref())?,
            turns: Semaphore::new(config.sessions),
            idle: Mutex::default(),
        })
    }

    /// Hands one message over within the account's time: half of it may pass
    /// until a session is free, half until the server has answered.
    pub(super) async fn hand_over(&self, config: &Config, head: &str, content: &str) -> Outcome {
        let half = config.timeout / 2;
        let Ok(Ok(_turn)) = tokio::time::timeout(half, self.turns.acquire()).await else {
            return not_sent("every session is busy", None);
        };
        let has_left = AtomicBool::new(false);
        let exchange = self.exchange(config, head, content, &has_left);
        match tokio::time::timeout(half, exchange).await {
            Ok(outcome) => outcome,
            Err(_) if has_left.load(Ordering::Relaxed) => Outcome::Unknown {
                text: "timed out after the content had left".to_owned(),
            },
            Err(_) => not_sent("timed out before the content left", None),
        }
    }

    async fn exchange(
        &self,
        config: &Config,
        head: &str,
        content: &str,
        has_left: &AtomicBool,
    ) -> Outcome {
        // A session that lay idle may have been closed by the server: then
        // nothing left, and a fresh one is tried once.
        loop {
            let kept = self.kept();
            let was_kept = kept.is_some();
            let mut session = match kept {
                Some(session) => session,
                None => match Session::open(config, &self.tls).await {
                    Ok(session) => session,
                    Err(Trouble::Broken(text)) => return not_sent(&text, None),
                    Err(Trouble::Refused(reply)) => return reply.at_the_door(),
                },
            };
            let left = || has_left.store(true, Ordering::Relaxed);
            match session.hand_over(head, content, left).await {
                Ended::Taken(reply) => {
                    self.keep(session).await;
                    return Outcome::Accepted {
                        reference: reply.text(),
                        refused: Vec::new(),
                    };
                }
                Ended::Refused(reply, goes_on) => {
                    let closes = reply.code == 421;
                    if goes_on {
                        self.keep(session).await;
                    }
                    if closes && was_kept && !has_left.load(Ordering::Relaxed) {
                        continue;
                    }
                    return reply.outcome();
                }
                Ended::NeverLeft(_) if was_kept => {}
                Ended::NeverLeft(text) => return not_sent(&text, None),
                Ended::InDoubt(text) => return Outcome::Unknown { text },
            }
        }
    }

    /// Opens a session and takes leave, to see whether that works.
    pub(super) async fn try_out(&self, config: &Config) -> Result<(), Trouble> {
        let opened = tokio::time::timeout(config.timeout, Session::open(config, &self.tls)).await;
        let timed_out = |_| Trouble::Broken("timed out".to_owned());
        let session = opened.map_err(timed_out)??;
        let leave = Duration::from_secs(2);
        // Whether it says goodbye does not matter.
        let _ = tokio::time::timeout(leave, session.quit()).await;
        Ok(())
    }

    fn kept(&self) -> Option<Session> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    async fn keep(&self, session: Session) {
        if session.carried >= CARRIED_MAX {
            session.quit().await;
            return;
        }
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(session);
    }
}

fn not_sent(text: &str, retry_after: Option<Duration>) -> Outcome {
    Outcome::NotSent {
        text: text.to_owned(),
        retry_after,
    }
}
