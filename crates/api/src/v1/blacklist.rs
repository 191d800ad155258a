//! `/blacklist`: addresses that get nothing, whatever they consented to.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::ids::RecipientId;
use domain::{Channel, Recipient, Timestamp};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Reader;
use store::access::Permission;
use store::blacklist::{self, NewStop, StopCause};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked};
use crate::caller::Caller;
use crate::checks::address;
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem, ProblemKind};
use crate::words;

/// One stop of one address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stop {
    /// The address; masked for roles that may not read personal data.
    address: String,
    /// The channel; all of them when absent.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    #[schema(value_type = words::StopCause)]
    cause: StopCause,
    /// Whether the person complained besides standing on the blacklist.
    also_complaint: bool,
    /// Whether messages that are not commercial go out all the same; unless
    /// they do, not even a one-time code arrives.
    spares_mandatory: bool,
    /// In the words of who entered it.
    note: Option<String>,
    /// Who entered it.
    actor: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// Addresses to be stopped.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStops {
    /// Normalised, as `+905321234567` or `ali@ornek.com.tr`; at most 1,000.
    #[validate(custom(function = "some_addresses"))]
    addresses: Vec<String>,
    /// The channel; all of them unless given.
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    #[schema(value_type = words::StopCause)]
    cause: StopCause,
    /// Lets messages that are not commercial (OTP, delivery, …) through. Not
    /// given, nothing at all arrives. Means nothing after a complaint.
    spares_mandatory: Option<bool>,
    #[validate(length(min = 1, max = 500))]
    note: Option<String>,
}

/// What adding stops did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StopsAdded {
    /// Addresses that were not stopped in this way before.
    added: u64,
    /// Addresses that the firm does not know: nothing could reach them.
    unknown: Vec<String>,
}

/// A stop to be lifted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopToLift {
    #[validate(custom(function = "address"))]
    address: String,
    #[schema(value_type = Option<words::Channel>)]
    channel: Option<Channel>,
    #[schema(value_type = words::StopCause)]
    cause: StopCause,
}

/// Most addresses of one call.
const ADDRESSES_MAX: usize = 1_000;

fn some_addresses(addresses: &[String]) -> Result<(), validator::ValidationError> {
    if !(1..=ADDRESSES_MAX).contains(&addresses.len()) {
        let mut error = crate::checks::fault("count");
        error.add_param("min".into(), &1);
        error.add_param("max".into(), &ADDRESSES_MAX);
        return Err(error);
    }
    addresses.iter().try_for_each(|text| address(text))
}

/// The stops of the firm.
#[utoipa::path(
    get, path = "/blacklist", operation_id = "blacklist", tag = "blacklist", params(Paging),
    responses((status = 200, description = "In the order in which addresses became known", body = Page<Stop>)),
)]
pub(crate) async fn blacklist(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Stop>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let after = match paging.after::<Place>()? {
        Some(place) => Some(cursor(&mut reader, &caller, &place).await?),
        None => None,
    };
    let rows = reader.stops(caller.firm, after, paging.rows()?).await?;
    let show = |stop: blacklist::Stop| Stop {
        address: caller.shows_address(&stop.address),
        channel: stop.channel,
        cause: stop.cause,
        also_complaint: stop.also_complaint,
        spares_mandatory: stop.spares_mandatory,
        note: stop.note,
        actor: stop.actor,
        created_at: stop.created_at,
    };
    paging
        .page(rows, |stop| Place::of(stop).to_string(), show)
        .map(Json)
}

