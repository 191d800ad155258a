//! `/session`: signing in with e-mail and password, who is signed in, and
//! signing out.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{AppendHeaders, IntoResponse};
use axum_extra::extract::cookie::{Cookie, SameSite};
use domain::ids::UserId;
use domain::{EmailAddress, Timestamp};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::{self, PasswordHash, verify_password};
use store::token::SessionSecrets;
use utoipa::ToSchema;
use validator::Validate;

use super::firms::Firm;
use super::users::User;
use crate::app::{App, randomness};
use crate::body::Checked;
use crate::caller::{COOKIE, Caller, SignedIn, session_cookie};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::throttle::{Attempt, caller_address};

/// What a person signs in with.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    #[validate(length(min = 1, max = 320))]
    #[schema(example = "ayse@ornek.com.tr")]
    email: String,
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// A session that holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// Who is signed in.
    user: User,
    /// Every changing call repeats this in the header `X-CSRF-Token`.
    csrf_token: String,
    /// Where they work.
    firm: Firm,
    /// The server's clock.
    clock: Clock,
}

/// The server's clock.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Clock {
    /// What it shows.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// Whether that is not the real time: training and tests.
    simulated: bool,
}

/// Where a call comes from, for counting attempts.
pub(crate) struct CallerAddress(IpAddr);

impl FromRequestParts<App> for CallerAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(caller_address(parts, app.options.trust_forwarded_for)))
    }
}

/// Signs a person in and sets the session cookie.
#[utoipa::path(
    post, path = "/session", operation_id = "start_session", tag = "session", security(()),
    request_body = Credentials,
    responses((status = 200, description = "Signed in; the cookie is set", body = Session)),
)]
pub(crate) async fn start_session(
    State(app): State<App>,
    CallerAddress(address): CallerAddress,
    headers: HeaderMap,
    Checked(credentials): Checked<Credentials>,
) -> Result<impl IntoResponse, Problem> {
    let attempt = Attempt::new(&credentials.email, address);
    if !app.log_ins.admit(&attempt, app.now()) {
        metrics::counter!("logins_total", "outcome" => "throttled").increment(1);
        return Err(Problem::new(ProblemKind::TooManyAttempts).retry_after(60));
    }
    let Some(user) = verified(&app, credentials).await? else {
        metrics::counter!("logins_total", "outcome" => "refused").increment(1);
        return Err(Problem::new(ProblemKind::WrongCredentials));
    };
    app.log_ins.succeeded(&attempt);
    metrics::counter!("logins_total", "outcome" => "accepted").increment(1);
    let secrets = SessionSecrets::generate(&mut randomness()?);
    begin(&app, &user, &secrets, session_cookie(&headers)).await?;
    let cookie = cookie(&app, secrets.token.expose_secret());
    let session = show(&app, user, secrets.csrf_token).await?;
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), Json(session)))
}

