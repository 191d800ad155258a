//! Cleared messages: made the only way there is, by asking the gate.

use std::sync::Arc;

use connectors::{Connector, Envelope, HttpSettings, Outgoing, build, http_client};
use domain::gate::{
    Basis, BrandPolicy, Cleared, Decision, MessageFacts, PersonFacts, Question, RouteFacts,
    SendingWindow, decide,
};
use domain::ids::{CampaignId, EventId, MessageRef, RecipientId};
use domain::{Channel, LocalState, Recipient, RecipientKind, RegistryMode, Status, Timestamp};
use serde_json::{Value, json};

pub(crate) fn message_ref(n: i64) -> MessageRef {
    MessageRef {
        campaign: CampaignId::from_db(7),
        batch_no: 1,
        recipient: RecipientId::from_db(n),
    }
}

/// A commercial message to consumer number `n`.
pub(crate) fn outgoing(n: i64, text: &str) -> Outgoing {
    Outgoing {
        message: message_ref(n),
        recipient: Recipient::from_normalised(&format!("+90532{n:07}")).unwrap(),
        channel: Channel::Mesaj,
        kind: RecipientKind::Bireysel,
        basis: Basis::Commercial,
        text: text.to_owned(),
        mail: None,
    }
}

pub(crate) fn cleared(message: Outgoing) -> Cleared<Outgoing> {
    let (basis, kind) = (message.basis, message.kind);
    cleared_as(message, basis, kind)
}

/// A clearance for a message of this ground and capacity, sealed to `message`.
pub(crate) fn cleared_as(
    message: Outgoing,
    basis: Basis,
    kind: RecipientKind,
) -> Cleared<Outgoing> {
    let now: Timestamp = "2026-03-04T15:00:00+03:00".parse().unwrap();
    let policy = BrandPolicy {
        mode: RegistryMode::Off,
        off_reason_signed: true,
        freshness_us: i64::MAX,
        feed: domain::gate::FeedTrust::default(),
        window: SendingWindow::ALWAYS,
        closed: domain::hours::ClosedDays::default(),
    };
    let facts = MessageFacts {
        channel: message.channel,
        kind,
        basis,
        content_incomplete: false,
    };
    let mut person = PersonFacts::unknown(message.message.recipient, message.recipient.clone());
    person.local = Some(LocalState {
        status: Status::Onay,
        consent_date: now,
        recorded_at: now,
        event: EventId::from_db(1),
        citizen: false,
    });
    let question = Question {
        now,
        policy: &policy,
        message: &facts,
        person: &person,
        route: &RouteFacts::CLEAR,
    };
    match decide(&question) {
        Decision::Send(clearance) => clearance.seal(message).unwrap(),
        other => panic!("the gate let a good message wait: {other:?}"),
    }
}

pub(crate) fn batch(messages: impl IntoIterator<Item = Outgoing>) -> Vec<Cleared<Outgoing>> {
    messages.into_iter().map(cleared).collect()
}

pub(crate) fn envelope() -> Envelope {
    Envelope {
        key: "cmp_7-1".into(),
        sender: "ORNEKMARKA".into(),
        receipts_url: Some("https://hooks.ornek.test/in/9f2c/receipts".into()),
        brand_code: Some(123_456),
        validity_minutes: Some(1_440),
    }
}

pub(crate) fn connector(base_url: &str) -> Arc<dyn Connector> {
    connector_with(base_url, &json!({}))
}

pub(crate) fn connector_with(base_url: &str, more: &Value) -> Arc<dyn Connector> {
    let mut config = json!({"base_url": base_url, "api_key": "anahtar"});
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    build(
        "infobip",
        &config,
        http_client(&HttpSettings::default()).unwrap(),
    )
    .unwrap()
}

pub(crate) fn offline() -> Arc<dyn Connector> {
    connector("https://abc.api.infobip.com")
}
