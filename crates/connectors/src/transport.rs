//! One HTTP exchange with a provider, and what is certain when it breaks off.

use std::time::Duration;

use bytes::Bytes;
use domain::Timestamp;
use http::StatusCode;
use http::header::{DATE, RETRY_AFTER};

use crate::outcome::{CallFailure, Class, Outcome};

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

/// Longest piece of an unreadable answer that is kept, in characters.
const EXCERPT_CHARS_MAX: usize = 300;
/// How long a provider is left alone that turns requests away for their number
/// without saying for how long.
const BREATH: Duration = Duration::from_secs(1);
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

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    /// When the provider says that it answered; where "later" means a time of day,
    /// its clock is the one that counts.
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The status and the beginning of the body, for people.
    pub(crate) fn excerpt(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let body: String = body.trim().chars().take(EXCERPT_CHARS_MAX).collect();
        format!("{} {body}", self.status.as_u16())
            .trim_end()
            .to_owned()
    }

    /// The class of an HTTP status where the provider says nothing of its own. A
    /// wrong address of the API shows as 404, 405 or a redirect: the account's
    /// setting is at fault, not the request.
    pub(crate) fn class(&self) -> Class {
        match self.status.as_u16() {
            300..=399 | 401 | 402 | 403 | 404 | 405 => Class::Account,
            408 | 429 | 500..=599 => Class::Transient,
            _ => Class::Request,
        }
    }

    /// Whether the provider's clock tells our time, give or take `slack_us`. Where it
    /// does not, what it did at a time of ours cannot be asked for.
    pub(crate) fn agrees_on_time(&self, now: Timestamp, slack_us: i64) -> bool {
        self.answered_at
            .is_some_and(|at| at.since(now).abs() <= slack_us)
    }

    /// Reads the body as JSON.
    pub(crate) fn json<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, CallFailure> {
        serde_json::from_slice(&self.body).map_err(CallFailure::unreadable)
    }
}

/// Hands a request over. `Ok` is an answer that the provider itself gave and
/// that its module must read; `Err` is what is certain otherwise.
pub(crate) async fn hand_over(request: reqwest::RequestBuilder) -> Result<Answer, Outcome> {
    match exchange(request).await {
        Exchange::NeverLeft(text) => Err(Outcome::NotSent {
            text,
            retry_after: None,
        }),
        Exchange::BrokeOff(text) => Err(Outcome::Unknown { text }),
        Exchange::Answered(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
            Err(Outcome::NotSent {
                text: answer.excerpt(),
                retry_after: answer.retry_after,
            })
        }
        Exchange::Answered(answer)
            if answer.status == StatusCode::REQUEST_TIMEOUT
                || answer.status.is_informational()
                || answer.status.is_server_error() =>
        {
            Err(Outcome::Unknown {
                text: answer.excerpt(),
            })
        }
        Exchange::Answered(answer) => Ok(answer),
    }
}

/// A call that hands nothing over: any whole answer, or the failure.
pub(crate) async fn ask(request: reqwest::RequestBuilder) -> Result<Answer, CallFailure> {
    match exchange(request).await {
        Exchange::Answered(answer) => Ok(answer),
        Exchange::NeverLeft(text) | Exchange::BrokeOff(text) => Err(CallFailure {
            class: Class::Transient,
            text,
        }),
    }
}

/// The same, where every answer but a success is a failure.
pub(crate) async fn fetch(request: reqwest::RequestBuilder) -> Result<Answer, CallFailure> {
    let answer = ask(request).await?;
    if answer.status.is_success() {
        Ok(answer)
    } else {
        Err(CallFailure {
            class: answer.class(),
            text: answer.excerpt(),
        })
    }
}

/// The pairs of a form or a query, decoded.
pub(crate) fn form_pairs(text: &str) -> Vec<(String, String)> {
    reqwest::Url::parse(&format!("http://form/?{text}"))
        .map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default()
}

/// Pairs as `application/x-www-form-urlencoded`.
pub(crate) fn form_body(pairs: &[(&str, &str)]) -> String {
    let mut url = reqwest::Url::parse("http://form/").expect("a constant address");
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
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
        // What Brevo says instead; also seconds.
        .or_else(|| response.headers().get("x-sib-ratelimit-reset"))
        .and_then(|value| value.to_str().ok());
    let is_limited = response.status() == StatusCode::TOO_MANY_REQUESTS;
    Exchange::Answered(Answer {
        status: response.status(),
        retry_after: retry_after
            .and_then(|text| text.trim().parse().ok())
            .map(Duration::from_secs)
            .or(is_limited.then_some(BREATH)),
        answered_at: response
            .headers()
            .get(DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(http_date),
        body: body.into(),
    })
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, or with an offset.
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .map(|instant| Timestamp::from_micros(instant.as_microsecond()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read_as_http_writes_it() {
        let expected: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(expected));
        for bad in ["", "yarın", "1994-11-06"] {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }
}
