//! Files that are written while they are sent: a slow reader slows the writer,
//! and nothing piles up.

use std::error::Error;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use engine::EngineError;
use engine::exports::{ExportForm, Wish};
use futures_util::stream::{once, select};
use futures_util::{Stream, StreamExt, TryStreamExt};
use http::{HeaderValue, header};
use store::access::Permission;
use tokio::io::DuplexStream;
use tokio_util::io::ReaderStream;

use crate::caller::Caller;

/// Bytes of a file between its writer and the caller.
const PIPE_BYTES: usize = 64 * 1024;

/// An answer whose file `write` writes. When it breaks off the connection does
/// too, so that nobody takes it for whole.
pub(crate) fn download<F>(
    name: &str,
    media_type: &'static str,
    write: impl FnOnce(DuplexStream) -> F,
) -> Response
where
    F: Future<Output = Result<(), EngineError>> + Send + 'static,
{
    let (into, from) = tokio::io::duplex(PIPE_BYTES);
    file(
        name,
        media_type,
        Body::from_stream(stream(write(into), from)),
    )
}

/// A table that `caller` takes out, written by `write`; the name gets the ending of its form.
pub(crate) fn export<F>(
    caller: &Caller,
    stem: &str,
    form: ExportForm,
    write: impl FnOnce(Wish, DuplexStream) -> F,
) -> Response
where
    F: Future<Output = Result<(), EngineError>> + Send + 'static,
{
    let wish = Wish {
        form,
        masked: !caller.role.may(Permission::ReadPersonal),
        actor: caller.actor.clone(),
    };
    let name = format!("{stem}.{}", form.ending());
    download(&name, form.media_type(), move |into| write(wish, into))
}

/// An answer that browsers keep under this name.
pub(crate) fn file(name: &str, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// The writer ends with its future, and the reader then sees the end.
fn stream(
    writing: impl Future<Output = Result<(), EngineError>> + Send + 'static,
    from: DuplexStream,
) -> impl Stream<Item = Result<Bytes, Box<dyn Error + Send + Sync>>> {
    let broken = once(writing).filter_map(async |written| Some(Err(written.err()?.into())));
    select(
        ReaderStream::new(from).map_err(Into::into),
        Box::pin(broken),
    )
}
