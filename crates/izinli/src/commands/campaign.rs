//! `izinli campaign …`

mod export;
mod optouts;
mod test;

use anyhow::{Context, bail};
use domain::gate::Basis;
use domain::ids::{CampaignId, ConnectorId};
use domain::plan::{Part, Plan};
use domain::{Channel, ReasonCode, RecipientKind, Timestamp};
use engine::campaigns::{HaltOf, Stopped};
use engine::exports::ExportOf;
use serde_json::{Value, json};
use store::campaigns::{Audience, Campaign, CampaignState, NewCampaign};
use store::reporting::Report;

use crate::cli::{self, CampaignCreate, Cli};
use crate::output::{Exit, Output};
use crate::session::{ACTOR, Session};

/// Works with campaigns.
pub(crate) async fn run(cli: &Cli, command: &cli::Campaign, out: Output) -> anyhow::Result<Exit> {
    let session = Session::open(cli).await?;
    match command {
        cli::Campaign::Create(args) => create(&session, args, out).await,
        cli::Campaign::DryRun(args) => dry_run(&session, &args.campaign, out).await,
        cli::Campaign::Launch(args) => launch(&session, args, out).await,
        cli::Campaign::Pause(args) => {
            let held = find(&session, &args.campaign).await?;
            moved(
                &session.engine()?.pause(held.firm, held.id, ACTOR).await?,
                out,
            )
        }
        cli::Campaign::Resume(args) => {
            let held = find(&session, &args.campaign).await?;
            moved(
                &session.engine()?.resume(held.firm, held.id, ACTOR).await?,
                out,
            )
        }
        cli::Campaign::Stop(args) => {
            let held = find(&session, &args.campaign).await?;
            let ended = session.engine()?.stop(held.firm, held.id, ACTOR).await?;
            stopped(&ended, out)
        }
        cli::Campaign::Go(args) => {
            let held = find(&session, &args.campaign).await?;
            println!("{}", session.engine()?.go(held.firm, held.id).await?);
            Ok(Exit::Done)
        }
        cli::Campaign::Submit(args) => {
            let held = find(&session, &args.campaign).await?;
            moved(
                &session.engine()?.submit(held.firm, held.id, ACTOR).await?,
                out,
            )
        }
        cli::Campaign::Choose { campaign, text } => {
            let held = find(&session, campaign).await?;
            let part = match text {
                1 => Part::First,
                2 => Part::Second,
                _ => bail!("the text is 1 or 2"),
            };
            let engine = session.engine()?;
            moved(
                &engine.choose_text(held.firm, held.id, part, ACTOR).await?,
                out,
            )
        }
        cli::Campaign::Halt {
            brand,
            connector,
            reason,
            release,
        } => {
            let (firm, of) = match (brand, connector) {
                (Some(name), None) => {
                    let brand = session.brand(name).await?;
                    (brand.firm, HaltOf::Brand(brand.id))
                }
                (None, Some(text)) => {
                    let id = text.parse::<ConnectorId>()?;
                    let (account, _) = session.store.read().await?.connector_at_work(id).await?;
                    (account.firm, HaltOf::Connector(id))
                }
                _ => bail!("name either --brand or --connector"),
            };
            let engine = session.engine()?;
            if *release {
                engine.release(firm, of, ACTOR).await?;
                return Ok(Exit::Done);
            }
            let halted = engine.halt(firm, of, reason, ACTOR).await?;
            let list: Vec<_> = halted
                .campaigns
                .iter()
                .map(|(id, name, left)| {
                    json!({
                        "id": id, "name": name, "handed_over": left.handed_over,
                        "under_way": left.under_way, "waiting": left.waiting,
                    })
                })
                .collect();
            out.show(&list, |_| {
                for (id, name, left) in &halted.campaigns {
                    println!(
                        "{id}  {name}  {} / {} / {}",
                        left.handed_over, left.under_way, left.waiting
                    );
                }
            })?;
            Ok(Exit::Done)
        }
        cli::Campaign::Report(args) => {
            let held = find(&session, &args.campaign).await?;
            if let Some(path) = &args.export {
                let everybody = ExportOf::everybody();
                export::to_file(&session, &held, &everybody, path, false).await?;
            }
            let report = session.engine()?.report(held.firm, held.id).await?;
            print_report(&report, out)?;
            Ok(if report.reconciles() {
                Exit::Done
            } else {
                Exit::Mismatch
            })
        }
        cli::Campaign::Test {
            campaign,
            to,
            second,
        } => {
            let held = find(&session, campaign).await?;
            test::send(&session, &held, to, *second, out).await
        }
        cli::Campaign::Tester(command) => test::testers(&session, command, out).await,
        cli::Campaign::OptOuts(args) => optouts::run(&session, args, out).await,
        cli::Campaign::Export(args) => {
            let held = find(&session, &args.campaign).await?;
            export::run(&session, &held, args, out).await
        }
        cli::Campaign::List { firm } => {
            let firm = session.firm(firm).await?;
            let campaigns = session
                .store
                .read()
                .await?
                .campaigns(firm, None, 200)
                .await?;
            let list: Vec<_> = campaigns.iter().map(shown).collect();
            out.show(&list, |_| {
                for campaign in &campaigns {
                    println!("{}  {}  {}", campaign.id, campaign.state, campaign.name);
                }
            })?;
            Ok(Exit::Done)
        }
    }
}

