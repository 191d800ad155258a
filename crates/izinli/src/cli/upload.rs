//! `upload …`: files that were read and wait for a decision.

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
