//! Applying: the accepted records go into the ledger slice by slice, each with
//! its own progress and the questions for İYS in the transaction that applies
//! it, so a process killed anywhere goes on behind the last committed slice.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use domain::consent::{Claim, Origin, admit};
use domain::ids::{EventId, RecipientId};
use domain::{Channel, ReasonCode, Recipient, RegistryMode};
use intake::Record;
use store::StoreError;
use store::brands::Brand;
use store::consent::{Applied, ApplyContext, Touched};
use store::rejections::Rejection;
use store::upload_work::{AppliedSlice, ClaimedUpload};
use store::uploads::{AppliedCounts, Upload, UploadAction, UploadPurpose};

use super::spool::{Slice, Spool};
use super::{RECORDS, check};
use crate::Engine;
use crate::error::EngineError;
use crate::registry::{asks, withheld};

/// Numbers of rejections that only the ledger knew about stand behind those of
/// the same line that judging found.
pub(super) const LATE_REJECTIONS_FROM: i64 = 1_000;

/// Most slices of one transaction while nobody waits for it
/// ([`store::Store::may_go_on`]); another process that wants to write waits
/// until they are done.
const SLICES_MAX: usize = 8;

impl Engine {
    pub(super) async fn apply_upload(&self, claimed: &ClaimedUpload) -> Result<(), EngineError> {
        let brand = self
            .store
            .read()
            .await?
            .brand_at_work(claimed.upload.brand)
            .await?;
        let path = self.records_of(claimed)?;
        if claimed.upload.purpose == UploadPurpose::Promotion {
            self.apply_codes(claimed, path).await?;
            return self.finish(claimed).await;
        }
        let mut offset = claimed.upload.records_offset;
        let mut guess = Guess::default();
        while !self
            .apply_from(claimed, &brand, &path, &mut offset, &mut guess)
            .await?
        {}
        self.finish(claimed).await
    }

    /// Applies from `offset` to the end of the spool; false when a guess was
    /// wrong and the transaction is gone: the same slices again.
    async fn apply_from(
        &self,
        claimed: &ClaimedUpload,
        brand: &Brand,
        path: &Path,
        offset: &mut i64,
        guess: &mut Guess,
    ) -> Result<bool, EngineError> {
        self.apply_placed(claimed, brand, path, offset).await?;
        let mut spool = Spool::open(self, path, *offset).await?;
        while let Some(first) = spool.next.take() {
            let is_whole = if claimed.upload.purpose.names_people() {
                self.apply_named(claimed, &first, *offset).await?;
                *offset = first.next;
                true
            } else if self.goes_ahead(guess, &first) {
                self.apply_ahead(claimed, brand, first, offset, &mut spool, guess)
                    .await?
            } else {
                self.apply_some(claimed, brand, first, offset, &mut spool, guess)
                    .await?
            };
            if !is_whole {
                return Ok(false);
            }
            spool.read_on().await?;
        }
        Ok(true)
    }

    /// One transaction: a slice, and more while nobody waits. False when the
    /// guess was wrong and nothing was applied.
    async fn apply_some(
        &self,
        claimed: &ClaimedUpload,
        brand: &Brand,
        first: Slice,
        offset: &mut i64,
        spool: &mut Spool,
        guess: &mut Guess,
    ) -> Result<bool, EngineError> {
        let mut writer = self.store.write_behind().await?;
        let (mut slice, mut slices, mut records) = (first, 0, 0);
        let mut next = *offset;
        loop {
            let applied = self
                .apply_slice(&mut writer, claimed, brand, &slice, next, guess)
                .await?;
            if !applied {
                return Ok(false);
            }
            slices += 1;
            records += slice.records.len();
            next = slice.next;
            drop(slice);
            if slices == SLICES_MAX || !self.store.may_go_on() {
                break;
            }
            spool.read_on().await?;
            let Some(following) = spool.next.take() else {
                break;
            };
            slice = following;
        }
        self.commit_slices(writer, claimed, records).await?;
        *offset = next;
        Ok(true)
    }

