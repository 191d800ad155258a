//! Calls that create something and may be repeated (`Idempotency-Key`): the
//! repeat gets the first answer, byte for byte, and of two twins at the same
//! time one works. Without the header a call is carried out plainly.
//!
//! [`Creation::in_transaction`] keeps the answer in the transaction that
//! creates. [`Creation::by_engine`] is for work that has transactions of its
//! own: should the process die between the work and the keeping of its answer,
//! the repeat does the work again once the claim has grown old.

use std::future::Future;
use std::time::Duration;

use axum::extract::{FromRequest, OriginalUri, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::time::MINUTE_US;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::Writer;
use store::idempotency::{Begin, Call};

use crate::app::App;
use crate::body::{Wanted, is_json, unreadable};
use crate::caller::Caller;
use crate::problem::{Problem, ProblemKind};

const HEADER: &str = "idempotency-key";
const KEY_CHARS_MAX: usize = 128;
/// On an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// A claim that was not renewed for this long is a dead process's.
const TAKEOVER_US: i64 = 2 * MINUTE_US;
/// How often a call that takes long, a file above all, renews its claim.
const RENEW_EVERY: Duration = Duration::from_secs(20);

/// A creating call: its checked body and the key under which it may be repeated.
#[derive(Debug)]
pub(crate) struct Creation<T> {
    wanted: T,
    repeatable: Option<Repeatable>,
}

/// A call that may be repeated.
#[derive(Debug)]
pub(crate) struct Repeatable {
    key: String,
    fingerprint: [u8; 32],
}

impl<T: Wanted> FromRequest<App> for Creation<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        is_json(request.headers())?;
        let key = key_of(request.headers())?;
        let (method, path) = (request.method().clone(), path_of(&request));
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        let repeatable = key.map(|key| Repeatable {
            key,
            fingerprint: digest(&[method.as_str().as_bytes(), path.as_bytes(), &bytes]),
        });
        Ok(Self {
            wanted: T::read(&bytes)?,
            repeatable,
        })
    }
}

impl Repeatable {
    /// A file call: `said` is everything about it but the file, whose digest
    /// is known only at its end.
    pub(crate) fn upload(headers: &HeaderMap, said: &[&[u8]]) -> Result<Option<Self>, Problem> {
        Ok(key_of(headers)?.map(|key| Self {
            key,
            fingerprint: digest(said),
        }))
    }
}

/// What to do with a creating call.
pub(crate) enum Start {
    /// Carry it out, under this claim if it has a key.
    Go(Option<Call>),
    /// It was carried out before: give this answer.
    Answered(Response),
}

impl<T> Creation<T> {
    /// What is wanted.
    pub(crate) const fn wanted(&self) -> &T {
        &self.wanted
    }

    /// Creates in one transaction, which `work` gives back uncommitted.
    pub(crate) async fn in_transaction<D, F, Fut>(
        self,
        app: &App,
        caller: &Caller,
        work: F,
    ) -> Result<Response, Problem>
    where
        D: Serialize,
        F: FnOnce(Writer, T) -> Fut,
        Fut: Future<Output = Result<(Writer, D), Problem>>,
    {
        let call = match begin(app, caller, self.repeatable).await? {
            Start::Go(call) => call,
            Start::Answered(response) => return Ok(response),
        };
        match create(app, self.wanted, call.clone(), work).await {
            Ok(body) => Ok(answer(StatusCode::CREATED, body)),
            Err(problem) => {
                abandon(app, call).await;
                Err(problem)
            }
        }
    }

    /// Creates by work that commits by itself.
    pub(crate) async fn by_engine<D, F, Fut>(
        self,
        app: &App,
        caller: &Caller,
        status: StatusCode,
        work: F,
    ) -> Result<Response, Problem>
    where
        D: Serialize,
        F: FnOnce(T) -> Fut,
        Fut: Future<Output = Result<D, Problem>>,
    {
        let wanted = self.wanted;
        run(app, caller, self.repeatable, status, || work(wanted)).await
    }
}

