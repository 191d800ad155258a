//! Judging: the whole file is read once on a thread that may block, while this
//! side renews the lease, shows progress and notices when it was cancelled.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use intake::{FileVerdict, Judged, Limits, Options, Progress, RejectionReader};
use secrecy::SecretString;
use store::rejections::{REJECTIONS_MAX, Rejection};
use store::upload_work::{ClaimedUpload, Judgement, UploadClaim};
use store::uploads::{FileRefusal, JudgingProgress};
use tokio::sync::watch;

use super::directory::StoreDirectory;
use super::receive;
use crate::Engine;
use crate::error::EngineError;

impl Engine {
    pub(super) async fn judge_upload(&self, claimed: &ClaimedUpload) -> Result<(), EngineError> {
        let judged = self.read_file(claimed).await?;
        let progress = progress_of(&judged, claimed.upload.size_bytes);
        let summary = serde_json::to_value(&judged.summary).map_err(|error| {
            EngineError::Internal(format!("the summary has no JSON form: {error}"))
        })?;
        match &judged.verdict {
            FileVerdict::Refused(refused) => {
                let refusal = FileRefusal {
                    code: refused.code,
                    args: refused.args.clone(),
                };
                let mut writer = self.store.write().await?;
                writer
                    .refuse_file(&claimed.claim, &refusal, &summary)
                    .await?;
                writer.commit().await?;
            }
            FileVerdict::Accepted => {
                self.keep_rejections(claimed, &judged.rejections).await?;
                let judgement = Judgement {
                    summary,
                    progress,
                    records_total: i64::try_from(judged.summary.accepted).unwrap_or(i64::MAX),
                    waits_for_person: judged.summary.needs_person()
                        || self.is_over_brake(claimed, &judged).await?,
                };
                let mut writer = self.store.write().await?;
                writer.finish_judging(&claimed.claim, &judgement).await?;
                writer.commit().await?;
            }
        }
        metrics::counter!("izinli_rows_judged_total").increment(judged.summary.rows);
        tracing::info!(
            upload.id = %claimed.upload.id, rows = judged.summary.rows, records = judged.summary.accepted,
            "upload {} was judged", claimed.upload.id
        );
        Ok(())
    }

    /// Above the brand's share of rejected rows a person must look.
    async fn is_over_brake(
        &self,
        claimed: &ClaimedUpload,
        judged: &Judged,
    ) -> Result<bool, EngineError> {
        let mut reader = self.store.read().await?;
        let brand = reader.brand_at_work(claimed.upload.brand).await?;
        let limit = u64::try_from(brand.brake_percent).unwrap_or(0);
        Ok(judged.summary.rejected * 100 > judged.summary.judged * limit)
    }

    async fn read_file(&self, claimed: &ClaimedUpload) -> Result<Judged, EngineError> {
        let options = self.options(claimed).await?;
        let folder = self.folder(claimed.upload.id);
        let work = folder.judged(claimed.upload.attempt);
        tokio::fs::create_dir_all(&work)
            .await
            .map_err(EngineError::file("making a working folder"))?;
        let mut directory = StoreDirectory {
            store: self.store.clone(),
            handle: tokio::runtime::Handle::current(),
            firm: claimed.upload.firm,
            brand: claimed.upload.brand,
        };
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
            intake::judge(
                &folder.source(),
                &options,
                &mut directory,
                &work,
                &mut watch,
            )
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

    async fn options(&self, claimed: &ClaimedUpload) -> Result<Options, EngineError> {
        let upload = &claimed.upload;
        let mut reader = self.store.read().await?;
        let brand = reader.brand_at_work(upload.brand).await?;
        let action = intake::Action::from_db(upload.action.as_db())
            .ok_or_else(|| EngineError::Internal("an action that intake does not know".into()))?;
        Ok(Options {
            mode: brand.mode,
            default_kind: upload.default_kind,
            activation: brand.activation,
            countries: brand.countries,
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

fn stored(rejection: intake::Rejection, (line, number): (i64, i64)) -> Rejection {
    Rejection {
        line,
        number,
        channel: rejection.channel,
        field: rejection.field.to_string(),
        code: rejection.code,
        args: rejection.args,
        value: Some(SecretString::from(rejection.value)),
        raw: Some(SecretString::from(
            String::from_utf8_lossy(&rejection.raw).into_owned(),
        )),
    }
}

fn finished(
    outcome: Result<Result<Judged, intake::JudgeError>, tokio::task::JoinError>,
) -> Result<Judged, EngineError> {
    match outcome {
        Ok(Ok(judged)) => Ok(judged),
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
