//! `/complaint-cases`: citizens' complaints, each a case with a clock, a
//! history and a list of what must be done before it is closed.

mod evidence;
mod finding;
mod month;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::complaint::{CaseDeed, CaseState};
use domain::deadline::Urgency;
use domain::ids::{BrandId, CaseId, ContactId};
use domain::{Recipient, Timestamp};
use engine::complaints::{Checked as Item, NewComplaint};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::complaint_cases::{Case, CaseEntry};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::app::{App, randomness};
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::change::Change;
use crate::checks::address;
use crate::creation::Creation;
use crate::page::{Page, Paging, Place};
use crate::problem::{OrNotFound, Problem};
use crate::words;

pub(crate) use evidence::*;
pub(crate) use finding::*;
pub(crate) use month::*;

/// A complaint's case, as lists show it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseSummary {
    #[schema(value_type = String, example = "sik_10000")]
    id: CaseId,
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = String)]
    contact_id: ContactId,
    #[schema(value_type = words::CaseState)]
    state: CaseState,
    /// Always high: somebody's rights are at stake.
    #[schema(example = "high")]
    priority: &'static str,
    /// Who answers for it.
    #[schema(example = "compliance")]
    department: &'static str,
    /// The sender that the citizen saw.
    sender: String,
    /// When the message came, by the citizen.
    #[schema(value_type = String, format = DateTime)]
    happened_at: Timestamp,
    /// When the citizen told us: the clock runs from here.
    #[schema(value_type = String, format = DateTime)]
    received_at: Timestamp,
    /// When commercial messages to the number were stopped (S202).
    #[schema(value_type = String, format = DateTime)]
    stopped_at: Timestamp,
    /// The legal date of the answer.
    #[schema(value_type = String, format = DateTime)]
    due_at: Timestamp,
    #[schema(value_type = words::Urgency)]
    urgency: Urgency,
    /// Which business day of its clock it is in, from 1.
    business_day: usize,
    business_days_left: usize,
    assigned_to: Option<String>,
    branch: Option<String>,
    legal_hold: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    answered_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    solved_at: Option<Timestamp>,
}

/// A case with everything about it but what was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseDetail {
    #[serde(flatten)]
    summary: CaseSummary,
    brand_name: String,
    /// What the citizen wrote.
    text: String,
    has_picture: bool,
    /// Whether the number is used in a trade (*tacir, esnaf*).
    is_trader: bool,
    /// Who filed it: `citizen`, or somebody of the firm.
    actor: String,
    /// The citizen's own page.
    public_url: String,
    /// Until when an authority wants its answer; none until it is written down.
    #[schema(value_type = Option<String>, format = DateTime)]
    answer_due_at: Option<Timestamp>,
    /// What must be done before it is closed.
    checklist: Vec<CaseCheck>,
    /// Oldest first.
    history: Vec<CaseHistory>,
}

/// One item of what must be done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseCheck {
    /// `refusal`, `stop`, `answer` or `branch`.
    item: &'static str,
    is_done: bool,
    text_tr: String,
    text_en: String,
}

/// One entry of a case's history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseHistory {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: String,
    #[schema(value_type = words::CaseDeed)]
    deed: CaseDeed,
    /// What was written.
    text: Option<String>,
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CaseQuery {
    /// Those that are not closed.
    #[serde(default)]
    only_open: bool,
}

/// A complaint that somebody told on the phone or in a letter.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCase {
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// The number that the message came to, as `+905321234567`.
    #[validate(custom(function = "address"))]
    address: String,
    /// The sender that was shown.
    #[validate(length(min = 1, max = 60))]
    sender: String,
    /// When the message came.
    #[schema(value_type = String, format = DateTime)]
    happened_at: Timestamp,
    /// When the person told us, if that was before now: the clock runs from here.
    #[schema(value_type = Option<String>, format = DateTime)]
    received_at: Option<Timestamp>,
    /// What they told.
    #[validate(length(min = 1, max = 4_000))]
    text: String,
    #[serde(default)]
    is_trader: bool,
}

/// What changes in a case.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseChanges {
    /// While it is held, its stop cannot be lifted and nothing that İYS told
    /// about its brand is forgotten.
    legal_hold: Option<bool>,
    /// Until when an authority wants its answer; null empties it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    answer_due_at: Change<Timestamp>,
}

/// An answer to the citizen.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseAnswer {
    text: String,
}

/// How the branch was told.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BranchNote {
    #[validate(length(min = 3, max = 500))]
    note: String,
}

