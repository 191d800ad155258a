//! `izinli campaign …`: the words of the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `campaign …`
#[derive(Debug, Subcommand)]
pub(crate) enum Campaign {
    /// Make a draft
    Create(CampaignCreate),
    /// Who would get it and who not, and why
    DryRun(CampaignId),
    /// Freeze the audience and start sending
    Launch(CampaignRun),
    /// Stop handing over, keep the rest
    Pause(CampaignId),
    /// Go on after a pause
    Resume(CampaignId),
    /// End it; nothing more leaves
    Stop(CampaignId),
    /// Everything an approver decides on, as JSON
    Go(CampaignId),
    /// Hand a draft to an approver
    Submit(CampaignId),
    /// Send the better of two texts to the rest
    Choose {
        /// The campaign
        campaign: String,
        /// 1 or 2
        #[arg(long)]
        text: u8,
    },
    /// Stop everything of a brand or over a provider account, at once
    Halt {
        /// The brand
        #[arg(long)]
        brand: Option<String>,
        /// The provider account
        #[arg(long)]
        connector: Option<String>,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        /// Let it go again
        #[arg(long)]
        release: bool,
    },
    /// What became of everybody
    Report(CampaignReport),
    /// Send the text to test recipients before it is launched; nothing of it is counted
    Test {
        /// The campaign
        campaign: String,
        /// Only these test recipients
        #[arg(long = "to", value_name = "ID")]
        to: Vec<String>,
        /// Of two texts, the second
        #[arg(long)]
        second: bool,
    },
    /// Test recipients of a brand
    #[command(subcommand)]
    Tester(Tester),
    /// After which campaign, text, list, hour or source of consents people refuse
    OptOuts(CampaignOptOuts),
    /// Write people or numbers of a campaign to a file
    Export(CampaignExport),
    /// List the campaigns of a firm
    List {
        /// The firm
        #[arg(long)]
        firm: String,
    },
}

/// `campaign tester …`
#[derive(Debug, Subcommand)]
pub(crate) enum Tester {
    /// Ask somebody, at their own address, whether they want to get tests
    Invite {
        /// The brand
        #[arg(long)]
        brand: String,
        /// The address: +905… or an e-mail address
        #[arg(long)]
        address: String,
        /// As people call them
        #[arg(long)]
        name: String,
        /// The provider account over which the question goes
        #[arg(long)]
        connector: String,
        /// Sender name approved at the provider
        #[arg(long)]
        sender: String,
    },
    /// Who gets tests
    List {
        /// The brand
        #[arg(long)]
        brand: String,
    },
    /// Take somebody off the list
    Remove {
        /// The brand
        #[arg(long)]
        brand: String,
        /// The test recipient
        tester: String,
    },
}

/// A campaign by id.
#[derive(Debug, Args)]
pub(crate) struct CampaignId {
    /// The campaign
    pub(crate) campaign: String,
}

/// `campaign launch`
#[derive(Debug, Args)]
pub(crate) struct CampaignRun {
    /// The campaign
    pub(crate) campaign: String,
    /// Send from this process until nothing is left to hand over
    #[arg(long)]
    pub(crate) wait: bool,
    /// Those whom the credit at the provider does not reach: wait for it, or cut them (S502)
    #[arg(long, value_name = "wait|cut")]
    pub(crate) when_credit_short: Option<store::campaign_flow::WhenShort>,
}

/// `campaign report`
#[derive(Debug, Args)]
pub(crate) struct CampaignReport {
    /// The campaign
    pub(crate) campaign: String,
    /// Write one row per person here, as csv, xlsx or parquet by its ending
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
}

/// `campaign opt-outs`
#[derive(Debug, Args)]
pub(crate) struct CampaignOptOuts {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// campaign, text, list, hour or source
    #[arg(long, default_value = "campaign")]
    pub(crate) by: String,
    /// Days looked back on
    #[arg(long, default_value_t = 92)]
    pub(crate) days: i64,
    /// Days after a message in which a refusal counts for it
    #[arg(long, default_value_t = 7)]
    pub(crate) within: i64,
    /// Write it here instead, as csv, xlsx or parquet by its ending
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// `campaign export`
#[derive(Debug, Args)]
pub(crate) struct CampaignExport {
    /// The campaign
    pub(crate) campaign: String,
    /// people, failed, excluded or report
    #[arg(long, default_value = "people")]
    pub(crate) of: String,
    /// Where to; its ending is the form: csv, xlsx or parquet
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Columns in the order wanted, with commas between
    #[arg(long, value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// Hide addresses
    #[arg(long)]
    pub(crate) masked: bool,
}

/// `campaign create`
#[derive(Debug, Args)]
pub(crate) struct CampaignCreate {
    /// The brand
    #[arg(long)]
    pub(crate) brand: String,
    /// Name, for people inside
    #[arg(long)]
    pub(crate) name: String,
    /// The provider account
    #[arg(long)]
    pub(crate) connector: String,
    /// Sender name approved at the provider
    #[arg(long)]
    pub(crate) sender: String,
    /// The text, with variables such as {{ad}}
    #[arg(long)]
    pub(crate) text: String,
    /// The promotion whose codes people get as {{promosyon_kodu}}: its name
    #[arg(long, value_name = "NAME")]
    pub(crate) promotion: Option<String>,
    /// all, tag:NAME, segment:ID or accounts:CODE,CODE (cari kodu)
    #[arg(long, default_value = "all")]
    pub(crate) audience: String,
    /// BIREYSEL or TACIR
    #[arg(long, default_value = "BIREYSEL")]
    pub(crate) kind: String,
    /// COMMERCIAL or INFORMATIONAL
    #[arg(long, default_value = "COMMERCIAL")]
    pub(crate) basis: String,
    /// What it is for
    #[arg(long, default_value = "kampanya")]
    pub(crate) purpose: String,
    /// Not before this Turkish time, such as "2026-06-01 10:00"
    #[arg(long, value_name = "TIME")]
    pub(crate) send_at: Option<String>,
    /// How it leaves, as JSON: packages, canary, control_percent, cap, split, fallbacks, expires_at
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
}
