//! Every route, and the layers around them.
//!
//! ```text
//! observe ─► headers ─► gzip ─► problems written ─► panics caught ─► route
//!                                                     (api: no-store, body limit, time limit)
//! ```

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Extension, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::options::BodyLimits;
use crate::v1::{
    actors, alarms, api_keys, attributes, audit, blacklist, bounces, brands, campaigns,
    complaint_cases as cases, complaints, connectors, consents, contacts, coverage, events, firms,
    groups, inbound as replies, keyed, mail, messages, optouts, promotions, reasons, registry,
    segments, sending, session, templates, testers, uploads, users,
};
use crate::{guard, health, inbound, observe, openapi, panel, problem, public};

/// Where the API begins.
const V1: &str = "/api/v1";

/// Calls that answer within the time limit.
fn quick() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            session::start_session,
            session::session,
            session::end_session
        ))
        .routes(routes!(firms::firms, firms::create_firm))
        .routes(routes!(firms::firm, firms::change_firm))
        .routes(routes!(firms::live_preview, firms::go_live))
        .routes(routes!(brands::brands, brands::create_brand))
        .routes(routes!(brands::brand, brands::change_brand))
        .routes(routes!(coverage::consent_coverage))
        .routes(routes!(users::users, users::create_user))
        .routes(routes!(users::change_user))
        .routes(routes!(actors::actors))
        .routes(routes!(api_keys::api_keys, api_keys::create_api_key))
        .routes(routes!(api_keys::change_api_key))
        .routes(routes!(connectors::connector_kinds))
        .routes(routes!(
            connectors::connectors,
            connectors::create_connector
        ))
        .routes(routes!(connectors::connector, connectors::change_connector))
        .routes(routes!(connectors::connector_balance))
        .routes(routes!(uploads::uploads))
        .routes(routes!(uploads::upload_scores))
        .routes(routes!(uploads::source_scores))
        .routes(routes!(uploads::upload))
        .routes(routes!(uploads::apply_upload))
        .routes(routes!(uploads::answer_upload))
        .routes(routes!(uploads::correct_upload))
        .routes(routes!(uploads::cancel_upload))
        .routes(routes!(uploads::upload_rejections))
        .routes(routes!(contacts::contacts))
        .routes(routes!(contacts::contact))
        .routes(routes!(contacts::contact_why))
        .routes(routes!(contacts::contact_timeline))
        .routes(routes!(contacts::contact_standing))
        .routes(routes!(consents::consent, consents::record_consents))
        .routes(routes!(consents::consent_history))
        .routes(routes!(consents::consent_as_of))
        .routes(routes!(
            blacklist::blacklist,
            blacklist::add_stops,
            blacklist::lift_stop
        ))
        .routes(routes!(bounces::bounces, bounces::try_address_again))
        .routes(routes!(complaints::complaints))
        .routes(routes!(registry::complaint_handled))
        .routes(routes!(
            cases::complaint_cases,
            cases::create_complaint_case
        ))
        .routes(routes!(cases::complaint_month))
        .routes(routes!(cases::complaint_case, cases::change_complaint_case))
        .routes(routes!(cases::complaint_finding))
        .routes(routes!(cases::take_complaint_case))
        .routes(routes!(cases::answer_complaint_case))
        .routes(routes!(cases::refuse_for_complaint_case))
        .routes(routes!(cases::inform_complaint_branch))
        .routes(routes!(cases::solve_complaint_case))
        .routes(routes!(
            cases::branch_watches,
            cases::watch_branch,
            cases::end_branch_watch
        ))
        .routes(routes!(cases::evidence_key))
        .routes(routes!(
            attributes::attributes,
            attributes::create_attribute
        ))
        .routes(routes!(attributes::change_attribute))
        .routes(routes!(groups::tags))
        .routes(routes!(groups::tag_members, groups::change_tag))
        .routes(routes!(groups::delete_tag))
        .routes(routes!(groups::groups))
        .routes(routes!(groups::group_members, groups::change_group))
        .routes(routes!(groups::delete_group))
        .routes(routes!(promotions::promotions))
        .routes(routes!(
            promotions::promotion,
            promotions::change_promotion,
            promotions::delete_promotion
        ))
        .routes(routes!(events::events, events::record_events))
        .routes(routes!(events::event_types, events::create_event_type))
        .routes(routes!(events::set_event_type))
        .routes(routes!(segments::segments, segments::create_segment))
        .routes(routes!(segments::segment, segments::change_segment))
        .routes(routes!(registry::registry_status))
        .routes(routes!(registry::registry_deadlines))
        .routes(routes!(registry::registry_forecast))
        .routes(routes!(registry::registry_rejections))
        .routes(routes!(registry::registry_rejected_people))
        .routes(routes!(registry::registry_resend))
        .routes(routes!(registry::consent_holds))
        .routes(routes!(registry::decide_hold))
        .routes(routes!(registry::consent_findings))
        .routes(routes!(registry::review_finding))
        .routes(routes!(registry::may_ask_anew, registry::ask_anew))
        .routes(routes!(registry::via_request))
        .routes(routes!(alarms::alarms))
        .routes(routes!(alarms::acknowledge_alarm))
        .routes(routes!(
            registry::registry_compare,
            registry::registry_comparison,
            registry::change_registry_comparison
        ))
        .routes(routes!(registry::change_registry_mode))
        .routes(routes!(registry::registry_drift))
        .routes(routes!(templates::templates, templates::create_template))
        .routes(routes!(templates::template, templates::change_template))
        .routes(routes!(templates::preview_template))
        .routes(routes!(templates::template_versions))
        .routes(routes!(templates::text_variables))
        .routes(routes!(campaigns::campaigns, campaigns::create_campaign))
        .routes(routes!(campaigns::campaign, campaigns::change_campaign))
        .routes(routes!(
            testers::test_recipients,
            testers::invite_test_recipient
        ))
        .routes(routes!(testers::remove_test_recipient))
        .routes(routes!(testers::test_campaign))
        .routes(routes!(campaigns::campaign_calendar))
        .routes(routes!(campaigns::holidays))
        .routes(routes!(campaigns::submit_campaign))
        .routes(routes!(campaigns::approve_campaign))
        .routes(routes!(campaigns::launch_campaign))
        .routes(routes!(campaigns::pause_campaign))
        .routes(routes!(campaigns::resume_campaign))
        .routes(routes!(campaigns::stop_campaign))
        .routes(routes!(campaigns::campaign_report))
        .routes(routes!(campaigns::campaign_messages))
        .routes(routes!(mail::campaign_mail, mail::set_campaign_mail))
        .routes(routes!(mail::template_mail, mail::set_template_mail))
        .routes(routes!(mail::template_mail_versions))
        .routes(routes!(messages::messages, keyed::send_messages))
        .routes(routes!(
            keyed::template_api,
            keyed::set_template_api,
            keyed::end_template_api
        ))
        .routes(routes!(replies::replies))
        .routes(routes!(replies::decide_reply))
        .routes(routes!(messages::message_proof))
        .routes(routes!(messages::message_proof_page))
        .routes(routes!(campaigns::sign_campaign))
        .routes(routes!(campaigns::ask_registry_for_campaign))
        .routes(routes!(campaigns::campaign_parts))
        .routes(routes!(campaigns::credit_forecast))
        .routes(routes!(campaigns::choose_campaign_text))
        .routes(routes!(sending::sending_rules, sending::set_sending_rules))
        .routes(routes!(sending::halts))
        .routes(routes!(sending::halt_brand, sending::release_brand))
        .routes(routes!(sending::halt_connector, sending::release_connector))
        .routes(routes!(templates::check_text))
        .routes(routes!(audit::audit))
        .routes(routes!(reasons::reasons))
}

