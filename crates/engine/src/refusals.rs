//! Refusals (*ret*) that a person states directly: by writing back, or on the
//! page behind a link. They enter the ledger, close the gate and wait for İYS
//! in one transaction.

use std::collections::BTreeMap;

use domain::consent::Origin;
use domain::ids::{BrandId, EventId, FirmId, RecipientId};
use domain::{Channel, ReasonCode, Recipient, RecipientKind, Source, Status, Timestamp};
use store::Writer;
use store::brands::Brand;
use store::consent::{ApplyContext, IncomingRecord, Said};

use crate::Engine;
use crate::error::EngineError;

/// What a person refused, and how.
#[derive(Debug, Clone)]
pub(crate) struct PersonalRefusal {
    pub(crate) firm: FirmId,
    pub(crate) recipient: Recipient,
    pub(crate) channel: Channel,
    /// When it was said.
    pub(crate) at: Timestamp,
    pub(crate) source: Source,
    pub(crate) origin: Origin,
    /// Number of the reply or link it came by.
    pub(crate) origin_id: Option<i64>,
    pub(crate) evidence: String,
    pub(crate) actor: String,
}

/// What became of it, over all brands and capacities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// Events that were appended.
    pub(crate) events: Vec<EventId>,
    /// Keys for which the same was on record.
    pub(crate) unchanged: usize,
    /// Rules that kept it out.
    pub(crate) refused: Vec<ReasonCode>,
}

impl Recorded {
    /// Whether the refusal holds for every key it was meant for.
    pub(crate) fn holds(&self) -> bool {
        self.refused.is_empty() && (!self.events.is_empty() || self.unchanged > 0)
    }
}

impl Engine {
    /// Records a refusal at brands of the firm, in every capacity that the
    /// address holds there; as a consumer where it holds none. The caller
    /// commits and wakes the queue of İYS.
    pub(crate) async fn record_refusal(
        &self,
        writer: &mut Writer,
        refusal: &PersonalRefusal,
        brands: &[&Brand],
    ) -> Result<Recorded, EngineError> {
        let known = writer
            .recipient_ids(refusal.firm, std::slice::from_ref(&refusal.recipient))
            .await?
            .into_iter()
            .flatten()
            .next();
        let held = kinds(writer, refusal, known).await?;
        let mut recorded = Recorded::default();
        // In the order of their numbers, so that two transactions never wait
        // for each other's chain.
        let mut brands = brands.to_vec();
        brands.sort_unstable_by_key(|brand| brand.id);
        brands.dedup_by_key(|brand| brand.id);
        for brand in brands {
            let usual = [RecipientKind::Bireysel];
            let kinds = held.get(&brand.id).map_or(usual.as_slice(), Vec::as_slice);
            self.refuse_at(writer, refusal, brand, kinds, &mut recorded)
                .await?;
        }
        Ok(recorded)
    }

    async fn refuse_at(
        &self,
        writer: &mut Writer,
        refusal: &PersonalRefusal,
        brand: &Brand,
        kinds: &[RecipientKind],
        recorded: &mut Recorded,
    ) -> Result<(), EngineError> {
        let context = ApplyContext {
            firm: refusal.firm,
            brand: brand.id,
            origin: refusal.origin,
            origin_id: refusal.origin_id,
            actor: refusal.actor.clone(),
            now: self.now(),
        };
        let records: Vec<IncomingRecord> = (0..)
            .zip(kinds)
            .map(|(line, kind)| IncomingRecord {
                line,
                recipient: refusal.recipient.clone(),
                external_id: None,
                token: None,
                name: None,
                kind: *kind,
                consent: Some(Said {
                    channel: refusal.channel,
                    status: Status::Ret,
                    date: refusal.at,
                    source: refusal.source.clone(),
                }),
                evidence: Some(refusal.evidence.clone()),
                attributes: Vec::new(),
                standing: None,
            })
            .collect();
        let applied = writer.apply_records(&context, &records).await?;
        crate::registry::withheld::restated(writer, brand.id, &applied).await?;
        if brand.mode.is_connected() {
            let lists = crate::registry::asks::after_claims(brand, &applied.touched);
            writer.enqueue_registry(&lists).await?;
        }
        for touched in &applied.touched {
            match touched.event {
                Some(event) => recorded.events.push(event),
                None => recorded.unchanged += 1,
            }
        }
        let refused = applied.refused.iter().map(|refused| refused.code);
        recorded.refused.extend(refused);
        Ok(())
    }
}

async fn kinds(
    writer: &mut Writer,
    refusal: &PersonalRefusal,
    recipient: Option<RecipientId>,
) -> Result<BTreeMap<BrandId, Vec<RecipientKind>>, EngineError> {
    let mut held: BTreeMap<BrandId, Vec<RecipientKind>> = BTreeMap::new();
    if let Some(recipient) = recipient {
        let on_record = writer
            .kinds_on_record(refusal.firm, recipient, refusal.channel)
            .await?;
        for (brand, kind) in on_record {
            held.entry(brand).or_default().push(kind);
        }
    }
    Ok(held)
}
