//! `/tags` and `/groups`: static groups of people, given by hand or by file.
//! A tag (*etiket*) marks people; a group is a distribution list (*dağıtım
//! listesi*). An audience names either.

use axum::Json;
use axum::extract::{Path, State};
use domain::ids::{ContactId, RecipientId};
use domain::{Recipient, Timestamp};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::Permission;
use store::tags::{GroupKind, Tag, TagId};
use store::{Reader, Writer};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Asked, Checked};
use crate::caller::Caller;
use crate::checks::address;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};

/// A tag or a distribution list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Group {
    /// Unique in the firm, among tags and lists together.
    name: String,
    /// How many addresses are in it.
    member_count: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Tag> for Group {
    fn from(tag: Tag) -> Self {
        Self {
            name: tag.name,
            member_count: tag.member_count,
            created_at: tag.created_at,
        }
    }
}

/// Somebody in a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    /// The address; masked for roles that may not read personal data.
    address: String,
    /// Whose it is; of a shared phone its first owner.
    #[schema(value_type = String, example = "cnt_10000")]
    contact_id: ContactId,
    /// Their name, masked like the address.
    full_name: Option<String>,
}

/// Who comes in and who goes out; 1,000 addresses at most.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberChange {
    /// Normalised, as `+905321234567` or `ali@ornek.com.tr`.
    #[serde(default)]
    #[validate(custom(function = "addresses"))]
    add: Vec<String>,
    #[serde(default)]
    #[validate(custom(function = "addresses"))]
    remove: Vec<String>,
}

/// What a change of members did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MembersChanged {
    added: u64,
    removed: u64,
    /// Addresses that the firm does not know.
    unknown: Vec<String>,
}

/// Most addresses of one call, coming and going each.
const ADDRESSES_MAX: usize = 1_000;

fn addresses(addresses: &[String]) -> Result<(), validator::ValidationError> {
    if addresses.len() > ADDRESSES_MAX {
        let mut error = crate::checks::fault("count");
        error.add_param("min".into(), &0);
        error.add_param("max".into(), &ADDRESSES_MAX);
        return Err(error);
    }
    addresses.iter().try_for_each(|text| address(text))
}

/// A cursor of names.
fn page_of(paging: &Paging, rows: Vec<Tag>) -> Result<Json<Page<Group>>, Problem> {
    paging
        .page(rows, |tag| tag.name.clone(), Group::from)
        .map(Json)
}

async fn listed(
    app: &App,
    caller: &Caller,
    kind: GroupKind,
    paging: &Paging,
) -> Result<Json<Page<Group>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let after = paging.after::<String>()?;
    let mut reader = app.read().await?;
    let rows = reader
        .tags(caller.firm, kind, after.as_deref(), paging.rows()?)
        .await?;
    page_of(paging, rows)
}

async fn find(
    reader: &mut Reader,
    caller: &Caller,
    kind: GroupKind,
    name: &str,
) -> Result<TagId, Problem> {
    let found = reader.tag_named(caller.firm, name).await?;
    let (id, tag) = found.or_not_found()?;
    (tag.kind == kind).then_some(id).or_not_found()
}

async fn members(
    app: &App,
    caller: &Caller,
    kind: GroupKind,
    name: &str,
    paging: &Paging,
) -> Result<Json<Page<Member>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let group = find(&mut reader, caller, kind, name).await?;
    let after = paging.after::<RecipientId>()?;
    let rows = reader.tag_members(group, after, paging.rows()?).await?;
    let show = |member: store::tags::Member| Member {
        address: caller.shows_address(&member.address),
        contact_id: member.contact,
        full_name: member.name.map(|name| caller.shows_name(name)),
    };
    paging
        .page(rows, |member| member.id.to_string(), show)
        .map(Json)
}

async fn change(
    app: &App,
    caller: &Caller,
    kind: GroupKind,
    name: &str,
    wanted: MemberChange,
) -> Result<Json<MembersChanged>, Problem> {
    caller.needs(Permission::ManageTags)?;
    if !(1..=50).contains(&name.trim().chars().count()) {
        return Err(Problem::field("name", "length"));
    }
    let mut writer = app.write().await?;
    let held = writer.tag_named(caller.firm, name).await?;
    if held.is_some_and(|(_, tag)| tag.kind != kind) {
        return Err(Problem::new(crate::problem::ProblemKind::Exists)
            .with_detail("a tag and a list cannot share a name"));
    }
    let group = writer.ensure_group(caller.firm, name, kind).await?;
    let mut unknown = Vec::new();
    let coming = known(&mut writer, caller, &wanted.add, &mut unknown).await?;
    let going = known(&mut writer, caller, &wanted.remove, &mut unknown).await?;
    let added = writer.add_to_tag(group, &coming).await?;
    let removed = writer.remove_from_tag(group, &going).await?;
    let detail = json!({ "kind": kind, "added": added, "removed": removed });
    writer
        .append_audit(caller.firm, &caller.actor, "group.members", name, &detail)
        .await?;
    writer.commit().await?;
    Ok(Json(MembersChanged {
        added,
        removed,
        unknown,
    }))
}