    pub(super) async fn commit_slices(
        &self,
        mut writer: store::Writer,
        claimed: &ClaimedUpload,
        records: usize,
    ) -> Result<(), EngineError> {
        let lease_us = self.settings.uploads.lease_seconds * domain::time::SECOND_US;
        writer.renew_upload(&claimed.claim, lease_us, None).await?;
        writer.commit().await?;
        metrics::counter!("izinli_records_applied_total").increment(records as u64);
        Ok(())
    }

    /// Everything is in the ledger: whether it is what was foreseen is kept
    /// with the upload.
    async fn finish(&self, claimed: &ClaimedUpload) -> Result<(), EngineError> {
        let id = claimed.upload.id;
        let held = self.upload(claimed.upload.firm, id).await?;
        if held.counts.rejected > held.progress.pairs_rejected {
            self.keep_late_rows(claimed).await?;
        }
        let mut writer = self.store.write().await?;
        let done = writer
            .upload(claimed.upload.firm, id)
            .await?
            .ok_or(EngineError::NotFound { what: "the upload" })?;
        let listed = writer.rejection_counts(done.firm, id).await?;
        let listed = listed.iter().map(|(_, count)| *count).sum();
        let found = check::discrepancies(&done, listed);
        for one in &found {
            tracing::warn!(
                upload.id = %id, figure = one.figure, foreseen = one.foreseen, actual = one.actual,
                "upload {id} came out otherwise than its preview said"
            );
        }
        writer.finish_applying(&claimed.claim, &found).await?;
        writer.commit().await?;
        self.wake.registry.notify_waiters();
        tracing::info!(upload.id = %id, "upload {id} was applied");
        self.forget_work(id, claimed.upload.attempt).await;
        let written = done.counts.created + done.counts.updated;
        if written >= self.settings.uploads.refresh_figures_from
            && let Err(error) = self.store.refresh_figures().await
        {
            // Nothing but speed depends on it.
            tracing::warn!(error = %error, "the planner's figures could not be refreshed");
        }
        Ok(())
    }

    /// The spool of the judging that ended: the newest one that is complete.
    fn records_of(&self, claimed: &ClaimedUpload) -> Result<PathBuf, EngineError> {
        let folder = self.folder(claimed.upload.id);
        (1..=claimed.upload.attempt)
            .rev()
            .map(|attempt| folder.judged(attempt).join(RECORDS))
            .find(|path| path.is_file())
            .ok_or_else(|| {
                EngineError::Internal(
                    "the judged records are not in uploads.folder; all workers must reach the same folder"
                        .into(),
                )
            })
    }

    async fn apply_slice(
        &self,
        writer: &mut store::Writer,
        claimed: &ClaimedUpload,
        brand: &Brand,
        slice: &Slice,
        from_offset: i64,
        guess: &mut Guess,
    ) -> Result<bool, EngineError> {
        let context = self.apply_context(&claimed.upload);
        let applied = if guess.is_of_strangers() {
            match writer.apply_strangers(&context, &slice.incoming).await {
                Err(StoreError::Exists { .. }) => {
                    guess.was_wrong();
                    return Ok(false);
                }
                outcome => outcome?,
            }
        } else {
            writer.apply_records(&context, &slice.incoming).await?
        };
        guess.saw(applied.knew_nobody);
        self.follow_up(writer, claimed, brand, slice, from_offset, &applied)
            .await?;
        Ok(true)
    }

    pub(super) fn apply_context(&self, upload: &Upload) -> ApplyContext {
        ApplyContext {
            firm: upload.firm,
            brand: upload.brand,
            origin: Origin::Upload,
            origin_id: Some(upload.id.as_db()),
            actor: upload.actor.clone(),
            now: self.now(),
        }
    }