/// Stops addresses.
#[utoipa::path(
    post, path = "/blacklist", operation_id = "add_stops", tag = "blacklist",
    params(crate::openapi::IdempotencyKey), request_body = NewStops,
    responses((status = 201, description = "Stopped", body = StopsAdded)),
)]
pub(crate) async fn add_stops(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewStops>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageBlacklist)?;
    let (firm, actor) = (caller.firm, caller.actor.clone());
    creation
        .in_transaction(&app, &caller, async move |mut writer, wanted: NewStops| {
            let recipients = parsed(&wanted.addresses);
            let ids = writer.recipient_ids(firm, &recipients).await?;
            let unknown = recipients
                .iter()
                .zip(&ids)
                .filter(|(_, id)| id.is_none())
                .map(|(recipient, _)| recipient.to_string())
                .collect();
            let known: Vec<RecipientId> = ids.into_iter().flatten().collect();
            let stop = NewStop {
                channel: wanted.channel,
                cause: wanted.cause,
                spares_mandatory: wanted.spares_mandatory.unwrap_or(false),
                note: wanted.note.as_deref(),
                actor: &actor,
            };
            let added = writer.add_stops(firm, &known, stop).await?;
            let detail =
                json!({ "added": added, "channel": wanted.channel, "cause": wanted.cause });
            writer
                .append_audit(firm, &actor, "blacklist.add", "", &detail)
                .await?;
            Ok((writer, StopsAdded { added, unknown }))
        })
        .await
}

/// Lifts one stop.
#[utoipa::path(
    delete, path = "/blacklist", operation_id = "lift_stop", tag = "blacklist",
    request_body = StopToLift,
    responses((status = 204, description = "Lifted")),
)]
pub(crate) async fn lift_stop(
    State(app): State<App>,
    caller: Caller,
    Checked(wanted): Checked<StopToLift>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageBlacklist)?;
    let mut writer = app.write().await?;
    let ids = writer
        .recipient_ids(caller.firm, &parsed(&[wanted.address]))
        .await?;
    let id = ids.into_iter().flatten().next().or_not_found()?;
    if wanted.cause == StopCause::Complaint
        && let Some(case) = writer.standing_case_of(caller.firm, id).await?
    {
        return Err(Problem::new(ProblemKind::Conflict).with_detail(format!(
            "the complaint {case} is open or held; its stop stays until then"
        )));
    }
    writer
        .lift_stop(caller.firm, id, wanted.channel, wanted.cause)
        .await
        .or_not_found()?;
    let detail = json!({ "channel": wanted.channel, "cause": wanted.cause });
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "blacklist.lift",
            &id.to_string(),
            &detail,
        )
        .await?;
    writer.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Addresses whose form was checked.
fn parsed(addresses: &[String]) -> Vec<Recipient> {
    addresses
        .iter()
        .filter_map(|text| Recipient::from_normalised(text).ok())
        .collect()
}

/// Where a page of stops ended, as the cursor of the next: `rcp_….MESAJ`, or
/// `rcp_….` for a stop of all channels.
struct Place {
    recipient: RecipientId,
    channel: Option<Channel>,
}

impl Place {
    const fn of(stop: &blacklist::Stop) -> Self {
        Self {
            recipient: stop.recipient,
            channel: stop.channel,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}",
            self.recipient,
            self.channel.map_or("", Channel::as_str)
        )
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (recipient, channel) = text.split_once('.').ok_or(())?;
        let channel = match channel {
            "" => None,
            word => Some(Channel::parse(word).ok_or(())?),
        };
        Ok(Self {
            recipient: recipient.parse().map_err(drop)?,
            channel,
        })
    }
}

/// The store's cursor of a place: that of a stop there, whether it still stands or not.
async fn cursor(
    reader: &mut Reader,
    caller: &Caller,
    place: &Place,
) -> Result<blacklist::StopCursor, Problem> {
    let found = reader.recipient(caller.firm, place.recipient).await?;
    let (address, _) = found.ok_or_else(|| Problem::field("after", "cursor"))?;
    let stop = blacklist::Stop {
        recipient: place.recipient,
        address,
        channel: place.channel,
        cause: StopCause::Blacklist,
        also_complaint: false,
        spares_mandatory: false,
        note: None,
        actor: String::new(),
        created_at: Timestamp::default(),
    };
    Ok(stop.cursor())
}
