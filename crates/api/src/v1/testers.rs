//! Test recipients: who gets a campaign's text before it is launched.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::Timestamp;
use domain::ids::{BrandId, CampaignId, ConnectorId, TesterId};
use engine::campaigns::{NewTester, TestSend, TesterAt};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::testers::{self, TesterState};
use utoipa::ToSchema;
use validator::Validate;

use crate::app::App;
use crate::body::{Checked, Id};
use crate::caller::Caller;
use crate::checks::not_blank;
use crate::creation::Creation;
use crate::page::Page;
use crate::problem::{OrNotFound, Problem};
use crate::written::address_of;

/// Whether somebody gets tests.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TestRecipientState {
    /// Was asked, and gets nothing but the question.
    Invited,
    /// Said yes.
    Accepted,
    /// Said no, or was taken off the list.
    Left,
}

/// Somebody who gets a campaign's text before it is launched (*deneme alıcısı*).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestRecipient {
    #[schema(value_type = String, example = "tst_10000")]
    id: TesterId,
    name: String,
    /// Masked for roles that may not read personal data.
    address: String,
    state: TestRecipientState,
    /// Who asked.
    invited_by: String,
    #[schema(value_type = String, format = DateTime)]
    invited_at: Timestamp,
    /// When they said yes.
    #[schema(value_type = Option<String>, format = DateTime)]
    accepted_at: Option<Timestamp>,
}

impl TestRecipient {
    fn of(caller: &Caller, tester: testers::Tester) -> Self {
        Self {
            id: tester.id,
            address: caller.shows_address(&tester.address),
            name: caller.shows_name(tester.name),
            state: match tester.state {
                TesterState::Invited => TestRecipientState::Invited,
                TesterState::Accepted => TestRecipientState::Accepted,
                TesterState::Left => TestRecipientState::Left,
            },
            invited_by: tester.invited_by,
            invited_at: tester.invited_at,
            accepted_at: tester.accepted_at,
        }
    }
}

/// Somebody to be asked. The question goes to the address itself; only whoever
/// follows the link in it can accept.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTestRecipient {
    /// As people call them.
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    name: String,
    /// A phone number as people write it, or an e-mail address; or else:
    #[validate(length(min = 1, max = 320))]
    address: Option<String>,
    /// the person's number in the firm's own system.
    #[validate(length(min = 1, max = 100))]
    external_id: Option<String>,
    /// Over which account the question goes.
    #[schema(value_type = String)]
    connector_id: ConnectorId,
    /// Under which sender name, approved at the provider.
    #[validate(length(min = 1, max = 100), custom(function = "not_blank"))]
    sender: String,
}

impl NewTestRecipient {
    fn into_engine(self, brand: BrandId) -> Result<NewTester, Problem> {
        let at = match (self.address, self.external_id) {
            (Some(text), None) => TesterAt::Address(
                address_of(&text).ok_or_else(|| Problem::field("address", "address"))?,
            ),
            (None, Some(number)) => TesterAt::ExternalId(number),
            _ => return Err(Problem::field("address", "required")),
        };
        Ok(NewTester {
            brand,
            at,
            name: self.name,
            connector: self.connector_id,
            sender: self.sender,
        })
    }
}

/// The brand's test recipients.
#[utoipa::path(
    get, path = "/brands/{id}/test-recipients", operation_id = "test_recipients", tag = "campaigns",
    params(("id" = String, Path, description = "The brand")),
    responses((status = 200, description = "All of them, at most 50", body = Page<TestRecipient>)),
)]
pub(crate) async fn test_recipients(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
) -> Result<Json<Page<TestRecipient>>, Problem> {
    caller.needs(Permission::ReadReports)?;
    let mut reader = app.read().await?;
    reader.brand(caller.firm, brand).await?.or_not_found()?;
    let list = reader.testers(caller.firm, brand).await?;
    let shown = list.into_iter().map(|one| TestRecipient::of(&caller, one));
    Ok(Json(Page::whole(shown.collect())))
}

/// Asks somebody whether they want to get tests of the brand's campaigns.
#[utoipa::path(
    post, path = "/brands/{id}/test-recipients", operation_id = "invite_test_recipient", tag = "campaigns",
    params(("id" = String, Path, description = "The brand"), crate::openapi::IdempotencyKey),
    request_body = NewTestRecipient,
    responses((status = 201, description = "Asked, or accepted long since", body = TestRecipient)),
)]
pub(crate) async fn invite_test_recipient(
    State(app): State<App>,
    caller: Caller,
    Id(brand): Id<BrandId>,
    creation: Creation<NewTestRecipient>,
) -> Result<Response, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    app.read()
        .await?
        .brand(caller.firm, brand)
        .await?
        .or_not_found()?;
    let (engine, by) = (app.engine.clone(), caller.clone());
    let work = async move |wanted: NewTestRecipient| {
        let new = wanted.into_engine(brand)?;
        let tester = engine.invite_tester(by.firm, &new, &by.actor).await?;
        Ok(TestRecipient::of(&by, tester))
    };
    creation
        .by_engine(&app, &caller, StatusCode::CREATED, work)
        .await
}

/// Takes somebody off the list.
#[utoipa::path(
    delete, path = "/test-recipients/{id}", operation_id = "remove_test_recipient", tag = "campaigns",
    params(("id" = String, Path, description = "The test recipient")),
    responses((status = 204, description = "They get no more tests")),
)]
pub(crate) async fn remove_test_recipient(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TesterId>,
) -> Result<StatusCode, Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    app.engine
        .remove_tester(caller.firm, id, &caller.actor)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// To whom a test goes.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestWish {
    /// All of the brand's unless some are named.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(value_type = Vec<String>)]
    to: Vec<TesterId>,
    /// Of two texts, the second.
    #[serde(default)]
    second: bool,
}

/// A test on its way. It is no part of the campaign: nothing of it is counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestOnItsWay {
    /// What became of it: `/campaigns/{carrier_id}/report` and `/messages`.
    #[schema(value_type = String)]
    carrier_id: CampaignId,
    to: Vec<TestRecipient>,
    left_out: Vec<NotTested>,
}

/// A test recipient who does not get it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotTested {
    recipient: TestRecipient,
    /// `not_accepted`, `other_channel` or `refused`.
    #[schema(example = "not_accepted")]
    reason: &'static str,
}

impl TestOnItsWay {
    fn of(caller: &Caller, sent: TestSend) -> Self {
        Self {
            carrier_id: sent.carrier.id,
            to: sent
                .to
                .into_iter()
                .map(|one| TestRecipient::of(caller, one))
                .collect(),
            left_out: sent
                .left_out
                .into_iter()
                .map(|(one, reason)| NotTested {
                    recipient: TestRecipient::of(caller, one),
                    reason: reason.as_str(),
                })
                .collect(),
        }
    }
}

/// Sends a campaign's text to test recipients who have accepted, before it is
/// launched. Whoever refused the brand's messages gets no test either.
#[utoipa::path(
    post, path = "/campaigns/{id}/test", operation_id = "test_campaign", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")), request_body = TestWish,
    responses((status = 202, description = "On its way", body = TestOnItsWay)),
)]
pub(crate) async fn test_campaign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<CampaignId>,
    Checked(wish): Checked<TestWish>,
) -> Result<(StatusCode, Json<TestOnItsWay>), Problem> {
    caller.needs(Permission::ManageCampaigns)?;
    let sent = app
        .engine
        .test_campaign(caller.firm, id, &wish.to, wish.second, &caller.actor)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(TestOnItsWay::of(&caller, sent))))
}