async fn known(
    writer: &mut Writer,
    caller: &Caller,
    addresses: &[String],
    unknown: &mut Vec<String>,
) -> Result<Vec<RecipientId>, Problem> {
    let recipients: Vec<Recipient> = addresses
        .iter()
        .filter_map(|text| Recipient::from_normalised(text).ok())
        .collect();
    let ids = writer.recipient_ids(caller.firm, &recipients).await?;
    for (recipient, id) in recipients.iter().zip(&ids) {
        if id.is_none() {
            unknown.push(recipient.to_string());
        }
    }
    Ok(ids.into_iter().flatten().collect())
}

async fn forget(
    app: &App,
    caller: &Caller,
    kind: GroupKind,
    name: &str,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageTags)?;
    let mut writer = app.write().await?;
    let group = find(&mut writer, caller, kind, name).await?;
    writer.delete_tag(caller.firm, group).await?;
    writer
        .append_audit(
            caller.firm,
            &caller.actor,
            "group.delete",
            name,
            &json!({ "kind": kind }),
        )
        .await?;
    writer.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

macro_rules! group_calls {
    ($kind:expr, $tag:literal, $list_path:literal, $one_path:literal, $members_path:literal,
     $list:ident $list_id:literal, $members:ident $members_id:literal,
     $change:ident $change_id:literal, $forget:ident $forget_id:literal) => {
        /// All of them, by name.
        #[utoipa::path(
            get, path = $list_path, operation_id = $list_id, tag = $tag, params(Paging),
            responses((status = 200, description = "By name", body = Page<Group>)),
        )]
        pub(crate) async fn $list(
            State(app): State<App>,
            caller: Caller,
            Asked(paging): Asked<Paging>,
        ) -> Result<Json<Page<Group>>, Problem> {
            listed(&app, &caller, $kind, &paging).await
        }

        /// Who is in it.
        #[utoipa::path(
            get, path = $members_path, operation_id = $members_id, tag = $tag,
            params(("name" = String, Path, description = "Its name"), Paging),
            responses((status = 200, description = "In the order in which addresses became known", body = Page<Member>)),
        )]
        pub(crate) async fn $members(
            State(app): State<App>,
            caller: Caller,
            Path(name): Path<String>,
            Asked(paging): Asked<Paging>,
        ) -> Result<Json<Page<Member>>, Problem> {
            members(&app, &caller, $kind, &name, &paging).await
        }

        /// Takes people in and out; makes it if it does not exist.
        #[utoipa::path(
            post, path = $members_path, operation_id = $change_id, tag = $tag,
            params(("name" = String, Path, description = "Its name, 1 to 50 characters")),
            request_body = MemberChange,
            responses((status = 200, description = "Done", body = MembersChanged)),
        )]
        pub(crate) async fn $change(
            State(app): State<App>,
            caller: Caller,
            Path(name): Path<String>,
            Checked(wanted): Checked<MemberChange>,
        ) -> Result<Json<MembersChanged>, Problem> {
            change(&app, &caller, $kind, &name, wanted).await
        }

        /// Forgets it. The people stay.
        #[utoipa::path(
            delete, path = $one_path, operation_id = $forget_id, tag = $tag,
            params(("name" = String, Path, description = "Its name")),
            responses((status = 204, description = "Forgotten")),
        )]
        pub(crate) async fn $forget(
            State(app): State<App>,
            caller: Caller,
            Path(name): Path<String>,
        ) -> Result<StatusCode, Problem> {
            forget(&app, &caller, $kind, &name).await
        }
    };
}

group_calls!(
    GroupKind::Tag, "tags", "/tags", "/tags/{name}", "/tags/{name}/members",
    tags "tags", tag_members "tag_members", change_tag "change_tag", delete_tag "delete_tag"
);
group_calls!(
    GroupKind::List, "groups", "/groups", "/groups/{name}", "/groups/{name}/members",
    groups "groups", group_members "group_members", change_group "change_group",
    delete_group "delete_group"
);
