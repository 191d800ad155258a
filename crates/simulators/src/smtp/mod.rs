//! An SMTP server, strict, with its control calls on another port.
//!
//! | Call | Does |
//! | --- | --- |
//! | `GET /_sim/smtp` | `{"url", "ca_pem"}`: where mail is taken |
//! | `POST`, `GET /_sim/options` | [`Options`]: login, encryption, pipelining, where bounces are posted to |
//! | `POST /_sim/script` | one script or a list: `{"to", "reply", "stage"?, "times"?}` with `stage` `rcpt` or `data` |
//! | `POST /_sim/break` | `{"at", "reply"?, "delay_ms"?, "times"?}` with `at` `connect`, `mail`, `content` or `taken`: the connection ends there, after the reply if one is given |
//! | `POST /_sim/bounce` | `{"to", "status", "action"?, "text"?}`: a delivery report about the last message to an address is posted |
//! | `GET /_sim/received?after=&limit=` | accepted messages, oldest first |
//! | `GET /_sim/stats` | connections and messages |
//! | `POST /_sim/reset` | forgets everything but the options |
//!
//! The TLS certificate is that of all simulators, for `localhost`.

mod bounce;
mod control;
mod talk;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::Context;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::control::Stage;
use crate::lock::locked;
use crate::server::{self, Running, Worker};
use crate::tls;

/// Messages that are kept; beyond it the oldest half is forgotten.
const KEPT_MAX: usize = 200_000;

/// What a simulator starts with.
#[derive(Debug, Clone)]
pub struct Config {
    /// What time it is.
    pub clock: Clock,
    /// Behaviour, changeable while it runs.
    pub options: Options,
}

/// Behaviour.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// User name and password that must be shown; none: everybody is let in.
    pub login: Option<Login>,
    /// `none`, `starttls` or `tls`.
    pub encryption: Encryption,
    /// Whether commands may be sent together (PIPELINING).
    pub pipelining: bool,
    /// Whether the content of messages is kept, or only counted.
    pub keeps: bool,
    /// Where bounces are posted to.
    pub push_url: Option<String>,
}

/// A user name and a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// How connections are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// Not at all.
    None,
    /// After STARTTLS.
    Starttls,
    /// From the first byte.
    Tls,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            login: None,
            encryption: Encryption::None,
            pipelining: true,
            keeps: true,
            push_url: None,
        }
    }
}

/// An accepted message.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Mail {
    id: u64,
    from: String,
    to: String,
    is_encrypted: bool,
    /// As it came, points unstuffed.
    data: String,
}

/// An answer for one address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    to: String,
    reply: String,
    #[serde(default)]
    stage: ScriptStage,
    times: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ScriptStage {
    #[default]
    Rcpt,
    Data,
}

/// Where a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum At {
    /// Instead of the greeting.
    Connect,
    /// Instead of the answer to MAIL.
    Mail,
    /// After the first half of the content; nothing is taken.
    Content,
    /// After the message was taken, instead of the answer.
    Taken,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Break {
    at: At,
    reply: Option<String>,
    #[serde(default)]
    delay_ms: u64,
    times: Option<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    options: Options,
    scripts: HashMap<String, Script>,
    breaks: Vec<Break>,
    received: Vec<Mail>,
    connections: u64,
    messages: u64,
}

/// What the conversations and the control calls share.
pub(crate) struct Server {
    state: Mutex<State>,
    tls: TlsAcceptor,
    url_tail: String,
    http: reqwest::Client,
}

impl Server {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    /// The answer for an address at a stage, if one is scripted.
    pub(crate) fn scripted(&mut self, to: &str, stage: ScriptStage) -> Option<String> {
        let script = self.scripts.get_mut(to).filter(|one| one.stage == stage)?;
        match &mut script.times {
            Some(0) => return None,
            Some(times) => *times -= 1,
            None => {}
        }
        Some(script.reply.clone())
    }

    /// Whether the connection ends here.
    pub(crate) fn broken(&mut self, at: At) -> Option<Break> {
        let one = self
            .breaks
            .iter_mut()
            .find(|one| one.at == at && one.times != Some(0))?;
        if let Some(times) = &mut one.times {
            *times -= 1;
        }
        Some(one.clone())
    }

    pub(crate) fn take(
        &mut self,
        from: String,
        to: String,
        is_encrypted: bool,
        data: String,
    ) -> u64 {
        self.messages += 1;
        if self.options.keeps {
            if self.received.len() >= KEPT_MAX {
                self.received.drain(..KEPT_MAX / 2);
            }
            self.received.push(Mail {
                id: self.messages,
                from,
                to,
                is_encrypted,
                data,
            });
        }
        self.messages
    }
}

/// The simulator.
#[derive(Debug)]
pub struct SmtpSim;

impl SmtpSim {
    /// Starts it; control calls come to `control`, mail to `mail`.
    ///
    /// # Errors
    /// When a listener has no address or the certificate cannot be read.
    pub fn start(
        config: Config,
        control: TcpListener,
        mail: TcpListener,
    ) -> anyhow::Result<Running> {
        let address = mail.local_addr().context("the listener has no address")?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(std::time::Duration::from_secs(10))
            .build()
            .context("no HTTP client")?;
        let server = Arc::new(Server {
            state: Mutex::new(State {
                options: config.options,
                ..State::default()
            }),
            tls: tls::acceptor()?,
            url_tail: address.to_string(),
            http,
        });
        let shutdown = CancellationToken::new();
        let stage = Stage::new(
            config.clock,
            |status: StatusCode| json!({ "error": status.as_u16() }),
        );
        let worker: Worker = Box::pin(talk::serve(Arc::clone(&server), mail, shutdown.clone()));
        let routes = control::routes(server);
        server::start(control, routes, &stage, shutdown, vec![worker])
    }
}
