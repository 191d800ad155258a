//! `POST /consents`: one declaration or up to a thousand, through the same
//! door as files.

use axum::extract::State;
use axum::response::Response;
use domain::ids::{BrandId, EventId, HoldId};
use domain::{Channel, ReasonCode, RecipientKind, Source, Status, Timestamp};
use engine::consents::{ClaimOutcome, ConsentClaim};
use http::StatusCode;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use store::access::Permission;
use store::brands::Brand;
use utoipa::openapi::schema::OneOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationError};

use super::origin_of;
use crate::app::App;
use crate::body::Wanted;
use crate::caller::Caller;
use crate::checks::fault;
use crate::creation::Creation;
use crate::problem::{OrNotFound, Problem, Where};
use crate::reason::Reason;
use crate::words;
use crate::written::read_address;

/// Most declarations of one call.
const ITEMS_MAX: usize = 1_000;

/// A declaration to be recorded.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConsent {
    /// The brand that was spoken to; one brand for all of a call.
    #[schema(value_type = String)]
    brand_id: BrandId,
    /// A phone number as people write it, or an e-mail address.
    #[validate(length(min = 1, max = 320))]
    #[schema(example = "+905321234567")]
    address: String,
    #[schema(value_type = words::Channel)]
    channel: Channel,
    #[schema(value_type = words::RecipientKind)]
    kind: RecipientKind,
    #[schema(value_type = words::ConsentStatus)]
    status: Status,
    /// When it was said.
    #[schema(value_type = String, format = DateTime)]
    consent_at: Timestamp,
    /// Where it was taken: one of İYS's thirteen `HS_…` codes.
    #[schema(example = "HS_WEB")]
    source: String,
    /// Pointer to the proof: form number, call recording, page address.
    #[validate(length(min = 1, max = 500))]
    evidence: Option<String>,
    /// The retailer (*bayi*) that took it: its number at İYS, which is told of it.
    #[validate(range(min = 10_000_000, max = 99_999_999))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retailer_code: Option<u32>,
}

/// One declaration, or many as `items`.
#[derive(Debug)]
pub(crate) enum NewConsents {
    /// Up to 1,000.
    Many(ManyConsents),
    /// One.
    One(NewConsent),
}

/// Many declarations.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManyConsents {
    #[validate(nested, custom(function = "not_too_many"))]
    items: Vec<NewConsent>,
}

fn not_too_many(items: &[NewConsent]) -> Result<(), ValidationError> {
    if (1..=ITEMS_MAX).contains(&items.len()) {
        return Ok(());
    }
    let mut error = fault("count");
    error.add_param("min".into(), &1);
    error.add_param("max".into(), &ITEMS_MAX);
    Err(error)
}

impl PartialSchema for NewConsents {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new()
            .item(Ref::from_schema_name(NewConsent::name()))
            .item(Ref::from_schema_name(ManyConsents::name()))
            .description(Some("One declaration, or up to 1,000 as `items`."))
            .into()
    }
}

impl ToSchema for NewConsents {
    fn schemas(known: &mut Vec<(String, RefOr<Schema>)>) {
        known.push((NewConsent::name().into_owned(), NewConsent::schema()));
        known.push((ManyConsents::name().into_owned(), ManyConsents::schema()));
        NewConsent::schemas(known);
        ManyConsents::schemas(known);
    }
}

/// Only whether there are `items`: each form is then read by itself, so that
/// its faults are named.
#[derive(Deserialize)]
struct Form {
    items: Option<IgnoredAny>,
}

impl Wanted for NewConsents {
    fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let form = serde_json::from_slice::<Form>(bytes);
        if form.is_ok_and(|form| form.items.is_some()) {
            ManyConsents::read(bytes).map(Self::Many)
        } else {
            NewConsent::read(bytes).map(Self::One)
        }
    }
}

/// What became of each declaration, in the order given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentsRecorded {
    items: Vec<ConsentOutcome>,
}

/// What became of one declaration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentOutcome {
    /// Whether it stands in the ledger or said nothing new.
    accepted: bool,
    /// Its ledger event; none when it said nothing new (W804) or was refused.
    #[schema(value_type = Option<String>)]
    event_id: Option<EventId>,
    /// Why it was refused, or that it said nothing new.
    reason: Option<Reason>,
    /// It follows a citizen's own refusal (R807), came with evidence, and
    /// waits for a second person.
    #[schema(value_type = Option<String>, example = "hld_10000")]
    hold_id: Option<HoldId>,
}

