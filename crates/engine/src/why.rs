//! "Neden geldi, neden gelmedi": the gate's answer for one person, now.

use domain::gate::{Basis, Decision, MessageFacts, Question, RouteFacts, decide};
use domain::ids::{BrandId, FirmId};
use domain::{Channel, LocalState, ReasonCode, Recipient, RecipientKind, RegistryView, Timestamp};
use store::person::FactsAbout;

use crate::Engine;
use crate::error::EngineError;

/// About whom and which message.
#[derive(Debug, Clone)]
pub struct WhyQuestion {
    /// In whose name.
    pub brand: BrandId,
    /// The address.
    pub recipient: Recipient,
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
    /// On which legal ground.
    pub basis: Basis,
}

/// Why a message would or would not reach someone now.
#[derive(Debug, Clone)]
pub struct Why {
    /// Whether it would leave now.
    pub sendable: bool,
    /// All reasons against it, headline first.
    pub reasons: Vec<ReasonCode>,
    /// When it could leave, if only the hour is against it.
    pub held_until: Option<Timestamp>,
    /// What the person told us.
    pub local: Option<LocalState>,
    /// What İYS told us.
    pub registry: RegistryView,
    /// When this was decided.
    pub decided_at: Timestamp,
}

impl Engine {
    /// Asks the gate about one person as they are now.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm knows no such address or brand.
    pub async fn why(&self, firm: FirmId, question: &WhyQuestion) -> Result<Why, EngineError> {
        let mut reader = self.store.read().await?;
        let brand = reader
            .brand(firm, question.brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let about = FactsAbout {
            firm,
            brand: question.brand,
            channel: question.channel,
            kind: question.kind,
        };
        let person = reader
            .person_facts(about, &question.recipient)
            .await?
            .ok_or(EngineError::NotFound {
                what: "the address",
            })?;
        let (policy, _) = self.policy(&mut reader, &brand).await?;
        let now = self.now();
        let message = MessageFacts {
            channel: question.channel,
            kind: question.kind,
            basis: question.basis,
            content_incomplete: false,
        };
        let decision = decide(&Question {
            now,
            policy: &policy,
            message: &message,
            person: &person.facts,
            route: &RouteFacts::CLEAR,
        });
        let (sendable, reasons, held_until) = match decision {
            Decision::Send(_) => (true, Vec::new(), None),
            Decision::Exclude(reasons) => (false, reasons.all().collect(), None),
            Decision::Hold { until, reason } => (false, vec![reason], Some(until)),
        };
        Ok(Why {
            sendable,
            reasons,
            held_until,
            local: person.facts.local,
            registry: person.facts.registry,
            decided_at: now,
        })
    }
}
