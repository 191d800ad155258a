//! `izinli import`: judge a file, show the verdict, apply it, wait for İYS.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, bail};
use domain::{RecipientKind, Timestamp};
use engine::Action;
use engine::uploads::NewFile;
use indicatif::{ProgressBar, ProgressStyle};
use intake::{
    FileVerdict, Judged, Limits, NoDirectory, Options, RejectionReader, explain_en, explain_tr,
};
use serde_json::{Value, json};
use store::uploads::{Upload, UploadState};

use crate::cli::{Cli, Import};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Rejections printed by a dry run in text form; JSON prints all.
const SHOWN_MAX: usize = 20;

/// Judges, and unless it is a dry run applies.
pub(crate) async fn run(cli: &Cli, args: &Import, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    if args.dry_run {
        return dry_run(&session, args, out).await;
    }
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
        action: action(args)?,
        default_kind: kind(args)?,
        mapping: mapping(args)?,
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
        UploadState::Judged => {}
        UploadState::Waiting if args.accept_rejections => {}
        UploadState::Waiting => {
            show(&judged, out, &session).await?;
            out.line(
                "Reddedilen satır oranı sınırın üstünde; yine de uygulamak için --accept-rejections verin.",
                "More rows were rejected than the brand allows; give --accept-rejections to apply the rest.",
            );
            return Ok(Exit::Refused);
        }
        _ => {
            show(&judged, out, &session).await?;
            return Ok(Exit::Refused);
        }
    }
    engine.approve_upload(brand.firm, judged.id, ACTOR).await?;
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
async fn until(
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

fn action(args: &Import) -> anyhow::Result<Action> {
    Action::parse(&args.action).context("--action is local, pull or push")
}

fn kind(args: &Import) -> anyhow::Result<Option<RecipientKind>> {
    Ok(args
        .default_kind
        .as_deref()
        .map(str::parse::<RecipientKind>)
        .transpose()?)
}

fn mapping(args: &Import) -> anyhow::Result<Value> {
    let Some(path) = &args.mapping else {
        return Ok(Value::Null);
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

async fn show(upload: &Upload, out: Output, session: &Session) -> anyhow::Result<()> {
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
        "registry": queue,
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

async fn write_report(session: &Session, upload: &Upload, path: &Path) -> anyhow::Result<()> {
    let mut file = tokio::fs::File::create(path)
        .await
        .with_context(|| format!("{} cannot be written", path.display()))?;
    session
        .engine()?
        .upload_report_csv(upload.firm, upload.id, &mut file)
        .await?;
    Ok(())
}

/// Judges without a change; with a brand, also against what is stored.
async fn dry_run(session: &Session, args: &Import, out: Output) -> anyhow::Result<Exit> {
    let now = domain::Clock::now(&session.clock);
    let mut options = Options::new(now, action(args)?);
    options.default_kind = kind(args)?;
    options.limits = Limits {
        file_bytes_max: session.config.uploads.file_bytes_max,
        ..Limits::default()
    };
    if let Value::Object(_) = mapping(args)? {
        options.mapping =
            serde_json::from_value(mapping(args)?).context("the mapping cannot be read")?;
    }
    let mut directory: Box<dyn intake::Directory + Send> = Box::new(NoDirectory);
    if let Some(text) = &args.brand {
        let brand = session.brand(text).await?;
        options.mode = brand.mode;
        options.activation = brand.activation;
        options.countries = brand.countries.clone();
        directory = Box::new(session.engine()?.directory(brand.firm, brand.id));
    }
    let work = tempfile::tempdir()?;
    let (file, folder) = (args.file.clone(), work.path().to_owned());
    let judged = tokio::task::spawn_blocking(move || {
        let mut watch = |_| ControlFlow::Continue(());
        intake::judge(&file, &options, &mut *directory, &folder, &mut watch)
    })
    .await??;
    print_verdict(&judged, now, out)
}

fn print_verdict(judged: &Judged, now: Timestamp, out: Output) -> anyhow::Result<Exit> {
    let refusal = match &judged.verdict {
        FileVerdict::Accepted => None,
        FileVerdict::Refused(refusal) => Some(refusal),
    };
    let mut rejections = Vec::new();
    if refusal.is_none() {
        let most = if out.is_json() { usize::MAX } else { SHOWN_MAX };
        for rejection in RejectionReader::open(&judged.rejections)?.take(most) {
            let rejection = rejection?;
            rejections.push(json!({
                "line": rejection.line, "channel": rejection.channel, "field": rejection.field,
                "code": rejection.code, "value": rejection.value,
                "text_tr": explain_tr(rejection.code, &rejection.args),
                "text_en": explain_en(rejection.code, &rejection.args),
            }));
        }
    }
    let mut records = Vec::new();
    if out.is_json() && refusal.is_none() {
        for item in intake::RecordReader::open(&judged.records, 0)? {
            let (record, _) = item?;
            records.push(json!({
                "line": record.line, "recipient": record.recipient, "kind": record.kind,
                "external_id": record.external_id, "token": record.token,
                "consent": record.consent.as_ref().map(|consent| json!({
                    "channel": consent.channel, "status": consent.status,
                    "date": consent.date.to_registry_text(), "source": consent.source,
                })),
            }));
        }
    }
    let value = json!({
        "at": now,
        "refusal": refusal.map(|refusal| json!({
            "code": refusal.code, "line": refusal.line,
            "text_tr": refusal.text_tr(), "text_en": refusal.text_en(),
        })),
        "summary": judged.summary, "records": records, "rejections": rejections,
    });
    out.show(&value, |_| {
        match refusal {
            Some(refusal) => println!(
                "{}: {}",
                refusal.code,
                out.pick(&refusal.text_tr(), &refusal.text_en())
            ),
            None => println!(
                "{}: {} · {}: {} · {}: {}",
                out.pick("satır", "rows"),
                judged.summary.rows,
                out.pick("kabul", "accepted"),
                judged.summary.accepted,
                out.pick("ret", "rejected"),
                judged.summary.rejected,
            ),
        }
        for rejection in &rejections {
            println!(
                "  {} {}  {}  {}",
                out.pick("satır", "line"),
                rejection["line"],
                rejection["code"].as_str().unwrap_or(""),
                rejection[out.pick("text_tr", "text_en")]
                    .as_str()
                    .unwrap_or("")
            );
        }
    })?;
    // A refused file is not read to its end: nothing of it can be accounted for.
    if refusal.is_none() && judged.summary.discrepancy != 0 {
        bail!("{} pairs are unaccounted for", judged.summary.discrepancy);
    }
    Ok(if refusal.is_some() {
        Exit::Refused
    } else {
        Exit::Done
    })
}
