//! The GO page (*gönderim özeti*): everything the approver decides on, taken
//! once, kept byte for byte, and shown again as it was. And the electronic
//! signature over it, where the brand wants one.

use domain::Timestamp;
use domain::ids::{CampaignId, FirmId};
use domain::time::SECOND_US;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::campaign_flow::Signature;
use store::campaigns::{Campaign, CampaignState};
use store::segment_sql::SegmentRules;

use super::credit::Credit;
use super::{Audience, DryRun};
use crate::Engine;
use crate::error::EngineError;

/// A signature to be recorded.
#[derive(Debug, Clone)]
pub struct NewSignature {
    /// Who signed.
    pub signer: String,
    /// Such as `e-imza`.
    pub method: String,
    /// What was signed, as the GO page shows it.
    pub content_hash: String,
    /// The signature, or where it is kept.
    pub evidence: String,
    /// When.
    pub signed_at: Timestamp,
}

impl Engine {
    /// Takes the GO page anew. A draft's is taken at each asking; what was
    /// submitted keeps the one its approver sees.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the firm has none of this number.
    pub async fn go(&self, firm: FirmId, id: CampaignId) -> Result<String, EngineError> {
        let campaign = self.campaign(firm, id).await?;
        let kept = self.store.read().await?.go_snapshot(firm, id).await?;
        if let Some(kept) = kept
            && campaign.state != CampaignState::Draft
            && !(campaign.state == CampaignState::Approved
                && self.is_approval_void(&campaign).await?)
        {
            return Ok(kept);
        }
        let text = self.take_go(&campaign).await?;
        if matches!(
            campaign.state,
            CampaignState::Draft | CampaignState::Submitted | CampaignState::Approved
        ) {
            let mut writer = self.store.write().await?;
            writer.keep_go_snapshot(&campaign, &text).await?;
            writer.commit().await?;
        }
        Ok(text)
    }

    pub(crate) async fn take_go(&self, campaign: &Campaign) -> Result<String, EngineError> {
        let run = self.dry_run(campaign.firm, campaign.id).await?;
        let rules = self
            .store
            .read()
            .await?
            .sending_rules(campaign.brand)
            .await?;
        let measured = self.measure(campaign.firm, campaign.id).await?;
        let credit = self.credit(campaign, &rules, &measured).await;
        let segment = self
            .segment_rules(campaign.firm, &campaign.audience)
            .await?;
        let template = self.template_of(campaign).await?;
        let hash = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
        let page = json!({
            "campaign_id": campaign.id,
            "name": campaign.name,
            "taken_at": run.at,
            "author": campaign.author,
            "approver": campaign.approver,
            "channel": campaign.channel,
            "kind": campaign.kind,
            "basis": campaign.basis,
            "purpose": campaign.purpose,
            "sender": campaign.sender,
            "text": campaign.body,
            "template": template,
            "text_hash": hash(&campaign.body),
            "content_hash": hex::encode(self.content_hash(campaign).await?),
            "audience": audience_in_words(campaign, segment.as_ref()),
            "target": run.target,
            "sendable": run.sendable + run.held,
            "excluded": counted(&run),
            "measured": measured,
            "cost_micros": measured.cost_micros,
            "credit_micros": credit.as_ref().map(|credit| credit.balance.amount_micros),
            "credit_after_micros": credit.as_ref().and_then(Credit::after_micros),
            "credit_short": credit.as_ref().and_then(|credit| credit.short(&measured)),
            "currency": credit.as_ref().map(|credit| credit.balance.currency.clone()),
            "plan": campaign.plan,
            "promotion": run.promotion.as_ref().map(|codes| json!({
                "id": codes.id, "name": codes.name, "expires_at": codes.expires_at,
                "pool": codes.pool, "meant": codes.meant, "short": codes.short,
            })),
            "unknown_accounts": run.unknown_accounts,
            "routes": routes(&run),
            "starts_at": run.starts_at,
            "finishes_at": run.finishes_at,
            "lost": run.lost,
            "findings": run.findings,
            "second_person": run.second_person,
            "needs_signature": run.needs_signature,
        });
        // Maps of serde_json are sorted, so the same facts give the same bytes.
        serde_json::to_string(&page).map_err(|error| EngineError::Internal(error.to_string()))
    }

