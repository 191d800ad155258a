//! Who calls: the person of a session cookie, or a program with a key. Every
//! handler that asks for a [`Caller`] is closed to everybody else.

use axum::extract::FromRequestParts;
use axum_extra::extract::CookieJar;
use domain::Recipient;
use domain::ids::FirmId;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use store::access::{Permission, Role, Session};
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::masking;
use crate::problem::{Problem, ProblemKind};

/// Name of the session cookie.
pub(crate) const COOKIE: &str = "izinli_session";
/// Header in which a changing call repeats the session's token.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";

/// Who calls, and on whose behalf.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The firm that everything the call touches must belong to.
    pub(crate) firm: FirmId,
    /// What they may do.
    pub(crate) role: Role,
    /// Their name in ledgers and trails: `user:usr_…` or `key:key_…`.
    pub(crate) actor: String,
    /// A person in the panel, not a program.
    pub(crate) is_person: bool,
}

impl Caller {
    /// Stops a caller whose role lacks the permission.
    ///
    /// # Errors
    /// [`ProblemKind::NotPermitted`], naming what is missing.
    pub(crate) fn needs(&self, permission: Permission) -> Result<(), Problem> {
        if self.role.may(permission) {
            return Ok(());
        }
        Err(Problem::new(ProblemKind::NotPermitted)
            .with_detail(format!("role {} lacks {permission}", self.role)))
    }

    /// An address as this caller may see it.
    pub(crate) fn shows_address(&self, recipient: &Recipient) -> String {
        if self.role.may(Permission::ReadPersonal) {
            recipient.to_string()
        } else {
            recipient.masked()
        }
    }

    /// A name as this caller may see it.
    pub(crate) fn shows_name(&self, name: String) -> String {
        if self.role.may(Permission::ReadPersonal) {
            name
        } else {
            masking::name(&name)
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = match bearer(&parts.headers) {
            Some(key) => of_key(app, key).await?,
            None => of_session(&SignedIn::from_request_parts(parts, app).await?),
        };
        let span = tracing::Span::current();
        span.record("firm.id", tracing::field::display(caller.firm));
        span.record("caller.actor", caller.actor.as_str());
        Ok(caller)
    }
}

/// A session that holds, with its cookie; a changing call has proved that it
/// comes from the panel.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) session: Session,
    pub(crate) token: String,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let nobody = || Problem::new(ProblemKind::NotSignedIn);
        let token = session_cookie(&parts.headers).ok_or_else(nobody)?;
        let session = app
            .store()
            .use_session(&token, &app.options.sessions)
            .await?;
        let session = session.ok_or_else(nobody)?;
        if changes_something(&parts.method) && !repeats_token(&parts.headers, &session.csrf_token) {
            return Err(Problem::new(ProblemKind::CsrfToken));
        }
        Ok(Self { session, token })
    }
}

/// The session cookie of a request, if it has one.
pub(crate) fn session_cookie(headers: &HeaderMap) -> Option<String> {
    CookieJar::from_headers(headers)
        .get(COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

async fn of_key(app: &App, text: &str) -> Result<Caller, Problem> {
    let key = app.read().await?.api_key_by_text(text).await?;
    let key = key.ok_or_else(|| Problem::new(ProblemKind::NotSignedIn))?;
    let actor = format!("key:{}", key.id);
    Ok(Caller {
        firm: key.firm,
        role: key.role,
        actor,
        is_person: false,
    })
}

fn of_session(signed_in: &SignedIn) -> Caller {
    let user = &signed_in.session.user;
    let actor = format!("user:{}", user.id);
    Caller {
        firm: user.firm,
        role: user.role,
        actor,
        is_person: true,
    }
}

const fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn repeats_token(headers: &HeaderMap, expected: &str) -> bool {
    headers
        .get(CSRF_HEADER)
        .is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected.as_bytes())))
}
