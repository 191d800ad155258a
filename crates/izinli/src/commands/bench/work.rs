//! Our side of the rows: steps of the engine driven by hand and timed.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use domain::Clock as _;
use domain::ids::CampaignId;
use domain::ledger::{leaf, root};
use engine::uploads::NewFile;
use engine::{Action, Engine, Step};
use intake::{FileVerdict, NoDirectory, Options};
use store::uploads::{Upload, UploadState};
use tokio_util::sync::CancellationToken;

use super::child::Measured;
use super::ground::{Place, clock};
use super::lines::timed;
use crate::session::ACTOR;

/// Judges a file against nobody.
pub(crate) async fn judge(file: &Path, start: &str) -> anyhow::Result<Measured> {
    let options = Options::new(clock(start)?.now(), Action::Local);
    let (file, work) = (file.to_owned(), tempfile::tempdir()?);
    tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let mut watch = |_| ControlFlow::Continue(());
        let judged = intake::judge(&file, &options, &mut NoDirectory, work.path(), &mut watch)?;
        let seconds = began.elapsed().as_secs_f64();
        ensure!(
            matches!(judged.verdict, FileVerdict::Accepted),
            "the file was refused"
        );
        Ok(Measured {
            seconds,
            count: judged.summary.rows,
            ..Measured::default()
        })
    })
    .await?
}

/// Takes a file in, judges it and applies it.
pub(crate) async fn import(place: &Place, start: &str, file: &Path) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let _guard = engine.announce().await?;
    let began = Instant::now();
    let (received, upload) = timed(async {
        let body = tokio::fs::File::open(file).await?;
        Ok(engine.receive(new_file(place, file), body).await?)
    })
    .await?;
    let (judged, ()) = timed(step_until(&engine, &upload, UploadState::Judged)).await?;
    engine
        .approve_upload(
            place.firm,
            upload.id,
            ACTOR,
            &engine::uploads::LeaveOpen::All,
        )
        .await?;
    let (applied, ()) = timed(step_until(&engine, &upload, UploadState::Applied)).await?;
    let seconds = began.elapsed().as_secs_f64();
    let held = engine.upload(place.firm, upload.id).await?;
    let summed = held.counts.created + held.counts.updated + held.counts.unchanged;
    ensure!(
        held.records_applied == held.records_total && summed > 0,
        "{summed} of {} records were applied",
        held.records_total
    );
    let stages = vec![
        ("receive".into(), received),
        ("judge".into(), judged),
        ("apply".into(), applied),
    ];
    Ok(Measured {
        seconds,
        count: u64::try_from(held.progress.rows_read)?,
        stages,
        ..Measured::default()
    })
}

fn new_file(place: &Place, file: &Path) -> NewFile {
    NewFile {
        expires_at: None,
        firm: place.firm,
        brand: place.brand,
        name: "bench".into(),
        file_name: file
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        tag: None,
        purpose: store::uploads::UploadPurpose::Contacts,
        stops: store::uploads::StopScope::default(),
        action: Action::Local,
        default_kind: None,
        mapping: serde_json::Value::Null,
        actor: ACTOR.to_owned(),
    }
}

async fn step_until(engine: &Engine, upload: &Upload, goal: UploadState) -> anyhow::Result<()> {
    loop {
        let step = engine.step_uploads().await?;
        let held = engine.upload(upload.firm, upload.id).await?;
        if held.state == goal {
            return Ok(());
        }
        if step == Step::Idle {
            bail!(
                "the upload is {} and nothing moves it; refusal: {:?}",
                held.state,
                held.refusal
            );
        }
    }
}

/// Asks İYS about everyone whom a launch finds unasked.
pub(crate) async fn registry(
    place: &Place,
    start: &str,
    campaign: CampaignId,
) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let _guard = engine.announce().await?;
    engine.launch(place.firm, campaign, ACTOR).await?;
    let queued = engine.step_launch().await?;
    let waiting = engine
        .registry_overview(place.firm, place.brand)
        .await?
        .queue
        .pending;
    ensure!(
        queued == Step::Idle && waiting > 0,
        "the launch queued no questions"
    );
    let (seconds, ()) = timed(async {
        while engine.step_registry().await? == Step::Did {}
        Ok(())
    })
    .await?;
    let overview = engine.registry_overview(place.firm, place.brand).await?;
    ensure!(
        overview.queue.open() == 0,
        "questions are left open: {:?}",
        overview.queue
    );
    Ok(Measured {
        seconds,
        count: u64::try_from(waiting)?,
        ..Measured::default()
    })
}

