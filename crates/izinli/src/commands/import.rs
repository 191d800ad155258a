//! `izinli import`: judge a file, show the verdict, apply it, wait for İYS.

use std::path::Path;

use anyhow::Context;
use domain::RecipientKind;
use engine::Action;
use engine::uploads::{LeaveOpen, NewFile, ReportForm};
use indicatif::{ProgressBar, ProgressStyle};
use intake::{explain_en, explain_tr};
use serde_json::{Value, json};
use store::uploads::{StopScope, Upload, UploadState};

use crate::cli::{Cli, Import};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Judges, and unless it is a dry run applies.
pub(crate) async fn run(cli: &Cli, args: &Import, out: Output) -> anyhow::Result<Exit> {
    if args.dry_run {
        return super::dry_run::run(cli, args, out).await;
    }
    let session = Session::open(cli).await?;
    let brand = args
        .brand
        .as_deref()
        .context("--brand says whose consents these are")?;
    let brand = session.brand(brand).await?;
    let engine = session.engine()?;
    let guard = engine.announce().await?;
    let file = tokio::fs::File::open(&args.file)
        .await
        .with_context(|| format!("{} cannot be opened", args.file.display()))?;
    let new = NewFile {
        firm: brand.firm,
        brand: brand.id,
        name: args
            .name
            .clone()
            .unwrap_or_else(|| file_name(&args.file).chars().take(50).collect()),
        file_name: file_name(&args.file),
        tag: args.tag.clone(),
        purpose: args.purpose.parse()?,
        expires_at: args.expires_on.as_deref().map(end_of_day).transpose()?,
        stops: StopScope {
            channel: args.stop_channel.as_deref().map(str::parse).transpose()?,
            spares_mandatory: args.spares_mandatory,
        },
        action: action(args)?,
        default_kind: kind(args.default_kind.as_deref())?,
        mapping: read_json(args.mapping.as_deref())?,
        actor: ACTOR.to_owned(),
    };
    let upload = engine.receive(new, file).await?;
    let judged = until(&engine, &upload, out, |state| {
        !matches!(state, UploadState::Received | UploadState::Judging)
    })
    .await?;
    if let Some(report) = &args.report {
        write_report(&session, &judged, report).await?;
    }
    match judged.state {
        UploadState::Judged | UploadState::Waiting if args.preview => {
            show(&judged, out, &session).await?;
            return Ok(Exit::Done);
        }
        UploadState::Judged => {}
        UploadState::Waiting if args.accept_rejections => {}
        UploadState::Waiting => {
            show(&judged, out, &session).await?;
            out.line(
                "Dosyaya bir kişinin bakması gerekiyor: reddedilen satırlar markanın sınırını aşıyor ya da izinler kuşkulu görünüyor. --dry-run nedenini gösterir; yine de uygulamak için --accept-rejections verin.",
                "A person must look: more rows were rejected than the brand allows, or the consents look doubtful. --dry-run shows why; give --accept-rejections to apply the file all the same.",
            );
            return Ok(Exit::Refused);
        }
        _ => {
            show(&judged, out, &session).await?;
            return Ok(Exit::Refused);
        }
    }
    let leave_open = if args.leave_open {
        LeaveOpen::All
    } else {
        LeaveOpen::Nothing
    };
    match engine
        .approve_upload(brand.firm, judged.id, ACTOR, &leave_open)
        .await
    {
        Ok(_) => {}
        Err(error) => {
            show(&judged, out, &session).await?;
            return super::upload::refused(error, out);
        }
    }
    let applied = until(&engine, &judged, out, |state| {
        !matches!(
            state,
            UploadState::Judged | UploadState::Waiting | UploadState::Applying
        )
    })
    .await?;
    if !args.no_wait {
        while engine.step_registry().await? == engine::Step::Did {}
    }
    drop(guard);
    show(&applied, out, &session).await?;
    Ok(if applied.state == UploadState::Applied {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// Drives the upload from this process until it has left the states it passes through.
pub(super) async fn until(
    engine: &std::sync::Arc<engine::Engine>,
    upload: &Upload,
    out: Output,
    done: impl Fn(UploadState) -> bool,
) -> anyhow::Result<Upload> {
    let bar = if out.is_json() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(100)
    };
    bar.set_style(ProgressStyle::with_template("{bar:30} {percent}% {msg}")?);
    loop {
        let now = engine.upload(upload.firm, upload.id).await?;
        bar.set_message(now.state.to_string());
        if done(now.state) {
            bar.finish_and_clear();
            return Ok(now);
        }
        let working = engine.step_uploads();
        tokio::pin!(working);
        loop {
            tokio::select! {
                step = &mut working => {
                    if step? == engine::Step::Idle {
                        // Another worker has it: look again in a moment.
                        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    }
                    break;
                }
                () = tokio::time::sleep(std::time::Duration::from_millis(250)) => {
                    let seen = engine.upload(upload.firm, upload.id).await?;
                    let (part, whole) = match seen.state {
                        UploadState::Applying => (seen.records_applied, seen.records_total),
                        _ => (seen.progress.read_bytes, seen.size_bytes),
                    };
                    bar.set_length(u64::try_from(whole.max(1)).unwrap_or(1));
                    bar.set_position(u64::try_from(part).unwrap_or(0));
                }
            }
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| "file".into(), |name| name.to_string_lossy().into_owned())
}

pub(super) fn action(args: &Import) -> anyhow::Result<Action> {
    Action::parse(&args.action).context("--action is local, pull or push")
}

pub(super) fn kind(word: Option<&str>) -> anyhow::Result<Option<RecipientKind>> {
    Ok(word.map(str::parse::<RecipientKind>).transpose()?)
}

/// A JSON file; null without one.
pub(super) fn read_json(path: Option<&Path>) -> anyhow::Result<Value> {
    let Some(path) = path else {
        return Ok(Value::Null);
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

pub(super) async fn show(upload: &Upload, out: Output, session: &Session) -> anyhow::Result<()> {
    let counts = session
        .store
        .read()
        .await?
        .rejection_counts(upload.firm, upload.id)
        .await?;
    let queue = session
        .store
        .read()
        .await?
        .queue_figures(upload.brand, Some(upload.id))
        .await?;
    let brand = session
        .store
        .read()
        .await?
        .brand_at_work(upload.brand)
        .await?;
    let notices = engine::uploads::notices(upload, &brand);
    let value = json!({
        "id": upload.id, "state": upload.state,
        "refusal": upload.refusal.as_ref().map(|refusal| json!({
            "code": refusal.code,
            "text_tr": explain_tr(refusal.code, &refusal.args), "text_en": explain_en(refusal.code, &refusal.args),
        })),
        "rows": upload.progress.rows_read, "judged": upload.progress.pairs_judged,
        "created": upload.counts.created, "updated": upload.counts.updated,
        "unchanged": upload.counts.unchanged, "rejected": upload.counts.rejected,
        "codes": counts.iter().map(|(code, count)| json!({ "code": code, "count": count })).collect::<Vec<_>>(),
        "registry": queue, "known": upload.counts.known,
        "holds": upload.holds, "discrepancies": upload.discrepancies,
        "notices": notices.iter().map(|notice| json!({
            "code": notice.code, "text_tr": notice.text_tr, "text_en": notice.text_en,
        })).collect::<Vec<_>>(),
    });
    out.show(&value, |_| {
        println!("{} · {}", upload.id, upload.state);
        if let Some(refusal) = &upload.refusal {
            let text = out
                .pick(
                    &explain_tr(refusal.code, &refusal.args),
                    &explain_en(refusal.code, &refusal.args),
                )
                .to_owned();
            println!("{}: {text}", refusal.code);
            println!(
                "→ {}",
                out.pick(refusal.code.info().next_tr, refusal.code.info().next_en)
            );
        }
        println!(
            "{}: {}   {}: {}   {}: {}   {}: {}   {}: {}",
            out.pick("satır", "rows"),
            upload.progress.rows_read,
            out.pick("yeni", "created"),
            upload.counts.created,
            out.pick("güncellenen", "updated"),
            upload.counts.updated,
            out.pick("aynı", "unchanged"),
            upload.counts.unchanged,
            out.pick("reddedilen", "rejected"),
            upload.counts.rejected,
        );
        for notice in &notices {
            println!("• {}", out.pick(&notice.text_tr, &notice.text_en));
        }
        for (code, count) in &counts {
            println!(
                "  {code}  {count:>8}  {}",
                out.pick(&code.render_tr(&[]), &code.render_en(&[]))
            );
        }
        if queue.open() > 0 {
            println!(
                "{}: {}",
                out.pick("İYS'de bekleyen", "waiting for İYS"),
                queue.open()
            );
            if let Some(error) = &queue.last_error {
                println!("  {error}");
            }
        }
    })
}

pub(super) async fn write_report(
    session: &Session,
    upload: &Upload,
    path: &Path,
) -> anyhow::Result<()> {
    let mut file = tokio::fs::File::create(path)
        .await
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let form = if path.extension().is_some_and(|ending| ending == "xlsx") {
        ReportForm::Xlsx
    } else {
        ReportForm::Csv
    };
    session
        .engine()?
        .upload_report(
            upload.firm,
            upload.id,
            form,
            intake::Privacy::Open,
            &mut file,
        )
        .await?;
    Ok(())
}

/// The end of a Turkish day such as `2026-12-31`.
fn end_of_day(text: &str) -> anyhow::Result<domain::Timestamp> {
    domain::Timestamp::end_of_turkish_day(text)
        .with_context(|| format!("`{text}` is no day such as 2026-12-31"))
}