/// How it leaves, from the options that were given.
fn plan(args: &CampaignCreate) -> anyhow::Result<Plan> {
    let mut plan = match &args.plan {
        None => Plan::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is no plan", path.display()))?
        }
    };
    if let Some(text) = &args.send_at {
        let at = Timestamp::from_registry_text(&format!("{text}:00"));
        plan.send_at = Some(at.context("--send-at is a Turkish time such as 2026-06-01 10:00")?);
    }
    Ok(plan)
}

fn stopped(ended: &Stopped, out: Output) -> anyhow::Result<Exit> {
    let left = ended.left;
    let value = json!({
        "id": ended.campaign.id, "name": ended.campaign.name, "state": ended.campaign.state,
        "left": { "handed_over": left.handed_over, "under_way": left.under_way, "waiting": left.waiting },
    });
    out.show(&value, |_| {
        println!("{}  {}", ended.campaign.id, ended.campaign.state);
        println!(
            "{:>9}  {}",
            left.handed_over,
            out.pick("gitmişti", "had left")
        );
        println!(
            "{:>9}  {}",
            left.under_way,
            out.pick("yoldaydı", "were under way")
        );
        println!(
            "{:>9}  {}",
            left.waiting,
            out.pick("gitmeyecek", "will not leave")
        );
    })?;
    Ok(Exit::Done)
}

async fn find(session: &Session, text: &str) -> anyhow::Result<Campaign> {
    let id: CampaignId = text.parse()?;
    session
        .store
        .read()
        .await?
        .campaign_at_work(id)
        .await
        .with_context(|| format!("there is no campaign `{text}`"))
}

fn shown(campaign: &Campaign) -> Value {
    json!({ "id": campaign.id, "name": campaign.name, "state": campaign.state })
}

fn moved(campaign: &Campaign, out: Output) -> anyhow::Result<Exit> {
    out.show(&shown(campaign), |_| {
        println!("{}  {}", campaign.id, campaign.state)
    })?;
    Ok(Exit::Done)
}

async fn create(session: &Session, args: &CampaignCreate, out: Output) -> anyhow::Result<Exit> {
    let brand = session.brand(&args.brand).await?;
    let audience = match args.audience.split_once(':') {
        Some(("tag", name)) => Audience::Tag {
            tag: name.to_owned(),
        },
        Some(("segment", id)) => Audience::Segment {
            segment_id: id.parse()?,
        },
        Some(("accounts", codes)) => Audience::Accounts {
            codes: codes.split(',').map(str::to_owned).collect(),
        },
        None if args.audience == "all" => Audience::All,
        _ => bail!("--audience is all, tag:NAME, segment:ID or accounts:CODE,CODE"),
    };
    let promotion = match &args.promotion {
        Some(name) => {
            let mut reader = session.store.read().await?;
            let held = reader.promotion_named(brand.firm, name).await?;
            Some(
                held.with_context(|| format!("there is no promotion `{name}`"))?
                    .id,
            )
        }
        None => None,
    };
    let new = NewCampaign {
        promotion,
        brand: brand.id,
        name: args.name.clone(),
        channel: Channel::Mesaj,
        kind: args.kind.parse::<RecipientKind>()?,
        basis: args.basis.parse::<Basis>()?,
        purpose: args.purpose.clone(),
        template: None,
        body: args.text.clone(),
        sender: args.sender.clone(),
        connector: args.connector.parse::<ConnectorId>()?,
        audience,
        batch_size: 0,
        plan: plan(args)?,
    };
    let campaign = session
        .engine()?
        .create_campaign(brand.firm, new, ACTOR)
        .await?;
    out.show(&shown(&campaign), |_| println!("{}", campaign.id))?;
    Ok(Exit::Done)
}

