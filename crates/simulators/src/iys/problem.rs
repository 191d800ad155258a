//! The error answers of İYS.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::codes::{self, Code};

/// One error: a code and, where known, the field, the value and the row.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    http: u16,
    location: Vec<Value>,
    value: Option<Value>,
    index: Option<usize>,
}

impl Problem {
    pub(crate) fn of(code: Code) -> Self {
        Self {
            code,
            http: code.http,
            location: Vec::new(),
            value: None,
            index: None,
        }
    }

    /// Names the field.
    pub(crate) fn at(mut self, field: impl Into<Value>) -> Self {
        self.location.push(field.into());
        self
    }

    /// Quotes the offending value.
    pub(crate) fn value(mut self, value: impl Into<Value>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Names the row of a list, counted from 0.
    pub(crate) fn row(mut self, index: Option<usize>) -> Self {
        self.index = index;
        self
    }

    /// Answers with another HTTP status than the code's usual one.
    pub(crate) fn http(mut self, status: u16) -> Self {
        self.http = status;
        self
    }

    /// `code` becomes `code:` when `misspelt`, as in many 403 examples of the document.
    fn json(&self, misspelt: bool) -> Value {
        let mut body = Map::new();
        let key = if misspelt { "code:" } else { "code" };
        body.insert(key.to_owned(), self.code.id.into());
        body.insert("message".to_owned(), self.code.text.into());
        if !self.location.is_empty() {
            body.insert("location".to_owned(), self.location.clone().into());
        }
        if let Some(value) = &self.value {
            body.insert("value".to_owned(), value.clone());
        }
        if let Some(index) = self.index {
            body.insert("index".to_owned(), index.into());
        }
        Value::Object(body)
    }
}

/// A request that İYS does not carry out.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The usual form, one or more errors.
    Errors(Vec<Problem>),
    /// The token endpoint's form.
    OAuth {
        error: &'static str,
        description: &'static str,
    },
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Errors(vec![problem])
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Problem::of(code).into()
    }
}

impl Refusal {
    /// The code of a refusal that is one error and nothing else.
    pub(crate) fn only_code(&self) -> Option<Code> {
        match self {
            Self::Errors(problems) if problems.len() == 1 => problems.first().map(|one| one.code),
            Self::Errors(_) | Self::OAuth { .. } => None,
        }
    }

    /// The answer. With `quirks`, 403 bodies spell the code's key `code:`.
    pub(crate) fn answer(&self, quirks: bool) -> Response {
        match self {
            Self::Errors(problems) => {
                let status = problems.first().map_or(400, |problem| problem.http);
                let misspelt = quirks && status == 403;
                let list: Vec<Value> = problems.iter().map(|p| p.json(misspelt)).collect();
                (status_code(status), Json(json!({ "errors": list }))).into_response()
            }
            Self::OAuth { error, description } => (
                StatusCode::BAD_REQUEST,
                Json(json!({ "error": error, "error_description": description })),
            )
                .into_response(),
        }
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The body İYS would send with a status that a fault injects.
pub(crate) fn injected_body(status: StatusCode) -> Value {
    let code = match status.as_u16() {
        401 => codes::H351,
        403 => codes::H353,
        429 => codes::H124,
        503 | 504 => codes::H192,
        400..=499 => codes::H123,
        _ => codes::H470,
    };
    json!({ "errors": [Problem::of(code).json(false)] })
}