/// Dry-runs a campaign, and once more when nothing has changed.
pub(crate) async fn preview(
    place: &Place,
    start: &str,
    campaign: CampaignId,
) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let (first, judged) = timed(async { Ok(engine.dry_run(place.firm, campaign).await?) }).await?;
    let (again, _) = timed(async { Ok(engine.dry_run(place.firm, campaign).await?) }).await?;
    let stages = vec![("again".into(), again)];
    Ok(Measured {
        seconds: first,
        count: u64::try_from(judged.target)?,
        stages,
        ..Measured::default()
    })
}

/// Freezes a campaign's audience.
pub(crate) async fn launch(
    place: &Place,
    start: &str,
    campaign: CampaignId,
) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let _guard = engine.announce().await?;
    engine.launch(place.firm, campaign, ACTOR).await?;
    let (seconds, step) = timed(async { Ok(engine.step_launch().await?) }).await?;
    ensure!(step == Step::Did, "the launch waits for İYS");
    let frozen = engine.campaign(place.firm, campaign).await?;
    Ok(Measured {
        seconds,
        count: u64::try_from(frozen.target)?,
        ..Measured::default()
    })
}

/// Sends a frozen campaign.
pub(crate) async fn dispatch(
    place: &Place,
    start: &str,
    campaign: CampaignId,
) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let _guard = engine.announce().await?;
    let (seconds, ()) = timed(async {
        while engine.step_dispatch().await? == Step::Did {}
        Ok(())
    })
    .await?;
    let report = engine.report(place.firm, campaign).await?;
    ensure!(
        report.reconciles(),
        "the report does not reconcile: {report:?}"
    );
    let planned = engine.campaign(place.firm, campaign).await?.planned;
    ensure!(
        report.sent == planned && planned > 0,
        "{} of {planned} were sent",
        report.sent
    );
    Ok(Measured {
        seconds,
        count: u64::try_from(report.sent)?,
        ..Measured::default()
    })
}

/// Verifies the brand's ledger; then hashes the same events out of memory.
pub(crate) async fn verify(place: &Place, start: &str) -> anyhow::Result<Measured> {
    let engine = place.engine(clock(start)?).await?;
    let store = engine.store();
    let (seconds, found) = timed(async {
        Ok(store
            .verify_ledger(place.brand, |_| ControlFlow::Continue(()))
            .await?)
    })
    .await?;
    ensure!(
        found.fault.is_none(),
        "the ledger does not verify: {:?}",
        found.fault
    );
    let mut hashing = 0.0;
    let mut after = 0;
    loop {
        let blocks = store
            .read()
            .await?
            .ledger_blocks(place.brand, after)
            .await?;
        let Some(last) = blocks.last() else { break };
        after = last.block.number;
        let began = Instant::now();
        for block in &blocks {
            let leaves: Vec<_> = block.events.iter().map(leaf).collect();
            ensure!(
                root(&leaves) == block.block.root,
                "block {} differs",
                block.block.number
            );
        }
        hashing += began.elapsed().as_secs_f64();
    }
    let stages = vec![("hashing".into(), hashing)];
    Ok(Measured {
        seconds,
        count: u64::try_from(found.events)?,
        stages,
        ..Measured::default()
    })
}

/// Serves the programming interface with the workers behind it.
pub(crate) async fn serve(
    place: &Place,
    start: &str,
    announce: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let engine = place.engine(clock(start)?).await?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("no free port")?;
    let address = listener.local_addr()?;
    let options = api::ApiOptions {
        secure_cookies: false,
        ..api::ApiOptions::new(format!("http://{address}"))
    };
    let cancel = CancellationToken::new();
    announce(address);
    tokio::try_join!(
        async {
            api::serve(engine.clone(), options, listener, cancel.clone())
                .await
                .map_err(anyhow::Error::from)
        },
        async {
            engine
                .run(cancel.clone())
                .await
                .map_err(anyhow::Error::from)
        },
    )?;
    Ok(())
}
