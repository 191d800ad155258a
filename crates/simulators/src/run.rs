//! The command line's way in: one simulator in the foreground.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use anyhow::Context;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use crate::brevo::BrevoSim;
use crate::clock::Clock;
use crate::desk;
use crate::figensoft::FigensoftSim;
use crate::iletimerkezi::IletimerkeziSim;
use crate::infobip::{self, InfobipSim};
use crate::iys::{self, IysSim};
use crate::jetsms::JetsmsSim;
use crate::mobildev::MobildevSim;
use crate::netgsm::NetgsmSim;
use crate::server::Running;
use crate::smpp::SmppSim;
use crate::smtp::{self, SmtpSim};
use crate::turatel::TuratelSim;
use crate::turkcell::TurkcellSim;
use crate::twilio::TwilioSim;
use crate::verimor::VerimorSim;
use crate::whatsapp::WhatsappSim;

/// Which simulator, read from and written as one word, such as `netgsm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The national consent registry, İleti Yönetim Sistemi.
    Iys,
    /// The e-mail provider Brevo.
    Brevo,
    /// The SMS provider FigenSoft.
    Figensoft,
    /// The SMS provider Infobip.
    Infobip,
    /// The SMS provider İletimerkezi.
    Iletimerkezi,
    /// The SMS provider JetSMS.
    Jetsms,
    /// The SMS provider Mobildev.
    Mobildev,
    /// The SMS provider Netgsm.
    Netgsm,
    /// An SMPP gateway; its control calls come to the port, sessions to the one after it.
    Smpp,
    /// A mail server; its control calls come to the port, mail to the one after it.
    Smtp,
    /// The SMS provider Turatel.
    Turatel,
    /// Turkcell's SMS service Mesajüssü.
    Turkcell,
    /// The SMS provider Twilio.
    Twilio,
    /// The SMS provider Verimor.
    Verimor,
    /// The WhatsApp Cloud API of Meta.
    Whatsapp,
}

impl Kind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Iys,
        Self::Brevo,
        Self::Figensoft,
        Self::Infobip,
        Self::Iletimerkezi,
        Self::Jetsms,
        Self::Mobildev,
        Self::Netgsm,
        Self::Smpp,
        Self::Smtp,
        Self::Turatel,
        Self::Turkcell,
        Self::Twilio,
        Self::Verimor,
        Self::Whatsapp,
    ];

    /// The words of all of them, with commas between.
    pub fn words() -> String {
        let words: Vec<String> = Self::ALL.iter().map(ToString::to_string).collect();
        words.join(", ")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Iys => "iys",
            Self::Brevo => "brevo",
            Self::Figensoft => "figensoft",
            Self::Infobip => "infobip",
            Self::Iletimerkezi => "iletimerkezi",
            Self::Jetsms => "jetsms",
            Self::Mobildev => "mobildev",
            Self::Netgsm => "netgsm",
            Self::Smpp => "smpp",
            Self::Smtp => "smtp",
            Self::Turatel => "turatel",
            Self::Turkcell => "turkcell",
            Self::Twilio => "twilio",
            Self::Verimor => "verimor",
            Self::Whatsapp => "whatsapp",
        })
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(word: &str) -> anyhow::Result<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.to_string() == word)
            .with_context(|| {
                format!(
                    "there is no simulator named {word}; there are {}",
                    Self::words()
                )
            })
    }
}

/// What can be chosen at start; everything else is set under `/_sim/`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address to listen on.
    pub host: IpAddr,
    /// Time the simulator's clock starts at, RFC 3339; absent: now.
    pub clock_start: Option<String>,
    /// Seed of everything that is random.
    pub seed: u64,
    /// Switches the call limits off, for load tests.
    pub no_limits: bool,
    /// Milliseconds until an asynchronous answer is ready (İYS results,
    /// delivery reports); absent: the simulator's default.
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
/// When the address cannot be bound, the start time is no time, or serving fails.
pub async fn run(kind: Kind, port: u16, options: Options) -> anyhow::Result<()> {
    let listener = TcpListener::bind((options.host, port))
        .await
        .with_context(|| format!("cannot listen on {}:{port}", options.host))?;
    let running = start(kind, options, listener).await?;
    println!(
        "{}",
        json!({
            "simulator": kind.to_string(),
            "address": running.addr.to_string(),
            "url": running.url(),
        })
    );
    interrupted().await?;
    running.stop().await
}

/// Starts one on a listener.
///
/// # Errors
/// When the start time is no time or the simulator cannot be set up.
pub async fn start(kind: Kind, options: Options, listener: TcpListener) -> anyhow::Result<Running> {
    let clock = match &options.clock_start {
        Some(text) => {
            let start: Timestamp = text
                .parse()
                .with_context(|| format!("{text} is no time in RFC 3339"))?;
            Clock::starting_at(start)
        }
        None => Clock::real(),
    };
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
        Kind::Brevo => {
            let mut config = provider(&options, clock);
            if !options.no_limits {
                // Documented for batches: 100 calls a minute.
                config.options.sends_per_minute = Some(100);
            }
            BrevoSim::start(config, listener)
        }
        Kind::Iletimerkezi => IletimerkeziSim::start(provider(&options, clock), listener),
        Kind::Jetsms => JetsmsSim::start(provider(&options, clock), listener),
        Kind::Netgsm => {
            let mut config = provider(&options, clock);
            if !options.no_limits {
                // Documented: reports can be asked for ten times a minute.
                config.options.pulls_per_minute = Some(10);
            }
            NetgsmSim::start(config, listener)
        }
        Kind::Smpp => {
            let gateway = beside(&listener).await?;
            SmppSim::start(provider(&options, clock), listener, gateway)
        }
        Kind::Smtp => {
            let mail = beside(&listener).await?;
            let config = smtp::Config {
                clock,
                options: smtp::Options::default(),
            };
            SmtpSim::start(config, listener, mail)
        }
        Kind::Figensoft => FigensoftSim::start(provider(&options, clock), listener),
        Kind::Mobildev => MobildevSim::start(provider(&options, clock), listener),
        Kind::Turatel => TuratelSim::start(provider(&options, clock), listener),
        Kind::Turkcell => TurkcellSim::start(provider(&options, clock), listener),
        Kind::Twilio => TwilioSim::start(provider(&options, clock), listener),
        Kind::Verimor => {
            let mut config = provider(&options, clock);
            if !options.no_limits {
                // Documented: 240 requests, 20 status queries a minute.
                config.options.sends_per_minute = Some(240);
                config.options.pulls_per_minute = Some(20);
            }
            VerimorSim::start(config, listener)
        }
        Kind::Whatsapp => {
            let mut config = provider(&options, clock);
            if !options.no_limits {
                // Documented: 80 messages a second from one number.
                config.options.sends_per_minute = Some(80 * 60);
            }
            WhatsappSim::start(config, listener)
        }
    }
}

/// The port after the control calls', unless somebody has it.
async fn beside(control: &TcpListener) -> anyhow::Result<TcpListener> {
    let control = control.local_addr()?;
    let next = (control.ip(), control.port().wrapping_add(1));
    match TcpListener::bind(next).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((control.ip(), 0)).await?),
    }
}

fn provider(options: &Options, clock: Clock) -> desk::Config {
    let mut config = desk::Config {
        clock,
        ..desk::Config::default()
    };
    if let Some(delay) = options.answer_delay_ms {
        config.options.report_delay_ms = delay;
    }
    config
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
