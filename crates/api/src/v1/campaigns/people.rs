//! The people behind a campaign's numbers.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use domain::ids::{CampaignId, ContactId, RecipientId};
use domain::{ReasonCode, Recipient, Timestamp};
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::audience_people::{JudgedGroup, JudgedPerson};
use store::reporting::{CampaignPerson, PersonCursor, PersonFilter, PersonState};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::reason::Reason;

/// What became of a message.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessageState {
    /// Kept out by the gate.
    Excluded,
    /// Not handed over yet, or never.
    Waiting,
    /// Handed over.
    Sent,
    /// Confirmed.
    Delivered,
    /// Did not get through.
    Failed,
    /// May or may not have been handed over.
    Uncertain,
}

/// One person of a campaign.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignMessage {
    #[schema(value_type = Option<String>)]
    contact_id: Option<ContactId>,
    /// Masked for roles that may not read personal data.
    address: String,
    state: MessageState,
    /// Why not: what kept them out, or why it failed.
    #[schema(value_type = Option<String>, example = "S103")]
    code: Option<ReasonCode>,
    text_tr: Option<String>,
    text_en: Option<String>,
    /// The provider's own code.
    provider_code: Option<String>,
    /// The provider's own words.
    provider_text: Option<String>,
    /// When it last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Which people.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageFilter {
    /// Only those with this reason.
    #[param(value_type = Option<String>, example = "S103")]
    code: Option<ReasonCode>,
    /// Only those in this state.
    #[param(inline)]
    state: Option<MessageState>,
}

impl MessageState {
    pub(crate) const fn to_store(self) -> PersonState {
        match self {
            Self::Excluded => PersonState::Excluded,
            Self::Waiting => PersonState::Waiting,
            Self::Sent => PersonState::Sent,
            Self::Delivered => PersonState::Delivered,
            Self::Failed => PersonState::Failed,
            Self::Uncertain => PersonState::Uncertain,
        }
    }

    pub(crate) const fn of(state: PersonState) -> Self {
        match state {
            PersonState::Excluded => Self::Excluded,
            PersonState::Waiting => Self::Waiting,
            PersonState::Sent => Self::Sent,
            PersonState::Delivered => Self::Delivered,
            PersonState::Failed => Self::Failed,
            PersonState::Uncertain => Self::Uncertain,
        }
    }
}

/// Where a page of people ended: the code they were frozen with, and the address's number.
struct Place(PersonCursor);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, recipient) = self.0;
        write!(f, "{code}.{}", RecipientId::from_db(recipient))
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (code, recipient) = text.split_once('.').ok_or(())?;
        let recipient: RecipientId = recipient.parse().map_err(drop)?;
        Ok(Self((code.parse().map_err(drop)?, recipient.as_db())))
    }
}

fn show(caller: &Caller, person: CampaignPerson) -> CampaignMessage {
    let reason = person.code.map(Reason::of);
    // What the store holds is normalised; should it not be, it is not shown.
    let address = Recipient::from_normalised(&person.address).map_or_else(
        |_| "***".to_owned(),
        |address| caller.shows_address(&address),
    );
    CampaignMessage {
        contact_id: Some(person.contact),
        address,
        state: MessageState::of(person.state),
        code: person.code,
        text_tr: reason.as_ref().map(|reason| reason.text_tr.clone()),
        text_en: reason.map(|reason| reason.text_en),
        provider_code: person.provider_code,
        provider_text: person.provider_text,
        at: person.at,
    }
}

/// The people of a campaign, with what became of each.
#[utoipa::path(
    get, path = "/campaigns/{id}/messages", operation_id = "campaign_messages", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign"), MessageFilter, Paging),
    responses((status = 200, description = "A page of people", body = Page<CampaignMessage>)),
)]
pub(crate) async fn campaign_messages(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Asked(filter): Asked<MessageFilter>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<CampaignMessage>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.campaign(caller.firm, id).await?.or_not_found()?;
    let filter = PersonFilter {
        code: filter.code,
        state: filter.state.map(MessageState::to_store),
    };
    let after = paging.after::<Place>()?.map(|place| place.0);
    let (people, next) = reader
        .campaign_people(id, filter, after, paging.limit()?)
        .await?;
    Ok(Json(Page {
        items: people
            .into_iter()
            .map(|person| show(&caller, person))
            .collect(),
        next: next.map(|next| Place(next).to_string()),
    }))
}

/// A person of a dry run, shown as one of a campaign is.
fn show_judged(caller: &Caller, person: JudgedPerson) -> CampaignMessage {
    let state = match person.code {
        None => PersonState::Waiting,
        Some(_) => PersonState::Excluded,
    };
    show(
        caller,
        CampaignPerson {
            recipient: person.recipient,
            address: person.address,
            contact: person.contact,
            external_id: None,
            batch_no: 0,
            state,
            code: person.code,
            failure: None,
            provider_code: None,
            provider_text: None,
            at: None,
        },
    )
}

/// The people behind a number of the dry run: `excluded` ones, by reason where
/// one is given, and `waiting` ones, whom it would reach. Nothing is frozen;
/// everybody is judged again at launch.
#[utoipa::path(
    get, path = "/campaigns/{id}/dry-run/people", operation_id = "dry_run_people", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign"), MessageFilter, Paging),
    responses((status = 200, description = "A page of people", body = Page<CampaignMessage>)),
)]
pub(crate) async fn dry_run_people(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Asked(filter): Asked<MessageFilter>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<CampaignMessage>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let group = match (filter.code, filter.state) {
        (Some(code), None | Some(MessageState::Excluded)) => Some(JudgedGroup::Reason(code)),
        (None, None) => Some(JudgedGroup::All),
        (None, Some(MessageState::Excluded)) => Some(JudgedGroup::Excluded),
        (None, Some(MessageState::Waiting)) => Some(JudgedGroup::Sendable),
        // Nothing has been handed over.
        (_, Some(_)) => None,
    };
    let rows = paging.rows()?;
    let people = match group {
        Some(group) => {
            let after = paging.after::<RecipientId>()?;
            app.engine
                .dry_run_people(caller.firm, id, group, after, rows)
                .await?
        }
        None => Vec::new(),
    };
    paging
        .page(
            people,
            |person| person.recipient.to_string(),
            |person| show_judged(&caller, person),
        )
        .map(Json)
}
