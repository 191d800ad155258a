//! The error answers of Infobip.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Violation {
    /// Path of the field, `messages[0].destinations[1].to`.
    pub(crate) property: String,
    pub(crate) violation: String,
}

impl Violation {
    pub(crate) fn new(property: impl Into<String>, violation: impl Into<String>) -> Self {
        Self {
            property: property.into(),
            violation: violation.into(),
        }
    }
}

/// A request that is not carried out.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// 400; nothing of the request was carried out.
    Violations(Vec<Violation>),
    /// 401.
    Unauthorised,
    /// 415.
    NotJson,
    /// 429 with the seconds to wait.
    TooMany { retry_after_s: u64 },
}

impl From<Violation> for Refusal {
    fn from(violation: Violation) -> Self {
        Self::Violations(vec![violation])
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let violations = match &self {
            Self::Violations(violations) => violations.as_slice(),
            Self::Unauthorised | Self::NotJson | Self::TooMany { .. } => &[],
        };
        let (status, retry_after) = match &self {
            Self::Violations(_) => (StatusCode::BAD_REQUEST, None),
            Self::Unauthorised => (StatusCode::UNAUTHORIZED, None),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
            Self::TooMany { retry_after_s } => {
                (StatusCode::TOO_MANY_REQUESTS, Some(*retry_after_s))
            }
        };
        let mut response = (status, Json(body(status, violations))).into_response();
        if let Some(seconds) = retry_after {
            let name = axum::http::header::RETRY_AFTER;
            response.headers_mut().insert(name, seconds.into());
        }
        response
    }
}

/// The body Infobip would send with a status that a fault injects.
pub(crate) fn injected_body(status: StatusCode) -> Value {
    body(status, &[])
}

fn body(status: StatusCode, violations: &[Violation]) -> Value {
    let (description, action) = match status.as_u16() {
        400 => (
            "Request cannot be processed.",
            "Check the violations and adjust the request.",
        ),
        401 => (
            "The request lacks valid authentication credentials.",
            "Check the resource and its authorization method.",
        ),
        403 => (
            "The account may not use this resource.",
            "Check scopes, features and the allowed IP addresses.",
        ),
        415 => ("Unsupported media type.", "Send application/json."),
        429 => ("Too many requests.", "Slow down and retry later."),
        _ => ("Something went wrong.", "Retry later or contact support."),
    };
    json!({
        "errorCode": format!("E{}", status.as_u16()),
        "description": description,
        "action": action,
        "violations": violations,
        "resources": [],
    })
}
