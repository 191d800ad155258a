//! ViA: start, confirmation, state, and refusal links for e-mails.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::address::Address;
use super::super::book::{BrandNo, Key, Loaded};
use super::super::call::Call;
use super::super::codes::{self, Code};
use super::super::problem::Refusal;
use super::super::via::{self, Asked};
use super::super::words::{Channel, Kind, Source, Status};
use super::super::world::{Iys, World};
use crate::dice::{mix, uuid};

const VERIFICATIONS: [&str; 5] = [
    "SMS_OTP",
    "SMS_SHORTURL",
    "EPOSTA_OTP",
    "EPOSTA_SHORTURL",
    "EPOSTA_APPROVALURL",
];
const START_FIELDS: [&str; 5] = [
    "formId",
    "recipient",
    "verificationType",
    "consentTypes",
    "referenceId",
];
/// Addresses of one request for links.
const LINKS_MAX: usize = 100;

pub(super) async fn start(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    answer(&sim, |world| {
        let iys_code = enter(world, &call)?;
        let body = call.object(codes::H1016)?;
        if body.keys().any(|key| !START_FIELDS.contains(&key.as_str())) {
            return Err(codes::H1010.into());
        }
        if text(&body, "formId")? != world.options.via_form {
            return Err(codes::H1000.into());
        }
        let recipient = text(&body, "recipient")?;
        let verification = text(&body, "verificationType")?.to_owned();
        if !VERIFICATIONS.contains(&verification.as_str()) || text(&body, "referenceId")?.is_empty()
        {
            return Err(codes::H1010.into());
        }
        let recipient = Address::parse(recipient).map_err(|_| {
            if recipient.contains('@') {
                codes::H1027
            } else {
                codes::H1026
            }
        })?;
        if recipient.is_phone() != verification.starts_with("SMS") {
            return Err(codes::H1025.into());
        }
        let keys = asked_keys(world, iys_code, &body, &recipient)?;
        let now = world.now_ms;
        if world.via.recent(&recipient, now, via::PAUSE_MS) > 0 {
            return Err(codes::H465.into());
        }
        if world.via.recent(&recipient, now, via::DAY_MS) >= via::PER_DAY_MAX {
            return Err(codes::H453.into());
        }
        let number = u64::try_from(world.via.requests.len()).unwrap_or_default();
        let seed = mix(world.seed ^ 0x7669_6100 ^ number);
        let id = uuid(seed, mix(seed));
        let asked = Asked {
            iys_code,
            recipient,
            verification,
            code: format!("{:06}", seed % 1_000_000),
            wrong: 0,
            at_ms: now,
            keys,
            is_done: false,
        };
        world.via.requests.insert(id.clone(), asked);
        Ok(json!({ "requestId": id }))
    })
}

pub(super) async fn confirm(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    let response = answer(&sim, |world| {
        let iys_code = enter(world, &call)?;
        let body = call.object(codes::H1016)?;
        let id = text(&body, "requestId")?.to_owned();
        let verification = text(&body, "verificationType")?.to_owned();
        let now = world.now_ms;
        let codes = body.get("consentTypes");
        let given = codes.and_then(|codes| codes[0]["otpCode"].as_str());
        let asked = find(world, &id, iys_code)?;
        if !asked.has_code() || asked.verification != verification {
            return Err(codes::H1025.into());
        }
        if asked.is_done {
            return Err(codes::H1110.into());
        }
        if asked.is_over(now) {
            return Err(codes::H1051.into());
        }
        if asked.wrong >= via::TRIES_MAX {
            return Err(codes::H1050.into());
        }
        if given != Some(asked.code.as_str()) {
            asked.wrong += 1;
            return Err(codes::H1052.into());
        }
        agree(world, &id);
        Ok(json!({ "requestId": id }))
    });
    sim.woken.notify_one();
    response
}

pub(super) async fn state(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    answer(&sim, |world| {
        let iys_code = enter(world, &call)?;
        let now = world.now_ms;
        let asked = find(world, call.text("request"), iys_code)?;
        let (stage, status) = if asked.is_done {
            ("COMPLETED", "SUCCESS")
        } else if !asked.is_over(now) {
            ("CONSENT_REQUESTED", "PENDING")
        } else if asked.has_code() {
            ("OTP_CODE_EXPIRED", "FAILURE")
        } else {
            ("LINK_CLICK_TIMEOUT", "FAILURE")
        };
        Ok(json!({ "stage": stage, "status": status }))
    })
}

