//! Files of promotion codes: judged against the list that they are for, and
//! added to it slice by slice, each with its own progress.

use std::path::PathBuf;

use domain::ReasonCode;
use domain::ids::{FirmId, PromotionId};
use intake::{CodeList, CodeReader, CodeRecord, CodeVerdict, DirectoryError, Judged};
use secrecy::SecretString;
use store::promotions::codes::{CodeStanding, NewCode};
use store::rejections::Rejection;
use store::upload_work::{AppliedSlice, ClaimedUpload};
use store::uploads::{AppliedCounts, Upload, UploadPurpose};
use store::{Store, StoreError};
use tokio::runtime::Handle;

use super::apply::{LATE_REJECTIONS_FROM, count};
use super::receive::NewFile;
use super::spool::read_beside;
use crate::Engine;
use crate::error::EngineError;

/// The promotion that an upload's codes are for; checked when it came in.
fn name_of(upload: &Upload) -> &str {
    upload.tag.as_deref().unwrap_or(&upload.name)
}

/// The list of a promotion, for a thread that may block.
#[derive(Debug)]
struct StoreCodeList {
    store: Store,
    handle: Handle,
    firm: FirmId,
    /// None while no code of it came in.
    promotion: Option<PromotionId>,
}

impl CodeList for StoreCodeList {
    fn look_at(&mut self, codes: &[CodeRecord]) -> Result<Vec<CodeVerdict>, DirectoryError> {
        let new: Vec<NewCode> = codes.iter().map(new_code).collect();
        let asked = async {
            let mut reader = self.store.read().await?;
            reader.code_standings(self.firm, self.promotion, &new).await
        };
        let found = self.handle.block_on(asked).map_err(DirectoryError::new)?;
        Ok(found
            .into_iter()
            .map(|standing| refusal(standing).map_or(CodeVerdict::Fits, CodeVerdict::Refused))
            .collect())
    }
}

fn new_code(record: &CodeRecord) -> NewCode {
    NewCode {
        code: record.code.clone(),
        external_id: record.external_id.clone(),
    }
}

const fn refusal(standing: CodeStanding) -> Option<ReasonCode> {
    match standing {
        CodeStanding::New | CodeStanding::Held => None,
        CodeStanding::Stranger => Some(ReasonCode::R406),
        CodeStanding::Taken => Some(ReasonCode::R809),
        CodeStanding::PersonHasOther => Some(ReasonCode::R810),
    }
}

/// Some records, and where the next ones begin.
struct Slice {
    records: Vec<CodeRecord>,
    next: i64,
}

fn read_slice(path: &std::path::Path, offset: i64, most: usize) -> std::io::Result<Slice> {
    let reader = CodeReader::open(path, u64::try_from(offset).unwrap_or(0))?;
    let mut slice = Slice {
        records: Vec::with_capacity(most),
        next: offset,
    };
    for read in reader.take(most) {
        let (record, next) = read?;
        slice.records.push(record);
        slice.next = i64::try_from(next).unwrap_or(i64::MAX);
    }
    Ok(slice)
}

impl Engine {
    /// What a file of codes must say besides: for which promotion, and until
    /// when its codes are of use.
    pub(super) async fn check_promotion(&self, new: &NewFile) -> Result<(), EngineError> {
        if new.purpose != UploadPurpose::Promotion {
            if new.expires_at.is_some() {
                let problem = "only promotion codes have an end";
                return Err(EngineError::invalid("expires_on", problem));
            }
            return Ok(());
        }
        if let Some(at) = new.expires_at {
            return if at > self.now() {
                Ok(())
            } else {
                Err(EngineError::invalid("expires_on", "must not be over"))
            };
        }
        let name = new.tag.as_deref().unwrap_or_default();
        let mut reader = self.store.read().await?;
        if reader.promotion_named(new.firm, name).await?.is_none() {
            let problem = "says until when the codes of a new promotion are of use";
            return Err(EngineError::invalid("expires_on", problem));
        }
        Ok(())
    }

