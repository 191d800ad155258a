//! Mutabakat: a brand's day as İYS has it, to be compared with ours and
//! confirmed. Days can be asked for up to seven days back.

use bytes::Bytes;
use domain::RecipientKind;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call_error::CallError;
use crate::client::{Client, prefix};
use crate::limiter::CallKind;
use crate::read;
use crate::transport::{Download, Request};
use crate::wire::{BrandAddress, Feed, RegisteredChannel};

/// Columns of a day's file, in their order. The file is sorted by creation
/// date, then by transaction.
pub const FILE_COLUMNS: [&str; 8] = [
    "creationDate",
    "transactionId",
    "recipient",
    "recipientType",
    "type",
    "status",
    "consentDate",
    "source",
];

/// Movements of one day on one channel from one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The channel.
    pub channel: RegisteredChannel,
    /// Who made them.
    pub side: Feed,
    /// First ONAY, and ONAY over RET.
    pub approvals: i64,
    /// RET over ONAY.
    pub refusals: i64,
    /// Not decided yet.
    pub pending: i64,
    /// All of them, renewals of an ONAY included.
    pub total: i64,
}

/// The hash of a day's file, as far as İYS has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayHash {
    /// How far it is.
    pub progress: HashProgress,
    /// Lower-case hexadecimal. Whether the header line counts is not
    /// documented: compare with both.
    pub value: Option<String>,
    /// `SHA-384`.
    pub method: Option<String>,
    /// Whether the day was confirmed before.
    pub is_agreed: bool,
}

/// How far İYS is with a hash (*processStatus*).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashProgress {
    /// Not begun.
    Queued,
    /// Being made.
    InProgress,
    /// There.
    Completed,
    /// Failed at İYS.
    Error,
    /// A word this version does not know.
    Unknown,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Confirmation {
    agreement_status: bool,
}

impl Client {
    /// The figures of a day for one kind of recipient.
    ///
    /// # Errors
    /// [`CallError`]; H502 for a day more than seven days back.
    pub async fn day_counts(
        &self,
        brand: BrandAddress,
        day: Date,
        kind: RecipientKind,
    ) -> Result<Vec<DayCount>, CallError> {
        let path = format!("{}/changes/{day}/recipients/{kind}", prefix(brand));
        let counts = self
            .read_if_any(CallKind::Agreement, &Request::get(path), read_counts)
            .await?;
        Ok(counts.unwrap_or_default())
    }

    /// The hash of a day's file; `None` when there is none (yet).
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn day_hash(
        &self,
        brand: BrandAddress,
        day: Date,
    ) -> Result<Option<DayHash>, CallError> {
        let request = Request::get(format!("{}/agreements/{day}", prefix(brand)));
        self.read_if_any(CallKind::Agreement, &request, read_hash)
            .await
    }

    /// Confirms a day; whether İYS took the confirmation. Only for a day whose
    /// file has the hash that İYS gave: what was confirmed cannot be taken back.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn agree(&self, brand: BrandAddress, day: Date) -> Result<bool, CallError> {
        let path = format!("{}/agreements/{day}", prefix(brand));
        let request = Request::put(
            path,
            &Confirmation {
                agreement_status: true,
            },
        );
        let taken = self
            .read_if_any(CallKind::Agreement, &request, read_captured)
            .await?;
        Ok(taken.unwrap_or(false))
    }

    /// All movements of a day, as CSV with the columns of [`FILE_COLUMNS`];
    /// `None` when there is no file. About 200 bytes a movement: read it piece
    /// by piece.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn day_file(
        &self,
        brand: BrandAddress,
        day: Date,
    ) -> Result<Option<Download>, CallError> {
        let request = Request::get(format!("{}/changes/{day}/file", prefix(brand)));
        self.download(CallKind::Agreement, &request).await
    }

    /// The time-stamp file (*zaman damgası*, `.tsr`) of a day; `None` when there is none.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn day_stamp(
        &self,
        brand: BrandAddress,
        day: Date,
    ) -> Result<Option<Bytes>, CallError> {
        let request = Request::get(format!("{}/agreements/{day}/timestamp", prefix(brand)));
        let answer = self.call(CallKind::Agreement, &request).await?;
        Ok((answer.status != 204 && !answer.body.is_empty()).then_some(answer.body))
    }
}

