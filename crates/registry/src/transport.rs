//! One HTTP exchange with İYS, and what it means when it breaks off.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use reqwest::{Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};

use crate::answer;
use crate::call_error::CallError;

/// Largest answer that is read; a page of 1,000 rows is about 300 kB.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Settings of the HTTP client that all accounts share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpSettings {
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Connections kept open per host.
    pub idle_connections_max: usize,
}

impl Default for HttpSettings {
    /// 10 s and 32 connections.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_connections_max: 32,
        }
    }
}

/// An HTTP client fit for İYS: no proxy from the environment, no redirects
/// (a consent is never posted to another address), HTTP/1.1, shared pool.
///
/// # Errors
/// When the TLS library cannot be set up.
pub fn http_client(settings: &HttpSettings) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .connect_timeout(settings.connect_timeout)
        .pool_max_idle_per_host(settings.idle_connections_max)
        .build()
}

/// A request that can be sent twice with the same bytes.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// From the first slash, made of numbers and fixed words only.
    pub(crate) path: String,
    /// Values are percent-encoded on the way out.
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Option<Bytes>,
}

impl Request {
    pub(crate) fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            query: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn delete(path: String) -> Self {
        Self {
            method: Method::DELETE,
            ..Self::get(path)
        }
    }

    pub(crate) fn post(path: String, body: &impl serde::Serialize) -> Self {
        Self::with_body(Method::POST, path, body)
    }

    pub(crate) fn put(path: String, body: &impl serde::Serialize) -> Self {
        Self::with_body(Method::PUT, path, body)
    }

    fn with_body(method: Method, path: String, body: &impl serde::Serialize) -> Self {
        let body =
            serde_json::to_vec(body).expect("request bodies hold only texts, numbers and lists");
        Self {
            method,
            body: Some(body.into()),
            ..Self::get(path)
        }
    }
}

/// An answer in 2xx.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

/// An answer in 2xx whose body is read piece by piece, however long it is.
#[derive(Debug)]
pub struct Download(reqwest::Response);

impl Download {
    /// The next piece; `None` when all of it was read.
    ///
    /// # Errors
    /// A [`CallError`] when the line breaks: what was read is not the whole.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, CallError> {
        self.0.chunk().await.map_err(|error| broken(&error))
    }

    pub(crate) async fn whole(self) -> Result<Answer, CallError> {
        let status = self.0.status().as_u16();
        let body = read_body(self.0).await?;
        Ok(Answer { status, body })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.status() == StatusCode::NO_CONTENT
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base_url: String,
    timeout: Duration,
}

impl Transport {
    pub(crate) fn new(http: reqwest::Client, base_url: &str, timeout: Duration) -> Self {
        Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            timeout,
        }
    }

    pub(crate) async fn exchange(
        &self,
        request: &Request,
        bearer: Option<&SecretString>,
        now: Timestamp,
    ) -> Result<Answer, CallError> {
        let opened = self.open(request, bearer, now, self.timeout).await?;
        opened.whole().await
    }

    /// Longest wait for the answer to one call.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The answer with its body still to be read, within `timeout` in all.
    pub(crate) async fn open(
        &self,
        request: &Request,
        bearer: Option<&SecretString>,
        now: Timestamp,
        timeout: Duration,
    ) -> Result<Download, CallError> {
        let mut outgoing = self
            .http
            .request(
                request.method.clone(),
                format!("{}{}", self.base_url, request.path),
            )
            .timeout(timeout)
            .header(header::ACCEPT, "application/json, */*;q=0.5");
        if !request.query.is_empty() {
            outgoing = outgoing.query(&request.query);
        }
        if let Some(token) = bearer {
            outgoing = outgoing.bearer_auth(token.expose_secret());
        }
        if let Some(body) = &request.body {
            outgoing = outgoing
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let response = outgoing.send().await.map_err(|error| broken(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Download(response));
        }
        let retry_after = retry_after_seconds(&response);
        let body = read_body(response).await?;
        Err(answer::refusal(status.as_u16(), retry_after, &body, now))
    }
}

/// No connection means that nothing can have arrived. Anything later, a timeout
/// included, may have reached İYS.
fn broken(error: &reqwest::Error) -> CallError {
    let never_left = error.is_connect() || error.is_builder();
    CallError::on_the_way(causes(error), !never_left)
}

/// The whole chain of causes, without the address (it holds the brand's codes).
fn causes(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "timed out".to_owned()
    } else {
        String::new()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    if text.is_empty() {
        "the request could not be sent".to_owned()
    } else {
        text
    }
}

fn retry_after_seconds(response: &reqwest::Response) -> Option<u32> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    value.to_str().ok()?.trim().parse().ok()
}

async fn read_body(mut response: reqwest::Response) -> Result<Bytes, CallError> {
    let status = response.status();
    if status == StatusCode::NO_CONTENT {
        return Ok(Bytes::new());
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| broken(&error))? {
        if body.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(CallError::unreadable(
                status.as_u16(),
                "it is longer than 16 MB",
            ));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.into())
}
