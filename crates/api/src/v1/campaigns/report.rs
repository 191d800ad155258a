//! What became of everybody: counts that add up, live while it runs.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use domain::ids::CampaignId;
use domain::{ReasonCode, Timestamp};
use engine::campaigns::Cost;
use futures_util::Stream;
use serde::Serialize;
use store::access::Permission;
use store::campaign_flow::NEVER;
use store::campaigns::CampaignState;
use store::reporting;
use utoipa::ToSchema;

use super::Campaign;
use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::live::{Seen, follow};
use crate::problem::Problem;
use crate::reason::CountedReason;

/// What became of a campaign: target = excluded + held + sent, and
/// sent = delivered + failed + open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignReport {
    campaign: Campaign,
    /// People in the frozen audience.
    target: i64,
    /// Kept out by the gate, when it was frozen or at hand-over.
    excluded: ReportExcluded,
    /// Planned and not handed over.
    held: ReportHeld,
    /// Handed to the provider.
    sent: i64,
    /// Confirmed by the handset.
    delivered: i64,
    /// Did not get through.
    failed: ReportFailed,
    /// Handed over, and nothing final is known yet.
    open: i64,
    /// Whether everybody is accounted for.
    reconciles: bool,
    /// The provider requests behind it.
    batches: ReportBatches,
    /// The last thing that went wrong with a request.
    last_error: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    first_sent_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    last_receipt_at: Option<Timestamp>,
    cost: ReportCost,
}

/// What it has cost so far.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportCost {
    /// Parts (*boy*) that the provider took; absent while nothing was handed over.
    parts: Option<i64>,
    /// Parts in requests of which nobody knows yet whether they arrived.
    uncertain_parts: i64,
    /// What one part costs, millionths of a lira, where the brand says so.
    part_price_micros: Option<i64>,
    /// The parts that were taken at that price.
    cost_micros: Option<i64>,
}

/// People kept out by the gate.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportExcluded {
    total: i64,
    /// By headline reason; most frequent first.
    reasons: Vec<CountedReason>,
}

/// People planned and not handed over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportHeld {
    total: i64,
    /// Their request waits, or is being handed over.
    waiting: i64,
    /// When the next request may leave, while all wait for an hour.
    #[schema(value_type = Option<String>, format = DateTime)]
    quiet_hours_until: Option<Timestamp>,
    /// Their request may or may not have arrived.
    uncertain: i64,
    /// The campaign was stopped before their request left.
    cancelled: i64,
}

/// People whose message did not get through.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportFailed {
    total: i64,
    /// The provider refused them.
    refused: i64,
    /// The operator tried, or refused.
    undelivered: i64,
    /// The time for delivery ran out.
    expired: i64,
    /// The provider took the message and then refused it.
    rejected: i64,
}

/// Provider requests by state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportBatches {
    pending: i64,
    in_flight: i64,
    accepted: i64,
    failed: i64,
    in_doubt: i64,
    unresolved: i64,
    cancelled: i64,
}

impl CampaignReport {
    fn of(caller: &Caller, report: reporting::Report, cost: Cost) -> Self {
        let reporting::Report {
            held,
            failed,
            batches,
            ..
        } = &report;
        // A paused request is one that waits.
        let count = |state: &str| batches.by_state.get(state).copied().unwrap_or(0);
        let is_running = report.campaign.state == CampaignState::Running;
        Self {
            target: report.target,
            excluded: ReportExcluded {
                total: report.excluded_total(),
                reasons: by_reason(&report.excluded),
            },
            held: ReportHeld {
                total: held.total(),
                waiting: held.waiting,
                // Whoever waits for the choice between two texts waits for no hour.
                quiet_hours_until: batches.next_at.filter(|at| is_running && *at < NEVER),
                uncertain: held.uncertain,
                cancelled: held.cancelled,
            },
            sent: report.sent,
            delivered: report.delivered,
            failed: ReportFailed {
                total: failed.total(),
                refused: failed.refused,
                undelivered: failed.undelivered,
                expired: failed.expired,
                rejected: failed.rejected,
            },
            open: report.open,
            reconciles: report.reconciles(),
            batches: ReportBatches {
                pending: count("pending") + count("paused"),
                in_flight: count("in_flight"),
                accepted: count("accepted"),
                failed: count("failed"),
                in_doubt: count("in_doubt"),
                unresolved: count("unresolved"),
                cancelled: count("cancelled"),
            },
            last_error: batches.last_error.clone(),
            first_sent_at: batches.first_sent_at,
            last_receipt_at: report.last_receipt_at,
            cost: ReportCost {
                parts: cost.parts,
                uncertain_parts: cost.uncertain_parts,
                part_price_micros: cost.part_price_micros,
                cost_micros: cost.micros,
            },
            campaign: Campaign::of(caller, report.campaign),
        }
    }

    /// Whether nothing more can become of anybody.
    fn is_final(&self) -> bool {
        let ended = matches!(
            self.campaign.state,
            CampaignState::Stopped | CampaignState::Finished
        );
        ended && self.open == 0 && self.held.waiting == 0 && self.held.uncertain == 0
    }
}

/// Counts per code as reasons, most frequent first.
pub(super) fn by_reason(counts: &BTreeMap<ReasonCode, i64>) -> Vec<CountedReason> {
    let mut reasons: Vec<CountedReason> = counts
        .iter()
        .map(|(code, count)| CountedReason::of(*code, *count))
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    reasons
}

async fn look(app: &App, caller: &Caller, id: CampaignId) -> Result<CampaignReport, Problem> {
    let report = app.engine.report(caller.firm, id).await?;
    let cost = app.engine.campaign_cost(caller.firm, id).await?;
    Ok(CampaignReport::of(caller, report, cost))
}

/// What became of everybody.
#[utoipa::path(
    get, path = "/campaigns/{id}/report", operation_id = "campaign_report", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "Reconciled numbers", body = CampaignReport)),
)]
pub(crate) async fn campaign_report(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Json<CampaignReport>, Problem> {
    caller.needs(Permission::ReadReports)?;
    look(&app, &caller, id).await.map(Json)
}

/// The report, live: `progress` events while it changes, then `end`.
#[utoipa::path(
    get, path = "/campaigns/{id}/progress", operation_id = "campaign_progress", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((
        status = 200, description = "Events `progress`, each a report, and `end`",
        body = CampaignReport, content_type = "text/event-stream",
    )),
)]
pub(crate) async fn campaign_progress(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let watched = app.clone();
    follow(app, move || {
        let (app, caller) = (watched.clone(), caller.clone());
        async move {
            let now = look(&app, &caller, id).await?;
            let is_final = now.is_final();
            Ok(Seen { now, is_final })
        }
    })
    .await
}