impl From<ClaimOutcome> for ConsentOutcome {
    fn from(outcome: ClaimOutcome) -> Self {
        match outcome {
            ClaimOutcome::Recorded { event, .. } => Self {
                accepted: true,
                event_id: event,
                reason: event.is_none().then(|| Reason::of(ReasonCode::W804)),
                hold_id: None,
            },
            ClaimOutcome::Refused { code, hold } => Self {
                accepted: false,
                event_id: None,
                reason: Some(Reason::of(code)),
                hold_id: hold,
            },
        }
    }
}

/// Records declarations. Each is judged by itself: one that may not enter
/// does not keep the others out.
#[utoipa::path(
    post, path = "/consents", operation_id = "record_consents", tag = "consents",
    params(crate::openapi::IdempotencyKey), request_body = NewConsents,
    responses((status = 201, description = "What became of each", body = ConsentsRecorded)),
)]
pub(crate) async fn record_consents(
    State(app): State<App>,
    caller: Caller,
    creation: Creation<NewConsents>,
) -> Result<Response, Problem> {
    caller.needs(Permission::RecordConsents)?;
    let by = caller.clone();
    let engine = app.engine.clone();
    let brands = app.clone();
    creation
        .by_engine(&app, &caller, StatusCode::CREATED, async move |wanted| {
            let (items, path) = match wanted {
                NewConsents::Many(ManyConsents { items }) => (items, Path::InList),
                NewConsents::One(item) => (vec![item], Path::Alone),
            };
            let brand_id = one_brand(&items)?;
            let brand = brands
                .read()
                .await?
                .brand(by.firm, brand_id)
                .await?
                .or_not_found()?;
            let claims = claims(&brand, items, path, brands.now())?;
            let recorded = engine
                .record_consents(by.firm, brand_id, origin_of(&by), claims, &by.actor)
                .await?;
            let items = recorded.into_iter().map(ConsentOutcome::from).collect();
            Ok(ConsentsRecorded { items })
        })
        .await
}

/// How fields are named in problems.
#[derive(Clone, Copy)]
enum Path {
    Alone,
    InList,
}

impl Path {
    fn field(self, position: usize, name: &str) -> String {
        match self {
            Self::Alone => name.to_owned(),
            Self::InList => format!("items[{position}].{name}"),
        }
    }
}

/// The brand of all items: what is recorded together is one transaction of one ledger.
fn one_brand(items: &[NewConsent]) -> Result<BrandId, Problem> {
    let first = items
        .first()
        .ok_or_else(|| Problem::field("items", "required"))?
        .brand_id;
    let others = items
        .iter()
        .enumerate()
        .filter(|(_, item)| item.brand_id != first);
    let faults: Vec<Where> = others
        .map(|(at, _)| Where::new(format!("items[{at}].brand_id"), "one_brand"))
        .collect();
    if faults.is_empty() {
        Ok(first)
    } else {
        Err(Problem::invalid(faults))
    }
}

/// A source that a firm may state: R702 for an unknown word, R703 for one of İYS's own.
fn uploadable(word: &str) -> Result<Source, ReasonCode> {
    let source = Source::parse(word).ok_or(ReasonCode::R702)?;
    if source.is_uploadable() {
        Ok(source)
    } else {
        Err(ReasonCode::R703)
    }
}

/// The items as the engine takes them, or every field at fault.
fn claims(
    brand: &Brand,
    items: Vec<NewConsent>,
    path: Path,
    now: Timestamp,
) -> Result<Vec<ConsentClaim>, Problem> {
    let mut faults = Vec::new();
    let mut claims = Vec::with_capacity(items.len());
    for (position, item) in items.into_iter().enumerate() {
        let mut note = |name: &str, reason: Reason| {
            let field = path.field(position, name);
            faults.push(Where::told(
                field,
                reason.code.to_string(),
                reason.text_tr,
                reason.text_en,
            ));
        };
        if item.consent_at > now {
            note("consent_at", Reason::of(ReasonCode::R604));
        }
        let source = uploadable(&item.source);
        if let Err(code) = source {
            let value = ("value".to_owned(), item.source.clone());
            note("source", Reason::with(code, &[value]));
        }
        let address = read_address(&item.address, item.channel, &brand.countries);
        match (address, source) {
            (Ok(recipient), Ok(source)) => claims.push(ConsentClaim {
                recipient,
                channel: item.channel,
                kind: item.kind,
                status: item.status,
                consent_date: item.consent_at,
                source,
                evidence: item.evidence,
                retailer: item.retailer_code,
            }),
            (Err(reason), _) => note("address", reason),
            (Ok(_), Err(_)) => {}
        }
    }
    if faults.is_empty() {
        Ok(claims)
    } else {
        Err(Problem::invalid(faults))
    }
}
