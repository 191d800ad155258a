//! The services of İYS, one file per group.

mod add;
mod firms;
mod movements;
mod mutabakat;
mod push;
mod results;
mod retailers;
mod status;
mod token;
pub(super) mod via;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::world::Iys;

/// A list of 1,000 consents is about 250 kB.
const BODY_BYTES_MAX: usize = 4 << 20;

/// The services under the paths of the İYS API document.
pub(super) fn routes(sim: Arc<Iys>) -> Router {
    let brand = "/sps/{iys}/brands/{brand}/consents";
    let under = |tail: &str| format!("{brand}{tail}");
    Router::new()
        .route("/oauth2/token", post(token::token))
        .route("/sps/{iys}/brands", get(firms::brands))
        .route("/sps/{iys}/subscription", get(firms::subscription))
        .route("/integrator/{integrator}/sps", get(firms::partner_brands))
        .route(
            "/integrator/{integrator}/sps/{iys}",
            get(firms::partner_firm),
        )
        .route(
            "/integrator/{integrator}/subscription",
            get(firms::partner_subscription),
        )
        .route(brand, post(add::add_one))
        .route(&format!("/v2{brand}"), post(add::add_one_v2))
        .route(&under("/request"), post(add::add_many))
        .route(&format!("/v2{brand}/request"), post(add::add_many_v2))
        .route(&under("/request/{request}"), get(results::results))
        .route(
            &format!("/v2{brand}/request/{{request}}"),
            get(results::results),
        )
        .route(&under("/status"), post(status::one))
        .route(&under("/{kind}/status/{channel}"), post(status::many))
        .route(&under("/history"), post(movements::history))
        .route(&under("/changes"), get(movements::changes))
        .merge(brand_routes())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(sim)
}

/// Mutabakat, push, retailers and ViA.
fn brand_routes() -> Router<Arc<Iys>> {
    let under = |tail: &str| format!("/sps/{{iys}}/brands/{{brand}}{tail}");
    Router::new()
        .route(
            &under("/changes/{day}/recipients/{kind}"),
            get(mutabakat::day_summary),
        )
        .route(&under("/changes/{day}/file"), get(mutabakat::file))
        .route(
            &under("/agreements/{day}"),
            get(mutabakat::hash).put(mutabakat::agree),
        )
        .route(&under("/agreements/{day}/timestamp"), get(mutabakat::stamp))
        .route(
            &under("/push/registration"),
            post(push::register).get(push::list),
        )
        .route(&under("/push/unregistration"), post(push::unregister))
        .route(
            &under("/retailers"),
            post(retailers::create).get(retailers::list),
        )
        .route(
            &under("/retailers/{retailer}"),
            get(retailers::one).delete(retailers::delete),
        )
        .route(&under("/via-hash-links"), post(via::links))
        .route("/info/city", get(retailers::provinces))
        .route("/info/city/{code}", get(retailers::provinces))
        .route("/info/town", get(retailers::districts))
        .route("/info/town/{code}", get(retailers::districts))
        .route("/via/sps/{iys}/consent", post(via::start))
        .route("/via/sps/{iys}/consent/confirmation", post(via::confirm))
        .route("/via/sps/{iys}/consent/request/{request}", get(via::state))
}
