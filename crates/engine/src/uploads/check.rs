//! What stops or holds a judged file besides its own rows: the same file
//! before, a missing authority, too many rejections; and afterwards whether
//! what was applied is what was foreseen.

use std::collections::BTreeSet;
use std::path::Path;

use domain::{Channel, ReasonCode};
use intake::{Judged, Pattern, RecordReader, Summary};
use sha2::{Digest, Sha256};
use store::branch_watches::BranchWatch;
use store::brands::Brand;
use store::uploads::{Discrepancy, EarlierUpload, FileRefusal, Hold, Upload, UploadAction};

use crate::Engine;
use crate::error::EngineError;

/// F116 with the day of the earlier upload.
pub(super) fn same_file(earlier: &EarlierUpload) -> EngineError {
    let FileRefusal { code, args } = same_file_refusal(earlier);
    EngineError::Refused { code, args }
}

/// The same as a verdict on the file.
pub(super) fn same_file_refusal(earlier: &EarlierUpload) -> FileRefusal {
    FileRefusal {
        code: ReasonCode::F116,
        args: vec![("date".into(), earlier.at.to_turkish_text())],
    }
}

/// Above the brand's share of rejected rows a person must look.
pub(super) fn holds(brand: &Brand, judged: &Judged) -> Vec<Hold> {
    let limit = u64::try_from(brand.brake_percent).unwrap_or(0);
    let summary = &judged.summary;
    let mut holds = Vec::new();
    if summary.rejected * 100 > summary.judged * limit {
        holds.push(Hold::Brake {
            percent: summary.rejected * 100 / summary.judged.max(1),
            limit,
        });
    }
    let made_up = summary.patterns.iter().filter(|pattern| pattern.holds());
    holds.extend(made_up.map(|pattern| Hold::Pattern {
        code: name_of(pattern),
        text_tr: pattern.text_tr(),
        text_en: pattern.text_en(),
    }));
    holds
}

/// The watched branches of which a judged file brings consents.
pub(super) fn watched_branches(
    records: &Path,
    watches: &[BranchWatch],
) -> std::io::Result<Vec<Hold>> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for read in RecordReader::open(records, 0)? {
        let (record, _) = read?;
        let branch = record.branch.as_deref().unwrap_or_default();
        if record.consent.is_some() && watches.iter().any(|watch| watch.branch == branch) {
            found.insert(branch.to_owned());
        }
    }
    Ok(found
        .into_iter()
        .map(|branch| Hold::Branch { branch })
        .collect())
}

fn name_of(pattern: &Pattern) -> String {
    let json = serde_json::to_value(pattern).unwrap_or_default();
    json["pattern"].as_str().unwrap_or("pattern").to_owned()
}

/// What names files of the same form: digest of their header's fingerprint.
pub(super) fn header_hash(summary: &Summary) -> Option<[u8; 32]> {
    summary.header_fingerprint.as_deref().map(hash_of)
}

/// The hash of a header's fingerprint.
pub(super) fn hash_of(fingerprint: &str) -> [u8; 32] {
    Sha256::digest(fingerprint).into()
}

/// Where an applied upload differs from what its judging foresaw.
pub(super) fn discrepancies(upload: &Upload, listed: i64) -> Vec<Discrepancy> {
    let counts = &upload.counts;
    let unaccounted = upload.summary["discrepancy"].as_i64().unwrap_or(0);
    let figures = [
        ("judged", 0, unaccounted),
        ("records", upload.records_total, upload.records_applied),
        (
            "accepted",
            upload.records_total,
            counts.created + counts.updated + counts.unchanged,
        ),
        ("rejected", upload.progress.pairs_rejected, counts.rejected),
        ("rejections", counts.rejected, listed),
        ("known", foreseen_as_known(upload), counts.known),
    ];
    figures
        .into_iter()
        .filter(|(_, foreseen, actual)| foreseen != actual)
        .map(|(figure, foreseen, actual)| Discrepancy {
            figure: figure.to_owned(),
            foreseen,
            actual,
        })
        .collect()
}

/// Consents that were on record already when the file was judged (W804).
fn foreseen_as_known(upload: &Upload) -> i64 {
    let codes = upload.summary["codes"].as_array();
    let mut codes = codes.into_iter().flatten();
    let counted = codes.find(|counted| counted["code"] == ReasonCode::W804.to_string());
    counted.map_or(0, |counted| counted["count"].as_i64().unwrap_or(0))
}

impl Engine {
    /// F118: the account may not touch a channel of which a file to be pushed
    /// speaks, as far as İYS has let us know.
    pub(super) async fn missing_authority(
        &self,
        upload: &Upload,
        channels: &[Channel],
    ) -> Result<Option<FileRefusal>, EngineError> {
        if upload.action != UploadAction::Push {
            return Ok(None);
        }
        match self.needs_right(upload.firm, upload.brand, channels).await {
            Ok(()) => Ok(None),
            Err(EngineError::Refused { code, args }) => Ok(Some(FileRefusal { code, args })),
            Err(error) => Err(error),
        }
    }
}