    /// Everything that goes into the transaction in which a slice was applied.
    pub(super) async fn follow_up(
        &self,
        writer: &mut store::Writer,
        claimed: &ClaimedUpload,
        brand: &Brand,
        slice: &Slice,
        from_offset: i64,
        applied: &Applied,
    ) -> Result<(), EngineError> {
        let upload = &claimed.upload;
        self.keep_late_rejections(writer, claimed, applied).await?;
        withheld::sort_out(writer, brand.id, &slice.records, applied).await?;
        for (tag, people) in tagged(upload.tag.as_deref(), &slice.records, applied) {
            let tag = writer.ensure_tag(upload.firm, tag).await?;
            writer.add_to_tag(tag, &people).await?;
        }
        writer
            .note_branches(upload.id, &branches(&slice.records, applied))
            .await?;
        writer
            .note_retailers(&retailers(&slice.records, applied))
            .await?;
        if asks_registry(brand, upload.action) {
            let batches = asks::after_apply(brand, upload, &applied.touched);
            writer.enqueue_registry(&batches).await?;
        }
        writer
            .advance_upload(
                &claimed.claim,
                AppliedSlice {
                    from_offset,
                    to_offset: slice.next,
                    records: count(slice.records.len()),
                    counts: AppliedCounts {
                        created: count(applied.created),
                        updated: count(applied.updated),
                        unchanged: count(applied.unchanged),
                        rejected: count(applied.refused.len()),
                        known: count(known_already(applied)),
                    },
                    events: appended(applied),
                },
            )
            .await?;
        Ok(())
    }

    /// What the ledger refused although judging foresaw no obstacle: somebody
    /// refused in the meantime.
    async fn keep_late_rejections(
        &self,
        writer: &mut store::Writer,
        claimed: &ClaimedUpload,
        applied: &Applied,
    ) -> Result<(), EngineError> {
        let late: Vec<Rejection> = applied
            .refused
            .iter()
            .map(|refusal| Rejection {
                line: refusal.line,
                // A line has one record per channel.
                number: LATE_REJECTIONS_FROM + refusal.channel.as_db(),
                channel: Some(refusal.channel),
                // As judging names what stands against a consent on record.
                field: "date".into(),
                code: refusal.code,
                args: refusal
                    .args
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()))
                    .collect(),
                value: None,
                raw: None,
            })
            .collect();
        if !late.is_empty() {
            writer.add_rejections(claimed.upload.id, &late).await?;
        }
        Ok(())
    }
}

/// Whether the next slice is of people who are not on record: then nobody needs
/// to be looked up. Only speed depends on it: who is on record after all is
/// noticed, and the slice applied with a look-up.
#[derive(Debug)]
pub(super) struct Guess {
    /// Slices in a row that knew nobody.
    unknown: u32,
    /// So many make the next one be guessed of strangers.
    needed: u32,
    /// Strangers may be on record before what they say is.
    pub(super) may_go_ahead: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            unknown: 0,
            needed: 1,
            may_go_ahead: true,
        }
    }
}

impl Guess {
    pub(super) const fn is_of_strangers(&self) -> bool {
        self.unknown >= self.needed
    }

    const fn saw(&mut self, knew_nobody: bool) {
        self.unknown = if knew_nobody {
            self.unknown.saturating_add(1)
        } else {
            0
        };
    }

    /// Each mistake makes the next guess more careful, because it costs a
    /// transaction that is made again.
    pub(super) const fn was_wrong(&mut self) {
        self.unknown = 0;
        self.needed = self.needed.saturating_mul(4);
    }
}

