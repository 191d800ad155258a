//! Reading what a call brings: JSON bodies that are checked field by field,
//! ids in paths, and queries.

use std::error::Error;
use std::str::FromStr;

use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use validator::Validate;

use crate::app::App;
use crate::problem::{Problem, ProblemKind, of_reader, of_validation};

/// A JSON body whose every field was checked.
#[derive(Debug)]
pub(crate) struct Checked<T>(pub(crate) T);

/// What a JSON body may be read into.
pub(crate) trait Wanted: Sized {
    /// Reads and checks.
    ///
    /// # Errors
    /// A problem that names every field at fault, or the first that cannot be read.
    fn read(bytes: &[u8]) -> Result<Self, Problem>;
}

impl<T: DeserializeOwned + Validate> Wanted for T {
    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let Json(value) = Json::<T>::from_bytes(bytes).map_err(|rejection| match rejection {
            JsonRejection::JsonDataError(error) => {
                let complaint = innermost(&error);
                Problem::invalid(vec![of_reader(&complaint)]).with_detail(complaint)
            }
            rejection => Problem::new(ProblemKind::Unreadable).with_detail(innermost(&rejection)),
        })?;
        value
            .validate()
            .map_err(|errors| Problem::invalid(of_validation(&errors)))?;
        Ok(value)
    }
}

impl<T: Wanted> FromRequest<App> for Checked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        is_json(request.headers())?;
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        T::read(&bytes).map(Self)
    }
}

/// Refuses a body that is not declared as JSON: a form of a foreign page can
/// send text, but not this type without asking first.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let mime = declared
        .and_then(|text| text.split(';').next())
        .unwrap_or_default()
        .trim();
    if mime.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::UnsupportedType))
}

/// What the reader itself said, with the path of the field where it knows one:
/// the last cause.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

/// A body that could not be taken in.
pub(crate) fn unreadable(rejection: &BytesRejection) -> Problem {
    let kind = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
        _ => ProblemKind::Unreadable,
    };
    Problem::new(kind)
}

/// The id in a path. Text that is no id of this kind names nothing: 404.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: FromStr + Send> FromRequestParts<App> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let nothing = || Problem::new(ProblemKind::NotFound);
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| nothing())?;
        text.parse().map(Self).map_err(|_| nothing())
    }
}

/// The query of a call.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(rejection) => {
                let complaint = innermost(&rejection);
                Err(Problem::invalid(vec![of_reader(&complaint)]).with_detail(complaint))
            }
        }
    }
}