fn summary(app: &App, caller: &Caller, case: &Case) -> CaseSummary {
    let (dates, business_days_left) = app.engine.complaint_dates(case);
    CaseSummary {
        id: case.id,
        brand_id: case.brand,
        address: caller.shows_address(&case.address),
        contact_id: case.contact,
        state: case.state,
        priority: "high",
        department: "compliance",
        sender: case.sender.clone(),
        happened_at: case.happened_at,
        received_at: case.received_at,
        stopped_at: case.created_at,
        due_at: dates.legal,
        urgency: dates.urgency(app.now()),
        business_day: app.engine.complaint_day(case),
        business_days_left,
        assigned_to: case.assigned_to.clone(),
        branch: case.branch.as_ref().map(|(_, branch)| branch.clone()),
        legal_hold: case.legal_hold,
        answered_at: case.answered_at,
        solved_at: case.solved_at,
    }
}

impl From<Item> for CaseCheck {
    fn from(checked: Item) -> Self {
        Self {
            item: checked.item.as_str(),
            is_done: checked.is_done,
            text_tr: checked.text_tr,
            text_en: checked.text_en,
        }
    }
}

impl From<CaseEntry> for CaseHistory {
    fn from(entry: CaseEntry) -> Self {
        Self {
            at: entry.at,
            actor: entry.actor,
            deed: entry.deed,
            text: entry.text,
        }
    }
}

async fn detail(app: &App, caller: &Caller, id: CaseId) -> Result<Json<CaseDetail>, Problem> {
    let case = app.engine.complaint(caller.firm, id).await?;
    let checklist = app.engine.complaint_checklist(&case).await?;
    let mut reader = app.read().await?;
    let history = reader.case_entries(id).await?;
    let brand = reader.brand_at_work(case.brand).await?;
    Ok(Json(CaseDetail {
        summary: summary(app, caller, &case),
        brand_name: brand.name,
        has_picture: case.has_picture,
        is_trader: case.is_trader,
        public_url: format!(
            "{}/sikayet/{}/{}",
            app.options.public_url, case.brand, case.public_key
        ),
        text: case.text,
        actor: case.actor,
        answer_due_at: case.answer_due,
        checklist: checklist.into_iter().map(CaseCheck::from).collect(),
        history: history.into_iter().map(CaseHistory::from).collect(),
    }))
}

/// The firm's complaints.
#[utoipa::path(
    get, path = "/complaint-cases", operation_id = "complaint_cases", tag = "complaints",
    params(CaseQuery, Paging),
    responses((status = 200, description = "The newest first", body = Page<CaseSummary>)),
)]
pub(crate) async fn complaint_cases(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<CaseQuery>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<CaseSummary>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let before = paging.after::<Place<2>>()?.map(|Place([at, id])| (at, id));
    let rows = app
        .read()
        .await?
        .cases(caller.firm, query.only_open, before, paging.rows()?)
        .await?;
    let place = |case: &Case| {
        let (at, id) = case.cursor();
        Place([at, id]).to_string()
    };
    paging
        .page(rows, place, |case| summary(&app, &caller, &case))
        .map(Json)
}

/// Writes down a complaint that somebody told; commercial messages to the
/// number stop in the same transaction.
#[utoipa::path(
    post, path = "/complaint-cases", operation_id = "create_complaint_case", tag = "complaints",
    params(crate::openapi::IdempotencyKey), request_body = NewCase,
    responses((status = 201, description = "Opened", body = CaseSummary)),
)]
pub(crate) async fn create_complaint_case(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewCase>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageBlacklist)?;
    creation
        .by_engine(&app, &caller, StatusCode::CREATED, |wanted| {
            create(&app, &caller, wanted)
        })
        .await
}

async fn create(app: &App, caller: &Caller, wanted: NewCase) -> Result<CaseSummary, Problem> {
    let address = Recipient::from_normalised(&wanted.address)
        .map_err(|_| Problem::field("address", "address"))?;
    let brand = app
        .read()
        .await?
        .brand(caller.firm, wanted.brand_id)
        .await?;
    let brand = brand.or_not_found()?;
    let new = NewComplaint {
        address,
        sender: wanted.sender,
        happened_at: wanted.happened_at,
        received_at: wanted.received_at,
        text: wanted.text,
        picture: None,
        is_trader: wanted.is_trader,
        public_key: store::token::path_key(&mut randomness()?),
    };
    let id = app
        .engine
        .file_complaint(&brand, &new, &caller.actor)
        .await?;
    let case = app.engine.complaint(caller.firm, id).await?;
    Ok(summary(app, caller, &case))
}

/// One complaint.
#[utoipa::path(
    get, path = "/complaint-cases/{id}", operation_id = "complaint_case", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")),
    responses((status = 200, description = "The complaint", body = CaseDetail)),
)]
pub(crate) async fn complaint_case(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
) -> Result<Json<CaseDetail>, Problem> {
    // What a citizen wrote cannot be masked.
    caller.needs(Permission::ReadPersonal)?;
    detail(&app, &caller, id).await
}