/// Who is signed in.
#[utoipa::path(
    get, path = "/session", operation_id = "session", tag = "session",
    responses((status = 200, description = "The session", body = Session)),
)]
pub(crate) async fn session(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<Session>, Problem> {
    let store::access::Session {
        user, csrf_token, ..
    } = signed_in.session;
    show(&app, user, csrf_token).await.map(Json)
}

/// Signs out.
#[utoipa::path(
    delete, path = "/session", operation_id = "end_session", tag = "session",
    responses((status = 204, description = "Signed out")),
)]
pub(crate) async fn end_session(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<impl IntoResponse, Problem> {
    let mut writer = app.write().await?;
    writer.end_session(&signed_in.token).await?;
    writer.commit().await?;
    let mut gone = Cookie::build((COOKIE, ""))
        .path("/")
        .http_only(true)
        .build();
    gone.make_removal();
    Ok((
        StatusCode::NO_CONTENT,
        AppendHeaders([(header::SET_COOKIE, gone.to_string())]),
    ))
}

/// The person with this e-mail and password. An unknown e-mail costs the same
/// work, so that the time tells nothing.
async fn verified(app: &App, credentials: Credentials) -> Result<Option<access::User>, Problem> {
    let email = EmailAddress::from_normalised(&credentials.email.trim().to_lowercase());
    let account = match &email {
        Some(email) => app.read().await?.account(email).await?,
        None => None,
    };
    let (user, hash) = account.map_or((None, None), |(user, hash)| (Some(user), Some(hash)));
    let is_right = matches_password(app, credentials.password, hash).await?;
    Ok(user.filter(|_| is_right))
}

/// Lets a person confirm what they are about to do with their password; a key
/// is its own confirmation.
///
/// # Errors
/// [`ProblemKind::WrongCredentials`] when it is missing or wrong,
/// [`ProblemKind::TooManyAttempts`] after too many of them.
pub(crate) async fn confirmed_by_password(
    app: &App,
    caller: &Caller,
    CallerAddress(address): CallerAddress,
    password: Option<SecretString>,
) -> Result<(), Problem> {
    let id = caller.actor.strip_prefix("user:");
    let Some(id) = id.filter(|_| caller.is_person) else {
        return Ok(());
    };
    let wrong = || {
        Problem::new(ProblemKind::WrongCredentials)
            .with_detail("this change is confirmed with your password")
    };
    let id: UserId = id.parse().map_err(|_| wrong())?;
    let user = app.read().await?.user(caller.firm, id).await?;
    let email = user.or_not_found()?.email;
    let attempt = Attempt::new(&email.to_string(), address);
    if !app.log_ins.admit(&attempt, app.now()) {
        return Err(Problem::new(ProblemKind::TooManyAttempts).retry_after(60));
    }
    let account = app.read().await?.account(&email).await?;
    let hash = account.map(|(_, hash)| hash);
    let password = password.ok_or_else(wrong)?;
    if !matches_password(app, password, hash).await? {
        return Err(wrong());
    }
    app.log_ins.succeeded(&attempt);
    Ok(())
}

async fn matches_password(
    app: &App,
    password: SecretString,
    hash: Option<PasswordHash>,
) -> Result<bool, Problem> {
    let _one_of_few = app
        .hashing
        .acquire()
        .await
        .map_err(|error| Problem::internal(&error))?;
    tokio::task::spawn_blocking(move || verify_password(&password, hash.as_ref()))
        .await
        .map_err(|error| Problem::internal(&error))
}

/// Begins the session and ends the one the browser had: a cookie that was
/// planted before signing in is worth nothing after it.
async fn begin(
    app: &App,
    user: &access::User,
    secrets: &SessionSecrets,
    earlier: Option<String>,
) -> Result<(), Problem> {
    let mut writer = app.write().await?;
    if let Some(token) = earlier {
        writer.end_session(&token).await?;
    }
    writer
        .begin_session(user.id, secrets, &app.options.sessions)
        .await?;
    let actor = format!("user:{}", user.id);
    let subject = user.id.to_string();
    writer
        .append_audit(user.firm, &actor, "session.begin", &subject, &json!({}))
        .await?;
    writer.commit().await?;
    Ok(())
}

fn cookie(app: &App, token: &str) -> String {
    let seconds = app.options.sessions.lifetime_us / domain::time::SECOND_US;
    Cookie::build((COOKIE, token.to_owned()))
        .path("/")
        .http_only(true)
        .secure(app.options.secure_cookies)
        .same_site(SameSite::Strict)
        .max_age(time::Duration::seconds(seconds))
        .build()
        .to_string()
}

async fn show(app: &App, user: access::User, csrf_token: String) -> Result<Session, Problem> {
    let firm = app.read().await?.firm(user.firm).await?.or_not_found()?;
    Ok(Session {
        user: user.into(),
        csrf_token,
        firm: firm.into(),
        clock: Clock {
            now: app.now(),
            simulated: app.options.clock_is_simulated,
        },
    })
}