/// Streams, files, and calls that wait for somebody outside.
fn slow() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(uploads::upload_progress))
        .routes(routes!(uploads::upload_rejections_csv))
        .routes(routes!(uploads::upload_rejections_xlsx))
        .routes(routes!(campaigns::campaign_progress))
        .routes(routes!(campaigns::export_campaign))
        .routes(routes!(promotions::export_promotion_codes))
        .routes(routes!(cases::complaint_picture))
        .routes(routes!(cases::complaint_month_csv))
        .routes(routes!(cases::evidence_pack))
        .routes(routes!(optouts::opt_outs))
        .routes(routes!(optouts::export_opt_outs))
        .routes(routes!(campaigns::dry_run_campaign))
        .routes(routes!(campaigns::dry_run_people))
        .routes(routes!(segments::preview_segment))
        .routes(routes!(segments::segment_people))
        .routes(routes!(campaigns::campaign_conversions))
        .routes(routes!(campaigns::campaign_go))
        .routes(routes!(campaigns::measure_campaign))
        .routes(routes!(templates::measure_template))
        .routes(routes!(connectors::test_connector))
        .routes(routes!(registry::preview_registry_mode))
        .routes(routes!(
            registry::registry_drift_day,
            registry::compare_registry_day
        ))
        .routes(routes!(registry::confirm_registry_day))
        .routes(routes!(
            registry::held_push_address,
            registry::registry_push_address,
            registry::end_push_address
        ))
        .routes(routes!(registry::push_connections))
        .routes(routes!(registry::registry_pull))
        .routes(routes!(registry::via_requests, registry::ask_through_iys))
        .routes(routes!(registry::via_code))
        .routes(routes!(
            registry::registry_history,
            registry::ask_registry_history
        ))
        .routes(routes!(
            registry::registry_retailers,
            registry::add_registry_retailer
        ))
        .routes(routes!(registry::remove_registry_retailer))
        .routes(routes!(registry::registry_retailer_places))
        .routes(routes!(registry::registry_ledger))
        .routes(routes!(registry::search_consents))
        .routes(routes!(registry::registry_push))
}