/// Holds a complaint, or writes down until when an authority wants its answer.
#[utoipa::path(
    patch, path = "/complaint-cases/{id}", operation_id = "change_complaint_case", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")), request_body = CaseChanges,
    responses((status = 200, description = "Changed", body = CaseDetail)),
)]
pub(crate) async fn change_complaint_case(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
    Checked(wanted): Checked<CaseChanges>,
) -> Result<Json<CaseDetail>, Problem> {
    caller.needs(Permission::ManageRegistry)?;
    let (firm, actor) = (caller.firm, &caller.actor);
    if let Some(held) = wanted.legal_hold {
        app.engine.hold_complaint(firm, id, held, actor).await?;
    }
    let due = match wanted.answer_due_at {
        Change::Keep => None,
        Change::Empty => Some(None),
        Change::To(at) if at <= app.now() => {
            return Err(Problem::field("answer_due_at", "past"));
        }
        Change::To(at) => Some(Some(at)),
    };
    if let Some(due) = due {
        app.engine.set_complaint_due(firm, id, due, actor).await?;
    }
    detail(&app, &caller, id).await
}

/// Takes a complaint: it is in process then.
#[utoipa::path(
    post, path = "/complaint-cases/{id}/take", operation_id = "take_complaint_case", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")),
    responses((status = 200, description = "Taken", body = CaseDetail)),
)]
pub(crate) async fn take_complaint_case(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
) -> Result<Json<CaseDetail>, Problem> {
    works_on_cases(&caller)?;
    app.engine
        .take_complaint(caller.firm, id, &caller.actor)
        .await?;
    detail(&app, &caller, id).await
}

/// Answers the citizen, who reads it on their own page. An answer that
/// promotes something, carries a link or names somebody else is refused
/// (`TicketAdminReplyValidation`).
#[utoipa::path(
    post, path = "/complaint-cases/{id}/answer", operation_id = "answer_complaint_case", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")), request_body = CaseAnswer,
    responses((status = 200, description = "Answered", body = CaseDetail)),
)]
pub(crate) async fn answer_complaint_case(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
    Checked(wanted): Checked<CaseAnswer>,
) -> Result<Json<CaseDetail>, Problem> {
    works_on_cases(&caller)?;
    app.engine
        .answer_complaint(caller.firm, id, &wanted.text, &caller.actor)
        .await?;
    detail(&app, &caller, id).await
}

/// Records the person's refusal at the brand complained of and at every brand
/// that holds something about the number; İYS is told where it is connected.
#[utoipa::path(
    post, path = "/complaint-cases/{id}/refusal", operation_id = "refuse_for_complaint_case",
    tag = "complaints", params(("id" = String, Path, description = "The complaint")),
    responses((status = 200, description = "Recorded", body = CaseDetail)),
)]
pub(crate) async fn refuse_for_complaint_case(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
) -> Result<Json<CaseDetail>, Problem> {
    caller.needs(Permission::RecordConsents)?;
    app.engine
        .refuse_for_complaint(caller.firm, id, &caller.actor)
        .await?;
    detail(&app, &caller, id).await
}

/// Notes that the branch which took the consent was told, and how.
#[utoipa::path(
    post, path = "/complaint-cases/{id}/branch", operation_id = "inform_complaint_branch",
    tag = "complaints", params(("id" = String, Path, description = "The complaint")),
    request_body = BranchNote,
    responses((status = 200, description = "Noted", body = CaseDetail)),
)]
pub(crate) async fn inform_complaint_branch(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
    Checked(wanted): Checked<BranchNote>,
) -> Result<Json<CaseDetail>, Problem> {
    works_on_cases(&caller)?;
    app.engine
        .inform_branch(caller.firm, id, &wanted.note, &caller.actor)
        .await?;
    detail(&app, &caller, id).await
}

/// Closes a complaint. What is missing prevents it; `where` names each item.
#[utoipa::path(
    post, path = "/complaint-cases/{id}/solve", operation_id = "solve_complaint_case", tag = "complaints",
    params(("id" = String, Path, description = "The complaint")),
    responses((status = 200, description = "Closed", body = CaseDetail)),
)]
pub(crate) async fn solve_complaint_case(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CaseId>,
) -> Result<Json<CaseDetail>, Problem> {
    works_on_cases(&caller)?;
    app.engine
        .solve_complaint(caller.firm, id, &caller.actor)
        .await?;
    detail(&app, &caller, id).await
}

/// Whoever works on complaints reads what citizens wrote.
fn works_on_cases(caller: &Caller) -> Result<(), Problem> {
    caller.needs(Permission::ManageBlacklist)?;
    caller.needs(Permission::ReadPersonal)
}
