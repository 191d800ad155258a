//! What stops or holds a judged file besides its own rows: the same file
//! before, a missing authority, too many rejections; and afterwards whether
//! what was applied is what was foreseen.

use std::collections::BTreeSet;

use domain::{Channel, ReasonCode, RegistryMode};
use intake::{Judged, Pattern, RecordReader, Summary};
use sha2::{Digest, Sha256};
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

fn name_of(pattern: &Pattern) -> String {
    let json = serde_json::to_value(pattern).unwrap_or_default();
    json["pattern"].as_str().unwrap_or("pattern").to_owned()
}

/// What names files of the same form: digest of their header's fingerprint.
pub(super) fn header_hash(summary: &Summary) -> Option<[u8; 32]> {
    let fingerprint = summary.header_fingerprint.as_deref()?;
    Some(Sha256::digest(fingerprint).into())
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

impl Engine {
    /// F118: İYS said that the brand has no authority for a channel of which
    /// the file speaks, and has not taken it back.
    pub(super) async fn missing_authority(
        &self,
        brand: &Brand,
        upload: &Upload,
        judged: &Judged,
    ) -> Result<Option<FileRefusal>, EngineError> {
        let writes = upload.action == UploadAction::Push
            && matches!(brand.mode, RegistryMode::Sync | RegistryMode::Integrator);
        if !writes {
            return Ok(None);
        }
        let mut reader = self.store.read().await?;
        let parked = reader.parked_reasons(brand.id).await?;
        drop(reader);
        let closed: BTreeSet<Channel> = parked
            .into_iter()
            .filter(|(_, text)| is_about_authority(text))
            .map(|(channel, _)| channel)
            .collect();
        if closed.is_empty() {
            return Ok(None);
        }
        let records = judged.records.clone();
        let spoken = tokio::task::spawn_blocking(move || channels_of(&records))
            .await
            .map_err(|error| EngineError::Internal(error.to_string()))?
            .map_err(EngineError::file("reading the judged records"))?;
        let named: Vec<&str> = closed
            .intersection(&spoken)
            .map(|channel| channel.as_str())
            .collect();
        Ok((!named.is_empty()).then(|| FileRefusal {
            code: ReasonCode::F118,
            args: vec![("channel".into(), named.join(", "))],
        }))
    }
}

/// Whether İYS's last word about a parked list was that the authority is missing.
fn is_about_authority(text: &str) -> bool {
    let code = text
        .split_whitespace()
        .find(|word| word.starts_with('H') && word[1..].bytes().all(|b| b.is_ascii_digit()));
    code.is_some_and(|code| registry::codes::reason_of(Some(code), text) == ReasonCode::I300)
}

fn channels_of(records: &std::path::Path) -> std::io::Result<BTreeSet<Channel>> {
    let mut found = BTreeSet::new();
    for item in RecordReader::open(records, 0)? {
        let (record, _) = item?;
        found.extend(record.consent.map(|consent| consent.channel));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_authority_closes_a_channel() {
        assert!(is_about_authority("İYS answered H353 (403): yetki yok"));
        assert!(!is_about_authority("İYS answered H124 (429): çok istek"));
        assert!(!is_about_authority(
            "İYS was not reached: connection refused"
        ));
    }
}
