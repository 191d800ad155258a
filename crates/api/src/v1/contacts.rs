//! `/contacts`: people by name, number or address; why a message would or
//! would not reach one of them; and everything they ever said.

mod search;
mod standing;
mod timeline;
mod why;

use axum::Json;
use axum::extract::State;
use domain::device::Platform;
use domain::ids::ContactId;
use domain::{Channel, Timestamp};
use serde::Serialize;
use store::Reader;
use store::access::Permission;
use store::attributes::Defined;
use store::contacts::search::{ContactFilter, SearchPlace};
use store::contacts::{self, ContactAddress};
use utoipa::ToSchema;

pub(crate) use search::ContactSearch;
pub(crate) use standing::*;
pub(crate) use timeline::*;
pub(crate) use why::*;

use crate::app::App;
use crate::body::{Asked, Id};
use crate::caller::Caller;
use crate::masking;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::written::address_of;
use search::{Place, asked_value, place_at};

/// A person or company of the firm (*kişi*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Contact {
    #[schema(value_type = String, example = "cnt_10000")]
    id: ContactId,
    /// The firm's own number of the person.
    external_id: Option<String>,
    /// Masked for roles that may not read personal data, as are the addresses.
    full_name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    /// Values of the firm's attributes that it has, by place.
    attributes: Vec<ContactAttribute>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// One person, with what a list does not tell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactInFull {
    #[serde(flatten)]
    contact: Contact,
    /// Devices that files have named, by their tokens; at most 100.
    devices: Vec<ContactDevice>,
}

/// A device of a person (*cihaz*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactDevice {
    /// `ios` or `android`, as the shape of its token tells; null where it does not.
    #[schema(value_type = Option<String>, example = "ios")]
    platform: Option<&'static str>,
    /// Cut short for roles that may not read personal data.
    token: String,
}

/// A value of an attribute (*özel alan*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContactAttribute {
    code: String,
    label_tr: String,
    label_en: String,
    /// As people write it in Turkish; masked where the attribute is personal or
    /// health data and the role may not read that.
    value: String,
}

/// The values of a contact, as this caller may see them. One without a
/// definition is treated as personal data.
fn values(
    caller: &Caller,
    defined: &[Defined],
    mut held: std::collections::BTreeMap<String, String>,
) -> Vec<ContactAttribute> {
    let may_read = caller.role.may(Permission::ReadPersonal);
    let shown = |value: String, is_hidden: bool| {
        if is_hidden && !may_read {
            masking::name(&value)
        } else {
            value
        }
    };
    let mut values = Vec::with_capacity(held.len());
    for Defined { attribute, .. } in defined {
        if let Some(stored) = held.remove(&attribute.code) {
            values.push(ContactAttribute {
                code: attribute.code.clone(),
                label_tr: attribute.label_tr.clone(),
                label_en: attribute.label_en.clone(),
                value: shown(attribute.show(&stored), attribute.is_hidden()),
            });
        }
    }
    values.extend(held.into_iter().map(|(code, value)| ContactAttribute {
        label_tr: code.clone(),
        label_en: code.clone(),
        code,
        value: shown(value, true),
    }));
    values
}

/// A contact as this caller may see it.
fn show(caller: &Caller, defined: &[Defined], contact: contacts::Contact) -> Contact {
    let address = |address: Option<ContactAddress>| {
        address.map(|address| caller.shows_address(&address.recipient))
    };
    Contact {
        id: contact.id,
        external_id: contact.external_id,
        full_name: contact.name.map(|name| caller.shows_name(name)),
        phone: address(contact.phone),
        email: address(contact.email),
        attributes: values(caller, defined, contact.attributes),
        created_at: contact.created_at,
    }
}

/// People of the firm, by name.
#[utoipa::path(
    get, path = "/contacts", operation_id = "contacts", tag = "contacts",
    params(ContactSearch, Paging),
    responses((status = 200, description = "In the order of their names", body = Page<Contact>)),
)]
pub(crate) async fn contacts(
    State(app): State<App>,
    caller: Caller,
    Asked(search): Asked<ContactSearch>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Contact>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let query = search.query.trim();
    let defined = reader.attributes(caller.firm).await?;
    if let Some(found) = named_exactly(&mut reader, &caller, query).await? {
        return Ok(Json(Page::whole(vec![show(&caller, &defined, found)])));
    }
    let group = match search.group.as_deref() {
        Some(name) => Some(reader.tag_named(caller.firm, name).await?.or_not_found()?.0),
        None => None,
    };
    let value = asked_value(&caller, &search, &defined)?;
    let filter = ContactFilter {
        group,
        consent: search.consent.map(|state| {
            let channel = search.channel.unwrap_or(Channel::Mesaj);
            (channel, state, search.brand_id)
        }),
        source: search.source.as_deref(),
        attribute: search.attribute.as_deref().zip(value.as_deref()),
    };
    let after = match paging.after::<Place>()? {
        Some(place) => Some(place_at(&mut reader, &caller, &filter, place).await?),
        None => None,
    };
    let found = reader
        .find_contacts(caller.firm, query, &filter, after, paging.limit()?)
        .await?;
    let next = found.next.map(|place| match place {
        SearchPlace::Beginning(at) => Place::Beginning(at.id),
        SearchPlace::Inside(at) => Place::Inside(at.map(|at| at.id)),
        SearchPlace::Member(id) => Place::Member(id.as_db()),
    });
    let items = found.contacts.into_iter();
    Ok(Json(Page {
        items: items.map(|one| show(&caller, &defined, one)).collect(),
        next: next.map(|place| place.to_string()),
    }))
}

/// One person.
#[utoipa::path(
    get, path = "/contacts/{id}", operation_id = "contact", tag = "contacts",
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "The person", body = ContactInFull)),
)]
pub(crate) async fn contact(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
) -> Result<Json<ContactInFull>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let found = reader.contact(caller.firm, id).await?.or_not_found()?;
    let defined = reader.attributes(caller.firm).await?;
    let devices = reader.devices(caller.firm, id).await?.into_iter();
    Ok(Json(ContactInFull {
        contact: show(&caller, &defined, found),
        devices: devices.map(|device| show_device(&caller, device)).collect(),
    }))
}

/// A device as this caller may see it.
fn show_device(caller: &Caller, device: contacts::Device) -> ContactDevice {
    let may_read = caller.role.may(Permission::ReadPersonal);
    ContactDevice {
        platform: device.platform.map(Platform::as_str),
        token: if may_read {
            device.token
        } else {
            masking::name(&device.token)
        },
    }
}

/// The person that a whole address or the firm's own number names.
async fn named_exactly(
    reader: &mut Reader,
    caller: &Caller,
    query: &str,
) -> Result<Option<contacts::Contact>, Problem> {
    if query.is_empty() {
        return Ok(None);
    }
    if let Some(address) = address_of(query)
        && let Some((_, found)) = reader.contact_by_address(caller.firm, &address).await?
    {
        return Ok(Some(found));
    }
    Ok(reader.contact_by_external_id(caller.firm, query).await?)
}
