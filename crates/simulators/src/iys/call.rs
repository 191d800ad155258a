//! One HTTP call as the routes see it.

use std::collections::HashMap;
use std::net::IpAddr;

use axum::RequestExt;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, Path, Query, Request};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::codes::{self, Code};
use crate::wire::Wire;

/// Caller, path parameters, query and body of a call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) peer: IpAddr,
    pub(crate) bearer: Option<String>,
    content_type: String,
    params: HashMap<String, String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Response;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let wire: ConnectInfo<Wire> = request
            .extract_parts()
            .await
            .map_err(IntoResponse::into_response)?;
        let params: Path<HashMap<String, String>> = request
            .extract_parts()
            .await
            .map_err(IntoResponse::into_response)?;
        let query: Query<Vec<(String, String)>> = request
            .extract_parts()
            .await
            .map_err(IntoResponse::into_response)?;
        let headers = request.headers();
        let bearer = header_text(headers, &header::AUTHORIZATION)
            .and_then(|text| text.strip_prefix("Bearer "))
            .map(str::to_owned);
        let content_type = header_text(headers, &header::CONTENT_TYPE)
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let body = Bytes::from_request(request, state)
            .await
            .map_err(IntoResponse::into_response)?;
        Ok(Self {
            peer: wire.0.peer().ip(),
            bearer,
            content_type,
            params: params.0,
            query: query.0,
            body,
        })
    }
}

impl Call {
    /// A path parameter as text; a route that asks for one has it in its path.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A path parameter that must be a whole number.
    ///
    /// # Errors
    /// `wrong` when it is none.
    pub(crate) fn number(&self, name: &str, wrong: Code) -> Result<u64, Code> {
        self.text(name).parse().map_err(|_| wrong)
    }

    pub(crate) fn is_form(&self) -> bool {
        self.content_type == "application/x-www-form-urlencoded"
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// H014 when it is none, or is not declared as `application/json`.
    pub(crate) fn json(&self) -> Result<Value, Code> {
        if self.content_type != "application/json" {
            return Err(codes::H014);
        }
        serde_json::from_slice(&self.body).map_err(|_| codes::H014)
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// H014 when it is no JSON, `wrong` when it is no object.
    pub(crate) fn object(&self, wrong: Code) -> Result<Map<String, Value>, Code> {
        match self.json()? {
            Value::Object(object) => Ok(object),
            _ => Err(wrong),
        }
    }

    /// The value of a query parameter.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// # Errors
    /// `wrong` when the query has a parameter that is not among `known`.
    pub(crate) fn only_asks(&self, known: &[&str], wrong: Code) -> Result<(), Code> {
        let all_known = self
            .query
            .iter()
            .all(|(key, _)| known.contains(&key.as_str()));
        if all_known { Ok(()) } else { Err(wrong) }
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
