//! The proof of one message: what it rests on, in a form that can be checked
//! without the database, and what it was.
//!
//! Every part checks itself: the event gives the root of its block by a
//! Merkle path, the block gives its own hash, the stored request gives the
//! leaf of its batch, and that the campaign's seal in the audit trail. With
//! the ledger's export at hand, block and entry are found there too.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::export::{BlockLine, EventLine};
use super::merkle::{Beside, climb};
use super::seal::SealedBatch;
use super::trail::TrailEntry;
use super::{leaf, redact};
use crate::ids::{BrandId, CampaignId, MessageRef};
use crate::{Channel, Recipient, RecipientKind, Timestamp};

/// Name of this form; a verifier refuses others.
pub const FORM: &str = "izinli-proof-1";

/// The consent that a message rests on, with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentProof {
    /// The event, every field.
    pub event: EventLine,
    /// From its leaf to the root of its block.
    pub path: Vec<Beside>,
    /// The block.
    pub block: BlockLine,
}

/// What was handed over, with its place in the campaign's seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendProof {
    /// The batch.
    pub batch: SealedBatch,
    /// The request as it was sent, with only digests of the other people in
    /// it; absent where the message cannot be told from the others.
    pub request: Option<Value>,
    /// From its leaf to the root of the seal; absent while the campaign runs.
    pub path: Option<Vec<Beside>>,
    /// The root that was sealed.
    pub root: Option<String>,
    /// The entry of the audit trail that holds the seal.
    pub sealed_by: Option<TrailEntry>,
}

/// What İYS held when the decision was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryProof {
    /// When İYS had last answered for the person.
    pub checked_at: Option<Timestamp>,
    /// The call that carried the answer.
    pub call: Option<String>,
    /// İYS's name for the call, where it gave one.
    pub request_id: Option<String>,
    /// İYS's transaction id, where that answer still stands and told one.
    pub transaction: Option<String>,
}

/// The last receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptProof {
    /// As a word.
    pub state: String,
    /// The provider's own code.
    pub provider_code: String,
    /// The provider's own words.
    pub provider_text: Option<String>,
    /// When it happened, by the provider.
    pub happened_at: Timestamp,
}

/// Everything about one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageProof {
    /// [`FORM`].
    pub form: String,
    /// The message; the same id stands at the provider.
    pub message: String,
    /// When this proof was made.
    pub made_at: Timestamp,
    /// In whose name.
    pub brand: BrandId,
    /// The brand's name.
    pub brand_name: String,
    /// The address.
    pub recipient: Recipient,
    /// By which means.
    pub channel: Channel,
    /// Addressed in which capacity.
    pub kind: RecipientKind,
    /// On which legal ground.
    pub basis: String,
    /// What it was for.
    pub purpose: String,
    /// The campaign.
    pub campaign: CampaignId,
    /// Its name.
    pub campaign_name: String,
    /// Who wrote it.
    pub author: String,
    /// Who approved it.
    pub approver: Option<String>,
    /// SHA-256 of the text and what was frozen with it, in hexadecimal.
    pub content_hash: Option<String>,
    /// When the decision was frozen.
    pub decided_at: Option<Timestamp>,
    /// Why the gate kept the person out, if it did.
    pub excluded: Option<String>,
    /// What became of the message, as a word.
    pub state: String,
    /// The exact text.
    pub text: Option<String>,
    /// The consent it rests on.
    pub consent: Option<ConsentProof>,
    /// What İYS held.
    pub registry: RegistryProof,
    /// What was handed over.
    pub send: Option<SendProof>,
    /// What the provider said last.
    pub receipt: Option<ReceiptProof>,
}

