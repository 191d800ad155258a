//! Single declarations from the programming interface and the panel, through
//! the same door as files.

use std::collections::HashMap;

use domain::consent::{ConsentKey, Origin};
use domain::ids::{BrandId, EventId, FirmId, HoldId, RecipientId};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Source, Status, Timestamp};
use store::Writer;
use store::consent::{Applied, ApplyContext, IncomingRecord, NewHold, Said};

use crate::Engine;
use crate::error::EngineError;
use crate::worklist::{held_alarm, held_detail};

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
    /// The retailer (*bayi*) that took it: its number at İYS, 8 digits.
    pub retailer: Option<u32>,
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
        /// It follows a citizen's own refusal, has evidence, and waits for a
        /// second person (R807).
        hold: Option<HoldId>,
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
        let addressed = self
            .store
            .read()
            .await?
            .brand(firm, brand)
            .await?
            .ok_or(EngineError::NotFound { what: "the brand" })?;
        let retailers: Vec<Option<u32>> = claims.iter().map(|claim| claim.retailer).collect();
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
        writer.note_retailers(&taken(&applied, &retailers)).await?;
        let held =
            hold_for_a_second_person(&mut writer, &context, &records, &retailers, &applied).await?;
        if addressed.mode.is_connected() {
            let batches = crate::registry::asks::after_claims(&addressed, &applied.touched);
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
                ClaimOutcome::Refused {
                    code: refusal.code,
                    hold: held.get(&refusal.line).copied(),
                },
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

/// A consent after a citizen's own refusal is not thrown away when it comes
/// with evidence: a second person looks at it.
async fn hold_for_a_second_person(
    writer: &mut Writer,
    context: &ApplyContext,
    records: &[IncomingRecord],
    retailers: &[Option<u32>],
    applied: &Applied,
) -> Result<HashMap<i64, HoldId>, EngineError> {
    let mut held = HashMap::new();
    for refusal in &applied.refused {
        let record = usize::try_from(refusal.line)
            .ok()
            .and_then(|line| records.get(line));
        let Some(record) = record.filter(|_| refusal.code == ReasonCode::R807) else {
            continue;
        };
        let (Some(said), Some(evidence)) = (&record.consent, &record.evidence) else {
            continue;
        };
        let ids = writer
            .recipient_ids(context.firm, std::slice::from_ref(&record.recipient))
            .await?;
        let Some(recipient) = ids.into_iter().flatten().next() else {
            continue;
        };
        let new = NewHold {
            key: ConsentKey {
                brand: context.brand,
                recipient,
                channel: said.channel,
                kind: record.kind,
            },
            consent_date: said.date,
            source: said.source.clone(),
            origin: context.origin,
            evidence: evidence.clone(),
            retailer: of_line(retailers, refusal.line),
            asked_by: context.actor.clone(),
        };
        let id = writer.hold_consent(context.firm, &new).await?;
        held.insert(refusal.line, id);
    }
    if !held.is_empty() {
        let key = held_alarm(context.firm, context.brand);
        writer.raise_alarm(key, &held_detail(held.len())).await?;
    }
    Ok(held)
}

/// The events that a retailer took.
fn taken(applied: &Applied, retailers: &[Option<u32>]) -> Vec<(EventId, u32)> {
    let events = applied.touched.iter();
    events
        .filter_map(|touched| Some((touched.event?, of_line(retailers, touched.line)?)))
        .collect()
}

fn of_line(retailers: &[Option<u32>], line: i64) -> Option<u32> {
    *retailers.get(usize::try_from(line).ok()?)?
}

/// The evidence names the retailer: the ledger's hashes then hold it.
pub(crate) fn evidence_of(evidence: Option<String>, retailer: Option<u32>) -> Option<String> {
    match (evidence, retailer) {
        (evidence, None) => evidence,
        (None, Some(code)) => Some(format!("bayi {code}")),
        (Some(evidence), Some(code)) => Some(format!("bayi {code}; {evidence}")),
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
        evidence: evidence_of(claim.evidence, claim.retailer),
        attributes: Vec::new(),
        standing: None,
    }
}