    /// The template that the text began from, in which version, and whether the
    /// text still is that version's.
    async fn template_of(&self, campaign: &Campaign) -> Result<Value, EngineError> {
        let (Some(id), Some(version)) = (campaign.template, campaign.template_version) else {
            return Ok(Value::Null);
        };
        let before = Some(version.saturating_add(1));
        let mut reader = self.store.read().await?;
        let found = reader
            .template_versions(campaign.firm, id, before, 1)
            .await?;
        Ok(found.first().map_or(Value::Null, |held| {
            json!({
                "id": id, "name": held.name, "version": held.version,
                "is_edited": held.body != campaign.body,
            })
        }))
    }

    /// Records an electronic signature over a campaign's content.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when what was signed is not what it says now,
    /// or it was launched.
    pub async fn sign(
        &self,
        firm: FirmId,
        id: CampaignId,
        new: NewSignature,
        actor: &str,
    ) -> Result<Signature, EngineError> {
        use CampaignState::{Approved, Draft, Submitted};
        let held = self.campaign(firm, id).await?;
        if !matches!(held.state, Draft | Submitted | Approved) {
            return Err(EngineError::conflict(
                "the campaign",
                format!("it is {}", held.state),
            ));
        }
        let now_hash = self.content_hash(&held).await?;
        if hex::encode(&now_hash) != new.content_hash.to_lowercase() {
            return Err(EngineError::conflict(
                "the campaign",
                "what was signed is not what it says now; sign the present content",
            ));
        }
        if new.signed_at > self.now().plus_micros(60 * SECOND_US) {
            return Err(EngineError::invalid(
                "signed_at",
                "must not be in the future",
            ));
        }
        let signature = Signature {
            signer: new.signer,
            method: new.method,
            content_hash: now_hash,
            evidence: new.evidence,
            signed_at: new.signed_at,
            recorded_by: actor.to_owned(),
        };
        let mut writer = self.store.write().await?;
        writer.record_signature(id, &signature).await?;
        let detail = json!({
            "signer": signature.signer, "method": signature.method,
            "content_hash": hex::encode(&signature.content_hash), "signed_at": signature.signed_at,
        });
        writer
            .append_audit(firm, actor, "campaign.sign", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(signature)
    }
}

#[derive(Serialize)]
struct CountedCode {
    code: domain::ReasonCode,
    count: i64,
}

fn counted(run: &DryRun) -> Vec<CountedCode> {
    run.excluded
        .iter()
        .map(|(code, count)| CountedCode {
            code: *code,
            count: *count,
        })
        .collect()
}

fn routes(run: &DryRun) -> Vec<Value> {
    run.routes
        .iter()
        .map(|route| {
            json!({
                "connector_id": route.account.id,
                "name": route.account.name,
                "kind": route.account.kind,
                "obstacle": route.obstacle.map(super::Obstacle::as_str),
                "is_foreign": route.is_foreign,
            })
        })
        .collect()
}

fn audience_in_words(campaign: &Campaign, segment: Option<&SegmentRules>) -> Value {
    match &campaign.audience {
        Audience::All => {
            json!({ "tr": "Kanalda adresi olan herkes", "en": "Everyone with an address of the channel" })
        }
        Audience::Tag { tag } => json!({
            "tr": format!("“{tag}” etiketli herkes"), "en": format!("Everyone tagged “{tag}”"),
        }),
        Audience::Segment { segment_id } => {
            let (tr, en) = segment.map_or_else(
                || (segment_id.to_string(), segment_id.to_string()),
                |found| {
                    let attributes = &found.attributes;
                    (
                        found.rule.text_tr(attributes),
                        found.rule.text_en(attributes),
                    )
                },
            );
            json!({ "tr": tr, "en": en })
        }
        Audience::Addresses { addresses } => json!({
            "tr": format!("Elle seçilmiş {} adres", addresses.len()),
            "en": format!("{} addresses chosen by hand", addresses.len()),
        }),
        Audience::Accounts { codes } => json!({
            "tr": format!("{} cari hesap", codes.len()),
            "en": format!("{} accounts", codes.len()),
        }),
    }
}
