//! The command line: what can be asked of the program.

mod attribute;
mod campaign;
mod desk;
mod evidence;
pub(crate) mod upload;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use attribute::Attribute;
pub(crate) use campaign::*;
pub(crate) use desk::*;
pub(crate) use evidence::*;
pub(crate) use upload::Import;

/// İzinli: commercial messages only to people whose consent İYS confirms.
#[derive(Debug, Parser)]
#[command(name = "izinli", version, about, long_about = None, propagate_version = true)]
pub(crate) struct Cli {
    /// Configuration file; every key also as IZINLI__SECTION__KEY
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of what is printed; by default that of the locale
    #[arg(long, global = true, value_enum)]
    pub(crate) lang: Option<Lang>,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A language of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Türkçe
    Tr,
    /// English
    En,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the panel, the API and the workers
    Serve(Serve),
    /// Bring the database up to date
    Migrate,
    /// Run the main job once on simulators and show what happened
    Demo(Demo),
    /// Start a simulator of İYS or of a provider
    Simulate(Simulate),
    /// Firms
    #[command(subcommand)]
    Firm(Firm),
    /// Brands
    #[command(subcommand)]
    Brand(Brand),
    /// People who work in the panel
    #[command(subcommand)]
    User(User),
    /// Keys of the programming interface
    #[command(subcommand)]
    Apikey(Apikey),
    /// Provider accounts
    #[command(subcommand)]
    Connector(Connector),
    /// What is kept of people beyond name and address
    #[command(subcommand)]
    Attribute(Attribute),
    /// Judge a file of contacts and consents, and apply it
    Import(Import),
    /// Files that were read: answer, apply, cancel, report
    #[command(subcommand)]
    Upload(upload::Upload),
    /// Campaigns
    #[command(subcommand)]
    Campaign(Campaign),
    /// İYS
    #[command(subcommand)]
    Registry(Registry),
    /// The consent ledger
    #[command(subcommand)]
    Ledger(Ledger),
    /// The proof of a message
    #[command(subcommand)]
    Proof(Proof),
    /// Evidence packs of complaints
    #[command(subcommand)]
    Evidence(Evidence),
    /// People
    #[command(subcommand)]
    Contact(Contact),
    /// Make test data
    #[command(subcommand)]
    Gen(Gen),
    /// Print the OpenAPI document
    Openapi,
    /// Measure the main job beside its baselines
    Bench(Bench),
}

/// Which parts of the program run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Panel, API and workers in one process
    All,
    /// Panel and API only
    Api,
    /// Workers only
    Worker,
}

/// `serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Which parts run in this process
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) role: Role,
    /// Write `{"url": …}` here once requests are answered
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// `demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Exit after the job; the exit code says whether every number reconciled
    #[arg(long)]
    pub(crate) once: bool,
    /// Rows of the generated file
    #[arg(long, default_value_t = 100_000)]
    pub(crate) contacts: u64,
    /// Share of dirty rows, percent
    #[arg(long, default_value_t = 8)]
    pub(crate) dirty: u8,
    /// Seed of the generated file
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Port of the panel; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// PostgreSQL instead of SQLite
    #[arg(long, value_name = "URL")]
    pub(crate) postgres_url: Option<String>,
    /// Where the demo keeps its files; emptied first
    #[arg(long, value_name = "FOLDER", default_value = "izinli-data/demo")]
    pub(crate) data: PathBuf,
    /// Folder of the sample files that are imported as well
    #[arg(long, value_name = "FOLDER", default_value = "fixtures")]
    pub(crate) fixtures: PathBuf,
    /// Write `{"url", "email", "password"}` here once the job is done and the panel serves
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// `simulate`
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// What to simulate: iys, infobip, netgsm, … (a wrong word lists all)
    pub(crate) kind: String,
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Instant at which the simulator's clock starts
    #[arg(long, env = "IZINLI_CLOCK_START")]
    pub(crate) clock_start: Option<String>,
    /// Answer without the registry's rate limits
    #[arg(long)]
    pub(crate) no_limits: bool,
    /// Stop when standard input ends (the parent died)
    #[arg(long)]
    pub(crate) with_parent: bool,
}

/// `firm …`
#[derive(Debug, Subcommand)]
pub(crate) enum Firm {
    /// Make a firm
    Create {
        /// Its name
        #[arg(long)]
        name: String,
        /// Has it practise with simulators until its owner goes live
        #[arg(long)]
        practice: bool,
    },
    /// List the firms
    List,
}

/// `brand …`
#[derive(Debug, Subcommand)]
pub(crate) enum Brand {
    /// Make a brand
    Create(BrandCreate),
    /// Change a brand
    Set(BrandSet),
    /// List the brands of a firm
    List {
        /// The firm
        #[arg(long)]
        firm: String,
    },
}

