//! The form of an exported ledger: lines of JSON that anybody can read, and
//! that a verifier without a database recomputes.
//!
//! `events.jsonl` holds every event in the order of the chain, `blocks.jsonl`
//! every block, `manifest.json` how the two end and their digests.

use serde::{Deserialize, Serialize};

use super::{Block, Hash};
use crate::consent::{ConsentEvent, ConsentKey, Origin};
use crate::ids::{BrandId, EventId, FirmId, RecipientId};
use crate::time::Timestamp;
use crate::{Channel, Recipient, RecipientKind, Source, Status};

/// Name of this form; a verifier refuses others.
pub const FORM: &str = "izinli-ledger-1";

/// What a reader without this program needs to recompute the hashes.
pub const HOW: &str = "SHA-256. Leaf: byte 0; id, brand, recipient_id, channel, kind, status, \
consent_at, recorded_at, origin as 8-byte little-endian numbers (ids in base 32 after the prefix, \
times in microseconds since 1970 UTC, words by their number: MESAJ 1 ARAMA 2 EPOSTA 3 WHATSAPP 4; \
BIREYSEL 1 TACIR 2; ONAY 1 RET 2; UPLOAD 1 API 2 PANEL 3 REGISTRY 4 INBOUND 5 UNSUBSCRIBE 6); \
origin_id and origin_line as a presence byte and a number; a presence byte for evidence; then \
recipient, source, evidence, actor, each as a 4-byte length and UTF-8. Node: byte 1, left, right; \
an odd last node moves up. Block: byte 2; brand, number, first, last, count, created_at; root; previous.";

/// One event as a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLine {
    /// The block it stands in.
    pub block: i64,
    /// Its number.
    pub id: EventId,
    /// The brand that was spoken to.
    pub brand: BrandId,
    /// Number of the address.
    pub recipient_id: RecipientId,
    /// The address.
    pub recipient: Recipient,
    /// By which means it may be reached.
    pub channel: Channel,
    /// In which capacity.
    pub kind: RecipientKind,
    /// What was said.
    pub status: Status,
    /// When it was said.
    pub consent_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// Where it was taken.
    pub source: Source,
    /// By which door it came in.
    pub origin: Origin,
    /// Number of the upload or other thing it came from.
    pub origin_id: Option<i64>,
    /// Line of the file it came from.
    pub origin_line: Option<i64>,
    /// Pointer to the proof.
    pub evidence: Option<String>,
    /// Who entered it.
    pub actor: String,
}

impl EventLine {
    /// An event of a block as a line.
    pub fn of(block: i64, event: &ConsentEvent) -> Self {
        Self {
            block,
            id: event.id,
            brand: event.key.brand,
            recipient_id: event.key.recipient,
            recipient: event.recipient.clone(),
            channel: event.key.channel,
            kind: event.key.kind,
            status: event.status,
            consent_at: event.consent_date,
            recorded_at: event.recorded_at,
            source: event.source.clone(),
            origin: event.origin,
            origin_id: event.origin_id,
            origin_line: event.origin_line,
            evidence: event.evidence.clone(),
            actor: event.actor.clone(),
        }
    }

    /// The event that the line tells of.
    pub fn into_event(self) -> ConsentEvent {
        ConsentEvent {
            id: self.id,
            key: ConsentKey {
                brand: self.brand,
                recipient: self.recipient_id,
                channel: self.channel,
                kind: self.kind,
            },
            recipient: self.recipient,
            status: self.status,
            consent_date: self.consent_at,
            recorded_at: self.recorded_at,
            source: self.source,
            origin: self.origin,
            origin_id: self.origin_id,
            origin_line: self.origin_line,
            evidence: self.evidence,
            actor: self.actor,
        }
    }
}

/// One block as a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockLine {
    /// Position in the chain, from 1.
    pub number: i64,
    /// Smallest event number inside.
    pub first: EventId,
    /// Greatest event number inside.
    pub last: EventId,
    /// How many events are inside.
    pub count: i64,
    /// Merkle root of its events.
    #[serde(with = "crate::ledger::hexed")]
    pub root: Hash,
    /// Hash of the block before.
    #[serde(with = "crate::ledger::hexed")]
    pub previous: Hash,
    /// Its own hash.
    #[serde(with = "crate::ledger::hexed")]
    pub hash: Hash,
    /// When it was written.
    pub created_at: Timestamp,
}

impl BlockLine {
    /// A block and the hash that is stored with it.
    pub const fn of(block: &Block, hash: Hash) -> Self {
        Self {
            number: block.number,
            first: block.first,
            last: block.last,
            count: block.count,
            root: block.root,
            previous: block.previous,
            hash,
            created_at: block.created_at,
        }
    }

    /// The block of a brand's chain that the line tells of.
    pub const fn block(&self, brand: BrandId) -> Block {
        Block {
            brand,
            number: self.number,
            first: self.first,
            last: self.last,
            count: self.count,
            root: self.root,
            previous: self.previous,
            created_at: self.created_at,
        }
    }
}

/// One file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// Its name.
    pub name: String,
    /// Lines in it.
    pub lines: i64,
    /// Digest of its bytes.
    #[serde(with = "crate::ledger::hexed")]
    pub sha256: Hash,
}

/// How an export ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORM`].
    pub form: String,
    /// How the hashes are made.
    pub how: String,
    /// Whose it is.
    pub firm: FirmId,
    /// The brand whose chain it is.
    pub brand: BrandId,
    /// The brand's name, for people.
    pub brand_name: String,
    /// When it was made.
    pub exported_at: Timestamp,
    /// Number of the last block.
    pub blocks: i64,
    /// Events in all blocks.
    pub events: i64,
    /// Hash of the last block: it stands for everything before it.
    #[serde(with = "crate::ledger::hexed")]
    pub head: Hash,
    /// Number of the last entry of the firm's audit trail in the export.
    pub audit_entries: i64,
    /// Hash of that entry.
    #[serde(with = "crate::ledger::hexed")]
    pub audit_head: Hash,
    /// The files beside it.
    pub files: Vec<ExportedFile>,
}