/// Links by which people refuse e-mails; for ONAY only.
pub(super) async fn links(State(sim): State<Arc<Iys>>, call: Call) -> Response {
    sim.reply(|world| {
        let pass = world.enter(&call)?;
        let body = call.object(codes::H014)?;
        let list = body
            .get("recipients")
            .and_then(Value::as_array)
            .ok_or(codes::H168)?;
        if list.is_empty() {
            return Err(codes::H164.into());
        }
        if list.len() > LINKS_MAX {
            return Err(codes::H127.into());
        }
        let mut rows = Vec::with_capacity(list.len());
        for one in list {
            let recipient = one["recipient"].as_str().ok_or(codes::H114)?;
            let kind = one["recipientType"].as_str().and_then(Kind::read);
            let key = Key {
                address: Address::parse(recipient)?,
                kind: kind.ok_or(codes::H116)?,
                channel: Channel::Eposta,
            };
            rows.push(if world.book.is_approved(pass.brand, &key) {
                let number = mix(world.seed ^ crate::dice::stable_hash(recipient.as_bytes()));
                json!({ "url": format!("https://ret.iys.example/{number:016x}"), "recipient": recipient })
            } else {
                let code = codes::H568;
                json!({ "recipient": recipient, "code": code.id, "message": code.text })
            });
        }
        Ok(Json(rows).into_response())
    })
}

/// What a person does who agrees: for the control, and after a right code.
pub(crate) fn agree(world: &mut World, id: &str) -> bool {
    let Some(asked) = world.via.requests.get_mut(id) else {
        return false;
    };
    asked.is_done = true;
    let source = if asked.recipient.is_phone() {
        Source::IYS_KISAMESAJ
    } else {
        Source::IYS_EPOSTA
    };
    for (brand, key) in asked.keys.clone() {
        let loaded = Loaded {
            key,
            status: Status::Onay,
            source,
            date: Some(world.now),
            created: world.now,
        };
        world.book.load(brand, loaded);
    }
    true
}

fn enter(world: &mut World, call: &Call) -> Result<u64, Refusal> {
    let user = world.caller(call)?;
    let iys_code = call.number("iys", codes::H1039)?;
    world.accounts.reach(user, iys_code)?;
    world.accounts.package(iys_code)?;
    let may = world.accounts.brands_of(user).any(|(brand, rights)| {
        world.accounts.brand(brand).iys_code == iys_code && rights.via_control
    });
    if may {
        Ok(iys_code)
    } else {
        Err(codes::H1104.into())
    }
}

fn find<'a>(world: &'a mut World, id: &str, iys_code: u64) -> Result<&'a mut Asked, Code> {
    world
        .via
        .requests
        .get_mut(id)
        .filter(|asked| asked.iys_code == iys_code)
        .ok_or(codes::H1028)
}

fn asked_keys(
    world: &World,
    iys_code: u64,
    body: &Map<String, Value>,
    recipient: &Address,
) -> Result<Vec<(BrandNo, Key)>, Code> {
    let mut keys = Vec::new();
    let list = body.get("consentTypes").and_then(Value::as_array);
    for one in list.ok_or(codes::H1010)? {
        let kind = one["recipientType"].as_str().and_then(Kind::read);
        let kind = kind.ok_or(codes::H1010)?;
        let texts = |field: &str| one[field].as_array().cloned().unwrap_or_default();
        let channels: Option<Vec<Channel>> = texts("types")
            .iter()
            .map(|word| word.as_str().and_then(Channel::read))
            .collect();
        let brands: Option<Vec<BrandNo>> = texts("brandCodes")
            .iter()
            .map(|code| world.accounts.find_brand(iys_code, code.as_u64()?))
            .collect();
        let channels = channels.ok_or(codes::H1010)?;
        let brands = brands.ok_or(codes::H1014)?;
        match one["title"].as_str() {
            Some("ETK") => keys.extend(via::keys(&brands, &channels, kind, recipient)),
            // Consent to personal data is no consent of the book.
            Some("KVK") => {}
            _ => return Err(codes::H1010),
        }
    }
    Ok(keys)
}

fn text<'a>(body: &'a Map<String, Value>, field: &str) -> Result<&'a str, Code> {
    body.get(field).and_then(Value::as_str).ok_or(codes::H1010)
}

/// ViA words its answers in its own way, errors included.
fn answer(sim: &Iys, carry_out: impl FnOnce(&mut World) -> Result<Value, Refusal>) -> Response {
    let mut world = sim.world();
    let quirks = world.options.quirks;
    match carry_out(&mut world) {
        Ok(message) => Json(json!({ "code": "OK", "message": message })).into_response(),
        Err(refusal) => match refusal.only_code().filter(|code| code.id.len() == 5) {
            Some(code) => {
                let status = StatusCode::from_u16(code.http).unwrap_or(StatusCode::BAD_REQUEST);
                (
                    status,
                    Json(json!({ "code": code.id, "message": code.text })),
                )
                    .into_response()
            }
            None => refusal.answer(quirks),
        },
    }
}
