//! Judging: the whole file is read once on a thread that may block, while this
//! side renews the lease, shows progress and notices when it was cancelled.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use intake::{FileVerdict, Judged, Limits, Options, Progress, RejectionReader};
use secrecy::SecretString;
use store::rejections::{REJECTIONS_MAX, Rejection};
use store::upload_work::{ClaimedUpload, Judgement, UploadClaim};
use store::uploads::{FileRefusal, Hold, JudgingProgress, Upload, UploadPurpose};
use tokio::sync::watch;

use super::directory::StoreDirectory;
use super::spool::read_beside;
use super::{check, receive};
use crate::Engine;
use crate::error::EngineError;

impl Engine {
    pub(super) async fn judge_upload(&self, claimed: &ClaimedUpload) -> Result<(), EngineError> {
        let mut claimed = claimed.clone();
        if self.is_same_file(&claimed).await? {
            return Ok(());
        }
        if let Some(header) = self.header_to_recall(&claimed).await?
            && self.adopt_answers(&mut claimed, &header).await?
            && self.is_same_file(&claimed).await?
        {
            return Ok(());
        }
        let judged = match claimed.upload.purpose {
            UploadPurpose::Promotion => self.read_codes(&claimed).await?,
            _ => self.read_file(&claimed).await?,
        };
        let hash = check::header_hash(&judged.summary);
        self.settle_judging(&claimed, judged, hash).await
    }

    /// The header of a file about which nobody answered yet, where the firm has
    /// answers that could be remembered. What came along with the file is no
    /// answer about it; once it was judged, what is left open is so on purpose.
    async fn header_to_recall(
        &self,
        claimed: &ClaimedUpload,
    ) -> Result<Option<[u8; 32]>, EngineError> {
        let upload = &claimed.upload;
        let was_answered = !upload.options.is_null() && upload.header_hash.is_some();
        if was_answered || upload.answers_from.is_some() {
            return Ok(None);
        }
        if !self
            .store
            .read()
            .await?
            .remembers_answers(upload.firm)
            .await?
        {
            return Ok(None);
        }
        let options = self.options(&claimed.upload).await?;
        let (source, work) = self.begin_work(claimed).await?;
        let header = self
            .while_leased(claimed, move |watch| {
                intake::header_of(&source, &options, &work, watch)
            })
            .await?;
        Ok(header.as_deref().map(check::hash_of))
    }

    async fn settle_judging(
        &self,
        claimed: &ClaimedUpload,
        mut judged: Judged,
        header_hash: Option<[u8; 32]>,
    ) -> Result<(), EngineError> {
        let brand = {
            let mut reader = self.store.read().await?;
            reader.brand_at_work(claimed.upload.brand).await?
        };
        let refusal = match &judged.verdict {
            FileVerdict::Refused(refused) => Some(FileRefusal {
                code: refused.code,
                args: refused.args.clone(),
            }),
            FileVerdict::Accepted => {
                self.missing_authority(&claimed.upload, &judged.summary.channels)
                    .await?
            }
        };
        if let Some(refusal) = refusal {
            let summary = account(&judged)?;
            return self.refuse(claimed, &refusal, &summary, header_hash).await;
        }
        self.keep_rejections(claimed, &judged.rejections).await?;
        let purpose = claimed.upload.purpose;
        if purpose.names_people() && !purpose.takes_strangers() {
            self.refuse_unknown(claimed, &mut judged).await?;
        }
        let mut holds = check::holds(&brand, &judged);
        if claimed.upload.purpose != UploadPurpose::Promotion {
            holds.extend(self.branch_holds(claimed, &judged).await?);
        }
        let judgement = Judgement {
            summary: account(&judged)?,
            progress: progress_of(&judged, claimed.upload.size_bytes),
            records_total: i64::try_from(judged.summary.accepted).unwrap_or(i64::MAX),
            holds,
            header_hash,
        };
        let mut writer = self.store.write().await?;
        writer.finish_judging(&claimed.claim, &judgement).await?;
        writer.commit().await?;
        metrics::counter!("izinli_rows_judged_total").increment(judged.summary.rows);
        tracing::info!(
            upload.id = %claimed.upload.id, rows = judged.summary.rows, records = judged.summary.accepted,
            "upload {} was judged", claimed.upload.id
        );
        Ok(())
    }

    /// Branches about which people complained: somebody else must let the file in.
    async fn branch_holds(
        &self,
        claimed: &ClaimedUpload,
        judged: &Judged,
    ) -> Result<Vec<Hold>, EngineError> {
        let upload = &claimed.upload;
        let mut reader = self.store.read().await?;
        let watches = reader.branch_watches(upload.firm, upload.brand).await?;
        drop(reader);
        if watches.is_empty() || judged.summary.accepted == 0 {
            return Ok(Vec::new());
        }
        let records = judged.records.clone();
        read_beside("reading the judged records", move || {
            check::watched_branches(&records, &watches)
        })
        .await
    }

