//! The problem itself, and its way into a response.
//!
//! A handler returns a [`Problem`]; it travels as an extension of an empty
//! response until [`finish`], which knows the request's id, writes it out.
//! Error answers of axum itself get a document there too.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::ReasonCode;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ProblemKind, Where};
use crate::observe::RequestId;
use crate::reason::Reason;

/// Why a call was not carried out.
#[derive(Debug, Clone)]
#[must_use = "a problem that is not returned is not seen"]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    kind: ProblemKind,
    /// Stands in for the kind's own code and texts where a rule refused.
    rule: Option<Reason>,
    detail: Option<String>,
    fields: Vec<Where>,
    retry_after_seconds: Option<u32>,
}

/// What stands in the body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// Names the kind of problem: `urn:izinli:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The English title.
    title: String,
    /// The HTTP status.
    status: u16,
    /// Stable: a word such as `NOT_PERMITTED`, or a reason code such as `F116`.
    code: String,
    /// What went wrong and what to do, in Turkish.
    title_tr: String,
    /// What went wrong and what to do, in English.
    title_en: String,
    /// What else is known about this occurrence, for the one who programs the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The fields at fault.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    #[schema(rename = "where", required = false)]
    fields: Vec<Where>,
    /// Quote it when you ask for help: the log holds the rest under it.
    request_id: String,
}

impl Problem {
    /// A problem of this kind.
    pub(crate) fn new(kind: ProblemKind) -> Self {
        Self(Box::new(Parts {
            kind,
            rule: None,
            detail: None,
            fields: Vec::new(),
            retry_after_seconds: None,
        }))
    }

    /// Fields that cannot be accepted.
    pub(crate) fn invalid(fields: Vec<Where>) -> Self {
        let mut problem = Self::new(ProblemKind::Invalid);
        problem.0.fields = fields;
        problem
    }

    /// One field that cannot be accepted.
    pub(crate) fn field(field: impl Into<String>, code: &'static str) -> Self {
        Self::invalid(vec![Where::new(field, code)])
    }

    /// A rule with a reason code refuses; `args` fill its text.
    pub(crate) fn refused(code: ReasonCode, args: &[(String, String)]) -> Self {
        let mut problem = Self::new(ProblemKind::Invalid);
        problem.0.rule = Some(Reason::with(code, args));
        problem
    }

    /// A fault of ours: the error goes to the log, the caller gets the id.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %chain(error), "a request met an internal error");
        Self::new(ProblemKind::Internal)
    }

    /// Adds the fields it is about.
    pub(crate) fn with_fields(mut self, fields: Vec<Where>) -> Self {
        self.0.fields = fields;
        self
    }

    /// Adds what is known about this occurrence.
    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Says when to try again.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// What kind of problem it is.
    pub(crate) const fn kind(&self) -> ProblemKind {
        self.0.kind
    }

    fn document(self, request_id: &str) -> ProblemDocument {
        let Parts {
            kind,
            rule,
            detail,
            fields,
            ..
        } = *self.0;
        let (code, title_tr, title_en) = match rule {
            Some(rule) => (
                rule.code.to_string(),
                format!("{} {}", rule.text_tr, rule.next_tr)
                    .trim_end()
                    .to_owned(),
                format!("{} {}", rule.text_en, rule.next_en)
                    .trim_end()
                    .to_owned(),
            ),
            None => (
                kind.code().to_owned(),
                kind.title_tr().to_owned(),
                kind.title_en().to_owned(),
            ),
        };
        ProblemDocument {
            kind: format!("urn:izinli:problem:{code}"),
            title: title_en.clone(),
            status: kind.status().as_u16(),
            code,
            title_tr,
            title_en,
            detail,
            fields,
            request_id: request_id.to_owned(),
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind().status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Marks an error answer whose body is for people and stays as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrittenOut;

/// Writes the problem of a response into its body. An error answer that came
/// from below our handlers (an unknown method, a refused body) gets one too.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let id = request
        .extensions()
        .get::<RequestId>()
        .cloned()
        .unwrap_or_default();
    let mut response = next.run(request).await;
    if response.extensions().get::<WrittenOut>().is_some() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let Some(problem) = problem.or_else(|| of_status(&response)) else {
        return response;
    };
    let retry_after = problem.0.retry_after_seconds;
    let document = problem.document(id.as_str());
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(seconds) = retry_after {
        parts
            .headers
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Response::from_parts(parts, body.into())
}

fn of_status(response: &Response) -> Option<Problem> {
    let kind = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::MethodNotAllowed,
        StatusCode::NOT_FOUND => ProblemKind::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::UnsupportedType,
        status if status.is_server_error() => ProblemKind::Internal,
        status if status.is_client_error() => ProblemKind::Unreadable,
        _ => return None,
    };
    (response.status() == kind.status()).then(|| Problem::new(kind))
}
