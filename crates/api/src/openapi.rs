//! The API document (OpenAPI 3.1), made from the handlers, with what holds for
//! all of them said once: how to sign in, and what a problem looks like.

use axum::Json;
use axum::extract::Extension;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoParams, OpenApi as _};

use crate::caller::COOKIE;
use crate::problem::ProblemDocument;
use crate::router;

/// The header under which a creating call may be repeated.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "the shape of a header, for the API document")]
pub(crate) struct IdempotencyKey {
    /// A name of this one intention: a repeat gets the first answer and creates nothing twice.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 128)]
    idempotency_key: Option<String>,
}

#[derive(Debug, utoipa::OpenApi)]
#[openapi(
    info(
        title = "İzinli",
        description = "Consent, campaigns and notifications for Turkey. A commercial message leaves \
            only to people whose consent is on record and confirmed by İYS.\n\nSign in with \
            `Authorization: Bearer izk_…`, or with a session cookie and the header `X-CSRF-Token` \
            on every changing call. Times are RFC 3339, ids are prefixed strings, lists page by \
            cursor.",
    ),
    components(schemas(ProblemDocument)),
    security(("key" = []), ("session" = [])),
)]
struct Base;

/// The document without any path.
pub(crate) fn base() -> OpenApi {
    let mut document = Base::openapi();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        "key",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
    );
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))),
    );
    document
}

/// Adds the problem document to every call.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            operation
                .responses
                .responses
                .insert("default".to_owned(), RefOr::T(problem()));
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn problem() -> utoipa::openapi::Response {
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    ResponseBuilder::new()
        .description("It could not be done; the document says why")
        .content("application/problem+json", Content::new(Some(schema)))
        .build()
}

/// The API document, as it is committed and served.
pub fn openapi() -> OpenApi {
    router::document()
}

/// Serves the document.
pub(crate) async fn serve(Extension(document): Extension<Arc<OpenApi>>) -> Json<OpenApi> {
    Json(OpenApi::clone(&document))
}