/// Files.
fn files(limits: BodyLimits) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(uploads::create_upload))
        .layer(DefaultBodyLimit::max(limits.upload))
}

/// What providers push.
fn pushes(limits: BodyLimits) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            inbound::push_receipts,
            inbound::confirm_receipts_address
        ))
        .routes(routes!(inbound::push_replies))
        .routes(routes!(inbound::push_registry))
        .layer(DefaultBodyLimit::max(limits.push))
}

/// The API document of all routes.
pub(crate) fn document() -> OpenApi {
    let limits = BodyLimits::default();
    let v1 = quick().merge(slow()).merge(files(limits));
    let all = OpenApiRouter::with_openapi(openapi::base())
        .nest(V1, v1)
        .merge(pushes(limits));
    openapi::finish(all.into_openapi())
}

/// The whole server.
pub(crate) fn router(app: App) -> Router {
    let limits = app.options.body_limits;
    let time_limit = from_fn_with_state(app.clone(), guard::time_limit);
    let json = DefaultBodyLimit::max(limits.json);
    let v1 = quick()
        .route("/openapi.json", get(openapi::serve))
        .layer(time_limit.clone())
        .layer(json)
        .merge(slow().layer(json))
        .merge(files(limits))
        .layer(from_fn(guard::no_store));
    let pushes = pushes(limits).layer(time_limit);
    let (routes, _) = OpenApiRouter::new()
        .nest(V1, v1)
        .merge(pushes)
        .split_for_parts();
    let routes = routes
        .route("/u/stil.css", get(public::style))
        .route("/u/{token}", get(public::show).post(public::wish))
        .route(
            "/t/{token}",
            get(public::invitation).post(public::answer_invitation),
        )
        .route(
            "/sikayet/{brand}",
            get(public::complaint_form)
                .post(public::file_complaint)
                .layer(DefaultBodyLimit::max(public::COMPLAINT_BYTES_MAX)),
        )
        .route("/sikayet/{brand}/{key}", get(public::own_complaint))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));
    let routes = if app.options.serve_panel {
        routes.fallback(panel::serve)
    } else {
        routes.fallback(panel::nothing)
    };
    routes
        .layer(Extension(Arc::new(document())))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(from_fn(problem::finish))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), guard::headers))
        .layer(from_fn_with_state(app.clone(), observe::observe))
        .with_state(app)
}