/// Whom each tag is for: the upload's own for everybody, and those of the rows.
fn tagged<'a>(
    of_all: Option<&'a str>,
    slice: &'a [Record],
    applied: &Applied,
) -> BTreeMap<&'a str, Vec<RecipientId>> {
    let mut tagged: BTreeMap<&str, Vec<RecipientId>> = BTreeMap::new();
    if let Some(tag) = of_all {
        let everybody = applied.touched.iter().map(|touched| touched.recipient);
        tagged.insert(tag, everybody.collect());
    }
    let rows: HashMap<(i64, &Recipient), &Record> = slice
        .iter()
        .filter(|record| !record.tags.is_empty())
        .map(|record| ((line_of(record), &record.recipient), record))
        .collect();
    if rows.is_empty() {
        return tagged;
    }
    for touched in &applied.touched {
        let Some(record) = rows.get(&(touched.line, &touched.address)) else {
            continue;
        };
        for tag in &record.tags {
            tagged.entry(tag).or_default().push(touched.recipient);
        }
    }
    tagged
}

/// Which branch brought each event that a slice appended.
fn branches<'a>(slice: &'a [Record], applied: &Applied) -> Vec<(EventId, &'a str)> {
    let rows: HashMap<(i64, Channel, &Recipient), &str> = slice
        .iter()
        .filter_map(|record| {
            let (branch, consent) = (record.branch.as_deref()?, record.consent.as_ref()?);
            let key = (line_of(record), consent.channel, &record.recipient);
            Some((key, branch))
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let named = applied.touched.iter().filter_map(|touched| {
        let channel = touched.said.as_ref()?.channel;
        let branch = rows.get(&(touched.line, channel, &touched.address))?;
        Some((touched.event?, *branch))
    });
    named.collect()
}

/// Which retailer took each event that a slice appended.
fn retailers(slice: &[Record], applied: &Applied) -> Vec<(EventId, u32)> {
    let rows: HashMap<(i64, Channel, &Recipient), u32> = slice
        .iter()
        .filter_map(|record| {
            let (code, consent) = (record.retailer?, record.consent.as_ref()?);
            let key = (line_of(record), consent.channel, &record.recipient);
            Some((key, code))
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let taken = applied.touched.iter().filter_map(|touched| {
        let channel = touched.said.as_ref()?.channel;
        let code = rows.get(&(touched.line, channel, &touched.address))?;
        Some((touched.event?, *code))
    });
    taken.collect()
}

/// The first and last event that a slice appended.
pub(super) fn appended(applied: &Applied) -> Option<(EventId, EventId)> {
    let events = || applied.touched.iter().filter_map(|touched| touched.event);
    Some((events().min()?, events().max()?))
}

/// Consents that were on record before the file, as its judging saw them: what
/// the file itself said first about a key, such as a phone that a family shares,
/// is not counted against it. The records of one address stand in one slice.
fn known_already(applied: &Applied) -> usize {
    let of_address = applied.touched.chunk_by(|a, b| a.recipient == b.recipient);
    let is_known = |of_address: &[Touched], touched: &Touched| {
        let Some(said) = &touched.said else {
            return false;
        };
        let is_same_key = |one: &&Touched| {
            let channel = one.said.as_ref().map(|said| said.channel);
            one.kind == touched.kind && channel == Some(said.channel)
        };
        let before = of_address.iter().find(is_same_key).unwrap_or(touched);
        if before.was.local.is_none() {
            return false;
        }
        let claim = Claim {
            status: said.status,
            consent_date: said.date,
        };
        let admission = admit(claim, before.was.local.as_ref(), &before.was.registry);
        admission.code() == Some(ReasonCode::W804)
    };
    of_address
        .map(|all| all.iter().filter(|one| is_known(all, one)).count())
        .sum()
}

pub(super) fn line_of(record: &Record) -> i64 {
    i64::try_from(record.line).unwrap_or(i64::MAX)
}

/// Whether an upload makes us ask İYS about its people (design §4).
fn asks_registry(brand: &Brand, action: UploadAction) -> bool {
    matches!(brand.mode, RegistryMode::Sync | RegistryMode::Integrator)
        && action != UploadAction::Local
}

/// The channel that a file without declarations asks İYS about.
pub(crate) const fn usual_channel(recipient: &Recipient) -> Channel {
    match recipient {
        Recipient::Phone(_) => Channel::Mesaj,
        Recipient::Email(_) => Channel::Eposta,
    }
}

pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
