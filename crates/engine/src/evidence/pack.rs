//! The evidence pack (*kanıt paketi*) of a complaint: one zip archive with a
//! cover for people, an index of digests, the proofs of the messages, the
//! person's events with their places in the ledger, the correspondence and the
//! picture, signed as a whole.
//!
//! The signature (Ed25519) stands in hexadecimal in the last 128 bytes, which
//! are the end of the archive's comment, and signs every byte before them: no
//! byte can be changed, and every zip program opens the archive.

mod check;
mod cover;

use std::io::{Cursor, Write as _};

use domain::complaint::CaseDeed;
use domain::ids::{BrandId, CaseId, EventId, FirmId};
use domain::ledger::export::{BlockLine, EventLine};
use domain::ledger::proof::ConsentProof;
use domain::ledger::{Hash, leaf, path};
use domain::{Recipient, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::complaint_cases::{Case, CaseEntry};
use store::evidence_key::EvidenceKey;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::Engine;
use crate::complaints::{Finding, picture_type};
use crate::error::EngineError;

pub use check::{PackCheck, PackDoubt, verify_pack};

/// Name of this form; a verifier refuses others.
pub const FORM: &str = "izinli-evidence-pack-1";
/// What a reader without this program needs.
pub const HOW: &str = "The last 128 bytes of the archive are an Ed25519 signature in lower-case \
hexadecimal over all bytes before them; public_key is the key, to be compared with the one that the \
firm publishes. dizin.txt holds the SHA-256 of each other file as sha256sum writes it. \
iletiler/*.json are message proofs, defter.json the person's events, each with the Merkle path to \
the root of its block.";
/// What the comment says before the signature.
const COMMENT: &str = "izinli-ed25519:";
/// Hexadecimal digits of a signature.
const SIGNATURE_CHARS: usize = 128;
/// The manifest.
const MANIFEST: &str = "manifest.json";
/// Digests as `sha256sum -c` reads them.
const INDEX: &str = "dizin.txt";
/// The cover.
const COVER: &str = "kapak.html";
/// The person's events.
const LEDGER: &str = "defter.json";
/// The correspondence.
const LETTERS: &str = "yazismalar.json";

/// What a pack says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackManifest {
    /// [`FORM`].
    pub form: String,
    /// [`HOW`].
    pub how: String,
    /// Whose.
    pub firm: FirmId,
    /// The firm's name.
    pub firm_name: String,
    /// The brand complained of.
    pub brand: BrandId,
    /// Its trade name.
    pub brand_name: String,
    /// The complaint.
    pub case: CaseId,
    /// The number.
    pub recipient: Recipient,
    /// When the pack was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// Until when the authority wants its answer.
    pub answer_due: Timestamp,
    /// Ed25519, hexadecimal.
    pub public_key: String,
    /// Every other file.
    pub files: Vec<PackFile>,
}

/// One file of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub bytes: usize,
    /// Hexadecimal.
    pub sha256: String,
}

/// The person's events, each with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Extract {
    recipient: Recipient,
    events: Vec<ConsentProof>,
}

/// The correspondence of a case.
#[derive(Debug, Serialize)]
struct Letters<'a> {
    case: CaseId,
    sender: &'a str,
    happened_at: Timestamp,
    received_at: Timestamp,
    stopped_at: Timestamp,
    is_trader: bool,
    text: &'a str,
    history: Vec<Letter<'a>>,
}

#[derive(Debug, Serialize)]
struct Letter<'a> {
    at: Timestamp,
    actor: &'a str,
    deed: CaseDeed,
    text: Option<&'a str>,
}

/// Files of a pack in their order.
#[derive(Debug, Default)]
struct Files(Vec<(String, Vec<u8>)>);

impl Files {
    fn add(&mut self, name: impl Into<String>, bytes: Vec<u8>) {
        self.0.push((name.into(), bytes));
    }

    fn add_json<T: Serialize>(
        &mut self,
        name: impl Into<String>,
        value: &T,
    ) -> Result<(), EngineError> {
        let bytes = serde_json::to_vec_pretty(value)
            .map_err(|error| EngineError::Internal(format!("no JSON form: {error}")))?;
        self.add(name, bytes);
        Ok(())
    }

