//! The proof of one message, assembled from what it rests on.

use domain::ids::{FirmId, MessageRef};
use domain::ledger::export::{BlockLine, EventLine};
use domain::ledger::proof::{
    ConsentProof, FORM, MessageProof, ReceiptProof, RegistryProof, SendProof,
};
use domain::ledger::{Hash, leaf, path, redact};
use domain::{ConsentKey, Recipient};
use serde_json::Value;
use store::campaigns::Campaign;
use store::messages::MessageFacts;

use crate::Engine;
use crate::error::EngineError;
use crate::seals::{request_of, sealed_batch};

impl Engine {
    /// Everything about one message: the decision, the consent with its place
    /// in the ledger, what İYS held, the exact text, what the provider said.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has no such message.
    pub async fn message_proof(
        &self,
        firm: FirmId,
        message: MessageRef,
    ) -> Result<MessageProof, EngineError> {
        let missing = EngineError::NotFound {
            what: "the message",
        };
        let mut reader = self.store.read().await?;
        let Some(facts) = reader.message(firm, message).await? else {
            return Err(missing);
        };
        let Some(campaign) = reader.campaign(firm, message.campaign).await? else {
            return Err(missing);
        };
        let brand = reader.brand_at_work(campaign.brand).await?;
        drop(reader);
        let consent = self.consent_proof(&campaign, &facts).await?;
        let registry = self.registry_proof(&campaign, &facts).await?;
        let send = self.send_proof(firm, message, &facts.address).await?;
        let text = send
            .as_ref()
            .and_then(|send| send.request.as_ref())
            .and_then(redact::text_in)
            .map(str::to_owned);
        Ok(MessageProof {
            form: FORM.to_owned(),
            message: message.to_string(),
            made_at: self.now(),
            brand: brand.id,
            brand_name: brand.name,
            recipient: facts.address,
            channel: campaign.channel,
            kind: campaign.kind,
            basis: campaign.basis.to_string(),
            purpose: campaign.purpose,
            campaign: campaign.id,
            campaign_name: campaign.name,
            author: campaign.author,
            approver: campaign.approver,
            content_hash: campaign.content_hash.map(hex::encode),
            decided_at: campaign.snapshot_at,
            excluded: facts.code.map(|code| code.to_string()),
            state: facts.state.as_str().to_owned(),
            text,
            consent,
            registry,
            send,
            receipt: facts
                .receipt
                .map(
                    |(state, provider_code, provider_text, happened_at)| ReceiptProof {
                        state: receipt_word(state).to_owned(),
                        provider_code,
                        provider_text,
                        happened_at,
                    },
                ),
        })
    }

    async fn consent_proof(
        &self,
        campaign: &Campaign,
        facts: &MessageFacts,
    ) -> Result<Option<ConsentProof>, EngineError> {
        let Some(event) = facts.event else {
            return Ok(None);
        };
        let mut reader = self.store.read().await?;
        let Some(stored) = reader.ledger_block_of(campaign.brand, event).await? else {
            return Ok(None);
        };
        let place = stored.events.iter().position(|found| found.id == event);
        let Some((place, found)) = place.and_then(|at| Some((at, stored.events.get(at)?))) else {
            return Ok(None);
        };
        let leaves: Vec<Hash> = stored.events.iter().map(leaf).collect();
        Ok(path(&leaves, place).map(|path| ConsentProof {
            event: EventLine::of(stored.block.number, found),
            path,
            block: BlockLine::of(&stored.block, stored.hash),
        }))
    }

    async fn registry_proof(
        &self,
        campaign: &Campaign,
        facts: &MessageFacts,
    ) -> Result<RegistryProof, EngineError> {
        let key = ConsentKey {
            brand: campaign.brand,
            recipient: facts.message.recipient,
            channel: campaign.channel,
            kind: campaign.kind,
        };
        let mut reader = self.store.read().await?;
        let mirror = reader.consent_state(key).await?.registry;
        let request_id = match facts.registry_batch {
            Some(batch) => reader.registry_request_id(batch).await?,
            None => None,
        };
        // A later answer says nothing about the one that was relied on.
        let is_same = mirror.batch == facts.registry_batch;
        Ok(RegistryProof {
            checked_at: facts.checked_at,
            call: facts.registry_batch.map(|batch| batch.to_string()),
            request_id,
            transaction: mirror.transaction.filter(|_| is_same),
        })
    }

    async fn send_proof(
        &self,
        firm: FirmId,
        message: MessageRef,
        address: &Recipient,
    ) -> Result<Option<SendProof>, EngineError> {
        if message.batch_no < 1 {
            return Ok(None);
        }
        let mut reader = self.store.read().await?;
        let batches = reader
            .handed_over(message.campaign, message.batch_no - 1)
            .await?;
        let found = batches
            .into_iter()
            .find(|batch| batch.number == message.batch_no);
        let Some(handed) = found else {
            return Ok(None);
        };
        let entry = reader.seal_entry(firm, message.campaign).await?;
        drop(reader);
        let request = request_of(&handed).and_then(|bytes| about(&bytes, message, address));
        let batch = sealed_batch(message.campaign, &handed);
        let sealed = match &entry {
            Some(_) => self.seal_path(message.campaign, message.batch_no).await?,
            None => None,
        };
        let (path, root) = sealed.unzip();
        Ok(Some(SendProof {
            batch,
            request,
            path,
            root,
            sealed_by: entry,
        }))
    }
}

/// The part of a request that is about one message: found by our name for it,
/// or by its address.
fn about(bytes: &[u8], message: MessageRef, address: &Recipient) -> Option<Value> {
    let whole: Value = serde_json::from_slice(bytes).ok()?;
    let address = address.to_string();
    let bare = address.trim_start_matches('+').to_owned();
    [message.to_string(), address, bare]
        .iter()
        .find_map(|needle| redact::only_about(&whole, needle))
}

const fn receipt_word(state: i64) -> &'static str {
    match state {
        1 => "sent",
        3 => "expired",
        4 => "undelivered",
        5 => "rejected",
        6 => "delivered",
        _ => "unknown",
    }
}
