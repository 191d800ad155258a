//! Recomputing an export from its files alone: no database, no key, no clock.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use domain::Timestamp;
use domain::ledger::export::{BlockLine, EventLine, FORM, Manifest};
use domain::ledger::trail::TrailEntry;
use domain::ledger::{BLOCK_EVENTS_MAX, Chain, Fault, GENESIS};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{BLOCKS, EVENTS, MANIFEST, TRAIL};
use crate::error::EngineError;

const READING: &str = "reading the export";

/// What recomputing an export found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineCheck {
    /// What the export says of itself.
    pub manifest: Manifest,
    /// Blocks that agreed.
    pub blocks: i64,
    /// Events that agreed.
    pub events: i64,
    /// Entries of the audit trail that agreed.
    pub entries: i64,
    /// The first thing that differs.
    pub difference: Option<Difference>,
}

/// What differs in an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The chain of consents.
    Chain(Fault),
    /// An entry of the audit trail was changed, removed or moved.
    Entry {
        /// Its place in the chain.
        number: i64,
        /// When it was written, as it says now.
        at: Timestamp,
    },
    /// The trail ends elsewhere than the manifest says.
    TrailEnd,
    /// A line does not read as what it should be.
    Line {
        /// The file.
        file: &'static str,
        /// The line, from 1.
        line: i64,
    },
    /// The bytes of a file are not those of the manifest.
    Bytes {
        /// The file.
        file: String,
    },
}

impl Difference {
    /// What differs, in Turkish.
    pub fn text_tr(&self) -> String {
        match self {
            Self::Chain(fault) => fault.text_tr(),
            Self::Entry { number, at } => format!(
                "{number}. denetim kaydı değiştirilmiş, silinmiş ya da yeri değişmiş ({})",
                at.to_turkish_text()
            ),
            Self::TrailEnd => "denetim kaydı zinciri dökümün söylediği yerde bitmiyor".to_owned(),
            Self::Line { file, line } => format!("{file}, {line}. satır okunamıyor"),
            Self::Bytes { file } => format!("{file} dosyasının özeti dökümdekiyle aynı değil"),
        }
    }
}

/// What differs, in English.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(fault) => write!(f, "{fault}"),
            Self::Entry { number, at } => {
                write!(
                    f,
                    "audit entry {number} was changed, removed or moved ({at})"
                )
            }
            Self::TrailEnd => f.write_str("the audit trail ends elsewhere than the manifest says"),
            Self::Line { file, line } => write!(f, "line {line} of {file} cannot be read"),
            Self::Bytes { file } => write!(f, "the bytes of {file} are not those of the manifest"),
        }
    }
}

/// Lines of a file, one at a time, with the digest of what was read.
struct Lines {
    file: &'static str,
    reader: BufReader<File>,
    digest: Sha256,
    line: i64,
    text: String,
}

impl Lines {
    fn open(folder: &Path, file: &'static str) -> Result<Self, EngineError> {
        let opened = File::open(folder.join(file)).map_err(EngineError::file(READING))?;
        Ok(Self {
            file,
            reader: BufReader::new(opened),
            digest: Sha256::new(),
            line: 0,
            text: String::new(),
        })
    }

    /// The next line; `None` at the end, the difference when it does not read.
    fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Result<T, Difference>>, EngineError> {
        self.text.clear();
        let read = self.reader.read_line(&mut self.text);
        if read.map_err(EngineError::file(READING))? == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.digest.update(self.text.as_bytes());
        let (file, line) = (self.file, self.line);
        Ok(Some(
            serde_json::from_str(&self.text).map_err(|_| Difference::Line { file, line }),
        ))
    }

    fn sha256(self) -> [u8; 32] {
        self.digest.finalize().into()
    }
}