    fn listed(&self) -> Vec<PackFile> {
        self.0
            .iter()
            .map(|(name, bytes)| PackFile {
                name: name.clone(),
                bytes: bytes.len(),
                sha256: hex::encode(Sha256::digest(bytes)),
            })
            .collect()
    }
}

/// What the cover and the manifest tell of a case.
struct About<'a> {
    case: &'a Case,
    finding: &'a Finding,
    entries: &'a [CaseEntry],
    firm_name: &'a str,
    brand_name: &'a str,
    made_at: Timestamp,
    made_by: &'a str,
    answer_due: Timestamp,
    public_key: &'a str,
}

impl Engine {
    /// The public half of the key that packs are signed with, hexadecimal.
    ///
    /// # Errors
    /// When the database cannot be asked, or the machine gives no randomness.
    pub async fn evidence_public_key(&self) -> Result<String, EngineError> {
        Ok(hex::encode(self.evidence_key().await?.public))
    }

    async fn evidence_key(&self) -> Result<EvidenceKey, EngineError> {
        if let Some(held) = self.store.read().await?.evidence_key().await? {
            return Ok(held);
        }
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| EngineError::Internal("the machine gives no randomness".into()))?;
        let pair = pair_of(made.as_ref())?;
        let key = EvidenceKey {
            public: pair.public_key().as_ref().to_vec(),
            private: made.as_ref().to_vec().into(),
        };
        let mut writer = self.store.write().await?;
        writer.keep_evidence_key(&key).await?;
        writer.commit().await?;
        let kept = self.store.read().await?.evidence_key().await?;
        kept.ok_or_else(|| EngineError::Internal("the key of evidence is not there".into()))
    }

    /// Makes the pack of a complaint. Its making stands in the case and in the
    /// audit trail before it is handed out.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] while nobody wrote down until when the
    /// authority wants its answer.
    pub async fn evidence_pack(
        &self,
        firm: FirmId,
        id: CaseId,
        actor: &str,
    ) -> Result<Vec<u8>, EngineError> {
        let case = self.complaint(firm, id).await?;
        let answer_due = case.answer_due.ok_or_else(|| {
            EngineError::invalid(
                "answer_due_at",
                "write down until when the authority wants its answer",
            )
        })?;
        let finding = self.complaint_finding(&case).await?;
        let mut reader = self.store.read().await?;
        let entries = reader.case_entries(id).await?;
        let picture = reader.case_picture(firm, id).await?;
        let firm_name = reader.firm(firm).await?.map(|firm| firm.name);
        let brand = reader.brand_at_work(case.brand).await?;
        drop(reader);
        let key = self.evidence_key().await?;
        let about = About {
            case: &case,
            finding: &finding,
            entries: &entries,
            firm_name: firm_name.as_deref().unwrap_or_default(),
            brand_name: &brand.trade_name,
            made_at: self.now(),
            made_by: actor,
            answer_due,
            public_key: &hex::encode(&key.public),
        };
        let extract = self.extract(&case).await?;
        let files = files_of(&about, &extract, picture)?;
        let bytes = signed(&about, files, &key)?;
        let digest = hex::encode(Sha256::digest(&bytes));
        let mut writer = self.store.write().await?;
        writer
            .note_case(id, actor, CaseDeed::PackMade, Some(&digest))
            .await?;
        let detail = json!({ "sha256": digest, "bytes": bytes.len(), "answer_due": answer_due });
        writer
            .append_audit(firm, actor, "evidence.pack", &id.to_string(), &detail)
            .await?;
        writer.commit().await?;
        Ok(bytes)
    }

    /// The person's events at every brand of the firm, with their places.
    async fn extract(&self, case: &Case) -> Result<Extract, EngineError> {
        let mut reader = self.store.read().await?;
        let brands = reader.brands(case.firm, None, 1_000).await?;
        let mut events = Vec::new();
        for brand in brands {
            let history = reader
                .consent_history(brand.id, case.recipient, None)
                .await?;
            let mut ids: Vec<EventId> = history.iter().map(|event| event.id).collect();
            ids.sort_unstable();
            for id in ids {
                let Some(stored) = reader.ledger_block_of(brand.id, id).await? else {
                    continue;
                };
                let place = stored.events.iter().position(|found| found.id == id);
                let Some((place, event)) = place.and_then(|at| Some((at, stored.events.get(at)?)))
                else {
                    continue;
                };
                let leaves: Vec<Hash> = stored.events.iter().map(leaf).collect();
                if let Some(path) = path(&leaves, place) {
                    events.push(ConsentProof {
                        event: EventLine::of(stored.block.number, event),
                        path,
                        block: BlockLine::of(&stored.block, stored.hash),
                    });
                }
            }
        }
        Ok(Extract {
            recipient: case.address.clone(),
            events,
        })
    }
}

