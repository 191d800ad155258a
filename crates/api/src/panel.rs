//! The panel, embedded: files of the build, and its page for every address
//! that the panel itself routes.

use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::{Problem, ProblemKind};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[exclude = "*.map"]
struct Files;

const PAGE: &str = "index.html";
/// Names in here carry a digest of their content.
const HASHED: &str = "assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

const NOT_BUILT: &str = "<!doctype html><html lang=\"tr\"><meta charset=\"utf-8\">\
    <title>İzinli</title><h1>Panel henüz derlenmedi</h1>\
    <p>Panel bu programın içine alınmamış; <code>cargo xtask web</code> derler. API çalışıyor: \
    <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a></p>\
    <p lang=\"en\">The panel was not built; <code>cargo xtask web</code> builds it. \
    The API works.</p></html>";

/// Serves whatever no route took.
pub(crate) async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_ours = ["/api", "/in", "/u"].iter().any(|root| {
        path.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    if !is_read || is_ours {
        return Problem::new(ProblemKind::NotFound).into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Files::get(name) {
        let cache = if name.starts_with(HASHED) {
            FOREVER
        } else {
            ASK_AGAIN
        };
        return send(&request, name, file, cache);
    }
    // A file that is gone is not a page: a browser would run the page as script.
    let is_file = name
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains('.'));
    if is_file || name.starts_with(HASHED) {
        return Problem::new(ProblemKind::NotFound).into_response();
    }
    match Files::get(PAGE) {
        Some(page) => send(&request, PAGE, page, ASK_AGAIN),
        None => (StatusCode::OK, Html(NOT_BUILT)).into_response(),
    }
}

/// Without a panel whatever no route took is not there.
pub(crate) async fn nothing() -> Problem {
    Problem::new(ProblemKind::NotFound)
}

fn send(request: &Request, name: &str, file: EmbeddedFile, cache: &'static str) -> Response {
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = request.headers().get(header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = mime_guess::from_path(name).first_or_octet_stream();
        let kind = HeaderValue::from_str(kind.as_ref());
        let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
        ([(header::CONTENT_TYPE, kind)], file.data).into_response()
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}
