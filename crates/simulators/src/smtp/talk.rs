//! The conversation with one client: RFC 5321 without mercy.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{At, Break, Encryption, Login, ScriptStage, Server};
use crate::tls::Io;

/// Longest line, bytes with its end (RFC 5321 §4.5.3.1.6).
const LINE_BYTES_MAX: usize = 1_000;
/// Largest message.
const DATA_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Takes connections until it is told to stop.
pub(super) async fn serve(server: Arc<Server>, listener: TcpListener, shutdown: CancellationToken) {
    let mut talks = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = talks.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "a connection was not taken");
                    continue;
                }
            },
        };
        let server = Arc::clone(&server);
        talks.spawn(async move {
            if let Err(error) = talk(server, stream).await {
                tracing::debug!(%error, "a conversation ended");
            }
        });
    }
}

async fn talk(server: Arc<Server>, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let encryption = {
        let mut state = server.state();
        state.connections += 1;
        state.options.encryption
    };
    let stream: Box<dyn Io> = match encryption {
        Encryption::Tls => Box::new(server.tls.accept(stream).await?),
        _ => Box::new(stream),
    };
    let mut talk = Talk {
        is_encrypted: encryption == Encryption::Tls,
        server,
        stream,
        buffer: Vec::new(),
        said: Vec::new(),
        is_known: false,
        has_greeted: false,
        from: None,
        to: None,
    };
    if let Some(end) = talk.broken(At::Connect) {
        return talk.end(&end).await;
    }
    talk.answer("220 mx.simulator.test ESMTP");
    talk.run().await
}

struct Talk {
    server: Arc<Server>,
    stream: Box<dyn Io>,
    buffer: Vec<u8>,
    /// Answers that have not left: those to commands sent together leave together.
    said: Vec<u8>,
    is_encrypted: bool,
    is_known: bool,
    has_greeted: bool,
    from: Option<String>,
    to: Option<String>,
}

