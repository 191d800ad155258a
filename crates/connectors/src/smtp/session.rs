//! One session with a server, and what is certain at each of its steps.
//!
//! Until the first byte of the content has left, a break means that nothing was
//! sent; after it, a break means that nobody can tell. Commands go out together
//! where the server allows it, without waiting for full packets.

use std::fmt;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::config::{Config, Protection, der};
use super::reply::Reply;

/// Longest line of a reply that is read, bytes.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// Most lines of one reply.
const LINES_MAX: usize = 128;

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What went wrong before the content left.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The connection broke, or the server does not speak SMTP.
    Broken(String),
    /// The server said no.
    Refused(Reply),
}

/// How a hand-over ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The server took it; its words.
    Taken(Reply),
    /// The server refused it: surely not sent. Whether the session goes on.
    Refused(Reply, bool),
    /// The connection broke before the content left: surely not sent.
    NeverLeft(String),
    /// It broke after that: nobody can tell.
    InDoubt(String),
}

/// An open session.
pub(super) struct Session {
    stream: Box<dyn Io>,
    buffer: Vec<u8>,
    pipelines: bool,
    /// Messages that it has carried.
    pub(super) carried: u32,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("carried", &self.carried)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Connects, encrypts and logs in as configured.
    pub(super) async fn open(config: &Config, tls: &Arc<ClientConfig>) -> Result<Self, Trouble> {
        let tcp = TcpStream::connect((config.host.as_str(), config.port))
            .await
            .map_err(broken)?;
        // A command must not wait for the receipt of the one before (Nagle).
        tcp.set_nodelay(true).map_err(broken)?;
        let stream: Box<dyn Io> = match config.protection {
            Protection::Tls => encrypted(tcp, config, tls).await?,
            Protection::Plain => Box::new(tcp),
            Protection::StartTls => {
                let mut bare = Self::over(Box::new(tcp));
                bare.greeted().await?;
                let offers = bare.hello(&config.host).await?;
                if !offers.iter().any(|line| line == "STARTTLS") {
                    return Err(Trouble::Broken(
                        "the server offers no STARTTLS; nothing is sent in the clear".to_owned(),
                    ));
                }
                bare.expect("STARTTLS").await?;
                if !bare.buffer.is_empty() {
                    // Whatever was said before the encryption is not to be believed.
                    return Err(Trouble::Broken("the server spoke out of turn".to_owned()));
                }
                let mut session = Self::over(encrypted(bare.stream, config, tls).await?);
                let offers = session.hello(&config.host).await?;
                return session.ready(config, &offers).await;
            }
        };
        let mut session = Self::over(stream);
        session.greeted().await?;
        let offers = session.hello(&config.host).await?;
        session.ready(config, &offers).await
    }

    fn over(stream: Box<dyn Io>) -> Self {
        Self {
            stream,
            buffer: Vec::with_capacity(512),
            pipelines: false,
            carried: 0,
        }
    }

    async fn ready(mut self, config: &Config, offers: &[String]) -> Result<Self, Trouble> {
        self.pipelines = offers.iter().any(|line| line == "PIPELINING");
        let Some((username, password)) = &config.login else {
            return Ok(self);
        };
        let password = password.expose_secret();
        let methods = offers
            .iter()
            .find_map(|line| line.strip_prefix("AUTH "))
            .unwrap_or_default();
        if methods.split(' ').any(|method| method == "PLAIN") || methods.is_empty() {
            let token = STANDARD.encode(format!("\0{username}\0{password}"));
            self.expect(&format!("AUTH PLAIN {token}")).await?;
        } else {
            self.expect("AUTH LOGIN").await?;
            self.expect(&STANDARD.encode(username)).await?;
            self.expect(&STANDARD.encode(password)).await?;
        }
        Ok(self)
    }

    async fn greeted(&mut self) -> Result<(), Trouble> {
        let reply = self.reply().await.map_err(broken)?;
        if reply.is_positive() {
            Ok(())
        } else {
            Err(Trouble::Refused(reply))
        }
    }

    /// Says hello; what the server offers.
    async fn hello(&mut self, host: &str) -> Result<Vec<String>, Trouble> {
        // Servers on this machine greet each other by its usual name.
        let name = if host == "127.0.0.1" {
            "localhost"
        } else {
            "izinli.localdomain"
        };
        let reply = self.expect(&format!("EHLO {name}")).await?;
        let offers = reply.lines.iter().skip(1);
        Ok(offers
            .map(|line| line.trim().to_ascii_uppercase())
            .collect())
    }

