//! `/connector-kinds` and `/connectors`: providers there are, and the firm's
//! accounts at them.

mod kinds;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::ids::ConnectorId;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Reader;
use store::access::Permission;
use store::connectors::{self, ConnectorState};
use utoipa::ToSchema;
use validator::Validate;

pub(crate) use kinds::*;

use crate::app::App;
use crate::body::{Asked, Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::creation::Creation;
use crate::page::{Page, Paging};
use crate::problem::{OrNotFound, Problem};
use crate::words;

/// A provider account (*bağlayıcı*), without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Connector {
    #[schema(value_type = String, example = "con_10000")]
    id: ConnectorId,
    kind: String,
    name: String,
    #[schema(value_type = words::ConnectorState)]
    state: ConnectorState,
    /// Why it is in this state, in the provider's words.
    state_reason: Option<String>,
    /// When its present settings were tried last.
    #[schema(value_type = Option<String>, format = DateTime)]
    tested_at: Option<Timestamp>,
    /// The senders that the provider listed then; none where it lists none.
    senders: Option<Vec<String>>,
    /// Where the provider must push receipts to.
    receipts_url: String,
    /// Where the provider must push replies to.
    inbound_url: String,
    /// What was filled in; secrets as dots.
    #[schema(value_type = words::AnyObject)]
    config_masked: Value,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// An account to be added.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConnector {
    /// A name of `/connector-kinds`.
    kind: String,
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    name: String,
    /// The fields of its kind.
    #[schema(value_type = words::AnyObject)]
    config: Value,
}

/// Changes of an account; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectorChange {
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    name: Option<String>,
    /// Fields of its form to change; `null` takes one out. The account is tried
    /// anew. Secrets must be given again where the address changes.
    #[schema(value_type = Option<words::AnyObject>)]
    config: Option<Map<String, Value>>,
}

/// What trying an account found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorTest {
    /// Whether everything that sending needs works.
    passed: bool,
    /// What was tried, in order.
    checks: Vec<ConnectorCheck>,
    /// The account after it.
    connector: Connector,
}

/// One thing that was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectorCheck {
    passed: bool,
    /// Whether sending needs it.
    required: bool,
    text_tr: String,
    text_en: String,
}

/// What is left on an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Balance {
    /// Exact, with a point: `1250.5`. None where the provider tells nobody.
    amount: Option<String>,
    /// ISO code, or the provider's own unit.
    currency: Option<String>,
}

/// An account with its masked configuration.
async fn show(
    app: &App,
    reader: &mut Reader,
    account: connectors::Connector,
) -> Result<Connector, Problem> {
    let config = reader
        .connector_config(account.firm, account.id)
        .await?
        .or_not_found()?;
    Ok(Connector {
        receipts_url: app.engine.receipts_url(&account),
        inbound_url: app.engine.replies_url(&account),
        config_masked: masked(&account.kind, config.expose_secret()),
        id: account.id,
        kind: account.kind,
        name: account.name,
        state: account.state,
        state_reason: account.state_reason,
        tested_at: account.tested_at,
        senders: account.senders,
        created_at: account.created_at,
    })
}

/// The accounts of the firm.
#[utoipa::path(
    get, path = "/connectors", operation_id = "connectors", tag = "connectors", params(Paging),
    responses((status = 200, description = "Oldest first", body = Page<Connector>)),
)]
pub(crate) async fn connectors(
    State(app): State<App>,
    caller: Caller,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Connector>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let rows = reader
        .connectors(caller.firm, paging.after()?, paging.rows()?)
        .await?;
    let page = paging.page(rows, |account| account.id.to_string(), |account| account)?;
    let mut items = Vec::with_capacity(page.items.len());
    for account in page.items {
        items.push(show(&app, &mut reader, account).await?);
    }
    Ok(Json(Page {
        items,
        next: page.next,
    }))
}