/// `brand create`
#[derive(Debug, Args)]
pub(crate) struct BrandCreate {
    /// The firm
    #[arg(long)]
    pub(crate) firm: String,
    /// Name shown to people
    #[arg(long)]
    pub(crate) name: String,
    /// Short name registered at İYS ("RET <short name>" to 3338)
    #[arg(long)]
    pub(crate) short_name: String,
    /// Trade name printed in commercial texts
    #[arg(long)]
    pub(crate) trade_name: String,
    /// MERSİS number, 16 digits
    #[arg(long)]
    pub(crate) mersis: String,
    /// The settings a brand may also change later
    #[command(flatten)]
    pub(crate) settings: BrandSettings,
}

/// `brand set`
#[derive(Debug, Args)]
pub(crate) struct BrandSet {
    /// The brand
    pub(crate) brand: String,
    /// What to change
    #[command(flatten)]
    pub(crate) settings: BrandSettings,
}

/// Settings of a brand.
#[derive(Debug, Args)]
pub(crate) struct BrandSettings {
    /// off, provider, sync or integrator
    #[arg(long)]
    pub(crate) mode: Option<String>,
    /// In mode off: the owner's signed reason
    #[arg(long)]
    pub(crate) off_reason: Option<String>,
    /// İYS code
    #[arg(long)]
    pub(crate) iys_code: Option<i64>,
    /// Brand code at İYS
    #[arg(long)]
    pub(crate) brand_code: Option<i64>,
    /// API user at İYS
    #[arg(long)]
    pub(crate) iys_username: Option<String>,
    /// Environment variable that holds the API user's password
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) iys_password_env: Option<String>,
    /// Hours in which commercial messages may leave, as 09:00-20:00
    #[arg(long)]
    pub(crate) window: Option<String>,
    /// Hours an answer of İYS may be relied on
    #[arg(long)]
    pub(crate) freshness_hours: Option<i64>,
    /// Percent of rejected rows above which a file waits for a person
    #[arg(long)]
    pub(crate) brake_percent: Option<i64>,
    /// Whether a file must be let in by somebody else than its uploader
    #[arg(long)]
    pub(crate) needs_other_approver: Option<bool>,
}

/// `user …`
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make a user; prints a password once unless one is given
    Create {
        /// The firm
        #[arg(long)]
        firm: String,
        /// E-mail address, the login name
        #[arg(long)]
        email: String,
        /// Name
        #[arg(long)]
        name: String,
        /// owner, admin, marketer, approver, compliance, support, viewer or developer
        #[arg(long)]
        role: String,
        /// Environment variable that holds the password
        #[arg(long, value_name = "VARIABLE")]
        password_env: Option<String>,
    },
    /// List the users of a firm
    List {
        /// The firm
        #[arg(long)]
        firm: String,
    },
}

/// `apikey …`
#[derive(Debug, Subcommand)]
pub(crate) enum Apikey {
    /// Make a key; it is printed once
    Create {
        /// The firm
        #[arg(long)]
        firm: String,
        /// What it is for
        #[arg(long)]
        name: String,
        /// The role it acts in
        #[arg(long)]
        role: String,
    },
    /// List the keys of a firm
    List {
        /// The firm
        #[arg(long)]
        firm: String,
    },
    /// End a key
    Disable {
        /// The firm
        #[arg(long)]
        firm: String,
        /// The key
        key: String,
    },
}

/// `connector …`
#[derive(Debug, Subcommand)]
pub(crate) enum Connector {
    /// The kinds that exist and what each needs
    Kinds,
    /// Add a provider account
    Create {
        /// The firm
        #[arg(long)]
        firm: String,
        /// Its kind, such as infobip
        #[arg(long)]
        kind: String,
        /// Name shown to people
        #[arg(long)]
        name: String,
        /// JSON file with the fields of its kind
        #[arg(long, value_name = "FILE")]
        settings: PathBuf,
    },
    /// List the accounts of a firm
    List {
        /// The firm
        #[arg(long)]
        firm: String,
    },
    /// Test the connection and activate it
    Test {
        /// The account
        connector: String,
    },
    /// Change settings of an account and test it anew
    Change {
        /// The account
        connector: String,
        /// JSON file with the fields to change; null takes one out
        #[arg(long, value_name = "FILE")]
        settings: PathBuf,
    },
}

/// `registry …`
#[derive(Debug, Subcommand)]
pub(crate) enum Registry {
    /// Queue, answers and health
    Status(BrandArg),
    /// Bring in what citizens changed at İYS
    Pull(BrandArg),
    /// Work the queue of questions and records
    Push(BrandArg),
    /// Ask İYS about everybody of the brand, or steer what is under way
    Compare(RegistryCompare),
    /// Look what another mode would do, and make the change
    Mode(RegistryMode),
    /// Days held against İYS's daily file, down to the person
    Drift(RegistryDrift),
    /// Ask İYS to push what citizens do to this installation, or to stop
    PushAddress(RegistryPushAddress),
    /// A person's consent, taken by İYS itself (ViA)
    #[command(subcommand)]
    Via(RegistryVia),
    /// One account at İYS for the brands of many firms (iş ortağı)
    #[command(subcommand)]
    Partner(RegistryPartner),
    /// Retailers (bayi) of a brand at İYS
    #[command(subcommand)]
    Retailers(RegistryRetailers),
}