/// Carries a repeatable call out by work that commits by itself.
pub(crate) async fn run<D, F, Fut>(
    app: &App,
    caller: &Caller,
    repeatable: Option<Repeatable>,
    status: StatusCode,
    work: F,
) -> Result<Response, Problem>
where
    D: Serialize,
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<D, Problem>>,
{
    let mut call = match begin(app, caller, repeatable).await? {
        Start::Go(call) => call,
        Start::Answered(response) => return Ok(response),
    };
    let made = match renewing(app, call.as_mut(), work()).await {
        Ok(made) => made,
        Err(problem) => {
            abandon(app, call).await;
            return Err(problem);
        }
    };
    let body = json(&made)?;
    if let Some(call) = call {
        let mut writer = app.write().await?;
        writer
            .finish_call(call, i64::from(status.as_u16()), &body)
            .await?;
        writer.commit().await?;
    }
    Ok(answer(status, body))
}

/// Does the work and renews the claim on its key meanwhile, so that a short
/// silence is enough to know a dead process by.
async fn renewing<T>(app: &App, call: Option<&mut Call>, work: impl Future<Output = T>) -> T {
    let Some(call) = call else { return work.await };
    tokio::pin!(work);
    loop {
        tokio::select! {
            made = &mut work => return made,
            () = tokio::time::sleep(RENEW_EVERY) => {}
        }
        let mut again = call.clone();
        let renewed = async {
            let mut writer = app.store().write().await?;
            writer.renew_call(&mut again).await?;
            writer.commit().await
        };
        match renewed.await {
            Ok(()) => *call = again,
            // The work goes on: whether the key is still ours shows at its end.
            Err(error) => {
                tracing::warn!(error = %error, "the claim on an idempotency key was not renewed");
            }
        }
    }
}

async fn begin(
    app: &App,
    caller: &Caller,
    repeatable: Option<Repeatable>,
) -> Result<Start, Problem> {
    let Some(Repeatable { key, fingerprint }) = repeatable else {
        return Ok(Start::Go(None));
    };
    // Nobody gets the answer of somebody else: it may hold a key shown once.
    let fingerprint = digest(&[caller.actor.as_bytes(), &fingerprint]);
    let mut writer = app.write().await?;
    match writer
        .begin_call(caller.firm, &key, &fingerprint, TAKEOVER_US)
        .await?
    {
        Begin::Fresh(call) => {
            writer.commit().await?;
            Ok(Start::Go(Some(call)))
        }
        Begin::Running => Err(Problem::new(ProblemKind::StillRunning).retry_after(3)),
        Begin::Mismatch => Err(Problem::new(ProblemKind::KeyReused)),
        Begin::Done { status, body } => Ok(Start::Answered(replay(status, body))),
    }
}

async fn create<T, D, F, Fut>(
    app: &App,
    wanted: T,
    call: Option<Call>,
    work: F,
) -> Result<Vec<u8>, Problem>
where
    D: Serialize,
    F: FnOnce(Writer, T) -> Fut,
    Fut: Future<Output = Result<(Writer, D), Problem>>,
{
    let (mut writer, made) = work(app.write().await?, wanted).await?;
    let body = json(&made)?;
    if let Some(call) = call {
        let status = i64::from(StatusCode::CREATED.as_u16());
        writer.finish_call(call, status, &body).await?;
    }
    writer.commit().await?;
    Ok(body)
}

/// Gives the key back; if that fails too, it comes free by its age.
async fn abandon(app: &App, call: Option<Call>) {
    let Some(call) = call else { return };
    let given_back = async {
        let mut writer = app.store().write().await?;
        writer.abandon_call(call).await?;
        writer.commit().await
    };
    if let Err(error) = given_back.await {
        tracing::warn!(error = %error, "an idempotency key could not be given back");
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let is_plain = |text: &&str| {
        (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    };
    let key = value.to_str().ok().filter(is_plain);
    let key = key.ok_or_else(|| Problem::field("Idempotency-Key", "idempotency_key"))?;
    Ok(Some(key.to_owned()))
}

fn path_of(request: &Request) -> String {
    let original = request
        .extensions()
        .get::<OriginalUri>()
        .map(|uri| uri.0.path().to_owned());
    original.unwrap_or_else(|| request.uri().path().to_owned())
}

/// Digest of texts, each with its length.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn json<D: Serialize>(made: &D) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(made).map_err(|error| Problem::internal(&error))
}

fn answer(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Whether this answer was given before.
pub(crate) fn is_replayed(response: &Response) -> bool {
    response.headers().contains_key(REPLAYED)
}

fn replay(status: i64, body: Vec<u8>) -> Response {
    let status = u16::try_from(status)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok());
    let mut response = answer(status.unwrap_or(StatusCode::OK), body);
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
