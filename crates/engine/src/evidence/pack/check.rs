//! Checking a pack from its bytes alone: no database, no key of ours, no clock.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Cursor, Read as _};

use domain::ids::BrandId;
use domain::ledger::proof::MessageProof;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Serialize;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::{COMMENT, Extract, FORM, LEDGER, MANIFEST, PackManifest, SIGNATURE_CHARS};

/// Largest file inside that is read.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most files inside.
const FILES_MAX: usize = 1_000;

/// What checking a pack found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackCheck {
    /// What the pack says of itself, where that can be read.
    pub manifest: Option<PackManifest>,
    /// Message proofs that were checked.
    pub messages: usize,
    /// Events of the ledger that were checked.
    pub events: usize,
    /// Everything that does not hold.
    pub doubts: Vec<PackDoubt>,
}

/// Why a pack does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "doubt", rename_all = "snake_case")]
pub enum PackDoubt {
    /// It is no pack of this form, or was cut.
    Form,
    /// The signature does not fit the bytes: something was changed.
    Signature,
    /// It is signed with another key than the one expected.
    OtherKey,
    /// A file is not the one that was listed.
    File {
        /// Which.
        name: String,
    },
    /// A message proof does not hold.
    Message {
        /// Which.
        name: String,
    },
    /// An event is not in the block that is named.
    Ledger,
}

impl fmt::Display for PackDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("the file is no evidence pack that this version reads"),
            Self::Signature => f.write_str("the signature does not fit: a byte was changed"),
            Self::OtherKey => f.write_str("it is signed with another key"),
            Self::File { name } => write!(f, "{name} is not the file that was listed"),
            Self::Message { name } => write!(f, "the proof {name} does not hold"),
            Self::Ledger => f.write_str("an event of the ledger is not in its block"),
        }
    }
}

impl PackDoubt {
    /// The same in Turkish.
    pub fn text_tr(&self) -> String {
        match self {
            Self::Form => "dosya bu sürümün okuyabildiği bir kanıt paketi değil".to_owned(),
            Self::Signature => "imza tutmuyor: paketin bir baytı değiştirilmiş".to_owned(),
            Self::OtherKey => "paket başka bir anahtarla imzalanmış".to_owned(),
            Self::File { name } => format!("{name} listelenen dosya değil"),
            Self::Message { name } => format!("{name} kanıtı tutmuyor"),
            Self::Ledger => "bir defter kaydı, gösterilen bloğunda yok".to_owned(),
        }
    }
}

/// Checks a pack; `key` is the public key that the firm publishes, if it is known.
pub fn verify_pack(bytes: &[u8], key: Option<&str>) -> PackCheck {
    let mut check = PackCheck {
        manifest: None,
        messages: 0,
        events: 0,
        doubts: Vec::new(),
    };
    let Some(files) = unpacked(bytes) else {
        check.doubts.push(PackDoubt::Form);
        return check;
    };
    let manifest: Option<PackManifest> = files
        .get(MANIFEST)
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(manifest) = manifest.filter(|manifest| manifest.form == FORM) else {
        check.doubts.push(PackDoubt::Form);
        return check;
    };
    if !is_signed(bytes, &manifest.public_key) {
        check.doubts.push(PackDoubt::Signature);
    }
    if key.is_some_and(|key| !key.trim().eq_ignore_ascii_case(&manifest.public_key)) {
        check.doubts.push(PackDoubt::OtherKey);
    }
    check.doubts.extend(files_that_differ(&files, &manifest));
    proofs(&files, &manifest, &mut check);
    check.manifest = Some(manifest);
    check
}

fn is_signed(bytes: &[u8], public_key: &str) -> bool {
    let Some((body, end)) = bytes
        .len()
        .checked_sub(SIGNATURE_CHARS)
        .and_then(|at| bytes.split_at_checked(at))
    else {
        return false;
    };
    let (Ok(signature), Ok(key)) = (hex::decode(end), hex::decode(public_key)) else {
        return false;
    };
    // One way to write a signature: capital letters are a change too.
    hex::encode(&signature).as_bytes() == end
        && body.ends_with(COMMENT.as_bytes())
        && UnparsedPublicKey::new(&ED25519, key)
            .verify(body, &signature)
            .is_ok()
}

/// Every file inside; none when it is no archive or holds too much.
fn unpacked(bytes: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).ok()?;
    if zip.len() > FILES_MAX {
        return None;
    }
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).ok()?;
        let name = file.name().ok()?.into_owned();
        let mut bytes = Vec::new();
        file.by_ref()
            .take(FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
            .ok()?;
        if files.insert(name, bytes).is_some() {
            return None;
        }
    }
    Some(files)
}

fn files_that_differ(files: &BTreeMap<String, Vec<u8>>, manifest: &PackManifest) -> Vec<PackDoubt> {
    let mut names: Vec<&str> = manifest
        .files
        .iter()
        .filter(|listed| {
            files.get(&listed.name).is_none_or(|bytes| {
                bytes.len() != listed.bytes || hex::encode(Sha256::digest(bytes)) != listed.sha256
            })
        })
        .map(|listed| listed.name.as_str())
        .collect();
    names.extend(files.keys().map(String::as_str).filter(|name| {
        *name != MANIFEST && manifest.files.iter().all(|listed| listed.name != **name)
    }));
    names
        .into_iter()
        .map(|name| PackDoubt::File {
            name: name.to_owned(),
        })
        .collect()
}

fn proofs(files: &BTreeMap<String, Vec<u8>>, manifest: &PackManifest, check: &mut PackCheck) {
    let is_proof = |name: &&String| name.starts_with("iletiler/") && name.ends_with(".json");
    for name in files.keys().filter(is_proof) {
        let proof: Option<MessageProof> = files
            .get(name)
            .and_then(|bytes| serde_json::from_slice(bytes).ok());
        let holds = proof
            .is_some_and(|proof| proof.recipient == manifest.recipient && proof.check().is_empty());
        if holds {
            check.messages += 1;
        } else {
            check.doubts.push(PackDoubt::Message { name: name.clone() });
        }
    }
    let extract: Option<Extract> = files
        .get(LEDGER)
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    let Some(extract) = extract else {
        check.doubts.push(PackDoubt::Ledger);
        return;
    };
    let holds = extract.recipient == manifest.recipient
        && extract.events.iter().all(|event| {
            let brand: BrandId = event.event.brand;
            event.event.recipient == manifest.recipient && event.check(brand).is_empty()
        });
    if holds {
        check.events = extract.events.len();
    } else {
        check.doubts.push(PackDoubt::Ledger);
    }
}
