//! After which campaign, text, list, hour or source of consents people refuse.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::ids::BrandId;
use domain::time::DAY_US;
use engine::optouts::{OptOutQuestion, OptOutsBy};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::download::export;
use crate::page::Page;
use crate::problem::{OrNotFound, Problem};
use crate::v1::campaigns::FileForm;

/// Days looked back on unless the caller says otherwise.
const SPAN_DAYS: i64 = 92;
/// Days after a message in which a refusal counts for it, likewise.
const WITHIN_DAYS: i64 = 7;

/// By what messages are told apart.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OptOutGrouping {
    /// Each campaign.
    #[default]
    Campaign,
    /// Each text, in whichever campaign.
    Text,
    /// Each list: tag, segment, everybody.
    List,
    /// The hour of the day in Turkish time.
    Hour,
    /// Where the consents had come from.
    Source,
}

/// What is asked.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OptOutQuery {
    #[param(inline)]
    #[serde(default)]
    by: OptOutGrouping,
    /// Campaigns launched from this instant on; 92 days back unless given.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// And before this one; now unless given.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
    /// Days after a message in which a refusal counts for it, 1–30; 7 unless given.
    within_days: Option<i64>,
    /// Of an export: as what kind of file.
    #[param(inline)]
    #[serde(default)]
    form: FileForm,
}

impl OptOutQuery {
    fn question(&self, app: &App, brand: BrandId) -> OptOutQuestion {
        // What was launched in this very microsecond counts too.
        let to = self.to.unwrap_or_else(|| app.engine.now().plus_micros(1));
        OptOutQuestion {
            brand,
            from: self
                .from
                .unwrap_or_else(|| to.plus_micros(-SPAN_DAYS * DAY_US)),
            to,
            within_days: self.within_days.unwrap_or(WITHIN_DAYS),
            by: match self.by {
                OptOutGrouping::Campaign => OptOutsBy::Campaign,
                OptOutGrouping::Text => OptOutsBy::Text,
                OptOutGrouping::List => OptOutsBy::List,
                OptOutGrouping::Hour => OptOutsBy::Hour,
                OptOutGrouping::Source => OptOutsBy::Source,
            },
        }
    }
}

/// What is said of one campaign, text, list, hour or source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OptOutRate {
    /// Its id, or what tells it apart.
    key: String,
    /// As people call it.
    label: String,
    /// Campaigns behind it.
    campaigns: i64,
    /// People a message was handed over for.
    sent: i64,
    /// Those of them who refused in time.
    refused: i64,
    /// Refusals of a hundred thousand messages.
    per_100_000: i64,
}

/// After what people refuse, the worst first. A refusal counts for every
/// message of the days before it.
#[utoipa::path(
    get, path = "/brands/{id}/opt-outs", operation_id = "opt_outs", tag = "campaigns",
    params(("id" = String, Path, description = "The brand"), OptOutQuery),
    responses((status = 200, description = "Worst first", body = Page<OptOutRate>)),
)]
pub(crate) async fn opt_outs(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(query): Asked<OptOutQuery>,
) -> Result<Json<Page<OptOutRate>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let question = query.question(&app, brand);
    let found = app.engine.optouts(caller.firm, &question).await?;
    let shown = found.into_iter().map(|row| OptOutRate {
        per_100_000: row.rate(),
        key: row.key,
        label: row.label,
        campaigns: row.campaigns,
        sent: row.sent,
        refused: row.refused,
    });
    Ok(Json(Page::whole(shown.collect())))
}

/// The same as a file.
#[utoipa::path(
    get, path = "/brands/{id}/opt-outs/export", operation_id = "export_opt_outs", tag = "campaigns",
    params(("id" = String, Path, description = "The brand"), OptOutQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
)]
pub(crate) async fn export_opt_outs(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    Asked(query): Asked<OptOutQuery>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ReadReports)?;
    app.read()
        .await?
        .brand(caller.firm, brand)
        .await?
        .or_not_found()?;
    let question = query.question(&app, brand);
    let stem = format!("{brand}-ret-analizi");
    let (firm, form) = (caller.firm, query.form.form());
    Ok(export(
        &caller,
        &stem,
        form,
        move |wish, mut into| async move {
            app.engine
                .export_optouts(firm, &question, &wish, &mut into)
                .await
        },
    ))
}