    async fn refuse(
        &self,
        claimed: &ClaimedUpload,
        refusal: &FileRefusal,
        summary: &serde_json::Value,
        header_hash: Option<[u8; 32]>,
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        writer
            .refuse_file(&claimed.claim, refusal, summary, header_hash)
            .await?;
        writer.commit().await?;
        self.forget_work(claimed.upload.id, claimed.upload.attempt)
            .await;
        tracing::info!(
            upload.id = %claimed.upload.id, code = %refusal.code,
            "upload {} was refused as a whole", claimed.upload.id
        );
        Ok(())
    }

    /// Refuses a file of the same bytes as one that went the same way (F116).
    async fn is_same_file(&self, claimed: &ClaimedUpload) -> Result<bool, EngineError> {
        let mut reader = self.store.read().await?;
        let Some(earlier) = reader.applied_alike(&claimed.upload).await? else {
            return Ok(false);
        };
        drop(reader);
        let refusal = check::same_file_refusal(&earlier);
        self.refuse(claimed, &refusal, &serde_json::Value::Null, None)
            .await?;
        Ok(true)
    }

    /// Takes over what was confirmed for an earlier file with this header, as far
    /// as what came along with this one leaves it open; whether there was anything.
    async fn adopt_answers(
        &self,
        claimed: &mut ClaimedUpload,
        header_hash: &[u8; 32],
    ) -> Result<bool, EngineError> {
        let upload = &mut claimed.upload;
        let mut writer = self.store.write().await?;
        let Some(mut remembered) = writer.remembered_answers(upload.firm, header_hash).await?
        else {
            return Ok(false);
        };
        // Answers about one file's own bytes say nothing about the next.
        let earlier = receive::mapping(&remembered.answers.options)?;
        let said = receive::mapping(&upload.options)?;
        let mapping = said.clone().or_remembered(&earlier);
        let mapping_is_same = mapping == said;
        remembered.answers.options = serde_json::to_value(mapping).map_err(|error| {
            EngineError::Internal(format!("the mapping has no JSON form: {error}"))
        })?;
        remembered.answers.default_kind = upload.default_kind.or(remembered.answers.default_kind);
        let adds_nothing =
            mapping_is_same && remembered.answers.default_kind == upload.default_kind;
        if adds_nothing && !upload.options.is_null() {
            return Ok(false);
        }
        writer.adopt_answers(&claimed.claim, &remembered).await?;
        writer.commit().await?;
        upload.options = remembered.answers.options;
        upload.default_kind = remembered.answers.default_kind;
        upload.answers_from = Some(remembered.upload);
        Ok(true)
    }

    async fn read_file(&self, claimed: &ClaimedUpload) -> Result<Judged, EngineError> {
        let options = self.options(&claimed.upload).await?;
        let (source, work) = self.begin_work(claimed).await?;
        let mut directory = StoreDirectory {
            store: self.store.clone(),
            handle: tokio::runtime::Handle::current(),
            firm: claimed.upload.firm,
            brand: claimed.upload.brand,
        };
        self.while_leased(claimed, move |watch| {
            intake::judge(&source, &options, &mut directory, &work, watch)
        })
        .await
    }

    /// The file, and an empty folder for what is made of it.
    pub(super) async fn begin_work(
        &self,
        claimed: &ClaimedUpload,
    ) -> Result<(PathBuf, PathBuf), EngineError> {
        let folder = self.folder(claimed.upload.id);
        let work = folder.judged(claimed.upload.attempt);
        // A second look in the same attempt begins with an empty folder too.
        drop(tokio::fs::remove_dir_all(&work).await);
        tokio::fs::create_dir_all(&work)
            .await
            .map_err(EngineError::file("making a working folder"))?;
        Ok((folder.source(), work))
    }

