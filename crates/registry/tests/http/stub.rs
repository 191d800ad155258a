//! A stand-in for İYS that answers what a test tells it to and remembers what
//! it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Clock;
use domain::time::ManualClock;
use registry::{
    Account, Client, Credentials, HttpSettings, Limiter, Limits, MemoryVault, TokenRules,
    TokenVault,
};
use tokio::net::TcpListener;

/// One request that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) bearer: Option<String>,
    pub(crate) body: String,
}

/// What the stand-in says.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) retry_after: Option<u32>,
    /// Read the request and hang up instead.
    pub(crate) hang_up: bool,
}

impl Reply {
    pub(crate) fn ok(body: &str) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn status(status: u16, body: &str) -> Self {
        Self {
            status,
            body: body.to_owned(),
            retry_after: None,
            hang_up: false,
        }
    }

    pub(crate) fn code(status: u16, code: &str) -> Self {
        Self::status(
            status,
            &format!(r#"{{"errors":[{{"code":"{code}","message":"İYS der ki"}}]}}"#),
        )
    }

    pub(crate) fn token(access: &str, refresh: &str) -> Self {
        Self::ok(&format!(
            r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":7200,"refresh_expires_in":14400,"token_type":"bearer"}}"#
        ))
    }
}

type Script = Box<dyn FnMut(&Seen) -> Reply + Send>;

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<Script>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

pub(crate) struct Stub {
    pub(crate) base_url: String,
    pub(crate) clock: Arc<ManualClock>,
    shared: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Stub {
    /// Answers every request with what `script` says, on a port of its own.
    pub(crate) async fn start(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let shared = Shared {
            script: Arc::new(Mutex::new(Box::new(script))),
            seen: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new()
            .fallback(answer)
            .with_state(shared.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let clock = Arc::new(ManualClock::new(
            "2026-03-04T12:00:00+03:00".parse().unwrap(),
        ));
        Self {
            base_url,
            clock,
            shared,
            server,
        }
    }

    /// Answers every token call with `t-1` and every other call with `reply`.
    pub(crate) async fn answering(reply: Reply) -> Self {
        Self::start(move |seen| {
            if seen.is_token() {
                Reply::token("t-1", "r-1")
            } else {
                reply.clone()
            }
        })
        .await
    }

    /// A client of this stand-in with a vault of its own and no limits.
    pub(crate) fn client(&self) -> Client {
        self.client_with(Arc::new(MemoryVault::default()))
    }

    pub(crate) fn client_with(&self, vault: Arc<dyn TokenVault>) -> Client {
        client(&self.base_url, vault, self.clock.clone())
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn token_calls(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(Seen::is_token).collect()
    }

    pub(crate) fn other_calls(&self) -> Vec<Seen> {
        self.seen()
            .into_iter()
            .filter(|seen| !seen.is_token())
            .collect()
    }
}

impl Seen {
    pub(crate) fn is_token(&self) -> bool {
        self.line == "POST /oauth2/token"
    }
}

pub(crate) fn client(base_url: &str, vault: Arc<dyn TokenVault>, clock: Arc<dyn Clock>) -> Client {
    let account = Account {
        base_url: format!("{base_url}/"),
        credentials: Credentials {
            username: "api@ornek".into(),
            password: "parola".into(),
        },
        timeout: Duration::from_secs(5),
        token_rules: TokenRules::default(),
    };
    let limits = Limits {
        calls_per_second: 0,
        single_status_per_hour: 0,
        ..Limits::default()
    };
    let limiter = Arc::new(Limiter::new(limits, clock.clone()));
    let http = registry::http_client(&HttpSettings::default()).unwrap();
    Client::new(http, account, limiter, vault, clock)
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes: Bytes = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let bearer = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let seen = Seen {
        line: format!("{} {}", parts.method, parts.uri),
        bearer: bearer
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::to_owned),
        body: String::from_utf8(bytes.to_vec()).unwrap(),
    };
    let reply = (shared.script.lock().unwrap())(&seen);
    shared.seen.lock().unwrap().push(seen);
    // A panic in the handler makes the server drop the connection without a word.
    assert!(!reply.hang_up, "hanging up, as the test asked for");
    let mut response = (StatusCode::from_u16(reply.status).unwrap(), reply.body).into_response();
    if let Some(seconds) = reply.retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
