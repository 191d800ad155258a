//! Single declarations from the programming interface and the panel, through
//! the same door as files.

use domain::consent::Origin;
use domain::ids::{BrandId, EventId, FirmId, RecipientId};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Source, Status, Timestamp};
use store::consent::{ApplyContext, IncomingRecord, Said};

use crate::Engine;
use crate::error::EngineError;

/// Most declarations of one call.
pub const CLAIMS_MAX: usize = 1_000;

/// One declaration.
#[derive(Debug, Clone)]
pub struct ConsentClaim {
    /// The address.
    pub recipient: Recipient,
    /// For which channel.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What was said.
    pub status: Status,
    /// When.
    pub consent_date: Timestamp,
    /// Where it was taken.
    pub source: Source,
    /// Pointer to the proof.
    pub evidence: Option<String>,
}

/// What became of one declaration, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// It is in the ledger.
    Recorded {
        /// The address's number.
        recipient: RecipientId,
        /// The event; none when nothing new was said (W804).
        event: Option<EventId>,
    },
    /// It may not enter.
    Refused {
        /// Why.
        code: ReasonCode,
    },
}

impl Engine {
    /// Records declarations of one brand, and queues what İYS must be asked or told.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when there are too many, or a date lies in the future (R604).
    pub async fn record_consents(
        &self,
        firm: FirmId,
        brand: BrandId,
        origin: Origin,
        claims: Vec<ConsentClaim>,
        actor: &str,
    ) -> Result<Vec<ClaimOutcome>, EngineError> {
        if claims.is_empty() || claims.len() > CLAIMS_MAX {
            return Err(EngineError::invalid(
                "items",
                format!("must hold 1 to {CLAIMS_MAX} consents"),
            ));
        }
        let now = self.now();
        if claims.iter().any(|claim| claim.consent_date > now) {
            return Err(EngineError::Refused {
                code: ReasonCode::R604,
                args: Vec::new(),
            });
        }
        let held = self
            .store
            .read()
            .await?
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let records: Vec<IncomingRecord> = (0..)
            .zip(claims)
            .map(|(line, claim)| incoming(line, claim))
            .collect();
        let context = ApplyContext {
            firm,
            brand,
            origin,
            origin_id: None,
            actor: actor.to_owned(),
            now,
        };
        let mut writer = self.store.write().await?;
        let applied = writer.apply_records(&context, &records).await?;
        crate::registry::withheld::restated(&mut writer, brand, &applied).await?;
        if held.mode.is_connected() {
            let batches = crate::registry::asks::after_claims(&held, &applied.touched);
            writer.enqueue_registry(&batches).await?;
        }
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        let mut outcomes = vec![None; records.len()];
        for touched in &applied.touched {
            set(
                &mut outcomes,
                touched.line,
                ClaimOutcome::Recorded {
                    recipient: touched.recipient,
                    event: touched.event,
                },
            );
        }
        for refusal in &applied.refused {
            set(
                &mut outcomes,
                refusal.line,
                ClaimOutcome::Refused { code: refusal.code },
            );
        }
        outcomes
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| {
                EngineError::Internal("a declaration was neither recorded nor refused".into())
            })
    }
}

fn set(outcomes: &mut [Option<ClaimOutcome>], line: i64, outcome: ClaimOutcome) {
    if let Some(slot) = usize::try_from(line)
        .ok()
        .and_then(|at| outcomes.get_mut(at))
    {
        *slot = Some(outcome);
    }
}

fn incoming(line: i64, claim: ConsentClaim) -> IncomingRecord {
    IncomingRecord {
        line,
        recipient: claim.recipient,
        external_id: None,
        token: None,
        name: None,
        kind: claim.kind,
        consent: Some(Said {
            channel: claim.channel,
            status: claim.status,
            date: claim.consent_date,
            source: claim.source,
        }),
        evidence: claim.evidence,
    }
}