    /// Reads the file on a thread that may block, while this side renews the
    /// lease and shows the progress; losing the lease stops the reading.
    pub(super) async fn while_leased<T: Send + 'static>(
        &self,
        claimed: &ClaimedUpload,
        read: impl FnOnce(&mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<T, intake::JudgeError>
        + Send
        + 'static,
    ) -> Result<T, EngineError> {
        let stop = Arc::new(AtomicBool::new(false));
        let (shown, seen) = watch::channel(JudgingProgress::default());
        let stopped = Arc::clone(&stop);
        let reading = tokio::task::spawn_blocking(move || {
            let mut watch = |progress: Progress| {
                shown.send_replace(JudgingProgress {
                    read_bytes: i64::try_from(progress.read_bytes).unwrap_or(i64::MAX),
                    rows_read: i64::try_from(progress.rows).unwrap_or(i64::MAX),
                    ..JudgingProgress::default()
                });
                if stopped.load(Ordering::Relaxed) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            read(&mut watch)
        });
        let renewing = self.keep_lease(&claimed.claim, seen);
        tokio::pin!(reading);
        tokio::select! {
            outcome = &mut reading => finished(outcome),
            lost = renewing => {
                stop.store(true, Ordering::Relaxed);
                drop(reading.await);
                Err(lost)
            }
        }
    }

    /// Renews the lease until that fails; the failure is the answer.
    async fn keep_lease(
        &self,
        claim: &UploadClaim,
        seen: watch::Receiver<JudgingProgress>,
    ) -> EngineError {
        let lease_seconds = self.settings.uploads.lease_seconds;
        let pause = Duration::from_millis(500);
        loop {
            tokio::time::sleep(pause).await;
            let progress = *seen.borrow();
            let renewed = async {
                let mut writer = self.store.write().await?;
                writer
                    .renew_upload(
                        claim,
                        lease_seconds * domain::time::SECOND_US,
                        Some(progress),
                    )
                    .await?;
                writer.commit().await
            };
            match renewed.await {
                Ok(()) => {}
                // Another look in half a second; the lease bears it.
                Err(error) if error.is_passing() => {}
                Err(error) => return error.into(),
            }
        }
    }

    /// What a file is judged with, and read with once more.
    pub(super) async fn options(&self, upload: &Upload) -> Result<Options, EngineError> {
        let mut reader = self.store.read().await?;
        let brand = reader.brand_at_work(upload.brand).await?;
        let attributes = reader.attributes(upload.firm).await?;
        let mut action = intake::Action::from_db(upload.action.as_db())
            .ok_or_else(|| EngineError::Internal("an action that intake does not know".into()))?;
        let mut default_kind = upload.default_kind;
        if upload.purpose.names_people() {
            // Whom it names counts, not what they said nor in which capacity.
            action = intake::Action::Pull;
            default_kind = default_kind.or(Some(domain::RecipientKind::Bireysel));
        }
        Ok(Options {
            mode: brand.mode,
            reads_codes: upload.purpose == UploadPurpose::Promotion,
            default_kind,
            activation: brand.activation,
            brand_names: brand.called(),
            attributes: attributes.into_iter().map(|one| one.attribute).collect(),
            countries: brand.countries,
            calendar: std::borrow::Cow::Owned(self.calendar.clone()),
            mapping: receive::mapping(&upload.options)?,
            limits: Limits {
                file_bytes_max: self.settings.uploads.file_bytes_max,
                ..Limits::default()
            },
            // Dates are judged by the moment of the upload, so that judging again changes nothing.
            ..Options::new(upload.created_at, action)
        })
    }

    async fn keep_rejections(
        &self,
        claimed: &ClaimedUpload,
        file: &Path,
    ) -> Result<(), EngineError> {
        let mut rejections = RejectionReader::open(file)
            .map_err(|error| {
                EngineError::Internal(format!("the rejections cannot be read: {error}"))
            })?
            .peekable();
        let mut number = (0, 0);
        while rejections.peek().is_some() {
            let mut slice = Vec::with_capacity(REJECTIONS_MAX);
            for rejection in rejections.by_ref().take(REJECTIONS_MAX) {
                let rejection = rejection.map_err(|error| {
                    EngineError::Internal(format!("the rejections cannot be read: {error}"))
                })?;
                let line = i64::try_from(rejection.line).unwrap_or(i64::MAX);
                number = if number.0 == line {
                    (line, number.1 + 1)
                } else {
                    (line, 0)
                };
                slice.push(stored(rejection, number));
            }
            let mut writer = self.store.write().await?;
            writer.add_rejections(claimed.upload.id, &slice).await?;
            writer.commit().await?;
        }
        Ok(())
    }
}

fn account(judged: &Judged) -> Result<serde_json::Value, EngineError> {
    serde_json::to_value(&judged.summary)
        .map_err(|error| EngineError::Internal(format!("the summary has no JSON form: {error}")))
}

fn stored(rejection: intake::Rejection, (line, number): (i64, i64)) -> Rejection {
    Rejection {
        line,
        number,
        channel: rejection.channel,
        field: rejection.field.to_string(),
        code: rejection.code,
        args: rejection.args,
        value: Some(SecretString::from(rejection.value)),
        raw: Some(super::report::raw_text(rejection.raw)),
    }
}

fn finished<T>(
    outcome: Result<Result<T, intake::JudgeError>, tokio::task::JoinError>,
) -> Result<T, EngineError> {
    match outcome {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(EngineError::Internal(format!(
            "the file could not be judged: {error}"
        ))),
        Err(error) => Err(EngineError::Internal(format!(
            "judging ended badly: {error}"
        ))),
    }
}

fn progress_of(judged: &Judged, size_bytes: i64) -> JudgingProgress {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    JudgingProgress {
        read_bytes: size_bytes,
        rows_read: number(judged.summary.rows),
        pairs_judged: number(judged.summary.judged),
        pairs_rejected: number(judged.summary.rejected),
    }
}
