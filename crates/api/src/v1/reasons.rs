//! `/reasons`: every reason code with its texts.

use axum::Json;
use domain::ReasonCode;
use domain::reason::ReasonClass;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::page::Page;
use crate::reason::Reason;

/// A code of the registry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonEntry {
    #[serde(flatten)]
    reason: Reason,
    /// Its stable English name.
    name: &'static str,
    /// What it speaks about: `file`, `row`, `remark`, `registry` or `send`.
    class: &'static str,
}

/// Every reason code, ascending.
#[utoipa::path(
    get, path = "/reasons", operation_id = "reasons", tag = "reasons",
    responses((status = 200, description = "All of them, on one page", body = Page<ReasonEntry>)),
)]
pub(crate) async fn reasons(_: Caller) -> Json<Page<ReasonEntry>> {
    let entries = ReasonCode::all().iter().map(|code| ReasonEntry {
        reason: Reason::of(*code),
        name: code.info().name,
        class: match code.class() {
            ReasonClass::FileStopped => "file",
            ReasonClass::RowRejected => "row",
            ReasonClass::Remark => "remark",
            ReasonClass::RegistryVerdict => "registry",
            ReasonClass::SendExclusion => "send",
        },
    });
    Json(Page::whole(entries.collect()))
}