fn read_counts(body: &[u8]) -> Result<Vec<DayCount>, String> {
    let value: Value = read::parse(body)?;
    let stats = value
        .get("changeStats")
        .and_then(Value::as_array)
        .ok_or("it has no changeStats")?;
    let mut counts = Vec::new();
    for stat in stats {
        let Some(channel) = read::text(stat, &["type"]).and_then(|word| read::channel(&word))
        else {
            return Err(format!("unknown channel in {stat}"));
        };
        let sides = stat.get("consents").and_then(Value::as_array);
        for row in sides.into_iter().flatten() {
            let side = match read::text(row, &["source"]).as_deref() {
                Some("HS") => Feed::Firm,
                Some("IYS") => Feed::Citizen,
                _ => return Err(format!("unknown source in {row}")),
            };
            let count = |key| read::number(row, key).unwrap_or(0);
            counts.push(DayCount {
                channel,
                side,
                approvals: count("approval"),
                refusals: count("rejection"),
                pending: count("pending"),
                total: count("total"),
            });
        }
    }
    Ok(counts)
}

fn read_hash(body: &[u8]) -> Result<DayHash, String> {
    let value: Value = read::parse(body)?;
    let progress = match read::text(&value, &["processStatus"]) {
        Some(word) => match word.to_ascii_lowercase().as_str() {
            "queued" => HashProgress::Queued,
            "inprogress" => HashProgress::InProgress,
            "completed" => HashProgress::Completed,
            "error" => HashProgress::Error,
            _ => HashProgress::Unknown,
        },
        None => return Err("it has no processStatus".to_owned()),
    };
    Ok(DayHash {
        progress,
        value: read::text(&value, &["hashValue"]).map(|hash| hash.to_ascii_lowercase()),
        method: read::text(&value, &["hashMethod"]),
        is_agreed: value.get("agreementStatus").is_some_and(read::is_true),
    })
}

/// The document spells the key both ways.
fn read_captured(body: &[u8]) -> Result<bool, String> {
    let value: Value = read::parse(body)?;
    ["agreementCaptured", "aggrementCaptured"]
        .into_iter()
        .find_map(|key| value.get(key))
        .map(read::is_true)
        .ok_or_else(|| "it does not say whether the confirmation was taken".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_days_figures_are_read_with_numbers_in_either_form() {
        let body = r#"{"changeStats":[{"type":"MESAJ","consents":[
            {"source":"HS","approval":38,"rejection":"2","pending":1,"total":"41"},
            {"source":"IYS","rejection":3,"total":3}]}]}"#;
        let counts = read_counts(body.as_bytes()).unwrap();
        assert_eq!(
            counts[0],
            DayCount {
                channel: RegisteredChannel::MESAJ,
                side: Feed::Firm,
                approvals: 38,
                refusals: 2,
                pending: 1,
                total: 41,
            }
        );
        assert_eq!((counts[1].side, counts[1].refusals), (Feed::Citizen, 3));
        assert_eq!(read_counts(br#"{"changeStats":[]}"#), Ok(Vec::new()));
        for body in [
            "{}",
            r#"{"changeStats":[{"type":"FAKS","consents":[]}]}"#,
            r#"{"changeStats":[{"type":"MESAJ","consents":[{"source":"X"}]}]}"#,
        ] {
            assert!(read_counts(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_hash_is_there_only_when_iys_says_so() {
        let body = r#"{"processStatus":"completed","hashValue":"AB12","hashMethod":"SHA-384","agreementStatus":"false"}"#;
        let hash = read_hash(body.as_bytes()).unwrap();
        assert_eq!(hash.value.as_deref(), Some("ab12"));
        assert_eq!(
            (hash.progress, hash.is_agreed),
            (HashProgress::Completed, false)
        );
        for (word, progress) in [
            ("queued", HashProgress::Queued),
            ("inprogress", HashProgress::InProgress),
            ("error", HashProgress::Error),
            ("yeni", HashProgress::Unknown),
        ] {
            let body = format!(r#"{{"processStatus":"{word}"}}"#);
            let hash = read_hash(body.as_bytes()).unwrap();
            assert_eq!((hash.progress, hash.value), (progress, None));
        }
        assert!(read_hash(b"{}").is_err());
    }

    #[test]
    fn a_confirmation_is_read_in_both_spellings() {
        assert_eq!(read_captured(br#"{"agreementCaptured":true}"#), Ok(true));
        assert_eq!(read_captured(br#"{"aggrementCaptured":"true"}"#), Ok(true));
        assert_eq!(read_captured(br#"{"agreementCaptured":false}"#), Ok(false));
        assert!(read_captured(b"{}").is_err());
    }
}