    pub(super) async fn read_codes(&self, claimed: &ClaimedUpload) -> Result<Judged, EngineError> {
        let options = self.options(&claimed.upload).await?;
        let (source, work) = self.begin_work(claimed).await?;
        let upload = &claimed.upload;
        let mut reader = self.store.read().await?;
        let held = reader.promotion_named(upload.firm, name_of(upload)).await?;
        drop(reader);
        let mut list = StoreCodeList {
            store: self.store.clone(),
            handle: Handle::current(),
            firm: upload.firm,
            promotion: held.map(|held| held.id),
        };
        self.while_leased(claimed, move |watch| {
            intake::judge_codes(&source, &options, &mut list, &work, watch)
        })
        .await
    }

    /// Adds the judged codes to their promotion, from where an earlier worker
    /// left off.
    pub(super) async fn apply_codes(
        &self,
        claimed: &ClaimedUpload,
        path: PathBuf,
    ) -> Result<(), EngineError> {
        let mut offset = claimed.upload.records_offset;
        let most = self.settings.uploads.slice_records;
        loop {
            let from = path.clone();
            let slice = read_beside("reading the judged codes", move || {
                read_slice(&from, offset, most)
            })
            .await?;
            if slice.records.is_empty() {
                return Ok(());
            }
            self.apply_code_slice(claimed, &slice, offset).await?;
            offset = slice.next;
        }
    }

    async fn apply_code_slice(
        &self,
        claimed: &ClaimedUpload,
        slice: &Slice,
        from_offset: i64,
    ) -> Result<(), EngineError> {
        let upload = &claimed.upload;
        let mut writer = self.store.write().await?;
        let promotion = writer
            .ensure_promotion(upload.firm, name_of(upload), upload.expires_at)
            .await
            .map_err(|error| match error {
                StoreError::Lost { .. } => EngineError::Internal(
                    "the promotion was forgotten while codes were added to it".into(),
                ),
                error => error.into(),
            })?;
        let new: Vec<NewCode> = slice.records.iter().map(new_code).collect();
        let standings = writer.add_codes(&promotion, &new).await?;
        let late: Vec<Rejection> = slice
            .records
            .iter()
            .zip(&standings)
            .filter_map(|(record, standing)| Some(late(record, refusal(*standing)?)))
            .collect();
        if !late.is_empty() {
            writer.add_rejections(upload.id, &late).await?;
        }
        let of = |wanted| count(standings.iter().filter(|one| **one == wanted).count());
        let applied = AppliedSlice {
            from_offset,
            to_offset: slice.next,
            records: count(slice.records.len()),
            counts: AppliedCounts {
                created: of(CodeStanding::New),
                unchanged: of(CodeStanding::Held),
                rejected: count(late.len()),
                ..AppliedCounts::default()
            },
            events: None,
        };
        writer.advance_upload(&claimed.claim, applied).await?;
        let lease_us = self.settings.uploads.lease_seconds * domain::time::SECOND_US;
        writer.renew_upload(&claimed.claim, lease_us, None).await?;
        Ok(writer.commit().await?)
    }
}

/// A code that the list refuses although judging foresaw no obstacle: another
/// file brought it meanwhile.
fn late(record: &CodeRecord, code: ReasonCode) -> Rejection {
    let value = match (&record.external_id, code) {
        (Some(id), ReasonCode::R406 | ReasonCode::R810) => id,
        _ => &record.code,
    };
    Rejection {
        line: i64::try_from(record.line).unwrap_or(i64::MAX),
        number: LATE_REJECTIONS_FROM,
        channel: None,
        field: "promotion_code".into(),
        code,
        args: vec![("value".into(), value.clone())],
        value: Some(SecretString::from(value.clone())),
        raw: None,
    }
}
