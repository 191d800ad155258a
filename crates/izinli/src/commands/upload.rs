//! `izinli upload …`: the second step of an import, taken later.

use anyhow::{Context, bail};
use domain::ids::UploadId;
use engine::EngineError;
use engine::uploads::{AnswersGiven, LeaveOpen};
use serde_json::{Value, json};
use store::uploads::{Upload, UploadState};

use super::import::{kind, read_json, show, until};
use crate::cli::Cli;
use crate::cli::upload::{self, UploadAnswer, UploadApply};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Uploads listed.
const LISTED_MAX: usize = 200;

/// Shows uploads and decides about them.
pub(crate) async fn run(cli: &Cli, command: &upload::Upload, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        upload::Upload::List { firm } => list(&session, firm, out).await,
        upload::Upload::Score { brand } => score(&session, brand, out).await,
        upload::Upload::Show(args) => {
            let held = find(&session, &args.upload).await?;
            show(&held, out, &session).await?;
            Ok(Exit::Done)
        }
        upload::Upload::Answer(args) => answer(&session, args, out).await,
        upload::Upload::Apply(args) => apply(&session, args, out).await,
        upload::Upload::Cancel(args) => {
            let held = find(&session, &args.upload).await?;
            let engine = session.engine()?;
            let left = engine.cancel_upload(held.firm, held.id, ACTOR).await?;
            show(&left, out, &session).await?;
            Ok(Exit::Done)
        }
        upload::Upload::Report { upload, out: path } => {
            let held = find(&session, upload).await?;
            super::import::write_report(&session, &held, path).await?;
            out.show(&json!({ "report": path }), |_| {})?;
            Ok(Exit::Done)
        }
    }
}

/// An upload of whichever firm: commands are the operator's.
async fn find(session: &Session, text: &str) -> anyhow::Result<Upload> {
    let id: UploadId = text.parse()?;
    let mut reader = session.store.read().await?;
    reader
        .upload_at_work(id)
        .await
        .with_context(|| format!("there is no upload `{text}`"))
}

async fn list(session: &Session, firm: &str, out: Output) -> anyhow::Result<Exit> {
    let firm = session.firm(firm).await?;
    let mut reader = session.store.read().await?;
    let uploads = reader.uploads(firm, None, LISTED_MAX).await?;
    let values: Vec<Value> = uploads
        .iter()
        .map(|upload| {
            json!({
                "id": upload.id, "name": upload.name, "file_name": upload.file_name,
                "state": upload.state, "action": upload.action, "purpose": upload.purpose,
                "created_at": upload.created_at, "actor": upload.actor,
                "records": upload.records_total, "rejected": upload.counts.rejected,
            })
        })
        .collect();
    out.show(&values, |_| {
        for upload in &uploads {
            println!(
                "{}  {}  {}  {}",
                upload.id, upload.state, upload.created_at, upload.name
            );
        }
    })?;
    Ok(Exit::Done)
}

async fn score(session: &Session, brand: &str, out: Output) -> anyhow::Result<Exit> {
    let brand = session.brand(brand).await?;
    let mut reader = session.store.read().await?;
    let scores = reader.upload_scores(brand.firm, brand.id).await?;
    let values: Vec<Value> = scores
        .iter()
        .map(|score| {
            json!({
                "upload_id": score.upload.id, "name": score.upload.name,
                "actor": score.upload.actor, "consents": score.consents,
                "refused": score.refused, "complained": score.complained,
                "pairs_judged": score.upload.progress.pairs_judged,
                "pairs_rejected": score.upload.progress.pairs_rejected,
            })
        })
        .collect();
    out.show(&values, |_| {
        for score in &scores {
            println!(
                "{}  {} {} / {} {} / {} {}  {}",
                score.upload.id,
                score.refused,
                out.pick("ret", "refused"),
                score.complained,
                out.pick("şikâyet", "complained"),
                score.consents,
                out.pick("onaydan", "consents"),
                score.upload.name
            );
        }
    })?;
    Ok(Exit::Done)
}

async fn answer(session: &Session, args: &UploadAnswer, out: Output) -> anyhow::Result<Exit> {
    let held = find(session, &args.upload).await?;
    if args.mapping.is_none() && args.default_kind.is_none() {
        bail!("give --mapping or --default-kind");
    }
    let given = AnswersGiven {
        mapping: read_json(args.mapping.as_deref())?,
        default_kind: kind(args.default_kind.as_deref())?,
    };
    let engine = session.engine()?;
    let guard = engine.announce().await?;
    let upload = engine
        .answer_upload(held.firm, held.id, given, ACTOR)
        .await?;
    let judged = until(&engine, &upload, out, |state| {
        !matches!(state, UploadState::Received | UploadState::Judging)
    })
    .await?;
    drop(guard);
    show(&judged, out, session).await?;
    Ok(match judged.state {
        UploadState::Judged | UploadState::Waiting => Exit::Done,
        _ => Exit::Refused,
    })
}

async fn apply(session: &Session, args: &UploadApply, out: Output) -> anyhow::Result<Exit> {
    let held = find(session, &args.upload).await?;
    let engine = session.engine()?;
    let guard = engine.announce().await?;
    let leave_open = if args.leave_open {
        LeaveOpen::All
    } else {
        LeaveOpen::Nothing
    };
    let approved = engine
        .approve_upload(held.firm, held.id, &args.approver, &leave_open)
        .await;
    let upload = match approved {
        Ok(upload) => upload,
        Err(error) => return refused(error, out),
    };
    let applied = until(&engine, &upload, out, |state| {
        state != UploadState::Applying
    })
    .await?;
    if !args.no_wait {
        while engine.step_registry().await? == engine::Step::Did {}
    }
    drop(guard);
    show(&applied, out, session).await?;
    Ok(if applied.state == UploadState::Applied {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// Tells why a file may not be applied, where that is a rule and no fault.
pub(super) fn refused(error: EngineError, out: Output) -> anyhow::Result<Exit> {
    match error {
        EngineError::Unanswered { questions } => {
            out.line(
                "Yanıtlanmamış sorular var: --mapping ile yanıtlayın ya da --leave-open verin.",
                "Questions are unanswered: answer them with --mapping, or give --leave-open.",
            );
            for question in &questions {
                let text = out.pick(&question.text_tr, &question.text_en).to_owned();
                out.line(
                    format!("  {}: {text}", question.code),
                    format!("  {}: {text}", question.code),
                );
            }
            Ok(Exit::Refused)
        }
        EngineError::OtherPerson { uploader } => {
            out.line(
                format!("Bu markada yükleyen ({uploader}) onaylayamaz; başka biri onaylamalı."),
                format!(
                    "This brand wants somebody else than the uploader ({uploader}) to approve."
                ),
            );
            Ok(Exit::Refused)
        }
        EngineError::Refused { code, args } => {
            let text = out
                .pick(
                    &intake::explain_tr(code, &args),
                    &intake::explain_en(code, &args),
                )
                .to_owned();
            out.line(format!("{code}: {text}"), format!("{code}: {text}"));
            Ok(Exit::Refused)
        }
        error => Err(error.into()),
    }
}
