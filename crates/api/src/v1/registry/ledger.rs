//! `/registry/{brand_id}/ledger.tar`: a brand's ledger with its audit trail,
//! for anybody who wants to recompute it elsewhere.

use std::io;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use domain::ids::BrandId;
use engine::evidence::archive::{self, Part};
use futures_util::stream::{iter, once};
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, header};
use store::access::Permission;
use tokio_util::io::ReaderStream;

use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::download::file;
use crate::problem::{OrNotFound, Problem};

/// The brand's ledger and the firm's audit trail as they are now, to be
/// verified anywhere with `izinli ledger verify --export`. Taking it is itself
/// an entry of the trail.
#[utoipa::path(
    get, path = "/registry/{brand_id}/ledger.tar", operation_id = "registry_ledger", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "An archive", body = String, content_type = "application/x-tar")),
)]
pub(crate) async fn registry_ledger(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ReadAudit)?;
    let held = app.read().await?.brand(caller.firm, brand).await?;
    let held = held.or_not_found()?;
    let parts = app
        .engine
        .ledger_archive(caller.firm, &held, &caller.actor)
        .await?;
    let length = archive::length(&parts);
    let name = format!("{brand}-defter.tar");
    let mut response = file(&name, "application/x-tar", Body::from_stream(stream(parts)));
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

/// The archive, a piece at a time.
fn stream(parts: Vec<Part>) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let files = iter(parts).flat_map(|part| {
        let Part {
            header,
            file,
            padding,
            ..
        } = part;
        let head = once(async move { Ok(Bytes::copy_from_slice(&header)) });
        let tail = once(async move { Ok(Bytes::from(vec![0; padding])) });
        let inner = ReaderStream::new(tokio::fs::File::from_std(file));
        head.chain(inner).chain(tail).boxed()
    });
    files.chain(once(async { Ok(Bytes::from_static(&archive::END)) }))
}