async fn dry_run(session: &Session, text: &str, out: Output) -> anyhow::Result<Exit> {
    let held = find(session, text).await?;
    let run = session.engine()?.dry_run(held.firm, held.id).await?;
    let value = json!({
        "at": run.at, "target": run.target, "sendable": run.sendable, "held": run.held,
        "held_until": run.held_until, "excluded": run.excluded,
        "unknown_accounts": run.unknown_accounts,
        "length": { "units": run.length.units, "parts": run.length.parts },
        "findings": run.findings, "starts_at": run.starts_at, "finishes_at": run.finishes_at,
        "promotion": run.promotion.as_ref().map(|codes| json!({
            "id": codes.id, "name": codes.name, "expires_on": codes.expires_at.last_turkish_day(),
            "pool": codes.pool, "meant": codes.meant, "short": codes.short,
        })),
        "launch_obstacle": run.launch_obstacle.as_ref().map(|one| one.as_str()),
        "second_person": run.second_person, "needs_signature": run.needs_signature,
        "fixes": run.fixes.iter().map(|fix| json!({
            "action": fix.action.as_str(), "code": fix.code, "people": fix.people,
        })).collect::<Vec<_>>(),
        "routes": run.routes.iter().map(|route| json!({
            "connector": route.account.id, "name": route.account.name,
            "obstacle": route.obstacle.map(|obstacle| obstacle.as_str()), "foreign": route.is_foreign,
        })).collect::<Vec<_>>(),
    });
    out.show(&value, |_| {
        println!("{:>9}  {}", run.target, out.pick("hedef", "target"));
        print_reasons(
            run.excluded.iter().map(|(code, count)| (*code, *count)),
            out,
        );
        if run.held > 0 {
            println!(
                "{:>9}  {}",
                run.held,
                out.pick("gönderim saatini bekler", "wait for the sending hours")
            );
        }
        println!(
            "{:>9}  {}",
            run.sendable,
            out.pick("gönderilebilir", "sendable")
        );
        for found in &run.findings {
            println!(
                "  {}  {}",
                found.weight,
                out.pick(&found.text_tr, &found.text_en)
            );
            if let Some(proposal) = &found.proposal {
                println!("    + {proposal}");
            }
        }
        println!(
            "{}: {}",
            out.pick("başlar", "begins"),
            run.starts_at.to_turkish_text()
        );
        if let Some(at) = run.finishes_at {
            println!("{}: {}", out.pick("biter", "ends"), at.to_turkish_text());
        }
    })?;
    Ok(Exit::Done)
}

fn print_reasons(reasons: impl Iterator<Item = (ReasonCode, i64)>, out: Output) {
    for (code, count) in reasons {
        println!(
            "{:>9}  {code} {}",
            -count,
            out.pick(&code.render_tr(&[]), &code.render_en(&[]))
        );
    }
}

async fn launch(session: &Session, args: &cli::CampaignRun, out: Output) -> anyhow::Result<Exit> {
    let held = find(session, &args.campaign).await?;
    let engine = session.engine()?;
    let launched = engine
        .launch_with(held.firm, held.id, args.when_credit_short, ACTOR)
        .await?;
    if !args.wait {
        return moved(&launched, out);
    }
    let guard = engine.announce().await?;
    loop {
        let step = engine
            .step_registry()
            .await?
            .or(engine.step_launch().await?)
            .or(engine.step_watch().await?)
            .or(engine.step_dispatch().await?)
            .or(engine.step_resolve().await?)
            .or(engine.step_receipts().await?)
            .or(engine.step_pull().await?)
            .or(engine.step_finish().await?);
        let now = engine.campaign(held.firm, held.id).await?;
        if matches!(
            now.state,
            CampaignState::Finished | CampaignState::Stopped | CampaignState::Paused
        ) {
            break;
        }
        if step == engine::Step::Idle {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
    drop(guard);
    let report = engine.report(held.firm, held.id).await?;
    print_report(&report, out)?;
    Ok(if report.reconciles() {
        Exit::Done
    } else {
        Exit::Mismatch
    })
}

/// Prints the reconciled numbers.
pub(crate) fn print_report(report: &Report, out: Output) -> anyhow::Result<()> {
    let value = json!({
        "campaign": shown(&report.campaign), "target": report.target,
        "excluded": { "total": report.excluded_total(), "reasons": report.excluded },
        "held": { "total": report.held.total(), "waiting": report.held.waiting,
                  "uncertain": report.held.uncertain, "cancelled": report.held.cancelled },
        "sent": report.sent, "delivered": report.delivered,
        "failed": { "total": report.failed.total(), "refused": report.failed.refused,
                    "undelivered": report.failed.undelivered, "expired": report.failed.expired,
                    "rejected": report.failed.rejected },
        "open": report.open, "reconciles": report.reconciles(), "batches": report.batches.by_state,
        "last_error": report.batches.last_error,
    });
    out.show(&value, |_| {
        println!(
            "{:>9}  {}",
            report.target,
            out.pick("hedef kitle", "target")
        );
        print_reasons(
            report.excluded.iter().map(|(code, count)| (*code, *count)),
            out,
        );
        for (count, tr, en) in [
            (report.held.waiting, "bekliyor", "waiting"),
            (report.held.uncertain, "belirsiz", "uncertain"),
            (report.held.cancelled, "iptal", "cancelled"),
        ] {
            if count > 0 {
                println!("{:>9}  {}", -count, out.pick(tr, en));
            }
        }
        println!("{:>9}  {}", report.sent, out.pick("gönderildi", "sent"));
        println!(
            "{:>9}    {}",
            report.delivered,
            out.pick("iletildi", "delivered")
        );
        println!(
            "{:>9}    {}",
            report.failed.total(),
            out.pick("başarısız", "failed")
        );
        println!(
            "{:>9}    {}",
            report.open,
            out.pick("henüz kesinleşmedi", "not final yet")
        );
        let verdict = if report.reconciles() {
            out.pick("sayılar tutuyor", "the numbers reconcile")
        } else {
            out.pick("SAYILAR TUTMUYOR", "THE NUMBERS DO NOT RECONCILE")
        };
        println!("{verdict}");
    })
}