impl Talk {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            let Some(line) = self.line().await? else {
                return self.flush().await;
            };
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" if !rest.is_empty() => self.hello(),
                "STARTTLS" => self.encrypt().await?,
                "AUTH" => self.log_in(rest.to_owned()).await?,
                "MAIL" => {
                    if let Some(end) = self.broken(At::Mail) {
                        return self.end(&end).await;
                    }
                    self.mail(rest);
                }
                "RCPT" => self.recipient(rest),
                "DATA" => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                "RSET" => {
                    (self.from, self.to) = (None, None);
                    self.answer("250 2.0.0 ok");
                }
                "NOOP" => self.answer("250 2.0.0 ok"),
                "QUIT" => {
                    self.answer("221 2.0.0 bye");
                    return self.flush().await;
                }
                _ => self.answer("500 5.5.2 command is not known"),
            }
        }
    }

    fn hello(&mut self) {
        let options = self.server.state().options.clone();
        self.has_greeted = true;
        let mut offers = vec!["mx.simulator.test", "ENHANCEDSTATUSCODES", "SIZE 10485760"];
        if options.pipelining {
            offers.push("PIPELINING");
        }
        if options.encryption == Encryption::Starttls && !self.is_encrypted {
            offers.push("STARTTLS");
        } else if options.login.is_some() {
            offers.push("AUTH PLAIN LOGIN");
        }
        let last = offers.len() - 1;
        for (at, offer) in offers.iter().enumerate() {
            let mark = if at == last { ' ' } else { '-' };
            self.answer(&format!("250{mark}{offer}"));
        }
    }

    async fn encrypt(&mut self) -> io::Result<()> {
        let offers = self.server.state().options.encryption == Encryption::Starttls;
        if !offers || self.is_encrypted || !self.buffer.is_empty() {
            self.answer("503 5.5.1 not now");
            return Ok(());
        }
        self.answer("220 2.0.0 go ahead");
        self.flush().await?;
        let (nothing, _) = tokio::io::duplex(1);
        let bare = std::mem::replace(&mut self.stream, Box::new(nothing));
        self.stream = Box::new(self.server.tls.clone().accept(bare).await?);
        self.is_encrypted = true;
        self.has_greeted = false;
        Ok(())
    }

    async fn log_in(&mut self, rest: String) -> io::Result<()> {
        let wanted = self.server.state().options.login.clone();
        let (method, token) = rest.split_once(' ').unwrap_or((&rest, ""));
        let shown = match method.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let text = decoded(token);
                let mut parts = text.split('\0').skip(1).map(str::to_owned);
                parts.next().zip(parts.next())
            }
            "LOGIN" => {
                self.answer("334 VXNlcm5hbWU6");
                let username = self.line().await?.unwrap_or_default();
                self.answer("334 UGFzc3dvcmQ6");
                let password = self.line().await?.unwrap_or_default();
                Some((decoded(&username), decoded(&password)))
            }
            _ => {
                self.answer("504 5.5.4 method is not offered");
                return Ok(());
            }
        };
        let shown = shown.map(|(username, password)| Login { username, password });
        self.is_known = wanted.is_none() || shown == wanted;
        if self.is_known {
            self.answer("235 2.7.0 welcome");
        } else {
            self.answer("535 5.7.8 user name or password is wrong");
        }
        Ok(())
    }

    fn mail(&mut self, rest: &str) {
        let options = self.server.state().options.clone();
        let needs_tls = options.encryption == Encryption::Starttls && !self.is_encrypted;
        if !self.has_greeted || self.from.is_some() {
            self.answer("503 5.5.1 out of order");
        } else if needs_tls {
            self.answer("530 5.7.0 say STARTTLS first");
        } else if options.login.is_some() && !self.is_known {
            self.answer("530 log in first");
        } else {
            match bracketed(rest, "FROM:") {
                Some(from) => {
                    self.from = Some(from);
                    self.answer("250 2.1.0 ok");
                }
                None => self.answer("501 5.5.4 FROM:<address> is wanted"),
            }
        }
    }

    fn recipient(&mut self, rest: &str) {
        if self.from.is_none() {
            return self.answer("503 5.5.1 MAIL comes first");
        }
        let Some(to) = bracketed(rest, "TO:").filter(|to| to.contains('@')) else {
            return self.answer("501 5.1.3 TO:<address> is wanted");
        };
        let scripted = self.server.state().scripted(&to, ScriptStage::Rcpt);
        if let Some(reply) = scripted {
            return self.answer(&reply);
        }
        if self.to.is_some() {
            return self.answer("452 4.5.3 one recipient at a time");
        }
        self.to = Some(to);
        self.answer("250 2.1.5 ok");
    }

    /// Whether the conversation goes on.
    async fn data(&mut self) -> io::Result<bool> {
        let Some((from, to)) = self.from.clone().zip(self.to.clone()) else {
            self.answer("554 5.5.1 no valid recipients");
            return Ok(true);
        };
        self.answer("354 end with a point");
        self.flush().await?;
        if let Some(end) = self.broken(At::Content) {
            self.line().await?;
            self.end(&end).await?;
            return Ok(false);
        }
        let mut data = String::new();
        let mut fault = None;
        loop {
            let Some(line) = self.line().await? else {
                return Ok(false);
            };
            if line == "." {
                break;
            }
            if line.len() + 2 > LINE_BYTES_MAX {
                fault = Some("500 5.5.2 line is too long");
            }
            if !line.is_ascii() {
                fault = Some("554 5.6.1 8-bit content was not announced");
            }
            if data.len() > DATA_BYTES_MAX {
                fault = Some("552 5.3.4 message is too large");
                data.clear();
            }
            data.push_str(line.strip_prefix('.').unwrap_or(&line));
            data.push_str("\r\n");
        }
        (self.from, self.to) = (None, None);
        let lacks = ["From: ", "Date: ", "Message-ID: ", "MIME-Version: "]
            .iter()
            .any(|name| !data.starts_with(name) && !data.contains(&format!("\r\n{name}")));
        if lacks {
            fault = fault.or(Some("554 5.6.0 a header that must be there is missing"));
        }
        if let Some(fault) = fault {
            self.answer(fault);
            return Ok(true);
        }
        let (scripted, id) = {
            let mut state = self.server.state();
            match state.scripted(&to, ScriptStage::Data) {
                Some(reply) => (Some(reply), 0),
                None => (None, state.take(from, to, self.is_encrypted, data)),
            }
        };
        if let Some(reply) = scripted {
            self.answer(&reply);
            return Ok(true);
        }
        if let Some(end) = self.broken(At::Taken) {
            self.end(&end).await?;
            return Ok(false);
        }
        self.answer(&format!("250 2.0.0 queued as SIM{id}"));
        Ok(true)
    }

    fn broken(&self, at: At) -> Option<Break> {
        self.server.state().broken(at)
    }

    async fn end(&mut self, end: &Break) -> io::Result<()> {
        if end.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(end.delay_ms)).await;
        }
        if let Some(reply) = &end.reply {
            self.answer(reply);
        }
        self.flush().await
    }

    fn answer(&mut self, line: &str) {
        self.said.extend_from_slice(line.as_bytes());
        self.said.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> io::Result<()> {
        let said = std::mem::take(&mut self.said);
        self.stream.write_all(&said).await?;
        self.stream.flush().await
    }

    /// The next line; none when the client has gone. A bare line feed ends the
    /// conversation: it is how messages are smuggled.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut from = 0;
        loop {
            let end = self
                .buffer
                .iter()
                .skip(from)
                .position(|byte| *byte == b'\n');
            if let Some(end) = end.map(|end| end + from) {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.pop() != Some(b'\r') || line.contains(&b'\r') {
                    self.answer("554 5.5.2 a line ends with CR LF");
                    self.flush().await?;
                    return Ok(None);
                }
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
            if self.buffer.len() > 64 * 1024 {
                return Ok(None);
            }
            from = self.buffer.len();
            self.flush().await?;
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

fn bracketed(rest: &str, word: &str) -> Option<String> {
    let front = rest.get(..word.len())?;
    if !front.eq_ignore_ascii_case(word) {
        return None;
    }
    let address = rest.get(word.len()..)?.strip_prefix('<')?;
    let (address, parameters) = address.split_once('>')?;
    let is_sound = address.is_ascii() && !address.contains(' ') && parameters.is_empty();
    is_sound.then(|| address.to_owned())
}

fn decoded(token: &str) -> String {
    STANDARD
        .decode(token.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}
