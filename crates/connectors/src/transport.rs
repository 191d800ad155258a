//! One HTTP exchange with a provider, and what is certain when it breaks off.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::RETRY_AFTER;

/// Settings of the HTTP client that all connectors share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpSettings {
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Connections kept open per host.
    pub idle_connections_max: usize,
}

impl Default for HttpSettings {
    /// 10 s and 64 connections.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_connections_max: 64,
        }
    }
}

/// An HTTP client fit for providers: no proxy from the environment, no
/// redirects (a followed redirect is a second hand-over), HTTP/1.1, shared pool.
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

/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What happened to one request.
#[derive(Debug)]
pub(crate) enum Exchange {
    /// No connection was opened: surely nothing arrived.
    NeverLeft(String),
    /// It may have arrived; there is no whole answer.
    BrokeOff(String),
    /// A whole answer.
    Answered(Answer),
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

pub(crate) async fn exchange(request: reqwest::RequestBuilder) -> Exchange {
    let mut response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() || error.is_builder() => {
            return Exchange::NeverLeft(causes(&error));
        }
        Err(error) => return Exchange::BrokeOff(causes(&error)),
    };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) if body.len() + piece.len() <= ANSWER_BYTES_MAX => {
                body.extend_from_slice(&piece);
            }
            Ok(Some(_)) => return Exchange::BrokeOff("the answer is longer than 8 MB".to_owned()),
            Ok(None) => break,
            Err(error) => {
                return Exchange::BrokeOff(format!("{}: {}", response.status(), causes(&error)));
            }
        }
    }
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    Exchange::Answered(Answer {
        status: response.status(),
        retry_after: retry_after
            .and_then(|text| text.trim().parse().ok())
            .map(Duration::from_secs),
        body: body.into(),
    })
}

/// The chain of causes, without the address: it may carry a key.
fn causes(error: &reqwest::Error) -> String {
    let mut parts = Vec::new();
    if error.is_timeout() {
        parts.push("timed out".to_owned());
    }
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        parts.push(error.to_string());
        cause = error.source();
    }
    if parts.is_empty() {
        "the request could not be sent".to_owned()
    } else {
        parts.join(": ")
    }
}
