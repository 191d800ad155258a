//! The closed vocabularies of the domain and the store as schemas of the API
//! document, made from their own lists: a word added there appears here.

use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{RefOr, schema};

macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident = $vocabulary:ty;)+) => { $(
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub(crate) struct $name;

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = <$vocabulary>::ALL.iter().map(|word| word.as_str());
                word_schema(concat!($($doc),*).trim(), words)
            }
        }

        impl utoipa::ToSchema for $name {}
    )+ };
}

words! {
    /// How a person is reached (*izin türü*).
    Channel = domain::Channel;
    /// In which capacity a person is addressed (*alıcı tipi*).
    RecipientKind = domain::RecipientKind;
    /// What the person said.
    ConsentStatus = domain::Status;
    /// What the values of an attribute are.
    AttributeKind = domain::attribute::AttributeKind;
    /// What a field of an event's body holds.
    EventFieldKind = domain::event::FieldKind;
    /// Why a message may be sent (*hukuki dayanak*).
    Basis = domain::gate::Basis;
    /// Who leads between our ledger and İYS.
    RegistryMode = domain::RegistryMode;
    /// The last thing İYS let us know about a consent.
    Verdict = domain::Verdict;
    /// By which door a consent came in.
    Origin = domain::Origin;
    /// What a person or a key may do.
    Role = store::access::Role;
    /// The language a person reads.
    Language = store::access::Language;
    /// How far a connector may be trusted.
    ConnectorState = store::connectors::ConnectorState;
    /// How far a campaign has come.
    CampaignState = store::campaigns::CampaignState;
    /// What a call may say otherwise than the template whose key it names.
    Overridable = domain::api_message::Overridable;
    /// What is done to the characters of a text message before it leaves:
    /// nothing, typographic signs become plain ones, `ş` becomes `s` as well, and
    /// `ö` `o` as well.
    Lettering = domain::lettering::Lettering;
    /// What stops a campaign behind its canary.
    Brake = store::campaign_flow::Brake;
    /// What becomes of those whom the credit does not reach.
    WhenShort = store::campaign_flow::WhenShort;
    /// What becomes of the accepted rows of a file.
    UploadAction = store::uploads::UploadAction;
    /// What a group of people is.
    GroupKind = store::tags::GroupKind;
    /// What is on record of a person for a channel.
    ConsentState = store::contacts::search::ConsentState;
    /// How far a complaint's case has come.
    CaseState = domain::complaint::CaseState;
    /// What happened to a complaint's case.
    CaseDeed = domain::complaint::CaseDeed;
    /// What is owed to the person, the law and İYS.
    Duty = domain::deadline::Duty;
    /// How near the end of a deadline is.
    Urgency = domain::deadline::Urgency;
    /// What was found in a text.
    TextFindingCode = domain::lint::Finding;
    /// How much a finding weighs.
    FindingWeight = domain::lint::Weight;
    /// How bad an alarm is.
    Severity = domain::alarm::Severity;
    /// What an alarm is about.
    AlarmCode = domain::alarm::AlarmCode;
    /// How far a held consent has come.
    HoldState = store::consent::HoldState;
    /// What looks made up.
    Pattern = store::findings::Pattern;
    /// What somebody made of a finding.
    FindingState = store::findings::FindingState;
    /// A lawful way to ask a person anew.
    AskingWay = store::repermission::AskingWay;
    /// How a person confirms to İYS.
    ViaMethod = store::registry_via::ViaMethod;
    /// How far a request to ask a person has come.
    ViaProgress = store::registry_via::ViaProgress;
    /// What a file is for.
    UploadPurpose = store::uploads::UploadPurpose;
    /// Why everybody of a brand is asked about at İYS.
    SweepPurpose = store::registry_sweep::SweepPurpose;
    /// How far that has come.
    SweepState = store::registry_sweep::SweepState;
    /// How far a day of the agreement with İYS has come.
    DayState = store::registry_days::DayState;
    /// Why somebody counts as a difference between İYS's day and ours.
    DriftCause = store::registry_days::DriftCause;
    /// What was made of a reply.
    ReplyState = store::replies::ReplyState;
    /// Why an address is stopped.
    StopCause = store::blacklist::StopCause;
}

fn word_schema(doc: &str, words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(schema::SchemaType::Type(Type::String))
        .description(Some(doc))
        .enum_values(Some(words))
        .into()
}

/// A JSON object whose shape depends on something else.
#[derive(Debug)]
pub(crate) struct AnyObject;

impl utoipa::PartialSchema for AnyObject {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(schema::SchemaType::Type(Type::Object))
            .additional_properties(Some(schema::AdditionalProperties::FreeForm(true)))
            .into()
    }
}

impl utoipa::ToSchema for AnyObject {}
