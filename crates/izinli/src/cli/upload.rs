//! `import` and `upload …`: files that are read, and those that wait for a
//! decision.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `upload …`
#[derive(Debug, Subcommand)]
pub(crate) enum Upload {
    /// The files of a firm, newest first
    List {
        /// The firm
        #[arg(long)]
        firm: String,
    },
    /// The newest files of a brand by what became of their people, worst first
    Score {
        /// The brand
        #[arg(long)]
        brand: String,
    },
    /// What was judged from a file, or what became of it
    Show(UploadId),
    /// Answer the questions of a preview; the file is judged again
    Answer(UploadAnswer),
    /// Let a judged file in
    Apply(UploadApply),
    /// Withdraw a file; what was applied of it stays
    Cancel(UploadId),
    /// Write the rejection report
    Report {
        /// The upload
        upload: String,
        /// Where to
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// One upload.
#[derive(Debug, Args)]
pub(crate) struct UploadId {
    /// The upload
    pub(crate) upload: String,
}

/// `upload answer`
#[derive(Debug, Args)]
pub(crate) struct UploadAnswer {
    /// The upload
    pub(crate) upload: String,
    /// JSON file with parts of the column mapping and answers
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Kind of people in rows that do not say: BIREYSEL or TACIR
    #[arg(long)]
    pub(crate) default_kind: Option<String>,
}

/// `upload apply`
#[derive(Debug, Args)]
pub(crate) struct UploadApply {
    /// The upload
    pub(crate) upload: String,
    /// Leave the questions open: rows that hang on them stay refused
    #[arg(long)]
    pub(crate) leave_open: bool,
    /// Who decides, for the audit trail and for brands that want a second person
    #[arg(long, default_value = "command")]
    pub(crate) approver: String,
    /// Do not wait for İYS's answers
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// `import`
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file
    pub(crate) file: PathBuf,
    /// The brand; not needed with --dry-run alone
    #[arg(long)]
    pub(crate) brand: Option<String>,
    /// What to do with the consents
    #[arg(long, value_parser = ["local", "pull", "push"], default_value = "push")]
    pub(crate) action: String,
    /// Judge only: print the verdict, change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// JSON file with the column mapping and the answers to questions
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// Kind of people in rows that do not say: BIREYSEL or TACIR
    #[arg(long)]
    pub(crate) default_kind: Option<String>,
    /// Name of the upload; the file's name by default
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Tag for everyone in the file; names the tag, list or promotion of a file that is for one
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// What the file is for; all but `contacts` and `promotion` only name people that are known
    #[arg(long, default_value = "contacts",
          value_parser = ["contacts", "tag_add", "tag_remove", "list", "blacklist", "whitelist", "promotion"])]
    pub(crate) purpose: String,
    /// Of promotion codes: the last Turkish day on which they are of use, such as 2026-12-31
    #[arg(long, value_name = "DAY")]
    pub(crate) expires_on: Option<String>,
    /// Channel of a blacklist or whitelist; all of them by default
    #[arg(long)]
    pub(crate) stop_channel: Option<String>,
    /// Let messages that are not commercial (OTP, delivery) through a blacklist
    #[arg(long)]
    pub(crate) spares_mandatory: bool,
    /// Judge and show the preview; apply later with `izinli upload apply`
    #[arg(long)]
    pub(crate) preview: bool,
    /// Leave the preview's questions open: rows that hang on them stay refused
    #[arg(long)]
    pub(crate) leave_open: bool,
    /// Apply even when more rows were rejected than the brand's brake allows
    #[arg(long)]
    pub(crate) accept_rejections: bool,
    /// Write the rejection report here
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Do not wait for İYS's answers
    #[arg(long)]
    pub(crate) no_wait: bool,
}
