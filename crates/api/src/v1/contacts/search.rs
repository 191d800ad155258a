//! What a search for people asks, and where it goes on.

use std::fmt;
use std::str::FromStr;

use domain::Channel;
use domain::attribute::AttributeKind;
use domain::fold_text::name_fold;
use domain::ids::{BrandId, ContactId, RecipientId};
use serde::Deserialize;
use store::Reader;
use store::access::Permission;
use store::attributes::Defined;
use store::contacts::ContactCursor;
use store::contacts::search::{ConsentState, ContactFilter, SearchPlace};
use utoipa::IntoParams;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::words;

/// Whom to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContactSearch {
    /// The beginning of a name or of a word in it, a whole phone number as
    /// people write it, an e-mail address, or the firm's own number. Everybody
    /// when absent.
    #[serde(default)]
    pub(super) query: String,
    /// Members of this list, or who carries this tag.
    pub(super) group: Option<String>,
    /// Together with `consent`: for which channel; SMS unless given.
    #[param(value_type = Option<words::Channel>)]
    pub(super) channel: Option<Channel>,
    /// What is on record of them.
    #[param(value_type = Option<words::ConsentState>, inline)]
    pub(super) consent: Option<ConsentState>,
    /// Together with `consent`: to this brand; to any unless given.
    #[param(value_type = Option<String>)]
    pub(super) brand_id: Option<BrandId>,
    /// Who said something that was taken here, such as `HS_WEB`.
    pub(super) source: Option<String>,
    /// Together with `value`: the code of an attribute.
    pub(super) attribute: Option<String>,
    /// The attribute's value, as people write it.
    pub(super) value: Option<String>,
}

/// Where a page of people ended.
pub(super) enum Place {
    Beginning(ContactId),
    Inside(Option<ContactId>),
    Member(i64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beginning(id) => write!(f, "{id}"),
            Self::Inside(None) => f.write_str("in."),
            Self::Inside(Some(id)) => write!(f, "in.{id}"),
            Self::Member(number) => write!(f, "mem.{number}"),
        }
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once('.') {
            None => text.parse().map(Self::Beginning).map_err(drop),
            Some(("in", "")) => Ok(Self::Inside(None)),
            Some(("in", id)) => id.parse().map(|id| Self::Inside(Some(id))).map_err(drop),
            Some(("mem", number)) => number.parse().map(Self::Member).map_err(drop),
            Some(_) => Err(()),
        }
    }
}

/// The value that a search asks for, in the form in which it is stored.
pub(super) fn asked_value(
    caller: &Caller,
    search: &ContactSearch,
    defined: &[Defined],
) -> Result<Option<String>, Problem> {
    let (Some(code), Some(value)) = (&search.attribute, &search.value) else {
        return Ok(None);
    };
    let known = defined.iter().find(|one| &one.attribute.code == code);
    let attribute = &known
        .ok_or_else(|| Problem::field("attribute", "unknown"))?
        .attribute;
    if attribute.is_hidden() {
        // Whom a search finds tells what they hold.
        caller.needs(Permission::ReadPersonal)?;
    }
    let stored = match attribute.kind {
        AttributeKind::Date => Some(value.trim().to_owned()),
        _ => attribute.read(value.trim(), false),
    };
    let stored = stored.ok_or_else(|| Problem::field("value", "unreadable"))?;
    Ok(Some(stored))
}

/// A place with what the store needs to go on from it.
pub(super) async fn place_at(
    reader: &mut Reader,
    caller: &Caller,
    filter: &ContactFilter<'_>,
    place: Place,
) -> Result<SearchPlace, Problem> {
    Ok(match place {
        Place::Beginning(id) => SearchPlace::Beginning(cursor(reader, caller, id).await?),
        Place::Inside(None) => SearchPlace::Inside(None),
        Place::Inside(Some(id)) => SearchPlace::Inside(Some(cursor(reader, caller, id).await?)),
        Place::Member(number) if filter.group.is_some() => {
            SearchPlace::Member(RecipientId::from_db(number))
        }
        Place::Member(_) => return Err(Problem::field("after", "cursor")),
    })
}

/// The place of a contact in the order of names. The cursor that travels is
/// its number alone: a name has no business in an address line.
async fn cursor(
    reader: &mut Reader,
    caller: &Caller,
    id: ContactId,
) -> Result<ContactCursor, Problem> {
    let contact = reader.contact(caller.firm, id).await?;
    let contact = contact.ok_or_else(|| Problem::field("after", "cursor"))?;
    Ok(ContactCursor {
        name_fold: name_fold(contact.name.as_deref().unwrap_or_default()),
        id,
    })
}
