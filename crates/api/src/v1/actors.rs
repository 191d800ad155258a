//! `/actors`: the names behind `user:usr_…` and `key:key_…`, which stand
//! wherever the API says who did something. Everybody of the firm reads them;
//! what else is known of a person or a key is for those who manage them.

use axum::Json;
use axum::extract::State;
use domain::ids::{ApiKeyId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::body::Asked;
use crate::caller::Caller;
use crate::page::{Page, Paging};
use crate::problem::Problem;

const USER: &str = "user:";
const KEY: &str = "key:";

/// Somebody who does things: a person or a program.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Actor {
    /// As the rest of the API names them.
    #[schema(example = "user:usr_10000")]
    actor: String,
    /// What colleagues call them.
    name: String,
}

/// Where a page begins: among the people, or behind them among the keys.
enum Start {
    User(Option<UserId>),
    Key(Option<ApiKeyId>),
}

impl Start {
    fn of(after: Option<&str>) -> Option<Self> {
        match after {
            None => Some(Self::User(None)),
            Some(text) => match text.strip_prefix(USER) {
                Some(id) => id.parse().ok().map(|id| Self::User(Some(id))),
                None => {
                    let id = text.strip_prefix(KEY)?.parse().ok()?;
                    Some(Self::Key(Some(id)))
                }
            },
        }
    }
}

/// Who does things in the firm, by name: its people, then its keys, those that
/// were withdrawn included.
#[utoipa::path(
    get, path = "/actors", operation_id = "actors", tag = "users", params(Paging),
    responses((status = 200, description = "People first, oldest account first", body = Page<Actor>)),
)]
pub(crate) async fn actors(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Actor>>, Problem> {
    let after: Option<String> = paging.after()?;
    let start = Start::of(after.as_deref()).ok_or_else(|| Problem::field("after", "cursor"))?;
    let rows = paging.rows()?;
    let mut reader = app.read().await?;
    let mut found = Vec::new();
    let keys_after = match start {
        Start::User(after) => {
            let users = reader.users(caller.firm, after, rows).await?;
            found.extend(users.into_iter().map(|user| Actor {
                actor: format!("{USER}{}", user.id),
                name: user.name,
            }));
            None
        }
        Start::Key(after) => after,
    };
    if found.len() < rows {
        let left = rows - found.len();
        let keys = reader.api_keys(caller.firm, keys_after, left).await?;
        found.extend(keys.into_iter().map(|key| Actor {
            actor: format!("{KEY}{}", key.id),
            name: key.name,
        }));
    }
    paging
        .page(found, |row| row.actor.clone(), |row| row)
        .map(Json)
}
