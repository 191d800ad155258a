//! The command line's way in: one simulator in the foreground.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Context;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::infobip::{self, InfobipSim};
use crate::iys::{self, IysSim};
use crate::server::Running;

/// Which simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// The national consent registry, İleti Yönetim Sistemi.
    Iys,
    /// The SMS provider Infobip.
    Infobip,
}

/// What can be chosen at start; everything else is set under `/_sim/`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub host: IpAddr,
    /// Time the simulator's clock starts at (RFC 3339); default: now
    #[arg(long)]
    pub clock_start: Option<Timestamp>,
    /// Seed of everything that is random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Switch the call limits off, for load tests
    #[arg(long)]
    pub no_limits: bool,
    /// Milliseconds until an asynchronous answer is ready (İYS results, delivery reports)
    #[arg(long)]
    pub answer_delay_ms: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            clock_start: None,
            seed: 1,
            no_limits: false,
            answer_delay_ms: None,
        }
    }
}

/// Serves one simulator until the process is interrupted.
///
/// Port 0 takes a free one. The first line on standard output is a JSON object
/// with `simulator`, `address` and `url`.
///
/// # Errors
/// When the address cannot be bound or serving fails.
pub async fn run(kind: Kind, port: u16, options: Options) -> anyhow::Result<()> {
    let listener = TcpListener::bind((options.host, port))
        .await
        .with_context(|| format!("cannot listen on {}:{port}", options.host))?;
    let running = start(kind, options, listener).await?;
    let name = kind.to_possible_value();
    println!(
        "{}",
        json!({
            "simulator": name.as_ref().map(clap::builder::PossibleValue::get_name),
            "address": running.addr.to_string(),
            "url": running.url(),
        })
    );
    interrupted().await?;
    running.stop().await
}

async fn start(kind: Kind, options: Options, listener: TcpListener) -> anyhow::Result<Running> {
    let clock = options
        .clock_start
        .map_or_else(Clock::real, Clock::starting_at);
    match kind {
        Kind::Iys => {
            let mut config = iys::Config {
                clock,
                seed: options.seed,
                ..iys::Config::default()
            };
            if options.no_limits {
                config.options.limits = None;
            }
            if let Some(delay) = options.answer_delay_ms {
                config.options.async_delay_ms = delay;
            }
            IysSim::start(config, listener).await
        }
        Kind::Infobip => {
            let mut config = infobip::Config {
                clock,
                seed: options.seed,
                ..infobip::Config::default()
            };
            if options.no_limits {
                config.options.limits = None;
            }
            if let Some(delay) = options.answer_delay_ms {
                config.options.report_delay_ms = delay;
            }
            InfobipSim::start(config, listener).await
        }
    }
}

#[cfg(unix)]
async fn interrupted() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("cannot listen for Ctrl-C"),
        _ = terminated.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> anyhow::Result<()> {
    tokio::signal::ctrl_c()
        .await
        .context("cannot listen for Ctrl-C")
}