fn pair_of(private: &[u8]) -> Result<Ed25519KeyPair, EngineError> {
    Ed25519KeyPair::from_pkcs8(private)
        .map_err(|_| EngineError::Internal("the key of evidence cannot be read".into()))
}

/// Everything but manifest and index.
fn files_of(
    about: &About<'_>,
    extract: &Extract,
    picture: Option<Vec<u8>>,
) -> Result<Files, EngineError> {
    let mut files = Files::default();
    for found in &about.finding.messages {
        let name = format!("iletiler/{}", found.proof.message);
        files.add_json(format!("{name}.json"), &found.proof)?;
        let page = super::proof_page(&found.proof);
        files.add(format!("{name}.html"), page.into_bytes());
    }
    files.add_json(LEDGER, extract)?;
    let history = about.entries.iter().map(|entry| Letter {
        at: entry.at,
        actor: &entry.actor,
        deed: entry.deed,
        text: entry.text.as_deref(),
    });
    let letters = Letters {
        case: about.case.id,
        sender: &about.case.sender,
        happened_at: about.case.happened_at,
        received_at: about.case.received_at,
        stopped_at: about.case.created_at,
        is_trader: about.case.is_trader,
        text: &about.case.text,
        history: history.collect(),
    };
    files.add_json(LETTERS, &letters)?;
    if let Some(picture) = picture {
        let ending = if picture_type(&picture) == Some("image/png") {
            "png"
        } else {
            "jpg"
        };
        files.add(format!("sikayet-goruntusu.{ending}"), picture);
    }
    let cover = cover::page(about, extract, &files.listed());
    files.add(COVER, cover.into_bytes());
    let mut index = String::new();
    for file in files.listed() {
        index.push_str(&format!("{}  {}\n", file.sha256, file.name));
    }
    files.add(INDEX, index.into_bytes());
    Ok(files)
}

/// The archive with its signature.
fn signed(about: &About<'_>, mut files: Files, key: &EvidenceKey) -> Result<Vec<u8>, EngineError> {
    let manifest = PackManifest {
        form: FORM.to_owned(),
        how: HOW.to_owned(),
        firm: about.case.firm,
        firm_name: about.firm_name.to_owned(),
        brand: about.case.brand,
        brand_name: about.brand_name.to_owned(),
        case: about.case.id,
        recipient: about.case.address.clone(),
        made_at: about.made_at,
        made_by: about.made_by.to_owned(),
        answer_due: about.answer_due,
        public_key: about.public_key.to_owned(),
        files: files.listed(),
    };
    files.add_json(MANIFEST, &manifest)?;
    let mut bytes = archive(&files).map_err(|error| {
        EngineError::Internal(format!("the evidence pack could not be written: {error}"))
    })?;
    let body = bytes.len().saturating_sub(SIGNATURE_CHARS);
    bytes.truncate(body);
    let pair = pair_of(key.private.expose_secret())?;
    let signature = hex::encode(pair.sign(&bytes).as_ref());
    bytes.extend_from_slice(signature.as_bytes());
    Ok(bytes)
}

/// The archive with room for the signature at the end of its comment.
fn archive(files: &Files) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.set_comment(format!("{COMMENT}{}", "0".repeat(SIGNATURE_CHARS)))?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o644);
    for (name, bytes) in &files.0 {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