/// Recomputes an export from its files alone and names the first thing that
/// differs. Reads one block at a time.
///
/// # Errors
/// [`EngineError::File`] when a file is not there, [`EngineError::Invalid`]
/// when the manifest is of another form.
pub fn verify_export(folder: &Path) -> Result<OfflineCheck, EngineError> {
    let text = std::fs::read(folder.join(MANIFEST)).map_err(EngineError::file(READING))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| EngineError::invalid("manifest.json", error.to_string()))?;
    if manifest.form != FORM {
        return Err(EngineError::invalid(
            "manifest.json",
            format!(
                "has the form `{}`; this version reads `{FORM}`",
                manifest.form
            ),
        ));
    }
    let mut check = OfflineCheck {
        manifest,
        blocks: 0,
        events: 0,
        entries: 0,
        difference: None,
    };
    let mut digests = Vec::new();
    check.difference = follow_chain(folder, &mut check, &mut digests)?;
    if check.difference.is_none() {
        check.difference = follow_trail(folder, &mut check, &mut digests)?;
    }
    if check.difference.is_none() {
        let files = &check.manifest.files;
        let differing = digests.iter().find(|(name, digest)| {
            !files
                .iter()
                .any(|file| file.name == *name && file.sha256 == *digest)
        });
        check.difference = differing.map(|(name, _)| Difference::Bytes {
            file: (*name).to_owned(),
        });
    }
    Ok(check)
}

type Digests = Vec<(&'static str, [u8; 32])>;

fn follow_chain(
    folder: &Path,
    check: &mut OfflineCheck,
    digests: &mut Digests,
) -> Result<Option<Difference>, EngineError> {
    let (mut blocks, mut events) = (Lines::open(folder, BLOCKS)?, Lines::open(folder, EVENTS)?);
    let brand = check.manifest.brand;
    let mut chain = Chain::start((check.manifest.blocks, check.manifest.head));
    while let Some(line) = blocks.next::<BlockLine>()? {
        let line = match line {
            Ok(line) => line,
            Err(difference) => return Ok(Some(difference)),
        };
        let count = usize::try_from(line.count)
            .unwrap_or(0)
            .min(BLOCK_EVENTS_MAX);
        let mut found = Vec::with_capacity(count);
        for _ in 0..count {
            match events.next::<EventLine>()? {
                Some(Ok(event)) => found.push(event.into_event()),
                Some(Err(difference)) => return Ok(Some(difference)),
                None => break,
            }
        }
        chain.follow(&line.block(brand), &line.hash, &found);
        (check.blocks, check.events) = (chain.blocks, chain.events);
        if chain.fault.is_some() {
            break;
        }
    }
    chain.end();
    if let Some(fault) = chain.fault {
        return Ok(Some(Difference::Chain(fault)));
    }
    if events.next::<EventLine>()?.is_some() {
        return Ok(Some(Difference::Chain(Fault::EventsOutside { count: 1 })));
    }
    digests.push((BLOCKS, blocks.sha256()));
    digests.push((EVENTS, events.sha256()));
    Ok(None)
}

fn follow_trail(
    folder: &Path,
    check: &mut OfflineCheck,
    digests: &mut Digests,
) -> Result<Option<Difference>, EngineError> {
    let mut lines = Lines::open(folder, TRAIL)?;
    let mut previous = GENESIS;
    while let Some(line) = lines.next::<TrailEntry>()? {
        let entry = match line {
            Ok(entry) => entry,
            Err(difference) => return Ok(Some(difference)),
        };
        let number = check.entries + 1;
        let fits = entry.number == number
            && entry.previous == previous
            && entry.firm == check.manifest.firm
            && entry.digest() == entry.hash;
        if !fits {
            let at = entry.at;
            return Ok(Some(Difference::Entry { number, at }));
        }
        previous = entry.hash;
        check.entries = number;
    }
    if (check.entries, previous) != (check.manifest.audit_entries, check.manifest.audit_head) {
        return Ok(Some(Difference::TrailEnd));
    }
    digests.push((TRAIL, lines.sha256()));
    Ok(None)
}