impl MessageProof {
    /// Everything that does not hold, from the proof alone.
    pub fn check(&self) -> Vec<Doubt> {
        if self.form != FORM {
            return vec![Doubt::Form];
        }
        let mut doubts = Vec::new();
        if let Some(consent) = &self.consent {
            doubts.extend(consent.check(self.brand));
            if consent.event.recipient != self.recipient || consent.event.channel != self.channel {
                doubts.push(Doubt::OtherConsent);
            }
        }
        if let Some(send) = &self.send {
            doubts.extend(send.check());
            let shown = send.request.as_ref().and_then(redact::text_in);
            let is_other = send.batch.campaign != self.campaign
                || (send.request.is_some() && shown != self.text.as_deref())
                || self
                    .message
                    .parse::<MessageRef>()
                    .is_ok_and(|message| message.batch_no != send.batch.number);
            if is_other {
                doubts.push(Doubt::Request);
            }
        }
        doubts.dedup();
        doubts
    }
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// The file is no proof of this form.
    Form,
    /// The event is not in the block that is named.
    EventNotInBlock,
    /// The block does not give its own hash.
    Block,
    /// The event belongs to another brand or address than the message.
    OtherConsent,
    /// The request is not the one that was sealed.
    Request,
    /// The batch is not in the campaign's seal.
    BatchNotSealed,
    /// The entry of the audit trail does not hold this seal or was changed.
    Entry,
    /// The ledger's export holds another block under this number.
    BlockNotInExport,
    /// The ledger's export holds another entry under this number.
    EntryNotInExport,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the file is no proof that this version reads",
            Self::EventNotInBlock => "the consent event is not in the block that is named",
            Self::Block => "the block does not give its own hash",
            Self::OtherConsent => "the consent belongs to another brand or address",
            Self::Request => "the request is not the one that was sealed",
            Self::BatchNotSealed => "the batch is not in the campaign's seal",
            Self::Entry => "the audit entry does not hold this seal or was changed",
            Self::BlockNotInExport => "the ledger's export holds another block under this number",
            Self::EntryNotInExport => {
                "the ledger's export holds another audit entry under this number"
            }
        })
    }
}

impl Doubt {
    /// The same in Turkish.
    pub const fn text_tr(&self) -> &'static str {
        match self {
            Self::Form => "dosya bu sürümün okuyabildiği bir kanıt değil",
            Self::EventNotInBlock => "izin kaydı, gösterilen blokta yok",
            Self::Block => "blok kendi özetini vermiyor",
            Self::OtherConsent => "izin başka bir markaya ya da adrese ait",
            Self::Request => "istek, mühürlenen istek değil",
            Self::BatchNotSealed => "paket, kampanyanın mühründe yok",
            Self::Entry => "denetim kaydı bu mührü taşımıyor ya da değiştirilmiş",
            Self::BlockNotInExport => "defter dökümünde bu numarada başka bir blok var",
            Self::EntryNotInExport => "defter dökümünde bu numarada başka bir denetim kaydı var",
        }
    }
}

impl ConsentProof {
    /// Checks the event against its block, and the block against itself.
    pub fn check(&self, brand: BrandId) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        let event = self.event.clone().into_event();
        if climb(leaf(&event), &self.path) != self.block.root
            || self.event.block != self.block.number
        {
            doubts.push(Doubt::EventNotInBlock);
        }
        if self.block.block(brand).hash() != self.block.hash {
            doubts.push(Doubt::Block);
        }
        if event.key.brand != brand {
            doubts.push(Doubt::OtherConsent);
        }
        doubts
    }
}

impl SendProof {
    /// Checks the request against its batch, and the batch against the seal.
    pub fn check(&self) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if let Some(request) = &self.request
            && Some(redact::digest(request)) != self.batch.content
        {
            doubts.push(Doubt::Request);
        }
        let (Some(path), Some(root)) = (&self.path, &self.root) else {
            return doubts;
        };
        if hex::encode(climb(self.batch.leaf(), path)) != *root {
            doubts.push(Doubt::BatchNotSealed);
        }
        let holds = self.sealed_by.as_ref().is_some_and(|entry| {
            let detail: Option<Value> = serde_json::from_str(&entry.detail).ok();
            let sealed = detail.and_then(|detail| {
                detail
                    .get("root")
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            });
            entry.digest() == entry.hash
                && entry.subject == self.batch.campaign.to_string()
                && sealed.as_ref() == Some(root)
        });
        if !holds {
            doubts.push(Doubt::Entry);
        }
        doubts
    }
}
