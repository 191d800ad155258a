//! Work in a process of its own: the same program, told what to do through its
//! environment, so that its peak resident memory is that of this work alone.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail};
use domain::ids::CampaignId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::ground::Place;
use super::{bare, feed, provider, smtp, work};
use crate::output::Exit;

/// Environment variable that holds an [`Order`].
pub(crate) const ORDER: &str = "IZINLI_BENCH_ORDER";

/// What a process is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The work.
    pub(crate) job: Job,
    /// On which database.
    pub(crate) place: Option<Place>,
    /// Where its clock starts.
    pub(crate) clock_start: String,
}

/// The kinds of work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Judge a file against nobody.
    Judge(PathBuf),
    /// Judge and apply a file.
    Import(PathBuf),
    /// Ask İYS about everyone whose answer is missing.
    Registry(CampaignId),
    /// Dry-run a campaign.
    Preview(CampaignId),
    /// Freeze a launched campaign.
    Launch(CampaignId),
    /// Send what is due.
    Dispatch(CampaignId),
    /// Verify the ledger, and hash its bytes without a database.
    Verify,
    /// Pull İYS's changes, of which there are so many.
    Pull(u64),
    /// Hold a day against İYS's file.
    Drift(i64),
    /// Ask İYS about everybody, with the limiter on.
    Limited,
    /// Be a provider.
    Provider,
    /// Be a mail server that keeps nothing.
    Sink,
    /// Be an HTTP server that answers 200.
    Blank,
    /// Serve the programming interface and the workers.
    Serve,
}

/// What a piece of work came to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Seconds of the work itself, without starting and ending the process.
    pub(crate) seconds: f64,
    /// Rows, messages or calls.
    pub(crate) count: u64,
    /// Peak resident memory, KiB.
    pub(crate) peak_kib: u64,
    /// Seconds of its parts, by name.
    pub(crate) stages: Vec<(String, f64)>,
}

impl Measured {
    /// Per second.
    pub(crate) fn rate(&self) -> f64 {
        per_second(self.count, self.seconds)
    }

    /// Peak resident memory, MB.
    pub(crate) fn peak_mb(&self) -> f64 {
        float(self.peak_kib) * 1024.0 / 1e6
    }

    /// Seconds of one part.
    pub(crate) fn stage(&self, name: &str) -> f64 {
        self.stages
            .iter()
            .find(|(held, _)| held == name)
            .map_or(f64::NAN, |(_, seconds)| *seconds)
    }
}

/// A count as a rate.
pub(crate) fn per_second(count: u64, seconds: f64) -> f64 {
    float(count) / seconds.max(1e-6)
}

/// A count as a number to divide by.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// Runs an order to its end in a process of its own.
pub(crate) async fn measure(order: &Order) -> anyhow::Result<Measured> {
    let mut child = spawn(order)?;
    let mut text = String::new();
    let mut stdout = child.stdout.take().context("the process has no output")?;
    stdout.read_to_string(&mut text).await?;
    let status = child.wait().await?;
    if !status.success() {
        bail!("{:?} ended with {status}", order.job);
    }
    serde_json::from_str(text.trim()).with_context(|| format!("{:?} said `{text}`", order.job))
}

/// A server in a process of its own, for as long as the value lives.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it answers, without a slash at the end.
    pub(crate) url: String,
    _child: Child,
}

impl Server {
    /// Starts an order that serves.
    pub(crate) async fn start(order: &Order) -> anyhow::Result<Self> {
        Self::of(spawn(order)?).await
    }

    /// Starts a simulator.
    pub(crate) async fn simulator(kind: &str, clock_start: &str) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([
            "simulate",
            kind,
            "--no-limits",
            "--with-parent",
            "--clock-start",
            clock_start,
        ]);
        Self::of(started(&mut command)?).await
    }

    async fn of(mut child: Child) -> anyhow::Result<Self> {
        let stdout = child.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let said: Value =
            serde_json::from_str(&line).with_context(|| format!("the server said `{line}`"))?;
        let url = said["url"]
            .as_str()
            .context("the server named no address")?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            _child: child,
        })
    }
}

fn spawn(order: &Order) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("bench")
        .env(ORDER, serde_json::to_string(order)?);
    started(&mut command)
}

fn started(command: &mut Command) -> anyhow::Result<Child> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("the program could not be started a second time")
}

/// The other side: does what an order says.
pub(crate) async fn obey(text: &str) -> anyhow::Result<Exit> {
    let order: Order = serde_json::from_str(text).context("the order cannot be read")?;
    let place = || order.place.as_ref().context("the order names no database");
    let mut measured = match &order.job {
        Job::Provider => return served(provider::serve(announce)).await,
        Job::Sink => return served(smtp::sink(announce)).await,
        Job::Blank => return served(bare::serve_blank(announce)).await,
        Job::Serve => return served(work::serve(place()?, &order.clock_start, announce)).await,
        Job::Judge(file) => work::judge(file, &order.clock_start).await?,
        Job::Import(file) => work::import(place()?, &order.clock_start, file).await?,
        Job::Registry(campaign) => work::registry(place()?, &order.clock_start, *campaign).await?,
        Job::Preview(campaign) => work::preview(place()?, &order.clock_start, *campaign).await?,
        Job::Launch(campaign) => work::launch(place()?, &order.clock_start, *campaign).await?,
        Job::Dispatch(campaign) => work::dispatch(place()?, &order.clock_start, *campaign).await?,
        Job::Verify => work::verify(place()?, &order.clock_start).await?,
        Job::Pull(moved) => feed::pull_changes(place()?, &order.clock_start, *moved).await?,
        Job::Drift(day) => feed::compare_day(place()?, &order.clock_start, *day).await?,
        Job::Limited => feed::ask_everybody(place()?, &order.clock_start).await?,
    };
    measured.peak_kib = peak_kib()?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(Exit::Done)
}

fn announce(address: std::net::SocketAddr) {
    println!("{}", json!({ "url": format!("http://{address}") }));
}

/// Serves until the parent is gone.
async fn served(serving: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<Exit> {
    let parent = crate::commands::simulate::parent_gone();
    tokio::select! {
        outcome = serving => outcome?,
        () = parent => {}
    }
    // The runtime would wait for the thread that reads standard input.
    Ok(Exit::Done)
}

/// The most memory this process ever held, as the kernel counts it.
fn peak_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")
        .context("this system keeps no /proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .context("no VmHWM in /proc/self/status")?;
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .context("VmHWM is no number")
}