    /// Says one line and wants to be answered well.
    async fn expect(&mut self, line: &str) -> Result<Reply, Trouble> {
        self.say(&format!("{line}\r\n")).await.map_err(broken)?;
        let reply = self.reply().await.map_err(broken)?;
        if reply.is_positive() {
            Ok(reply)
        } else {
            Err(Trouble::Refused(reply))
        }
    }

    /// Hands one message over: `head` is MAIL, RCPT and DATA, `content` ends
    /// with the final point. `left` is told when the content begins to leave.
    pub(super) async fn hand_over(
        &mut self,
        head: &str,
        content: &str,
        left: impl FnOnce(),
    ) -> Ended {
        let replies = match self.head(head).await {
            Ok(replies) => replies,
            Err(error) => return Ended::NeverLeft(words(&error)),
        };
        if let Some(refused) = replies.iter().find(|reply| !reply.is_positive()) {
            // A server that waits for the content all the same is left alone.
            let waits = replies.last().is_some_and(|reply| reply.code == 354);
            let goes_on = !waits && refused.code != 421 && self.reset().await;
            return Ended::Refused(refused.clone(), goes_on);
        }
        if replies.last().is_none_or(|reply| reply.code != 354) {
            return Ended::NeverLeft("the server did not ask for the content".to_owned());
        }
        left();
        if let Err(error) = self.say(content).await {
            return Ended::InDoubt(words(&error));
        }
        match self.reply().await {
            Ok(reply) if reply.is_positive() => {
                self.carried += 1;
                Ended::Taken(reply)
            }
            Ok(reply) if (400..600).contains(&reply.code) => {
                let goes_on = reply.code != 421;
                Ended::Refused(reply, goes_on)
            }
            Ok(reply) => Ended::InDoubt(reply.text()),
            Err(error) => Ended::InDoubt(words(&error)),
        }
    }

    async fn head(&mut self, head: &str) -> io::Result<Vec<Reply>> {
        let mut replies = Vec::with_capacity(3);
        if self.pipelines {
            self.say(head).await?;
            for _ in head.lines() {
                replies.push(self.reply().await?);
            }
            return Ok(replies);
        }
        for line in head.split_inclusive("\r\n") {
            self.say(line).await?;
            let reply = self.reply().await?;
            let is_positive = reply.is_positive();
            replies.push(reply);
            if !is_positive {
                break;
            }
        }
        Ok(replies)
    }

    /// Forgets a message that was begun; whether the session is of further use.
    async fn reset(&mut self) -> bool {
        self.expect("RSET").await.is_ok()
    }

    /// Takes leave.
    pub(super) async fn quit(mut self) {
        // The other side may be gone already; nothing depends on it.
        let _ = self.expect("QUIT").await;
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await
    }

    async fn reply(&mut self) -> io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await?;
            let odd = || io::Error::new(io::ErrorKind::InvalidData, format!("no reply: {line}"));
            let code: u16 = line
                .get(..3)
                .and_then(|digits| digits.parse().ok())
                .filter(|code| (200..600).contains(code))
                .ok_or_else(odd)?;
            let more = match line.as_bytes().get(3) {
                Some(b'-') => true,
                Some(b' ') | None => false,
                Some(_) => return Err(odd()),
            };
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if !more {
                return Ok(Reply { code, lines });
            }
            if lines.len() >= LINES_MAX {
                return Err(odd());
            }
        }
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let text = String::from_utf8_lossy(&line);
                return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
            }
            if self.buffer.len() > LINE_BYTES_MAX {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a line without an end",
                ));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the server closed the connection",
                ));
            }
        }
    }
}

async fn encrypted(
    stream: impl Io + 'static,
    config: &Config,
    tls: &Arc<ClientConfig>,
) -> Result<Box<dyn Io>, Trouble> {
    let name = ServerName::try_from(config.host.clone())
        .map_err(|error| Trouble::Broken(error.to_string()))?;
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, stream)
        .await
        .map_err(broken)?;
    Ok(Box::new(stream))
}

/// Trusts the public roots, and the account's own where it names one.
pub(crate) fn tls(ca_pem: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(own) = ca_pem.and_then(der) {
        roots
            .add(CertificateDer::from(own))
            .map_err(|error| error.to_string())?;
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn broken(error: io::Error) -> Trouble {
    Trouble::Broken(words(&error))
}

fn words(error: &io::Error) -> String {
    error.to_string()
}
