//! `/registry/{brand_id}/findings`: consents that look made up, and what
//! somebody made of it.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use domain::Timestamp;
use domain::ids::{BrandId, EventId, FindingId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::findings::{self, FindingState, Pattern};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::words;

/// Consents that look made up (*bulgu*). It names a pattern; a person judges.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Finding {
    #[schema(value_type = String, example = "fnd_10000")]
    id: FindingId,
    #[schema(value_type = words::Pattern)]
    pattern: Pattern,
    /// The pattern in words.
    text_tr: String,
    text_en: String,
    /// The second, the upload or the person.
    subject: String,
    /// How many consents.
    count: i64,
    /// First and last ledger event of the range.
    #[schema(value_type = String, example = "evt_10000")]
    first_event_id: EventId,
    #[schema(value_type = String, example = "evt_10000")]
    last_event_id: EventId,
    #[schema(value_type = String, format = DateTime)]
    found_at: Timestamp,
    #[schema(value_type = words::FindingState)]
    state: FindingState,
    reviewed_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    reviewed_at: Option<Timestamp>,
    note: Option<String>,
}

fn texts(pattern: Pattern, count: i64, subject: &str) -> (String, String) {
    match pattern {
        Pattern::SameSecond => (
            format!("{count} izin aynı saniyeye ({subject}) tarihlenmiş."),
            format!("{count} consents are dated to the same second ({subject})."),
        ),
        Pattern::AfterRefusal => (
            format!(
                "{count} izin, vatandaşın kendi reddinden kısa süre sonra verilmiş görünüyor ({subject})."
            ),
            format!(
                "{count} consents are dated shortly after the citizen's own refusal ({subject})."
            ),
        ),
        Pattern::OfficeHours => (
            format!("{count} iznin hepsi yalnız mesai saatlerinde alınmış görünüyor ({subject})."),
            format!("All of {count} consents are dated to office hours ({subject})."),
        ),
        Pattern::OneSource => (
            format!("{count} iznin hepsi aynı kaynaktan, aynı günden ve kanıtsız ({subject})."),
            format!(
                "All of {count} consents have one source, one day and no evidence ({subject})."
            ),
        ),
    }
}

impl From<findings::Finding> for Finding {
    fn from(finding: findings::Finding) -> Self {
        let (text_tr, text_en) = texts(finding.pattern, finding.count, &finding.subject);
        Self {
            id: finding.id,
            pattern: finding.pattern,
            text_tr,
            text_en,
            subject: finding.subject,
            count: finding.count,
            first_event_id: finding.events.0,
            last_event_id: finding.events.1,
            found_at: finding.found_at,
            state: finding.state,
            reviewed_by: finding.reviewed_by,
            reviewed_at: finding.reviewed_at,
            note: finding.note,
        }
    }
}

/// What somebody made of a finding.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingReview {
    #[schema(value_type = words::FindingState)]
    state: FindingState,
    /// Why.
    #[validate(length(min = 3, max = 500))]
    note: String,
}

/// What a search brought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Searched {
    /// Findings of this search.
    found: usize,
}

/// Where a page ended.
struct Place((i64, i64));

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0.0, self.0.1)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (found, id) = text.split_once('.').ok_or(())?;
        Ok(Self((
            found.parse().map_err(drop)?,
            id.parse().map_err(drop)?,
        )))
    }
}

/// Consents that look made up.
#[utoipa::path(
    get, path = "/registry/{brand_id}/findings", operation_id = "consent_findings", tag = "registry",
    params(("brand_id" = String, Path, description = "The brand"), Paging),
    responses((status = 200, description = "The newest first", body = Page<Finding>)),
)]
pub(crate) async fn consent_findings(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Finding>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let before = paging.after::<Place>()?.map(|place| place.0);
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let rows = reader.findings(brand, before, paging.rows()?).await?;
    let place = |finding: &findings::Finding| {
        Place((finding.found_at.as_micros(), finding.id.as_db())).to_string()
    };
    paging.page(rows, place, Finding::from).map(Json)
}

/// Searches what was appended to the ledger since the last search, now.
#[utoipa::path(
    post, path = "/registry/{brand_id}/findings/search", operation_id = "search_consents",
    tag = "registry", params(("brand_id" = String, Path, description = "The brand")),
    responses((status = 200, description = "What it brought", body = Searched)),
)]
pub(crate) async fn search_consents(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<Searched>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    app.read()
        .await?
        .brand(caller.firm, brand)
        .await?
        .or_not_found()?;
    let found = app.engine.search_consents(caller.firm, brand).await?;
    Ok(Json(Searched { found }))
}

/// Says what a finding is.
#[utoipa::path(
    post, path = "/findings/{id}/review", operation_id = "review_finding", tag = "registry",
    params(("id" = String, Path, description = "The finding")), request_body = FindingReview,
    responses((status = 204, description = "Noted")),
)]
pub(crate) async fn review_finding(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<FindingId>,
    Checked(wanted): Checked<FindingReview>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    app.engine
        .review_finding(caller.firm, id, wanted.state, &caller.actor, &wanted.note)
        .await
        .map_err(|error| match error {
            engine::EngineError::Conflict { .. } => Problem::new(ProblemKind::NotFound),
            other => other.into(),
        })?;
    Ok(StatusCode::NO_CONTENT)
}
