//! The month of complaints in numbers: nobody's name, nobody's address.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use engine::complaints::MonthReport;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::download::file;
use crate::problem::Problem;

/// Which month.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MonthQuery {
    /// In Turkish time; the present one unless given.
    #[param(example = "2026-11")]
    month: Option<String>,
}

/// A month of complaints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintMonth {
    #[schema(example = "2026-11")]
    month: String,
    complaints: usize,
    solved: usize,
    open: usize,
    /// From a complaint to the stop, seconds.
    stop_median_seconds: Option<i64>,
    stop_worst_seconds: Option<i64>,
    /// From a complaint to the first answer, seconds.
    answer_median_seconds: Option<i64>,
    answer_worst_seconds: Option<i64>,
    /// In how many people the daily agreement with İYS differed.
    registry_differences: i64,
    /// Days of the agreement that were held against each other.
    registry_days: usize,
    /// Not answered by the legal date.
    overdue: usize,
}

impl From<MonthReport> for ComplaintMonth {
    fn from(report: MonthReport) -> Self {
        // A part of a second is told as a whole one: never better than it was.
        let seconds = |us: Option<i64>| us.map(|us| (us + 999_999).div_euclid(1_000_000));
        Self {
            month: report.month,
            complaints: report.complaints,
            solved: report.solved,
            open: report.open,
            stop_median_seconds: seconds(report.stop_median_us),
            stop_worst_seconds: seconds(report.stop_worst_us),
            answer_median_seconds: seconds(report.answer_median_us),
            answer_worst_seconds: seconds(report.answer_worst_us),
            registry_differences: report.registry_differences,
            registry_days: report.registry_days,
            overdue: report.overdue,
        }
    }
}

async fn report(app: &App, caller: &Caller, query: MonthQuery) -> Result<ComplaintMonth, Problem> {
    caller.needs(Permission::ReadReports)?;
    let now = app.now().to_turkish();
    let month = query
        .month
        .unwrap_or_else(|| format!("{:04}-{:02}", now.year(), now.month()));
    let report = app.engine.complaint_month(caller.firm, &month).await?;
    Ok(report.into())
}

/// The complaints of a month in numbers.
#[utoipa::path(
    get, path = "/complaint-cases/month", operation_id = "complaint_month", tag = "complaints",
    params(MonthQuery),
    responses((status = 200, description = "The numbers", body = ComplaintMonth)),
)]
pub(crate) async fn complaint_month(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<MonthQuery>,
) -> Result<Json<ComplaintMonth>, Problem> {
    report(&app, &caller, query).await.map(Json)
}

/// The same as a file for Turkish Excel.
#[utoipa::path(
    get, path = "/complaint-cases/month.csv", operation_id = "complaint_month_csv", tag = "complaints",
    params(MonthQuery),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
)]
pub(crate) async fn complaint_month_csv(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<MonthQuery>,
) -> Result<Response, Problem> {
    let month = report(&app, &caller, query).await?;
    let mut writer = app.write().await?;
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "complaint.month",
            &month.month,
            &json!({ "complaints": month.complaints }),
        )
        .await?;
    writer.commit().await?;
    let name = format!("sikayetler-{}.csv", month.month);
    Ok(file(&name, "text/csv; charset=utf-8", csv(&month)))
}

fn csv(month: &ComplaintMonth) -> String {
    let told =
        |seconds: Option<i64>| seconds.map_or_else(String::new, |seconds| seconds.to_string());
    let rows = [
        ("Ay", month.month.clone()),
        ("Şikâyet", month.complaints.to_string()),
        ("Kapatılan", month.solved.to_string()),
        ("Açık", month.open.to_string()),
        (
            "Durdurma süresi, ortanca (sn)",
            told(month.stop_median_seconds),
        ),
        (
            "Durdurma süresi, en uzun (sn)",
            told(month.stop_worst_seconds),
        ),
        (
            "Yanıt süresi, ortanca (sn)",
            told(month.answer_median_seconds),
        ),
        (
            "Yanıt süresi, en uzun (sn)",
            told(month.answer_worst_seconds),
        ),
        (
            "İYS mutabakat farkı",
            month.registry_differences.to_string(),
        ),
        ("Karşılaştırılan gün", month.registry_days.to_string()),
        ("Süresi geçen", month.overdue.to_string()),
    ];
    let mut text = String::from("\u{feff}Gösterge;Değer\r\n");
    for (name, value) in rows {
        // Writing into a String cannot fail.
        let _ = write!(text, "{name};{value}\r\n");
    }
    text
}