/// Adds an account; it waits for a test.
#[utoipa::path(
    post, path = "/connectors", operation_id = "create_connector", tag = "connectors",
    params(crate::openapi::IdempotencyKey), request_body = NewConnector,
    responses((status = 201, description = "Added", body = Connector)),
)]
pub(crate) async fn create_connector(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewConnector>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageConnectors)?;
    check_form(&creation.wanted().kind, &creation.wanted().config)?;
    let (at, by) = (app.clone(), caller.clone());
    creation
        .by_engine(
            &app,
            &caller,
            StatusCode::CREATED,
            async move |wanted: NewConnector| {
                let NewConnector { kind, name, config } = wanted;
                let made = at
                    .engine
                    .create_connector(by.firm, &kind, &name, &config, &by.actor)
                    .await?;
                show(&at, &mut at.read().await?, made).await
            },
        )
        .await
}

/// One account.
#[utoipa::path(
    get, path = "/connectors/{id}", operation_id = "connector", tag = "connectors",
    params(("id" = String, Path, description = "The account")),
    responses((status = 200, description = "The account", body = Connector)),
)]
pub(crate) async fn connector(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConnectorId>,
) -> Result<Json<Connector>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    let account = reader.connector(caller.firm, id).await?.or_not_found()?;
    show(&app, &mut reader, account).await.map(Json)
}

/// Changes an account.
#[utoipa::path(
    patch, path = "/connectors/{id}", operation_id = "change_connector", tag = "connectors",
    params(("id" = String, Path, description = "The account")), request_body = ConnectorChange,
    responses((status = 200, description = "The account as it is now", body = Connector)),
)]
pub(crate) async fn change_connector(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConnectorId>,
    Checked(change): Checked<ConnectorChange>,
) -> Result<Json<Connector>, Problem> {
    caller.needs(Permission::ManageConnectors)?;
    let ConnectorChange { name, config } = change;
    let account = app
        .engine
        .change_connector(
            caller.firm,
            id,
            name.as_deref(),
            config.as_ref(),
            &caller.actor,
        )
        .await?;
    show(&app, &mut app.read().await?, account).await.map(Json)
}

/// Tries an account without sending anything; what passes becomes active.
#[utoipa::path(
    post, path = "/connectors/{id}/test", operation_id = "test_connector", tag = "connectors",
    params(("id" = String, Path, description = "The account")),
    responses((status = 200, description = "What was found", body = ConnectorTest)),
)]
pub(crate) async fn test_connector(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConnectorId>,
) -> Result<Json<ConnectorTest>, Problem> {
    caller.needs(Permission::ManageConnectors)?;
    let (account, report) = app.engine.test_connector(caller.firm, id).await?;
    let passed = report.passed();
    let checks = report.checks.into_iter().map(|check| ConnectorCheck {
        passed: check.passed,
        required: check.is_required,
        text_tr: check.text_tr,
        text_en: check.text_en,
    });
    let connector = show(&app, &mut app.read().await?, account).await?;
    Ok(Json(ConnectorTest {
        passed,
        checks: checks.collect(),
        connector,
    }))
}

/// What is left on an account.
#[utoipa::path(
    get, path = "/connectors/{id}/balance", operation_id = "connector_balance", tag = "connectors",
    params(("id" = String, Path, description = "The account")),
    responses((status = 200, description = "As the provider says", body = Balance)),
)]
pub(crate) async fn connector_balance(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConnectorId>,
) -> Result<Json<Balance>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let balance = app.engine.balance(caller.firm, id).await?;
    Ok(Json(Balance {
        amount: balance.as_ref().map(|told| decimal(told.amount_micros)),
        currency: balance.map(|told| told.currency),
    }))
}

/// Millionths as an exact decimal number.
fn decimal(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, part) = (
        micros.unsigned_abs() / 1_000_000,
        micros.unsigned_abs() % 1_000_000,
    );
    let text = format!("{sign}{whole}.{part:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_is_an_exact_number() {
        for (micros, text) in [
            (0, "0"),
            (1_250_500_000, "1250.5"),
            (-10_000, "-0.01"),
            (100_000_000, "100"),
        ] {
            assert_eq!(decimal(micros), text);
        }
    }
}
