//! Brands with their counters, the partner's list, the package.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::accounts::{Permissions, Subscription, UserNo};
use super::super::book::BrandNo;
use super::super::call::Call;
use super::super::codes::{self, Code};
use super::super::problem::{Problem, Refusal};
use super::super::words::Channel;
use super::super::world::{Iys, World};

/// Brands on one page of the partner's list.
const PARTNER_PAGE_MAX: usize = 100;

pub(super) async fn brands(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let user = world.caller(&call)?;
        let iys_code = call.number("iys", codes::H190)?;
        world.accounts.reach(user, iys_code)?;
        world.accounts.package(iys_code)?;
        let list: Vec<Value> = world
            .accounts
            .brands_of(user)
            .filter(|(at, _)| world.accounts.brand(*at).iys_code == iys_code)
            .map(|(at, _)| brand_json(world, at))
            .collect();
        Ok(Json(list).into_response())
    })
}

pub(super) async fn partner_brands(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let user = partner(world, &call)?;
        call.only_asks(&["offset", "limit"], codes::H402)?;
        let number = |name: &str, default: usize, wrong: Code| {
            call.asked(name)
                .map_or(Ok(default), |text| text.parse::<usize>().map_err(|_| wrong))
        };
        let limit = number("limit", PARTNER_PAGE_MAX, codes::H183)?;
        let offset = number("offset", 0, codes::H182)?;
        if limit == 0 {
            return Err(codes::H187.into());
        }
        if limit > PARTNER_PAGE_MAX {
            return Err(codes::H186.into());
        }
        let total = world.accounts.brands_of(user).count();
        let list: Vec<Value> = world
            .accounts
            .brands_of(user)
            .skip(offset)
            .take(limit)
            .map(|(at, rights)| partner_json(world, at, rights))
            .collect();
        let pagination = json!({ "totalCount": total, "pageSize": limit, "offset": offset });
        Ok(Json(json!({ "pagination": pagination, "list": list })).into_response())
    })
}

pub(super) async fn partner_firm(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let user = partner(world, &call)?;
        let iys_code = call.number("iys", codes::H190)?;
        let list: Vec<Value> = world
            .accounts
            .brands_of(user)
            .filter(|(at, _)| world.accounts.brand(*at).iys_code == iys_code)
            .map(|(at, rights)| partner_json(world, at, rights))
            .collect();
        if list.is_empty() {
            return Err(codes::H245.into());
        }
        Ok(Json(list).into_response())
    })
}

pub(super) async fn subscription(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let user = world.caller(&call)?;
        let iys_code = call.number("iys", codes::H190)?;
        world.accounts.reach(user, iys_code)?;
        let firm = world.accounts.firm(iys_code).ok_or(codes::H437)?;
        let mut body = json!({ "status": package_word(firm.subscription)? });
        // A partner that asks for a firm does not see how full the package is.
        let is_partner = world.accounts.user(user).integrator_code.is_some();
        if !is_partner && let Some(limit) = firm.consent_limit {
            let used = Channel::ALL
                .into_iter()
                .map(|channel| world.accounts.used(&world.book, iys_code, channel))
                .max()
                .unwrap_or_default();
            body["consentLimit"] = limit.into();
            body["usedConsentLimit"] = used.into();
            body["consentLimitExceed"] = (used > limit).into();
        }
        Ok(Json(body).into_response())
    })
}

/// A partner's own package; only firms' packages can be made to lapse.
pub(super) async fn partner_subscription(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        partner(world, &call)?;
        Ok(Json(json!({ "status": "ACTIVE" })).into_response())
    })
}

/// The caller, if it is the partner the path names.
fn partner(world: &mut World, call: &Call) -> Result<UserNo, Refusal> {
    let user = world.caller(call)?;
    let asked = call.number("integrator", codes::H129)?;
    match world.accounts.user(user).integrator_code {
        None => Err(codes::H363.into()),
        Some(own) if own == asked => Ok(user),
        Some(_) => Err(Problem::of(codes::H129).into()),
    }
}

fn package_word(subscription: Subscription) -> Result<&'static str, Code> {
    match subscription {
        Subscription::Active | Subscription::WithoutApi => Ok("ACTIVE"),
        Subscription::Paused => Ok("PAUSED"),
        Subscription::Expired => Ok("EXPIRED"),
        Subscription::Closed => Err(codes::H521),
        Subscription::None => Err(codes::H437),
    }
}

fn brand_json(world: &World, at: BrandNo) -> Value {
    let brand = world.accounts.brand(at);
    let totals = world.book.totals(at);
    json!({
        "brandCode": brand.code,
        "name": brand.name,
        "master": brand.is_master(),
        "stats": {
            "consents": {
                "approval": totals.approvals,
                "rejection": totals.rejections,
                "total": totals.approvals + totals.rejections,
            },
            "retailers": { "total": brand.retailers.len() },
        },
    })
}

fn partner_json(world: &World, at: BrandNo, rights: &Permissions) -> Value {
    let brand = world.accounts.brand(at);
    // The document writes codes now as numbers, now as text.
    let code = |code: u64| {
        if world.options.quirks {
            Value::String(code.to_string())
        } else {
            code.into()
        }
    };
    let mut body = json!({
        "iysCode": code(brand.iys_code),
        "brandCode": code(brand.code),
        "name": brand.name,
        "title": brand.name,
        "master": brand.is_master(),
    });
    let granted = serde_json::to_value(rights).unwrap_or_default();
    if let (Value::Object(body), Value::Object(granted)) = (&mut body, granted) {
        body.extend(granted);
    }
    body
}
