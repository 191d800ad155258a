//! `/contacts/{id}/standing`: what holds for a person now, at every brand, and
//! which groups they are in.

use axum::Json;
use axum::extract::State;
use domain::ids::{BrandId, ContactId};
use domain::{Channel, RecipientKind, Status, Timestamp, Verdict};
use serde::Serialize;
use store::access::Permission;
use store::tags::GroupKind;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Id;
use crate::caller::Caller;
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// What holds for a person now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactStanding {
    /// One entry for each brand, channel, capacity and address that anything is
    /// on record of.
    consents: Vec<StandingConsent>,
    /// Lists and tags, by name.
    groups: Vec<StandingGroup>,
    /// What keeps the person from getting anything, whatever was said.
    stops: Vec<StandingStop>,
}

/// What is on record for one channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StandingConsent {
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// Masked for roles that may not read personal data.
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    /// What the person told us; nothing when only İYS knows of them.
    #[schema(value_type = Option<words::ConsentStatus>)]
    status: Option<Status>,
    #[schema(value_type = Option<String>, format = DateTime)]
    consent_at: Option<Timestamp>,
    /// What İYS said last.
    #[schema(value_type = words::Verdict)]
    verdict: Verdict,
    /// When it said so.
    #[schema(value_type = Option<String>, format = DateTime)]
    checked_at: Option<Timestamp>,
}

/// A list or tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StandingGroup {
    name: String,
    #[schema(value_type = words::GroupKind)]
    kind: GroupKind,
}

/// A stop of one of the person's addresses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StandingStop {
    /// Masked for roles that may not read personal data.
    address: String,
    /// The reason that a campaign would give.
    #[schema(value_type = String, example = "S201")]
    code: domain::ReasonCode,
    /// The channel; all of them when absent.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
}

/// What holds for a person now.
#[utoipa::path(
    get, path = "/contacts/{id}/standing", operation_id = "contact_standing", tag = "contacts",
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "What holds now", body = ContactStanding)),
)]
pub(crate) async fn contact_standing(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
) -> Result<Json<ContactStanding>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let contact = reader.contact(caller.firm, id).await?.or_not_found()?;
    let addresses = [contact.phone, contact.email];
    let ids = [0, 1].map(|at: usize| addresses[at].as_ref().map(|address| address.id));
    let shown = |recipient| {
        let held = addresses.iter().flatten();
        let address = held.into_iter().find(|address| address.id == recipient);
        address.map_or_else(String::new, |address| {
            caller.shows_address(&address.recipient)
        })
    };
    let consents = reader.standing(caller.firm, ids).await?;
    let (mut groups, mut stops) = (Vec::new(), Vec::new());
    for id in ids.into_iter().flatten() {
        for tag in reader.tags_of(caller.firm, id).await? {
            groups.push(StandingGroup {
                name: tag.name,
                kind: tag.kind,
            });
        }
        let stopped = reader.stopped(caller.firm, id).await?;
        for (channel, is_complaint) in stopped.stops {
            stops.push(StandingStop {
                address: shown(id),
                code: if is_complaint {
                    domain::ReasonCode::S202
                } else {
                    domain::ReasonCode::S201
                },
                channel,
            });
        }
        if stopped.is_undeliverable {
            stops.push(StandingStop {
                address: shown(id),
                code: domain::ReasonCode::S204,
                channel: None,
            });
        }
        if stopped.is_off_whatsapp {
            stops.push(StandingStop {
                address: shown(id),
                code: domain::ReasonCode::S204,
                channel: Some(Channel::Whatsapp),
            });
        }
    }
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    groups.dedup_by(|one, other| one.name == other.name);
    let consents = consents.into_iter().map(|held| StandingConsent {
        brand_id: held.brand,
        address: shown(held.recipient),
        channel: held.channel,
        kind: held.kind,
        status: held.state.local.map(|local| local.status),
        consent_at: held.state.local.map(|local| local.consent_date),
        verdict: held.state.registry.verdict,
        checked_at: held.state.registry.checked_at,
    });
    Ok(Json(ContactStanding {
        consents: consents.collect(),
        groups,
        stops,
    }))
}
