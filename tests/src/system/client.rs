//! A customer's program: the programming interface over HTTP, with an API key.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::wait::PATIENCE;

const PAUSE: Duration = Duration::from_millis(25);
/// Longer than any call may take: a judged file of gigabytes is not waited for.
const LONGEST_CALL: Duration = Duration::from_secs(180);

/// An HTTP client that stays on this machine.
pub(super) fn http() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder().no_proxy().timeout(LONGEST_CALL);
    client.build().context("making an HTTP client")
}

/// Status and body of an answer; `Null` where there was none.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Value,
}

impl Answer {
    /// The body of a success.
    ///
    /// # Errors
    /// When it is none.
    pub fn success(self) -> Result<Value> {
        ensure!(
            self.status.is_success(),
            "answered {}: {}",
            self.status,
            self.body
        );
        Ok(self.body)
    }

    /// The code of a problem document.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A file to upload and what is said about it.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The file's own name.
    pub file_name: String,
    /// The `meta` part.
    pub meta: Value,
}

/// Calls the server under test.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
    is_persistent: bool,
}

impl Client {
    pub(super) fn new(url: &str, key: String) -> Result<Self> {
        Ok(Self {
            http: http()?,
            base: format!("{url}/api/v1"),
            key,
            is_persistent: false,
        })
    }

    /// A client that makes a call again and again while nobody answers it, or
    /// the answer is a 5xx, as a customer's queue does.
    #[must_use]
    pub fn persistent(&self) -> Self {
        Self {
            is_persistent: true,
            ..self.clone()
        }
    }

    /// GET.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let answer = self.call(Method::GET, path, None, None).await?;
        answer.success().with_context(|| format!("GET {path}"))
    }

    /// An address of the server outside the programming interface.
    pub fn site(&self, path: &str) -> String {
        format!("{}{path}", self.base.trim_end_matches("/api/v1"))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn file(&self, path: &str) -> Result<Vec<u8>> {
        let request = self.http.get(self.url(path)).bearer_auth(&self.key);
        let answer = request.send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// POST with a JSON body.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.call(Method::POST, path, Some(body), None).await?;
        answer.success().with_context(|| format!("POST {path}"))
    }

    /// Any call, whatever the answer; with an `Idempotency-Key` if one is given.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<Answer> {
        self.repeat(path, async || {
            let mut request = self
                .http
                .request(method.clone(), self.url(path))
                .bearer_auth(&self.key);
            if let Some(body) = body {
                request = request.json(body);
            }
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            read(request).await
        })
        .await
    }

    /// Uploads a file.
    ///
    /// # Errors
    /// When the file cannot be read or nobody answers.
    pub async fn upload(&self, file: &Path, upload: &Upload, key: Option<&str>) -> Result<Answer> {
        let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        self.repeat("/uploads", async || {
            let part = Part::bytes(bytes.clone()).file_name(upload.file_name.clone());
            let form = Form::new()
                .text("meta", upload.meta.to_string())
                .part("file", part);
            let mut request = self
                .http
                .post(self.url("/uploads"))
                .bearer_auth(&self.key)
                .multipart(form);
            if let Some(key) = key {
                request = request.header("Idempotency-Key", key);
            }
            read(request).await
        })
        .await
    }

    /// Uploads bytes as they are made.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn upload_stream(&self, bytes: Body, upload: &Upload) -> Result<Answer> {
        let part = Part::stream(bytes).file_name(upload.file_name.clone());
        let form = Form::new()
            .text("meta", upload.meta.to_string())
            .part("file", part);
        let request = self
            .http
            .post(self.url("/uploads"))
            .bearer_auth(&self.key)
            .multipart(form);
        read(request).await
    }

    /// Announces a file of this many bytes and sends it piece by piece until
    /// it is through or an answer is there; tells how many bytes were sent. It
    /// reads while it writes, as a careful program does.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn upload_until_answered(
        &self,
        upload: &Upload,
        bytes: u64,
        mut piece: impl FnMut() -> Vec<u8>,
    ) -> Result<(Answer, u64)> {
        const MARK: &str = "sistem-denemesi-7f3c";
        let part =
            |rest: &str| format!("--{MARK}\r\nContent-Disposition: form-data; {rest}\r\n\r\n");
        let head = format!(
            "{}{}\r\n{}",
            part("name=\"meta\""),
            upload.meta,
            part(&format!("name=\"file\"; filename=\"{}\"", upload.file_name))
        );
        let tail = format!("\r\n--{MARK}--\r\n");
        let host = self
            .base
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap_or_default();
        let length = bytes + (head.len() + tail.len()) as u64;
        let call = format!(
            "POST /api/v1/uploads HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary={MARK}\r\nContent-Length: {length}\r\n\r\n{head}",
            self.key
        );
        let (mut from, mut to) = TcpStream::connect(host).await?.into_split();
        let mut sent = 0;
        let mut sending = async || -> std::io::Result<()> {
            to.write_all(call.as_bytes()).await?;
            while sent < bytes {
                let piece = piece();
                to.write_all(&piece).await?;
                sent += piece.len() as u64;
            }
            to.write_all(tail.as_bytes()).await
        };
        let mut said = Vec::new();
        let reading = async {
            drop(from.read_to_end(&mut said).await);
        };
        // The door may be shut while we still speak; what was said before is read.
        drop(tokio::join!(
            tokio::time::timeout(PATIENCE, sending()),
            tokio::time::timeout(PATIENCE, reading)
        ));
        Ok((parsed(&said)?, sent))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn repeat(
        &self,
        path: &str,
        mut once: impl AsyncFnMut() -> Result<Answer>,
    ) -> Result<Answer> {
        let began = Instant::now();
        loop {
            let answer = once().await;
            let is_lasting = match &answer {
                Ok(answer) => !answer.status.is_server_error(),
                Err(_) => false,
            };
            if is_lasting || !self.is_persistent {
                return answer.with_context(|| path.to_owned());
            }
            if began.elapsed() > PATIENCE {
                bail!("{path} is not answered: {answer:?}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// An HTTP answer as it stands on the wire.
fn parsed(said: &[u8]) -> Result<Answer> {
    let text = String::from_utf8_lossy(said);
    let status = text
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse().ok());
    let status = status.with_context(|| format!("no answer: `{text}`"))?;
    let body = text
        .find('{')
        .zip(text.rfind('}'))
        .and_then(|(from, to)| text.get(from..=to));
    let body = body
        .and_then(|body| serde_json::from_str(body).ok())
        .unwrap_or(Value::Null);
    Ok(Answer {
        status: StatusCode::from_u16(status)?,
        body,
    })
}

async fn read(request: reqwest::RequestBuilder) -> Result<Answer> {
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    let body = if text.is_empty() {
        json!(null)
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Ok(Answer { status, body })
}