/// `registry push-address`
#[derive(Debug, Args)]
pub(crate) struct RegistryPushAddress {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// Ask İYS to push no more
    #[arg(long, conflicts_with = "list")]
    pub(crate) off: bool,
    /// Only show the connections that İYS has for the brand
    #[arg(long)]
    pub(crate) list: bool,
}

/// `registry drift`
#[derive(Debug, Args)]
pub(crate) struct RegistryDrift {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// Hold this day against ours now, such as 2026-03-02; the list of days without it
    #[arg(long)]
    pub(crate) day: Option<String>,
    /// Confirm the day to İYS, if it matches
    #[arg(long, requires = "day")]
    pub(crate) confirm: bool,
}

/// `registry compare`
#[derive(Debug, Args)]
pub(crate) struct RegistryCompare {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// Let business hours pass
    #[arg(long)]
    pub(crate) rest_in_business_hours: bool,
    /// Ask from this process until everybody has been asked
    #[arg(long)]
    pub(crate) wait: bool,
    /// Pause, resume or stop the one under way instead
    #[arg(long, value_name = "TURN", value_parser = ["pause", "resume", "stop"])]
    pub(crate) turn: Option<String>,
}

/// `registry mode`
#[derive(Debug, Args)]
pub(crate) struct RegistryMode {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// off, provider, sync or integrator
    #[arg(long, value_name = "MODE")]
    pub(crate) to: String,
    /// In mode off: the owner's signed reason
    #[arg(long)]
    pub(crate) off_reason: Option<String>,
    /// Make the change; without this it is only looked at
    #[arg(long)]
    pub(crate) make: bool,
}

/// A brand by id.
#[derive(Debug, Args)]
pub(crate) struct BrandArg {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
}

/// `contact …`
#[derive(Debug, Subcommand)]
pub(crate) enum Contact {
    /// Why a message would or would not reach an address now, or what held then
    Why {
        /// Phone number or e-mail address
        address: String,
        /// An instant, such as 2025-06-21T12:00:00+03:00: what held then, by
        /// what was known then and by what is known now
        #[arg(long, value_name = "INSTANT")]
        at: Option<String>,
        /// Ask İYS for the movements of the record now, and keep its answer
        #[arg(long, conflicts_with = "at")]
        ask_iys: bool,
        /// The brand
        #[arg(long)]
        brand: String,
        /// MESAJ, ARAMA, EPOSTA or WHATSAPP
        #[arg(long)]
        channel: Option<String>,
        /// BIREYSEL or TACIR
        #[arg(long, default_value = "BIREYSEL")]
        kind: String,
    },
}

/// `gen …`
#[derive(Debug, Subcommand)]
pub(crate) enum Gen {
    /// A file of contacts with consents, some of them dirty
    Contacts {
        /// Rows
        #[arg(long, default_value_t = 1_000)]
        rows: u64,
        /// Share of dirty rows, percent
        #[arg(long, default_value_t = 0)]
        dirty: u8,
        /// Seed: the same seed gives the same file
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Letters of the file
        #[arg(long, value_enum, default_value = "windows-1254")]
        encoding: GenEncoding,
        /// Columns of the file
        #[arg(long, value_enum, default_value = "shop")]
        form: GenForm,
        /// Share of e-mail consents among clean rows, percent
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(0..=100))]
        eposta: u8,
        /// Share of call consents among clean rows, percent; the rest is SMS
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
        arama: u8,
        /// Share of refusals among clean rows, percent
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
        ret: u8,
        /// Where to write; standard output by default
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

/// How generated letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GenEncoding {
    /// Turkish Windows, as Excel saves a CSV
    #[value(name = "windows-1254")]
    Windows1254,
    /// UTF-8 with a byte order mark
    #[value(name = "utf-8")]
    Utf8,
    /// Turkish letters that a program garbled on their way (W104)
    Garbled,
}

/// Which columns a generated file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GenForm {
    /// A phone and an e-mail address in every row
    Shop,
    /// One address a row, with brand and national id (R706, R709, W405)
    OneAddress,
}

/// `bench`
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Which rows of the table: import, judge, launch, dispatch, receipts, registry, ledger; all by default
    pub(crate) rows: Vec<String>,
    /// A PostgreSQL server to measure on as well
    #[arg(long, value_name = "URL")]
    pub(crate) postgres_url: Option<String>,
    /// How many rows or messages, where the row has a choice
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) size: u64,
    /// Write the table here
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
}
